package web

import (
	"context"
	"time"

	"fenlin/internal/outage"
)

// OutageView is an announced outage. It is public.
type OutageView struct {
	ID       id             `json:"id"`
	Category codeName       `json:"category"`
	Name     string         `json:"name" doc:"停水, 停电, 停气 or 停暖"`
	Scope    list[unitView] `json:"scope" doc:"where it holds: these units and all below them"`
	From     *time.Time     `json:"from"`
	To       *time.Time     `json:"to" doc:"when it is likely over"`
	EndedAt  *time.Time     `json:"ended_at" doc:"when it was said to be over, or taken back; null: not"`
	Now      bool           `json:"now" doc:"it holds at this moment"`
	Text     string         `json:"text"`
	Said     string         `json:"said" doc:"the whole as people are told"`
	By       string         `json:"by" doc:"the post that announced it"`
	Asked    int64          `json:"asked" doc:"how many people have asked about it or reported it"`
	May      bool           `json:"may" doc:"the caller may change it, or end it"`
}

func (s *Server) viewOutage(c caller, n outage.Notice) OutageView {
	kind, _ := s.Tickets.Outages.Rules().Kind(n.Category)
	now := s.Now().UnixMilli()
	v := OutageView{
		ID: idOf(n.ID), Category: s.category(n.Category), Name: kind.Name, From: s.moment(n.FromAt), To: s.moment(n.ToAt), EndedAt: s.moment(n.EndedAt),
		Now: n.EndedAt == 0 && n.FromAt <= now && now < n.ToAt, Text: n.Text, Said: s.Tickets.SayNotice(n), By: n.ByTitle, Asked: n.Asked, May: s.Tickets.Outages.May(c.Actor, n),
	}
	for _, u := range n.Scope {
		v.Scope = append(v.Scope, unitView{idOf(u.ID), string(u.Kind), u.Name})
	}
	return v
}

type listOutagesInput struct {
	Compound id   `query:"compound_id" doc:"those that hold at this compound"`
	Org      id   `query:"org" doc:"those that hold at this unit, above it or below it"`
	Past     bool `query:"past" doc:"also those that are over"`
	Paged
}

func (s *Server) listOutages(ctx context.Context, c caller, in *listOutagesInput) (*body[page[OutageView]], error) {
	unit := in.Compound
	if unit == "" {
		unit = in.Org
	}
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	found, err := s.Tickets.Outages.List(ctx, outage.Listing{Unit: unit.number(), Past: in.Past, After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	var out page[OutageView]
	found, out.NextCursor = cut(found, in.Limit, func(x outage.Notice) int64 { return x.ID })
	for _, n := range found {
		out.Items = append(out.Items, s.viewOutage(c, n))
	}
	return answer(out), nil
}

// outageDesk is what the caller may announce.
type outageDesk struct {
	Kinds     list[outageKind] `json:"kinds" doc:"empty: nothing"`
	MaxDays   int              `json:"max_days" doc:"of one notice"`
	AheadDays int              `json:"ahead_days" doc:"how long before it begins"`
}

type outageKind struct {
	Category string   `json:"category"`
	Name     string   `json:"name" doc:"停水"`
	At       unitView `json:"at" doc:"the highest place where the caller may announce it"`
}

func (s *Server) showOutageDesk(ctx context.Context, c caller, _ *struct{}) (*body[outageDesk], error) {
	offers, err := s.Tickets.Outages.Desk(ctx, c.Actor)
	rules := s.Tickets.Outages.Rules()
	out := outageDesk{MaxDays: rules.MaxDays, AheadDays: rules.AheadDays}
	for _, o := range offers {
		out.Kinds = append(out.Kinds, outageKind{o.Category, o.Name, unitView{idOf(o.At.ID), string(o.At.Kind), o.At.Name}})
	}
	return answer(out), err
}

type announceInput struct {
	Once
	Body struct {
		Category string    `json:"category" maxLength:"32" doc:"water, power, gas or heating"`
		Scope    list[id]  `json:"scope" maxItems:"50" doc:"compounds, communities, subdistricts or the city: it holds there and below"`
		From     time.Time `json:"from"`
		To       time.Time `json:"to" doc:"when it is likely over, 30 days after from at most"`
		Text     string    `json:"text" maxLength:"600" doc:"why, as people read it, at most 200 characters"`
	}
}

func (s *Server) announceOutage(ctx context.Context, c caller, in *announceInput) (*body[OutageView], error) {
	b := in.Body
	n, err := s.Tickets.Outages.Announce(ctx, c.Actor, outage.Draft{
		Key: in.key(c), Category: b.Category, Scope: b.Scope.numbers(id.number), From: b.From, To: b.To, Text: b.Text,
	})
	if err != nil {
		return nil, err
	}
	return answer(s.viewOutage(c, n)), nil
}

// OutageInput names a notice.
type OutageInput struct {
	ID id `path:"id" minLength:"1"`
}

type changeOutageInput struct {
	OutageInput
	Body struct {
		To    *time.Time `json:"to,omitempty" doc:"when it is likely over"`
		Text  *string    `json:"text,omitempty" maxLength:"600"`
		Ended bool       `json:"ended,omitempty" doc:"it is over now"`
	}
}

func (s *Server) changeOutage(ctx context.Context, c caller, in *changeOutageInput) (*body[OutageView], error) {
	n, err := s.Tickets.Outages.Change(ctx, c.Actor, in.ID.number(), outage.Changes{To: in.Body.To, Text: in.Body.Text, End: in.Body.Ended})
	if err != nil {
		return nil, err
	}
	return answer(s.viewOutage(c, n)), nil
}

func (s *Server) endOutage(ctx context.Context, c caller, in *OutageInput) (*nothing, error) {
	_, err := s.Tickets.Outages.Change(ctx, c.Actor, in.ID.number(), outage.Changes{End: true})
	return nil, err
}
