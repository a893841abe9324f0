package activity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/org"
)

// Withdraw takes a person out of an activity; whoever waits first moves up.
// Withdrawing twice is withdrawing once. Errors: ErrUnknown, ErrNoSignUp, ErrUnderway.
func (s *Service) Withdraw(ctx context.Context, person, activity int64) error {
	if _, err := one(s.DB.Read(ctx), activity); err != nil {
		return err
	}
	return s.change(ctx, person, activity, func(tx *gorm.DB, slot Slot, a Activity, g SignUp) error {
		switch {
		case g.State == Withdrawn:
			return nil
		case !g.State.Active():
			return ErrNoSignUp
		case s.Now().UnixMilli() >= a.StartsAt && a.State != Cancelled:
			return ErrUnderway
		}
		return s.leave(tx, slot, a, g, Withdrawn)
	})
}

// Accept takes the seat that was offered to a person who waited; accepted
// before it stays so. Errors: ErrNoSignUp, ErrNoOffer, ErrOverlap.
func (s *Service) Accept(ctx context.Context, person, activity int64) (SignUp, error) {
	var got SignUp
	err := s.change(ctx, person, activity, func(tx *gorm.DB, _ Slot, a Activity, g SignUp) error {
		got = g
		now := s.Now().UnixMilli()
		if g.State == Seated {
			return nil
		}
		if g.State != Offered || now >= g.OfferedUntil || !slices.Contains(open, a.State) {
			return ErrNoOffer
		}
		busy, err := busyThen(tx, a, []int64{person})
		if err != nil {
			return err
		}
		if busy[person] {
			return ErrOverlap
		}
		got.State = Seated
		return tx.Exec("UPDATE activity_signups SET state = ?, offered_until = 0, changed_at = ? WHERE id = ? AND state = ?", Seated, now, g.ID, Offered).Error
	})
	return got, err
}

// change does something to a person's sign-up while its slot is held. Error: ErrNoSignUp.
func (s *Service) change(ctx context.Context, person, activity int64, do func(tx *gorm.DB, slot Slot, a Activity, g SignUp) error) error {
	for {
		before, err := s.Mine(ctx, activity, person)
		if err != nil {
			return err
		}
		if before.ID == 0 {
			return ErrNoSignUp
		}
		moved := false
		err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
			slot, a, err := hold(tx, before.SlotID, 0)
			if err != nil {
				return err
			}
			known, err := signedUp(tx, activity, []int64{person})
			if err != nil {
				return err
			}
			g := known[person]
			if moved = g.SlotID != before.SlotID; moved { // to another slot meanwhile: that one is to be held
				return nil
			}
			return do(tx, slot, a, g)
		})
		if err != nil || !moved {
			s.Outbox.Wake()
			return err
		}
	}
}

// leave ends a sign-up while its slot is held; the first who wait move up.
func (s *Service) leave(tx *gorm.DB, slot Slot, a Activity, g SignUp, as SeatState) error {
	did := tx.Exec("UPDATE activity_signups SET state = ?, offered_until = 0, changed_at = ? WHERE id = ? AND state = ?", as, s.Now().UnixMilli(), g.ID, g.State)
	if did.Error != nil || did.RowsAffected == 0 {
		return did.Error
	}
	if !slices.Contains(holding, g.State) {
		return nil
	}
	if err := take(tx, slot.ID, -1); err != nil {
		return err
	}
	slot.Taken--
	return s.moveUp(tx, slot, a)
}

// moveUp gives the free seats of a slot that is held to those who wait first:
// at once, or as an offer to be accepted in time.
func (s *Service) moveUp(tx *gorm.DB, slot Slot, a Activity) error {
	now := s.Now().UnixMilli()
	free := slot.Capacity - slot.Taken
	if free <= 0 || a.State != Published || now >= a.StartsAt {
		return nil
	}
	var first []SignUp
	if err := tx.Order("queue").Limit(free).Find(&first, "slot_id = ? AND state = ?", slot.ID, Waiting).Error; err != nil || len(first) == 0 {
		return err
	}
	as, until, kind := Seated, int64(0), LetterMovedUp
	if a.AcceptMinutes > 0 {
		as, kind = Offered, LetterOffered
		until = min(now+int64(a.AcceptMinutes)*time.Minute.Milliseconds(), a.StartsAt)
	}
	for _, g := range first {
		if err := tx.Exec("UPDATE activity_signups SET state = ?, offered_until = ?, changed_at = ? WHERE id = ? AND state = ?", as, until, now, g.ID, Waiting).Error; err != nil {
			return err
		}
		if err := s.tell(tx, a, kind, fmt.Sprintf("%d:%d", g.ID, now), []int64{g.PersonID}, "", until); err != nil {
			return err
		}
		if until > 0 {
			if err := s.Outbox.Add(tx, timer(a.ID, timeOffer, g.PersonID, until)); err != nil {
				return err
			}
		}
	}
	return take(tx, slot.ID, len(first))
}

// lapse ends an offer that nobody accepted in time.
func (s *Service) lapse(ctx context.Context, activity, person, until int64) error {
	return s.change(ctx, person, activity, func(tx *gorm.DB, slot Slot, a Activity, g SignUp) error {
		if g.State != Offered || g.OfferedUntil != until {
			return nil
		}
		if err := s.leave(tx, slot, a, g, Lapsed); err != nil {
			return err
		}
		return s.tell(tx, a, LetterLapsed, fmt.Sprintf("%d:%d", g.ID, until), []int64{person}, "", 0)
	})
}

// Entry is a sign-up with its person, as organisers see it.
type Entry struct {
	SignUp
	Person member.Person
}

// SignUps are those of an activity, in the order of their ids; after is the
// last one's of the page before. Errors: ErrUnknown, ErrNotYours.
func (s *Service) SignUps(ctx context.Context, by org.Actor, activity, after int64, limit int) ([]Entry, error) {
	if _, err := s.run(ctx, by, activity); err != nil {
		return nil, err
	}
	var rows []SignUp
	if err := s.DB.Read(ctx).Order("id").Limit(limit).Find(&rows, "activity_id = ? AND id > ?", activity, after).Error; err != nil {
		return nil, err
	}
	ids := make([]int64, len(rows))
	for i, g := range rows {
		ids[i] = g.PersonID
	}
	people, err := s.Members.People(ctx, ids)
	out := make([]Entry, len(rows))
	for i, g := range rows {
		out[i] = Entry{g, people[g.PersonID]}
	}
	return out, err
}
