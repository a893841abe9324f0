package geo

import (
	"errors"
	"math"
)

// Ring is the border of an area: vertices as [latitude, longitude] in one
// datum, in order; the last is followed by the first and does not repeat it.
type Ring [][2]float64

// The least and the most of a border.
const (
	MaxVertices = 200
	minArea     = 200       // m²: less is no compound
	maxArea     = 5_000_000 // m²
)

// What a border cannot be.
var (
	ErrVertices = errors.New("a border has 3 to 200 vertices")
	ErrCrossing = errors.New("the border crosses itself")
	ErrArea     = errors.New("the area is not that of a compound")
)

// Closed drops a last vertex that repeats the first, as GeoJSON writes rings.
func (r Ring) Closed() Ring {
	if n := len(r); n > 1 && r[0] == r[n-1] {
		return r[:n-1]
	}
	return r
}

// Check says what is wrong with a closed border: ErrVertices, ErrNowhere,
// ErrSwapped, ErrCrossing or ErrArea.
func (r Ring) Check() error {
	n := len(r)
	if n < 3 || n > MaxVertices {
		return ErrVertices
	}
	for _, v := range r {
		if err := (Point{Lat: v[0], Lng: v[1]}).Check(); err != nil {
			return err
		}
		if !InChina(v[0], v[1]) {
			return ErrNowhere
		}
	}
	flat := r.flat(r[0])
	for i := range n {
		a, b := flat[i], flat[(i+1)%n]
		if a == b {
			return ErrCrossing
		}
		for j := i + 1; j < n; j++ {
			c, d := flat[j], flat[(j+1)%n]
			next, last := j == i+1, i == 0 && j == n-1
			switch {
			case next && side(a, b, d) == 0 && ahead(b, a, d):
				return ErrCrossing // it goes back on itself
			case last && side(c, d, b) == 0 && ahead(a, c, b):
				return ErrCrossing
			case !next && !last && crossing(a, b, c, d):
				return ErrCrossing
			}
		}
	}
	if area := math.Abs(twice(flat)) / 2; area < minArea || area > maxArea {
		return ErrArea
	}
	return nil
}

// In is the border in another datum.
func (r Ring) In(from, to Datum) Ring {
	out := make(Ring, len(r))
	for i, v := range r {
		p := Point{v[0], v[1], from}.In(to)
		out[i] = [2]float64{p.Lat, p.Lng}
	}
	return out
}

// Area is what the border encloses, in m².
func (r Ring) Area() float64 {
	if len(r) < 3 {
		return 0
	}
	return math.Abs(twice(r.flat(r[0]))) / 2
}

// onBorder is how far from the border a point is still on it, in metres.
const onBorder = 1

// Metres is the way from a point of the border's datum to the area: 0 inside
// and on the border, infinite when there is no border.
func (r Ring) Metres(p Point) float64 {
	flat := r.flat([2]float64{p.Lat, p.Lng}) // the point stands at 0, 0
	inside, near := false, math.Inf(1)
	for i, a := range flat {
		b := flat[(i+1)%len(flat)]
		if (a[1] > 0) != (b[1] > 0) && 0 < (b[0]-a[0])*-a[1]/(b[1]-a[1])+a[0] {
			inside = !inside
		}
		near = min(near, away(a, b))
	}
	if inside || near <= onBorder {
		return 0
	}
	return near
}

// Centre is the middle of the border's vertices.
func (r Ring) Centre() (lat, lng float64) {
	for _, v := range r {
		lat, lng = lat+v[0]/float64(len(r)), lng+v[1]/float64(len(r))
	}
	return lat, lng
}

// flat are the vertices in metres east and north of an origin; true enough for
// some kilometres.
func (r Ring) flat(origin [2]float64) [][2]float64 {
	const degree = 111_195 // metres of one degree of latitude
	out := make([][2]float64, len(r))
	for i, v := range r {
		out[i] = [2]float64{(v[1] - origin[1]) * degree * math.Cos(origin[0]*math.Pi/180), (v[0] - origin[0]) * degree}
	}
	return out
}

func twice(flat [][2]float64) (area float64) {
	for i, a := range flat {
		b := flat[(i+1)%len(flat)]
		area += a[0]*b[1] - b[0]*a[1]
	}
	return area
}

// side is on which side of the line from a to b a point lies: 1, -1, or 0 on it.
func side(a, b, p [2]float64) int {
	d := (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])
	switch {
	case d > 1e-9:
		return 1
	case d < -1e-9:
		return -1
	}
	return 0
}

// between says that a point on the line through a and b lies on the way from a to b.
func between(a, b, p [2]float64) bool {
	return min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1])
}

// ahead says that from o two points lie in one direction.
func ahead(o, p, q [2]float64) bool { return (p[0]-o[0])*(q[0]-o[0])+(p[1]-o[1])*(q[1]-o[1]) > 0 }

func crossing(a, b, c, d [2]float64) bool {
	s1, s2, s3, s4 := side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)
	if s1*s2 < 0 && s3*s4 < 0 {
		return true
	}
	return s1 == 0 && between(a, b, c) || s2 == 0 && between(a, b, d) || s3 == 0 && between(c, d, a) || s4 == 0 && between(c, d, b)
}

// away is the distance from the origin to the way from a to b.
func away(a, b [2]float64) float64 {
	dx, dy := b[0]-a[0], b[1]-a[1]
	along := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		along = max(0, min(1, -(a[0]*dx+a[1]*dy)/l))
	}
	return math.Hypot(a[0]+along*dx, a[1]+along*dy)
}
