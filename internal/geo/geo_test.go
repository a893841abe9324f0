package geo_test

import (
	"errors"
	"math"
	"testing"

	"fenlin/internal/geo"
)

// The pairs that implementations of the formula are commonly tested with.
var pairs = []struct {
	name     string
	wgs, gcj [2]float64
}{
	{"Shanghai", [2]float64{31.1774276, 121.5272106}, [2]float64{31.17530398364597, 121.531541859215}},
	{"Shenzhen", [2]float64{22.543847, 113.912316}, [2]float64{22.540796131694766, 113.9171764808363}},
	{"Beijing", [2]float64{39.911954, 116.377817}, [2]float64{39.91334545536069, 116.38404722455657}},
	{"Tiananmen", [2]float64{39.915, 116.404}, [2]float64{39.91640428150164, 116.41024449916938}},
	{"Denver", [2]float64{39.7392, -104.9903}, [2]float64{39.7392, -104.9903}},
	{"Tokyo", [2]float64{35.68, 139.76}, [2]float64{35.68, 139.76}},
}

func TestIn_KnownPairsBothWays(t *testing.T) {
	for _, p := range pairs {
		wgs, gcj := geo.Point{Lat: p.wgs[0], Lng: p.wgs[1], Datum: geo.WGS84}, geo.Point{Lat: p.gcj[0], Lng: p.gcj[1], Datum: geo.GCJ02}
		for _, c := range []struct{ got, want geo.Point }{{wgs.In(geo.GCJ02), gcj}, {gcj.In(geo.WGS84), wgs}, {gcj.In(geo.GCJ02), gcj}, {gcj.In(""), gcj}} {
			if math.Abs(c.got.Lat-c.want.Lat) > 1e-8 || math.Abs(c.got.Lng-c.want.Lng) > 1e-8 || c.got.Datum != c.want.Datum {
				t.Errorf("%s: %+v, want %+v", p.name, c.got, c.want)
			}
		}
	}
	fenyang := geo.Point{Lat: 37.26, Lng: 111.78, Datum: geo.WGS84}
	moved := fenyang.In(geo.GCJ02)
	moved.Datum = geo.WGS84
	if d := geo.Metres(fenyang, moved); d < 300 || d > 800 {
		t.Errorf("GCJ-02 lies %.0f m beside WGS-84 in Fenyang", d)
	}
	if d := geo.Metres(fenyang, fenyang.In(geo.GCJ02)); d > 0.01 {
		t.Errorf("one place in two datums is %.3f m from itself", d)
	}
}

