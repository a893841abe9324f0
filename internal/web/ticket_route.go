package web

import (
	"context"
	"time"

	"fenlin/internal/routing"
)

// whyView is why a ticket is with whom it is.
type whyView struct {
	Number string          `json:"number"`
	Lead   maybe[postView] `json:"lead" doc:"who handles it now"`
	Rule   string          `json:"rule" doc:"the rule by which it was dispatched"`
	Reason string          `json:"reason" doc:"why, as it was decided then: the rule, and which vacant posts made it fall upward"`
	Came   maybe[cameView] `json:"came" doc:"the last event that gave it to its lead: 派单, 转派, 裁定, 提级, 重办; null when the log has none"`
	Now    whyNowView      `json:"now" doc:"how the rules in force now would decide on the ticket as it stands, with whoever holds the posts now"`
}

type cameView struct {
	Seq   int64      `json:"seq"`
	Label string     `json:"label"`
	Actor string     `json:"actor"`
	Note  string     `json:"note"`
	At    *time.Time `json:"at"`
}

type whyNowView struct {
	Lead   string         `json:"lead" doc:"the title of the post; empty when nobody can handle it"`
	Same   bool           `json:"same" doc:"that is who handles it"`
	Reason string         `json:"reason"`
	Grade  string         `json:"grade"`
	Vacant list[string]   `json:"vacant" doc:"posts that should lead before it, but nobody holds them"`
	Rules  list[stepView] `json:"rules" doc:"each rule that was looked at, in turn; of those that do not match, why"`
	Beside list[stepView] `json:"beside" doc:"each co-handler and watcher that the rules ask for; matched = somebody holds the post"`
}

type stepView struct {
	Rule    string `json:"rule"`
	Name    string `json:"name"`
	Matched bool   `json:"matched"`
	Note    string `json:"note"`
}

func viewSteps(steps []routing.Step) list[stepView] {
	var out list[stepView]
	for _, s := range steps {
		out = append(out, stepView(s))
	}
	return out
}

func (s *Server) explainTicket(ctx context.Context, c caller, in *numberInput) (*body[whyView], error) {
	w, err := s.Tickets.Why(ctx, c.Actor, in.Number)
	if err != nil {
		return nil, err
	}
	v := whyView{
		Number: w.Number, Lead: viewPost(w.Lead), Rule: w.RouteRule, Reason: w.RouteReason,
		Now: whyNowView{
			Lead: w.Now.LeadName(), Same: w.Now.Lead.Post == w.LeadPost, Reason: w.Now.Reason(), Grade: w.Now.Grade,
			Vacant: w.Now.Vacant(), Rules: viewSteps(w.Now.Tried), Beside: viewSteps(w.Now.Beside),
		},
	}
	if e := w.Came; e.Seq != 0 {
		v.Came = some(cameView{e.Seq, labels[e.Action], e.ActorTitle, e.Note, s.moment(e.At)})
	}
	return answer(v), nil
}
