// Package station knows the service points (党群服务中心、站): where they are and
// what became of them.
package station

import "gorm.io/gorm"

// Kind says what a service point is.
type Kind string

// The two kinds of service points.
const (
	Center  Kind = "center"  // 党群服务中心, of a city or community
	Station Kind = "station" // 党群服务站, of a compound
)

// Point is a service point. Its days are 2006-01-02, empty while it has not come so far.
type Point struct {
	ID            int64
	OrgID         int64 // the unit that it serves
	Kind          Kind
	Name          string
	Demonstration bool   // 示范点
	PassedOn      string // the assessment was passed (验收)
	RewardedOn    string // the reward was given (奖补)
	UpgradedOn    string // a centre was upgraded (提升)
	Sample        bool
	CreatedAt     int64 // epoch milliseconds
}

// TableName is gorm's.
func (Point) TableName() string { return "service_points" }

// loadBatch is the rows of one INSERT; SQLite allows 32,766 parameters.
const loadBatch = 500

// Load puts many points into the table, as part of the caller's transaction;
// the caller gives their ids.
func Load(tx *gorm.DB, points []Point) error { return tx.CreateInBatches(points, loadBatch).Error }
