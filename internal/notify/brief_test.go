package notify_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"fenlin/internal/calendar"
	"fenlin/internal/member"
	"fenlin/internal/notify"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/stats"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat/wechatsim"
)

// newBriefed is the small city in which briefs go out at eight; it is nine on
// Monday, 23 November.
func newBriefed(t *testing.T) (*city, *stats.Service) {
	t.Helper()
	c := newCity(t)
	text, err := os.ReadFile("../../config/rates.yaml")
	if err != nil {
		t.Fatal(err)
	}
	weights, err := stats.LoadWeights(text)
	if err != nil {
		t.Fatal(err)
	}
	s := &stats.Service{DB: c.DB, Org: c.Org, Location: c.n.Location, Now: c.Clock}
	s.Adopt(stats.Rules{Weights: weights})
	c.keep = s.Keep
	c.n.BriefHour = func() int { return 8 }
	c.n.Count = func(ctx context.Context, of notify.Span) (notify.Counts, error) {
		b, err := s.Brief(ctx, stats.BriefQuery{By: of.By, Org: of.Org, Since: of.Since, Today: of.Today, Week: of.Week, From: of.From, To: of.To})
		return notify.Counts{
			Open: b.Open, Overdue: b.Overdue, Today: b.Today, Week: b.Owed.Week, Reported: b.Fresh.Of(stats.Accepted), Closed: b.Closed,
			Past: notify.Past{Reported: b.Past.Of(stats.Accepted), Matured: b.Past.Of(stats.Matured), Settled: b.Past.Of(stats.Settled)},
		}, err
	}
	return c, s
}

// until goes forward to a local time, looking every so often as a replica does.
func (c *city) until(t *testing.T, local string) {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05", local, c.n.Location)
	if err != nil {
		t.Fatal(err)
	}
	for step := 47 * time.Minute; ; {
		if err := errors.Join(c.keep(t.Context()), c.n.Plan(t.Context())); err != nil {
			t.Fatal(err)
		}
		c.drain(t)
		if left := at.Sub(c.Clock()); left <= 0 {
			return
		} else if left < step {
			step = left
		}
		c.Forward(step)
	}
}

// briefs are the briefs of somebody, oldest first.
func (c *city) briefs(t *testing.T, who string) []notify.Notice {
	t.Helper()
	var out []notify.Notice
	if err := c.DB.Read(t.Context()).Order("id").Find(&out, "person_id = ? AND kind = 'brief'", c.Who[who]).Error; err != nil {
		t.Fatal(err)
	}
	return out
}

func (c *city) days(t *testing.T, who string) string {
	t.Helper()
	var out []string
	for _, n := range c.briefs(t, who) {
		out = append(out, n.Number)
	}
	return strings.Join(out, " ")
}

func (c *city) choose(t *testing.T, who string, b member.Brief) {
	t.Helper()
	if err := c.Members.ChooseBrief(t.Context(), c.Who[who], b); err != nil {
		t.Fatal(err)
	}
}

func has(t *testing.T, n notify.Notice, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(n.Title+"\n"+n.Place+"\n"+n.Body+"\n"+n.Next, w) {
			t.Errorf("no %q in the brief: %s\n%s\n%s", w, n.Title, n.Body, n.Next)
		}
	}
}

func TestBrief_TellsWhoLeadsAndNobodyElse(t *testing.T) {
	c, _ := newBriefed(t)
	settled := c.Told(t, "li", lamp).Number
	for _, in := range []ticket.Input{{Action: ticket.Accept}, {Action: ticket.Contact}, {Action: ticket.Finish, Note: "好了"}} {
		c.Do(t, "branch", settled, in)
	}
	solved := true
	c.Do(t, "li", settled, ticket.Input{Action: ticket.Confirm, Solved: &solved, Satisfaction: ticket.Satisfied})
	c.Told(t, "wang", "1号楼垃圾桶满了没人收")
	c.Told(t, "stranger", "1号楼1单元门禁刷不开")
	c.until(t, "2026-11-24 07:59:59")
	if got := c.days(t, "branch"); got != "" {
		t.Fatalf("told before the hour: %s", got)
	}
	c.until(t, "2026-11-24 08:00:01")
	for _, who := range []string{"branch", "otherbranch", "community", "subdistrict", "city"} {
		if got := c.days(t, who); got != "2026-11-24" {
			t.Errorf("%s was told on %q", who, got)
		}
		c.once(t, who, "简报：超时0件", "2026-11-24")
	}
	for _, who := range []string{"leader", "property", "privacy", "li", "city_management"} {
		if got := c.days(t, who); got != "" {
			t.Errorf("%s was told on %q", who, got)
		}
	}
	has(t, c.briefs(t, "branch")[0], "福馨苑小区", "现在待办1件", "11月23日新报2件，化解结案1件", "http://fenlin.test/board/", "简报 关", "请打开看板")
	has(t, c.briefs(t, "city")[0], "汾阳市", "现在待办2件", "11月23日新报3件，化解结案1件")
}

