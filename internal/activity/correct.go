package activity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// Errors of putting hours right.
var (
	ErrOrganiser = ErrNotYours.Say("只有组织这个活动的人可以这样做，请联系组织人")
	ErrTooLate   = errs.New(errs.Conflict, "correction_late", "更正的时间已过，时长不能再改；确有错误请在报事里反映")
	ErrPairs     = errs.New(errs.Conflict, "pairs_overlap", "与他在本活动的另一次签到时间重叠，请先改那一次或划去")
	ErrHasPair   = errs.New(errs.Conflict, "has_pair", "他有签到记录，请更正签到签退，不用补录")
	ErrHasManual = errs.New(errs.Conflict, "has_manual", "已为他补录时长，请先把补录改为 0 分钟，再补签到")
	ErrNoReview  = errs.New(errs.Conflict, "no_review", "这个人的时长不用复核，请刷新后再看")
)

// Deeds on hours, as corrections keep them.
const (
	HourSet     = "set"     // a pair's times
	HourAdd     = "add"     // a pair that was missed
	HourStrike  = "strike"  // a pair that was not
	HourManual  = "manual"  // minutes without a pair
	HourConfirm = "confirm" // of a day that was over the limit
	HourRefuse  = "refuse"
	HourDeny    = "deny" // a pair that a device delivered later
)

// HourNames are the deeds in Chinese.
var HourNames = map[string]string{HourSet: "改签到签退", HourAdd: "补签到签退", HourStrike: "划去签到", HourManual: "补录时长", HourConfirm: "复核计入", HourRefuse: "复核不计入", HourDeny: "没有确认的签到"}

// Correction is what somebody changed of a person's hours, and why. It is kept
// as it was. Times are epoch milliseconds; 0: no pair counted.
type Correction struct {
	ID                          int64
	ActivityID                  int64
	PersonID                    int64 // whose hours
	PairID                      int64 // 0: of minutes
	What                        string
	BeforeIn, BeforeOut         int64
	AfterIn, AfterOut           int64
	BeforeMinutes, AfterMinutes int
	Reason                      string
	ByID                        int64
	ByTitle                     string
	CreatedAt                   int64
	RequestKey                  *string
}

// TableName is gorm's.
func (Correction) TableName() string { return "activity_corrections" }

// Fix is a correction of a pair as an organiser asks for it.
type Fix struct {
	What    string // HourSet, HourAdd or HourStrike
	Pair    int64  // of HourSet and HourStrike
	Person  int64  // of HourAdd
	In, Out time.Time
	Reason  string
	Version int    // of the pair that was read; 0: whatever it is now
	Key     string // a request with a key that was used before returns what it did then
}

// Correct sets a pair's times, adds a pair that was missed, or strikes one. To
// set a pair that was struck or refused brings it back. What is so already is
// done already. Errors: ErrUnknown, ErrOrganiser, ErrState, ErrTooLate, ErrInvalid,
// ErrPair, ErrNotSeated, ErrPairs, ErrHasManual, ErrStale, ErrKeyReused.
func (s *Service) Correct(ctx context.Context, by org.Actor, activity int64, f Fix) (Correction, error) {
	a, err := s.amendable(ctx, by, activity, f.Reason)
	if err != nil {
		return Correction{}, err
	}
	if f.Key != "" {
		if before, ok, err := s.corrected(ctx, f); ok || err != nil {
			return before, err
		}
	}
	now := s.Now().UnixMilli()
	c := Correction{ID: s.DB.NewID(), ActivityID: a.ID, PersonID: f.Person, PairID: f.Pair, What: f.What, AfterIn: f.In.UnixMilli(), AfterOut: f.Out.UnixMilli(), CreatedAt: now}
	if f.What == HourStrike {
		c.AfterIn, c.AfterOut = 0, 0
	} else if err := s.possible(a, c.AfterIn, c.AfterOut); err != nil {
		return c, err
	}
	if f.What != HourAdd {
		var found []Pair
		if err := s.DB.Read(ctx).Find(&found, "id = ? AND activity_id = ?", f.Pair, a.ID).Error; err != nil {
			return c, err
		}
		if len(found) == 0 {
			return c, ErrPair
		}
		c.PersonID = found[0].PersonID
	}
	if f.Key != "" {
		c.RequestKey = &f.Key
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.correct(tx, by, a, f.Version, &c, f.Reason) })
	s.Outbox.Wake()
	if errors.Is(err, gorm.ErrDuplicatedKey) && f.Key != "" { // the same request at the same moment
		if before, ok, err := s.corrected(ctx, f); ok || err != nil {
			return before, err
		}
	}
	return c, err
}

