package ticket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"time"

	"gorm.io/gorm"
)

// Anchor stands for all events of one day in the city's zone, and for all days
// before it. Whoever keeps one elsewhere can prove years later that nothing was
// written anew since, be it with every hash of a ticket made anew.
type Anchor struct {
	Day      string `gorm:"primaryKey"` // 2006-01-02
	Events   int64
	Hash     string // of the anchor before, the day, the count and the events' hashes by ticket and number
	PrevHash string
	MadeAt   int64
}

// TableName is gorm's.
func (Anchor) TableName() string { return "log_anchors" }

// anchorAfter is how long after its end a day is anchored: what was begun in it is stored by then.
const anchorAfter = time.Hour

// Anchor anchors every day that is over and is not anchored yet, oldest first,
// and returns those. Any number of replicas may do so at once.
func (s *Service) Anchor(ctx context.Context) ([]Anchor, error) {
	zone := s.Rules().Calendar.Location()
	today := s.Now().Add(-anchorAfter).In(zone).Format(time.DateOnly)
	var last Anchor
	err := s.DB.Read(ctx).Order("day DESC").Limit(1).Find(&last).Error
	if err != nil {
		return nil, err
	}
	day, err := time.ParseInLocation(time.DateOnly, last.Day, zone)
	if err == nil {
		day = day.AddDate(0, 0, 1)
	} else {
		var first *int64
		if err := s.DB.Read(ctx).Raw("SELECT MIN(at) FROM ticket_events").Scan(&first).Error; err != nil || first == nil {
			return nil, err
		}
		day, _ = time.ParseInLocation(time.DateOnly, time.UnixMilli(*first).In(zone).Format(time.DateOnly), zone)
	}
	var made []Anchor
	for ; day.Format(time.DateOnly) < today && ctx.Err() == nil; day = day.AddDate(0, 0, 1) {
		a, err := s.anchor(ctx, last.Hash, day)
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return made, nil // another replica is at it
		}
		if err != nil {
			return made, err
		}
		made, last = append(made, a), a
	}
	return made, nil
}

func (s *Service) anchor(ctx context.Context, prev string, day time.Time) (Anchor, error) {
	rows, err := s.DB.Read(ctx).Raw("SELECT hash FROM ticket_events WHERE at >= ? AND at < ? ORDER BY ticket_id, seq",
		day.UnixMilli(), day.AddDate(0, 0, 1).UnixMilli()).Rows()
	if err != nil {
		return Anchor{}, err
	}
	defer func() { _ = rows.Close() }()
	d := newDay()
	for rows.Next() {
		var event string
		if err := rows.Scan(&event); err != nil {
			return Anchor{}, err
		}
		d.add(event)
	}
	if err := rows.Err(); err != nil {
		return Anchor{}, err
	}
	a := d.anchor(prev, day.Format(time.DateOnly))
	a.MadeAt = s.Now().UnixMilli()
	return a, s.DB.Tx(ctx, func(tx *gorm.DB) error { return tx.Create(&a).Error })
}

// Anchors are the latest, newest first.
func (s *Service) Anchors(ctx context.Context, limit int) ([]Anchor, error) {
	var out []Anchor
	return out, s.DB.Read(ctx).Order("day DESC").Limit(limit).Find(&out).Error
}

// loggedDay gathers the events of a day.
type loggedDay struct {
	events int64
	hashes hash.Hash
}

func newDay() *loggedDay { return &loggedDay{hashes: sha256.New()} }

func (d *loggedDay) add(event string) {
	d.events++
	_, _ = d.hashes.Write([]byte(event)) // a hash takes everything
}

func (d *loggedDay) anchor(prev, day string) Anchor {
	return Anchor{Day: day, Events: d.events, PrevHash: prev, Hash: digestOf(prev, day, d.events, hex.EncodeToString(d.hashes.Sum(nil)))}
}

// loggedDays are the days of a log, by their day.
type loggedDays struct {
	zone *time.Location
	days map[string]*loggedDay
}

// add takes the events of a ticket; tickets come in the order of their ids.
func (l loggedDays) add(events []Event) {
	for _, e := range events {
		day := time.UnixMilli(e.At).In(l.zone).Format(time.DateOnly)
		if l.days[day] == nil {
			l.days[day] = newDay()
		}
		l.days[day].add(e.Hash)
	}
}

// verify compares the anchors with the days; each that differs is named.
func (l loggedDays) verify(tx *gorm.DB) ([]Fault, error) {
	var anchors []Anchor
	if err := tx.Order("day").Find(&anchors).Error; err != nil {
		return nil, err
	}
	var faults []Fault
	prev, next := "", ""
	for _, a := range anchors {
		d := l.days[a.Day]
		if d == nil {
			d = newDay()
		}
		switch again := d.anchor(prev, a.Day); {
		case next != "" && a.Day != next:
			faults = append(faults, Fault{Number: a.Day, What: "the anchors of the days before are missing"})
		case d.events != a.Events:
			faults = append(faults, Fault{Number: a.Day, What: fmt.Sprintf("%d events were anchored, %d are there", a.Events, d.events)})
		case a.PrevHash != prev || again.Hash != a.Hash:
			faults = append(faults, Fault{Number: a.Day, What: "the day's events are not those that were anchored"})
		}
		prev = a.Hash
		if day, err := time.Parse(time.DateOnly, a.Day); err == nil {
			next = day.AddDate(0, 0, 1).Format(time.DateOnly)
		}
	}
	return faults, nil
}
