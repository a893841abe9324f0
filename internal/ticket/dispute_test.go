package ticket_test

import (
	"strings"
	"testing"
	"time"

	"fenlin/internal/org"
	"fenlin/internal/routing"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

func TestReturn_IsDecidedOneLevelUpAndNotByWhoAsked(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	tk := w.Do(t, "branch", n, say(ticket.Return, "是路灯所的"))
	if tk.State != ticket.Returned || tk.ArbiterPost != w.Posts["community"] || tk.OwnerPost != w.Posts["branch"] || tk.Returns != 1 {
		t.Fatalf("%+v", tk)
	}
	if limit := time.UnixMilli(tk.DecideBy).Sub(w.Clock()); limit != 24*time.Hour { // nine on Monday, one workday
		t.Errorf("to be decided within %s", limit)
	}
	w.Refused(t, "branch", n, ticket.Input{Action: ticket.Decide, Approve: yes(), To: w.Posts["leader"]}, ticket.ErrNotAllowed)
	for who, want := range map[string]int{"community": 1, "subdistrict": 1, "otherbranch": 0} {
		if list, err := w.List(t.Context(), w.Actor(who), ticket.Inbox, 0, 0, ""); err != nil || len(list.Items) != want {
			t.Errorf("%s has %d to decide: %v", who, len(list.Items), err)
		}
	}
	tk = w.Do(t, "community", n, ticket.Input{Action: ticket.Decide, Approve: yes(), To: w.Posts["urban_management"], Note: "路灯归城管"})
	if tk.LeadPost != w.Posts["urban_management"] || tk.OwnerPost != w.Posts["branch"] || tk.ArbiterPost != 0 || tk.DecideBy != 0 {
		t.Fatalf("%+v", tk)
	}
	drain(t, w) // the limit's timer comes too late
	w.Forward(48 * time.Hour)
	drain(t, w)
	f, err := w.Get(t.Context(), w.Actor("city"), n)
	if err != nil || f.Version != tk.Version {
		t.Fatalf("%+v %v", f.Ticket, err)
	}
	var told []string
	for _, e := range f.Events {
		told = append(told, e.ActorTitle+" "+string(e.Action)+" → "+e.Detail().ToTitle+" "+e.Note)
	}
	for _, want := range []string{
		"福馨苑小区党支部书记 return → 南薰社区党委书记 是路灯所的", "南薰社区党委书记 decide → 城市管理局 路灯归城管",
	} {
		if !strings.Contains(strings.Join(told, "\n"), want) {
			t.Errorf("no %q in %q", want, told)
		}
	}
	verify(t, w)
}

func TestReturn_UndecidedGoesUpAndIsNeverForgotten(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	w.Do(t, "branch", n, say(ticket.Return, "不归我管"))
	for _, want := range []string{"subdistrict", "city"} {
		late(t, w)
		f, err := w.Get(t.Context(), w.Actor("branch"), n)
		if err != nil || f.ArbiterPost != w.Posts[want] || f.State != ticket.Returned || f.Watched {
			t.Fatalf("%s should decide: %+v %v", want, f.Ticket, err)
		}
	}
	w.Refused(t, "subdistrict", n, ticket.Input{Action: ticket.Decide, Approve: no()}, ticket.ErrNotAllowed)
	late(t, w)
	f, err := w.Get(t.Context(), w.Actor("city"), n)
	if err != nil || !f.Watched || f.ArbiterPost != w.Posts["city"] || f.Pending != ticket.Return {
		t.Fatalf("%+v %v", f.Ticket, err)
	}
	late(t, w)
	if again, err := w.Get(t.Context(), w.Actor("city"), n); err != nil || again.Version != f.Version {
		t.Fatalf("it is told for ever: %+v %v", again.Ticket, err)
	}
	w.Do(t, "city", n, ticket.Input{Action: ticket.Decide, Approve: no(), Note: "就是小区的"})
	verify(t, w)
}

// late lets a limit pass.
func late(t *testing.T, w *tickettest.Town) {
	t.Helper()
	w.Forward(25 * time.Hour)
	drain(t, w)
}

func TestReturn_TheThirdIsTheCitysAndFinal(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	for range 2 {
		tk := w.Do(t, "branch", n, say(ticket.Return, "不归我管"))
		if tk.ArbiterPost != w.Posts["community"] || tk.Watched {
			t.Fatalf("%+v", tk)
		}
		w.Do(t, "community", n, ticket.Input{Action: ticket.Decide, Approve: no(), Note: "归你"})
	}
	tk := w.Do(t, "branch", n, say(ticket.Return, "真的不归我管"))
	if tk.ArbiterPost != w.Posts["city"] || !tk.Watched {
		t.Fatalf("%+v", tk)
	}
	for _, who := range []string{"community", "subdistrict"} {
		w.Refused(t, who, n, ticket.Input{Action: ticket.Decide, Approve: no()}, ticket.ErrNotAllowed)
		if list, err := w.List(t.Context(), w.Actor(who), ticket.Inbox, 0, 0, ""); err != nil || len(list.Items) != 0 {
			t.Errorf("%s has %d to decide: %v", who, len(list.Items), err)
		}
	}
	w.Do(t, "city", n, ticket.Input{Action: ticket.Decide, Approve: yes(), To: w.Posts["leader"], Note: "由党小组先办"})
	w.Refused(t, "leader", n, say(ticket.Return, "也不归我管"), ticket.ErrNotAllowed)
	w.Do(t, "leader", n, do(ticket.Accept))
	verify(t, w)
}

func TestReturn_GoesPastWhoIsNotThere(t *testing.T) {
	w := tickettest.New(t)
	w.Vacate(t, w.Who["community"])
	n := w.Told(t, "li", lamp).Number
	if tk := w.Do(t, "branch", n, say(ticket.Return, "不归我管")); tk.ArbiterPost != w.Posts["subdistrict"] {
		t.Fatalf("%+v", tk)
	}
	w.Vacate(t, w.Who["subdistrict"]) // the arbiter leaves: the one above may decide at once, and does after the limit
	late(t, w)
	f, err := w.Get(t.Context(), w.Actor("city"), n)
	if err != nil || f.ArbiterPost != w.Posts["city"] {
		t.Fatalf("%+v %v", f.Ticket, err)
	}
	w.Vacate(t, w.Who["city"])
	n = w.Told(t, "li", lamp).Number
	w.Refused(t, "branch", n, say(ticket.Return, "不归我管"), ticket.ErrNotAllowed) // nobody could decide
	verify(t, w)
}

func TestReturn_NobodyDecidesOnTheirOwn(t *testing.T) {
	w := tickettest.New(t)
	if err := w.Org.Seat(t.Context(), w.Posts["community"], w.Who["branch"], 0); err != nil { // 交叉任职
		t.Fatal(err)
	}
	n := w.Told(t, "li", lamp).Number
	if tk := w.Do(t, "branch", n, say(ticket.Return, "不归我管")); tk.ArbiterPost != w.Posts["subdistrict"] {
		t.Fatalf("%+v", tk)
	}
	w.Refused(t, "branch", n, ticket.Input{Action: ticket.Decide, Approve: no()}, ticket.ErrNotAllowed)
}

func TestWhy_TellsTheRuleAndWhoGaveIt(t *testing.T) {
	w := tickettest.New(t)
	w.Vacate(t, w.Who["branch"])
	n := w.Told(t, "li", lamp).Number
	why, err := w.Why(t.Context(), w.Actor("community"), n)
	if err != nil || why.Lead.ID != w.Posts["community"] || why.Came.Action != ticket.Dispatch || why.Now.Lead.Post != why.Lead.ID {
		t.Fatalf("%+v %v", why, err)
	}
	if v := why.Now.Vacant(); len(v) != 1 || v[0] != "福馨苑小区党支部书记" {
		t.Errorf("vacant %v", v)
	}
	w.Do(t, "community", n, ticket.Input{Action: ticket.Transfer, To: w.Posts["leader"], Note: "请先看看"})
	w.Do(t, "leader", n, say(ticket.Return, "要登高"))
	why, err = w.Why(t.Context(), w.Actor("leader"), n)
	if err != nil || why.Came.Action != ticket.Transfer || why.Came.ActorTitle != "南薰社区党委书记" || why.Now.Lead.Post == why.Lead.ID {
		t.Fatalf("%+v %v", why.Came, err)
	}
	if _, err := w.Why(t.Context(), w.Actor("wang"), n); err != ticket.ErrNotWhole { //nolint:errorlint // the very one
		t.Errorf("a neighbour: %v", err)
	}
	if _, err := w.Why(t.Context(), w.Actor("otherbranch"), n); err != ticket.ErrUnknown { //nolint:errorlint // the very one
		t.Errorf("a stranger: %v", err)
	}
}

func TestRoute_RulesMayNameUnitsByTheirCodes(t *testing.T) {
	w := tickettest.New(t)
	c := &org.Compound{Governance: org.Unmanaged, Datum: "gcj02", Branch: "金融小区党支部"}
	u, err := w.Org.Add(t.Context(), org.Unit{ParentID: w.Units["南薰社区"], Kind: org.CompoundKind, Code: "jinrong", Name: "金融小区"}, c)
	if err != nil {
		t.Fatal(err)
	}
	w.Relearn()
	rules := *w.Rules()
	rules.Routes, err = routing.Load([]byte("grades: [{code: 7d, respond: 1d, finish: 7d}]\nroute: {lead: branch_secretary, grade: 7d, children: [{name: 金融, org: jinrong, lead: subdistrict_secretary}]}"))
	if err != nil {
		t.Fatal(err)
	}
	w.Adopt(rules)
	for place, want := range map[int64]string{u.ID: "subdistrict", w.Units["福馨苑小区"]: "branch"} {
		got, err := w.Preview(t.Context(), ticket.Report{Text: lamp, Place: ticket.Place{OrgID: place}})
		if err != nil || got.Lead.ID != w.Posts[want] {
			t.Errorf("%s: %v %v", want, got.Lead, err)
		}
	}
}
