package org

import (
	"encoding/json"
	"slices"

	"gorm.io/gorm"

	"fenlin/internal/db"
)

// What ledgers of thousands of rows read and write at once. Every function is
// part of the caller's transaction; the caller has asked whether it may.

// Scopes are the paths of the subtrees in which the actor has p, none within another.
func (a Actor) Scopes(p Permission) []string {
	var paths []string
	for _, post := range a.Posts {
		if grants[p][post.Role] {
			paths = append(paths, post.OrgPath)
		}
	}
	slices.Sort(paths) // a path stands before those within it
	var out []string
	for _, path := range paths {
		if len(out) == 0 || !Within(path, out[len(out)-1]) {
			out = append(out, path)
		}
	}
	return out
}

// Hold makes others who would hold the tree wait until the transaction ends,
// so that two ledgers at once do not make one thing twice. It comes first in
// the transaction.
func (s *Service) Hold(tx *gorm.DB) error {
	return tx.Exec("UPDATE org_units SET version = version WHERE parent_id = 0").Error
}

// Standing are the units of the subtrees that are there now, in the order of
// their paths.
func (s *Service) Standing(tx *gorm.DB, paths []string) ([]Unit, error) {
	var out []Unit
	for _, path := range paths {
		from, to := Below(path)
		var units []Unit
		if err := tx.Where("path >= ? AND path < ? AND closed_at = 0", from, to).Order("path").Find(&units).Error; err != nil {
			return nil, err
		}
		out = append(out, units...)
	}
	return out, nil
}

// AddAll puts units into the tree; the caller gives their ids and paths.
func (s *Service) AddAll(tx *gorm.DB, units []Unit, compounds []Compound) error {
	now := s.Now().UnixMilli()
	states := make([]state, 0, len(units))
	for i := range units {
		units[i].CreatedAt = now
		states = append(states, firstState(units[i]))
	}
	for i := range compounds {
		if compounds[i].Aliases == nil {
			compounds[i].Aliases = []string{}
		}
	}
	if err := createAll(tx, units); err != nil {
		return err
	}
	if err := createAll(tx, states); err != nil {
		return err
	}
	return createAll(tx, compounds)
}

func createAll[T any](tx *gorm.DB, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	return tx.CreateInBatches(rows, loadBatch).Error
}

// RenameAll gives units the names and codes that they have here, from now on.
func (s *Service) RenameAll(tx *gorm.DB, by int64, units []Unit, reason string) error {
	paths := make([]string, 0, len(units))
	for _, u := range units {
		paths = append(paths, u.Path)
	}
	now, err := s.moment(tx, Deed{}, paths)
	if err != nil {
		return err
	}
	var ids []int64
	var names, states [][]any
	for _, u := range units {
		ids = append(ids, u.ID)
		names = append(names, []any{u.ID, u.Name, u.Code, u.Version + 1})
		states = append(states, []any{s.DB.NewID(), u.ID, u.ParentID, u.Path, u.Name, now, forever, reason, by})
	}
	if err := db.Update(tx, "org_units", "id", []string{"name", "code", "version"}, names); err != nil {
		return err
	}
	for chunk := range slices.Chunk(ids, loadBatch) {
		if err := tx.Exec("UPDATE org_history SET to_at = ? WHERE org_id IN ? AND to_at = ?", now, chunk, forever).Error; err != nil {
			return err
		}
	}
	return db.Insert(tx, "org_history", []string{"id", "org_id", "parent_id", "path", "name", "from_at", "to_at", "reason", "by_id"}, states)
}

// CompoundsOf are the facts of compounds, by the unit's id.
func (s *Service) CompoundsOf(tx *gorm.DB, units []int64) (map[int64]Compound, error) {
	out := make(map[int64]Compound, len(units))
	for chunk := range slices.Chunk(units, loadBatch) {
		var found []Compound
		if err := tx.Find(&found, "org_id IN ?", chunk).Error; err != nil {
			return nil, err
		}
		for _, c := range found {
			out[c.OrgID] = c
		}
	}
	return out, nil
}

// SettleAll gives compounds the facts that they have here.
func (s *Service) SettleAll(tx *gorm.DB, compounds []Compound) error {
	var rows [][]any
	for _, c := range compounds {
		aliases, err := json.Marshal(append([]string{}, c.Aliases...))
		if err != nil {
			return err
		}
		var boundary any
		if len(c.Boundary) > 0 {
			text, err := json.Marshal(c.Boundary)
			if err != nil {
				return err
			}
			boundary = string(text)
		}
		rows = append(rows, []any{c.OrgID, string(c.Governance), c.Households, c.Lat, c.Lng, c.Datum, boundary, string(aliases), c.Branch, c.ConsultsSince})
	}
	return db.Update(tx, "compounds", "org_id", []string{"governance", "households", "lat", "lng", "datum", "boundary", "aliases", "branch", "consults_since"}, rows)
}

// PartiesOf are all the parties of compounds, past ones too, by the compound,
// those made last at the end.
func (s *Service) PartiesOf(tx *gorm.DB, compounds []int64) (map[int64][]Party, error) {
	found, err := db.Lookup[Party](tx, "SELECT * FROM compound_parties WHERE compound_id IN ? ORDER BY id", compounds)
	out := map[int64][]Party{}
	for _, p := range found {
		out[p.CompoundID] = append(out[p.CompoundID], p)
	}
	return out, err
}

