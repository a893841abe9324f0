package activity

import (
	"context"
	"crypto/hmac"
	"strconv"
	"strings"
	"time"
	"unicode"

	"fenlin/internal/errs"
)

// Errors of verifying.
var (
	ErrNumber     = errs.New(errs.Invalid, "certificate_number", "编号不对，可能抄错了一位。请对照纸上的编号，例如 FYZM2026-1234567846").At("number", "请对照纸上的编号")
	ErrCheckTries = errs.New(errs.TooMany, "certificate_tries", "核对的次数太多了，请十分钟后再试，或扫纸上的二维码")
	ErrNameTries  = errs.New(errs.TooMany, "certificate_tries", "核对姓名的次数太多了，请十分钟后再试，或向出具单位核实")
)

// Tries of ten minutes: of a check code with one number, of names with one
// certificate. Whoever reads from the paper needs one or two.
const (
	checkTries = 10
	nameTries  = 10
	triesFor   = 10 * time.Minute
)

// Verify is what a certificate's page tells the public. Error: ErrCertificate.
func (s *Service) Verify(ctx context.Context, token string) (Certificate, error) {
	if !tokenText.MatchString(token) {
		return Certificate{}, ErrCertificate
	}
	return s.certificate(ctx, "token = ?", token)
}

// Find is the token of the certificate with that number and check code. A number
// that is not there and a wrong code are the same to whoever asks. Errors:
// ErrNumber, ErrCertificate, ErrCheckTries.
func (s *Service) Find(ctx context.Context, number, check string) (string, error) {
	number, ok := ReadNumber(number)
	if !ok {
		return "", ErrNumber
	}
	if err := s.try(ctx, "certificate-check:"+number, checkTries, ErrCheckTries); err != nil {
		return "", err
	}
	c, err := s.certificate(ctx, "number = ?", number)
	if err != nil {
		return "", err
	}
	if !hmac.Equal([]byte(c.Token[:checkLong]), []byte(strings.ReplaceAll(plain(check), "-", ""))) {
		return "", ErrCertificate
	}
	return c.Token, nil
}

// NameIs says whether a name is the one on a valid certificate. Nothing else
// comes out, however long it takes. Errors: ErrCertificate, ErrNotValid, ErrNameTries.
func (s *Service) NameIs(ctx context.Context, token, name string) (bool, error) {
	c, err := s.Verify(ctx, token)
	if err != nil {
		return false, err
	}
	if c.RevokedAt != 0 {
		return false, ErrNotValid.Say("这份证明已撤销，不必再核对姓名。请联系出具单位")
	}
	if err := s.try(ctx, "certificate-name:"+strconv.FormatInt(c.ID, 10), nameTries, ErrNameTries); err != nil {
		return false, err
	}
	said, err := s.opened(c)
	if err != nil {
		return false, err
	}
	// Digests under a key, compared in constant time, tell nothing of how much was right.
	digest := func(name string) []byte { return []byte(s.Members.Keys.Index(snapshotPlace(c.ID), folded(name))) }
	return hmac.Equal(digest(said.Name), digest(name)) && folded(name) != "", nil
}

// folded is a name by its letters: 阿依古丽·买买提 as people type it.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, plain(name))
}

// try counts a try. Without the store that counts nobody tries: a limit that
// falls away is none.
func (s *Service) try(ctx context.Context, key string, most int64, much error) error {
	n, err := s.KV.Incr(ctx, key, triesFor)
	switch {
	case err != nil:
		return errs.ErrBusy.Because(err)
	case n > most:
		return much
	}
	return nil
}
