package web

import (
	"context"
	"strings"
	"time"

	"fenlin/internal/member"
	"fenlin/internal/org"
)

// memberView is a Party member's entry; personal fields are masked.
type memberView struct {
	ID           id           `json:"id"`
	Name         string       `json:"name"`
	Gender       string       `json:"gender" enum:",male,female"`
	Phone        string       `json:"phone" doc:"masked, like the next three"`
	IDNumber     string       `json:"id_number"`
	Birth        string       `json:"birth"`
	Address      string       `json:"address"`
	Category     codeName     `json:"category"`
	Probationary bool         `json:"probationary"`
	Branch       maybe[named] `json:"branch" doc:"the compound or community whose branch it is"`
	Unit         maybe[named] `json:"unit" doc:"where an in-service member works"`
	Community    maybe[named] `json:"community" doc:"where an in-service member lives and serves"`
	Ethnicity    string       `json:"ethnicity"`
	Education    string       `json:"education" enum:",none,primary,junior,senior,college,bachelor,master,doctor"`
	Job          string       `json:"job"`
	JoinedOn     string       `json:"joined_on" doc:"2006-01-02; empty: not known"`
	FullOn       string       `json:"full_on"`
	Flows        string       `json:"flows"`
	Note         string       `json:"note"`
	Version      int64        `json:"version" doc:"give it with a change"`
	LeftAt       *time.Time   `json:"left_at"`
	May          list[string] `json:"may" doc:"what the caller may do: change, reveal, leave, remark"`
}

func (s *Server) viewMember(c caller, e member.Entry) (memberView, error) {
	masked, err := s.Members.MaskedFields(e.Person)
	view := memberView{
		ID: idOf(e.PersonID), Name: e.Person.Name, Gender: e.Person.Gender,
		Phone: masked[member.FieldPhone], IDNumber: masked[member.FieldIDNumber], Birth: masked[member.FieldBirth], Address: masked[member.FieldAddress],
		Category: codeName{string(e.Category), e.Category.Name()}, Probationary: e.Probationary,
		Branch: nameOf(e.BranchID, e.Branch), Unit: nameOf(e.UnitID, e.Unit), Community: nameOf(e.CommunityID, e.Community),
		Ethnicity: e.Ethnicity, Education: e.Education, Job: e.Job, JoinedOn: e.JoinedOn, FullOn: e.FullOn, Flows: e.Flows, Note: e.Note,
		Version: e.Version, LeftAt: s.moment(e.LeftAt),
	}
	if e.Managed(c.Actor) {
		view.May = append(view.May, "change", "reveal", "leave")
	}
	if e.Remarked(c.Actor) {
		view.May = append(view.May, "remark")
	}
	return view, err
}

func nameOf(number int64, name string) maybe[named] {
	if number == 0 {
		return maybe[named]{}
	}
	return some(named{idOf(number), name})
}

func (s *Server) memberAnswer(c caller, e member.Entry, err error) (*body[memberView], error) {
	if err != nil {
		return nil, err
	}
	view, err := s.viewMember(c, e)
	return answer(view), err
}

type listMembersInput struct {
	Org      id     `query:"org" doc:"a unit; its subtree is listed. Empty: all that the caller may see"`
	Category string `query:"category" enum:"in_service,resident,retired,mobile"`
	Search   string `query:"q" maxLength:"60" doc:"the beginning of a name, a whole phone or a whole ID number"`
	Paged
}

