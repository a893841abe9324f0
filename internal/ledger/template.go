package ledger

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"fenlin/internal/org"
)

// The sheets and columns that the ledgers themselves add to a workbook.
const (
	helpSheet    = "填写说明"
	resultSheet  = "导入结果"
	problemTitle = "导入问题"
)

// textFormat is Excel's own number format for text: digits stay as they are written.
const textFormat = 49

// Template makes the empty workbook of a kind: a sheet to fill and one that
// says how. Errors: ErrUnknownKind, ErrForbidden.
func (s *Service) Template(ctx context.Context, by org.Actor, code string) ([]byte, error) {
	kind, err := s.allowed(ctx, by, code)
	if err != nil {
		return nil, err
	}
	return workbook(kind, func(func([]string) error) error { return nil })
}

// Export makes a workbook of what the actor may see, with the template's
// columns: changed, it can be imported. Errors: ErrUnknownKind, ErrForbidden.
func (s *Service) Export(ctx context.Context, by org.Actor, code string) ([]byte, error) {
	kind, err := s.allowed(ctx, by, code)
	if err != nil {
		return nil, err
	}
	return workbook(kind, func(each func([]string) error) error { return kind.Export(ctx, s, by, each) })
}

// workbook makes a kind's workbook with the rows that fill gives.
func workbook(kind Kind, fill func(each func(cells []string) error) error) ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	if err := f.SetSheetName("Sheet1", kind.Title); err != nil {
		return nil, err
	}
	for i, c := range kind.Columns {
		if err := choices(f, kind.Title, letters(i+1), c); err != nil {
			return nil, err
		}
	}
	if err := explain(f, kind); err != nil {
		return nil, err
	}
	if err := dataSheet(f, kind, fill); err != nil {
		return nil, err
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// dataSheet writes the first sheet: the header stays in sight, and every cell
// holds text, so that digits stay whole and nothing is taken for a formula.
func dataSheet(f *excelize.File, kind Kind, fill func(each func(cells []string) error) error) error {
	plain, err := f.NewStyle(&excelize.Style{NumFmt: textFormat})
	if err != nil {
		return err
	}
	optional, err := headStyle(f, "D9EAD3")
	if err != nil {
		return err
	}
	required, err := headStyle(f, "F9CB9C")
	if err != nil {
		return err
	}
	w, err := f.NewStreamWriter(kind.Title)
	if err != nil {
		return err
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	cells := make([]any, len(kind.Columns))
	for i, c := range kind.Columns {
		if err := w.SetColStyle(i+1, i+1, plain); err != nil {
			return err
		}
		if err := w.SetColWidth(i+1, i+1, c.width()); err != nil {
			return err
		}
		style := optional
		if c.Required {
			style = required
		}
		cells[i] = excelize.Cell{StyleID: style, Value: c.heading()}
	}
	if err := w.SetRow("A1", cells, excelize.RowOpts{Height: 24}); err != nil {
		return err
	}
	line := 1
	err = fill(func(row []string) error {
		line++
		for i := range cells {
			cells[i] = excelize.Cell{StyleID: plain, Value: row[i]}
		}
		return w.SetRow("A"+strconv.Itoa(line), cells)
	})
	if err != nil {
		return err
	}
	return w.Flush()
}

func headStyle(f *excelize.File, colour string) (int, error) {
	return f.NewStyle(&excelize.Style{
		NumFmt: textFormat, Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}},
		Border:    []excelize.Border{{Type: "bottom", Color: "666666", Style: 1}},
		Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center"},
	})
}

// choices let a column be filled from a list.
func choices(f *excelize.File, sheet, letter string, c Column) error {
	if c.Type != Choice {
		return nil
	}
	v := excelize.NewDataValidation(true)
	v.Sqref = letter + "2:" + letter + "50001"
	if err := v.SetDropList(c.OneOf); err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleStop, c.Title, "请从下拉列表中选择。")
	return f.AddDataValidation(sheet, v)
}

// explain makes the second sheet: what each column means.
func explain(f *excelize.File, kind Kind) error {
	if _, err := f.NewSheet(helpSheet); err != nil {
		return err
	}
	head, err := headStyle(f, "D9EAD3")
	if err != nil {
		return err
	}
	wrap, err := f.NewStyle(&excelize.Style{NumFmt: textFormat, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}})
	if err != nil {
		return err
	}
	rows := [][]string{{"列", "是否必填", "怎样填写", "示例"}}
	for _, c := range kind.Columns {
		must := "选填"
		if c.Required {
			must = "必填"
		}
		rows = append(rows, []string{c.Title, must, c.explained(), c.Example})
	}
	for _, note := range []string{
		"在第一张工作表中填写，一行一条；带 * 的列必填，列的先后可以调整，标题不要改。",
		"留空的单元格表示不填或不改；已有的记录按名称、证件号码等识别，重复导入不会产生重复记录。",
		"一次最多 50,000 行。有一行不合格，整个文件都不会写入；系统会返回标好问题的表格，改好后直接再次导入。",
	} {
		rows = append(rows, []string{"说明", "", note, ""})
	}
	for i, row := range rows {
		for j, text := range row {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err != nil {
				return err
			}
			if err := f.SetCellStr(helpSheet, cell, text); err != nil {
				return err
			}
			style := wrap
			if i == 0 {
				style = head
			}
			if err := f.SetCellStyle(helpSheet, cell, cell, style); err != nil {
				return err
			}
		}
	}
	for letter, width := range map[string]float64{"A": 20, "B": 10, "C": 70, "D": 32} {
		if err := f.SetColWidth(helpSheet, letter, letter, width); err != nil {
			return err
		}
	}
	return f.SetPanes(helpSheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

// heading is the column's title as the header shows it.
func (c Column) heading() string {
	if c.Required {
		return c.Title + "*"
	}
	return c.Title
}

func (c Column) width() float64 {
	switch {
	case c.Width > 0:
		return c.Width
	case c.Type == IDNumber:
		return 22
	}
	return max(14, float64(2*utf8.RuneCountInString(c.heading())+2))
}

// explained is the column's help with what follows from its type.
func (c Column) explained() string {
	switch c.Type {
	case Day:
		return c.Help + "写成 2026-01-05；只知道年月的写 2026-01，按当月 1 日记。"
	case Choice:
		return c.Help + "可选：" + strings.Join(c.OneOf, "、") + "。"
	case Phone, IDNumber:
		return c.Help + "导出的号码带 * 号，没有变动的保留原样即可。"
	default:
		return c.Help
	}
}
