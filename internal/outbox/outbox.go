// Package outbox keeps work that must follow a commit: events are added in the
// caller's own transaction and handled at least once, each by one worker at a
// time, until the handler succeeds, cancels, or has failed too often.
package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"fenlin/internal/db"
)

// The states of an event.
const (
	Ready = "ready" // waits for RunAt
	Done  = "done"
	Dead  = "dead" // given up; an operator sees it
)

// Lanes is how many lanes one replica handles side by side.
const Lanes = 8

const (
	batch       = 100
	lease       = 30 * time.Second // a worker that died holds its events no longer
	patience    = 10 * time.Second // for one event
	begun       = 6 * time.Second  // what is left of it for begun work when asked to stop
	maxAttempts = 12               // with the backoff below: about a day
)

// Event is a piece of work. Key makes it unique: adding it again does nothing.
// Due events of one lane (a ticket, a person) are handled in their order.
type Event struct {
	ID       int64
	Topic    string
	Key      string `gorm:"column:event_key"`
	Lane     int64
	Payload  string // JSON
	State    string
	RunAt    int64
	Attempts int

	Lease     string
	LastError string
	CreatedAt int64
}

// TableName is gorm's.
func (Event) TableName() string { return "outbox" }

// Decode reads the payload.
func (e Event) Decode(into any) error {
	if err := json.Unmarshal([]byte(e.Payload), into); err != nil {
		return Cancel(fmt.Errorf("payload of %s: %w", e.Key, err))
	}
	return nil
}

// New makes an event with a payload that is stored as JSON.
func New(topic, key string, lane int64, payload any, runAt time.Time) Event {
	b, err := json.Marshal(payload)
	if err != nil {
		panic("outbox: payload of " + topic + " is not JSON: " + err.Error()) // a type of ours
	}
	return Event{Topic: topic, Key: key, Lane: lane, Payload: string(b), RunAt: runAt.UnixMilli()}
}

// Handler does the work of one topic; it may run again after a crash.
type Handler func(ctx context.Context, e Event) error

// Cancel wraps an error that no other try can mend: the event is dead at once.
func Cancel(err error) error { return &cancelled{err} }

type cancelled struct{ error }

func (c *cancelled) Unwrap() error { return c.error }

// Snooze makes a handler run again after d without counting an attempt.
func Snooze(d time.Duration) error { return snooze(d) }

type snooze time.Duration

func (s snooze) Error() string { return "snoozed for " + time.Duration(s).String() }

// Outbox adds events and works through them.
type Outbox struct {
	DB       *db.DB
	Now      func() time.Time
	Handlers map[string]Handler // by topic; set before Run
	Slow     map[string]Handler // by topic: work of minutes, one at a time beside the others; set before Run
	Poll     time.Duration      // how often other replicas' and delayed events are looked for; 0: 1 s

	wake, wakeSlow chan struct{}
}

// Open makes an outbox.
func Open(d *db.DB, now func() time.Time) *Outbox {
	return &Outbox{DB: d, Now: now, Handlers: map[string]Handler{}, Slow: map[string]Handler{}, wake: make(chan struct{}, 1), wakeSlow: make(chan struct{}, 1)}
}

// Add puts events into the caller's transaction. Call Wake after the commit.
func (o *Outbox) Add(tx *gorm.DB, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	now := o.Now().UnixMilli()
	for i := range events {
		events[i].ID, events[i].State, events[i].CreatedAt = o.DB.NewID(), Ready, now
	}
	return tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "event_key"}}, DoNothing: true}).Create(&events).Error
}

// Wake tells this replica's worker that there is work now.
func (o *Outbox) Wake() {
	for _, wake := range []chan struct{}{o.wake, o.wakeSlow} {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// Run works until ctx ends and what it holds is handled.
func (o *Outbox) Run(ctx context.Context) {
	poll := o.Poll
	if poll == 0 {
		poll = time.Second
	}
	var group errgroup.Group
	defer func() { _ = group.Wait() }()
	if len(o.Slow) > 0 {
		group.Go(func() error { o.runSlow(ctx, poll); return nil })
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	last := time.UnixMilli(math.MaxInt64) // the clock may have been set back while nobody worked
	for {
		if now := o.Now(); now.Before(last.Add(-clockSlack)) {
			if err := o.SetBack(ctx); err != nil && ctx.Err() == nil {
				slog.ErrorContext(ctx, "outbox cannot bring forward what was put off by a wrong clock", "error", err)
			} else {
				last = now
			}
		} else {
			last = now
		}
		n, err := o.Work(ctx)
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "outbox cannot work", "error", err)
		}
		if n == batch && err == nil && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-o.wake:
		case <-tick.C:
		}
	}
}

