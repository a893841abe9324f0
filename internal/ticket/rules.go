package ticket

import (
	"slices"
	"time"

	"fenlin/internal/org"
)

// Input is what somebody asks to do to a ticket.
type Input struct {
	Action       Action
	Key          string // makes a repeated request the same request; empty = none
	Version      int64  // the version seen; 0 = whatever it is now
	Note         string
	Photos       []int64
	To           int64   // a post
	Posts        []int64 // departments to whistle for
	Until        time.Time
	Approve      *bool
	Solved       *bool
	Satisfaction Satisfaction
	Into         string // a ticket's number
	Place        *Place // what Correct changes
	Ground       string // the code of one of Grounds
	Watch        *bool  // whether it stays on the watch list
	Point        *Point // where it is, with Add
	Wait         bool   // with Add: until the reporter answers, the finish clock stands
	at           int64  // a timer's own time
}

// Place is category and place as understood or corrected; zero fields stay as they are.
type Place struct {
	OrgID                       int64
	Category                    string
	Building, Unit, Floor, Room string
}

// situation is a ticket with all that its rules look at.
type situation struct {
	t     Ticket
	parts []Part
	desk  org.Desk           // of the ticket's place
	posts map[int64]org.Post // of the desk, the lead and the parts
	by    org.Actor
	rel   relation
	now   time.Time
	rules *Rules
}

// change is a situation about to become the next.
type change struct {
	*situation
	in     Input
	as     relation // to which it was allowed
	next   Ticket
	moved  []Part // parts that are new or changed
	beside []Part // co-handlers and watchers that take the place of the old; nil = they stay
	follow bool   // the actor joins
	detail Detail
	timer  *Timer
	into   *Ticket // the other ticket of a merge
	route  func(p Place) (routed, error)
	last   func() (Event, error)             // of the log
	hold   func(post int64) ([]int64, error) // people
	answer func() time.Time                  // by when who is called now should be there
}

func (s *situation) lead() org.Post { return s.posts[s.t.LeadPost] }

// higher is the next post up the chain that is filled, one rank at least above the lead.
func (s *situation) higher() org.Post { return s.over(s.lead().Role.Rank()) }

// over is the lowest filled post up the chain above a rank.
func (s *situation) over(rank int) org.Post {
	var best org.Post
	for _, p := range s.desk.Posts {
		if !p.Filled || p.OrgKind == org.Department || p.Role.Rank() <= rank || !slices.Contains(s.desk.Unit.Chain(), p.OrgID) {
			continue
		}
		if best.ID == 0 || p.Role.Rank() < best.Role.Rank() {
			best = p
		}
	}
	return best
}

// mine is the open whistled part of the actor that fits.
func (s *situation) mine(fits func(Part) bool) *Part {
	for i, p := range s.parts {
		if _, ok := s.by.Holding(p.PostID); ok && p.Kind == Called && p.DoneAt == 0 && fits(p) {
			return &s.parts[i]
		}
	}
	return nil
}

// allowed are the rows of the table that hold for the actor now, the first of each action.
func (s *situation) allowed() []rule {
	var out []rule
	for _, r := range table {
		first := !slices.ContainsFunc(out, func(o rule) bool { return o.action == r.action })
		if first && r.by&s.rel != 0 && slices.Contains(r.from, s.t.State) && (r.when == nil || r.when(s)) {
			out = append(out, r)
		}
	}
	return out
}

// apply finds the row for what is asked, checks the fields and makes the change. It has no effect outside c.
func (c *change) apply() error {
	if c.in.Version != 0 && c.in.Version != c.t.Version {
		return ErrStale
	}
	rows := c.allowed()
	i := slices.IndexFunc(rows, func(r rule) bool { return r.action == c.in.Action })
	if i < 0 {
		return ErrNotAllowed
	}
	r := rows[i]
	c.in, c.as = c.in.of(r), r.by
	if err := c.check(r); err != nil {
		return err
	}
	c.next = c.t
	if r.to != "" {
		c.next.State = r.to
	}
	c.detail.Photos = c.in.Photos
	if r.do != nil {
		if err := r.do(c); err != nil {
			return err
		}
	}
	if c.t.Waiting() && c.next.PausedAt == c.t.PausedAt && (c.next.State != c.t.State || c.as&c.rel&reporter != 0) {
		c.goOn() // the reporter has spoken, or the ticket has moved on
	}
	return nil
}

