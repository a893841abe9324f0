// Package notify is Fenlin's side that speaks outward: what happened becomes a
// message for each person who should know, sent by the ladder template →
// subscription → customer service → shown in the app only; and pictures that
// WeChat holds are fetched. What was tried and why it failed is kept.
package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"fenlin/internal/activity"
	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/lists"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat"
	"fenlin/internal/wish"
)

// TopicSend is one notice to one person; payload: send.
const TopicSend = "notice.send"

type send struct {
	NoticeID int64 `json:"notice_id"`
}

// State is how far a notice has come.
type State string

// The states.
const (
	Owed    State = "owed"
	Sending State = "sending" // handed to a channel, and its fate is not known yet
	Sent    State = "sent"
	InApp   State = "in_app" // no channel took it; it is shown in the app
	Held    State = "held"   // waits for the day's digest
	Summed  State = "summed" // was told in a digest
)

// Notice is what one person is told about one event.
type Notice struct {
	ID        int64
	Key       string `gorm:"column:notice_key"` // event and person: told once
	PersonID  int64
	TicketID  int64
	Kind      string
	Number    string // of the ticket
	Title     string
	Place     string
	Body      string
	Next      string // what to do now
	State     State
	Channel   string
	Tries     []Try `gorm:"serializer:json"`
	CreatedAt int64
	SentAt    int64 // or, while it is Sending, since when
}

// Try is a channel that did not take a notice.
type Try struct {
	Channel string `json:"channel"`
	Reason  string `json:"reason"`
}

// Service turns events into messages.
type Service struct {
	DB         *db.DB
	Tickets    *ticket.Service
	Activities *activity.Service
	Wishes     *wish.Service
	Lists      *lists.Service
	Org        *org.Service
	Members    *member.Service
	Outbox     *outbox.Outbox
	WeChat     *wechat.Client
	Site       string // the address that people reach, without a slash at its end
	Location   *time.Location
	Now        func() time.Time

	BriefHour func() int                                                    // at which briefs go out
	Count     func(ctx context.Context, of Span) (counts Counts, err error) // what a brief tells; package stats counts
}

// Handlers are the topics this package works on.
func (s *Service) Handlers() map[string]outbox.Handler {
	return map[string]outbox.Handler{
		ticket.TopicEvent:         s.event,
		ticket.TopicTimer:         s.timer,
		ticket.TopicMedia:         s.media,
		ticket.TopicCheck:         s.check,
		TopicSend:                 s.send,
		activity.TopicTold:        s.told,
		activity.TopicTimer:       s.activityTimer,
		activity.TopicOver:        s.over,
		wish.TopicTold:            s.wished,
		wish.TopicTimer:           s.wishTimer,
		wish.TopicCheck:           s.checkWish,
		lists.TopicTold:           s.listTold,
		lists.TopicTimer:          s.listTimer,
		lists.TopicCheck:          s.listCheck,
		activity.TopicCertificate: s.certificate,
		TopicRegistration:         s.registration,
		TopicPartner:              s.partner,
		TopicCorrection:           s.correction,
		TopicDigest:               s.digest,
		TopicBriefs:               s.briefs,
		TopicBrief:                s.brief,
	}
}

// event writes a notice for everyone who should know and leaves each one's sending to an event of its own.
func (s *Service) event(ctx context.Context, e outbox.Event) error {
	var h ticket.Happened
	if err := e.Decode(&h); err != nil {
		return err
	}
	m, err := s.Tickets.At(ctx, h)
	if errors.Is(err, ticket.ErrUnknown) {
		return outbox.Cancel(err)
	}
	if err != nil {
		return err
	}
	var notices []Notice
	told := map[int64]bool{m.Event.ActorID: m.Event.ActorID != 0} // nobody is told what they did themselves
	for _, l := range s.letters(m) {
		people, err := s.readers(ctx, l)
		if err != nil {
			return err
		}
		for _, person := range people {
			if told[person] || person == 0 {
				continue
			}
			told[person] = true
			notices = append(notices, Notice{
				ID: s.DB.NewID(), Key: fmt.Sprintf("%d:%d:%d", h.TicketID, h.Seq, person), PersonID: person, TicketID: h.TicketID,
				Kind: l.kind, Number: m.Number, Title: l.title, Place: s.place(m), Body: clip(l.body, 200), Next: l.next, State: Owed, Tries: []Try{}, CreatedAt: s.Now().UnixMilli(),
			})
		}
	}
	return s.owe(ctx, notices, m.Emergency)
}

