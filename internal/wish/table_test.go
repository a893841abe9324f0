package wish_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fenlin/internal/errs"
	"fenlin/internal/ticket"
	"fenlin/internal/wish"
)

var update = flag.Bool("update", false, "write testdata/matrix.txt anew; read it before it is committed")

// everyAction is what anybody may try.
var everyAction = []wish.Action{
	wish.Publish, wish.Decline, wish.Claim, wish.GiveBack, wish.Fulfil, wish.Confirm, wish.Deny, wish.Withdraw, wish.Close, wish.Expire, wish.Post,
}

// TestMatrix_WhoMayDoWhatToAWishInEveryState compares what each is offered with
// testdata/matrix.txt, which people have read, and tries what is not offered.
func TestMatrix_WhoMayDoWhatToAWishInEveryState(t *testing.T) {
	w := newWell(t)
	people := []struct{ key, says string }{
		{"li", "who wishes"},
		{"wang", "a neighbour"},
		{"m1", "a member, who claims"},
		{"m2", "another member"},
		{"contact", "a unit's contact"},
		{"leader", "group leader"},
		{"branch", "branch secretary"},
		{"otherbranch", "another branch's"},
		{"community", "community secretary"},
		{"subdistrict", "subdistrict"},
		{"city", "city"},
	}
	note := func(a wish.Action) wish.Input { return wish.Input{Action: a, Note: "理由"} }
	at := map[string]func(id int64){
		"unchecked": func(int64) {},
		"submitted": func(id int64) { w.judge(t, id, ticket.Passed) },
		"doubtful":  func(id int64) { w.judge(t, id, ticket.Doubtful) },
		"risky":     func(id int64) { w.judge(t, id, ticket.Risky) },
	}
	then := func(name, before, who string, in wish.Input) {
		first := at[before]
		at[name] = func(id int64) { first(id); w.do(t, who, id, in) }
	}
	then("open", "submitted", "branch", note(wish.Publish))
	then("claimed", "open", "m1", note(wish.Claim))
	then("fulfilled", "claimed", "m1", note(wish.Fulfil))
	then("granted", "fulfilled", "li", note(wish.Confirm))
	then("denied", "fulfilled", "li", note(wish.Deny))
	then("declined", "submitted", "branch", note(wish.Decline))
	then("withdrawn", "open", "li", note(wish.Withdraw))
	then("closed", "open", "community", note(wish.Close))
	var out bytes.Buffer
	fmt.Fprintln(&out, "# A wish of li's in 福馨苑小区; how far it is, who, what is offered.")
	for _, state := range []string{"unchecked", "submitted", "doubtful", "risky", "open", "claimed", "fulfilled", "granted", "denied", "declined", "withdrawn", "closed"} {
		made := w.post(t, "li", nil)
		at[state](made.ID)
		for _, who := range people {
			fmt.Fprintf(&out, "%-10s %-22s", state, who.says)
			f, err := w.Show(t.Context(), w.Actor(who.key), made.ID)
			switch {
			case errors.Is(err, wish.ErrUnknown):
				fmt.Fprint(&out, " cannot see it")
			case err != nil:
				t.Fatal(err)
			case len(f.Actions) == 0:
				fmt.Fprint(&out, " sees it")
			}
			for _, a := range offered(f) {
				fmt.Fprintf(&out, " %s", a)
			}
			fmt.Fprintln(&out)
			for _, a := range everyAction {
				again := a == wish.Claim && f.Claims && f.State == wish.Claimed // stays claimed
				if may(f, a) || again {
					continue
				}
				if _, err := w.Service.Act(t.Context(), w.Actor(who.key), made.ID, note(a)); err == nil {
					t.Errorf("%s: %s could %s", state, who.says, a)
				}
			}
		}
		must(t, w.Town.Forget(t.Context(), w.Who["li"])) // the next one counts anew
		must(t, w.Town.Forget(t.Context(), w.Who["m1"]))
	}
	const file = "testdata/matrix.txt"
	if *update {
		must(t, os.WriteFile(file, out.Bytes(), 0o600))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("who may what has changed; it is now\n%s", out.Bytes())
	}
}

