package org

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// Move puts a unit that is at a version, with all that stands below it, under
// another parent. Errors: those of Change, ErrCycle.
func (s *Service) Move(ctx context.Context, d Deed, id, version, parent int64) (Unit, error) {
	return s.alter(ctx, d, id, version, func(tx *gorm.DB, u Unit) error {
		from, err := s.above(tx, d, u)
		if err != nil {
			return err
		}
		to, err := unitOf(tx, parent)
		switch {
		case err != nil:
			return err
		case Within(to.Path, u.Path):
			return ErrCycle.At("parent_id", "请另选上级")
		case !d.By.May(ManageOrg, to.Path):
			return ErrOutside
		case to.ID == from.ID:
			return ErrInvalid.At("parent_id", "「"+u.Name+"」已经在「"+to.Name+"」之下")
		}
		if err := fits(tx, u, to); err != nil {
			return err
		}
		at, err := s.moment(tx, d, []string{u.Path}, to)
		if err != nil {
			return err
		}
		if err := tx.Exec("UPDATE org_units SET parent_id = ? WHERE id = ?", to.ID, u.ID).Error; err != nil {
			return err
		}
		return s.carry(tx, d, []string{u.Path}, from.Path, to.Path, at)
	})
}

// Merge closes a unit that is at a version and has another of its kind take it
// up: its children, its households and its names go there. It stays in the
// tree, closed, under the one that took it up, so that whoever looks after
// that one looks after what was begun here. Errors: those of Change, ErrCycle.
func (s *Service) Merge(ctx context.Context, d Deed, id, version, into int64) (Unit, error) {
	return s.alter(ctx, d, id, version, func(tx *gorm.DB, u Unit) error {
		parent, err := s.above(tx, d, u)
		if err != nil {
			return err
		}
		to, err := unitOf(tx, into)
		switch {
		case err != nil:
			return err
		case !d.By.May(ManageOrg, to.Path):
			return ErrOutside
		case to.ID == u.ID:
			return ErrCycle.Say("不能把一个组织并入它自己，请另选").At("into_id", "请另选")
		case to.ClosedAt != 0:
			return ErrClosed.Say("「"+to.Name+"」已经撤销或并入别处，请另选").At("into_id", "请另选")
		case to.Kind != u.Kind:
			return ErrKind.Say("只能并入同类的组织："+KindNames[u.Kind]+"并入"+KindNames[u.Kind]).At("into_id", "类型不同")
		}
		var children []Unit
		if err := tx.Where("parent_id = ?", id).Order("id").Find(&children).Error; err != nil {
			return err
		}
		if err := noTwins(tx, children, to); err != nil {
			return err
		}
		at, err := s.moment(tx, d, []string{u.Path}, to)
		if err != nil {
			return err
		}
		if err := s.hand(tx, d, children, u, to, at); err != nil {
			return err
		}
		if err := s.absorb(tx, u, to); err != nil {
			return err
		}
		err = tx.Exec("UPDATE org_units SET parent_id = ?, closed_at = ?, successor_id = ? WHERE id = ?", to.ID, at, to.ID, u.ID).Error
		if err != nil {
			return err
		}
		if err := s.carry(tx, d, []string{u.Path}, parent.Path, to.Path, at); err != nil {
			return err
		}
		return s.vacate(tx, u.ID)
	})
}

// hand gives children of one unit to another.
func (s *Service) hand(tx *gorm.DB, d Deed, children []Unit, from, to Unit, at int64) error {
	if len(children) == 0 {
		return nil
	}
	tops := make([]string, 0, len(children))
	for some := range slices.Chunk(children, loadBatch) {
		ids := make([]int64, 0, len(some))
		for _, c := range some {
			ids, tops = append(ids, c.ID), append(tops, c.Path)
		}
		if err := tx.Exec("UPDATE org_units SET parent_id = ? WHERE id IN ?", to.ID, ids).Error; err != nil {
			return err
		}
	}
	return s.carry(tx, d, tops, from.Path, to.Path, at)
}

