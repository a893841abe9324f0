package web

import (
	"context"
	"time"

	"fenlin/internal/geo"
	"fenlin/internal/ticket"
)

// location is a point on the earth.
type location struct {
	Lat   float64 `json:"lat" minimum:"-180" maximum:"180" doc:"-90 to 90; the other way round is told in plain words"`
	Lng   float64 `json:"lng" minimum:"-180" maximum:"180"`
	Datum string  `json:"datum,omitempty" enum:"gcj02,wgs84" default:"gcj02" doc:"what WeChat gives on request, or what a browser gives"`
}

func (l *location) point() *ticket.Point {
	if l == nil {
		return nil
	}
	return &ticket.Point{Lat: l.Lat, Lng: l.Lng, Datum: geo.Datum(l.Datum)}
}

// PlaceInput is what and where, as the reporter says.
type PlaceInput struct {
	Category   string `json:"category,omitempty" maxLength:"32" doc:"a code of /api/v1/categories"`
	CompoundID id     `json:"compound_id,omitempty"`
	Building   string `json:"building,omitempty" maxLength:"16"`
	Unit       string `json:"unit,omitempty" maxLength:"16"`
	Floor      string `json:"floor,omitempty" maxLength:"16"`
	Room       string `json:"room,omitempty" maxLength:"16"`
}

func (p PlaceInput) place() ticket.Place {
	return ticket.Place{OrgID: p.CompoundID.number(), Category: p.Category, Building: p.Building, Unit: p.Unit, Floor: p.Floor, Room: p.Room}
}

// ReportInput is a problem as its reporter tells it.
type ReportInput struct {
	Text string `json:"text" doc:"what is wrong and where, at most 1,000 characters; the rest is understood from it"`
	PlaceInput
	Location *location `json:"location,omitempty"`
	Photos   list[id]  `json:"photos,omitempty" maxItems:"9" doc:"ids of photos sent before"`
	Sure     bool      `json:"sure,omitempty" doc:"file it although an announced outage answers it, else 409 outage_announced says what was announced; or although it reads like an advertisement, else 409 advertisement"`
	Scene    string    `json:"scene,omitempty" maxLength:"64" doc:"of the code that was scanned: what the text leaves open of place and category is the code's"`
}

func (r ReportInput) report(c caller, key string) ticket.Report {
	return ticket.Report{
		Key: key, Reporter: c.Person.ID, Home: c.Home, Channel: channel, Text: r.Text, Place: r.place(), Point: r.Location.point(), Photos: r.Photos.numbers(id.number), Scene: r.Scene, Sure: r.Sure,
	}
}

// channel is how tickets of the API came in.
const channel = "api"

type previewView struct {
	Category     guessView           `json:"category"`
	Alternatives list[guessView]     `json:"alternatives"`
	Intent       string              `json:"intent" enum:"problem,question,chatter,unclear"`
	Compound     maybe[named]        `json:"compound" doc:"null while it is not known"`
	Compounds    list[namedGuess]    `json:"compounds" doc:"those that the text may name, best first"`
	Building     string              `json:"building"`
	Unit         string              `json:"unit"`
	Floor        string              `json:"floor"`
	Room         string              `json:"room"`
	Emergency    bool                `json:"emergency"`
	Advice       string              `json:"advice" doc:"what to do in the danger, or empty"`
	Parts        list[string]        `json:"parts" doc:"the problems of which the text plainly tells, when there are several: better reported one by one"`
	Duplicates   list[duplicateView] `json:"duplicates" doc:"what was told of the same thing nearby, likest first: following one is better than a second. Of those who live there, and never what the caller may not see"`
	Outage       maybe[OutageView]   `json:"outage" doc:"what was announced and answers it: there is no need to report it; null: nothing"`
	Route        maybe[routeView]    `json:"route" doc:"null while the compound is not known"`
}

type duplicateView struct {
	TicketBrief
	Own   bool         `json:"own" doc:"the caller's own"`
	Score float64      `json:"score"`
	Why   list[string] `json:"why" doc:"each likeness with its points"`
}

type guessView struct {
	Code       string  `json:"code"`
	Name       string  `json:"name"`
	Confidence float64 `json:"confidence" doc:"0 to 1; 1 when the caller chose it"`
}

