package org

// PartyKind says what a party of a compound is.
type PartyKind string

// The parties of a compound. Where owners have elected no committee of theirs,
// a property-management committee stands in its place.
const (
	CommitteeParty    PartyKind = "committee"          // 居民委员会
	OwnersCommittee   PartyKind = "owners_committee"   // 业主委员会
	PropertyCommittee PartyKind = "property_committee" // 物业管理委员会
	PropertyCompany   PartyKind = "property_company"   // 物业服务企业
)

// Party is one of those who run a compound, for a term.
type Party struct {
	ID         int64
	CompoundID int64
	Kind       PartyKind
	Name       string
	ContactID  int64  // a person; 0 = none
	FromOn     string // 2006-01-02; empty when not told
	ToOn       string // the last day; empty while it has no end
}

// TableName is gorm's.
func (Party) TableName() string { return "compound_parties" }
