// Package member knows the people: residents and Party members, what WeChat
// calls them, and where they are signed in.
package member

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/secret"
)

// Errors a person may see.
var (
	ErrNotSignedIn = errs.New(errs.Unauthorized, "not_signed_in", "登录已过期，请重新进入")
	ErrHoldsPost   = errs.New(errs.Conflict, "holds_post", "您还担任着职务，请先由上级办理卸任，再注销账号")
	ErrUnknown     = errs.New(errs.NotFound, "person_unknown", "没有找到这个人")
)

// App is the WeChat app in which an openid is valid.
type App string

// The two apps of the city.
const (
	Account     App = "account"     // 公众号
	MiniProgram App = "miniprogram" // 小程序
)

// Person is one human being.
type Person struct {
	ID         int64
	Name       string // as they want to be called; empty until told
	CompoundID int64  // where they live; 0 until bound
	Member     bool   // a Party member
	Sample     bool
	CreatedAt  int64
	ClosedAt   int64  // 0 while the account is open
	Phone      string // sealed, like the next three; empty until bound
	IDNumber   string `gorm:"column:id_number"`
	Birth      string // 2006-01-02
	Address    string
	Gender     string // male or female; empty when not told
	DigestHour int    // of the day at which all reminders of clocks come together; 0 = each by itself
	Brief      Brief  // empty until they chose
}

// TableName is gorm's.
func (Person) TableName() string { return "people" }

// Service knows people and their sign-ins.
type Service struct {
	DB   *db.DB
	Keys *secret.Keyring
	Now  func() time.Time

	Templates Templates

	// Registered hears, in the transaction, of a registration that waits for
	// somebody's word or is decided; nil: nobody hears of it.
	Registered func(tx *gorm.DB, r Registration) error
	// Asked hears, in the transaction, of a correction that waits for who keeps
	// the ledger, or is decided. nil: nobody hears.
	Asked func(tx *gorm.DB, c Correction) error

	texts atomic.Pointer[ConsentTexts]
}

// Texts are what people agree to.
func (s *Service) Texts() ConsentTexts {
	if t := s.texts.Load(); t != nil {
		return *t
	}
	return nil
}

// Adopt puts texts in force.
func (s *Service) Adopt(t ConsentTexts) { s.texts.Store(&t) }

const byOpenID = "SELECT p.* FROM identities i JOIN people p ON p.id = i.person_id WHERE i.app = ? AND i.openid = ?"

// ByOpenID returns the person behind an openid, and makes one at first sight.
func (s *Service) ByOpenID(ctx context.Context, app App, openid, unionid string) (Person, error) {
	for range 2 {
		p, known, err := s.Find(ctx, app, openid)
		if err != nil || known {
			return p, err
		}
		p, err = s.meet(ctx, app, openid, unionid)
		if !errors.Is(err, gorm.ErrDuplicatedKey) {
			return p, err
		}
		// Another request met the same person first: read again.
	}
	return Person{}, errs.ErrBusy
}

// Follower returns the person behind an openid of the account who speaks to it,
// as only those who follow it can.
func (s *Service) Follower(ctx context.Context, openid string) (Person, error) {
	var found []struct {
		Person
		Follows bool
	}
	err := s.DB.Read(ctx).Raw("SELECT p.*, i.follows FROM identities i JOIN people p ON p.id = i.person_id WHERE i.app = ? AND i.openid = ?", Account, openid).Scan(&found).Error
	if err != nil {
		return Person{}, err
	}
	if len(found) > 0 && found[0].Follows {
		return found[0].Person, nil
	}
	p, err := s.ByOpenID(ctx, Account, openid, "")
	if err != nil {
		return p, err
	}
	return p, s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE identities SET follows = TRUE WHERE app = ? AND openid = ?", Account, openid).Error
	})
}

// Find returns the person behind an openid, if there is one.
func (s *Service) Find(ctx context.Context, app App, openid string) (Person, bool, error) {
	var found []Person
	if err := s.DB.Read(ctx).Raw(byOpenID, app, openid).Scan(&found).Error; err != nil || len(found) == 0 {
		return Person{}, false, err
	}
	return found[0], true, nil
}

// meet makes an identity, for the person with the same unionid or a new one.
func (s *Service) meet(ctx context.Context, app App, openid, unionid string) (Person, error) {
	now := s.Now().UnixMilli()
	p := Person{ID: s.DB.NewID(), CreatedAt: now}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if unionid != "" {
			var known []Person
			err := tx.Raw("SELECT p.* FROM identities i JOIN people p ON p.id = i.person_id WHERE i.unionid = ? LIMIT 1", unionid).Scan(&known).Error
			if err != nil {
				return err
			}
			if len(known) > 0 {
				p = known[0]
				return s.identify(tx, p.ID, app, openid, unionid, now)
			}
		}
		if err := tx.Create(&p).Error; err != nil {
			return err
		}
		return s.identify(tx, p.ID, app, openid, unionid, now)
	})
	return p, err
}

