package web

import (
	"context"
	"slices"
	"time"

	"fenlin/internal/lists"
	"fenlin/internal/org"
)

// ListDeedView is what somebody did to a thing of the lists, without who they are.
type ListDeedView struct {
	At        *time.Time      `json:"at"`
	By        string          `json:"by" doc:"the post, or the unit; empty: the clock"`
	Side      string          `json:"side" enum:"community,unit,clock"`
	Action    string          `json:"action"`
	Name      string          `json:"action_name"`
	State     string          `json:"state" doc:"in which it was then"`
	StateName string          `json:"state_name"`
	Note      string          `json:"note"`
	Day       string          `json:"day" doc:"of progress; else empty"`
	Photos    list[photoView] `json:"photos"`
}

// ListPartView is what things of all lists have beside their own.
type ListPartView struct {
	Sides     list[string]       `json:"sides" doc:"for which the caller speaks: community, unit; empty: neither, and then words are masked"`
	Actions   list[ListAction]   `json:"actions" doc:"exactly what the caller may do now"`
	Timeline  list[ListDeedView] `json:"timeline" doc:"for its parties, of one thing alone: empty in lists"`
	CreatedAt *time.Time         `json:"created_at"`
	Version   int                `json:"version"`
}

// ListAction is an action that the caller may take, and what it asks for. Those
// that are no action of …/actions have a way of their own: change is PATCH,
// attach PUT …/document, claim and ask POST /projects, sign and renew POST /agreements.
type ListAction struct {
	Action string       `json:"action" enum:"publish,complete,withdraw,agree,refuse,progress,finish,evaluate,remark,close,cancel,confirm,terminate,change,attach,claim,ask,sign,renew"`
	Name   string       `json:"name"`
	Note   string       `json:"note" doc:"what must be said with it; empty: nothing"`
	Takes  list[string] `json:"takes" doc:"fields that may go with it beside the note: day, photo_ids, verdict"`
}

func (s *Server) viewPart(l lists.List, id int64, sides []lists.Side, actions []lists.Choice, timeline []lists.Event, made int64, version int) ListPartView {
	v := ListPartView{CreatedAt: s.moment(made), Version: version}
	for _, side := range sides {
		v.Sides = append(v.Sides, string(side))
	}
	for _, a := range actions {
		to := ListAction{Action: string(a.Action), Name: a.Name, Note: a.Note}
		for _, f := range a.Takes {
			to.Takes = append(to.Takes, string(f))
		}
		v.Actions = append(v.Actions, to)
	}
	for _, e := range timeline {
		photos := viewPhotos(e.Photos)
		for i := range photos {
			photos[i].URL = apiPrefix + "/projects/" + string(idOf(id)) + "/photos/" + string(photos[i].ID)
		}
		v.Timeline = append(v.Timeline, ListDeedView{s.moment(e.At), e.ActorTitle, string(e.Side), string(e.Action), l.Does(e.Action), string(e.ToState), l.NameOf(e.ToState), e.Note, e.Day, photos})
	}
	return v
}

// NeedView is what a community or a compound needs.
type NeedView struct {
	ID        id          `json:"id"`
	Title     string      `json:"title"`
	Kind      codeName    `json:"kind"`
	About     string      `json:"about"`
	Org       unitView    `json:"org" doc:"whose it is: a community or a compound"`
	Community named       `json:"community"`
	People    int         `json:"people" doc:"whom it helps; 0: not told"`
	Wants     int         `json:"wants" doc:"projects"`
	Taken     int         `json:"taken" doc:"by projects"`
	WantedOn  string      `json:"wanted_on" doc:"2006-01-02; empty: whenever"`
	Places    list[named] `json:"places" doc:"compounds; empty: all of the community"`
	State     string      `json:"state" enum:"draft,open,matched,done,withdrawn"`
	StateName string      `json:"state_name"`
	Reason    string      `json:"reason" doc:"why it was withdrawn, or how it was met"`
	ListPartView
}

// ResourceView is what a work unit can give.
type ResourceView struct {
	ID        id          `json:"id"`
	Title     string      `json:"title"`
	Kind      codeName    `json:"kind"`
	About     string      `json:"about"`
	Unit      named       `json:"unit"`
	Amount    string      `json:"amount" doc:"in words"`
	Quantity  int         `json:"quantity" doc:"0: not told"`
	FromOn    string      `json:"from_on" doc:"2006-01-02; empty: at any time, like to_on"`
	ToOn      string      `json:"to_on"`
	Places    list[named] `json:"places" doc:"communities that it is for; empty: any"`
	State     string      `json:"state" enum:"draft,open,ended,withdrawn"`
	StateName string      `json:"state_name"`
	Reason    string      `json:"reason" doc:"why it was withdrawn"`
	ListPartView
}

