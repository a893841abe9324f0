package activity

import (
	"context"
	"errors"
	"sync"

	"gorm.io/gorm"
)

// rush puts those who wait for the same row into one transaction: while one is
// on its way to the disk the others gather for the next. Each is answered after
// the commit. Nothing is kept here that a crash could lose.
type rush struct {
	mu    sync.Mutex
	lines map[int64][]*asking // by slot; there = somebody serves it
}

// asking is one person who wants a seat.
type asking struct {
	person int64
	ofAge  bool
	got    SignUp
	fresh  bool // made by this very request
	err    error
	done   chan struct{}
}

// rushMost is how many are seated in one transaction.
const rushMost = 400

// stand waits in the line of a slot until the answer is durable.
func (s *Service) stand(ctx context.Context, slot int64, a *asking) error {
	a.done = make(chan struct{})
	s.rush.mu.Lock()
	line, served := s.rush.lines[slot]
	if s.rush.lines == nil {
		s.rush.lines = map[int64][]*asking{}
	}
	s.rush.lines[slot] = append(line, a)
	s.rush.mu.Unlock()
	if !served {
		go s.serve(context.WithoutCancel(ctx), slot)
	}
	select {
	case <-a.done:
		return a.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serve seats those who wait for a slot until nobody is left.
func (s *Service) serve(ctx context.Context, slot int64) {
	for {
		s.rush.mu.Lock()
		line := s.rush.lines[slot]
		if len(line) == 0 {
			delete(s.rush.lines, slot)
			s.rush.mu.Unlock()
			return
		}
		some := line[:min(len(line), rushMost)]
		s.rush.lines[slot] = line[len(some):]
		s.rush.mu.Unlock()
		err := s.seat(ctx, slot, some)
		alone := errors.Is(err, gorm.ErrDuplicatedKey) // one of them signed up for another slot at this moment
		for _, a := range some {
			if alone {
				err = s.seat(ctx, slot, []*asking{a})
			}
			if err != nil {
				a.err = err
			}
			close(a.done)
		}
	}
}
