package ticket

import (
	"context"
	"time"

	"fenlin/internal/understand"
)

// Corrected are the reports whose category was corrected since a moment, by
// who handled them or who reported them, with people's numbers taken out.
func (s *Service) Corrected(ctx context.Context, since time.Time) ([]understand.Correction, error) {
	var rows []struct {
		Place, Data, Text string
	}
	err := s.DB.Read(ctx).Raw("SELECT e.place, e.data, t.text FROM ticket_events e JOIN tickets t ON t.id = e.ticket_id WHERE e.at >= ? AND e.action = ? ORDER BY e.id",
		since.UnixMilli(), Correct).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	var out []understand.Correction
	for _, r := range rows {
		if p := (Event{Place: r.Place, Data: r.Data}).Detail().Place; p != nil && p.Category != "" {
			out = append(out, understand.Correction{Text: nameless(r.Text), Became: p.Category})
		}
	}
	return out, nil
}
