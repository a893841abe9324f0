package stats

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is what happened in a compound, by month and category; nobody outside knows it.
type world map[string]map[string]figures

var (
	openCats    = []string{"lighting", "water", "gas", "noise", "care", "security", Other, "greening", "heating"}
	openPrivate = []string{"care", "security"}
)

func (w world) totals() map[string]figures {
	all := map[string]figures{}
	for m, cats := range w {
		for _, f := range cats {
			all[m] = all[m].plus(f)
		}
	}
	return all
}

func (w world) with(m, cat string, f figures) world {
	out := maps.Clone(w)
	out[m] = maps.Clone(w[m])
	out[m][cat] = f
	return out
}

// publicPage is all that the public reads of a compound in a month.
type publicPage struct {
	Months []OpenRow
	Total  OpenRow
	Halves []OpenHalf
}

func (w world) publish(t rapid.TB, this time.Time) publicPage {
	var p publicPage
	var err error
	all := w.totals()
	p.Months, p.Total = openMonths(all, lastMonths(this))
	p.Halves, err = openHalves(all, this, openPrivate, func(m time.Time) (map[string]figures, error) { return w[m.Format(monthKey)], nil })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// published is what somebody reads who kept the page of every month.
func (w world) published(t rapid.TB, at []time.Time) string {
	var all []publicPage
	for _, this := range at {
		all = append(all, w.publish(t, this))
	}
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// possible says that figures can be: what matured was accepted, what was settled or on time matured.
func possible(f figures) bool {
	return f[3] >= 0 && f[2] >= 0 && f[1] >= max(f[2], f[3]) && f[0] >= f[1]
}

// steps are the small changes of figures by which measure i changes.
func steps(i int) (out []figures) {
	for n := range 81 {
		d := figures{int64(n%3 - 1), int64(n/3%3 - 1), int64(n/9%3 - 1), int64(n/27 - 1)}
		if d[i] != 0 {
			out = append(out, d)
		}
	}
	return out
}

func minus(f figures) figures { return figures{-f[0], -f[1], -f[2], -f[3]} }

// TestOpen_NoSmallNumberCanBeSolved keeps the pages of several months, as
// somebody who wants to find out does, and shows for each number under Least
// that something else could have happened of which all pages say the same.
func TestOpen_NoSmallNumberCanBeSolved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
		w := world{}
		for i := range 22 {
			m := first.AddDate(0, i, 0).Format(monthKey)
			w[m] = map[string]figures{}
			quiet := rapid.IntRange(0, 3).Draw(t, "quiet") == 0
			for _, c := range openCats[:rapid.IntRange(0, 7).Draw(t, "categories")] {
				most := int64(12)
				if quiet {
					most = 2
				}
				var f figures
				f[0] = rapid.Int64Range(0, most).Draw(t, "accepted")
				f[1] = f[0] - min(f[0], rapid.SampledFrom([]int64{0, 0, 0, 1, 3}).Draw(t, "not matured"))
				f[2] = f[1] - min(f[1], rapid.SampledFrom([]int64{0, 0, 1, 4}).Draw(t, "not settled"))
				f[3] = f[1] - min(f[1], rapid.SampledFrom([]int64{0, 0, 1, 4}).Draw(t, "late"))
				w[m][c] = f
			}
		}
		var at []time.Time
		for i := rapid.IntRange(13, 18).Draw(t, "from"); i <= 21 && len(at) < 4; i++ {
			at = append(at, first.AddDate(0, i, 0))
		}
		told := w.published(t, at)
		same := func(o world) bool { return o.published(t, at) == told }
		all := w.totals()
		for _, this := range at {
			p := w.publish(t, this)
			for i, row := range p.Months {
				m := lastMonths(this)[i]
				for k, v := range cells(row) {
					if n := all[m][k]; v.Count == nil && n > 0 && n < Least && !w.otherMonth(m, k, same) {
						t.Fatalf("%s of %s is known to be %d", openMeasures[k], m, n)
					} else if v.Count != nil && *v.Count != n {
						t.Fatalf("%s of %s is told as %d, is %d", openMeasures[k], m, *v.Count, n)
					} else if v.Count != nil && n > 0 && n < Least {
						t.Fatalf("%s of %s is told although it is %d", openMeasures[k], m, n)
					}
				}
			}
			for _, h := range p.Halves {
				w.checkHalf(t, h, all, same)
			}
		}
	})
}

