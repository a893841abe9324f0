package member

import (
	"context"

	"gorm.io/gorm"
)

// Known is a person with the openid that the account knows them by; empty when
// it does not. Phone, ID number, birth and address come to Load in plain.
type Known struct {
	Person
	OpenID string
}

// loadBatch is the rows of one INSERT; SQLite allows 32,766 parameters.
const loadBatch = 500

// Load puts many people into the database, as part of the caller's transaction;
// the caller gives their ids. Each has the same openid in both apps. An openid
// that is there already is gorm.ErrDuplicatedKey.
func (s *Service) Load(tx *gorm.DB, known []Known) error {
	now := s.Now().UnixMilli()
	people, identities := make([]personRow, 0, len(known)), make([]identityRow, 0, 2*len(known))
	for _, k := range known {
		row := personRow{Person: k.Person}
		row.CreatedAt = now
		row.PhoneIndex, row.IDIndex = s.indexed(FieldPhone, k.Phone), s.indexed(FieldIDNumber, k.IDNumber)
		for _, f := range fields {
			text := f.of(&row.Person)
			*text = s.SealField(k.ID, f.name, *text)
		}
		people = append(people, row)
		if k.OpenID == "" {
			continue
		}
		for _, app := range []App{Account, MiniProgram} {
			identities = append(identities, identityRow{ID: s.DB.NewID(), App: app, OpenID: k.OpenID, PersonID: k.ID, CreatedAt: now, Follows: app == Account})
		}
	}
	if err := tx.CreateInBatches(people, loadBatch).Error; err != nil {
		return err
	}
	return tx.CreateInBatches(identities, loadBatch).Error
}

// personRow is a person with the blind indexes, which nobody reads by name.
type personRow struct {
	Person
	PhoneIndex *string
	IDIndex    *string
}

func (personRow) TableName() string { return "people" }

// LoadMembers puts many Party members into the ledger, as part of the caller's
// transaction.
func (s *Service) LoadMembers(tx *gorm.DB, members []PartyMember) error {
	now := s.Now().UnixMilli()
	for i := range members {
		members[i].Version, members[i].CreatedAt = 1, now
	}
	return tx.CreateInBatches(members, loadBatch).Error
}

type identityRow struct {
	ID        int64
	App       App
	OpenID    string `gorm:"column:openid"`
	UnionID   string `gorm:"column:unionid"`
	PersonID  int64
	CreatedAt int64
	Follows   bool
}

func (identityRow) TableName() string { return "identities" }

// Samples returns the people of the sample city, in the order they were loaded.
func (s *Service) Samples(ctx context.Context) ([]Known, error) {
	var out []Known
	err := s.DB.Read(ctx).Raw(`SELECT p.*, i.openid AS open_id FROM people p JOIN identities i ON i.person_id = p.id AND i.app = ?
WHERE p.sample AND p.closed_at = 0 ORDER BY p.id`, Account).Scan(&out).Error
	return out, err
}
