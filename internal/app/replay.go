package app

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"fenlin/internal/org"
	"fenlin/internal/routing"
	"fenlin/internal/ticket"
)

// ReplayBy is what a replay's table has a line for.
type ReplayBy string

// The lines of a replay's table.
const (
	ByPost ReplayBy = "post"
	ByOrg  ReplayBy = "org"
	ByRole ReplayBy = "role"
)

// line is the line on which a post stands, and what it is called.
func (b ReplayBy) line(p org.Post) (key, name string) {
	switch b {
	case ByOrg:
		return fmt.Sprint(p.OrgID), p.OrgName
	case ByRole:
		return string(p.Role), string(p.Role)
	case ByPost:
	}
	return fmt.Sprint(p.ID), p.Title
}

// ReplayRoutes routes the tickets since a day (2006-01-02) by the tree in force
// and by that of a file, and prints who gains and who loses, the greatest change
// first, at most top lines (0 = all). Progress goes to told. It only reads.
func ReplayRoutes(ctx context.Context, w, told io.Writer, a *App, day, file string, by ReplayBy, top int) error {
	since, err := time.ParseInLocation(time.DateOnly, day, a.Tickets.Rules().Calendar.Location())
	if err != nil {
		return fmt.Errorf("--since must be a day like 2026-01-01, not %q", day)
	}
	if by != ByPost && by != ByOrg && by != ByRole {
		return fmt.Errorf("--by must be post, org or role, not %q", by)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("--config names no file of rules that can be read: %w", err)
	}
	tree, err := routing.Load(text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	const tell = 100_000
	next := tell
	r, err := a.Tickets.Replay(ctx, since, tree, func(done, of int) {
		if done >= next {
			fmt.Fprintf(told, "%d of %d tickets\n", done, of)
			next = done + tell
		}
	})
	if err != nil {
		return err
	}
	if r.Tickets == 0 {
		_, err := fmt.Fprintf(w, "no tickets since %s\n", since.Format(time.DateOnly))
		return err
	}
	fmt.Fprintf(w, "%d tickets from %s to %s, as their rows say now (category, place, emergency) and with who is in post now\n", r.Tickets,
		r.From.In(since.Location()).Format(time.DateOnly), r.To.In(since.Location()).Format(time.DateOnly))
	fmt.Fprintf(w, "%d (%.1f %%) get another lead, %d (%.1f %%) another grade\n", r.Moved, percent(r.Moved, r.Tickets), r.Regraded, percent(r.Regraded, r.Tickets))
	if r.Nobody > 0 {
		fmt.Fprintf(w, "%d more are of places where nobody holds any post\n", r.Nobody)
	}
	lines := gather(r.Handlers, by)
	shown := lines[:min(len(lines), cmp.Or(top, len(lines)))]
	fmt.Fprintln(w)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "before\tafter\tchange\tcome\tgo\ta month before\tafter\tlate expected before\tafter\t")
	line := func(h ticket.Handling, name string) {
		fmt.Fprintf(out, "%d\t%d\t%+d\t%d\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t  %s\n", h.Before.Tickets, h.After.Tickets, h.After.Tickets-h.Before.Tickets, h.Come, h.Go,
			float64(h.Before.Tickets)/r.Months, float64(h.After.Tickets)/r.Months, h.Before.Overdue, h.After.Overdue, name)
	}
	var sum handled
	for _, l := range lines {
		sum.add(l.Handling)
	}
	for _, l := range shown {
		line(l.Handling, l.name)
	}
	line(sum.Handling, "all")
	if err := out.Flush(); err != nil {
		return err
	}
	if n := len(lines) - len(shown); n > 0 {
		fmt.Fprintf(w, "%d more lines: --top 0 shows all\n", n)
	}
	fmt.Fprintln(w, "late expected: by how many past tickets of each grade were late with the post; with fewer than 20 of them, with all of its role")
	return nil
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(of) }

// handled is a line of the table.
type handled struct {
	ticket.Handling
	name string
}

// gather sums posts that stand on one line.
func gather(all []ticket.Handling, by ReplayBy) []*handled {
	var lines []*handled
	at := map[string]*handled{}
	for _, h := range all {
		key, name := by.line(h.Post)
		l := at[key]
		if l == nil {
			l = &handled{name: name}
			at[key], lines = l, append(lines, l)
		}
		l.add(h)
	}
	slices.SortStableFunc(lines, func(a, b *handled) int { return cmp.Compare(b.Come+b.Go, a.Come+a.Go) })
	return lines
}

func (l *handled) add(h ticket.Handling) {
	l.Before.Tickets += h.Before.Tickets
	l.Before.Overdue += h.Before.Overdue
	l.After.Tickets += h.After.Tickets
	l.After.Overdue += h.After.Overdue
	l.Come += h.Come
	l.Go += h.Go
}
