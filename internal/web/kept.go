package web

import (
	"context"
	"time"

	"fenlin/internal/ticket"
)

// KeptView is what looked like an advertisement and became no ticket.
type KeptView struct {
	ID      id         `json:"id"`
	Text    string     `json:"text"`
	Channel string     `json:"channel" enum:"chat,api"`
	At      *time.Time `json:"at"`
}

func (s *Server) viewKept(found []ticket.KeptText) list[KeptView] {
	var out list[KeptView]
	for _, k := range found {
		out = append(out, KeptView{idOf(k.ID), k.Text, k.Channel, s.moment(k.CreatedAt)})
	}
	return out
}

type listKeptInput struct{ Paged }

func (s *Server) listKept(ctx context.Context, c caller, in *listKeptInput) (*body[page[KeptView]], error) {
	before, err := in.after()
	if err != nil {
		return nil, err
	}
	found, err := s.Tickets.Kept(ctx, c.Actor, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out page[KeptView]
	found, out.NextCursor = cut(found, in.Limit, func(x ticket.KeptText) int64 { return x.ID })
	out.Items = s.viewKept(found)
	return answer(out), nil
}