func (s *Server) listKind(code string) codeName { return codeName{code, s.Lists.Rules().Kind(code)} }

// placesOf are the names of units, in one reading for a whole page.
func (s *Server) placesOf(ctx context.Context, groups ...[]int64) (func([]int64) list[named], error) {
	ids := []int64{-1}
	for _, g := range groups {
		ids = append(ids, g...)
	}
	known, err := s.Org.Units(ctx, ids)
	return func(of []int64) (out list[named]) {
		for _, n := range of {
			out = append(out, named{idOf(n), known[n].Name})
		}
		return out
	}, err
}

func (s *Server) viewNeeds(ctx context.Context, found []lists.Seen[lists.Need]) (list[NeedView], error) {
	var groups [][]int64
	for _, f := range found {
		groups = append(groups, f.Item.Places)
	}
	places, err := s.placesOf(ctx, groups...)
	var out list[NeedView]
	for _, f := range found {
		n := f.Item
		out = append(out, NeedView{
			ID: idOf(n.ID), Title: n.Title, Kind: s.listKind(n.Kind), About: n.About, Org: unitView{idOf(f.Org.ID), string(f.Org.Kind), f.Org.Name}, Community: named{idOf(f.Community.ID), f.Community.Name},
			People: n.People, Wants: n.Wants, Taken: n.Taken, WantedOn: n.WantedOn, Places: places(n.Places), State: string(n.State), StateName: lists.Needs.NameOf(n.State), Reason: n.Reason,
			ListPartView: s.viewPart(lists.Needs, n.ID, f.Sides, f.Actions, f.Timeline, n.CreatedAt, n.Version),
		})
	}
	return out, err
}

func (s *Server) viewResources(ctx context.Context, found []lists.Seen[lists.Resource]) (list[ResourceView], error) {
	var groups [][]int64
	for _, f := range found {
		groups = append(groups, f.Item.Places)
	}
	places, err := s.placesOf(ctx, groups...)
	var out list[ResourceView]
	for _, f := range found {
		r := f.Item
		out = append(out, ResourceView{
			ID: idOf(r.ID), Title: r.Title, Kind: s.listKind(r.Kind), About: r.About, Unit: named{idOf(f.Unit.ID), f.Unit.Name}, Amount: r.Amount, Quantity: r.Quantity,
			FromOn: r.FromOn, ToOn: r.ToOn, Places: places(r.Places), State: string(r.State), StateName: lists.Resources.NameOf(r.State), Reason: r.Reason,
			ListPartView: s.viewPart(lists.Resources, r.ID, f.Sides, f.Actions, f.Timeline, r.CreatedAt, r.Version),
		})
	}
	return out, err
}

// ListDictionaries are what the lists choose from.
type ListDictionaries struct {
	Kinds list[codeName] `json:"kinds"`
	Items list[codeName] `json:"agreement_items" doc:"of 四双; empty: agreements are in free words"`
}

func (s *Server) listDictionaries(context.Context, *struct{}) (*body[ListDictionaries], error) {
	var out ListDictionaries
	for _, k := range s.Lists.Rules().Kinds {
		out.Kinds = append(out.Kinds, codeName(k))
	}
	for _, k := range s.Lists.Rules().Items {
		out.Items = append(out.Items, codeName(k))
	}
	return answer(out), nil
}

// ListsInput is what all lists can be asked for.
type ListsInput struct {
	View string `query:"view" enum:"all,mine" default:"all" doc:"all: what is public, and what is the caller's; mine: that for whose side the caller speaks"`
	Org  id     `query:"org" doc:"of this unit of the tree and all below it; of resources, those of units that serve its communities"`
	Unit id     `query:"unit" doc:"of this work unit; of needs, those that it has taken up"`
	Paged
}

func (in ListsInput) listing() (lists.Listing, error) {
	before, err := in.after()
	return lists.Listing{View: lists.View(in.View), Org: in.Org.number(), Unit: in.Unit.number(), Before: before, Limit: in.Limit + 1}, err
}

type listNeedsInput struct {
	ListsInput
	Kind  string `query:"kind" maxLength:"32"`
	State string `query:"state" enum:"draft,open,matched,done,withdrawn"`
}

