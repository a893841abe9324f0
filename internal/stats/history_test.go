package stats_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/stats"
	"fenlin/internal/ticket"
)

// TestRates_AreWhatTheLogSays lives through a random history by the real
// service, with reorganisations in it, and asks random questions on the way:
// each figure must be what comes out of the events, read and counted here in the
// slowest and plainest way. FENLIN_HISTORY says how many events; 100,000 takes
// some minutes.
func TestRates_AreWhatTheLogSays(t *testing.T) {
	events := 1200
	if n, err := strconv.Atoi(os.Getenv("FENLIN_HISTORY")); err == nil {
		events = n
	}
	seed := uint64(time.Now().UnixNano())
	if n, err := strconv.ParseUint(os.Getenv("FENLIN_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("FENLIN_SEED=%d", seed)
	h := newHistory(t, rand.New(rand.NewPCG(seed, 1)))
	for h.happened < events {
		h.day(t)
		if h.dice.IntN(max(6, events/1000)) == 0 {
			h.ask(t)
		}
	}
	for range 40 {
		h.ask(t)
	}
	found, err := h.rates.Rebuild(t.Context(), func(int, int) {})
	if err != nil || found.Found != 0 || found.Tickets != len(h.numbers) {
		t.Fatalf("rebuilt %+v, %v", found, err)
	}
	t.Logf("%d events of %d tickets, %d questions, %d figures compared", h.happened, len(h.numbers), h.asked, h.compared)
}

type history struct {
	*changed

	dice            *rand.Rand
	begin           time.Time
	numbers         []string
	people, homes   []string
	posts           []int64
	happened, asked int
	compared        int
	moved           int
}

func newHistory(t *testing.T, dice *rand.Rand) *history {
	h := &history{changed: newChanged(t), dice: dice}
	h.begin = h.Clock()
	h.add(t, "西街道", org.Subdistrict, "汾阳市", nil)
	h.add(t, "西社区", org.Community, "西街道", nil)
	for _, name := range []string{"西一小区", "西二小区"} {
		h.add(t, name, org.CompoundKind, "西社区", &org.Compound{Governance: org.Unmanaged, Households: 10})
	}
	h.homes = []string{"福馨苑小区", "昌瑞绿洲小区", "安居小区", "西一小区", "西二小区"}
	h.people = []string{"li", "wang", "stranger", "leader", "branch", "community", "subdistrict", "city", "otherbranch", "property"}
	for _, d := range h.Rules().Routes.Departments()[:2] {
		h.people = append(h.people, d.Code)
	}
	h.posts = slices.Sorted(maps.Values(h.Posts))
	nothing := func(context.Context, outbox.Event) error { return nil }
	h.Outbox.Handlers = map[string]outbox.Handler{
		ticket.TopicEvent: nothing, ticket.TopicMedia: nothing, ticket.TopicCheck: nothing,
		ticket.TopicTimer: func(ctx context.Context, e outbox.Event) error {
			var timer ticket.Timer
			if err := e.Decode(&timer); err != nil {
				return err
			}
			return h.Fire(ctx, timer)
		},
	}
	return h
}

func pick[T any](dice *rand.Rand, from []T) T { return from[dice.IntN(len(from))] }

// day is some reports and some things that people do with them.
func (h *history) day(t *testing.T) {
	for range 1 + h.dice.IntN(5) {
		texts := []string{"楼道灯坏了", "下水道堵了", "电梯里困住人了", "垃圾没人清", "暖气不热", "路灯不亮", "3号楼2单元门禁坏了", "树倒了挡路"}
		r := ticket.Report{Reporter: h.Who[pick(h.dice, []string{"li", "wang", "stranger"})], Channel: "chat", Text: pick(h.dice, texts), Sure: true}
		if h.dice.IntN(10) > 0 || r.Text != "电梯里困住人了" { // else nobody knows the compound
			r.Place.OrgID = h.Units[pick(h.dice, h.homes)]
		}
		filed, err := h.Report(t.Context(), r)
		if errors.Is(err, ticket.ErrTooMany) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		h.numbers = append(h.numbers, filed.Number)
		h.happened += 2
		h.Forward(time.Duration(h.dice.IntN(7200)) * time.Second)
	}
	for range 12 {
		recent := h.numbers[max(0, len(h.numbers)-25):]
		h.act(t, pick(h.dice, recent))
		h.Forward(time.Duration(h.dice.IntN(7200)) * time.Second)
	}
	if _, err := h.Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Outbox.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h.dice.IntN(60) == 0 && h.moved < 4 {
		h.moved++
		c := pick(h.dice, h.homes[1:4])
		to := pick(h.dice, []string{"南薰社区", "永安社区", "西社区"})
		if _, err := h.Org.Move(t.Context(), h.deed, h.Units[c], 0, h.Units[to]); err != nil && !isRefusal(err) {
			t.Fatal(err)
		}
		h.Forward(time.Second)
	}
}

func isRefusal(err error) bool { _, ok := errors.AsType[*errs.Error](err); return ok }

func (h *history) act(t *testing.T, number string) {
	who := pick(h.dice, h.people)
	full, err := h.Get(t.Context(), h.Actor(who), number)
	if err != nil || len(full.Actions) == 0 {
		return
	}
	approve, solved := h.dice.IntN(2) == 0, h.dice.IntN(3) > 0
	in := ticket.Input{
		Action: pick(h.dice, full.Actions).Action, Note: "说明", To: pick(h.dice, h.posts), Posts: []int64{pick(h.dice, h.posts)}, Until: h.Clock().Add(20 * 24 * time.Hour),
		Approve: &approve, Solved: &solved, Satisfaction: pick(h.dice, []ticket.Satisfaction{ticket.Satisfied, ticket.Basic, ticket.Dissatisfied, ""}),
		Into: pick(h.dice, h.numbers), Ground: "procedure", Place: &ticket.Place{Building: "3", Category: pick(h.dice, []string{"", "lighting", "road"})}, Wait: h.dice.IntN(4) == 0,
	}
	if h.dice.IntN(3) == 0 { // another compound, if whoever corrects may say so
		in.Place.OrgID = h.Units[pick(h.dice, h.homes)]
	}
	switch _, err := h.Act(t.Context(), h.Actor(who), number, in); {
	case err == nil:
		h.happened++
	case !isRefusal(err):
		t.Fatal(err)
	}
}

// ask asks one random question and its drill-down.
func (h *history) ask(t *testing.T) {
	h.asked++
	now := h.Clock()
	span := int(now.Sub(h.begin)/time.Second) + 1
	q := stats.Query{
		By: h.Actor("city"), Org: h.Units[pick(h.dice, slices.Sorted(maps.Keys(h.Units)))],
		From:  h.begin.Add(time.Duration(h.dice.IntN(span)-3600) * time.Second),
		Group: pick(h.dice, []stats.Group{stats.Whole, stats.Month, stats.Category, stats.Compound, stats.Community, stats.Subdistrict, stats.Handler}),
	}
	q.To = q.From.Add(time.Duration(1+h.dice.IntN(span+86400)) * time.Second)
	if h.dice.IntN(2) == 0 { // whole days, as people ask
		midnight := func(at time.Time) time.Time {
			y, m, d := at.In(h.rates.Location).Date()
			return time.Date(y, m, d, 0, 0, 0, 0, h.rates.Location)
		}
		q.From, q.To = midnight(q.From), midnight(q.To).AddDate(0, 0, 1)
	}
	if h.dice.IntN(4) == 0 {
		q.Category = pick(h.dice, []string{"lighting", "drainage", "elevator", "sanitation"})
	}
	if h.dice.IntN(4) == 0 {
		q.Handler = pick(h.dice, h.posts)
	}
	if q.To.Sub(q.From) > stats.MaxPeriod {
		return
	}
	what := fmt.Sprintf("%+v", q)
	table, err := h.rates.Rates(t.Context(), q)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if table.AsOf.Before(now) { // more waits than is counted while somebody asks: Run would have been there
		if err := h.rates.Keep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if table, err = h.rates.Rates(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	if !table.AsOf.Equal(now) {
		t.Fatalf("as of %s, but it is %s", table.AsOf, now)
	}
	log := h.read(t)
	want := log.answer(q, now)
	got := map[string]stats.Row{}
	if q.Group != stats.Whole {
		for _, r := range table.Rows {
			got[r.Key] = r
		}
	}
	got["total"] = table.Total
	h.same(t, what, want, got)
	was := q
	was.From, was.To = table.Before.From, table.Before.To
	was.Group = stats.Whole
	h.same(t, what+" before", log.answer(was, now), map[string]stats.Row{"total": *table.Total.Before})
	h.behind(t, q, table, log, now)
}

func (h *history) same(t *testing.T, what string, want map[string][]told, got map[string]stats.Row) {
	t.Helper()
	for key := range got {
		if _, ok := want[key]; !ok && key != "total" {
			t.Fatalf("%s: there is a row %q", what, key)
		}
	}
	for key, tickets := range want {
		row, ok := got[key]
		if !ok {
			if slices.ContainsFunc(tickets, func(k told) bool { return len(k.measures()) > 0 }) {
				t.Fatalf("%s: there is no row %q", what, key)
			}
			continue
		}
		counts := map[stats.Measure]int64{}
		var response, handling []int64
		for _, k := range tickets {
			for m := range k.measures() {
				counts[m]++
			}
			if k.measures()[stats.Accepted] {
				if k.contacted >= k.created {
					response = append(response, (k.contacted-k.created)/60_000)
				}
				if k.finished > 0 {
					handling = append(handling, (k.finished-k.created)/60_000)
				}
			}
		}
		for _, m := range stats.Measures {
			h.compared++
			if row.Of(m) != counts[m] {
				t.Fatalf("%s: %s of %q is %d, the log says %d", what, m, key, row.Of(m), counts[m])
			}
		}
		h.times(t, what+" response of "+key, row.Response(), response)
		h.times(t, what+" handling of "+key, row.Handling(), handling)
	}
}

// times compares a median and the ninth of ten, which may be told up to an eighth too long.
func (h *history) times(t *testing.T, what string, got stats.Times, want []int64) {
	t.Helper()
	slices.Sort(want)
	if got.Count != int64(len(want)) || (got.Median != nil) != (len(want) > 0) {
		t.Fatalf("%s: %d, the log says %d", what, got.Count, len(want))
	}
	for share, told := range map[int]*int{50: got.Median, 90: got.P90} {
		if told == nil {
			continue
		}
		h.compared++
		exact := want[(len(want)*share+99)/100-1]
		if int64(*told) < exact || int64(*told) > exact+exact/8+1 {
			t.Fatalf("%s: %d %% within %d minutes, the log says %d", what, share, *told, exact)
		}
	}
}

// behind looks at the tickets behind one figure.
func (h *history) behind(t *testing.T, q stats.Query, table stats.Table, log log, now time.Time) {
	row := table.Total
	if len(table.Rows) > 0 && q.Group != stats.Whole {
		row = pick(h.dice, table.Rows)
	}
	m := pick(h.dice, stats.Measures)
	page, err := h.rates.Tickets(t.Context(), q, m, row.Key, 7, "")
	if err != nil || page.Count != row.Of(m) {
		t.Fatalf("%+v: %s of %q is %d, behind it are %d (%v)", q, m, row.Key, row.Of(m), page.Count, err)
	}
	var got []int64
	for {
		for _, b := range page.Items {
			got = append(got, b.ID)
		}
		if page.Next == "" {
			break
		}
		if page, err = h.rates.Tickets(t.Context(), q, m, row.Key, 7, page.Next); err != nil {
			t.Fatal(err)
		}
	}
	var want []int64
	key := row.Key
	if key == "" {
		key = "total"
	}
	for _, k := range log.answer(q, now)[key] {
		if k.measures()[m] {
			want = append(want, k.id)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Fatalf("%+v: behind %s of %q are %v, the log says %v", q, m, key, got, want)
	}
}

// told is what the events of a ticket tell, read here anew.
type told struct {
	id, org, lead, created, due, paused, contacted, finished int64
	category, state, outcome, satisfaction                   string
	solved                                                   *bool
	late, bare                                               bool
	redos, lateReturns                                       int
	path                                                     []int64 // of its unit when it was filed, the city first
	past                                                     bool    // due, and its clock ran
}

func (k told) measures() map[stats.Measure]bool {
	valid := k.state != "withdrawn" && k.state != "merged"
	accepted := valid && k.state != "excluded"
	ended := k.state == "closed" || k.state == "rejected"
	matured := accepted && (ended || k.past)
	open := accepted && !ended && k.state != "finished"
	finished := matured && (k.state == "finished" || k.state == "closed") && k.finished > 0
	v := k.state == "closed" && k.solved != nil
	out := map[stats.Measure]bool{
		stats.Received: valid, stats.Accepted: accepted, stats.Matured: matured, stats.Finished: finished, stats.OnTime: finished && !k.late,
		stats.Settled: k.state == "closed" && k.outcome != "", stats.Tacit: k.state == "closed" && k.outcome == "tacit",
		stats.Confirmed:  k.state == "closed" && (k.outcome == "confirmed" || k.outcome == "followed_up"),
		stats.FollowedUp: k.state == "closed" && k.outcome == "followed_up",
		stats.Answered:   v, stats.Responded: v && k.contacted > 0, stats.Resolved: v && *k.solved,
		stats.Satisfied: v && k.satisfaction == "satisfied", stats.Basic: v && k.satisfaction == "basic",
		stats.Excluded: k.state == "excluded", stats.Reopened: accepted && k.redos >= 1, stats.RedoneTwice: accepted && k.redos >= 2,
		stats.EverDone: accepted && (k.redos >= 1 || k.finished > 0), stats.Bare: accepted && k.finished > 0 && k.bare,
		stats.LateReturned: valid && k.lateReturns > 0, stats.Open: open, stats.Overdue: open && k.past,
		stats.Contacted: accepted && k.contacted > 0, stats.Done: accepted && k.finished > 0,
	}
	maps.DeleteFunc(out, func(_ stats.Measure, is bool) bool { return !is })
	return out
}

type log struct {
	tickets []told
	kinds   map[int64]string
	zone    *time.Location
}

// read reads the whole log and the tree's history.
func (h *history) read(t *testing.T) log {
	l := log{kinds: map[int64]string{}, zone: h.rates.Location}
	tx := h.DB.Read(t.Context())
	var units []struct {
		ID   int64
		Kind string
	}
	var states []struct {
		OrgID, FromAt, ToAt int64
		Path                string
	}
	var events []struct {
		TicketID, At               int64
		Action, FromState, ToState string
		Data                       string
	}
	for q, into := range map[string]any{
		"SELECT id, kind FROM org_units": &units, "SELECT org_id, from_at, to_at, path FROM org_history": &states,
		"SELECT ticket_id, at, action, from_state, to_state, data FROM ticket_events ORDER BY ticket_id, seq": &events,
	} {
		if err := tx.Raw(q).Scan(into).Error; err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range units {
		l.kinds[u.ID] = u.Kind
	}
	for _, e := range events {
		var d struct {
			OrgID        int64   `json:"org_id"`
			LeadPost     int64   `json:"lead_post"`
			Category     string  `json:"category"`
			DueAt        int64   `json:"due_at"`
			PausedAt     *int64  `json:"paused_at"`
			ContactedAt  *int64  `json:"contacted_at"`
			Solved       *bool   `json:"solved"`
			Satisfaction string  `json:"satisfaction"`
			Posts        []int64 `json:"posts"`
			Photos       []int64 `json:"photos"`
			Lately       bool    `json:"lately"`
		}
		if err := json.Unmarshal([]byte(e.Data), &d); err != nil {
			t.Fatal(err)
		}
		if e.Action == "submit" {
			l.tickets = append(l.tickets, told{id: e.TicketID, created: e.At})
		}
		k := &l.tickets[len(l.tickets)-1]
		if d.OrgID != 0 {
			k.org = d.OrgID
		}
		if d.LeadPost != 0 {
			k.lead = d.LeadPost
		}
		if d.Category != "" {
			k.category = d.Category
		}
		if d.DueAt != 0 {
			k.due = d.DueAt
		}
		if d.PausedAt != nil {
			k.paused = *d.PausedAt
		}
		if d.ContactedAt != nil {
			k.contacted = *d.ContactedAt
		}
		if d.Lately {
			k.lateReturns++
		}
		moved := e.FromState != e.ToState
		k.state = e.ToState
		switch {
		case moved && e.ToState == "finished":
			k.finished, k.bare, k.solved = e.At, len(d.Photos) == 0, nil
			k.late = k.late || e.At > k.due
		case moved && e.ToState == "reopened":
			k.redos, k.finished, k.outcome, k.satisfaction, k.solved, k.bare = k.redos+1, 0, "", "", d.Solved, false
		case moved && e.ToState == "closed" && d.Solved == nil:
			k.outcome = "tacit"
		case moved && e.ToState == "closed":
			k.outcome, k.solved, k.satisfaction = map[bool]string{true: "followed_up", false: "confirmed"}[e.Action == "close"], d.Solved, d.Satisfaction
		case e.Action == "rate" && d.Posts == nil:
			k.satisfaction = d.Satisfaction
		}
	}
	now := h.Clock().UnixMilli()
	for i := range l.tickets {
		k := &l.tickets[i]
		k.past = k.due < now && (k.paused == 0 || k.due < k.paused)
		for _, s := range states {
			if s.OrgID == k.org && s.FromAt <= k.created && k.created < s.ToAt {
				for _, part := range strings.Split(strings.Trim(s.Path, "/"), "/") {
					id, _ := strconv.ParseInt(part, 10, 64)
					k.path = append(k.path, id)
				}
			}
		}
	}
	return l
}

// answer is the tickets of each row, and of all.
func (l log) answer(q stats.Query, _ time.Time) map[string][]told {
	out := map[string][]told{"total": nil}
	for _, k := range l.tickets {
		if k.created < q.From.UnixMilli() || k.created >= q.To.UnixMilli() || !slices.Contains(k.path, q.Org) {
			continue
		}
		if q.Category != "" && k.category != q.Category || q.Handler != 0 && k.lead != q.Handler {
			continue
		}
		out["total"] = append(out["total"], k)
		key := ""
		switch q.Group {
		case stats.Month:
			key = time.UnixMilli(k.created).In(l.zone).Format("2006-01")
		case stats.Category:
			key = k.category
		case stats.Handler:
			key = fmt.Sprint(k.lead)
		case stats.Compound, stats.Community, stats.Subdistrict:
			key = stats.None
			for _, unit := range k.path {
				if l.kinds[unit] == string(q.Group) {
					key = fmt.Sprint(unit)
					break
				}
			}
		case stats.Whole:
			continue
		}
		out[key] = append(out[key], k)
	}
	return out
}
