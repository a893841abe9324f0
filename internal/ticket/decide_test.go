package ticket_test

import (
	"testing"
	"time"

	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// inHand is a ticket of li's that a post has taken.
func inHand(t *testing.T, w *tickettest.Town, lead string) string {
	t.Helper()
	n := w.Told(t, "li", lamp).Number
	if lead != "branch" {
		w.Do(t, "branch", n, ticket.Input{Action: ticket.Dispatch, To: w.Posts[lead]})
	}
	w.Do(t, lead, n, do(ticket.Accept))
	w.Do(t, lead, n, do(ticket.Contact))
	return n
}

// seat gives somebody one more post, 交叉任职; a post that is not there is made.
func seat(t *testing.T, w *tickettest.Town, who, post, unit string, role org.Role) {
	t.Helper()
	id, ok := w.Posts[post]
	if !ok {
		var err error
		if id, err = w.Org.NewPost(t.Context(), w.Units[unit], role, post); err != nil {
			t.Fatal(err)
		}
		w.Posts[post] = id
	}
	if _, ok := w.Who[who]; !ok {
		p, err := w.Members.Add(t.Context(), member.Person{Name: who}, "o-"+who)
		if err != nil {
			t.Fatal(err)
		}
		w.Who[who] = p.ID
	}
	if err := w.Org.Seat(t.Context(), id, w.Who[who], 0); err != nil {
		t.Fatal(err)
	}
}

func TestExclude_IsApprovedAboveTheHandlersUnitAndTheCompoundAndNotByWhoAsked(t *testing.T) {
	for name, c := range map[string]struct {
		lead    string
		before  func(t *testing.T, w *tickettest.Town)
		arbiter string   // who is asked
		never   []string // stand above the lead, yet may not approve
	}{
		"one level above":                      {lead: "branch", arbiter: "community"},
		"a group leader's not by their branch": {lead: "leader", arbiter: "community", never: []string{"branch"}},
		"a community worker's not by their own community": {lead: "格员", arbiter: "subdistrict", never: []string{"community"}, before: func(t *testing.T, w *tickettest.Town) {
			seat(t, w, "格员", "格员", "南薰社区", org.GridWorker)
		}},
		"a department's by the city": {lead: "urban_management", arbiter: "city", never: []string{"branch", "community", "subdistrict"}},
		"who asks and holds both posts": {lead: "branch", arbiter: "subdistrict", never: []string{"branch"}, before: func(t *testing.T, w *tickettest.Town) {
			seat(t, w, "branch", "community", "", "")
		}},
		"the first handler stands above": {lead: "branch", arbiter: "subdistrict", never: []string{"community"}, before: func(t *testing.T, w *tickettest.Town) {
			w.Vacate(t, w.Who["branch"]) // so the community gets it first
		}},
		"who decides above and works in the unit": {lead: "branch", arbiter: "community", never: []string{"community"}, before: func(t *testing.T, w *tickettest.Town) {
			seat(t, w, "community", "另一名党小组长", "3号楼", org.GroupLeader)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := tickettest.New(t)
			if c.before != nil {
				c.before(t, w)
			}
			var n string
			if name == "the first handler stands above" {
				n = w.Told(t, "li", lamp).Number
				w.Do(t, "community", n, do(ticket.Accept))
				seat(t, w, "branch", "branch", "", "")
				w.Do(t, "community", n, ticket.Input{Action: ticket.Dispatch, To: w.Posts["branch"]})
				w.Do(t, "branch", n, do(ticket.Accept))
			} else {
				n = inHand(t, w, c.lead)
			}
			tk := w.Do(t, c.lead, n, say(ticket.Exclude, "不归小区管"))
			if tk.ArbiterPost != w.Posts[c.arbiter] || tk.DecideBy == 0 || tk.State.Open() != true {
				t.Fatalf("%s should decide: %+v", c.arbiter, tk)
			}
			for _, who := range append(c.never, c.lead) {
				w.Refused(t, who, n, ticket.Input{Action: ticket.Decide, Approve: yes()}, ticket.ErrNotAllowed)
				if list, err := w.List(t.Context(), w.Actor(who), ticket.Inbox, 0, 0, ""); err != nil || len(list.Items) != map[bool]int{true: 1}[who == c.lead] {
					t.Errorf("%s has %d: %v", who, len(list.Items), err)
				}
			}
			by := c.arbiter
			if by == "community" && len(c.never) > 0 && c.never[0] == by { // the one above that does
				by = "subdistrict"
			}
			if list, err := w.List(t.Context(), w.Actor(by), ticket.Inbox, 0, 0, ""); err != nil || len(list.Items) != 1 {
				t.Errorf("%s has %d to decide: %v", by, len(list.Items), err)
			}
			if tk := w.Do(t, by, n, ticket.Input{Action: ticket.Decide, Approve: yes()}); tk.State != ticket.Excluded {
				t.Errorf("%+v", tk)
			}
			verify(t, w)
		})
	}
}

func TestExclude_WithNobodyIndependentIsNotOffered(t *testing.T) {
	w := tickettest.New(t)
	for _, who := range []string{"community", "subdistrict", "city"} {
		w.Vacate(t, w.Who[who])
	}
	n := inHand(t, w, "leader")
	w.Refused(t, "leader", n, say(ticket.Exclude, "不归小区管"), ticket.ErrNotAllowed) // their own branch is above, and no more
	w.Do(t, "leader", n, ticket.Input{Action: ticket.Extend, Note: "等配件", Until: time.UnixMilli(get(t, w, "leader", n).DueAt).Add(time.Hour)})
}

func TestAsk_WhoAsksNeverDecidesThoughTheyHoldBothPostsOrWereTwoPeople(t *testing.T) {
	for _, a := range []ticket.Action{ticket.Extend, ticket.Suspend, ticket.Exclude} {
		t.Run(string(a), func(t *testing.T) {
			w := tickettest.New(t)
			n := inHand(t, w, "branch")
			w.Do(t, "branch", n, ticket.Input{Action: a, Note: "理由", Until: w.Clock().Add(30 * 24 * time.Hour)})
			w.Vacate(t, w.Who["branch"])
			seat(t, w, "branch", "community", "", "") // promoted meanwhile
			w.Refused(t, "branch", n, ticket.Input{Action: ticket.Decide, Approve: yes()}, ticket.ErrNotAllowed)
			w.Vacate(t, w.Who["branch"])
			seat(t, w, "ledger", "subdistrict", "", "") // the same person in the ledger, who is found to be
			if err := w.Unite(t.Context(), w.Who["branch"], w.Who["ledger"]); err != nil {
				t.Fatal(err)
			}
			w.Refused(t, "ledger", n, ticket.Input{Action: ticket.Decide, Approve: yes()}, ticket.ErrNotAllowed)
			w.Do(t, "city", n, ticket.Input{Action: ticket.Decide, Approve: no()})
			verify(t, w)
		})
	}
}

func TestAsk_UndecidedGoesUpAndAtTheTopSilenceIsANo(t *testing.T) {
	w := tickettest.New(t)
	n := inHand(t, w, "branch")
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Suspend, Note: "等供货", Until: w.Clock().Add(30 * 24 * time.Hour)})
	for _, want := range []string{"community", "subdistrict", "city"} {
		if tk := get(t, w, "branch", n); tk.ArbiterPost != w.Posts[want] || tk.Pending != ticket.Suspend {
			t.Fatalf("%s should decide: %+v", want, tk.Ticket)
		}
		late(t, w)
	}
	tk := get(t, w, "branch", n)
	if tk.Pending != "" || tk.State != ticket.Contacted || tk.ArbiterPost != 0 {
		t.Fatalf("%+v", tk.Ticket)
	}
	if d := tk.Events[len(tk.Events)-1].Detail(); d.Approve == nil || *d.Approve || d.Asked != ticket.Suspend {
		t.Errorf("%+v", d)
	}
	w.Do(t, "branch", n, say(ticket.Finish, "好了"))
	late(t, w)
	verify(t, w)
}
