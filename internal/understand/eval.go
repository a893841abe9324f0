package understand

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// NoReport is the category of a labelled sentence that tells of no problem.
const NoReport = "chatter"

// Labelled is a sentence with what a person reads in it.
type Labelled struct {
	Text, Category string
	Building, Unit string // as in a Reading
	Emergency      bool
}

// ReadLabelled reads a labelled file: text, category, building, unit and
// emergency (0 or 1), parted by tabs; lines with # are comments. An error names
// the line.
func ReadLabelled(in io.Reader) ([]Labelled, error) {
	var rows []Labelled
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#") {
			c := strings.Split(line, "\t")
			if len(c) != 5 || c[0] == "" || c[4] != "0" && c[4] != "1" {
				return nil, fmt.Errorf("line %d: text, category, building, unit and 0 or 1 are wanted, parted by tabs", n)
			}
			rows = append(rows, Labelled{c[0], c[1], c[2], c[3], c[4] == "1"})
		}
	}
	return rows, lines.Err()
}

// Score is how labelled sentences were understood.
type Score struct {
	Rows, Placed int // sentences, and those whose building and unit are right

	Reports, First, Three int // sentences that report; category right at once, or in three
	Clear, ClearRight     int // reports that would be filed at once, and with the right category
	Lost                  int // reports that would be answered as if they were none

	Dangers, Found, Alarms int // dangers, those found, and false ones
	Wondered, Doubts       int // dangers not found but asked about, and all else that is asked about

	Idle, Filed, Asked int // sentences that are no report, those filed at once, those asked about

	Kinds  []KindScore // by category, in the order of the rules
	Misses []Miss
}

// KindScore is how the reports of one category were understood.
type KindScore struct {
	Category
	Reports, First, Three int
	Taken                 int // reports of others taken for it
}

// Miss is one thing that was read otherwise than a person does.
type Miss struct {
	What    string // category, place, danger missed, false danger, lost, filed, asked
	Want    Labelled
	Reading Reading
}

// Measure reads every sentence and compares.
func (r *Reader) Measure(rows []Labelled) Score {
	s := Score{Rows: len(rows)}
	index := map[string]int{}
	for i, c := range r.categories {
		index[c.Code] = i
		s.Kinds = append(s.Kinds, KindScore{Category: c})
	}
	for _, row := range rows {
		got := r.Read(row.Text, nil)
		miss := func(what string) { s.Misses = append(s.Misses, Miss{what, row, got}) }
		if got.Building == row.Building && got.Unit == row.Unit {
			s.Placed++
		} else {
			miss("place")
		}
		if row.Emergency {
			s.Dangers++
		}
		switch {
		case row.Emergency && got.Emergency:
			s.Found++
		case row.Emergency && got.Perhaps:
			s.Wondered++
			miss("danger asked about")
		case row.Emergency:
			miss("danger missed")
		case got.Emergency:
			s.Alarms++
			miss("false danger")
		case got.Perhaps:
			s.Doubts++
		}
		worth := got.Intent == Problem || got.Intent == Question
		if row.Category == NoReport {
			s.Idle++
			switch {
			case got.Emergency || got.Clear && worth:
				s.Filed++
				miss("filed")
			case worth:
				s.Asked++
				miss("asked")
			}
			continue
		}
		s.report(index, row, got, miss)
	}
	return s
}

// report compares the category of a sentence that reports something.
func (s *Score) report(index map[string]int, row Labelled, got Reading, miss func(string)) {
	var k KindScore // a category that the rules do not know is never right
	if i, ok := index[row.Category]; ok {
		defer func() { s.Kinds[i] = k }()
		k = s.Kinds[i]
	}
	s.Reports++
	k.Reports++
	right := got.Guesses[0].Code == row.Category
	if right {
		s.First++
		k.First++
	} else {
		s.Kinds[index[got.Guesses[0].Code]].Taken++
		miss("category")
	}
	for _, g := range got.Guesses {
		if g.Code == row.Category {
			s.Three++
			k.Three++
		}
	}
	if got.Intent == Chatter || got.Intent == Unclear {
		s.Lost++
		miss("lost")
	}
	if got.Clear {
		s.Clear++
		if right {
			s.ClearRight++
		}
	}
}
