// Package geo knows points on the earth: the two datums that maps in China
// use, distances, and areas with a border. It is pure.
package geo

import (
	"errors"
	"math"
)

// Datum is the grid that a pair of degrees belongs to.
type Datum string

// The datums. GCJ-02 lies up to some 700 metres beside WGS-84 in China and is
// the same outside it.
const (
	GCJ02 Datum = "gcj02" // WeChat's location messages, mini-programs that ask for it, Chinese maps
	WGS84 Datum = "wgs84" // satellites: browsers, photos
)

// Point is a place on the earth in degrees. An empty datum is GCJ-02, which is
// what WeChat gives.
type Point struct {
	Lat, Lng float64
	Datum    Datum
}

// What a point cannot be.
var (
	ErrNowhere = errors.New("not a place on the earth")           // NaN, out of range, or 0,0: what a device says that knows nothing
	ErrSwapped = errors.New("latitude and longitude are swapped") // as they stand they are no place in China, the other way round they are
	ErrDatum   = errors.New("unknown datum")
)

// Check says what is wrong with a point: ErrNowhere, ErrSwapped or ErrDatum.
func (p Point) Check() error {
	switch {
	case p.Datum != "" && p.Datum != GCJ02 && p.Datum != WGS84:
		return ErrDatum
	case !InChina(p.Lat, p.Lng) && InChina(p.Lng, p.Lat):
		return ErrSwapped
	case !(math.Abs(p.Lat) <= 90 && math.Abs(p.Lng) <= 180): // NaN is neither
		return ErrNowhere
	case math.Abs(p.Lat) < 1e-6 && math.Abs(p.Lng) < 1e-6:
		return ErrNowhere
	}
	return nil
}

// InChina says that degrees lie in the rectangle around China.
func InChina(lat, lng float64) bool { return lat >= 3.8 && lat <= 53.6 && lng >= 73.4 && lng <= 135.1 }

// In is the point in a datum.
func (p Point) In(d Datum) Point {
	from := p.Datum
	if from == "" {
		from = GCJ02
	}
	if d == "" {
		d = GCJ02
	}
	q := Point{p.Lat, p.Lng, d}
	switch {
	case from == d:
	case d == GCJ02:
		dLat, dLng := offset(p.Lat, p.Lng)
		q.Lat, q.Lng = p.Lat+dLat, p.Lng+dLng
	default: // the formula has no inverse: come closer until the way there leads back
		for range 10 {
			dLat, dLng := offset(q.Lat, q.Lng)
			q.Lat, q.Lng = p.Lat-dLat, p.Lng-dLng
		}
	}
	return q
}

// offset is what GCJ-02 adds to degrees of WGS-84, by the published formula on
// Krasovsky's ellipsoid; nothing outside the rectangle that the formula names.
func offset(lat, lng float64) (dLat, dLng float64) {
	if lng < 72.004 || lng > 137.8347 || lat < 0.8293 || lat > 55.8271 {
		return 0, 0
	}
	const a, ee = 6_378_245.0, 0.00669342162296594323
	x, y := lng-105, lat-35
	wave := (20*math.Sin(6*x*math.Pi) + 20*math.Sin(2*x*math.Pi)) * 2 / 3
	dLat = -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) + wave +
		(20*math.Sin(y*math.Pi)+40*math.Sin(y/3*math.Pi))*2/3 + (160*math.Sin(y/12*math.Pi)+320*math.Sin(y*math.Pi/30))*2/3
	dLng = 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) + wave +
		(20*math.Sin(x*math.Pi)+40*math.Sin(x/3*math.Pi))*2/3 + (150*math.Sin(x/12*math.Pi)+300*math.Sin(x/30*math.Pi))*2/3
	sin := math.Sin(lat * math.Pi / 180)
	magic := 1 - ee*sin*sin
	dLat = dLat * 180 / (a * (1 - ee) / (magic * math.Sqrt(magic)) * math.Pi)
	dLng = dLng * 180 / (a / math.Sqrt(magic) * math.Cos(lat*math.Pi/180) * math.Pi)
	return dLat, dLng
}

// Metres is the way over the earth between two points of any datum.
func Metres(a, b Point) float64 {
	const radius, rad = 6_371_000, math.Pi / 180
	a, b = a.In(WGS84), b.In(WGS84) // so that it is the same both ways
	lat, lng := math.Sin((b.Lat-a.Lat)*rad/2), math.Sin((b.Lng-a.Lng)*rad/2)
	h := lat*lat + math.Cos(a.Lat*rad)*math.Cos(b.Lat*rad)*lng*lng
	return 2 * radius * math.Asin(math.Sqrt(min(h, 1)))
}