// clockSlack is how far the clocks of replicas may differ.
const clockSlack = time.Minute

// SetBack brings forward what a clock that was ahead has put off: events that
// were added in what is the future now, and those that are held for longer than
// anybody may hold them. Run calls it when it starts and when the clock was set
// back; without it, a notice would wait as long as the clock was wrong.
func (o *Outbox) SetBack(ctx context.Context) error {
	now := o.Now().UnixMilli()
	held, future := now+(lease+clockSlack).Milliseconds(), now+clockSlack.Milliseconds()
	var ids []int64 // first, without a lock: there are mostly none among many timers
	err := o.DB.Read(ctx).Raw("SELECT id FROM outbox WHERE state = ? AND run_at > ? AND (created_at > ? OR lease <> '' AND run_at > ?)", Ready, now, future, held).Scan(&ids).Error
	if err != nil {
		return err
	}
	for some := range slices.Chunk(ids, batch) {
		err := o.DB.Tx(ctx, func(tx *gorm.DB) error {
			err := tx.Exec("UPDATE outbox SET run_at = ? WHERE id IN ? AND state = ? AND lease <> '' AND run_at > ?", now, some, Ready, held).Error
			if err != nil {
				return err
			}
			// MySQL reads created_at as it was, because it is set last.
			return tx.Exec("UPDATE outbox SET run_at = run_at - created_at + ?, created_at = ? WHERE id IN ? AND state = ? AND run_at > ? AND created_at > ?",
				now, now, some, Ready, now, future).Error
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Work handles one batch of what is due and returns how many events it held.
func (o *Outbox) Work(ctx context.Context) (int, error) {
	events, err := o.claim(ctx, "NOT IN", batch)
	if err != nil {
		return 0, err
	}
	byLane := map[int64][]Event{}
	for _, e := range events {
		byLane[e.Lane] = append(byLane[e.Lane], e)
	}
	until := o.Now().Add(lease - patience)
	work, done := outlive(ctx, begun)
	defer done()
	var group errgroup.Group
	group.SetLimit(Lanes)
	for _, lane := range byLane {
		group.Go(func() error {
			for _, e := range lane {
				if ctx.Err() != nil || o.Now().After(until) {
					return nil // the lease runs out, and they are free for the next
				}
				o.handle(work, e)
			}
			return nil
		})
	}
	return len(events), group.Wait()
}

// claim takes a lease on due events by a guarded update, which needs neither
// SKIP LOCKED nor a transaction. A lease that has run out is free again. Of the
// slow topics are those IN or NOT IN them.
func (o *Outbox) claim(ctx context.Context, slow string, limit int) ([]Event, error) {
	now := o.Now()
	topics := append(slices.Collect(maps.Keys(o.Slow)), "") // never an empty list
	var ids []int64
	err := o.DB.Read(ctx).Raw("SELECT id FROM outbox WHERE state = ? AND run_at <= ? AND topic "+slow+" ? ORDER BY run_at, id LIMIT ?",
		Ready, now.UnixMilli(), topics, limit).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	token := strconv.FormatInt(o.DB.NewID(), 36) + "-" + strconv.FormatUint(rand.Uint64(), 36)
	err = o.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE outbox SET lease = ?, attempts = attempts + 1, run_at = ? WHERE id IN ? AND state = ? AND run_at <= ?",
			token, now.Add(lease).UnixMilli(), ids, Ready, now.UnixMilli()).Error
	})
	if err != nil {
		return nil, err
	}
	var events []Event
	err = o.DB.Read(ctx).Where("lease = ? AND state = ?", token, Ready).Order("id").Find(&events).Error
	return events, err
}

func (o *Outbox) handle(ctx context.Context, e Event) {
	h, ok := o.Handlers[e.Topic]
	if !ok {
		o.settle(ctx, e, Cancel(errors.New("nobody handles this topic")))
		return
	}
	work, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := safely(work, h, e)
	if err != nil && ctx.Err() != nil { // cut off by the end, not by its own fault
		err = Snooze(0)
	}
	o.settle(ctx, e, err)
}

// outlive is a context that ends a while after ctx: what was begun is finished
// even when the program is asked to stop, but does not keep it.
func outlive(ctx context.Context, while time.Duration) (longer context.Context, done func()) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(while):
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}

