package web

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/member"
)

// recordHead are the items of a volunteer's record: 民政部令第67号 asks for name,
// day, place, whom it served, what was done, how long in hours, how well, who
// was in charge and who recorded it. A document number is masked.
var recordHead = []string{
	"姓名", "证件号码", "活动（项目）名称", "活动类别", "日期", "起止时间", "地点", "服务对象", "服务内容",
	"服务时间（小时）", "补录时间（小时）", "待复核（小时）", "服务质量评价", "活动（项目）负责人", "记录人", "说明",
}

func (s *Server) exportMyHours(ctx context.Context, c caller, _ *struct{}) (*workbookOutput, error) {
	records, err := s.Activities.Records(ctx, c.Person)
	if err != nil {
		return nil, err
	}
	return s.recordsBook("志愿服务记录", c.Person.Name, records)
}

func (s *Server) exportRecords(ctx context.Context, c caller, in *ActivityInput) (*workbookOutput, error) {
	records, err := s.Activities.RecordsOf(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	a, err := s.Activities.Of(ctx, in.ID.number())
	if err != nil {
		return nil, err
	}
	return s.recordsBook("志愿服务记录", a.Title, records)
}

func (s *Server) recordsBook(sheet, of string, records []activity.Record) (*workbookOutput, error) {
	b, err := newBook(sheet)
	if err != nil {
		return nil, err
	}
	head := make([]any, 0, len(recordHead))
	for _, h := range recordHead {
		head = append(head, b.cell("head", h))
	}
	now := s.local(s.Now())
	rows := [][]any{
		{b.text(sheet + "　" + of)},
		{b.text("截至　" + now.Format("2006-01-02 15:04") + "　按签到签退计的、组织人补录的、等复核的时间分开列出，不相加")},
		head,
	}
	var counts, manual, waits int
	for _, r := range records {
		personal, err := s.Members.MaskedFields(r.Person)
		if err != nil {
			return nil, err
		}
		kind, _ := s.Activities.Rules().Kind(r.Kind)
		from, to := s.local(time.UnixMilli(r.StartsAt)), s.local(time.UnixMilli(r.EndsAt))
		recorder := "汾邻（本人扫码）"
		if r.ByOrganiser {
			recorder = r.ByTitle
		}
		notes := make([]string, 0, len(r.Corrections)+1)
		if r.Why != "" {
			notes = append(notes, r.Why)
		}
		for _, x := range r.Corrections {
			notes = append(notes, s.Activities.Tell(x))
		}
		var cells []any
		for _, said := range []string{
			r.Person.Name, personal[member.FieldIDNumber], r.Title, kind.Name, from.Format(time.DateOnly), from.Format("15:04") + "–" + to.Format("15:04"), r.Place, r.Unit + "居民",
			strings.Trim(r.Slot+"："+r.About, "："),
		} {
			cells = append(cells, b.text(said))
		}
		cells = append(cells, b.cell(twoPlaces, inHours(r.Counts())), b.cell(twoPlaces, inHours(r.Manual)), b.cell(twoPlaces, inHours(r.Waits())))
		for _, said := range []string{verdictsOf(r.Verdicts), r.ByTitle, recorder, strings.Join(notes, "；")} {
			cells = append(cells, b.text(said))
		}
		rows = append(rows, cells)
		counts, manual, waits = counts+r.Counts(), manual+r.Manual, waits+r.Waits()
	}
	total := []any{b.text("合计")}
	for len(total) < 9 {
		total = append(total, b.text(""))
	}
	rows = append(rows, append(total, b.cell(twoPlaces, inHours(counts)), b.cell(twoPlaces, inHours(manual)), b.cell(twoPlaces, inHours(waits))))
	content, err := b.write(3, 14, rows)
	if err != nil {
		return nil, err
	}
	return attach(fmt.Sprintf("%s%s%s.xlsx", of, sheet, now.Format("20060102")), content), nil
}

// inHours are minutes in hours, to the second place, never more than they are.
func inHours(minutes int) float64 { return float64(minutes*100/60) / 100 }

// verdictsOf is what was thought of an activity, never of a person.
func verdictsOf(n map[activity.Verdict]int) string {
	var out []string
	for _, v := range []struct {
		verdict activity.Verdict
		name    string
	}{{activity.Satisfied, "满意"}, {activity.Basic, "基本满意"}, {activity.Dissatisfied, "不满意"}} {
		if n[v.verdict] > 0 {
			out = append(out, fmt.Sprintf("%s %d 人", v.name, n[v.verdict]))
		}
	}
	if len(out) == 0 {
		return "还没有评价"
	}
	return strings.Join(out, "，")
}
