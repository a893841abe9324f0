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
		s.WriteString("改派" + d.LeadName() + "牵头")
	default:
		s.WriteString("由" + d.LeadName() + "牵头")
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

// LeadName is the lead's title or, of a post without one, what the role is
// called; empty when nobody can handle it.
func (d *Decision) LeadName() string {
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
	names := d.Vacant()
	all := strings.Join(names[:min(len(names), enough)], "、")
	if len(names) > enough {
		all += "等岗位"
	}
	return all
}

// Vacant is the posts that should have led but that nobody holds, as people say them.
func (d *Decision) Vacant() []string {
	var names []string
	for _, v := range d.skipped[:d.nSkipped] {
		switch {
		case v.title != "":
			names = append(names, v.title)
		case v.role == GroupLeader:
			names = append(names, groupOf(d.building)+v.label)
		default:
			names = append(names, v.label)
		}
	}
	return names
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
