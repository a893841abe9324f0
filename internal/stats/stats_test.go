package stats_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/stats"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

func newStats(t testing.TB, w *tickettest.Town) *stats.Service {
	t.Helper()
	text, err := os.ReadFile("../../config/rates.yaml")
	if err != nil {
		t.Fatal(err)
	}
	weights, err := stats.LoadWeights(text)
	if err != nil {
		t.Fatal(err)
	}
	s := &stats.Service{DB: w.DB, Org: w.Org, Location: w.Rules().Calendar.Location(), Now: w.Clock}
	s.Adopt(stats.Rules{Weights: weights})
	return s
}

// of is every count of a row.
func of(r stats.Row) map[stats.Measure]int64 {
	out := map[stats.Measure]int64{}
	for _, m := range stats.Measures {
		out[m] = r.Of(m)
	}
	return out
}

// settle takes a ticket of 福馨苑 to its end.
func settle(t testing.TB, w *tickettest.Town, s ticket.Satisfaction) string {
	t.Helper()
	n := w.Told(t, "li", "3号楼2单元楼道灯坏了").Number
	for _, in := range []ticket.Input{{Action: ticket.Accept}, {Action: ticket.Contact}, {Action: ticket.Finish, Note: "好了"}} {
		w.Do(t, "branch", n, in)
	}
	solved := true
	w.Do(t, "li", n, ticket.Input{Action: ticket.Confirm, Solved: &solved, Satisfaction: s})
	return n
}

