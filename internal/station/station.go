// Package station knows the service points (党群服务中心、站): where they are, when
// they are open, what rooms they have, what visitors say of them, and what
// became of them.
package station

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/geo"
	"fenlin/internal/org"
)

// Errors a person may see.
var (
	ErrUnknown   = errs.New(errs.NotFound, "point_unknown", "没有找到这个服务点")
	ErrInvalid   = errs.New(errs.Invalid, "invalid", "填写有误，请检查后再提交")
	ErrStale     = errs.New(errs.Conflict, "stale", "已被他人修改，请刷新后再改")
	ErrClosed    = errs.New(errs.Conflict, "point_closed", "这个服务点已经撤销")
	ErrKeyReused = errs.New(errs.Conflict, "key_reused", "这个请求编号已用于另一次办理，请刷新后重试")
)

// Kind says what a service point is.
type Kind string

// The two kinds of service points.
const (
	Center  Kind = "center"  // 党群服务中心, of a city, subdistrict or community
	Station Kind = "station" // 党群服务站, of a compound
)

// Point is a service point. Its days are 2006-01-02, empty while it has not come so far.
type Point struct {
	ID            int64
	OrgID         int64 // the unit that it serves
	Kind          Kind
	Name          string
	Demonstration bool   // 示范点
	PassedOn      string // the assessment was passed (验收)
	RewardedOn    string // the reward was given (奖补)
	UpgradedOn    string // a centre was upgraded (提升)
	Address       string
	Lat, Lng      float64 // GCJ-02; both 0 = not known
	Phone         string  // of its desk
	Opening       []Hours `gorm:"serializer:json"`
	OpeningNote   string  // what the hours do not say: 节假日值班
	Content       string  // what WeChat wants the picture of its code to say; empty: not asked yet
	Version       int64
	Sample        bool
	CreatedAt     int64 // epoch milliseconds
	ClosedAt      int64 // 0: it is there
	RequestKey    *string

	Rooms []Room `gorm:"-"`
}

// TableName is gorm's.
func (Point) TableName() string { return "service_points" }

// Room is a room of a service point.
type Room struct {
	ID, PointID int64
	Name        string
	Seats       int    // 0 = not told
	Uses        string // what it is for: 议事、书画、四点半课堂
}

// TableName is gorm's.
func (Room) TableName() string { return "service_rooms" }

// Hours are a time of some days of the week in which a point is open.
type Hours struct {
	Days []int  `json:"days"` // 1 = Monday … 7 = Sunday
	From string `json:"from"` // 09:00
	To   string `json:"to"`
}

// Where is the point on the map; false while that is not known.
func (p Point) Where() (geo.Point, bool) {
	return geo.Point{Lat: p.Lat, Lng: p.Lng, Datum: geo.GCJ02}, p.Lat != 0 || p.Lng != 0
}

// Open says whether the point is open at a moment, by its hours alone.
func (p Point) Open(at time.Time) bool {
	day, clock := (int(at.Weekday())+6)%7+1, at.Format("15:04")
	return p.ClosedAt == 0 && slices.ContainsFunc(p.Opening, func(h Hours) bool {
		return slices.Contains(h.Days, day) && h.From <= clock && clock < h.To
	})
}

// Service keeps service points. Build it with every field.
type Service struct {
	DB       *db.DB
	Org      *org.Service
	Location *time.Location
	Now      func() time.Time
}

// Point returns one with its rooms. Errors: ErrUnknown.
func (s *Service) Point(ctx context.Context, id int64) (Point, error) {
	tx := s.DB.Read(ctx)
	var p Point
	if err := tx.Take(&p, id).Error; err != nil {
		if errors.Is(err, gorm.ErrRecordNotFound) {
			err = ErrUnknown
		}
		return p, err
	}
	return p, tx.Order("id").Find(&p.Rooms, "point_id = ?", id).Error
}

// Managed returns a point for somebody who looks after it. Errors: ErrUnknown,
// org.ErrOutside.
func (s *Service) Managed(ctx context.Context, by org.Actor, id int64) (Point, error) {
	p, err := s.Point(ctx, id)
	if err != nil {
		return p, err
	}
	u, err := s.Org.Unit(ctx, p.OrgID)
	if err == nil && !by.May(org.ManagePoints, u.Path) {
		err = org.ErrOutside
	}
	return p, err
}

// Listing says which points a list is of.
type Listing struct {
	Org   int64 // a unit, with all below it; 0 = all
	Kind  Kind
	After int64
	Limit int
}

