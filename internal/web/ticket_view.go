package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// TicketBrief is a ticket as it stands in a list. What only those may know who
// have to do with it is empty for others.
type TicketBrief struct {
	Number       string          `json:"number"`
	State        string          `json:"state" enum:"submitted,dispatched,accepted,contacted,consulting,whistled,suspended,returned,finished,closed,reopened,rejected,excluded,withdrawn,merged"`
	StateName    string          `json:"state_name"`
	Version      int64           `json:"version" doc:"counts the ticket's events; give it with an action to be told when somebody was faster"`
	Category     codeName        `json:"category"`
	Emergency    bool            `json:"emergency"`
	Compound     maybe[named]    `json:"compound" doc:"null while it is not known"`
	Building     string          `json:"building"`
	Unit         string          `json:"unit"`
	Floor        string          `json:"floor"`
	Room         string          `json:"room"`
	Text         string          `json:"text" doc:"for who has nothing to do with it: only when the content check has passed it, without insults, numbers, doors and names, and never of the private categories; else empty"`
	CreatedAt    *time.Time      `json:"created_at"`
	RespondBy    *time.Time      `json:"respond_by"`
	DueAt        *time.Time      `json:"due_at"`
	Overdue      bool            `json:"overdue"`
	Lead         maybe[postView] `json:"lead" doc:"who handles it now"`
	Satisfaction string          `json:"satisfaction" enum:",satisfied,basic,dissatisfied"`
	Solved       *bool           `json:"solved"`
	Outcome      string          `json:"outcome" enum:",confirmed,tacit,followed_up"`
	Pending      string          `json:"pending" doc:"the action that waits for a decision, or empty"`
	Watched      bool            `json:"watched" doc:"redone or transferred three times: the city watches it"`
}

type ticketView struct {
	TicketBrief
	Whole    bool               `json:"whole" doc:"false = what neighbours may know"`
	Advice   string             `json:"advice" doc:"what to do in the danger that was told of, or empty"`
	Urgent   bool               `json:"urgent" doc:"the words press: 急, 马上, 等不了"`
	Since    string             `json:"since" doc:"since when or how long, in the words of the report: 昨晚, 三天了; or empty"`
	Grade    string             `json:"grade"`
	Reason   string             `json:"reason" doc:"why this post handles it"`
	Owner    maybe[postView]    `json:"owner" doc:"who handled it first and stays its owner"`
	Pause    maybe[pauseView]   `json:"pause" doc:"the finish clock stands; null while it runs"`
	Dispute  maybe[disputeView] `json:"dispute" doc:"about whose it is; null when it was never returned"`
	Parts    list[partView]     `json:"parts" doc:"who handles it beside the lead"`
	Request  maybe[requestView] `json:"request" doc:"what the handler has asked for and waits for; null when nothing"`
	Timeline list[eventView]    `json:"timeline"`
	Actions  list[actionView]   `json:"actions" doc:"exactly what the caller may do now"`
	Choices  choicesView        `json:"choices"`
	Into     maybe[TicketBrief] `json:"merged_into" doc:"the ticket of the same thing that it was merged into: what follows is there; null: it was not"`
	Merged   list[TicketBrief]  `json:"merged" doc:"those that were merged into it; each keeps its own timeline"`
	Photos   list[photoView]    `json:"photos"`
	Served   list[outcomeView]  `json:"activities" doc:"volunteers' activities that came of it, the oldest first"`
	MayHold  bool               `json:"may_hold" doc:"the caller works on it and may hold a volunteers' activity for it"`
	Content  maybe[contentView] `json:"content" doc:"what the content check says of the text; null for whoever does not work on the ticket, and until it was looked at"`
	Reporter maybe[contactView] `json:"reporter" doc:"masked, for whoever works on the ticket now; null for others"`
}

// outcomeView is an activity that came of a ticket, and what it came to.
type outcomeView struct {
	ID        id         `json:"id"`
	Title     string     `json:"title"`
	State     string     `json:"state" enum:"published,running,done,archived"`
	StateName string     `json:"state_name"`
	StartsAt  *time.Time `json:"starts_at"`
	People    int        `json:"people" doc:"who was there; 0 until it is over"`
	Hours     float64    `json:"hours" doc:"of all together by check-in and check-out; 0 until it is over"`
	Manual    float64    `json:"manual_hours" doc:"of all together that the organiser entered, apart"`
}

