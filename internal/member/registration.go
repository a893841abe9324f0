package member

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// Errors of dual registration.
var (
	ErrRegistration = errs.New(errs.NotFound, "registration_unknown", "没有找到这条双报到登记，或不归您确认")
	ErrRegister     = errs.New(errs.Invalid, "registration_invalid", "请选择工作单位和居住的社区")
	ErrNoName       = errs.New(errs.Conflict, "name_missing", "请先填写姓名并绑定手机号，再登记双报到")
	ErrDecided      = errs.New(errs.Conflict, "registration_decided", "这条登记已经办完，请刷新后查看")
)

// Party is who confirms a part of a registration.
type Party string

// The parties of a registration.
const (
	TheUnit      Party = "unit"      // that the member works there
	TheCommunity Party = "community" // that the member lives there
	TheFormer    Party = "former"    // that the member leaves
)

// Registration is a member's dual registration (双报到). It takes effect in the
// ledger when unit and community have confirmed it, and the community that the
// member leaves has too or was silent for FormerSilent. Times are epoch milliseconds.
type Registration struct {
	PersonID                int64 `gorm:"primaryKey;autoIncrement:false"`
	UnitID, CommunityID     int64
	FromCommunityID         int64 // 0 = none
	AskedAt                 int64
	UnitAt, UnitBy          int64
	CommunityAt             int64
	CommunityBy             int64
	FromAt, FromBy          int64
	RefusedAt               int64
	RefusedAs               Party
	Reason                  string // of the refusal
	DoneAt                  int64
	Name, Unit, Community   string `gorm:"->;-:migration"`
	FromCommunity           string `gorm:"->;-:migration"`
	ContactID               int64  `gorm:"->;-:migration"` // who answers for the unit
	CommunityPath, FromPath string `gorm:"->;-:migration"`
}

// TableName is gorm's.
func (Registration) TableName() string { return "registrations" }

// FormerSilent is how long the community that a member leaves may say nothing:
// then it agrees.
const FormerSilent = 7 * 24 * time.Hour

// Waits are the parties whose word is missing; none of a refused or finished one.
func (r Registration) Waits(now time.Time) (out []Party) {
	if r.DoneAt != 0 || r.RefusedAt != 0 {
		return nil
	}
	if r.UnitAt == 0 {
		out = append(out, TheUnit)
	}
	if r.CommunityAt == 0 {
		out = append(out, TheCommunity)
	}
	if r.FromCommunityID != 0 && r.FromAt == 0 && now.Before(time.UnixMilli(r.AskedAt).Add(FormerSilent)) {
		out = append(out, TheFormer)
	}
	return out
}

// speaks are the parties for which somebody may decide.
func (r Registration) speaks(by org.Actor) (out []Party) {
	if r.ContactID != 0 && r.ContactID == by.Person {
		out = append(out, TheUnit)
	}
	if r.CommunityPath != "" && by.May(org.ManageMembers, r.CommunityPath) {
		out = append(out, TheCommunity)
	}
	if r.FromPath != "" && by.May(org.ManageMembers, r.FromPath) {
		out = append(out, TheFormer)
	}
	return out
}

// Asked are the parties for which somebody is asked for a word now.
func (r Registration) Asked(by org.Actor, now time.Time) []Party {
	may := r.speaks(by)
	return slices.DeleteFunc(r.Waits(now), func(p Party) bool { return !slices.Contains(may, p) })
}

// What a registration is read from, with the names of what it tells of.
const (
	registrationColumns = "r.*, p.name, w.name AS unit, w.contact_id, c.name AS community, c.path AS community_path, COALESCE(f.name, '') AS from_community, COALESCE(f.path, '') AS from_path"
	registrationJoins   = "JOIN people p ON p.id = r.person_id JOIN units w ON w.id = r.unit_id JOIN org_units c ON c.id = r.community_id LEFT JOIN org_units f ON f.id = r.from_community_id"
)

func selectRegistrations(tx *gorm.DB) *gorm.DB {
	return tx.Table("registrations r").Select(registrationColumns).Joins(registrationJoins)
}

// Register says where a member works and lives, in their own words. Said again
// it changes nothing; another unit or community asks anew for the word of that
// party. Errors: ErrRegister, ErrNoName.
func (s *Service) Register(ctx context.Context, person, unit, community int64) (Registration, error) {
	var out Registration
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		var who Person
		if err := tx.Take(&who, person).Error; err != nil {
			return unknown(err)
		}
		if who.Name == "" || who.Phone == "" {
			return ErrNoName
		}
		if err := s.places(tx, unit, community); err != nil {
			return err
		}
		var err error
		out, _, err = s.enrol(tx, Registration{PersonID: person, UnitID: unit, CommunityID: community})
		return err
	})
	return out, err
}

