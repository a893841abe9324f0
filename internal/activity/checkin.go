package activity

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/geo"
	"fenlin/internal/org"
)

// Errors of checking in and out.
var (
	ErrNotSeated = errs.New(errs.Forbidden, "not_signed_up", "您没有报上这个活动的名，请先报名，或请组织人帮忙")
	ErrEarly     = errs.New(errs.Conflict, "checkin_early", "还没有到签到时间，请活动开始前半小时内再来")
	ErrOver      = errs.New(errs.Conflict, "checkin_over", "签到时间已过，请找组织人")
	ErrWhere     = errs.New(errs.Invalid, "location_missing", "请发送您现在的位置，确认您在活动现场").At("location", "请发送位置")
	ErrFar       = errs.New(errs.Forbidden, "outside_fence", "您的位置不在活动现场，请到现场再签；位置不准可请组织人在名单上签")
	ErrOpenPair  = errs.New(errs.Conflict, "checked_in", "您已经签到，离开时请签退")
	ErrSoon      = errs.New(errs.Conflict, "checked_in_just_now", "您刚刚签到。要离开了，请再次确认签退")
	ErrNotIn     = errs.New(errs.Conflict, "not_checked_in", "您还没有签到，不能签退")
	ErrBackward  = errs.New(errs.Conflict, "out_before_in", "签退时间早于签到时间，请找组织人核对")
	ErrPair      = errs.New(errs.NotFound, "checkin_unknown", "没有找到这次签到")
	ErrNotClaim  = errs.New(errs.Conflict, "not_claimed", "这次签到不需要确认，或已经处理过")
)

// PairState says whether a pair counts.
type PairState string

// The states of a pair.
const (
	PairOK      PairState = "ok"
	PairClaimed PairState = "claimed" // delivered later by a device that was offline: the organiser confirms
	PairRefused PairState = "refused"
	PairStruck  PairState = "struck" // the organiser took it back, with a reason
)

// How somebody checked in or out.
const (
	ByCode      = "code"      // the changing code
	ByFence     = "fence"     // the printed code, or none, within the fence
	ByOrganiser = "organiser" // on the list
)

// Pair is a check-in and its check-out. Times are epoch milliseconds of the
// server's clock. Where the person stood is not kept.
type Pair struct {
	ID         int64
	ActivityID int64
	PersonID   int64
	State      PairState
	InAt       int64
	InHow      string
	InBy       int64 // the organiser who did it; 0: the person
	OutAt      int64 // 0: not yet
	OutHow     string
	OutBy      int64
	OpenKey    *int64 // the person while it is open: there is one
	CreatedAt  int64
	Version    int // counts its changes
}

// TableName is gorm's.
func (Pair) TableName() string { return "activity_checkins" }

// Scan is what a person shows to check in or out.
type Scan struct {
	Code    string
	At      *geo.Point // where the person is; dropped after the fence was looked at
	Sure    bool       // to check out although it is soon after the check-in
	Offline bool       // the device was offline when it scanned, and delivers only now
}

// proof is what a scan proved.
type proof struct {
	a       Activity
	step    int64 // of the changing code; fixedStep: none
	how     string
	at      int64 // when
	claimed bool
}

// CheckIn begins a pair. The same code shown again is the same check-in.
// Errors: ErrCode, ErrCodeStale, ErrCodeUsed, ErrTries, ErrNotSeated, ErrEarly,
// ErrOver, ErrWhere, ErrFar, ErrOpenPair.
func (s *Service) CheckIn(ctx context.Context, person int64, scan Scan) (Pair, error) {
	a, step, err := s.read(ctx, person, scan.Code)
	if err != nil {
		return Pair{}, err
	}
	if before, ok, err := s.usedFor(ctx, a.ID, person, step, true); ok || err != nil {
		return before, err
	}
	p, err := s.prove(ctx, person, a, step, scan, true)
	if err != nil {
		return Pair{}, err
	}
	pair, err := s.begin(ctx, person, p, 0)
	if errors.Is(err, gorm.ErrDuplicatedKey) { // of two devices one was first
		if before, ok, err := s.usedFor(ctx, a.ID, person, step, true); ok || err != nil {
			return before, err
		}
		err = ErrOpenPair
	}
	return pair, err
}

