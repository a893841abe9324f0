package ticket

import (
	"cmp"
	"slices"
	"strings"

	"fenlin/internal/geo"
	"fenlin/internal/org"
)

// The effects of the table's rows on the next ticket; the state itself is the
// table's.

func doAccept(c *change) error {
	c.next.AcceptedAt = c.now.UnixMilli()
	if c.next.OwnerPost == 0 {
		c.next.OwnerPost = c.t.LeadPost
	}
	return nil
}

func doContact(c *change) error {
	if c.next.ContactedAt == 0 {
		c.next.ContactedAt, c.next.ToldPost = c.now.UnixMilli(), 0
	}
	return nil
}

func doFinish(c *change) error {
	c.goOn()
	now := c.now.UnixMilli()
	c.next.FinishedAt = now
	c.next.Late = c.t.Late || now > c.next.DueAt
	c.next.Bare = len(c.in.Photos) == 0
	by := c.now.Add(ConfirmWindow)
	c.next.ConfirmBy = by.UnixMilli()
	c.next.ConfirmWarn = c.rules.Routes.Clocks().WarnAt(c.rules.Calendar, c.now, by, false).UnixMilli()
	c.timer = &Timer{TicketID: c.t.ID, Action: Close, At: c.next.ConfirmBy}
	c.next.Solved = nil // an answer to the finish before is none to this one
	c.askNothing()      // the work is done: there is nothing left to decide
	return nil
}

// askNothing takes back what waits for a decision.
func (c *change) askNothing() {
	c.next.Pending, c.next.PendingBy, c.next.PendingUntil, c.next.ArbiterPost, c.next.DecideBy = "", 0, 0, 0, 0
}

func doArrive(c *change) error {
	p := *c.mine(func(p Part) bool { return p.ArrivedAt == 0 })
	p.ArrivedAt = c.now.UnixMilli()
	c.moved = append(c.moved, p)
	return nil
}

func doFinishPart(c *change) error {
	p := *c.mine(func(p Part) bool { return p.ArrivedAt > 0 })
	p.DoneAt = c.now.UnixMilli()
	c.moved = append(c.moved, p)
	return nil
}

// hand gives the ticket to another post; the clocks run on, the owner stays.
func (c *change) hand(to org.Post) {
	if c.next.OwnerPost == 0 {
		c.next.OwnerPost = c.t.LeadPost
	}
	c.next.LeadPost, c.next.State, c.next.AcceptedAt = to.ID, Dispatched, 0
	c.detail.To, c.detail.ToTitle = to.ID, to.Title
}

func doDispatch(c *change) error {
	c.hand(c.posts[c.in.To])
	return nil
}

func doTransfer(c *change) error {
	c.hand(c.posts[c.in.To])
	c.next.Transfers++
	c.next.Watched = c.next.Watched || c.next.Transfers >= watchAfter
	return nil
}

func doDecide(c *change) error {
	yes := *c.in.Approve
	c.detail.Approve, c.detail.Asked = c.in.Approve, c.t.Pending
	c.askNothing()
	switch {
	case c.t.Pending == Return && yes:
		if c.in.To == 0 {
			return ErrInvalid.At(string(FieldTo), "同意退单时，请选择改派给谁")
		}
		c.hand(c.posts[c.in.To])
		c.next.Transfers++
		c.next.Watched = c.next.Watched || c.next.Transfers >= watchAfter
	case c.t.Pending == Return:
		c.hand(c.lead())
	case c.t.Pending == Extend && yes:
		c.prolong(c.t.PendingUntil)
	case c.t.Pending == Exclude && yes:
		c.next.State, c.next.ClosedAt = Excluded, c.now.UnixMilli()
	case c.t.Pending == Suspend && yes:
		c.goOn()
		c.next.State = Suspended
		c.stand(c.t.PendingUntil)
	}
	return nil
}

