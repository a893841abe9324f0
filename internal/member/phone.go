package member

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/secret"
)

// What is wrong with a phone or a look at it.
var (
	ErrPhone      = errs.New(errs.Invalid, "phone_invalid", "手机号不正确，请重新授权手机号")
	ErrPhoneTaken = errs.New(errs.Conflict, "phone_taken", "这个手机号已绑定另一个微信账号。请先用那个微信解绑，或请社区核实后办理")
	ErrNoPhone    = errs.New(errs.NotFound, "no_phone", "报事人没有留手机号，请在工单里留言联系")
	ErrNoReason   = errs.New(errs.Invalid, "reason_missing", "请写明查看手机号的原因")
)

// phoneField names the phone in the access log and in its blind index.
const phoneField = "phone"

// maxReason is how long a reason may be, in characters.
const maxReason = 200

// A number of China, or one from abroad with its country's code (E.164).
var aPhone = regexp.MustCompile(`^(1[3-9]\d{9}|\+\d{7,15})$`)

// Contact is how a person can be reached, masked or not.
type Contact struct{ Name, Phone string }

func phonePlace(person int64) string { return fmt.Sprintf("people.phone/%d", person) }

// ByPhone returns the person who bound a phone, if there is one.
func (s *Service) ByPhone(ctx context.Context, phone string) (Person, bool, error) {
	var found []Person
	err := s.DB.Read(ctx).Raw("SELECT * FROM people WHERE phone_index IN ? LIMIT 1", s.Keys.Indexes(phoneField, phone)).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return Person{}, false, err
	}
	return found[0], true, nil
}

// BindPhone keeps a person's phone, in place of the one before. It is
// gorm.ErrDuplicatedKey when the phone is another person's.
func (s *Service) BindPhone(ctx context.Context, person int64, phone string) error {
	if !aPhone.MatchString(phone) {
		return ErrPhone
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE people SET phone = ?, phone_index = ? WHERE id = ?",
			s.Keys.Seal(phone, phonePlace(person)), s.Keys.Index(phoneField, phone), person).Error
	})
}

// ForgetPhone takes a person's phone away.
func (s *Service) ForgetPhone(ctx context.Context, person int64) error {
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE people SET phone = '', phone_index = NULL WHERE id = ?", person).Error
	})
}

// Apps are those in which a person has an openid.
func (s *Service) Apps(ctx context.Context, person int64) ([]App, error) {
	var apps []App
	err := s.DB.Read(ctx).Raw("SELECT DISTINCT app FROM identities WHERE person_id = ? ORDER BY app", person).Scan(&apps).Error
	return apps, err
}

// Phone is a person's phone in full. Whoever shows it to another uses Reveal.
func (s *Service) Phone(p Person) (string, error) { return s.Keys.Open(p.Phone, phonePlace(p.ID)) }

// Masked is a person as others may see them without a reason.
func (s *Service) Masked(p Person) (Contact, error) {
	phone, err := s.Phone(p)
	return Contact{secret.MaskName(p.Name), secret.MaskPhone(phone)}, err
}

// Access is one look at a person's data.
type Access struct {
	ID        int64
	ByID      int64  // who looked
	ByTitle   string // in which post
	SubjectID int64  // whose data
	Field     string // phone
	Ticket    string // the ticket's number for which
	Reason    string
	At        int64
}

// TableName is gorm's.
func (Access) TableName() string { return "access_log" }

// Reveal gives a person's name and phone in full, after the look is logged;
// a holds who looks, at whom, and why. Errors: ErrNoReason, ErrNoPhone.
func (s *Service) Reveal(ctx context.Context, a Access) (Contact, error) {
	if n := len([]rune(a.Reason)); n == 0 || n > maxReason {
		return Contact{}, ErrNoReason
	}
	p, err := s.Person(ctx, a.SubjectID)
	if err != nil {
		return Contact{}, err
	}
	phone, err := s.Phone(p)
	if err != nil {
		return Contact{}, err
	}
	if phone == "" {
		return Contact{}, ErrNoPhone
	}
	a.ID, a.Field, a.At = s.DB.NewID(), phoneField, s.Now().UnixMilli()
	if err := s.DB.Tx(ctx, func(tx *gorm.DB) error { return tx.Create(&a).Error }); err != nil {
		return Contact{}, err
	}
	return Contact{p.Name, phone}, nil
}

