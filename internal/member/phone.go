package member

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/secret"
)

// What is wrong with a phone or a look at it.
var (
	ErrPhone      = errs.New(errs.Invalid, "phone_invalid", "手机号不正确，请重新授权手机号")
	ErrPhoneTaken = errs.New(errs.Conflict, "phone_taken", "这个手机号已绑定另一个微信账号。请先用那个微信解绑，或请社区核实后办理")
	ErrNoPhone    = errs.New(errs.NotFound, "no_phone", "报事人没有留手机号，请在工单里留言联系")
	ErrNoReason   = errs.New(errs.Invalid, "reason_missing", "请写明查看的原因")
	ErrField      = errs.New(errs.Invalid, "field_unknown", "没有这一项个人信息").At("field", "没有这一项")
	ErrEmptyField = errs.New(errs.NotFound, "field_empty", "这一项还没有登记")
)

// maxReason is how long a reason may be, in characters.
const maxReason = 200

// A number of China, or one from abroad with its country's code (E.164).
var aPhone = regexp.MustCompile(`^(1[3-9]\d{9}|\+\d{7,15})$`)

// Contact is a person's name and how to reach them, or another personal field,
// masked or not.
type Contact struct{ Name, Phone string }

// ByPhone returns the person who bound a phone, if there is one.
func (s *Service) ByPhone(ctx context.Context, phone string) (Person, bool, error) {
	var found []Person
	err := s.DB.Read(ctx).Raw("SELECT * FROM people WHERE phone_index IN ? LIMIT 1", s.Keys.Indexes(FieldPhone, phone)).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return Person{}, false, err
	}
	return found[0], true, nil
}

// BindPhone keeps a person's phone, in place of the one before. It is
// gorm.ErrDuplicatedKey when the phone is another person's.
func (s *Service) BindPhone(ctx context.Context, person int64, phone string) error {
	if err := CheckPhone(phone); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE people SET phone = ?, phone_index = ? WHERE id = ?",
			s.SealField(person, FieldPhone, phone), s.IndexOf(FieldPhone, phone), person).Error; err != nil {
			return err
		}
		return s.agree(tx, person, ConsentPhone, s.Texts().Newest(ConsentPhone).Version)
	})
}

// ForgetPhone takes a person's phone away, and with it the consent to keep it.
func (s *Service) ForgetPhone(ctx context.Context, person int64) error {
	return s.Withdraw(ctx, person, ConsentPhone)
}

func (s *Service) forgetPhone(tx *gorm.DB, person int64) error {
	if err := tx.Exec("UPDATE people SET phone = '', phone_index = NULL WHERE id = ?", person).Error; err != nil {
		return err
	}
	return s.withdraw(tx, person, ConsentPhone)
}

// Apps are those in which a person has an openid.
func (s *Service) Apps(ctx context.Context, person int64) ([]App, error) {
	var apps []App
	err := s.DB.Read(ctx).Raw("SELECT DISTINCT app FROM identities WHERE person_id = ? ORDER BY app", person).Scan(&apps).Error
	return apps, err
}

// Phone is a person's phone in full. Whoever shows it to another uses Reveal.
func (s *Service) Phone(p Person) (string, error) { return s.OpenField(p.ID, FieldPhone, p.Phone) }

// Masked is a person as others may see them without a reason.
func (s *Service) Masked(p Person) (Contact, error) {
	phone, err := s.Phone(p)
	return Contact{secret.MaskName(p.Name), secret.MaskPhone(phone)}, err
}

// MaskedFields are a person's personal fields as others may see them without a
// reason, by the field's name.
func (s *Service) MaskedFields(p Person) (map[string]string, error) {
	out := make(map[string]string, len(fields))
	for _, f := range fields {
		plain, err := s.OpenField(p.ID, f.name, *f.of(&p))
		if err != nil {
			return nil, err
		}
		out[f.name] = f.mask(plain)
	}
	return out, nil
}

// Access is one look at a person's data.
type Access struct {
	ID        int64
	ByID      int64  // who looked
	ByTitle   string // in which post
	SubjectID int64  // whose data
	Field     string // a personal field
	Ticket    string // the ticket's number for which; empty: for the ledger
	Reason    string
	At        int64
}

// TableName is gorm's.
func (Access) TableName() string { return "access_log" }

