package web

import (
	"context"
	"errors"
	"strings"
	"time"

	"fenlin/internal/member"
)

// RegistrationView is a member's dual registration.
type RegistrationView struct {
	PersonID    id           `json:"person_id"`
	Name        string       `json:"name"`
	Unit        named        `json:"unit" doc:"where the member works"`
	Community   named        `json:"community" doc:"where the member lives and serves"`
	Former      maybe[named] `json:"former" doc:"the community that the member leaves"`
	AskedAt     *time.Time   `json:"asked_at"`
	UnitAt      *time.Time   `json:"unit_at" doc:"when the unit confirmed that the member works there; null: not yet, like the next two"`
	CommunityAt *time.Time   `json:"community_at"`
	FormerAt    *time.Time   `json:"former_at"`
	WaitsFor    list[string] `json:"waits_for" doc:"unit, community, former: whose word is missing"`
	Asked       list[string] `json:"asked" doc:"for which of them the caller is asked for a word now"`
	RefusedAt   *time.Time   `json:"refused_at"`
	Reason      string       `json:"reason" doc:"of the refusal"`
	DoneAt      *time.Time   `json:"done_at" doc:"since when the ledger says so"`
}

func (s *Server) viewRegistration(c caller, r member.Registration) RegistrationView {
	v := RegistrationView{
		PersonID: idOf(r.PersonID), Name: r.Name, Unit: named{idOf(r.UnitID), r.Unit}, Community: named{idOf(r.CommunityID), r.Community}, Former: nameOf(r.FromCommunityID, r.FromCommunity),
		AskedAt: s.moment(r.AskedAt), UnitAt: s.moment(r.UnitAt), CommunityAt: s.moment(r.CommunityAt), FormerAt: s.moment(r.FromAt), RefusedAt: s.moment(r.RefusedAt), Reason: r.Reason, DoneAt: s.moment(r.DoneAt),
	}
	for _, p := range r.Waits(s.Now()) {
		v.WaitsFor = append(v.WaitsFor, string(p))
	}
	for _, p := range r.Asked(c.Actor, s.Now()) {
		v.Asked = append(v.Asked, string(p))
	}
	return v
}

func (s *Server) registrationAnswer(c caller, r member.Registration, err error) (*body[RegistrationView], error) {
	if err != nil {
		return nil, err
	}
	return answer(s.viewRegistration(c, r)), nil
}

type registerInput struct {
	Body struct {
		UnitID      id `json:"unit_id" minLength:"1"`
		CommunityID id `json:"community_id" minLength:"1"`
	}
}

func (s *Server) register(ctx context.Context, c caller, in *registerInput) (*body[RegistrationView], error) {
	r, err := s.Members.Register(ctx, c.Person.ID, in.Body.UnitID.number(), in.Body.CommunityID.number())
	return s.registrationAnswer(c, r, err)
}

type employersInput struct {
	Q string `query:"q" required:"true" minLength:"2" maxLength:"60" doc:"a part of the name"`
}

// employersMost is how many work units are offered: whoever sees more than these writes more of the name.
const employersMost = 20

func (s *Server) findEmployers(ctx context.Context, _ caller, in *employersInput) (*body[page[named]], error) {
	units, err := s.Org.NamedLike(ctx, strings.TrimSpace(in.Q), employersMost)
	var out page[named]
	for _, u := range units {
		out.Items = append(out.Items, named{idOf(u.ID), u.Name})
	}
	return answer(out), err
}

func (s *Server) showRegistration(ctx context.Context, c caller, _ *struct{}) (*body[RegistrationView], error) {
	r, err := s.Members.Registration(ctx, c.Person.ID)
	return s.registrationAnswer(c, r, err)
}

type listRegistrationsInput struct{ Paged }

func (s *Server) listRegistrations(ctx context.Context, c caller, in *listRegistrationsInput) (*body[page[RegistrationView]], error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	found, err := s.Members.Registrations(ctx, c.Actor, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out page[RegistrationView]
	found, out.NextCursor = cut(found, in.Limit, func(x member.Registration) int64 { return x.PersonID })
	for _, r := range found {
		out.Items = append(out.Items, s.viewRegistration(c, r))
	}
	return answer(out), nil
}

type decideRegistrationInput struct {
	ID   id `path:"id" minLength:"1" doc:"the person's"`
	Body struct {
		As      string `json:"as" enum:"unit,community,former"`
		Approve bool   `json:"approve"`
		Reason  string `json:"reason,omitempty" maxLength:"400" doc:"why not; the member reads it"`
	}
}

func (s *Server) decideRegistration(ctx context.Context, c caller, in *decideRegistrationInput) (*body[RegistrationView], error) {
	r, err := s.Members.Answer(ctx, c.Actor, in.ID.number(), member.Party(in.Body.As), in.Body.Approve, in.Body.Reason)
	return s.registrationAnswer(c, r, err)
}

// RemarkView is what a community said of a member to the member's unit.
type RemarkView struct {
	ID        id         `json:"id"`
	Community named      `json:"community"`
	Year      int        `json:"year"`
	Text      string     `json:"text" doc:"words and no score"`
	At        *time.Time `json:"at"`
}

func (s *Server) viewRemark(r member.Remark) RemarkView {
	return RemarkView{idOf(r.ID), named{idOf(r.CommunityID), r.Community}, r.Year, r.Text, s.moment(r.CreatedAt)}
}

type remarkInput struct {
	ID   id `path:"id" minLength:"1"`
	Body struct {
		Year int    `json:"year" minimum:"2000" maximum:"9999"`
		Text string `json:"text" maxLength:"600" doc:"5 to 200 characters"`
	}
}

func (s *Server) remark(ctx context.Context, c caller, in *remarkInput) (*body[RemarkView], error) {
	r, err := s.Members.Remark(ctx, c.Actor, in.ID.number(), in.Body.Year, in.Body.Text)
	if err != nil {
		return nil, err
	}
	return answer(s.viewRemark(r)), nil
}

func (s *Server) listRemarks(ctx context.Context, c caller, in *memberInput) (*body[page[RemarkView]], error) {
	remarks, err := s.Members.Remarks(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	var out page[RemarkView]
	for _, r := range remarks {
		out.Items = append(out.Items, s.viewRemark(r))
	}
	return answer(out), nil
}

// exportRegistration is what is known of a person's registration and remarks.
func (s *Server) exportRegistration(ctx context.Context, c caller, out *exportView) error {
	r, err := s.Members.Registration(ctx, c.Person.ID)
	switch {
	case err == nil:
		out.Registration = some(s.viewRegistration(c, r))
	case !errors.Is(err, member.ErrRegistration):
		return err
	}
	remarks, err := s.Members.Remarks(ctx, c.Actor, c.Person.ID)
	if errors.Is(err, member.ErrNotMember) {
		return nil
	}
	for _, r := range remarks {
		out.Remarks = append(out.Remarks, s.viewRemark(r))
	}
	return err
}
