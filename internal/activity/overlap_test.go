package activity_test

import (
	"sync"
	"testing"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/member"
)

func TestOverlap_TwoAtOneMomentGiveOneSeat(t *testing.T) {
	h := newHall(t)
	for range 5 {
		a, b := h.on(t, nil, 20), h.on(t, nil, 20)
		var people []member.Person
		for range 12 {
			people = append(people, h.person(t))
		}
		var wg sync.WaitGroup
		gate := make(chan struct{})
		for _, p := range people {
			for _, on := range []activity.Full{a, b} {
				wg.Go(func() {
					<-gate
					_, _, err := h.SignUp(t.Context(), p, activity.Choice{Activity: on.ID})
					if err != nil {
						refused(t, err, activity.ErrOverlap, "")
					}
				})
			}
		}
		close(gate)
		wg.Wait()
		for _, p := range people {
			if here, there := h.mine(t, p, a).State, h.mine(t, p, b).State; here.Active() == there.Active() {
				t.Errorf("%q here and %q there", here, there)
			}
		}
		for _, on := range []activity.Full{a, b} {
			must(t, h.Act2(t, "branch", on.ID, activity.Cancel, "下一轮"))
		}
	}
}

func TestOverlap_WhoHasASeatElsewhereIsPassedOverAndKeepsThePlace(t *testing.T) {
	h := newHall(t)
	a, b := h.on(t, nil, 1), h.on(t, nil, 2)
	first, p, q := h.person(t), h.person(t), h.person(t)
	for _, one := range []member.Person{first, p, q} {
		h.signUp(t, one, a)
	}
	if g := h.signUp(t, p, b); g.State != activity.Seated { // who waits is not busy
		t.Fatalf("%+v", g)
	}
	must(t, h.Withdraw(t.Context(), first.ID, a.ID))
	if h.mine(t, p, a).State != activity.Waiting || h.mine(t, q, a).State != activity.Seated {
		t.Errorf("moved up: %+v %+v", h.mine(t, p, a), h.mine(t, q, a))
	}
	must(t, h.Withdraw(t.Context(), q.ID, a.ID)) // nobody is left but who is busy
	if g := h.mine(t, p, a); g.State != activity.Waiting || h.show(t, a.ID).Slots[0].Taken != 0 {
		t.Errorf("moved up: %+v", g)
	}
	must(t, h.Withdraw(t.Context(), p.ID, b.ID))
	h.ring(t)
	if g := h.mine(t, p, a); g.State != activity.Seated {
		t.Errorf("free again: %+v", g)
	}
}

func TestOverlap_WhoHasAnotherAtTheNewTimeIsToldAndKeepsBoth(t *testing.T) {
	h := newHall(t)
	later := func(d *activity.Draft) {
		d.Starts, d.Ends = ptr(d.Starts.Add(5*time.Hour)), ptr(d.Ends.Add(5*time.Hour))
	}
	a, b := h.on(t, nil, 3), h.on(t, later, 3)
	p, q := h.person(t), h.person(t)
	h.signUp(t, p, a)
	h.signUp(t, q, a)
	h.signUp(t, p, b)
	must(t, h.Change(t.Context(), h.Actor("branch"), a.ID, 0, activity.Draft{Starts: ptr(time.UnixMilli(b.StartsAt)), Ends: ptr(time.UnixMilli(b.EndsAt))}))
	told := map[activity.Letter][]int64{}
	for _, l := range h.told(t) {
		told[l.Letter] = append(told[l.Letter], l.People...)
	}
	if len(told[activity.LetterClash]) != 1 || told[activity.LetterClash][0] != p.ID || len(told[activity.LetterMoved]) != 1 || told[activity.LetterMoved][0] != q.ID {
		t.Errorf("%v", told)
	}
	if h.mine(t, p, a).State != activity.Seated || h.mine(t, p, b).State != activity.Seated {
		t.Error("a seat was lost")
	}
}
