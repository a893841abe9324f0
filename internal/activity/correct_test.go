package activity_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"fenlin/internal/activity"
	"fenlin/internal/errs"
	"fenlin/internal/member"
)

// was puts a pair into the tables, in minutes from the activity's beginning.
func (h *hall) was(t testing.TB, a activity.Full, person, in, out int64) activity.Pair {
	t.Helper()
	p := activity.Pair{
		ID: h.Service.DB.NewID(), ActivityID: a.ID, PersonID: person, State: activity.PairOK, InAt: a.StartsAt + in*minute, InHow: activity.ByCode,
		OutAt: a.StartsAt + out*minute, OutHow: activity.ByCode, CreatedAt: a.StartsAt, Version: 1,
	}
	must(t, h.Service.DB.Tx(context.Background(), func(tx *gorm.DB) error { return tx.Create(&p).Error }))
	return p
}

// over is an activity of some hours that is over, with people who had a seat.
func (h *hall) over(t testing.TB, hours, people int) (activity.Full, []member.Person) {
	t.Helper()
	a, seated := h.running(t, people, func(d *activity.Draft) { *d.Ends = d.Starts.Add(time.Duration(hours) * time.Hour) })
	h.Forward(time.Duration(hours)*time.Hour + time.Minute)
	h.ring(t)
	return h.show(t, a.ID), seated
}

// then is a time some minutes after an activity began.
func then(a activity.Full, minutes int64) time.Time {
	return time.UnixMilli(a.StartsAt + minutes*minute)
}

func (h *hall) credit(t testing.TB, person, a int64) activity.Credit {
	t.Helper()
	served, err := h.Hours(context.Background(), person)
	must(t, err)
	for _, s := range served {
		if s.ID == a {
			return s.Credit
		}
	}
	return activity.Credit{}
}

func TestCorrect_SetsAddsAndStrikesAndThePersonIsTold(t *testing.T) {
	h := newHall(t)
	a, people := h.over(t, 2, 2)
	by, p := h.Actor("branch"), people[0].ID
	pair := h.was(t, a, p, 0, 30)
	if c := h.credit(t, p, a.ID); c.Minutes != 0 || c.Why == "" {
		t.Fatalf("half an hour of two: %+v", c)
	}
	set := activity.Fix{What: activity.HourSet, Pair: pair.ID, In: then(a, 0), Out: then(a, 110), Reason: "手机没电，走时没扫码", Version: pair.Version}
	c, err := h.Correct(t.Context(), by, a.ID, set)
	must(t, err)
	if c.PersonID != p || c.BeforeOut != pair.OutAt || c.AfterOut != then(a, 110).UnixMilli() || c.ByID != h.Who["branch"] || c.ByTitle != "福馨苑小区党支部书记" {
		t.Errorf("%+v", c)
	}
	if got := h.credit(t, p, a.ID); got.Counts() != 110 {
		t.Errorf("%+v", got)
	}
	if again, err := h.Correct(t.Context(), by, a.ID, set); err != nil || again.ID != c.ID {
		t.Errorf("the same again: %+v %v", again, err)
	}
	set.Out = then(a, 100)
	refused(t, second(h.Correct(t.Context(), by, a.ID, set)), activity.ErrStale, "")

	strike := activity.Fix{What: activity.HourStrike, Pair: pair.ID, Reason: "登记错了人"}
	for range 2 {
		must(t, second(h.Correct(t.Context(), by, a.ID, strike)))
	}
	if got := h.credit(t, p, a.ID); got.Minutes != 0 || got.Why == "" {
		t.Errorf("struck: %+v", got)
	}
	add := activity.Fix{What: activity.HourAdd, Person: p, In: then(a, -20), Out: then(a, 120), Reason: "现场忘了签到", Key: "k1"}
	added, err := h.Correct(t.Context(), by, a.ID, add)
	must(t, err)
	if again, err := h.Correct(t.Context(), by, a.ID, add); err != nil || again.ID != added.ID {
		t.Errorf("the same request: %+v %v", again, err)
	}
	add.Person = people[1].ID
	refused(t, second(h.Correct(t.Context(), by, a.ID, add)), activity.ErrKeyReused, "")
	if got := h.credit(t, p, a.ID); got.Counts() != 120 {
		t.Errorf("added, clipped: %+v", got)
	}
	back := activity.Fix{What: activity.HourSet, Pair: pair.ID, In: then(a, 0), Out: then(a, 30), Reason: "原来的签到是对的"}
	refused(t, second(h.Correct(t.Context(), by, a.ID, back)), activity.ErrPairs, "")

	kept, err := h.Corrections(t.Context(), by, a.ID, 0, 10)
	if err != nil || len(kept) != 3 || kept[1].What != activity.HourStrike || kept[1].BeforeOut != then(a, 110).UnixMilli() || kept[1].AfterIn != 0 {
		t.Errorf("kept: %+v %v", kept, err)
	}
	own, err := h.CorrectionsOf(t.Context(), p, []int64{a.ID})
	if err != nil || cmp.Diff(kept, own[a.ID]) != "" {
		t.Errorf("seen by the person: %+v %v", own, err)
	}
	told := h.told(t)
	if len(told) != 3 || told[0].Letter != activity.LetterHours || told[0].People[0] != p || told[0].Note != "签到签退改为 11月24日 09:00–10:50，原来是 11月24日 09:00–09:30。原因：手机没电，走时没扫码" {
		t.Errorf("told: %+v", told)
	}
}

