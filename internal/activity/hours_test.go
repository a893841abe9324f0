package activity_test

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fenlin/internal/activity"
)

func hourRules(t testing.TB) *activity.HourRules {
	t.Helper()
	text, err := os.ReadFile("../../config/hours.yaml")
	must(t, err)
	r, err := activity.LoadHours(text)
	must(t, err)
	return r
}

const (
	minute = int64(60_000)
	day    = "2026-11-24"
)

// at is a pair in minutes from the day's beginning.
func at(id, starts, ends, in, out int64) activity.Attended {
	return activity.Attended{ActivityID: id, StartsAt: starts * minute, EndsAt: ends * minute, InAt: in * minute, OutAt: out * minute}
}

func TestCount_EachRule(t *testing.T) {
	r := hourRules(t)
	for name, c := range map[string]struct {
		day  []activity.Attended
		want map[int64]int
	}{
		"whole":              {[]activity.Attended{at(1, 60, 180, 60, 180)}, map[int64]int{1: 120}},
		"early and late":     {[]activity.Attended{at(1, 60, 180, 40, 200)}, map[int64]int{1: 120}},
		"without out":        {[]activity.Attended{at(1, 60, 180, 60, 0)}, map[int64]int{1: 0}},
		"60 % of it":         {[]activity.Attended{at(1, 0, 100, 1, 61)}, map[int64]int{1: 60}},
		"less than 60 %":     {[]activity.Attended{at(1, 0, 100, 1, 60)}, map[int64]int{1: 0}},
		"in two parts":       {[]activity.Attended{at(1, 0, 100, 1, 31), at(1, 0, 100, 50, 90)}, map[int64]int{1: 70}},
		"the same twice":     {[]activity.Attended{at(1, 0, 100, 1, 81), at(1, 0, 100, 1, 81)}, map[int64]int{1: 80}},
		"two at one time":    {[]activity.Attended{at(1, 60, 160, 60, 160), at(2, 60, 160, 60, 160)}, map[int64]int{1: 100, 2: 0}},
		"a fourth pair":      {[]activity.Attended{at(1, 1, 11, 1, 11), at(2, 21, 31, 21, 31), at(3, 41, 51, 41, 51), at(4, 61, 71, 61, 71)}, map[int64]int{1: 10, 2: 10, 3: 10, 4: 0}},
		"outside altogether": {[]activity.Attended{at(1, 60, 120, 130, 150)}, map[int64]int{1: 0}},
	} {
		got := map[int64]int{}
		for id, credit := range r.Count(day, c.day) {
			got[id] = credit.Minutes
			if (credit.Minutes == 0) != (credit.Why != "") || credit.Review {
				t.Errorf("%s: %+v", name, credit)
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	for minutes, review := range map[int64]bool{480: false, 481: true} {
		if got := r.Count(day, []activity.Attended{at(1, 1, minutes+1, 1, minutes+1)}); got[1].Review != review || got[1].Minutes != int(minutes) {
			t.Errorf("%d minutes a day: %+v", minutes, got)
		}
	}
}

func TestLoadHours_ADayIsCountedByTheRulesOfItsTime(t *testing.T) {
	text, err := os.ReadFile("../../config/hours.yaml")
	must(t, err)
	r, err := activity.LoadHours(append(text, []byte(`
- {rule: least_percent, value: 0, since: 2027-01-01, source: x}
- {rule: pairs_a_day, value: 1, since: 2027-01-01, source: x}
- {rule: clip_to_activity, value: 0, since: 2027-02-01, source: x}
- {rule: review_over_minutes, value: 60, since: 2027-03-01, source: x}
- {rule: least_percent, value: 100, since: 2027-03-02, source: x}
`)...))
	must(t, err)
	short, early, second := at(1, 60, 160, 60, 70), at(2, 200, 300, 180, 300), at(3, 400, 460, 400, 460)
	for on, want := range map[string]map[int64]activity.Credit{
		"2026-12-31": {1: {}, 2: {Minutes: 100}, 3: {Minutes: 60}},
		"2027-01-01": {1: {Minutes: 10}, 2: {}, 3: {}},
		"2027-02-01": {1: {Minutes: 10}, 2: {}, 3: {}},
		"2027-03-01": {1: {Minutes: 10}, 2: {}, 3: {}},
		"2027-03-02": {1: {}, 2: {}, 3: {}},
	} {
		got := r.Count(on, []activity.Attended{short, early, second})
		for id, c := range got {
			if c.Why = ""; c != want[id] {
				t.Errorf("%s: %d is worth %+v, want %+v", on, id, c, want[id])
			}
		}
	}
	for on, want := range map[string]activity.Credit{"2027-01-31": {Minutes: 100}, "2027-02-28": {Minutes: 120}, "2027-03-01": {Minutes: 120, Review: true}} {
		got := r.Count(on, []activity.Attended{early})[2]
		if got.Why = ""; got != want {
			t.Errorf("%s: %+v, want %+v", on, got, want)
		}
	}
}

func TestLoadHours_WhatIsWrongIsNamed(t *testing.T) {
	text, err := os.ReadFile("../../config/hours.yaml")
	must(t, err)
	whole := string(text)
	for says, wrong := range map[string]string{
		`"pears_a_day" is no rule`:                 strings.Replace(whole, "pairs_a_day, value: 3", "pears_a_day, value: 3", 1),
		"pairs_a_day: value must be 1 to 100":      strings.Replace(whole, "value: 3,", "value: 0,", 1),
		"pairs_a_day: source is missing":           strings.Replace(whole, "source: 产品说明 G：每人每天最多计三次签到签退", "source: ''", 1),
		"pairs_a_day: since must be a day":         whole + "- {rule: pairs_a_day, value: 4, since: 2027-1-1, source: x}\n",
		`pairs_a_day is there twice since ""`:      whole + "- {rule: pairs_a_day, value: 4, source: x}\n",
		"pairs_a_day is there twice since \"2027-": whole + strings.Repeat("- {rule: pairs_a_day, value: 4, since: 2027-01-01, source: x}\n", 2),
		"least_percent without since is missing":   strings.Replace(whole, "value: 60,", "value: 60, since: 2026-01-01,", 1),
		"field val not found":                      strings.Replace(whole, "value: 60,", "val: 60,", 1),
	} {
		if _, err := activity.LoadHours([]byte(wrong)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %s", err, says)
		}
	}
}

func TestCount_MergedClippedCappedWhateverTheOrder(t *testing.T) {
	r := hourRules(t)
	rapid.Check(t, func(t *rapid.T) {
		var pairs []activity.Attended
		long := map[int64]int64{}
		within := map[int64]bool{} // minutes of the day in which somebody was in some activity
		for id := int64(1); id <= 3; id++ {
			starts := rapid.Int64Range(1, 1000).Draw(t, "starts")
			ends := starts + rapid.Int64Range(1, 600).Draw(t, "long")
			long[id] = ends - starts
			for range rapid.IntRange(0, 3).Draw(t, "pairs") {
				in := rapid.Int64Range(1, 1400).Draw(t, "in")
				out := in + rapid.Int64Range(1, 700).Draw(t, "stay")
				pairs = append(pairs, at(id, starts, ends, in, out))
				for m := max(in, starts); m < min(out, ends); m++ {
					within[m] = true
				}
			}
		}
		got := r.Count(day, pairs)
		sum := 0
		for id, c := range got {
			sum += c.Minutes
			if int64(c.Minutes) > long[id] || c.Minutes > 0 && int64(c.Minutes)*100 < long[id]*60 {
				t.Fatalf("%d minutes of %d", c.Minutes, long[id])
			}
			if c.Counts()+c.Waits() != c.Minutes || (c.Minutes == 0 || c.Review) != (c.Why != "") {
				t.Fatalf("%+v", c)
			}
		}
		if sum > len(within) {
			t.Fatalf("%d minutes, and somebody was there for %d", sum, len(within))
		}
		counted := 0
		for _, c := range got {
			counted += c.Counts()
		}
		if counted > 480 || (sum > 480) != (counted == 0 && sum > 0) {
			t.Fatalf("%d of %d minutes count without a review", counted, sum)
		}
		seed := rapid.Uint64().Draw(t, "seed")
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] }) //nolint:gosec // an order of pairs is no secret
		if d := cmp.Diff(got, r.Count(day, pairs)); d != "" {
			t.Fatalf("in another order: %s", d)
		}
	})
}

func TestHours_OfWhatIsOverAlone(t *testing.T) {
	h := newHall(t)
	a, people := h.running(t, 1, nil)
	p := people[0].ID
	now, _ := h.code(t, a)
	pair, err := h.CheckIn(t.Context(), p, activity.Scan{Code: now.Text})
	must(t, err)
	h.Forward(90 * time.Minute)
	now, _ = h.code(t, a)
	must(t, second(h.CheckOut(t.Context(), p, pair.ID, activity.Scan{Code: now.Text})))
	if none, err := h.Hours(t.Context(), p); err != nil || len(none) != 0 {
		t.Errorf("while it is on: %+v %v", none, err)
	}
	h.Forward(time.Hour)
	h.ring(t)
	if got, err := h.Hours(t.Context(), p); err != nil || len(got) != 1 || got[0].Minutes != 90 {
		t.Errorf("%+v %v", got, err)
	}
}
