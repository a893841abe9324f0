// Package org knows the city's organisation: the tree of units from the city
// down to building groups, the posts in it, who holds them, and what a post
// lets its holder do.
package org

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/geo"
)

// Errors a person may see.
var (
	ErrUnknownUnit = errs.New(errs.NotFound, "org_unknown", "没有找到这个组织或小区")
	ErrOutside     = errs.New(errs.Forbidden, "outside_scope", "这不在您负责的范围内")
)

// Kind is the kind of a unit.
type Kind string

// The kinds of units. Departments and the public companies stand under the city.
const (
	Province      Kind = "province"       // 省
	Prefecture    Kind = "prefecture"     // 地级市
	City          Kind = "city"           // 市
	Subdistrict   Kind = "subdistrict"    // 街道
	Community     Kind = "community"      // 社区
	CompoundKind  Kind = "compound"       // 小区 (its branch: 小区党支部)
	BuildingGroup Kind = "building_group" // 楼栋党小组; its code is the building's number
	Department    Kind = "department"     // 部门; its code is the one routing names

	HubHousehold    Kind = "hub_household"    // 党员中心户, of a building group
	LinkedHousehold Kind = "linked_household" // 党员联户, of a hub household
)

// Unit is a node of the tree. Path is the ids from the root, '/1/23/456/', so
// that a subtree is one range of an index at any depth.
type Unit struct {
	ID        int64
	ParentID  int64
	Kind      Kind
	Code      string
	Name      string
	Path      string
	Sample    bool
	CreatedAt int64

	FoundedAt   int64 // since when it is there; 0: before anybody wrote it down
	Version     int64 // counts the changes
	ClosedAt    int64 // 0 while the unit is there
	SuccessorID int64 // the unit that took this one up; 0 = none
}

// TableName is gorm's.
func (Unit) TableName() string { return "org_units" }

// Chain is the ids from the unit itself up to the root.
func (u Unit) Chain() []int64 {
	var ids []int64
	for part := range strings.SplitSeq(strings.Trim(u.Path, "/"), "/") {
		id, _ := strconv.ParseInt(part, 10, 64)
		ids = append(ids, id)
	}
	slices.Reverse(ids)
	return ids
}

// Within says that path lies in the subtree of the unit whose path is root.
func Within(path, root string) bool { return root != "" && strings.HasPrefix(path, root) }

// Below is the range of paths, from <= path < to, that is the subtree of the
// unit with that path, the unit itself included. Unlike LIKE it is one range of
// an index on every engine.
func Below(path string) (from, to string) { return path, strings.TrimSuffix(path, "/") + "0" }

// Governance says who runs a compound.
type Governance string

// The three kinds of compounds.
const (
	Managed   Governance = "managed"   // 有物业
	SelfRun   Governance = "self_run"  // 自办物业
	Unmanaged Governance = "unmanaged" // 无物业
)

// Compound is what a unit of kind compound has beside its place in the tree.
type Compound struct {
	OrgID      int64 `gorm:"primaryKey"`
	Governance Governance
	Households int
	Lat, Lng   float64  // degrees in Datum
	Datum      string   // gcj02 or wgs84
	Boundary   geo.Ring `gorm:"serializer:json"` // in Datum; empty while it is not known
	Aliases    []string `gorm:"serializer:json"`

	Branch        string // the Party branch's name; empty: it has none
	ConsultsSince string // the day when its parties began to hold consultations, 2006-01-02; empty: not yet
}

// Service answers questions about the organisation and changes it.
type Service struct {
	DB  *db.DB
	Now func() time.Time

	// Asked hears, in the transaction, of a unit that asks a community or was
	// answered; nil: nobody listens.
	Asked func(tx *gorm.DB, a PartnerAsk) error
}

// Unit returns a unit by its id.
func (s *Service) Unit(ctx context.Context, id int64) (Unit, error) {
	var u Unit
	err := s.DB.Read(ctx).Take(&u, id).Error
	return u, unknownUnit(err)
}