func TestCorrect_WhatIsRefused(t *testing.T) {
	h := newHall(t)
	a, people := h.over(t, 2, 1)
	coming, _ := h.on(t, nil, 1), 0
	p := people[0].ID
	h.was(t, a, p, 0, 60)
	fix := func(in, out int64) activity.Fix {
		return activity.Fix{What: activity.HourAdd, Person: p, In: then(a, in), Out: then(a, out), Reason: "忘了签到"}
	}
	for name, c := range map[string]struct {
		who   string
		of    int64
		fix   activity.Fix
		want  *errs.Error
		field string
	}{
		"by who does not organise":  {"community", a.ID, fix(70, 90), activity.ErrOrganiser, ""},
		"of nothing":                {"branch", 5, fix(70, 90), activity.ErrUnknown, ""},
		"of what is still to come":  {"branch", coming.ID, fix(70, 90), activity.ErrState, ""},
		"backward":                  {"branch", a.ID, fix(90, 70), activity.ErrInvalid, "out_at"},
		"no time at all":            {"branch", a.ID, fix(70, 70), activity.ErrInvalid, "out_at"},
		"in the future":             {"branch", a.ID, fix(70, 122), activity.ErrInvalid, "out_at"},
		"long before":               {"branch", a.ID, fix(-31, 90), activity.ErrInvalid, "in_at"},
		"after the end":             {"branch", a.ID, fix(121, 121), activity.ErrInvalid, "out_at"},
		"over another pair":         {"branch", a.ID, fix(59, 90), activity.ErrPairs, ""},
		"for who had no seat":       {"branch", a.ID, activity.Fix{What: activity.HourAdd, Person: h.Who["li"], In: then(a, 70), Out: then(a, 90), Reason: "忘了签到"}, activity.ErrNotSeated, ""},
		"of a pair that is not":     {"branch", a.ID, activity.Fix{What: activity.HourStrike, Pair: 5, Reason: "登记错了"}, activity.ErrPair, ""},
		"without a reason":          {"branch", a.ID, activity.Fix{What: activity.HourAdd, Person: p, In: then(a, 70), Out: then(a, 90), Reason: " "}, activity.ErrInvalid, "reason"},
		"with an insult for reason": {"branch", a.ID, activity.Fix{What: activity.HourAdd, Person: p, In: then(a, 70), Out: then(a, 90), Reason: "这个傻逼忘了"}, activity.ErrInvalid, "reason"},
	} {
		_, err := h.Correct(t.Context(), h.Actor(c.who), c.of, c.fix)
		t.Run(name, func(t *testing.T) { refused(t, err, c.want, c.field) })
	}
	h.Forward(90*24*time.Hour - 2*time.Minute)
	must(t, second(h.Correct(t.Context(), h.Actor("branch"), a.ID, fix(60, 90))))
	h.Forward(2 * time.Minute)
	refused(t, second(h.Correct(t.Context(), h.Actor("branch"), a.ID, fix(95, 100))), activity.ErrTooLate, "")
}

