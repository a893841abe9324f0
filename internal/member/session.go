package member

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/errs"
)

// ErrNoSession says that a person is not signed in there.
var ErrNoSession = errs.New(errs.NotFound, "session_unknown", "没有找到这个登录")

// SessionLife is how long a sign-in lasts.
const SessionLife = 30 * 24 * time.Hour

// maxDevice is how much of a device's name is kept, in characters.
const maxDevice = 200

// Session is a sign-in.
type Session struct {
	ID        string `gorm:"-"` // names it to its owner; tells nothing of the token
	TokenHash string
	Client    string // miniprogram or h5
	Device    string // as it calls itself
	CreatedAt int64
	ExpiresAt int64
}

// SignIn opens a session for a person in a client, on a device. The token is
// opaque, of 256 bits, and shown once; only its hash is kept.
func (s *Service) SignIn(ctx context.Context, person int64, client, device string) (token string, expires time.Time, err error) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	now := s.Now()
	token, expires = base64.RawURLEncoding.EncodeToString(raw), now.Add(SessionLife)
	name := []rune(strings.ToValidUTF8(device, ""))
	name = name[:min(len(name), maxDevice)]
	return token, expires, s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO sessions (token_hash, person_id, client, device, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
			hashOf(token), person, client, string(name), now.UnixMilli(), expires.UnixMilli()).Error
	})
}

// Sessions returns where a person is signed in, the latest first; current is
// the id of the one with that token.
func (s *Service) Sessions(ctx context.Context, person int64, token string) (list []Session, current string, err error) {
	err = s.DB.Read(ctx).Raw("SELECT token_hash, client, device, created_at, expires_at FROM sessions WHERE person_id = ? AND expires_at > ? ORDER BY created_at DESC, token_hash",
		person, s.Now().UnixMilli()).Scan(&list).Error
	for i := range list {
		list[i].ID = idOf(list[i].TokenHash)
	}
	return list, idOf(hashOf(token)), err
}

// SignOutOf ends one of a person's sessions by its id, or all when it is empty.
func (s *Service) SignOutOf(ctx context.Context, person int64, id string) error {
	list, _, err := s.Sessions(ctx, person, "")
	if err != nil {
		return err
	}
	var hashes []string
	for _, one := range list {
		if id == "" || one.ID == id {
			hashes = append(hashes, one.TokenHash)
		}
	}
	if len(hashes) == 0 {
		return ErrNoSession
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("DELETE FROM sessions WHERE token_hash IN ?", hashes).Error
	})
}

// idOf is a session's id: a hash of its token's hash, so that it opens nothing.
func idOf(tokenHash string) string { return hashOf(tokenHash)[:16] }

// SignedIn returns who holds a token, or ErrNotSignedIn.
func (s *Service) SignedIn(ctx context.Context, token string) (Person, error) {
	var found []Person
	err := s.DB.Read(ctx).Raw("SELECT p.* FROM sessions s JOIN people p ON p.id = s.person_id WHERE s.token_hash = ? AND s.expires_at > ?",
		hashOf(token), s.Now().UnixMilli()).Scan(&found).Error
	if err != nil {
		return Person{}, err
	}
	if len(found) == 0 {
		return Person{}, ErrNotSignedIn
	}
	return found[0], nil
}

// SignOut ends the session of a token.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("DELETE FROM sessions WHERE token_hash = ?", hashOf(token)).Error
	})
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
