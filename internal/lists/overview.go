package lists

import (
	"cmp"
	"context"
	"slices"

	"gorm.io/gorm"

	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// Overview is how many things of each list stand in each state, of a subtree or
// of a work unit, and what is due next.
type Overview struct {
	Org    org.Unit     // of which it is; or
	Unit   org.WorkUnit // of which it is
	Public bool         // what everybody may see, and nothing else
	Counts map[List]map[State]int
	Due    []Due
}

// Scopes are what somebody may ask an overview of: the units of the tree whose
// lists they manage, without those below another, and the work units whose
// contact they are.
func (s *Service) Scopes(ctx context.Context, by org.Actor) ([]org.Unit, []org.WorkUnit, error) {
	var ids []int64
	for _, p := range by.Posts {
		if (org.Actor{Posts: []org.Post{p}}).May(org.ManageLists, p.OrgPath) {
			ids = append(ids, p.OrgID)
		}
	}
	found, err := s.Org.Units(ctx, append(ids, -1))
	if err != nil {
		return nil, nil, err
	}
	var orgs []org.Unit
	for _, u := range found {
		if !slices.ContainsFunc(ids, func(id int64) bool { return id != u.ID && slices.Contains(u.Chain(), id) }) {
			orgs = append(orgs, u)
		}
	}
	slices.SortFunc(orgs, func(a, b org.Unit) int { return cmp.Compare(a.Path, b.Path) })
	units, err := s.Org.Answers(ctx, by.Person)
	return orgs, units, err
}

// Due is a thing with its next day.
type Due struct {
	List  List
	ID    int64
	Title string
	On    string
	State State
}

// maxDue is how many days an overview tells.
const maxDue = 10

// Scope says whether somebody may see an overview of a unit of the tree or a
// work unit: whoever manages the lists there, the unit's contact, the city.
// Errors: ErrInvalid, org.ErrUnknownUnit, org.ErrWorkUnitGone, org.ErrOutside.
func (s *Service) Scope(ctx context.Context, by org.Actor, unitOfTree, workUnit int64) (Overview, error) {
	o := Overview{Counts: map[List]map[State]int{}}
	switch {
	case unitOfTree != 0 && workUnit == 0:
		u, err := s.Org.Unit(ctx, unitOfTree)
		if err == nil && !by.May(org.ManageLists, u.Path) {
			err = org.ErrOutside
		}
		o.Org = u
		return o, err
	case workUnit != 0 && unitOfTree == 0:
		units, err := s.workUnits(ctx, []int64{workUnit})
		if err != nil {
			return o, err
		}
		root, err := s.Org.Root(ctx)
		if err != nil {
			return o, err
		}
		o.Unit = units[workUnit]
		switch {
		case o.Unit.ID == 0:
			return o, org.ErrWorkUnitGone
		case o.Unit.ContactID != by.Person && !by.May(org.ManageLists, root.Path):
			return o, org.ErrOutside
		}
		return o, nil
	}
	return o, ErrInvalid.At("org", "请选择一个组织或一个单位")
}

// own is the overview that somebody has without asking for one: of their place,
// of their work unit, or of what everybody may see.
func (s *Service) own(ctx context.Context, by org.Actor) (Overview, error) {
	o := Overview{Counts: map[List]map[State]int{}}
	orgs, units, err := s.Scopes(ctx, by)
	switch {
	case err != nil:
	case len(orgs) > 0:
		o.Org = orgs[0]
	case len(units) > 0:
		o.Unit = units[0]
	default:
		o.Public = true
		o.Org, err = s.Org.Root(ctx)
	}
	return o, err
}

// Overview counts; of neither a unit nor a work unit it is the caller's own.
// Errors: those of Scope.
func (s *Service) Overview(ctx context.Context, by org.Actor, unitOfTree, workUnit int64) (Overview, error) {
	ask := func() (Overview, error) { return s.Scope(ctx, by, unitOfTree, workUnit) }
	if unitOfTree == 0 && workUnit == 0 {
		ask = func() (Overview, error) { return s.own(ctx, by) }
	}
	o, err := ask()
	if err != nil {
		return o, err
	}
	for _, l := range []struct {
		list       List
		day, title string
		alive      []State
	}{
		{Needs, "t.wanted_on", "t.title", []State{Open, Matched}},
		{Resources, "t.to_on", "t.title", []State{Open}},
		{Projects, "t.end_on", "t.title", []State{Agreed, Running}},
		{Agreements, "t.to_on", "''", []State{Signed, Running}},
	} {
		q := s.DB.Read(ctx).Table(tables[l.list] + " t")
		switch {
		case o.Public: // all there is
		case o.Org.ID != 0:
			q = below(q, l.list, o.Org.Path)
		case l.list != Needs:
			q = q.Where("t.unit_id = ?", o.Unit.ID)
		default:
			q = q.Where("t.id IN (SELECT n.need_id FROM list_project_needs n JOIN list_projects p ON p.id = n.project_id WHERE p.unit_id = ?)", o.Unit.ID)
		}
		if o.Public || o.Org.ID != 0 && l.list == Resources { // what a unit has not offered yet is its own
			q = q.Where("t.state IN ?", publicStates(l.list))
		}
		if o.Public {
			q = q.Where("t.content = ?", ticket.Passed)
		}
		q = q.Session(&gorm.Session{}) // asked twice
		var counts []struct {
			State State
			N     int
		}
		if err := q.Select("t.state, COUNT(*) AS n").Group("t.state").Scan(&counts).Error; err != nil {
			return o, err
		}
		o.Counts[l.list] = map[State]int{}
		for _, c := range counts {
			o.Counts[l.list][c.State] = c.N
		}
		var due []struct {
			ID    int64
			State State
			Title string
			Day   string
		}
		if err := q.Select("t.id, t.state, "+l.title+" AS title, "+l.day+" AS day").Where("t.state IN ? AND "+l.day+" <> ''", l.alive).
			Order(l.day + ", t.id").Limit(maxDue).Scan(&due).Error; err != nil {
			return o, err
		}
		for _, d := range due {
			o.Due = append(o.Due, Due{l.list, d.ID, d.Title, d.Day, d.State})
		}
	}
	slices.SortFunc(o.Due, func(a, b Due) int { return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.ID, b.ID)) })
	o.Due = o.Due[:min(len(o.Due), maxDue)]
	return o, nil
}
