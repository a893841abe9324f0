package routing

import "strings"

// Reason says in one Chinese sentence by which rule the ticket went where it
// is, and which vacancy made it fall upward.
func (d *Decision) Reason() string {
	var s strings.Builder
	s.WriteString("按" + ruleName(d.Rule) + "派单：")
	if d.Fell() {
		s.WriteString(d.vacancies() + "空缺，")
	}
	switch {
	case d.Lead.Post == 0:
		s.WriteString("没有可以接单的岗位，请检查组织台账")
	case d.Fell():
		s.WriteString("改派" + d.leadName() + "牵头")
	default:
		s.WriteString("由" + d.leadName() + "牵头")
	}
	return s.String()
}

// ruleName says a rule's path as people read it: 「水电气暖·燃气」规则.
func ruleName(path string) string {
	_, below, found := strings.Cut(path, "/")
	if !found {
		return "通用规则"
	}
	return "「" + strings.ReplaceAll(below, "/", "·") + "」规则"
}

func (d *Decision) leadName() string {
	if d.Lead.Title != "" {
		return d.Lead.Title
	}
	if d.Lead.Role == GroupLeader {
		return groupOf(d.building) + d.label
	}
	return d.label
}

// vacancies names the posts that should have led; after three it is enough.
func (d *Decision) vacancies() string {
	const enough = 3
	var names []string
	for _, v := range d.skipped[:min(d.nSkipped, enough)] {
		switch {
		case v.title != "":
			names = append(names, v.title)
		case v.role == GroupLeader:
			names = append(names, groupOf(d.building)+v.label)
		default:
			names = append(names, v.label)
		}
	}
	all := strings.Join(names, "、")
	if d.nSkipped > enough {
		all += "等岗位"
	}
	return all
}

func groupOf(building string) string {
	if building == "" {
		return "楼栋"
	}
	for _, end := range []string{"楼", "栋", "幢", "座"} {
		if strings.HasSuffix(building, end) {
			return building
		}
	}
	return building + "号楼"
}

// Step is one line of an explanation.
type Step struct {
	Rule    string // path of the rule
	Matched bool   // the rule matched; for a part: the post is filled
	Note    string // Chinese
}

// Explain tells how Decide comes to its decision: each rule that was tried,
// then the deciding sentence, then each co-handler and watcher asked for.
func (t *Tree) Explain(f *Facts) []Step {
	steps := []Step{{t.root.path, true, "通用规则，总是命中"}}
	w := t.walk(f, &steps)
	d := Decision{building: f.Building}
	t.assign(w, f, &d)
	steps = append(steps, Step{d.Rule, d.Lead.Post != 0, d.Reason() + "，时限等级" + d.Grade})
	for _, r := range append([]*rule{w.last}, w.added[:w.nAdded]...) {
		for _, c := range r.co {
			steps = append(steps, c.step(r, f, "协办"))
		}
		for _, c := range r.watchers {
			steps = append(steps, c.step(r, f, "知会"))
		}
	}
	return steps
}

func (r *rule) step(differs string) Step {
	switch {
	case differs != "":
		return Step{r.path, false, differs}
	case r.goesOn:
		return Step{r.path, true, "命中，附加协办和知会后继续"}
	default:
		return Step{r.path, true, "命中"}
	}
}

func (t *target) step(r *rule, f *Facts, part string) Step {
	p, _ := t.find(f)
	switch {
	case p == nil:
		return Step{r.path, false, part + t.label + "：空缺，略过"}
	case p.Title == "":
		return Step{r.path, true, part + t.label}
	default:
		return Step{r.path, true, part + t.label + "：" + p.Title}
	}
}
