package stats_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fenlin/internal/org"
	"fenlin/internal/stats"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// changed is a city whose tree changes at the end of November, with tickets
// before and after.
type changed struct {
	*tickettest.Town
	rates *stats.Service
	month time.Time
	deed  org.Deed
}

func newChanged(t *testing.T) *changed {
	t.Helper()
	w := tickettest.New(t)
	c := &changed{Town: w, rates: newStats(t, w), month: w.Clock()}
	c.add(t, "永安社区", org.Community, "文峰街道", nil)
	c.add(t, "安居小区", org.CompoundKind, "永安社区", &org.Compound{Governance: org.Unmanaged, Households: 10})
	post, err := w.Org.NewPost(t.Context(), w.Units["汾阳市"], org.Clerk, "台账员")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Org.Seat(t.Context(), post, w.Who["wang"], 0); err != nil {
		t.Fatal(err)
	}
	c.deed = org.Deed{By: w.Actor("wang"), Reason: "区划调整"}
	return c
}

func (c *changed) add(t *testing.T, name string, k org.Kind, parent string, facts *org.Compound) {
	t.Helper()
	u, err := c.Org.Add(t.Context(), org.Unit{ParentID: c.Units[parent], Kind: k, Name: name}, facts)
	if err != nil {
		t.Fatal(err)
	}
	c.Units[name] = u.ID
}

// version is the one at which a unit is.
func (c *changed) version(t *testing.T, name string) int64 {
	t.Helper()
	u, err := c.Org.Unit(t.Context(), c.Units[name])
	if err != nil {
		t.Fatal(err)
	}
	return u.Version
}

