package activity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"fenlin/internal/org"
)

// Right is something that somebody may do with an activity beside what its
// state allows to become of it.
type Right string

// The rights. Helpers have those on people, codes, lists and photos.
const (
	MayChange Right = "change"    // what it is, when and where
	MaySum    Right = "summarise" // what came of it
	MayMeet   Right = "people"    // see who comes, and who was there
	MayShow   Right = "code"      // hold up the code to check in by
	MayTickIn Right = "tick_in"   // on the list, now
	MayTickUp Right = "tick_out"
	MayAskFor Right = "helpers"
	MayHang   Right = "photos"
	MayCount  Right = "hours" // see everybody's, of this activity
	MayAmend  Right = "amend" // put check-ins right
	MayEnter  Right = "enter" // manual hours
)

// Rights are those of whoever looks at an activity.
func (s *Service) Rights(f Full) []Right {
	if !f.Runs {
		return nil
	}
	now := s.Now().UnixMilli()
	coming, over := slices.Contains(open, f.State), f.State == Done || f.State == Archived
	amends := s.amends(f.Activity) == nil
	var out []Right
	for _, r := range []struct {
		right Right
		held  bool
	}{
		{MayChange, f.Organise && (f.State == Drafted || coming)},
		{MaySum, f.Organise && over},
		{MayMeet, f.State != Drafted},
		{MayShow, (coming || f.State == Done) && s.window(f.Activity, max(now, f.StartsAt), false) == nil},
		{MayTickIn, s.window(f.Activity, now, true) == nil},
		{MayTickUp, s.window(f.Activity, now, false) == nil},
		{MayAskFor, f.Organise && coming},
		{MayHang, hangs(f.Activity) == nil},
		{MayCount, f.Organise && (over || f.State == Running)},
		{MayAmend, f.Organise && amends},
		{MayEnter, f.Organise && amends && over},
	} {
		if r.held {
			out = append(out, r.right)
		}
	}
	return out
}

// amends says why the hours of an activity cannot be put right now; nil: they can.
func (s *Service) amends(a Activity) error {
	days := s.counting.Load().on(s.dayOf(a.StartsAt)).amend
	switch {
	case a.State != Running && a.State != Done && a.State != Archived:
		return ErrState.Say("活动" + a.State.Name() + "，没有时长可以更正")
	case s.Now().After(time.UnixMilli(a.EndsAt).AddDate(0, 0, days)):
		return ErrTooLate.Say(fmt.Sprintf("活动结束已超过 %d 天，时长不能再改；确有错误请在报事里反映", days))
	}
	return nil
}

// Crowd is how many were at an activity.
type Crowd struct {
	Came    int // who checked in
	Inside  int // of them, who is there now
	Claimed int // check-ins that wait for the organiser's word
}

// Crowd counts who is there, for who runs it. Errors: ErrUnknown, ErrNotYours.
func (s *Service) Crowd(ctx context.Context, by org.Actor, id int64) (Crowd, error) {
	var c Crowd
	if _, err := s.run(ctx, by, id); err != nil {
		return c, err
	}
	err := s.DB.Read(ctx).Raw(`SELECT COUNT(DISTINCT person_id) AS came, COUNT(CASE WHEN open_key IS NOT NULL THEN 1 END) AS inside, COUNT(CASE WHEN state = ? THEN 1 END) AS claimed
FROM activity_checkins WHERE activity_id = ? AND state IN ?`, PairClaimed, id, []PairState{PairOK, PairClaimed}).Scan(&c).Error
	return c, err
}

// heldAt are the kinds of units below a post's own at which it holds activities as often as at its own.
var heldAt = []org.Kind{org.Subdistrict, org.Community, org.CompoundKind}

// Venue is a unit at which somebody may hold activities.
type Venue struct {
	org.Unit
	org.Compound // of a compound
}

// Venues are the units of somebody's posts and those right below them, at which
// they may hold activities.
func (s *Service) Venues(ctx context.Context, by org.Actor) ([]Venue, error) {
	var out []Venue
	var ids []int64
	add := func(u org.Unit) {
		if _, ok := holderOf(by, u); ok && !slices.Contains(ids, u.ID) {
			ids = append(ids, u.ID)
			out = append(out, Venue{Unit: u})
		}
	}
	for _, p := range by.Posts {
		own, err := s.Org.Unit(ctx, p.OrgID)
		if err != nil {
			return nil, err
		}
		add(own)
		below, err := s.Org.List(ctx, org.Filter{Parent: p.OrgID}, org.MaxUnits, "")
		if err != nil {
			return nil, err
		}
		for _, u := range below.Items {
			if slices.Contains(heldAt, u.Kind) {
				add(u.Unit)
			}
		}
	}
	known, err := s.Org.CompoundsOf(s.DB.Read(ctx), ids)
	for i, v := range out {
		out[i].Compound = known[v.Unit.ID]
	}
	return out, err
}

// MayHold says that somebody may hold activities at a unit.
func (s *Service) MayHold(ctx context.Context, by org.Actor, unit int64) (bool, error) {
	if len(by.Posts) == 0 {
		return false, nil
	}
	u, err := s.Org.Unit(ctx, unit)
	_, may := holderOf(by, u)
	return may && err == nil, err
}
