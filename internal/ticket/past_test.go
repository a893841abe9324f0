package ticket_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"fenlin/internal/org"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// life is a ticket and its log without what is another's each time.
func life(t *testing.T, w *tickettest.Town, reporter int64, number int) (ticket.Ticket, []ticket.Event) {
	t.Helper()
	var tickets []ticket.Ticket
	if err := w.DB.Read(t.Context()).Order("number").Find(&tickets, "reporter_id = ?", reporter).Error; err != nil || len(tickets) <= number {
		t.Fatalf("%d tickets: %v", len(tickets), err)
	}
	tk := tickets[number]
	var events []ticket.Event
	if err := w.DB.Read(t.Context()).Order("seq").Find(&events, "ticket_id = ?", tk.ID).Error; err != nil {
		t.Fatal(err)
	}
	for i := range events {
		e := &events[i]
		e.ID, e.TicketID, e.PrevHash, e.Hash, e.RequestKey, e.Salt, e.Words = 0, 0, "", "", nil, "", ""
	}
	tk.ID, tk.Number, tk.LastHash, tk.UncountedAt = 0, "", "", 0
	return tk, events
}

func TestLoad_APastTicketIsAsTheServiceWouldHaveMadeIt(t *testing.T) {
	for name, rated := range map[string]ticket.Satisfaction{"confirmed": ticket.Satisfied, "not solved": ticket.Dissatisfied, "silent": ""} {
		t.Run(name, func(t *testing.T) {
			w := tickettest.New(t)
			branch, li := w.Actor("branch"), w.Actor("li")
			desk, err := w.Org.Desk(t.Context(), li.Home, "3")
			if err != nil {
				t.Fatal(err)
			}
			solved := rated != ticket.Dissatisfied
			steps := []ticket.Step{
				{ByLead: true, Input: ticket.Input{Action: ticket.Accept}},
				{ByLead: true, Input: ticket.Input{Action: ticket.Contact, Note: "已打电话"}},
				{ByLead: true, Input: ticket.Input{Action: ticket.Finish, Note: "已换灯"}},
				{By: li, Input: ticket.Input{Action: ticket.Confirm, Solved: &solved, Satisfaction: rated}},
			}
			if rated == "" {
				steps[3] = ticket.Step{Input: ticket.Input{Action: ticket.Close, Note: "到时自动办理"}}
			}
			past := ticket.Past{
				Report: ticket.Report{
					Reporter: li.Person, Home: li.Home, Channel: "chat", Text: "3号楼2单元楼道灯坏了",
					Place: ticket.Place{OrgID: li.Home, Category: "lighting", Building: "3", Unit: "2"},
				},
				At: w.Clock(), Desk: desk, Lead: func(int64) org.Actor { return branch },
			}
			tk := w.Told(t, "li", past.Report.Text)
			for _, s := range steps {
				w.Forward(30 * time.Hour)
				switch {
				case s.ByLead:
					tk = w.Do(t, "branch", tk.Number, s.Input)
				case s.By.Person != 0:
					tk = w.Do(t, "li", tk.Number, s.Input)
				default:
					w.Forward(ticket.ConfirmWindow - 30*time.Hour)
					if err := w.Fire(t.Context(), ticket.Timer{TicketID: tk.ID, Action: ticket.Close, At: tk.ConfirmBy}); err != nil {
						t.Fatal(err)
					}
				}
				s.At = w.Clock()
				past.Steps = append(past.Steps, s)
			}
			if err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return w.Load(tx, []ticket.Past{past}) }); err != nil {
				t.Fatal(err)
			}
			made, log := life(t, w, li.Person, 0)
			loaded, told := life(t, w, li.Person, 1)
			if d := cmp.Diff(made, loaded); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(log, told); d != "" {
				t.Error(d)
			}
			if audit, err := w.Verify(t.Context()); err != nil || len(audit.Faults) > 0 || audit.Tickets != 2 {
				t.Errorf("%+v %v", audit, err)
			}
		})
	}
}

func TestLoad_RefusesWhatTheRulesRefuseAndWhatIsMoreThanATicket(t *testing.T) {
	w := tickettest.New(t)
	branch, li := w.Actor("branch"), w.Actor("li")
	desk, err := w.Org.Desk(t.Context(), li.Home, "3")
	if err != nil {
		t.Fatal(err)
	}
	accept := ticket.Step{At: w.Clock(), ByLead: true, Input: ticket.Input{Action: ticket.Accept}}
	for name, steps := range map[string][]ticket.Step{
		"finished before it was accepted": {{At: w.Clock(), ByLead: true, Input: ticket.Input{Action: ticket.Finish, Note: "好了"}}},
		"accepted by its reporter":        {{At: w.Clock(), By: li, Input: ticket.Input{Action: ticket.Accept}}},
		"a whistle":                       {accept, {At: w.Clock(), ByLead: true, Input: ticket.Input{Action: ticket.Whistle, Note: "来", Posts: []int64{w.Posts["gas_company"]}}}},
	} {
		past := ticket.Past{
			Report: ticket.Report{Reporter: li.Person, Text: "灯坏了", Place: ticket.Place{OrgID: li.Home, Category: "lighting", Building: "3"}},
			At:     w.Clock(), Desk: desk, Lead: func(int64) org.Actor { return branch }, Steps: steps,
		}
		if err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return w.Load(tx, []ticket.Past{past}) }); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
