package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	keepLeast = 0.95 // of the throughput without
	lagMax    = 3 * time.Second
)

// keep measures what keeping the rates costs reports by chat: with and without
// it in turn, and how far the rates are behind at most while it storms.
func keep(ctx context.Context, d time.Duration, rounds int) ([]line, error) {
	a, service, _, drop, err := city(ctx)
	if err != nil {
		return nil, err
	}
	defer drop()
	if err := a.Stats.Keep(ctx); err != nil { // the sample's own
		return nil, err
	}
	const side = 32
	reports := func() (float64, error) { return crowd(side, d, func() error { return tell(ctx, service) }) }
	var behind time.Duration
	with, without, ratio, err := rates(rounds, func() (float64, error) {
		running, stop := context.WithCancel(ctx)
		kept, looked := make(chan struct{}), make(chan error, 1)
		go func() { a.Stats.Run(running); close(kept) }()
		go func() {
			var err error
			for err == nil && running.Err() == nil {
				var lag time.Duration
				lag, err = a.Stats.Lag(ctx)
				behind = max(behind, lag)
				time.Sleep(50 * time.Millisecond)
			}
			looked <- err
		}()
		n, err := reports()
		stop()
		<-kept
		return n, errors.Join(err, <-looked, a.Stats.Keep(ctx))
	}, func() (float64, error) {
		n, err := reports()
		return n, errors.Join(err, a.Stats.Keep(ctx))
	})
	if err != nil {
		return nil, err
	}
	return []line{
		compared(fmt.Sprintf("report by chat, %d connections, rates kept / not kept", side), with, without, ratio, keepLeast),
		{"rates behind at most meanwhile", behind.Round(time.Millisecond).String(), "", "", "< " + lagMax.String(), behind < lagMax},
	}, nil
}
