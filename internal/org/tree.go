package org

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/geo"
)

// Errors of changing the tree that a person may see.
var (
	ErrInvalid  = errs.New(errs.Invalid, "invalid", "填写有误，请检查后再提交")
	ErrStale    = errs.New(errs.Conflict, "stale", "已被他人修改，请刷新后再试")
	ErrClosed   = errs.New(errs.Conflict, "org_closed", "这个组织已经撤销或并入别处，不能再改动")
	ErrTwin     = errs.New(errs.Conflict, "org_exists", "同一上级之下已有同名或同编码的组织，请换个名称")
	ErrKind     = errs.New(errs.Invalid, "org_kind", "这类组织不能设在这个上级之下")
	ErrCycle    = errs.New(errs.Invalid, "org_cycle", "不能把一个组织移到它自己或它的下级之下，请另选上级")
	ErrChildren = errs.New(errs.Conflict, "org_children", "下面还有没撤销的组织，请先把它们移走、并走或撤销")
	ErrMoment   = errs.New(errs.Invalid, "org_moment", "生效时间不对")
)

// under is which kinds a unit of a kind may stand under; a kind that is not
// named here does not exist.
var under = map[Kind][]Kind{
	Province:        {},
	Prefecture:      {Province},
	City:            {Prefecture, Province}, // some cities answer to the province
	Department:      {City},
	Subdistrict:     {City},
	Community:       {Subdistrict},
	CompoundKind:    {Community},
	BuildingGroup:   {CompoundKind},
	HubHousehold:    {BuildingGroup},
	LinkedHousehold: {HubHousehold},
}

// roots are the kinds of which the top of a tree may be.
var roots = []Kind{Province, Prefecture, City}

// KindNames are the kinds in Chinese.
var KindNames = map[Kind]string{
	Province: "省", Prefecture: "地级市", City: "市", Department: "部门", Subdistrict: "街道", Community: "社区", CompoundKind: "小区",
	BuildingGroup: "楼栋党小组", HubHousehold: "党员中心户", LinkedHousehold: "党员联户",
}

// Deed is what every change of the tree says of itself.
type Deed struct {
	By     Actor
	Reason string    // must be given
	At     time.Time // since when the change holds; zero: now
}

// Establish founds a unit under its parent, with the compound's facts when it
// is one. Errors: ErrInvalid, ErrOutside, ErrUnknownUnit, ErrClosed, ErrKind,
// ErrTwin, ErrMoment.
func (s *Service) Establish(ctx context.Context, d Deed, u Unit, c *Compound) (Unit, error) {
	if err := d.check(); err != nil {
		return Unit{}, err
	}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := s.Hold(tx); err != nil {
			return err
		}
		parent, err := unitOf(tx, u.ParentID)
		if err != nil {
			return err
		}
		if !d.By.May(ManageOrg, parent.Path) {
			return ErrOutside
		}
		if u.FoundedAt, err = s.moment(tx, d, nil, parent); err != nil {
			return err
		}
		return s.found(tx, d, &u, parent, c)
	})
	return u, err
}

// Add puts a unit that was always there into the tree (under parent 0: its
// root), with the compound's facts when it is one. Nobody is asked who may; it
// is for those who load what is known. Errors: those of Establish.
func (s *Service) Add(ctx context.Context, u Unit, c *Compound) (Unit, error) {
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := s.Hold(tx); err != nil {
			return err
		}
		parent := Unit{Path: "/"}
		if u.ParentID != 0 {
			var err error
			if parent, err = unitOf(tx, u.ParentID); err != nil {
				return err
			}
		}
		return s.found(tx, Deed{}, &u, parent, c)
	})
	return u, err
}

// found checks and stores a new unit.
func (s *Service) found(tx *gorm.DB, d Deed, u *Unit, parent Unit, c *Compound) error {
	if err := u.check(c); err != nil {
		return err
	}
	if err := fits(tx, *u, parent); err != nil {
		return err
	}
	u.ID, u.CreatedAt = s.DB.NewID(), s.Now().UnixMilli()
	u.Path = fmt.Sprintf("%s%d/", parent.Path, u.ID)
	if err := tx.Create(u).Error; err != nil {
		return err
	}
	first := firstState(*u)
	first.Reason, first.ByID = d.Reason, d.By.Person
	if err := tx.Create(&first).Error; err != nil || c == nil {
		return err
	}
	c.OrgID = u.ID
	return tx.Create(c).Error
}

// Changes are what is to be changed of a unit; nil stays as it is. Those of the
// second group belong to compounds alone.
type Changes struct {
	Name *string
	Code *string

	Governance    *Governance
	Households    *int
	Lat, Lng      *float64
	Datum         *string
	Boundary      *geo.Ring // in Datum; empty: not known any more
	Aliases       *[]string
	Branch        *string
	ConsultsSince *string
}

func (c Changes) ofCompound() bool {
	c.Name, c.Code = nil, nil
	return c != (Changes{})
}

