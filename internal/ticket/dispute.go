package ticket

import (
	"slices"

	"fenlin/internal/org"
)

// A dispute is about whose a ticket is. Who has it returns it with a reason;
// an arbiter one level up decides within a limit, else the next one above
// does. The last return that a ticket may have goes to the city's desk, and
// what that decides stands. Until then the first handler stays its owner.

// superior is the lowest filled post above a rank that supervises the place,
// that the actor does not hold and that may decide on what is asked; highest
// asks for the highest one.
func (s *situation) superior(asked Action, rank int, highest bool) org.Post {
	var best org.Post
	path := s.desk.Unit.Path
	for _, p := range s.desk.Posts {
		_, own := s.by.Holding(p.ID)
		alone := org.Actor{Posts: []org.Post{p}}
		_, over := alone.Over(org.Supervise, path, rank)
		if !p.Filled || own || !over || asked == Exclude && !s.independent(alone) {
			continue
		}
		if best.ID == 0 || highest == (p.Role.Rank() > best.Role.Rank()) {
			best = p
		}
	}
	return best
}

// arbiter is who would decide on what the lead asks for.
func (s *situation) arbiter(asked Action) org.Post {
	return s.superior(asked, s.lead().Role.Rank(), asked == Return && s.lastReturn())
}

// independent says that an actor has no part in the number that an exclusion
// eases: none of their posts stands in the handler's unit or in the compound,
// none handled the ticket first. That they did not ask is seen apart.
func (s *situation) independent(a org.Actor) bool {
	place := s.desk.Unit
	return !slices.ContainsFunc(a.Posts, func(p org.Post) bool {
		inside := place.Kind == org.CompoundKind && org.Within(p.OrgPath, place.Path)
		return inside || p.OrgID == s.lead().OrgID || p.ID == s.t.OwnerPost
	})
}

// mayAsk says that somebody can decide on what the lead asks for.
func mayAsk(what Action) func(*situation) bool {
	return func(s *situation) bool { return s.t.Pending == "" && s.arbiter(what).ID != 0 }
}

// decisionOwed says that the actor may decide on what waits: never who asked,
// nobody below the arbiter, and on an exclusion nobody with a part in it.
func decisionOwed(s *situation) bool {
	return s.t.Pending != "" && s.t.PendingBy != s.by.Person && s.mayArbitrate() && (s.t.Pending != Exclude || s.independent(s.by))
}

// Asks says that an action only asks for what somebody above decides on; its
// event tells whom.
func (a Action) Asks() bool {
	return slices.Contains([]Action{Return, Extend, Suspend, Exclude}, a)
}

// ask makes the effect of a request that somebody above decides on.
func ask(what Action) func(*change) error {
	return func(c *change) error {
		c.next.Pending, c.next.PendingBy = what, c.by.Person
		if !c.in.Until.IsZero() {
			c.next.PendingUntil = c.in.Until.UnixMilli()
			c.detail.Until = c.next.PendingUntil
		}
		if what == Extend && c.next.PendingUntil <= c.t.DueAt {
			return ErrInvalid.At(string(FieldUntil), "延期后的时间应晚于现在的办结时限")
		}
		c.submitTo(c.arbiter(what))
		return nil
	}
}

// lastReturn says that the ticket may be returned once more.
func (s *situation) lastReturn() bool { return s.t.Returns+1 >= s.rules.Routes.Disputes().Final }

// mayReturn says that somebody can decide on a return and that none of them was final.
func mayReturn(s *situation) bool {
	return mayAsk(Return)(s) && s.t.Returns < s.rules.Routes.Disputes().Final
}

// mayArbitrate says that the actor stands as high as who is asked to decide.
func (s *situation) mayArbitrate() bool {
	arbiter, ok := s.posts[s.t.ArbiterPost]
	if !ok { // asked before there were arbiters
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
	if c.t.DueWarn <= c.now.UnixMilli() { // 0: it was warned of
		c.next.LateReturns++
		c.detail.Lately = true
	}
	c.next.Watched = c.next.Watched || c.lastReturn()
	c.detail.Until = c.next.DecideBy
	return nil
}

// submitTo has a post decide on what waits, within the limit.
func (c *change) submitTo(p org.Post) {
	c.next.ArbiterPost = p.ID
	c.next.DecideBy = c.rules.Routes.Disputes().By(c.rules.Calendar, c.now).UnixMilli()
	c.detail.To, c.detail.ToTitle = p.ID, p.Title
	c.timer = &Timer{TicketID: c.t.ID, Action: Decide, At: c.next.DecideBy}
}

// doDefer is for what nobody has decided on in time: the next one above does.
// Where nobody stands above, the city watches a return, and all else is refused,
// so that the work goes on.
func doDefer(c *change) error {
	if c.in.at != c.t.DecideBy {
		return ErrNotAllowed // decided and asked again since: that has its own limit
	}
	late := c.posts[c.t.ArbiterPost]
	c.detail.Asked = c.t.Pending
	if up := c.superior(c.t.Pending, late.Role.Rank(), false); late.ID != 0 && up.ID != 0 {
		c.in.Note = late.Title + "到时没有裁定，转由上一级裁定"
		c.detail.Posts = []int64{late.ID}
		c.submitTo(up)
		c.detail.Until = c.next.DecideBy
		return nil
	}
	if c.t.Pending != Return {
		no := false
		c.detail.Approve, c.in.Note = &no, "到时没有裁定，按不同意处理，请继续办理"
		c.askNothing()
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
