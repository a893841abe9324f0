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

// What is wrong with a correction.
var (
	ErrCorrection      = errs.New(errs.NotFound, "correction_unknown", "没有这个更正申请，或不在您负责的范围内")
	ErrCorrected       = errs.New(errs.Conflict, "correction_decided", "这个更正申请已经办过了")
	ErrOwnCorrection   = errs.New(errs.Forbidden, "correction_own", "自己的更正申请，请由其他人或上级办理")
	ErrNothingCorrects = errs.New(errs.Conflict, "correction_own_data", "您不在任何台账里：称呼、小区、手机号可以自己改")
	ErrAnswer          = errs.New(errs.Invalid, "answer_missing", "不予更正的，要写明原因").At("answer", "请在答复里写明原因")
)

// FieldOther is what can be corrected beside the name and the personal fields:
// anything, in words.
const FieldOther = "other"

// Correction is what a person asks to have corrected about them in a ledger
// (个人信息保护法 art. 46). Whoever keeps that ledger compares it with the
// documents and decides; an accepted personal field is corrected with it.
type Correction struct {
	ID        int64
	PersonID  int64
	OrgID     int64  // the unit whose ledger it is
	Field     string // a personal field, FieldName or FieldOther
	Value     string // what it should be; sealed, and empty once decided
	CreatedAt int64
	DecidedAt int64 // 0 while it waits
	ByID      int64 // who decided
	Accepted  bool
	Answer    string
}

// Asked is a correction with whose it is and what is asked, masked.
type Asked struct {
	Correction
	Name   string // of the person
	Org    string // name of the unit
	Masked string
}

// CorrectionTitle is what is corrected, in Chinese.
func CorrectionTitle(field string) string {
	switch field {
	case FieldName:
		return "姓名"
	case FieldOther:
		return "其他"
	}
	return FieldTitle(field)
}

func valuePlace(id int64) string { return fmt.Sprintf("corrections.value/%d", id) }

// keeper is the unit in whose ledger a person stands: the branch of a member,
// the community of a worker, the unit of a post.
const keeper = `SELECT branch_id AS id, 1 AS at FROM party_members WHERE person_id = ? AND left_at = 0
UNION ALL SELECT community_id, 2 FROM workers WHERE person_id = ? AND left_at = 0
UNION ALL SELECT p.org_id, 3 FROM appointments a JOIN posts p ON p.id = a.post_id WHERE a.person_id = ? AND (a.to_at = 0 OR a.to_at > ?)
ORDER BY at LIMIT 1`

// AskCorrection takes down what a person asks to have corrected, in place of
// what they asked about the same field before and nobody decided yet. Errors:
// ErrField, ErrMember, ErrNothingCorrects, those of the field.
func (s *Service) AskCorrection(ctx context.Context, person int64, name, value string) error {
	value = normal(name, value)
	if value == "" {
		return ErrMember.At("value", "请填写正确的内容")
	}
	if err := s.checkField(name, value); err != nil {
		wrong := *errs.From(err)
		wrong.Fields = nil
		return wrong.At("value", wrong.Message)
	}
	c := Correction{ID: s.DB.NewID(), PersonID: person, Field: name, CreatedAt: s.Now().UnixMilli()}
	c.Value = s.Keys.Seal(value, valuePlace(c.ID))
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Raw("SELECT id FROM ("+keeper+") k", person, person, person, c.CreatedAt).Scan(&c.OrgID).Error; err != nil {
			return err
		}
		if c.OrgID == 0 {
			return ErrNothingCorrects
		}
		if err := tx.Exec("DELETE FROM corrections WHERE person_id = ? AND field = ? AND decided_at = 0", person, name).Error; err != nil {
			return err
		}
		if err := tx.Create(&c).Error; err != nil {
			return err
		}
		return s.heard(tx, c)
	})
}

func (s *Service) heard(tx *gorm.DB, c Correction) error {
	if s.Asked == nil {
		return nil
	}
	return s.Asked(tx, c)
}

// Correction is one as it is now, without what is asked. Error: ErrCorrection.
func (s *Service) Correction(ctx context.Context, id int64) (Correction, error) {
	var found []Correction
	err := s.DB.Read(ctx).Omit("value").Find(&found, "id = ?", id).Error
	if err == nil && len(found) == 0 {
		err = ErrCorrection
	}
	if err != nil {
		return Correction{}, err
	}
	return found[0], nil
}

// checkField says what is wrong with a field's value by itself.
func (s *Service) checkField(name, value string) error {
	switch name {
	case FieldName, FieldOther, FieldAddress:
		return nil
	case FieldPhone:
		return CheckPhone(value)
	case FieldBirth:
		return CheckBirth(value, s.Now())
	case FieldIDNumber:
		_, _, err := CheckIDNumber(value)
		return err
	}
	return ErrField
}

const selectAsked = `SELECT c.*, p.name, u.name AS org FROM corrections c JOIN people p ON p.id = c.person_id JOIN org_units u ON u.id = c.org_id `

// MyCorrections are what a person ever asked for, the latest first.
func (s *Service) MyCorrections(ctx context.Context, person int64) ([]Asked, error) {
	return s.asked(s.DB.Read(ctx).Raw(selectAsked+"WHERE c.person_id = ? ORDER BY c.id DESC", person))
}

// Corrections are those that wait for whoever keeps the ledgers, oldest first,
// after the one with that id. Error: org.ErrOutside.
func (s *Service) Corrections(ctx context.Context, by org.Actor, after int64, limit int) ([]Asked, error) {
	post, ok := by.Scope(org.ManageMembers)
	if !ok {
		return nil, org.ErrOutside
	}
	from, to := org.Below(post.OrgPath)
	return s.asked(s.DB.Read(ctx).Raw(selectAsked+"WHERE c.decided_at = 0 AND u.path >= ? AND u.path < ? AND c.id > ? ORDER BY c.id LIMIT ?", from, to, after, limit))
}

