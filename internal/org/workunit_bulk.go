package org

import (
	"gorm.io/gorm"
)

// AllWorkUnits are all work units with the communities of each, closed ones
// too, in the order in which they were made.
func (s *Service) AllWorkUnits(tx *gorm.DB) ([]WorkUnit, map[int64][]Partner, error) {
	var units []WorkUnit
	if err := tx.Order("id").Find(&units).Error; err != nil {
		return nil, nil, err
	}
	var all []Partner
	if err := tx.Order("unit_id, community_id").Find(&all).Error; err != nil {
		return nil, nil, err
	}
	partners := map[int64][]Partner{}
	for _, p := range all {
		partners[p.UnitID] = append(partners[p.UnitID], p)
	}
	return units, partners, nil
}

// SaveWorkUnit changes what is known of a work unit but for its id.
func (s *Service) SaveWorkUnit(tx *gorm.DB, u WorkUnit) error {
	return tx.Model(&WorkUnit{}).Where("id = ?", u.ID).
		Updates(map[string]any{"kind": u.Kind, "code": u.Code, "name": u.Name, "contact_id": u.ContactID}).Error
}

// AddWorkUnits puts new work units into the table; the caller gives their ids.
func (s *Service) AddWorkUnits(tx *gorm.DB, units []WorkUnit) error {
	if len(units) == 0 {
		return nil
	}
	now := s.Now().UnixMilli()
	for i := range units {
		units[i].CreatedAt = now
	}
	return tx.CreateInBatches(units, loadBatch).Error
}

// Pair gives a work unit these communities in place of those it had.
func (s *Service) Pair(tx *gorm.DB, unit int64, partners []Partner) error {
	if err := tx.Exec("DELETE FROM unit_partners WHERE unit_id = ?", unit).Error; err != nil || len(partners) == 0 {
		return err
	}
	for i := range partners {
		partners[i].UnitID = unit
	}
	return tx.CreateInBatches(partners, loadBatch).Error
}