// pauseView is why the finish clock stands.
type pauseView struct {
	Since   *time.Time `json:"since"`
	Until   *time.Time `json:"until" doc:"then it goes on by itself"`
	Waiting bool       `json:"waiting" doc:"the reporter was asked; else suspended"`
}

// disputeView is about whose a ticket is.
type disputeView struct {
	Returned int             `json:"returned" doc:"how often it was returned"`
	Final    bool            `json:"final" doc:"it cannot be returned any more: what the city's desk decides stands"`
	Arbiter  maybe[postView] `json:"arbiter" doc:"who decides on the return that waits; null when none does"`
	DecideBy *time.Time      `json:"decide_by" doc:"by when; after it the next one above decides"`
}

// contentView is what the content check says.
type contentView struct {
	Verdict string       `json:"verdict" enum:"pass,review,risky" doc:"others read what passed, masked"`
	Why     list[string] `json:"why" doc:"abuse, advert, personal: found by our rules; wechat_review, wechat_risky: said by WeChat; words_only: WeChat could not be asked"`
}

// requestView is a request that somebody above decides on.
type requestView struct {
	Action   string          `json:"action" enum:"return,extend,suspend,exclude"`
	Until    *time.Time      `json:"until" doc:"until when it is asked for"`
	Arbiter  maybe[postView] `json:"arbiter" doc:"who is asked; whoever stands higher may decide too. Never who asked, and on an exclusion nobody of the handler's unit or the compound"`
	DecideBy *time.Time      `json:"decide_by" doc:"by when; after it the next one above is asked"`
}

type eventView struct {
	Seq    int64      `json:"seq"`
	Action string     `json:"action"`
	Label  string     `json:"label"`
	From   string     `json:"from" doc:"the state before; empty at the first event"`
	To     string     `json:"to"`
	Actor  string     `json:"actor" doc:"as others see them: the title of a post, 报事人, 汾邻"`
	Note   string     `json:"note"`
	At     *time.Time `json:"at"`
	Data   eventData  `json:"data"`
}

type eventData struct {
	To           maybe[named]    `json:"to"`
	Asked        string          `json:"asked" doc:"the action that a decision was about"`
	Approve      *bool           `json:"approve"`
	Until        *time.Time      `json:"until"`
	Solved       *bool           `json:"solved"`
	Satisfaction string          `json:"satisfaction"`
	Into         string          `json:"into"`
	Posts        list[id]        `json:"posts"`
	Photos       list[photoView] `json:"photos"`
	Clock        string          `json:"clock" enum:",response,finish,confirmation" doc:"the clock that spoke up by itself"`
	RespondBy    *time.Time      `json:"respond_by" doc:"when the event set the response clock"`
	DueAt        *time.Time      `json:"due_at" doc:"when the event set the finish clock"`
}

type actionView struct {
	Action string       `json:"action"`
	Label  string       `json:"label"`
	Needs  list[string] `json:"needs" doc:"fields that must be given; place = one at least of category, compound_id, building, unit, floor, room"`
	Takes  list[string] `json:"takes" doc:"fields that may be given"`
}

type choicesView struct {
	To      list[choiceView] `json:"to" doc:"posts that the ticket may be handed to, when an action has the field to"`
	Posts   list[choiceView] `json:"posts" doc:"departments that may be whistled for or rated, when an action has the field posts"`
	Grounds list[groundView] `json:"grounds" doc:"why a report may be refused, when an action has the field ground"`
}

type groundView struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Source string `json:"source" doc:"where it is written"`
}

// partView is a post that handles a ticket beside its lead.
type partView struct {
	Post      maybe[postView] `json:"post"`
	Kind      string          `json:"kind" enum:"co,watch,whistle"`
	ArriveBy  *time.Time      `json:"arrive_by" doc:"of a department that was called"`
	ArrivedAt *time.Time      `json:"arrived_at"`
	DoneAt    *time.Time      `json:"done_at"`
	Rating    string          `json:"rating" enum:",satisfied,basic,dissatisfied" doc:"by who called it"`
}

type choiceView struct {
	ID    id     `json:"id"`
	Title string `json:"title"`
	Role  string `json:"role"`
}

type photoView struct {
	ID  id     `json:"id"`
	URL string `json:"url"`
}

func viewPhotos(ids []int64) list[photoView] {
	out := make(list[photoView], 0, len(ids))
	for _, n := range ids {
		out = append(out, photoView{idOf(n), apiPrefix + "/photos/" + string(idOf(n))})
	}
	return out
}

