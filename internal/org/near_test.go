package org_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"fenlin/internal/errs"
	"fenlin/internal/geo"
	"fenlin/internal/org"
)

// court is a border of some 180 by 220 metres around its middle.
func court(lat, lng float64) geo.Ring {
	return geo.Ring{{lat - 0.001, lng - 0.001}, {lat - 0.001, lng + 0.001}, {lat + 0.001, lng + 0.001}, {lat + 0.001, lng - 0.001}}
}

func TestNearest_TheBorderBeatsTheDistance(t *testing.T) {
	place := func(name string, lat, lng float64, datum string, ring geo.Ring) org.Place {
		return org.Place{Unit: org.Unit{Name: name}, Compound: org.Compound{Lat: lat, Lng: lng, Datum: datum, Boundary: ring}}
	}
	here := geo.Point{Lat: 37.26, Lng: 111.78, Datum: geo.GCJ02}
	there := here.In(geo.WGS84)
	wide := geo.Ring{{37.25, 111.77}, {37.25, 111.781}, {37.261, 111.781}, {37.261, 111.77}}
	list := []org.Place{
		place("unknown", 0, 0, "gcj02", nil),
		place("close", 37.2602, 111.7802, "gcj02", nil),
		place("wide", 37.252, 111.772, "gcj02", wide),
		place("court", 37.2608, 111.7808, "gcj02", court(37.2608, 111.7808)),
		place("ruler", there.Lat, there.Lng, "wgs84", nil),
		place("far", 37.5, 111.78, "", nil),
	}
	names := func(p geo.Point) string {
		var out []string
		for _, n := range org.Nearest(list, p) {
			out = append(out, fmt.Sprintf("%s %.0f %v", n.Name, n.Metres, n.Inside))
		}
		return strings.Join(out, ", ")
	}
	const want = "court 0 true, wide 0 true, ruler 0 false, close 28 false, far 26677 false"
	if got := names(here); got != want {
		t.Errorf("%s", got)
	}
	if got := names(there); got != want { // the same place, told in the other datum
		t.Errorf("in WGS-84: %s", got)
	}
}

func TestCheckPoint_PlainWords(t *testing.T) {
	for said, p := range map[string]geo.Point{
		"填反": {Lat: 111.78, Lng: 37.26}, "没有收到有效的位置": {}, "有效": {Lat: math.NaN(), Lng: 111}, "坐标系": {Lat: 37, Lng: 111, Datum: "bd09"},
	} {
		if err := org.CheckPoint(p); !errors.Is(err, org.ErrPoint) || !strings.Contains(err.Error(), said) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if err := org.CheckPoint(geo.Point{Lat: 37.26, Lng: 111.78}); err != nil {
		t.Error(err)
	}
}

func TestChange_ABorderIsKeptCheckedAndStaysWhereItIs(t *testing.T) {
	w := plant(t)
	id, version := w.units["garden"].ID, int64(0)
	change := func(c org.Changes) error {
		u, err := w.Change(t.Context(), w.deed(t), id, version, c)
		if err == nil {
			version = u.Version
		}
		return err
	}
	ring := append(court(37.26, 111.78), [2]float64{37.259, 111.779}) // closed as GeoJSON closes
	if err := change(org.Changes{Lat: new(37.26), Lng: new(111.78), Datum: new("gcj02"), Boundary: &ring}); err != nil {
		t.Fatal(err)
	}
	near := func(p geo.Point) org.Near {
		t.Helper()
		places, err := w.Places(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return org.Nearest(places, p)[0]
	}
	corner := geo.Point{Lat: 37.2605, Lng: 111.7805, Datum: geo.GCJ02}
	if n := near(corner); !n.Inside || len(n.Boundary) != 4 {
		t.Errorf("%+v", n)
	}
	if err := change(org.Changes{Datum: new("wgs84")}); err != nil { // told in the other datum, it is where it was
		t.Fatal(err)
	}
	if n := near(corner); !n.Inside || n.Lat == 37.26 || n.Datum != "wgs84" {
		t.Errorf("%+v", n)
	}
	for name, c := range map[string]struct {
		ring geo.Ring
		said string
	}{
		"two vertices":   {ring[:2], "3 到 200 个顶点"},
		"crossing":       {geo.Ring{ring[0], ring[2], ring[1], ring[3]}, "自己相交"},
		"swapped":        {geo.Ring{{111.779, 37.259}, {111.781, 37.259}, {111.781, 37.261}}, "填反"},
		"a whole city":   {geo.Ring{{37.1, 111.6}, {37.1, 111.9}, {37.4, 111.9}}, "面积"},
		"somewhere else": {court(37.36, 111.78), "超过 2 公里"},
	} {
		err := change(org.Changes{Boundary: &c.ring})
		told, ok := errors.AsType[*errs.Error](err)
		if !ok || len(told.Fields) != 1 || told.Fields[0].Name != "boundary" || !strings.Contains(told.Fields[0].Message, c.said) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := change(org.Changes{Boundary: &geo.Ring{}}); err != nil {
		t.Fatal(err)
	}
	if n := near(corner); n.Inside || n.Boundary != nil {
		t.Errorf("taken away: %+v", n)
	}
}