func TestCheck_SaysWhatAPointIsNot(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		p    geo.Point
		want error
	}{
		"Fenyang":                {geo.Point{Lat: 37.26, Lng: 111.78}, nil},
		"Paris":                  {geo.Point{Lat: 48.85, Lng: 2.35, Datum: geo.WGS84}, nil},
		"swapped, out of range":  {geo.Point{Lat: 111.78, Lng: 37.26}, geo.ErrSwapped},
		"swapped, in range":      {geo.Point{Lat: 80.2, Lng: 30.1}, geo.ErrSwapped},
		"nowhere":                {geo.Point{}, geo.ErrNowhere},
		"no numbers":             {geo.Point{Lat: nan, Lng: nan}, geo.ErrNowhere},
		"half a number":          {geo.Point{Lat: 37, Lng: nan}, geo.ErrNowhere},
		"endless":                {geo.Point{Lat: math.Inf(1), Lng: 111}, geo.ErrNowhere},
		"beyond the earth":       {geo.Point{Lat: 37, Lng: 200}, geo.ErrNowhere},
		"a datum not known here": {geo.Point{Lat: 37, Lng: 111, Datum: "bd09"}, geo.ErrDatum},
	} {
		if err := c.p.Check(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// square is 0.002 degrees wide: about 177 by 222 metres.
var square = geo.Ring{{37.260, 111.780}, {37.260, 111.782}, {37.262, 111.782}, {37.262, 111.780}}

func TestRing_InsideOnTheBorderAndOutside(t *testing.T) {
	hollow := geo.Ring{{37.260, 111.780}, {37.260, 111.784}, {37.264, 111.784}, {37.264, 111.783}, {37.261, 111.783}, {37.261, 111.780}} // an L
	for name, c := range map[string]struct {
		ring     geo.Ring
		lat, lng float64
		min, max float64 // metres
	}{
		"inside":             {square, 37.261, 111.781, 0, 0},
		"on a side":          {square, 37.260, 111.781, 0, 0},
		"a corner":           {square, 37.262, 111.782, 0, 0},
		"a hair outside":     {square, 37.2600, 111.782005, 0, 0},
		"beside":             {square, 37.261, 111.783, 85, 92},
		"off a corner":       {square, 37.264, 111.784, 270, 300},
		"in the L's leg":     {hollow, 37.263, 111.7835, 0, 0},
		"in the L's hollow":  {hollow, 37.263, 111.7815, 125, 140},
		"level with corners": {square, 37.262, 111.779, 85, 92},
	} {
		if d := c.ring.Metres(geo.Point{Lat: c.lat, Lng: c.lng}); d < c.min || d > c.max {
			t.Errorf("%s: %.1f m, want %g to %g", name, d, c.min, c.max)
		}
	}
	if a := square.Area(); a < 38_000 || a > 41_000 {
		t.Errorf("%.0f m²", a)
	}
}

func TestRing_ChecksWhatABorderCannotBe(t *testing.T) {
	round := func(n int) geo.Ring {
		var r geo.Ring
		for i := range n {
			a := 2 * math.Pi * float64(i) / float64(n)
			r = append(r, [2]float64{37.26 + math.Sin(a)/1000, 111.78 + math.Cos(a)/1000})
		}
		return r
	}
	for name, c := range map[string]struct {
		ring geo.Ring
		want error
	}{
		"a square":                 {square, nil},
		"closed like JSON":         {append(square[:4:4], square[0]).Closed(), nil},
		"200 vertices":             {round(200), nil},
		"201 vertices":             {round(201), geo.ErrVertices},
		"two vertices":             {square[:2], geo.ErrVertices},
		"a bow tie":                {geo.Ring{square[0], square[2], square[1], square[3]}, geo.ErrCrossing},
		"a vertex twice":           {geo.Ring{square[0], square[1], square[1], square[2]}, geo.ErrCrossing},
		"there and back":           {geo.Ring{square[0], square[1], square[2], square[1]}, geo.ErrCrossing},
		"a spike":                  {geo.Ring{square[0], square[1], {37.260, 111.781}, square[2], square[3]}, geo.ErrCrossing},
		"touching itself":          {geo.Ring{square[0], square[1], square[2], {37.260, 111.781}, square[3]}, geo.ErrCrossing},
		"a line":                   {geo.Ring{{37.26, 111.78}, {37.26, 111.781}, {37.26, 111.782}}, geo.ErrCrossing},
		"a room":                   {geo.Ring{{37.26, 111.78}, {37.26, 111.7801}, {37.2601, 111.7801}}, geo.ErrArea},
		"a county":                 {geo.Ring{{37.1, 111.6}, {37.1, 111.9}, {37.3, 111.9}}, geo.ErrArea},
		"swapped":                  {geo.Ring{{111.780, 37.260}, {111.782, 37.260}, {111.782, 37.262}}, geo.ErrSwapped},
		"abroad":                   {geo.Ring{{48.1, 2.1}, {48.1, 2.101}, {48.101, 2.101}}, geo.ErrNowhere},
		"a vertex without a place": {geo.Ring{square[0], square[1], {math.NaN(), 111}}, geo.ErrNowhere},
	} {
		if err := c.ring.Check(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
