package org

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"fenlin/internal/errs"
	"fenlin/internal/geo"
)

// ErrPoint says that a point that somebody sent is none; its message says why.
var ErrPoint = errs.New(errs.Invalid, "location", "没有收到有效的位置，请重新选择位置，或写明小区名")

// FarAway is from how many metres on the nearest compound is not meant by a point.
const FarAway = 5000

// CheckPoint says in plain words what is wrong with a point that somebody sent.
// Errors: ErrPoint.
func CheckPoint(p geo.Point) error {
	switch err := p.Check(); {
	case err == nil:
		return nil
	case errors.Is(err, geo.ErrSwapped):
		return ErrPoint.Say("纬度和经度好像填反了：纬度在前（山西约 37），经度在后（约 111）").At("location", "纬度和经度填反了")
	case errors.Is(err, geo.ErrDatum):
		return ErrPoint.Say("坐标系应为 gcj02（微信、国内地图）或 wgs84（浏览器、卫星定位）").At("location", "坐标系应为 gcj02 或 wgs84")
	}
	return ErrPoint.At("location", "不是有效的经纬度")
}

// Where is the compound on the map; false while that is not known.
func (f Compound) Where() (geo.Point, bool) {
	p := geo.Point{Lat: f.Lat, Lng: f.Lng, Datum: geo.Datum(f.Datum)}
	if f.Lat == 0 && f.Lng == 0 && len(f.Boundary) > 0 {
		p.Lat, p.Lng = f.Boundary.Centre()
	}
	return p, p.Lat != 0 || p.Lng != 0
}

// Metres is the way from a point to the compound: to its border where that is
// known (0 inside), else to its middle. False while neither is known.
func (f Compound) Metres(p geo.Point) (float64, bool) {
	middle, ok := f.Where()
	if !ok {
		return 0, false
	}
	metres := geo.Metres(p, middle)
	if metres < 50_000 && len(f.Boundary) > 0 { // farther away the earth is not flat
		return f.Boundary.Metres(p.In(geo.Datum(f.Datum))), true
	}
	return metres, true
}

// Near is a compound and how far it is.
type Near struct {
	Place
	Metres float64
	Inside bool // the point lies within its border
}

// Nearest are the compounds around a point, the nearest first; those within
// whose border it lies before all others, the smaller first.
func Nearest(places []Place, p geo.Point) []Near {
	out := make([]Near, 0, len(places))
	for _, place := range places {
		if metres, ok := place.Metres(p); ok {
			out = append(out, Near{place, metres, len(place.Boundary) > 0 && metres == 0})
		}
	}
	area := func(n Near) float64 {
		if n.Inside {
			return n.Boundary.Area()
		}
		return math.Inf(1)
	}
	slices.SortStableFunc(out, func(a, b Near) int { return cmp.Or(cmp.Compare(area(a), area(b)), cmp.Compare(a.Metres, b.Metres)) })
	return out
}

// Turn gives where the compound is in another datum.
func (f *Compound) Turn(datum string) {
	if f.Datum == "" {
		f.Datum = string(geo.GCJ02)
	}
	if f.Lat != 0 || f.Lng != 0 {
		p := geo.Point{Lat: f.Lat, Lng: f.Lng, Datum: geo.Datum(f.Datum)}.In(geo.Datum(datum))
		f.Lat, f.Lng = p.Lat, p.Lng
	}
	if len(f.Boundary) > 0 {
		f.Boundary = f.Boundary.In(geo.Datum(f.Datum), geo.Datum(datum))
	}
	f.Datum = datum
}

// fromBorder is how far a compound's middle may be from its border, in metres.
const fromBorder = 2000

// PlaceProblem says in plain words what is wrong with where a compound is, and
// with which of lat, datum and boundary; empty: nothing.
func (f *Compound) PlaceProblem() (field, problem string) {
	if f.Datum != "" && f.Datum != string(geo.GCJ02) && f.Datum != string(geo.WGS84) {
		return "datum", "坐标系应为 gcj02 或 wgs84"
	}
	known := f.Lat != 0 || f.Lng != 0 // 0, 0: not known
	if known && !geo.InChina(f.Lat, f.Lng) {
		if geo.InChina(f.Lng, f.Lat) {
			return "lat", "纬度和经度填反了：纬度在前（山西约 37），经度在后（约 111）"
		}
		return "lat", "位置不在中国境内，请核对纬度和经度，看看是否填反了"
	}
	f.Boundary = f.Boundary.Closed()
	if len(f.Boundary) == 0 {
		f.Boundary = nil
		return "", ""
	}
	if problem := problemOf(f.Boundary); problem != "" {
		return "boundary", problem
	}
	if known && f.Boundary.Metres(geo.Point{Lat: f.Lat, Lng: f.Lng}) > fromBorder {
		return "boundary", fmt.Sprintf("边界离小区的位置超过 %d 公里，请核对位置、边界和坐标系", fromBorder/1000)
	}
	return "", ""
}

// problemOf says in plain words what is wrong with a border.
func problemOf(r geo.Ring) string {
	switch err := r.Check(); {
	case err == nil:
		return ""
	case errors.Is(err, geo.ErrVertices):
		return fmt.Sprintf("边界应有 3 到 %d 个顶点", geo.MaxVertices)
	case errors.Is(err, geo.ErrCrossing):
		return "边界不能自己相交或重复走同一条线，请按顺序沿小区外围标点"
	case errors.Is(err, geo.ErrSwapped):
		return "边界的纬度和经度填反了：纬度在前（山西约 37），经度在后（约 111）"
	case errors.Is(err, geo.ErrArea):
		return fmt.Sprintf("边界围成的面积约 %.0f 平方米，不像一个小区，请核对", r.Area())
	}
	return "边界里有不在中国境内的点，请核对纬度和经度"
}
