package blob

import (
	"context"
	"errors"
	"maps"
	"sync"
)

// Counted is a Store that counts what it is asked.
type Counted struct {
	Store

	mu     sync.Mutex
	counts map[Count]int64
}

// Count is one kind of request: put, get or delete, and ok, absent or failed.
type Count struct{ Does, Outcome string }

// Counts is how many there were since the start.
func (c *Counted) Counts() map[Count]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}

// Put implements Store.
func (c *Counted) Put(ctx context.Context, id int64, content []byte) error {
	return c.count("put", c.Store.Put(ctx, id, content))
}

// Get implements Store.
func (c *Counted) Get(ctx context.Context, id int64) ([]byte, error) {
	content, err := c.Store.Get(ctx, id)
	return content, c.count("get", err)
}

// Delete implements Store.
func (c *Counted) Delete(ctx context.Context, id int64) error {
	return c.count("delete", c.Store.Delete(ctx, id))
}

func (c *Counted) count(does string, err error) error {
	outcome := "ok"
	switch {
	case errors.Is(err, ErrAbsent):
		outcome = "absent"
	case err != nil:
		outcome = "failed"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[Count]int64{}
	}
	c.counts[Count{does, outcome}]++
	return err
}
