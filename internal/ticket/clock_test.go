package ticket_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// rings lets time pass until a moment, two hours at a time, and
// tells what clocks said of a ticket meanwhile: clock, then whom they told.
func rings(t *testing.T, w *tickettest.Town, number string, until time.Time) []string {
	t.Helper()
	before := len(events(t, w, number))
	for w.Clock().Before(until) {
		w.Forward(min(2*time.Hour, until.Sub(w.Clock())))
		if _, err := w.Ring(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var said []string
	for _, e := range events(t, w, number)[before:] {
		d := e.Detail()
		if d.Clock == "" {
			t.Fatalf("%s by %s meanwhile", e.Action, e.ActorTitle)
		}
		what := string(e.Action) + " " + string(d.Clock)
		if e.Action == ticket.Escalate {
			what += " " + d.ToTitle
		}
		said = append(said, strings.TrimSpace(what))
	}
	return said
}

func events(t *testing.T, w *tickettest.Town, number string) []ticket.Event {
	t.Helper()
	f, err := w.Get(t.Context(), w.Actor("city"), number)
	if err != nil {
		t.Fatal(err)
	}
	return f.Events
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("clocks said\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRing_WhatNobodyAcceptsGoesUpLevelByLevelToTheWatchList(t *testing.T) {
	w := tickettest.New(t)
	tk := w.Told(t, "li", lamp) // seven workdays, an answer within one
	said := rings(t, w, tk.Number, w.Clock().Add(30*24*time.Hour))
	same(t, said,
		"urge response", "escalate response 南薰社区党委书记", "escalate response 文峰街道党工委书记", "escalate response 市委社会工作部", "escalate response",
		"urge finish", "escalate finish")
	f := get(t, w, "city", tk.Number)
	if f.LeadPost != w.Posts["city"] || f.OwnerPost != w.Posts["branch"] || !f.Watched || f.State != ticket.Dispatched || f.DueAt != tk.DueAt || f.RespondBy != tk.RespondBy {
		t.Errorf("%+v", f.Ticket)
	}
	verify(t, w)
}

func TestRing_WhatIsInHandStaysThereWhileTheLevelsAboveAreTold(t *testing.T) {
	w := tickettest.New(t)
	tk := w.Told(t, "li", lamp)
	w.Do(t, "branch", tk.Number, do(ticket.Accept))
	w.Do(t, "branch", tk.Number, do(ticket.Contact))
	warned := w.Rules().Calendar.Add(w.Clock(), 7*w.Rules().Calendar.WorkdayLength()*8/10, true)
	same(t, rings(t, w, tk.Number, warned.Add(-time.Minute)))
	same(t, rings(t, w, tk.Number, warned), "urge finish")
	same(t, rings(t, w, tk.Number, time.UnixMilli(tk.DueAt).Add(-time.Minute)))
	same(t, rings(t, w, tk.Number, time.UnixMilli(tk.DueAt)), "escalate finish 南薰社区党委书记")
	same(t, rings(t, w, tk.Number, w.Clock().Add(30*24*time.Hour)), "escalate finish 文峰街道党工委书记", "escalate finish 市委社会工作部", "escalate finish")
	f := get(t, w, "city", tk.Number)
	if f.LeadPost != w.Posts["branch"] || f.State != ticket.Contacted || !f.Watched {
		t.Errorf("%+v", f.Ticket)
	}
	if got := w.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Finish, Note: "好了"}); !got.Late {
		t.Error("a late finish is not late")
	}
	verify(t, w)
}

func TestRing_AskingTheReporterStopsTheClockUntilTheyAnswer(t *testing.T) {
	w := tickettest.New(t)
	tk := w.Told(t, "li", lamp)
	n := tk.Number
	w.Do(t, "branch", n, do(ticket.Accept))
	w.Do(t, "branch", n, do(ticket.Contact))
	ask := ticket.Input{Action: ticket.Add, Wait: true, Note: "请告诉我们是几层的灯"}
	if asked := w.Do(t, "branch", n, ask); asked.PausedAt == 0 || asked.PausedUntil != workdays(w, w.Clock(), 3).UnixMilli() {
		t.Fatalf("%+v", asked)
	}
	w.Refused(t, "branch", n, ask, ticket.ErrInvalid) // one question at a time
	begun := w.Clock()
	w.Forward(24 * time.Hour)
	w.Do(t, "wang", n, do(ticket.Follow))
	w.Do(t, "wang", n, ticket.Input{Action: ticket.Add, Note: "我也看到了"}) // not who was asked
	if get(t, w, "branch", n).PausedAt == 0 {
		t.Error("a neighbour's word is no answer")
	}
	answered := w.Do(t, "li", n, ticket.Input{Action: ticket.Add, Note: "五层"})
	stood := w.Rules().Calendar.Between(begun, w.Clock(), true)
	if want := w.Rules().Calendar.Add(time.UnixMilli(tk.DueAt), stood, true).UnixMilli(); answered.PausedAt != 0 || answered.DueAt != want {
		t.Errorf("stood %s, due %d, want %d", stood, answered.DueAt, want)
	}
	// Nobody answers: after three workdays it goes on by itself, and a third question does not stop it.
	again := w.Do(t, "branch", n, ask)
	w.Forward(time.UnixMilli(again.PausedUntil).Sub(w.Clock()))
	drain(t, w)
	if f := get(t, w, "branch", n); f.PausedAt != 0 || f.DueAt <= answered.DueAt || f.State != ticket.Contacted {
		t.Errorf("%+v", f.Ticket)
	}
	w.Refused(t, "branch", n, ask, ticket.ErrInvalid)
	w.Refused(t, "branch", n, ticket.Input{Action: ticket.Add, Wait: true}, ticket.ErrInvalid)
	verify(t, w)
}

func TestRing_WhoGoesOnByThemselvesNeedsNoAnswer(t *testing.T) {
	w := tickettest.New(t)
	for name, goOn := range map[string]ticket.Input{
		"resume": {Action: ticket.Resume}, "finish": {Action: ticket.Finish, Note: "好了"}, "consult": {Action: ticket.Consult, Note: "开会"},
	} {
		n := w.Told(t, "li", lamp).Number
		w.Do(t, "branch", n, do(ticket.Accept))
		w.Do(t, "branch", n, do(ticket.Contact))
		w.Do(t, "branch", n, ticket.Input{Action: ticket.Add, Wait: true, Note: "几层"})
		w.Forward(time.Hour)
		if got := w.Do(t, "branch", n, goOn); got.PausedAt != 0 || got.Late {
			t.Errorf("%s: %+v", name, got)
		}
	}
	drain(t, w) // the waits' own ends come too late for anything
	verify(t, w)
}

func TestRing_AnExtensionIsAskedBeforeItIsDueAndWarnsAnew(t *testing.T) {
	w := tickettest.New(t)
	tk := w.Told(t, "li", lamp)
	n := tk.Number
	w.Do(t, "branch", n, do(ticket.Accept))
	w.Do(t, "branch", n, do(ticket.Contact))
	same(t, rings(t, w, n, time.UnixMilli(tk.DueAt).Add(-time.Hour)), "urge finish")
	until := workdays(w, time.UnixMilli(tk.DueAt), 5)
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Extend, Note: "等配件", Until: until})
	if got := w.Do(t, "community", n, ticket.Input{Action: ticket.Decide, Approve: yes()}); got.DueAt != until.UnixMilli() {
		t.Fatalf("due %d", got.DueAt)
	}
	same(t, rings(t, w, n, until), "urge finish", "escalate finish 南薰社区党委书记")
	w.Forward(time.Minute)
	w.Refused(t, "branch", n, ticket.Input{Action: ticket.Extend, Note: "再等", Until: w.Clock().Add(240 * time.Hour)}, ticket.ErrNotAllowed)
	verify(t, w)
}

