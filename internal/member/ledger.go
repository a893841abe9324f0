package member

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// Particulars are the personal fields of somebody in the ledger, in full. A
// nil field stays as it is.
type Particulars struct {
	Name, Gender, Phone, IDNumber, Birth, Address *string
}

// Enter puts somebody into the ledger: the person with that ID number or phone,
// or somebody new. Errors: ErrMember, ErrListed, ErrBranch, org.ErrOutside,
// those of the personal fields.
func (s *Service) Enter(ctx context.Context, by org.Actor, m PartyMember, told Particulars, reason string) (Entry, error) {
	if told.Name == nil || strings.TrimSpace(*told.Name) == "" {
		return Entry{}, ErrMember.At("name", "请填写姓名")
	}
	var out Entry
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		p, err := s.known(tx, told)
		if err != nil {
			return err
		}
		if p.ID == 0 {
			p = Person{ID: s.DB.NewID(), CreatedAt: s.Now().UnixMilli()}
			if err := tx.Create(&p).Error; err != nil {
				return err
			}
		} else if p.Name != "" && p.Name != *told.Name {
			return ErrIDTaken.Say("这个身份证号或手机号已登记给另一个姓名，请核对")
		}
		m.PersonID, m.Version, m.CreatedAt, m.LeftAt = p.ID, 1, s.Now().UnixMilli(), 0
		if err := s.mayKeep(tx, by, m); err != nil {
			return err
		}
		birth, err := s.tell(tx, p, told)
		if err != nil {
			return err
		}
		if err := m.Check(birth, s.Now()); err != nil {
			return err
		}
		if before, err := s.entry(tx, p.ID); err == nil && before.LeftAt == 0 {
			return ErrListed
		} else if err != nil && !errors.Is(err, ErrNotMember) {
			return err
		}
		if err := enlist(tx, m); err != nil {
			return err
		}
		if out, err = s.entry(tx, p.ID); err != nil {
			return err
		}
		return s.note(tx, by, reason, Change{PersonID: p.ID, Kind: Entered, Became: clip(out.Branch + " " + m.Category.Name())})
	})
	return out, err
}

// Amend changes a member's entry and personal fields, whatever of them change
// does; a branch or category that changed needs a reason. Errors: ErrNotMember,
// ErrStale, ErrTransferBoth, ErrReason, those of Enter.
func (s *Service) Amend(ctx context.Context, by org.Actor, person, version int64, told Particulars, reason string, change func(*PartyMember)) (Entry, error) {
	return s.amend(ctx, by, person, version, told, reason, change)
}

// LeaveReasons are why a member leaves the ledger.
var LeaveReasons = []struct{ Code, Name string }{
	{"moved", "组织关系转出本市"}, {"died", "去世"}, {"quit", "退党"}, {"expelled", "除名或开除党籍"}, {"mistake", "登记有误"},
}

// Leave takes a member out of the ledger; the history stays. Errors:
// ErrNotMember, ErrStale, ErrReason (none of LeaveReasons).
func (s *Service) Leave(ctx context.Context, by org.Actor, person, version int64, why, note string) (Entry, error) {
	i := slices.IndexFunc(LeaveReasons, func(r struct{ Code, Name string }) bool { return r.Code == why })
	if i < 0 {
		return Entry{}, ErrReason
	}
	reason := strings.TrimSpace(LeaveReasons[i].Name + " " + note)
	return s.amend(ctx, by, person, version, Particulars{}, reason, func(m *PartyMember) { m.LeftAt = s.Now().UnixMilli() })
}

// enlist puts a member into the ledger; whoever left comes back in place of the
// row that stayed.
func enlist(tx *gorm.DB, m PartyMember) error {
	if err := tx.Exec("DELETE FROM party_members WHERE person_id = ?", m.PersonID).Error; err != nil {
		return err
	}
	if err := tx.Create(&m).Error; err != nil {
		return err
	}
	return tx.Exec("UPDATE people SET member = ? WHERE id = ?", true, m.PersonID).Error
}

