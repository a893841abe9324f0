package web

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"fenlin/internal/errs"
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
	Distance    *int   `json:"distance_m,omitempty" doc:"metres from near"`
}

type compoundDetail struct {
	CompoundView
	Households int          `json:"households"`
	Aliases    list[string] `json:"aliases"`
	Location   location     `json:"location"`
}

func viewCompound(p org.Place) CompoundView {
	return CompoundView{ID: idOf(p.OrgID), Name: p.Name, Community: p.Community, Subdistrict: p.Subdistrict, Governance: string(p.Governance)}
}

type listCompoundsInput struct {
	Q    string `query:"q" maxLength:"64" doc:"a name or a piece of it, as people write or spell it"`
	Near string `query:"near" maxLength:"64" example:"37.26,111.78" doc:"latitude,longitude: the nearest first"`
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
	for _, p := range places {
		found = append(found, viewCompound(p))
	}
	if in.Near != "" {
		lat, lng, err := coordinates(in.Near)
		if err != nil {
			return nil, err
		}
		for i, p := range places {
			metres := distance(lat, lng, p.Lat, p.Lng)
			found[i].Distance = &metres
		}
		slices.SortStableFunc(found, func(a, b CompoundView) int { return cmp.Compare(*a.Distance, *b.Distance) })
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

func coordinates(text string) (lat, lng float64, err error) {
	a, b, _ := strings.Cut(text, ",")
	lat, err1 := strconv.ParseFloat(strings.TrimSpace(a), 64)
	lng, err2 := strconv.ParseFloat(strings.TrimSpace(b), 64)
	if err1 != nil || err2 != nil || !(math.Abs(lat) <= 90) || !(math.Abs(lng) <= 180) { // NaN fails too
		return 0, 0, errNear.At("near", errNear.Message)
	}
	return lat, lng, nil
}

// distance is the way over the earth in metres.
func distance(lat1, lng1, lat2, lng2 float64) int {
	const radius, rad = 6_371_000, math.Pi / 180
	sin := func(degrees float64) float64 { return math.Sin(degrees * rad / 2) }
	h := sin(lat2-lat1)*sin(lat2-lat1) + math.Cos(lat1*rad)*math.Cos(lat2*rad)*sin(lng2-lng1)*sin(lng2-lng1)
	return int(2 * radius * math.Asin(math.Sqrt(min(h, 1))))
}

type compoundInput struct {
	ID id `path:"id"`
}

func (s *Server) showCompound(ctx context.Context, in *compoundInput) (*body[compoundDetail], error) {
	p, err := s.Org.Place(ctx, in.ID.number())
	if err != nil {
		return nil, err
	}
	return answer(compoundDetail{viewCompound(p), p.Households, p.Aliases, location{p.Lat, p.Lng, p.Datum}}), nil
}
