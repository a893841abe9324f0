package kv_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fenlin/internal/kv"
)

// Every behaviour holds on every store.
func TestStore(t *testing.T) {
	stores := map[string]func(*testing.T) kv.Store{
		"memory":    func(*testing.T) kv.Store { return kv.NewMemory() },
		"miniredis": func(t *testing.T) kv.Store { return open(t, "redis://"+mini(t)) },
	}
	if address := os.Getenv("FENLIN_TEST_REDIS"); address != "" {
		stores["redis"] = func(t *testing.T) kv.Store { return open(t, address) }
	}
	behaviours := map[string]func(*testing.T, kv.Store){
		"ping answers":                        ping,
		"set, get, delete":                    setGetDelete,
		"a value leaves after its lifetime":   valueLeaves,
		"set begins a new lifetime":           setRenews,
		"no lifetime is refused":              lifetimeRefused,
		"set-if-free has one winner of 64":    oneWinner,
		"incr counts every one of 64":         incrCounts,
		"incr's lifetime starts at the first": incrLifetime,
		"incr on a word is refused":           incrWord,
		"lock lets in one at a time":          lockExcludes,
		"lock waits no longer than ctx":       lockHonoursContext,
		"lock ends after its lifetime":        lockEnds,
		"a lock and a value do not meet":      lockApart,
	}
	for name, newStore := range stores {
		t.Run(name, func(t *testing.T) {
			for behaviour, check := range behaviours {
				t.Run(behaviour, func(t *testing.T) {
					t.Parallel()
					s := newStore(t)
					t.Cleanup(func() {
						if err := s.Close(); err != nil {
							t.Error(err)
						}
					})
					check(t, s)
				})
			}
		})
	}
}

func ping(t *testing.T, s kv.Store) {
	must(t, s.Ping(t.Context()))
}

func setGetDelete(t *testing.T, s kv.Store) {
	a, b := key(), key()
	absent(t, s, a)
	must(t, s.Set(t.Context(), a, "一", time.Hour))
	holds(t, s, a, "一")
	must(t, s.Set(t.Context(), a, "", time.Hour))
	holds(t, s, a, "")
	must(t, s.Set(t.Context(), b, "2", time.Hour))
	must(t, s.Del(t.Context(), a, b, key()))
	absent(t, s, a)
	absent(t, s, b)
	must(t, s.Del(t.Context()))
}

func valueLeaves(t *testing.T, s kv.Store) {
	short, long, taken := key(), key(), key()
	must(t, s.Set(t.Context(), long, "stays", time.Hour))
	must(t, s.Set(t.Context(), short, "goes", 20*time.Millisecond))
	won, err := s.SetNX(t.Context(), taken, "first", 20*time.Millisecond)
	if !won || err != nil {
		t.Fatalf("SetNX of a free key: %v, %v", won, err)
	}
	leaves(t, s, short)
	leaves(t, s, taken)
	holds(t, s, long, "stays")
	if won, err = s.SetNX(t.Context(), taken, "second", time.Hour); !won || err != nil {
		t.Errorf("SetNX of a key that has left: %v, %v", won, err)
	}
	holds(t, s, taken, "second")
}

func setRenews(t *testing.T, s kv.Store) {
	k, marker := key(), key()
	must(t, s.Set(t.Context(), k, "1", 20*time.Millisecond))
	must(t, s.Set(t.Context(), k, "2", time.Hour))
	must(t, s.Set(t.Context(), marker, "", 40*time.Millisecond))
	leaves(t, s, marker)
	holds(t, s, k, "2")
	must(t, s.Set(t.Context(), k, "3", 20*time.Millisecond))
	leaves(t, s, k)
}

func lifetimeRefused(t *testing.T, s kv.Store) {
	k := key()
	for _, ttl := range []time.Duration{0, -1, -time.Hour} {
		_, errNX := s.SetNX(t.Context(), k, "", ttl)
		_, errIncr := s.Incr(t.Context(), k, ttl)
		_, errLock := s.Lock(t.Context(), k, ttl)
		for call, err := range map[string]error{"Set": s.Set(t.Context(), k, "", ttl), "SetNX": errNX, "Incr": errIncr, "Lock": errLock} {
			if err == nil {
				t.Errorf("%s took a lifetime of %v", call, ttl)
			}
		}
	}
	absent(t, s, k)
}

func oneWinner(t *testing.T, s kv.Store) {
	k := key()
	var winners atomic.Int32
	var winner atomic.Value
	together(64, func(i int) {
		me := strconv.Itoa(i)
		won, err := s.SetNX(t.Context(), k, me, time.Hour)
		if err != nil {
			t.Error(err)
		}
		if won {
			winners.Add(1)
			winner.Store(me)
		}
	})
	if winners.Load() != 1 {
		t.Fatalf("%d winners", winners.Load())
	}
	holds(t, s, k, winner.Load().(string))
}

func incrCounts(t *testing.T, s kv.Store) {
	k := key()
	var seen sync.Map
	together(64, func(int) {
		n, err := s.Incr(t.Context(), k, time.Hour)
		if err != nil {
			t.Error(err)
		}
		if _, twice := seen.LoadOrStore(n, true); twice {
			t.Errorf("%d was given twice", n)
		}
	})
	holds(t, s, k, "64")
}

func incrLifetime(t *testing.T, s kv.Store) {
	k, marker := key(), key()
	incr(t, s, k, time.Hour)
	incr(t, s, k, 10*time.Millisecond)
	must(t, s.Set(t.Context(), marker, "", 20*time.Millisecond))
	leaves(t, s, marker)
	if n := incr(t, s, k, time.Hour); n != 3 {
		t.Errorf("a later, shorter lifetime took effect: the third sum is %d", n)
	}

	k = key()
	incr(t, s, k, 30*time.Millisecond)
	eventually(t, "a later, longer lifetime took effect: the count never starts anew", func() bool {
		return incr(t, s, k, time.Hour) == 1
	})
}

