package wish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/secret"
	"fenlin/internal/ticket"
)

// viewer is somebody who looks at wishes.
type viewer struct {
	org.Actor
	member bool
	units  []org.WorkUnit // whose contact they are
}

func (s *Service) viewer(ctx context.Context, by org.Actor) (viewer, error) {
	v := viewer{Actor: by}
	if by.Person == 0 {
		return v, nil
	}
	p, err := s.Members.Person(ctx, by.Person)
	if err != nil {
		return v, err
	}
	v.member = p.Member
	v.units, err = s.Org.Answers(ctx, by.Person)
	return v, err
}

// owns says that the viewer posted a wish.
func (v viewer) owns(w Wish) bool { return v.Person != 0 && w.WisherID == v.Person }

// is what the viewer is to a wish. Nobody checks or confirms what they wish or
// fulfil themselves.
func (v viewer) is(w Wish, place org.Unit) relation {
	var r relation
	if v.owns(w) && w.ForWhom != Household {
		r |= wisher
	}
	if v.Person != 0 && w.ClaimerID == v.Person {
		r |= claimer
	}
	if (v.member || len(v.units) > 0) && !v.owns(w) {
		r |= helper
	}
	if r&(wisher|claimer) == 0 && v.May(org.ManageWishes, place.Path) {
		r |= desk
	}
	return r
}

// sees says that the viewer may know that a wish is there.
func (v viewer) sees(w Wish, is relation) bool {
	return v.owns(w) || is&(claimer|desk) != 0 || slices.Contains(public, w.State)
}

// titled is as what the viewer acts.
func (v viewer) titled(w Wish, as relation, place org.Unit) string {
	if as&desk != 0 {
		post, _ := v.Over(org.ManageWishes, place.Path, -1) // of any rank
		return post.Title
	}
	return titleOf(w, as)
}

// titleOf is what people are called in the timeline.
func titleOf(w Wish, as relation) string {
	switch {
	case as&wisher != 0 && w.ForWhom == Household:
		return w.ByTitle
	case as&wisher != 0:
		return theWisher
	case as&(claimer|helper) != 0:
		return theClaimer
	}
	return "到时自动办理"
}

// What the two parties are called in the timeline; the community by its post.
const (
	theWisher  = "许愿人"
	theClaimer = "认领人"
)

// Full is a wish as somebody may see it. Its own text, people and phone are not
// for showing.
type Full struct {
	Wish
	Place   org.Unit
	Said    string       // the words, as this person may read them; empty: they may not
	Wisher  string       // who wishes, as this person may know it; empty: not
	Claimer string       // likewise who claimed it
	Unit    org.WorkUnit // for which it was claimed; zero: none, or not to be known
	Mine    bool
	Claims  bool // this person claimed it
	Desk    bool
	Reach   bool           // this person may look at the wisher's phone
	Units   []org.WorkUnit // for which this person may claim
	Actions []Choice
	Events  []Event // of one wish alone, not in lists
}

// View says which wishes a list is of.
type View string

// The views.
const (
	OpenOnes View = "open"    // to be claimed, the first to end first
	MyWishes View = "mine"    // the newest first
	MyClaims View = "claimed" // by this person, the newest first
	DeskOnes View = "desk"    // of the places that this person looks after, the newest first
)

// Listing says which wishes a list is of.
type Listing struct {
	View  View
	Unit  int64 // those in it or below it; 0: everywhere
	State State // empty: of the desk all that are not over, of others any
	After Cursor
	Limit int
}

// Cursor is where a page ends.
type Cursor struct{ At, ID int64 }

// CursorAfter is where a page of a view ends with a wish.
func CursorAfter(v View, w Wish) Cursor {
	if v == OpenOnes {
		return Cursor{w.Until, w.ID}
	}
	return Cursor{w.CreatedAt, w.ID}
}