func TestRing_RemindsTheReporterOnceBeforeSilenceCounts(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	w.Do(t, "branch", n, do(ticket.Accept))
	w.Do(t, "branch", n, do(ticket.Contact))
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Finish, Note: "好了"})
	same(t, rings(t, w, n, w.Clock().Add(71*time.Hour)), "urge confirmation")
	w.Forward(time.Hour)
	drain(t, w)
	if f := get(t, w, "branch", n); f.State != ticket.Closed || f.Outcome != ticket.Tacit {
		t.Errorf("%+v", f.Ticket)
	}
}

// TestRing_NoClockIsForgottenWhateverHappens lets people do random things while
// time passes: a ticket that is worked on is heard of until the city watches
// it, and one that is settled never again.
func TestRing_NoClockIsForgottenWhateverHappens(t *testing.T) {
	w := tickettest.New(t)
	people := []string{"li", "leader", "branch", "community", "subdistrict", "city"}
	posts := []int64{w.Posts["leader"], w.Posts["branch"], w.Posts["community"], w.Posts["subdistrict"], w.Posts["power_company"]}
	rapid.Check(t, func(rt *rapid.T) {
		w.Forward(25 * time.Hour)
		n := w.Told(t, "li", lamp).Number
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			actor := w.Actor(rapid.SampledFrom(people).Draw(rt, "who"))
			full, err := w.Get(t.Context(), actor, n)
			if err == nil && len(full.Actions) > 0 {
				approve, solved := rapid.Bool().Draw(rt, "approve"), rapid.Bool().Draw(rt, "solved")
				_, _ = w.Act(t.Context(), actor, n, ticket.Input{
					Action: rapid.SampledFrom(full.Actions).Draw(rt, "action").Action, Note: "说明", To: rapid.SampledFrom(posts).Draw(rt, "to"), Posts: posts[4:],
					Until: w.Clock().Add(20 * 24 * time.Hour), Approve: &approve, Solved: &solved, Satisfaction: ticket.Basic, Ground: "procedure",
					Wait: rapid.Bool().Draw(rt, "wait"), Place: &ticket.Place{Building: "3"},
				})
			}
			w.Forward(time.Duration(rapid.IntRange(1, 60).Draw(rt, "hours")) * time.Hour)
			if rapid.Bool().Draw(rt, "sweep") {
				sweep(t, w)
			}
		}
		// From now on nobody does anything: every clock runs out, and none stands for ever.
		for range 12 {
			w.Forward(25 * 24 * time.Hour)
			sweep(t, w)
		}
		f := get(t, w, "city", n)
		switch {
		case f.AlarmAt != 0:
			rt.Fatalf("it still rings: %+v", f.Ticket)
		case f.State.Open() && (f.PausedAt != 0 || !f.Watched || !f.Overdue(w.Clock())):
			rt.Fatalf("it is open, and nobody hears of it: %+v", f.Ticket)
		case f.State == ticket.Finished:
			rt.Fatalf("silence never counts: %+v", f.Ticket)
		}
	})
	verify(t, w)
}

func sweep(t *testing.T, w *tickettest.Town) {
	t.Helper()
	if _, err := w.Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	drain(t, w)
}
