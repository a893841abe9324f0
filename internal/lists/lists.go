// Package lists knows the three lists (三张清单): what communities need, what work
// units can give, and the projects that join them, from the claim to the
// evaluation; and the agreements (四双) between the two.
package lists

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
)

// Errors a person may see.
var (
	ErrUnknown   = errs.New(errs.NotFound, "list_unknown", "没有找到这一条，请在清单里重新选")
	ErrInvalid   = errs.New(errs.Invalid, "invalid", "填写有误，请检查后再提交")
	ErrNotYours  = errs.New(errs.Forbidden, "not_party", "只有社区和单位双方可以这样做，请与对方联系")
	ErrStale     = errs.New(errs.Conflict, "stale", "已被他人处理，请刷新")
	ErrState     = errs.New(errs.Conflict, "list_state", "现在的状态不能这样做，请刷新后再看")
	ErrTaken     = errs.New(errs.Conflict, "need_taken", "这个需求已被其他单位认领，请看别的需求")
	ErrClaimed   = errs.New(errs.Conflict, "need_claimed", "这个单位已经认领了这个需求，请在项目清单里查看")
	ErrRenewed   = errs.New(errs.Conflict, "agreement_renewed", "这份协议已经在续签，请在协议清单里查看")
	ErrKeyReused = errs.New(errs.Conflict, "key_reused", "这个请求编号已用于另一次办理，请刷新后重试")
)

// The most characters of a text.
const (
	maxTitle, maxAmount = 40, 40
	maxAbout            = 600
	maxNote             = 120
	maxProgress         = 600
	maxPhotos           = 9 // of one note
)

// Need is what a community or a compound needs (需求). Days are 2006-01-02, empty
// = not told; times are epoch milliseconds.
type Need struct {
	ID          int64
	OrgID       int64 // a community or a compound
	CommunityID int64
	Title       string
	Kind        string // of Rules
	About       string
	People      int // whom it helps; 0: not told
	Wants       int // projects
	Taken       int // by projects
	WantedOn    string
	Places      []int64 `gorm:"serializer:json"` // compounds of the community; empty: all of it
	State       State
	Reason      string // of the withdrawal, or how it was met
	Content     ticket.Judged
	Version     int
	Sample      bool
	CreatedAt   int64
	RequestKey  *string
}

// TableName is gorm's.
func (Need) TableName() string { return "list_needs" }

// Resource is what a work unit can give (资源).
type Resource struct {
	ID           int64
	UnitID       int64
	Title        string
	Kind         string // of Rules
	About        string
	Amount       string // in words
	Quantity     int    // 0: not told
	FromOn, ToOn string
	Places       []int64 `gorm:"serializer:json"` // communities that it is for; empty: any
	State        State
	Reason       string
	Content      ticket.Judged
	Version      int
	Sample       bool
	CreatedAt    int64
	RequestKey   *string
}

// TableName is gorm's.
func (Resource) TableName() string { return "list_resources" }

// Project joins needs with resources (项目).
type Project struct {
	ID             int64
	OrgID          int64 // whose needs it serves
	CommunityID    int64
	UnitID         int64
	Title          string
	About          string
	StartOn, EndOn string
	AskedBy        Side
	State          State
	NotedAt        int64 // of the last note of progress, or the agreement
	Verdict        Verdict
	CommunityWords string
	UnitWords      string
	Reason         string // why it was refused or cancelled
	Content        ticket.Judged
	Version        int
	Sample         bool
	CreatedAt      int64
	RequestKey     *string
}

// TableName is gorm's.
func (Project) TableName() string { return "list_projects" }

// Item is an item of an agreement, with what is agreed on it.
type Item struct {
	Code  string `json:"code"` // of Rules; empty where the city's dictionary is
	Words string `json:"words"`
}

// Agreement is what a community and a work unit have signed (四双签约).
type Agreement struct {
	ID           int64
	CommunityID  int64
	UnitID       int64
	ProjectID    int64 // that it was made for; 0: none
	RenewsID     int64 // 0: none
	RenewKey     *int64
	Items        []Item `gorm:"serializer:json"`
	FromOn, ToOn string
	State        State
	UnitAt       int64 // confirmed; 0: not yet
	CommunityAt  int64
	DocumentID   int64 // 0: none
	Reason       string
	Content      ticket.Judged
	Version      int
	Sample       bool
	CreatedAt    int64
	RequestKey   *string
}

// TableName is gorm's.
func (Agreement) TableName() string { return "list_agreements" }

// Event is what somebody did to a thing of the lists.
type Event struct {
	ID         int64
	List       List
	RefID      int64
	At         int64
	ActorID    int64  // 0: forgotten, or the clock
	ActorTitle string // the post, or the unit for which somebody spoke
	Side       Side
	Action     Action
	ToState    State
	Note       string
	Day        string  // of progress
	Photos     []int64 `gorm:"serializer:json"`
}

// TableName is gorm's.
func (Event) TableName() string { return "list_events" }

// Service keeps the lists. Build it with every exported field.
type Service struct {
	DB       *db.DB
	Org      *org.Service
	Tickets  *ticket.Service // keeps pictures, knows which words others may read
	Outbox   *outbox.Outbox
	Location *time.Location
	Now      func() time.Time

	rules atomic.Pointer[Rules]
}

// Adopt puts rules in force.
func (s *Service) Adopt(r *Rules) { s.rules.Store(r) }

// Rules are those in force.
func (s *Service) Rules() *Rules { return s.rules.Load() }

// today is the day by the city's clock.
func (s *Service) today() string { return s.Now().In(s.Location).Format(time.DateOnly) }

// thing is what all four lists have in common.
type thing interface {
	Need | Resource | Project | Agreement
	stand() standing
}