func (s *Server) listMembers(ctx context.Context, c caller, in *listMembersInput) (*body[page[memberView]], error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	entries, err := s.Members.Members(ctx, c.Actor, member.Roll{
		Org: in.Org.number(), Category: member.Category(in.Category), Search: in.Search, After: after, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	var out page[memberView]
	entries, out.NextCursor = cut(entries, in.Limit, func(x member.Entry) int64 { return x.PersonID })
	for _, e := range entries {
		view, err := s.viewMember(c, e)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, view)
	}
	return answer(out), nil
}

type countMembersInput struct {
	Org id `query:"org" doc:"a unit; its subtree is counted. Empty: all that the caller may see"`
}

type categoryCount struct {
	Category codeName `json:"category"`
	Count    int64    `json:"count"`
}

// summaryView counts the members of a subtree.
type summaryView struct {
	Items    list[categoryCount] `json:"items"`
	MayEnter bool                `json:"may_enter" doc:"the caller may enter members there"`
}

func (s *Server) countMembers(ctx context.Context, c caller, in *countMembersInput) (*body[summaryView], error) {
	counts, err := s.Members.Summary(ctx, c.Actor, in.Org.number())
	if err != nil {
		return nil, err
	}
	_, enters := c.Scope(org.ManageMembers)
	out := summaryView{MayEnter: enters}
	for _, k := range member.Categories {
		out.Items = append(out.Items, categoryCount{codeName{string(k.Code), k.Name}, counts[k.Code]})
	}
	return answer(out), nil
}

type memberInput struct {
	ID id `path:"id" minLength:"1"`
}

func (s *Server) showMember(ctx context.Context, c caller, in *memberInput) (*body[memberView], error) {
	e, err := s.Members.Entry(ctx, c.Actor, in.ID.number())
	return s.memberAnswer(c, e, err)
}

func (s *Server) showMembership(ctx context.Context, c caller, _ *struct{}) (*body[memberView], error) {
	e, err := s.Members.Entry(ctx, c.Actor, c.Person.ID)
	return s.memberAnswer(c, e, err)
}

// MemberFields are what may be told of a member; what is left out stays. It is
// exported because huma reads embedded structs only then.
type MemberFields struct {
	Name         *string `json:"name,omitempty" minLength:"1" maxLength:"40"`
	Gender       *string `json:"gender,omitempty" enum:",male,female"`
	Phone        *string `json:"phone,omitempty" maxLength:"20"`
	IDNumber     *string `json:"id_number,omitempty" maxLength:"18"`
	Birth        *string `json:"birth,omitempty" maxLength:"10" doc:"2006-01-02"`
	Address      *string `json:"address,omitempty" maxLength:"120"`
	Category     *string `json:"category,omitempty" enum:"in_service,resident,retired,mobile"`
	Probationary *bool   `json:"probationary,omitempty"`
	BranchID     *id     `json:"branch_id,omitempty" doc:"the compound, or the community, whose branch it is"`
	UnitID       *id     `json:"unit_id,omitempty" doc:"empty: not known"`
	CommunityID  *id     `json:"community_id,omitempty" doc:"empty: not known"`
	Ethnicity    *string `json:"ethnicity,omitempty" maxLength:"20"`
	Education    *string `json:"education,omitempty" enum:",none,primary,junior,senior,college,bachelor,master,doctor"`
	Job          *string `json:"job,omitempty" maxLength:"60"`
	JoinedOn     *string `json:"joined_on,omitempty" maxLength:"10" doc:"2006-01-02"`
	FullOn       *string `json:"full_on,omitempty" maxLength:"10"`
	Flows        *string `json:"flows,omitempty" maxLength:"120"`
	Note         *string `json:"note,omitempty" maxLength:"200"`
	Reason       string  `json:"reason,omitempty" maxLength:"200" doc:"needed when the branch or the category changes"`
}

func (f MemberFields) told() member.Particulars {
	return member.Particulars{Name: f.Name, Gender: f.Gender, Phone: f.Phone, IDNumber: f.IDNumber, Birth: f.Birth, Address: f.Address}
}

func (f MemberFields) onto(m *member.PartyMember) {
	for _, t := range []struct {
		told *string
		to   *string
	}{
		{f.Category, (*string)(&m.Category)},
		{f.Ethnicity, &m.Ethnicity},
		{f.Education, &m.Education},
		{f.Job, &m.Job},
		{f.JoinedOn, &m.JoinedOn},
		{f.FullOn, &m.FullOn},
		{f.Flows, &m.Flows},
		{f.Note, &m.Note},
	} {
		if t.told != nil {
			*t.to = strings.TrimSpace(*t.told)
		}
	}
	for _, t := range []struct {
		told *id
		to   *int64
	}{{f.BranchID, &m.BranchID}, {f.UnitID, &m.UnitID}, {f.CommunityID, &m.CommunityID}} {
		if t.told != nil {
			*t.to = t.told.number()
		}
	}
	if f.Probationary != nil {
		m.Probationary = *f.Probationary
	}
}

type enterMemberInput struct{ Body MemberFields }

func (s *Server) enterMember(ctx context.Context, c caller, in *enterMemberInput) (*body[memberView], error) {
	var m member.PartyMember
	in.Body.onto(&m)
	e, err := s.Members.Enter(ctx, c.Actor, m, in.Body.told(), strings.TrimSpace(in.Body.Reason))
	return s.memberAnswer(c, e, err)
}

type changeMemberInput struct {
	ID   id `path:"id" minLength:"1"`
	Body struct {
		Version int64 `json:"version" minimum:"0" doc:"the one seen"`
		MemberFields
	}
}

func (s *Server) changeMember(ctx context.Context, c caller, in *changeMemberInput) (*body[memberView], error) {
	f := in.Body.MemberFields
	e, err := s.Members.Amend(ctx, c.Actor, in.ID.number(), in.Body.Version, f.told(), strings.TrimSpace(f.Reason), f.onto)
	return s.memberAnswer(c, e, err)
}

type leaveMemberInput struct {
	ID   id `path:"id" minLength:"1"`
	Body struct {
		Version int64  `json:"version" minimum:"0" doc:"the one seen"`
		Why     string `json:"why" enum:"moved,died,quit,expelled,mistake"`
		Note    string `json:"note,omitempty" maxLength:"200"`
	}
}

func (s *Server) leaveMember(ctx context.Context, c caller, in *leaveMemberInput) (*body[memberView], error) {
	e, err := s.Members.Leave(ctx, c.Actor, in.ID.number(), in.Body.Version, in.Body.Why, in.Body.Note)
	return s.memberAnswer(c, e, err)
}

type changeView struct {
	Kind   string     `json:"kind" enum:"entered,branch,category,unit,community,corrected,membership,left"`
	Was    string     `json:"was"`
	Became string     `json:"became"`
	Reason string     `json:"reason"`
	ByID   id         `json:"by_id"`
	At     *time.Time `json:"at"`
}

func (s *Server) listChanges(ctx context.Context, c caller, in *memberInput) (*body[page[changeView]], error) {
	changes, err := s.Members.History(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	var out page[changeView]
	for _, one := range changes {
		out.Items = append(out.Items, changeView{string(one.Kind), one.Was, one.Became, one.Reason, idOf(one.ByID), s.moment(one.At)})
	}
	return answer(out), nil
}

type revealInput struct {
	ID   id `path:"id" minLength:"1"`
	Body struct {
		Field  string `json:"field" enum:"phone,id_number,birth,address"`
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"why it is needed; kept in the log of looks"`
	}
}

type revealedView struct {
	Name  string `json:"name"`
	Value string `json:"value" doc:"in full"`
}

func (s *Server) revealMember(ctx context.Context, c caller, in *revealInput) (*body[revealedView], error) {
	contact, err := s.Members.RevealMember(ctx, c.Actor, in.ID.number(), in.Body.Field, in.Body.Reason)
	return answer(revealedView{contact.Name, contact.Phone}), err
}