func TestCorrect_OfTwoAtOnceThePairsNeverOverlap(t *testing.T) {
	h := newHall(t)
	a, people := h.over(t, 2, 1)
	var wg sync.WaitGroup
	errors := make(chan error, 8)
	for i := range 8 {
		wg.Go(func() {
			_, err := h.Correct(t.Context(), h.Actor("branch"), a.ID, activity.Fix{What: activity.HourAdd, Person: people[0].ID, In: then(a, int64(i)), Out: then(a, 60+int64(i)), Reason: "忘了签到"})
			errors <- err
		})
	}
	wg.Wait()
	close(errors)
	done := 0
	for err := range errors {
		if err == nil {
			done++
		} else {
			refused(t, err, activity.ErrPairs, "")
		}
	}
	if done != 1 {
		t.Errorf("%d pairs were added", done)
	}
}

func TestCorrect_ReplayedGivesWhatPairsEnteredSoGive(t *testing.T) {
	h := newHall(t)
	a, _ := h.over(t, 4, 0)
	by := h.Actor("branch")
	rapid.Check(t, func(rt *rapid.T) {
		one, other := h.seated(t, a), h.seated(t, a)
		var pairs []activity.Pair
		for range rapid.IntRange(0, 3).Draw(rt, "before") {
			in := rapid.Int64Range(-30, 200).Draw(rt, "in")
			pairs = append(pairs, h.was(t, a, one, in, in+rapid.Int64Range(1, 40).Draw(rt, "stay")))
		}
		for _, p := range pairs { // all are corrected: away, or one after another
			must(t, second(h.Correct(context.Background(), by, a.ID, activity.Fix{What: activity.HourStrike, Pair: p.ID, Reason: "重新登记"})))
		}
		from := int64(-30)
		for i := range rapid.IntRange(0, 4).Draw(rt, "after") {
			in := from + rapid.Int64Range(0, 20).Draw(rt, "gap")
			out := in + rapid.Int64Range(1, 60).Draw(rt, "stay")
			from = out
			f := activity.Fix{What: activity.HourAdd, Person: one, In: then(a, in), Out: then(a, out), Reason: "重新登记"}
			if i < len(pairs) {
				f.What, f.Pair = activity.HourSet, pairs[i].ID
			}
			must(t, second(h.Correct(context.Background(), by, a.ID, f)))
			h.was(t, a, other, in, out)
		}
		got, want := h.credit(t, one, a.ID), h.credit(t, other, a.ID)
		if want == (activity.Credit{}) { // no pair at all: of who had one it is said that it was struck
			got.Why = ""
		}
		if d := cmp.Diff(want, got); d != "" {
			rt.Fatal(d)
		}
	})
}

// seated is somebody new who had a seat in an activity.
func (h *hall) seated(t testing.TB, a activity.Full) int64 {
	t.Helper()
	h.met++
	p, err := h.Service.Members.Add(context.Background(), member.Person{Name: fmt.Sprint("志愿者", h.met)}, fmt.Sprint("o-v", h.met))
	must(t, err)
	g := activity.SignUp{ID: h.Service.DB.NewID(), ActivityID: a.ID, SlotID: a.Slots[0].ID, PersonID: p.ID, State: activity.Seated, CreatedAt: 1, ChangedAt: 1}
	must(t, h.Service.DB.Tx(context.Background(), func(tx *gorm.DB) error { return tx.Create(&g).Error }))
	return p.ID
}

