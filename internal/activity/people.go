package activity

import (
	"gorm.io/gorm"

	"fenlin/internal/db"
)

// once are the tables in which a person stands once in an activity or code;
// Forget drops their rows, and those of pairs.
var once = []string{"activity_signups", "activity_helpers", "activity_feedback"}

// many are the tables in which a person may stand often.
var many = []string{"activity_code_uses", "activity_checkins"}

// Unite gives what one person signed up for to another, as part of the caller's
// transaction: they are found to be the same. Of two seats in one activity one is left.
func (s *Service) Unite(tx *gorm.DB, from, to int64) error {
	if err := s.vacate(tx, "person_id = ? AND activity_id IN (SELECT activity_id FROM activity_signups WHERE person_id = ?)", from, to); err != nil {
		return err
	}
	if err := tx.Exec("DELETE FROM activity_code_uses WHERE person_id = ?", from).Error; err != nil {
		return err
	}
	if err := tx.Exec("UPDATE activity_checkins SET person_id = ?, open_key = NULL WHERE person_id = ?", to, from).Error; err != nil {
		return err
	}
	for _, table := range once {
		if err := db.Unite(tx, table, from, to, "activity_id"); err != nil {
			return err
		}
	}
	return nil
}

// Forget takes a person who leaves out of all activities, as part of the
// caller's transaction; who waits moves up.
func (s *Service) Forget(tx *gorm.DB, person int64) error {
	if err := s.vacate(tx, "person_id = ?", person); err != nil {
		return err
	}
	for _, table := range append(many, once...) {
		if err := tx.Exec("DELETE FROM "+table+" WHERE person_id = ?", person).Error; err != nil {
			return err
		}
	}
	return nil
}

// vacate gives back the seats of a person in activities that are still to be.
func (s *Service) vacate(tx *gorm.DB, where string, args ...any) error {
	var held []SignUp
	if err := tx.Where(where, args...).Where("state IN ?", holding).Find(&held).Error; err != nil {
		return err
	}
	for _, g := range held {
		slot, a, err := hold(tx, g.SlotID, 0)
		if err != nil {
			return err
		}
		if a.State != Published && a.State != Running {
			continue
		}
		if err := s.leave(tx, slot, a, g, Withdrawn); err != nil {
			return err
		}
	}
	return nil
}
