package ledger

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/org"
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
	if !by.May(org.Ledger, root.Path) || !by.May(org.ManageOrg, root.Path) {
		return Outcome{}, nil, ErrForbidden.Say("单位台账由市级导入，您的职务不能导入")
	}
	known, partners, err := s.Org.AllWorkUnits(tx)
	if err != nil {
		return Outcome{}, nil, err
	}
	near, err := s.places(tx, by)
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
	sh := s.sheet(units(), by, rows)
	var people []member.Named
	var of []int // the row of each
	lines := map[string]int{}
	read := make([]unitRow, len(rows))
	for i, r := range rows {
		read[i] = sh.unit(i, byName, byCode, lines, near)
		if read[i].person = -1; r.Cells[unitContact] != "" || r.Cells[unitPhone] != "" {
			n := member.Named{Name: r.Cells[unitContact], Phone: r.Cells[unitPhone], Fresh: true}
			if known := read[i].unit.ContactID; known != 0 {
				n.Among = []int64{known}
			}
			read[i].person, people, of = len(people), append(people, n), append(of, i)
		}
	}
	if len(sh.problems) > 0 {
		return Outcome{}, sh.problems, nil
	}
	resolved, misfits, err := sh.resolve(tx, people)
	if err != nil {
		return Outcome{}, nil, err
	}
	if sh.misfits(misfits, of, map[string]string{member.FieldName: "contact", member.FieldPhone: "contact_phone"}); len(sh.problems) > 0 {
		return Outcome{}, sh.problems, nil
	}
	out, err := s.writeUnits(ctx, tx, read, partners, resolved)
	return out, nil, err
}

// unit brings a row together with what is known.
func (sh *sheet) unit(i int, byName map[string]org.WorkUnit, byCode map[string]int64, lines map[string]int, near *places) unitRow {
	r := sh.rows[i]
	name, code := r.Cells[unitName], strings.ToUpper(r.Cells[unitCode])
	if before, twice := lines[name]; twice {
		sh.wrong(i, "name", "与"+sh.line(i, before)+"重复，请只留一行")
	}
	lines[name] = i
	u, found := byName[name]
	if found && u.ClosedAt != 0 {
		sh.wrong(i, "name", "这个单位已经撤销，请核对名称")
	}
	if !found {
		u = org.WorkUnit{ID: sh.DB.NewID(), Name: name}
	}
	one := unitRow{unit: u, fresh: !found}
	set(&one.unit.Kind, codeOf(workUnitKinds, r.Cells[unitKind]), &one.changed)
	if code != "" {
		if !org.IsCreditCode(code) {
			sh.wrong(i, "code", "统一社会信用代码不正确，请对照登记证书填写 18 位")
		} else if owner, taken := byCode[code]; taken && owner != u.ID {
			sh.wrong(i, "code", "这个统一社会信用代码已是另一个单位的，请核对")
		}
		byCode[code] = u.ID
		set(&one.unit.Code, code, &one.changed)
	}
	for _, place := range split(strings.ReplaceAll(r.Cells[unitPartners], " ", "、")) {
		c, reason := near.find(place, org.Community)
		if c == nil {
			sh.wrong(i, "partners", reason)
		} else if !slices.Contains(one.partners, c.ID) {
			one.partners = append(one.partners, c.ID)
		}
	}
	return one
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
	all, err := s.places(tx, Operator())
	if err != nil {
		return err
	}
	var people []int64
	for _, u := range known {
		people = append(people, u.ContactID)
	}
	contacts, err := s.shown(tx, people)
	if err != nil {
		return err
	}
	for _, u := range known {
		mine := by.May(org.Ledger, root.Path)
		var names []string
		for _, p := range partners[u.ID] {
			if c := all.byID[p.CommunityID]; c != nil {
				names = append(names, all.reference(c))
				mine = mine || by.May(org.Ledger, c.Path)
			}
		}
		if !mine || u.ClosedAt != 0 {
			continue
		}
		cells := []string{
			unitName: u.Name, unitKind: titleOf(workUnitKinds, u.Kind), unitCode: u.Code, unitPartners: strings.Join(names, "、"),
			unitContact: "", unitPhone: "",
		}
		if c, ok := contacts[u.ContactID]; ok {
			cells[unitContact], cells[unitPhone] = c.name, c.phone
		}
		if err := each(cells); err != nil {
			return err
		}
	}
	return nil
}