func (s *Service) amend(ctx context.Context, by org.Actor, person, version int64, told Particulars, reason string, change func(*PartyMember)) (Entry, error) {
	var out Entry
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		before, err := s.entry(tx, person)
		switch {
		case err != nil:
			return err
		case !before.Managed(by):
			return ErrNotMember
		}
		m := before.PartyMember
		change(&m)
		m.PersonID, m.Version = person, version+1
		if m.BranchID != before.BranchID {
			if err := s.mayKeep(tx, by, before.PartyMember); err != nil {
				return ErrTransferBoth
			}
		}
		if err := s.mayKeep(tx, by, m); err != nil {
			if errors.Is(err, org.ErrOutside) && m.BranchID != before.BranchID {
				return ErrTransferBoth
			}
			return err
		}
		if (m.BranchID != before.BranchID || m.Category != before.Category) && reason == "" {
			return ErrReason
		}
		birth, err := s.tell(tx, before.Person, told)
		if err != nil {
			return err
		}
		if err := m.Check(birth, s.Now()); err != nil {
			return err
		}
		saved := tx.Model(&PartyMember{}).Where("person_id = ? AND version = ?", person, version).Select("*").Omit("person_id", "created_at").Updates(&m)
		if saved.Error != nil {
			return saved.Error
		}
		if saved.RowsAffected == 0 {
			return ErrStale
		}
		if m.LeftAt != 0 {
			if err := tx.Exec("UPDATE people SET member = ? WHERE id = ?", false, person).Error; err != nil {
				return err
			}
			if err := tx.Exec("DELETE FROM registrations WHERE person_id = ?", person).Error; err != nil { // who comes back registers anew
				return err
			}
		}
		if out, err = s.entry(tx, person); err != nil {
			return err
		}
		return s.note(tx, by, reason, changes(before, out, told)...)
	})
	return out, err
}

// changes are what an amendment did, in words; personal fields without their values.
func changes(before, after Entry, told Particulars) []Change {
	names := map[int64]string{
		before.BranchID: before.Branch, before.UnitID: before.Unit, before.CommunityID: before.Community,
		after.BranchID: after.Branch, after.UnitID: after.Unit, after.CommunityID: after.Community, 0: "",
	}
	out := Differences(before.PartyMember, after.PartyMember, func(id int64) string { return names[id] })
	for _, f := range []struct {
		title string
		told  *string
	}{
		{"姓名", told.Name}, {"性别", told.Gender}, {"手机号", told.Phone}, {"身份证号", told.IDNumber}, {"出生日期", told.Birth}, {"住址", told.Address},
	} {
		if f.told != nil {
			out = append(out, Change{PersonID: after.PersonID, Kind: Corrected, Became: f.title})
		}
	}
	if after.LeftAt != 0 {
		out = append(out, Change{PersonID: after.PersonID, Kind: Left, Was: clip(before.Branch + " " + before.Category.Name())})
	}
	return out
}

// note writes history.
func (s *Service) note(tx *gorm.DB, by org.Actor, reason string, lines ...Change) error {
	for i := range lines {
		lines[i].ID, lines[i].ByID, lines[i].At, lines[i].Reason = s.DB.NewID(), by.Person, s.Now().UnixMilli(), reason
	}
	if len(lines) == 0 {
		return nil
	}
	return tx.Create(&lines).Error
}

// mayKeep says whether the actor may have this entry in the ledger: its branch
// is one, and theirs.
func (s *Service) mayKeep(tx *gorm.DB, by org.Actor, m PartyMember) error {
	var found []struct {
		Path, Branch string
		Kind         org.Kind
		ClosedAt     int64
	}
	err := tx.Raw("SELECT u.path, u.kind, u.closed_at, COALESCE(c.branch, '') AS branch FROM org_units u LEFT JOIN compounds c ON c.org_id = u.id WHERE u.id = ?", m.BranchID).Scan(&found).Error
	switch {
	case err != nil:
		return err
	case len(found) == 0 || found[0].ClosedAt != 0 || found[0].Kind != org.Community && (found[0].Kind != org.CompoundKind || found[0].Branch == ""):
		return ErrBranch
	case !by.May(org.ManageMembers, found[0].Path):
		return org.ErrOutside
	}
	for _, ref := range []struct {
		id    int64
		field string
		sql   string
	}{
		{m.CommunityID, "community_id", "SELECT COUNT(*) FROM org_units WHERE id = ? AND kind = 'community' AND closed_at = 0"},
		{m.UnitID, "unit_id", "SELECT COUNT(*) FROM units WHERE id = ? AND closed_at = 0"},
	} {
		var n int
		if ref.id == 0 {
			continue
		}
		if err := tx.Raw(ref.sql, ref.id).Scan(&n).Error; err != nil {
			return err
		}
		if n == 0 {
			return ErrMember.At(ref.field, "没有找到，请从列表中选择")
		}
	}
	return nil
}

// known is the person with the ID number, else the phone, or nobody.
func (s *Service) known(tx *gorm.DB, told Particulars) (Person, error) {
	for _, by := range []struct {
		told *string
		f    string
	}{{told.IDNumber, FieldIDNumber}, {told.Phone, FieldPhone}} {
		if by.told == nil || *by.told == "" {
			continue
		}
		f, _ := fieldOf(by.f)
		var found []Person
		err := tx.Raw("SELECT * FROM people WHERE "+f.index+" IN ? LIMIT 1", s.Keys.Indexes(by.f, normal(by.f, *by.told))).Scan(&found).Error
		if err != nil || len(found) > 0 {
			return append(found, Person{})[0], err
		}
	}
	return Person{}, nil
}

