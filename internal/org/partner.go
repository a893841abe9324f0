package org

import (
	"context"
	"errors"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"fenlin/internal/errs"
)

// Errors of units that ask communities.
var (
	ErrNotContact = errs.New(errs.Forbidden, "not_unit_contact", "只有这个单位的联系人可以为单位报到；联系人由市里在单位台账里登记")
	ErrNoAsk      = errs.New(errs.NotFound, "partner_ask_unknown", "没有找到这个单位的报到，可能已经办完，请刷新后查看")
	ErrNoReason   = errs.New(errs.Invalid, "invalid", "请写明为什么不同意").At("reason", "请写明为什么不同意，单位会看到")
)

// PartnerAsk is a work unit that asks a community to serve it (单位到社区报到):
// the first half of dual registration. Times are epoch milliseconds.
type PartnerAsk struct {
	UnitID      int64 `gorm:"primaryKey;autoIncrement:false"`
	CommunityID int64 `gorm:"primaryKey;autoIncrement:false"`
	AskedBy     int64
	AskedAt     int64
	RefusedAt   int64 // 0 while it waits
	Reason      string

	Unit          string `gorm:"->;-:migration"`
	ContactID     int64  `gorm:"->;-:migration"`
	Community     string `gorm:"->;-:migration"`
	CommunityPath string `gorm:"->;-:migration"`
}

// TableName is gorm's.
func (PartnerAsk) TableName() string { return "unit_partner_asks" }

// Decides says that somebody answers for the community.
func (a PartnerAsk) Decides(by Actor) bool {
	return a.RefusedAt == 0 && by.May(ManageMembers, a.CommunityPath)
}

// AskPartner has a unit's contact ask a community. Asked again it changes
// nothing, refused before it waits anew; a partner already stays one. Errors:
// ErrWorkUnit, ErrNotContact, ErrPartner.
func (s *Service) AskPartner(ctx context.Context, by Actor, unit, community int64) error {
	var w WorkUnit
	if err := s.DB.Read(ctx).Take(&w, "id = ? AND closed_at = 0", unit).Error; err != nil {
		return unknownWorkUnit(err)
	}
	if w.ContactID == 0 || w.ContactID != by.Person {
		return ErrNotContact
	}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		var open, paired int64
		if err := tx.Model(&Unit{}).Where("id = ? AND kind = ? AND closed_at = 0", community, Community).Count(&open).Error; err != nil {
			return err
		}
		if open == 0 {
			return ErrPartner
		}
		if err := tx.Model(&Partner{}).Where("unit_id = ? AND community_id = ?", unit, community).Count(&paired).Error; err != nil || paired > 0 {
			return err
		}
		ask := PartnerAsk{UnitID: unit, CommunityID: community, AskedBy: by.Person, AskedAt: s.Now().UnixMilli()}
		anew := tx.Exec("UPDATE unit_partner_asks SET asked_by = ?, asked_at = ?, refused_at = 0, reason = '' WHERE unit_id = ? AND community_id = ? AND refused_at <> 0", ask.AskedBy, ask.AskedAt, unit, community)
		if anew.Error != nil {
			return anew.Error
		}
		if anew.RowsAffected == 0 {
			if err := tx.Create(&ask).Error; err != nil {
				return err
			}
		}
		return s.hear(tx, ask)
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) { // it waits already
		return nil
	}
	return err
}

// AnswerPartner says for a community whether a unit serves it; a no has a
// reason, which the unit reads. Errors: ErrNoAsk, ErrNoReason.
func (s *Service) AnswerPartner(ctx context.Context, by Actor, unit, community int64, yes bool, reason string) error {
	if reason = strings.TrimSpace(reason); !yes && reason == "" {
		return ErrNoReason
	}
	if err := plain("reason", "原因", reason, maxReason); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		ask, err := s.PartnerAsk(tx, unit, community)
		if err != nil {
			return err
		}
		if !ask.Decides(by) {
			return ErrNoAsk
		}
		if !yes {
			ask.RefusedAt, ask.Reason = s.Now().UnixMilli(), reason
			did := tx.Exec("UPDATE unit_partner_asks SET refused_at = ?, reason = ? WHERE unit_id = ? AND community_id = ? AND refused_at = 0", ask.RefusedAt, reason, unit, community)
			if did.Error == nil && did.RowsAffected == 0 {
				return ErrNoAsk
			}
			if did.Error != nil {
				return did.Error
			}
			return s.hear(tx, ask)
		}
		did := tx.Exec("DELETE FROM unit_partner_asks WHERE unit_id = ? AND community_id = ? AND refused_at = 0", unit, community)
		if did.Error == nil && did.RowsAffected == 0 {
			return ErrNoAsk
		}
		if did.Error != nil {
			return did.Error
		}
		pair := Partner{UnitID: unit, CommunityID: community, Since: s.Now().Format("2006-01-02")}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&pair).Error; err != nil {
			return err
		}
		return s.hear(tx, ask)
	})
}

