package activity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"fenlin/internal/errs"
	"fenlin/internal/member"
)

// Errors of signing up.
var (
	ErrClosed    = errs.New(errs.Conflict, "activity_closed", "报名已截止")
	ErrSlot      = errs.New(errs.NotFound, "slot_unknown", "没有这个岗位，请刷新后重新选")
	ErrSignedUp  = errs.New(errs.Conflict, "signed_up", "您已报了这个活动的另一个岗位，要换请先退出报名")
	ErrOverlap   = errs.New(errs.Conflict, "activity_overlap", "您在这段时间已报名别的活动，请先退出那一个")
	ErrMembers   = errs.New(errs.Forbidden, "members_only", "这个活动请党员参加；您是党员而没有登记，请联系所在社区")
	ErrMinor     = errs.New(errs.Forbidden, "too_young", "您的年龄还没有达到这个活动的要求")
	ErrAge       = errs.New(errs.Invalid, "age_unknown", "请确认您达到活动的年龄要求").At("of_age", "请勾选确认")
	ErrNoSignUp  = errs.New(errs.NotFound, "signup_unknown", "您没有报名这个活动")
	ErrNoOffer   = errs.New(errs.Conflict, "no_offer", "现在没有等您确认的名额，可能已过确认时间")
	ErrUnderway  = errs.New(errs.Conflict, "activity_underway", "活动已经开始，来不了请告诉组织人")
	ErrManySlots = errs.New(errs.Invalid, "slot_missing", "请选一个岗位").At("slot_id", "请选一个岗位")
)

// SignUp is one person in one activity. Times are epoch milliseconds.
type SignUp struct {
	ID           int64
	ActivityID   int64
	SlotID       int64
	PersonID     int64
	State        SeatState
	Queue        int64 // place on the slot's waiting list: the smaller the sooner
	OfferedUntil int64
	OfAge        bool // said so
	CreatedAt    int64
	ChangedAt    int64
}

// TableName is gorm's.
func (SignUp) TableName() string { return "activity_signups" }

// Choice is what somebody signs up for.
type Choice struct {
	Activity int64
	Slot     int64 // 0: the only one
	OfAge    bool  // the person says to be old enough
}

// SignUp gives a person a seat, or a place on the waiting list; asked again it
// answers the same. fresh: this request made it. Errors: ErrUnknown, ErrClosed,
// ErrSlot, ErrManySlots, ErrSignedUp, ErrOverlap, ErrMembers, ErrMinor, ErrAge.
func (s *Service) SignUp(ctx context.Context, p member.Person, c Choice) (got SignUp, fresh bool, err error) {
	ask := &asking{person: p, choice: c}
	if err := s.stand(ctx, ask); err != nil {
		return got, false, err
	}
	return ask.got, ask.fresh, nil
}

// admit decides for all who ask for an activity, in their order: who may come
// at all, and then post by post. What they ask is read once for all of them.
func (s *Service) admit(ctx context.Context, id int64, asks []*asking) error {
	a, err := one(s.DB.Read(ctx), id)
	if err == nil && a.State == Drafted {
		err = ErrUnknown
	}
	if err != nil {
		return err
	}
	var slots []int64
	if err := s.DB.Read(ctx).Raw("SELECT id FROM activity_slots WHERE activity_id = ? ORDER BY seq", id).Scan(&slots).Error; err != nil {
		return err
	}
	of := map[int64][]*asking{}
	for _, ask := range asks {
		if slot := s.slotFor(ctx, a, slots, ask); ask.err == nil && slot != 0 {
			of[slot] = append(of[slot], ask)
		}
	}
	for _, slot := range slots {
		if len(of[slot]) == 0 {
			continue
		}
		err := s.seat(ctx, a, slot, of[slot])
		alone := errors.Is(err, gorm.ErrDuplicatedKey) // on another replica one of them signed up for another post at this moment
		for _, ask := range of[slot] {
			if alone {
				err = s.seat(ctx, a, slot, []*asking{ask})
			}
			if err != nil {
				ask.err = err
			}
		}
	}
	return nil
}

