package activity

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"fenlin/internal/db"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
)

// Why says why a certificate is valid no more.
type Why string

// The reasons.
const (
	WhyUnit      Why = "unit"      // the unit that issued it, or one above it, revoked it
	WhyCorrected Why = "corrected" // hours that it certifies were corrected
	WhyLeft      Why = "left"      // the person closed the account
)

// Name is the reason in Chinese, for everybody.
func (w Why) Name() string { return whyNames[w] }

var whyNames = map[Why]string{WhyUnit: "出具单位撤销", WhyCorrected: "服务记录有更正", WhyLeft: "持有人已注销"}

// TopicCertificate is a certificate that was revoked; payload: Revoked.
const TopicCertificate = "certificate.revoked"

// Revoked names a certificate that was revoked.
type Revoked struct {
	Certificate int64 `json:"certificate"`
}

// Revoke takes a certificate back, for a reason that its owner is told. Whoever
// may hold activities at the unit that issued it may do so: who recorded answers
// for the record. To all others it is as if it were not there. Errors:
// ErrMayNotRevoke, ErrInvalid, ErrNotValid.
func (s *Service) Revoke(ctx context.Context, by org.Actor, number, reason string) error {
	reason = strings.TrimSpace(reason)
	number, ok := ReadNumber(number)
	if !ok {
		return ErrMayNotRevoke
	}
	c, err := s.certificate(ctx, "number = ?", number)
	if err != nil {
		return ErrMayNotRevoke.Because(err)
	}
	unit, err := s.Org.Unit(ctx, c.OrgID)
	if err != nil {
		return err
	}
	post, ok := holderOf(by, unit)
	switch {
	case !ok:
		return ErrMayNotRevoke
	case reason == "":
		return ErrInvalid.At("reason", "请写明为什么撤销，持有人会看到")
	case len([]rune(reason)) > maxNote:
		return ErrInvalid.At("reason", fmt.Sprintf("请控制在 %d 字以内", maxNote))
	case c.RevokedAt != 0:
		return ErrNotValid.Say("这份证明已经撤销，不用再撤")
	}
	c.RevokedNote, c.RevokedBy, c.RevokedTitle = reason, by.Person, post.Title
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.revoke(tx, c, WhyUnit) })
	s.Outbox.Wake()
	return err
}

// revoke does it, and leaves word to the person. Error: ErrStale.
func (s *Service) revoke(tx *gorm.DB, c Certificate, why Why) error {
	did := tx.Model(&Certificate{}).Where("id = ? AND revoked_at = 0", c.ID).Updates(map[string]any{
		"revoked_at": s.Now().UnixMilli(), "revoked_why": why, "revoked_note": c.RevokedNote, "revoked_by": c.RevokedBy, "revoked_title": c.RevokedTitle, "same_key": nil,
	})
	if did.Error != nil {
		return did.Error
	}
	if did.RowsAffected == 0 {
		return ErrStale
	}
	return s.Outbox.Add(tx, outbox.New(TopicCertificate, fmt.Sprintf("certificate:%d:revoked", c.ID), c.PersonID, Revoked{c.ID}, s.Now()))
}

// certificatesChanged revokes what is certified of a person's hours and no
// longer as it was, as part of the transaction that corrected them. Whatever
// changes hours of activities that are over calls it.
func (s *Service) certificatesChanged(tx *gorm.DB, person int64) error {
	if err := holdPerson(tx, person); err != nil {
		return err
	}
	var valid []Certificate
	err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Find(&valid, "person_id = ? AND revoked_at = 0", person).Error
	if err != nil || len(valid) == 0 {
		return err
	}
	served, err := s.hours(tx, person)
	if err != nil {
		return err
	}
	type figures struct{ minutes, manual int }
	now := map[int64]figures{}
	for _, v := range served {
		minutes, manual := certifiable(v)
		now[v.ID] = figures{minutes, manual}
	}
	for _, c := range valid {
		said, err := s.opened(c)
		if err != nil {
			return err
		}
		for _, i := range said.Items {
			if now[i.Activity] != (figures{i.Minutes, i.Manual}) {
				c.RevokedNote = "「" + i.Title + "」的时长有更正"
				if err := s.revoke(tx, c, WhyCorrected); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// emptied takes from certificates all that tells of a person; the number, who
// issued it and when stay, so that it is still known as revoked and never used again.
const emptied = "UPDATE certificates SET person_id = 0, from_day = '', to_day = '', activities = 0, minutes = 0, manual_minutes = 0, snapshot = '', same_key = NULL, request_key = NULL, revoked_note = ''"

// forgetCertificates is Forget for them.
func (s *Service) forgetCertificates(tx *gorm.DB, person int64) error {
	err := tx.Exec("UPDATE certificates SET revoked_at = ?, revoked_why = ? WHERE person_id = ? AND revoked_at = 0", s.Now().UnixMilli(), WhyLeft, person).Error
	if err != nil {
		return err
	}
	return tx.Exec(emptied+" WHERE person_id = ?", person).Error
}

// ExpireCertificates empties certificates that were revoked before a moment.
func (s *Service) ExpireCertificates(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "certificates WHERE revoked_at > 0 AND revoked_at < ? AND person_id <> 0", Args: []any{x.Before.UnixMilli()},
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB { return tx.Exec(emptied+" WHERE id IN ?", ids) },
	})
}

// RevokedCertificate is a certificate that was revoked, as whoever writes of it needs
// it. Error: ErrCertificate.
func (s *Service) RevokedCertificate(ctx context.Context, id int64) (Certificate, error) {
	return s.certificate(ctx, "id = ? AND revoked_at > 0", id)
}
