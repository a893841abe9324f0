package web

import (
	"context"
	"strings"
	"time"

	"fenlin/internal/org"
)

// tenureView is a post with who holds it.
type tenureView struct {
	PostID      id                   `json:"post_id"`
	Role        codeName             `json:"role"`
	Title       string               `json:"title"`
	Org         unitView             `json:"org"`
	Holder      maybe[holdingPerson] `json:"holder" doc:"null while nobody holds it"`
	VacantSince *time.Time           `json:"vacant_since" doc:"null while somebody holds it, or when nobody ever did"`
	MayAppoint  bool                 `json:"may_appoint" doc:"the caller fills this post"`
	MayEnd      bool                 `json:"may_end" doc:"the caller may end who holds it: as whoever fills the post, or as the holder"`
}

type holdingPerson struct {
	AppointmentID id         `json:"appointment_id"`
	PersonID      id         `json:"person_id"`
	Name          string     `json:"name"`
	UnitID        id         `json:"unit_id" doc:"the work unit that sends them; 0: none"`
	From          *time.Time `json:"from"`
	To            *time.Time `json:"to" doc:"null: open"`
	Note          string     `json:"note" doc:"the paper"`
}

func (s *Server) viewHolding(a org.Appointment, names map[int64]string) holdingPerson {
	return holdingPerson{idOf(a.ID), idOf(a.PersonID), names[a.PersonID], idOf(a.UnitID), s.moment(a.FromAt), s.moment(a.ToAt), a.Note}
}

func roleName(role org.Role) codeName {
	for _, r := range org.Roles {
		if r.Role == role {
			return codeName{string(role), r.Name}
		}
	}
	return codeName{string(role), string(role)}
}

type listPostsInput struct {
	Org     id   `query:"org" doc:"a unit; empty: the highest that the caller may see"`
	Subtree bool `query:"subtree" default:"true" doc:"with all units below"`
	Vacant  bool `query:"vacant" doc:"only those that nobody holds"`
	Paged
}