// Change changes a unit that is at a version: its name, its code, and of a
// compound what is known of it. Errors: those of Establish, ErrStale.
func (s *Service) Change(ctx context.Context, d Deed, id, version int64, c Changes) (Unit, error) {
	return s.alter(ctx, d, id, version, func(tx *gorm.DB, u Unit) error {
		var facts *Compound
		if u.Kind == CompoundKind {
			facts = &Compound{}
			if err := tx.Take(facts, "org_id = ?", id).Error; err != nil {
				return unknownUnit(err)
			}
		} else if c.ofCompound() {
			return ErrInvalid.Say("只有小区才有管理方式、户数、位置、边界、别名、党支部和会商日期")
		}
		next := u
		set(&next.Name, c.Name)
		set(&next.Code, c.Code)
		if facts != nil {
			facts.Take(c)
		}
		if err := next.check(facts); err != nil {
			return err
		}
		parent := Unit{Path: "/"}
		if u.ParentID != 0 {
			var err error
			if parent, err = unitOf(tx, u.ParentID); err != nil {
				return err
			}
		}
		if err := fits(tx, next, parent); err != nil {
			return err
		}
		at, err := s.moment(tx, d, []string{u.Path})
		if err != nil {
			return err
		}
		if facts != nil {
			if err := governed(tx, *facts, s.today()); err != nil {
				return err
			}
			if err := tx.Model(&Compound{}).Where("org_id = ?", id).Select("*").Omit("org_id").Updates(facts).Error; err != nil {
				return err
			}
		}
		return s.turn(tx, d, next, at)
	})
}

// Take gives the facts what is to be changed of them.
func (f *Compound) Take(c Changes) {
	set(&f.Governance, c.Governance)
	set(&f.Households, c.Households)
	if c.Datum != nil { // what is not told anew stays where it was
		f.Turn(*c.Datum)
	}
	set(&f.Lat, c.Lat)
	set(&f.Lng, c.Lng)
	set(&f.Boundary, c.Boundary)
	set(&f.Aliases, c.Aliases)
	set(&f.Branch, c.Branch)
	set(&f.ConsultsSince, c.ConsultsSince)
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// Close closes a unit under which nothing is open; its posts close, and who
// holds them is dismissed. Errors: those of Change, ErrChildren.
func (s *Service) Close(ctx context.Context, d Deed, id, version int64) (Unit, error) {
	return s.alter(ctx, d, id, version, func(tx *gorm.DB, u Unit) error {
		if _, err := s.above(tx, d, u); err != nil {
			return err
		}
		var open int64
		if err := tx.Model(&Unit{}).Where("parent_id = ? AND closed_at = 0", id).Count(&open).Error; err != nil {
			return err
		}
		if open > 0 {
			return ErrChildren.Say(fmt.Sprintf("「%s」下面还有 %d 个没撤销的组织，请先把它们移走、并走或撤销", u.Name, open))
		}
		at, err := s.moment(tx, d, []string{u.Path})
		if err != nil {
			return err
		}
		u.ClosedAt = at
		if err := s.turn(tx, d, u, at); err != nil {
			return err
		}
		return s.vacate(tx, u.ID)
	})
}

// alter is one change of a unit that is at a version, as one transaction.
func (s *Service) alter(ctx context.Context, d Deed, id, version int64, change func(tx *gorm.DB, u Unit) error) (Unit, error) {
	var out Unit
	if err := d.check(); err != nil {
		return out, err
	}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := s.Hold(tx); err != nil {
			return err
		}
		u, err := unitOf(tx, id)
		switch {
		case err != nil:
			return err
		case !d.By.May(ManageOrg, u.Path):
			return ErrOutside
		case u.ClosedAt != 0:
			return ErrClosed
		}
		took := tx.Exec("UPDATE org_units SET version = version + 1 WHERE id = ? AND version = ?", id, version)
		if took.Error != nil {
			return took.Error
		}
		if took.RowsAffected == 0 {
			return ErrStale
		}
		u.Version++
		if err := change(tx, u); err != nil {
			return err
		}
		return tx.Take(&out, id).Error
	})
	return out, err
}

// above is the unit under which u stands; what changes its children must be in
// the actor's scope too.
func (s *Service) above(tx *gorm.DB, d Deed, u Unit) (Unit, error) {
	if u.ParentID == 0 {
		return Unit{}, ErrInvalid.Say("「" + u.Name + "」是最上级，不能移动、合并、拆分或撤销")
	}
	parent, err := unitOf(tx, u.ParentID)
	if err == nil && !d.By.May(ManageOrg, parent.Path) {
		err = ErrOutside
	}
	return parent, err
}

// vacate closes the posts of a unit and ends what is held there, now.
func (s *Service) vacate(tx *gorm.DB, unit int64) error {
	now := s.Now().UnixMilli()
	err := tx.Exec(`UPDATE appointments SET to_at = CASE WHEN from_at > ? THEN from_at ELSE ? END
WHERE post_id IN (SELECT id FROM posts WHERE org_id = ?) AND (to_at = 0 OR to_at > ?)`, now, now, unit, now).Error
	if err != nil {
		return err
	}
	return tx.Exec("UPDATE posts SET closed_at = ?, version = version + 1 WHERE org_id = ? AND closed_at = 0", now, unit).Error
}

func unitOf(tx *gorm.DB, id int64) (Unit, error) {
	var u Unit
	err := tx.Take(&u, id).Error
	return u, unknownUnit(err)
}

func (d *Deed) check() error {
	d.Reason = strings.TrimSpace(d.Reason)
	switch n := len([]rune(d.Reason)); {
	case n == 0:
		return ErrInvalid.At("reason", "请写明原因")
	case n > maxReason:
		return ErrInvalid.At("reason", fmt.Sprintf("原因请控制在 %d 字以内", maxReason))
	}
	return nil
}

// today is the day in China, which has one zone.
func (s *Service) today() string {
	return s.Now().In(time.FixedZone("", 8*60*60)).Format(time.DateOnly)
}
