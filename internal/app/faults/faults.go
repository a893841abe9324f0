// Package faults lets things go wrong (crashes, outages, a full disk, a WeChat
// that answers nonsense) while people chat with the real program and secretaries
// handle what they tell, and then holds what everybody was told against what is
// kept: nothing that was acknowledged may be lost, nothing may have happened twice.
package faults

import (
	"context"
	"time"

	"fenlin/internal/ticket"
)

const (
	before = 2 * time.Second // of peace, so that the fault meets work that is under way
	after  = 4 * time.Second // of peace, in which all must go on by itself
)

// Play plays a fault on a new city and says how it went. The row holds every
// error, also those of playing itself.
func Play(ctx context.Context, g *Ground, f Fault) Row {
	row := Row{Fault: f.Name}
	if f.Needs != nil {
		if err := f.Needs(g); err != nil {
			row.NotRun = err.Error()
			return row
		}
	}
	if err := f.play(ctx, g, &row); err != nil {
		row.wrong("%v", err)
	}
	return row
}

func (f *Fault) play(ctx context.Context, g *Ground, row *Row) error {
	s, err := g.open(ctx, f)
	if err != nil {
		return err
	}
	defer s.close()
	var late []ticket.Ticket
	if f.Late {
		s.replicas[0].Kill()
		if late, err = s.latecomers(ctx); err != nil {
			return err
		}
		if err := s.replicas[0].up(ctx); err != nil {
			return err
		}
	}
	over, end := context.WithCancel(ctx)
	defer end()
	p := &people{
		stage: s, pairs: f.Pairs, strict: !f.Moves, over: over, reported: map[string]string{}, done: map[string][]string{},
		pace: max(2*f.Lasts/perDay/steps, 200*time.Millisecond),
	}
	for _, t := range late {
		p.reported[t.Text] = t.Number
	}
	all := make(chan struct{})
	go func() { defer close(all); p.live(ctx) }()
	pause(ctx, before)
	times, err := f.Strike(ctx, s)
	row.Times = times
	if err == nil {
		pause(ctx, after)
	}
	end()
	<-all
	if err != nil {
		return err
	}
	k, err := s.settled(ctx)
	if err == nil {
		row.Note, err = s.note(ctx)
	}
	if err != nil {
		row.Wrong = append(row.Wrong, p.wrongs...)
		return err
	}
	judge(row, p, k)
	k.spoken(row, late)
	return ctx.Err()
}
