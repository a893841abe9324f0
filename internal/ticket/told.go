package ticket

import "cmp"

// Told is what the rates count of a ticket. Its log tells all of it, so that a
// rate can be computed from the log alone.
type Told struct {
	OrgID, LeadPost                   int64
	Category                          string
	State                             State
	CreatedAt, RespondBy, DueAt       int64
	PausedAt, ContactedAt, FinishedAt int64
	Late, Bare                        bool
	Outcome                           Outcome
	Answered, Solved                  bool // Solved counts only when answered
	Satisfaction                      Satisfaction
	Redos, LateReturns                int
}

// Told is what the ticket itself says.
func (t Ticket) Told() Told {
	return Told{
		OrgID: t.OrgID, LeadPost: t.LeadPost, Category: t.Category, State: t.State, CreatedAt: t.CreatedAt, RespondBy: t.RespondBy, DueAt: t.DueAt,
		PausedAt: t.PausedAt, ContactedAt: t.ContactedAt, FinishedAt: t.FinishedAt, Late: t.Late, Bare: t.Bare,
		Outcome: t.Outcome, Answered: t.Solved != nil, Solved: t.Solved != nil && *t.Solved, Satisfaction: t.Satisfaction, Redos: t.Redos, LateReturns: t.LateReturns,
	}
}

// Retell is what the events of a ticket tell, in their order. What logs did not
// tell yet when the ticket was filed is taken from the ticket as it says itself.
func Retell(itself Told, events []Event) Told {
	told := Told{OrgID: itself.OrgID, LeadPost: itself.LeadPost, Category: itself.Category, ContactedAt: itself.ContactedAt, PausedAt: itself.PausedAt}
	clocks := true
	for i := range events {
		var d Detail
		e := &events[i]
		if e.Data != "{}" {
			d = e.Detail()
		}
		if i == 0 {
			told.CreatedAt = e.At
			if d.OrgID != 0 { // this log tells everything
				told.ContactedAt, told.PausedAt = 0, 0
			}
		}
		told.follow(e, &d)
		clocks = clocks && (i != 1 || told.DueAt != 0)
	}
	if !clocks {
		told.RespondBy, told.DueAt, told.Late = itself.RespondBy, itself.DueAt, itself.Late
	}
	return told
}

// follow takes in what one event tells.
func (t *Told) follow(e *Event, d *Detail) {
	t.OrgID, t.LeadPost = cmp.Or(d.OrgID, t.OrgID), cmp.Or(d.LeadPost, t.LeadPost)
	t.RespondBy, t.DueAt = cmp.Or(d.RespondBy, t.RespondBy), cmp.Or(d.DueAt, t.DueAt)
	if d.Category != "" {
		t.Category = d.Category
	}
	if d.ContactedAt != nil {
		t.ContactedAt = *d.ContactedAt
	}
	if d.PausedAt != nil {
		t.PausedAt = *d.PausedAt
	}
	if d.Lately {
		t.LateReturns++
	}
	t.State = e.ToState
	switch {
	case e.ToState == Finished && e.FromState != Finished:
		t.FinishedAt, t.Answered, t.Solved, t.Bare = e.At, false, false, len(d.Photos) == 0
		t.Late = t.Late || e.At > t.DueAt
	case e.ToState == Reopened && e.FromState != Reopened:
		t.Redos++
		t.FinishedAt, t.Outcome, t.Satisfaction, t.Bare = 0, "", "", false
		t.answer(d.Solved)
	case e.ToState == Closed && e.FromState != Closed && d.Solved == nil:
		t.Outcome = Tacit
	case e.ToState == Closed && e.FromState != Closed:
		t.Outcome, t.Satisfaction = Confirmed, d.Satisfaction
		t.answer(d.Solved)
		if e.Action == Close {
			t.Outcome = FollowedUp
		}
	case e.Action == Rate && len(d.Posts) == 0: // else it is of departments
		t.Satisfaction = d.Satisfaction
	}
}

func (t *Told) answer(solved *bool) { t.Answered, t.Solved = solved != nil, solved != nil && *solved }

// asTold says that the ticket is what its events tell; united are people who
// turned out to be others.
func (t Ticket) asTold(events []Event, united map[int64]int64) bool {
	if len(events) == 0 {
		return false
	}
	reporter, text, first := t.ReporterID, t.Text, events[0]
	by, note := first.ActorID, first.Note
	if to := united[by]; to != 0 {
		by = to
	}
	if t.AnonymisedAt != 0 { // then by words that may have grown since
		by, note, text = 0, nameless(note), nameless(text)
	}
	return reporter == by && text == note && t.Told() == Retell(t.Told(), events)
}
