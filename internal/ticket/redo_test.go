package ticket_test

import (
	"testing"
	"time"

	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// finished is a ticket of li's that a post says is done.
func finished(t *testing.T, w *tickettest.Town, lead string) string {
	t.Helper()
	n := inHand(t, w, lead)
	w.Do(t, lead, n, say(ticket.Finish, "修好了"))
	return n
}

func TestRedo_AtTheTopItStaysAndIsWatched(t *testing.T) {
	w := tickettest.New(t)
	for _, who := range []string{"branch", "community", "subdistrict"} {
		w.Vacate(t, w.Who[who])
	}
	tk := w.Told(t, "li", lamp)
	if tk.LeadPost != w.Posts["city"] {
		t.Fatalf("%+v", tk)
	}
	for _, a := range []ticket.Input{do(ticket.Accept), do(ticket.Contact), say(ticket.Finish, "好了")} {
		w.Do(t, "city", tk.Number, a)
	}
	w.Forward(48 * time.Hour)
	again := w.Do(t, "li", tk.Number, ticket.Input{Action: ticket.Confirm, Solved: no(), Note: "没好"})
	if again.State != ticket.Reopened || again.LeadPost != w.Posts["city"] || !again.Watched || again.Redos != 1 || again.DueAt <= tk.DueAt {
		t.Fatalf("%+v", again)
	}
	w.Do(t, "city", tk.Number, do(ticket.Accept))
	verify(t, w)
}

func TestRedo_GoesPastWhoHoldsBothPosts(t *testing.T) {
	w := tickettest.New(t)
	w.Vacate(t, w.Who["community"])
	seat(t, w, "branch", "community", "", "")
	n := finished(t, w, "branch")
	if tk := w.Do(t, "li", n, ticket.Input{Action: ticket.Confirm, Solved: no()}); tk.LeadPost != w.Posts["subdistrict"] {
		t.Fatalf("it is done again by the same person: %+v", tk)
	}
	verify(t, w)
}

func TestRedo_AnAppealGoesAboveWhoRefused(t *testing.T) {
	for name, refuse := range map[string]func(w *tickettest.Town, n string){
		"rejected": func(w *tickettest.Town, n string) {
			w.Do(t, "community", n, ticket.Input{Action: ticket.Reject, Ground: "procedure"})
		},
		"excluded": func(w *tickettest.Town, n string) {
			w.Do(t, "branch", n, do(ticket.Accept))
			w.Do(t, "branch", n, say(ticket.Exclude, "不归小区"))
			w.Do(t, "community", n, ticket.Input{Action: ticket.Decide, Approve: yes()})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := tickettest.New(t)
			n := w.Told(t, "li", lamp).Number
			refuse(w, n)
			w.Refused(t, "li", n, do(ticket.Reopen), ticket.ErrInvalid) // with a reason
			tk := w.Do(t, "li", n, say(ticket.Reopen, "就是小区的事"))
			if tk.LeadPost != w.Posts["subdistrict"] || tk.OwnerPost != w.Posts["branch"] || tk.State != ticket.Reopened {
				t.Fatalf("%+v", tk)
			}
			verify(t, w)
		})
	}
}

func TestReopen_WithinFifteenDays(t *testing.T) {
	for days, refused := range map[int]bool{15: false, 16: true} {
		w := tickettest.New(t)
		n := finished(t, w, "branch")
		w.Do(t, "li", n, ticket.Input{Action: ticket.Confirm, Solved: yes(), Satisfaction: ticket.Basic})
		w.Forward(time.Duration(days)*24*time.Hour - time.Minute)
		if refused {
			w.Refused(t, "li", n, say(ticket.Reopen, "又坏了"), ticket.ErrNotAllowed)
		} else if tk := w.Do(t, "li", n, say(ticket.Reopen, "又坏了")); tk.LeadPost != w.Posts["community"] {
			t.Errorf("%+v", tk)
		}
		verify(t, w)
	}
}

