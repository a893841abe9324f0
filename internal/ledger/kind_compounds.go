package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/geo"
	"fenlin/internal/member"
	"fenlin/internal/org"
)

var (
	governances = []named[org.Governance]{{org.Managed, "有物业"}, {org.SelfRun, "自办物业"}, {org.Unmanaged, "无物业"}}
	datums      = []named[string]{{"gcj02", "GCJ-02"}, {"wgs84", "WGS-84"}}
	partyKinds  = []named[org.PartyKind]{{org.OwnersCommittee, "业委会"}, {org.PropertyCommittee, "物管会"}}
)

// threeParties are the parties of a compound as its ledger has them: the
// residents', the owners' and the company. Each stands in columns of its own,
// whose keys begin alike.
var threeParties = []struct {
	key   string
	title string
	kinds []org.PartyKind
	term  string // what its time is called
}{
	{"committee", "居委会", []org.PartyKind{org.CommitteeParty}, "任期"},
	{"owners", "业委会", []org.PartyKind{org.OwnersCommittee, org.PropertyCommittee}, "任期"},
	{"company", "物业公司", []org.PartyKind{org.PropertyCompany}, "合同"},
}

func compounds() Kind {
	columns := []Column{
		{Key: "community", Title: "社区", Required: true, Width: 16, Example: "永安社区", Help: "所在社区；重名时连街道一起写，如 文峰街道/永安社区。"},
		{Key: "name", Title: "小区名称", Required: true, Width: 22, Example: "福馨苑小区"},
		{Key: "code", Title: "编码", Width: 18, Max: 64, Help: "没有可以不填。同一编码改名称，就是改名。"},
		{Key: "governance", Title: "管理方式", Required: true, Type: Choice, OneOf: titles(governances), Width: 12, Example: "有物业"},
		{Key: "households", Title: "户数", Type: Number, Width: 8, Example: "520"},
		{Key: "aliases", Title: "别名", Width: 20, Max: 500, Example: "福馨苑、馨苑", Help: "居民平时的叫法，用顿号隔开。"},
		{Key: "branch", Title: "党支部名称", Width: 22, Example: "福馨苑小区党支部", Help: "没有成立党支部的不填。"},
		{Key: "consults", Title: "议事会商机制建立日期", Type: Day, Width: 14, Example: "2025-03-01"},
		{Key: "lat", Title: "纬度", Width: 12, Max: 20, Example: "37.2612"},
		{Key: "lng", Title: "经度", Width: 12, Max: 20, Example: "111.7853"},
		{Key: "datum", Title: "坐标系", Type: Choice, OneOf: titles(datums), Width: 10, Example: "GCJ-02", Help: "微信、腾讯和高德地图上量的是 GCJ-02。"},
		{Key: "boundary", Title: "边界", Width: 24, Max: 8000, Example: "37.2605,111.7840；37.2605,111.7866；37.2621,111.7866；37.2621,111.7840", Help: "沿小区外围依次写顶点的 纬度,经度，用分号隔开，最多 200 个；和纬度、经度用同一坐标系。没有可以不填。"},
	}
	for _, p := range threeParties {
		who := p.title
		if len(p.kinds) > 1 {
			who = "业委会或物管会"
			columns = append(columns, Column{Key: p.key + "_kind", Title: who, Type: Choice, OneOf: titles(partyKinds), Width: 10})
		}
		columns = append(columns,
			Column{Key: p.key + "_name", Title: who + "名称", Width: 24},
			Column{Key: p.key + "_contact", Title: who + "联系人", Width: 10, Max: 60},
			Column{Key: p.key + "_phone", Title: who + "联系电话", Type: Phone, Width: 14},
			Column{Key: p.key + "_from", Title: who + p.term + "起", Type: Day, Width: 12},
			Column{Key: p.key + "_to", Title: who + p.term + "止", Type: Day, Width: 12})
	}
	return Kind{Code: "compounds", Title: "小区台账", Columns: columns, Apply: alone(applyCompounds), Export: exportCompounds}
}