// normal is a field's value as it is kept.
func normal(name, told string) string {
	told = strings.TrimSpace(told)
	if name == FieldIDNumber {
		return strings.ToUpper(told)
	}
	return told
}

// tell keeps what is told of a person, after checking it, and returns the day
// of birth that is known then.
func (s *Service) tell(tx *gorm.DB, p Person, told Particulars) (birth string, err error) {
	birth, err = s.OpenField(p.ID, FieldBirth, p.Birth)
	if err != nil {
		return "", err
	}
	set := map[string]any{}
	if told.Name != nil {
		set["name"] = strings.TrimSpace(*told.Name)
	}
	if told.Gender != nil {
		if !slices.Contains([]string{"", "male", "female"}, *told.Gender) {
			return "", ErrMember.At("gender", "请选择男或女")
		}
		set["gender"] = *told.Gender
	}
	seal := func(name, plain string) {
		set[name] = s.SealField(p.ID, name, plain)
		if f, _ := fieldOf(name); f.index != "" {
			set[f.index] = s.indexed(name, plain)
		}
	}
	if told.Phone != nil {
		phone := normal(FieldPhone, *told.Phone)
		if err := CheckPhone(phone); phone != "" && err != nil {
			return "", errs.From(err).At(FieldPhone, errs.From(err).Message)
		}
		seal(FieldPhone, phone)
	}
	if told.Address != nil {
		seal(FieldAddress, normal(FieldAddress, *told.Address))
	}
	if told.Birth != nil {
		if birth = normal(FieldBirth, *told.Birth); birth != "" {
			if err := CheckBirth(birth, s.Now()); err != nil {
				return "", err
			}
		}
		number, err := s.OpenField(p.ID, FieldIDNumber, p.IDNumber)
		if err != nil {
			return "", err
		}
		if born, _, err := CheckIDNumber(number); err == nil && told.IDNumber == nil && birth != born {
			return "", ErrBirth.Say("出生日期与身份证号不一致，请核对")
		}
		seal(FieldBirth, birth)
	}
	if told.IDNumber != nil && *told.IDNumber != "" {
		number := normal(FieldIDNumber, *told.IDNumber)
		born, gender, err := CheckIDNumber(number)
		if err == nil {
			err = CheckBirth(born, s.Now())
		}
		switch {
		case err != nil:
			return "", err
		case birth != "" && birth != born:
			return "", ErrBirth.Say("出生日期与身份证号不一致，请核对")
		case told.Gender != nil && *told.Gender != "" && *told.Gender != gender:
			return "", ErrMember.At("gender", "性别与身份证号不一致，请核对")
		}
		birth, set["gender"] = born, gender
		seal(FieldIDNumber, number)
		seal(FieldBirth, born)
	}
	if len(set) == 0 {
		return birth, nil
	}
	err = tx.Model(&Person{}).Where("id = ?", p.ID).Updates(set).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return "", ErrIDTaken.Say("这个身份证号或手机号已登记给另一个人，请核对")
	}
	return birth, err
}

// Somebody finds the person with that phone, or makes one, in the caller's
// transaction. Errors: ErrMember, with what contradicts.
func (s *Service) Somebody(name, phone string) func(tx *gorm.DB) (int64, error) {
	return func(tx *gorm.DB) (int64, error) {
		name, phone := strings.TrimSpace(name), strings.TrimSpace(phone)
		if name == "" {
			return 0, ErrMember.At("name", "请填写姓名")
		}
		if err := CheckPhone(phone); err != nil {
			return 0, errs.From(err).At(FieldPhone, errs.From(err).Message)
		}
		found, misfits, err := s.Resolve(tx, []Named{{Name: name, Phone: phone}})
		if err != nil {
			return 0, err
		}
		if len(misfits) > 0 {
			return 0, ErrMember.Say(misfits[0].Reason).At(misfits[0].Field, misfits[0].Reason)
		}
		return found[0].PersonID, nil
	}
}

// Known finds a person by id, in the caller's transaction. Error: ErrUnknown.
func (s *Service) Known(id int64) func(tx *gorm.DB) (int64, error) {
	return func(tx *gorm.DB) (int64, error) {
		return id, unknown(tx.Take(&Person{}, "id = ? AND closed_at = 0", id).Error)
	}
}

// Names are the names of people, by id.
func (s *Service) Names(ctx context.Context, people []int64) (map[int64]string, error) {
	found, err := db.Lookup[Person](s.DB.Read(ctx), "SELECT id, name FROM people WHERE id IN ?", people)
	out := make(map[int64]string, len(found))
	for _, p := range found {
		out[p.ID] = p.Name
	}
	return out, err
}