// doWhistle calls departments; each has as long to be there as the ticket's
// grade gives for an answer.
func doWhistle(c *change) error {
	by := c.answer()
	for _, post := range c.in.Posts {
		if slices.Contains(c.detail.Posts, post) {
			continue
		}
		p := Part{TicketID: c.t.ID, PostID: post, Kind: Called, ArriveBy: by.UnixMilli()}
		i := slices.IndexFunc(c.parts, func(p Part) bool { return p.PostID == post && p.Kind == Called })
		switch {
		case i >= 0 && c.parts[i].DoneAt == 0:
			continue // it is on its way
		case i >= 0:
			p.ID = c.parts[i].ID // it was done: called again
		}
		c.moved = append(c.moved, p)
		c.detail.Posts = append(c.detail.Posts, post)
	}
	if len(c.moved) == 0 {
		return ErrInvalid.At(string(FieldPosts), "这些部门已经吹过哨")
	}
	c.timer = &Timer{TicketID: c.t.ID, Action: Arrive, At: by.UnixMilli()}
	return nil
}

// doMiss notes who was called and is not there in time.
func doMiss(c *change) error {
	var late []string
	for _, p := range c.parts {
		if p.Kind == Called && p.ArrivedAt == 0 && p.DoneAt == 0 && p.ArriveBy == c.in.at {
			late = append(late, c.posts[p.PostID].Title)
			c.detail.Posts = append(c.detail.Posts, p.PostID)
		}
	}
	if len(late) == 0 {
		return ErrNotAllowed // everybody came
	}
	c.in.Note = strings.Join(late, "、") + "到时未报到"
	return nil
}

// doAppraise rates departments that came, by who called them or stands above.
func doAppraise(c *change) error {
	for _, post := range c.in.Posts {
		i := slices.IndexFunc(c.parts, func(p Part) bool { return p.PostID == post && p.rateable() })
		if i < 0 {
			return ErrInvalid.At(string(FieldPosts), "只能评价已经报到的部门")
		}
		if _, own := c.by.Holding(post); own {
			return ErrInvalid.At(string(FieldPosts), "不能评价自己的部门")
		}
		p := c.parts[i]
		p.Rating = c.in.Satisfaction
		c.moved = append(c.moved, p)
	}
	c.detail.Posts, c.detail.Satisfaction = c.in.Posts, c.in.Satisfaction
	return nil
}

// doSupervise puts a ticket on the watch list with what has to be done. It is
// the city's list: who stands as high as the city takes it off.
func doSupervise(c *change) error {
	if c.in.Watch == nil || *c.in.Watch {
		c.next.Watched, c.detail.Supervised = true, true
		return nil
	}
	if _, city := c.by.Over(org.Supervise, c.desk.Unit.Path, org.CitySecretary.Rank()-1); !city || !c.t.Watched {
		return ErrInvalid.At(string(FieldWatch), "只有市级能把工单移出关注，且它在关注之列")
	}
	c.next.Watched, c.detail.Unwatched = false, true
	return nil
}

// doConsult hands the matter to those who have to agree (议事协商): committee,
// owners, property company. The clocks run on; the lead stays and brings the
// result back.
func doConsult(c *change) error {
	if !c.in.Until.IsZero() {
		c.detail.Until = c.in.Until.UnixMilli()
	}
	return nil
}

// doConclude brings the result of a consultation back to the ticket.
func doConclude(c *change) error {
	c.detail.Asked = Consult
	return doResume(c)
}

// doReject refuses a report on one of the grounds; the resident reads which.
func doReject(c *change) error {
	g, _ := groundOf(c.in.Ground)
	c.detail.Ground = g.Code
	c.in.Note = strings.TrimSuffix(g.Name+"。"+c.in.Note, "。") + "。"
	return doEnd(c)
}

// doResume goes on with the work; the time of a suspension is not counted.
func doResume(c *change) error {
	if c.in.at != 0 && c.t.PausedUntil != c.in.at {
		return ErrNotAllowed // resumed by hand since: another pause has its own end
	}
	if c.in.at != 0 && c.t.Waiting() {
		c.in.Note = "居民到时没有答复，继续计时"
	}
	if c.t.ContactedAt == 0 {
		c.next.State = Accepted
	}
	c.goOn()
	for _, p := range c.parts {
		if p.Kind == Called && p.DoneAt == 0 { // no longer waited for
			p.DoneAt = c.now.UnixMilli()
			c.moved = append(c.moved, p)
		}
	}
	return nil
}

func doEscalate(c *change) error {
	c.hand(c.higher())
	return nil
}

// doTakeOver gives what was called together to the next one above; the called
// go on with their parts.
func doTakeOver(c *change) error {
	up := c.higher()
	c.next.LeadPost = up.ID
	c.detail.To, c.detail.ToTitle = up.ID, up.Title
	return nil
}