func TestRates_EachIsWhatItsFormulaSays(t *testing.T) {
	w := tickettest.New(t)
	s := newStats(t, w)
	ask := stats.Query{By: w.Actor("city"), From: w.Clock().Add(-time.Hour), To: w.Clock().Add(60 * 24 * time.Hour)}
	table, err := s.Rates(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if r := table.Total.Settlement; r.Rate != nil || r.Denominator != 0 {
		t.Fatalf("nothing is not 100 %%: %+v", r)
	}
	settle(t, w, ticket.Satisfied)
	settle(t, w, ticket.Basic)
	settle(t, w, ticket.Dissatisfied)
	w.Told(t, "li", "3号楼2单元楼道灯坏了")                                                              // not due yet
	w.Do(t, "li", w.Told(t, "li", "3号楼2单元楼道灯坏了").Number, ticket.Input{Action: ticket.Withdraw}) // never counts
	excluded := w.Told(t, "li", "3号楼2单元楼道灯坏了").Number
	w.Do(t, "branch", excluded, ticket.Input{Action: ticket.Accept})
	w.Do(t, "branch", excluded, ticket.Input{Action: ticket.Exclude, Note: "不归小区"})
	approve := true
	w.Do(t, "community", excluded, ticket.Input{Action: ticket.Decide, Approve: &approve})

	check := func(what string, r stats.Rate, n float64, d int64) {
		t.Helper()
		if r.Numerator != n || r.Denominator != d || (d > 0) != (r.Rate != nil) || d > 0 && *r.Rate != n/float64(d) {
			t.Errorf("%s is %v/%d, want %v/%d", what, r.Numerator, r.Denominator, n, d)
		}
	}
	rates := func() stats.Row {
		table, err := s.Rates(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		return table.Total
	}
	r := rates()
	check("settlement", r.Settlement, 3, 3)
	check("resolution", r.Resolution, 3, 3)
	check("satisfaction", r.Satisfaction, 1.9, 3)
	check("exclusion", r.Exclusion, 1, 5)
	check("reopen", r.Reopen, 0, 3)
	if r.Of(stats.Accepted) != 4 || r.Of(stats.Tacit) != 0 {
		t.Errorf("%v", of(r))
	}
	if want := 100 * (0.1 + 0.5 + 0.4*1.9/3); r.Composite == nil || *r.Composite-want > 1e-9 || want-*r.Composite > 1e-9 {
		t.Errorf("composite %v, want %v", r.Composite, want)
	}
	w.Forward(30 * 24 * time.Hour) // the open one is overdue now
	r = rates()
	check("settlement", r.Settlement, 3, 4)
	check("on time", r.OnTime, 3, 4)
}

func TestRates_TheClockOfASuspendedTicketStands(t *testing.T) {
	w := tickettest.New(t)
	s := newStats(t, w)
	approve := true
	n := w.Told(t, "li", "3号楼2单元楼道灯坏了").Number
	for _, in := range []ticket.Input{{Action: ticket.Accept}, {Action: ticket.Suspend, Note: "冬季不能施工", Until: w.Clock().Add(80 * 24 * time.Hour)}} {
		w.Do(t, "branch", n, in)
	}
	w.Do(t, "community", n, ticket.Input{Action: ticket.Decide, Approve: &approve})
	w.Forward(60 * 24 * time.Hour)
	matured := func() int64 {
		table, err := s.Rates(t.Context(), stats.Query{By: w.Actor("city"), From: w.Clock().AddDate(-1, 0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		return table.Total.Of(stats.Matured)
	}
	if n := matured(); n != 0 {
		t.Fatalf("%d matured while the clock stood", n)
	}
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Resume})
	w.Forward(20 * 24 * time.Hour)
	if n := matured(); n != 1 {
		t.Fatalf("%d matured after the clock ran out", n)
	}
}

func TestRates_OnlyOfOnesOwnSubtree(t *testing.T) {
	w := tickettest.New(t)
	s := newStats(t, w)
	settle(t, w, ticket.Satisfied)
	for _, c := range []struct {
		who, org string
		want     *errs.Error
		accepted int64
	}{
		{"city", "汾阳市", nil, 1},
		{"community", "南薰社区", nil, 1},
		{"community", "汾阳市", org.ErrOutside, 0},
		{"branch", "福馨苑小区", nil, 1},
		{"branch", "昌瑞绿洲小区", org.ErrOutside, 0},
		{"otherbranch", "昌瑞绿洲小区", nil, 0},
		{"li", "福馨苑小区", org.ErrOutside, 0},
	} {
		table, err := s.Rates(t.Context(), stats.Query{By: w.Actor(c.who), Org: w.Units[c.org], To: w.Clock().Add(time.Hour)})
		if c.want != nil {
			if !errors.Is(err, c.want) {
				t.Errorf("%s asks for %s: %v", c.who, c.org, err)
			}
		} else if err != nil || table.Total.Of(stats.Accepted) != c.accepted {
			t.Errorf("%s asks for %s: %v %v", c.who, c.org, of(table.Total), err)
		}
	}
}

func TestRates_RefusesBadQuestions(t *testing.T) {
	w := tickettest.New(t)
	s := newStats(t, w)
	now := w.Clock()
	for _, c := range []struct {
		q    stats.Query
		want *errs.Error
	}{
		{stats.Query{From: now, To: now.Add(-time.Hour)}, stats.ErrPeriod},
		{stats.Query{From: now.AddDate(-30, 0, 0), To: now}, stats.ErrPeriod},
		{stats.Query{Group: "shoe_size"}, stats.ErrGroup},
		{stats.Query{Org: 42}, org.ErrUnknownUnit},
	} {
		c.q.By = w.Actor("city")
		if _, err := s.Rates(t.Context(), c.q); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v, want %v", c.q, err, c.want)
		}
	}
	if _, err := s.Tickets(t.Context(), stats.Query{By: w.Actor("city"), From: now.Add(-time.Hour)}, "beauty", "", 10, ""); !errors.Is(err, stats.ErrMeasure) {
		t.Error(err)
	}
}

func TestRates_RefusesMoreRowsThanAnybodyReads(t *testing.T) {
	w := tickettest.New(t)
	s := newStats(t, w)
	settle(t, w, ticket.Satisfied)
	q := stats.Query{By: w.Actor("city"), Group: stats.Compound, To: w.Clock().Add(time.Hour)}
	if _, err := s.Rates(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	city, err := w.Org.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		rows := make([][]any, stats.MaxRows)
		for i := range rows {
			rows[i] = []any{i + 1, fmt.Sprintf("%s%d/", city.Path, i+1), i + 1, "compound"}
		}
		return db.Insert(tx, "rate_places", []string{"id", "path", "unit_id", "kind"}, rows)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Rates(t.Context(), q); !errors.Is(err, stats.ErrRows) {
		t.Errorf("%d compounds: %v", stats.MaxRows+1, err)
	}
	q.Org = w.Units["南薰社区"]
	if _, err := s.Rates(t.Context(), q); err != nil {
		t.Error(err)
	}
}

// TestRates_AFigureIsTheCountOfItsTickets compares every figure of every
// grouping with the tickets behind it, over tickets in random states.
func TestRates_AFigureIsTheCountOfItsTickets(t *testing.T) {
	w := tickettest.New(t)
	s := newStats(t, w)
	from := w.Clock()
	groups := []stats.Group{stats.Whole, stats.Month, stats.Category, stats.Compound, stats.Community, stats.Subdistrict, stats.Handler}
	yes, no := true, false
	steps := []func(n string) (string, ticket.Input){
		func(string) (string, ticket.Input) { return "branch", ticket.Input{Action: ticket.Accept} },
		func(string) (string, ticket.Input) { return "branch", ticket.Input{Action: ticket.Contact} },
		func(string) (string, ticket.Input) {
			return "branch", ticket.Input{Action: ticket.Finish, Note: "好了"}
		},
		func(string) (string, ticket.Input) {
			return "li", ticket.Input{Action: ticket.Confirm, Solved: &yes, Satisfaction: ticket.Basic}
		},
	}
	rapid.Check(t, func(rt *rapid.T) {
		w.Forward(time.Duration(rapid.IntRange(1, 30).Draw(rt, "days")) * 24 * time.Hour)
		for range 2 {
			text := rapid.SampledFrom([]string{"3号楼2单元楼道灯坏了", "5号楼下水道堵了", "电梯里困住人了"}).Draw(rt, "text")
			n := w.Told(t, "li", text).Number
			for _, step := range steps[:rapid.IntRange(0, len(steps)).Draw(rt, "steps")] {
				who, in := step(n)
				_, _ = w.Act(t.Context(), w.Actor(who), n, in) // not every text lands with the branch
			}
			if rapid.IntRange(0, 5).Draw(rt, "redo") == 0 {
				_, _ = w.Act(t.Context(), w.Actor("li"), n, ticket.Input{Action: ticket.Confirm, Solved: &no})
			}
			if rapid.IntRange(0, 5).Draw(rt, "withdraw") == 0 {
				_, _ = w.Act(t.Context(), w.Actor("li"), n, ticket.Input{Action: ticket.Withdraw})
			}
		}
		q := stats.Query{By: w.Actor("city"), From: from, To: w.Clock().Add(time.Hour), Group: rapid.SampledFrom(groups).Draw(rt, "group")}
		if q.To.Sub(q.From) > stats.MaxPeriod {
			q.From = q.To.Add(-stats.MaxPeriod)
		}
		table, err := s.Rates(t.Context(), q)
		if err != nil {
			rt.Fatal(err)
		}
		sum := map[stats.Measure]int64{}
		looked := rapid.SampledFrom(slices.Sorted(maps.Keys(of(table.Total)))).Draw(rt, "measure")
		for _, row := range table.Rows {
			for m, n := range of(row) {
				sum[m] += n
				if m != looked && m != stats.Settled {
					continue
				}
				page, err := s.Tickets(t.Context(), q, m, row.Key, 5, "")
				if err != nil || page.Count != n {
					rt.Fatalf("%s %s of %q: figure %d, tickets %d, %v", q.Group, m, row.Key, n, page.Count, err)
				}
				seen := int64(len(page.Items))
				for page.Next != "" {
					if page, err = s.Tickets(t.Context(), q, m, row.Key, 5, page.Next); err != nil {
						rt.Fatal(err)
					}
					seen += int64(len(page.Items))
				}
				if seen != n {
					rt.Fatalf("%s %s of %q: figure %d, pages hold %d", q.Group, m, row.Key, n, seen)
				}
			}
		}
		for m, n := range of(table.Total) {
			if sum[m] != n {
				rt.Fatalf("%s: rows sum to %d, total %d", m, sum[m], n)
			}
		}
	})
}

func TestTickets_OfNoCompoundAndOfAllRows(t *testing.T) {
	w := tickettest.New(t)
	s := newStats(t, w)
	settle(t, w, ticket.Satisfied)
	w.Told(t, "city", "电梯里困住人了") // whose compound nobody knows yet
	for _, group := range []stats.Group{stats.Month, stats.Category, stats.Compound, stats.Community, stats.Subdistrict, stats.Handler} {
		q := stats.Query{By: w.Actor("city"), To: w.Clock().Add(time.Hour), Group: group}
		table, err := s.Rates(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range append(table.Rows, table.Total) {
			page, err := s.Tickets(t.Context(), q, stats.Accepted, row.Key, 10, "")
			if err != nil || page.Count != row.Of(stats.Accepted) || page.Count == 0 {
				t.Errorf("%s %q: %d tickets, want %d: %v", group, row.Key, page.Count, row.Of(stats.Accepted), err)
			}
		}
		placed := group == stats.Compound || group == stats.Community || group == stats.Subdistrict
		if none := slices.ContainsFunc(table.Rows, func(r stats.Row) bool { return r.Key == stats.None && r.Name == "小区未定" }); none != placed {
			t.Errorf("%s: a row of none: %t", group, none)
		}
	}
}
