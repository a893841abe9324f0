package web

import (
	"context"
	"time"

	"fenlin/internal/geo"
	"fenlin/internal/org"
)

// OrgView is a unit of the tree in a list.
type OrgView struct {
	ID      id          `json:"id"`
	Kind    string      `json:"kind" enum:"province,prefecture,city,subdistrict,community,compound,building_group,hub_household,linked_household,department"`
	Name    string      `json:"name"`
	Code    string      `json:"code"`
	Parent  id          `json:"parent_id" doc:"0: it is the root"`
	Above   list[named] `json:"above" doc:"the units above it, the root first"`
	Closed  bool        `json:"closed"`
	Version int64       `json:"version" doc:"give it with a change"`
}

func viewOrg(p org.Placed) OrgView {
	v := OrgView{
		ID: idOf(p.ID), Kind: string(p.Kind), Name: p.Name, Code: p.Code, Parent: idOf(p.ParentID), Closed: p.ClosedAt != 0, Version: p.Version,
	}
	for _, u := range p.Above {
		v.Above = append(v.Above, named{idOf(u.ID), u.Name})
	}
	return v
}

type listOrgsInput struct {
	Parent id        `query:"parent_id" doc:"what stands right under it; the root when neither this nor kind nor q is given"`
	Below  id        `query:"below_id" doc:"what stands below it, at any depth, itself included"`
	Kind   string    `query:"kind" enum:"province,prefecture,city,subdistrict,community,compound,building_group,hub_household,linked_household,department"`
	Q      string    `query:"q" maxLength:"60" doc:"a piece of the name, or the code"`
	At     time.Time `query:"at" doc:"the tree as it was then, RFC 3339; as it is when not given"`
	Paged
}

