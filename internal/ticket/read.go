package ticket

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/member"
	"fenlin/internal/org"
)

// Choice is an action that the caller may take now.
type Choice struct {
	Action Action
	Label  string
	Needs  []Field // must be given
	Takes  []Field // may be given
}

// Full is a ticket as the caller may see it.
type Full struct {
	Ticket
	Whole   bool     // all of it; otherwise what neighbours may know
	Works   bool     // the caller handles or oversees it, and does not merely tell of it
	Into    *Ticket  // the one that it was merged into
	Merged  []Ticket // those that were merged into it; none unless Whole
	Actions []Choice
	Events  []Event // none unless Whole
	Parts   []Part
	Posts   map[int64]org.Post // the lead, the parts and every post it may be handed to
	Photos  []int64
	// Reporter is whom the caller may have to reach, masked; empty for others.
	Reporter member.Contact
}

// Get returns a ticket by its number with what the caller may do now.
// ErrUnknown also stands for a ticket that is none of the caller's business.
func (s *Service) Get(ctx context.Context, by org.Actor, number string) (Full, error) {
	t, err := s.byNumber(ctx, number)
	if err != nil {
		return Full{}, err
	}
	return s.full(ctx, by, t)
}

// View is Get for a ticket just returned by Report or Act. One that the caller
// has handed on to where they see nothing is shown as to a neighbour.
func (s *Service) View(ctx context.Context, by org.Actor, t Ticket) (Full, error) {
	f, err := s.full(ctx, by, t)
	if !errors.Is(err, ErrUnknown) {
		return f, err
	}
	posts, err := s.Org.Posts(ctx, []int64{t.LeadPost})
	return Full{Ticket: t, Posts: posts}, err
}

func (s *Service) full(ctx context.Context, by org.Actor, t Ticket) (Full, error) {
	sit, err := s.situation(ctx, t, by)
	if err != nil {
		return Full{}, err
	}
	if sit.rel == 0 {
		return Full{}, ErrUnknown
	}
	f := Full{Ticket: t, Posts: sit.posts, Parts: sit.parts, Whole: sit.rel&^(follower|neighbour|brought) != 0}
	for _, r := range sit.allowed() {
		f.Actions = append(f.Actions, Choice{r.action, r.label, r.needs, r.takes})
	}
	if t.MergedInto != 0 {
		into, err := s.byID(ctx, t.MergedInto)
		if err != nil {
			return f, err
		}
		f.Into = &into
	}
	if !f.Whole {
		return f, nil
	}
	if err := s.DB.Read(ctx).Order("seq").Find(&f.Events, "ticket_id = ?", t.ID).Error; err != nil {
		return f, err
	}
	if f.Merged, err = s.mergedInto(ctx, f.Events); err != nil {
		return f, err
	}
	if t.AnonymisedAt != 0 {
		for i, e := range f.Events {
			f.Events[i] = e.nameless()
		}
	}
	if err := s.DB.Read(ctx).Raw("SELECT id FROM photos WHERE ticket_id = ? ORDER BY id", t.ID).Scan(&f.Photos).Error; err != nil {
		return f, err
	}
	if f.Works = sit.rel&(lead|called|helper|above|overseer) != 0; !f.Works {
		f.mask(by.Person, sit.rules.Content)
	}
	if !sit.mayReach() {
		return f, nil
	}
	reporter, err := s.Members.Person(ctx, t.ReporterID)
	if err != nil {
		return f, err
	}
	f.Reporter, err = s.Members.Masked(reporter)
	return f, err
}

// mask takes out of a ticket what others than its reporter, who reads it, wrote
// and sent to it as residents: nobody has looked at that. Of their words stays
// what is masked.
func (f *Full) mask(reader int64, rules *Content) {
	for i, e := range f.Events {
		if e.ActorID == 0 || e.ActorID == reader || e.ActorPost != 0 || e.ActorTitle == reporterName {
			continue
		}
		d := e.Detail()
		f.Photos = slices.DeleteFunc(f.Photos, func(p int64) bool { return slices.Contains(d.Photos, p) })
		d.Photos = nil
		if f.Events[i].Note = rules.Masked(e.Note); rules.Look(e.Note).Abuse {
			f.Events[i].Note = ""
		}
		f.Events[i].tell(d)
	}
}

// mergedInto are the tickets that were merged into one, as its own log says.
func (s *Service) mergedInto(ctx context.Context, log []Event) ([]Ticket, error) {
	var numbers []string
	for _, e := range log {
		if number, ok := strings.CutPrefix(e.Note, noteMerged); ok && e.Action == Add && e.ActorID == 0 {
			numbers = append(numbers, number)
		}
	}
	var found []Ticket
	if len(numbers) == 0 {
		return nil, nil
	}
	err := s.DB.Read(ctx).Order("id").Find(&found, "number IN ?", numbers).Error
	return found, err
}

