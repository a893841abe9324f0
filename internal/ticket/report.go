package ticket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/geo"
	"fenlin/internal/org"
	"fenlin/internal/outage"
	"fenlin/internal/outbox"
	"fenlin/internal/understand"
)

const (
	numberPrefix = "FY" // Fenyang
	systemTitle  = "汾邻"
	reporterName = "报事人"
)

// Report is a problem that somebody tells. What Place leaves open is
// understood from the text, the compound at last from where the person lives.
type Report struct {
	Key      string // makes a repeated report the same ticket; empty = none
	Reporter int64
	Home     int64 // the compound where the reporter lives, or 0
	Channel  string
	Text     string
	Place    Place
	Point    *Point
	Sure     bool   // file it although an announced outage answers it, or it reads like an advertisement
	Scene    string // of the code that was scanned, or empty: it says where, and perhaps about what
	Photos   []int64
}

// Understood is what Fenlin makes of a report before it is filed.
type Understood struct {
	Reading    understand.Reading
	Place      Place // complete but for OrgID, which is 0 while the compound is unknown
	Duplicates []Duplicate
	Outage     *outage.Notice // that answers it
	Lead       org.Post
	Grade      string
	Reason     string
	DueAt      int64
}

// Preview understands and routes a report without filing it.
func (s *Service) Preview(ctx context.Context, r Report) (Understood, error) {
	u, err := s.understand(ctx, r)
	if err != nil || u.Place.OrgID == 0 {
		return u, err
	}
	if u.Outage, err = s.announced(ctx, u, r); err != nil {
		return u, err
	}
	route, _, err := s.route(ctx, u.Place, u.Reading.Emergency, s.Now())
	if err != nil {
		return u, err
	}
	u.Lead, u.Grade, u.Reason, u.DueAt = route.lead, route.grade, route.reason, route.dueAt
	u.Duplicates, err = s.duplicates(ctx, u, r, s.Now(), math.MaxInt64)
	return u, err
}

// Report files a ticket and hands it to its desk in one transaction. A report
// with a key that was used before returns the ticket it made then.
func (s *Service) Report(ctx context.Context, r Report) (Ticket, error) {
	u, err := s.understand(ctx, r)
	if err != nil {
		return Ticket{}, err
	}
	advert := !u.Reading.Emergency && s.Rules().Content.Advert(r.Text)
	switch {
	case advert && !r.Sure:
		return s.refuseAdvert(ctx, r)
	case !advert && (u.Reading.Intent == understand.Chatter || u.Reading.Intent == understand.Unclear) && r.Place.Category == "":
		return Ticket{}, ErrChatter
	case u.Place.OrgID == 0 && !u.Reading.Emergency:
		return Ticket{}, ErrNoPlace
	case u.Place.OrgID == 0: // danger waits for nothing: the city's desk asks where
		city, err := s.Org.Root(ctx)
		if err != nil {
			return Ticket{}, err
		}
		u.Place.OrgID = city.ID
	}
	notice, err := s.announced(ctx, u, r)
	if err != nil {
		return Ticket{}, err
	}
	if notice != nil && !r.Sure {
		if e, done, err := s.requested(ctx, r.Key); err != nil || done && e.Action == Submit && e.ActorID == r.Reporter { // it was filed before
			return s.filedBy(ctx, e, err)
		}
		return Ticket{}, ErrAnnounced.Say(s.SayNotice(*notice) + "已经知道，不用再报。")
	}
	now := s.Now()
	route, _, err := s.route(ctx, u.Place, u.Reading.Emergency, now)
	if err != nil {
		return Ticket{}, err
	}
	t := s.draft(r, u, route, now)
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.file(tx, &t, r, route, now) })
	if errors.Is(err, gorm.ErrDuplicatedKey) || errors.Is(err, ErrTooMany) { // perhaps this same report was filed before
		e, done, err2 := s.requested(ctx, r.Key)
		switch {
		case err2 != nil:
			return Ticket{}, err2
		case done && (e.Action != Submit || e.ActorID != r.Reporter || e.Note != t.Text):
			return Ticket{}, ErrKeyReused
		case done:
			return s.byID(ctx, e.TicketID)
		}
	}
	if err != nil {
		return Ticket{}, err
	}
	s.Outbox.Wake()
	return t, nil
}

func (s *Service) filedBy(ctx context.Context, e Event, err error) (Ticket, error) {
	if err != nil {
		return Ticket{}, err
	}
	return s.byID(ctx, e.TicketID)
}

