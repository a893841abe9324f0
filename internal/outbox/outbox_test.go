package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/db/dbtest"
	"fenlin/internal/outbox"
)

// clock is a time that the test moves.
type clock struct{ ms atomic.Int64 }

func (c *clock) Now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *clock) Forward(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func start(t *testing.T) (*db.DB, *clock) {
	c := &clock{}
	c.ms.Store(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC).UnixMilli())
	return dbtest.New(t), c
}

func add(t *testing.T, d *db.DB, o *outbox.Outbox, events ...outbox.Event) {
	t.Helper()
	if err := d.Tx(t.Context(), func(tx *gorm.DB) error { return o.Add(tx, events...) }); err != nil {
		t.Fatal(err)
	}
}

func drain(t *testing.T, o *outbox.Outbox) {
	t.Helper()
	for {
		n, err := o.Work(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func TestAdd_RolledBackWithItsTransactionAndOnceByKey(t *testing.T) {
	d, c := start(t)
	o := outbox.Open(d, c.Now)
	var handled []string
	o.Handlers["t"] = func(_ context.Context, e outbox.Event) error { handled = append(handled, e.Key); return nil }
	stop := errors.New("stop")
	err := d.Tx(t.Context(), func(tx *gorm.DB) error {
		if err := o.Add(tx, outbox.New("t", "lost", 0, nil, c.Now())); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	add(t, d, o, outbox.New("t", "kept", 0, nil, c.Now()))
	add(t, d, o, outbox.New("t", "kept", 0, nil, c.Now()), outbox.New("t", "other", 0, nil, c.Now()))
	drain(t, o)
	add(t, d, o, outbox.New("t", "kept", 0, nil, c.Now()))
	drain(t, o)
	if fmt.Sprint(handled) != "[kept other]" {
		t.Fatalf("handled %v", handled)
	}
}

func TestWork_ManyWorkersHandleEachOnceAndLanesInOrder(t *testing.T) {
	d, c := start(t)
	const n = 300
	var mu sync.Mutex
	seen, last := map[string]int{}, map[int64]int64{}
	var workers []*outbox.Outbox
	for range 4 {
		o := outbox.Open(d, c.Now)
		o.Handlers["t"] = func(_ context.Context, e outbox.Event) error {
			mu.Lock()
			defer mu.Unlock()
			seen[e.Key]++
			return nil
		}
		workers = append(workers, o)
	}
	var events []outbox.Event
	for i := range n {
		events = append(events, outbox.New("t", fmt.Sprint("k", i), int64(i%7), nil, c.Now()))
	}
	add(t, d, workers[0], events...)
	var wg sync.WaitGroup
	for _, o := range workers {
		wg.Go(func() { drain(t, o) })
	}
	wg.Wait()
	drain(t, workers[0])
	if len(seen) != n {
		t.Fatalf("%d of %d handled", len(seen), n)
	}
	for k, times := range seen {
		if times != 1 {
			t.Errorf("%s handled %d times", k, times)
		}
	}
	one := outbox.Open(d, c.Now)
	one.Handlers["order"] = func(_ context.Context, e outbox.Event) error {
		mu.Lock()
		defer mu.Unlock()
		if e.ID < last[e.Lane] {
			t.Errorf("lane %d: %d after %d", e.Lane, e.ID, last[e.Lane])
		}
		last[e.Lane] = e.ID
		return nil
	}
	events = nil
	for i := range 80 {
		events = append(events, outbox.New("order", fmt.Sprint("o", i), int64(i%5), nil, c.Now()))
	}
	add(t, d, one, events...)
	drain(t, one)
	if len(last) != 5 {
		t.Fatalf("lanes %v", last)
	}
}

func TestWork_RetriesThenGivesUp_CancelsAtOnce_SnoozesForFree(t *testing.T) {
	d, c := start(t)
	o := outbox.Open(d, c.Now)
	tries := map[string]int{}
	var mu sync.Mutex
	o.Handlers["t"] = func(_ context.Context, e outbox.Event) error {
		mu.Lock()
		defer mu.Unlock()
		tries[e.Key]++
		switch e.Key {
		case "fails":
			return errors.New("away")
		case "panics":
			panic("bad")
		case "cancelled":
			return outbox.Cancel(errors.New("never"))
		case "snoozes":
			if tries[e.Key] < 30 {
				return outbox.Snooze(time.Minute)
			}
		}
		return nil
	}
	for i, k := range []string{"fails", "panics", "cancelled", "snoozes"} {
		add(t, d, o, outbox.New("t", k, int64(i), nil, c.Now()))
	}
	add(t, d, o, outbox.New("nobody", "homeless", 9, nil, c.Now()))
	for range 60 {
		drain(t, o)
		c.Forward(7 * time.Hour)
	}
	want := map[string]int{"fails": 12, "panics": 12, "cancelled": 1, "snoozes": 30}
	if fmt.Sprint(tries) != fmt.Sprint(want) {
		t.Fatalf("tries %v, want %v", tries, want)
	}
	ready, dead, err := o.Depth(t.Context())
	if err != nil || ready != 0 || dead != 4 {
		t.Fatalf("ready %d dead %d %v", ready, dead, err)
	}
}

func TestWork_TakesOverFromAWorkerThatDied(t *testing.T) {
	d, c := start(t)
	dying := outbox.Open(d, c.Now)
	dead, die := context.WithCancel(t.Context())
	dying.Handlers["t"] = func(context.Context, outbox.Event) error { return nil }
	add(t, d, dying, outbox.New("t", "k", 0, nil, c.Now()))
	dying.Now = func() time.Time { die(); return c.Now() } // dies once it holds the lease
	_, _ = dying.Work(dead)

	other := outbox.Open(d, c.Now)
	handled := 0
	other.Handlers["t"] = func(context.Context, outbox.Event) error { handled++; return nil }
	c.Forward(2 * time.Minute)
	drain(t, other)
	if handled != 1 {
		t.Fatalf("handled %d times", handled)
	}
}

func TestRun_AClockThatWasAheadPutsNothingOff(t *testing.T) {
	d, c := start(t)
	handled := make(chan string, 10)
	open := func() *outbox.Outbox {
		o := outbox.Open(d, c.Now)
		o.Poll = 5 * time.Millisecond
		o.Handlers["t"] = func(_ context.Context, e outbox.Event) error { handled <- e.Key; return nil }
		return o
	}
	o := open()
	soon := c.Now().Add(2 * time.Hour)
	add(t, d, o, outbox.New("t", "held", 0, nil, c.Now()), outbox.New("t", "timer", 3, nil, soon))
	c.Forward(90 * time.Minute) // the clock is ahead
	dying, die := context.WithCancel(t.Context())
	dead := open()
	dead.Now = func() time.Time { die(); return c.Now() }
	_, _ = dead.Work(dying) // holds an event and dies
	add(t, d, o, outbox.New("t", "added", 1, nil, c.Now()), outbox.New("t", "later", 2, nil, c.Now().Add(24*time.Hour)))
	c.Forward(-90 * time.Minute) // and right again
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() { o.Run(ctx); close(ran) }()
	next := func() string {
		select {
		case key := <-handled:
			return key
		case <-time.After(20 * time.Second):
			t.Fatal("nothing is handled")
		}
		return ""
	}
	got := []string{next(), next()}
	c.Forward(time.Hour) // ahead again, while it runs
	add(t, d, o, outbox.New("t", "at once", 5, nil, c.Now()), outbox.New("t", "running", 4, nil, c.Now().Add(time.Second)))
	got = append(got, next())
	c.Forward(-time.Hour)
	for tries, due := 0, int64(math.MaxInt64); due > c.Now().Add(time.Minute).UnixMilli(); tries++ {
		time.Sleep(time.Millisecond)
		if err := d.Read(t.Context()).Raw("SELECT run_at FROM outbox WHERE event_key = 'running'").Scan(&due).Error; err != nil || tries == 10_000 {
			t.Fatalf("it is due at %d: %v", due, err)
		}
	}
	c.Forward(2 * time.Second)
	got = append(got, next())
	stop()
	<-ran
	slices.Sort(got)
	if fmt.Sprint(got) != "[added at once held running]" {
		t.Errorf("handled %v", got)
	}
	var left []outbox.Event
	if err := d.Read(t.Context()).Order("run_at").Find(&left, "state = ?", outbox.Ready).Error; err != nil || len(left) != 2 {
		t.Fatalf("left %+v %v", left, err)
	}
	if left[0].Key != "timer" || left[0].RunAt != soon.UnixMilli() || left[1].Key != "later" || left[1].RunAt > c.Now().Add(24*time.Hour).UnixMilli() {
		t.Errorf("left %+v at %s", left, c.Now())
	}
}