// CheckOut ends a person's pair: by the changing code, or within the fence.
// Ended before it stays as it was ended. Errors: those of CheckIn, ErrPair,
// ErrNotIn, ErrBackward.
func (s *Service) CheckOut(ctx context.Context, person, pair int64, scan Scan) (Pair, error) {
	var known []Pair
	if err := s.DB.Read(ctx).Find(&known, "id = ? AND person_id = ?", pair, person).Error; err != nil {
		return Pair{}, err
	}
	if len(known) == 0 {
		return Pair{}, ErrPair
	}
	if known[0].OutAt != 0 {
		return known[0], nil
	}
	a, step, err := Activity{}, int64(fixedStep), error(nil)
	if scan.Code == "" {
		a, err = one(s.DB.Read(ctx), known[0].ActivityID)
	} else {
		a, step, err = s.read(ctx, person, scan.Code)
	}
	if err != nil {
		return Pair{}, err
	}
	if a.ID != known[0].ActivityID {
		return Pair{}, ErrCode
	}
	p, err := s.prove(ctx, person, a, step, scan, false)
	if err != nil {
		return Pair{}, err
	}
	return s.end(ctx, known[0], p, 0)
}

// Open is the pair of a person that is open in an activity, or in any when it
// is 0; the newest. Error: ErrNotIn.
func (s *Service) Open(ctx context.Context, person, activity int64) (Pair, error) {
	q := s.DB.Read(ctx).Where("person_id = ? AND out_at = 0 AND open_key IS NOT NULL", person)
	if activity != 0 {
		q = q.Where("activity_id = ?", activity)
	}
	var found []Pair
	if err := q.Order("in_at DESC").Limit(1).Find(&found).Error; err != nil {
		return Pair{}, err
	}
	if len(found) == 0 {
		return Pair{}, ErrNotIn
	}
	return found[0], nil
}

// Latest is a person's last check-in in an activity, of those that were not
// struck; its ID is 0 when there is none.
func (s *Service) Latest(ctx context.Context, person, activity int64) (Pair, error) {
	var found []Pair
	err := s.DB.Read(ctx).Where("activity_id = ? AND person_id = ? AND state <> ?", activity, person, PairStruck).Order("in_at DESC").Limit(1).Find(&found).Error
	if err != nil || len(found) == 0 {
		return Pair{}, err
	}
	return found[0], nil
}

// Scanned checks in, or out of the activity whose code it is when the person is
// in there: chat and pages have one gesture for both. in: it was a check-in. Errors:
// those of CheckIn and CheckOut, and ErrSoon: the person checked in just now.
func (s *Service) Scanned(ctx context.Context, person int64, scan Scan) (pair Pair, in bool, err error) {
	a, step, err := s.read(ctx, person, scan.Code)
	if err != nil {
		return pair, false, err
	}
	open, err := s.Open(ctx, person, a.ID)
	if errors.Is(err, ErrNotIn) {
		if before, ok, err := s.usedFor(ctx, a.ID, person, step, false); ok || err != nil {
			return before, false, err
		}
		pair, err = s.CheckIn(ctx, person, scan)
		return pair, true, err
	}
	if err != nil {
		return pair, false, err
	}
	if before, ok, err := s.usedFor(ctx, a.ID, person, step, true); ok || err != nil {
		return before, true, err
	}
	if soon := int64(s.Rules().CheckIn.Ask) * time.Minute.Milliseconds(); !scan.Sure && s.Now().UnixMilli()-open.InAt < soon {
		return open, false, ErrSoon
	}
	pair, err = s.CheckOut(ctx, person, open.ID, scan)
	return pair, false, err
}

// usedFor is the pair for which a person used a changing code, one way.
func (s *Service) usedFor(ctx context.Context, activity, person, step int64, in bool) (Pair, bool, error) {
	if step == fixedStep {
		return Pair{}, false, nil
	}
	var found []Pair
	err := s.DB.Read(ctx).Raw(`SELECT c.* FROM activity_code_uses u JOIN activity_checkins c ON c.id = u.checkin_id
WHERE u.activity_id = ? AND u.person_id = ? AND u.step = ? AND u.way_in = ?`, activity, person, step, in).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return Pair{}, false, err
	}
	return found[0], true, nil
}

