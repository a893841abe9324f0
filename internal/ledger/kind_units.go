package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/secret"
)

// workUnitKinds are the kinds of work units as people write them.
var workUnitKinds = []named[org.WorkUnitKind]{{org.Organ, "机关单位"}, {org.Enterprise, "企业"}, {org.Social, "社会组织"}}

// The columns of units, by their places.
const (
	unitName = iota
	unitKind
	unitCode
	unitPartners
	unitContact
	unitPhone
)

// units is the ledger of work units: organs, enterprises and social organisations.
func units() Kind {
	return Kind{
		Code: "units", Title: "单位台账",
		Columns: []Column{
			unitName:     {Key: "name", Title: "单位名称", Required: true, Width: 28, Help: "单位的全称，不能重复。", Example: "汾阳市教育局"},
			unitKind:     {Key: "kind", Title: "单位类别", Required: true, Type: Choice, OneOf: titles(workUnitKinds), Help: "从下拉列表中选择。", Example: "机关单位"},
			unitCode:     {Key: "code", Title: "统一社会信用代码", Width: 24, Max: 18, Help: "18 位，按登记证书填写。", Example: "11141182012345678Q"},
			unitPartners: {Key: "partners", Title: "结对社区", Width: 32, Max: 1000, Help: "结对共建的社区全称，多个社区用顿号（、）隔开。", Example: "南薰社区、北门社区"},
			unitContact:  {Key: "contact", Title: "联系人", Max: 40, Help: "联系人姓名。", Example: "王志强"},
			unitPhone:    {Key: "contact_phone", Title: "联系电话", Type: Phone, Help: "联系人的手机号，11 位。", Example: "13812345678"},
		},
		Apply: applyUnits, Export: exportUnits,
	}
}

// unitRow is a row of the ledger with what it is about.
type unitRow struct {
	Row
	unit     org.WorkUnit
	partners []int64 // nil: not told
	fresh    bool
	changed  bool
	person   int // its place among those to be resolved; -1 = none
}

func applyUnits(ctx context.Context, s *Service, tx *gorm.DB, by org.Actor, rows []Row) (Outcome, []Problem, error) {
	root, err := s.Org.Root(ctx)
	if err != nil {
		return Outcome{}, nil, err
	}
	if !by.May(org.Ledger, root.Path) {
		return Outcome{}, nil, ErrForbidden.Say("单位台账由市级导入，您的职务不能导入")
	}
	known, partners, err := s.Org.AllWorkUnits(tx)
	if err != nil {
		return Outcome{}, nil, err
	}
	communities, err := s.communities(tx)
	if err != nil {
		return Outcome{}, nil, err
	}
	byName := make(map[string]org.WorkUnit, len(known))
	byCode := make(map[string]int64, len(known))
	for _, u := range known {
		byName[u.Name] = u
		if u.Code != "" {
			byCode[u.Code] = u.ID
		}
	}
	var problems []Problem
	var people []member.Named
	lines := map[string]Row{}
	read := make([]unitRow, 0, len(rows))
	for _, r := range rows {
		one, wrong := s.readUnit(r, byName, byCode, lines, communities)
		problems = append(problems, wrong...)
		if one.person = -1; r.Cells[unitContact] != "" || r.Cells[unitPhone] != "" {
			one.person = len(people)
			n := member.Named{Name: r.Cells[unitContact], Phone: r.Cells[unitPhone], Fresh: true}
			if one.unit.ContactID != 0 {
				n.Among = []int64{one.unit.ContactID}
			}
			people = append(people, n)
		}
		read = append(read, one)
	}
	resolved, more, err := s.contacts(tx, read, people)
	if problems = append(problems, more...); err != nil || len(problems) > 0 {
		return Outcome{}, problems, err
	}
	out, err := s.writeUnits(ctx, tx, read, partners, resolved)
	return out, nil, err
}

// readUnit brings a row together with what is known.
func (s *Service) readUnit(r Row, byName map[string]org.WorkUnit, byCode map[string]int64, lines map[string]Row, communities map[string][]int64) (unitRow, []Problem) {
	var problems []Problem
	wrong := func(column int, reason string, args ...any) {
		problems = append(problems, r.At(units().Columns[column].Title, fmt.Sprintf(reason, args...)))
	}
	name, code := r.Cells[unitName], r.Cells[unitCode]
	if before, twice := lines[name]; twice {
		wrong(unitName, "与%s第 %d 行重复，请只留一行", before.Sheet, before.Line)
	}
	lines[name] = r
	u, found := byName[name]
	if found && u.ClosedAt != 0 {
		wrong(unitName, "这个单位已经撤销，请核对名称")
	}
	if !found {
		u = org.WorkUnit{ID: s.DB.NewID(), Name: name}
	}
	one := unitRow{Row: r, unit: u, fresh: !found}
	set(&one.unit.Kind, codeOf(workUnitKinds, r.Cells[unitKind]), &one.changed)
	if code = strings.ToUpper(code); code != "" {
		if !isCreditCode(code) {
			wrong(unitCode, "统一社会信用代码不正确，请对照登记证书填写 18 位")
		} else if owner, taken := byCode[code]; taken && owner != u.ID {
			wrong(unitCode, "这个统一社会信用代码已是另一个单位的，请核对")
		}
		byCode[code] = u.ID
		set(&one.unit.Code, code, &one.changed)
	}
	for _, place := range split(r.Cells[unitPartners]) {
		switch ids := communities[place]; len(ids) {
		case 1:
			if !slices.Contains(one.partners, ids[0]) {
				one.partners = append(one.partners, ids[0])
			}
		case 0:
			wrong(unitPartners, "没有叫「%s」的社区，请核对名称", place)
		default:
			wrong(unitPartners, "叫「%s」的社区不止一个，请联系市委社会工作部", place)
		}
	}
	return one, problems
}