// Units returns units by their ids, in no order.
func (s *Service) Units(ctx context.Context, ids []int64) (map[int64]Unit, error) {
	var units []Unit
	if err := s.DB.Read(ctx).Find(&units, "id IN ?", ids).Error; err != nil {
		return nil, err
	}
	out := make(map[int64]Unit, len(units))
	for _, u := range units {
		out[u.ID] = u
	}
	return out, nil
}

// Root is the city.
func (s *Service) Root(ctx context.Context) (Unit, error) {
	var u Unit
	err := s.DB.Read(ctx).Take(&u, "parent_id = 0").Error
	return u, unknownUnit(err)
}

// Place is a compound that is there, with the names of the units above it.
type Place struct {
	Unit
	Compound
	Community   string
	Subdistrict string
}

const selectPlaces = `SELECT u.*, c.*, m.name AS community, s.name AS subdistrict
FROM compounds c JOIN org_units u ON u.id = c.org_id
JOIN org_units m ON m.id = u.parent_id JOIN org_units s ON s.id = m.parent_id`

// Places returns every compound that is there, by name.
func (s *Service) Places(ctx context.Context) ([]Place, error) {
	var places []Place
	err := s.DB.Read(ctx).Raw(selectPlaces + " WHERE u.closed_at = 0 ORDER BY u.name, u.id").Scan(&places).Error
	return places, err
}

// UnitCodes are the codes of the compounds and of the units above them that have one.
func (s *Service) UnitCodes(ctx context.Context) (map[int64]string, error) {
	var found []Unit
	err := s.DB.Read(ctx).Raw("SELECT id, code FROM org_units WHERE kind IN ? AND code <> ''", []Kind{City, Subdistrict, Community, CompoundKind}).Scan(&found).Error
	codes := make(map[int64]string, len(found))
	for _, u := range found {
		codes[u.ID] = u.Code
	}
	return codes, err
}

// Place returns one compound; of one that was merged, the compound that took it
// up: codes on walls and people's homes outlive a merger. Errors:
// ErrUnknownUnit, also for one that closed without a successor.
func (s *Service) Place(ctx context.Context, id int64) (Place, error) {
	now, err := s.Successor(ctx, id)
	if err != nil {
		return Place{}, err
	}
	var places []Place
	if err := s.DB.Read(ctx).Raw(selectPlaces+" WHERE c.org_id = ? AND u.closed_at = 0", now).Scan(&places).Error; err != nil {
		return Place{}, err
	}
	if len(places) == 0 {
		return Place{}, ErrUnknownUnit
	}
	return places[0], nil
}

// Successor is the unit that stands for one now: itself, or the one that took
// it up.
func (s *Service) Successor(ctx context.Context, id int64) (int64, error) {
	var found []int64
	err := s.DB.Read(ctx).Raw("SELECT successor_id FROM org_units WHERE id = ? AND successor_id <> 0", id).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return id, err
	}
	return found[0], nil
}

// Merged are the compounds that were taken up by others: which by which.
func (s *Service) Merged(ctx context.Context) (map[int64]int64, error) {
	var closed []Unit
	err := s.DB.Read(ctx).Select("id", "successor_id").Find(&closed, "kind = ? AND successor_id <> 0", CompoundKind).Error
	out := make(map[int64]int64, len(closed))
	for _, u := range closed {
		out[u.ID] = u.SuccessorID
	}
	return out, err
}

// TakenUp are a compound and those that it took up.
func (s *Service) TakenUp(ctx context.Context, compound int64) ([]int64, error) {
	ids := []int64{compound}
	var closed []int64
	err := s.DB.Read(ctx).Raw("SELECT id FROM org_units WHERE parent_id = ? AND kind = ? ORDER BY id", compound, CompoundKind).Scan(&closed).Error
	return append(ids, closed...), err
}

func unknownUnit(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ErrUnknownUnit
	}
	return err
}
