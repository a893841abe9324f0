package ticket

import (
	"context"
	"regexp"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
)

// Latest is when the log was written last, whatever day it tells of; zero when
// it is empty.
func (s *Service) Latest(ctx context.Context) (time.Time, error) {
	var id int64
	err := s.DB.Read(ctx).Raw("SELECT COALESCE(MAX(id), 0) FROM ticket_events").Scan(&id).Error
	if err != nil || id == 0 {
		return time.Time{}, err
	}
	return db.MadeAt(id), nil
}

// ExpirePhotos drops pictures that were sent before a moment and never attached
// to anything.
func (s *Service) ExpirePhotos(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "photos WHERE ticket_id = 0 AND holder = '' AND created_at < ?", Args: []any{x.Before.UnixMilli()}, Batch: 100,
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB {
			return s.dropPhotos(tx, "id IN ? AND ticket_id = 0 AND holder = ''", ids)
		},
	})
}

// Anonymise takes out of tickets closed before a moment who reported and
// followed them, where exactly it was, the pictures, and the numbers of people
// in the words, in the ticket and in its log. What the city counts stays:
// number, category, compound, who handled it, times, outcome; the log's chain
// still holds. Events of before there were salts stay as they are, and are
// shown without the same.
func (s *Service) Anonymise(ctx context.Context, x db.Expiry) (int64, error) {
	now := s.Now().UnixMilli()
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "tickets WHERE anonymised_at = 0 AND closed_at > 0 AND closed_at < ?", Args: []any{x.Before.UnixMilli()}, Batch: 100,
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB { return s.anonymise(tx, ids, now) },
	})
}

// anonymise takes closed tickets; they are few enough for one transaction with
// all that hangs on them.
func (s *Service) anonymise(tx *gorm.DB, ids []int64, now int64) *gorm.DB {
	if gone := tx.Exec("DELETE FROM ticket_followers WHERE ticket_id IN ?", ids); gone.Error != nil {
		return gone
	}
	if gone := s.dropPhotos(tx, "ticket_id IN ?", ids); gone.Error != nil {
		return gone
	}
	var said []struct {
		ID   int64
		Text string
	}
	if read := tx.Raw("SELECT id, text FROM tickets WHERE id IN ?", ids).Scan(&said); read.Error != nil {
		return read
	}
	if told := forget(tx, ids); told.Error != nil {
		return told
	}
	for _, t := range said {
		if text := nameless(t.Text); text != t.Text {
			if told := tx.Exec("UPDATE tickets SET text = ? WHERE id = ?", text, t.ID); told.Error != nil {
				return told
			}
		}
	}
	return tx.Exec(`UPDATE tickets SET reporter_id = 0, building = '', unit = '', floor = '', room = '', lat = NULL, lng = NULL, datum = '', anonymised_at = ?
WHERE id IN ? AND anonymised_at = 0`, now, ids)
}

// forget takes people out of the log of anonymised tickets, and the salts, so
// that nobody can try which words a digest was made of.
func forget(tx *gorm.DB, ids []int64) *gorm.DB {
	var said []Event
	read := tx.Raw("SELECT id, note FROM ticket_events WHERE ticket_id IN ? AND words <> ''", ids).Scan(&said)
	if read.Error != nil {
		return read
	}
	for _, e := range said {
		if note := nameless(e.Note); note != e.Note {
			if told := tx.Exec("UPDATE ticket_events SET note = ? WHERE id = ?", note, e.ID); told.Error != nil {
				return told
			}
		}
	}
	return tx.Exec("UPDATE ticket_events SET salt = '', actor_id = 0, place = '', request_key = NULL WHERE ticket_id IN ? AND words <> ''", ids)
}

// anonymous says that an event tells of nobody.
func (e *Event) anonymous() bool {
	return e.Salt == "" && e.ActorID == 0 && e.Place == "" && e.RequestKey == nil && e.Note == nameless(e.Note)
}

// What in people's words leads to somebody: numbers of phones, identity cards,
// bank cards, cars (晋J·12345), also with spaces or hyphens, in wide or Chinese
// digits; and whose door it is. A ticket's own number is not among them.
var personal = regexp.MustCompile(
	`[0-9０-９零〇○幺一二三四五六七八九两]{7,}[xXｘＸ]?` +
		`|(?:[+＋]?(?:86|８６)[- 　]?)?[1１][3-9３-９][0-9０-９](?:[- 　—－]?[0-9０-９]{4}){2}` + // 138 1234 5678
		`|[0０][0-9０-９]{2,3}[)）]?[- 　—－][0-9０-９]{7,8}` + // 0358-7222333
		`|[0-9０-９]{6}[- 　—－][0-9０-９]{8}[- 　—－][0-9０-９]{3}[0-9０-９xXｘＸ]` + // 141182 19800101 1234
		`|[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新][A-Za-z][·•. ]?[0-9A-Za-z]{5,6}` +
		`|[0-9０-９]{3,4}(?:室|房间|号房)|(单元)[0-9０-９]{3,4}(?:室|号)?|[0-9０-９]{1,2}[-－][0-9０-９]{1,2}[-－][0-9０-９]{3,4}`) // 2单元301, 3-2-301

// nameless is a text without the numbers that lead to people.
func nameless(text string) string { return personal.ReplaceAllString(text, "$1***") }

// nameless is an event as it is shown once its ticket is anonymised.
func (e Event) nameless() Event {
	d := e.Detail()
	d.Place, d.Photos = nil, nil
	e.ActorID, e.Note, e.Place = 0, nameless(e.Note), ""
	e.tell(d)
	return e
}
