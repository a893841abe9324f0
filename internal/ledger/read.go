package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"fenlin/internal/errs"
)

const (
	headerWithin = 30        // rows with something in them in which a header is looked for
	maxFilled    = 2_000_000 // cells that merged ranges may fill
	maxHeld      = 192 << 20 // bytes of text of all rows
)

// reading is what a workbook holds.
type reading struct {
	sheets   []sheetReading
	rows     []Row // in the file's order; those with a wrong cell that is required are left out
	left     int   // rows left out
	total    int   // rows with something in them
	problems []Problem
	notes    []string // what was passed over
}

// sheetReading is a sheet with data in it.
type sheetReading struct {
	name    string
	part    string
	header  line
	width   int         // columns with anything in them
	columns map[int]int // the place in the sheet (from 0) → the kind's column
	rows    []line
}

func (r *reading) wrong(p Problem) {
	r.problems = append(r.problems, p)
}

// read opens a workbook and checks it cell by cell. An errs.Error refuses the file as a whole.
func read(ctx context.Context, kind Kind, raw []byte) (*reading, error) {
	b, err := openBook(raw)
	if err != nil {
		return nil, err
	}
	out := &reading{}
	held := 0
	for _, part := range b.sheets {
		if part.name == helpSheet || part.name == resultSheet {
			continue
		}
		sheet, found, err := b.readRows(ctx, kind, part, out, &held)
		if err != nil {
			if _, told := errors.AsType[*errs.Error](err); told || ctx.Err() != nil {
				return nil, err
			}
			return nil, errDamaged.Because(err)
		}
		if found {
			out.sheets = append(out.sheets, sheet)
		}
	}
	if len(out.sheets) == 0 {
		return nil, errNoBook.Say("没有找到表头。请用下载的" + kind.Title + "模板填写，不要改动各列的标题")
	}
	for _, sheet := range out.sheets {
		out.check(kind, sheet, b.from04)
	}
	if out.total == 0 && len(out.problems) == 0 {
		return nil, errNoBook.Say("表格里没有数据。请在表头下面一行一条地填写")
	}
	return out, nil
}