func TestEnter_ManualMinutesStandApart(t *testing.T) {
	h := newHall(t)
	a, people := h.over(t, 2, 3)
	by, p, q := h.Actor("branch"), people[0].ID, people[1].ID
	pair := h.was(t, a, q, 0, 120)
	enter := func(person int64, minutes, version int) (activity.Share, error) {
		return h.Enter(t.Context(), by, a.ID, activity.Manual{Person: person, Minutes: minutes, Reason: "送材料到家，没有到现场", Version: version})
	}
	share, err := enter(p, 90, 0)
	if err != nil || share.Manual != 90 || share.Minutes != 0 || share.Version != 1 {
		t.Fatalf("%+v %v", share, err)
	}
	if again, err := enter(p, 90, 0); err != nil || again.Version != 1 {
		t.Errorf("again: %+v %v", again, err)
	}
	if got := h.credit(t, p, a.ID); got.Manual != 90 || got.Counts() != 0 || got.Why == "" {
		t.Errorf("%+v", got)
	}
	refused(t, second(enter(p, 121, 1)), activity.ErrInvalid, "minutes")
	refused(t, second(enter(p, -1, 1)), activity.ErrInvalid, "minutes")
	refused(t, second(enter(p, 60, 7)), activity.ErrStale, "")
	refused(t, second(enter(q, 60, 0)), activity.ErrHasPair, "")
	refused(t, second(enter(h.Who["li"], 60, 0)), activity.ErrNotSeated, "")
	refused(t, second(h.Enter(t.Context(), h.Actor("li"), a.ID, activity.Manual{Person: p, Minutes: 1, Reason: "自己写的"})), activity.ErrOrganiser, "")
	add := activity.Fix{What: activity.HourAdd, Person: p, In: then(a, 0), Out: then(a, 120), Reason: "其实到了现场"}
	refused(t, second(h.Correct(t.Context(), by, a.ID, add)), activity.ErrHasManual, "")
	if gone, err := enter(p, 0, 1); err != nil || gone.Manual != 0 {
		t.Errorf("taken back: %+v %v", gone, err)
	}
	must(t, second(h.Correct(t.Context(), by, a.ID, add)))
	must(t, second(h.Correct(t.Context(), by, a.ID, activity.Fix{What: activity.HourStrike, Pair: pair.ID, Reason: "没有来"})))
	must(t, second(enter(q, 30, 0)))
	sums, err := h.ServedIn(t.Context(), time.Time{}, time.Time{})
	if want := map[int64]activity.Sum{a.ID: {People: 2, Minutes: 120, Manual: 30}}; err != nil || cmp.Diff(want, sums) != "" {
		t.Errorf("%+v %v", sums, err)
	}
	shares, err := h.Shares(t.Context(), by, a.ID, 0, 10)
	if err != nil || len(shares) != 3 || shares[0].Minutes != 120 || shares[1].Manual != 30 || shares[2].Credit != (activity.Credit{}) {
		t.Errorf("%+v %v", shares, err)
	}
	refused(t, second(h.Shares(t.Context(), h.Actor("li"), a.ID, 0, 10)), activity.ErrOrganiser, "")
}

