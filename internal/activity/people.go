package activity

import (
	"gorm.io/gorm"
)

// one person's rows, by table: what Unite hands over and Forget drops.
var personal = []struct {
	table string
	keeps bool // rows stay, without a way back to the person, when the person leaves
}{
	{"activity_signups", false}, {"activity_helpers", false}, {"activity_feedback", false},
}

// Unite gives what one person signed up for to another, as part of the caller's
// transaction: they are found to be the same. Of two seats in one activity one is left.
func (s *Service) Unite(tx *gorm.DB, from, to int64) error {
	if err := s.vacate(tx, "person_id = ? AND activity_id IN (SELECT activity_id FROM activity_signups WHERE person_id = ?)", from, to); err != nil {
		return err
	}
	for _, p := range personal {
		// Two steps, because MySQL does not read in a statement what it changes.
		var both []int64
		if err := tx.Raw("SELECT a.activity_id FROM "+p.table+" a JOIN "+p.table+" b ON b.activity_id = a.activity_id AND b.person_id = ? WHERE a.person_id = ?", to, from).Scan(&both).Error; err != nil {
			return err
		}
		if len(both) > 0 {
			if err := tx.Exec("DELETE FROM "+p.table+" WHERE person_id = ? AND activity_id IN ?", from, both).Error; err != nil {
				return err
			}
		}
		if err := tx.Exec("UPDATE "+p.table+" SET person_id = ? WHERE person_id = ?", to, from).Error; err != nil {
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
	for _, p := range personal {
		if err := tx.Exec("DELETE FROM "+p.table+" WHERE person_id = ?", person).Error; err != nil {
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
