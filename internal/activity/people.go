package activity

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"fenlin/internal/db"
)

// once are the tables in which a person stands once in an activity or code;
// Forget drops their rows, and those of pairs.
var once = []string{"activity_signups", "activity_helpers", "activity_feedback", "activity_hours"}

// many are the tables in which a person may stand often.
var many = []string{"activity_code_uses", "activity_checkins", "activity_corrections"}

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
	if err := db.Unite(tx, "activity_corrections", from, to); err != nil {
		return err
	}
	for _, table := range once {
		if err := db.Unite(tx, table, from, to, "activity_id"); err != nil {
			return err
		}
	}
	for _, column := range []string{"person_id", "revoked_by"} {
		if err := tx.Exec("UPDATE certificates SET "+column+" = ? WHERE "+column+" = ?", to, from).Error; err != nil {
			return err
		}
	}
	return s.certificatesChanged(tx, to)
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
	return s.forgetCertificates(tx, person)
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

// Own is all that is kept of a person here.
type Own struct {
	SignUps     []SignUp
	Helps       []int64 // the activities that they help to run
	Pairs       []Pair
	Corrections []Correction
	Feedback    []Feedback
}

// Feedback is what a person thought of an activity.
type Feedback struct {
	ActivityID int64
	TookPart   bool
	Verdict    Verdict
	Note       string
	CreatedAt  int64
}

// TableName is gorm's.
func (Feedback) TableName() string { return "activity_feedback" }

// Own is what a person may take along, and the activities by their ids.
func (s *Service) Own(ctx context.Context, person int64) (Own, map[int64]Activity, error) {
	var own Own
	r := s.DB.Read(ctx)
	for _, err := range []error{
		r.Order("id").Find(&own.SignUps, "person_id = ?", person).Error,
		r.Raw("SELECT activity_id FROM activity_helpers WHERE person_id = ? ORDER BY activity_id", person).Scan(&own.Helps).Error,
		r.Order("in_at").Find(&own.Pairs, "person_id = ?", person).Error,
		r.Order("id").Find(&own.Corrections, "person_id = ?", person).Error,
		r.Order("created_at").Find(&own.Feedback, "person_id = ?", person).Error,
	} {
		if err != nil {
			return own, nil, err
		}
	}
	ids := slices.Clone(own.Helps)
	for _, g := range own.SignUps {
		ids = append(ids, g.ActivityID)
	}
	for _, f := range own.Feedback {
		ids = append(ids, f.ActivityID)
	}
	known := map[int64]Activity{}
	for some := range slices.Chunk(ids, loadBatch) {
		var found []Activity
		if err := r.Find(&found, "id IN ?", some).Error; err != nil {
			return own, nil, err
		}
		for _, a := range found {
			known[a.ID] = a
		}
	}
	return own, known, nil
}
