package wechat

import (
	"context"
	"errors"
	"sync"
	"time"

	"fenlin/internal/kv"
)

const (
	// patience is how long a message may take. WeChat hangs up after 5 s.
	patience = 4500 * time.Millisecond
	// senderLock outlives what it guards, and ends when WeChat's retry comes:
	// after a crash in the middle that is handled anew.
	senderLock = 5 * time.Second
	// keepReply is longer than WeChat retries and than a callback stays fresh.
	keepReply = 20 * time.Minute
)

// Inbox takes each message once and keeps its first reply for WeChat's
// retries, and takes one sender's messages one at a time, over all replicas
// that share the store. Without the store it still keeps the order within this
// process; then the unique key of what a message causes has the last word.
type Inbox struct {
	Store kv.Store

	mu      sync.Mutex
	senders map[string]*sender
}

// taken says how a message went through the inbox.
type taken struct {
	repeated bool // its first reply was given again
	degraded bool // the store did not do its part
}

// once gives the answer kept under key, or else makes it by handle and keeps
// it. Nothing is kept of an error: the retry is handled anew.
func (b *Inbox) once(ctx context.Context, from, key string, handle func(context.Context) (string, error)) (answer string, t taken, err error) {
	leave, err := b.turn(ctx, from)
	if err != nil {
		return "", t, err
	}
	defer leave()
	unlock, err := b.Store.Lock(ctx, "wx:from:"+from, senderLock)
	switch {
	case errors.Is(err, kv.ErrLocked):
		return "", t, err
	case err != nil:
		t.degraded = true
		answer, err = handle(ctx)
		return answer, t, err
	}
	defer unlock()
	answer, kept, err := b.Store.Get(ctx, key)
	if kept && err == nil {
		t.repeated = true
		return answer, t, nil
	}
	t.degraded = err != nil
	answer, err = handle(ctx)
	if err != nil {
		return "", t, err
	}
	// What happened must be kept although the time is up.
	if err := b.Store.Set(context.WithoutCancel(ctx), key, answer, keepReply); err != nil {
		t.degraded = true
	}
	return answer, t, nil
}

// sender is the queue of one person's messages in this process.
type sender struct {
	turn  chan struct{}
	count int // in the queue, the one whose turn it is too
}

// turn waits until it is this message's turn, in the order of arrival.
func (b *Inbox) turn(ctx context.Context, from string) (leave func(), err error) {
	b.mu.Lock()
	s := b.senders[from]
	if s == nil {
		if b.senders == nil {
			b.senders = map[string]*sender{}
		}
		s = &sender{turn: make(chan struct{}, 1)}
		b.senders[from] = s
	}
	s.count++
	b.mu.Unlock()
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn; b.left(from, s) }, nil
	case <-ctx.Done():
		b.left(from, s)
		return nil, ctx.Err()
	}
}

func (b *Inbox) left(from string, s *sender) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.count--; s.count == 0 {
		delete(b.senders, from)
	}
}