// understand reads the text and completes what the person left open.
func (s *Service) understand(ctx context.Context, r Report) (Understood, error) {
	text := strings.TrimSpace(r.Text)
	switch n := len([]rune(text)); {
	case n == 0:
		return Understood{}, ErrNoText
	case n > MaxText:
		return Understood{}, ErrLongText
	}
	if r.Point != nil {
		if err := org.CheckPoint(*r.Point); err != nil {
			return Understood{}, err
		}
	}
	known, err := s.Places(ctx)
	if err != nil {
		return Understood{}, err
	}
	var code org.Posted
	if r.Scene != "" {
		if code, err = s.Org.Posted(ctx, r.Scene); err != nil {
			return Understood{}, err
		}
	}
	reading := s.Hear(text, known, code.Code)
	u := Understood{Reading: reading, Place: r.Place}
	if u.Place.Category == "" {
		u.Place.Category = reading.Guesses[0].Code
	} else if _, ok := s.Rules().Reader.Category(u.Place.Category); !ok {
		return u, ErrInvalid.At("category", "没有这个类别")
	}
	if u.Place.OrgID == 0 && len(reading.Compounds) > 0 && reading.Compounds[0].Confidence >= understand.Sure {
		u.Place.OrgID = reading.Compounds[0].ID
	}
	if code.At.Kind == org.CompoundKind && (u.Place.OrgID == 0 || known.ByID[u.Place.OrgID].OrgID == code.At.ID) {
		u.Place.OrgID = code.At.ID
		if b := cmp.Or(u.Place.Building, reading.Building); b == "" || b == code.Building {
			u.Place.Building = code.Building
			u.Place.Unit = cmp.Or(u.Place.Unit, reading.Unit, code.Unit)
		}
	}
	for _, f := range []struct {
		to   *string
		from string
	}{{&u.Place.Building, reading.Building}, {&u.Place.Unit, reading.Unit}, {&u.Place.Floor, reading.Floor}, {&u.Place.Room, reading.Room}} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
	if u.Place.OrgID == 0 && r.Point != nil { // within a known border beats where the person lives
		if near := org.Nearest(known.List, *r.Point); len(near) > 0 && near[0].Inside {
			u.Place.OrgID = near[0].OrgID
		}
	}
	if u.Place.OrgID == 0 { // a home that is gone is none
		u.Place.OrgID = known.ByID[r.Home].OrgID
	}
	return u, known.stand(&u.Place)
}

// Hear reads a sentence that somebody said beside a code; the zero code is
// none. What the sentence leaves unclear is about the thing with the code: 不走
// beside a lift tells of the lift. One that is clear by itself stands as it is.
func (s *Service) Hear(text string, known *places, at org.Code) understand.Reading {
	reader := s.Rules().Reader
	own := reader.Read(text, known.Gazetteer)
	thing, ok := reader.Category(at.Category)
	if !ok || own.Clear && own.Guesses[0].Code != thing.Code {
		return own
	}
	about := reader.Read(thing.Name+text, known.Gazetteer)
	says := len(about.Words) > len(reader.Read(thing.Name, nil).Words) // it tells more than the thing's name
	if about.Intent != understand.Problem || own.Intent != understand.Problem && !says {
		return own
	}
	first := understand.Guess{Code: thing.Code, Name: thing.Name, Confidence: 1}
	own.Guesses = append([]understand.Guess{first}, slices.DeleteFunc(own.Guesses, func(g understand.Guess) bool { return g.Code == thing.Code })...)
	own.Intent, own.Clear, own.Words = understand.Problem, true, about.Words
	if about.Emergency {
		own.Emergency, own.Danger = true, about.Danger
	}
	return own
}

func (s *Service) draft(r Report, u Understood, route routed, now time.Time) Ticket {
	p := u.Place
	t := Ticket{
		ID: s.DB.NewID(), OrgID: p.OrgID, Building: p.Building, Unit: p.Unit, Floor: p.Floor, Room: p.Room,
		Category: p.Category, Emergency: u.Reading.Emergency, Danger: u.Reading.Danger, Text: strings.TrimSpace(r.Text), Channel: r.Channel, ReporterID: r.Reporter,
		State: Dispatched, Version: 2, Grade: route.grade, LeadPost: route.lead.ID, RouteRule: route.rule, RouteReason: route.reason,
		CreatedAt: now.UnixMilli(), UncountedAt: now.UnixMilli(),
	}
	t.run(route)
	t.AlarmAt = t.ring().at
	if r.Point != nil {
		t.Lat, t.Lng, t.Datum = &r.Point.Lat, &r.Point.Lng, string(cmp.Or(r.Point.Datum, geo.GCJ02))
	}
	return t
}

