package ticket_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fenlin/internal/errs"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// everyAction is what anybody may try.
var everyAction = []ticket.Action{
	ticket.Accept, ticket.Contact, ticket.Dispatch, ticket.Transfer, ticket.Return, ticket.Decide, ticket.Extend, ticket.Whistle, ticket.Arrive,
	ticket.Consult, ticket.Suspend, ticket.Resume, ticket.Exclude, ticket.Reject, ticket.Finish, ticket.Confirm, ticket.Rate, ticket.Reopen,
	ticket.Withdraw, ticket.Merge, ticket.Follow, ticket.Urge, ticket.Add, ticket.Correct, ticket.Escalate, ticket.Close,
}

// TestTable_AnyoneTryingAnythingLeavesAWholeLog lets people do random things:
// exactly what a person is offered is accepted, and the log stays whole.
func TestTable_AnyoneTryingAnythingLeavesAWholeLog(t *testing.T) {
	w := tickettest.New(t)
	people := []string{"li", "wang", "stranger", "leader", "branch", "community", "subdistrict", "city", "otherbranch"}
	for _, d := range w.Rules().Routes.Departments()[:2] {
		people = append(people, d.Code)
	}
	posts := make([]int64, 0, len(w.Posts))
	for _, p := range w.Posts {
		posts = append(posts, p)
	}
	slices.Sort(posts)
	rapid.Check(t, func(rt *rapid.T) {
		w.Forward(25 * time.Hour) // a new day has a new limit
		n := w.Told(t, "li", lamp).Number
		other := w.Told(t, "wang", "4号楼2单元楼道灯坏了").Number
		for range rapid.IntRange(1, 14).Draw(rt, "steps") {
			who := rapid.SampledFrom(people).Draw(rt, "who")
			actor := w.Actor(who)
			full, err := w.Get(t.Context(), actor, n)
			if err != nil && !errors.Is(err, ticket.ErrUnknown) {
				rt.Fatal(err)
			}
			offered := map[ticket.Action]bool{}
			for _, c := range full.Actions {
				offered[c.Action] = true
			}
			action := rapid.SampledFrom(everyAction).Draw(rt, "action")
			if len(full.Actions) > 0 && rapid.IntRange(0, 3).Draw(rt, "willing") > 0 {
				action = rapid.SampledFrom(full.Actions).Draw(rt, "offer").Action
			}
			approve, solved := rapid.Bool().Draw(rt, "approve"), rapid.Bool().Draw(rt, "solved")
			in := ticket.Input{
				Action: action, Note: "说明", To: rapid.SampledFrom(posts).Draw(rt, "to"), Posts: []int64{rapid.SampledFrom(posts).Draw(rt, "posts")},
				Until: w.Clock().Add(20 * 24 * time.Hour), Approve: &approve, Solved: &solved, Satisfaction: ticket.Basic, Into: other, Ground: "procedure",
				Place: &ticket.Place{Building: rapid.SampledFrom([]string{"3", "4"}).Draw(rt, "building")},
			}
			after, err := w.Act(t.Context(), actor, n, in)
			e, _ := errors.AsType[*errs.Error](err)
			switch {
			case err == nil && !offered[action]:
				rt.Fatalf("%s could %s a %s ticket without being offered it", who, action, full.State)
			case err == nil && after.Version != full.Version+1:
				rt.Fatalf("version went from %d to %d", full.Version, after.Version)
			case err != nil && e == nil:
				rt.Fatalf("%s by %s in %s: %v", action, who, full.State, err)
			case err != nil && offered[action] && !errors.Is(err, ticket.ErrInvalid):
				rt.Fatalf("%s was offered %s in %s and refused: %v", who, action, full.State, err)
			case err != nil && !offered[action] && !errors.Is(err, ticket.ErrNotAllowed) && !errors.Is(err, ticket.ErrUnknown):
				rt.Fatalf("%s by %s in %s: %v", action, who, full.State, err)
			}
			w.Forward(time.Duration(rapid.IntRange(1, 30).Draw(rt, "hours")) * time.Hour)
		}
	})
	verify(t, w)
}