// Accesses returns the looks at data before the one with that id (0: the
// latest), newest first; subject 0 means anybody's.
func (s *Service) Accesses(ctx context.Context, subject, before int64, limit int) ([]Access, error) {
	q := s.DB.Read(ctx).Order("id DESC").Limit(limit)
	if subject != 0 {
		q = q.Where("subject_id = ?", subject)
	}
	if before != 0 {
		q = q.Where("id < ?", before)
	}
	var out []Access
	return out, q.Find(&out).Error
}

// Unite makes two people one, as part of the caller's transaction: openids and
// sign-ins of from become those of to, who keeps a name, home and phone of
// their own; from is closed.
func (s *Service) Unite(tx *gorm.DB, from, to int64) error {
	var p Person
	if err := tx.Take(&p, "id = ? AND closed_at = 0", from).Error; err != nil {
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return ErrUnknown
		}
		return err
	}
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{"UPDATE identities SET person_id = ? WHERE person_id = ?", []any{to, from}},
		{"UPDATE sessions SET person_id = ? WHERE person_id = ?", []any{to, from}},
		{"UPDATE people SET name = ? WHERE id = ? AND name = ''", []any{p.Name, to}},
		{"UPDATE people SET compound_id = ? WHERE id = ? AND compound_id = 0", []any{p.CompoundID, to}},
		{"UPDATE people SET member = ? WHERE id = ? AND NOT member", []any{p.Member, to}},
		{"UPDATE people SET united_with = ? WHERE united_with = ?", []any{to, from}},
		{"UPDATE people SET name = '', compound_id = 0, phone = '', phone_index = NULL, closed_at = ?, united_with = ? WHERE id = ?", []any{s.Now().UnixMilli(), to, from}},
	} {
		if err := tx.Exec(q.sql, q.args...).Error; err != nil {
			return err
		}
	}
	return nil
}

// United tells of each person who was found to be another one, who that is.
func (s *Service) United(tx *gorm.DB) (map[int64]int64, error) {
	var rows []struct{ ID, UnitedWith int64 }
	err := tx.Raw("SELECT id, united_with FROM people WHERE united_with <> 0").Scan(&rows).Error
	out := make(map[int64]int64, len(rows))
	for _, r := range rows {
		out[r.ID] = r.UnitedWith
	}
	return out, err
}

// rotateBatch is how many people one transaction of Rotate takes.
const rotateBatch = 200

// Rotate seals by the newest key what older ones sealed, a batch a transaction
// while the service runs, and tells how many are done. It ends when none is left.
func (s *Service) Rotate(ctx context.Context, progress func(done int)) error {
	done := 0
	for {
		var people []Person
		err := s.DB.Read(ctx).Where("phone <> '' AND phone NOT LIKE ?", s.Keys.Newest()+"%").Order("id").Limit(rotateBatch).Find(&people).Error
		if err != nil || len(people) == 0 {
			return err
		}
		err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
			for _, p := range people {
				phone, err := s.Phone(p)
				if err != nil {
					return fmt.Errorf("person %d: %w", p.ID, err)
				}
				// Not when the phone changed meanwhile: the newest key sealed it then.
				err = tx.Exec("UPDATE people SET phone = ?, phone_index = ? WHERE id = ? AND phone = ?",
					s.Keys.Seal(phone, phonePlace(p.ID)), s.Keys.Index(phoneField, phone), p.ID, p.Phone).Error
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		done += len(people)
		progress(done)
	}
}
