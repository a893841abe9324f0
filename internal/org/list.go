package org

import (
	"context"
	"encoding/base64"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"fenlin/internal/errs"
)

// ErrCursor says that a page's cursor is none of ours.
var ErrCursor = errs.New(errs.Invalid, "cursor", "页码已失效，请从第一页看起").At("cursor", "请从第一页看起")

// Filter says which units a list is of. Without any part it is the root.
type Filter struct {
	Parent int64     // what stands right under it
	Below  string    // what stands below this path, at any depth, that of the path included
	Kind   Kind      // only of this kind
	Text   string    // only those with it in the name, or with it as the code
	At     time.Time // the tree as it was then; zero: as it is
}

// Placed is a unit with those above it, the root first.
type Placed struct {
	Unit
	Above []Unit
}

// UnitPage is one page of a list; Next is empty on the last.
type UnitPage struct {
	Items []Placed
	Next  string
}

// aCursor is an id, or a path.
var aCursor = regexp.MustCompile(`^(\d{1,19}|/[\d/]{1,254})$`)

// MaxUnits is the longest page of units.
const MaxUnits = 100

// List returns a page of the units that are there, or were at a moment, in the
// order in which they were made; those below a path by their paths. Errors:
// ErrCursor.
func (s *Service) List(ctx context.Context, f Filter, limit int, cursor string) (UnitPage, error) {
	if limit <= 0 || limit > MaxUnits {
		limit = MaxUnits
	}
	now := f.At.IsZero()
	q := s.DB.Read(ctx).Table("org_units u").Select("u.*").Where("u.closed_at = 0")
	name, parent, path, at := "u.name", "u.parent_id", "u.path", f.At.UnixMilli()
	if !now {
		name, parent, path = "h.name", "h.parent_id", "h.path"
		q = s.DB.Read(ctx).Table("org_history h").Select("u.id, u.kind, u.code, u.sample, u.created_at, u.founded_at, u.version, u.closed_at, u.successor_id, h.parent_id, h.path, h.name").
			Joins("JOIN org_units u ON u.id = h.org_id").
			Where("h.from_at <= ? AND h.to_at > ? AND u.founded_at <= ? AND (u.closed_at = 0 OR u.closed_at > ?)", at, at, at, at)
	}
	text := strings.TrimSpace(f.Text)
	switch {
	case f.Below != "":
		from, to := Below(f.Below)
		q = q.Where(path+" >= ? AND "+path+" < ?", from, to)
	case f.Parent != 0 || f.Kind == "" && text == "":
		q = q.Where(parent+" = ?", f.Parent)
	}
	if f.Kind != "" {
		q = q.Where("u.kind = ?", f.Kind)
	} else if f.Parent == 0 && f.Below == "" && text != "" { // nobody looks for one of a million buildings by its number alone
		q = q.Where("u.kind IN ?", []Kind{Province, Prefecture, City, Department, Subdistrict, Community, CompoundKind})
	}
	if text != "" {
		like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text) + "%"
		q = q.Where("("+name+" LIKE ? ESCAPE '!' OR u.code = ?)", like, text)
	}
	order, key := "u.id", func(u Unit) string { return strconv.FormatInt(u.ID, 10) }
	if f.Below != "" {
		order, key = path, func(u Unit) string { return u.Path }
	}
	if cursor != "" {
		after, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil || !aCursor.Match(after) || (after[0] == '/') != (f.Below != "") {
			return UnitPage{}, ErrCursor
		}
		q = q.Where(order+" > ?", string(after))
	}
	var units []Unit
	if err := q.Order(order).Limit(limit + 1).Scan(&units).Error; err != nil {
		return UnitPage{}, err
	}
	var page UnitPage
	if len(units) > limit {
		units = units[:limit]
		page.Next = base64.RawURLEncoding.EncodeToString([]byte(key(units[limit-1])))
	}
	above, err := s.namesAt(ctx, units, f.At)
	if err != nil {
		return page, err
	}
	for _, u := range units {
		page.Items = append(page.Items, Placed{u, above(u)})
	}
	return page, nil
}

