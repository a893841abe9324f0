package ledger

import (
	"io"
	"slices"
	"strconv"
	"strings"
)

// sheetMarker follows the tags of a sheet while it is copied.
type sheetMarker struct {
	m       *marking
	p       *patch
	lines   map[int]*marks
	titles  map[int]string // of the columns, from 1
	header  int            // its line
	reasons int            // the column of the reasons; 0: the sheet has no data

	row, column int
	pending     []int // columns of the row that are still to be written by us
	now         *marks
}

// writeSheet copies a sheet with its marks.
func (m *marking) writeSheet(w io.Writer, of sheetPart) error {
	s := &sheetMarker{m: m, lines: m.lines[of.name]}
	for _, read := range m.reading.sheets {
		if read.part == of.part {
			s.take(read)
		}
	}
	return m.copyPart(of.part, w, func(p *patch) (bool, error) {
		s.p = p
		return s.tag(), nil
	})
}

func (s *sheetMarker) take(read sheetReading) {
	s.titles = make(map[int]string, len(read.columns))
	for at, i := range read.columns {
		s.titles[at+1] = s.m.kind.Columns[i].Title
	}
	s.header, s.reasons = read.header.number, read.width+1
	for at, c := range read.header.cells {
		if c.kind == words && bare(c.text) == bare(problemTitle) {
			s.reasons = at + 1
		}
	}
}

// tag looks at one tag and says whether it is written already.
func (s *sheetMarker) tag() bool {
	p := s.p
	switch {
	case p.is("dimension"):
		return true // it may have grown
	case p.opens("sheetView"):
		p.write(with(p.tag, "tabSelected", "0"))
		return true
	case s.reasons == 0:
		return false
	case p.opens("row"):
		return s.openRow()
	case p.closes("row"):
		s.catchUp(maxColumns + 1)
		s.now = nil
	case p.opens("c"):
		return s.openCell()
	case p.drop: // a cell that we have written anew
		p.drop = !p.closes("c")
		return true
	}
	return false
}

func (s *sheetMarker) openRow() bool {
	s.row++
	if n, ok := digits([]byte(s.p.attr("r"))); ok {
		s.row = n
	}
	s.column, s.pending, s.now = 0, nil, s.lines[s.row]
	if s.row == s.header && s.now == nil {
		s.now = &marks{}
	}
	if s.now == nil || s.p.empty {
		s.now = nil
		return false
	}
	for column, title := range s.titles {
		if s.now.has(title) {
			s.pending = append(s.pending, column)
		}
	}
	slices.Sort(s.pending)
	at, _ := slices.BinarySearch(s.pending, s.reasons)
	s.pending = slices.Insert(s.pending, at, s.reasons)
	s.p.write(with(with(s.p.tag, "r", strconv.Itoa(s.row)), "spans", "1:"+strconv.Itoa(max(s.reasons, s.width()))))
	return true
}

func (s *sheetMarker) width() int {
	most := 1
	for column := range s.titles {
		most = max(most, column)
	}
	return most
}

// catchUp writes what of ours stands before the column.
func (s *sheetMarker) catchUp(column int) {
	for len(s.pending) > 0 && s.pending[0] < column {
		at := s.pending[0]
		s.pending = s.pending[1:]
		switch {
		case at != s.reasons:
			s.p.add(`<c r="` + letters(at) + strconv.Itoa(s.row) + `" s="` + strconv.Itoa(s.m.reasonStyle()) + `"/>`)
		case s.row == s.header:
			s.p.add(textCell(at, s.row, s.m.reasonStyle(), problemTitle))
		default:
			s.p.add(textCell(at, s.row, s.m.reasonStyle(), strings.Join(s.now.reasons, "；")))
		}
	}
}

// openCell colours a bad cell, takes the colour off one that was mended, and
// puts the reasons in place of earlier ones.
func (s *sheetMarker) openCell() bool {
	s.column++
	if at, _, ok := place([]byte(s.p.attr("r"))); ok {
		s.column = at
	}
	if s.now == nil && s.column == s.reasons && s.row > s.header {
		s.p.drop = true // what an earlier marking said
		return true
	}
	bad := false
	if s.now != nil {
		s.catchUp(s.column)
		if len(s.pending) > 0 && s.pending[0] == s.column {
			if s.column == s.reasons {
				s.catchUp(s.column + 1)
				s.p.drop = true
				return true
			}
			bad, s.pending = true, s.pending[1:]
		}
	}
	old, ok := digits([]byte(s.p.attr("s")))
	if !ok {
		old = 0
	}
	tag := s.p.tag
	if style := s.m.style(old, bad); style != old && s.titles[s.column] != "" {
		tag = with(tag, "s", strconv.Itoa(style))
	}
	if s.now != nil {
		tag = with(tag, "r", letters(s.column)+strconv.Itoa(s.row))
	}
	s.p.write(tag)
	return true
}