// noTwins says which of the children has a namesake under the unit that is to
// take them up.
func noTwins(tx *gorm.DB, children []Unit, to Unit) error {
	var there []Unit
	if err := tx.Where("parent_id = ? AND closed_at = 0", to.ID).Find(&there).Error; err != nil {
		return err
	}
	for _, c := range children {
		for _, t := range there {
			if c.ClosedAt == 0 && c.Kind == t.Kind && (c.Name == t.Name || c.Code != "" && c.Code == t.Code) {
				return ErrTwin.Say(fmt.Sprintf("两边都有「%s」（编码 %s），请先给其中一个改名称和编码，或把这两个合并", c.Name, cmp.Or(c.Code, "无")))
			}
		}
	}
	return nil
}

// absorb gives what else belonged to a closed unit to the one that took it up.
// Those that it had taken up itself follow.
func (s *Service) absorb(tx *gorm.DB, u, to Unit) error {
	if err := tx.Exec("UPDATE org_units SET successor_id = ? WHERE parent_id = ? AND successor_id = ?", to.ID, to.ID, u.ID).Error; err != nil {
		return err
	}
	if err := tx.Exec("UPDATE org_units SET version = version + 1 WHERE id = ?", to.ID).Error; err != nil {
		return err
	}
	if u.Kind == Community {
		err := tx.Exec(`INSERT INTO unit_partners (unit_id, community_id, since) SELECT p.unit_id, ?, p.since FROM unit_partners p
WHERE p.community_id = ? AND NOT EXISTS (SELECT 1 FROM unit_partners o WHERE o.unit_id = p.unit_id AND o.community_id = ?)`, to.ID, u.ID, to.ID).Error
		if err != nil {
			return err
		}
		for _, table := range []string{"unit_partners", "unit_partner_asks"} { // who asked asks the new one
			if err := tx.Exec("DELETE FROM "+table+" WHERE community_id = ?", u.ID).Error; err != nil {
				return err
			}
		}
		return nil
	}
	if u.Kind != CompoundKind {
		return nil
	}
	var from, into Compound
	if err := tx.Take(&from, "org_id = ?", u.ID).Error; err != nil {
		return err
	}
	if err := tx.Take(&into, "org_id = ?", to.ID).Error; err != nil {
		return err
	}
	into.Households += from.Households
	for _, name := range append([]string{u.Name}, from.Aliases...) {
		if name != to.Name && !slices.Contains(into.Aliases, name) {
			into.Aliases = append(into.Aliases, name)
		}
	}
	return tx.Model(&Compound{}).Where("org_id = ?", to.ID).Select("households", "aliases").Updates(&into).Error
}

// Split founds a unit beside one that is at a version, of its kind, and gives
// it some of its children. The new unit is returned. Errors: those of Change.
func (s *Service) Split(ctx context.Context, d Deed, id, version int64, made Unit, c *Compound, children []int64) (Unit, error) {
	_, err := s.alter(ctx, d, id, version, func(tx *gorm.DB, u Unit) error {
		parent, err := s.above(tx, d, u)
		if err != nil {
			return err
		}
		if len(children) == 0 {
			return ErrInvalid.At("children", "请选择划给新组织的下级；没有下级要划走的，请直接新增")
		}
		var taken []Unit
		for some := range slices.Chunk(children, loadBatch) {
			var found []Unit
			if err := tx.Find(&found, "id IN ? AND parent_id = ? AND closed_at = 0", some, u.ID).Error; err != nil {
				return err
			}
			taken = append(taken, found...)
		}
		if len(taken) != len(children) {
			return ErrInvalid.At("children", "有的下级不在「"+u.Name+"」之下，或已经撤销，或写了两遍，请刷新后重选")
		}
		tops := make([]string, 0, len(taken))
		for _, t := range taken {
			tops = append(tops, t.Path)
		}
		at, err := s.moment(tx, d, tops, u)
		if err != nil {
			return err
		}
		made.ParentID, made.Kind, made.FoundedAt = u.ParentID, u.Kind, at
		if err := s.found(tx, d, &made, parent, c); err != nil {
			return err
		}
		return s.hand(tx, d, taken, u, made, at)
	})
	return made, err
}
