package activity_test

import (
	"cmp"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fenlin/internal/activity"
	"fenlin/internal/member"
)

func TestSignUp_ARushGivesEachSeatToOneAndAnOrderToTheRest(t *testing.T) {
	h := newHall(t)
	a := h.on(t, nil, 7)
	const crowd = 80
	var people []member.Person
	for range crowd {
		people = append(people, h.person(t))
	}
	var wg sync.WaitGroup
	failed := make(chan error, 2*crowd)
	for _, p := range append(people, people...) { // everybody twice
		wg.Go(func() {
			_, _, err := h.SignUp(t.Context(), p, activity.Choice{Activity: a.ID})
			failed <- err
		})
	}
	wg.Wait()
	close(failed)
	for err := range failed {
		must(t, err)
	}
	all, err := h.SignUps(t.Context(), h.Actor("branch"), a.ID, 0, 2*crowd)
	must(t, err)
	seated, order := 0, map[int64]bool{}
	for _, e := range all {
		switch e.State {
		case activity.Seated:
			seated++
		case activity.Waiting:
			order[e.Queue] = true
		case activity.Offered, activity.Withdrawn, activity.Lapsed:
			t.Errorf("%+v", e.SignUp)
		}
	}
	if now := h.show(t, a.ID); len(all) != crowd || seated != 7 || len(order) != crowd-7 || now.Slots[0].Taken != 7 || now.Waiting[a.Slots[0].ID] != crowd-7 {
		t.Errorf("%d signed up, %d seated, %d places in the line: %+v", len(all), seated, len(order), now.Slots)
	}
}

func TestSignUp_WhoWaitsFirstMovesUpAndAnOfferEnds(t *testing.T) {
	h := newHall(t)
	a := h.on(t, func(d *activity.Draft) { d.AcceptMinutes = ptr(60) }, 1)
	first, second, third := h.person(t), h.person(t), h.person(t)
	if g := h.signUp(t, first, a); g.State != activity.Seated {
		t.Fatalf("%+v", g)
	}
	h.signUp(t, second, a)
	if ahead, err := h.Ahead(t.Context(), h.signUp(t, third, a)); err != nil || ahead != 1 {
		t.Errorf("%d ahead, %v", ahead, err)
	}
	must(t, h.Withdraw(t.Context(), first.ID, a.ID))
	must(t, h.Withdraw(t.Context(), first.ID, a.ID)) // again
	if g := h.mine(t, second, a); g.State != activity.Offered || g.OfferedUntil != h.Clock().Add(time.Hour).UnixMilli() {
		t.Fatalf("the second: %+v", g)
	}
	if g := h.signUp(t, first, a); g.State != activity.Waiting {
		t.Errorf("who withdrew and comes again: %+v", g)
	}
	h.Forward(time.Hour)
	h.ring(t)
	h.ring(t)
	_, err := h.Accept(t.Context(), second.ID, a.ID)
	refused(t, err, activity.ErrNoOffer, "")
	for range 2 {
		if g, err := h.Accept(t.Context(), third.ID, a.ID); err != nil || g.State != activity.Seated {
			t.Fatalf("the third: %+v %v", g, err)
		}
	}
	h.Forward(2 * time.Hour)
	h.ring(t)
	if g := h.mine(t, third, a); g.State != activity.Seated {
		t.Errorf("an accepted seat lapsed: %+v", g)
	}
	var letters []activity.Letter
	for _, l := range h.told(t) {
		letters = append(letters, l.Letter)
	}
	slices.Sort(letters)
	if want := []activity.Letter{activity.LetterLapsed, activity.LetterOffered, activity.LetterOffered}; !slices.Equal(letters, want) {
		t.Errorf("letters: %v", letters)
	}
}

func TestSignUp_WhoMayNotCome(t *testing.T) {
	h := newHall(t)
	p := h.person(t)
	wish := func(a activity.Full) error {
		_, _, err := h.SignUp(t.Context(), p, activity.Choice{Activity: a.ID})
		return err
	}
	refused(t, wish(h.on(t, func(d *activity.Draft) { d.Audience = ptr(activity.Members) }, 1)), activity.ErrMembers, "")
	adults := h.on(t, func(d *activity.Draft) { d.MinAge = ptr(18) }, 3)
	refused(t, wish(adults), activity.ErrAge, "of_age")
	young := h.person(t)
	young.Birth = h.Service.Members.SealField(young.ID, member.FieldBirth, "2010-01-01")
	_, _, err := h.SignUp(t.Context(), young, activity.Choice{Activity: adults.ID, OfAge: true})
	refused(t, err, activity.ErrMinor, "")
	if _, _, err := h.SignUp(t.Context(), p, activity.Choice{Activity: adults.ID, OfAge: true}); err != nil {
		t.Error(err)
	}
	refused(t, wish(h.on(t, nil, 5)), activity.ErrOverlap, "")
	must(t, wish(h.on(t, func(d *activity.Draft) { d.Overlapping = ptr(true) }, 5)))
	two := h.on(t, func(d *activity.Draft) {
		d.Starts, d.Ends = ptr(d.Starts.Add(24*time.Hour)), ptr(d.Ends.Add(24*time.Hour))
		d.Until = ptr(h.Clock().Add(time.Hour))
	}, 1, 1)
	refused(t, wish(two), activity.ErrManySlots, "slot_id")
	_, _, err = h.SignUp(t.Context(), p, activity.Choice{Activity: two.ID, Slot: adults.Slots[0].ID})
	refused(t, err, activity.ErrSlot, "")
	h.signUp(t, p, two)
	_, _, err = h.SignUp(t.Context(), p, activity.Choice{Activity: two.ID, Slot: two.Slots[1].ID})
	refused(t, err, activity.ErrSignedUp, "")
	h.Forward(time.Hour)
	_, _, err = h.SignUp(t.Context(), h.person(t), activity.Choice{Activity: two.ID, Slot: two.Slots[1].ID})
	refused(t, err, activity.ErrClosed, "")
	if g := h.signUp(t, p, two); g.State != activity.Seated {
		t.Errorf("asked again after the end of signing up: %+v", g)
	}
	refused(t, h.Withdraw(t.Context(), young.ID, two.ID), activity.ErrNoSignUp, "")
	h.Forward(47 * time.Hour)
	refused(t, h.Withdraw(t.Context(), p.ID, two.ID), activity.ErrUnderway, "")
}

