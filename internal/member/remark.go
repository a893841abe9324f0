package member

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// Errors of remarks.
var (
	ErrRemark      = errs.New(errs.Invalid, "remark_invalid", "评语不完整或不正确")
	ErrRemarkThere = errs.New(errs.Conflict, "remark_there", "这一年的评语已经写过")
)

// Remark is what a community says of a member to the member's unit, once a year:
// words and no score, for volunteers are not compared.
type Remark struct {
	ID, PersonID, CommunityID int64
	Year                      int
	Text                      string
	ByID                      int64
	CreatedAt                 int64  // epoch milliseconds
	Community                 string `gorm:"->;-:migration"`
}

// TableName is gorm's.
func (Remark) TableName() string { return "member_remarks" }

const maxRemark = 200 // characters

// Remark keeps the remark of the community where a member lives and serves, of
// this year or the last. Errors: ErrRemark, ErrNotMember, ErrRemarkThere.
func (s *Service) Remark(ctx context.Context, by org.Actor, person int64, year int, text string) (Remark, error) {
	now := s.Now()
	text = strings.TrimSpace(text)
	if n := len([]rune(text)); n < 5 || n > maxRemark {
		return Remark{}, ErrRemark.At("text", fmt.Sprintf("评语请写 5 到 %d 个字，只写做了什么，不打分", maxRemark))
	}
	if year != now.Year() && year != now.Year()-1 {
		return Remark{}, ErrRemark.At("year", "只能写今年或去年的评语")
	}
	r := Remark{ID: s.DB.NewID(), PersonID: person, Year: year, Text: text, ByID: by.Person, CreatedAt: now.UnixMilli()}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		e, err := s.entry(tx, person)
		if err != nil {
			return err
		}
		if !e.Remarked(by) {
			return ErrNotMember
		}
		r.CommunityID, r.Community = e.CommunityID, e.Community
		return tx.Create(&r).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = ErrRemarkThere
	}
	return r, err
}

// Remarks are those of a member, the newest first: for the member, for whoever
// answers for their unit, and for whoever may see their entry. Error: ErrNotMember.
func (s *Service) Remarks(ctx context.Context, by org.Actor, person int64) ([]Remark, error) {
	tx := s.DB.Read(ctx)
	e, err := s.entry(tx, person)
	if err != nil {
		return nil, err
	}
	if by.Person != person && !e.seen(by, org.SeeMembers) {
		var contact int64
		if err := tx.Raw("SELECT contact_id FROM units WHERE id = ?", e.UnitID).Scan(&contact).Error; err != nil {
			return nil, err
		}
		if contact == 0 || contact != by.Person {
			return nil, ErrNotMember
		}
	}
	var out []Remark
	return out, tx.Raw("SELECT r.*, c.name AS community FROM member_remarks r JOIN org_units c ON c.id = r.community_id WHERE r.person_id = ? ORDER BY r.year DESC, r.id DESC", person).Scan(&out).Error
}