func TestRate_WhoIsNotSatisfiedIsNotTakenForConsenting(t *testing.T) {
	w := tickettest.New(t)
	n := finished(t, w, "branch")
	tk := w.Do(t, "li", n, ticket.Input{Action: ticket.Rate, Satisfaction: ticket.Dissatisfied})
	if tk.State != ticket.Finished || tk.Satisfaction != ticket.Dissatisfied {
		t.Fatalf("%+v", tk)
	}
	w.Forward(73 * time.Hour)
	drain(t, w)
	f := get(t, w, "li", n)
	if f.State != ticket.Reopened || f.LeadPost != w.Posts["community"] || f.Outcome != "" || f.Satisfaction != "" {
		t.Fatalf("%+v", f.Ticket)
	}
	n = finished(t, w, "branch")
	w.Do(t, "li", n, ticket.Input{Action: ticket.Rate, Satisfaction: ticket.Dissatisfied})
	tk = w.Do(t, "li", n, ticket.Input{Action: ticket.Confirm, Solved: yes(), Satisfaction: ticket.Dissatisfied}) // solved all the same
	if tk.State != ticket.Closed || tk.Outcome != ticket.Confirmed || !*tk.Solved {
		t.Fatalf("%+v", tk)
	}
	n = finished(t, w, "branch")
	tk = w.Do(t, "li", n, ticket.Input{Action: ticket.Rate, Satisfaction: ticket.Basic})
	if tk.State != ticket.Closed || tk.Outcome != ticket.Confirmed || !*tk.Solved || tk.Satisfaction != ticket.Basic {
		t.Fatalf("%+v", tk)
	}
	verify(t, w)
}

func TestConsult_ComesBackWithAResultAndTheClockRunsOn(t *testing.T) {
	w := tickettest.New(t)
	n := inHand(t, w, "branch")
	w.Refused(t, "branch", n, do(ticket.Consult), ticket.ErrInvalid) // about what
	due := get(t, w, "branch", n).DueAt
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Consult, Note: "加装路灯的钱怎么出", Until: w.Clock().Add(48 * time.Hour)})
	w.Forward(48 * time.Hour)
	w.Refused(t, "branch", n, do(ticket.Resume), ticket.ErrInvalid) // with what result
	tk := w.Do(t, "branch", n, say(ticket.Resume, "从公共收益里出"))
	if tk.State != ticket.Contacted || tk.DueAt != due || tk.LeadPost != w.Posts["branch"] {
		t.Fatalf("%+v", tk)
	}
	w.Do(t, "branch", n, say(ticket.Consult, "再议一次"))
	w.Do(t, "branch", n, say(ticket.Finish, "议定并已装好"))
	verify(t, w)
}

func TestWatched_IsTheListOfWhoStandsAboveAndTheCityTakesOff(t *testing.T) {
	w := tickettest.New(t)
	n := inHand(t, w, "branch")
	other := w.Told(t, "wang", "4号楼2单元楼道灯坏了").Number
	watch := func(who string, want ...string) {
		t.Helper()
		list, err := w.List(t.Context(), w.Actor(who), ticket.Watched, 0, 0, "")
		if err != nil || len(list.Items) != len(want) {
			t.Fatalf("%s watches %d: %v", who, len(list.Items), err)
		}
		for i, n := range want {
			if list.Items[i].Number != n {
				t.Errorf("%s watches %s", who, list.Items[i].Number)
			}
		}
	}
	watch("city")
	w.Do(t, "subdistrict", n, say(ticket.Add, "三天内办结"))
	for _, who := range []string{"city", "subdistrict", "community", "branch"} {
		watch(who, n)
	}
	watch("otherbranch")
	watch("li")
	w.Do(t, "branch", n, say(ticket.Finish, "好了"))
	watch("city", n) // until it is settled
	off := ticket.Input{Action: ticket.Add, Note: "已落实", Watch: no()}
	w.Refused(t, "subdistrict", n, off, ticket.ErrInvalid)
	if tk := w.Do(t, "city", n, off); tk.Watched {
		t.Fatalf("%+v", tk)
	}
	watch("city")
	w.Refused(t, "city", n, off, ticket.ErrInvalid)
	w.Refused(t, "city", other, off, ticket.ErrInvalid)
	verify(t, w)
}
