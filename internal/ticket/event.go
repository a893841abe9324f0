package ticket

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/goccy/go-json" // reads a log three times as fast as the standard one
	"gorm.io/gorm"
)

// Event is one thing that happened to a ticket. Events are only ever added;
// each one's hash covers the hash before it. What is about people (actor, note,
// place, request) it covers through Words, a digest with a salt, so that it can
// be taken out of an anonymised ticket while the chain still holds.
type Event struct {
	ID, TicketID, Seq  int64
	Action             Action
	FromState, ToState State
	ActorID, ActorPost int64
	ActorTitle         string // as others see the actor: 福馨苑小区党支部书记, 报事人, 汾邻
	Note               string
	Data               string // a Detail without its place, as JSON
	Place              string // the Place of a Detail, as JSON; empty without one
	At                 int64
	PrevHash, Hash     string
	RequestKey         *string
	Salt, Words        string // both empty in events of before they were there
}

// TableName is gorm's.
func (Event) TableName() string { return "ticket_events" }

// Detail is what an event says beside its note.
type Detail struct {
	To           int64        `json:"to,omitempty"`
	ToTitle      string       `json:"to_title,omitempty"`
	Asked        Action       `json:"asked,omitempty"` // what a decision was about
	Approve      *bool        `json:"approve,omitempty"`
	Until        int64        `json:"until,omitempty"`
	Solved       *bool        `json:"solved,omitempty"`
	Satisfaction Satisfaction `json:"satisfaction,omitempty"`
	Into         string       `json:"into,omitempty"`
	Posts        []int64      `json:"posts,omitempty"`
	Photos       []int64      `json:"photos,omitempty"`
	Place        *Place       `json:"place,omitempty"`
	Ground       string       `json:"ground,omitempty"`
	Supervised   bool         `json:"supervised,omitempty"`
	Clock        Clock        `json:"clock,omitempty"`      // which spoke up
	Danger       string       `json:"danger,omitempty"`     // to life: with it the ticket became an emergency
	Handed       bool         `json:"handed,omitempty"`     // to another lead, because nobody accepted it in time
	Waiting      bool         `json:"waiting,omitempty"`    // the finish clock stands until the reporter answers
	RespondBy    int64        `json:"respond_by,omitempty"` // when the event set the clock
	DueAt        int64        `json:"due_at,omitempty"`
	Unwatched    bool         `json:"unwatched,omitempty"`
	OrgID        int64        `json:"org_id,omitempty"` // like those below: what it is since the event, told when that changed it
	Category     string       `json:"category,omitempty"`
	LeadPost     int64        `json:"lead_post,omitempty"`
	ContactedAt  *int64       `json:"contacted_at,omitempty"`
	PausedAt     *int64       `json:"paused_at,omitempty"`
	Lately       bool         `json:"lately,omitempty"` // returned when most of its time had passed
}

// Detail reads Data.
func (e Event) Detail() Detail {
	var d Detail
	_ = json.Unmarshal([]byte(e.Data), &d) // written by us; a changed row is audit's business
	if e.Place != "" {
		_ = json.Unmarshal([]byte(e.Place), &d.Place)
	}
	return d
}

// tell keeps what a Detail says.
func (e *Event) tell(d Detail) {
	if d.Place != nil {
		e.Place = asJSON(d.Place)
		d.Place = nil
	}
	e.Data = asJSON(d)
}