// Into is the ticket that one was merged into, as it stands now; itself when it
// was merged into none.
func (s *Service) Into(ctx context.Context, t Ticket) (Ticket, error) {
	for range 10 { // mergers of mergers
		if t.MergedInto == 0 {
			break
		}
		var err error
		if t, err = s.byID(ctx, t.MergedInto); err != nil {
			return t, err
		}
	}
	return t, nil
}

// View names a list of tickets.
type View string

// The views.
const (
	Mine      View = "mine"      // reported by the caller, newest first
	Following View = "following" // joined by the caller, newest first
	Inbox     View = "inbox"     // to be worked on or decided by the caller, due soonest first
	Watched   View = "watched"   // on the city's watch list in the caller's subtree, due soonest first
	Overdue   View = "overdue"   // past due or on the watch list in the caller's subtree, due soonest first
	Compound  View = "compound"  // of one compound, newest first, without personal data
)

// Page is one page of a list; Next is empty on the last.
type Page struct {
	Items []Ticket
	Next  string
}

// MaxPage is the longest page of a list.
const MaxPage = 100

var errCursor = errs.New(errs.Invalid, "cursor", "页码已失效，请从第一页看起").At("cursor", "请从第一页看起")

// List returns a page of a view. Compound lists the compound where the caller
// lives, else the one of a post, unless another is named.
func (s *Service) List(ctx context.Context, by org.Actor, v View, compound int64, limit int, cursor string) (Page, error) {
	if limit <= 0 || limit > MaxPage {
		limit = 20
	}
	q := s.DB.Read(ctx).Table("tickets t").Select("t.*")
	order, dir := "t.id", "DESC"
	switch v {
	case Mine:
		q = q.Where("t.reporter_id = ?", by.Person)
	case Following:
		q = q.Where("t.id IN (SELECT ticket_id FROM ticket_followers WHERE person_id = ?)", by.Person)
	case Inbox:
		q, order, dir = s.inbox(q, by), "t.due_at", "ASC"
	case Overdue:
		q = q.Joins("JOIN org_units u ON u.id = t.org_id").Where("t.state IN ? AND (t.watched OR t.due_at < ? AND (t.paused_at = 0 OR t.due_at < t.paused_at))", working, s.Now().UnixMilli()).
			Where(within(q, by, org.SeeTickets))
		order, dir = "t.due_at", "ASC"
	case Watched:
		q = q.Joins("JOIN org_units u ON u.id = t.org_id").Where("t.watched AND t.state IN ?", append([]State{Finished}, working...)).Where(within(q, by, org.Supervise))
		order, dir = "t.due_at", "ASC"
	case Compound:
		compound = cmp.Or(compound, by.Home)
		if compound == 0 && len(by.Posts) > 0 {
			compound = by.Posts[0].OrgID
		}
		compounds, err := s.Org.TakenUp(ctx, compound)
		if err != nil {
			return Page{}, err
		}
		q = q.Where("t.org_id IN ? AND t.state NOT IN ?", compounds, []State{Withdrawn, Merged, Excluded, Rejected})
	default:
		return Page{}, ErrInvalid.At("view", "没有这个列表")
	}
	if cursor != "" {
		var at, id int64
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil {
			return Page{}, errCursor
		}
		if n, err := fmt.Sscanf(string(raw), "%d.%d", &at, &id); err != nil || n != 2 {
			return Page{}, errCursor
		}
		past := map[string]string{"ASC": ">", "DESC": "<"}[dir]
		q = q.Where(fmt.Sprintf("(%[1]s %[2]s ? OR (%[1]s = ? AND t.id %[2]s ?))", order, past), at, at, id)
	}
	var page Page
	err := q.Order(order + " " + dir + ", t.id " + dir).Limit(limit + 1).Find(&page.Items).Error
	if err != nil || len(page.Items) <= limit {
		return page, err
	}
	page.Items = page.Items[:limit]
	last := page.Items[limit-1]
	key := last.ID
	if dir == "ASC" {
		key = last.DueAt
	}
	page.Next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", key, last.ID))
	return page, nil
}

// inbox is what the caller's posts handle, what they were whistled for, and
// what waits for a decision from above.
func (s *Service) inbox(q *gorm.DB, by org.Actor) *gorm.DB {
	posts, units, compounds := []int64{0}, []int64{0}, []int64{0}
	for _, p := range by.Posts {
		posts, units = append(posts, p.ID), append(units, p.OrgID)
		compounds = append(compounds, (org.Unit{Path: p.OrgPath}).Chain()...)
	}
	// As situation.independent says: nobody decides on an exclusion who has a part in it.
	const independent = `(t.pending <> ? OR NOT (t.owner_post IN ? OR t.lead_post IN (SELECT id FROM posts WHERE org_id IN ?) OR t.org_id IN (SELECT id FROM org_units WHERE id IN ? AND kind = ?)))`
	where := s.DB.Read(q.Statement.Context).
		Where("t.lead_post IN ? AND t.state IN ?", posts, working).
		Or("t.state = ? AND t.id IN (SELECT ticket_id FROM ticket_parts WHERE post_id IN ? AND kind = ? AND done_at = 0)", Whistled, posts, Called)
	for _, p := range by.Posts {
		if !(org.Actor{Posts: []org.Post{p}}).May(org.Supervise, p.OrgPath) {
			continue
		}
		var below []org.Role
		for _, r := range org.Handlers {
			if r.Rank() < p.Role.Rank() {
				below = append(below, r)
			}
		}
		from, to := org.Below(p.OrgPath)
		where = where.Or("t.pending <> '' AND t.pending_by <> ? AND t.org_id IN (SELECT id FROM org_units WHERE path >= ? AND path < ?) AND t.lead_post IN (SELECT id FROM posts WHERE role IN ?) AND (t.arbiter_post = 0 OR t.arbiter_post IN (SELECT id FROM posts WHERE role IN ?)) AND "+independent,
			by.Person, from, to, below, decidable(p.Role), Exclude, posts, units, compounds, org.CompoundKind)
	}
	return q.Where(where)
}