func (s *Server) listOrgs(ctx context.Context, _ caller, in *listOrgsInput) (*body[page[OrgView]], error) {
	filter := org.Filter{Parent: in.Parent.number(), Kind: org.Kind(in.Kind), Text: in.Q, At: in.At}
	if in.Below != "" {
		top, err := s.Org.Unit(ctx, in.Below.number())
		if err != nil {
			return nil, err
		}
		filter.Below = top.Path
	}
	found, err := s.Org.List(ctx, filter, in.Limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	out := page[OrgView]{NextCursor: found.Next}
	for _, p := range found.Items {
		out.Items = append(out.Items, viewOrg(p))
	}
	return answer(out), nil
}

type orgDetail struct {
	OrgView
	ClosedAt  *time.Time          `json:"closed_at"`
	Successor maybe[named]        `json:"successor" doc:"the unit that took it up"`
	Children  int64               `json:"children" doc:"units right under it"`
	Posts     int64               `json:"posts" doc:"at the unit itself"`
	Vacancies int64               `json:"vacancies" doc:"those of them that nobody holds"`
	Compounds int64               `json:"compounds" doc:"below the unit, at any depth; 1 of a compound itself"`
	Compound  maybe[compoundInfo] `json:"compound" doc:"null when it is none"`
}

type compoundInfo struct {
	Governance    string          `json:"governance" enum:"managed,self_run,unmanaged"`
	Households    int             `json:"households"`
	Location      maybe[location] `json:"location" doc:"null while it is not known"`
	Boundary      list[vertex]    `json:"boundary" doc:"its border in the datum of location (gcj02 when there is none), [latitude, longitude] each; empty while it is not known"`
	Aliases       list[string]    `json:"aliases"`
	Branch        string          `json:"branch" doc:"the name of its Party branch; empty: it has none"`
	ConsultsSince string          `json:"consults_since" doc:"the day when its parties began to hold consultations; empty: not yet"`
	Parties       list[partyView] `json:"parties" doc:"past ones too"`
}

type partyView struct {
	ID      id                 `json:"id"`
	Kind    string             `json:"kind" enum:"committee,owners_committee,property_committee,property_company"`
	Name    string             `json:"name"`
	FromOn  string             `json:"from_on" doc:"2006-01-02; empty: not known"`
	ToOn    string             `json:"to_on" doc:"the last day; empty: it has no end"`
	Contact maybe[contactView] `json:"contact" doc:"masked; null when there is none, and for whoever has no post here"`
}

// OrgInput names a unit.
type OrgInput struct {
	ID id `path:"id" minLength:"1"`
}

func (s *Server) showOrg(ctx context.Context, c caller, in *OrgInput) (*body[orgDetail], error) {
	return s.org(ctx, c, in.ID.number())
}

// org is all of a unit that the caller may know.
func (s *Server) org(ctx context.Context, c caller, unit int64) (*body[orgDetail], error) {
	d, err := s.Org.Detail(ctx, unit)
	if err != nil {
		return nil, err
	}
	v := orgDetail{OrgView: viewOrg(d.Placed), ClosedAt: s.moment(d.ClosedAt), Children: d.Children, Posts: d.Posts, Vacancies: d.Vacancies, Compounds: d.Compounds}
	if d.SuccessorID != 0 {
		u, err := s.Org.Unit(ctx, d.SuccessorID)
		if err != nil {
			return nil, err
		}
		v.Successor = some(named{idOf(u.ID), u.Name})
	}
	if f := d.Compound; f != nil {
		info := compoundInfo{Governance: string(f.Governance), Households: f.Households, Aliases: f.Aliases, Branch: f.Branch, ConsultsSince: f.ConsultsSince, Boundary: list[vertex](f.Boundary)}
		if f.Lat != 0 || f.Lng != 0 {
			info.Location = some(location{f.Lat, f.Lng, f.Datum})
		}
		for _, p := range d.Parties {
			party := partyView{ID: idOf(p.ID), Kind: string(p.Kind), Name: p.Name, FromOn: p.FromOn, ToOn: p.ToOn}
			if p.ContactID != 0 && c.May(org.SeeOrg, d.Path) {
				if party.Contact, err = s.masked(ctx, p.ContactID); err != nil {
					return nil, err
				}
			}
			info.Parties = append(info.Parties, party)
		}
		v.Compound = some(info)
	}
	return answer(v), nil
}

// masked is a person as others see them without a reason; null for who has left.
func (s *Server) masked(ctx context.Context, person int64) (maybe[contactView], error) {
	p, err := s.Members.Person(ctx, person)
	if err != nil || p.ClosedAt != 0 {
		return maybe[contactView]{}, err
	}
	contact, err := s.Members.Masked(p)
	return some(contactView(contact)), err
}

type pastView struct {
	From   *time.Time   `json:"from" doc:"null: from the beginning"`
	To     *time.Time   `json:"to" doc:"null: it still holds"`
	Name   string       `json:"name"`
	Parent maybe[named] `json:"parent" doc:"as it was called then; null: it is the root"`
	Reason string       `json:"reason"`
	By     string       `json:"by" doc:"the name of who did it"`
}

func (s *Server) listOrgHistory(ctx context.Context, c caller, in *OrgInput) (*body[page[pastView]], error) {
	u, err := s.Org.Unit(ctx, in.ID.number())
	if err != nil {
		return nil, err
	}
	if !c.May(org.SeeOrg, u.Path) {
		return nil, org.ErrOutside
	}
	past, err := s.Org.History(ctx, u.ID)
	if err != nil {
		return nil, err
	}
	people := make([]int64, 0, len(past))
	for _, p := range past {
		people = append(people, p.ByID)
	}
	names, err := s.Members.Names(ctx, people)
	var out page[pastView]
	for _, p := range past {
		out.Items = append(out.Items, pastView{s.moment(p.FromAt), s.moment(p.ToAt), p.Name, nameOf(p.ParentID, p.ParentName), p.Reason, names[p.ByID]})
	}
	return answer(out), err
}

// Deed is what every change of the tree says of itself; exported because huma
// reads embedded structs only then.
type Deed struct {
	Reason string    `json:"reason" maxLength:"200" doc:"why; kept in the history"`
	At     time.Time `json:"at,omitzero" doc:"since when it holds, after the unit's last change; now when not given"`
}

func (d Deed) by(c caller) org.Deed { return org.Deed{By: c.Actor, Reason: d.Reason, At: d.At} }

// CompoundFacts are what is told of a compound; what is left out stays.
type CompoundFacts struct {
	Governance    *string       `json:"governance,omitempty" enum:"managed,self_run,unmanaged" doc:"of compounds alone, like all the next"`
	Households    *int          `json:"households,omitempty"`
	Location      *location     `json:"location,omitempty"`
	Boundary      *list[vertex] `json:"boundary,omitempty" maxItems:"201" doc:"the border: up to 200 vertices along the outside, [latitude, longitude] each, in the datum of location or else of what is stored; empty: not known any more"`
	Aliases       *list[string] `json:"aliases,omitempty" maxItems:"20"`
	Branch        *string       `json:"branch,omitempty" maxLength:"120"`
	ConsultsSince *string       `json:"consults_since,omitempty" maxLength:"10" doc:"2006-01-02; empty: not yet"`
}

func (f CompoundFacts) changes() org.Changes {
	c := org.Changes{Governance: (*org.Governance)(f.Governance), Households: f.Households, Aliases: (*[]string)(f.Aliases), Branch: f.Branch, ConsultsSince: f.ConsultsSince}
	if l := f.Location; l != nil {
		c.Lat, c.Lng, c.Datum = &l.Lat, &l.Lng, &l.Datum
	}
	if f.Boundary != nil {
		c.Boundary = new(geo.Ring(*f.Boundary))
	}
	return c
}

// compound are the facts of a new compound; nil when nothing is told.
func (f CompoundFacts) compound() *org.Compound {
	if f == (CompoundFacts{}) {
		return nil
	}
	c := &org.Compound{}
	c.Take(f.changes())
	return c
}

type establishInput struct {
	Body struct {
		Deed
		ParentID id     `json:"parent_id" minLength:"1"`
		Kind     string `json:"kind" enum:"prefecture,city,subdistrict,community,compound,building_group,hub_household,linked_household,department"`
		Name     string `json:"name" maxLength:"120"`
		Code     string `json:"code,omitempty" maxLength:"64" doc:"of a building group the building's number, of a department the one that routing names"`
		CompoundFacts
	}
}

func (s *Server) establishOrg(ctx context.Context, c caller, in *establishInput) (*body[orgDetail], error) {
	b := in.Body
	u, err := s.Org.Establish(ctx, b.by(c), org.Unit{ParentID: b.ParentID.number(), Kind: org.Kind(b.Kind), Name: b.Name, Code: b.Code}, b.compound())
	return s.changed(ctx, c, u, err)
}

// changed is a unit after a change of the tree.
func (s *Server) changed(ctx context.Context, c caller, u org.Unit, err error) (*body[orgDetail], error) {
	if err != nil {
		return nil, err
	}
	s.Tickets.Relearn()
	return s.org(ctx, c, u.ID)
}

// Change is a change of a unit that is there.
type Change struct {
	Deed
	Version int64 `json:"version" doc:"the one that the caller saw"`
}

type changeOrgInput struct {
	OrgInput
	Body struct {
		Change
		Name *string `json:"name,omitempty" maxLength:"120"`
		Code *string `json:"code,omitempty" maxLength:"64"`
		CompoundFacts
	}
}

func (s *Server) changeOrg(ctx context.Context, c caller, in *changeOrgInput) (*body[orgDetail], error) {
	changes := in.Body.changes()
	changes.Name, changes.Code = in.Body.Name, in.Body.Code
	u, err := s.Org.Change(ctx, in.Body.by(c), in.ID.number(), in.Body.Version, changes)
	return s.changed(ctx, c, u, err)
}

type moveOrgInput struct {
	OrgInput
	Body struct {
		Change
		ParentID id `json:"parent_id" minLength:"1" doc:"the new parent"`
	}
}

func (s *Server) moveOrg(ctx context.Context, c caller, in *moveOrgInput) (*body[orgDetail], error) {
	u, err := s.Org.Move(ctx, in.Body.by(c), in.ID.number(), in.Body.Version, in.Body.ParentID.number())
	return s.changed(ctx, c, u, err)
}

type mergeOrgInput struct {
	OrgInput
	Body struct {
		Change
		IntoID id `json:"into_id" minLength:"1" doc:"the unit of the same kind that takes it up"`
	}
}

func (s *Server) mergeOrg(ctx context.Context, c caller, in *mergeOrgInput) (*body[orgDetail], error) {
	u, err := s.Org.Merge(ctx, in.Body.by(c), in.ID.number(), in.Body.Version, in.Body.IntoID.number())
	return s.changed(ctx, c, u, err)
}

type splitOrgInput struct {
	OrgInput
	Body struct {
		Change
		Name     string   `json:"name" maxLength:"120" doc:"of the new unit"`
		Code     string   `json:"code,omitempty" maxLength:"64"`
		Children list[id] `json:"children" maxItems:"1000" doc:"those right under the old unit that go to the new one"`
		CompoundFacts
	}
}

func (s *Server) splitOrg(ctx context.Context, c caller, in *splitOrgInput) (*body[orgDetail], error) {
	b := in.Body
	u, err := s.Org.Split(ctx, b.by(c), in.ID.number(), b.Version, org.Unit{Name: b.Name, Code: b.Code}, b.compound(), b.Children.numbers(id.number))
	return s.changed(ctx, c, u, err)
}

type closeOrgInput struct {
	OrgInput
	Body Change
}

func (s *Server) closeOrg(ctx context.Context, c caller, in *closeOrgInput) (*body[orgDetail], error) {
	u, err := s.Org.Close(ctx, in.Body.by(c), in.ID.number(), in.Body.Version)
	return s.changed(ctx, c, u, err)
}

// PartyInput is one of the three parties, for a term.
type PartyInput struct {
	ID      id           `json:"id,omitempty" doc:"of one that is there already: its contact stays when none is given"`
	Kind    string       `json:"kind" enum:"committee,owners_committee,property_committee,property_company"`
	Name    string       `json:"name" maxLength:"120"`
	FromOn  string       `json:"from_on,omitempty" maxLength:"10" doc:"2006-01-02"`
	ToOn    string       `json:"to_on,omitempty" maxLength:"10" doc:"the last day; empty: it has no end"`
	Contact *partyPerson `json:"contact,omitempty"`
}

type partyPerson struct {
	PersonID id     `json:"person_id,omitempty" doc:"somebody known; else name and phone; all empty: nobody"`
	Name     string `json:"name,omitempty" maxLength:"40"`
	Phone    string `json:"phone,omitempty" maxLength:"20"`
}

type setPartiesInput struct {
	OrgInput
	Body struct {
		Change
		Parties list[PartyInput] `json:"parties" maxItems:"50" doc:"all of them, past ones too"`
	}
}

func (s *Server) setParties(ctx context.Context, c caller, in *setPartiesInput) (*body[orgDetail], error) {
	compound := in.ID.number()
	had, err := s.Org.Parties(ctx, compound)
	if err != nil {
		return nil, err
	}
	known := map[int64]int64{}
	for _, p := range had {
		known[p.ID] = p.ContactID
	}
	var parties []org.Party
	contacts := map[int]org.Who{}
	for i, p := range in.Body.Parties {
		parties = append(parties, org.Party{ID: p.ID.number(), Kind: org.PartyKind(p.Kind), Name: p.Name, FromOn: p.FromOn, ToOn: p.ToOn})
		switch who := p.Contact; {
		case who == nil:
			parties[i].ContactID = known[p.ID.number()]
		case who.PersonID != "":
			contacts[i] = s.Members.Known(who.PersonID.number())
		case who.Name != "" || who.Phone != "":
			contacts[i] = s.Members.Somebody(who.Name, who.Phone)
		}
	}
	u, err := s.Org.SetParties(ctx, in.Body.by(c), compound, in.Body.Version, parties, contacts)
	return s.changed(ctx, c, u, err)
}