// asJSON is for our own types, which always can be written.
func asJSON(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// seal fills the hashes from all that is kept.
func (e *Event) seal(prev string) {
	e.PrevHash, e.Salt = prev, rand.Text()
	e.Words = e.words()
	e.Hash = e.digest()
}

// words is the digest of what is about people.
func (e *Event) words() string { return digestOf(e.Salt, e.ActorID, e.Note, e.Place, e.RequestKey) }

func (e *Event) digest() string {
	if e.Words == "" {
		return digestOf(e.PrevHash, e.ID, e.TicketID, e.Seq, e.Action, e.FromState, e.ToState, e.ActorID, e.ActorPost, e.ActorTitle, e.Note, e.Data, e.At, e.RequestKey)
	}
	return digestOf(e.PrevHash, e.ID, e.TicketID, e.Seq, e.Action, e.FromState, e.ToState, e.ActorPost, e.ActorTitle, e.Words, e.Data, e.At)
}

// digestOf hashes a JSON array, which is unambiguous: no field can flow into the next.
func digestOf(fields ...any) string {
	sum := sha256.Sum256([]byte(asJSON(fields)))
	return hex.EncodeToString(sum[:])
}

// Fault is something that the audit found wrong.
type Fault struct {
	Number string // of the ticket; or a day
	Seq    int64  // of the event; 0 = no event in particular
	What   string
}

func (f Fault) String() string {
	if f.Seq == 0 {
		return f.Number + ": " + f.What
	}
	return fmt.Sprintf("%s event %d: %s", f.Number, f.Seq, f.What)
}

// Audit is what Verify looked at and found.
type Audit struct {
	Tickets, Events int
	Faults          []Fault
}

// auditPage is how many tickets are verified at a time.
const auditPage = 500

// Verify reads the whole log and reports every event that was changed, is
// missing or stands in another order, days that are not as they were anchored,
// tickets that are not as their log tells, events of no ticket, and numbers that were given but have no ticket. It sees
// one moment, so the city may go on working.
func (s *Service) Verify(ctx context.Context) (Audit, error) {
	var a Audit
	err := s.DB.Snapshot(ctx, func(tx *gorm.DB) error {
		var err error
		a, err = s.verify(tx)
		return err
	})
	return a, err
}

func (s *Service) verify(tx *gorm.DB) (Audit, error) {
	var a Audit
	united, err := s.Members.United(tx)
	if err != nil {
		return a, err
	}
	counts := map[string]int64{} // by day
	logged := loggedDays{s.Rules().Calendar.Location(), map[string]*loggedDay{}}
	for after := int64(0); ; {
		var tickets []Ticket
		if err := tx.Where("id > ?", after).Order("id").Limit(auditPage).Find(&tickets).Error; err != nil {
			return a, err
		}
		if len(tickets) == 0 {
			break
		}
		ids := make([]int64, len(tickets))
		for i, t := range tickets {
			ids[i] = t.ID
		}
		var events []Event
		if err := tx.Where("ticket_id IN ?", ids).Order("ticket_id, seq").Find(&events).Error; err != nil {
			return a, err
		}
		byTicket := map[int64][]Event{}
		for _, e := range events {
			byTicket[e.TicketID] = append(byTicket[e.TicketID], e)
		}
		for _, t := range tickets {
			a.Faults = append(a.Faults, t.verify(byTicket[t.ID], united)...)
			logged.add(byTicket[t.ID])
			counts[dayOf(t.Number)]++
		}
		a.Tickets += len(tickets)
		a.Events += len(events)
		after = ids[len(ids)-1]
	}
	var days []struct {
		Day  string
		Last int64
	}
	if err := tx.Raw("SELECT day, last FROM ticket_numbers ORDER BY day").Scan(&days).Error; err != nil {
		return a, err
	}
	for _, d := range days {
		if counts[d.Day] != d.Last {
			a.Faults = append(a.Faults, Fault{numberPrefix + d.Day, 0, fmt.Sprintf("%d numbers were given, %d tickets are there", d.Last, counts[d.Day])})
		}
	}
	var events int64
	if err := tx.Model(&Event{}).Count(&events).Error; err != nil {
		return a, err
	}
	changed, err := logged.verify(tx)
	if err != nil {
		return a, err
	}
	a.Faults = append(a.Faults, changed...)
	if events != int64(a.Events) {
		a.Faults = append(a.Faults, Fault{numberPrefix, 0, fmt.Sprintf("%d events are there, %d of them of a ticket", events, a.Events)})
	}
	return a, nil
}

func (t Ticket) verify(events []Event, united map[int64]int64) []Fault {
	var faults []Fault
	fault := func(seq int64, what string) { faults = append(faults, Fault{t.Number, seq, what}) }
	prev, state := "", State("")
	for i, e := range events {
		switch {
		case e.Seq != int64(i+1):
			fault(e.Seq, fmt.Sprintf("stands where event %d should", i+1))
			return faults
		case e.PrevHash != prev:
			fault(e.Seq, "does not follow the event before it")
		case e.digest() != e.Hash, e.Words != "" && t.AnonymisedAt == 0 && e.words() != e.Words:
			fault(e.Seq, "was changed")
		case e.Words != "" && t.AnonymisedAt != 0 && !e.anonymous():
			fault(e.Seq, "tells of people although the ticket was anonymised")
		case e.FromState != state:
			fault(e.Seq, "starts from a state that the event before did not reach")
		}
		prev, state = e.Hash, e.ToState
	}
	switch {
	case t.Version != int64(len(events)):
		fault(t.Version, fmt.Sprintf("the ticket counts %d events, %d are there", t.Version, len(events)))
	case t.LastHash != prev:
		fault(t.Version, "the ticket's last hash is not its last event's")
	case t.State != state:
		fault(t.Version, "the ticket's state is not its last event's")
	case !t.asTold(events, united):
		fault(t.Version, "the ticket is not as its events tell")
	case t.AnonymisedAt != 0 && (t.ClosedAt == 0 || t.AnonymisedAt < t.ClosedAt+RateWindow.Milliseconds()):
		fault(t.Version, "the ticket was anonymised before its time")
	}
	return faults
}

// requested returns the event that a request made before, if it did.
func (s *Service) requested(ctx context.Context, key string) (Event, bool, error) {
	if key == "" {
		return Event{}, false, nil
	}
	var e Event
	err := s.DB.Read(ctx).Take(&e, "request_key = ?", key).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return e, false, nil
	}
	return e, err == nil, err
}