// TestTable_AnyoneTryingAnythingLeavesAWholeWish lets people and time do random
// things: exactly what somebody is offered is accepted, one claims at a time,
// nothing is read before the check, and each change stands in the timeline.
func TestTable_AnyoneTryingAnythingLeavesAWholeWish(t *testing.T) {
	w := newWell(t)
	people := []string{"li", "wang", "m1", "m2", "contact", "branch", "otherbranch", "community", "city"}
	rapid.Check(t, func(rt *rapid.T) {
		poster := rapid.SampledFrom([]string{"li", "m2", "branch"}).Draw(rt, "poster")
		made := w.post(t, poster, func(d *wish.Draft) {
			if poster == "branch" {
				d.ForWhom = wish.Household
			}
		})
		defer func() {
			for _, who := range []string{"li", "m1", "m2"} {
				must(t, w.Town.Forget(t.Context(), w.Who[who]))
			}
		}()
		for range rapid.IntRange(1, 16).Draw(rt, "steps") {
			who := rapid.SampledFrom(people).Draw(rt, "who")
			f, err := w.Show(t.Context(), w.Actor(who), made.ID)
			if err != nil && !errors.Is(err, wish.ErrUnknown) {
				rt.Fatal(err)
			}
			before, err := w.Service.Of(t.Context(), made.ID)
			must(t, err)
			action := rapid.SampledFrom(everyAction).Draw(rt, "action")
			if len(f.Actions) > 0 && rapid.IntRange(0, 3).Draw(rt, "willing") > 0 {
				action = rapid.SampledFrom(f.Actions).Draw(rt, "offer").Action
			}
			after, err := w.Service.Act(t.Context(), w.Actor(who), made.ID, wish.Input{Action: action, Note: "说明", Satisfaction: ticket.Basic})
			e, _ := errors.AsType[*errs.Error](err)
			again := action == wish.Claim && f.Claims && before.State == wish.Claimed
			switch {
			case err == nil && !may(f, action) && !again:
				rt.Fatalf("%s could %s in %s without being offered it", who, action, before.State)
			case err == nil && after.Version != before.Version+1 && !again:
				rt.Fatalf("version went from %d to %d", before.Version, after.Version)
			case err != nil && e == nil:
				rt.Fatalf("%s by %s in %s: %v", action, who, before.State, err)
			case err != nil && may(f, action):
				rt.Fatalf("%s was offered %s in %s and refused: %v", who, action, before.State, err)
			}
			if rapid.IntRange(0, 2).Draw(rt, "judged") == 0 {
				w.judge(t, made.ID, rapid.SampledFrom([]ticket.Judged{ticket.Passed, ticket.Doubtful, ticket.Risky}).Draw(rt, "verdict"))
			}
			w.Forward(time.Duration(rapid.IntRange(0, 100).Draw(rt, "hours")) * time.Hour)
			w.ring(t, made.ID)
			whole(rt, w, made.ID)
		}
	})
}

// whole says what is wrong with a wish.
func whole(t *rapid.T, w *well, id int64) {
	one, err := w.Service.Of(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var events []wish.Event
	if err := w.Service.DB.Read(t.Context()).Order("seq").Find(&events, "wish_id = ?", id).Error; err != nil {
		t.Fatal(err)
	}
	state := wish.State("")
	for i, e := range events {
		if e.FromState != state || e.Seq != i+1 || e.At == 0 || e.ActorTitle == "" {
			t.Fatalf("the timeline is broken at %+v", e)
		}
		state = e.ToState
	}
	shown := one.State == wish.Open || one.State == wish.Claimed || one.State == wish.Fulfilled || one.State == wish.Granted
	switch {
	case state != one.State || len(events) != one.Version:
		t.Fatalf("%d events end with %s, the wish is %s in version %d", len(events), state, one.State, one.Version)
	case (one.State == wish.Claimed || one.State == wish.Fulfilled || one.State == wish.Granted) != (one.ClaimerID != 0) && one.State != wish.Withdrawn && one.State != wish.Closed:
		t.Fatalf("%s and claimed by %d", one.State, one.ClaimerID)
	case shown && one.Content != ticket.Passed:
		t.Fatalf("%s with words that are %q", one.State, one.Content)
	case one.State.Over() != (one.EndedAt != 0), one.State.Over() && (one.PostedSlot != nil || one.ClaimSlot != nil):
		t.Fatalf("%s: %+v", one.State, one)
	case (one.State == wish.Claimed) != (one.ClaimUntil != 0):
		t.Fatalf("%s until %d", one.State, one.ClaimUntil)
	}
	f, err := w.Show(t.Context(), w.Actor("wang"), id)
	if err == nil && !shown {
		t.Fatalf("anybody sees a wish that is %s", one.State)
	}
	if f.Claimer != "" || f.Events != nil {
		t.Fatalf("anybody knows who claimed it: %+v", f)
	}
}
