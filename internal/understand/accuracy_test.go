package understand

import (
	"strings"
	"testing"
)

// score is how a set was understood.
type score struct {
	rows, first, three, place        int
	dangers, found, falseAlarms      int
	others, othersClear, clear, sure int
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

func measure(t *testing.T, r *Reader, rows []labelled, tell bool) score {
	t.Helper()
	s := score{rows: len(rows)}
	for _, row := range rows {
		got := r.Read(row.text, nil)
		note := func(what string) {
			if tell {
				t.Logf("%s: %s: want %s %s-%s %v, got %v %s-%s danger %q intent %s words %v", what, row.text, row.category, row.building, row.unit, row.emergency, got.Guesses, got.Building, got.Unit, got.Danger, got.Intent, got.Words)
			}
		}
		if got.Guesses[0].Code == row.category {
			s.first++
		} else {
			note("category")
		}
		for _, g := range got.Guesses {
			if g.Code == row.category {
				s.three++
			}
		}
		if got.Building == row.building && got.Unit == row.unit {
			s.place++
		} else {
			note("place")
		}
		switch {
		case row.emergency:
			s.dangers++
			if got.Emergency {
				s.found++
			} else {
				note("missed")
			}
		case got.Emergency:
			s.falseAlarms++
			note("alarm")
		}
		if got.Clear {
			s.clear++
			if got.Guesses[0].Code == row.category {
				s.sure++
			}
		}
		if row.category == "other" {
			s.others++
			if got.Clear || got.Intent == Problem && got.Guesses[0].Code != "other" {
				s.othersClear++
				note("ticket")
			}
		}
	}
	return s
}

func TestRead_UnderstandsLabelledSentences(t *testing.T) {
	r := newReader(t)
	for _, set := range []struct {
		file                          string
		first, three, precision, sure float64
	}{
		{"utterances-dev.tsv", 0.97, 0.99, 0.9, 0.97},
		{"written-dev.tsv", 0.97, 0.99, 0.9, 0.97},
		{"written-heldout.tsv", 0.95, 0.98, 0.9, 0.95},
		{"written-dev-more.tsv", 0.97, 0.99, 0.9, 0.97},
		{"written-dev-hard.tsv", 0.97, 0.99, 0.9, 0.97},
		{"written-dev-plain.tsv", 0.97, 0.99, 0.9, 0.97},
	} {
		t.Run(set.file, func(t *testing.T) {
			s := measure(t, r, readLabelled(t, set.file), !strings.HasSuffix(set.file, "heldout.tsv"))
			t.Logf("%d sentences: first %.3f, in three %.3f, place %.3f; emergencies %d of %d, %d false; clear %.3f of which right %.3f; of %d others %d would be tickets",
				s.rows, share(s.first, s.rows), share(s.three, s.rows), share(s.place, s.rows), s.found, s.dangers, s.falseAlarms, share(s.clear, s.rows), share(s.sure, s.clear), s.others, s.othersClear)
			atLeast(t, "first choice", share(s.first, s.rows), set.first)
			atLeast(t, "in three", share(s.three, s.rows), set.three)
			atLeast(t, "building and unit", share(s.place, s.rows), 0.99)
			atLeast(t, "emergency recall", share(s.found, s.dangers), 1)
			atLeast(t, "emergency precision", share(s.found, s.found+s.falseAlarms), set.precision)
			atLeast(t, "right when clear", share(s.sure, s.clear), set.sure)
			if s.othersClear > 0 {
				t.Errorf("%d sentences that are no problem would be tickets", s.othersClear)
			}
		})
	}
}

func atLeast(t *testing.T, what string, got, want float64) {
	t.Helper()
	if got < want {
		t.Errorf("%s: %.3f, want at least %.3f", what, got, want)
	}
}