func TestSignUp_WhoLeavesFreesTheSeatAndTwoWhoAreOneHaveOne(t *testing.T) {
	h := newHall(t)
	a := h.on(t, nil, 2)
	p, q, r := h.person(t), h.person(t), h.person(t)
	for _, one := range []member.Person{p, q, r} {
		h.signUp(t, one, a)
	}
	must(t, h.Town.Unite(t.Context(), p.ID, q.ID))
	if g := h.mine(t, r, a); g.State != activity.Seated {
		t.Errorf("after uniting: %+v", g)
	}
	must(t, h.Town.Forget(t.Context(), q.ID))
	now := h.show(t, a.ID)
	if g := h.mine(t, q, a); g.ID != 0 || now.Slots[0].Taken != 1 {
		t.Errorf("after leaving: %+v %+v", g, now.Slots)
	}
}

// TestSignUp_Property: whatever people and the organiser do, no post is
// oversold, its count is true, no seat is free while somebody waits, and whoever
// moves up waited before all who still wait.
func TestSignUp_Property(t *testing.T) {
	h := newHall(t)
	var people []member.Person
	for range 9 {
		people = append(people, h.person(t))
	}
	rapid.Check(t, func(rt *rapid.T) {
		minutes := rapid.SampledFrom([]int{0, 45}).Draw(rt, "accept")
		capacity := rapid.IntRange(1, 4).Draw(rt, "capacity")
		a := h.on(t, func(d *activity.Draft) { d.AcceptMinutes, d.Overlapping = &minutes, ptr(true) }, capacity)
		slot := a.Slots[0].ID
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			p := people[rapid.IntRange(0, len(people)-1).Draw(rt, "who")]
			before := h.line(t, a)
			switch rapid.SampledFrom([]string{"up", "up", "up", "out", "accept", "time", "more", "fewer"}).Draw(rt, "what") {
			case "up":
				h.signUp(t, p, a)
			case "out":
				_ = h.Withdraw(t.Context(), p.ID, a.ID)
			case "accept":
				_, _ = h.Accept(t.Context(), p.ID, a.ID)
			case "time":
				h.Forward(20 * time.Minute)
				h.ring(t)
			case "more":
				capacity++
				must(t, h.Change(t.Context(), h.Actor("branch"), a.ID, 0, activity.Draft{Slots: &[]activity.SlotDraft{{ID: slot, Name: "岗位", Capacity: capacity}}}))
			case "fewer":
				err := h.Change(t.Context(), h.Actor("branch"), a.ID, 0, activity.Draft{Slots: &[]activity.SlotDraft{{ID: slot, Name: "岗位", Capacity: max(capacity-1, 1)}}})
				if taken := h.show(t, a.ID).Slots[0].Taken; (err != nil) != (taken > max(capacity-1, 1)) {
					rt.Fatalf("%d of %d taken, one fewer: %v", taken, capacity, err)
				}
				if err == nil {
					capacity = max(capacity-1, 1)
				}
			}
			now := h.show(t, a.ID)
			after := h.line(t, a)
			held, waits := 0, []activity.SignUp{}
			for _, g := range after {
				switch g.State {
				case activity.Seated, activity.Offered:
					held++
					if was := before[g.PersonID]; was.State == activity.Waiting {
						for _, w := range after {
							if w.State == activity.Waiting && before[w.PersonID].State == activity.Waiting && w.Queue < was.Queue {
								rt.Fatalf("%+v moved up before %+v", g, w)
							}
						}
					}
				case activity.Waiting:
					waits = append(waits, g)
				case activity.Withdrawn, activity.Lapsed:
				}
			}
			slices.SortFunc(waits, func(a, b activity.SignUp) int { return cmp.Compare(a.Queue, b.Queue) })
			for i := 1; i < len(waits); i++ {
				if waits[i].Queue == waits[i-1].Queue {
					rt.Fatalf("two with one place: %+v", waits)
				}
			}
			if s := now.Slots[0]; s.Taken != held || s.Taken > s.Capacity || s.Capacity != capacity || len(waits) > 0 && s.Taken < s.Capacity {
				rt.Fatalf("%+v, %d held, %d wait", s, held, len(waits))
			}
		}
		must(t, h.Act2(t, "branch", a.ID, activity.Cancel, "下雨"))
	})
}

// line are the sign-ups of an activity by person.
func (h *hall) line(t testing.TB, a activity.Full) map[int64]activity.SignUp {
	t.Helper()
	all, err := h.SignUps(t.Context(), h.Actor("branch"), a.ID, 0, 1000)
	must(t, err)
	out := map[int64]activity.SignUp{}
	for _, e := range all {
		out[e.PersonID] = e.SignUp
	}
	return out
}
