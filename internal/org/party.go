package org

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
)

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

// seats are the three seats of a compound's parties: at a time each has one.
var seats = map[PartyKind]string{
	CommitteeParty: "居委会", OwnersCommittee: "业委会或物管会", PropertyCommittee: "业委会或物管会", PropertyCompany: "物业公司",
}

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

// maxParties is how many parties a compound has, past ones included.
const maxParties = 50

// Parties are all the parties of a compound, past ones too: by seat, the latest first.
func (s *Service) Parties(ctx context.Context, compound int64) ([]Party, error) {
	var out []Party
	err := s.DB.Read(ctx).Order("id").Find(&out, "compound_id = ?", compound).Error
	slices.SortStableFunc(out, func(a, b Party) int {
		return cmp.Or(cmp.Compare(seats[a.Kind], seats[b.Kind]), cmp.Compare(b.FromOn, a.FromOn))
	})
	return out, err
}

// SetParties gives a compound that is at a version these parties in place of
// all it had; those that it had keep their ids. Where contacts tells who a
// party's contact is, by the place in the list, it says so; else ContactID
// does. Errors: those of Change, those of contacts.
func (s *Service) SetParties(ctx context.Context, d Deed, compound, version int64, parties []Party, contacts map[int]Who) (Unit, error) {
	parties = slices.Clone(parties)
	return s.alter(ctx, d, compound, version, func(tx *gorm.DB, u Unit) error {
		if u.Kind != CompoundKind {
			return ErrInvalid.Say("只有小区才有居委会、业委会（物管会）和物业公司三方")
		}
		var facts Compound
		if err := tx.Take(&facts, "org_id = ?", compound).Error; err != nil {
			return err
		}
		var had []Party
		if err := tx.Find(&had, "compound_id = ?", compound).Error; err != nil {
			return err
		}
		if len(parties) > maxParties {
			return ErrInvalid.At("parties", fmt.Sprintf("连同历届，最多 %d 条", maxParties))
		}
		for i := range parties {
			p := &parties[i]
			p.CompoundID = compound
			if !slices.ContainsFunc(had, func(h Party) bool { return h.ID == p.ID }) || slices.ContainsFunc(parties[:i], func(o Party) bool { return o.ID == p.ID }) {
				p.ID = s.DB.NewID()
			}
			if err := p.check(i); err != nil {
				return err
			}
			for j, o := range parties[:i] {
				if p.collides(o) {
					return ErrInvalid.At(fmt.Sprintf("parties[%d].from_on", i), fmt.Sprintf("与第 %d 条的任期重叠：同一时间%s只能有一个，请先写明前一届到哪天为止", j+1, seats[p.Kind]))
				}
			}
		}
		if err := hires(parties, facts, s.today()); err != nil {
			return err
		}
		at, err := s.moment(tx, d, []string{u.Path})
		if err != nil {
			return err
		}
		for i, who := range contacts {
			if parties[i].ContactID, err = who(tx); err != nil {
				return err
			}
		}
		if err := tx.Exec("DELETE FROM compound_parties WHERE compound_id = ?", compound).Error; err != nil {
			return err
		}
		if len(parties) > 0 {
			if err := tx.Create(&parties).Error; err != nil {
				return err
			}
		}
		return s.turn(tx, d, u, at)
	})
}

// check says what is wrong with the party at a place of the list.
func (p *Party) check(i int) error {
	at := func(field string) string { return fmt.Sprintf("parties[%d].%s", i, field) }
	if _, known := seats[p.Kind]; !known {
		return ErrInvalid.At(at("kind"), "请选择居委会、业委会、物管会或物业公司")
	}
	if p.Name = strings.TrimSpace(p.Name); p.Name == "" {
		return ErrInvalid.At(at("name"), "请填写名称")
	}
	if err := plain(at("name"), "名称", p.Name, maxName); err != nil {
		return err
	}
	for field, d := range map[string]string{"from_on": p.FromOn, "to_on": p.ToOn} {
		if !day(d) {
			return ErrInvalid.At(at(field), "日期应写成 2025-03-01 的样子")
		}
	}
	if p.ToOn != "" && p.ToOn < p.FromOn {
		return ErrInvalid.At(at("to_on"), "止期早于起期，请核对")
	}
	return nil
}

// collides says that two parties sit in one seat at one time.
func (p Party) collides(o Party) bool {
	const end = "9999-12-31"
	return seats[p.Kind] == seats[o.Kind] && p.FromOn <= cmp.Or(o.ToOn, end) && o.FromOn <= cmp.Or(p.ToOn, end)
}

// governed says that the parties of a compound do not fit its facts.
func governed(tx *gorm.DB, c Compound, today string) error {
	var parties []Party
	if err := tx.Find(&parties, "compound_id = ?", c.OrgID).Error; err != nil {
		return err
	}
	return hires(parties, c, today)
}

// hires says that a property company serves a compound that has none by its kind.
func hires(parties []Party, c Compound, today string) error {
	for _, p := range parties {
		if p.Kind == PropertyCompany && c.Governance != Managed && (p.ToOn == "" || p.ToOn >= today) {
			return ErrInvalid.Say("「" + p.Name + "」的合同还没有到期：请先写明合同到哪天为止，或把小区的管理方式改为有物业")
		}
	}
	return nil
}
