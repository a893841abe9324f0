package activity_test

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fenlin/internal/activity"
	"fenlin/internal/errs"
	"fenlin/internal/geo"
	"fenlin/internal/member"
)

// running is an activity that begins now, with people who have a seat.
func (h *hall) running(t testing.TB, people int, change func(*activity.Draft)) (activity.Full, []member.Person) {
	t.Helper()
	a := h.on(t, change, 50)
	var out []member.Person
	for range people {
		p := h.person(t)
		h.signUp(t, p, a)
		out = append(out, p)
	}
	h.Forward(24 * time.Hour)
	h.ring(t)
	return a, out
}

func (h *hall) code(t testing.TB, a activity.Full) (now, printed activity.Code) {
	t.Helper()
	now, printed, err := h.Codes(t.Context(), h.Actor("branch"), a.ID)
	must(t, err)
	return now, printed
}

func TestCheckIn_EachCodeCountsOnceForItsPersonAndSoonNoMore(t *testing.T) {
	h := newHall(t)
	a, people := h.running(t, 3, nil)
	p, q, r := people[0].ID, people[1].ID, people[2].ID
	_, _, err := h.Codes(t.Context(), h.Actor("li"), a.ID)
	refused(t, err, activity.ErrNotYours, "")
	now, _ := h.code(t, a)
	first, err := h.CheckIn(t.Context(), p, activity.Scan{Code: now.Text})
	must(t, err)
	again, err := h.CheckIn(t.Context(), p, activity.Scan{Code: now.Text})
	if err != nil || again.ID != first.ID {
		t.Errorf("the same scan again: %+v %v", again, err)
	}
	if _, err := h.CheckIn(t.Context(), q, activity.Scan{Code: now.Digits}); err != nil {
		t.Errorf("typed by another: %v", err)
	}
	h.Forward(31 * time.Second) // one step old: still good
	refused(t, second(h.CheckOut(t.Context(), p, first.ID, activity.Scan{Code: now.Text})), activity.ErrCodeUsed, "")
	if _, err := h.CheckIn(t.Context(), r, activity.Scan{Code: now.Text}); err != nil {
		t.Errorf("a step later: %v", err)
	}
	next, _ := h.code(t, a)
	refused(t, second(h.CheckIn(t.Context(), p, activity.Scan{Code: next.Text})), activity.ErrOpenPair, "")
	refused(t, second(h.CheckOut(t.Context(), q, first.ID, activity.Scan{Code: next.Text})), activity.ErrPair, "")
	h.Forward(91 * time.Second)
	refused(t, second(h.CheckOut(t.Context(), p, first.ID, activity.Scan{Code: next.Text})), activity.ErrCodeStale, "")
	last, _ := h.code(t, a)
	out, err := h.CheckOut(t.Context(), p, first.ID, activity.Scan{Code: last.Text})
	if err != nil || out.OutAt != h.Clock().UnixMilli() {
		t.Fatalf("out: %+v %v", out, err)
	}
	if again, err := h.CheckOut(t.Context(), p, first.ID, activity.Scan{Code: last.Text}); err != nil || again.OutAt != out.OutAt {
		t.Errorf("out again: %+v %v", again, err)
	}
	refused(t, second(h.CheckIn(t.Context(), p, activity.Scan{Code: last.Text})), activity.ErrOpenPair, "")
}

func second[T any](_ T, err error) error { return err }

func TestCheckIn_WhatIsRefused(t *testing.T) {
	h := newHall(t)
	a, people := h.running(t, 1, nil)
	other := h.on(t, nil, 3)
	p := people[0].ID
	now, printed := h.code(t, a)
	foreign, _ := h.code(t, other)
	forged := now.Text[:len(now.Text)-1] + map[bool]string{true: "0", false: "1"}[now.Text[len(now.Text)-1] != '0']
	north := func(metres float64) *geo.Point {
		return &geo.Point{Lat: 37.26 + metres/6_371_000*180/math.Pi, Lng: 111.78}
	}
	for name, c := range map[string]struct {
		person int64
		scan   activity.Scan
		want   *errs.Error
	}{
		"forged":                         {p, activity.Scan{Code: forged}, activity.ErrCode},
		"of nothing":                     {p, activity.Scan{Code: "hello"}, activity.ErrCode},
		"empty":                          {p, activity.Scan{}, activity.ErrCode},
		"of another activity":            {p, activity.Scan{Code: foreign.Text}, activity.ErrNotSeated},
		"by who did not sign up":         {h.person(t).ID, activity.Scan{Code: now.Text}, activity.ErrNotSeated},
		"digits, by who did not sign up": {h.person(t).ID, activity.Scan{Code: now.Digits}, activity.ErrCode},
		"printed, without a place":       {p, activity.Scan{Code: printed.Text}, activity.ErrWhere},
		"printed, from a place unknown":  {p, activity.Scan{Code: printed.Text, At: &geo.Point{}}, activity.ErrWhere},
		"printed, from afar":             {p, activity.Scan{Code: printed.Text, At: north(102)}, activity.ErrFar},
		"forwarded to who is not there":  {p, activity.Scan{Code: now.Text, At: north(5000)}, activity.ErrFar},
	} {
		_, err := h.CheckIn(t.Context(), c.person, c.scan)
		t.Run(name, func(t *testing.T) { refused(t, err, c.want, "") })
	}
	if pair, err := h.CheckIn(t.Context(), p, activity.Scan{Code: printed.Text, At: north(100)}); err != nil || pair.InHow != activity.ByFence {
		t.Errorf("on the border: %+v %v", pair, err)
	}
	for range 12 {
		_, _ = h.CheckIn(t.Context(), people[0].ID, activity.Scan{Code: "000000"})
	}
	refused(t, second(h.CheckIn(t.Context(), p, activity.Scan{Code: now.Digits})), activity.ErrTries, "")
	strict, _ := h.running(t, 0, func(d *activity.Draft) { d.Strict = ptr(true) })
	q := h.person(t)
	refused(t, second(h.CheckIn(t.Context(), q.ID, activity.Scan{Code: printed.Text, At: north(0)})), activity.ErrNotSeated, "")
	h.Forward(-24 * time.Hour)
	code, _ := h.code(t, strict)
	refused(t, second(h.CheckIn(t.Context(), q.ID, activity.Scan{Code: code.Text})), activity.ErrNotSeated, "")
}

