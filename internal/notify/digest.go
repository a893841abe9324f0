package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
)

// TopicDigest is a person's reminders of a day in one notice; payload: digest.
const TopicDigest = "notice.digest"

type digest struct {
	Person int64 `json:"person"`
	At     int64 `json:"at"`
}

// Kinds of letters that clocks cause; who wishes gets them once a day together.
const (
	kindWarning = "warning" // most of the time has passed
	kindOverdue = "overdue" // it is over
)

// hold keeps a reminder for the day's digest if its reader wants one, and
// returns the event that makes it. Danger to life never waits.
func (s *Service) hold(tx *gorm.DB, n *Notice, emergency bool) (outbox.Event, bool, error) {
	if emergency || n.Kind != kindWarning && n.Kind != kindOverdue {
		return outbox.Event{}, false, nil
	}
	hour, err := s.Members.DigestHour(tx, n.PersonID)
	if err != nil || hour == 0 {
		return outbox.Event{}, false, err
	}
	at := nextHour(s.Now().In(s.Location), hour)
	n.State = Held
	return outbox.New(TopicDigest, fmt.Sprintf("digest:%d:%d", n.PersonID, at.UnixMilli()), n.PersonID, digest{n.PersonID, at.UnixMilli()}, at), true, nil
}

// nextHour is the next time that the clock strikes an hour.
func nextHour(now time.Time, hour int) time.Time {
	y, m, d := now.Date()
	at := time.Date(y, m, d, hour, 0, 0, 0, now.Location())
	if !at.After(now) {
		at = time.Date(y, m, d+1, hour, 0, 0, 0, now.Location())
	}
	return at
}

// longestDigest is how many tickets a digest names; it counts all.
const longestDigest = 8

// digest makes one notice of all reminders that were held for a person, as
// their tickets stand now.
func (s *Service) digest(ctx context.Context, e outbox.Event) error {
	var d digest
	if err := e.Decode(&d); err != nil {
		return err
	}
	var held []Notice
	if err := s.DB.Read(ctx).Order("id").Find(&held, "person_id = ? AND state = ?", d.Person, Held).Error; err != nil || len(held) == 0 {
		return err
	}
	ids, tickets := []int64{}, []int64{}
	for _, n := range held {
		ids, tickets = append(ids, n.ID), append(tickets, n.TicketID)
	}
	standing, err := s.Tickets.Standing(ctx, tickets)
	if err != nil {
		return err
	}
	n := s.summary(standing, held)
	n.ID, n.Key, n.PersonID, n.Kind, n.State, n.Tries = s.DB.NewID(), e.Key, d.Person, "digest", Owed, []Try{}
	n.CreatedAt = s.Now().UnixMilli()
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Model(&Notice{}).Where("id IN ? AND state = ?", ids, Held).Update("state", Summed).Error; err != nil {
			return err
		}
		if n.Title == "" { // all is done by now
			return nil
		}
		if err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "notice_key"}}, DoNothing: true}).Create(&n).Error; err != nil {
			return err
		}
		return s.Outbox.Add(tx, outbox.New(TopicSend, "notice:"+n.Key, n.PersonID, send{n.ID}, s.Now()))
	})
	if err == nil {
		s.Outbox.Wake()
	}
	return err
}

// summary tells what still waits of the tickets that were reminded of, due
// soonest first; without a title when nothing does.
func (s *Service) summary(standing map[int64]ticket.Ticket, held []Notice) Notice {
	now := s.Now()
	var lines []Notice
	late, seen := 0, map[int64]bool{}
	for _, n := range held {
		t, ok := standing[n.TicketID]
		if !ok || !t.State.Open() || seen[t.ID] {
			continue
		}
		seen[t.ID] = true
		if t.Overdue(now) {
			late++
		}
		lines = append(lines, n)
	}
	if len(lines) == 0 {
		return Notice{}
	}
	slices.SortStableFunc(lines, func(a, b Notice) int { return cmp.Compare(standing[a.TicketID].DueAt, standing[b.TicketID].DueAt) })
	var told []string
	for _, n := range lines[:min(len(lines), longestDigest)] {
		c, _ := s.Tickets.Rules().Reader.Category(standing[n.TicketID].Category)
		told = append(told, fmt.Sprintf("%s %s %s，%s 到期", n.Number, n.Place, c.Name, s.clock(standing[n.TicketID].DueAt)))
	}
	if more := len(lines) - longestDigest; more > 0 {
		told = append(told, fmt.Sprintf("另有 %d 件", more))
	}
	return Notice{
		Title: fmt.Sprintf("%d件待办 %d件超时", len(lines), late), Body: strings.Join(told, "\n"), Place: lines[0].Place,
		Next: "请从最早到期的办起", Number: lines[0].Number, TicketID: lines[0].TicketID,
	}
}