// prove says what a scan proves of being there, or why not.
func (s *Service) prove(ctx context.Context, person int64, a Activity, step int64, scan Scan, in bool) (proof, error) {
	now := s.Now()
	p := proof{a: a, step: step, how: ByCode, at: now.UnixMilli()}
	g, err := s.Mine(ctx, a.ID, person)
	if err != nil {
		return p, err
	}
	if g.State != Seated {
		return p, ErrNotSeated
	}
	if step == fixedStep {
		p.how = ByFence
	} else if old := stepOf(now) - step; old > stepSlack || old < -stepSlack {
		if !scan.Offline || old < 0 {
			return p, ErrCodeStale
		}
		p.claimed, p.at = true, step*stepLong.Milliseconds() // the code itself says when, whatever the device's clock
	}
	if err := s.window(a, p.at, in); err != nil {
		return p, err
	}
	return p, within(a, p.how, scan.At)
}

// window says whether an activity is on for checking in or out at a time.
func (s *Service) window(a Activity, at int64, in bool) error {
	r := s.Rules().CheckIn
	last := a.EndsAt
	if !in {
		last += int64(r.Late) * time.Minute.Milliseconds()
	}
	switch {
	case a.State == Cancelled || a.State == Drafted || a.State == Archived:
		return ErrState.Say("这个活动" + a.State.Name() + "，不能签到签退")
	case at < a.StartsAt-int64(r.Early)*time.Minute.Milliseconds():
		return ErrEarly
	case at > last:
		return ErrOver
	}
	return nil
}

// within looks at the fence. A place that is told counts also with the changing
// code: it may have been forwarded.
func within(a Activity, how string, at *geo.Point) error {
	const rounding = 0.5 // metres: who stands on the border is in
	fenced := a.Fence > 0 && a.Lat != nil && a.Lng != nil
	switch {
	case how == ByFence && !fenced:
		return ErrCode.Say("这个活动不按位置签到，请扫现场屏幕上的二维码")
	case at == nil && (how == ByFence || fenced && a.Strict):
		return ErrWhere
	case at == nil || !fenced:
		return nil
	case at.Check() != nil:
		return ErrWhere.Say("没有得到有效的位置，请打开手机定位后重试")
	case geo.Metres(*at, geo.Point{Lat: *a.Lat, Lng: *a.Lng}) > float64(a.Fence)+rounding:
		return ErrFar
	}
	return nil
}

// begin keeps a check-in.
func (s *Service) begin(ctx context.Context, person int64, p proof, by int64) (Pair, error) {
	pair := Pair{ID: s.DB.NewID(), ActivityID: p.a.ID, PersonID: person, State: PairOK, InAt: p.at, InHow: p.how, InBy: by, OpenKey: &person, CreatedAt: s.Now().UnixMilli(), Version: 1}
	if p.claimed {
		pair.State = PairClaimed
	}
	return pair, s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&pair).Error; err != nil {
			return err
		}
		return use(tx, pair, p, true)
	})
}

// end keeps a check-out. Errors: ErrBackward, ErrCodeUsed.
func (s *Service) end(ctx context.Context, pair Pair, p proof, by int64) (Pair, error) {
	if p.at <= pair.InAt {
		return pair, ErrBackward
	}
	pair.OutAt, pair.OutHow, pair.OutBy, pair.OpenKey = p.at, p.how, by, nil
	pair.Version++
	if p.claimed {
		pair.State = PairClaimed
	}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		did := tx.Exec("UPDATE activity_checkins SET out_at = ?, out_how = ?, out_by = ?, state = ?, open_key = NULL, version = version + 1 WHERE id = ? AND out_at = 0 AND open_key IS NOT NULL",
			pair.OutAt, pair.OutHow, by, pair.State, pair.ID)
		if did.Error != nil {
			return did.Error
		}
		if did.RowsAffected == 0 { // another device was first
			return tx.Take(&pair, pair.ID).Error
		}
		return use(tx, pair, p, false)
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = ErrCodeUsed
	}
	return pair, err
}

// use spends a changing code.
func use(tx *gorm.DB, pair Pair, p proof, in bool) error {
	if p.step == fixedStep || p.how == ByOrganiser {
		return nil
	}
	return tx.Exec("INSERT INTO activity_code_uses (activity_id, person_id, step, checkin_id, way_in) VALUES (?, ?, ?, ?, ?)",
		pair.ActivityID, pair.PersonID, p.step, pair.ID, in).Error
}

// Mark is what an organiser does on the list for one person.
type Mark struct {
	Person int64
	Out    bool
}

