package lists

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/org"
	"fenlin/internal/outbox"
)

// TopicTold is something that a side is to be told; payload: Told.
const TopicTold = "lists.told"

// Letter is what is told; package notify has its words.
type Letter string

// The letters.
const (
	LetterProposed   Letter = "project_proposed"
	LetterAgreed     Letter = "project_agreed"
	LetterRefused    Letter = "project_refused"
	LetterCancelled  Letter = "project_cancelled"
	LetterLapsed     Letter = "project_lapsed"
	LetterProgress   Letter = "project_progress" // a note is wanted
	LetterEvaluate   Letter = "project_evaluate" // an evaluation is wanted
	LetterEvaluated  Letter = "project_evaluated"
	LetterClosed     Letter = "project_closed"
	LetterConfirm    Letter = "agreement_confirm"
	LetterSigned     Letter = "agreement_signed"
	LetterEnding     Letter = "agreement_ending"
	LetterTerminated Letter = "agreement_terminated"
)

// Letters are all.
var Letters = []Letter{
	LetterProposed, LetterAgreed, LetterRefused, LetterCancelled, LetterLapsed, LetterProgress, LetterEvaluate, LetterEvaluated, LetterClosed,
	LetterConfirm, LetterSigned, LetterEnding, LetterTerminated,
}

// Told is a letter to a side of a project or agreement. Who speaks for it is
// looked up when it is written.
type Told struct {
	List   List   `json:"list"`
	ID     int64  `json:"id"`
	Letter Letter `json:"letter"`
	To     Side   `json:"to"`
	Note   string `json:"note,omitempty"`
}

// tell leaves a letter to the outbox.
func (s *Service) tell(tx *gorm.DB, l List, id int64, letter Letter, to Side, note string) error {
	return s.tellAt(tx, l, id, letter, to, note, s.Now().UnixMilli())
}

// tellAt is tell, once for each moment.
func (s *Service) tellAt(tx *gorm.DB, l List, id int64, letter Letter, to Side, note string, at int64) error {
	key := fmt.Sprintf("%s:%d:%s:%d", letter, id, to, at)
	return s.Outbox.Add(tx, outbox.New(TopicTold, key, id, Told{l, id, letter, to, note}, s.Now()))
}

// Subject is what a letter is about, and to whom it goes.
type Subject struct {
	Title     string
	Community string
	Unit      string
	EndOn     string
	State     State
	People    []int64
}

// Subject is what a letter is about. Errors: ErrUnknown.
func (s *Service) Subject(ctx context.Context, t Told) (Subject, error) {
	var st standing
	var out Subject
	if t.List == Projects {
		p, err := take[Project](s.DB.Read(ctx), t.ID)
		if err != nil {
			return out, err
		}
		st, out.Title, out.EndOn = p.stand(), p.Title, p.EndOn
	} else {
		a, err := take[Agreement](s.DB.Read(ctx), t.ID)
		if err != nil {
			return out, err
		}
		st, out.Title, out.EndOn = a.stand(), "四双协议", a.ToOn
	}
	out.State = st.state
	units, err := s.Org.Units(ctx, []int64{st.org, st.community})
	if err != nil {
		return out, err
	}
	works, err := s.workUnits(ctx, []int64{st.unit})
	if err != nil {
		return out, err
	}
	out.Community, out.Unit = units[st.community].Name, works[st.unit].Name
	if t.To == TheUnit {
		if contact := works[st.unit].ContactID; contact != 0 {
			out.People = []int64{contact}
		}
		return out, nil
	}
	out.People, err = s.managers(ctx, units[st.org])
	return out, err
}

// managers are who holds a post that manages the lists of a place, the nearest
// ones alone.
func (s *Service) managers(ctx context.Context, u org.Unit) ([]int64, error) {
	desk, err := s.Org.Desk(ctx, u.ID, "")
	if err != nil {
		return nil, err
	}
	var posts []int64
	nearest := 0
	for _, p := range desk.Posts {
		if !p.Filled || !(org.Actor{Posts: []org.Post{p}}).May(org.ManageLists, u.Path) || len(p.OrgPath) < nearest {
			continue
		}
		if len(p.OrgPath) > nearest {
			nearest, posts = len(p.OrgPath), nil
		}
		posts = append(posts, p.ID)
	}
	if len(posts) == 0 {
		return nil, nil
	}
	return s.Org.Holders(ctx, posts)
}