// List are wishes as somebody may see them; a Person of 0 is anybody. Errors: org.ErrUnknownUnit, org.ErrOutside.
func (s *Service) List(ctx context.Context, by org.Actor, l Listing) ([]Full, error) {
	if by.Person == 0 && (l.View == MyWishes || l.View == MyClaims) {
		return nil, nil // 0 is also whoever has left
	}
	q := s.DB.Read(ctx).Model(&Wish{})
	order := "id DESC"
	switch l.View {
	case OpenOnes:
		q = q.Where("state = ? AND until_at > ?", Open, s.Now().UnixMilli())
		order = "until_at, id"
	case MyWishes:
		q = q.Where("wisher_id = ?", by.Person)
	case MyClaims:
		q = q.Where("claimer_id = ?", by.Person)
	case DeskOnes:
		post, ok := by.Scope(org.ManageWishes)
		if !ok {
			return nil, org.ErrOutside
		}
		if l.Unit == 0 {
			l.Unit = post.OrgID
		}
		states := active
		if l.State != "" {
			states = []State{l.State}
		}
		q = q.Where("state IN ?", states)
	}
	if l.Unit != 0 {
		now, err := s.Org.Successor(ctx, l.Unit)
		if err != nil {
			return nil, err
		}
		u, err := s.Org.Unit(ctx, now)
		if err != nil {
			return nil, err
		}
		if l.View == DeskOnes && !by.May(org.ManageWishes, u.Path) {
			return nil, org.ErrOutside
		}
		from, to := org.Below(u.Path)
		q = q.Where("org_id IN (SELECT id FROM org_units WHERE path >= ? AND path < ?)", from, to)
	}
	switch {
	case l.After == Cursor{}:
	case l.View == OpenOnes:
		q = q.Where("until_at > ? OR until_at = ? AND id > ?", l.After.At, l.After.At, l.After.ID)
	default:
		q = q.Where("id < ?", l.After.ID)
	}
	var found []Wish
	if err := q.Order(order).Limit(l.Limit).Find(&found).Error; err != nil {
		return nil, err
	}
	return s.complete(ctx, by, found)
}

// Show is one wish as somebody may see it, with what happened to it for those
// who have a part in it. Errors: ErrUnknown.
func (s *Service) Show(ctx context.Context, by org.Actor, id int64) (Full, error) {
	w, err := s.Of(ctx, id)
	if err != nil {
		return Full{}, err
	}
	all, err := s.complete(ctx, by, []Wish{w})
	if err != nil {
		return Full{}, err
	}
	f := all[0]
	if !f.Mine && !f.Claims && !f.Desk {
		if !slices.Contains(public, w.State) {
			return Full{}, ErrUnknown
		}
		return f, nil
	}
	f.Events, err = s.timeline(ctx, f, by.Person)
	return f, err
}

// timeline is what happened to a wish. What one party wrote the other reads masked.
func (s *Service) timeline(ctx context.Context, f Full, person int64) ([]Event, error) {
	var events []Event
	err := s.DB.Read(ctx).Order("seq").Find(&events, "wish_id = ?", f.ID).Error
	for i, e := range events {
		if e.ActorID != person && !f.Desk && (e.ActorTitle == theWisher || e.ActorTitle == theClaimer) {
			events[i].Note = s.content().Masked(e.Note)
		}
	}
	return events, err
}

// complete adds what belongs to wishes, as somebody may see it.
func (s *Service) complete(ctx context.Context, by org.Actor, list []Wish) ([]Full, error) {
	out := make([]Full, len(list))
	if len(list) == 0 {
		return out, nil
	}
	v, err := s.viewer(ctx, by)
	if err != nil {
		return nil, err
	}
	var places, people, claimedFor []int64
	for _, w := range list {
		places, people, claimedFor = append(places, w.OrgID), append(people, w.WisherID, w.ClaimerID), append(claimedFor, w.UnitID)
	}
	units, err := s.Org.Units(ctx, places)
	if err != nil {
		return nil, err
	}
	known, err := s.Members.People(ctx, people)
	if err != nil {
		return nil, err
	}
	var workUnits []org.WorkUnit
	if err := s.DB.Read(ctx).Find(&workUnits, "id IN ?", claimedFor).Error; err != nil {
		return nil, err
	}
	for i, w := range list {
		f := Full{Wish: w, Place: units[w.OrgID], Mine: v.owns(w)}
		is := v.is(w, f.Place)
		f.Claims, f.Desk = is&claimer != 0, is&desk != 0
		f.Said, f.Actions = s.said(w, f), choices(w, is)
		if slices.ContainsFunc(f.Actions, func(c Choice) bool { return c.Action == Claim }) {
			f.Units = v.units
		}
		f.Wisher = wisherName(w, f, known[w.WisherID])
		if f.Mine || f.Claims || f.Desk {
			f.Claimer = known[w.ClaimerID].Name
			if j := slices.IndexFunc(workUnits, func(u org.WorkUnit) bool { return u.ID == w.UnitID }); j >= 0 {
				f.Unit = workUnits[j]
			}
		}
		f.Reach = mayReach(w, is)
		out[i] = f
	}
	return out, nil
}

