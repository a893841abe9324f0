package web

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"fenlin/internal/geo"
	"fenlin/internal/placard"
	"fenlin/internal/station"
	"fenlin/internal/wechat"
)

// hours are a time of some days of the week.
type hours struct {
	Days list[int] `json:"days" maxItems:"7" doc:"1 is Monday, 7 is Sunday"`
	From string    `json:"from" maxLength:"5" example:"09:00"`
	To   string    `json:"to" maxLength:"5" example:"18:00"`
}

type roomView struct {
	Name  string `json:"name" maxLength:"60"`
	Seats int    `json:"seats,omitempty" doc:"0: not told"`
	Uses  string `json:"uses,omitempty" maxLength:"200" doc:"what it is for, each use of it"`
}

// PointView is a service point. It is public.
type PointView struct {
	ID            id              `json:"id"`
	Org           maybe[unitView] `json:"org" doc:"the unit that it serves"`
	Kind          string          `json:"kind" enum:"center,station"`
	Name          string          `json:"name"`
	Address       string          `json:"address"`
	Location      maybe[location] `json:"location"`
	Phone         string          `json:"phone" doc:"of its desk"`
	Opening       list[hours]     `json:"opening"`
	OpeningNote   string          `json:"opening_note"`
	OpenNow       bool            `json:"open_now" doc:"by its hours alone"`
	Demonstration bool            `json:"demonstration"`
	PassedOn      string          `json:"passed_on" doc:"day of the assessment; empty: not yet, like the next two"`
	RewardedOn    string          `json:"rewarded_on"`
	UpgradedOn    string          `json:"upgraded_on"`
	Visitors      visitorsView    `json:"visitors"`
	Distance      *int            `json:"distance_m,omitempty" doc:"metres from near to it, where its place is known"`
	Version       int64           `json:"version"`
}

type pointDetail struct {
	PointView
	Rooms list[roomView] `json:"rooms"`
}

// visitorsView is what visitors said in the last 365 days.
type visitorsView struct {
	Satisfied    int64    `json:"satisfied"`
	Basic        int64    `json:"basic"`
	Dissatisfied int64    `json:"dissatisfied"`
	Satisfaction rateView `json:"satisfaction" doc:"(satisfied + 0.9 × basic) / whoever said anything"`
}

func viewVisitors(s station.Said) visitorsView {
	v := visitorsView{s.Satisfied, s.Basic, s.Dissatisfied, rateView{Numerator: float64(s.Satisfied) + 0.9*float64(s.Basic), Denominator: s.Total()}}
	if n := s.Total(); n > 0 {
		rate := v.Satisfaction.Numerator / float64(n)
		v.Satisfaction.Rate = &rate
	}
	return v
}

func (s *Server) viewPoints(ctx context.Context, points []station.Point) ([]PointView, error) {
	ids, units := make([]int64, 0, len(points)), make([]int64, 0, len(points))
	for _, p := range points {
		ids, units = append(ids, p.ID), append(units, p.OrgID)
	}
	said, err := s.Stations.Said(ctx, ids)
	if err != nil {
		return nil, err
	}
	known, err := s.Org.Units(ctx, units)
	if err != nil {
		return nil, err
	}
	now := s.local(s.Now())
	out := make([]PointView, 0, len(points))
	for _, p := range points {
		v := PointView{
			ID: idOf(p.ID), Kind: string(p.Kind), Name: p.Name, Address: p.Address, Phone: p.Phone, OpeningNote: p.OpeningNote, OpenNow: p.Open(now),
			Demonstration: p.Demonstration, PassedOn: p.PassedOn, RewardedOn: p.RewardedOn, UpgradedOn: p.UpgradedOn, Visitors: viewVisitors(said[p.ID]), Version: p.Version,
		}
		if u, ok := known[p.OrgID]; ok {
			v.Org = some(unitView{idOf(u.ID), string(u.Kind), u.Name})
		}
		if at, ok := p.Where(); ok {
			v.Location = some(location{Lat: at.Lat, Lng: at.Lng, Datum: string(geo.GCJ02)})
		}
		for _, h := range p.Opening {
			v.Opening = append(v.Opening, hours{h.Days, h.From, h.To})
		}
		out = append(out, v)
	}
	return out, nil
}

func (s *Server) viewPoint(ctx context.Context, p station.Point) (*body[pointDetail], error) {
	views, err := s.viewPoints(ctx, []station.Point{p})
	if err != nil {
		return nil, err
	}
	out := pointDetail{PointView: views[0]}
	for _, r := range p.Rooms {
		out.Rooms = append(out.Rooms, roomView{r.Name, r.Seats, r.Uses})
	}
	return answer(out), nil
}

