package ticket

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/org"
)

// Act does one action of the table to a ticket and returns it as it is then.
// Errors: ErrUnknown (also for tickets the actor may not see), ErrNotAllowed,
// ErrStale, ErrInvalid with the fields that are wrong.
func (s *Service) Act(ctx context.Context, by org.Actor, number string, in Input) (Ticket, error) {
	return s.act(ctx, by, 0, in, func() (Ticket, error) { return s.byNumber(ctx, number) })
}

// Fire is Act by the clock; a timer that the ticket has outlived does nothing.
func (s *Service) Fire(ctx context.Context, timer Timer) error {
	in := Input{Action: timer.Action, Key: fmt.Sprintf("timer:%d:%s:%d", timer.TicketID, timer.Action, timer.At), Note: "到时自动办理", at: timer.At}
	_, err := s.act(ctx, org.Actor{}, system, in, func() (Ticket, error) { return s.byID(ctx, timer.TicketID) })
	if errors.Is(err, ErrNotAllowed) {
		return nil
	}
	return err
}

func (s *Service) act(ctx context.Context, by org.Actor, rel relation, in Input, load func() (Ticket, error)) (Ticket, error) {
	in.Note = strings.TrimSpace(in.Note)
	for attempt := 1; ; attempt++ {
		t, err := load()
		if err != nil {
			return Ticket{}, err
		}
		// Asked after the ticket was read: what the same request did meanwhile is found.
		e, done, err := s.requested(ctx, in.Key)
		if err != nil {
			return Ticket{}, err
		}
		if done && (e.TicketID != t.ID || e.Action != in.Action || e.ActorID != by.Person) {
			return Ticket{}, ErrKeyReused
		}
		if done {
			return load()
		}
		c, err := s.prepare(ctx, t, by, rel, in)
		if err != nil {
			return Ticket{}, err
		}
		if err := c.apply(); err != nil {
			return Ticket{}, err
		}
		err = s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.store(tx, c) })
		switch {
		case err == nil:
			s.Outbox.Wake()
			return c.next, nil
		case errors.Is(err, gorm.ErrDuplicatedKey), errors.Is(err, ErrStale):
			// Somebody was faster, perhaps this same request: look again.
			if attempt == 5 {
				return Ticket{}, ErrStale
			}
		default:
			return Ticket{}, err
		}
	}
}

// prepare gathers all that the rules look at.
func (s *Service) prepare(ctx context.Context, t Ticket, by org.Actor, rel relation, in Input) (*change, error) {
	sit, err := s.situation(ctx, t, by)
	if err != nil {
		return nil, err
	}
	sit.rel |= rel
	if sit.rel == 0 {
		return nil, ErrUnknown
	}
	c := &change{situation: sit, in: in, answer: func() time.Time { return s.answerBy(t.Grade, sit.now) }}
	c.route = func(p Place) (routed, error) {
		whole := Place{OrgID: t.OrgID, Category: t.Category, Building: t.Building, Unit: t.Unit, Floor: t.Floor, Room: t.Room}
		if p.OrgID != 0 {
			whole.OrgID = p.OrgID
		}
		if p.Category != "" {
			whole.Category = p.Category
		}
		if p.Building != "" {
			whole.Building = p.Building
		}
		r, _, err := s.route(ctx, whole, t.Emergency || c.next.Emergency, sit.now)
		return r, err
	}
	c.last = func() (e Event, err error) {
		return e, s.DB.Read(ctx).Take(&e, "ticket_id = ? AND seq = ?", t.ID, t.Version).Error
	}
	c.hold = func(post int64) ([]int64, error) { return s.Org.Holders(ctx, []int64{post}) }
	if in.Place != nil {
		if err := s.checkPlace(ctx, in.Place); err != nil {
			return nil, err
		}
	}
	if in.Into != "" {
		if other, err := s.byNumber(ctx, in.Into); err == nil {
			c.into = &other
		} else if !errors.Is(err, ErrUnknown) {
			return nil, err
		}
	}
	return c, nil
}

func (s *Service) checkPlace(ctx context.Context, p *Place) error {
	if _, ok := s.Rules().Reader.Category(p.Category); p.Category != "" && !ok {
		return ErrInvalid.At("category", "没有这个类别")
	}
	known, err := s.Places(ctx)
	if err != nil {
		return err
	}
	if err := known.stand(p); err != nil {
		return err
	}
	for _, part := range []string{p.Building, p.Unit, p.Floor, p.Room} {
		if len([]rune(part)) > 16 {
			return ErrInvalid.At("place", "楼号、单元、楼层、房号请控制在 16 字以内")
		}
	}
	return nil
}

