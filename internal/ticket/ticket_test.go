package ticket_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

func do(a ticket.Action) ticket.Input               { return ticket.Input{Action: a} }
func say(a ticket.Action, note string) ticket.Input { return ticket.Input{Action: a, Note: note} }
func yes() *bool                                    { b := true; return &b }
func no() *bool                                     { b := false; return &b }

const lamp = "3号楼2单元楼道灯坏了"

func TestReport_LandsWithTheBranchAndIsSettled(t *testing.T) {
	w := tickettest.New(t)
	tk := w.Told(t, "li", "福馨苑"+lamp)
	if tk.Number != "FY261123-0001" || tk.State != ticket.Dispatched || tk.Category != "lighting" || tk.Building != "3" || tk.Unit != "2" {
		t.Fatalf("%+v", tk)
	}
	if tk.LeadPost != w.Posts["branch"] {
		t.Fatalf("lead is %d (%s), want the branch", tk.LeadPost, tk.RouteReason)
	}
	w.Do(t, "branch", tk.Number, do(ticket.Accept))
	w.Do(t, "branch", tk.Number, do(ticket.Contact))
	w.Forward(time.Hour)
	w.Do(t, "branch", tk.Number, say(ticket.Finish, "换了灯"))
	tk = w.Do(t, "li", tk.Number, ticket.Input{Action: ticket.Confirm, Solved: yes(), Satisfaction: ticket.Satisfied})
	if tk.State != ticket.Closed || tk.Outcome != ticket.Confirmed || tk.Late || tk.Version != 6 {
		t.Fatalf("%+v", tk)
	}
	verify(t, w)
}

func verify(t testing.TB, w *tickettest.Town) {
	t.Helper()
	a, err := w.Verify(context.Background())
	if err != nil || len(a.Faults) > 0 {
		t.Fatalf("audit: %v %v", a.Faults, err)
	}
}

func TestReport_TheSameKeyIsTheSameTicket(t *testing.T) {
	w := tickettest.New(t)
	var wg sync.WaitGroup
	numbers := make([]string, 8)
	for i := range numbers {
		wg.Go(func() {
			tk, err := w.Report(context.Background(), ticket.Report{Key: "wx:1", Reporter: w.Who["li"], Home: w.Units["福馨苑小区"], Text: lamp})
			if err != nil {
				t.Error(err)
			}
			numbers[i] = tk.Number
		})
	}
	wg.Wait()
	if len(slices.Compact(numbers)) != 1 {
		t.Fatalf("numbers %v", numbers)
	}
	verify(t, w)
}

func TestReport_NumbersAreGaplessUnderARush(t *testing.T) {
	w := tickettest.New(t)
	const n = 24
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, err := w.Report(context.Background(), ticket.Report{Reporter: w.Who["li"], Home: w.Units["福馨苑小区"], Text: fmt.Sprintf("%d号楼楼道灯坏了", i%9+1)})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	verify(t, w) // counts the numbers too
	if tk := w.Told(t, "li", lamp); tk.Number != fmt.Sprintf("FY261123-%04d", n+1) {
		t.Fatal(tk.Number)
	}
}

