package web

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	"fenlin/internal/errs"
	"fenlin/internal/geo"
	"fenlin/internal/org"
)

var (
	errNear   = errs.New(errs.Invalid, "near", "位置应写成 纬度,经度，例如 37.26,111.78")
	errCursor = errs.New(errs.Invalid, "cursor", "页码已失效，请从第一页看起").At("cursor", "请从第一页看起")
)

// CompoundView is a compound in a list.
type CompoundView struct {
	ID          id     `json:"id"`
	Name        string `json:"name"`
	Community   string `json:"community"`
	Subdistrict string `json:"subdistrict"`
	Governance  string `json:"governance" enum:"managed,self_run,unmanaged" doc:"run by a property company, by its residents, by nobody"`
	Distance    *int   `json:"distance_m,omitempty" doc:"metres from near to the compound, to its border where that is known"`
	Inside      *bool  `json:"inside,omitempty" doc:"with near: the point lies within the compound's border"`
}

type compoundDetail struct {
	CompoundView
	Households int          `json:"households"`
	Aliases    list[string] `json:"aliases"`
	Location   location     `json:"location"`
	Boundary   list[vertex] `json:"boundary" doc:"its border in the datum of location, [latitude, longitude] each; empty while it is not known"`
}

// vertex is a corner of a border: latitude and longitude.
type vertex = [2]float64

func viewCompound(p org.Place) CompoundView {
	return CompoundView{ID: idOf(p.OrgID), Name: p.Name, Community: p.Community, Subdistrict: p.Subdistrict, Governance: string(p.Governance)}
}

type listCompoundsInput struct {
	Q     string `query:"q" maxLength:"64" doc:"a name or a piece of it, as people write or spell it"`
	Near  string `query:"near" maxLength:"64" example:"37.26,111.78" doc:"latitude,longitude: the nearest first, those whose border it lies within before all; those of which nobody knows where they are last"`
	Datum string `query:"datum" enum:"gcj02,wgs84" default:"gcj02" doc:"of near: what WeChat gives on request, or what a browser gives"`
	Paged
}

func (s *Server) listCompounds(ctx context.Context, in *listCompoundsInput) (*body[page[CompoundView]], error) {
	known, err := s.Tickets.Places(ctx)
	if err != nil {
		return nil, err
	}
	places := known.List
	if q := strings.TrimSpace(in.Q); q != "" {
		places = nil
		for _, g := range known.Gazetteer.Search(q) {
			places = append(places, known.ByID[g.ID])
		}
	}
	found := make([]CompoundView, 0, len(places))
	if in.Near != "" {
		at, err := coordinates(in.Near, in.Datum)
		if err != nil {
			return nil, err
		}
		for _, n := range org.Nearest(places, at) {
			v, metres := viewCompound(n.Place), int(n.Metres)
			v.Distance, v.Inside = &metres, &n.Inside
			found = append(found, v)
		}
	}
	for _, p := range places {
		if _, known := p.Where(); in.Near == "" || !known {
			found = append(found, viewCompound(p))
		}
	}
	from := 0
	if in.Cursor != "" {
		if from, err = strconv.Atoi(in.Cursor); err != nil || from < 0 || from > len(found) {
			return nil, errCursor
		}
	}
	out := page[CompoundView]{Items: found[from:]}
	if len(out.Items) > in.Limit {
		out.Items, out.NextCursor = out.Items[:in.Limit], strconv.Itoa(from+in.Limit)
	}
	return answer(out), nil
}

func coordinates(text, datum string) (geo.Point, error) {
	a, b, _ := strings.Cut(text, ",")
	lat, err1 := strconv.ParseFloat(strings.TrimSpace(a), 64)
	lng, err2 := strconv.ParseFloat(strings.TrimSpace(b), 64)
	p := geo.Point{Lat: lat, Lng: lng, Datum: geo.Datum(datum)}
	if err1 != nil || err2 != nil {
		return p, errNear.At("near", errNear.Message)
	}
	switch err := p.Check(); {
	case errors.Is(err, geo.ErrSwapped):
		return p, errNear.Say("纬度和经度好像填反了，"+errNear.Message).At("near", "纬度和经度填反了")
	case err != nil:
		return p, errNear.At("near", errNear.Message)
	}
	return p, nil
}

type compoundInput struct {
	ID id `path:"id"`
}

func (s *Server) showCompound(ctx context.Context, in *compoundInput) (*body[compoundDetail], error) {
	p, err := s.Org.Place(ctx, in.ID.number())
	if err != nil {
		return nil, err
	}
	datum := geo.Datum(cmp.Or(p.Datum, string(geo.GCJ02)))
	at := geo.Point{Lat: p.Lat, Lng: p.Lng, Datum: datum}.In(geo.GCJ02) // which WeChat's map takes
	return answer(compoundDetail{viewCompound(p), p.Households, p.Aliases, location{at.Lat, at.Lng, string(geo.GCJ02)}, list[vertex](p.Boundary.In(datum, geo.GCJ02))}), nil
}
