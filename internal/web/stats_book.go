package web

import (
	"context"
	"fmt"
)

const ratesSheet = "各项比率"

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

func ratesBook(v ratesView, only string) ([]byte, error) {
	b, err := newBook(ratesSheet)
	if err != nil {
		return nil, err
	}
	columns := ratesColumns()
	head := []any{b.cell("head", groupTitles[v.By])}
	for _, c := range columns {
		head = append(head, b.cell("head", c.title))
	}
	rows := [][]any{
		{b.text(v.Org.Name + "　" + ratesSheet)},
		{b.text(fmt.Sprintf("时间　%s 起，%s 前%s", v.From.Format("2006-01-02 15:04"), v.To.Format("2006-01-02 15:04"), only))},
		{b.text("截至　" + v.AsOf.Format("2006-01-02 15:04") + "　— 表示没有可算的工单；满意率的分子按权重计入基本满意")},
		head,
	}
	line := func(r rowView, name string) {
		cells := []any{b.text(name)}
		for _, c := range columns {
			cells = append(cells, b.cell(c.style, c.of(r)))
		}
		rows = append(rows, cells)
	}
	for _, r := range v.Rows {
		line(r, r.Name)
	}
	if v.By != "" {
		line(v.Total, "合计")
	}
	return b.write(4, 28, rows)
}
