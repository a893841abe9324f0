package kv

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// errLifetime refuses a value that would never be seen or never leave.
var errLifetime = errors.New("kv: a lifetime must be positive")

// Memory is a Store inside this process, for a single replica. Nothing is
// evicted before its lifetime: a first reply or a counter lost early would do
// harm, and lifetimes keep it small.
type Memory struct {
	values *otter.Cache[string, entry]

	mu    sync.Mutex
	locks map[string]*hold
}

// entry is a value and its lifetime; ttl 0 keeps the lifetime of what it replaces.
type entry struct {
	value string
	ttl   time.Duration
}

// hold is one holding of a lock; freed is closed when it ends.
type hold struct {
	freed chan struct{}
	timer *time.Timer
}

// NewMemory makes an empty store; Close stops its clean-up.
func NewMemory() *Memory {
	return &Memory{
		values: otter.Must(&otter.Options[string, entry]{ExpiryCalculator: lifetime{}}),
		locks:  map[string]*hold{},
	}
}

// lifetime tells otter what each entry says of itself.
type lifetime struct{}

func (lifetime) ExpireAfterCreate(e otter.Entry[string, entry]) time.Duration { return e.Value.ttl }

func (lifetime) ExpireAfterUpdate(e otter.Entry[string, entry], _ entry) time.Duration {
	if e.Value.ttl == 0 {
		return e.ExpiresAfter()
	}
	return e.Value.ttl
}

func (lifetime) ExpireAfterRead(e otter.Entry[string, entry]) time.Duration { return e.ExpiresAfter() }

// Get implements Store.
func (m *Memory) Get(_ context.Context, key string) (string, bool, error) {
	e, ok := m.values.GetIfPresent(key)
	return e.value, ok, nil
}

// Set implements Store.
func (m *Memory) Set(_ context.Context, key, value string, ttl time.Duration) error {
	if ttl <= 0 {
		return errLifetime
	}
	m.values.Set(key, entry{value, ttl})
	return nil
}

// SetNX implements Store.
func (m *Memory) SetNX(_ context.Context, key, value string, ttl time.Duration) (bool, error) {
	if ttl <= 0 {
		return false, errLifetime
	}
	_, set := m.values.SetIfAbsent(key, entry{value, ttl})
	return set, nil
}

// Incr implements Store; a value that is no number is an error.
func (m *Memory) Incr(_ context.Context, key string, ttl time.Duration) (sum int64, err error) {
	if ttl <= 0 {
		return 0, errLifetime
	}
	m.values.Compute(key, func(old entry, found bool) (entry, otter.ComputeOp) {
		if !found {
			sum = 1
			return entry{"1", ttl}, otter.WriteOp
		}
		if sum, err = strconv.ParseInt(old.value, 10, 64); err != nil {
			sum, err = 0, fmt.Errorf("kv: %q does not hold a number", key)
			return old, otter.CancelOp
		}
		sum++
		return entry{value: strconv.FormatInt(sum, 10)}, otter.WriteOp
	})
	return sum, err
}

// Del implements Store.
func (m *Memory) Del(_ context.Context, keys ...string) error {
	for _, key := range keys {
		m.values.Invalidate(key)
	}
	return nil
}

// Lock implements Store.
func (m *Memory) Lock(ctx context.Context, key string, ttl time.Duration) (func(), error) {
	if ttl <= 0 {
		return nil, errLifetime
	}
	for {
		if ctx.Err() != nil {
			return nil, ErrLocked
		}
		mine, other := m.take(key, ttl)
		if mine != nil {
			return func() { m.free(key, mine) }, nil
		}
		select {
		case <-other.freed:
		case <-ctx.Done():
		}
	}
}

// take gives a new holding of the key, or else the one that stands.
func (m *Memory) take(key string, ttl time.Duration) (mine, other *hold) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if other = m.locks[key]; other != nil {
		return nil, other
	}
	mine = &hold{freed: make(chan struct{})}
	mine.timer = time.AfterFunc(ttl, func() { m.free(key, mine) })
	m.locks[key] = mine
	return mine, nil
}

// free ends a holding unless it has ended already.
func (m *Memory) free(key string, h *hold) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locks[key] != h {
		return
	}
	delete(m.locks, key)
	close(h.freed)
	h.timer.Stop()
}

// Ping implements Store; it never fails.
func (m *Memory) Ping(context.Context) error { return nil }

// Close implements Store.
func (m *Memory) Close() error {
	m.values.StopAllGoroutines()
	return nil
}