// Reveal gives a person's name and a personal field in full, after the look is
// logged; a holds who looks, at whom, at which field, and why. Errors:
// ErrNoReason, ErrField, ErrNoPhone, ErrEmptyField.
func (s *Service) Reveal(ctx context.Context, a Access) (Contact, error) {
	if n := len([]rune(a.Reason)); n == 0 || n > maxReason {
		return Contact{}, ErrNoReason
	}
	f, ok := fieldOf(a.Field)
	if !ok {
		return Contact{}, ErrField
	}
	p, err := s.Person(ctx, a.SubjectID)
	if err != nil {
		return Contact{}, err
	}
	plain, err := s.OpenField(p.ID, f.name, *f.of(&p))
	switch {
	case err != nil:
		return Contact{}, err
	case plain == "" && f.name == FieldPhone && a.Ticket != "":
		return Contact{}, ErrNoPhone
	case plain == "":
		return Contact{}, ErrEmptyField
	}
	a.ID, a.At = s.DB.NewID(), s.Now().UnixMilli()
	if err := s.DB.Tx(ctx, func(tx *gorm.DB) error { return tx.Create(&a).Error }); err != nil {
		return Contact{}, err
	}
	return Contact{p.Name, plain}, nil
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

// Unite makes two people one, as part of the caller's transaction: openids,
// sign-ins and the ledger's entry of from become those of to, who keeps what is
// known of them already; from is closed. Two ID numbers are two people:
// ErrPhoneTaken.
func (s *Service) Unite(tx *gorm.DB, from, to int64) error {
	var p, q Person
	for id, into := range map[int64]*Person{from: &p, to: &q} {
		if err := tx.Take(into, "id = ? AND closed_at = 0", id).Error; err != nil {
			return unknown(err)
		}
	}
	gained := map[string]any{}
	for _, f := range fields {
		mine, err := s.OpenField(from, f.name, *f.of(&p))
		if err != nil {
			return err
		}
		theirs, err := s.OpenField(to, f.name, *f.of(&q))
		if err != nil {
			return err
		}
		switch {
		case f.name == FieldIDNumber && mine != "" && theirs != "" && mine != theirs:
			return ErrPhoneTaken
		case mine == "" || theirs != "":
			continue
		}
		gained[f.name] = s.SealField(to, f.name, mine)
		if f.index != "" {
			gained[f.index] = s.IndexOf(f.name, mine)
		}
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
		{"UPDATE people SET gender = ? WHERE id = ? AND gender = ''", []any{p.Gender, to}},
		{"UPDATE people SET united_with = ? WHERE united_with = ?", []any{to, from}},
		{forgetting + ", united_with = ? WHERE id = ?", []any{s.Now().UnixMilli(), to, from}},
		{"UPDATE consents SET person_id = ? WHERE person_id = ?", []any{to, from}},
		{"UPDATE corrections SET person_id = ? WHERE person_id = ?", []any{to, from}},
		{"UPDATE member_history SET person_id = ? WHERE person_id = ?", []any{to, from}},
	} {
		if err := tx.Exec(q.sql, q.args...).Error; err != nil {
			return err
		}
	}
	if len(gained) > 0 {
		if err := tx.Model(&Person{}).Where("id = ?", to).Updates(gained).Error; err != nil {
			return err
		}
	}
	if err := s.uniteRegistrations(tx, from, to); err != nil {
		return err
	}
	return s.uniteEntries(tx, from, to)
}

// forgetting empties a person's row and closes it at a moment; WHERE follows.
const forgetting = "UPDATE people SET name = '', compound_id = 0, phone = '', phone_index = NULL, id_number = '', id_index = NULL, birth = '', address = '', gender = '', closed_at = ?"

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
// while the service runs, corrections that wait first, and tells how many people
// are done of how many there are. It ends when none is left; begun again it goes on where it was.
func (s *Service) Rotate(ctx context.Context, progress func(done, total int)) error {
	if err := s.rotateCorrections(ctx); err != nil {
		return err
	}
	var due []string
	var newest []any
	for _, f := range fields {
		due = append(due, fmt.Sprintf("%s <> '' AND %s NOT LIKE ?", f.name, f.name))
		newest = append(newest, s.Keys.Newest()+"%")
	}
	old := strings.Join(due, " OR ")
	var total int64
	if err := s.DB.Read(ctx).Model(&Person{}).Where(old, newest...).Count(&total).Error; err != nil {
		return err
	}
	for done, after := 0, int64(0); ; {
		var people []Person
		err := s.DB.Read(ctx).Where("id > ?", after).Where(old, newest...).Order("id").Limit(rotateBatch).Find(&people).Error
		if err != nil || len(people) == 0 {
			return err
		}
		err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
			for _, p := range people {
				if err := s.reseal(tx, p); err != nil {
					return fmt.Errorf("person %d: %w", p.ID, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		done, after = done+len(people), people[len(people)-1].ID
		progress(done, max(done, int(total)))
	}
}

// reseal seals a person's fields by the newest key, but none that changed
// meanwhile: the newest key sealed it then.
func (s *Service) reseal(tx *gorm.DB, p Person) error {
	for _, f := range fields {
		sealed := *f.of(&p)
		if sealed == "" || strings.HasPrefix(sealed, s.Keys.Newest()) {
			continue
		}
		plain, err := s.OpenField(p.ID, f.name, sealed)
		if err != nil {
			return err
		}
		changes := map[string]any{f.name: s.SealField(p.ID, f.name, plain)}
		if f.index != "" {
			changes[f.index] = s.IndexOf(f.name, plain)
		}
		if err := tx.Model(&Person{}).Where("id = ? AND "+f.name+" = ?", p.ID, sealed).Updates(changes).Error; err != nil {
			return err
		}
	}
	return nil
}