// correct does it to the pairs, while no other correction does.
func (s *Service) correct(tx *gorm.DB, by org.Actor, a Activity, version int, c *Correction, reason string) error {
	if err := holdSeat(tx, a.ID, c.PersonID); err != nil {
		return err
	}
	var pairs []Pair
	if err := tx.Find(&pairs, "activity_id = ? AND person_id = ?", a.ID, c.PersonID).Error; err != nil {
		return err
	}
	var pair Pair
	for _, p := range pairs {
		switch {
		case p.ID == c.PairID:
			pair = p
		case p.State == PairOK || p.State == PairClaimed:
			if c.AfterOut > p.InAt && (p.OutAt == 0 || p.OutAt > c.AfterIn) {
				return ErrPairs
			}
		}
	}
	if c.What == HourAdd {
		said, err := saidOf(tx, a.ID, c.PersonID)
		if err != nil {
			return err
		}
		if said.Manual > 0 {
			return ErrHasManual
		}
		pair = Pair{ID: s.DB.NewID(), ActivityID: a.ID, PersonID: c.PersonID, State: PairOK, InAt: c.AfterIn, InHow: ByOrganiser, InBy: by.Person, OutAt: c.AfterOut, OutHow: ByOrganiser, OutBy: by.Person, CreatedAt: c.CreatedAt, Version: 1}
		c.PairID = pair.ID
		if err := tx.Create(&pair).Error; err != nil {
			return err
		}
		return s.keep(tx, by, a, c, reason)
	}
	counted := pair.State == PairOK || pair.State == PairClaimed
	if counted {
		c.BeforeIn, c.BeforeOut = pair.InAt, pair.OutAt
	}
	set := map[string]any{"version": pair.Version + 1, "open_key": nil, "state": PairStruck}
	done := pair.State == PairStruck
	if c.What == HourSet {
		done = pair.State == PairOK && pair.InAt == c.AfterIn && pair.OutAt == c.AfterOut
		set["state"] = PairOK
		if pair.InAt != c.AfterIn {
			set["in_at"], set["in_how"], set["in_by"] = c.AfterIn, ByOrganiser, by.Person
		}
		if pair.OutAt != c.AfterOut {
			set["out_at"], set["out_how"], set["out_by"] = c.AfterOut, ByOrganiser, by.Person
		}
	}
	switch {
	case done:
		return last(tx, c)
	case version != 0 && version != pair.Version:
		return ErrStale
	}
	did := tx.Model(&Pair{}).Where("id = ? AND version = ?", pair.ID, pair.Version).Updates(set)
	if did.Error != nil {
		return did.Error
	}
	if did.RowsAffected == 0 {
		return ErrStale
	}
	return s.keep(tx, by, a, c, reason)
}

// last is the newest correction of a pair, when nothing is left to do; what is
// asked for stands in the answer where there was none.
func last(tx *gorm.DB, c *Correction) error {
	var found []Correction
	err := tx.Order("id DESC").Limit(1).Find(&found, "activity_id = ? AND pair_id = ?", c.ActivityID, c.PairID).Error
	if len(found) > 0 {
		*c = found[0]
	}
	return err
}

// amendable is an activity whose hours somebody may put right now, for a reason.
func (s *Service) amendable(ctx context.Context, by org.Actor, id int64, reason string) (Activity, error) {
	a, err := one(s.DB.Read(ctx), id)
	if err != nil {
		return a, err
	}
	if !organises(by, a) {
		return a, ErrOrganiser
	}
	if err := s.amends(a); err != nil {
		return a, err
	}
	return a, s.reasoned(reason)
}

// maxReason is how many characters a reason has at most: with it a notice still
// has room for how to object.
const maxReason = 80

// reasoned says what is wrong with a reason, which the person will read.
func (s *Service) reasoned(reason string) error {
	reason = strings.TrimSpace(reason)
	switch n := len([]rune(reason)); {
	case n < 2 || n > maxReason:
		return ErrInvalid.At("reason", fmt.Sprintf("请写明原因，2 到 %d 字，本人会看到", maxReason))
	case s.Tickets.Rules().Content.Look(reason).Abuse:
		return ErrInvalid.At("reason", "本人会看到这些话，请换一种说法")
	}
	return nil
}

// possible says what is wrong with the times of a pair.
func (s *Service) possible(a Activity, in, out int64) error {
	r := s.Rules().CheckIn
	first, end := a.StartsAt-int64(r.Early)*time.Minute.Milliseconds(), a.EndsAt+int64(r.Late)*time.Minute.Milliseconds()
	switch {
	case in >= out:
		return ErrInvalid.At("out_at", "签退应晚于签到，请核对是否填反了")
	case out > s.Now().UnixMilli():
		return ErrInvalid.At("out_at", "签退时间还没有到，请等签退后再改")
	case in < first || in > a.EndsAt:
		return ErrInvalid.At("in_at", "签到应在 "+s.clock(first)+" 到 "+s.clock(a.EndsAt)+" 之间")
	case out > end:
		return ErrInvalid.At("out_at", "签退不能晚于 "+s.clock(end))
	}
	return nil
}

