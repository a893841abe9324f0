// Bench measures what Fenlin promises about speed, each figure beside its
// limit in the same run, and prints one table. It needs FENLIN_TEST_DATABASE
// (MariaDB or MySQL); `make bench` provides it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// line is a row of the table. Want is the least ratio, or the most of ours when limit has none.
type line struct {
	what   string
	ours   string
	limit  string
	ratio  string
	want   string
	passed bool
}

func main() {
	only := flag.String("only", "", "callback, report, import, replay, clocks, keep, notices, signup, checkin, hours, rates, subtree, blindindex, pure, recovery, memory or size; empty = all")
	seconds := flag.Duration("for", 3*time.Second, "how long each side of a round is measured")
	rounds := flag.Int("rounds", 5, "rounds, ours and limit in turn; the median counts")
	flag.Parse()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	ctx := context.Background()
	var lines []line
	for _, part := range []struct {
		name string
		run  func(context.Context, time.Duration, int) ([]line, error)
	}{{"callback", callback}, {"report", report}, {"import", imports}, {"replay", replay}, {"clocks", clocks}, {"keep", keep}, {"notices", notices}, {"signup", signups}, {"hours", hours}, {"checkin", checkins}, {"rates", kept}, {"subtree", subtree}, {"blindindex", blindIndex}, {"pure", pure}, {"recovery", recovery}, {"memory", memory}, {"size", size}} {
		if *only != "" && *only != part.name {
			continue
		}
		got, err := part.run(ctx, *seconds, *rounds)
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", part.name, err)
			os.Exit(1)
		}
		lines = append(lines, got...)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tours\tlimit\tours/limit\twanted\t")
	for _, l := range lines {
		mark := "ok"
		if !l.passed {
			mark = "MISSED"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", l.what, l.ours, l.limit, l.ratio, l.want, mark)
	}
	_ = w.Flush()
}

// rates runs both sides in turn and returns the medians and the median ratio.
func rates(rounds int, ours, limit func() (float64, error)) (o, l, ratio float64, err error) {
	var os, ls, rs []float64
	for range rounds {
		a, err := ours()
		if err != nil {
			return 0, 0, 0, err
		}
		b, err := limit()
		if err != nil {
			return 0, 0, 0, err
		}
		os, ls, rs = append(os, a), append(ls, b), append(rs, a/b)
	}
	return median(os), median(ls), median(rs), nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func compared(what string, o, l, ratio, want float64) line {
	return line{what, fmt.Sprintf("%.0f/s", o), fmt.Sprintf("%.0f/s", l), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.2f", want), ratio >= want}
}
