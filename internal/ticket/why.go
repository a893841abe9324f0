package ticket

import (
	"context"

	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/routing"
)

// ErrNotWhole refuses what only those may see who have to do with a ticket.
var ErrNotWhole = errs.New(errs.Forbidden, "not_whole", "派单依据只给这件事的报事人、经办人和上级看")

// Why is why a ticket is with whom it is.
type Why struct {
	Ticket
	Lead org.Post
	Came Event // the one that gave it to its lead; zero in a log without one

	// How the rules in force decide on the ticket as it stands, with whoever
	// holds the posts now; what decided then is in RouteRule and RouteReason.
	Now routing.Explanation
}

// Why explains a ticket's way to its lead. Errors: ErrUnknown, ErrNotWhole.
func (s *Service) Why(ctx context.Context, by org.Actor, number string) (Why, error) {
	f, err := s.Get(ctx, by, number)
	if err != nil {
		return Why{}, err
	}
	if !f.Whole {
		return Why{}, ErrNotWhole
	}
	w := Why{Ticket: f.Ticket, Lead: f.Posts[f.LeadPost]}
	for _, e := range f.Events {
		if e.Detail().To == f.LeadPost && !e.Action.Asks() && (e.Action != Decide || e.ActorID != 0) {
			w.Came = e
		}
	}
	p := Place{OrgID: f.OrgID, Category: f.Category, Building: f.Building}
	facts, _, err := s.Facts(ctx, p, f.Emergency)
	if err != nil {
		return Why{}, err
	}
	w.Now = s.Explain(&facts)
	return w, nil
}

// Explain tells how the rules in force decide on facts.
func (s *Service) Explain(f *routing.Facts) routing.Explanation {
	rules := s.Rules()
	return rules.Routes.Explain(f, func(code string) string {
		c, _ := rules.Reader.Category(code)
		return c.Name
	})
}
