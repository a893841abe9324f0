package ticket

import (
	"slices"

	"fenlin/internal/org"
)

// A dispute is about whose a ticket is. Who has it returns it with a reason;
// an arbiter one level up decides within a limit, else the next one above
// does. The last return that a ticket may have goes to the city's desk, and
// what that decides stands. Until then the first handler stays its owner.

// superior is the lowest filled post above a rank that supervises the place
// and that the actor does not hold; highest asks for the highest one.
func (s *situation) superior(rank int, highest bool) org.Post {
	var best org.Post
	path := s.desk.Unit.Path
	for _, p := range s.desk.Posts {
		_, own := s.by.Holding(p.ID)
		_, over := org.Actor{Posts: []org.Post{p}}.Over(org.Supervise, path, rank)
		if !p.Filled || own || !over {
			continue
		}
		if best.ID == 0 || highest == (p.Role.Rank() > best.Role.Rank()) {
			best = p
		}
	}
	return best
}

// arbiter is who would decide on the next return.
func (s *situation) arbiter() org.Post {
	return s.superior(s.lead().Role.Rank(), s.lastReturn())
}

// lastReturn says that the ticket may be returned once more.
func (s *situation) lastReturn() bool { return s.t.Returns+1 >= s.rules.Routes.Disputes().Final }

// mayReturn says that somebody can decide on a return and that none of them was final.
func mayReturn(s *situation) bool {
	return s.t.Pending == "" && s.t.Returns < s.rules.Routes.Disputes().Final && s.arbiter().ID != 0
}

// mayArbitrate says that the actor stands as high as who decides on the return.
func (s *situation) mayArbitrate() bool {
	arbiter, ok := s.posts[s.t.ArbiterPost]
	if !ok { // returned before there were arbiters
		return true
	}
	_, over := s.by.Over(org.Supervise, s.desk.Unit.Path, arbiter.Role.Rank()-1)
	return over
}

func doReturn(c *change) error {
	if err := ask(Return)(c); err != nil {
		return err
	}
	if c.next.OwnerPost == 0 {
		c.next.OwnerPost = c.t.LeadPost
	}
	c.next.Returns++
	c.next.Watched = c.next.Watched || c.lastReturn()
	c.submitTo(c.arbiter())
	return nil
}

// submitTo has a post decide on what waits, within the limit.
func (c *change) submitTo(p org.Post) {
	c.next.ArbiterPost = p.ID
	c.next.DecideBy = c.rules.Routes.Disputes().By(c.rules.Calendar, c.now).UnixMilli()
	c.detail.To, c.detail.ToTitle, c.detail.Until = p.ID, p.Title, c.next.DecideBy
	c.timer = &Timer{TicketID: c.t.ID, Action: Decide, At: c.next.DecideBy}
}

// doDefer is for a return on which nobody has decided in time: the next one
// above does, and where nobody stands above, the city watches it.
func doDefer(c *change) error {
	if c.in.at != c.t.DecideBy {
		return ErrNotAllowed // decided and returned again since: that return has its own limit
	}
	late := c.posts[c.t.ArbiterPost]
	c.detail.Asked = c.t.Pending
	if up := c.superior(late.Role.Rank(), false); late.ID != 0 && up.ID != 0 {
		c.in.Note = late.Title + "到时没有裁定，转由上一级裁定"
		c.detail.Posts = []int64{late.ID}
		c.submitTo(up)
		return nil
	}
	c.in.Note = "到时没有裁定，已列入市级关注"
	c.next.Watched, c.next.DecideBy = true, 0
	c.detail.To, c.detail.ToTitle = late.ID, late.Title
	return nil
}

// decidable is the roles whose return a post of a role decides on.
func decidable(role org.Role) []org.Role {
	return slices.DeleteFunc(slices.Clone(org.Handlers), func(r org.Role) bool { return r.Rank() > role.Rank() })
}
