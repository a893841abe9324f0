package outbox_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"fenlin/internal/outbox"
)

func TestSlow_StandsInNobodysWay(t *testing.T) {
	d, c := start(t)
	o := outbox.Open(d, c.Now)
	begun, end, quick := make(chan struct{}), make(chan struct{}), make(chan struct{})
	o.Slow["slow"] = func(context.Context, outbox.Event) error { close(begun); <-end; return nil }
	o.Handlers["quick"] = func(context.Context, outbox.Event) error { close(quick); return nil }
	o.Poll = 10 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() { o.Run(ctx); close(ran) }()
	add(t, d, o, outbox.New("slow", "s", 0, nil, c.Now()))
	<-begun
	add(t, d, o, outbox.New("quick", "q", 0, nil, c.Now()))
	<-quick // while the slow one goes on
	close(end)
	stop()
	<-ran
}

func TestSlow_OneAtATimeAndAgainAfterAStop(t *testing.T) {
	d, c := start(t)
	o := outbox.Open(d, c.Now)
	var keys []string
	var attempts atomic.Int32
	o.Slow["slow"] = func(ctx context.Context, e outbox.Event) error {
		keys = append(keys, e.Key)
		attempts.Store(int32(e.Attempts))
		return ctx.Err()
	}
	add(t, d, o, outbox.New("slow", "a", 0, nil, c.Now()), outbox.New("slow", "b", 0, nil, c.Now()))
	if n, err := o.Work(t.Context()); n != 0 || err != nil {
		t.Errorf("the quick lane took %d: %v", n, err)
	}
	if worked, err := o.WorkSlow(t.Context()); !worked || err != nil || !slices.Equal(keys, []string{"a"}) {
		t.Fatalf("%t %v %q", worked, err, keys)
	}
	stopped, stop := context.WithCancel(t.Context())
	o.Slow["slow"] = func(ctx context.Context, _ outbox.Event) error { stop(); <-ctx.Done(); return errors.New("cut off") }
	if worked, err := o.WorkSlow(stopped); !worked || err != nil {
		t.Fatalf("%t %v", worked, err)
	}
	o.Slow["slow"] = func(_ context.Context, e outbox.Event) error {
		keys = append(keys, e.Key)
		attempts.Store(int32(e.Attempts))
		return nil
	}
	if worked, err := o.WorkSlow(t.Context()); !worked || err != nil || !slices.Equal(keys, []string{"a", "b"}) || attempts.Load() != 1 {
		t.Errorf("after a stop: %t %v %q, attempt %d", worked, err, keys, attempts.Load())
	}
}