func applyCompounds(_ context.Context, s *Service, tx *gorm.DB, by org.Actor, rows []Row) (Outcome, []Problem, error) {
	b := &compoundBook{
		sheet: s.sheet(compounds(), by, rows), names: map[unitKey]*org.Unit{}, codes: map[unitKey]*org.Unit{},
		row: map[int64]int{}, unit: make([]int64, len(rows)), created: make([]bool, len(rows)), changed: make([]bool, len(rows)),
	}
	if err := b.open(s, tx, by); err != nil {
		return Outcome{}, nil, err
	}
	for _, u := range b.list {
		if u.Kind == org.CompoundKind {
			b.know(u)
		}
	}
	for i := range rows {
		b.take(i)
	}
	if err := b.meet(tx); err != nil {
		return Outcome{}, nil, err
	}
	if len(b.problems) > 0 {
		return Outcome{}, b.problems, nil
	}
	for i := range rows {
		if (b.created[i] || b.changed[i]) && !by.May(org.ManageOrg, b.byID[b.unit[i]].Path) {
			b.wrong(i, "community", "不在您负责的范围内")
		}
		b.count(b.created[i], b.changed[i])
	}
	if len(b.problems) > 0 {
		return Outcome{}, b.problems, nil
	}
	if err := s.Org.AddAll(tx, b.fresh, b.facts); err != nil {
		return Outcome{}, nil, err
	}
	if err := s.Org.RenameAll(tx, by.Person, b.renamed, "导入小区台账"); err != nil {
		return Outcome{}, nil, err
	}
	if err := s.Org.SettleAll(tx, b.settled); err != nil {
		return Outcome{}, nil, err
	}
	return b.Outcome, nil, s.Org.SeatParties(tx, b.parties)
}

// compoundBook is the ledger of compounds on its way into the tables.
type compoundBook struct {
	*sheet
	*places
	names   map[unitKey]*org.Unit
	codes   map[unitKey]*org.Unit
	known   map[int64]org.Compound
	seated  map[int64][]org.Party
	row     map[int64]int // which row names the compound
	unit    []int64       // the compound of each row
	created []bool
	changed []bool

	fresh   []org.Unit
	facts   []org.Compound // of fresh ones
	renamed []org.Unit
	settled []org.Compound
	parties []org.Party
}

// open reads the compounds of a scope.
func (b *compoundBook) open(s *Service, tx *gorm.DB, by org.Actor) (err error) {
	if b.places, err = s.places(tx, by); err != nil {
		return err
	}
	ids := b.ids(org.CompoundKind)
	if b.known, err = s.Org.CompoundsOf(tx, ids); err != nil {
		return err
	}
	b.seated, err = s.Org.PartiesOf(tx, ids)
	return err
}

func (b *compoundBook) know(u *org.Unit) {
	b.names[unitKey{u.ParentID, u.Kind, u.Name}] = u
	if u.Code != "" {
		b.codes[unitKey{0, u.Kind, u.Code}] = u
	}
}

// take compares a row with the compound that it means, or makes that.
func (b *compoundBook) take(i int) {
	name, code := b.cell(i, "name"), b.cell(i, "code")
	community, reason := b.find(b.cell(i, "community"), org.Community)
	if community == nil {
		b.wrong(i, "community", reason)
		return
	}
	namesake := b.names[unitKey{community.ID, org.CompoundKind, name}]
	u := b.codes[unitKey{0, org.CompoundKind, code}]
	switch {
	case u == nil:
		u = namesake
	case u.ParentID != community.ID:
		b.wrong(i, "code", "这个编码是「"+b.reference(u)+"」的；要把它划到别的社区，请在组织页面里办理")
		return
	case namesake != nil && namesake != u:
		b.wrong(i, "name", "「"+community.Name+"」下已有同名的小区")
		return
	}
	if u == nil {
		b.make(i, community, name, code)
		return
	}
	if earlier, twice := b.row[u.ID]; twice {
		b.wrong(i, "name", "与"+b.line(i, earlier)+"是同一个小区，请删去一行")
		return
	}
	b.row[u.ID], b.unit[i] = i, u.ID
	renamed := false
	set(&u.Name, name, &renamed)
	set(&u.Code, code, &renamed)
	c, settled := b.read(i, b.known[u.ID])
	if renamed {
		b.renamed = append(b.renamed, *u)
	}
	if settled {
		b.settled = append(b.settled, c)
	}
	b.changed[i] = renamed || settled
}

