package kv_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"fenlin/internal/kv"
)

const patience = 20 * time.Second // for what must come, however slow the machine

// key is one that no other test knows.
func key() string { return "test:" + rand.Text() }

func open(t *testing.T, address string) *kv.Redis {
	t.Helper()
	s, err := kv.NewRedis(t.Context(), address)
	must(t, err)
	return s
}

// mini runs a Redis in this process and moves its clock along with the real one.
func mini(t *testing.T) (address string) {
	t.Helper()
	m := miniredis.RunT(t)
	const step = 2 * time.Millisecond
	ticker := time.NewTicker(step)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-ticker.C:
				m.FastForward(step)
			case <-done:
				return
			}
		}
	})
	t.Cleanup(func() { ticker.Stop(); close(done); wg.Wait() })
	return m.Addr()
}

func together(n int, do func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; do(i) })
	}
	close(start)
	wg.Wait()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, s kv.Store, key, want string) {
	t.Helper()
	if got, ok, err := s.Get(t.Context(), key); got != want || !ok || err != nil {
		t.Fatalf("got %q, %v, %v; want %q", got, ok, err, want)
	}
}

func absent(t *testing.T, s kv.Store, key string) {
	t.Helper()
	if got, ok, err := s.Get(t.Context(), key); got != "" || ok || err != nil {
		t.Fatalf("got %q, %v, %v; want nothing", got, ok, err)
	}
}

func leaves(t *testing.T, s kv.Store, key string) {
	t.Helper()
	eventually(t, "the value never leaves", func() bool {
		_, ok, err := s.Get(t.Context(), key)
		must(t, err)
		return !ok
	})
}

func incr(t *testing.T, s kv.Store, key string, ttl time.Duration) int64 {
	t.Helper()
	n, err := s.Incr(t.Context(), key, ttl)
	must(t, err)
	return n
}

// locked says that another holds the lock now.
func locked(t *testing.T, s kv.Store, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Lock(ctx, key, time.Hour); !errors.Is(err, kv.ErrLocked) {
		t.Fatalf("the lock of another was given: %v", err)
	}
}

func eventually(t *testing.T, otherwise string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(otherwise)
		}
	}
}
