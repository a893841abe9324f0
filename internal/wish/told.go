package wish

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/org"
	"fenlin/internal/outbox"
)

// TopicTold is something that people are to be told of a wish; payload: Told.
const TopicTold = "wish.told"

// Letter is what is told; package notify has its words.
type Letter string

// The letters.
const (
	LetterNew       Letter = "wish_new"       // to the desk
	LetterUnchecked Letter = "wish_unchecked" // to the desk and the next level
	LetterPublished Letter = "wish_published"
	LetterDeclined  Letter = "wish_declined"
	LetterClaimed   Letter = "wish_claimed"
	LetterReturned  Letter = "wish_returned" // to the wisher: it is open again
	LetterLapsed    Letter = "wish_lapsed"   // to who claimed it
	LetterRemind    Letter = "wish_remind"
	LetterFulfilled Letter = "wish_fulfilled" // to the wisher: please confirm
	LetterDenied    Letter = "wish_denied"
	LetterThanks    Letter = "wish_thanks" // to who claimed it: it came true
	LetterWithdrawn Letter = "wish_withdrawn"
	LetterClosed    Letter = "wish_closed"
	LetterExpired   Letter = "wish_expired"
	LetterHeld      Letter = "wish_held" // an activity that came from it is over
)

// Told is a letter to some people and to whoever holds some posts.
type Told struct {
	Wish   int64   `json:"wish"`
	Letter Letter  `json:"letter"`
	People []int64 `json:"people,omitempty"`
	Posts  []int64 `json:"posts,omitempty"`
	Note   string  `json:"note,omitempty"`
	Until  int64   `json:"until,omitempty"` // of a claim, or of the time to confirm
}

// tell leaves a letter to the outbox, once for each version of the wish.
func (s *Service) tell(tx *gorm.DB, w Wish, l Letter, people, posts []int64, note string) error {
	people = slices.DeleteFunc(slices.Clone(people), func(p int64) bool { return p == 0 })
	if len(people) == 0 && len(posts) == 0 {
		return nil
	}
	t := Told{Wish: w.ID, Letter: l, People: people, Posts: posts, Note: note, Until: max(w.ClaimUntil, w.ConfirmBy)}
	return s.Outbox.Add(tx, outbox.New(TopicTold, fmt.Sprintf("%s:%d:%d", l, w.ID, w.Version), w.ID, t, s.Now()))
}

// tellWisher tells whose wish it is: of a household's the community that posted it.
func (s *Service) tellWisher(tx *gorm.DB, w Wish, l Letter, note string) error {
	if w.ForWhom == Household {
		return s.tell(tx, w, l, nil, []int64{w.PostID}, note)
	}
	return s.tell(tx, w, l, []int64{w.WisherID}, nil, note)
}

// letters tells of what happened to a wish those who did not do it.
func (s *Service) letters(tx *gorm.DB, before, w Wish, r rule, e Event) error {
	toWisher := func(l Letter) error { return s.tellWisher(tx, w, l, e.Note) }
	toClaimer := func(l Letter) error { return s.tell(tx, w, l, []int64{before.ClaimerID}, nil, e.Note) }
	both := func(l Letter) error {
		if err := toWisher(l); err != nil || before.ClaimerID == 0 {
			return err
		}
		return s.Outbox.Add(tx, outbox.New(TopicTold, fmt.Sprintf("%s:%d:%d:claimer", l, w.ID, w.Version), w.ID, Told{Wish: w.ID, Letter: l, People: []int64{before.ClaimerID}, Note: e.Note}, s.Now()))
	}
	switch r.action {
	case Publish:
		if w.State == Expired {
			return toWisher(LetterExpired)
		}
		if w.ForWhom == Household { // who posted it knows
			return nil
		}
		return toWisher(LetterPublished)
	case Decline:
		return toWisher(LetterDeclined)
	case Claim:
		return toWisher(LetterClaimed)
	case GiveBack:
		if e.ActorID == 0 {
			if err := toClaimer(LetterLapsed); err != nil {
				return err
			}
		}
		if w.State == Expired {
			return toWisher(LetterExpired)
		}
		return toWisher(LetterReturned)
	case Fulfil:
		return toWisher(LetterFulfilled)
	case Deny:
		return toClaimer(LetterDenied)
	case Confirm:
		return toClaimer(LetterThanks)
	case Withdraw:
		return toClaimer(LetterWithdrawn)
	case Close:
		return both(LetterClosed)
	case Expire:
		return toWisher(LetterExpired)
	case Post:
	}
	return nil
}