func TestCheckIn_TimesWithinWhichOneMay(t *testing.T) {
	h := newHall(t)
	a := h.on(t, nil, 5)
	p, q := h.person(t), h.person(t)
	h.signUp(t, p, a)
	h.signUp(t, q, a)
	in := func(who member.Person) (activity.Pair, error) {
		now, _ := h.code(t, a)
		return h.CheckIn(t.Context(), who.ID, activity.Scan{Code: now.Text})
	}
	h.Forward(23 * time.Hour)
	refused(t, second(in(p)), activity.ErrEarly, "")
	h.Forward(31 * time.Minute)
	pair, err := in(p)
	must(t, err)
	h.Forward(2*time.Hour + 40*time.Minute)
	h.ring(t)
	refused(t, second(in(q)), activity.ErrOver, "")
	late, _ := h.code(t, a)
	if out, err := h.CheckOut(t.Context(), p.ID, pair.ID, activity.Scan{Code: late.Text}); err != nil || out.OutAt == 0 {
		t.Errorf("out after the end: %+v %v", out, err)
	}
}

func TestCheckIn_OfTwoDevicesOneCounts(t *testing.T) {
	h := newHall(t)
	a, people := h.running(t, 1, nil)
	now, printed := h.code(t, a)
	here := &geo.Point{Lat: 37.26, Lng: 111.78}
	var wg sync.WaitGroup
	ids := make(chan int64, 12)
	for i := range 12 {
		wg.Go(func() {
			scan := activity.Scan{Code: now.Text}
			if i%2 == 0 {
				scan = activity.Scan{Code: printed.Text, At: here}
			}
			if p, err := h.CheckIn(t.Context(), people[0].ID, scan); err == nil {
				ids <- p.ID
			}
		})
	}
	wg.Wait()
	close(ids)
	one := map[int64]bool{}
	for id := range ids {
		one[id] = true
	}
	pairs, err := h.Pairs(t.Context(), h.Actor("branch"), a.ID, 0, 99)
	if err != nil || len(pairs) != 1 || len(one) != 1 {
		t.Errorf("%d pairs, %d told, %v", len(pairs), len(one), err)
	}
}

func TestCheckIn_ADeviceThatWasOfflineIsConfirmed(t *testing.T) {
	h := newHall(t)
	a, people := h.running(t, 2, nil)
	p, q := people[0].ID, people[1].ID
	in, _ := h.code(t, a)
	was := h.Clock()
	h.Forward(90 * time.Minute)
	pair, err := h.CheckIn(t.Context(), p, activity.Scan{Code: in.Text, Offline: true})
	if err != nil || pair.State != activity.PairClaimed || pair.InAt > was.UnixMilli() || was.UnixMilli()-pair.InAt > 30_000 {
		t.Fatalf("%+v %v", pair, err)
	}
	refused(t, second(h.Confirm(t.Context(), h.Actor("li"), a.ID, pair.ID, true, "")), activity.ErrNotYours, "")
	if done, err := h.Confirm(t.Context(), h.Actor("branch"), a.ID, pair.ID, true, ""); err != nil || done.State != activity.PairOK {
		t.Errorf("%+v %v", done, err)
	}
	refused(t, second(h.Confirm(t.Context(), h.Actor("branch"), a.ID, pair.ID, true, "")), activity.ErrNotClaim, "")
	false1, err := h.CheckIn(t.Context(), q, activity.Scan{Code: in.Text, Offline: true})
	must(t, err)
	if n, err := h.Crowd(t.Context(), h.Actor("branch"), a.ID); err != nil || n != (activity.Crowd{Came: 2, Inside: 2, Claimed: 1}) {
		t.Errorf("%+v %v", n, err)
	}
	refused(t, second(h.Confirm(t.Context(), h.Actor("branch"), a.ID, false1.ID, false, " ")), activity.ErrInvalid, "reason")
	if no, err := h.Confirm(t.Context(), h.Actor("branch"), a.ID, false1.ID, false, "当时不在现场"); err != nil || no.State != activity.PairRefused {
		t.Errorf("%+v %v", no, err)
	}
	letters := h.told(t)
	if last := letters[len(letters)-1]; last.Letter != activity.LetterHours || !slices.Equal(last.People, []int64{q}) || !strings.Contains(last.Note, "当时不在现场") {
		t.Errorf("told: %+v", last)
	}
	if kept, err := h.Corrections(t.Context(), h.Actor("branch"), a.ID, 0, 9); err != nil || len(kept) != 1 || kept[0].What != activity.HourDeny || kept[0].BeforeIn != false1.InAt {
		t.Errorf("%+v %v", kept, err)
	}
	now, _ := h.code(t, a)
	if again, err := h.CheckIn(t.Context(), q, activity.Scan{Code: now.Text}); err != nil || again.ID == false1.ID {
		t.Errorf("after a refusal: %+v %v", again, err)
	}
	other := h.person(t)
	_ = other
	refused(t, second(h.CheckOut(t.Context(), p, pair.ID, activity.Scan{Code: in.Text, Offline: true})), activity.ErrBackward, "")
}

