package org

// WorkUnitKind says what a work unit is.
type WorkUnitKind string

// The kinds of work units.
const (
	Organ      WorkUnitKind = "organ"      // 机关单位
	Enterprise WorkUnitKind = "enterprise" // 企业
	Social     WorkUnitKind = "social"     // 社会组织
)

// WorkUnit is a 单位: where members work and who sends people into posts. It
// stands outside the tree.
type WorkUnit struct {
	ID        int64
	Kind      WorkUnitKind
	Code      string // 统一社会信用代码; empty when not told
	Name      string // unique
	ContactID int64  // a person; 0 = none
	Sample    bool
	CreatedAt int64
	ClosedAt  int64 // 0 while it is there
}

// TableName is gorm's.
func (WorkUnit) TableName() string { return "units" }

// Partner says that a work unit serves a community (结对共建).
type Partner struct {
	UnitID      int64
	CommunityID int64
	Since       string // 2006-01-02
}

// TableName is gorm's.
func (Partner) TableName() string { return "unit_partners" }
