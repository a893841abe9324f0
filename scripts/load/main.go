// Load plays a storm day: residents who report by chat and in the app with
// photos, WeChat's retries, secretaries who handle, people who look, the city's
// board. Virtual people come at a rate, whether or not those before them have
// been answered; the rate is doubled until it is too much (the knee), then goes
// far beyond it and back to half of it. It needs FENLIN_TEST_DATABASE and
// FENLIN_TEST_REDIS; `make load` provides them. The people, their WeChat, the
// program and its servers share this machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"
)

const (
	// What a rate must keep to be no more than the system carries: nobody fails,
	// hardly anybody is asked to come back, and a report is answered in good time.
	mostTurned = 0.005
	mostWait   = time.Second // p99 of a report by chat

	rounds = 2 // of narrowing the knee down, each by half
)

func main() {
	first := flag.Float64("from", 25, "people a second in the first step")
	most := flag.Float64("to", 3200, "people a second never exceeded")
	length := flag.Duration("for", 15*time.Second, "length of each step")
	replicas := flag.Int("replicas", 1, "replicas of the program, asked in turn")
	short := flag.Bool("short", false, "three steps around -from, without looking for the knee")
	flag.Parse()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	ctx := context.Background()
	if err := play(ctx, *first, *most, *length, *replicas, *short); err != nil {
		fmt.Fprintln(os.Stderr, "load: "+strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

// play is the whole day; an error is a promise broken.
func play(ctx context.Context, first, most float64, length time.Duration, replicas int, short bool) error {
	c, err := open(ctx, replicas)
	if err != nil {
		return err
	}
	defer c.close()
	run := func(name string, rate float64, length time.Duration) step {
		s := c.step(ctx, name, rate, length)
		fmt.Fprintln(os.Stderr, s.line())
		return s
	}
	run("warm", first, length/3)
	var steps []step
	base, called := first, "the first rate"
	if short {
		steps = append(steps, run(called, base, length))
	} else {
		called = "the knee"
		steps, base = c.climb(first, most, length, run)
	}
	for _, s := range []struct {
		name  string
		times float64
	}{{"2 × " + called, 2}, {"5 × " + called, 5}, {"afterwards, half of " + called, 0.5}} {
		steps = append(steps, run(s.name, min(base*s.times, most), length))
	}
	if err := c.settle(ctx); err != nil {
		return err
	}
	return c.report(os.Stdout, called, base, steps)
}

// climb doubles the rate until it is too much and then narrows the knee down.
func (c *city) climb(rate, most float64, length time.Duration, run func(string, float64, time.Duration) step) (steps []step, knee float64) {
	tooMuch := 0.0
	for rate <= most && tooMuch == 0 {
		s := run("climbing", rate, length)
		steps = append(steps, s)
		if s.carried() {
			knee, rate = rate, rate*2
		} else {
			tooMuch = rate
		}
	}
	for range rounds {
		if tooMuch == 0 || knee == 0 {
			break
		}
		s := run("narrowing", (knee+tooMuch)/2, length)
		steps = append(steps, s)
		if s.carried() {
			knee = s.rate
		} else {
			tooMuch = s.rate
		}
	}
	return steps, max(knee, 1)
}