// TopicTimer is time that passes for a project or an agreement; payload: Timer.
const TopicTimer = "lists.timer"

// moment is what a timer is for.
type moment string

const (
	waitsForAnswer moment = "answer"
	wantsProgress  moment = "progress"
	nearsItsEnd    moment = "ending"
)

// Timer says that something of a project or an agreement is due.
type Timer struct {
	List List   `json:"list"`
	ID   int64  `json:"id"`
	What moment `json:"what"`
	At   int64  `json:"at"`
}

func (s *Service) plan(tx *gorm.DB, t Timer) error {
	key := fmt.Sprintf("lists:%s:%d:%s:%d", t.List, t.ID, t.What, t.At)
	return s.Outbox.Add(tx, outbox.New(TopicTimer, key, t.ID, t, time.UnixMilli(t.At)))
}

// Fire does what a timer is for. It may ring twice and late; one of what has
// changed since does nothing.
func (s *Service) Fire(ctx context.Context, t Timer) error {
	if t.List == Agreements {
		a, err := take[Agreement](s.DB.Read(ctx), t.ID)
		if err != nil {
			return outbox.Cancel(err)
		}
		if a.State != Signed && a.State != Running || s.endsSoon(a) != t.At {
			return nil
		}
		return s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.tellBoth(tx, Agreements, a.ID, LetterEnding, t.At) })
	}
	p, err := take[Project](s.DB.Read(ctx), t.ID)
	if err != nil {
		return outbox.Cancel(err)
	}
	switch {
	case t.What == waitsForAnswer && p.State == Proposed:
		note := fmt.Sprintf("%d 天没有答复", s.Rules().AnswerDays)
		return s.DB.Tx(ctx, func(tx *gorm.DB) error {
			return become(s, tx, p, rowOf(Projects, Lapse), who{side: TheClock}, Deed{Action: Lapse, Note: note})
		})
	case t.What == wantsProgress && (p.State == Agreed || p.State == Running):
		due, now := s.progressDue(p), s.Now().UnixMilli()
		return s.DB.Tx(ctx, func(tx *gorm.DB) error {
			if t.At < due { // there was a note since
				return s.plan(tx, Timer{t.List, t.ID, t.What, due})
			}
			next := t.At + s.days(s.Rules().ProgressDays)
			for next <= now {
				next += s.days(s.Rules().ProgressDays)
			}
			if err := s.plan(tx, Timer{t.List, t.ID, t.What, next}); err != nil {
				return err
			}
			return s.tellBoth(tx, Projects, p.ID, LetterProgress, t.At)
		})
	}
	return nil
}

// progressDue is when a project is asked for a note: so long after the last one,
// or after its beginning.
func (s *Service) progressDue(p Project) int64 {
	from := p.NotedAt
	if begins, err := time.ParseInLocation(time.DateOnly, p.StartOn, s.Location); err == nil {
		from = max(from, begins.UnixMilli())
	}
	return from + s.days(s.Rules().ProgressDays)
}

// tellBoth tells both sides, once for each moment.
func (s *Service) tellBoth(tx *gorm.DB, l List, id int64, letter Letter, at int64) error {
	if err := s.tellAt(tx, l, id, letter, TheCommunity, "", at); err != nil {
		return err
	}
	return s.tellAt(tx, l, id, letter, TheUnit, "", at)
}

// morning is the hour at which both sides are told that an agreement nears its end.
const morning = 9

// endsSoon is when they are told.
func (s *Service) endsSoon(a Agreement) int64 {
	day, err := time.ParseInLocation(time.DateOnly, a.ToOn, s.Location)
	if err != nil { // dated has looked at it
		return 0
	}
	return day.AddDate(0, 0, -s.Rules().EndingDays).Add(morning * time.Hour).UnixMilli()
}
