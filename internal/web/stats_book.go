package web

import (
	"context"
	"fmt"

	"github.com/xuri/excelize/v2"
)

const (
	ratesSheet = "各项比率"
	onePlace   = "0.0"
	perHundred = "0.0%"
)

// ratesColumn is a column of the workbook: what stands in it of a row, nil = nothing to divide by.
type ratesColumn struct {
	title string
	of    func(rowView) any
	style string // number format
}

// ratesColumns are the columns after the name, each rate as two counts and what they make.
func ratesColumns() []ratesColumn {
	out := []ratesColumn{
		{"受理", func(r rowView) any { return r.Accepted }, ""},
		{"应办结", func(r rowView) any { return r.Matured }, ""},
		{"已回访", func(r rowView) any { return r.Answered }, ""},
	}
	for _, rate := range []struct {
		name string
		of   func(rowView) rateView
	}{
		{"办结率", func(r rowView) rateView { return r.Finished }},
		{"按时率", func(r rowView) rateView { return r.OnTime }},
		{"化解率", func(r rowView) rateView {
			return rateView{r.Settlement.Numerator, r.Settlement.Denominator, r.Settlement.Rate}
		}},
		{"响应率", func(r rowView) rateView { return r.Response }},
		{"解决率", func(r rowView) rateView { return r.Resolution }},
		{"满意率", func(r rowView) rateView { return r.Satisfaction }},
		{"剔除率", func(r rowView) rateView { return r.Exclusion }},
		{"重办率", func(r rowView) rateView { return r.Reopen }},
	} {
		out = append(out,
			ratesColumn{rate.name + "分子", func(r rowView) any { return rate.of(r).Numerator }, ""},
			ratesColumn{rate.name + "分母", func(r rowView) any { return rate.of(r).Denominator }, ""},
			ratesColumn{rate.name, func(r rowView) any { return valueOf(rate.of(r).Rate) }, perHundred})
	}
	return append(out,
		ratesColumn{"其中居民确认", func(r rowView) any { return r.Settlement.Confirmed }, ""},
		ratesColumn{"其中默认", func(r rowView) any { return r.Settlement.Tacit }, ""},
		ratesColumn{"综合分", func(r rowView) any { return valueOf(r.Composite) }, onePlace})
}

// valueOf is a number, or — in words: an empty cell would be taken for 0.
func valueOf(n *float64) any {
	if n == nil {
		return "—"
	}
	return *n
}

// groupTitles head the column of names.
var groupTitles = map[string]string{"": "范围", "month": "月份", "category": "类别", "compound": "小区", "community": "社区", "subdistrict": "街道", "handler": "办理岗位"}

func (s *Server) exportRates(ctx context.Context, c caller, in *RatesInput) (*workbookOutput, error) {
	shown, err := s.showRates(ctx, c, in)
	if err != nil {
		return nil, err
	}
	v, only := shown.Body, ""
	if in.Category != "" {
		only = "　只看类别：" + s.category(in.Category).Name
	}
	content, err := ratesBook(v, only)
	if err != nil {
		return nil, err
	}
	return attach(fmt.Sprintf("%s%s%s.xlsx", v.Org.Name, ratesSheet, v.AsOf.Format("20060102-1504")), content), nil
}

// ratesBook writes texts as texts, so that no name is ever taken for a formula.
func ratesBook(v ratesView, only string) ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	if err := f.SetSheetName("Sheet1", ratesSheet); err != nil {
		return nil, err
	}
	w, err := f.NewStreamWriter(ratesSheet)
	if err != nil {
		return nil, err
	}
	styles := map[string]int{}
	for name, style := range map[string]*excelize.Style{
		"":         {NumFmt: 0},
		"text":     {NumFmt: 49},
		"head":     {NumFmt: 49, Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E2EFDA"}}},
		perHundred: {CustomNumFmt: new(perHundred)},
		onePlace:   {CustomNumFmt: new(onePlace)},
	} {
		if styles[name], err = f.NewStyle(style); err != nil {
			return nil, err
		}
	}
	text := func(style, said string) excelize.Cell { return excelize.Cell{StyleID: styles[style], Value: said} }
	columns := ratesColumns()
	head := []any{text("head", groupTitles[v.By])}
	for _, c := range columns {
		head = append(head, text("head", c.title))
	}
	rows := [][]any{
		{text("text", v.Org.Name+"　"+ratesSheet)},
		{text("text", fmt.Sprintf("时间　%s 起，%s 前%s", v.From.Format("2006-01-02 15:04"), v.To.Format("2006-01-02 15:04"), only))},
		{text("text", "截至　"+v.AsOf.Format("2006-01-02 15:04")+"　— 表示没有可算的工单；满意率的分子按权重计入基本满意")},
		head,
	}
	line := func(r rowView, name string) {
		cells := []any{text("text", name)}
		for _, c := range columns {
			cells = append(cells, excelize.Cell{StyleID: styles[c.style], Value: c.of(r)})
		}
		rows = append(rows, cells)
	}
	for _, r := range v.Rows {
		line(r, r.Name)
	}
	if v.By != "" {
		line(v.Total, "合计")
	}
	if err := w.SetColWidth(1, 1, 28); err != nil {
		return nil, err
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, XSplit: 1, YSplit: 4, TopLeftCell: "B5", ActivePane: "bottomRight"}); err != nil {
		return nil, err
	}
	for i, cells := range rows {
		if err := w.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