// List are the points that are there, in the order in which they were made,
// without their rooms. Errors: org.ErrUnknownUnit.
func (s *Service) List(ctx context.Context, l Listing) ([]Point, error) {
	q := s.DB.Read(ctx).Table("service_points p").Select("p.*").Where("p.closed_at = 0 AND p.id > ?", l.After)
	if l.Org != 0 {
		u, err := s.Org.Unit(ctx, l.Org)
		if err != nil {
			return nil, err
		}
		from, to := org.Below(u.Path)
		q = q.Joins("JOIN org_units u ON u.id = p.org_id").Where("u.path >= ? AND u.path < ?", from, to)
	}
	if l.Kind != "" {
		q = q.Where("p.kind = ?", l.Kind)
	}
	var out []Point
	return out, q.Order("p.id").Limit(l.Limit).Find(&out).Error
}

// nearMost bounds what Near sorts.
const nearMost = 5000

// Near are the points that are there, the nearest to a place first; those of
// which nobody knows where they are last. Errors: org.ErrUnknownUnit.
func (s *Service) Near(ctx context.Context, l Listing, at geo.Point) ([]Point, error) {
	l.After, l.Limit = 0, nearMost
	points, err := s.List(ctx, l)
	if err != nil {
		return nil, err
	}
	far := func(p Point) float64 {
		if where, known := p.Where(); known {
			return geo.Metres(at, where)
		}
		return math.Inf(1)
	}
	slices.SortStableFunc(points, func(a, b Point) int { return cmp.Compare(far(a), far(b)) })
	return points, nil
}

// KeepContent keeps what WeChat wants the picture of a point's code to say.
func (s *Service) KeepContent(ctx context.Context, id int64, content string) error {
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE service_points SET content = ? WHERE id = ? AND content = ''", content, id).Error
	})
}

// loadBatch is the rows of one INSERT; SQLite allows 32,766 parameters.
const loadBatch = 500

// Load puts many points with their rooms into the tables, as part of the
// caller's transaction; the caller gives their ids.
func Load(tx *gorm.DB, points []Point) error {
	var rooms []Room
	for i := range points {
		points[i].Version, points[i].Opening = 1, append([]Hours{}, points[i].Opening...)
		rooms = append(rooms, points[i].Rooms...)
	}
	if err := tx.CreateInBatches(points, loadBatch).Error; err != nil || len(rooms) == 0 {
		return err
	}
	return tx.CreateInBatches(rooms, loadBatch).Error
}

// pointScene begins what WeChat tells when a point's code is scanned.
const pointScene = "point:"

// Scene is what WeChat tells when the point's code is scanned.
func (p Point) Scene() string { return pointScene + strconv.FormatInt(p.ID, 10) }

// Scanned returns the point that a scene stands for; false when it is another's scene.
// Errors: ErrUnknown, ErrClosed.
func (s *Service) Scanned(ctx context.Context, scene string) (Point, bool, error) {
	rest, ok := strings.CutPrefix(scene, pointScene)
	if !ok {
		return Point{}, false, nil
	}
	id, err := strconv.ParseInt(rest, 10, 64)
	if err != nil {
		return Point{}, true, ErrUnknown
	}
	p, err := s.Point(ctx, id)
	if err == nil && p.ClosedAt != 0 {
		err = ErrClosed
	}
	return p, true, err
}

var weekdays = []rune("一二三四五六日")

// Hours are the opening hours as people say them, a line for each: 周一至周五 9:00—18:00.
func (p Point) Hours() string {
	var lines []string
	for _, h := range p.Opening {
		days := slices.Compact(slices.Sorted(slices.Values(h.Days)))
		var said strings.Builder
		for i := 0; i < len(days); {
			last := i
			for last+1 < len(days) && days[last+1] == days[last]+1 {
				last++
			}
			if said.Len() > 0 {
				said.WriteString("、")
			}
			said.WriteString("周" + string(weekdays[days[i]-1]))
			if last > i {
				said.WriteString(map[bool]string{true: "至", false: "、"}[last > i+1] + "周" + string(weekdays[days[last]-1]))
			}
			i = last + 1
		}
		lines = append(lines, said.String()+" "+strings.TrimPrefix(h.From, "0")+"—"+strings.TrimPrefix(h.To, "0"))
	}
	if p.OpeningNote != "" {
		lines = append(lines, p.OpeningNote)
	}
	return strings.Join(lines, "\n")
}