type namedGuess struct {
	ID         id      `json:"id"`
	Name       string  `json:"name"`
	Confidence float64 `json:"confidence"`
}

type routeView struct {
	Lead   maybe[postView] `json:"lead"`
	Reason string          `json:"reason"`
	Grade  string          `json:"grade"`
	DueAt  *time.Time      `json:"due_at"`
}

type previewInput struct{ Body ReportInput }

func (s *Server) previewTicket(ctx context.Context, c caller, in *previewInput) (*body[previewView], error) {
	u, err := s.Tickets.Preview(ctx, in.Body.report(c, ""))
	if err != nil {
		return nil, err
	}
	category := s.category(u.Place.Category)
	v := previewView{
		Category: guessView{category.Code, category.Name, 1}, Intent: string(u.Reading.Intent),
		Building: u.Place.Building, Unit: u.Place.Unit, Floor: u.Place.Floor, Room: u.Place.Room, Emergency: u.Reading.Emergency,
	}
	for _, g := range u.Reading.Guesses {
		switch {
		case g.Code != category.Code:
			v.Alternatives = append(v.Alternatives, guessView{g.Code, g.Name, g.Confidence})
		case in.Body.Category == "":
			v.Category.Confidence = g.Confidence
		}
	}
	for _, p := range u.Reading.Compounds {
		v.Compounds = append(v.Compounds, namedGuess{idOf(p.ID), p.Name, p.Confidence})
	}
	if u.Reading.Emergency {
		v.Advice = s.Tickets.Rules().Reader.Advice(u.Reading.Danger)
	}
	v.Parts = s.Tickets.Rules().Reader.Parts(in.Body.Text, nil)
	if v.Duplicates, err = s.duplicates(ctx, u.Duplicates); err != nil {
		return nil, err
	}
	if u.Outage != nil {
		n, err := s.Tickets.Outages.Notice(ctx, u.Outage.ID)
		if err != nil {
			return nil, err
		}
		v.Outage = some(s.viewOutage(c, n))
	}
	if u.Lead.ID != 0 {
		v.Route = some(routeView{viewPost(u.Lead), u.Reason, u.Grade, s.moment(u.DueAt)})
	}
	v.Compound, err = s.place(ctx, u.Place.OrgID)
	return answer(v), err
}

func (s *Server) duplicates(ctx context.Context, found []ticket.Duplicate) (list[duplicateView], error) {
	tickets, own := make([]ticket.Ticket, 0, len(found)), map[int64]bool{}
	for _, d := range found {
		tickets = append(tickets, d.Ticket)
		own[d.ID] = d.Own
	}
	briefs, err := s.briefs(ctx, tickets, func(t ticket.Ticket) bool { return own[t.ID] })
	var out list[duplicateView]
	for i, b := range briefs {
		out = append(out, duplicateView{b, found[i].Own, found[i].Points, found[i].Why})
	}
	return out, err
}

type reportInput struct {
	Once
	Body ReportInput
}

func (s *Server) reportTicket(ctx context.Context, c caller, in *reportInput) (*body[ticketView], error) {
	t, err := s.Tickets.Report(ctx, in.Body.report(c, in.key(c)))
	if err != nil {
		return nil, err
	}
	return s.answerTicket(ctx, c, t)
}

func (s *Server) answerTicket(ctx context.Context, c caller, t ticket.Ticket) (*body[ticketView], error) {
	full, err := s.Tickets.View(ctx, c.Actor, t)
	if err != nil {
		return nil, err
	}
	return s.tellTicket(ctx, c, full)
}

func (s *Server) tellTicket(ctx context.Context, c caller, f ticket.Full) (*body[ticketView], error) {
	v, err := s.viewTicket(ctx, f)
	if err != nil || !f.Works || !f.State.Open() || f.OrgID == 0 {
		return answer(v), err
	}
	v.MayHold, err = s.Activities.MayHold(ctx, c.Actor, f.OrgID)
	return answer(v), err
}

type listTicketsInput struct {
	View     string `query:"view" enum:"mine,inbox,following,overdue,watched,compound" default:"mine" doc:"reported by the caller; to be worked on or decided by the caller; followed; overdue or watched where the caller supervises; on the city's watch list there, also what is finished and waits for its confirmation; public list of a compound"`
	Compound id     `query:"compound_id" doc:"of the view compound; the caller's own when not given"`
	Paged
}