// safely turns a panic of a handler into an error, so that one bad event does not stop the others.
func safely(ctx context.Context, h Handler, e Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return h(ctx, e)
}

// settle writes how it went; only the holder of the lease may.
func (o *Outbox) settle(ctx context.Context, e Event, err error) {
	now := o.Now()
	set := map[string]any{"lease": "", "last_error": ""}
	_, gaveUp := errors.AsType[*cancelled](err)
	pause, snoozed := errors.AsType[snooze](err)
	switch {
	case err == nil:
		set["state"] = Done
	case snoozed:
		set["run_at"], set["attempts"] = now.Add(time.Duration(pause)).UnixMilli(), e.Attempts-1
	case gaveUp || e.Attempts >= maxAttempts:
		set["state"], set["last_error"] = Dead, shorten(err.Error())
		slog.ErrorContext(ctx, "outbox gave up", "topic", e.Topic, "key", e.Key, "error", err)
	default:
		set["run_at"], set["last_error"] = now.Add(backoff(e.Attempts)).UnixMilli(), shorten(err.Error())
		slog.WarnContext(ctx, "outbox will try again", "topic", e.Topic, "key", e.Key, "attempt", e.Attempts, "error", err)
	}
	err = o.DB.Tx(context.WithoutCancel(ctx), func(tx *gorm.DB) error {
		return tx.Model(&Event{}).Where("id = ? AND lease = ?", e.ID, e.Lease).Updates(set).Error
	})
	if err != nil {
		slog.ErrorContext(ctx, "outbox cannot settle", "key", e.Key, "error", err)
	}
}

// backoff is 1 s doubled at each attempt up to 6 h, with a jitter of a quarter.
func backoff(attempts int) time.Duration {
	d := min(time.Second<<min(attempts, 20), 6*time.Hour)
	return d - d/8 + rand.N(d/4)
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 450 {
		return string(r[:450])
	}
	return s
}

// Expire drops events that were done or given up before a moment.
func (o *Outbox) Expire(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, o.DB, x, db.Due[int64]{
		Key: "id", From: "outbox WHERE state IN (?, ?) AND run_at < ?", Args: []any{Done, Dead, x.Before.UnixMilli()},
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB {
			return tx.Exec("DELETE FROM outbox WHERE id IN ? AND state <> ?", ids, Ready)
		},
	})
}

// Depth is how many events wait, and how many were given up.
func (o *Outbox) Depth(ctx context.Context) (ready, dead int64, err error) {
	var rows []struct {
		State string
		N     int64
	}
	err = o.DB.Read(ctx).Raw("SELECT state, COUNT(*) AS n FROM outbox WHERE state IN (?, ?) GROUP BY state", Ready, Dead).Scan(&rows).Error
	for _, r := range rows {
		if r.State == Ready {
			ready = r.N
		} else {
			dead = r.N
		}
	}
	return ready, dead, err
}

// Late is how many events are due and not yet held by any worker, and since when the oldest of them is.
func (o *Outbox) Late(ctx context.Context) (due int64, since time.Duration, err error) {
	now := o.Now()
	var row struct{ N, Oldest int64 }
	err = o.DB.Read(ctx).Raw("SELECT COUNT(*) AS n, COALESCE(MIN(run_at), 0) AS oldest FROM outbox WHERE state = ? AND run_at <= ?", Ready, now.UnixMilli()).Scan(&row).Error
	if row.N > 0 {
		since = now.Sub(time.UnixMilli(row.Oldest))
	}
	return row.N, since, err
}
