package org

// forever is the end of a state that still holds: 9999-12-31.
const forever = 253402300799000

// state is where a unit stood in the tree, and its name, from one moment
// (epoch milliseconds) until before another.
type state struct {
	ID       int64
	OrgID    int64
	ParentID int64
	Path     string
	Name     string
	FromAt   int64
	ToAt     int64
	Reason   string
	ByID     int64
}

// TableName is gorm's.
func (state) TableName() string { return "org_history" }

// firstState holds from the beginning, because a ledger comes late.
func firstState(u Unit) state {
	return state{ID: u.ID, OrgID: u.ID, ParentID: u.ParentID, Path: u.Path, Name: u.Name, ToAt: forever}
}
