// Package activity knows the volunteers' activities (党群阵地@你): what was done
// where and when.
package activity

import "gorm.io/gorm"

// State says how far an activity has come.
type State string

// Done is an activity that took place.
const Done State = "done"

// Activity is one occasion. Times are epoch milliseconds.
type Activity struct {
	ID        int64
	OrgID     int64 // the unit that holds it
	PointID   int64 // the service point where it is; 0 = elsewhere
	Title     string
	State     State
	StartsAt  int64
	EndsAt    int64
	Sample    bool
	CreatedAt int64
}

// TableName is gorm's.
func (Activity) TableName() string { return "activities" }

// loadBatch is the rows of one INSERT; SQLite allows 32,766 parameters.
const loadBatch = 500

// Load puts many activities into the table, as part of the caller's
// transaction; the caller gives their ids.
func Load(tx *gorm.DB, activities []Activity) error {
	return tx.CreateInBatches(activities, loadBatch).Error
}