// said are a wish's words as somebody may read them: the wisher and the
// community as they stand, others masked, once they have passed the check.
func (s *Service) said(w Wish, f Full) string {
	switch {
	case f.Mine, f.Desk:
		return w.Text
	case w.Content == ticket.Passed && (f.Claims || slices.Contains(public, w.State)):
		return s.content().Masked(w.Text)
	}
	return ""
}

// wisherName is who wishes, as somebody may know it: in full for the community,
// and for who claimed it while there is something to do.
func wisherName(w Wish, f Full, p member.Person) string {
	switch {
	case w.ForWhom == Household:
		return w.ByTitle
	case f.Mine, f.Desk, f.Claims && !w.State.Over():
		return p.Name
	case w.Anonymous:
		return ""
	}
	return secret.MaskName(p.Name)
}

// mayReach says that somebody may look at the wisher's phone: the community
// while the wish is not over, who claimed it while it is theirs and the wisher
// agreed to it.
func mayReach(w Wish, is relation) bool {
	if w.State.Over() || w.WisherID == 0 || w.ForWhom == Household {
		return false
	}
	return is&desk != 0 || is&claimer != 0 && w.SharePhone
}

// Number stands before a wish's id where a ticket has its number: in the log of
// looks and in notices.
const Number = "XY"

// Contact gives the wisher's name and phone in full; the look is logged with
// its reason. Errors: ErrUnknown, ErrNoContact, ErrNoPhone, member.ErrNoReason.
func (s *Service) Contact(ctx context.Context, by org.Actor, id int64, reason string) (member.Contact, error) {
	f, err := s.Show(ctx, by, id)
	if err != nil {
		return member.Contact{}, err
	}
	if !f.Reach {
		return member.Contact{}, ErrNoContact
	}
	title := theClaimer
	if f.Desk {
		post, _ := by.Over(org.ManageWishes, f.Place.Path, -1) // of any rank
		title = post.Title
	}
	c, err := s.Members.Reveal(ctx, member.Access{
		ByID: by.Person, ByTitle: title, SubjectID: f.WisherID, Field: member.FieldPhone, Ticket: fmt.Sprint(Number, id), Reason: reason,
	})
	if errors.Is(err, member.ErrNoPhone) {
		err = ErrNoPhone
	}
	return c, err
}

// Source is what an activity that comes from a wish calls it.
const Source = "wish"

// Named says whether somebody may name a wish, by its id, as what something
// comes from: it is there, published and not over. Errors: ErrUnknown.
func (s *Service) Named(ctx context.Context, by org.Actor, ref string) error {
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil {
		return ErrUnknown
	}
	f, err := s.Show(ctx, by, id)
	if err == nil && (f.State == Submitted || f.State.Over()) {
		err = ErrUnknown
	}
	return err
}

// Own are all wishes that somebody posted or claimed, for their own eyes.
func (s *Service) Own(ctx context.Context, by org.Actor) ([]Full, error) {
	var found []Wish
	if err := s.DB.Read(ctx).Order("id").Find(&found, "wisher_id = ? OR claimer_id = ?", by.Person, by.Person).Error; err != nil {
		return nil, err
	}
	all, err := s.complete(ctx, by, found)
	for i := range all {
		if all[i].Events, err = s.timeline(ctx, all[i], by.Person); err != nil {
			return nil, err
		}
	}
	return all, err
}
