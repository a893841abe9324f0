package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
)

// The topics of briefs: a day's, which has one made for each person who leads;
// and one person's. Payloads: briefs, brief.
const (
	TopicBriefs = "notice.briefs"
	TopicBrief  = "notice.brief"
)

type briefs struct {
	Day string `json:"day"` // 2006-01-02
}

type brief struct {
	Day    string `json:"day"`
	Person int64  `json:"person"`
}

const kindBrief = "brief"

// BriefRules say when briefs go out.
type BriefRules struct {
	Hour int `yaml:"hour"` // of a working day
}

// LoadBriefs reads config/briefs.yaml; unknown keys are refused.
func LoadBriefs(text []byte) (BriefRules, error) {
	var r BriefRules
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&r); err != nil {
		return r, err
	}
	if r.Hour < member.FirstDigest || r.Hour > lastBrief {
		return r, fmt.Errorf("hour must lie within %d and %d", member.FirstDigest, lastBrief)
	}
	return r, nil
}

// lastBrief is the hour of the day after which nobody is told of it any more:
// one that was held up till the evening is no help.
const lastBrief = 20

// Span is what a brief is about: of which unit, in whose name, which days.
type Span struct {
	By           org.Actor
	Org          int64
	Since, Today time.Time // midnights: of the last working day, of this day
	Week         time.Time // the midnight that ends this week
	From, To     time.Time // the week before, longer when nobody worked in it; zero in a brief of the day alone
}

// Counts are what a brief tells of a unit and all below it.
type Counts struct {
	Open, Overdue int64 // still owed; of those past due
	Today, Week   int64 // of those neither past due nor suspended: due by the end of the day, of the week
	Reported      int64 // accepted since the last working day, as the rates count
	Closed        int64 // closed since the last working day and settled
	Past          Past
}

// Past is the week before, as the rates tell of it.
type Past struct{ Reported, Matured, Settled int64 }

func (c Counts) none() bool { return c == Counts{} }

// Plan sees to it that the next day's briefs are in the outbox. It is to be
// called often, by any number of replicas: a day has one event.
func (s *Service) Plan(ctx context.Context) error {
	at := nextHour(s.Now().In(s.Location), s.BriefHour())
	for range maxHoliday {
		if s.Tickets.Rules().Calendar.IsWorkday(at) {
			break
		}
		at = at.AddDate(0, 0, 1)
	}
	day := at.Format(time.DateOnly)
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return s.Outbox.Add(tx, outbox.New(TopicBriefs, "briefs:"+day, 0, briefs{day}, at))
	})
}

// maxHoliday bounds the search for a working day, in days.
const maxHoliday = 31

// briefBatch is how many events are added at once.
const briefBatch = 200

// briefs leaves the brief of each person who leads anything to an event of its
// own: who holds a post is asked now, and again when the brief is made.
func (s *Service) briefs(ctx context.Context, e outbox.Event) error {
	var b briefs
	if err := e.Decode(&b); err != nil {
		return err
	}
	people, err := s.Org.Leading(ctx, org.Supervise)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(people, briefBatch) {
		var events []outbox.Event
		for _, p := range some {
			events = append(events, outbox.New(TopicBrief, briefKey(b.Day, p), p, brief{b.Day, p}, s.Now()))
		}
		if err := s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.Outbox.Add(tx, events...) }); err != nil {
			return err
		}
	}
	s.Outbox.Wake()
	return nil
}

// briefKey is the key of a person's brief of a day, as an event and as a notice:
// there is one of each, whoever makes it how often.
func briefKey(day string, person int64) string { return fmt.Sprintf("brief:%s:%d", day, person) }

// brief tells one person how what they lead stands, in one notice even when it
// is the day of both briefs. It tells nothing when there is nothing to tell,
// when it is not wanted, when no post is held any more, and when the day is over.
func (s *Service) brief(ctx context.Context, e outbox.Event) error {
	var b brief
	if err := e.Decode(&b); err != nil {
		return err
	}
	day, err := time.ParseInLocation(time.DateOnly, b.Day, s.Location)
	if err != nil {
		return outbox.Cancel(err)
	}
	if now := s.Now().In(s.Location); now.Format(time.DateOnly) != b.Day || now.Hour() > lastBrief || !s.Tickets.Rules().Calendar.IsWorkday(day) {
		return nil
	}
	person, err := s.Members.Person(ctx, b.Person)
	if err != nil {
		return err
	}
	past, first := s.past(day)
	daily, weekly := person.Brief.Daily(), person.Brief.Weekly() && first
	if !daily && !weekly {
		return nil
	}
	actor, err := s.Org.Actor(ctx, b.Person, 0)
	if err != nil {
		return err
	}
	ask := Span{By: actor, Since: s.lastWorkday(day), Today: day, Week: monday(day).AddDate(0, 0, 7)}
	if weekly {
		ask.From, ask.To = past, monday(day)
	}
	var told []account
	for _, post := range actor.Highest(org.Supervise) {
		ask.Org = post.OrgID
		counts, err := s.Count(ctx, ask)
		if errors.Is(err, org.ErrOutside) || errors.Is(err, org.ErrUnknownUnit) { // the post ended meanwhile
			continue
		}
		if err != nil {
			return err
		}
		if !daily {
			counts.Reported, counts.Closed = 0, 0
		}
		if !counts.none() {
			told = append(told, account{post.OrgName, counts})
		}
	}
	if len(told) == 0 {
		return nil
	}
	n := s.tell(told, ask, daily)
	n.ID, n.Key, n.PersonID, n.Kind, n.Number, n.State, n.Tries = s.DB.NewID(), e.Key, b.Person, kindBrief, b.Day, Owed, []Try{}
	n.CreatedAt = s.Now().UnixMilli()
	return s.owe(ctx, []Notice{n}, false)
}