func TestBrief_ItsNumbersAreThoseOfTheRatesAndTheLists(t *testing.T) {
	c, s := newBriefed(t)
	for day := range 12 { // reports on many days; some are done, some wait
		for i := range 3 {
			tk := c.Told(t, "li", fmt.Sprintf("%d号楼%d单元楼道灯坏了", day%9+1, i+1))
			c.Told(t, "stranger", fmt.Sprintf("%d号楼%d单元", day%9+1, i+1)+[]string{"门禁刷不开", "楼道灯坏了", "外墙裂缝"}[i])
			if i > 0 {
				continue
			}
			for _, in := range []ticket.Input{{Action: ticket.Accept}, {Action: ticket.Contact}, {Action: ticket.Finish, Note: "好了"}} {
				c.Do(t, "branch", tk.Number, in)
			}
			solved := true
			c.Do(t, "li", tk.Number, ticket.Input{Action: ticket.Confirm, Solved: &solved, Satisfaction: ticket.Satisfied})
		}
		c.Forward(24 * time.Hour)
	}
	c.until(t, "2026-12-07 08:00:01") // a Monday: both briefs in one
	at := func(day int) time.Time { return time.Date(2026, 12, day, 0, 0, 0, 0, c.n.Location) }
	for who, unit := range map[string]string{"branch": "福馨苑小区", "otherbranch": "昌瑞绿洲小区", "community": "南薰社区", "city": "汾阳市"} {
		rates := func(from, to time.Time) *stats.Tally {
			table, err := s.Rates(t.Context(), stats.Query{By: c.Actor(who), Org: c.Units[unit], From: from, To: to})
			if err != nil {
				t.Fatal(err)
			}
			return &table.Total.Tally
		}
		week, since := rates(at(0), at(7)), rates(at(4), at(7)) // 30 November is a Monday
		late, open := 0, 0
		page, err := c.List(t.Context(), c.Actor(who), ticket.Overdue, 0, ticket.MaxPage, "")
		if err != nil || page.Next != "" {
			t.Fatal(err)
		}
		for _, tk := range page.Items {
			if tk.Overdue(c.Clock()) {
				late++
			}
		}
		var ids []int64
		if err := c.DB.Read(t.Context()).Raw("SELECT id FROM tickets").Scan(&ids).Error; err != nil {
			t.Fatal(err)
		}
		standing, err := c.Standing(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		today, soon := 0, 0
		for _, tk := range standing {
			u, err := c.Org.Unit(t.Context(), tk.OrgID)
			if err != nil {
				t.Fatal(err)
			}
			lead, err := c.Org.Unit(t.Context(), c.Units[unit])
			if err != nil {
				t.Fatal(err)
			}
			if !tk.State.Open() || !org.Within(u.Path, lead.Path) {
				continue
			}
			open++
			if due := time.UnixMilli(tk.DueAt); !tk.Overdue(c.Clock()) && tk.PausedAt == 0 {
				if due.Before(at(8)) {
					today++
				}
				if due.Before(at(14)) {
					soon++
				}
			}
		}
		if late == 0 || open == late || soon == 0 {
			t.Fatalf("the example shows nothing: %d open, %d late, %d due this week", open, late, soon)
		}
		all := c.briefs(t, who)
		n := all[len(all)-1]
		has(t, n, fmt.Sprintf("超时%d件，待办%d件", late, open), fmt.Sprintf("今天到期%d件，本周到期%d件", today, soon),
			fmt.Sprintf("11月30日至12月6日新报%d件", week.Of(stats.Accepted)), fmt.Sprintf("12月4日至12月6日新报%d件", since.Of(stats.Accepted)))
		if week.Of(stats.Matured) > 0 {
			has(t, n, fmt.Sprintf("其中已结案或到期%d件", week.Of(stats.Matured)), fmt.Sprintf("（%d/%d）", week.Of(stats.Settled), week.Of(stats.Matured)))
		}
	}
}

func TestBrief_ComesOnWorkingDaysOfTheCity(t *testing.T) {
	c, _ := newBriefed(t)
	rules := *c.Rules()
	cal, err := calendar.New([]byte(`hours: ["08:00-12:00", "14:30-18:00"]
years:
  2026:
    source: a notice made up for this test
    holidays:
      - {name: one, from: 2026-11-30, to: 2026-11-30}
      - {name: two, from: 2026-12-05, to: 2026-12-13}
    workdays: [2026-11-29]
`))
	if err != nil {
		t.Fatal(err)
	}
	rules.Calendar = cal
	c.Adopt(rules)
	c.Told(t, "li", lamp) // is never done: there is something to say each day
	c.choose(t, "community", member.WeeklyBrief)
	c.choose(t, "subdistrict", member.DailyBrief)
	c.until(t, "2026-12-15 12:00:00")
	working := "2026-11-24 2026-11-25 2026-11-26 2026-11-27 2026-11-29 2026-12-01 2026-12-02 2026-12-03 2026-12-04 2026-12-14 2026-12-15"
	for who, want := range map[string]string{"branch": working, "subdistrict": working, "community": "2026-12-01 2026-12-14"} {
		if got := c.days(t, who); got != want {
			t.Errorf("%s was told on %s, want %s", who, got, want)
		}
	}
	for _, n := range c.briefs(t, "branch") {
		weekly := strings.Contains(n.Body, "其中") || strings.Contains(n.Body, "至11月29日新报") || strings.Contains(n.Body, "11月30日至12月13日新报")
		if weekly != (n.Number == "2026-12-01" || n.Number == "2026-12-14") {
			t.Errorf("%s: weekly is %v: %s", n.Number, weekly, n.Body)
		}
	}
	// The week without a working day is told of with the one before it.
	all := c.briefs(t, "community")
	has(t, all[0], "11月23日至11月29日新报1件")
	has(t, all[1], "11月30日至12月13日新报0件")
	if strings.Contains(all[0].Body, "化解结案") {
		t.Errorf("the weekly brief tells of the day: %s", all[0].Body)
	}
}

func TestBrief_ADayEndsAtMidnightInTheCity(t *testing.T) {
	c, _ := newBriefed(t)
	c.until(t, "2026-11-24 23:59:59")
	c.Told(t, "li", lamp)
	c.until(t, "2026-11-25 00:00:00")
	c.Told(t, "li", "2号楼1单元楼道灯坏了")
	c.Told(t, "li", "2号楼2单元楼道灯坏了")
	c.until(t, "2026-11-26 09:00:00")
	all := c.briefs(t, "branch")
	if len(all) != 2 {
		t.Fatalf("%d briefs; on the first days there was nothing to say", len(all))
	}
	has(t, all[0], "11月24日新报1件")
	has(t, all[1], "11月25日新报2件")
}

func TestBrief_NothingToSayOrNotWantedIsNotSaid(t *testing.T) {
	c, _ := newBriefed(t)
	c.Told(t, "stranger", "1号楼1单元门禁刷不开")
	c.choose(t, "city", member.NoBrief)
	c.until(t, "2026-11-24 09:00:00")
	if got := c.days(t, "branch"); got != "" {
		t.Errorf("nothing happened in that compound, told on %s", got)
	}
	if got := c.days(t, "city"); got != "" {
		t.Errorf("told on %s against their wish", got)
	}
	c.choose(t, "city", member.DailyBrief)
	c.until(t, "2026-11-25 09:00:00")
	if got := c.days(t, "city"); got != "2026-11-25" {
		t.Errorf("told on %q after they wished it again", got)
	}
	if err := c.Members.ChooseBrief(t.Context(), c.Who["city"], "hourly"); err == nil {
		t.Error("there is no such brief")
	}
}

func TestBrief_OneForAllPostsOfAPerson(t *testing.T) {
	c, _ := newBriefed(t)
	seat := func(post, who string) {
		if err := c.Org.Seat(t.Context(), c.Posts[post], c.Who[who], 0); err != nil {
			t.Fatal(err)
		}
	}
	seat("otherbranch", "branch")    // beside their own
	seat("otherbranch", "community") // under their own
	c.Told(t, "li", lamp)
	c.Told(t, "stranger", "1号楼1单元门禁刷不开")
	c.until(t, "2026-11-24 09:00:00")
	for _, who := range []string{"branch", "community"} {
		if got := c.days(t, who); got != "2026-11-24" {
			t.Fatalf("%s was told on %q", who, got)
		}
	}
	n := c.briefs(t, "branch")[0]
	has(t, n, "超时0件，待办2件", "福馨苑小区：现在待办1件", "昌瑞绿洲小区：现在待办1件", "等2个单位")
	n = c.briefs(t, "community")[0]
	has(t, n, "超时0件，待办2件", "现在待办2件")
	if strings.Contains(n.Body, "昌瑞绿洲") {
		t.Errorf("told twice of one compound: %s", n.Body)
	}
}

func TestBrief_AVacantPostTellsNobodyAndItsNextHolderIsTold(t *testing.T) {
	c, _ := newBriefed(t)
	c.Told(t, "li", lamp)
	c.until(t, "2026-11-24 07:00:00") // planned, not yet told
	c.Vacate(t, c.Who["branch"])
	c.until(t, "2026-11-24 09:00:00")
	if got := c.days(t, "branch"); got != "" {
		t.Errorf("who left was told on %s", got)
	}
	if err := c.Org.Seat(t.Context(), c.Posts["branch"], c.Who["wang"], 0); err != nil {
		t.Fatal(err)
	}
	c.until(t, "2026-11-25 09:00:00")
	if got := c.days(t, "wang"); got != "2026-11-25" {
		t.Errorf("the new secretary was told on %q", got)
	}
}

func TestBrief_OneThatWasHeldUpIsToldTheSameDayOrNever(t *testing.T) {
	c, _ := newBriefed(t)
	c.Told(t, "li", lamp)
	c.until(t, "2026-11-24 07:00:00")
	c.Forward(4 * time.Hour) // nobody was there
	c.until(t, "2026-11-24 11:01:00")
	if got := c.days(t, "branch"); got != "2026-11-24" {
		t.Errorf("told on %q", got)
	}
	c.Forward(48 * time.Hour)
	c.until(t, "2026-11-26 12:00:00")
	if got := c.days(t, "branch"); got != "2026-11-24" {
		t.Errorf("told on %q: yesterday's brief helps nobody", got)
	}
	c.until(t, "2026-11-27 12:00:00")
	if got := c.days(t, "branch"); got != "2026-11-24 2026-11-27" {
		t.Errorf("told on %q", got)
	}
}

// TestBrief_IsShortAndWhole has every unit bear a long name and every post held
// by one person, who can be told by message alone.
func TestBrief_IsShortAndWhole(t *testing.T) {
	c, _ := newBriefed(t)
	if _, err := c.sim.Send(t.Context(), "o-wang", wechatsim.Text("在吗")); err != nil { // opens the 48 h window
		t.Log(err)
	}
	var units []int64
	for i := range 9 {
		name := fmt.Sprintf("第%d个名字很长的小区%s", i, strings.Repeat("长", 30))
		u, err := c.Org.Add(t.Context(), org.Unit{ParentID: c.Units["南薰社区"], Kind: org.CompoundKind, Name: name}, &org.Compound{Governance: org.Managed, Datum: "gcj02", Branch: name})
		if err != nil {
			t.Fatal(err)
		}
		post, err := c.Org.NewPost(t.Context(), u.ID, org.BranchSecretary, name)
		if err == nil {
			err = c.Org.Seat(t.Context(), post, c.Who["wang"], 0)
		}
		if err != nil {
			t.Fatal(err)
		}
		units = append(units, u.ID)
	}
	c.Forward(time.Hour) // the places that reports know are read now and then
	for _, u := range units {
		if _, err := c.Report(t.Context(), ticket.Report{Reporter: c.Who["li"], Channel: "chat", Text: lamp, Place: ticket.Place{OrgID: u}}); err != nil {
			t.Fatal(err)
		}
	}
	c.choose(t, "wang", member.BothBriefs)
	c.sim.Fail("/cgi-bin/message/template/send", 40037, 9999)
	c.until(t, "2026-11-23 20:00:00")
	_, _ = c.sim.Send(t.Context(), "o-wang", wechatsim.Text("在吗"))
	c.until(t, "2026-11-24 09:00:00")
	c.once(t, "wang", wechatsim.KindCustomer, "等9个单位", "另有 5 个单位", "简报 关")
	for _, r := range c.sim.Outbox("o-wang") {
		if len(r.Text) >= 1800 {
			t.Errorf("%d bytes: %s", len(r.Text), r.Text)
		}
	}
}

// TestBrief_ReplicasKilledAtRandomTellEachOnce runs two replicas over one
// database around the hour of two days; each is stopped in the middle of its
// work again and again.
func TestBrief_ReplicasKilledAtRandomTellEachOnce(t *testing.T) {
	c, _ := newBriefed(t)
	for i := range 9 {
		if err := c.Org.Seat(t.Context(), c.Posts["branch"], c.Who[[]string{"li", "wang", "stranger", "leader", "property", "privacy", "community", "city", "subdistrict"}[i]], 0); err != nil {
			t.Fatal(err)
		}
	}
	c.Told(t, "li", lamp)
	c.drain(t)
	end := time.Date(2026, 11, 25, 10, 0, 0, 0, c.n.Location)
	var replicas sync.WaitGroup
	for range 2 {
		box := outbox.Open(c.DB, c.Clock)
		box.Handlers = c.Outbox.Handlers
		replicas.Go(func() {
			for c.Clock().Before(end) {
				life, kill := context.WithTimeout(t.Context(), rand.N(100*time.Millisecond))
				_ = c.n.Plan(life)
				_, _ = box.Work(life)
				kill()
			}
		})
	}
	replicas.Go(func() {
		for c.Clock().Before(end) {
			time.Sleep(10 * time.Millisecond)
			step := 5 * time.Minute
			if at := c.Clock().In(c.n.Location); at.Hour() == 7 && at.Minute() >= 58 || at.Hour() == 8 && at.Minute() < 12 {
				step = 5 * time.Second // so that no lease runs out while its holder works
			}
			c.Forward(step)
		}
	})
	replicas.Wait()
	for range 40 { // what a killed replica held is free again after a while
		c.Forward(time.Minute)
		c.drain(t)
	}
	for who := range c.Who {
		want := "2026-11-24 2026-11-25"
		if _, leads := c.Actor(who).Scope(org.Supervise); !leads {
			want = ""
		}
		if who == "otherbranch" { // nothing happened there
			want = ""
		}
		if got := c.days(t, who); got != want {
			t.Errorf("%s was told on %q, want %q", who, got, want)
			continue
		}
		if want != "" {
			c.once(t, who, "简报", "2026-11-24")
			c.once(t, who, "简报", "2026-11-25")
		}
	}
	var left int64
	if err := c.DB.Read(t.Context()).Model(&notify.Notice{}).Where("state IN ?", []notify.State{notify.Owed, notify.Sending}).Count(&left).Error; err != nil || left > 0 {
		t.Errorf("%d notices were left behind: %v", left, err)
	}
}

func TestLoadBriefs_RefusesAnHourAtWhichPeopleSleep(t *testing.T) {
	for text, ok := range map[string]bool{"hour: 8": true, "hour: 6": true, "hour: 20": true, "hour: 5": false, "hour: 21": false, "": false, "hour: 8\nminute: 3": false} {
		if _, err := notify.LoadBriefs([]byte(text)); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