// slotFor is the post that somebody asks for, 0 when the answer is there already.
func (s *Service) slotFor(ctx context.Context, a Activity, slots []int64, ask *asking) int64 {
	want := ask.choice.Slot
	switch ask.err = s.fits(a, ask.person, ask.choice.OfAge); {
	case ask.err != nil:
	case len(slots) == 0:
		ask.err = ErrClosed
	case want == 0 && len(slots) == 1:
		return slots[0]
	case want == 0:
		if ask.got, ask.err = s.Mine(ctx, a.ID, ask.person.ID); ask.err == nil && !ask.got.State.Active() {
			ask.err = ErrManySlots
		}
	case !slices.Contains(slots, want):
		ask.err = ErrSlot
	default:
		return want
	}
	return 0
}

// fits says whether a person may come at all.
func (s *Service) fits(a Activity, p member.Person, ofAge bool) error {
	if a.Audience == Members && !p.Member {
		return ErrMembers
	}
	if a.MinAge == 0 {
		return nil
	}
	birth, err := s.Members.Own(p, member.FieldBirth)
	if err != nil {
		return err
	}
	born, err := time.ParseInLocation(time.DateOnly, birth, s.Location)
	least := fmt.Sprintf("这个活动要年满 %d 周岁", a.MinAge)
	switch {
	case err != nil && !ofAge: // nobody knows
		return ErrAge.Say(least + "，请确认您已年满后再报名")
	case err == nil && born.AddDate(a.MinAge, 0, 0).After(time.UnixMilli(a.StartsAt)):
		return ErrMinor.Say(least + "，谢谢您的热心")
	}
	return nil
}

// seat decides for all who ask for a slot, in their order, in one transaction.
func (s *Service) seat(ctx context.Context, a Activity, slotID int64, asks []*asking) error {
	people := make([]int64, len(asks))
	for i, ask := range asks {
		people[i] = ask.person.ID
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := holdPeople(tx, a, people); err != nil {
			return err
		}
		slot, a, err := hold(tx, slotID, len(asks))
		if err != nil {
			return err
		}
		now := s.Now().UnixMilli()
		for _, ask := range asks {
			ask.got, ask.fresh, ask.err = SignUp{}, false, nil // the transaction may run again
		}
		known, err := signedUp(tx, a.ID, people)
		if err != nil {
			return err
		}
		busy, err := busyThen(tx, a, people)
		if err != nil {
			return err
		}
		closed := a.State != Published || now >= a.SignupUntil
		ids := s.DB.NewIDs(len(asks))
		var made, again []SignUp
		seated := 0
		for i, ask := range asks {
			before, was := known[ask.person.ID]
			switch {
			case was && before.State.Active() && before.SlotID == slotID:
				ask.got = before
				continue
			case was && before.State.Active():
				ask.err = ErrSignedUp
				continue
			case closed:
				ask.err = ErrClosed
				continue
			case busy[ask.person.ID]:
				ask.err = ErrOverlap
				continue
			}
			got := SignUp{
				ID: before.ID, ActivityID: a.ID, SlotID: slotID, PersonID: ask.person.ID, State: Waiting,
				Queue: slot.Queue - int64(len(asks)-i-1), OfAge: ask.choice.OfAge, CreatedAt: now, ChangedAt: now,
			}
			if slot.Taken+seated < slot.Capacity {
				got.State = Seated
				seated++
			}
			if was {
				again = append(again, got)
			} else {
				got.ID = ids[i]
				made = append(made, got)
			}
			ask.got, ask.fresh = got, true
			known[ask.person.ID] = got
		}
		if len(made) > 0 {
			if err := tx.CreateInBatches(made, loadBatch).Error; err != nil {
				return err
			}
		}
		for _, g := range again {
			err := tx.Exec("UPDATE activity_signups SET slot_id = ?, state = ?, queue = ?, offered_until = 0, of_age = ?, created_at = ?, changed_at = ? WHERE id = ?",
				g.SlotID, g.State, g.Queue, g.OfAge, g.CreatedAt, g.ChangedAt, g.ID).Error
			if err != nil {
				return err
			}
		}
		return take(tx, slotID, seated)
	})
}