func (s *Server) listNeeds(ctx context.Context, c caller, in *listNeedsInput) (*body[page[NeedView]], error) {
	l, err := in.listing()
	if err != nil {
		return nil, err
	}
	l.Kind, l.State = in.Kind, lists.State(in.State)
	found, err := s.Lists.Needs(ctx, c.Actor, l)
	if err != nil {
		return nil, err
	}
	var out page[NeedView]
	found, out.NextCursor = cut(found, in.Limit, func(f lists.Seen[lists.Need]) int64 { return f.Item.ID })
	out.Items, err = s.viewNeeds(ctx, found)
	return answer(out), err
}

type listResourcesInput struct {
	ListsInput
	Kind  string `query:"kind" maxLength:"32"`
	State string `query:"state" enum:"draft,open,ended,withdrawn"`
}

func (s *Server) listResources(ctx context.Context, c caller, in *listResourcesInput) (*body[page[ResourceView]], error) {
	l, err := in.listing()
	if err != nil {
		return nil, err
	}
	l.Kind, l.State = in.Kind, lists.State(in.State)
	found, err := s.Lists.Resources(ctx, c.Actor, l)
	if err != nil {
		return nil, err
	}
	var out page[ResourceView]
	found, out.NextCursor = cut(found, in.Limit, func(f lists.Seen[lists.Resource]) int64 { return f.Item.ID })
	out.Items, err = s.viewResources(ctx, found)
	return answer(out), err
}

// ListID names a thing of the lists.
type ListID struct {
	ID id `path:"id" minLength:"1"`
}

