package lists

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"gorm.io/gorm"

	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// Seen is a thing as somebody may see it.
type Seen[T thing] struct {
	Item      T
	Whole     bool // who asks speaks for a side: sees all words and the timeline
	Sides     []Side
	Actions   []Choice // exactly what they may do now
	Org       org.Unit // of a project or need
	Community org.Unit
	Unit      org.WorkUnit
	Timeline  []Event // of one alone, not in lists
}

// View says which things a list is of.
type View string

// The views.
const (
	All  View = "all"  // public ones, and those of whoever asks
	Mine View = "mine" // for whose side they speak
)

// Listing says which things a list is of; zero fields ask for nothing.
type Listing struct {
	View     View
	Org      int64 // a unit of the tree, with all below it
	Unit     int64 // a work unit
	Kind     string
	State    State
	Need     int64 // projects that serve it
	Resource int64 // projects that use it
	Project  int64 // agreements made for it
	Before   int64 // an id; the newest come first
	Limit    int
}

// Needs are needs as somebody may see them. Errors: org.ErrUnknownUnit.
func (s *Service) Needs(ctx context.Context, by org.Actor, l Listing) ([]Seen[Need], error) {
	return find[Need](ctx, s, by, l)
}

// Resources are resources as somebody may see them. Errors: org.ErrUnknownUnit.
func (s *Service) Resources(ctx context.Context, by org.Actor, l Listing) ([]Seen[Resource], error) {
	return find[Resource](ctx, s, by, l)
}

// Projects are projects as somebody may see them. Errors: org.ErrUnknownUnit.
func (s *Service) Projects(ctx context.Context, by org.Actor, l Listing) ([]Seen[Project], error) {
	return find[Project](ctx, s, by, l)
}

// Agreements are agreements as somebody may see them. Errors: org.ErrUnknownUnit.
func (s *Service) Agreements(ctx context.Context, by org.Actor, l Listing) ([]Seen[Agreement], error) {
	return find[Agreement](ctx, s, by, l)
}

// Need is one as somebody may see it. Errors: ErrUnknown.
func (s *Service) Need(ctx context.Context, by org.Actor, id int64) (Seen[Need], error) {
	return show[Need](ctx, s, by, id)
}

// Resource is one as somebody may see it. Errors: ErrUnknown.
func (s *Service) Resource(ctx context.Context, by org.Actor, id int64) (Seen[Resource], error) {
	return show[Resource](ctx, s, by, id)
}

// Project is one as somebody may see it. Errors: ErrUnknown.
func (s *Service) Project(ctx context.Context, by org.Actor, id int64) (Seen[Project], error) {
	return show[Project](ctx, s, by, id)
}

// Agreement is one as somebody may see it. Errors: ErrUnknown.
func (s *Service) Agreement(ctx context.Context, by org.Actor, id int64) (Seen[Agreement], error) {
	return show[Agreement](ctx, s, by, id)
}

// show is one thing with its timeline, if its reader is a party. Errors: ErrUnknown.
func show[T thing](ctx context.Context, s *Service, by org.Actor, id int64) (Seen[T], error) {
	t, err := take[T](s.DB.Read(ctx), id)
	if err != nil {
		return Seen[T]{}, err
	}
	all, err := complete(ctx, s, by, []T{t})
	if err != nil {
		return Seen[T]{}, err
	}
	f := all[0]
	if !f.Whole {
		if !t.stand().seen() {
			err = ErrUnknown
		}
		return f, err
	}
	return f, s.DB.Read(ctx).Order("id").Find(&f.Timeline, "list = ? AND ref_id = ?", t.stand().list, id).Error
}

// placeColumn is the column with the unit of the tree whose a thing is.
var placeColumn = map[List]string{Needs: "org_id", Projects: "org_id", Agreements: "community_id"}

// below finds things of a subtree; a resource is of the communities that its unit serves.
func below(tx *gorm.DB, l List, path string) *gorm.DB {
	from, to := org.Below(path)
	if l == Resources {
		return tx.Where("t.unit_id IN (SELECT p.unit_id FROM unit_partners p JOIN org_units u ON u.id = p.community_id WHERE u.path >= ? AND u.path < ?)", from, to)
	}
	return tx.Where("t."+placeColumn[l]+" IN (SELECT id FROM org_units WHERE path >= ? AND path < ?)", from, to)
}

func find[T thing](ctx context.Context, s *Service, by org.Actor, l Listing) ([]Seen[T], error) {
	var none T
	list := none.stand().list
	tx := s.DB.Read(ctx)
	q := tx.Table(tables[list] + " t").Select("t.*")
	visible, err := s.visible(ctx, by, list, l.View)
	if err != nil {
		return nil, err
	}
	q = q.Where(visible)
	if l.Org != 0 {
		now, err := s.Org.Successor(ctx, l.Org)
		if err != nil {
			return nil, err
		}
		u, err := s.Org.Unit(ctx, now)
		if err != nil {
			return nil, err
		}
		q = below(q, list, u.Path)
	}
	if l.Unit != 0 && list == Needs {
		q = q.Where("t.id IN (SELECT n.need_id FROM list_project_needs n JOIN list_projects p ON p.id = n.project_id WHERE p.unit_id = ?)", l.Unit)
	} else if l.Unit != 0 {
		q = q.Where("t.unit_id = ?", l.Unit)
	}
	if l.Kind != "" && (list == Needs || list == Resources) {
		q = q.Where("t.kind = ?", l.Kind)
	}
	if l.State != "" {
		q = q.Where("t.state = ?", l.State)
	}
	for _, of := range []struct {
		list  List
		id    int64
		where string
	}{
		{Projects, l.Need, "t.id IN (SELECT project_id FROM list_project_needs WHERE need_id = ?)"},
		{Projects, l.Resource, "t.id IN (SELECT project_id FROM list_project_resources WHERE resource_id = ?)"},
		{Agreements, l.Project, "t.project_id = ?"},
		{list, l.Before, "t.id < ?"},
	} {
		if of.list == list && of.id != 0 {
			q = q.Where(of.where, of.id)
		}
	}
	var found []T
	if err := q.Order("t.id DESC").Limit(l.Limit).Find(&found).Error; err != nil {
		return nil, err
	}
	return complete(ctx, s, by, found)
}

