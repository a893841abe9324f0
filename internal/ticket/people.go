package ticket

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/member"
	"fenlin/internal/org"
)

// mayReach says whether the actor may have to call the reporter: while there
// is work to do, who does it or decides about it.
func (s *situation) mayReach() bool {
	return s.rel&(lead|called|above) != 0 && (s.t.State == Finished || slices.Contains(working, s.t.State))
}

// Reach gives the reporter's name and phone in full to whoever handles the
// ticket; the look is logged with its reason. Errors: ErrUnknown,
// ErrNotAllowed, member.ErrNoReason, member.ErrNoPhone.
func (s *Service) Reach(ctx context.Context, by org.Actor, number, reason string) (member.Contact, error) {
	t, err := s.byNumber(ctx, number)
	if err != nil {
		return member.Contact{}, err
	}
	sit, err := s.situation(ctx, t, by)
	switch {
	case err != nil:
		return member.Contact{}, err
	case sit.rel == 0:
		return member.Contact{}, ErrUnknown
	case !sit.mayReach():
		return member.Contact{}, ErrNotAllowed
	}
	_, title := sit.actorAs(lead | called | above)
	return s.Members.Reveal(ctx, member.Access{
		ByID: by.Person, ByTitle: title, SubjectID: t.ReporterID, Field: member.FieldPhone, Ticket: t.Number, Reason: strings.TrimSpace(reason),
	})
}

// BindPhone keeps a phone with a person. Whoever it is of already, in WeChat's
// other app or in the ledger, is the same person: the two become one, whose id
// is returned. Numbers change hands, so it is refused when the other one has a
// WeChat of the same app, or one at all while either holds a post. Errors:
// member.ErrPhone, member.ErrPhoneTaken.
func (s *Service) BindPhone(ctx context.Context, person int64, phone string) (int64, error) {
	for range 2 {
		known, ok, err := s.Members.ByPhone(ctx, phone)
		if err != nil {
			return 0, err
		}
		if ok && known.ID != person {
			if err := s.sure(ctx, person, known.ID); err != nil {
				return 0, err
			}
			if err := s.Unite(ctx, person, known.ID); err != nil {
				return 0, err
			}
			return known.ID, s.Members.BindPhone(ctx, known.ID, phone)
		}
		if err = s.Members.BindPhone(ctx, person, phone); !errors.Is(err, gorm.ErrDuplicatedKey) {
			return person, err
		}
		// Another request bound it first: look again.
	}
	return 0, errs.ErrBusy
}

// sure is nil when two people with one phone may be taken to be the same.
func (s *Service) sure(ctx context.Context, person, known int64) error {
	theirs, err := s.Members.Apps(ctx, known)
	if err != nil || len(theirs) == 0 {
		return err
	}
	mine, err := s.Members.Apps(ctx, person)
	if err != nil {
		return err
	}
	for _, app := range mine {
		if slices.Contains(theirs, app) {
			return member.ErrPhoneTaken
		}
	}
	for _, one := range []int64{person, known} {
		if a, err := s.Org.Actor(ctx, one, 0); err != nil || len(a.Posts) > 0 {
			return cmp.Or(err, error(member.ErrPhoneTaken))
		}
	}
	return nil
}

// Kin keeps what it knows of people for itself: capabilities above this one.
// Both run in the caller's transaction.
type Kin interface {
	Unite(tx *gorm.DB, from, to int64) error // two people are one
	Forget(tx *gorm.DB, person int64) error  // a person leaves
}

// Unite makes two people one, who turned out to be the same: all of from
// (openids, sign-ins, posts, tickets, what they follow) becomes to's.
func (s *Service) Unite(ctx context.Context, from, to int64) error {
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := s.Members.Unite(tx, from, to); err != nil {
			return err
		}
		if err := s.Org.Unite(tx, from, to); err != nil {
			return err
		}
		for _, q := range []struct {
			sql  string
			args []any
		}{
			{"UPDATE tickets SET reporter_id = ? WHERE reporter_id = ?", []any{to, from}},
			{"UPDATE tickets SET pending_by = ? WHERE state IN ? AND pending_by = ?", []any{to, working, from}},
			{"UPDATE photos SET owner_id = ? WHERE owner_id = ?", []any{to, from}},
			{"UPDATE kept_texts SET person_id = ? WHERE person_id = ?", []any{to, from}},
		} {
			if err := tx.Exec(q.sql, q.args...).Error; err != nil {
				return err
			}
		}
		if err := db.Unite(tx, "ticket_followers", from, to, "ticket_id"); err != nil {
			return err
		}
		if err := s.Outages.Unite(tx, from, to); err != nil {
			return err
		}
		for _, k := range s.Kin {
			if err := k.Unite(tx, from, to); err != nil {
				return err
			}
		}
		return nil
	})
}

// Forget takes a person's private traces off their tickets when they leave:
// the room, the point on the map, what they follow, pictures never attached.
// The tickets themselves stay, so that the city's numbers stay true.
func (s *Service) Forget(ctx context.Context, person int64) error {
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := s.dropPhotos(tx, "owner_id = ? AND ticket_id = 0 AND holder = ''", person).Error; err != nil {
			return err
		}
		for _, q := range []string{
			"UPDATE tickets SET room = '', floor = '', lat = NULL, lng = NULL WHERE reporter_id = ?",
			"DELETE FROM ticket_followers WHERE person_id = ?",
			"UPDATE photos SET owner_id = 0 WHERE owner_id = ? AND holder <> ''",
			"DELETE FROM kept_texts WHERE person_id = ?",
		} {
			if err := tx.Exec(q, person).Error; err != nil {
				return err
			}
		}
		if err := s.Outages.Forget(tx, person); err != nil {
			return err
		}
		for _, k := range s.Kin {
			if err := k.Forget(tx, person); err != nil {
				return err
			}
		}
		return nil
	})
}