// within is the condition that a unit u lies where the caller has p.
func within(q *gorm.DB, by org.Actor, p org.Permission) *gorm.DB {
	cond := q.Session(&gorm.Session{NewDB: true}).Where("1 = 0")
	for _, post := range by.Posts {
		if (org.Actor{Posts: []org.Post{post}}).May(p, post.OrgPath) {
			from, to := org.Below(post.OrgPath)
			cond = cond.Or("u.path >= ? AND u.path < ?", from, to)
		}
	}
	return cond
}

// Mine finds one of a person's own tickets by a whole number or its last
// digits; empty means the latest. Errors: ErrUnknown.
func (s *Service) Mine(ctx context.Context, person int64, number string) (Ticket, error) {
	number = strings.ToUpper(strings.TrimSpace(number))
	q := s.DB.Read(ctx).Where("reporter_id = ?", person)
	switch {
	case number == "":
	case shortNumber.MatchString(number):
		q = q.Where("number LIKE ?", "%-%"+number)
	default:
		q = q.Where("number = ?", number)
	}
	var found []Ticket
	if err := q.Order("created_at DESC, id DESC").Limit(1).Find(&found).Error; err != nil {
		return Ticket{}, err
	}
	if len(found) == 0 {
		return Ticket{}, ErrUnknown
	}
	return found[0], nil
}

// Requested returns the ticket and event that a request with this key made
// before, if it did: the answer to a message that comes again is made from it.
func (s *Service) Requested(ctx context.Context, key string) (Ticket, Event, bool, error) {
	e, done, err := s.requested(ctx, key)
	if err != nil || !done {
		return Ticket{}, e, false, err
	}
	t, err := s.byID(ctx, e.TicketID)
	return t, e, true, err
}

// Standing are tickets as they stand now, by their ids.
func (s *Service) Standing(ctx context.Context, ids []int64) (map[int64]Ticket, error) {
	out := map[int64]Ticket{}
	for some := range slices.Chunk(ids, MaxPage) {
		var found []Ticket
		if err := s.DB.Read(ctx).Find(&found, "id IN ?", some).Error; err != nil {
			return nil, err
		}
		for _, t := range found {
			out[t.ID] = t
		}
	}
	return out, nil
}

// Moment is one event with all that a notice about it needs.
type Moment struct {
	Ticket
	Event     Event
	Place     org.Unit
	Posts     map[int64]org.Post
	Parts     []Part
	Followers []int64
	Brought   []int64 // who reported what was merged into it
	Deciders  []int64 // posts that may decide what is pending
}

// At returns the moment of an event.
func (s *Service) At(ctx context.Context, h Happened) (Moment, error) {
	t, err := s.byID(ctx, h.TicketID)
	if err != nil {
		return Moment{}, err
	}
	m := Moment{Ticket: t}
	if err := s.DB.Read(ctx).Take(&m.Event, "ticket_id = ? AND seq = ?", h.TicketID, h.Seq).Error; err != nil {
		return m, unknown(err)
	}
	sit, err := s.situation(ctx, t, org.Actor{})
	if err != nil {
		return m, err
	}
	m.Place, m.Posts, m.Parts = sit.desk.Unit, sit.posts, sit.parts
	if up := sit.higher(); t.ArbiterPost != 0 {
		m.Deciders = []int64{t.ArbiterPost}
	} else if up.ID != 0 {
		m.Deciders = []int64{up.ID}
	}
	err = s.DB.Read(ctx).Raw("SELECT person_id FROM ticket_followers WHERE ticket_id = ? ORDER BY person_id", t.ID).Scan(&m.Followers).Error
	if err != nil || len(m.Followers) == 0 {
		return m, err
	}
	var added []Event
	if err := s.DB.Read(ctx).Find(&added, "ticket_id = ? AND action = ? AND actor_id = 0", t.ID, Add).Error; err != nil {
		return m, err
	}
	merged, err := s.mergedInto(ctx, added)
	for _, one := range merged {
		m.Brought = append(m.Brought, one.ReporterID)
	}
	return m, err
}
