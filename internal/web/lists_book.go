package web

import (
	"context"
	"fmt"
	"strings"

	"fenlin/internal/lists"
)

// maxBookRows is how many rows a sheet holds, the newest.
const maxBookRows = 5000

// sheet is a page of a workbook, all of it texts.
type sheet struct {
	name string
	head []string
	rows [][]string
}

func (s *Server) exportThreeLists(ctx context.Context, c caller, in *OverviewInput) (*workbookOutput, error) {
	o, err := s.Lists.Scope(ctx, c.Actor, in.Org.number(), in.Unit.number())
	if err != nil {
		return nil, err
	}
	needs := sheet{name: "需求清单", head: []string{"编号", "标题", "类别", "提出单位", "社区", "说明", "受益人数", "希望日期", "需要单位数", "已认领", "状态"}}
	resources := sheet{name: "资源清单", head: []string{"编号", "标题", "类别", "单位", "说明", "数量", "开始", "结束", "面向社区", "状态"}}
	projects := sheet{name: "项目清单", head: []string{"编号", "标题", "社区", "单位", "需求", "资源", "开始", "完成", "状态", "评价", "社区意见", "单位意见"}}
	in2 := ListsInput{View: string(lists.All), Org: in.Org, Unit: in.Unit, Paged: Paged{Limit: 100}}
	err = everyPage(in2, func(in ListsInput) (string, int, error) {
		out, err := s.listNeeds(ctx, c, &listNeedsInput{ListsInput: in})
		if err != nil {
			return "", 0, err
		}
		for _, n := range out.Body.Items {
			needs.rows = append(needs.rows, []string{string(n.ID), n.Title, n.Kind.Name, n.Org.Name, n.Community.Name, n.About, counted(n.People), n.WantedOn, counted(n.Wants), fmt.Sprint(n.Taken), n.StateName})
		}
		return out.Body.NextCursor, len(needs.rows), nil
	})
	if err != nil {
		return nil, err
	}
	err = everyPage(in2, func(in ListsInput) (string, int, error) {
		out, err := s.listResources(ctx, c, &listResourcesInput{ListsInput: in})
		if err != nil {
			return "", 0, err
		}
		for _, r := range out.Body.Items {
			amount := strings.TrimSpace(r.Amount + " " + counted(r.Quantity))
			resources.rows = append(resources.rows, []string{string(r.ID), r.Title, r.Kind.Name, r.Unit.Name, r.About, amount, r.FromOn, r.ToOn, namesOf(r.Places), r.StateName})
		}
		return out.Body.NextCursor, len(resources.rows), nil
	})
	if err != nil {
		return nil, err
	}
	err = everyPage(in2, func(in ListsInput) (string, int, error) {
		out, err := s.listProjects(ctx, c, &listProjectsInput{ListsInput: in})
		if err != nil {
			return "", 0, err
		}
		for _, p := range out.Body.Items {
			projects.rows = append(projects.rows, []string{
				string(p.ID), p.Title, p.Community.Name, p.Unit.Name, namesOf(p.Needs), namesOf(p.Resources), p.StartOn, p.EndOn, p.StateName, lists.Verdict(p.Verdict).Name(), p.CommunityWords, p.UnitWords,
			})
		}
		return out.Body.NextCursor, len(projects.rows), nil
	})
	if err != nil {
		return nil, err
	}
	content, err := textBook([]sheet{needs, resources, projects})
	if err != nil {
		return nil, err
	}
	return attach(fmt.Sprintf("%s%s三张清单%s.xlsx", o.Org.Name, o.Unit.Name, s.local(s.Now()).Format("20060102")), content), nil
}

// everyPage asks for a list page by page, up to what a sheet holds.
func everyPage(in ListsInput, ask func(ListsInput) (next string, rows int, err error)) error {
	for {
		next, rows, err := ask(in)
		if in.Cursor = next; err != nil || next == "" || rows >= maxBookRows {
			return err
		}
	}
}

// counted is a number, or nothing for 0, which stands for not told.
func counted(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func namesOf(of list[named]) string {
	names := make([]string, 0, len(of))
	for _, n := range of {
		names = append(names, n.Name)
	}
	return strings.Join(names, "、")
}

// textBook writes sheets of texts.
func textBook(sheets []sheet) ([]byte, error) {
	b, err := newBook(sheets[0].name)
	if err != nil {
		return nil, err
	}
	const wide = 22 // characters: an id
	for i, sh := range sheets {
		var rows [][]any
		for n, row := range append([][]string{sh.head}, sh.rows...) {
			cells := make([]any, len(row))
			for k, said := range row {
				cells[k] = b.text(said)
				if n == 0 {
					cells[k] = b.cell("head", said)
				}
			}
			rows = append(rows, cells)
		}
		if i == len(sheets)-1 {
			return b.write(1, wide, rows)
		}
		if err := b.fill(1, wide, rows); err != nil {
			return nil, err
		}
		if err := b.next(sheets[i+1].name); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