// holdPeople locks people until the transaction ends, so that nobody gets seats
// in two activities at the same time by asking for both at one moment: whoever
// comes second then sees the first seat. It must be the transaction's first
// question, for MySQL answers later ones as of the first. On SQLite transactions
// that write follow each other anyway.
func holdPeople(tx *gorm.DB, a Activity, people []int64) error {
	if a.Overlapping {
		return nil
	}
	var held []int64
	return tx.Table("people").Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id IN ?", people).Order("id").Pluck("id", &held).Error
}

// hold locks a slot until the transaction ends, gives n numbers of its waiting
// list away and reads it with its activity: what else changes a slot waits.
func hold(tx *gorm.DB, slotID int64, n int) (Slot, Activity, error) {
	var slot Slot
	did := tx.Exec("UPDATE activity_slots SET queue = queue + ? WHERE id = ?", n, slotID)
	if did.Error != nil {
		return slot, Activity{}, did.Error
	}
	if did.RowsAffected == 0 {
		return slot, Activity{}, ErrSlot
	}
	if err := tx.Take(&slot, slotID).Error; err != nil {
		return slot, Activity{}, err
	}
	a, err := one(tx, slot.ActivityID)
	return slot, a, err
}

// take takes n seats of a slot, or gives them back when n is negative. The
// condition is what never lets it oversell.
func take(tx *gorm.DB, slotID int64, n int) error {
	if n == 0 {
		return nil
	}
	did := tx.Exec("UPDATE activity_slots SET taken = taken + ? WHERE id = ? AND taken + ? <= capacity AND taken + ? >= 0", n, slotID, n, n)
	if did.Error == nil && did.RowsAffected == 0 {
		return ErrStale
	}
	return did.Error
}

func signedUp(tx *gorm.DB, activity int64, people []int64) (map[int64]SignUp, error) {
	var rows []SignUp
	if err := tx.Find(&rows, "activity_id = ? AND person_id IN ?", activity, people).Error; err != nil {
		return nil, err
	}
	out := make(map[int64]SignUp, len(rows)+len(people))
	for _, r := range rows {
		out[r.PersonID] = r
	}
	return out, nil
}

// busyThen are those of some people who have a seat elsewhere at the same time.
func busyThen(tx *gorm.DB, a Activity, people []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	if a.Overlapping || len(people) == 0 {
		return out, nil
	}
	var busy []int64
	err := tx.Table("activity_signups s").Joins("JOIN activities o ON o.id = s.activity_id").
		Where("s.person_id IN ? AND s.activity_id <> ? AND s.state IN ? AND o.state IN ? AND o.starts_at < ? AND o.ends_at > ?", people, a.ID, holding, open, a.EndsAt, a.StartsAt).
		Distinct().Pluck("s.person_id", &busy).Error
	for _, p := range busy {
		out[p] = true
	}
	return out, err
}

// busyNow is busyThen in a transaction that has asked questions before, of the
// last state that others committed; who asks for a seat elsewhere waits.
func busyNow(tx *gorm.DB, a Activity, people []int64) (map[int64]bool, error) {
	if err := holdPeople(tx, a, people); err != nil {
		return nil, err
	}
	return busyThen(tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), a, people)
}

// Mine is a person's sign-up; zero: none.
func (s *Service) Mine(ctx context.Context, activity, person int64) (SignUp, error) {
	var rows []SignUp
	err := s.DB.Read(ctx).Find(&rows, "activity_id = ? AND person_id = ?", activity, person).Error
	if err != nil || len(rows) == 0 {
		return SignUp{}, err
	}
	return rows[0], nil
}

// Ahead is how many wait before a sign-up on its waiting list.
func (s *Service) Ahead(ctx context.Context, g SignUp) (int, error) {
	var n int64
	err := s.DB.Read(ctx).Raw("SELECT COUNT(*) FROM activity_signups WHERE slot_id = ? AND state = ? AND queue < ?", g.SlotID, Waiting, g.Queue).Scan(&n).Error
	return int(n), err
}