func TestReport_RefusesWhatIsNone(t *testing.T) {
	w := tickettest.New(t)
	ctx := t.Context()
	long := make([]rune, 5000)
	for i := range long {
		long[i] = '灯'
	}
	for _, c := range []struct {
		name string
		r    ticket.Report
		want *errs.Error
	}{
		{"empty", ticket.Report{Text: " \n "}, ticket.ErrNoText},
		{"5,000 characters", ticket.Report{Text: string(long)}, ticket.ErrLongText},
		{"greeting", ticket.Report{Text: "你好", Home: w.Units["福馨苑小区"]}, ticket.ErrChatter},
		{"no compound", ticket.Report{Text: lamp}, ticket.ErrNoPlace},
		{"unknown compound", ticket.Report{Text: lamp, Place: ticket.Place{OrgID: 42}}, org.ErrUnknownUnit},
		{"a unit that is no compound", ticket.Report{Text: lamp, Place: ticket.Place{OrgID: w.Units["南薰社区"]}}, org.ErrUnknownUnit},
		{"unknown category", ticket.Report{Text: lamp, Home: w.Units["福馨苑小区"], Place: ticket.Place{Category: "ufo"}}, ticket.ErrInvalid},
		{"another's photo", ticket.Report{Text: lamp, Home: w.Units["福馨苑小区"], Photos: []int64{7}}, ticket.ErrInvalid},
	} {
		if _, err := w.Report(ctx, c.r); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	a, err := w.Verify(ctx)
	if err != nil || a.Tickets != 0 {
		t.Fatalf("%+v %v", a, err)
	}
}

func TestReport_AnEmergencyWaitsForNothing(t *testing.T) {
	w := tickettest.New(t)
	tk, err := w.Report(t.Context(), ticket.Report{Reporter: w.Who["li"], Text: "电梯里困住人了，快来人！"})
	if err != nil {
		t.Fatal(err)
	}
	if !tk.Emergency || tk.OrgID != w.Units["汾阳市"] || tk.Grade != "2h" {
		t.Fatalf("%+v", tk)
	}
}

func TestReport_APersonHasALimitButNotInDanger(t *testing.T) {
	w := tickettest.New(t)
	for range ticket.DailyReports {
		w.Told(t, "li", lamp)
	}
	r := ticket.Report{Reporter: w.Who["li"], Home: w.Units["福馨苑小区"], Text: lamp}
	if _, err := w.Report(t.Context(), r); !errors.Is(err, ticket.ErrTooMany) {
		t.Fatal(err)
	}
	r.Text = "楼道着火了快来人"
	if _, err := w.Report(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	w.Forward(25 * time.Hour)
	w.Told(t, "li", lamp)
}

func TestAct_OnlyWhatTheTableAllows(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	w.Refused(t, "stranger", n, do(ticket.Accept), ticket.ErrUnknown)
	w.Refused(t, "otherbranch", n, do(ticket.Accept), ticket.ErrUnknown)
	w.Refused(t, "wang", n, do(ticket.Accept), ticket.ErrNotAllowed)
	w.Refused(t, "li", n, do(ticket.Accept), ticket.ErrNotAllowed)
	w.Refused(t, "community", n, do(ticket.Accept), ticket.ErrNotAllowed)
	w.Refused(t, "branch", n, say(ticket.Finish, "x"), ticket.ErrNotAllowed)
	w.Refused(t, "branch", "FY000101-0001", do(ticket.Accept), ticket.ErrUnknown)
	w.Do(t, "branch", n, do(ticket.Accept))
	w.Refused(t, "branch", n, do(ticket.Accept), ticket.ErrNotAllowed)
	w.Refused(t, "branch", n, do(ticket.Exclude), ticket.ErrInvalid) // a reason is needed
	w.Refused(t, "branch", n, ticket.Input{Action: ticket.Contact, Version: 1}, ticket.ErrStale)
	verify(t, w)
}

func TestAct_TwoAtOnceOneWins(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	var won, lost atomic.Int64
	var wg sync.WaitGroup
	branch := w.Actor("branch")
	for range 8 {
		wg.Go(func() {
			_, err := w.Act(context.Background(), branch, n, ticket.Input{Action: ticket.Accept, Version: 2})
			switch {
			case err == nil:
				won.Add(1)
			case errors.Is(err, ticket.ErrStale):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 7 {
		t.Fatalf("won %d, lost %d", won.Load(), lost.Load())
	}
	verify(t, w)
}

func TestAct_ARepeatedRequestIsOneEvent(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	for range 3 {
		if tk := w.Do(t, "li", n, ticket.Input{Action: ticket.Add, Key: "wx:add", Note: "在三楼"}); tk.Version != 3 {
			t.Fatalf("version %d", tk.Version)
		}
	}
}

func TestAct_DissatisfiedIsRedoneOneLevelUp(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	for i, who := range []string{"branch", "community", "subdistrict"} {
		w.Do(t, who, n, do(ticket.Accept))
		w.Do(t, who, n, do(ticket.Contact))
		w.Do(t, who, n, say(ticket.Finish, "修了"))
		tk := w.Do(t, "li", n, ticket.Input{Action: ticket.Confirm, Solved: no(), Note: "还是不亮"})
		if tk.State != ticket.Reopened || tk.Redos != i+1 || tk.Watched != (i == 2) {
			t.Fatalf("%+v", tk)
		}
		if tk.OwnerPost != w.Posts["branch"] {
			t.Fatal("the first handler stays owner")
		}
	}
	if tk := w.Do(t, "city", n, do(ticket.Accept)); tk.LeadPost != w.Posts["city"] {
		t.Fatalf("%+v", tk)
	}
	for who, want := range map[string]int{"city": 1, "community": 1, "otherbranch": 0} { // due in days, and watched
		if list, err := w.List(t.Context(), w.Actor(who), ticket.Overdue, 0, 0, ""); err != nil || len(list.Items) != want {
			t.Errorf("%s watches %d: %v", who, len(list.Items), err)
		}
	}
	verify(t, w)
}

func TestAct_WhatEasesTheNumbersIsDecidedAbove(t *testing.T) {
	for _, c := range []struct {
		ask  ticket.Input
		from []ticket.Action
		yes  ticket.State
		no   ticket.State
	}{
		{say(ticket.Exclude, "不归小区管"), []ticket.Action{ticket.Accept}, ticket.Excluded, ticket.Accepted},
		{ticket.Input{Action: ticket.Extend, Note: "等配件", Until: time.Date(2027, 1, 10, 0, 0, 0, 0, time.UTC)}, []ticket.Action{ticket.Accept}, ticket.Accepted, ticket.Accepted},
		{ticket.Input{Action: ticket.Suspend, Note: "冬季不能施工", Until: time.Date(2027, 1, 10, 0, 0, 0, 0, time.UTC)}, []ticket.Action{ticket.Accept, ticket.Contact}, ticket.Suspended, ticket.Contacted},
		{say(ticket.Return, "是路灯所的"), nil, ticket.Dispatched, ticket.Dispatched},
	} {
		for _, approve := range []*bool{yes(), no()} {
			t.Run(fmt.Sprintf("%s/%t", c.ask.Action, *approve), func(t *testing.T) {
				w := tickettest.New(t)
				n := w.Told(t, "li", lamp).Number
				for _, a := range c.from {
					w.Do(t, "branch", n, do(a))
				}
				before := w.Do(t, "branch", n, c.ask)
				w.Refused(t, "branch", n, ticket.Input{Action: ticket.Decide, Approve: yes(), To: w.Posts["leader"]}, ticket.ErrNotAllowed)
				w.Refused(t, "branch", n, c.ask, ticket.ErrNotAllowed)
				in := ticket.Input{Action: ticket.Decide, Approve: approve}
				if c.ask.Action == ticket.Return && *approve {
					w.Refused(t, "community", n, in, ticket.ErrInvalid)
					in.To = w.Posts["leader"]
				}
				tk := w.Do(t, "community", n, in)
				want := map[bool]ticket.State{true: c.yes, false: c.no}[*approve]
				if tk.State != want || tk.Pending != "" {
					t.Fatalf("state %s pending %q, want %s", tk.State, tk.Pending, want)
				}
				if moved := tk.DueAt != before.DueAt; moved != (c.ask.Action == ticket.Extend && *approve) {
					t.Fatalf("due %d, was %d", tk.DueAt, before.DueAt)
				}
				verify(t, w)
			})
		}
	}
}

func TestAct_WorkThatIsDoneWaitsForNoDecision(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	w.Do(t, "branch", n, do(ticket.Accept))
	w.Do(t, "branch", n, do(ticket.Contact))
	due := w.Do(t, "branch", n, ticket.Input{Action: ticket.Extend, Note: "等配件", Until: w.Clock().Add(60 * 24 * time.Hour)}).DueAt
	tk := w.Do(t, "branch", n, say(ticket.Finish, "配件到了，已修好"))
	if tk.State != ticket.Finished || tk.Pending != "" || tk.PendingUntil != 0 || tk.DueAt != due {
		t.Fatalf("%+v", tk)
	}
	w.Refused(t, "community", n, ticket.Input{Action: ticket.Decide, Approve: yes()}, ticket.ErrNotAllowed)
	verify(t, w)
}

// workdays is when so many of them have passed since a moment.
func workdays(w *tickettest.Town, from time.Time, n int) time.Time {
	c := w.Rules().Calendar
	return c.Add(from, time.Duration(n)*c.WorkdayLength(), true)
}

func TestAct_ASuspensionIsNotCounted(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	w.Do(t, "branch", n, do(ticket.Accept))
	w.Do(t, "branch", n, do(ticket.Contact))
	until := w.Clock().Add(10 * 24 * time.Hour)
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Suspend, Note: "等供货", Until: until})
	w.Do(t, "community", n, ticket.Input{Action: ticket.Decide, Approve: yes()})
	w.Forward(until.Sub(w.Clock()))
	drain(t, w)
	f, err := w.Get(t.Context(), w.Actor("branch"), n)
	if err != nil || f.State != ticket.Contacted || f.DueAt != workdays(w, until, 7).UnixMilli() {
		t.Fatalf("%+v %v", f.Ticket, err)
	}
}

// drain lets the timers that are due fire.
func drain(t testing.TB, w *tickettest.Town) {
	t.Helper()
	w.Outbox.Handlers[ticket.TopicTimer] = func(ctx context.Context, e outbox.Event) error {
		var timer ticket.Timer
		if err := e.Decode(&timer); err != nil {
			return err
		}
		return w.Fire(ctx, timer)
	}
	w.Outbox.Handlers[ticket.TopicCheck] = func(context.Context, outbox.Event) error { return nil }
	w.Outbox.Handlers[ticket.TopicEvent] = func(context.Context, outbox.Event) error { return nil }
	for {
		n, err := w.Outbox.Work(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func TestFire_SilenceSettlesAfter72Hours_ButNotANewFinish(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	finish := func(who string) {
		w.Do(t, who, n, do(ticket.Accept))
		w.Do(t, who, n, do(ticket.Contact))
		w.Do(t, who, n, say(ticket.Finish, "好了"))
	}
	finish("branch")
	w.Forward(71 * time.Hour)
	w.Do(t, "li", n, ticket.Input{Action: ticket.Confirm, Solved: no()})
	finish("community")
	w.Forward(2 * time.Hour)
	drain(t, w)
	get := func() ticket.Ticket {
		f, err := w.Get(t.Context(), w.Actor("li"), n)
		if err != nil {
			t.Fatal(err)
		}
		return f.Ticket
	}
	if s := get().State; s != ticket.Finished {
		t.Fatalf("the first window closed the second finish: %s", s)
	}
	w.Forward(71 * time.Hour)
	drain(t, w)
	if tk := get(); tk.State != ticket.Closed || tk.Outcome != ticket.Tacit {
		t.Fatalf("%+v", tk)
	}
	verify(t, w)
}

func TestAct_AWhistledTicketFinishesWhenAllHaveDoneTheirPart(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	w.Do(t, "branch", n, do(ticket.Accept))
	w.Do(t, "branch", n, do(ticket.Contact))
	deps := w.Rules().Routes.Departments()
	a, b := deps[0].Code, deps[1].Code
	w.Refused(t, "branch", n, ticket.Input{Action: ticket.Whistle, Note: "请来", Posts: []int64{w.Posts["community"]}}, ticket.ErrInvalid)
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Whistle, Note: "请来", Posts: []int64{w.Posts[a], w.Posts[b]}})
	w.Refused(t, "branch", n, say(ticket.Finish, "好了"), ticket.ErrNotAllowed)
	for _, dep := range []string{a, b} {
		w.Refused(t, dep, n, say(ticket.Finish, "好了"), ticket.ErrNotAllowed)
		w.Do(t, dep, n, do(ticket.Arrive))
		w.Do(t, dep, n, say(ticket.Finish, "本部门已处理"))
	}
	if tk := w.Do(t, "branch", n, say(ticket.Finish, "好了")); tk.State != ticket.Finished {
		t.Fatalf("%+v", tk)
	}
	verify(t, w)
}

func TestAct_MergeBringsPeopleAlong(t *testing.T) {
	w := tickettest.New(t)
	first := w.Told(t, "li", lamp).Number
	second := w.Told(t, "wang", lamp).Number
	w.Refused(t, "branch", second, ticket.Input{Action: ticket.Merge, Into: second}, ticket.ErrInvalid)
	w.Do(t, "branch", second, ticket.Input{Action: ticket.Merge, Into: first})
	page, err := w.List(t.Context(), w.Actor("wang"), ticket.Following, 0, 10, "")
	if err != nil || len(page.Items) != 1 || page.Items[0].Number != first {
		t.Fatalf("%+v %v", page, err)
	}
	verify(t, w)
}

func TestAct_AReportersCorrectionIsRoutedAnew(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	tk := w.Do(t, "li", n, ticket.Input{Action: ticket.Correct, Place: &ticket.Place{OrgID: w.Units["昌瑞绿洲小区"], Building: "5"}})
	if tk.LeadPost != w.Posts["property"] && tk.LeadPost != w.Posts["otherbranch"] {
		t.Fatalf("%+v", tk)
	}
	if _, err := w.Get(t.Context(), w.Actor("branch"), n); !errors.Is(err, ticket.ErrUnknown) {
		t.Fatalf("福馨苑 still sees it: %v", err)
	}
	verify(t, w)
}

func TestGet_NeighboursSeeNoWords(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	f, err := w.Get(t.Context(), w.Actor("wang"), n)
	if err != nil || f.Whole || len(f.Events) > 0 {
		t.Fatalf("%+v %v", f, err)
	}
	if len(f.Actions) != 1 || f.Actions[0].Action != ticket.Follow {
		t.Fatalf("%+v", f.Actions)
	}
	w.Do(t, "wang", n, do(ticket.Follow))
	w.Do(t, "wang", n, do(ticket.Urge))
	if _, err := w.Get(t.Context(), w.Actor("stranger"), n); !errors.Is(err, ticket.ErrUnknown) {
		t.Fatal(err)
	}
}