type listPointsInput struct {
	Org   id     `query:"org" doc:"a unit, with all below it; empty: all"`
	Kind  string `query:"kind" enum:"center,station" doc:"only these"`
	Near  string `query:"near" maxLength:"64" example:"37.26,111.78" doc:"latitude,longitude: the nearest first; those of which nobody knows where they are last"`
	Datum string `query:"datum" enum:"gcj02,wgs84" default:"gcj02" doc:"of near: what WeChat gives on request, or what a browser gives"`
	Paged
}

func (s *Server) listPoints(ctx context.Context, in *listPointsInput) (*body[page[PointView]], error) {
	if in.Near != "" {
		return s.nearPoints(ctx, in)
	}
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	points, err := s.Stations.List(ctx, station.Listing{Org: in.Org.number(), Kind: station.Kind(in.Kind), After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	var out page[PointView]
	points, out.NextCursor = cut(points, in.Limit, func(x station.Point) int64 { return x.ID })
	out.Items, err = s.viewPoints(ctx, points)
	return answer(out), err
}

// nearPoints sorts all of them: a city has some hundreds.
func (s *Server) nearPoints(ctx context.Context, in *listPointsInput) (*body[page[PointView]], error) {
	at, err := coordinates(in.Near, in.Datum)
	if err != nil {
		return nil, err
	}
	from := 0
	if in.Cursor != "" {
		if from, err = strconv.Atoi(in.Cursor); err != nil || from < 0 {
			return nil, errCursor
		}
	}
	points, err := s.Stations.Near(ctx, station.Listing{Org: in.Org.number(), Kind: station.Kind(in.Kind)}, at)
	if err != nil {
		return nil, err
	}
	points = points[min(from, len(points)):]
	var out page[PointView]
	if len(points) > in.Limit {
		points, out.NextCursor = points[:in.Limit], strconv.Itoa(from+in.Limit)
	}
	out.Items, err = s.viewPoints(ctx, points)
	for i := range out.Items {
		if where, known := points[i].Where(); known {
			metres := int(geo.Metres(at, where))
			out.Items[i].Distance = &metres
		}
	}
	return answer(out), err
}

// PointInput names a service point.
type PointInput struct {
	ID id `path:"id" minLength:"1"`
}

func (s *Server) showPoint(ctx context.Context, in *PointInput) (*body[pointDetail], error) {
	p, err := s.Stations.Point(ctx, in.ID.number())
	if err != nil {
		return nil, err
	}
	return s.viewPoint(ctx, p)
}

// PointFacts are what is to be known of a point from now on.
type PointFacts struct {
	Name          string         `json:"name" maxLength:"120"`
	Address       string         `json:"address,omitempty" maxLength:"200"`
	Location      *location      `json:"location,omitempty"`
	Phone         string         `json:"phone,omitempty" maxLength:"20"`
	Opening       list[hours]    `json:"opening,omitempty" maxItems:"50"`
	OpeningNote   string         `json:"opening_note,omitempty" maxLength:"200"`
	Demonstration bool           `json:"demonstration,omitempty"`
	PassedOn      string         `json:"passed_on,omitempty" maxLength:"10" example:"2026-06-01"`
	RewardedOn    string         `json:"rewarded_on,omitempty" maxLength:"10"`
	UpgradedOn    string         `json:"upgraded_on,omitempty" maxLength:"10"`
	Rooms         list[roomView] `json:"rooms,omitempty" maxItems:"100"`
}

func (f PointFacts) draft() station.Draft {
	d := station.Draft{
		Name: f.Name, Address: f.Address, Phone: f.Phone, OpeningNote: f.OpeningNote, Demonstration: f.Demonstration, PassedOn: f.PassedOn, RewardedOn: f.RewardedOn, UpgradedOn: f.UpgradedOn,
		Place: f.Location.point(),
	}
	for _, h := range f.Opening {
		d.Opening = append(d.Opening, station.Hours{Days: h.Days, From: h.From, To: h.To})
	}
	for _, r := range f.Rooms {
		d.Rooms = append(d.Rooms, station.Room{Name: r.Name, Seats: r.Seats, Uses: r.Uses})
	}
	return d
}

type foundPointInput struct {
	Once
	Body struct {
		OrgID id     `json:"org_id" minLength:"1" doc:"of a center a city, subdistrict or community; of a station a compound"`
		Kind  string `json:"kind" enum:"center,station"`
		PointFacts
	}
}

func (s *Server) foundPoint(ctx context.Context, c caller, in *foundPointInput) (*body[pointDetail], error) {
	d := in.Body.draft()
	d.Key, d.Org, d.Kind = in.key(c), in.Body.OrgID.number(), station.Kind(in.Body.Kind)
	p, err := s.Stations.Found(ctx, c.Actor, d)
	if err != nil {
		return nil, err
	}
	return s.viewPoint(ctx, p)
}

type changePointInput struct {
	PointInput
	Body struct {
		Version int64 `json:"version" doc:"that was read; 0: whatever it is"`
		PointFacts
	}
}

func (s *Server) changePoint(ctx context.Context, c caller, in *changePointInput) (*body[pointDetail], error) {
	p, err := s.Stations.Change(ctx, c.Actor, in.ID.number(), in.Body.Version, in.Body.draft())
	if err != nil {
		return nil, err
	}
	return s.viewPoint(ctx, p)
}

func (s *Server) closePoint(ctx context.Context, c caller, in *PointInput) (*nothing, error) {
	return nil, s.Stations.Close(ctx, c.Actor, in.ID.number())
}

type visitInput struct {
	PointInput
	Body struct {
		Verdict string `json:"verdict" enum:"satisfied,basic,dissatisfied"`
		Note    string `json:"note,omitempty" maxLength:"400"`
	}
}

func (s *Server) ratePoint(ctx context.Context, c caller, in *visitInput) (*nothing, error) {
	return nil, s.Stations.Rate(ctx, c.Person.ID, in.ID.number(), station.Verdict(in.Body.Verdict), in.Body.Note)
}

// VisitView is what a visitor wrote, without who they are.
type VisitView struct {
	Day     string `json:"day"`
	Verdict string `json:"verdict" enum:"satisfied,basic,dissatisfied"`
	Note    string `json:"note"`
}

// myVisit is what a person said of a point.
type myVisit struct {
	PointID id `json:"point_id"`
	VisitView
}

type listVisitsInput struct {
	PointInput
	Paged
}

func (s *Server) listVisits(ctx context.Context, c caller, in *listVisitsInput) (*body[page[VisitView]], error) {
	before, err := in.after()
	if err != nil {
		return nil, err
	}
	visits, err := s.Stations.Words(ctx, c.Actor, in.ID.number(), before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out page[VisitView]
	visits, out.NextCursor = cut(visits, in.Limit, func(x station.Visit) int64 { return x.RatedAt })
	for _, v := range visits {
		out.Items = append(out.Items, VisitView{v.Day, string(v.Verdict), v.Note})
	}
	return answer(out), nil
}

type posterOutput struct {
	Type string `header:"Content-Type" hidden:"true"`
	File string `header:"Content-Disposition" hidden:"true"`
	Body []byte `contentType:"application/pdf"`
}

// posterPDF is the poster as a document of one sheet of A4.
func (s *Server) posterPDF(ctx context.Context, c caller, in *PointInput) (*posterOutput, error) {
	name, sheet, err := s.poster(ctx, c, in.ID.number())
	if err != nil {
		return nil, err
	}
	doc, err := placard.PDF(name, sheet)
	return &posterOutput{"application/pdf", "attachment; filename=fenlin-point.pdf", doc}, err
}

func (s *Server) posterPNG(ctx context.Context, c caller, in *PointInput) (*pngOutput, error) {
	_, sheet, err := s.poster(ctx, c, in.ID.number())
	return &pngOutput{Type: "image/png", Body: sheet}, err
}

// poster draws what hangs at a point: its name, its hours, its code.
func (s *Server) poster(ctx context.Context, c caller, point int64) (name string, sheet []byte, err error) {
	p, err := s.Stations.Managed(ctx, c.Actor, point)
	if err == nil && p.ClosedAt != 0 {
		err = station.ErrClosed
	}
	if err != nil {
		return "", nil, err
	}
	if p.Content == "" {
		if _, p.Content, err = s.WeChat.QRCode(ctx, p.Scene(), 0); err != nil {
			if !errors.Is(err, wechat.ErrBadScene) {
				err = errNoPicture.Because(err)
			}
			return "", nil, err
		}
		if err := s.Stations.KeepContent(ctx, p.ID, p.Content); err != nil {
			return "", nil, err
		}
	}
	lines := append(strings.Split(p.Hours(), "\n"), "微信扫一扫：看服务、提意见、说满意不满意")
	sheet, err = s.printer.Poster(placard.Placard{Content: p.Content, Title: p.Name, Lines: lines})
	return p.Name, sheet, err
}