func (s *Server) showNeed(ctx context.Context, c caller, in *ListID) (*body[NeedView], error) {
	f, err := s.Lists.Need(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	views, err := s.viewNeeds(ctx, []lists.Seen[lists.Need]{f})
	return answer(views[0]), err
}

func (s *Server) showResource(ctx context.Context, c caller, in *ListID) (*body[ResourceView], error) {
	f, err := s.Lists.Resource(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	views, err := s.viewResources(ctx, []lists.Seen[lists.Resource]{f})
	return answer(views[0]), err
}

// NeedFields are what is written of a need; what is left out stays as it is.
type NeedFields struct {
	Title    *string   `json:"title,omitempty" maxLength:"160"`
	Kind     *string   `json:"kind,omitempty" maxLength:"32" doc:"a code of /api/v1/list-dictionaries"`
	About    *string   `json:"about,omitempty" maxLength:"2400"`
	People   *int      `json:"people,omitempty"`
	Wants    *int      `json:"wants,omitempty" doc:"projects; left out of a new one: 1"`
	WantedOn *string   `json:"wanted_on,omitempty" maxLength:"10"`
	Places   *list[id] `json:"place_ids,omitempty" maxItems:"50" doc:"compounds; empty: all of the community"`
}

func (f NeedFields) draft() lists.NeedDraft {
	return lists.NeedDraft{Title: f.Title, Kind: f.Kind, About: f.About, People: f.People, Wants: f.Wants, WantedOn: f.WantedOn, Places: numbersOf(f.Places)}
}

func numbersOf(ids *list[id]) *[]int64 {
	if ids == nil {
		return nil
	}
	out := ids.numbers(id.number)
	return &out
}

func numberOf(i *id) *int64 {
	if i == nil {
		return nil
	}
	n := i.number()
	return &n
}

type tellNeedInput struct {
	Once
	Body struct {
		NeedFields
		OrgID id `json:"org_id" minLength:"1" doc:"a community or a compound"`
	}
}

func (s *Server) tellNeed(ctx context.Context, c caller, in *tellNeedInput) (*body[NeedView], error) {
	d := in.Body.draft()
	d.Org = numberOf(&in.Body.OrgID)
	n, err := s.Lists.Tell(ctx, c.Actor, in.key(c), d)
	if err != nil {
		return nil, err
	}
	return s.showNeed(ctx, c, &ListID{idOf(n.ID)})
}

type changeNeedInput struct {
	ListID
	Body struct {
		NeedFields
		Version int `json:"version,omitempty" doc:"that was read; left out: whatever it is now"`
	}
}

func (s *Server) changeNeed(ctx context.Context, c caller, in *changeNeedInput) (*body[NeedView], error) {
	if err := s.Lists.ChangeNeed(ctx, c.Actor, in.ID.number(), in.Body.Version, in.Body.draft()); err != nil {
		return nil, err
	}
	return s.showNeed(ctx, c, &in.ListID)
}

// ResourceFields are what is written of a resource; what is left out stays as it is.
type ResourceFields struct {
	Title    *string   `json:"title,omitempty" maxLength:"160"`
	Kind     *string   `json:"kind,omitempty" maxLength:"32" doc:"a code of /api/v1/list-dictionaries"`
	About    *string   `json:"about,omitempty" maxLength:"2400"`
	Amount   *string   `json:"amount,omitempty" maxLength:"160" doc:"in words"`
	Quantity *int      `json:"quantity,omitempty"`
	FromOn   *string   `json:"from_on,omitempty" maxLength:"10"`
	ToOn     *string   `json:"to_on,omitempty" maxLength:"10"`
	Places   *list[id] `json:"place_ids,omitempty" maxItems:"50" doc:"communities that it is for; empty: any"`
}

func (f ResourceFields) draft() lists.ResourceDraft {
	return lists.ResourceDraft{Title: f.Title, Kind: f.Kind, About: f.About, Amount: f.Amount, Quantity: f.Quantity, FromOn: f.FromOn, ToOn: f.ToOn, Places: numbersOf(f.Places)}
}

type offerResourceInput struct {
	Once
	Body struct {
		ResourceFields
		UnitID id `json:"unit_id" minLength:"1"`
	}
}

func (s *Server) offerResource(ctx context.Context, c caller, in *offerResourceInput) (*body[ResourceView], error) {
	d := in.Body.draft()
	d.Unit = numberOf(&in.Body.UnitID)
	r, err := s.Lists.Offer(ctx, c.Actor, in.key(c), d)
	if err != nil {
		return nil, err
	}
	return s.showResource(ctx, c, &ListID{idOf(r.ID)})
}

type changeResourceInput struct {
	ListID
	Body struct {
		ResourceFields
		Version int `json:"version,omitempty"`
	}
}

func (s *Server) changeResource(ctx context.Context, c caller, in *changeResourceInput) (*body[ResourceView], error) {
	if err := s.Lists.ChangeResource(ctx, c.Actor, in.ID.number(), in.Body.Version, in.Body.draft()); err != nil {
		return nil, err
	}
	return s.showResource(ctx, c, &in.ListID)
}

type actOnNeedInput struct {
	ListID
	Body struct {
		Action  string `json:"action" enum:"publish,complete,withdraw"`
		Note    string `json:"note,omitempty" maxLength:"480"`
		Version int    `json:"version,omitempty"`
	}
}

func (s *Server) actOnNeed(ctx context.Context, c caller, in *actOnNeedInput) (*body[NeedView], error) {
	b := in.Body
	if err := s.Lists.Act(ctx, c.Actor, lists.Needs, in.ID.number(), lists.Deed{Action: lists.Action(b.Action), Version: b.Version, Note: b.Note}); err != nil {
		return nil, err
	}
	return s.showNeed(ctx, c, &in.ListID)
}

type actOnResourceInput struct {
	ListID
	Body struct {
		Action  string `json:"action" enum:"publish,withdraw"`
		Note    string `json:"note,omitempty" maxLength:"480"`
		Version int    `json:"version,omitempty"`
	}
}

func (s *Server) actOnResource(ctx context.Context, c caller, in *actOnResourceInput) (*body[ResourceView], error) {
	b := in.Body
	if err := s.Lists.Act(ctx, c.Actor, lists.Resources, in.ID.number(), lists.Deed{Action: lists.Action(b.Action), Version: b.Version, Note: b.Note}); err != nil {
		return nil, err
	}
	return s.showResource(ctx, c, &in.ListID)
}

// FitView is how well two fit.
type FitView struct {
	Points  int            `json:"points"`
	Reasons list[codeName] `json:"reasons" doc:"each of which gave points"`
}

func viewFit(c lists.Candidate) FitView {
	v := FitView{Points: c.Points}
	for _, r := range c.Reasons {
		v.Reasons = append(v.Reasons, codeName{string(r), r.Name()})
	}
	return v
}

type needMatchView struct {
	FitView
	Resource ResourceView `json:"resource"`
}

type resourceMatchView struct {
	FitView
	Need NeedView `json:"need"`
}

func (s *Server) matchNeed(ctx context.Context, c caller, in *ListID) (*body[page[needMatchView]], error) {
	found, err := s.Lists.ForNeed(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	var resources []lists.Seen[lists.Resource]
	for _, m := range found {
		resources = append(resources, m.Resource)
	}
	views, err := s.viewResources(ctx, resources)
	var out page[needMatchView]
	for i, v := range views {
		out.Items = append(out.Items, needMatchView{viewFit(found[i].Candidate), v})
	}
	return answer(out), err
}

func (s *Server) matchResource(ctx context.Context, c caller, in *ListID) (*body[page[resourceMatchView]], error) {
	found, err := s.Lists.ForResource(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	var needs []lists.Seen[lists.Need]
	for _, m := range found {
		needs = append(needs, m.Need)
	}
	views, err := s.viewNeeds(ctx, needs)
	var out page[resourceMatchView]
	for i, v := range views {
		out.Items = append(out.Items, resourceMatchView{viewFit(found[i].Candidate), v})
	}
	return answer(out), err
}

// OverviewInput names a unit of the tree or a work unit.
type OverviewInput struct {
	Org  id `query:"org" doc:"a unit of the tree, with all below it; or"`
	Unit id `query:"unit" doc:"a work unit; an overview of neither is the caller's own"`
}

type overviewView struct {
	Org    maybe[unitView]   `json:"org"`
	Unit   maybe[named]      `json:"unit"`
	Counts list[stateCounts] `json:"counts"`
	Due    list[dueView]     `json:"due" doc:"the next ten days to keep"`
	Orgs   list[unitView]    `json:"orgs" doc:"whose lists the caller looks after, the highest: what may be asked for as org"`
	Units  list[named]       `json:"units" doc:"whose contact the caller is: what may be asked for as unit"`
	Makes  list[string]      `json:"makes" doc:"what the caller may make: need, resource, agreement"`
}

type stateCounts struct {
	List      string `json:"list" enum:"need,resource,project,agreement"`
	State     string `json:"state"`
	StateName string `json:"state_name"`
	Count     int    `json:"count"`
}

type dueView struct {
	List      string `json:"list" enum:"need,resource,project,agreement"`
	ID        id     `json:"id"`
	Title     string `json:"title" doc:"empty of an agreement"`
	On        string `json:"on"`
	StateName string `json:"state_name"`
}

func viewScope(o lists.Overview) (u maybe[unitView], w maybe[named]) {
	if o.Org.ID != 0 {
		return some(unitView{idOf(o.Org.ID), string(o.Org.Kind), o.Org.Name}), w
	}
	return u, some(named{idOf(o.Unit.ID), o.Unit.Name})
}

func (s *Server) showOverview(ctx context.Context, c caller, in *OverviewInput) (*body[overviewView], error) {
	o, err := s.Lists.Overview(ctx, c.Actor, in.Org.number(), in.Unit.number())
	if err != nil {
		return nil, err
	}
	var out overviewView
	out.Org, out.Unit = viewScope(o)
	for _, l := range []lists.List{lists.Needs, lists.Resources, lists.Projects, lists.Agreements} {
		for _, row := range lists.StatesOf[l] {
			if o.Public && !row.Public {
				continue
			}
			out.Counts = append(out.Counts, stateCounts{string(l), string(row.State), row.Name, o.Counts[l][row.State]})
		}
	}
	for _, d := range o.Due {
		out.Due = append(out.Due, dueView{string(d.List), idOf(d.ID), d.Title, d.On, d.List.NameOf(d.State)})
	}
	orgs, units, err := s.Lists.Scopes(ctx, c.Actor)
	if err != nil {
		return nil, err
	}
	for _, u := range orgs {
		out.Orgs = append(out.Orgs, unitView{idOf(u.ID), string(u.Kind), u.Name})
	}
	for _, u := range units {
		out.Units = append(out.Units, named{idOf(u.ID), u.Name})
	}
	if len(orgs) > 0 {
		out.Makes = append(out.Makes, string(lists.Needs))
	}
	if len(units) > 0 {
		out.Makes = append(out.Makes, string(lists.Resources))
	}
	if len(units) > 0 || slices.ContainsFunc(orgs, func(u org.Unit) bool { return u.Kind != org.CompoundKind }) { // communities sign
		out.Makes = append(out.Makes, string(lists.Agreements))
	}
	return answer(out), nil
}

// myDeed is what a person did to a thing of the lists.
type myDeed struct {
	List string `json:"list" enum:"need,resource,project,agreement"`
	Ref  id     `json:"ref"`
	ListDeedView
}

// exportLists is what a person did in the lists.
func (s *Server) exportLists(ctx context.Context, c caller, out *exportView) error {
	mine, err := s.Lists.Mine(ctx, c.Person.ID)
	for _, e := range mine {
		part := s.viewPart(e.List, e.RefID, nil, nil, []lists.Event{e}, 0, 0)
		out.Lists = append(out.Lists, myDeed{string(e.List), idOf(e.RefID), part.Timeline[0]})
	}
	return err
}