func (s *Service) clock(ms int64) string {
	return time.UnixMilli(ms).In(s.Location).Format("1月2日 15:04")
}

// corrected is what a request did that was sent before. Error: ErrKeyReused.
func (s *Service) corrected(ctx context.Context, f Fix) (Correction, bool, error) {
	var found []Correction
	if err := s.DB.Read(ctx).Find(&found, "request_key = ?", f.Key).Error; err != nil || len(found) == 0 {
		return Correction{}, false, err
	}
	c := found[0]
	same := c.What == f.What && (f.What == HourAdd && c.PersonID == f.Person || c.PairID == f.Pair) &&
		(f.What == HourStrike || c.AfterIn == f.In.UnixMilli() && c.AfterOut == f.Out.UnixMilli())
	if !same {
		return c, false, ErrKeyReused
	}
	return c, true, nil
}

// keep records a correction and tells the person, with the reason.
func (s *Service) keep(tx *gorm.DB, by org.Actor, a Activity, c *Correction, reason string) error {
	title := "活动帮手" // who holds no post
	if post, ok := by.Holding(a.PostID); ok {
		title = post.Title
	}
	c.Reason, c.ByID, c.ByTitle = strings.TrimSpace(reason), by.Person, title
	if err := tx.Create(c).Error; err != nil {
		return err
	}
	if err := s.certificatesChanged(tx, c.PersonID); err != nil {
		return err
	}
	if c.PersonID == by.Person {
		return nil
	}
	return s.tell(tx, a, LetterHours, fmt.Sprint(c.ID), []int64{c.PersonID}, s.Tell(*c), 0)
}

// Tell is a correction as its person reads it.
func (s *Service) Tell(c Correction) string {
	pair := func(in, out int64) string {
		if out == 0 {
			return s.clock(in) + "（没有签退）"
		}
		return s.clock(in) + "–" + time.UnixMilli(out).In(s.Location).Format("15:04")
	}
	said := ""
	switch c.What {
	case HourSet:
		said = "签到签退改为 " + pair(c.AfterIn, c.AfterOut)
		if c.BeforeIn != 0 {
			said += "，原来是 " + pair(c.BeforeIn, c.BeforeOut)
		}
	case HourAdd:
		said = "补上签到签退 " + pair(c.AfterIn, c.AfterOut)
	case HourStrike:
		said = "划去签到签退"
		if c.BeforeIn != 0 {
			said += " " + pair(c.BeforeIn, c.BeforeOut)
		}
	case HourDeny:
		said = "没有网络时的签到 " + pair(c.BeforeIn, c.BeforeOut) + " 没有确认，不算时长"
	case HourManual:
		said = fmt.Sprintf("补录时长 %d 分钟，单独列出", c.AfterMinutes)
		if c.BeforeMinutes != 0 {
			said = fmt.Sprintf("补录时长由 %d 分钟改为 %d 分钟", c.BeforeMinutes, c.AfterMinutes)
		}
	case HourConfirm:
		said = fmt.Sprintf("复核后计入 %d 分钟", c.AfterMinutes)
	case HourRefuse:
		said = fmt.Sprintf("复核后 %d 分钟没有计入", c.BeforeMinutes)
	}
	if c.Reason != "" {
		said += "。原因：" + c.Reason
	}
	return said
}

// Corrections are those of an activity, in the order in which they were made,
// for who organises it. Errors: ErrUnknown, ErrOrganiser.
func (s *Service) Corrections(ctx context.Context, by org.Actor, activity, after int64, limit int) ([]Correction, error) {
	a, err := one(s.DB.Read(ctx), activity)
	if err != nil {
		return nil, err
	}
	if !organises(by, a) {
		return nil, ErrOrganiser
	}
	var out []Correction
	return out, s.DB.Read(ctx).Order("id").Limit(limit).Find(&out, "activity_id = ? AND id > ?", activity, after).Error
}

// CorrectionsOf are those of a person's own hours in some activities, the
// oldest first.
func (s *Service) CorrectionsOf(ctx context.Context, person int64, activities []int64) (map[int64][]Correction, error) {
	out := map[int64][]Correction{}
	for some := range slices.Chunk(activities, loadBatch) {
		var found []Correction
		if err := s.DB.Read(ctx).Order("id").Find(&found, "person_id = ? AND activity_id IN ?", person, some).Error; err != nil {
			return nil, err
		}
		for _, c := range found {
			out[c.ActivityID] = append(out[c.ActivityID], c)
		}
	}
	return out, nil
}

// ExpireCorrections lets go of corrections that were made long ago; the pairs
// stay as they were corrected.
func (s *Service) ExpireCorrections(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "activity_corrections WHERE created_at < ?", Args: []any{x.Before.UnixMilli()},
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB {
			return tx.Exec("DELETE FROM activity_corrections WHERE id IN ?", ids)
		},
	})
}