// deskOf are the posts that look after a wish: the nearest that somebody but
// its wisher holds, and so many levels above.
func (s *Service) deskOf(ctx context.Context, w Wish, above int) ([]int64, error) {
	d, err := s.Org.Desk(ctx, w.OrgID, "")
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, unit := range d.Unit.Chain() {
		var here []int64
		for _, p := range d.Posts {
			if p.OrgID == unit && p.Filled && (org.Actor{Posts: []org.Post{p}}).May(org.ManageWishes, d.Unit.Path) {
				here = append(here, p.ID)
			}
		}
		if len(here) == 0 {
			continue
		}
		holders, err := s.Org.Holders(ctx, here)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(holders, func(p int64) bool { return p != w.WisherID || w.ForWhom == Household }) {
			continue
		}
		out = append(out, here...)
		if above == 0 {
			break
		}
		above--
	}
	return out, nil
}

// Held tells who claimed a wish, and the community, that an activity which came
// from it is over; whether the wish came true they say. ref is the wish's id.
func (s *Service) Held(ctx context.Context, ref, title string) error {
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil {
		return ErrUnknown
	}
	w, err := s.Of(ctx, id)
	if err != nil || w.State.Over() {
		return err
	}
	posts, err := s.deskOf(ctx, w, 0)
	if err != nil {
		return err
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.tell(tx, w, LetterHeld, []int64{w.ClaimerID}, posts, title) })
	s.Outbox.Wake()
	return err
}

// TopicTimer is time that passes for a wish; payload: Timer.
const TopicTimer = "wish.timer"

// moment is what a timer is for.
type moment string

const (
	timeCheck  moment = "check"  // nobody has looked at it yet
	timeExpire moment = "expire" // its time is over
	timeRemind moment = "remind" // a claim is soon over
	timeLapse  moment = "lapse"  // a claim is over
	timeTacit  moment = "tacit"  // silence is a yes
)

// Timer says that something of a wish is due.
type Timer struct {
	Wish int64  `json:"wish"`
	What moment `json:"what"`
	At   int64  `json:"at"`
}

func timer(wish int64, what moment, at int64) outbox.Event {
	return outbox.New(TopicTimer, fmt.Sprintf("wish:%d:%s:%d", wish, what, at), wish, Timer{wish, what, at}, time.UnixMilli(at))
}

func checkEvent(wish int64, now time.Time) outbox.Event {
	return outbox.New(TopicCheck, fmt.Sprintf("wish:%d:content", wish), wish, Check{wish}, now)
}

// timers are those of how a wish stands. One of a time that changed since finds
// another when it rings, and does nothing.
func timers(w Wish, r *Rules) []outbox.Event {
	switch w.State {
	case Claimed:
		return []outbox.Event{timer(w.ID, timeRemind, w.remindAt(r)), timer(w.ID, timeLapse, w.ClaimUntil)}
	case Fulfilled:
		return []outbox.Event{timer(w.ID, timeTacit, w.ConfirmBy)}
	case Submitted, Open, Granted, Declined, Withdrawn, Expired, Closed:
	}
	return nil
}

func (w Wish) remindAt(r *Rules) int64 {
	return w.ClaimUntil - int64(r.RemindHours)*time.Hour.Milliseconds()
}

// Fire does what a timer is for. It may ring twice and late.
func (s *Service) Fire(ctx context.Context, t Timer) error {
	w, err := s.Of(ctx, t.Wish)
	if err != nil {
		return outbox.Cancel(err)
	}
	switch {
	case t.What == timeCheck && w.State == Submitted:
		posts, err := s.deskOf(ctx, w, 1)
		if err != nil {
			return err
		}
		return s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.tell(tx, w, LetterUnchecked, nil, posts, "") })
	case t.What == timeRemind && w.State == Claimed && w.remindAt(s.Rules()) == t.At:
		return s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.tell(tx, w, LetterRemind, []int64{w.ClaimerID}, nil, "") })
	case t.What == timeLapse && w.State == Claimed && w.ClaimUntil == t.At:
		return s.byItself(ctx, w, GiveBack)
	case t.What == timeExpire && (w.State == Submitted || w.State == Open) && w.Until == t.At:
		return s.byItself(ctx, w, Expire)
	case t.What == timeTacit && w.State == Fulfilled && w.ConfirmBy == t.At:
		return s.byItself(ctx, w, Confirm)
	}
	return nil
}

// byItself does what time brings about.
func (s *Service) byItself(ctx context.Context, w Wish, a Action) error {
	r, ok := find(w, a, system)
	if !ok {
		return nil
	}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		_, err := s.move(tx, w, r, Input{}, Event{ActorTitle: titleOf(w, system)})
		return err
	})
	s.Outbox.Wake()
	return err
}