func TestRule_ALongDayCountsWhenEachOrganiserHasConfirmedTheirPart(t *testing.T) {
	h := newHall(t)
	morning, people := h.running(t, 2, func(d *activity.Draft) { *d.Ends = d.Starts.Add(5 * time.Hour) })
	p := people[0]
	day := h.draft(5)
	day.Org, day.Starts, day.Ends = ptr(h.Units["昌瑞绿洲小区"]), ptr(h.Clock().Add(5*time.Hour)), ptr(h.Clock().Add(9*time.Hour))
	made, err := h.Make(t.Context(), h.Actor("otherbranch"), "", day, activity.Repeat{})
	must(t, err)
	must(t, h.Act2(t, "otherbranch", made[0].ID, activity.Publish, ""))
	evening := h.show(t, made[0].ID)
	h.signUp(t, p, evening)
	h.Forward(10 * time.Hour)
	h.ring(t)
	h.ring(t)
	first := h.was(t, morning, p.ID, 0, 300)
	h.was(t, evening, p.ID, 0, 240)
	h.was(t, morning, people[1].ID, 0, 300)

	for _, id := range []int64{morning.ID, evening.ID} {
		if c := h.credit(t, p.ID, id); !c.Review || c.Counts() != 0 || c.Waits() == 0 {
			t.Errorf("before: %+v", c)
		}
	}
	list, end, err := h.Reviews(t.Context(), h.Actor("branch"), activity.ReviewCursor{}, 10)
	if err != nil || len(list) != 1 || list[0].Activity.ID != morning.ID || list[0].Person.ID != p.ID || list[0].Minutes != 300 || end.String() != "" {
		t.Fatalf("waits: %+v %v %v", list, end, err)
	}
	if none, _, err := h.Reviews(t.Context(), h.Actor("li"), activity.ReviewCursor{}, 10); err != nil || len(none) != 0 {
		t.Errorf("for who organises nothing: %+v %v", none, err)
	}
	rule := func(who string, id int64, r activity.Ruling, minutes int, why string) (activity.Share, error) {
		return h.Rule(t.Context(), h.Actor(who), id, activity.Ruled{Person: p.ID, Ruling: r, Minutes: minutes, Reason: why})
	}
	refused(t, second(rule("otherbranch", morning.ID, activity.Granted, 300, "")), activity.ErrOrganiser, "")
	refused(t, second(rule("branch", morning.ID, activity.Granted, 299, "")), activity.ErrStale, "")
	refused(t, second(rule("branch", morning.ID, activity.Denied, 300, "")), activity.ErrInvalid, "reason")
	refused(t, second(h.Rule(t.Context(), h.Actor("branch"), morning.ID, activity.Ruled{Person: people[1].ID, Ruling: activity.Granted, Minutes: 300})), activity.ErrNoReview, "")
	for range 2 {
		if s, err := rule("branch", morning.ID, activity.Granted, 300, ""); err != nil || s.Counts() != 300 || s.Ruling != activity.Granted {
			t.Errorf("confirmed: %+v %v", s, err)
		}
	}
	if s, err := rule("otherbranch", evening.ID, activity.Denied, 240, "下午的签到是别人代的"); err != nil || s.Minutes != 0 || s.Why == "" {
		t.Errorf("refused: %+v %v", s, err)
	}
	if a, b := h.credit(t, p.ID, morning.ID), h.credit(t, p.ID, evening.ID); a.Counts() != 300 || b.Counts() != 0 || b.Review {
		t.Errorf("after: %+v %+v", a, b)
	}
	// Decided otherwise, the later holds; and more minutes than were confirmed wait again.
	if s, err := rule("otherbranch", evening.ID, activity.Granted, 240, ""); err != nil || s.Counts() != 240 {
		t.Errorf("after all: %+v %v", s, err)
	}
	must(t, second(h.Correct(t.Context(), h.Actor("branch"), morning.ID, activity.Fix{What: activity.HourSet, Pair: first.ID, In: then(morning, 0), Out: then(morning, 280), Reason: "早走了二十分钟"})))
	if c := h.credit(t, p.ID, morning.ID); c.Counts() != 280 {
		t.Errorf("less: %+v", c)
	}
	must(t, second(h.Correct(t.Context(), h.Actor("branch"), morning.ID, activity.Fix{What: activity.HourSet, Pair: first.ID, In: then(morning, -10), Out: then(morning, 301), Reason: "没有早走"})))
	if c := h.credit(t, p.ID, morning.ID); c.Counts() != 300 {
		t.Errorf("as confirmed: %+v", c)
	}
	kept, err := h.Corrections(t.Context(), h.Actor("otherbranch"), evening.ID, 0, 10)
	if err != nil || len(kept) != 2 || kept[0].What != activity.HourRefuse || kept[1].What != activity.HourConfirm {
		t.Errorf("kept: %+v %v", kept, err)
	}
}

