// Package wish knows the small wishes (微心愿) of residents: what somebody needs,
// that the community found it to be real, who took it up and whether it came
// true. Nobody is ranked or compared, and no money changes hands.
package wish

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
)

// Errors a person may see.
var (
	ErrUnknown    = errs.New(errs.NotFound, "wish_unknown", "没有找到这个心愿，请在心愿列表里重新选")
	ErrInvalid    = errs.New(errs.Invalid, "invalid", "填写有误，请检查后再提交")
	ErrMoney      = errs.New(errs.Invalid, "wish_money", "微心愿不收钱、不送钱，只帮忙办事、送小件物品。生活上有困难，请把情况写成一句话报给我们（关爱帮扶），或到社区申请救助")
	ErrNotAllowed = errs.New(errs.Conflict, "wish_state", "这个心愿现在不能这样做，请刷新后再看")
	ErrTaken      = errs.New(errs.Conflict, "wish_taken", "这个心愿刚被别人认领了，请看看别的心愿")
	ErrNotMember  = errs.New(errs.Forbidden, "wish_members", "微心愿由党员和单位的联系人认领。您想帮忙，请告诉社区，或报名志愿活动")
	ErrUnit       = errs.New(errs.Invalid, "wish_unit", "您不是这个单位的联系人").At("unit_id", "请选您担任联系人的单位，或以个人名义认领")
	ErrStale      = errs.New(errs.Conflict, "stale", "已被他人处理，请刷新")
	ErrManyWishes = errs.New(errs.Conflict, "wish_limit", "您的心愿已经够多了，请等已有的实现，或撤回一个再许")
	ErrManyClaims = errs.New(errs.Conflict, "claim_limit", "您手上认领的心愿已经够多了，请先完成或退回一个再认领")
	ErrNoPhone    = errs.New(errs.Conflict, "no_phone", "对方没有留手机号，请通过社区联系")
	ErrNoContact  = errs.New(errs.Forbidden, "contact_not_shared", "许愿人没有同意告诉手机号，请通过社区联系")
	ErrKeyReused  = errs.New(errs.Conflict, "key_reused", "这个请求编号已用于另一次办理，请刷新后重试")
)

// ForWhom says whose wish it is.
type ForWhom string

// Whose a wish is.
const (
	Self      ForWhom = "self"
	Neighbour ForWhom = "neighbour" // told by somebody who knows them
	Household ForWhom = "household" // posted by the community or branch for a household
)

// Name is whose it is in Chinese.
func (f ForWhom) Name() string {
	return map[ForWhom]string{Self: "本人", Neighbour: "替邻居", Household: "社区代困难家庭"}[f]
}

// Outcome says how it is known that a wish came true.
type Outcome string

// The outcomes; they are never added up as one.
const (
	Said    Outcome = "said"    // by the wisher
	Vouched Outcome = "vouched" // by the community, for one who cannot
	Tacit   Outcome = "tacit"   // the wisher was silent
)

// Satisfaction is how the wisher liked it, as with tickets.
type Satisfaction = ticket.Satisfaction

// Wish is one wish. Times are epoch milliseconds, 0 = not yet.
type Wish struct {
	ID         int64
	OrgID      int64 // a compound or community
	Kind       string
	Text       string // empty once it is anonymised
	ForWhom    ForWhom
	Anonymous  bool  // others do not read who wishes
	SharePhone bool  // the wisher agrees that who claims it may see their phone
	Until      int64 `gorm:"column:until_at"` // it can be fulfilled
	State      State
	Version    int
	Content    ticket.Judged
	ContentWhy string
	WisherID   int64  // who posted it; 0: gone, or of the sample city
	PostID     int64  // of a household's: by which it was posted
	ByTitle    string // of that post

	ClaimerID    int64
	UnitID       int64 // the work unit for which it is claimed; 0: none
	ClaimUntil   int64 // then it is open again
	ConfirmBy    int64 // then silence is a yes
	Outcome      Outcome
	Satisfaction Satisfaction
	PublishedAt  int64
	EndedAt      int64

	AnonymisedAt int64
	PostedSlot   *string // counts for the limit of its wisher
	ClaimSlot    *string // counts for the limit of its claimer
	Sample       bool
	CreatedAt    int64
	RequestKey   *string
}

// TableName is gorm's.
func (Wish) TableName() string { return "wishes" }

// Event is what happened to a wish. Its seq is the wish's version then.
type Event struct {
	ID         int64
	WishID     int64
	Seq        int
	Action     Action
	FromState  State
	ToState    State
	ActorID    int64 // 0: the service itself
	ActorTitle string
	Note       string
	At         int64
	RequestKey *string
}

// TableName is gorm's.
func (Event) TableName() string { return "wish_events" }

// Service holds wishes. Build it with every exported field.
type Service struct {
	DB      *db.DB
	Org     *org.Service
	Members *member.Service
	Tickets *ticket.Service // whose rules for words hold here too
	Outbox  *outbox.Outbox
	Now     func() time.Time

	rules atomic.Pointer[Rules]
}

// Adopt puts rules in force.
func (s *Service) Adopt(r *Rules) { s.rules.Store(r) }

// Rules are those in force.
func (s *Service) Rules() *Rules { return s.rules.Load() }

func (s *Service) content() *ticket.Content { return s.Tickets.Rules().Content }

// Load puts wishes of the sample city into the table, each with its first event,
// as part of the caller's transaction; the caller gives their ids.
func (s *Service) Load(tx *gorm.DB, wishes []Wish) error {
	for i := range wishes {
		w := &wishes[i]
		w.Version = 1
		if err := tx.Create(w).Error; err != nil {
			return err
		}
		e := Event{ID: s.DB.NewID(), WishID: w.ID, Seq: 1, Action: Post, ToState: w.State, ActorTitle: w.ByTitle, At: w.CreatedAt}
		if err := tx.Create(&e).Error; err != nil {
			return err
		}
		if err := s.Outbox.Add(tx, timer(w.ID, timeExpire, w.Until)); err != nil {
			return err
		}
	}
	return nil
}

// one reads a wish. Errors: ErrUnknown.
func one(tx *gorm.DB, id int64) (Wish, error) {
	var w Wish
	err := tx.Take(&w, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = ErrUnknown
	}
	return w, err
}

// Of is a wish as whoever writes of it needs it. Errors: ErrUnknown.
func (s *Service) Of(ctx context.Context, id int64) (Wish, error) { return one(s.DB.Read(ctx), id) }
