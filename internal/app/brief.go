package app

import (
	"context"

	"fenlin/internal/notify"
	"fenlin/internal/stats"
)

// count has package stats count what a brief tells.
func (a *App) count(ctx context.Context, of notify.Span) (notify.Counts, error) {
	b, err := a.Stats.Brief(ctx, stats.BriefQuery{
		By: of.By, Org: of.Org, Since: of.Since, Today: of.Today, Week: of.Week, From: of.From, To: of.To,
	})
	return notify.Counts{
		Open: b.Open, Overdue: b.Overdue, Today: b.Today, Week: b.Owed.Week, Reported: b.Fresh.Of(stats.Accepted), Closed: b.Closed,
		Past: notify.Past{Reported: b.Past.Of(stats.Accepted), Matured: b.Past.Of(stats.Matured), Settled: b.Past.Of(stats.Settled)},
	}, err
}