// brief is a ticket in a list; posts has its lead.
func (s *Server) brief(ctx context.Context, t ticket.Ticket, posts map[int64]org.Post, whole bool) (TicketBrief, error) {
	place, err := s.place(ctx, t.OrgID)
	b := TicketBrief{
		Number: t.Number, State: string(t.State), StateName: t.State.Name(), Version: t.Version, Category: s.category(t.Category), Emergency: t.Emergency,
		Compound: place, Building: t.Building, CreatedAt: s.moment(t.CreatedAt), RespondBy: s.moment(t.RespondBy), DueAt: s.moment(t.DueAt),
		Overdue: t.Overdue(s.Now()), Lead: viewPost(posts[t.LeadPost]),
	}
	if whole {
		b.Unit, b.Floor, b.Room, b.Text = t.Unit, t.Floor, t.Room, t.Text
		b.Satisfaction, b.Solved, b.Outcome, b.Pending = string(t.Satisfaction), t.Solved, string(t.Outcome), string(t.Pending)
		b.Watched = t.Watched
	} else {
		b.Text = s.Tickets.Shown(t)
	}
	return b, err
}

// briefs are tickets in a list; whole says which the caller may see whole.
func (s *Server) briefs(ctx context.Context, tickets []ticket.Ticket, whole func(ticket.Ticket) bool) (list[TicketBrief], error) {
	leads := make([]int64, 0, len(tickets))
	for _, t := range tickets {
		leads = append(leads, t.LeadPost)
	}
	posts, err := s.Org.Posts(ctx, leads)
	if err != nil {
		return nil, err
	}
	var out list[TicketBrief]
	for _, t := range tickets {
		b, err := s.brief(ctx, t, posts, whole(t))
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// viewTicket is one ticket as the caller may see it.
func (s *Server) viewTicket(ctx context.Context, f ticket.Full) (ticketView, error) {
	brief, err := s.brief(ctx, f.Ticket, f.Posts, f.Whole)
	if err != nil {
		return ticketView{}, err
	}
	v := ticketView{TicketBrief: brief, Whole: f.Whole, Grade: f.Grade}
	if f.Whole {
		said := s.Tickets.Rules().Reader.Read(f.Text, nil)
		v.Urgent, v.Since = said.Urgent, said.Since
	}
	fields := []ticket.Field{}
	for _, c := range f.Actions {
		v.Actions = append(v.Actions, actionView{string(c.Action), c.Label, words(c.Needs), words(c.Takes)})
		fields = append(append(fields, c.Needs...), c.Takes...)
	}
	if slices.Contains(fields, ticket.FieldTo) {
		v.Choices.To = choices(f.Posts, func(p org.Post) bool { return p.ID != f.LeadPost && p.Handles() })
	}
	if slices.Contains(fields, ticket.FieldPosts) {
		v.Choices.Posts = choices(f.Posts, func(p org.Post) bool { return p.OrgKind == org.Department })
	}
	if slices.Contains(fields, ticket.FieldGround) {
		for _, g := range ticket.Grounds {
			v.Choices.Grounds = append(v.Choices.Grounds, groundView(g))
		}
	}
	came, err := s.Activities.Outcomes(ctx, activity.Source{Kind: "ticket", Ref: f.Number})
	if err != nil {
		return v, err
	}
	for _, a := range came {
		v.Served = append(v.Served, outcomeView{idOf(a.ID), a.Title, string(a.State), a.State.Name(), s.moment(a.StartsAt), a.People, inHours(int(a.Minutes)), inHours(int(a.Manual))})
	}
	if f.Into != nil {
		briefs, err := s.briefs(ctx, []ticket.Ticket{*f.Into}, func(ticket.Ticket) bool { return false })
		if err != nil {
			return v, err
		}
		v.Into = some(briefs[0])
	}
	if !f.Whole {
		return v, nil
	}
	if v.Merged, err = s.briefs(ctx, f.Merged, func(ticket.Ticket) bool { return false }); err != nil {
		return v, err
	}
	for _, p := range f.Parts {
		if post := f.Posts[p.PostID]; post.ID != 0 {
			v.Parts = append(v.Parts, partView{viewPost(post), string(p.Kind), s.moment(p.ArriveBy), s.moment(p.ArrivedAt), s.moment(p.DoneAt), string(p.Rating)})
		}
	}
	if f.Danger != "" {
		v.Advice = s.Tickets.Rules().Reader.Advice(f.Danger)
	}
	owner := f.Posts[f.OwnerPost]
	if f.OwnerPost != 0 && owner.ID == 0 { // it was handed away from the place's own posts
		more, err := s.Org.Posts(ctx, []int64{f.OwnerPost})
		if err != nil {
			return v, err
		}
		owner = more[f.OwnerPost]
	}
	v.Reason, v.Owner, v.Photos = f.RouteReason, viewPost(owner), viewPhotos(f.Photos)
	if f.Reporter != (member.Contact{}) {
		v.Reporter = some(contactView(f.Reporter))
	}
	if f.Works && f.Content != ticket.Unjudged {
		v.Content = some(contentView{string(f.Content), strings.FieldsFunc(f.ContentWhy, func(r rune) bool { return r == ',' })})
	}
	if f.PausedAt > 0 {
		v.Pause = some(pauseView{s.moment(f.PausedAt), s.moment(f.PausedUntil), f.Waiting()})
	}
	if f.Returns > 0 {
		final := f.Returns >= s.Tickets.Rules().Routes.Disputes().Final
		v.Dispute = some(disputeView{f.Returns, final, viewPost(f.Posts[f.ArbiterPost]), s.moment(f.DecideBy)})
	}
	if f.Pending != "" {
		v.Request = some(requestView{string(f.Pending), s.moment(f.PendingUntil), viewPost(f.Posts[f.ArbiterPost]), s.moment(f.DecideBy)})
	}
	for _, e := range f.Events {
		v.Timeline = append(v.Timeline, s.viewEvent(e))
	}
	return v, nil
}

func (s *Server) viewEvent(e ticket.Event) eventView {
	d := e.Detail()
	data := eventData{
		Asked: string(d.Asked), Approve: d.Approve, Until: s.moment(d.Until), Solved: d.Solved, Satisfaction: string(d.Satisfaction), Into: d.Into,
		Posts: idsOf(d.Posts), Photos: viewPhotos(d.Photos), Clock: string(d.Clock), RespondBy: s.moment(d.RespondBy), DueAt: s.moment(d.DueAt),
	}
	if d.To != 0 {
		data.To = some(named{idOf(d.To), d.ToTitle})
	}
	return eventView{e.Seq, string(e.Action), told(e.Action, d), string(e.FromState), string(e.ToState), e.ActorTitle, e.Note, s.moment(e.At), data}
}

// told is what an event did, in Chinese.
func told(action ticket.Action, d ticket.Detail) string {
	switch {
	case d.Supervised:
		return "督办"
	case d.Danger != "":
		return "转为紧急"
	case d.Waiting:
		return "请居民答复"
	case d.Clock != "" && action == ticket.Urge:
		return "时限提醒"
	case d.Clock != "":
		return "超时提级"
	case d.Unwatched:
		return "移出关注"
	case d.Asked == ticket.Consult:
		return "会商有结果"
	}
	return labels[action]
}

// labels are the actions as a timeline tells them.
var labels = map[ticket.Action]string{
	ticket.Submit: "提交", ticket.Accept: "签收", ticket.Contact: "联系", ticket.Dispatch: "派单", ticket.Transfer: "转派", ticket.Return: "退单",
	ticket.Decide: "裁定", ticket.Extend: "申请延期", ticket.Whistle: "吹哨", ticket.Arrive: "报到", ticket.Consult: "会商", ticket.Suspend: "申请挂账",
	ticket.Resume: "恢复办理", ticket.Exclude: "申请剔除", ticket.Reject: "不予受理", ticket.Finish: "办结", ticket.Confirm: "确认", ticket.Rate: "评价",
	ticket.Reopen: "重办", ticket.Withdraw: "撤销", ticket.Merge: "合并", ticket.Follow: "同遇", ticket.Urge: "催办", ticket.Add: "补充",
	ticket.Correct: "更正", ticket.Escalate: "提级", ticket.Close: "结案",
}

func words(fields []ticket.Field) list[string] {
	out := make(list[string], 0, len(fields))
	for _, f := range fields {
		out = append(out, string(f))
	}
	return out
}

// choices are the filled posts that fit, lowest first.
func choices(posts map[int64]org.Post, fits func(org.Post) bool) list[choiceView] {
	var found []org.Post
	for _, p := range posts {
		if p.Filled && fits(p) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b org.Post) int {
		return cmp.Or(cmp.Compare(a.Role.Rank(), b.Role.Rank()), cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
	})
	out := make(list[choiceView], 0, len(found))
	for _, p := range found {
		out = append(out, choiceView{idOf(p.ID), p.Title, string(p.Role)})
	}
	return out
}