func (s *Server) listPosts(ctx context.Context, c caller, in *listPostsInput) (*body[page[tenureView]], error) {
	unit := in.Org.number()
	if in.Org == "" {
		post, ok := c.Scope(org.SeeOrg)
		if !ok {
			return nil, org.ErrOutside
		}
		unit = post.OrgID
	}
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	tenures, err := s.Org.ListPosts(ctx, c.Actor, org.Listing{Unit: unit, Subtree: in.Subtree, Vacant: in.Vacant, After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	var out page[tenureView]
	tenures, out.NextCursor = cut(tenures, in.Limit, func(x org.Tenure) int64 { return x.ID })
	var people []int64
	for _, t := range tenures {
		people = append(people, t.Appointment.PersonID)
	}
	names, err := s.Members.Names(ctx, people)
	if err != nil {
		return nil, err
	}
	for _, t := range tenures {
		view := tenureView{
			PostID: idOf(t.ID), Role: roleName(t.Role), Title: t.Title, Org: unitView{idOf(t.OrgID), string(t.OrgKind), t.OrgName}, VacantSince: s.moment(t.VacantSince),
			MayAppoint: c.MayAppoint(t.Role, t.OrgPath),
		}
		if t.Filled {
			view.Holder = some(s.viewHolding(t.Appointment, names))
			view.MayEnd = view.MayAppoint || t.Appointment.PersonID == c.Person.ID
		}
		out.Items = append(out.Items, view)
	}
	return answer(out), nil
}

type createPostInput struct {
	Body struct {
		OrgID id     `json:"org_id" minLength:"1"`
		Role  string `json:"role" enum:"city_secretary,subdistrict_secretary,department,community_secretary,commissioner,grid_worker,branch_secretary,property_manager,group_leader,household_hub,clerk,privacy_officer,operator"`
		Title string `json:"title" maxLength:"100"`
	}
}

func (s *Server) createPost(ctx context.Context, c caller, in *createPostInput) (*body[tenureView], error) {
	p, err := s.Org.CreatePost(ctx, c.Actor, in.Body.OrgID.number(), org.Role(in.Body.Role), strings.TrimSpace(in.Body.Title))
	return answer(tenureView{PostID: idOf(p.ID), Role: roleName(p.Role), Title: p.Title, Org: unitView{idOf(p.OrgID), string(p.OrgKind), p.OrgName}, MayAppoint: true}), err
}

type postInput struct {
	ID id `path:"id" minLength:"1"`
}

func (s *Server) closePost(ctx context.Context, c caller, in *postInput) (*nothing, error) {
	return nil, s.Org.ClosePost(ctx, c.Actor, in.ID.number())
}

func (s *Server) listTenures(ctx context.Context, c caller, in *postInput) (*body[page[holdingPerson]], error) {
	tenures, err := s.Org.Tenures(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	var people []int64
	for _, a := range tenures {
		people = append(people, a.PersonID)
	}
	names, err := s.Members.Names(ctx, people)
	var out page[holdingPerson]
	for _, a := range tenures {
		out.Items = append(out.Items, s.viewHolding(a, names))
	}
	return answer(out), err
}

type appointInput struct {
	ID   id `path:"id" minLength:"1"`
	Body struct {
		PersonID id         `json:"person_id,omitempty" doc:"somebody known; else name and phone"`
		Name     string     `json:"name,omitempty" maxLength:"40"`
		Phone    string     `json:"phone,omitempty" maxLength:"20" doc:"who binds this phone in WeChat signs in as the holder"`
		UnitID   id         `json:"unit_id,omitempty" doc:"the work unit that sends them"`
		From     *time.Time `json:"from,omitempty" doc:"now when left out; may be to come"`
		To       *time.Time `json:"to,omitempty" doc:"open when left out"`
		Note     string     `json:"note,omitempty" maxLength:"200" doc:"the paper"`
	}
}

func (s *Server) appoint(ctx context.Context, c caller, in *appointInput) (*body[holdingPerson], error) {
	a := org.Appointment{PostID: in.ID.number(), UnitID: in.Body.UnitID.number(), FromAt: milliseconds(in.Body.From), ToAt: milliseconds(in.Body.To), Note: strings.TrimSpace(in.Body.Note)}
	who := s.Members.Somebody(in.Body.Name, in.Body.Phone)
	if in.Body.PersonID != "" {
		who = s.Members.Known(in.Body.PersonID.number())
	}
	made, err := s.Org.Appoint(ctx, c.Actor, a, who)
	if err != nil {
		return nil, err
	}
	names, err := s.Members.Names(ctx, []int64{made.PersonID})
	return answer(s.viewHolding(made, names)), err
}

// milliseconds is a moment as it is kept; 0 when it is not told.
func milliseconds(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.UnixMilli()
}

type dismissInput struct {
	ID   id `path:"id" minLength:"1"`
	Body struct {
		At   *time.Time `json:"at,omitempty" doc:"now when left out"`
		Note string     `json:"note,omitempty" maxLength:"200"`
	}
}

func (s *Server) dismiss(ctx context.Context, c caller, in *dismissInput) (*nothing, error) {
	return nil, s.Org.Dismiss(ctx, c.Actor, in.ID.number(), milliseconds(in.Body.At), strings.TrimSpace(in.Body.Note))
}

// workUnitView is a 单位.
type workUnitView struct {
	ID       id          `json:"id"`
	Kind     string      `json:"kind" enum:"organ,enterprise,social"`
	Name     string      `json:"name"`
	Code     string      `json:"code" doc:"统一社会信用代码"`
	Closed   bool        `json:"closed"`
	Partners list[named] `json:"partners" doc:"the communities that it serves; empty in lists"`
}

func viewWorkUnit(u org.WorkUnit) workUnitView {
	return workUnitView{ID: idOf(u.ID), Kind: string(u.Kind), Name: u.Name, Code: u.Code, Closed: u.ClosedAt != 0}
}

type listWorkUnitsInput struct {
	Kind   string `query:"kind" enum:"organ,enterprise,social"`
	Search string `query:"q" maxLength:"60" doc:"a part of the name"`
	Paged
}

func (s *Server) listWorkUnits(ctx context.Context, c caller, in *listWorkUnitsInput) (*body[page[workUnitView]], error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	units, err := s.Org.WorkUnits(ctx, c.Actor, org.WorkUnitKind(in.Kind), strings.TrimSpace(in.Search), after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out page[workUnitView]
	units, out.NextCursor = cut(units, in.Limit, func(x org.WorkUnit) int64 { return x.ID })
	for _, u := range units {
		out.Items = append(out.Items, viewWorkUnit(u))
	}
	return answer(out), nil
}

func (s *Server) showWorkUnit(ctx context.Context, c caller, in *postInput) (*body[workUnitView], error) {
	return s.workUnit(ctx, c, in.ID.number())
}

func (s *Server) workUnit(ctx context.Context, c caller, id int64) (*body[workUnitView], error) {
	u, partners, err := s.Org.WorkUnit(ctx, c.Actor, id)
	if err != nil {
		return nil, err
	}
	view := viewWorkUnit(u)
	for _, p := range partners {
		view.Partners = append(view.Partners, named{idOf(p.ID), p.Name})
	}
	return answer(view), nil
}

// WorkUnitFields are what is told of a work unit. It is exported because huma
// reads embedded structs only then.
type WorkUnitFields struct {
	Kind     string    `json:"kind" enum:"organ,enterprise,social"`
	Name     string    `json:"name" minLength:"1" maxLength:"100"`
	Code     string    `json:"code,omitempty" maxLength:"18" doc:"统一社会信用代码"`
	Partners *list[id] `json:"partners,omitempty" maxItems:"200" doc:"the communities that it serves, in place of those before"`
}

func (s *Server) keepWorkUnit(ctx context.Context, c caller, u org.WorkUnit, f WorkUnitFields) (*body[workUnitView], error) {
	u.Kind, u.Name, u.Code = org.WorkUnitKind(f.Kind), f.Name, f.Code
	var partners []int64
	if f.Partners != nil {
		partners = f.Partners.numbers(id.number)
	}
	kept, err := s.Org.KeepWorkUnit(ctx, c.Actor, u, partners)
	if err != nil {
		return nil, err
	}
	return s.workUnit(ctx, c, kept.ID)
}

type addWorkUnitInput struct{ Body WorkUnitFields }

func (s *Server) addWorkUnit(ctx context.Context, c caller, in *addWorkUnitInput) (*body[workUnitView], error) {
	return s.keepWorkUnit(ctx, c, org.WorkUnit{}, in.Body)
}

type changeWorkUnitInput struct {
	ID   id `path:"id" minLength:"1"`
	Body struct {
		Closed bool `json:"closed,omitempty" doc:"the work unit is no more"`
		WorkUnitFields
	}
}

func (s *Server) changeWorkUnit(ctx context.Context, c caller, in *changeWorkUnitInput) (*body[workUnitView], error) {
	u, _, err := s.Org.WorkUnit(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	if u.ClosedAt = 0; in.Body.Closed {
		u.ClosedAt = s.Now().UnixMilli()
	}
	return s.keepWorkUnit(ctx, c, u, in.Body.WorkUnitFields)
}