// cells are the numbers of a row in the order of figures.
func cells(r OpenRow) [4]Told { return [4]Told{r.Accepted, r.Matured, r.Settled, r.OnTime} }

// otherMonth says that measure k of a month could be another number.
func (w world) otherMonth(m string, k int, same func(world) bool) bool {
	for _, c := range openCats {
		for _, d := range steps(k) {
			if f := w[m][c].plus(d); possible(f) && same(w.with(m, c, f)) {
				return true
			}
		}
	}
	return false
}

func (w world) checkHalf(t *rapid.T, h OpenHalf, all map[string]figures, same func(world) bool) {
	sums := map[string]figures{}
	var months []string
	for m := h.From; m.Before(h.To); m = m.AddDate(0, 1, 0) {
		key := m.Format(monthKey)
		if !all[key].safe() {
			continue
		}
		months = append(months, key)
		for c, f := range w[key] {
			sums[c] = sums[c].plus(f)
		}
	}
	seen := map[string]bool{}
	for _, row := range h.Categories {
		seen[row.Key] = true
		if slices.Contains(openPrivate, row.Key) {
			t.Fatalf("%s is told", row.Key)
		}
		for k, v := range cells(row) {
			if v.Count == nil || *v.Count > 0 && *v.Count < Least {
				t.Fatalf("%s of %s in a half-year is %v: its months tell what is left", openMeasures[k], row.Key, v)
			}
			if n := sums[row.Key][k]; row.Key != Other && *v.Count != n {
				t.Fatalf("%s of %s is told as %d, is %d", openMeasures[k], row.Key, *v.Count, n)
			}
		}
	}
	for _, c := range openCats {
		for k := range openMeasures {
			if n := sums[c][k]; n > 0 && n < Least && (c == Other || !seen[c]) && !w.otherCategory(months, c, k, same) {
				t.Fatalf("%s of %s in the half-year from %s is known to be %d", openMeasures[k], c, h.From.Format(monthKey), n)
			}
		}
	}
}

// otherCategory says that a little of a category could have been of another one.
func (w world) otherCategory(months []string, c string, k int, same func(world) bool) bool {
	for _, m := range months {
		for _, o := range openCats {
			for _, d := range steps(k) {
				mine, theirs := w[m][c].plus(d), w[m][o].plus(minus(d))
				if o != c && possible(mine) && possible(theirs) && same(w.with(m, c, mine).with(m, o, theirs)) {
					return true
				}
			}
		}
	}
	return false
}

func TestOpen_SingleProblemsAreToldWhenThereAreEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		accepted := rapid.SliceOfN(rapid.Int64Range(0, 9), 3, 3).Draw(t, "accepted")
		var owed []OpenProblem
		for m, n := range accepted {
			for i := range rapid.Int64Range(0, n).Draw(t, "open") {
				owed = append(owed, OpenProblem{Category: rapid.SampledFrom(openCats).Draw(t, "category"), CreatedAt: int64(m), Building: fmt.Sprint(i)})
			}
		}
		shown, n := openProblems(owed, openPrivate, func(at int64) int64 { return accepted[at] })
		open := 0
		for _, p := range owed {
			if !slices.Contains(openPrivate, p.Category) {
				open++
			}
		}
		switch {
		case n.Count == nil && (len(shown) > 0 || n.Few != (open < Least)):
			t.Fatalf("%d open, told %v with %d", open, n, len(shown))
		case n.Count != nil && (int(*n.Count) != len(shown) || *n.Count == 0 && open > 0 || *n.Count > 0 && *n.Count < Least):
			t.Fatalf("%d open, told %d with %d", open, *n.Count, len(shown))
		}
		for _, p := range shown {
			if slices.Contains(openPrivate, p.Category) || accepted[p.CreatedAt] < Least {
				t.Fatalf("%v of a month with %d is told", p, accepted[p.CreatedAt])
			}
		}
	})
}

func TestOpen_HalfYearsThatAreOverNeverOverlap(t *testing.T) {
	for at, want := range map[string]string{
		"2026-01": "2025-01 2025-07 2026-01", "2026-06": "2025-01 2025-07 2026-01", "2026-07": "2025-07 2026-01 2026-07", "2026-12": "2025-07 2026-01 2026-07",
	} {
		this, err := time.Parse(monthKey, at)
		if err != nil {
			t.Fatal(err)
		}
		h := halves(this)
		if got := h[0].Format(monthKey) + " " + h[1].Format(monthKey) + " " + h[2].Format(monthKey); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}
