// Package ticket is the main job: a resident's report is understood, routed,
// handled, confirmed and settled. Who may do what, when, is the table in
// table.go; everything that happens is an event in a hash-chained log.
package ticket

import (
	"sync"
	"sync/atomic"
	"time"

	"fenlin/internal/blob"
	"fenlin/internal/calendar"
	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/geo"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outage"
	"fenlin/internal/outbox"
	"fenlin/internal/routing"
	"fenlin/internal/understand"
)

// Errors a person may see.
var (
	ErrUnknown       = errs.New(errs.NotFound, "ticket_unknown", "没有找到这个工单，请核对编号")
	ErrStale         = errs.New(errs.Conflict, "stale", "已被他人处理，请刷新")
	ErrKeyReused     = errs.New(errs.Conflict, "key_reused", "这个请求编号已用于另一次办理，请刷新后重试")
	ErrNotAllowed    = errs.New(errs.Conflict, "not_allowed", "现在不能这样办理，请刷新后查看可办理的操作")
	ErrInvalid       = errs.New(errs.Invalid, "invalid", "填写有误，请检查后再提交")
	ErrNoText        = errs.New(errs.Invalid, "text_empty", "请用一句话写明问题，例如：3号楼2单元楼道灯坏了").At("text", "请写明问题")
	ErrLongText      = errs.New(errs.Invalid, "text_long", "内容太长，请控制在 1000 字以内").At("text", "最多 1000 字")
	ErrChatter       = errs.New(errs.Invalid, "not_a_problem", "没有看出要反映的问题，请写明哪里出了什么事").At("text", "请写明哪里出了什么事")
	ErrNoPlace       = errs.New(errs.Invalid, "compound_unknown", "请选择问题所在的小区").At("compound_id", "请选择小区")
	ErrAnnounced     = errs.New(errs.Conflict, "outage_announced", "这件事已有公告")
	ErrNobody        = errs.New(errs.Unavailable, "nobody_on_duty", "暂时没有可以受理的岗位，请拨打社区电话")
	ErrNotPicture    = errs.New(errs.Invalid, "not_a_picture", "这个文件不是可以识别的图片，请换一张照片")
	ErrTooManyPhotos = errs.New(errs.TooMany, "too_many_photos", "今天上传的照片太多了，请明天再传")
	ErrBigPicture    = errs.New(errs.TooLarge, "picture_large", "照片太大，请压缩到 10 MB 以内")
	ErrTooMany       = errs.New(errs.TooMany, "too_many_reports", "您今天报事较多，请稍后再报；紧急情况请直接拨打 110、119 或 120")
)

// MaxText is the longest text of a report or a note, in characters.
const MaxText = 1000

// State is where a ticket stands.
type State string

// The states.
const (
	Submitted  State = "submitted"  // 已提交
	Dispatched State = "dispatched" // 已派单
	Accepted   State = "accepted"   // 已签收
	Contacted  State = "contacted"  // 已联系
	Consulting State = "consulting" // 会商中
	Whistled   State = "whistled"   // 已吹哨
	Suspended  State = "suspended"  // 已挂账
	Returned   State = "returned"   // 已退单，待裁定
	Finished   State = "finished"   // 已办结，待确认
	Closed     State = "closed"     // 已结案
	Reopened   State = "reopened"   // 重办
	Rejected   State = "rejected"   // 不予受理
	Excluded   State = "excluded"   // 已剔除
	Withdrawn  State = "withdrawn"  // 已撤销
	Merged     State = "merged"     // 已合并
)

// StateNames are the states as people say them, in the order of a ticket's life.
var StateNames = []struct {
	State State
	Name  string
}{
	{Submitted, "已提交"},
	{Dispatched, "已派单"},
	{Accepted, "已签收"},
	{Contacted, "已联系"},
	{Consulting, "会商中"},
	{Whistled, "已吹哨"},
	{Suspended, "已挂账"},
	{Returned, "已退单，待裁定"},
	{Finished, "已办结，待确认"},
	{Closed, "已结案"},
	{Reopened, "重办"},
	{Rejected, "不予受理"},
	{Excluded, "已剔除"},
	{Withdrawn, "已撤销"},
	{Merged, "已合并"},
}

// Name is the state as people say it.
func (s State) Name() string {
	for _, n := range StateNames {
		if n.State == s {
			return n.Name
		}
	}
	return string(s)
}

// Open says that work is still owed.
func (s State) Open() bool {
	switch s {
	case Closed, Rejected, Excluded, Withdrawn, Merged, Finished:
		return false
	case Submitted, Dispatched, Accepted, Contacted, Consulting, Whistled, Suspended, Returned, Reopened:
		return true
	}
	return false
}

// Outcome says how a ticket was closed.
type Outcome string

// The outcomes.
const (
	Confirmed  Outcome = "confirmed"   // the reporter said so
	Tacit      Outcome = "tacit"       // the confirmation window passed in silence
	FollowedUp Outcome = "followed_up" // somebody above the handler asked the reporter
)

// Satisfaction is the reporter's word.
type Satisfaction string

// The three answers.
const (
	Satisfied    Satisfaction = "satisfied"    // 满意
	Basic        Satisfaction = "basic"        // 基本满意
	Dissatisfied Satisfaction = "dissatisfied" // 不满意
)

// Point is a place on the earth with its datum.
type Point = geo.Point

