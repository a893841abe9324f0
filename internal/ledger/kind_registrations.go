package ledger

import (
	"context"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/member"
	"fenlin/internal/org"
)

// registrations are the dual registrations (双报到) of a work unit's members: the
// unit confirms them by importing, the communities confirm that they live there.
func registrations() Kind {
	return Kind{
		Code: "registrations", Title: "双报到登记",
		Columns: []Column{
			{Key: "name", Title: "姓名", Required: true, Max: 60, Example: "李梅"},
			{Key: "phone", Title: "联系电话", Required: true, Type: Phone, Width: 14, Help: "本人的手机号，11 位。", Example: "13812345678"},
			{Key: "unit", Title: "工作单位", Width: 24, Help: "单位的全称。单位联系人导入本单位的，可以不填。", Example: "汾阳市教育局"},
			{Key: "community", Title: "居住社区", Required: true, Width: 16, Help: "本人居住、报到的社区。", Example: "南薰社区"},
		},
		ByContact: true, Apply: alone(applyRegistrations), Export: exportRegistrations,
	}
}

// bureau is what somebody may register members of: the units that they answer
// for, or all.
type bureau struct {
	all    bool
	units  map[string]org.WorkUnit // those, by name
	places *places                 // all communities
}

func (s *Service) bureau(ctx context.Context, tx *gorm.DB, by org.Actor) (*bureau, error) {
	root, err := s.Org.Root(ctx)
	if err != nil {
		return nil, err
	}
	b := &bureau{all: by.May(org.Ledger, root.Path), units: map[string]org.WorkUnit{}}
	known, err := s.Org.WorkUnitsNow(tx)
	if err != nil {
		return nil, err
	}
	for name, u := range known {
		if b.all || u.ContactID == by.Person && by.Person != 0 {
			b.units[name] = u
		}
	}
	if len(b.units) == 0 {
		return nil, ErrForbidden.Say("双报到由单位联系人或市级导入，您不是单位的联系人")
	}
	b.places, err = s.places(tx, Operator())
	return b, err
}

// unit is the unit that a cell names; else why not.
func (b *bureau) unit(text string) (org.WorkUnit, string) {
	if text == "" && len(b.units) == 1 && !b.all {
		for _, u := range b.units {
			return u, ""
		}
	}
	if text == "" {
		return org.WorkUnit{}, "请填写工作单位"
	}
	u, ok := b.units[text]
	if !ok {
		return u, "没有找到单位「" + text + "」，或您不是它的联系人：请核对全称"
	}
	return u, ""
}

func applyRegistrations(ctx context.Context, s *Service, tx *gorm.DB, by org.Actor, rows []Row) (Outcome, []Problem, error) {
	b, err := s.bureau(ctx, tx, by)
	if err != nil {
		return Outcome{}, nil, err
	}
	sh := s.sheet(registrations(), by, rows)
	listed, err := s.rosterOf(tx, b)
	if err != nil {
		return Outcome{}, nil, err
	}
	type place struct{ unit, community int64 }
	at := make([]place, len(rows))
	people := make([]member.Named, len(rows))
	for i := range rows {
		unit, reason := b.unit(sh.cell(i, "unit"))
		if reason != "" {
			sh.wrong(i, "unit", reason)
		}
		if u, reason := b.places.find(sh.cell(i, "community"), org.Community); u != nil {
			at[i].community = u.ID
		} else {
			sh.wrong(i, "community", reason)
		}
		at[i].unit = unit.ID
		people[i] = member.Named{Name: sh.cell(i, "name"), Phone: sh.cell(i, "phone")}
		if people[i].ByPlace() {
			people[i].Among = listed.among(people[i], at[i].unit)
		}
	}
	found, err := sh.people(tx, people)
	if err != nil || len(sh.problems) > 0 {
		return Outcome{}, sh.problems, err
	}
	for i, p := range found {
		if !b.all && !p.New && p.Changed { // a unit says who works there, and corrects nobody
			sh.wrong(i, "name", "与这个手机号已登记的姓名不一致，请核对")
			continue
		}
		fresh, changed, err := s.Members.RegisterByUnit(tx, by, p.PersonID, at[i].unit, at[i].community)
		if err != nil {
			return Outcome{}, nil, err
		}
		sh.count(fresh, changed)
		if i%100 == 99 {
			Progress(ctx, i+1)
		}
	}
	return sh.Outcome, sh.problems, nil
}

// enrolled is a registration as its ledger shows it.
type enrolled struct {
	PersonID, UnitID, CommunityID int64
	Name, Unit                    string
}

// enrolled are the registrations of a bureau's units.
func (b *bureau) enrolled(tx *gorm.DB) ([]enrolled, error) {
	var ids []int64
	for _, u := range b.units {
		ids = append(ids, u.ID)
	}
	var out []enrolled
	return out, tx.Raw(`SELECT r.person_id, r.unit_id, r.community_id, p.name, w.name AS unit FROM registrations r
JOIN people p ON p.id = r.person_id JOIN units w ON w.id = r.unit_id WHERE r.unit_id IN ? ORDER BY w.name, r.person_id`, ids).Scan(&out).Error
}

func (s *Service) rosterOf(tx *gorm.DB, b *bureau) (roster, error) {
	known, err := b.enrolled(tx)
	listed := roster{}
	for _, e := range known {
		listed.add(e.Name, e.PersonID, e.UnitID)
	}
	return listed, err
}

func exportRegistrations(ctx context.Context, s *Service, by org.Actor, each func(cells []string) error) error {
	tx := s.DB.Read(ctx)
	b, err := s.bureau(ctx, tx, by)
	if errs.From(err).Code == ErrForbidden.Code { // a community's clerk: nothing
		return nil
	}
	if err != nil {
		return err
	}
	known, err := b.enrolled(tx)
	if err != nil {
		return err
	}
	ids := make([]int64, len(known))
	for i, e := range known {
		ids[i] = e.PersonID
	}
	people, err := s.shown(tx, ids)
	if err != nil {
		return err
	}
	for _, e := range known {
		if err := each([]string{e.Name, people[e.PersonID].phone, e.Unit, b.places.name(e.CommunityID)}); err != nil {
			return err
		}
	}
	return nil
}