func doMerge(c *change) error {
	other := c.into
	if other == nil || other.ID == c.t.ID || other.OrgID != c.t.OrgID || (!other.State.Open() && other.State != Finished) {
		return ErrInvalid.At(string(FieldInto), "只能并入同一小区正在办理的另一个工单")
	}
	c.next.MergedInto, c.next.ClosedAt = other.ID, c.now.UnixMilli()
	c.detail.Into = other.Number
	return nil
}

func doEnd(c *change) error {
	c.next.ClosedAt = c.now.UnixMilli()
	c.askNothing()
	return nil
}

// settle closes with the reporter's answer, or has the work done again.
func (c *change) settle(how Outcome) error {
	c.detail.Solved, c.detail.Satisfaction = c.in.Solved, c.in.Satisfaction
	c.next.Solved, c.next.Satisfaction = c.in.Solved, c.in.Satisfaction
	if !*c.in.Solved {
		return doRedo(c)
	}
	c.next.State, c.next.Outcome, c.next.ClosedAt = Closed, how, c.now.UnixMilli()
	return nil
}

func doConfirm(c *change) error  { return c.settle(Confirmed) }
func doFollowUp(c *change) error { return c.settle(FollowedUp) }

// doObject is the word of somebody whose report was merged into this one: they
// may say that it is not solved. That it is solved is for its reporter to say.
func doObject(c *change) error {
	if *c.in.Solved {
		return ErrInvalid.At(string(FieldSolved), "已经解决请等最先报事的人确认；您那里没有解决，请直接说没解决")
	}
	c.detail.Solved, c.next.Solved = c.in.Solved, c.in.Solved
	return doRedo(c)
}

// doTacit takes silence for consent; of somebody who said that they are not
// satisfied it is none.
func doTacit(c *change) error {
	switch {
	case c.t.ConfirmBy != c.in.at:
		return ErrNotAllowed // finished anew since: that finish has its own window
	case c.t.Satisfaction == Dissatisfied:
		c.in.Note = "报事人不满意，到期没有再答复，重办"
		return doRedo(c)
	}
	c.next.Outcome, c.next.ClosedAt = Tacit, c.now.UnixMilli()
	return nil
}

// doRedo has the work done again, one level up, by new clocks.
func doRedo(c *change) error {
	c.next.State = Reopened
	c.next.Redos++
	c.next.Watched = c.next.Watched || c.next.Redos >= watchAfter
	c.next.AcceptedAt, c.next.ContactedAt, c.next.FinishedAt, c.next.ConfirmBy, c.next.ConfirmWarn, c.next.ClosedAt, c.next.Waits = 0, 0, 0, 0, 0, 0, 0
	c.next.Outcome, c.next.Satisfaction, c.next.Bare = "", "", false
	if c.in.Action == Reopen {
		c.next.Solved = nil
	}
	r, err := c.route(Place{})
	if err != nil {
		return err
	}
	c.next.run(r)
	up, err := c.redoer()
	if err != nil {
		return err
	}
	if up.ID == 0 { // at the top it stays there, and everybody above is the watch list
		c.next.Watched = true
		return nil
	}
	if c.next.OwnerPost == 0 {
		c.next.OwnerPost = c.t.LeadPost
	}
	c.next.LeadPost = up.ID
	c.detail.To, c.detail.ToTitle = up.ID, up.Title
	return nil
}

// redoer is who does the work again: the next post above the handler, and above
// who refused or excluded it, that is not held by the same people alone. Where
// there is none, the next post above the handler, if any.
func (c *change) redoer() (org.Post, error) {
	rank := c.lead().Role.Rank()
	if c.t.State == Rejected || c.t.State == Excluded {
		refused, err := c.last()
		if err != nil {
			return org.Post{}, err
		}
		rank = max(rank, c.posts[refused.ActorPost].Role.Rank())
	}
	handled, err := c.hold(c.t.LeadPost)
	if err != nil {
		return org.Post{}, err
	}
	for up := c.over(rank); up.ID != 0; up = c.over(up.Role.Rank()) {
		people, err := c.hold(up.ID)
		if err != nil || slices.ContainsFunc(people, func(p int64) bool { return !slices.Contains(handled, p) }) {
			return up, err
		}
	}
	return c.higher(), nil
}

