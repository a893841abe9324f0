package ledger

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/org"
)

// orgKinds are the kinds of units that the ledger of organisations holds, those
// above first, each with the kinds that it may stand under. Compounds have a
// ledger of their own.
var orgKinds = []struct {
	kind  org.Kind
	under []org.Kind
}{
	{org.Subdistrict, []org.Kind{org.City}},
	{org.Department, []org.Kind{org.City}},
	{org.Community, []org.Kind{org.Subdistrict}},
	{org.BuildingGroup, []org.Kind{org.CompoundKind}},
	{org.HubHousehold, []org.Kind{org.BuildingGroup}},
	{org.LinkedHousehold, []org.Kind{org.HubHousehold}},
}

func orgs() Kind {
	var titles []string
	for _, k := range orgKinds {
		titles = append(titles, titleOf(unitKinds, k.kind))
	}
	return Kind{
		Code: "orgs", Nested: true, Title: "组织台账",
		Columns: []Column{
			{Key: "parent", Title: "上级组织", Required: true, Width: 26, Example: "文峰街道", Help: "上级的名称；重名时连再上一级一起写，如 文峰街道/永安社区。上级也可以在本表里，先后不限。"},
			{Key: "kind", Title: "类型", Required: true, Type: Choice, OneOf: titles, Width: 14, Example: "社区"},
			{Key: "name", Title: "名称", Required: true, Width: 26, Example: "永安社区"},
			{Key: "code", Title: "编码", Width: 18, Max: 64, Example: "141182001002", Help: "街道、社区填统计用区划代码，楼栋党小组填楼号，部门填派单用的代码。同一编码改名称，就是改名。"},
		},
		Apply: alone(applyOrgs), Export: exportOrgs,
	}
}

func applyOrgs(_ context.Context, s *Service, tx *gorm.DB, by org.Actor, rows []Row) (Outcome, []Problem, error) {
	p, err := s.places(tx, by)
	if err != nil {
		return Outcome{}, nil, err
	}
	b := &orgBook{
		sheet: s.sheet(orgs(), by, rows), places: p, names: map[unitKey]*org.Unit{}, codes: map[unitKey]*org.Unit{},
		row: map[*org.Unit]int{}, changed: map[*org.Unit]bool{},
	}
	for _, u := range p.list {
		b.know(u)
	}
	// Whoever stands above comes first, wherever its row is.
	for _, k := range orgKinds {
		for i := range rows {
			if b.cell(i, "kind") == titleOf(unitKinds, k.kind) {
				b.take(i, k.kind, k.under)
			}
		}
	}
	if len(b.problems) > 0 {
		return Outcome{}, b.problems, nil
	}
	var renamed []org.Unit
	for u := range b.changed {
		renamed = append(renamed, *u)
	}
	if err := s.Org.AddAll(tx, b.fresh, nil); err != nil {
		return Outcome{}, nil, err
	}
	return b.Outcome, nil, s.Org.RenameAll(tx, by.Person, renamed, "导入组织台账")
}

// orgBook is the ledger of organisations on its way into the tree.
type orgBook struct {
	*sheet
	*places
	names   map[unitKey]*org.Unit
	codes   map[unitKey]*org.Unit
	row     map[*org.Unit]int // which row names the unit
	fresh   []org.Unit
	changed map[*org.Unit]bool
	above   map[string]string // by the names in the file, once circle needs it
}

// unitKey tells a unit among those under one; under 0 among all of its kind.
type unitKey struct {
	under int64
	kind  org.Kind
	text  string // a name or a code
}

func (b *orgBook) know(u *org.Unit) {
	b.names[unitKey{u.ParentID, u.Kind, u.Name}] = u
	if u.Code != "" {
		b.codes[unitKey{u.ParentID, u.Kind, u.Code}] = u
		b.codes[unitKey{0, u.Kind, u.Code}] = u
	}
}

// take finds the unit that a row means, or makes it.
func (b *orgBook) take(i int, kind org.Kind, kinds []org.Kind) {
	name, code := b.cell(i, "name"), b.cell(i, "code")
	above, reason := b.find(b.cell(i, "parent"), kinds...)
	if above == nil {
		if b.circle(i) {
			reason = "上级组织绕了一圈又回到它自己，请核对"
		}
		b.wrong(i, "parent", reason)
		return
	}
	if code == "" && kind == org.BuildingGroup {
		if code = aBuilding.FindString(name); code == "" {
			b.wrong(i, "code", "请填写楼号，如 3：报事里写到这栋楼时，按楼号找到党小组")
		}
	}
	if b.bad[i] {
		return
	}
	namesake := b.names[unitKey{above.ID, kind, name}]
	u := b.codes[unitKey{above.ID, kind, code}]
	if u == nil {
		u = namesake
	}
	if u == nil {
		if other := b.codes[unitKey{0, kind, code}]; other != nil && kind != org.BuildingGroup {
			b.wrong(i, "code", "这个编码是「"+b.reference(other)+"」的；要调整它的上级，请在组织页面里办理")
		} else {
			b.make(i, above, kind, name, code)
		}
		return
	}
	if earlier, twice := b.row[u]; twice {
		b.wrong(i, "name", "与"+b.line(i, earlier)+"是同一个组织，请删去一行")
		return
	}
	b.row[u] = i
	if u.Name == name && (code == "" || u.Code == code) {
		b.Same++
		return
	}
	if !b.by.May(org.ManageOrg, u.Path) {
		b.wrong(i, "name", "不在您负责的范围内")
		return
	}
	if namesake != nil && namesake != u {
		b.wrong(i, "name", "「"+above.Name+"」下已有同名的"+titleOf(unitKinds, kind))
		return
	}
	u.Name = name
	if code != "" {
		u.Code = code
	}
	b.changed[u] = true
	b.Changed++
}

// aBuilding is the number in a building group's name.
var aBuilding = regexp.MustCompile(`\d+`)

func (b *orgBook) make(i int, above *org.Unit, kind org.Kind, name, code string) {
	if !b.by.May(org.ManageOrg, above.Path) {
		b.wrong(i, "parent", "不在您负责的范围内")
		return
	}
	u := &org.Unit{ID: b.DB.NewID(), ParentID: above.ID, Kind: kind, Code: code, Name: name}
	u.Path = fmt.Sprintf("%s%d/", above.Path, u.ID)
	b.add(u)
	b.know(u)
	b.row[u] = i
	b.fresh = append(b.fresh, *u)
	b.Created++
}

// circle says that a row stands, by the names in the file, above itself.
func (b *orgBook) circle(i int) bool {
	if b.above == nil {
		b.above = make(map[string]string, len(b.rows))
		for j := range b.rows {
			parent := b.cell(j, "parent")
			b.above[b.cell(j, "name")] = parent[strings.LastIndex(parent, "/")+1:]
		}
	}
	start := b.cell(i, "name")
	at := b.above[start]
	for range len(orgKinds) + 1 {
		if at == start {
			return true
		}
		at = b.above[at]
	}
	return false
}

func exportOrgs(ctx context.Context, s *Service, by org.Actor, each func(cells []string) error) error {
	p, err := s.places(s.DB.Read(ctx), by)
	if err != nil {
		return err
	}
	for _, u := range p.list {
		if !slices.ContainsFunc(orgs().Columns[1].OneOf, func(title string) bool { return codeOf(unitKinds, title) == u.Kind }) {
			continue
		}
		if err := each([]string{p.name(u.ParentID), titleOf(unitKinds, u.Kind), u.Name, u.Code}); err != nil {
			return err
		}
	}
	return nil
}