// situation looks at a ticket from where the actor stands.
func (s *Service) situation(ctx context.Context, t Ticket, by org.Actor) (*situation, error) {
	sit := &situation{t: t, by: by, now: s.Now(), posts: map[int64]org.Post{}, rules: s.Rules()}
	var err error
	if sit.desk, err = s.Org.Desk(ctx, t.OrgID, t.Building); err != nil {
		return nil, err
	}
	for _, p := range sit.desk.Posts {
		sit.posts[p.ID] = p
	}
	if err := s.DB.Read(ctx).Order("id").Find(&sit.parts, "ticket_id = ?", t.ID).Error; err != nil {
		return nil, err
	}
	elsewhere := []int64{}
	for _, id := range append(partPosts(sit.parts), t.LeadPost, t.ArbiterPost, t.ToldPost) {
		if _, ok := sit.posts[id]; !ok && id != 0 {
			elsewhere = append(elsewhere, id)
		}
	}
	if len(elsewhere) > 0 {
		more, err := s.Org.Posts(ctx, elsewhere)
		if err != nil {
			return nil, err
		}
		for id, p := range more {
			sit.posts[id] = p
		}
	}
	if by.Person != 0 {
		var joined int64
		err := s.DB.Read(ctx).Raw("SELECT COUNT(*) FROM ticket_followers WHERE ticket_id = ? AND person_id = ?", t.ID, by.Person).Scan(&joined).Error
		if err != nil {
			return nil, err
		}
		sit.rel = sit.relate(joined > 0)
		if joined > 0 { // whoever was brought along by a merger follows
			var merged int64
			err := s.DB.Read(ctx).Raw("SELECT COUNT(*) FROM tickets WHERE reporter_id = ? AND merged_into = ?", by.Person, t.ID).Scan(&merged).Error
			if err != nil {
				return nil, err
			}
			if merged > 0 {
				sit.rel |= brought
			}
		}
	}
	return sit, nil
}

func partPosts(parts []Part) []int64 {
	ids := make([]int64, 0, len(parts)+1)
	for _, p := range parts {
		ids = append(ids, p.PostID)
	}
	return ids
}

// relate says what the actor is to the ticket. It asks org alone about scope.
func (s *situation) relate(joined bool) relation {
	var rel relation
	set := func(yes bool, r relation) {
		if yes {
			rel |= r
		}
	}
	path := s.desk.Unit.Path
	_, leads := s.by.Holding(s.t.LeadPost)
	_, over := s.by.Over(org.Supervise, path, s.lead().Role.Rank())
	set(s.t.ReporterID == s.by.Person && s.by.Person != 0, reporter)
	set(joined, follower)
	set(leads, lead)
	set(over && !leads, above)
	set(s.by.May(org.SeeTickets, path), overseer)
	set(s.by.Home != 0 && (s.by.Home == s.t.OrgID || s.by.Home == s.desk.Unit.SuccessorID), neighbour)
	_, owns := s.by.Holding(s.t.OwnerPost)
	set(owns, helper)
	for _, p := range s.parts {
		_, mine := s.by.Holding(p.PostID)
		set(mine, helper)
		set(mine && p.Kind == Called && p.DoneAt == 0, called)
	}
	return rel
}

// actorAs is the post and title under which the actor did what these relations
// allow: a secretary who follows a ticket decides as the secretary.
func (s *situation) actorAs(by relation) (int64, string) {
	by &= s.rel
	if by&lead != 0 {
		p, _ := s.by.Holding(s.t.LeadPost)
		return p.ID, p.Title
	}
	switch {
	case s.by.Person == 0:
		return 0, systemTitle
	case by&reporter != 0:
		return 0, reporterName
	}
	if by&(called|helper) != 0 {
		for _, id := range append(partPosts(s.parts), s.t.OwnerPost) {
			if p, ok := s.by.Holding(id); ok {
				return p.ID, p.Title
			}
		}
	}
	path := s.desk.Unit.Path
	if by&above != 0 {
		p, _ := s.by.Over(org.Supervise, path, s.lead().Role.Rank())
		return p.ID, p.Title
	}
	switch {
	case by&brought != 0:
		return 0, "并入的报事人"
	case by&follower != 0:
		return 0, "同遇居民"
	case by&neighbour != 0:
		return 0, "居民"
	}
	p, _ := s.by.Over(org.SeeTickets, path, 0) // an overseer
	return p.ID, p.Title
}

var shortNumber = regexp.MustCompile(`^[0-9]{1,6}$`)

// byNumber finds a ticket by its whole number.
func (s *Service) byNumber(ctx context.Context, number string) (Ticket, error) {
	var t Ticket
	err := s.DB.Read(ctx).Take(&t, "number = ?", strings.ToUpper(strings.TrimSpace(number))).Error
	return t, unknown(err)
}

func (s *Service) byID(ctx context.Context, id int64) (Ticket, error) {
	var t Ticket
	err := s.DB.Read(ctx).Take(&t, id).Error
	return t, unknown(err)
}

func unknown(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ErrUnknown
	}
	return err
}
