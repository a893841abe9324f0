package web

import (
	"context"
	"strconv"
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
	before, err := strconv.ParseInt(in.Cursor, 10, 64)
	if in.Cursor != "" && err != nil {
		return nil, errCursor
	}
	found, err := s.Tickets.Kept(ctx, c.Actor, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out page[KeptView]
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.NextCursor = strconv.FormatInt(found[in.Limit-1].ID, 10)
	}
	out.Items = s.viewKept(found)
	return answer(out), nil
}