// account is how one unit stands.
type account struct {
	name string
	Counts
}

// longestBrief is how many units a brief tells of one by one; somebody holds
// that many posts side by side hardly ever.
const longestBrief = 4

// tell writes a brief. Its title says the most urgent in what a template shows.
func (s *Service) tell(of []account, ask Span, daily bool) Notice {
	var sum Counts
	var lines []string
	for i, a := range of {
		sum.Open, sum.Overdue, sum.Today = sum.Open+a.Open, sum.Overdue+a.Overdue, sum.Today+a.Today
		if i < longestBrief {
			name := ""
			if len(of) > 1 {
				name = clip(a.name, 20) + "："
			}
			lines = append(lines, name+a.say(ask, daily))
		}
	}
	if more := len(of) - longestBrief; more > 0 {
		lines = append(lines, fmt.Sprintf("另有 %d 个单位，请看看板", more))
	}
	n := Notice{
		Title: fmt.Sprintf("简报：超时%d件，待办%d件", sum.Overdue, sum.Open), Place: clip(of[0].name, 40),
		Body: strings.Join(append(lines, "看板："+s.board(), "不想收请回复「简报 关」"), "\n"),
	}
	switch {
	case sum.Overdue > 0:
		n.Next = "请打开看板，从超时的办起"
	case sum.Today > 0:
		n.Next = "请打开看板，先办今天到期的"
	default:
		n.Next = "请打开看板看明细"
	}
	if len(of) > 1 {
		n.Place = clip(n.Place, 30) + fmt.Sprintf("等%d个单位", len(of))
	}
	return n
}

// say is an account in a line.
func (a account) say(ask Span, daily bool) string {
	var parts []string
	if !ask.From.IsZero() {
		text := fmt.Sprintf("%s新报%d件", days(ask.From, ask.To), a.Past.Reported)
		if a.Past.Matured > 0 {
			text += fmt.Sprintf("，其中已结案或到期%d件，化解率%.1f%%（%d/%d）", a.Past.Matured, 100*float64(a.Past.Settled)/float64(a.Past.Matured), a.Past.Settled, a.Past.Matured)
		}
		parts = append(parts, text)
	}
	parts = append(parts, fmt.Sprintf("现在待办%d件，超时%d件，今天到期%d件，本周到期%d件", a.Open, a.Overdue, a.Today, a.Week))
	if daily {
		parts = append(parts, fmt.Sprintf("%s新报%d件，化解结案%d件", days(ask.Since, ask.Today), a.Reported, a.Closed))
	}
	return strings.Join(parts, "；")
}

// days are the days from one midnight to another, as people say them.
func days(from, to time.Time) string {
	last := to.AddDate(0, 0, -1)
	if !last.After(from) {
		return from.Format("1月2日")
	}
	return from.Format("1月2日") + "至" + last.Format("1月2日")
}

// monday is the midnight with which the week of a day begins.
func monday(day time.Time) time.Time { return day.AddDate(0, 0, -(int(day.Weekday())+6)%7) }

// lastWorkday is the midnight of the last working day before a day: a brief tells of all days since the one before.
func (s *Service) lastWorkday(day time.Time) time.Time {
	for range maxHoliday {
		if day = day.AddDate(0, 0, -1); s.Tickets.Rules().Calendar.IsWorkday(day) {
			break
		}
	}
	return day
}

// past is where the week before begins, and whether the day is the first
// working day of its own week. A week without any is told of with the next.
func (s *Service) past(day time.Time) (from time.Time, first bool) {
	cal, start := s.Tickets.Rules().Calendar, monday(day)
	works := func(from time.Time, to time.Time) bool {
		for ; from.Before(to); from = from.AddDate(0, 0, 1) {
			if cal.IsWorkday(from) {
				return true
			}
		}
		return false
	}
	for from = start.AddDate(0, 0, -7); !works(from, from.AddDate(0, 0, 7)) && start.Sub(from) < maxHoliday*24*time.Hour; {
		from = from.AddDate(0, 0, -7)
	}
	return from, cal.IsWorkday(day) && !works(start, day)
}