func (s *Service) asked(q *gorm.DB) ([]Asked, error) {
	var out []Asked
	if err := q.Scan(&out).Error; err != nil {
		return nil, err
	}
	for i, a := range out {
		plain, err := s.Keys.Open(a.Value, valuePlace(a.ID))
		if err != nil {
			return nil, err
		}
		out[i].Value, out[i].Masked = "", plain
		if f, personal := fieldOf(a.Field); personal {
			out[i].Masked = f.mask(plain)
		}
	}
	return out, nil
}

// RevealCorrection gives what is asked in full, after the look is logged.
// Errors: ErrCorrection, ErrCorrected.
func (s *Service) RevealCorrection(ctx context.Context, by org.Actor, id int64) (string, error) {
	var value string
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		c, err := s.correction(tx, by, id)
		if err != nil {
			return err
		}
		if value, err = s.Keys.Open(c.Value, valuePlace(id)); err != nil {
			return err
		}
		post, _ := by.Scope(org.ManageMembers)
		return tx.Create(&Access{
			ID: s.DB.NewID(), ByID: by.Person, ByTitle: post.Title, SubjectID: c.PersonID, Field: c.Field, Reason: "办理本人的更正申请", At: s.Now().UnixMilli(),
		}).Error
	})
	return value, err
}

// DecideCorrection accepts a correction, and corrects the field, or refuses it
// with an answer. Errors: ErrCorrection, ErrCorrected, ErrOwnCorrection,
// ErrAnswer, those of the field.
func (s *Service) DecideCorrection(ctx context.Context, by org.Actor, id int64, accepted bool, answer string) error {
	answer = strings.TrimSpace(answer)
	if !accepted && answer == "" {
		return ErrAnswer
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		c, err := s.correction(tx, by, id)
		switch {
		case err != nil:
			return err
		case c.PersonID == by.Person:
			return ErrOwnCorrection
		}
		if accepted && c.Field != FieldOther {
			if err := s.correct(tx, by, c); err != nil {
				return err
			}
		}
		c.DecidedAt = s.Now().UnixMilli()
		decided := tx.Model(&Correction{}).Where("id = ? AND decided_at = 0", id).
			Updates(map[string]any{"value": "", "decided_at": c.DecidedAt, "by_id": by.Person, "accepted": accepted, "answer": answer})
		switch {
		case decided.Error != nil:
			return decided.Error
		case decided.RowsAffected == 0:
			return ErrCorrected
		}
		return s.heard(tx, c)
	})
}

// correction is one that waits and that the actor may decide.
func (s *Service) correction(tx *gorm.DB, by org.Actor, id int64) (Correction, error) {
	var found []struct {
		Correction
		Path string
	}
	err := tx.Raw("SELECT c.*, u.path FROM corrections c JOIN org_units u ON u.id = c.org_id WHERE c.id = ?", id).Scan(&found).Error
	switch {
	case err != nil:
		return Correction{}, err
	case len(found) == 0 || !by.May(org.ManageMembers, found[0].Path):
		return Correction{}, ErrCorrection
	case found[0].DecidedAt != 0:
		return Correction{}, ErrCorrected
	}
	return found[0].Correction, nil
}

// correct writes an accepted value where it belongs, and that into the history.
func (s *Service) correct(tx *gorm.DB, by org.Actor, c Correction) error {
	value, err := s.Keys.Open(c.Value, valuePlace(c.ID))
	if err != nil {
		return err
	}
	var p Person
	if err := unknown(tx.Take(&p, "id = ? AND closed_at = 0", c.PersonID).Error); err != nil {
		return err
	}
	told := Particulars{}
	*map[string]**string{
		FieldName: &told.Name, FieldPhone: &told.Phone, FieldIDNumber: &told.IDNumber, FieldBirth: &told.Birth, FieldAddress: &told.Address,
	}[c.Field] = &value
	if c.Field == FieldIDNumber { // what was known by the wrong number is wrong too
		birth, gender, err := CheckIDNumber(value)
		if err != nil {
			return err
		}
		told.Birth, told.Gender = &birth, &gender
	}
	birth, err := s.tell(tx, p, told)
	if err != nil {
		return err
	}
	if e, err := s.entry(tx, p.ID); err == nil && e.LeftAt == 0 {
		if err := e.Check(birth, s.Now()); err != nil {
			return err
		}
	} else if err != nil && !errors.Is(err, ErrNotMember) {
		return err
	}
	return s.note(tx, by, "本人申请更正", Change{PersonID: p.ID, Kind: Corrected, Became: CorrectionTitle(c.Field)})
}

// rotateCorrections seals by the newest key what waits and an older one sealed.
func (s *Service) rotateCorrections(ctx context.Context) error {
	var old []Correction
	err := s.DB.Read(ctx).Where("decided_at = 0 AND value NOT LIKE ?", s.Keys.Newest()+"%").Find(&old).Error
	for _, c := range old {
		if err != nil {
			return err
		}
		err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
			plain, err := s.Keys.Open(c.Value, valuePlace(c.ID))
			if err != nil {
				return fmt.Errorf("correction %d: %w", c.ID, err)
			}
			return tx.Model(&Correction{}).Where("id = ? AND value = ?", c.ID, c.Value).Update("value", s.Keys.Seal(plain, valuePlace(c.ID))).Error
		})
	}
	return err
}
