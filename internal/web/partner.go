package web

import (
	"context"
	"time"
)

// PartnershipView is a work unit that asks a community to serve it.
type PartnershipView struct {
	Unit      named      `json:"unit"`
	Community named      `json:"community"`
	AskedAt   *time.Time `json:"asked_at" doc:"null once it serves the community"`
	RefusedAt *time.Time `json:"refused_at" doc:"null while it waits"`
	Reason    string     `json:"reason" doc:"of the refusal"`
	Decide    bool       `json:"decide" doc:"the caller answers for the community"`
	Since     string     `json:"since" doc:"2006-01-02, since when it serves the community; empty: it asks, or it is not known"`
	Paired    bool       `json:"paired" doc:"it serves the community"`
}

func (s *Server) listPartnerships(ctx context.Context, c caller, _ *struct{}) (*body[page[PartnershipView]], error) {
	asks, err := s.Org.PartnerAsks(ctx, c.Actor)
	var out page[PartnershipView]
	for _, a := range asks {
		out.Items = append(out.Items, PartnershipView{
			named{idOf(a.UnitID), a.Unit}, named{idOf(a.CommunityID), a.Community}, s.moment(a.AskedAt), s.moment(a.RefusedAt), a.Reason, a.Decides(c.Actor), "", false,
		})
	}
	if err != nil {
		return nil, err
	}
	pairs, err := s.Org.Pairs(ctx, c.Actor)
	for _, p := range pairs {
		out.Items = append(out.Items, PartnershipView{Unit: named{idOf(p.UnitID), p.Unit}, Community: named{idOf(p.CommunityID), p.Community}, Since: p.Since, Paired: true})
	}
	return answer(out), err
}

type askPartnerInput struct {
	Body struct {
		UnitID      id `json:"unit_id" minLength:"1" doc:"whose contact the caller is"`
		CommunityID id `json:"community_id" minLength:"1"`
	}
}

// askPartner is idempotent: asked again it answers the same.
func (s *Server) askPartner(ctx context.Context, c caller, in *askPartnerInput) (*body[page[PartnershipView]], error) {
	if err := s.Org.AskPartner(ctx, c.Actor, in.Body.UnitID.number(), in.Body.CommunityID.number()); err != nil {
		return nil, err
	}
	return s.listPartnerships(ctx, c, nil)
}

// PartnerInput names a unit and a community.
type PartnerInput struct {
	ID          id `path:"id" minLength:"1" doc:"the unit's"`
	CommunityID id `path:"community_id" minLength:"1"`
}

type answerPartnerInput struct {
	PartnerInput
	Body struct {
		Approve bool   `json:"approve"`
		Reason  string `json:"reason,omitempty" maxLength:"800" doc:"why not; the unit reads it"`
	}
}

func (s *Server) answerPartner(ctx context.Context, c caller, in *answerPartnerInput) (*nothing, error) {
	return nil, s.Org.AnswerPartner(ctx, c.Actor, in.ID.number(), in.CommunityID.number(), in.Body.Approve, in.Body.Reason)
}

func (s *Server) endPartner(ctx context.Context, c caller, in *PartnerInput) (*nothing, error) {
	return nil, s.Org.EndPartner(ctx, c.Actor, in.ID.number(), in.CommunityID.number())
}
