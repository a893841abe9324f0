package activity

import (
	"context"
	"errors"
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
// at once, or as an offer to be accepted in time. Who has a seat elsewhere at
// the same time is passed over and keeps their place.
func (s *Service) moveUp(tx *gorm.DB, slot Slot, a Activity) error {
	now := s.Now().UnixMilli()
	free := slot.Capacity - slot.Taken
	if free <= 0 || a.State != Published || now >= a.StartsAt {
		return nil
	}
	first, err := next(tx, slot.ID, a, free)
	if err != nil {
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

// next are the first n who wait for a slot and are free then.
func next(tx *gorm.DB, slot int64, a Activity, n int) ([]SignUp, error) {
	var out []SignUp
	for after := int64(0); ; {
		var some []SignUp
		if err := tx.Order("queue").Limit(n).Find(&some, "slot_id = ? AND state = ? AND queue > ?", slot, Waiting, after).Error; err != nil {
			return nil, err
		}
		people := make([]int64, len(some))
		for i, g := range some {
			people[i], after = g.PersonID, g.Queue
		}
		busy, err := busyNow(tx, a, people)
		if err != nil {
			return nil, err
		}
		for _, g := range some {
			if !busy[g.PersonID] && len(out) < n {
				out = append(out, g)
			}
		}
		if len(out) == n || len(some) < n {
			return out, nil
		}
	}
}

// refill gives seats that are free to those who wait and were busy when the
// seats became free.
func (s *Service) refill(ctx context.Context) error {
	var slots []int64
	err := s.DB.Read(ctx).Raw(`SELECT s.id FROM activities a JOIN activity_slots s ON s.activity_id = a.id
WHERE a.state = ? AND a.starts_at > ? AND s.taken < s.capacity AND EXISTS (SELECT 1 FROM activity_signups g WHERE g.slot_id = s.id AND g.state = ?)`,
		Published, s.Now().UnixMilli(), Waiting).Scan(&slots).Error
	for _, id := range slots {
		err = errors.Join(err, s.DB.Tx(ctx, func(tx *gorm.DB) error {
			slot, a, err := hold(tx, id, 0)
			if err != nil {
				return err
			}
			return s.moveUp(tx, slot, a)
		}))
	}
	if len(slots) > 0 {
		s.Outbox.Wake()
	}
	return err
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
	Helps  bool
	Pairs  []Pair // the oldest first
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
	if err != nil {
		return nil, err
	}
	var helpers []int64
	if err := s.DB.Read(ctx).Raw("SELECT person_id FROM activity_helpers WHERE activity_id = ?", activity).Scan(&helpers).Error; err != nil {
		return nil, err
	}
	pairs, err := s.pairsOf(ctx, activity, ids)
	out := make([]Entry, len(rows))
	for i, g := range rows {
		out[i] = Entry{g, people[g.PersonID], slices.Contains(helpers, g.PersonID), pairs[g.PersonID]}
	}
	return out, err
}