// Tick checks people in or out on the organiser's list, now. Who is in already,
// or out, stays so. Errors: ErrUnknown, ErrNotYours, ErrNotSeated, ErrNotIn,
// ErrEarly, ErrOver.
func (s *Service) Tick(ctx context.Context, by org.Actor, activity int64, marks []Mark) ([]Pair, error) {
	a, err := s.run(ctx, by, activity)
	if err != nil {
		return nil, err
	}
	var out []Pair
	for _, m := range marks {
		g, err := s.Mine(ctx, activity, m.Person)
		if err != nil {
			return out, err
		}
		if g.State != Seated {
			return out, ErrNotSeated.Say("名单里有人没有报上名，请刷新名单")
		}
		p := proof{a: a, step: fixedStep, how: ByOrganiser, at: s.Now().UnixMilli()}
		if err := s.window(a, p.at, !m.Out); err != nil {
			return out, err
		}
		pair, err := s.Open(ctx, m.Person, activity)
		switch {
		case err != nil && !errors.Is(err, ErrNotIn):
			return out, err
		case m.Out && err == nil:
			pair, err = s.end(ctx, pair, p, by.Person)
		case m.Out:
			return out, ErrNotIn.Say("名单里有人还没有签到，不能签退")
		case err != nil:
			pair, err = s.begin(ctx, m.Person, p, by.Person)
			if errors.Is(err, gorm.ErrDuplicatedKey) {
				pair, err = s.Open(ctx, m.Person, activity)
			}
		}
		if err != nil {
			return out, err
		}
		out = append(out, pair)
	}
	return out, nil
}

// Confirm says of a pair that a device delivered later whether it is true; who
// is not believed is told why. Errors: ErrUnknown, ErrNotYours, ErrPair,
// ErrNotClaim, ErrInvalid.
func (s *Service) Confirm(ctx context.Context, by org.Actor, activity, pair int64, yes bool, reason string) (Pair, error) {
	a, err := s.run(ctx, by, activity)
	if err != nil {
		return Pair{}, err
	}
	if !yes {
		if err := s.reasoned(reason); err != nil {
			return Pair{}, err
		}
	}
	var found []Pair
	if err := s.DB.Read(ctx).Find(&found, "id = ? AND activity_id = ?", pair, activity).Error; err != nil {
		return Pair{}, err
	}
	if len(found) == 0 {
		return Pair{}, ErrPair
	}
	p, q := found[0], "UPDATE activity_checkins SET state = ?, version = version + 1 WHERE id = ? AND state = ?"
	p.State = PairOK
	p.Version++
	if !yes {
		p.State, p.OpenKey = PairRefused, nil
		q = "UPDATE activity_checkins SET state = ?, open_key = NULL, version = version + 1 WHERE id = ? AND state = ?"
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		did := tx.Exec(q, p.State, pair, PairClaimed)
		if did.Error == nil && did.RowsAffected == 0 {
			return ErrNotClaim
		}
		if did.Error != nil {
			return did.Error
		}
		if yes {
			return s.certificatesChanged(tx, p.PersonID)
		}
		c := Correction{ID: s.DB.NewID(), ActivityID: a.ID, PersonID: p.PersonID, PairID: p.ID, What: HourDeny, BeforeIn: p.InAt, BeforeOut: p.OutAt, CreatedAt: s.Now().UnixMilli()}
		return s.keep(tx, by, a, &c, reason)
	})
	s.Outbox.Wake()
	return p, err
}

// Pairs are those of an activity, in the order of their ids, for who runs it.
// Errors: ErrUnknown, ErrNotYours.
func (s *Service) Pairs(ctx context.Context, by org.Actor, activity, after int64, limit int) ([]Pair, error) {
	if _, err := s.run(ctx, by, activity); err != nil {
		return nil, err
	}
	var out []Pair
	return out, s.DB.Read(ctx).Order("id").Limit(limit).Find(&out, "activity_id = ? AND id > ?", activity, after).Error
}

// pairsOf are those of some people in an activity, the oldest first.
func (s *Service) pairsOf(ctx context.Context, activity int64, people []int64) (map[int64][]Pair, error) {
	var found []Pair
	err := s.DB.Read(ctx).Order("in_at, id").Find(&found, "activity_id = ? AND person_id IN ?", activity, people).Error
	out := map[int64][]Pair{}
	for _, p := range found {
		out[p.PersonID] = append(out[p.PersonID], p)
	}
	return out, err
}