func (s *Server) listTickets(ctx context.Context, c caller, in *listTicketsInput) (*body[page[TicketBrief]], error) {
	view := ticket.View(in.View)
	found, err := s.Tickets.List(ctx, c.Actor, view, in.Compound.number(), in.Limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	items, err := s.briefs(ctx, found.Items, func(t ticket.Ticket) bool {
		return view == ticket.Mine || view == ticket.Inbox || view == ticket.Overdue || view == ticket.Watched || t.ReporterID == c.Person.ID
	})
	return answer(page[TicketBrief]{items, found.Next}), err
}

type numberInput struct {
	Number string `path:"number" maxLength:"32" example:"FY261123-0001"`
}

func (s *Server) showTicket(ctx context.Context, c caller, in *numberInput) (*body[ticketView], error) {
	full, err := s.Tickets.Get(ctx, c.Actor, in.Number)
	if err != nil {
		return nil, err
	}
	return s.tellTicket(ctx, c, full)
}

type actInput struct {
	Once
	Number string `path:"number" maxLength:"32" example:"FY261123-0001"`
	Body   struct {
		Action       string     `json:"action" enum:"accept,contact,dispatch,transfer,return,decide,extend,whistle,arrive,consult,suspend,resume,exclude,reject,finish,confirm,rate,reopen,withdraw,merge,follow,urge,add,correct,escalate,close" doc:"one of the ticket's actions"`
		Version      int64      `json:"version,omitempty" minimum:"1" doc:"the version that the caller has seen; another one now = 409 stale"`
		Note         string     `json:"note,omitempty" doc:"at most 1,000 characters"`
		Reason       string     `json:"reason,omitempty" doc:"the same as note"`
		Photos       list[id]   `json:"photos,omitempty" maxItems:"9"`
		To           id         `json:"to,omitempty" doc:"a post of choices.to"`
		Posts        list[id]   `json:"posts,omitempty" maxItems:"50" doc:"posts of choices.posts"`
		Until        *time.Time `json:"until,omitempty"`
		Approve      *bool      `json:"approve,omitempty"`
		Solved       *bool      `json:"solved,omitempty"`
		Satisfaction string     `json:"satisfaction,omitempty" doc:"satisfied, basic or dissatisfied"`
		Wait         bool       `json:"wait,omitempty" doc:"with add by who handles it: ask the reporter; the finish clock stands until they answer, or a few workdays"`
		Watch        *bool      `json:"watch,omitempty" doc:"with add by the city's desk: false takes the ticket off the watch list"`
		Ground       string     `json:"ground,omitempty" maxLength:"20" doc:"with reject: the code of one of choices.grounds"`
		Into         string     `json:"into,omitempty" maxLength:"32" doc:"a ticket's number"`
		Location     *location  `json:"location,omitempty" doc:"with add"`
		PlaceInput
	}
}

func (s *Server) actOnTicket(ctx context.Context, c caller, in *actInput) (*body[ticketView], error) {
	b := in.Body
	ask := ticket.Input{
		Action: ticket.Action(b.Action), Key: in.key(c), Version: b.Version, Note: b.Note, Photos: b.Photos.numbers(id.number),
		To: b.To.number(), Posts: b.Posts.numbers(id.number), Approve: b.Approve, Solved: b.Solved, Satisfaction: ticket.Satisfaction(b.Satisfaction), Into: b.Into,
		Point: b.Location.point(), Ground: b.Ground, Wait: b.Wait, Watch: b.Watch,
	}
	if ask.Note == "" {
		ask.Note = b.Reason
	}
	if b.Until != nil {
		ask.Until = *b.Until
	}
	if place := b.place(); place != (ticket.Place{}) {
		ask.Place = &place
	}
	t, err := s.Tickets.Act(ctx, c.Actor, in.Number, ask)
	if err != nil {
		return nil, err
	}
	return s.answerTicket(ctx, c, t)
}

func (s *Server) listCategories(context.Context, *struct{}) (*body[page[codeName]], error) {
	var out page[codeName]
	for _, c := range s.Tickets.Rules().Reader.Categories() {
		out.Items = append(out.Items, codeName{c.Code, c.Name})
	}
	return answer(out), nil
}