func TestReviews_GoOnWhereThePageEnded(t *testing.T) {
	h := newHall(t)
	a, people := h.over(t, 9, 5)
	for _, p := range people {
		h.was(t, a, p.ID, 0, 500)
	}
	seen := map[int64]int{}
	cursor, pages := activity.ReviewCursor{}, 0
	for {
		list, next, err := h.Reviews(t.Context(), h.Actor("branch"), cursor, 2)
		must(t, err)
		for _, r := range list {
			seen[r.Person.ID]++
		}
		pages++
		read, ok := activity.ParseReviewCursor(next.String())
		if !ok || read != next {
			t.Fatalf("%s is read as %v", next, read)
		}
		if cursor = next; next.String() == "" {
			break
		}
	}
	if len(seen) != 5 || pages != 3 {
		t.Errorf("%v in %d pages", seen, pages)
	}
}

func TestServedIn_IsTheSumOfWhatEachSees(t *testing.T) {
	h := newHall(t)
	var all []activity.Full
	var people []member.Person
	for range 3 {
		a, some := h.over(t, 2, 4)
		for i, p := range some {
			h.was(t, a, p.ID, int64(i*20), 120)
		}
		all, people = append(all, a), append(people, some...)
	}
	want := map[int64]activity.Sum{}
	for _, p := range people {
		served, err := h.Hours(t.Context(), p.ID)
		must(t, err)
		for _, s := range served {
			w := want[s.ID]
			w.People++
			w.Minutes += int64(s.Counts())
			want[s.ID] = w
		}
	}
	got, err := h.ServedIn(t.Context(), time.Time{}, time.Time{})
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	one, err := h.ServedIn(t.Context(), then(all[1], 0), then(all[2], 0))
	if d := cmp.Diff(map[int64]activity.Sum{all[1].ID: want[all[1].ID]}, one); err != nil || d != "" {
		t.Errorf("of a period: %v %s", err, d)
	}
	year := time.Date(2026, 1, 1, 0, 0, 0, 0, h.Location)
	in, err := h.Account(t.Context(), h.Actor("community"), 0, year, time.Time{})
	if err != nil || in.Held != 3 || in.People != 12 || in.Minutes != 3*(120+100+80) {
		t.Errorf("%+v %v", in, err)
	}
	if none, err := h.Account(t.Context(), h.Actor("otherbranch"), 0, year, time.Time{}); err != nil || none.Held != 0 || none.Minutes != 0 {
		t.Errorf("of another compound: %+v %v", none, err)
	}
	if _, err := h.Account(t.Context(), h.Actor("li"), 0, year, time.Time{}); err == nil {
		t.Error("a resident sees sums")
	}
}

func TestForget_NothingIsLeftOfHours(t *testing.T) {
	h := newHall(t)
	a, people := h.over(t, 2, 2)
	p, q := people[0].ID, people[1].ID
	pair := h.was(t, a, p, 0, 60)
	must(t, second(h.Correct(t.Context(), h.Actor("branch"), a.ID, activity.Fix{What: activity.HourStrike, Pair: pair.ID, Reason: "没有来"})))
	must(t, second(h.Enter(t.Context(), h.Actor("branch"), a.ID, activity.Manual{Person: p, Minutes: 30, Reason: "在家做的"})))
	must(t, h.Service.DB.Tx(t.Context(), func(tx *gorm.DB) error { return h.Service.Unite(tx, p, q) }))
	if c := h.credit(t, q, a.ID); c.Manual != 30 {
		t.Errorf("united: %+v", c)
	}
	if own, _, err := h.Own(t.Context(), q); err != nil || len(own.Corrections) != 2 || len(own.Pairs) != 1 || len(own.SignUps) != 1 {
		t.Errorf("united: %+v %v", own, err)
	}
	must(t, h.Service.DB.Tx(t.Context(), func(tx *gorm.DB) error { return h.Service.Forget(tx, q) }))
	own, _, err := h.Own(t.Context(), q)
	if d := cmp.Diff(activity.Own{}, own, cmpopts.EquateEmpty()); err != nil || d != "" {
		t.Errorf("forgotten: %s %v", d, err)
	}
	if sums, err := h.ServedIn(t.Context(), time.Time{}, time.Time{}); err != nil || len(sums) != 0 {
		t.Errorf("forgotten: %+v %v", sums, err)
	}
}