// told files tickets for a compound.
func (c *changed) told(t *testing.T, compound string, times int) {
	t.Helper()
	for range times {
		_, err := c.Report(t.Context(), ticket.Report{Reporter: c.Who["li"], Channel: "chat", Text: "楼道灯坏了", Place: ticket.Place{OrgID: c.Units[compound]}})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// counts are the tickets of each row, by its name, and that the tickets behind
// each are as many.
func (c *changed) counts(t *testing.T, where string, by stats.Group, from, to time.Time) map[string]int64 {
	t.Helper()
	q := stats.Query{By: c.Actor("city"), Org: c.Units[where], Group: by, From: from, To: to}
	table, err := c.rates.Rates(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	out, sum := map[string]int64{}, int64(0)
	for _, r := range table.Rows {
		n := r.Of(stats.Accepted)
		out[r.Name] = n
		sum += n
		behind, err := c.rates.Tickets(t.Context(), q, stats.Accepted, r.Key, 100, "")
		if err != nil || behind.Count != n || int64(len(behind.Items)) != n {
			t.Errorf("%s of %s: %d, behind it %d (%v)", r.Name, where, n, behind.Count, err)
		}
	}
	if sum != table.Total.Of(stats.Accepted) {
		t.Errorf("%s: rows sum to %d, total %d", where, sum, table.Total.Of(stats.Accepted))
	}
	return out
}

func (c *changed) want(t *testing.T, where string, by stats.Group, from, to time.Time, want map[string]int64) {
	t.Helper()
	if d := cmp.Diff(want, c.counts(t, where, by, from, to)); d != "" {
		t.Errorf("%s by %q: %s", where, by, d)
	}
}

type counts = map[string]int64

func TestRates_AMovedCompoundCountsWhereItStood(t *testing.T) {
	c := newChanged(t)
	begin := c.month
	c.told(t, "福馨苑小区", 2)
	c.told(t, "昌瑞绿洲小区", 1)
	c.told(t, "安居小区", 4)
	c.Forward(30 * 24 * time.Hour)
	change := c.Clock()
	if _, err := c.Org.Move(t.Context(), c.deed, c.Units["福馨苑小区"], 0, c.Units["永安社区"]); err != nil {
		t.Fatal(err)
	}
	c.told(t, "福馨苑小区", 8)
	c.Forward(time.Hour)
	end := c.Clock()

	c.want(t, "汾阳市", stats.Community, begin, change, counts{"南薰社区": 3, "永安社区": 4})
	c.want(t, "汾阳市", stats.Community, change, end, counts{"永安社区": 8})
	c.want(t, "汾阳市", stats.Community, begin, end, counts{"南薰社区": 3, "永安社区": 12})
	c.want(t, "南薰社区", stats.Whole, begin, end, counts{"南薰社区": 3})
	c.want(t, "永安社区", stats.Whole, begin, end, counts{"永安社区": 12})
	c.want(t, "南薰社区", stats.Compound, begin, end, counts{"福馨苑小区": 2, "昌瑞绿洲小区": 1})
	c.want(t, "永安社区", stats.Compound, begin, end, counts{"福馨苑小区": 8, "安居小区": 4})
	c.want(t, "福馨苑小区", stats.Community, begin, end, counts{"南薰社区": 2, "永安社区": 8}) // wherever it stood
	c.want(t, "文峰街道", stats.Subdistrict, begin, end, counts{"文峰街道": 15})
	c.want(t, "文峰街道", stats.Month, begin, end, counts{"2026-11": 7, "2026-12": 8})
}

func TestRates_AMergedCompoundCountsForItselfUntilThen(t *testing.T) {
	c := newChanged(t)
	begin := c.month
	c.told(t, "福馨苑小区", 2)
	c.told(t, "安居小区", 1)
	c.Forward(30 * 24 * time.Hour)
	change := c.Clock()
	if _, err := c.Places(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Org.Merge(t.Context(), c.deed, c.Units["福馨苑小区"], 0, c.Units["安居小区"]); err != nil {
		t.Fatal(err)
	}
	// Filed a moment after, where the old names are known for a minute.
	c.told(t, "福馨苑小区", 1)
	c.Forward(2 * time.Minute)
	c.told(t, "福馨苑小区", 4) // an old code at the gate
	late, err := c.List(t.Context(), c.Actor("li"), ticket.Compound, 0, 100, "")
	if err != nil || len(late.Items) != 8 {
		t.Errorf("li's compound has %d tickets: %v", len(late.Items), err)
	}
	c.Forward(time.Hour)
	end := c.Clock()

	c.want(t, "汾阳市", stats.Compound, begin, change, counts{"福馨苑小区": 2, "安居小区": 1})
	c.want(t, "汾阳市", stats.Compound, change, end, counts{"安居小区": 5})
	c.want(t, "汾阳市", stats.Community, begin, end, counts{"南薰社区": 2, "永安社区": 6})
	c.want(t, "永安社区", stats.Whole, begin, end, counts{"永安社区": 6})
	c.want(t, "福馨苑小区", stats.Community, begin, end, counts{"南薰社区": 2, "永安社区": 1})
	c.want(t, "文峰街道", stats.Subdistrict, begin, end, counts{"文峰街道": 8})
}

func TestRates_ASplitOrRenamedCommunityCountsAsItWas(t *testing.T) {
	c := newChanged(t)
	begin := c.month
	c.told(t, "福馨苑小区", 2)
	c.told(t, "昌瑞绿洲小区", 1)
	c.Forward(30 * 24 * time.Hour)
	change := c.Clock()
	made, err := c.Org.Split(t.Context(), c.deed, c.Units["南薰社区"], 0, org.Unit{Name: "新苑社区"}, nil, []int64{c.Units["昌瑞绿洲小区"]})
	if err != nil {
		t.Fatal(err)
	}
	c.Units["新苑社区"] = made.ID
	if _, err := c.Org.Change(t.Context(), c.deed, c.Units["南薰社区"], c.version(t, "南薰社区"), org.Changes{Name: new("南薰东社区")}); err != nil {
		t.Fatal(err)
	}
	c.Forward(time.Millisecond)
	c.told(t, "福馨苑小区", 4)
	c.told(t, "昌瑞绿洲小区", 8)
	c.Forward(time.Hour)
	end := c.Clock()

	c.want(t, "汾阳市", stats.Community, begin, change, counts{"南薰社区": 3})
	c.want(t, "汾阳市", stats.Community, change, end, counts{"南薰东社区": 4, "新苑社区": 8})
	c.want(t, "新苑社区", stats.Whole, begin, end, counts{"新苑社区": 8})
	c.want(t, "南薰社区", stats.Whole, begin, end, counts{"南薰东社区": 7})
	c.want(t, "文峰街道", stats.Subdistrict, begin, end, counts{"文峰街道": 15})
}

func TestRates_ACommunityWithoutCompoundsHasNone(t *testing.T) {
	c := newChanged(t)
	c.add(t, "空社区", org.Community, "文峰街道", nil)
	for _, by := range []stats.Group{stats.Whole, stats.Compound, stats.Community, stats.Month} {
		table, err := c.rates.Rates(t.Context(), stats.Query{By: c.Actor("city"), Org: c.Units["空社区"], Group: by, To: c.Clock().Add(time.Hour)})
		if err != nil || table.Total.Settlement.Rate != nil || table.Total.Settlement.Denominator != 0 {
			t.Errorf("%s: %v %s", by, err, fmt.Sprint(table.Total))
		}
	}
}