// standing is where a thing stands and whose it is.
type standing struct {
	list                 List
	id                   int64
	org, community, unit int64
	state                State
	asked                Side   // who proposed a project
	owing                []Side // who has not confirmed an agreement
	content              ticket.Judged
	version              int
}

func (n Need) stand() standing {
	return standing{list: Needs, id: n.ID, org: n.OrgID, community: n.CommunityID, state: n.State, content: n.Content, version: n.Version}
}

func (r Resource) stand() standing {
	return standing{list: Resources, id: r.ID, unit: r.UnitID, state: r.State, content: r.Content, version: r.Version}
}

func (p Project) stand() standing {
	return standing{list: Projects, id: p.ID, org: p.OrgID, community: p.CommunityID, unit: p.UnitID, state: p.State, asked: p.AskedBy, content: p.Content, version: p.Version}
}

func (a Agreement) stand() standing {
	st := standing{list: Agreements, id: a.ID, org: a.CommunityID, community: a.CommunityID, unit: a.UnitID, state: a.State, content: a.Content, version: a.Version}
	if a.State == Drafted && a.DocumentID != 0 {
		if a.UnitAt == 0 {
			st.owing = append(st.owing, TheUnit)
		}
		if a.CommunityAt == 0 {
			st.owing = append(st.owing, TheCommunity)
		}
	}
	return st
}

// speaks are the sides for which somebody speaks: whoever manages the lists of
// the place, and whoever is the contact of the work unit.
func (st standing) speaks(by org.Actor, path string, contact int64) sides {
	var out sides
	if path != "" && by.May(org.ManageLists, path) {
		out |= community
	}
	if contact != 0 && contact == by.Person {
		out |= unit
	}
	if out&sidesOf[st.asked] != 0 {
		out |= asks
	}
	if out&sidesOf[other(st.asked)] != 0 {
		out |= answers
	}
	for _, side := range st.owing {
		if out&sidesOf[side] != 0 {
			out |= owes
		}
	}
	return out
}

// take reads a thing.
func take[T thing](tx *gorm.DB, id int64) (T, error) {
	var t T
	err := tx.Take(&t, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = ErrUnknown
	}
	return t, err
}

// contactOf are the work units whose contact somebody is.
func (s *Service) contactOf(ctx context.Context, person int64) ([]int64, error) {
	var ids []int64
	err := s.DB.Read(ctx).Raw("SELECT id FROM units WHERE contact_id = ? AND closed_at = 0", person).Scan(&ids).Error
	return append(ids, -1), err
}

// workUnits are work units by their ids.
func (s *Service) workUnits(ctx context.Context, ids []int64) (map[int64]org.WorkUnit, error) {
	var found []org.WorkUnit
	err := s.DB.Read(ctx).Find(&found, "id IN ?", append(ids, -1)).Error
	out := make(map[int64]org.WorkUnit, len(found))
	for _, u := range found {
		out[u.ID] = u
	}
	return out, err
}

// who is for whom somebody acts on a thing, as its timeline tells.
type who struct {
	person int64
	title  string
	side   Side
}

// speaker says as whom somebody acts by a rule that is for some sides.
func speaker(by org.Actor, may, want sides, path string, u org.WorkUnit) who {
	if want&unit != 0 && may&unit != 0 {
		return who{by.Person, u.Name, TheUnit}
	}
	for _, p := range by.Posts {
		if (org.Actor{Posts: []org.Post{p}}).May(org.ManageLists, path) {
			return who{by.Person, p.Title, TheCommunity}
		}
	}
	return who{by.Person, u.Name, TheUnit}
}

// log adds to a thing's timeline.
func (s *Service) log(tx *gorm.DB, l List, id int64, w who, e Event) error {
	e.ID, e.List, e.RefID, e.At, e.ActorID, e.ActorTitle, e.Side = s.DB.NewID(), l, id, s.Now().UnixMilli(), w.person, w.title, w.side
	if e.Photos == nil {
		e.Photos = []int64{}
	}
	return tx.Create(&e).Error
}

// turn changes a thing that nobody has changed since it was read.
func turn[T thing](tx *gorm.DB, st standing, set map[string]any) error {
	var model T
	set["version"] = st.version + 1
	did := tx.Model(&model).Where("id = ? AND version = ?", st.id, st.version).Updates(set)
	if did.Error == nil && did.RowsAffected == 0 {
		return ErrStale
	}
	return did.Error
}

// communityOf is the community in which a unit of the tree stands.
func (s *Service) communityOf(ctx context.Context, u org.Unit) (org.Unit, error) {
	if u.Kind == org.Community {
		return u, nil
	}
	above, err := s.Org.Units(ctx, u.Chain())
	if err != nil {
		return org.Unit{}, err
	}
	for _, id := range u.Chain() {
		if a := above[id]; a.Kind == org.Community {
			return a, nil
		}
	}
	return org.Unit{}, ErrInvalid.At("org_id", "请选择社区或小区")
}

// pathOf is the path of a unit of the tree; empty for none.
func (s *Service) pathOf(ctx context.Context, id int64) (string, error) {
	if id == 0 {
		return "", nil
	}
	units, err := s.Org.Units(ctx, []int64{id})
	return units[id].Path, err
}

// parties are what decides who may do what to a thing.
func (s *Service) parties(ctx context.Context, st standing) (path string, u org.WorkUnit, err error) {
	if path, err = s.pathOf(ctx, st.org); err != nil {
		return "", u, err
	}
	units, err := s.workUnits(ctx, []int64{st.unit})
	return path, units[st.unit], err
}

// seen says that whoever is no party may see a thing.
func (st standing) seen() bool {
	return st.content == ticket.Passed && slices.Contains(publicStates(st.list), st.state)
}
