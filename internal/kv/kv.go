// Package kv holds small shared state that has a lifetime and may be lost:
// dialogs, first replies, locks, limits. Truth is never kept here.
package kv

import (
	"context"
	"errors"
	"time"
)

// ErrLocked is returned by Lock when ctx ended before the lock was free.
var ErrLocked = errors.New("kv: lock is held by another")

// Store is one place of small state. Every value has a lifetime; a ttl ≤ 0 is an error.
// Two stores exist: Redis, shared by replicas, and Memory, for one replica.
type Store interface {
	// Get returns the value and whether there is one.
	Get(ctx context.Context, key string) (value string, ok bool, err error)
	// Set stores value for ttl.
	Set(ctx context.Context, key, value string, ttl time.Duration) error
	// SetNX stores value for ttl if the key is free, and says whether it did.
	SetNX(ctx context.Context, key, value string, ttl time.Duration) (bool, error)
	// Incr adds one and returns the sum; the lifetime starts with the first.
	Incr(ctx context.Context, key string, ttl time.Duration) (int64, error)
	// Del removes keys; a missing key is no error.
	Del(ctx context.Context, keys ...string) error
	// Lock waits until the key is free or ctx ends (ErrLocked), holds it for at
	// most ttl, and returns what frees it. Freeing never frees another's lock.
	Lock(ctx context.Context, key string, ttl time.Duration) (unlock func(), err error)
	// Ping says whether the store answers.
	Ping(ctx context.Context) error
	// Close releases connections.
	Close() error
}