// visible is the condition of what somebody may see of a list.
func (s *Service) visible(ctx context.Context, by org.Actor, l List, v View) (*gorm.DB, error) {
	tx := s.DB.Read(ctx)
	where := tx.Where("1 = 0")
	if v != Mine {
		where = where.Or("t.state IN ? AND t.content = ?", publicStates(l), ticket.Passed)
	}
	if l != Needs {
		units, err := s.contactOf(ctx, by.Person)
		if err != nil {
			return nil, err
		}
		where = where.Or("t.unit_id IN ?", units)
	}
	if l == Resources {
		return where, nil
	}
	for _, p := range by.Posts {
		if (org.Actor{Posts: []org.Post{p}}).May(org.ManageLists, p.OrgPath) {
			where = where.Or(below(tx.Session(&gorm.Session{NewDB: true}), l, p.OrgPath))
		}
	}
	return where, nil
}

// complete adds what belongs to things, and takes away what their reader may not see.
func complete[T thing](ctx context.Context, s *Service, by org.Actor, list []T) ([]Seen[T], error) {
	out := make([]Seen[T], len(list))
	orgs, units := []int64{-1}, []int64{}
	for _, t := range list {
		st := t.stand()
		orgs, units = append(orgs, st.org, st.community), append(units, st.unit)
	}
	places, err := s.Org.Units(ctx, orgs)
	if err != nil {
		return nil, err
	}
	works, err := s.workUnits(ctx, units)
	if err != nil {
		return nil, err
	}
	others, err := s.others(ctx, by)
	if err != nil {
		return nil, err
	}
	mask := s.Tickets.Rules().Content.Masked
	for i, t := range list {
		st := t.stand()
		f := &out[i]
		f.Item, f.Org, f.Community, f.Unit = t, places[st.org], places[st.community], works[st.unit]
		may := st.speaks(by, f.Org.Path, f.Unit.ContactID)
		for _, side := range []Side{TheCommunity, TheUnit} {
			if may&sidesOf[side] != 0 {
				f.Sides = append(f.Sides, side)
			}
		}
		f.Actions = choices(st.list, st.state, may|others)
		if f.Whole = len(f.Sides) > 0; !f.Whole {
			f.Item = public(t, mask)
		}
		if n, ok := any(t).(Need); ok && n.Taken > 0 {
			f.Actions = slices.DeleteFunc(f.Actions, func(c Choice) bool { return c.Action == Withdraw })
		}
	}
	return out, nil
}

// others is what somebody may be to things that are not theirs.
func (s *Service) others(ctx context.Context, by org.Actor) (out sides, err error) {
	if _, manages := by.Scope(org.ManageLists); manages {
		out |= taker
	}
	if by.Person == 0 {
		return out, nil
	}
	units, err := s.Org.Answers(ctx, by.Person)
	if len(units) > 0 {
		out |= giver
	}
	return out, err
}

// public is a thing as whoever speaks for no side may see it.
func public[T thing](t T, mask func(string) string) T {
	var shown any
	switch v := any(t).(type) {
	case Need:
		v.Title, v.About, v.Reason = mask(v.Title), mask(v.About), ""
		shown = v
	case Resource:
		v.Title, v.About, v.Amount, v.Reason = mask(v.Title), mask(v.About), mask(v.Amount), ""
		shown = v
	case Project:
		v.Title, v.About, v.CommunityWords, v.UnitWords, v.Reason = mask(v.Title), "", "", "", ""
		shown = v
	case Agreement:
		v.Items = slices.Clone(v.Items)
		for i := range v.Items {
			v.Items[i].Words = mask(v.Items[i].Words)
		}
		v.DocumentID, v.Reason = 0, ""
		shown = v
	}
	return shown.(T)
}

// Joined is a need or resource of a project.
type Joined struct {
	ProjectID, ID int64
	Title         string
	Content       ticket.Judged
}

// Joined are the needs and resources of projects, by project.
func (s *Service) Joined(ctx context.Context, projects []int64) (needs, resources map[int64][]Joined, err error) {
	needs, resources = map[int64][]Joined{}, map[int64][]Joined{}
	for _, of := range []struct {
		into          map[int64][]Joined
		joins, column string
		list          List
	}{{needs, "list_project_needs", "need_id", Needs}, {resources, "list_project_resources", "resource_id", Resources}} {
		var found []Joined
		err := s.DB.Read(ctx).Raw(fmt.Sprintf("SELECT j.project_id, t.id, t.title, t.content FROM %s j JOIN %s t ON t.id = j.%s WHERE j.project_id IN ? ORDER BY j.project_id, t.id", of.joins, tables[of.list], of.column), append([]int64{-1}, projects...)).Scan(&found).Error
		if err != nil {
			return nil, nil, err
		}
		for _, j := range found {
			of.into[j.ProjectID] = append(of.into[j.ProjectID], j)
		}
	}
	return needs, resources, nil
}

// Source says whether a project may give rise to an activity of somebody.
// Errors: ErrUnknown.
func (s *Service) Source(ctx context.Context, by org.Actor, ref string) error {
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil {
		return ErrUnknown
	}
	_, err = show[Project](ctx, s, by, id)
	return err
}
