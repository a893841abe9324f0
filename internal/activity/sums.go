package activity

import (
	"context"
	"time"

	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// Sum is what activities came to, without anybody's name.
type Sum struct {
	People  int   // who was there; somebody in two activities counts twice
	Minutes int64 // that count by check-in and check-out
	Waiting int64 // that wait for a review
	Manual  int64 // that organisers entered, never among Minutes
}

func (s *Sum) add(o Sum) {
	s.People += o.People
	s.Minutes += o.Minutes
	s.Waiting += o.Waiting
	s.Manual += o.Manual
}

func (s *Sum) take(t tally) {
	c := t.raw.heed(t.word)
	if t.there {
		s.People++
	}
	s.Minutes += int64(c.Counts())
	s.Waiting += int64(c.Waits())
	s.Manual += int64(c.Manual)
}

// ServedIn is what each activity that is over and began from one time and before
// another came to, by its id; a zero time is no bound. Everybody's pairs are
// gone through once, in pages: in memory are a page, one person's pairs and the
// activities.
func (s *Service) ServedIn(ctx context.Context, from, to time.Time) (map[int64]Sum, error) {
	var of scope
	if !from.IsZero() {
		of.from = from.UnixMilli()
	}
	if !to.IsZero() {
		of.to = to.UnixMilli()
	}
	out := map[int64]Sum{}
	return out, s.count(s.DB.Read(ctx), of, func(t tally) {
		sum := out[t.ID]
		sum.take(t)
		out[t.ID] = sum
	})
}

// ErrPeriod is a period that cannot be counted.
var ErrPeriod = errs.New(errs.Invalid, "period_invalid", "时间段不对：开始应早于结束，最长十年，请重新选")

// maxPeriod is how long a period may be.
const maxPeriod = 10 * 366 * 24 * time.Hour

// Account is what was served in a subtree and a period.
type Account struct {
	Unit     org.Unit
	From, To time.Time
	Held     int // activities that took place
	Sum
}

// Account is what was served in a subtree: of unit 0 the highest that the actor
// may see; of no from this year, of no to until now. Errors: org.ErrOutside,
// org.ErrUnknownUnit, ErrPeriod.
func (s *Service) Account(ctx context.Context, by org.Actor, unit int64, from, to time.Time) (Account, error) {
	if to.IsZero() {
		to = s.Now()
	}
	if from.IsZero() {
		from = time.Date(to.In(s.Location).Year(), 1, 1, 0, 0, 0, 0, s.Location)
	}
	out := Account{From: from, To: to}
	if !from.Before(to) || to.Sub(from) > maxPeriod {
		return out, ErrPeriod
	}
	if unit == 0 {
		post, ok := by.Scope(org.SeeRates)
		if !ok {
			return out, org.ErrOutside
		}
		unit = post.OrgID
	}
	u, err := s.Org.Unit(ctx, unit)
	if err != nil {
		return out, err
	}
	if !by.May(org.SeeRates, u.Path) {
		return out, org.ErrOutside
	}
	out.Unit = u
	first, last := org.Below(u.Path)
	var held []int64
	err = s.DB.Read(ctx).Raw("SELECT id FROM activities WHERE state IN ? AND starts_at >= ? AND starts_at < ? AND org_id IN (SELECT id FROM org_units WHERE path >= ? AND path < ?)",
		[]State{Done, Archived}, from.UnixMilli(), to.UnixMilli(), first, last).Scan(&held).Error
	if err != nil || len(held) == 0 {
		return out, err
	}
	sums, err := s.ServedIn(ctx, from, to)
	out.Held = len(held)
	for _, id := range held {
		out.Sum.add(sums[id])
	}
	return out, err
}

// Outcome is an activity with what it came to, once it is over.
type Outcome struct {
	Activity
	Sum
}

// outcomesMost is how many activities of one ticket are told of.
const outcomesMost = 50

// Outcomes are the activities that came from something, the oldest first.
func (s *Service) Outcomes(ctx context.Context, from Source) ([]Outcome, error) {
	var list []Activity
	err := s.DB.Read(ctx).Order("starts_at, id").Limit(outcomesMost).
		Find(&list, "source_kind = ? AND source_ref = ? AND state NOT IN ?", from.Kind, from.Ref, []State{Drafted, Cancelled}).Error
	out := make([]Outcome, len(list))
	for i, a := range list {
		if out[i].Activity = a; err != nil || a.State != Done && a.State != Archived {
			continue
		}
		var people []int64
		err = s.DB.Read(ctx).Raw("SELECT person_id FROM activity_signups WHERE activity_id = ? AND state = ?", a.ID, Seated).Scan(&people).Error
		if err != nil {
			return nil, err
		}
		worth, err := s.tallies(ctx, a, people)
		if err != nil {
			return nil, err
		}
		for _, t := range worth {
			out[i].Sum.take(t)
		}
	}
	return out, err
}