// contacts finds the people who are the units' contacts.
func (s *Service) contacts(tx *gorm.DB, rows []unitRow, people []member.Named) ([]member.Resolved, []Problem, error) {
	if len(people) == 0 {
		return nil, nil, nil
	}
	resolved, misfits, err := s.Members.Resolve(tx, people)
	if err != nil {
		return nil, nil, err
	}
	var problems []Problem
	for _, m := range misfits {
		at := slices.IndexFunc(rows, func(r unitRow) bool { return r.person == m.Index })
		column := unitPhone
		if m.Field == "name" {
			column = unitContact
		}
		problems = append(problems, rows[at].At(units().Columns[column].Title, m.Reason))
	}
	return resolved, problems, nil
}

func (s *Service) writeUnits(ctx context.Context, tx *gorm.DB, rows []unitRow, partners map[int64][]org.Partner, resolved []member.Resolved) (Outcome, error) {
	var out Outcome
	var fresh []org.WorkUnit
	today := s.Now().In(s.Location).Format(time.DateOnly)
	for i, r := range rows {
		if r.person >= 0 {
			set(&r.unit.ContactID, resolved[r.person].PersonID, &r.changed)
			r.changed = r.changed || resolved[r.person].Changed
		}
		paired, other := pairing(partners[r.unit.ID], r.partners, today)
		switch {
		case r.fresh:
			out.Created++
			fresh = append(fresh, r.unit)
		case r.changed:
			out.Changed++
			if err := s.Org.SaveWorkUnit(tx, r.unit); err != nil {
				return out, err
			}
		case other:
			out.Changed++
		default:
			out.Same++
		}
		if other {
			if err := s.Org.Pair(tx, r.unit.ID, paired); err != nil {
				return out, err
			}
		}
		if i%1000 == 999 {
			Progress(ctx, i+1)
		}
	}
	return out, s.Org.AddWorkUnits(tx, fresh)
}

// pairing is a unit's communities as the row has them: those that stay keep
// their day. It also says whether that changes anything.
func pairing(before []org.Partner, told []int64, today string) ([]org.Partner, bool) {
	if len(told) == 0 {
		return before, false
	}
	other := len(before) != len(told)
	var out []org.Partner
	for _, community := range told {
		p := org.Partner{CommunityID: community, Since: today}
		if i := slices.IndexFunc(before, func(b org.Partner) bool { return b.CommunityID == community }); i >= 0 {
			p = before[i]
		} else {
			other = true
		}
		out = append(out, p)
	}
	return out, other
}

// communities are the ids of the communities by their names.
func (s *Service) communities(tx *gorm.DB) (map[string][]int64, error) {
	var found []org.Unit
	if err := tx.Select("id, name").Find(&found, "kind = ? AND closed_at = 0", org.Community).Error; err != nil {
		return nil, err
	}
	out := make(map[string][]int64, len(found))
	for _, u := range found {
		out[u.Name] = append(out[u.Name], u.ID)
	}
	return out, nil
}

// exportUnits gives the units that are paired with a community of the actor's,
// and all of them to the city's.
func exportUnits(ctx context.Context, s *Service, by org.Actor, each func(cells []string) error) error {
	tx := s.DB.Read(ctx)
	known, partners, err := s.Org.AllWorkUnits(tx)
	if err != nil {
		return err
	}
	root, err := s.Org.Root(ctx)
	if err != nil {
		return err
	}
	var ids []int64
	for _, of := range partners {
		for _, p := range of {
			ids = append(ids, p.CommunityID)
		}
	}
	slices.Sort(ids)
	communities, err := s.Org.Units(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	for _, u := range known {
		mine := by.May(org.Ledger, root.Path)
		var names []string
		for _, p := range partners[u.ID] {
			c := communities[p.CommunityID]
			names = append(names, c.Name)
			mine = mine || by.May(org.Ledger, c.Path)
		}
		if !mine || u.ClosedAt != 0 {
			continue
		}
		cells := []string{
			unitName: u.Name, unitKind: titleOf(workUnitKinds, u.Kind), unitCode: u.Code, unitPartners: strings.Join(names, "、"),
			unitContact: "", unitPhone: "",
		}
		if u.ContactID != 0 {
			p, err := s.Members.Person(ctx, u.ContactID)
			if err != nil {
				return err
			}
			phone, err := s.Members.Phone(p)
			if err != nil {
				return err
			}
			cells[unitContact], cells[unitPhone] = p.Name, secret.MaskPhone(phone)
		}
		if err := each(cells); err != nil {
			return err
		}
	}
	return nil
}

// creditDigits are the characters of a 统一社会信用代码 in the order of their values.
const creditDigits = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// isCreditCode checks the length, the characters and the check character (GB 32100).
func isCreditCode(code string) bool {
	if len(code) != 18 {
		return false
	}
	sum, weight := 0, 1
	for i := range 18 {
		value := strings.IndexByte(creditDigits, code[i])
		if value < 0 {
			return false
		}
		if i == 17 {
			return value == (31-sum%31)%31
		}
		sum += value * weight
		weight = weight * 3 % 31
	}
	return false
}
