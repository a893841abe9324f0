package web

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"fenlin/internal/errs"
)

// patience is how long somebody waits for a seat. WeChat gives up after 5 s,
// and what gets a seat needs the rest for its work.
const patience = 2 * time.Second

// errCrowded is told to whom there was no seat for; nothing was done.
var errCrowded = errs.New(errs.Unavailable, "crowded", "现在使用的人很多，请过一会儿再试")

// room has so many seats. Whoever finds none waits for a moment in the order of
// coming and is then asked to come back, so that what is begun is finished soon
// however many come.
type room struct {
	seats  *semaphore.Weighted
	turned atomic.Uint64 // away
}

func newRoom(seats int) *room { return &room{seats: semaphore.NewWeighted(int64(seats))} }

// with does work on a seat, or returns errCrowded without having begun it.
func (r *room) with(ctx context.Context, work func() error) error {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := r.seats.Acquire(waiting, 1); err != nil {
		if ctx.Err() != nil { // the caller went away
			return ctx.Err()
		}
		r.turned.Add(1)
		return errCrowded
	}
	defer r.seats.Release(1)
	return work()
}