// doRateFinished is an answer to a finish that does not say whether it is
// solved. Who is satisfied means that it is; who is not is heard at once, and
// unless they still say that it is solved, it is done again.
func doRateFinished(c *change) error {
	if c.in.Satisfaction != Dissatisfied {
		yes := true
		c.in.Solved = &yes
		return c.settle(Confirmed)
	}
	return doRate(c)
}

func doRate(c *change) error {
	c.next.Satisfaction = c.in.Satisfaction
	c.detail.Satisfaction = c.in.Satisfaction
	return nil
}

func doUrge(c *change) error {
	c.next.Urges++
	c.next.UrgedAt = c.now.UnixMilli()
	return nil
}

func doAdd(c *change) error {
	if c.in.Wait {
		return doWait(c)
	}
	if c.in.Note == "" && len(c.in.Photos) == 0 {
		return ErrInvalid.At(string(FieldNote), "请写明补充的内容或附上照片")
	}
	if p := c.in.Point; p != nil && c.rel&reporter != 0 {
		if err := org.CheckPoint(*p); err != nil {
			return err
		}
		c.next.Lat, c.next.Lng, c.next.Datum = &p.Lat, &p.Lng, string(cmp.Or(p.Datum, geo.GCJ02))
	}
	if c.rel&(reporter|follower) != 0 && !c.t.Emergency && c.t.State.Open() {
		return c.endanger()
	}
	return nil
}

// endanger looks whether what was added tells of danger to life: then the
// ticket is an emergency from now on, routed and with clocks as one. Whoever
// works on it with others goes on doing so.
func (c *change) endanger() error {
	reader := c.rules.Reader
	all := reader.Read(c.t.Text+"。"+c.in.Note, nil) // 里面还有人 is of what was told before
	danger := cmp.Or(all.Danger, reader.Read(c.in.Note, nil).Danger)
	if danger == "" || c.in.Note == "" {
		return nil
	}
	c.next.Emergency, c.next.Danger = true, danger
	if all.Emergency && all.Clear {
		c.next.Category = all.Guesses[0].Code
	}
	r, err := c.route(Place{Category: c.next.Category})
	if err != nil {
		return err
	}
	c.goOn()
	c.askNothing()
	c.next.Grade, c.next.RouteRule, c.next.RouteReason = r.grade, r.rule, r.reason
	c.next.run(r)
	c.beside, c.detail.Danger = r.parts, danger
	if c.t.State != Consulting && c.t.State != Whistled {
		c.hand(r.lead)
		c.next.ContactedAt = 0
	}
	return nil
}

// doCorrect is the reporter's correction: it is routed anew, and goes to
// another desk when the decision says so.
func doCorrect(c *change) error {
	if err := doCorrectInPlace(c); err != nil {
		return err
	}
	r, err := c.route(*c.in.Place)
	if err != nil {
		return err
	}
	c.next.Grade = r.grade
	c.next.run(r)
	c.next.RouteRule, c.next.RouteReason = r.rule, r.reason
	c.beside = r.parts
	if r.lead.ID != c.t.LeadPost {
		c.hand(r.lead)
		c.next.OwnerPost = 0 // it was never theirs
	}
	return nil
}

// doCorrectByLead is the handler's. Where no compound was known it says which;
// another compound's ticket is returned or handed on, so that nobody moves what
// counts against their own.
func doCorrectByLead(c *change) error {
	if to := c.in.Place.OrgID; to != 0 && to != c.t.OrgID && to != c.desk.Unit.SuccessorID && c.desk.Unit.Kind == org.CompoundKind {
		return ErrInvalid.At("compound_id", "不是本小区的事，请转派或退单")
	}
	return doCorrectInPlace(c)
}

// doCorrectInPlace changes what and where, not who.
func doCorrectInPlace(c *change) error {
	p := *c.in.Place
	if p == (Place{}) {
		return ErrInvalid.At(string(FieldPlace), missing[FieldPlace])
	}
	for _, f := range []struct {
		from string
		to   *string
	}{{p.Category, &c.next.Category}, {p.Building, &c.next.Building}, {p.Unit, &c.next.Unit}, {p.Floor, &c.next.Floor}, {p.Room, &c.next.Room}} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if p.OrgID != 0 {
		c.next.OrgID = p.OrgID
	}
	c.detail.Place = &p
	return nil
}

func doFollow(c *change) error {
	c.follow = true
	return nil
}
