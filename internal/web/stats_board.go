package web

import (
	"context"
	"strings"
	"time"

	"fenlin/internal/errs"
	"fenlin/internal/geo"
	"fenlin/internal/ticket"
)

// maxPlaces is how many compounds one picture can show.
const maxPlaces = 2000

var errPlaces = errs.New(errs.Invalid, "too_many_places", "地点太多，请先进入下一级").At("org", "地点太多，请选下一级")

type streamInput struct {
	Org id `query:"org" doc:"a unit of the organisation; the highest that the caller may see when not given"`
	Paged
}

type deedView struct {
	ID        id         `json:"id"`
	At        *time.Time `json:"at"`
	What      string     `json:"what" doc:"in Chinese"`
	State     string     `json:"state" doc:"of the ticket afterwards"`
	StateName string     `json:"state_name"`
	Number    string     `json:"number"`
	Emergency bool       `json:"emergency"`
	Category  codeName   `json:"category"`
	Compound  named      `json:"compound" doc:"the city while it is not known"`
}

type streamView struct {
	AsOf       time.Time      `json:"as_of"`
	Items      list[deedView] `json:"items" doc:"today's, newest first"`
	NextCursor string         `json:"next_cursor" doc:"give it as cursor to get the next page; empty on the last"`
}

func (s *Server) showStream(ctx context.Context, c caller, in *streamInput) (*body[streamView], error) {
	found, err := s.Stats.Stream(ctx, c.Actor, in.Org.number(), in.Limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	v := streamView{AsOf: s.local(found.AsOf), NextCursor: found.Next}
	for _, d := range found.Items {
		state := ticket.State(d.ToState)
		e := ticket.Event{Action: ticket.Action(d.Action), Data: d.Data}
		v.Items = append(v.Items, deedView{
			idOf(d.ID), s.moment(d.At), told(e.Action, e.Detail()), d.ToState, state.Name(), d.Number, d.Emergency, s.category(d.Category), named{idOf(d.OrgID), d.OrgName},
		})
	}
	return answer(v), nil
}

type figureView struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	Printed     string `json:"printed" doc:"as the city's report has it: 64, 400+, 97.5%"`
	AsOf        string `json:"as_of" doc:"the day that the report speaks of"`
	Note        string `json:"note"`
	Computed    string `json:"computed" doc:"from the tables, as people write it: 64, 307/315 = 97.5%"`
	Numerator   int64  `json:"numerator" doc:"the count; of a mean the sum"`
	Denominator *int64 `json:"denominator" doc:"null when it is a count"`
	Agrees      bool   `json:"agrees"`
	Why         string `json:"why" doc:"why it does not agree, or what else is to be known"`
}

type figuresView struct {
	AsOf       time.Time        `json:"as_of"`
	Items      list[figureView] `json:"items"`
	NextCursor string           `json:"next_cursor" doc:"always empty: there are never more"`
}

func (s *Server) showFigures(ctx context.Context, c caller, _ *struct{}) (*body[figuresView], error) {
	found, err := s.Stats.CityFigures(ctx, c.Actor)
	if err != nil {
		return nil, err
	}
	v := figuresView{AsOf: s.local(s.Now())}
	for _, f := range found {
		view := figureView{f.Key, f.Name, f.Printed.Printed, f.AsOf, f.Note, f.Computed, f.Numerator, nil, f.Agrees, f.Why}
		if f.Of {
			view.Denominator = &f.Denominator
		}
		v.Items = append(v.Items, view)
	}
	return answer(v), nil
}

type placesInput struct {
	Org id `query:"org" doc:"a unit of the organisation; the highest that the caller may see when not given"`
}

type placeView struct {
	ID          id              `json:"id"`
	Name        string          `json:"name"`
	Community   string          `json:"community"`
	Subdistrict string          `json:"subdistrict"`
	Location    maybe[location] `json:"location" doc:"in gcj02; null while it is not known"`
}

// showPlaces are the compounds that a picture of a unit is made of; what
// happens in them the rates by compound tell.
func (s *Server) showPlaces(ctx context.Context, c caller, in *placesInput) (*body[page[placeView]], error) {
	unit, err := s.Stats.Scope(ctx, c.Actor, in.Org.number())
	if err != nil {
		return nil, err
	}
	known, err := s.Tickets.Places(ctx)
	if err != nil {
		return nil, err
	}
	var v page[placeView]
	for _, p := range known.List {
		if !strings.HasPrefix(p.Path, unit.Path) {
			continue
		}
		if len(v.Items) == maxPlaces {
			return nil, errPlaces
		}
		view := placeView{ID: idOf(p.OrgID), Name: p.Name, Community: p.Community, Subdistrict: p.Subdistrict}
		if at, ok := p.Where(); ok {
			at = at.In(geo.GCJ02)
			view.Location = some(location{at.Lat, at.Lng, string(at.Datum)})
		}
		v.Items = append(v.Items, view)
	}
	return answer(v), nil
}
