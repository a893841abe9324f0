package ticket

import (
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"fenlin/internal/outbox"
)

// mutable are the columns that an action may change.
var mutable = []string{
	"OrgID", "Lat", "Lng", "Datum", "Building", "Unit", "Floor", "Room", "Category", "Emergency", "Danger", "State", "Version", "Grade", "LeadPost", "OwnerPost", "RouteRule", "RouteReason",
	"Pending", "PendingBy", "PendingUntil", "Returns", "ArbiterPost", "DecideBy", "RespondBy", "DueAt", "AcceptedAt", "ContactedAt", "PausedAt", "FinishedAt", "ConfirmBy", "ClosedAt", "UrgedAt",
	"PausedUntil", "Waits", "RespondWarn", "RespondLate", "DueWarn", "DueLate", "ConfirmWarn", "AlarmAt", "ToldPost",
	"Late", "Bare", "LateReturns", "UncountedAt", "Outcome", "Solved", "Satisfaction", "Redos", "Transfers", "Urges", "Watched", "MergedInto", "LastHash",
}

// store writes a change: the ticket by compare-and-set, the event, what hangs on them.
func (s *Service) store(tx *gorm.DB, c *change) error {
	e := c.event(s.DB.NewID())
	if err := s.advance(tx, &c.next, c.t, e); err != nil {
		return err
	}
	if err := s.storeParts(tx, c); err != nil {
		return err
	}
	if c.follow {
		if err := join(tx, c.t.ID, c.by.Person, c.now); err != nil {
			return err
		}
	}
	if c.next.State == Merged {
		if err := s.bring(tx, c); err != nil {
			return err
		}
	}
	if err := attach(tx, c.t.ID, c.by.Person, c.in.Photos); err != nil {
		return err
	}
	events := []outbox.Event{happened(c.next, e.Seq, c.now)}
	if c.timer != nil {
		key := fmt.Sprintf("timer:%d:%s:%d", c.timer.TicketID, c.timer.Action, c.timer.At)
		events = append(events, outbox.New(TopicTimer, key, c.t.ID, c.timer, time.UnixMilli(c.timer.At)))
	}
	return s.Outbox.Add(tx, events...)
}

// event is what the log says of a change.
func (c *change) event(id int64) Event {
	post, title := c.actorAs(c.as)
	e := Event{
		ID: id, TicketID: c.t.ID, Seq: c.t.Version + 1, Action: c.in.Action, FromState: c.t.State, ToState: c.next.State,
		ActorID: c.by.Person, ActorPost: post, ActorTitle: title, Note: c.in.Note, At: c.now.UnixMilli(),
	}
	if c.next.RespondBy != c.t.RespondBy {
		c.detail.RespondBy = c.next.RespondBy
	}
	if c.next.DueAt != c.t.DueAt {
		c.detail.DueAt = c.next.DueAt
	}
	if c.next.OrgID != c.t.OrgID {
		c.detail.OrgID = c.next.OrgID
	}
	if c.next.Category != c.t.Category {
		c.detail.Category = c.next.Category
	}
	if c.next.LeadPost != c.t.LeadPost {
		c.detail.LeadPost = c.next.LeadPost
	}
	if c.next.ContactedAt != c.t.ContactedAt {
		c.detail.ContactedAt = &c.next.ContactedAt
	}
	if c.next.PausedAt != c.t.PausedAt {
		c.detail.PausedAt = &c.next.PausedAt
	}
	e.tell(c.detail)
	if c.in.Key != "" {
		e.RequestKey = &c.in.Key
	}
	return e
}

// advance appends an event and moves the ticket to next, if it still is at seen.
func (s *Service) advance(tx *gorm.DB, next *Ticket, seen Ticket, e Event) error {
	e.seal(seen.LastHash)
	next.Version, next.LastHash, next.AlarmAt = e.Seq, e.Hash, next.ring().at
	if next.UncountedAt == 0 {
		next.UncountedAt = e.At
	}
	updated := tx.Model(&Ticket{}).Where("id = ? AND version = ?", seen.ID, seen.Version).Select(mutable).Updates(*next)
	if updated.Error != nil {
		return updated.Error
	}
	if updated.RowsAffected == 0 {
		return ErrStale
	}
	return tx.Create(&e).Error
}

func (s *Service) storeParts(tx *gorm.DB, c *change) error {
	if c.beside != nil {
		if err := tx.Exec("DELETE FROM ticket_parts WHERE ticket_id = ? AND kind IN ?", c.t.ID, []PartKind{CoHandler, Watcher}).Error; err != nil {
			return err
		}
		if err := s.insertParts(tx, c.t.ID, c.beside); err != nil {
			return err
		}
	}
	var added []Part
	for _, p := range c.moved {
		if p.ID == 0 {
			added = append(added, p)
			continue
		}
		if err := tx.Exec("UPDATE ticket_parts SET arrive_by = ?, arrived_at = ?, done_at = ?, rating = ? WHERE id = ?", p.ArriveBy, p.ArrivedAt, p.DoneAt, p.Rating, p.ID).Error; err != nil {
			return err
		}
	}
	return s.insertParts(tx, c.t.ID, added)
}

func (s *Service) insertParts(tx *gorm.DB, ticket int64, parts []Part) error {
	if len(parts) == 0 {
		return nil
	}
	for i := range parts {
		parts[i].ID, parts[i].TicketID = s.DB.NewID(), ticket
	}
	return tx.Create(&parts).Error
}

// noteMerged begins the log's word of a ticket that was merged into another.
const noteMerged = "并入同一问题的工单 "

// bring takes the reporter and followers of a merged ticket along to the other.
func (s *Service) bring(tx *gorm.DB, c *change) error {
	var people []int64
	err := tx.Raw("SELECT person_id FROM ticket_followers WHERE ticket_id = ?", c.t.ID).Scan(&people).Error
	if err != nil {
		return err
	}
	for _, person := range append(people, c.t.ReporterID) {
		if person == c.into.ReporterID {
			continue
		}
		if err := join(tx, c.into.ID, person, c.now); err != nil {
			return err
		}
	}
	other := *c.into
	e := Event{
		ID: s.DB.NewID(), TicketID: other.ID, Seq: other.Version + 1, Action: Add, FromState: other.State, ToState: other.State,
		ActorTitle: systemTitle, Note: noteMerged + c.t.Number, Data: asJSON(Detail{}), At: c.now.UnixMilli(),
	}
	return s.advance(tx, &other, *c.into, e)
}

// joined is a person who follows a ticket.
type joined struct {
	TicketID  int64 `gorm:"primaryKey;autoIncrement:false"`
	PersonID  int64 `gorm:"primaryKey;autoIncrement:false"`
	CreatedAt int64
}

// TableName is gorm's.
func (joined) TableName() string { return "ticket_followers" }

func join(tx *gorm.DB, ticket, person int64, now time.Time) error {
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&joined{ticket, person, now.UnixMilli()}).Error
}