// RegisterByUnit registers a member in the name of their work unit, as part of
// the caller's transaction: the unit confirms by it, the communities are still
// asked. fresh: there was none; changed: it says something new.
// Errors: ErrRegister.
func (s *Service) RegisterByUnit(tx *gorm.DB, by org.Actor, person, unit, community int64) (fresh, changed bool, err error) {
	if err := s.places(tx, unit, community); err != nil {
		return false, false, err
	}
	_, err = s.registration(tx, person)
	if fresh = errors.Is(err, ErrRegistration); err != nil && !fresh {
		return false, false, err
	}
	r, changed, err := s.enrol(tx, Registration{PersonID: person, UnitID: unit, CommunityID: community, UnitAt: s.Now().UnixMilli(), UnitBy: by.Person})
	if err == nil && changed && len(r.Waits(s.Now())) == 0 {
		err = s.takeEffect(tx, r)
	}
	return fresh, changed, err
}

// enrol keeps a registration in place of the one before, with the words of those
// parties for whom nothing changes. The same again changes nothing.
func (s *Service) enrol(tx *gorm.DB, r Registration) (out Registration, changed bool, err error) {
	r.AskedAt = s.Now().UnixMilli()
	before, err := s.registration(tx, r.PersonID)
	switch {
	case err == nil:
		if before.UnitID == r.UnitID && before.CommunityID == r.CommunityID && before.RefusedAt == 0 && (before.UnitAt != 0 || r.UnitAt == 0) {
			return before, false, nil
		}
		if before.UnitID == r.UnitID && before.RefusedAs != TheUnit && before.UnitAt != 0 {
			r.UnitAt, r.UnitBy = before.UnitAt, before.UnitBy
		}
		if before.CommunityID == r.CommunityID && before.RefusedAs != TheCommunity {
			r.CommunityAt, r.CommunityBy = before.CommunityAt, before.CommunityBy
		}
	case !errors.Is(err, ErrRegistration):
		return out, false, err
	}
	if e, err := s.entry(tx, r.PersonID); err == nil && e.LeftAt == 0 && e.CommunityID != r.CommunityID {
		r.FromCommunityID = e.CommunityID
	}
	if err := tx.Exec("DELETE FROM registrations WHERE person_id = ?", r.PersonID).Error; err != nil {
		return out, false, err
	}
	if err := tx.Create(&r).Error; err != nil {
		return out, false, err
	}
	if out, err = s.registration(tx, r.PersonID); err != nil {
		return out, false, err
	}
	return out, true, s.registered(tx, out)
}

func (s *Service) registered(tx *gorm.DB, r Registration) error {
	if s.Registered == nil {
		return nil
	}
	return s.Registered(tx, r)
}

// places makes sure that a unit and a community are such.
func (s *Service) places(tx *gorm.DB, unit, community int64) error {
	var units, communities int64
	if err := tx.Raw("SELECT COUNT(*) FROM units WHERE id = ? AND closed_at = 0", unit).Scan(&units).Error; err != nil {
		return err
	}
	if err := tx.Raw("SELECT COUNT(*) FROM org_units WHERE id = ? AND kind = ? AND closed_at = 0", community, org.Community).Scan(&communities).Error; err != nil {
		return err
	}
	wrong := ErrRegister
	if units == 0 {
		wrong = wrong.At("unit_id", "没有找到这个单位")
	}
	if communities == 0 {
		wrong = wrong.At("community_id", "没有找到这个社区")
	}
	if len(wrong.Fields) > 0 {
		return wrong
	}
	return nil
}

func (s *Service) registration(tx *gorm.DB, person int64) (Registration, error) {
	var found []Registration
	if err := selectRegistrations(tx).Where("r.person_id = ?", person).Find(&found).Error; err != nil {
		return Registration{}, err
	}
	if len(found) == 0 {
		return Registration{}, ErrRegistration
	}
	return found[0], nil
}

// holdRegistration reads one for changing it: whoever else would change it waits.
func (s *Service) holdRegistration(tx *gorm.DB, person int64) (Registration, error) {
	if err := tx.Exec("UPDATE registrations SET asked_at = asked_at WHERE person_id = ?", person).Error; err != nil {
		return Registration{}, err
	}
	return s.registration(tx, person)
}

// Registration is a person's own. Error: ErrRegistration.
func (s *Service) Registration(ctx context.Context, person int64) (Registration, error) {
	return s.registration(s.DB.Read(ctx), person)
}

// Registrations are those for which somebody is asked for a word, by person.
func (s *Service) Registrations(ctx context.Context, by org.Actor, after int64, limit int) ([]Registration, error) {
	tx := s.DB.Read(ctx)
	where := tx.Where("w.contact_id = ?", by.Person)
	if post, ok := by.Scope(org.ManageMembers); ok {
		from, to := org.Below(post.OrgPath)
		where = where.Or("c.path >= ? AND c.path < ?", from, to).Or("f.path >= ? AND f.path < ?", from, to)
	}
	var out []Registration
	err := selectRegistrations(tx).
		Where("r.done_at = 0 AND r.refused_at = 0 AND r.person_id > ?", after).Where(where).Order("r.person_id").Limit(limit).Find(&out).Error
	return out, err
}

