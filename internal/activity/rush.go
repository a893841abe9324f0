package activity

import (
	"context"
	"sync"

	"fenlin/internal/member"
)

// rush lets those who ask for the same activity be answered together: while one
// transaction is on its way to the disk the others gather for the next. Each is
// answered after the commit. Nothing is kept here that a crash could lose.
type rush struct {
	mu    sync.Mutex
	lines map[int64][]*asking // by activity; there = somebody serves it
}

// asking is one person who wants a seat.
type asking struct {
	person member.Person
	choice Choice
	got    SignUp
	fresh  bool // made by this very request
	err    error
	done   chan struct{}
}

// rushMost is how many are seated in one transaction.
const rushMost = 400

// stand waits in the line of an activity until the answer is durable.
func (s *Service) stand(ctx context.Context, a *asking) error {
	id := a.choice.Activity
	a.done = make(chan struct{})
	s.rush.mu.Lock()
	line, served := s.rush.lines[id]
	if s.rush.lines == nil {
		s.rush.lines = map[int64][]*asking{}
	}
	s.rush.lines[id] = append(line, a)
	s.rush.mu.Unlock()
	if !served {
		go s.serve(context.WithoutCancel(ctx), id)
	}
	select {
	case <-a.done:
		return a.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// serve answers those who wait for an activity until nobody is left.
func (s *Service) serve(ctx context.Context, id int64) {
	for {
		s.rush.mu.Lock()
		line := s.rush.lines[id]
		if len(line) == 0 {
			delete(s.rush.lines, id)
			s.rush.mu.Unlock()
			return
		}
		some := line[:min(len(line), rushMost)]
		s.rush.lines[id] = line[len(some):]
		s.rush.mu.Unlock()
		err := s.admit(ctx, id, some)
		for _, a := range some {
			if err != nil {
				a.err = err
			}
			close(a.done)
		}
	}
}
