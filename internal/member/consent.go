package member

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
	"gorm.io/gorm"

	"fenlin/internal/errs"
)

// What is wrong with a consent.
var (
	ErrConsent     = errs.New(errs.NotFound, "consent_unknown", "没有这一项，或这一版已不是最新，请刷新后再看一遍")
	ErrConsentKept = errs.New(errs.Conflict, "consent_kept", "不同意个人信息处理规则，就无法为您办事。要撤回，请注销账号：您的个人信息会被删除")
)

// The kinds of consents.
const (
	ConsentPrivacy   = "privacy"   // 个人信息处理规则
	ConsentPhone     = "phone"     // 手机号
	ConsentLocation  = "location"  // 位置
	ConsentSensitive = "sensitive" // 敏感个人信息
)

var consentKinds = []string{ConsentPrivacy, ConsentPhone, ConsentLocation, ConsentSensitive}

// ConsentText is a text that people agree to, in one version.
type ConsentText struct {
	Kind    string
	Version string
	Since   string // the day from which it holds, 2006-01-02
	Title   string
	Text    string // paragraphs, one a line
}

// ConsentTexts are all texts; of each kind the newest stands first.
type ConsentTexts []ConsentText

// LoadConsents reads config/consent.yaml; unknown keys are refused, as is a
// kind without a text or two texts of one version.
func LoadConsents(text []byte) (ConsentTexts, error) {
	var all ConsentTexts
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&all); err != nil {
		return nil, err
	}
	for i, t := range all {
		if !slices.Contains(consentKinds, t.Kind) || t.Version == "" || t.Title == "" || strings.TrimSpace(t.Text) == "" {
			return nil, fmt.Errorf("text %d: kind, version, title or text is missing or unknown", i+1)
		}
		if _, err := time.Parse(time.DateOnly, t.Since); err != nil {
			return nil, fmt.Errorf("text %d: since: %w", i+1, err)
		}
		if slices.ContainsFunc(all[:i], func(o ConsentText) bool { return o.Kind == t.Kind && o.Version == t.Version }) {
			return nil, fmt.Errorf("%s %s is there twice", t.Kind, t.Version)
		}
	}
	for _, kind := range consentKinds {
		if all.Newest(kind).Kind == "" {
			return nil, fmt.Errorf("no text of %s", kind)
		}
	}
	return all, nil
}

// Newest is the text of a kind that holds now.
func (t ConsentTexts) Newest(kind string) ConsentText {
	for _, one := range t {
		if one.Kind == kind {
			return one
		}
	}
	return ConsentText{}
}

// Current are the texts that hold now, one of each kind.
func (t ConsentTexts) Current() []ConsentText {
	out := make([]ConsentText, 0, len(consentKinds))
	for _, kind := range consentKinds {
		out = append(out, t.Newest(kind))
	}
	return out
}

// Consent is what a person agreed to.
type Consent struct {
	ID          int64
	PersonID    int64
	Kind        string
	Version     string
	GivenAt     int64
	WithdrawnAt int64 // 0 while it holds
}

// TableName is gorm's.
func (Consent) TableName() string { return "consents" }

// Consents are all that a person ever agreed to, the latest first.
func (s *Service) Consents(ctx context.Context, person int64) ([]Consent, error) {
	var out []Consent
	return out, s.DB.Read(ctx).Where("person_id = ?", person).Order("id DESC").Find(&out).Error
}

// Agree records that a person agrees to the newest text of a kind, as version
// says they read it. Agreeing again changes nothing. Error: ErrConsent.
func (s *Service) Agree(ctx context.Context, person int64, kind, version string) error {
	return s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.agree(tx, person, kind, version) })
}

func (s *Service) agree(tx *gorm.DB, person int64, kind, version string) error {
	if newest := s.Texts().Newest(kind); newest.Kind == "" || newest.Version != version {
		return ErrConsent
	}
	var held int64
	err := tx.Model(&Consent{}).Where("person_id = ? AND kind = ? AND version = ? AND withdrawn_at = 0", person, kind, version).Count(&held).Error
	if err != nil || held > 0 {
		return err
	}
	return tx.Create(&Consent{ID: s.DB.NewID(), PersonID: person, Kind: kind, Version: version, GivenAt: s.Now().UnixMilli()}).Error
}

// Withdraw takes a consent back, and what was kept because of it goes: the
// phone. Errors: ErrConsent, ErrConsentKept.
func (s *Service) Withdraw(ctx context.Context, person int64, kind string) error {
	switch {
	case kind == ConsentPrivacy:
		return ErrConsentKept
	case !slices.Contains(consentKinds, kind):
		return ErrConsent
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if kind == ConsentPhone {
			return s.forgetPhone(tx, person)
		}
		return s.withdraw(tx, person, kind)
	})
}

func (s *Service) withdraw(tx *gorm.DB, person int64, kind string) error {
	return tx.Exec("UPDATE consents SET withdrawn_at = ? WHERE person_id = ? AND kind = ? AND withdrawn_at = 0", s.Now().UnixMilli(), person, kind).Error
}