// SeatParties puts parties into their table, and gives those that are there
// what they have here. New ones have no id yet.
func (s *Service) SeatParties(tx *gorm.DB, parties []Party) error {
	var fresh, changed [][]any
	for _, p := range parties {
		if p.ID == 0 {
			fresh = append(fresh, []any{s.DB.NewID(), p.CompoundID, string(p.Kind), p.Name, p.ContactID, p.FromOn, p.ToOn})
		} else {
			changed = append(changed, []any{p.ID, string(p.Kind), p.Name, p.ContactID, p.FromOn, p.ToOn})
		}
	}
	columns := []string{"kind", "name", "contact_id", "from_on", "to_on"}
	if err := db.Insert(tx, "compound_parties", append([]string{"id", "compound_id"}, columns...), fresh); err != nil {
		return err
	}
	return db.Update(tx, "compound_parties", "id", columns, changed)
}

// Term is a post with who holds it, or is about to, in a ledger.
type Term struct {
	Post        int64
	OrgID       int64
	Role        Role
	Title       string
	Appointment int64 // 0: the post is vacant
	PersonID    int64
	UnitID      int64 // the work unit that sends them; 0 = none
	FromAt      int64 // epoch milliseconds; may be to come
	ToAt        int64 // 0: open
	Note        string

	Earlier []Holding `gorm:"-"` // those who hold it until then
}

// Holding is an appointment with its beginning.
type Holding struct {
	Appointment int64
	FromAt      int64
}

// TermsOf are the posts of units, each with the latest of those who hold it or
// are to hold it, in the order in which the posts were made.
func (s *Service) TermsOf(tx *gorm.DB, units []int64) ([]Term, error) {
	now := s.Now().UnixMilli()
	var out []Term
	for chunk := range slices.Chunk(units, loadBatch) {
		var found []Term
		err := tx.Raw(`SELECT p.id AS post, p.org_id, p.role, p.title, a.id AS appointment, a.person_id, a.unit_id, a.from_at, a.to_at, a.note
FROM posts p LEFT JOIN appointments a ON a.post_id = p.id AND (a.to_at = 0 OR a.to_at > ?) AND a.from_at <> a.to_at
WHERE p.org_id IN ? AND p.closed_at = 0 ORDER BY p.org_id, p.id, a.from_at DESC, a.id DESC`, now, chunk).Scan(&found).Error
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			if n := len(out) - 1; n >= 0 && out[n].Post == t.Post {
				out[n].Earlier = append(out[n].Earlier, Holding{t.Appointment, t.FromAt})
			} else {
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// PostsOf are the posts that people hold now, or are about to hold, by the person.
func (s *Service) PostsOf(tx *gorm.DB, people []int64) (map[int64][]Post, error) {
	now := s.Now().UnixMilli()
	out := map[int64][]Post{}
	for chunk := range slices.Chunk(people, loadBatch) {
		var found []struct {
			Post
			PersonID int64
		}
		err := tx.Raw(`SELECT p.id, p.org_id, p.role, p.title, u.kind AS org_kind, u.code AS org_code, u.name AS org_name, u.path AS org_path, 1 AS filled, a.person_id
FROM appointments a JOIN posts p ON p.id = a.post_id JOIN org_units u ON u.id = p.org_id
WHERE a.person_id IN ? AND (a.to_at = 0 OR a.to_at > ?) ORDER BY u.path, p.id`, chunk, now).Scan(&found).Error
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			out[f.PersonID] = append(out[f.PersonID], f.Post)
		}
	}
	return out, nil
}

// Terms are changes of posts and of who holds them, in a ledger.
type Terms struct {
	Made     []Term    // posts to be made; the caller gives their ids
	Retitled []Term    // posts with their new titles
	Ended    []Holding // appointments with their ends in place of their beginnings
	Mended   []Term    // appointments with what sends them, their days and note as they are now
	Begun    []Term    // appointments to be made
}

// SeatAll makes the changes; by is who appoints.
func (s *Service) SeatAll(tx *gorm.DB, by int64, t Terms) error {
	now := s.Now().UnixMilli()
	row := func(terms []Term, values func(Term) []any) [][]any {
		out := make([][]any, 0, len(terms))
		for _, one := range terms {
			out = append(out, values(one))
		}
		return out
	}
	made := row(t.Made, func(t Term) []any { return []any{t.Post, t.OrgID, string(t.Role), t.Title, now} })
	if err := db.Insert(tx, "posts", []string{"id", "org_id", "role", "title", "created_at"}, made); err != nil {
		return err
	}
	titles := row(t.Retitled, func(t Term) []any { return []any{t.Post, t.Title} })
	if err := db.Update(tx, "posts", "id", []string{"title"}, titles); err != nil {
		return err
	}
	ends := make([][]any, 0, len(t.Ended))
	for _, e := range t.Ended {
		ends = append(ends, []any{e.Appointment, e.FromAt})
	}
	if err := db.Update(tx, "appointments", "id", []string{"to_at"}, ends); err != nil {
		return err
	}
	mended := row(t.Mended, func(t Term) []any { return []any{t.Appointment, t.UnitID, t.FromAt, t.ToAt, t.Note} })
	if err := db.Update(tx, "appointments", "id", []string{"unit_id", "from_at", "to_at", "note"}, mended); err != nil {
		return err
	}
	begun := row(t.Begun, func(t Term) []any {
		return []any{s.DB.NewID(), t.Post, t.PersonID, t.UnitID, t.FromAt, t.ToAt, by, t.Note}
	})
	return db.Insert(tx, "appointments", []string{"id", "post_id", "person_id", "unit_id", "from_at", "to_at", "by_id", "note"}, begun)
}

// WorkUnitsNow are the work units that are there, by name.
func (s *Service) WorkUnitsNow(tx *gorm.DB) (map[string]WorkUnit, error) {
	var found []WorkUnit
	err := tx.Find(&found, "closed_at = 0").Error
	out := make(map[string]WorkUnit, len(found))
	for _, u := range found {
		out[u.Name] = u
	}
	return out, err
}
