package ticket

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"fenlin/internal/org"
	"fenlin/internal/routing"
)

// Clock is one of the three of a ticket. What sets one says so in its event, so
// that every clock can be worked out from the log.
type Clock string

// The clocks.
const (
	ResponseClock     Clock = "response"     // until the reporter was contacted
	FinishClock       Clock = "finish"       // until the work is done; it stands while suspended or while the reporter is asked
	ConfirmationClock Clock = "confirmation" // until silence counts as consent
)

// ring is a moment at which a clock speaks up; the zero ring is none.
type ring struct {
	clock Clock
	late  bool // its time is over; else most of it
	at    int64
}

// ring is the next of the ticket's clocks to speak up. A clock that stands, and
// one whose work is done, is silent.
func (t Ticket) ring() ring {
	var next ring
	hear := func(c Clock, late bool, at int64) {
		if at != 0 && (next.at == 0 || at < next.at) {
			next = ring{c, late, at}
		}
	}
	switch {
	case t.State == Finished:
		hear(ConfirmationClock, false, t.ConfirmWarn)
	case t.State.Open() && t.PausedAt == 0:
		if t.ContactedAt == 0 {
			hear(ResponseClock, false, t.RespondWarn)
			hear(ResponseClock, true, t.RespondLate)
		}
		hear(FinishClock, false, t.DueWarn)
		hear(FinishClock, true, t.DueLate)
	}
	return next
}

// run sets the response and finish clocks going.
func (t *Ticket) run(r routed) {
	t.RespondBy, t.RespondWarn, t.RespondLate = r.respondBy, r.respondWarn, r.respondBy
	t.DueAt, t.DueWarn, t.DueLate = r.dueAt, r.dueWarn, r.dueAt
	t.ToldPost = 0
}

// Waiting says that the finish clock stands because the reporter was asked.
func (t Ticket) Waiting() bool { return t.PausedAt > 0 && t.State != Suspended }

// grade is the ticket's; one that the rules no longer have is taken for the strictest.
func (r *Rules) grade(code string) routing.Grade {
	if g, ok := r.Routes.Grade(code); ok {
		return g
	}
	return r.Routes.Grades()[0]
}

// warnAt is when the finish clock warns that runs from now to a moment.
func (c *change) warnAt(until int64) int64 {
	working := c.rules.grade(c.t.Grade).Working
	return c.rules.Routes.Clocks().WarnAt(c.rules.Calendar, c.now, time.UnixMilli(until), working).UnixMilli()
}

// stand stops the finish clock, at the latest until a moment.
func (c *change) stand(until int64) {
	c.next.PausedAt, c.next.PausedUntil = c.now.UnixMilli(), until
	c.detail.Until = until
	c.timer = &Timer{TicketID: c.t.ID, Action: Resume, At: until}
}

// goOn has the clocks go on that stand: what was left of them is left still.
func (c *change) goOn() {
	n := &c.next
	if n.PausedAt == 0 {
		return
	}
	since, working := time.UnixMilli(n.PausedAt), c.rules.grade(c.t.Grade).Working
	stood := []*int64{&n.DueAt, &n.DueWarn, &n.DueLate}
	if n.ContactedAt == 0 {
		stood = append(stood, &n.RespondBy, &n.RespondWarn, &n.RespondLate)
	}
	for _, at := range stood {
		if *at > n.PausedAt {
			left := c.rules.Calendar.Between(since, time.UnixMilli(*at), working)
			*at = c.rules.Calendar.Add(c.now, left, working).UnixMilli()
		}
	}
	n.PausedAt, n.PausedUntil = 0, 0
}

// prolong puts the finish off to a moment that was granted.
func (c *change) prolong(until int64) {
	c.goOn()
	c.next.DueAt, c.next.DueWarn, c.next.DueLate, c.next.ToldPost = until, c.warnAt(until), until, 0
}

// doWait asks the reporter: the finish clock stands until they say anything,
// the handler goes on, or the wait is over.
func doWait(c *change) error {
	k := c.rules.Routes.Clocks()
	switch {
	case c.in.Note == "":
		return ErrInvalid.At(string(FieldNote), "请写明要居民答复什么")
	case c.t.Pending != "" || c.t.PausedAt != 0:
		return ErrInvalid.At(string(FieldWait), "现在不能再等答复：已经在等，或有申请等待裁定")
	case c.t.DueAt <= c.now.UnixMilli():
		return ErrInvalid.At(string(FieldWait), "已经超过办结时限，不能再停止计时")
	case c.t.Waits >= k.Waits:
		return ErrInvalid.At(string(FieldWait), "等居民答复的次数已用完，请继续办理")
	}
	c.next.Waits++
	c.detail.Waiting = true
	c.stand(k.WaitBy(c.rules.Calendar, c.now).UnixMilli())
	return nil
}

