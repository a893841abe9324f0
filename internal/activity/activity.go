// Package activity knows the volunteers' activities (党群阵地@你): what is done
// where and when, who signs up, waits and moves up, who was there and for how
// long. All of it is voluntary: nothing here compares people.
package activity

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/kv"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
)

// Errors a person may see.
var (
	ErrUnknown   = errs.New(errs.NotFound, "activity_unknown", "没有找到这个活动，请在活动列表里重新选")
	ErrInvalid   = errs.New(errs.Invalid, "invalid", "填写有误，请检查后再提交")
	ErrNotYours  = errs.New(errs.Forbidden, "not_organiser", "只有这个活动的组织人和帮手可以这样做")
	ErrStale     = errs.New(errs.Conflict, "stale", "已被他人处理，请刷新")
	ErrState     = errs.New(errs.Conflict, "activity_state", "活动现在的状态不能这样做，请刷新后再看")
	ErrPast      = errs.New(errs.Conflict, "activity_past", "活动的时间已经过去，请先改时间")
	ErrKeyReused = errs.New(errs.Conflict, "key_reused", "这个请求编号已用于另一次办理，请刷新后重试")
)

// Audience says who may sign up.
type Audience string

// The audiences.
const (
	Everybody Audience = "all"
	Members   Audience = "members" // Party members
)

// Source is what an activity came from.
type Source struct {
	Kind string `gorm:"column:source_kind"` // ticket, wish or project; empty: nothing
	Ref  string `gorm:"column:source_ref"`  // a ticket's number, else an id
}

// Activity is one occasion. Times are epoch milliseconds.
type Activity struct {
	ID        int64
	OrgID     int64 // the unit that holds it
	PointID   int64 // the service point where it is; 0 = elsewhere
	Title     string
	State     State
	StartsAt  int64
	EndsAt    int64
	Sample    bool
	CreatedAt int64

	Kind    string // of Rules
	About   string
	Place   string   // as people say it
	Lat     *float64 // GCJ-02; nil: no point on the map
	Lng     *float64
	Fence   int    // metres around the point within which one is there; 0: none
	Strict  bool   // the changing code counts within the fence alone
	Source  Source `gorm:"embedded"`
	Reason  string // why it was cancelled
	Summary string // what came of it

	SignupUntil   int64
	MinAge        int // years; 0: any
	Audience      Audience
	AcceptMinutes int  // to accept a seat that became free; 0: who waits gets it at once
	Overlapping   bool // who signed up elsewhere at the same time may come
	Risky         bool
	Insurance     string // of a risky one: how who comes is insured

	SeriesID    int64
	PostID      int64 // whoever holds it organises
	ByID        int64 // who made it
	ByTitle     string
	Version     int
	PublishedAt int64
	CodeKey     string // of the codes to check in by, sealed
	RequestKey  *string
}

// TableName is gorm's.
func (Activity) TableName() string { return "activities" }

// Slot is a post (岗位) of an activity.
type Slot struct {
	ID         int64
	ActivityID int64
	Seq        int
	Name       string
	Capacity   int
	Taken      int   // seats that are held or offered
	Queue      int64 // the last number given on the waiting list
}

// TableName is gorm's.
func (Slot) TableName() string { return "activity_slots" }

// Full is an activity with what belongs to it, as somebody may see it.
type Full struct {
	Activity
	Slots    []Slot
	Waiting  map[int64]int // who waits, by slot
	Unit     org.Unit      // that holds it
	Mine     SignUp        // of who asks; zero: none
	Runs     bool          // who asks organises it or helps
	Organise bool          // who asks organises it
	Verdicts []VerdictCount
	Photos   []Photo // of one alone, not in lists
}

// Service holds activities. Build it with every exported field.
type Service struct {
	DB      *db.DB
	Org     *org.Service
	Members *member.Service
	Tickets *ticket.Service // what an activity may come from
	Outbox  *outbox.Outbox
	KV      kv.Store // counts wrong codes

	// Sources say, by kind, whether what an activity may come from is there for
	// somebody to name; those of capabilities that this one does not know.
	Sources  map[string]func(ctx context.Context, by org.Actor, ref string) error
	Location *time.Location
	Now      func() time.Time

	rules    atomic.Pointer[Rules]
	counting atomic.Pointer[HourRules]
	rush     rush
}

// Adopt puts rules in force.
func (s *Service) Adopt(r *Rules) { s.rules.Store(r) }

// Rules are those in force.
func (s *Service) Rules() *Rules { return s.rules.Load() }

// loadBatch is the rows of one INSERT; SQLite allows 32,766 parameters.
const loadBatch = 500

// Load puts many activities and their posts into the tables, as part of the
// caller's transaction; the caller gives their ids.
func Load(tx *gorm.DB, activities []Activity, slots []Slot) error {
	for i := range activities {
		activities[i].Version = 1
	}
	if err := tx.CreateInBatches(activities, loadBatch).Error; err != nil || len(slots) == 0 {
		return err
	}
	return tx.CreateInBatches(slots, loadBatch).Error
}

// one reads an activity. Errors: ErrUnknown.
func one(tx *gorm.DB, id int64) (Activity, error) {
	var a Activity
	err := tx.Take(&a, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = ErrUnknown
	}
	return a, err
}

// organises says that somebody organises an activity: whoever holds the post
// by which it was made.
func organises(by org.Actor, a Activity) bool {
	_, holds := by.Holding(a.PostID)
	return holds && a.PostID != 0
}

// runs says that somebody organises an activity or helps.
func (s *Service) runs(ctx context.Context, by org.Actor, a Activity) (bool, error) {
	if organises(by, a) {
		return true, nil
	}
	var n int64
	err := s.DB.Read(ctx).Raw("SELECT COUNT(*) FROM activity_helpers WHERE activity_id = ? AND person_id = ?", a.ID, by.Person).Scan(&n).Error
	return n > 0, err
}

// run is an activity that somebody organises or helps with. Errors: ErrUnknown,
// ErrNotYours.
func (s *Service) run(ctx context.Context, by org.Actor, id int64) (Activity, error) {
	a, err := one(s.DB.Read(ctx), id)
	if err != nil {
		return a, err
	}
	yes, err := s.runs(ctx, by, a)
	if err == nil && !yes {
		err = ErrNotYours
	}
	return a, err
}
