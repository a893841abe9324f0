package web

import (
	"fmt"

	"github.com/xuri/excelize/v2"
)

const (
	onePlace   = "0.0"
	twoPlaces  = "0.00"
	perHundred = "0.0%"
)

// book is a workbook that is being written, sheet by sheet. Texts are written as
// texts, so that no name is ever taken for a formula.
type book struct {
	f      *excelize.File
	w      *excelize.StreamWriter
	styles map[string]int
}

func newBook(sheet string) (*book, error) {
	b := &book{f: excelize.NewFile(), styles: map[string]int{}}
	if err := b.f.SetSheetName("Sheet1", sheet); err != nil {
		return nil, err
	}
	var err error
	if b.w, err = b.f.NewStreamWriter(sheet); err != nil {
		return nil, err
	}
	for name, style := range map[string]*excelize.Style{
		"":         {NumFmt: 0},
		"text":     {NumFmt: 49},
		"head":     {NumFmt: 49, Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E2EFDA"}}},
		perHundred: {CustomNumFmt: new(perHundred)},
		onePlace:   {CustomNumFmt: new(onePlace)},
		twoPlaces:  {CustomNumFmt: new(twoPlaces)},
	} {
		if b.styles[name], err = b.f.NewStyle(style); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b *book) text(said string) excelize.Cell { return b.cell("text", said) }

func (b *book) cell(style string, value any) excelize.Cell {
	return excelize.Cell{StyleID: b.styles[style], Value: value}
}

// next ends a sheet and begins another one.
func (b *book) next(sheet string) (err error) {
	if err := b.w.Flush(); err != nil {
		return err
	}
	if _, err := b.f.NewSheet(sheet); err != nil {
		return err
	}
	b.w, err = b.f.NewStreamWriter(sheet)
	return err
}

// fill writes the rows of a sheet, of which the first ones down to head stay in
// sight, as the first column does, which is so many characters wide.
func (b *book) fill(head int, wide float64, rows [][]any) error {
	if err := b.w.SetColWidth(1, 1, wide); err != nil {
		return err
	}
	if err := b.w.SetPanes(&excelize.Panes{Freeze: true, XSplit: 1, YSplit: head, TopLeftCell: fmt.Sprintf("B%d", head+1), ActivePane: "bottomRight"}); err != nil {
		return err
	}
	for i, cells := range rows {
		if err := b.w.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			return err
		}
	}
	return nil
}

// write fills the last sheet and ends the workbook.
func (b *book) write(head int, wide float64, rows [][]any) ([]byte, error) {
	defer func() { _ = b.f.Close() }()
	if err := b.fill(head, wide, rows); err != nil {
		return nil, err
	}
	if err := b.w.Flush(); err != nil {
		return nil, err
	}
	out, err := b.f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
