package ledger

import (
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/org"
)

// places are the units of a person's scope, found as ledgers name them.
type places struct {
	list   []*org.Unit // of the scope, in the order of their paths
	byID   map[int64]*org.Unit
	byName map[string][]*org.Unit
}

// places are the units whose ledgers are by's, and those above.
func (s *Service) places(tx *gorm.DB, by org.Actor) (*places, error) {
	p := &places{byID: map[int64]*org.Unit{}, byName: map[string][]*org.Unit{}}
	scopes := by.Scopes(org.Ledger)
	units, err := s.Org.Standing(tx, scopes)
	if err != nil {
		return nil, err
	}
	for i := range units {
		p.add(&units[i])
	}
	p.list = slices.Clone(p.list)
	var above []int64
	for _, path := range scopes {
		for _, id := range (org.Unit{Path: path}).Chain() {
			if p.byID[id] == nil {
				above = append(above, id)
			}
		}
	}
	if len(above) == 0 {
		return p, nil
	}
	var higher []*org.Unit
	if err := tx.Find(&higher, "id IN ?", above).Error; err != nil {
		return nil, err
	}
	for _, u := range higher {
		p.byID[u.ID] = u
		p.byName[u.Name] = append(p.byName[u.Name], u)
	}
	return p, nil
}

func (p *places) add(u *org.Unit) {
	p.list = append(p.list, u)
	p.byID[u.ID] = u
	p.byName[u.Name] = append(p.byName[u.Name], u)
}

// find returns the unit of one of the kinds that a cell names: by its name, or
// with names of units above it before it, 文峰街道/永安社区. Else it says why not.
func (p *places) find(text string, kinds ...org.Kind) (*org.Unit, string) {
	var found []*org.Unit
	other := false
	for _, u := range p.named(text) {
		if slices.Contains(kinds, u.Kind) {
			found = append(found, u)
		} else {
			other = true
		}
	}
	switch {
	case len(found) == 1:
		return found[0], ""
	case len(found) > 1:
		return nil, fmt.Sprintf("有 %d 个叫「%s」的，请连上级一起写，如「%s」", len(found), text, p.reference(found[0]))
	case other:
		return nil, "「" + text + "」不是" + kindTitles(kinds)
	}
	return nil, "没有找到「" + text + "」：请核对名称，或先导入它；不在您负责范围内的也找不到"
}

// named are the units that a text may mean.
func (p *places) named(text string) []*org.Unit {
	if found := p.byName[text]; len(found) > 0 {
		return found
	}
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '/' || r == '／' })
	if len(parts) < 2 {
		return nil
	}
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	last := len(parts) - 1
	var found []*org.Unit
	for _, u := range p.byName[parts[last]] {
		if p.under(u, parts[:last]) {
			found = append(found, u)
		}
	}
	return found
}

// under says that the names are of units above u, in their order.
func (p *places) under(u *org.Unit, names []string) bool {
	for u = p.byID[u.ParentID]; u != nil && len(names) > 0; u = p.byID[u.ParentID] {
		if u.Name == names[len(names)-1] {
			names = names[:len(names)-1]
		}
	}
	return len(names) == 0
}

// reference is the shortest text by which find returns the unit.
func (p *places) reference(u *org.Unit) string {
	text := u.Name
	for above := p.byID[u.ParentID]; above != nil; above = p.byID[above.ParentID] {
		same := 0
		for _, v := range p.named(text) {
			if v.Kind == u.Kind {
				same++
			}
		}
		if same <= 1 {
			break
		}
		text = above.Name + "/" + text
	}
	return text
}

// name is reference for an id; empty for 0 and for what is not there.
func (p *places) name(id int64) string {
	if u := p.byID[id]; u != nil {
		return p.reference(u)
	}
	return ""
}

// ids are the units of the scope of one of the kinds.
func (p *places) ids(kinds ...org.Kind) []int64 {
	var out []int64
	for _, u := range p.list {
		if slices.Contains(kinds, u.Kind) {
			out = append(out, u.ID)
		}
	}
	return out
}

func kindTitles(kinds []org.Kind) string {
	var titles []string
	for _, k := range kinds {
		titles = append(titles, titleOf(unitKinds, k))
	}
	return strings.Join(titles, "或")
}

// unitKinds are the kinds of units with the words that ledgers have for them.
var unitKinds = []named[org.Kind]{
	{org.City, "市"},
	{org.Subdistrict, "街道"},
	{org.Department, "部门"},
	{org.Community, "社区"},
	{org.CompoundKind, "小区"},
	{org.BuildingGroup, "楼栋党小组"},
	{org.HubHousehold, "党员中心户"},
	{org.LinkedHousehold, "联户"},
}
