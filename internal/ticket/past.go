package ticket

import (
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/org"
)

// Past is a ticket of earlier days: what was reported when, and what was done.
type Past struct {
	Report Report // its place and category complete
	At     time.Time
	Desk   org.Desk                   // of the place
	Lead   func(post int64) org.Actor // who held the post that handled it
	Steps  []Step                     // in the order of their times
}

// Step is one action of a past ticket. By the zero actor, and not by the lead,
// it is Fenlin's own, when the time to confirm was over.
type Step struct {
	At     time.Time
	By     org.Actor
	ByLead bool // By is whoever leads the ticket then
	Input  Input
}

// Load files tickets of earlier days as part of the caller's transaction, by the
// rules and with the log of tickets of today; but nobody is told, and no timer
// runs. Steps that change more than the ticket (whistles, merges) are refused.
func (s *Service) Load(tx *gorm.DB, past []Past) error {
	for _, p := range past {
		if err := s.relive(tx, p); err != nil {
			return fmt.Errorf("past ticket of %s: %w", p.At.Format(time.DateOnly), err)
		}
	}
	return nil
}

func (s *Service) relive(tx *gorm.DB, p Past) error {
	place := p.Report.Place
	route, err := s.decide(facts(p.Desk, place, false), p.Desk, p.At)
	if err != nil {
		return err
	}
	t := s.draft(p.Report, Understood{Place: place}, route, p.At)
	events := s.opening(&t, p.Report, route)
	sit := situation{desk: p.Desk, parts: route.parts, posts: map[int64]org.Post{}, rules: s.Rules()}
	for _, post := range p.Desk.Posts {
		sit.posts[post.ID] = post
	}
	for _, step := range p.Steps {
		if step.ByLead {
			step.By = p.Lead(t.LeadPost)
		}
		sit.t, sit.by, sit.now, sit.rel = t, step.By, step.At, system
		if step.By.Person != 0 {
			sit.rel = sit.relate(false)
		} else {
			step.Input.at = step.At.UnixMilli()
		}
		c := &change{situation: &sit, in: step.Input, answer: func() time.Time { return s.answerBy(t.Grade, step.At) }}
		c.route = func(Place) (routed, error) { return s.decide(facts(p.Desk, place, false), p.Desk, step.At) }
		c.last = func() (Event, error) { return events[len(events)-1], nil }
		c.hold = func(post int64) ([]int64, error) { return []int64{p.Lead(post).Person}, nil }
		if err := c.apply(); err != nil {
			return fmt.Errorf("%s: %w", step.Input.Action, err)
		}
		if c.moved != nil || c.beside != nil || c.into != nil || c.follow {
			return fmt.Errorf("%s changes more than the ticket", step.Input.Action)
		}
		e := c.event(s.DB.NewID())
		e.seal(t.LastHash)
		t = c.next
		t.Version, t.LastHash = e.Seq, e.Hash
		events = append(events, e)
	}
	t.AlarmAt, t.UncountedAt = t.ring().at, s.Now().UnixMilli()
	if t.Number, err = s.nextNumber(tx, p.At); err != nil {
		return err
	}
	if err := s.insertParts(tx, t.ID, slices.Clone(route.parts)); err != nil {
		return err
	}
	if err := tx.Create(&t).Error; err != nil {
		return err
	}
	return tx.Create(&events).Error
}
