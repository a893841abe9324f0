package member

import (
	"errors"

	"gorm.io/gorm"
)

// Named is a person as a row of a ledger names them, in plain text and checked
// already. An empty field is not told: what is known of it stays. A phone or
// an ID number with stars in it is a mask: it has to fit what is known.
type Named struct {
	Name     string
	Phone    string
	IDNumber string
	Birth    string // 2006-01-02
	Gender   string // male or female
	Address  string
	Member   bool // a Party member

	// Among are the people whom the row may mean without a whole phone or ID
	// number, because it stands in their place: the holder of the post, the
	// members of the branch. By name alone nobody else is meant.
	Among []int64
	// Fresh lets a row without a phone and an ID number mean somebody new.
	Fresh bool
}

// Resolved is the person whom a row means.
type Resolved struct {
	PersonID int64
	New      bool // was not known
	Changed  bool // something known of them has changed
	Reached  bool // their phone has changed: whoever has it signs in as them
}

// Misfit says why a row cannot be brought together with a person.
type Misfit struct {
	Index  int    // of the row
	Field  string // "name" or one of the personal fields
	Reason string // Chinese
	Other  int    // the row that it contradicts; -1 = none, it contradicts what is known
}

// Resolve finds the people whom rows mean, by ID number, else by phone, makes
// those unknown and keeps what is new of the others, as part of the caller's
// transaction. With misfits nothing may be relied on: the caller rolls back.
func (s *Service) Resolve(tx *gorm.DB, named []Named) ([]Resolved, []Misfit, error) {
	return nil, nil, errors.New("member: people are not resolved yet")
}