// Conditions of the clock's own rows.

func warning(s *situation) bool { r := s.t.ring(); return r.due(s.now) && !r.late }
func late(s *situation) bool    { r := s.t.ring(); return r.due(s.now) && r.late }
func waiting(s *situation) bool { return s.t.Waiting() }

func (r ring) due(now time.Time) bool { return r.at != 0 && r.at <= now.UnixMilli() }

// doWarn says that most of a clock's time has passed.
func doWarn(c *change) error {
	c.detail.Clock, c.detail.To, c.detail.ToTitle = c.t.ring().clock, c.t.LeadPost, c.lead().Title
	switch c.detail.Clock {
	case ResponseClock:
		c.next.RespondWarn, c.in.Note = 0, "联系时限将到"
	case FinishClock:
		c.next.DueWarn, c.in.Note = 0, "办结时限将到"
	case ConfirmationClock:
		c.next.ConfirmWarn, c.in.Note = 0, "请报事人确认是否解决"
		c.detail.To, c.detail.ToTitle = 0, ""
	}
	return nil
}

// doLate reports a clock whose time is over to the next one above; what nobody
// has accepted in time goes there. Each has as long as the ticket's grade gives
// for an answer, then the one above is told. At the top the city watches it.
func doLate(c *change) error {
	clock := c.t.ring().clock
	c.detail.Clock, c.detail.Posts = clock, []int64{c.t.LeadPost}
	missed := map[Clock]string{ResponseClock: "超过联系时限", FinishClock: "超过办结时限"}[clock]
	up := c.over(max(c.lead().Role.Rank(), c.posts[c.t.ToldPost].Role.Rank()))
	again := c.answer().UnixMilli()
	switch {
	case up.ID == 0:
		again, c.next.Watched = 0, true
		c.in.Note = missed + "，已列入市级关注"
	case clock == ResponseClock && c.t.AcceptedAt == 0 && c.t.Pending == "" && slices.Contains(atDesk, c.t.State):
		c.next.ToldPost = up.ID
		c.hand(up)
		c.detail.Handed = true
		c.in.Note = missed + "无人签收，转由" + up.Title + "办理"
	default:
		c.next.ToldPost = up.ID
		c.detail.To, c.detail.ToTitle = up.ID, up.Title
		c.in.Note = missed + "，已报" + up.Title + "督办"
	}
	if clock == ResponseClock {
		c.next.RespondLate = again
	} else {
		c.next.DueLate = again
	}
	return nil
}

// ringBatch is how many tickets Ring reads at once, ringers how many of them it takes side by side.
const (
	ringBatch = 200
	ringers   = 8
)

// Ring has every clock speak up whose moment has come, and tells how many did.
// Any number of replicas may do it at the same moment, and stop at any: the
// moment and the event that says it change together, and only once.
func (s *Service) Ring(ctx context.Context) (int, error) {
	var rung atomic.Int64
	now := s.Now().UnixMilli()
	for at, after := int64(1), int64(0); ctx.Err() == nil; {
		var found []Ticket
		err := s.DB.Read(ctx).Raw("SELECT * FROM tickets WHERE alarm_at >= ? AND alarm_at <= ? AND (alarm_at > ? OR id > ?) ORDER BY alarm_at, id LIMIT ?",
			at, now, at, after, ringBatch).Scan(&found).Error
		if err != nil || len(found) == 0 {
			return int(rung.Load()), err
		}
		last := found[len(found)-1]
		at, after = last.AlarmAt, last.ID
		var group errgroup.Group
		group.SetLimit(ringers)
		for _, t := range found {
			group.Go(func() error {
				switch err := s.speak(ctx, t); {
				case err == nil:
					rung.Add(1)
				case errors.Is(err, ErrNotAllowed), errors.Is(err, ErrStale), ctx.Err() != nil: // another replica was faster, or the ticket went on
				default:
					slog.ErrorContext(ctx, "a clock could not speak up", "ticket", t.Number, "error", err)
				}
				return nil
			})
		}
		_ = group.Wait()
	}
	return int(rung.Load()), ctx.Err()
}

// speak is what the next clock of a ticket says.
func (s *Service) speak(ctx context.Context, t Ticket) error {
	in := Input{Action: Urge}
	if t.ring().late {
		in.Action = Escalate
	}
	_, err := s.act(ctx, org.Actor{}, system, in, func() (Ticket, error) { return s.byID(ctx, t.ID) })
	return err
}
