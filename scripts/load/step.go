package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

// inFlight is how many virtual people at most wait for an answer at once; who
// would come beyond is not played, and counted.
const inFlight = 4000

// tally is how an act went, over a step.
type tally struct {
	done, turned, failed int
	took                 []time.Duration // of what was done, from when the person came
	why                  error           // of the first failure
}

// step is a rate that was played for a while.
type step struct {
	name      string
	rate      float64 // people a second
	length    time.Duration
	acts      map[string]*tally
	notPlayed int64
	memory    int64         // bytes of the largest replica at the end
	clear     time.Duration // from the beginning until nobody was turned away any more
}

// step plays one rate and waits for everybody who came.
func (c *city) step(ctx context.Context, name string, rate float64, length time.Duration) step {
	s := step{name: name, rate: rate, length: length, acts: map[string]*tally{}}
	for _, a := range day {
		s.acts[a.name] = &tally{}
	}
	var mu sync.Mutex
	var people sync.WaitGroup
	var here, notPlayed atomic.Int64
	begin := time.Now()
	for n := 0; ; n++ {
		due := begin.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		if due.Sub(begin) >= length {
			break
		}
		time.Sleep(time.Until(due))
		if here.Load() >= inFlight {
			notPlayed.Add(1)
			continue
		}
		here.Add(1)
		people.Go(func() {
			defer here.Add(-1)
			a := pick()
			err := a.do(c, ctx)
			took := time.Since(due)
			mu.Lock()
			defer mu.Unlock()
			t := s.acts[a.name]
			switch {
			case err == nil:
				t.done++
				t.took = append(t.took, took)
			case errors.Is(err, errTurned):
				t.turned++
				s.clear = max(s.clear, time.Since(begin))
			default:
				t.failed++
				if t.why == nil {
					t.why = err
				}
			}
		})
	}
	people.Wait()
	s.notPlayed = notPlayed.Load()
	for _, p := range c.programs {
		s.memory = max(s.memory, p.Memory())
	}
	return s
}

// pick is an act of the day by its weight.
func pick() act {
	n := rand.N(100)
	for _, a := range day {
		if n -= a.weight; n < 0 {
			return a
		}
	}
	return day[0]
}

// sum is all acts together.
func (s step) sum() tally {
	var all tally
	for _, t := range s.acts {
		all.done, all.turned, all.failed = all.done+t.done, all.turned+t.turned, all.failed+t.failed
		all.took = append(all.took, t.took...)
		if all.why == nil {
			all.why = t.why
		}
	}
	return all
}

// carried says that a rate was not too much.
func (s step) carried() bool {
	all := s.sum()
	return all.failed == 0 && s.notPlayed == 0 && float64(all.turned) <= mostTurned*float64(all.done) && s.acts[day[0].name].at(0.99) <= mostWait
}

// at is a quantile of how long it took.
func (t tally) at(q float64) time.Duration {
	if len(t.took) == 0 {
		return 0
	}
	slices.Sort(t.took)
	return t.took[min(int(q*float64(len(t.took))), len(t.took)-1)].Round(time.Millisecond)
}

func (s step) line() string {
	all, chat := s.sum(), s.acts[day[0].name]
	why := ""
	if all.why != nil {
		why = fmt.Sprintf("; first failure: %.200v", all.why)
	}
	return fmt.Sprintf("%s: %.0f people/s for %s: %d done, %d asked to come back, %d failed, %d not played; report by chat p50 %s p99 %s; %d MB%s",
		s.name, s.rate, s.length, all.done, all.turned, all.failed, s.notPlayed, chat.at(0.5), chat.at(0.99), s.memory>>20, why)
}

// report prints both tables; an error is a promise broken.
func (c *city) report(to io.Writer, called string, base float64, steps []step) error {
	w := tabwriter.NewWriter(to, 0, 0, 1, ' ', 0)
	fmt.Fprintf(w, "%s: %.0f people/s\n\n", called, base)
	fmt.Fprintln(w, "| step\t| people/s\t| done/s\t| asked to come back\t| failed\t| report by chat p50 / p99\t| memory\t|")
	fmt.Fprintln(w, "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
	var broken []error
	for _, s := range steps {
		all, chat := s.sum(), s.acts[day[0].name]
		turned := fmt.Sprintf("%.1f %%", 100*float64(all.turned)/float64(max(all.done+all.turned+all.failed, 1)))
		if s.notPlayed > 0 {
			turned += fmt.Sprintf(" (and %d not played)", s.notPlayed)
		}
		fmt.Fprintf(w, "| %s\t| %.0f\t| %.0f\t| %s\t| %d\t| %s / %s\t| %d MB\t|\n", s.name, s.rate, float64(all.done)/s.length.Seconds(), turned, all.failed, chat.at(0.5), chat.at(0.99), s.memory>>20)
		if all.failed > 0 {
			broken = append(broken, fmt.Errorf("%s: %d failed; the first: %w", s.name, all.failed, all.why))
		}
	}
	last, best := steps[len(steps)-1], steps[0]
	for _, s := range steps {
		if s.rate == base {
			best = s
		}
	}
	if turned := last.sum().turned; turned > 0 {
		fmt.Fprintf(w, "\nafter the storm nobody was asked to come back any more from the second %.1f on\n", last.clear.Seconds())
	}
	fmt.Fprintf(w, "\nat %s, %.0f people/s:\n\n| act\t| done\t| p50\t| p99\t|\n|---\t|---\t|---\t|---\t|\n", called, best.rate)
	for _, a := range day {
		t := best.acts[a.name]
		fmt.Fprintf(w, "| %s\t| %d\t| %s\t| %s\t|\n", a.name, t.done, t.at(0.5), t.at(0.99))
	}
	fmt.Fprintf(w, "\n%d reports acknowledged: %d lost, %d doubled; everything owed was sent %.1f s after the last person\n", len(c.acknowledged), c.lost, c.doubled, c.drained.Seconds())
	_ = w.Flush()
	if c.lost+c.doubled > 0 {
		broken = append(broken, fmt.Errorf("%d acknowledged reports lost, %d doubled", c.lost, c.doubled))
	}
	return errors.Join(broken...)
}