// file writes everything of a new ticket. The day's number comes last: its
// row is locked until the commit, and every other report waits for it.
func (s *Service) file(tx *gorm.DB, t *Ticket, r Report, route routed, now time.Time) error {
	if err := s.limit(tx, t, now); err != nil {
		return err
	}
	opening := s.opening(t, r, route)
	if err := tx.Create(&opening).Error; err != nil {
		return err
	}
	if err := s.insertParts(tx, t.ID, route.parts); err != nil {
		return err
	}
	if err := attach(tx, t.ID, t.ReporterID, r.Photos); err != nil {
		return err
	}
	if err := s.Outbox.Add(tx, happened(*t, 2, now), outbox.New(TopicCheck, fmt.Sprintf("check:%d", t.ID), t.ID, Check{t.ID}, now)); err != nil {
		return err
	}
	var err error
	if t.Number, err = s.nextNumber(tx, now); err != nil {
		return err
	}
	return tx.Create(t).Error
}

// opening is how every ticket's log begins.
func (s *Service) opening(t *Ticket, r Report, route routed) []Event {
	submitted := Event{
		ID: s.DB.NewID(), TicketID: t.ID, Seq: 1, Action: Submit, ToState: Submitted, ActorID: t.ReporterID, ActorTitle: reporterName,
		Note: t.Text, Data: asJSON(Detail{Photos: r.Photos, OrgID: t.OrgID, Category: t.Category}), At: t.CreatedAt,
	}
	if r.Key != "" {
		submitted.RequestKey = &r.Key
	}
	submitted.seal("")
	dispatched := Event{
		ID: s.DB.NewID(), TicketID: t.ID, Seq: 2, Action: Dispatch, FromState: Submitted, ToState: Dispatched, ActorTitle: systemTitle,
		Note: route.reason, Data: asJSON(Detail{To: route.lead.ID, ToTitle: route.lead.Title, LeadPost: t.LeadPost, RespondBy: t.RespondBy, DueAt: t.DueAt}), At: t.CreatedAt,
	}
	dispatched.seal(submitted.Hash)
	t.LastHash = dispatched.Hash
	return []Event{submitted, dispatched}
}

// limit refuses what is more than a person can mean.
func (s *Service) limit(tx *gorm.DB, t *Ticket, now time.Time) error {
	if t.Emergency {
		return nil
	}
	var today int64
	err := tx.Raw("SELECT COUNT(*) FROM tickets WHERE reporter_id = ? AND created_at > ?", t.ReporterID, now.Add(-24*time.Hour).UnixMilli()).Scan(&today).Error
	if err == nil && today >= DailyReports {
		return ErrTooMany
	}
	return err
}

// nextNumber counts without gaps, so that a missing ticket shows; in one
// statement, because every other report waits for its row.
func (s *Service) nextNumber(tx *gorm.DB, now time.Time) (string, error) {
	day, last := s.day(now), int64(0)
	if s.DB.Engine == db.SQLite {
		err := tx.Raw("INSERT INTO ticket_numbers (day, last) VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET last = last + 1 RETURNING last", day).Scan(&last).Error
		if err != nil {
			return "", err
		}
	} else {
		counted, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context,
			"INSERT INTO ticket_numbers (day, last) VALUES (?, 1) ON DUPLICATE KEY UPDATE last = LAST_INSERT_ID(last + 1)", day)
		if err != nil {
			return "", err
		}
		if last, err = counted.LastInsertId(); err != nil {
			return "", err
		}
		last = max(last, 1) // 0: the day's first
	}
	return fmt.Sprintf("%s%s-%04d", numberPrefix, day, last), nil
}

// day is the local date as numbers carry it, yyMMdd.
func (s *Service) day(now time.Time) string {
	return now.In(s.Rules().Calendar.Location()).Format("060102")
}

func dayOf(number string) string {
	day, _, _ := strings.Cut(strings.TrimPrefix(number, numberPrefix), "-")
	return day
}

func happened(t Ticket, seq int64, now time.Time) outbox.Event {
	return outbox.New(TopicEvent, fmt.Sprintf("ticket:%d:%d", t.ID, seq), t.ID, Happened{t.ID, seq}, now)
}