// namesAt gives the units above each of these, called as they were at a moment.
func (s *Service) namesAt(ctx context.Context, units []Unit, at time.Time) (func(Unit) []Unit, error) {
	var ids []int64
	for _, u := range units {
		ids = append(ids, u.Chain()[1:]...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	known := map[int64]Unit{}
	for some := range slices.Chunk(ids, loadBatch) {
		found, err := s.Units(ctx, some)
		if err != nil {
			return nil, err
		}
		for id, u := range found {
			known[id] = u
		}
		if at.IsZero() {
			continue
		}
		names, err := s.Names(ctx, some, at)
		if err != nil {
			return nil, err
		}
		for id, name := range names {
			u := known[id]
			u.Name = name
			known[id] = u
		}
	}
	return func(u Unit) []Unit {
		var out []Unit
		for _, id := range u.Chain()[1:] {
			if a, ok := known[id]; ok {
				out = append(out, a)
			}
		}
		slices.Reverse(out)
		return out
	}, nil
}

// Names are what units were called at a moment.
func (s *Service) Names(ctx context.Context, ids []int64, at time.Time) (map[int64]string, error) {
	out := make(map[int64]string, len(ids))
	for some := range slices.Chunk(ids, loadBatch) {
		var found []state
		err := s.DB.Read(ctx).Select("org_id", "name").Find(&found, "org_id IN ? AND from_at <= ? AND to_at > ?", some, at.UnixMilli(), at.UnixMilli()).Error
		if err != nil {
			return nil, err
		}
		for _, h := range found {
			out[h.OrgID] = h.Name
		}
	}
	return out, nil
}

// Paths are all the paths that a unit has had. What stood below it at any
// moment had one of them at its beginning.
func (s *Service) Paths(ctx context.Context, id int64) ([]string, error) {
	var paths []string
	err := s.DB.Read(ctx).Raw("SELECT DISTINCT path FROM org_history WHERE org_id = ? ORDER BY path", id).Scan(&paths).Error
	return paths, err
}

// Detail is all that is known of a unit.
type Detail struct {
	Placed
	Compound  *Compound // nil when it is none
	Parties   []Party   // of a compound, past ones too
	Children  int64     // units right under it that are there
	Posts     int64     // at the unit itself
	Vacancies int64     // those of them that nobody holds
	Compounds int64     // that are there below the unit, at any depth
}

// Detail returns all that is known of a unit, also of one that has closed.
// Errors: ErrUnknownUnit.
func (s *Service) Detail(ctx context.Context, id int64) (Detail, error) {
	u, err := s.Unit(ctx, id)
	if err != nil {
		return Detail{}, err
	}
	above, err := s.namesAt(ctx, []Unit{u}, time.Time{})
	if err != nil {
		return Detail{}, err
	}
	d := Detail{Placed: Placed{u, above(u)}}
	if u.Kind == CompoundKind {
		d.Compound = &Compound{}
		if err := s.DB.Read(ctx).Take(d.Compound, "org_id = ?", id).Error; err != nil {
			return d, unknownUnit(err)
		}
		if d.Parties, err = s.Parties(ctx, id); err != nil {
			return d, err
		}
	}
	now := s.Now().UnixMilli()
	err = s.DB.Read(ctx).Raw(`SELECT (SELECT COUNT(*) FROM org_units WHERE parent_id = ? AND closed_at = 0) AS children,
(SELECT COUNT(*) FROM posts WHERE org_id = ? AND closed_at = 0) AS posts,
(SELECT COUNT(*) FROM posts p WHERE p.org_id = ? AND p.closed_at = 0 AND NOT EXISTS
  (SELECT 1 FROM appointments a WHERE a.post_id = p.id AND a.from_at <= ? AND (a.to_at = 0 OR a.to_at > ?))) AS vacancies`, id, id, id, now, now).
		Row().Scan(&d.Children, &d.Posts, &d.Vacancies)
	if err == nil {
		d.Compounds, err = s.CountBelow(ctx, u.Path, CompoundKind)
	}
	return d, err
}

// CountBelow is how many units of a kind are there below a path, the unit with
// that path included: one range of one index, however deep the tree is.
func (s *Service) CountBelow(ctx context.Context, path string, kind Kind) (int64, error) {
	from, to := Below(path)
	var n int64
	err := s.DB.Read(ctx).Raw("SELECT COUNT(*) FROM org_units WHERE kind = ? AND closed_at = 0 AND path >= ? AND path < ?", kind, from, to).Scan(&n).Error
	return n, err
}