// readRows finds the header of a sheet and reads the rows under it.
func (b *book) readRows(ctx context.Context, kind Kind, part sheetPart, out *reading, held *int) (sheetReading, bool, error) {
	sheet := sheetReading{name: part.name, part: part.part}
	above, found := 0, false
	errEnough := errors.New("no header")
	merged, err := b.readSheet(part.part, func(l line) error {
		if l.number%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		sheet.width = max(sheet.width, len(l.cells))
		if !found {
			above++
			if columns := headings(kind, l); len(columns) > 0 {
				found = true
				sheet.header, sheet.columns = l, columns
				out.faults(kind, sheet)
			} else if above == headerWithin {
				return errEnough
			}
			return nil
		}
		if sheet.blank(l) || slices.Equal(l.cells, sheet.header.cells) {
			return nil // nothing in it, or the header once more
		}
		if out.total++; out.total > MaxRows {
			return ErrTooMany
		}
		for _, c := range l.cells {
			*held += len(c.text)
		}
		if *held > maxHeld {
			return errTooPacked
		}
		sheet.rows = append(sheet.rows, l)
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err == nil && found {
		err = sheet.fill(merged)
	}
	return sheet, found, err
}

// headings are the kind's columns in a row, when it is a header: two at least,
// or all there are.
func headings(kind Kind, l line) map[int]int {
	var columns map[int]int
	for at, c := range l.cells {
		if c.kind != words {
			continue
		}
		if i := kind.columnOf(c.text); i >= 0 {
			if columns == nil {
				columns = map[int]int{}
			}
			columns[at] = i
		}
	}
	if len(columns) < min(2, len(kind.Columns)) {
		return nil
	}
	return columns
}

// columnOf is the column with that title; -1 = none.
func (k Kind) columnOf(title string) int {
	if len(title) > 200 {
		return -1
	}
	title = bare(title)
	return slices.IndexFunc(k.Columns, func(c Column) bool { return bare(c.Title) == title })
}

// bare is a title without what people add to it.
func bare(title string) string {
	title = narrow(title)
	for _, added := range []string{"*", "(必填)", "(选填)", ":"} {
		title = strings.ReplaceAll(title, added, "")
	}
	return title
}

// faults are what is wrong with a header: columns that are missing or stand twice.
func (r *reading) faults(kind Kind, s sheetReading) {
	var absent []string
	for i, c := range kind.Columns {
		n := 0
		for _, of := range s.columns {
			if of == i {
				n++
			}
		}
		if n == 0 && c.Required {
			absent = append(absent, "“"+c.Title+"”")
		}
		if n > 1 {
			r.wrong(Problem{s.name, s.header.number, c.Title, "这一列有两个，请只留一个"})
		}
	}
	if len(absent) > 0 {
		r.wrong(Problem{s.name, s.header.number, "", "缺少" + strings.Join(absent, "、") + "列，请补上，或改用下载的模板"})
	}
	var over []string
	for at, c := range s.header.cells {
		if _, known := s.columns[at]; !known && c.kind == words && bare(c.text) != bare(problemTitle) {
			over = append(over, "“"+shorten(tidy(norm.NFC.String(c.text)), 20)+"”")
		}
	}
	if len(over) > 0 {
		r.notes = append(r.notes, fmt.Sprintf("“%s”中的%s不是模板里的列，没有导入", s.name, strings.Join(over[:min(len(over), 20)], "、")))
	}
}

// blank says that no column of the ledger has anything in the row.
func (s sheetReading) blank(l line) bool {
	for at := range s.columns {
		if at < len(l.cells) && l.cells[at].kind != nothing {
			return false
		}
	}
	return true
}

// fill gives every cell of a merged range what stands in its first one. A row
// with nothing else in it stays out.
func (s sheetReading) fill(merged []area) error {
	filled := 0
	for _, a := range merged {
		first, found := slices.BinarySearchFunc(s.rows, a.top, func(l line, n int) int { return l.number - n })
		if !found || a.left > len(s.rows[first].cells) {
			continue
		}
		value := s.rows[first].cells[a.left-1]
		for i := first; i < len(s.rows) && s.rows[i].number <= a.bottom; i++ {
			right := min(a.right, keptColumn)
			if filled += right - a.left + 1; filled > maxFilled {
				return errTooPacked
			}
			for len(s.rows[i].cells) < right {
				s.rows[i].cells = append(s.rows[i].cells, cell{})
			}
			for at := a.left - 1; at < right; at++ {
				s.rows[i].cells[at] = value
			}
		}
	}
	return nil
}

// check checks the rows of a sheet.
func (r *reading) check(kind Kind, s sheetReading, from04 bool) {
	from := make([]int, len(kind.Columns)) // the column's place in the sheet
	for i := range from {
		from[i] = -1
	}
	for at, i := range s.columns {
		from[i] = at
	}
	cells := make([]string, len(s.rows)*len(kind.Columns))
	for _, l := range s.rows {
		row := Row{Sheet: s.name, Line: l.number, Cells: cells[:len(kind.Columns):len(kind.Columns)]}
		cells = cells[len(kind.Columns):]
		whole := true
		for i, c := range kind.Columns {
			if from[i] < 0 {
				continue // told of the header already, or not needed
			}
			var v cell
			if from[i] < len(l.cells) {
				v = l.cells[from[i]]
			}
			text, reason := c.check(v, from04)
			if reason != "" {
				r.wrong(row.At(c.Title, reason))
				whole = whole && !c.Required
			}
			row.Cells[i] = text
		}
		if whole {
			r.rows = append(r.rows, row)
		} else {
			r.left++
		}
	}
}

// shorten is the text up to n characters.
func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