func TestTick_TheOrganisersListChecksInAndOut(t *testing.T) {
	h := newHall(t)
	a, people := h.running(t, 2, nil)
	by := h.Actor("branch")
	marks := []activity.Mark{{Person: people[0].ID}, {Person: people[1].ID}}
	first, err := h.Tick(t.Context(), by, a.ID, marks)
	must(t, err)
	again, err := h.Tick(t.Context(), by, a.ID, marks)
	if err != nil || again[1].ID != first[1].ID || first[0].InHow != activity.ByOrganiser {
		t.Errorf("%+v %+v %v", first, again, err)
	}
	h.Forward(time.Hour)
	out, err := h.Tick(t.Context(), by, a.ID, []activity.Mark{{Person: people[0].ID, Out: true}})
	if err != nil || out[0].OutAt == 0 || out[0].OutBy != h.Who["branch"] {
		t.Errorf("%+v %v", out, err)
	}
	refused(t, second(h.Tick(t.Context(), by, a.ID, []activity.Mark{{Person: people[0].ID, Out: true}})), activity.ErrNotIn, "")
	refused(t, second(h.Tick(t.Context(), by, a.ID, []activity.Mark{{Person: h.Who["li"]}})), activity.ErrNotSeated, "")
	refused(t, second(h.Tick(t.Context(), h.Actor("li"), a.ID, marks)), activity.ErrNotYours, "")
}

// TestCodes_Property: whatever the moment, a code opens its own activity and
// step alone, within one step of its own, whole or typed; any change to it
// opens nothing.
func TestCodes_Property(t *testing.T) {
	h := newHall(t)
	a, _ := h.running(t, 0, func(d *activity.Draft) { d.Ends = ptr(d.Starts.Add(24 * time.Hour)); d.Overlapping = ptr(true) })
	other := h.on(t, func(d *activity.Draft) {
		d.Starts, d.Ends = ptr(h.Clock().Add(time.Minute)), ptr(h.Clock().Add(24*time.Hour))
	}, 50)
	start := h.Clock()
	rapid.Check(t, func(rt *rapid.T) {
		h.Forward(start.Sub(h.Clock()) + time.Duration(rapid.IntRange(0, 3600).Draw(rt, "second"))*time.Second)
		p := h.seated(t, a)
		now, printed := h.code(t, a)
		foreign, _ := h.code(t, other)
		at := rapid.IntRange(0, len(now.Text)-1).Draw(rt, "character")
		into := rapid.SampledFrom([]byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-")).Draw(rt, "into")
		if into != now.Text[at] {
			forged := now.Text[:at] + string(into) + now.Text[at+1:]
			if _, err := h.CheckIn(t.Context(), p, activity.Scan{Code: forged}); err == nil {
				rt.Fatalf("%s was taken for %s", forged, now.Text)
			}
		}
		if foreign.Text == now.Text || printed.Text == now.Text {
			rt.Fatalf("%s is the code of two", now.Text)
		}
		steps := rapid.IntRange(0, 4).Draw(rt, "steps")
		h.Forward(time.Duration(steps) * 30 * time.Second)
		shown := rapid.SampledFrom([]string{now.Text, now.Digits}).Draw(rt, "shown")
		pair, err := h.CheckIn(t.Context(), p, activity.Scan{Code: shown})
		if (err == nil) != (steps <= 1) {
			rt.Fatalf("%s is %d steps old: %v", shown, steps, err)
		}
		if err == nil && (pair.ActivityID != a.ID || pair.InAt != h.Clock().UnixMilli()) {
			rt.Fatalf("%+v", pair)
		}
	})
}
