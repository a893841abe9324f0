package ledger

import "strings"

// Limits of a sheet.
const (
	maxLine    = 1_048_576
	maxColumns = 16_384
	keptColumn = 512 // cells further to the right are not looked at
	maxMerges  = 100_000
)

// kind of what a cell holds.
type content byte

const (
	nothing content = iota
	words
	numeric
	day     // a number that is shown as a day
	fault   // #REF! and its like
	formula // without a result
)

// cell is what stands in a cell, as it is written in the file.
type cell struct {
	text string
	kind content
}

// line is a row of a sheet that has something in it.
type line struct {
	number int
	cells  []cell // by the column, from 0
}

// area is a merged range, from 1, both ends within.
type area struct{ top, left, bottom, right int }

// readSheet gives the rows of a sheet that hold something, from the top, and
// then its merged ranges. An error of each ends the reading.
func (b *book) readSheet(part string, each func(line) error) ([]area, error) {
	r := sheetReader{book: b, each: each}
	err := b.each(part, &b.left, true, r.tag)
	return r.merged, err
}

// sheetReader follows the tags of a sheet.
type sheetReader struct {
	book   *book
	each   func(line) error
	row    line
	wide   int // cells of the row before
	merged []area

	rowNumber, column int
	inRow, inCell     bool
	kind, style       []byte
	value             []byte
	hasFormula        bool
	spoken            bool
}

func (r *sheetReader) tag(s *scanner) error {
	if r.inCell {
		return r.cellTag(s)
	}
	switch {
	case s.opens("c") && r.inRow:
		return r.openCell(s)
	case s.opens("row"):
		r.inRow, r.column = true, -1
		r.rowNumber++
		if n, ok := digits([]byte(s.attr("r"))); ok {
			r.rowNumber = n
		}
		if r.rowNumber < 1 || r.rowNumber > maxLine {
			return errXML
		}
		r.row = line{number: r.rowNumber, cells: make([]cell, 0, r.wide)}
	case s.closes("row"):
		r.inRow = false
		if r.wide = len(r.row.cells); r.wide > 0 {
			return r.each(r.row)
		}
	case s.opens("mergeCell"):
		if a, ok := areaOf(s.attr("ref")); ok {
			if len(r.merged) == maxMerges {
				return errTooPacked
			}
			r.merged = append(r.merged, a)
		}
	}
	return nil
}

func (r *sheetReader) openCell(s *scanner) error {
	r.column++
	r.inCell, r.kind, r.style, r.value, r.hasFormula, r.spoken = true, r.kind[:0], r.style[:0], r.value[:0], false, false
	for rest := s.attrs; ; {
		key, value, after := attribute(rest)
		if rest = after; key == nil {
			break
		}
		switch string(key) {
		case "r":
			column, _, ok := place(value)
			if !ok {
				return errXML
			}
			r.column = column - 1
		case "t":
			r.kind = append(r.kind, value...)
		case "s":
			r.style = append(r.style, value...)
		}
	}
	if r.column >= maxColumns {
		return errXML
	}
	return nil
}

func (r *sheetReader) cellTag(s *scanner) error {
	switch {
	case s.opens("f"):
		r.hasFormula = true
	case s.is("rPh"):
		r.spoken = s.start
	case s.closes("v"):
		r.value = append(r.value[:0], s.text...)
	case s.closes("t") && !r.spoken:
		r.value = append(r.value, s.text...)
	case s.closes("c"):
		r.inCell = false
		return r.closeCell()
	case s.closes("row"):
		return errXML
	}
	return nil
}

func (r *sheetReader) closeCell() error {
	if r.column >= keptColumn {
		return nil
	}
	c := cell{}
	switch string(r.kind) {
	case "s":
		if len(r.value) == 0 {
			break
		}
		i, ok := digits(r.value)
		if !ok || i >= len(r.book.strings) {
			return errXML
		}
		c = cell{r.book.strings[i], words}
	case "inlineStr", "str":
		c = cell{unescape(valid(r.value)), words}
	case "b":
		c = cell{map[string]string{"1": "是", "0": "否"}[string(r.value)], words}
	case "e":
		c = cell{valid(r.value), fault}
	case "d":
		c = cell{valid(r.value), words}
	default:
		c = cell{string(r.value), numeric}
		if i, ok := digits(r.style); ok && i < len(r.book.dates) && r.book.dates[i] {
			c.kind = day
		}
	}
	if c.text == "" {
		if c = (cell{}); r.hasFormula {
			c.kind = formula
		}
	}
	if c.kind == nothing || c.kind == words && strings.TrimSpace(c.text) == "" {
		return nil
	}
	for len(r.row.cells) <= r.column {
		r.row.cells = append(r.row.cells, cell{})
	}
	r.row.cells[r.column] = c
	return nil
}

// place reads A1: column and row from 1.
func place(ref []byte) (column, row int, ok bool) {
	i := 0
	for ; i < len(ref) && i < 4; i++ {
		letter := ref[i] &^ 0x20
		if letter < 'A' || letter > 'Z' {
			break
		}
		column = column*26 + int(letter-'A'+1)
	}
	row, ok = digits(ref[i:])
	return column, row, ok && i > 0 && column <= maxColumns && row > 0 && row <= maxLine
}

// digits reads a number without a sign, of nine digits at most.
func digits(b []byte) (int, bool) {
	n := 0
	for _, d := range b {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int(d-'0')
	}
	return n, len(b) > 0 && len(b) < 10
}

func areaOf(ref string) (area, bool) {
	from, to, _ := strings.Cut(ref, ":")
	left, top, ok := place([]byte(from))
	right, bottom, also := place([]byte(to))
	return area{top, left, bottom, right}, ok && also && left <= right && top <= bottom
}
