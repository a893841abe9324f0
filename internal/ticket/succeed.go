package ticket

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"fenlin/internal/org"
)

// succeedBatch is how many tickets Succeed reads at once.
const succeedBatch = 200

// Succeed hands on every open ticket whose lead post nobody holds any more, to
// the next one above whom somebody holds, and tells how many. The clocks go on.
// Several replicas may run it at once; a ticket is handed on once. One with
// nobody above stays where it is, as does one that waits for a decision.
func (s *Service) Succeed(ctx context.Context) (int, error) {
	done := 0
	for after := int64(0); ; {
		now := s.Now().UnixMilli()
		var found []Ticket
		err := s.DB.Read(ctx).Raw(`SELECT t.* FROM tickets t WHERE t.state IN ? AND t.pending = '' AND t.id > ? AND NOT EXISTS
(SELECT 1 FROM appointments a WHERE a.post_id = t.lead_post AND a.from_at <= ? AND (a.to_at = 0 OR a.to_at > ?)) ORDER BY t.id LIMIT ?`,
			succeeding, after, now, now, succeedBatch).Scan(&found).Error
		if err != nil || len(found) == 0 {
			return done, err
		}
		for _, t := range found {
			after = t.ID
			in := Input{Action: Escalate, Key: fmt.Sprintf("vacant:%d:%d", t.ID, t.Version), Note: "原经办岗位空缺，转由上级办理"}
			_, err := s.act(ctx, org.Actor{}, system, in, func() (Ticket, error) { return s.byID(ctx, t.ID) })
			switch {
			case err == nil:
				done++
			case errors.Is(err, ErrNotAllowed), errors.Is(err, ErrStale): // nobody stands above, or somebody was faster
			default:
				slog.ErrorContext(ctx, "a ticket of a vacant post was not handed on", "ticket", t.Number, "error", err)
			}
		}
	}
}

// succeeding are the states in which somebody has to lead.
var succeeding = []State{Dispatched, Accepted, Contacted, Consulting, Whistled, Reopened}