// of is the input without the fields that the row does not know; a note may stand with any action.
func (in Input) of(r rule) Input {
	knows := func(f Field) bool { return slices.Contains(r.needs, f) || slices.Contains(r.takes, f) }
	out := Input{Action: in.Action, Key: in.Key, Version: in.Version, Note: in.Note, Point: in.Point, at: in.at}
	if knows(FieldPhotos) {
		out.Photos = in.Photos
	}
	if knows(FieldTo) {
		out.To = in.To
	}
	if knows(FieldPosts) {
		out.Posts = in.Posts
	}
	if knows(FieldUntil) {
		out.Until = in.Until
	}
	if knows(FieldApprove) {
		out.Approve = in.Approve
	}
	if knows(FieldSolved) {
		out.Solved = in.Solved
	}
	if knows(FieldSatisfaction) {
		out.Satisfaction = in.Satisfaction
	}
	if knows(FieldInto) {
		out.Into = in.Into
	}
	if knows(FieldPlace) {
		out.Place = in.Place
	}
	if knows(FieldGround) {
		out.Ground = in.Ground
	}
	out.Wait = in.Wait && knows(FieldWait)
	if knows(FieldWatch) {
		out.Watch = in.Watch
	}
	return out
}

// check says which needed fields are missing or out of range.
func (c *change) check(r rule) error {
	bad := ErrInvalid
	refuse := func(f Field, message string) { bad = bad.At(string(f), message) }
	in := c.in
	given := map[Field]bool{
		FieldNote: in.Note != "", FieldPhotos: len(in.Photos) > 0, FieldTo: in.To != 0, FieldPosts: len(in.Posts) > 0, FieldUntil: !in.Until.IsZero(),
		FieldApprove: in.Approve != nil, FieldSolved: in.Solved != nil, FieldSatisfaction: in.Satisfaction != "", FieldInto: in.Into != "", FieldPlace: in.Place != nil,
		FieldGround: in.Ground != "",
	}
	for _, f := range r.needs {
		if !given[f] {
			refuse(f, missing[f])
		}
	}
	if len([]rune(in.Note)) > MaxText {
		refuse(FieldNote, "说明太长，请控制在 1000 字以内")
	}
	if p := c.posts[in.To]; given[FieldTo] && (!p.Handles() || p.ID == c.t.LeadPost) {
		refuse(FieldTo, "请选择一个有人在岗的其他岗位")
	}
	for _, id := range in.Posts {
		if p := c.posts[id]; p.OrgKind != org.Department || in.Action == Whistle && !p.Filled {
			refuse(FieldPosts, missing[FieldPosts])
		}
	}
	if _, ok := groundOf(in.Ground); given[FieldGround] && !ok {
		refuse(FieldGround, missing[FieldGround])
	}
	if given[FieldUntil] && (!in.Until.After(c.now) || in.Until.After(c.now.Add(MaxExtension))) {
		refuse(FieldUntil, "请选择今后 90 天以内的时间")
	}
	if given[FieldSatisfaction] && in.Satisfaction != Satisfied && in.Satisfaction != Basic && in.Satisfaction != Dissatisfied {
		refuse(FieldSatisfaction, "请选择满意、基本满意或不满意")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

var missing = map[Field]string{
	FieldNote: "请写明情况", FieldPhotos: "请附上照片", FieldTo: "请选择派给谁", FieldPosts: "请选择部门", FieldUntil: "请选择到什么时候",
	FieldApprove: "请选择同意或不同意", FieldSolved: "请选择是否解决", FieldSatisfaction: "请选择满意、基本满意或不满意", FieldInto: "请填写并入的工单编号",
	FieldPlace: "请写明要更正的类别或位置", FieldGround: "请从列表里选择不予受理的依据",
}