func (b *compoundBook) make(i int, community *org.Unit, name, code string) {
	u := &org.Unit{ID: b.DB.NewID(), ParentID: community.ID, Kind: org.CompoundKind, Code: code, Name: name}
	u.Path = fmt.Sprintf("%s%d/", community.Path, u.ID)
	b.know(u)
	b.add(u)
	c, _ := b.read(i, org.Compound{OrgID: u.ID, Datum: "gcj02"})
	b.row[u.ID], b.unit[i], b.created[i] = i, u.ID, true
	b.fresh, b.facts = append(b.fresh, *u), append(b.facts, c)
}

// read takes the facts of a compound from a row, over those that are known.
func (b *compoundBook) read(i int, c org.Compound) (_ org.Compound, changed bool) {
	set(&c.Governance, codeOf(governances, b.cell(i, "governance")), &changed)
	set(&c.Branch, b.cell(i, "branch"), &changed)
	set(&c.ConsultsSince, b.cell(i, "consults"), &changed)
	if datum := codeOf(datums, b.cell(i, "datum")); datum != "" && datum != c.Datum {
		c.Turn(datum) // what the row does not tell anew stays where it was
		changed = true
	}
	if told := split(b.cell(i, "aliases")); len(told) > 0 && !slices.Equal(told, c.Aliases) {
		c.Aliases, changed = told, true
	}
	if text := b.cell(i, "households"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 100_000 {
			b.wrong(i, "households", "户数应是 0 到 100000 的整数")
		}
		set(&c.Households, n, &changed)
	}
	set(&c.Lat, b.degrees(i, "lat", 90), &changed)
	set(&c.Lng, b.degrees(i, "lng", 180), &changed)
	if (b.cell(i, "lat") == "") != (b.cell(i, "lng") == "") {
		b.wrong(i, "lat", "纬度和经度要一起填，或者都不填")
	}
	if text := b.cell(i, "boundary"); text != "" {
		ring, err := border(text)
		switch {
		case err != nil:
			b.wrong(i, "boundary", "应写成 纬度,经度；纬度,经度；… 的样子")
		case !slices.Equal(ring, c.Boundary):
			c.Boundary, changed = ring, true
		}
	}
	if !b.bad[i] && changed {
		if field, problem := c.PlaceProblem(); problem != "" {
			b.wrong(i, field, problem)
		}
	}
	return c, changed
}

// border reads the vertices of a border: 纬度,经度；纬度,经度.
func border(text string) (geo.Ring, error) {
	var ring geo.Ring
	for _, vertex := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '；' || r == '\n' }) {
		lat, lng, _ := strings.Cut(strings.ReplaceAll(vertex, "，", ","), ",")
		var v [2]float64
		for i, part := range []string{lat, lng} {
			var err error
			if v[i], err = strconv.ParseFloat(strings.TrimSpace(part), 64); err != nil {
				return nil, err
			}
		}
		ring = append(ring, v)
	}
	return ring.Closed(), nil
}

// written is a border as its cell has it.
func written(ring geo.Ring) string {
	vertices := make([]string, 0, len(ring))
	for _, v := range ring {
		vertices = append(vertices, degrees(v[0])+","+degrees(v[1]))
	}
	return strings.Join(vertices, "；")
}

// degrees is a latitude or longitude; 0 when the cell is empty.
func (b *compoundBook) degrees(i int, key string, most float64) float64 {
	text := b.cell(i, key)
	if text == "" {
		return 0
	}
	d, err := strconv.ParseFloat(text, 64)
	if err != nil || !(d >= -most && d <= most) {
		b.wrong(i, key, fmt.Sprintf("应是 -%g 到 %g 之间的度数，如 37.2612", most, most))
		return 0
	}
	return d
}

