package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/activity"
	"fenlin/internal/consult"
	"fenlin/internal/db"
	"fenlin/internal/lists"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/station"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat/wechatsim"
	"fenlin/internal/wish"
	"fenlin/internal/worker"
)

// Sample is the sample city: Fenyang's shape with invented places and people,
// all of them marked as sample.
type Sample struct {
	DB      *db.DB
	Org     *org.Service
	Member  *member.Service
	Workers *worker.Service
	Tickets *ticket.Service
	Wishes  *wish.Service
	Files   fs.FS // sample.yaml, and routing.yaml for the departments
}

// Seed founds the sample city in one transaction. Where a city stands already,
// sample or not, it changes nothing.
func (s *Sample) Seed(ctx context.Context) error {
	if _, err := s.Org.Root(ctx); !errors.Is(err, org.ErrUnknownUnit) {
		return err
	}
	p, err := planSample(s.Files, s.Tickets.Rules().Calendar.Location(), s.DB.NewID)
	if err != nil {
		return fmt.Errorf("sample city: %w", err)
	}
	for _, soon := range []func(time.Time) error{p.upcoming, p.wish} {
		if err := soon(time.Now()); err != nil {
			return fmt.Errorf("sample city: %w", err)
		}
	}
	if err := p.threeLists(time.Now()); err != nil {
		return fmt.Errorf("sample city: %w", err)
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.load(tx, p) })
	if errors.Is(err, org.ErrFounded) {
		return nil // another replica was first
	}
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		if _, err := s.Org.Root(ctx); err == nil {
			return nil // another replica was first, at the same moment
		}
	}
	if err != nil {
		return fmt.Errorf("seed the sample city: %w", err)
	}
	return nil
}

func (s *Sample) load(tx *gorm.DB, p *samplePlan) error {
	if err := s.Org.Load(tx, p.tree); err != nil {
		return err
	}
	for _, load := range []func() error{
		func() error { return s.Member.Load(tx, p.people) },
		func() error { return s.Member.LoadMembers(tx, p.members) },
		func() error { return s.Workers.Load(tx, p.workers) },
		func() error { return station.Load(tx, p.points) },
		func() error { return activity.Load(tx, p.activities, p.slots) },
		func() error { return s.Wishes.Load(tx, p.wishes) },
		func() error { return consult.Load(tx, p.items) },
		func() error { return lists.Load(tx, p.lists) },
		func() error { return s.paper(tx, p.lists) },
		func() error { return s.Tickets.Load(tx, p.past) },
	} {
		if err := load(); err != nil {
			return err
		}
	}
	return nil
}

// People lists the sample city's people for the simulator: residents first,
// those of the compounds that the product paper names before the others.
func (s *Sample) People(ctx context.Context) ([]wechatsim.Person, error) {
	known, err := s.Member.Samples(ctx) // in the order of planSample
	if err != nil {
		return nil, err
	}
	held, err := s.Org.Held(ctx)
	if err != nil {
		return nil, err
	}
	places, err := s.Org.Places(ctx)
	if err != nil {
		return nil, err
	}
	homes := make(map[int64]string, len(places))
	for _, p := range places {
		homes[p.Unit.ID] = p.Name
	}
	out := make([]wechatsim.Person, 0, len(known))
	for _, k := range known {
		posts := held[k.ID]
		p := wechatsim.Person{OpenID: k.OpenID, Name: k.Name, Org: homes[k.CompoundID]}
		if k.CompoundID != 0 || len(posts) == 0 {
			p.Roles = append(p.Roles, string(org.Resident))
		}
		if k.Person.Member {
			p.Roles = append(p.Roles, string(org.Member))
		}
		for _, post := range posts {
			p.Roles = append(p.Roles, string(post.Role))
		}
		if len(posts) > 0 {
			p.Org = posts[0].OrgName
		}
		out = append(out, p)
	}
	return out, nil
}