// write owes each reader of the letters one notice, of the first letter that
// names them, about what has that number and stands at that place. The key is
// the event's: told again, nobody hears it twice.
func (s *Service) write(ctx context.Context, key, number, place string, letters ...letter) error {
	var notices []Notice
	told := map[int64]bool{0: true} // nobody
	for _, l := range letters {
		people, err := s.readers(ctx, l)
		if err != nil {
			return err
		}
		for _, person := range people {
			if told[person] {
				continue
			}
			told[person] = true
			notices = append(notices, Notice{
				ID: s.DB.NewID(), Key: key + ":" + strconv.FormatInt(person, 10), PersonID: person, Kind: l.kind, Number: number,
				Title: l.title, Place: place, Body: clip(l.body, 200), Next: l.next, State: Owed, Tries: []Try{}, CreatedAt: s.Now().UnixMilli(),
			})
		}
	}
	return s.owe(ctx, notices, false)
}

// States are how far the notices of the last day have come, with their number.
func (s *Service) States(ctx context.Context) (map[string]int64, error) {
	var rows []struct {
		State State
		N     int64
	}
	err := s.DB.Read(ctx).Raw("SELECT state, COUNT(*) AS n FROM notices WHERE created_at >= ? GROUP BY state", s.Now().Add(-24*time.Hour).UnixMilli()).Scan(&rows).Error
	out := map[string]int64{}
	for _, known := range []State{Owed, Sending, Sent, InApp, Held, Summed} {
		out[string(known)] = 0
	}
	for _, r := range rows {
		out[string(r.State)] = r.N
	}
	return out, err
}

// owe records notices, each once, with the events that send them.
func (s *Service) owe(ctx context.Context, notices []Notice, emergency bool) error {
	if len(notices) == 0 {
		return nil
	}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		for _, n := range notices {
			later, held, err := s.hold(tx, &n, emergency)
			if err != nil {
				return err
			}
			made := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "notice_key"}}, DoNothing: true}).Create(&n)
			if made.Error != nil {
				return made.Error
			}
			if made.RowsAffected == 0 {
				continue // told before: its sending is on its way
			}
			next := outbox.New(TopicSend, "notice:"+n.Key, n.PersonID, send{n.ID}, s.Now())
			if held {
				next = later
			}
			if err := s.Outbox.Add(tx, next); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.Outbox.Wake()
	}
	return err
}

func (s *Service) readers(ctx context.Context, l letter) ([]int64, error) {
	people := slices.Clone(l.people)
	if len(l.posts) > 0 {
		holders, err := s.Org.Holders(ctx, l.posts)
		if err != nil {
			return nil, err
		}
		people = append(people, holders...)
	}
	return people, nil
}

func (s *Service) timer(ctx context.Context, e outbox.Event) error {
	var t ticket.Timer
	if err := e.Decode(&t); err != nil {
		return err
	}
	return s.Tickets.Fire(ctx, t)
}

// media fetches a picture for a ticket. A picture that cannot be had is said to its sender.
func (s *Service) media(ctx context.Context, e outbox.Event) error {
	var m ticket.Media
	if err := e.Decode(&m); err != nil {
		return err
	}
	raw, _, err := s.WeChat.Media(ctx, m.MediaID)
	if err == nil {
		err = s.Tickets.Arrived(ctx, m, raw)
	}
	if err == nil {
		return nil
	}
	if told, ours := errors.AsType[*errs.Error](err); !ours || told.Kind == errs.Unavailable {
		if later := s.later(ctx, e.Key, e.CreatedAt, err); later != nil {
			return later
		}
	}
	t, lost := s.Tickets.At(ctx, ticket.Happened{TicketID: m.TicketID, Seq: 1})
	if lost != nil {
		return lost
	}
	owed := s.owe(ctx, []Notice{{
		ID: s.DB.NewID(), Key: "photo:" + m.Key, PersonID: m.Person, TicketID: m.TicketID, Kind: "photo_lost", Number: t.Number, Title: "照片没有收到",
		Place: s.place(t), Body: "您发的照片打不开，没有加到工单里。", Next: "请重新拍一张发来", State: Owed, Tries: []Try{}, CreatedAt: s.Now().UnixMilli(),
	}}, t.Emergency)
	if owed != nil {
		return owed
	}
	return outbox.Cancel(err)
}