// meet finds the contacts of the parties, and compares the parties.
func (b *compoundBook) meet(tx *gorm.DB) error {
	var named []member.Named
	var rows, which []int
	for i := range b.rows {
		for j, p := range threeParties {
			name, phone := b.cell(i, p.key+"_contact"), b.cell(i, p.key+"_phone")
			if name == "" && phone != "" {
				b.wrong(i, p.key+"_contact", "请填写联系人的姓名")
			}
			if name == "" || b.bad[i] {
				continue
			}
			n := member.Named{Name: name, Phone: phone, Fresh: true}
			if at, ok := b.latest(b.unit[i], j); ok && at.ContactID != 0 {
				n.Among = []int64{at.ContactID}
			}
			named, rows, which = append(named, n), append(rows, i), append(which, j)
		}
	}
	if len(b.problems) > 0 {
		return nil
	}
	found, misfits, err := b.resolve(tx, named)
	if err != nil {
		return err
	}
	for _, m := range misfits {
		key := threeParties[which[m.Index]].key
		b.misfits([]member.Misfit{m}, rows, map[string]string{member.FieldName: key + "_contact", member.FieldPhone: key + "_phone"})
	}
	contacts := map[[2]int]member.Resolved{}
	for k, r := range found {
		contacts[[2]int{rows[k], which[k]}] = r
	}
	for i := range b.rows {
		for j := range threeParties {
			b.party(i, j, contacts[[2]int{i, j}])
		}
	}
	return nil
}

// latest is the party of one of the three sorts that a compound has, or had last.
func (b *compoundBook) latest(compound int64, sort int) (org.Party, bool) {
	for _, p := range slices.Backward(b.seated[compound]) {
		if slices.Contains(threeParties[sort].kinds, p.Kind) {
			return p, true
		}
	}
	return org.Party{}, false
}

// party compares a party of a row with the one that is known. Under another
// name it is another party, and the one before ends.
func (b *compoundBook) party(i, sort int, contact member.Resolved) {
	of := threeParties[sort]
	name, from, to := b.cell(i, of.key+"_name"), b.cell(i, of.key+"_from"), b.cell(i, of.key+"_to")
	var kind org.PartyKind
	if len(of.kinds) > 1 {
		kind = codeOf(partyKinds, b.cell(i, of.key+"_kind"))
	}
	p, was := b.latest(b.unit[i], sort)
	if name == "" {
		if kind != "" || from != "" || to != "" || contact.PersonID != 0 {
			b.wrong(i, of.key+"_name", "请填写名称")
		}
		return
	}
	if was && p.Name != name {
		if p.ToOn == "" {
			p.ToOn = cmp.Or(from, b.day(b.Now().UnixMilli()))
			b.parties = append(b.parties, p)
		}
		was = false
	}
	changed := !was || contact.Changed
	if !was {
		p = org.Party{CompoundID: b.unit[i], Kind: of.kinds[0], Name: name}
	}
	set(&p.Kind, kind, &changed)
	set(&p.ContactID, contact.PersonID, &changed)
	set(&p.FromOn, from, &changed)
	set(&p.ToOn, to, &changed)
	if p.FromOn != "" && p.ToOn != "" && p.ToOn < p.FromOn {
		b.wrong(i, of.key+"_to", of.term+"止早于"+of.term+"起，请核对")
	}
	if changed {
		b.parties, b.changed[i] = append(b.parties, p), true
	}
}

func exportCompounds(ctx context.Context, s *Service, by org.Actor, each func(cells []string) error) error {
	tx := s.DB.Read(ctx)
	b := &compoundBook{}
	if err := b.open(s, tx, by); err != nil {
		return err
	}
	var people []int64
	for id := range b.known {
		for j := range threeParties {
			if p, ok := b.latest(id, j); ok {
				people = append(people, p.ContactID)
			}
		}
	}
	contacts, err := s.shown(tx, people)
	if err != nil {
		return err
	}
	for _, u := range b.list {
		if u.Kind != org.CompoundKind {
			continue
		}
		c := b.known[u.ID]
		cells := []string{
			b.name(u.ParentID), u.Name, u.Code, titleOf(governances, c.Governance), number(c.Households), strings.Join(c.Aliases, "、"),
			c.Branch, c.ConsultsSince, degrees(c.Lat), degrees(c.Lng), titleOf(datums, c.Datum), written(c.Boundary),
		}
		for j, of := range threeParties {
			p, ok := b.latest(u.ID, j)
			if len(of.kinds) > 1 {
				kind := ""
				if ok {
					kind = titleOf(partyKinds, p.Kind)
				}
				cells = append(cells, kind)
			}
			contact := contacts[p.ContactID]
			cells = append(cells, p.Name, contact.name, contact.phone, p.FromOn, p.ToOn)
		}
		if err := each(cells); err != nil {
			return err
		}
	}
	return nil
}

func degrees(d float64) string {
	if d == 0 {
		return ""
	}
	return strconv.FormatFloat(d, 'f', -1, 64)
}