// EndPartner ends what a unit and a community have with each other, or takes an
// ask back: by the unit's contact or for the community. Ended before it stays
// ended. Errors: ErrWorkUnit, ErrUnknownUnit, ErrOutside.
func (s *Service) EndPartner(ctx context.Context, by Actor, unit, community int64) error {
	var w WorkUnit
	if err := s.DB.Read(ctx).Take(&w, unit).Error; err != nil {
		return unknownWorkUnit(err)
	}
	u, err := s.Unit(ctx, community)
	if err != nil {
		return err
	}
	if (w.ContactID == 0 || w.ContactID != by.Person) && !by.May(ManageMembers, u.Path) {
		return ErrOutside
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		for _, table := range []string{"unit_partner_asks", "unit_partners"} {
			if err := tx.Exec("DELETE FROM "+table+" WHERE unit_id = ? AND community_id = ?", unit, community).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

func selectAsks(tx *gorm.DB) *gorm.DB {
	return tx.Table("unit_partner_asks a").Select("a.*, w.name AS unit, w.contact_id, c.name AS community, c.path AS community_path").
		Joins("JOIN units w ON w.id = a.unit_id JOIN org_units c ON c.id = a.community_id")
}

// PartnerAsk is one. Error: ErrNoAsk.
func (s *Service) PartnerAsk(tx *gorm.DB, unit, community int64) (PartnerAsk, error) {
	var found []PartnerAsk
	err := selectAsks(tx).Where("a.unit_id = ? AND a.community_id = ?", unit, community).Find(&found).Error
	if err == nil && len(found) == 0 {
		err = ErrNoAsk
	}
	if err != nil {
		return PartnerAsk{}, err
	}
	return found[0], nil
}

// asksMost is how many asks a list holds: one waits for days, not years.
const asksMost = 500

// PartnerAsks are those that wait for somebody's word, and those of the units
// that the person answers for, the oldest first.
func (s *Service) PartnerAsks(ctx context.Context, by Actor) ([]PartnerAsk, error) {
	q := s.DB.Read(ctx).Where("w.contact_id = ?", by.Person)
	for _, p := range by.Posts {
		if (Actor{Posts: []Post{p}}).May(ManageMembers, p.OrgPath) {
			from, to := Below(p.OrgPath)
			q = q.Or("a.refused_at = 0 AND c.path >= ? AND c.path < ?", from, to)
		}
	}
	var out []PartnerAsk
	err := selectAsks(s.DB.Read(ctx)).Where(q).Order("a.asked_at, a.unit_id, a.community_id").Limit(asksMost).Find(&out).Error
	return out, err
}

// Pair is a work unit and a community that it serves.
type Pair struct {
	UnitID      int64
	Unit        string
	CommunityID int64
	Community   string
	Since       string // 2006-01-02
}

// Pairs are those of the units that the person answers for, and of the
// communities where the person holds a post that decides on them, by name.
func (s *Service) Pairs(ctx context.Context, by Actor) ([]Pair, error) {
	q := s.DB.Read(ctx).Where("w.contact_id = ?", by.Person)
	for _, p := range by.Posts {
		if p.OrgKind == Community && (Actor{Posts: []Post{p}}).May(ManageMembers, p.OrgPath) {
			q = q.Or("p.community_id = ?", p.OrgID)
		}
	}
	var out []Pair
	err := s.DB.Read(ctx).Table("unit_partners p").Select("p.unit_id, w.name AS unit, p.community_id, c.name AS community, p.since").
		Joins("JOIN units w ON w.id = p.unit_id AND w.closed_at = 0 JOIN org_units c ON c.id = p.community_id").
		Where(q).Order("w.name, p.unit_id, p.community_id").Limit(asksMost).Find(&out).Error
	return out, err
}

// NameOfWorkUnit is what a work unit is called. Error: ErrWorkUnitGone.
func (s *Service) NameOfWorkUnit(ctx context.Context, id int64) (string, error) {
	var names []string
	err := s.DB.Read(ctx).Raw("SELECT name FROM units WHERE id = ?", id).Scan(&names).Error
	if err == nil && len(names) == 0 {
		err = ErrWorkUnitGone
	}
	if err != nil {
		return "", err
	}
	return names[0], nil
}

// hear tells whoever listens of an ask that was made or answered.
func (s *Service) hear(tx *gorm.DB, a PartnerAsk) error {
	if s.Asked == nil {
		return nil
	}
	return s.Asked(tx, a)
}