func incrWord(t *testing.T, s kv.Store) {
	k := key()
	must(t, s.Set(t.Context(), k, "word", time.Hour))
	if n, err := s.Incr(t.Context(), k, time.Hour); err == nil {
		t.Errorf("a word was counted: %d", n)
	}
	holds(t, s, k, "word")
}

func lockExcludes(t *testing.T, s kv.Store) {
	k := key()
	var inside atomic.Int32
	entered := 0 // guarded by the lock alone: the race detector watches too
	together(16, func(int) {
		for range 4 {
			unlock, err := s.Lock(t.Context(), k, time.Hour)
			if err != nil {
				t.Error(err)
				return
			}
			if inside.Add(1) != 1 {
				t.Error("two are inside")
			}
			entered++
			inside.Add(-1)
			unlock()
		}
	})
	if entered != 64 {
		t.Errorf("%d of 64 came in", entered)
	}
}

func lockHonoursContext(t *testing.T, s kv.Store) {
	k := key()
	unlock, err := s.Lock(t.Context(), k, time.Hour)
	must(t, err)
	other, err := s.Lock(t.Context(), key(), time.Hour) // another key is free
	must(t, err)
	other()
	locked(t, s, k)

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = s.Lock(gone, key(), time.Hour); !errors.Is(err, kv.ErrLocked) {
		t.Errorf("a lock for one who has left: %v", err)
	}

	unlock()
	unlock() // a second time does nothing
	again, err := s.Lock(t.Context(), k, time.Hour)
	must(t, err)
	unlock() // nor does it now that another holds it
	locked(t, s, k)
	again()
}

func lockEnds(t *testing.T, s kv.Store) {
	k := key()
	late, err := s.Lock(t.Context(), k, 20*time.Millisecond)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	next, err := s.Lock(ctx, k, time.Hour)
	must(t, err)
	late() // its time is over: the lock is another's
	locked(t, s, k)
	next()
	last, err := s.Lock(ctx, k, time.Hour)
	must(t, err)
	last()
}

func lockApart(t *testing.T, s kv.Store) {
	k := key()
	must(t, s.Set(t.Context(), k, "value", time.Hour))
	unlock, err := s.Lock(t.Context(), k, time.Hour)
	must(t, err)
	holds(t, s, k, "value")
	must(t, s.Del(t.Context(), k))
	locked(t, s, k)
	unlock()
}

func TestNewRedis_ReadsItsAddress(t *testing.T) {
	for address, ok := range map[string]bool{
		"redis://127.0.0.1:1/0":              true, // nobody there: starting is not refused
		"redis://127.0.0.1":                  true,
		"redis://[::1]:1,[::2]/0":            true,
		"redis://u:p@a:1,b:2,c/0":            true,
		"rediss://a:1,b:2":                   true,
		"":                                   false,
		"127.0.0.1:6379":                     false,
		"http://127.0.0.1:6379":              false,
		"unix:///tmp/redis.sock":             false,
		"redis://127.0.0.1:port/0":           false,
		"redis://127.0.0.1/zero":             false,
		"redis://a:1,b:2/1":                  false,
		"redis://127.0.0.1/0?max_retries=3":  false,
		"redis://u:s3cret@127.0.0.1:port/0":  false,
		"redis://u:s3cret@127.0.0.1:1/0/1":   false,
		"redis://u:s3cret%@127.0.0.1:6379/0": false,
	} {
		s, err := kv.NewRedis(t.Context(), address)
		if (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
		if err == nil {
			must(t, s.Close())
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the password is told: %v", err)
		}
	}
}

func TestRedis_AwayIsAnError(t *testing.T) {
	address := mini(t)
	s := open(t, "redis://"+address)
	must(t, s.Set(t.Context(), "k", "v", time.Hour))
	s = open(t, "redis://127.0.0.1:1")
	_, _, errGet := s.Get(t.Context(), "k")
	_, errNX := s.SetNX(t.Context(), "k", "", time.Hour)
	_, errIncr := s.Incr(t.Context(), "k", time.Hour)
	_, errLock := s.Lock(t.Context(), "k", time.Hour)
	for call, err := range map[string]error{
		"Ping": s.Ping(t.Context()), "Get": errGet, "Set": s.Set(t.Context(), "k", "", time.Hour),
		"SetNX": errNX, "Incr": errIncr, "Del": s.Del(t.Context(), "k"), "Lock": errLock,
	} {
		if err == nil || errors.Is(err, kv.ErrLocked) {
			t.Errorf("%s without Redis: %v", call, err)
		}
	}
	must(t, s.Close())
}

func BenchmarkMemory(b *testing.B) {
	s := kv.NewMemory()
	defer func() { _ = s.Close() }()
	var n atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			k := "reply:oAbCdEfGhIjKlMnOpQrStUvWxYz0:" + strconv.FormatInt(n.Add(1), 10)
			if won, _ := s.SetNX(b.Context(), k, "pending", time.Minute); !won {
				b.Error("taken")
			}
			if _, ok, _ := s.Get(b.Context(), k); !ok {
				b.Error("lost")
			}
		}
	})
}

func BenchmarkMemoryLock(b *testing.B) {
	s := kv.NewMemory()
	defer func() { _ = s.Close() }()
	b.ReportAllocs()
	for b.Loop() {
		unlock, err := s.Lock(b.Context(), "sender:oAbCdEfGhIjKlMnOpQrStUvWxYz0", time.Minute)
		if err != nil {
			b.Fatal(err)
		}
		unlock()
	}
}
