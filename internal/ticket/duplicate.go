package ticket

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"fenlin/internal/org"
	"fenlin/internal/outage"
)

// Duplicate is an earlier report that is likely of the same thing.
type Duplicate struct {
	Ticket
	Alike
	Own bool // of the same person
}

// announced is the outage that answers a report; whoever asks is counted.
func (s *Service) announced(ctx context.Context, u Understood, r Report) (*outage.Notice, error) {
	kind, ok := s.Outages.Rules().Kind(u.Place.Category)
	if !ok || u.Reading.Emergency || !kind.Asks(r.Text) {
		return nil, nil //nolint:nilnil // none is an answer
	}
	known, err := s.Places(ctx)
	if err != nil {
		return nil, err
	}
	n, ok, err := s.Outages.Over(ctx, known.ByID[u.Place.OrgID].Path, u.Place.Category)
	if err != nil || !ok {
		return nil, err
	}
	if r.Reporter != 0 {
		err = s.Outages.Ask(ctx, n.ID, r.Reporter)
	}
	return &n, err
}

// SayNotice is an announced outage as people read it: who, until when, why.
func (s *Service) SayNotice(n outage.Notice) string {
	kind, _ := s.Outages.Rules().Kind(n.Category)
	zone, now := s.Rules().Calendar.Location(), s.Now()
	moment := func(ms int64) string {
		at := time.UnixMilli(ms).In(zone)
		if at.Format(time.DateOnly) == now.In(zone).Format(time.DateOnly) {
			return at.Format("今天 15:04")
		}
		return at.Format("1月2日 15:04")
	}
	from, to := moment(n.FromAt), moment(n.ToAt)
	if day, _, _ := strings.Cut(from, " "); strings.HasPrefix(to, day+" ") {
		to = strings.TrimPrefix(to, day+" ")
	}
	return fmt.Sprintf("%s公告：%s–%s %s。%s 预计 %s 恢复。", n.ByTitle, from, to, kind.Name, strings.TrimRight(n.Text, "。")+"。", moment(n.ToAt))
}

// Before are the reports of one thing that a ticket's reporter might have been
// told of before it was filed, the likest first.
func (s *Service) Before(ctx context.Context, t Ticket) ([]Duplicate, error) {
	known, err := s.Places(ctx)
	if err != nil {
		return nil, err
	}
	u := Understood{
		Reading: s.Rules().Reader.Read(t.Text, known.Gazetteer),
		Place:   Place{OrgID: t.OrgID, Category: t.Category, Building: t.Building, Unit: t.Unit, Floor: t.Floor, Room: t.Room},
	}
	reporter, err := s.Members.Person(ctx, t.ReporterID)
	if err != nil {
		return nil, err
	}
	return s.duplicates(ctx, u, Report{Text: t.Text, Reporter: t.ReporterID, Home: reporter.CompoundID}, time.UnixMilli(t.CreatedAt), t.ID)
}

const (
	compared = 25 // earlier reports of a place, the newest, that are compared
	offered  = 3
)

// duplicates are earlier reports of the compound, with ids below before, that are
// likely of the same thing and that the reporter may see, the likest first.
func (s *Service) duplicates(ctx context.Context, u Understood, r Report, at time.Time, before int64) ([]Duplicate, error) {
	var found []Ticket
	rules := s.Rules()
	day := 24 * time.Hour
	err := s.DB.Read(ctx).Where("org_id = ? AND created_at > ? AND id < ? AND category IN ? AND anonymised_at = 0", u.Place.OrgID, at.Add(-time.Duration(rules.Likeness.Days)*day).UnixMilli(), before, rules.Likeness.nearTo(u.Place.Category)).
		Where("state IN ? OR state IN ? AND finished_at > ?", working, []State{Finished, Closed}, at.Add(-time.Duration(rules.Likeness.ClosedDays)*day).UnixMilli()).
		Order("created_at DESC").Limit(compared).Find(&found).Error
	if err != nil || len(found) == 0 {
		return nil, err
	}
	here := Sighting{Place: u.Place, Text: r.Text, Words: u.Reading.Words, At: at}
	var likely []Duplicate
	for _, t := range found {
		there := Sighting{
			Place: Place{Category: t.Category, Building: t.Building, Unit: t.Unit, Floor: t.Floor, Room: t.Room},
			Text:  t.Text, At: time.UnixMilli(t.CreatedAt), Closed: !t.State.Open(),
		}
		if rules.Likeness.Compare(here, there).Points+rules.Likeness.Points.Reasons < rules.Likeness.Offer {
			continue // reading it would change nothing
		}
		there.Words = rules.Reader.Read(t.Text, nil).Words
		if a := rules.Likeness.Compare(here, there); a.Same {
			likely = append(likely, Duplicate{t, a, t.ReporterID == r.Reporter})
		}
	}
	slices.SortStableFunc(likely, func(a, b Duplicate) int {
		switch {
		case a.Points > b.Points:
			return -1
		case a.Points < b.Points:
			return 1
		}
		return 0
	})
	if likely, err = s.seen(ctx, u.Place.OrgID, r, likely); err != nil {
		return nil, err
	}
	return likely[:min(offered, len(likely))], nil
}

// seen keeps those that the reporter may see: their own; of others what
// neighbours may, and what their posts and what they follow let them.
func (s *Service) seen(ctx context.Context, compound int64, r Report, list []Duplicate) ([]Duplicate, error) {
	if !slices.ContainsFunc(list, func(d Duplicate) bool { return !d.Own }) {
		return list, nil
	}
	by, err := s.Org.Actor(ctx, r.Reporter, r.Home)
	if err != nil {
		return nil, err
	}
	unit, err := s.Org.Unit(ctx, compound)
	if err != nil {
		return nil, err
	}
	oversees := by.May(org.SeeTickets, unit.Path)
	var ids, follows []int64
	for _, d := range list {
		ids = append(ids, d.ID)
	}
	if err := s.DB.Read(ctx).Raw("SELECT ticket_id FROM ticket_followers WHERE person_id = ? AND ticket_id IN ?", r.Reporter, ids).Scan(&follows).Error; err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(d Duplicate) bool {
		private := slices.Contains(s.Rules().Likeness.Private, d.Category)
		_, leads := by.Holding(d.LeadPost)
		neighbours := by.Home == compound && !private
		return !d.Own && !oversees && !leads && !slices.Contains(follows, d.ID) && !neighbours
	}), nil
}