func (s *Service) identify(tx *gorm.DB, person int64, app App, openid, unionid string, now int64) error {
	return tx.Exec("INSERT INTO identities (id, app, openid, unionid, person_id, created_at) VALUES (?, ?, ?, ?, ?, ?)",
		s.DB.NewID(), app, openid, unionid, person, now).Error
}

// Add makes a known person who follows the account and, for the sample city, has
// the same openid in the mini-program.
func (s *Service) Add(ctx context.Context, p Person, openid string) (Person, error) {
	p.ID, p.CreatedAt = s.DB.NewID(), s.Now().UnixMilli()
	return p, s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&p).Error; err != nil {
			return err
		}
		for _, app := range []App{Account, MiniProgram} {
			if err := s.identify(tx, p.ID, app, openid, "", p.CreatedAt); err != nil {
				return err
			}
		}
		return tx.Exec("UPDATE identities SET follows = TRUE WHERE app = ? AND person_id = ?", Account, p.ID).Error
	})
}

// Person returns a person by id.
func (s *Service) Person(ctx context.Context, id int64) (Person, error) {
	var p Person
	err := s.DB.Read(ctx).Take(&p, id).Error
	return p, unknown(err)
}

// People are those of some ids who are there, by id.
func (s *Service) People(ctx context.Context, ids []int64) (map[int64]Person, error) {
	found, err := db.Lookup[Person](s.DB.Read(ctx), "SELECT * FROM people WHERE id IN ?", ids)
	out := make(map[int64]Person, len(found))
	for _, p := range found {
		out[p.ID] = p
	}
	return out, err
}

func unknown(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ErrUnknown
	}
	return err
}

// Live says where a person lives; 0 forgets it.
func (s *Service) Live(ctx context.Context, person, compound int64) error {
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE people SET compound_id = ? WHERE id = ?", compound, person).Error
	})
}

// Rename changes what a person wants to be called.
func (s *Service) Rename(ctx context.Context, person int64, name string) error {
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE people SET name = ? WHERE id = ?", name, person).Error
	})
}

// The hours at which a digest may come: nobody is woken.
const (
	FirstDigest = 6
	LastDigest  = 22
)

// ErrDigestHour is an hour at which no digest comes.
var ErrDigestHour = errs.New(errs.Invalid, "digest_hour", "请选 6 到 22 之间的整点，或选 0 逐条提醒").At("digest_hour", "请选 6 到 22 之间的整点，或 0")

// Digest has reminders of clocks come together at an hour of the day, or each
// by itself when it is 0. Errors: ErrDigestHour.
func (s *Service) Digest(ctx context.Context, person int64, hour int) error {
	if hour != 0 && (hour < FirstDigest || hour > LastDigest) {
		return ErrDigestHour
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE people SET digest_hour = ? WHERE id = ?", hour, person).Error
	})
}

// DigestHour is what Digest set, read in the caller's transaction.
func (s *Service) DigestHour(tx *gorm.DB, person int64) (int, error) {
	var hour int
	err := tx.Raw("SELECT digest_hour FROM people WHERE id = ?", person).Scan(&hour).Error
	return hour, err
}

// kept are the ledgers in which a person stands for another reason than their
// own wish: posts, Party members, workers, contacts. What they say of a person
// stays when the person leaves WeChat.
const kept = `SELECT (SELECT COUNT(*) FROM appointments WHERE person_id = ? AND (to_at = 0 OR to_at > ?))
+ (SELECT COUNT(*) FROM party_members WHERE person_id = ? AND left_at = 0) + (SELECT COUNT(*) FROM workers WHERE person_id = ? AND left_at = 0)
+ (SELECT COUNT(*) FROM units WHERE contact_id = ?) + (SELECT COUNT(*) FROM compound_parties WHERE contact_id = ?)`

// Close takes a person out of WeChat, by their wish or because they follow the
// account no more: openids, sign-ins, home and consents go. Of whoever stands
// in no ledger name and personal fields go too. The bare row stays, so that
// tickets keep a reporter and the city's numbers stay true.
func (s *Service) Close(ctx context.Context, person int64) error {
	now := s.Now().UnixMilli()
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		for _, q := range []string{
			"DELETE FROM sessions WHERE person_id = ?", "DELETE FROM identities WHERE person_id = ?", "DELETE FROM registrations WHERE person_id = ?", "UPDATE people SET compound_id = 0, digest_hour = 0, brief = '' WHERE id = ?",
		} {
			if err := tx.Exec(q, person).Error; err != nil {
				return err
			}
		}
		if err := tx.Exec("UPDATE consents SET withdrawn_at = ? WHERE person_id = ? AND withdrawn_at = 0", now, person).Error; err != nil {
			return err
		}
		var ledgers int64
		if err := tx.Raw(kept, person, now, person, person, person, person).Scan(&ledgers).Error; err != nil || ledgers > 0 {
			return err
		}
		if err := tx.Exec("DELETE FROM corrections WHERE person_id = ?", person).Error; err != nil {
			return err
		}
		return tx.Exec(forgetting+" WHERE id = ?", now, person).Error
	})
}
