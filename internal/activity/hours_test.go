package activity_test

import (
	"os"
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

const minute = int64(60_000)

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
		for id, credit := range r.Count(c.day) {
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
		if got := r.Count([]activity.Attended{at(1, 1, minutes+1, 1, minutes+1)}); got[1].Review != review || got[1].Minutes != int(minutes) {
			t.Errorf("%d minutes a day: %+v", minutes, got)
		}
	}
}

func TestCount_Property(t *testing.T) {
	r := hourRules(t)
	rapid.Check(t, func(t *rapid.T) {
		var day []activity.Attended
		long := map[int64]int64{}
		for id := int64(1); id <= 3; id++ {
			starts := rapid.Int64Range(1, 1000).Draw(t, "starts")
			ends := starts + rapid.Int64Range(1, 400).Draw(t, "long")
			long[id] = ends - starts
			for range rapid.IntRange(0, 3).Draw(t, "pairs") {
				in := rapid.Int64Range(1, 1400).Draw(t, "in")
				day = append(day, at(id, starts, ends, in, in+rapid.Int64Range(1, 500).Draw(t, "stay")))
			}
		}
		got := r.Count(day)
		first, last, sum := int64(1<<40), int64(0), int64(0)
		for _, a := range day {
			first, last = min(first, a.InAt/minute), max(last, a.OutAt/minute)
		}
		for id, c := range got {
			sum += int64(c.Minutes)
			if int64(c.Minutes) > long[id] || c.Minutes > 0 && int64(c.Minutes)*100 < long[id]*60 {
				t.Fatalf("%d minutes of %d", c.Minutes, long[id])
			}
		}
		if len(day) > 0 && sum > last-first {
			t.Fatalf("%d minutes within %d", sum, last-first)
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
