package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/wechat/wechatsim"
)

// Sample is the sample city: Fenyang's shape with invented places and people,
// all of them marked as sample.
type Sample struct {
	DB     *db.DB
	Org    *org.Service
	Member *member.Service
	Files  fs.FS // sample.yaml, and routing.yaml for the departments
}

// Seed founds the sample city in one transaction. Where a city stands already,
// sample or not, it changes nothing.
func (s *Sample) Seed(ctx context.Context) error {
	if _, err := s.Org.Root(ctx); !errors.Is(err, org.ErrUnknownUnit) {
		return err
	}
	p, err := planSample(s.Files, s.DB.NewID)
	if err != nil {
		return fmt.Errorf("sample city: %w", err)
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := s.Org.Load(tx, p.tree); err != nil {
			return err
		}
		return s.Member.Load(tx, p.people)
	})
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