// Ticket is one report on its way. Times are epoch milliseconds, 0 = not yet;
// posts and people are ids, 0 = none. Version counts its events.
type Ticket struct {
	ID                           int64
	Number                       string
	OrgID                        int64 // the compound; the city while that is unknown
	Building, Unit, Floor, Room  string
	Lat, Lng                     *float64
	Datum                        string
	Category                     string
	Emergency                    bool
	Danger                       string // what endangers life, by understand's codes
	Text                         string
	Channel                      string // chat or api
	ReporterID                   int64
	State                        State
	Version                      int64
	Grade                        string
	LeadPost                     int64 // who handles it
	OwnerPost                    int64 // who handled it first and stays its owner (首接负责)
	RouteRule, RouteReason       string
	Pending                      Action // what waits for a decision: return, extend, exclude, suspend
	PendingBy                    int64  // the person who asked
	PendingUntil                 int64  // until when it is asked for
	Returns                      int    // how often it was returned
	ArbiterPost, DecideBy        int64  // who decides on what waits, and by when
	CreatedAt, RespondBy, DueAt  int64
	AcceptedAt, ContactedAt      int64
	PausedAt, PausedUntil        int64 // since when the finish clock stands, and until when at most
	Waits                        int   // how often it stood because the reporter was asked
	RespondWarn, RespondLate     int64 // when the clocks next speak up; 0 = no more
	DueWarn, DueLate             int64
	ConfirmWarn                  int64
	AlarmAt                      int64 // the soonest of those that count now
	ToldPost                     int64 // who above was last told that it is late
	FinishedAt                   int64
	ConfirmBy, ClosedAt, UrgedAt int64
	Late                         bool // some finish came after its due time
	Bare                         bool // its last finish came without a picture
	LateReturns                  int  // how often it was returned when most of its time had passed
	Outcome                      Outcome
	Solved                       *bool
	Satisfaction                 Satisfaction
	Redos, Transfers, Urges      int
	Watched                      bool // three redos or transfers: on the city's list
	MergedInto                   int64
	AnonymisedAt                 int64  // since then it tells no more whose it was; see Anonymise
	Content                      Judged // what the content check says of Text; see Shown
	ContentWhy                   string // codes with commas between: Finding.Why, and what WeChat said
	LastHash                     string
	UncountedAt                  int64 // since when the rates do not count it as it is; 0 = they do
}

// Overdue says that work is owed and late; a clock that stands is not late.
func (t Ticket) Overdue(now time.Time) bool {
	at := now.UnixMilli()
	if t.PausedAt > 0 {
		at = t.PausedAt
	}
	return t.State.Open() && t.DueAt < at
}

// Part is a post beside the lead.
type Part struct {
	ID, TicketID, PostID int64
	Kind                 PartKind
	ArriveBy             int64 // when who was called should be there; 0 = not called
	ArrivedAt, DoneAt    int64
	Rating               Satisfaction // of who was called, by who called them
}

// rateable says that a department came, or should have long ago, and is rated by who called it.
func (p Part) rateable() bool { return p.Kind == Called && (p.ArrivedAt > 0 || p.DoneAt > 0) }

// TableName is gorm's.
func (Part) TableName() string { return "ticket_parts" }

// PartKind says what a part is there for.
type PartKind string

// The kinds of parts.
const (
	CoHandler PartKind = "co"      // 协办
	Watcher   PartKind = "watch"   // 抄送
	Called    PartKind = "whistle" // 吹哨召集; the ticket finishes only when each has done its part
)

// Topics of the events that others handle.
const (
	TopicEvent = "ticket.event" // payload Happened
	TopicTimer = "ticket.timer" // payload Timer
	TopicMedia = "ticket.media" // payload Media
)

// Happened names one event of one ticket.
type Happened struct {
	TicketID int64 `json:"ticket_id"`
	Seq      int64 `json:"seq"`
}

// Timer is an action that Fenlin takes by itself at a time, unless the ticket
// has moved on and no longer has that time.
type Timer struct {
	TicketID int64  `json:"ticket_id"`
	Action   Action `json:"action"`
	At       int64  `json:"at"`
}

// Media is a picture that WeChat holds for three days and that a ticket waits for.
type Media struct {
	TicketID int64  `json:"ticket_id"`
	Person   int64  `json:"person"`
	MediaID  string `json:"media_id"`
	Key      string `json:"key"`
}

// ConfirmPrompt is how a reporter answers in the chat whether a finished ticket
// is solved: 1 to 3 say yes. Without its spaces it fits a template's 20 characters.
const ConfirmPrompt = "回复1满意 2基本满意 3不满意 4没解决"

// ConfirmWindow is how long a reporter may answer before silence counts.
const ConfirmWindow = 72 * time.Hour

// DailyReports is how many reports a person may make in a day; emergencies are never refused.
const DailyReports = 30

// Rules are the files that the desk goes by. They do not change; Adopt puts
// others in their place.
type Rules struct {
	Reader   *understand.Reader
	Routes   *routing.Tree
	Calendar *calendar.Calendar
	Likeness *Likeness
	Content  *Content
}

// Service is the desk: reports come in and are handled. Build it with every
// exported field, then Adopt its rules.
type Service struct {
	DB      *db.DB
	Org     *org.Service
	Members *member.Service
	Outbox  *outbox.Outbox
	Photos  blob.Store // of photos and documents
	Outages *outage.Service
	Kin     []Kin // capabilities above that keep something of people
	Now     func() time.Time

	rules    atomic.Pointer[Rules]
	places   atomic.Pointer[places]
	learning sync.Mutex // held while places are learnt
	drawing  sync.Mutex // held while a picture is drawn
}

// Rules are the rules in force. What is decided by several of them asks once,
// so that they fit each other.
func (s *Service) Rules() *Rules { return s.rules.Load() }

// Adopt puts rules in force, all at one moment; what is being decided goes on by the old ones.
func (s *Service) Adopt(r Rules) { s.rules.Store(&r) }
