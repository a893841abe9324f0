package activity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/org"
	"fenlin/internal/outbox"
)

// Deed is what an organiser does to an activity.
type Deed struct {
	Action  Action
	Version int // 0: whatever it is now
	Note    string
	Series  bool // to all of its series that allow it
}

// Act does it. Errors: ErrUnknown, ErrNotYours, ErrStale, ErrState, ErrPast, ErrInvalid.
func (s *Service) Act(ctx context.Context, by org.Actor, id int64, d Deed) error {
	a, err := one(s.DB.Read(ctx), id)
	if err != nil {
		return err
	}
	if !organises(by, a) {
		return ErrNotYours
	}
	if d.Version != 0 && d.Version != a.Version {
		return ErrStale
	}
	if err := s.become(ctx, a, d); err != nil || !d.Series || a.SeriesID == 0 {
		return err
	}
	var others []Activity
	if err := s.DB.Read(ctx).Find(&others, "series_id = ? AND id <> ?", a.SeriesID, id).Error; err != nil {
		return err
	}
	for _, o := range others {
		if slices.Contains(Allowed(o.State), d.Action) && organises(by, o) {
			if err := s.become(ctx, o, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// become does an action that its state allows.
func (s *Service) become(ctx context.Context, a Activity, d Deed) error {
	i := slices.IndexFunc(deeds, func(r deed) bool { return r.Action == d.Action })
	if i < 0 {
		return ErrInvalid.At("action", "没有这个操作")
	}
	row, note, now := deeds[i], strings.TrimSpace(d.Note), s.Now().UnixMilli()
	if d.Action == Archive && note == "" {
		note = a.Summary
	}
	most := maxNote
	if d.Action == Archive {
		most = maxAbout
	}
	switch {
	case !slices.Contains(row.From, a.State):
		return ErrState.Say("活动" + a.State.Name() + "，不能" + row.Name)
	case row.Note != "" && note == "":
		return ErrInvalid.At("note", row.Note)
	case len([]rune(note)) > most:
		return ErrInvalid.At("note", fmt.Sprintf("请控制在 %d 字以内", most))
	case d.Action == Publish && a.StartsAt <= now:
		return ErrPast
	}
	set := map[string]any{"state": row.To, "version": a.Version + 1}
	switch d.Action {
	case Publish:
		set["published_at"] = now
	case Cancel:
		set["reason"] = note
	case Archive:
		set["summary"] = note
	case Start, Finish:
	}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		did := tx.Model(&Activity{}).Where("id = ? AND version = ? AND state = ?", a.ID, a.Version, a.State).Updates(set)
		if did.Error != nil {
			return did.Error
		}
		if did.RowsAffected == 0 {
			return ErrStale
		}
		a.State, a.Reason = row.To, note
		switch d.Action {
		case Publish:
			return s.plan(tx, a)
		case Cancel:
			return s.tellAll(tx, a, LetterCancelled, "", note)
		case Archive: // nobody checks in any more
			return tx.Exec("DELETE FROM activity_code_uses WHERE activity_id = ?", a.ID).Error
		case Finish:
			if err := s.ask(tx, a); err != nil || a.Source.Kind == "" {
				return err
			}
			return s.Outbox.Add(tx, outbox.New(TopicOver, fmt.Sprintf("activity:%d:over", a.ID), a.ID, Over{a.ID, a.Source.Kind, a.Source.Ref}, s.Now()))
		case Start:
		}
		return nil
	})
	s.Outbox.Wake()
	return err
}

// TopicOver is an activity that is over and came from something; payload: Over.
const TopicOver = "activity.over"

// Over names an activity and what it came from.
type Over struct {
	Activity int64  `json:"activity"`
	Kind     string `json:"kind"`
	Ref      string `json:"ref"`
}

// TopicTimer is time that passes for an activity; payload: Timer.
const TopicTimer = "activity.timer"

// moment is what a timer is for.
type moment string

const (
	timeRemind moment = "remind"
	timeOffer  moment = "offer" // an offer to a person ends
	timeSum    moment = "summary"
)

// Timer says that something of an activity is due.
type Timer struct {
	Activity int64  `json:"activity"`
	What     moment `json:"what"`
	Person   int64  `json:"person,omitempty"`
	At       int64  `json:"at"`
}

func timer(activity int64, what moment, person, at int64) outbox.Event {
	key := fmt.Sprintf("activity:%d:%s:%d:%d", activity, what, person, at)
	return outbox.New(TopicTimer, key, activity, Timer{activity, what, person, at}, time.UnixMilli(at))
}

// plan sets the timer of an activity's reminder. One of a time that was changed
// since finds another time when it rings, and does nothing.
func (s *Service) plan(tx *gorm.DB, a Activity) error {
	at := s.reminder(a)
	if at <= s.Now().UnixMilli() {
		return nil
	}
	return s.Outbox.Add(tx, timer(a.ID, timeRemind, 0, at))
}

// ask asks who was there how it was, and sets the timer of the summary.
func (s *Service) ask(tx *gorm.DB, a Activity) error {
	var people []int64
	err := tx.Raw("SELECT DISTINCT person_id FROM activity_checkins WHERE activity_id = ? AND state <> ? ORDER BY person_id", a.ID, PairRefused).Scan(&people).Error
	if err != nil {
		return err
	}
	if err := s.tell(tx, a, LetterRate, "", people, "", 0); err != nil || s.Rules().Summary == 0 || a.PostID == 0 {
		return err
	}
	return s.Outbox.Add(tx, timer(a.ID, timeSum, 0, s.Now().AddDate(0, 0, s.Rules().Summary).UnixMilli()))
}

// reminder is when who has a seat is reminded; 0: never.
func (s *Service) reminder(a Activity) int64 {
	if s.Rules().Remind == 0 {
		return 0
	}
	return a.StartsAt - int64(s.Rules().Remind)*time.Hour.Milliseconds()
}

// Fire does what a timer is for. It may ring twice and late.
func (s *Service) Fire(ctx context.Context, t Timer) error {
	if t.What == timeOffer {
		return s.lapse(ctx, t.Activity, t.Person, t.At)
	}
	a, err := one(s.DB.Read(ctx), t.Activity)
	if err != nil {
		return outbox.Cancel(err)
	}
	if t.What == timeSum && a.State == Done && a.Summary == "" {
		organisers, err := s.Org.Holders(ctx, []int64{a.PostID})
		if err != nil {
			return err
		}
		return s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.tell(tx, a, LetterSummary, "", organisers, "", 0) })
	}
	if t.What == timeRemind && s.reminder(a) == t.At && a.State == Published {
		return s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.tellAll(tx, a, LetterRemind, fmt.Sprint(t.At), "") })
	}
	return nil
}

// ringAtOnce is how many activities begin and end in one round.
const ringAtOnce = 500

// Ring begins and ends activities whose time has come, and returns how many;
// and it looks for seats that stayed free although somebody waits. It is to be
// called often, by any number of replicas.
func (s *Service) Ring(ctx context.Context) (int, error) {
	if err := s.refill(ctx); err != nil {
		return 0, err
	}
	done, now := 0, s.Now().UnixMilli()
	for _, r := range []struct {
		action Action
		due    string
	}{{Start, "state = 'published' AND starts_at <= ?"}, {Finish, "state = 'running' AND ends_at <= ?"}} {
		var due []Activity
		if err := s.DB.Read(ctx).Limit(ringAtOnce).Find(&due, r.due, now).Error; err != nil {
			return done, err
		}
		for _, a := range due {
			if err := s.become(ctx, a, Deed{Action: r.action}); err != nil && !errors.Is(err, ErrStale) {
				return done, err
			}
			done++
		}
	}
	return done, nil
}