// Answer is the word of a party: the unit's, the community's, or that of the
// community which the member leaves. A refusal has a reason and ends it until the
// member registers anew. When the last word is there the ledger follows.
// Errors: ErrRegistration, ErrDecided, ErrReason, org.ErrOutside.
func (s *Service) Answer(ctx context.Context, by org.Actor, person int64, as Party, yes bool, reason string) (Registration, error) {
	reason = strings.TrimSpace(reason)
	if n := len([]rune(reason)); !yes && (n == 0 || n > 100) {
		return Registration{}, ErrReason.Say("请写明为什么不确认，100 字以内，本人会看到")
	}
	var out Registration
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		r, err := s.holdRegistration(tx, person)
		now := s.Now()
		switch {
		case err != nil:
			return err
		case !slices.Contains(r.speaks(by), as):
			return ErrRegistration
		case !slices.Contains(r.Waits(now), as):
			return ErrDecided
		}
		at := now.UnixMilli()
		set := map[string]any{"refused_at": at, "refused_as": as, "reason": reason}
		if yes {
			column := map[Party]string{TheUnit: "unit", TheCommunity: "community", TheFormer: "from"}[as]
			set = map[string]any{column + "_at": at, column + "_by": by.Person}
		}
		if err := tx.Table("registrations").Where("person_id = ?", person).Updates(set).Error; err != nil {
			return err
		}
		if out, err = s.registration(tx, person); err != nil {
			return err
		}
		if !yes {
			return s.registered(tx, out)
		}
		if len(out.Waits(now)) > 0 {
			return nil
		}
		out.DoneAt = at
		return s.takeEffect(tx, out)
	})
	return out, err
}

// takeEffect makes the ledger follow a registration; whoever was in no ledger
// comes into it as an in-service member of the community.
func (s *Service) takeEffect(tx *gorm.DB, r Registration) error {
	now := s.Now().UnixMilli()
	r.DoneAt = now
	if err := s.registered(tx, r); err != nil {
		return err
	}
	if err := tx.Exec("UPDATE registrations SET done_at = ? WHERE person_id = ?", now, r.PersonID).Error; err != nil {
		return err
	}
	by := org.Actor{Person: r.CommunityBy}
	e, err := s.entry(tx, r.PersonID)
	if errors.Is(err, ErrNotMember) || err == nil && e.LeftAt != 0 {
		m := PartyMember{PersonID: r.PersonID, Category: InService, BranchID: r.CommunityID, UnitID: r.UnitID, CommunityID: r.CommunityID, Version: 1, CreatedAt: now}
		if err := enlist(tx, m); err != nil {
			return err
		}
		return s.note(tx, by, "双报到", Change{PersonID: r.PersonID, Kind: Entered, Became: clip(r.Community + " " + InService.Name())})
	}
	if err != nil {
		return err
	}
	if err := tx.Exec("UPDATE party_members SET unit_id = ?, community_id = ?, version = version + 1 WHERE person_id = ?", r.UnitID, r.CommunityID, r.PersonID).Error; err != nil {
		return err
	}
	for _, c := range []Change{
		{PersonID: r.PersonID, Kind: ToUnit, Was: clip(e.Unit), Became: clip(r.Unit)}, {PersonID: r.PersonID, Kind: ToHome, Was: clip(e.Community), Became: clip(r.Community)},
	} {
		if c.Was == c.Became {
			continue
		}
		if err := s.note(tx, by, "双报到", c); err != nil {
			return err
		}
	}
	return nil
}

// settleBatch is how many registrations take effect at once.
const settleBatch = 100

// Settle lets registrations take effect for which the community that the member
// leaves was silent too long, and tells how many.
func (s *Service) Settle(ctx context.Context) (int, error) {
	until := s.Now().Add(-FormerSilent).UnixMilli()
	var people []int64
	err := s.DB.Read(ctx).Raw("SELECT person_id FROM registrations WHERE done_at = 0 AND asked_at <= ? AND refused_at = 0 AND unit_at > 0 AND community_at > 0 ORDER BY asked_at LIMIT ?", until, settleBatch).Scan(&people).Error
	for _, person := range people {
		err = errors.Join(err, s.DB.Tx(ctx, func(tx *gorm.DB) error {
			r, err := s.holdRegistration(tx, person)
			if err != nil || r.DoneAt != 0 || r.RefusedAt != 0 || len(r.Waits(s.Now())) > 0 {
				return err
			}
			return s.takeEffect(tx, r)
		}))
	}
	return len(people), err
}

// uniteRegistrations gives from's registration and remarks to the person to,
// who keeps their own.
func (s *Service) uniteRegistrations(tx *gorm.DB, from, to int64) error {
	if err := db.Unite(tx, "member_remarks", from, to, "community_id", "year"); err != nil {
		return err
	}
	if _, err := s.registration(tx, to); err == nil {
		return tx.Exec("DELETE FROM registrations WHERE person_id = ?", from).Error
	} else if !errors.Is(err, ErrRegistration) {
		return err
	}
	return db.Unite(tx, "registrations", from, to)
}
