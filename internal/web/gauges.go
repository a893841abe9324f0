package web

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fenlin/internal/stats"
)

// What the gauges cost the database: one look a minute, however often and by
// how many they are read, and never more than so long.
const (
	gaugesEvery = time.Minute
	gaugesTime  = 5 * time.Second
)

// gauges collects what the database tells. Every replica tells the same, so
// take the max over instances, never the sum.
type gauges struct {
	server *Server

	mu   sync.Mutex
	at   time.Time
	kept []prometheus.Metric
}

var (
	numerator    = prometheus.NewDesc("fenlin_rate_numerator", "Numerator of a rate of what was reported in the last 90 days, by subdistrict (org none: of no known compound).", []string{"rate", "org", "name"}, nil)
	denominator  = prometheus.NewDesc("fenlin_rate_denominator", "Denominator of the rate.", []string{"rate", "org", "name"}, nil)
	openTickets  = prometheus.NewDesc("fenlin_tickets_open", "Tickets on which work is still owed.", nil, nil)
	overdue      = prometheus.NewDesc("fenlin_tickets_overdue", "Of those, past due.", nil, nil)
	dueSoon      = prometheus.NewDesc("fenlin_tickets_due_24h", "Of those, due within 24 hours.", nil, nil)
	unrung       = prometheus.NewDesc("fenlin_clock_unrung_seconds", "How long the oldest alarm of a ticket has been due that has not spoken up; 0 when all have.", nil, nil)
	dueEvents    = prometheus.NewDesc("fenlin_outbox_due_events", "Events that are due and held by no worker.", nil, nil)
	oldestEvent  = prometheus.NewDesc("fenlin_outbox_oldest_due_seconds", "How long the oldest of those has been due; 0 when there is none.", nil, nil)
	noticeStates = prometheus.NewDesc("fenlin_notices_last_day", "Notices of the last 24 hours by how far they have come: owed, sending, sent, in_app (no channel took it), held (for a digest), summed (told in one).", []string{"state"}, nil)
	ratesLag     = prometheus.NewDesc("fenlin_rates_lag_seconds", "How long the oldest change of a ticket has waited to be counted in the rates.", nil, nil)
)

// watchedRates are the rates that the gauges tell.
var watchedRates = map[string]func(stats.Row) stats.Rate{
	"finish":       func(r stats.Row) stats.Rate { return r.Finish },
	"on_time":      func(r stats.Row) stats.Rate { return r.OnTime },
	"settlement":   func(r stats.Row) stats.Rate { return r.Settlement },
	"response":     func(r stats.Row) stats.Rate { return r.Answer },
	"resolution":   func(r stats.Row) stats.Rate { return r.Resolution },
	"satisfaction": func(r stats.Row) stats.Rate { return r.Satisfaction },
	"exclusion":    func(r stats.Row) stats.Rate { return r.Exclusion },
	"reopen":       func(r stats.Row) stats.Rate { return r.Reopen },
}

// Describe implements prometheus.Collector.
func (*gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{numerator, denominator, openTickets, overdue, dueSoon, unrung, dueEvents, oldestEvent, noticeStates, ratesLag} {
		to <- d
	}
}

// Collect implements prometheus.Collector. What the database does not answer is
// left out; /readyz tells of it.
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := g.server.Now(); now.Sub(g.at) >= gaugesEvery || now.Before(g.at) {
		ctx, cancel := context.WithTimeout(context.Background(), gaugesTime)
		defer cancel()
		g.at, g.kept = now, g.read(ctx)
	}
	for _, m := range g.kept {
		to <- m
	}
}

func (g *gauges) read(ctx context.Context) []prometheus.Metric {
	var out []prometheus.Metric
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out = append(out, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...))
	}
	s := g.server
	had := func(what string, err error) bool {
		if err != nil {
			slog.WarnContext(ctx, "a gauge was not read", "gauge", what, "error", err)
		}
		return err == nil
	}
	if table, err := s.Stats.Watch(ctx); had("rates", err) {
		for _, row := range table.Rows {
			for name, of := range watchedRates {
				rate := of(row)
				gauge(numerator, rate.Numerator, name, row.Key, row.Name)
				gauge(denominator, float64(rate.Denominator), name, row.Key, row.Name)
			}
		}
	}
	if c, err := s.Stats.Clocks(ctx); had("clocks", err) {
		gauge(openTickets, float64(c.Open))
		gauge(overdue, float64(c.Overdue))
		gauge(dueSoon, float64(c.Day))
		gauge(unrung, c.Unrung.Seconds())
	}
	if s.Late != nil {
		if n, since, err := s.Late(ctx); had("outbox", err) {
			gauge(dueEvents, float64(n))
			gauge(oldestEvent, since.Seconds())
		}
	}
	if s.Notices != nil {
		if states, err := s.Notices(ctx); had("notices", err) {
			for state, n := range states {
				gauge(noticeStates, float64(n), state)
			}
		}
	}
	if s.Lag != nil {
		if lag, err := s.Lag(ctx); had("lag", err) {
			gauge(ratesLag, lag.Seconds())
		}
	}
	return out
}
