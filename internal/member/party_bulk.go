package member

import (
	"slices"

	"gorm.io/gorm"

	"fenlin/internal/db"
)

// partyBatch is how many units one query of PartyIn names.
const partyBatch = 500

// Listed is a Party member with the name that the ledger has.
type Listed struct {
	PartyMember
	Name string
}

// PartyIn are the Party members whose branch, or whose community of residence,
// is one of the units; those who left are not among them.
func (s *Service) PartyIn(tx *gorm.DB, units []int64) ([]Listed, error) {
	seen := map[int64]bool{}
	var out []Listed
	for chunk := range slices.Chunk(units, partyBatch) {
		for _, column := range []string{"branch_id", "community_id"} {
			var found []Listed
			err := tx.Raw("SELECT m.*, p.name FROM party_members m JOIN people p ON p.id = m.person_id WHERE m."+column+" IN ? AND m.left_at = 0 ORDER BY m.person_id", chunk).Scan(&found).Error
			if err != nil {
				return nil, err
			}
			for _, m := range found {
				if !seen[m.PersonID] {
					seen[m.PersonID] = true
					out = append(out, m)
				}
			}
		}
	}
	return out, nil
}

// PartyOf are the Party members among people, those who left too.
func (s *Service) PartyOf(tx *gorm.DB, people []int64) (map[int64]PartyMember, error) {
	found, err := db.Lookup[PartyMember](tx, "SELECT * FROM party_members WHERE person_id IN ?", people)
	out := make(map[int64]PartyMember, len(found))
	for _, m := range found {
		out[m.PersonID] = m
	}
	return out, err
}

// PartyChange is what a ledger makes of an entry.
type PartyChange struct {
	Was       PartyMember // PersonID 0: there was none
	Now       PartyMember
	Corrected []string // the personal fields that changed, by their titles
}

// KeepParty writes what ledgers make of entries, with their history; names
// tells the names of branches, communities and work units, by is who says so.
func (s *Service) KeepParty(tx *gorm.DB, by int64, changes []PartyChange, reason string, names func(id int64) string) error {
	at := s.Now().UnixMilli()
	var fresh, changed, history [][]any
	for _, c := range changes {
		m, lines := c.Now, []Change(nil)
		row := []any{
			m.PersonID, string(m.Category), m.Probationary, m.BranchID, m.UnitID, m.CommunityID, m.Ethnicity, m.Education,
			m.Job, m.JoinedOn, m.FullOn, m.Flows, m.Note, m.LeftAt, c.Was.Version + 1,
		}
		switch {
		case c.Was.PersonID == 0:
			fresh = append(fresh, append(row, at))
		case c.Was != c.Now:
			changed = append(changed, row)
		}
		if c.Was.PersonID == 0 || c.Was.LeftAt != 0 {
			lines = append(lines, Change{Kind: Entered, Became: clip(names(m.BranchID) + " " + m.Category.Name())})
		} else {
			lines = Differences(c.Was, m, names)
		}
		for _, title := range c.Corrected {
			lines = append(lines, Change{Kind: Corrected, Became: title})
		}
		for _, l := range lines {
			history = append(history, []any{nil, m.PersonID, string(l.Kind), l.Was, l.Became, reason, by, at})
		}
	}
	for i, id := range s.DB.NewIDs(len(history)) {
		history[i][0] = id
	}
	columns := []string{
		"category", "probationary", "branch_id", "unit_id", "community_id", "ethnicity", "education",
		"job", "joined_on", "full_on", "flows", "note", "left_at", "version",
	}
	if err := db.Insert(tx, "party_members", slices.Concat([]string{"person_id"}, columns, []string{"created_at"}), fresh); err != nil {
		return err
	}
	if err := db.Update(tx, "party_members", "person_id", columns, changed); err != nil {
		return err
	}
	return db.Insert(tx, "member_history", []string{"id", "person_id", "kind", "was", "became", "reason", "by_id", "at"}, history)
}
