package ticket

import (
	"slices"
	"time"

	"fenlin/internal/org"
)

// Action is what a person does to a ticket.
type Action string

// The actions.
const (
	Submit   Action = "submit" // only ever the first event
	Accept   Action = "accept"
	Contact  Action = "contact"
	Dispatch Action = "dispatch"
	Transfer Action = "transfer"
	Return   Action = "return"
	Decide   Action = "decide"
	Extend   Action = "extend"
	Whistle  Action = "whistle"
	Arrive   Action = "arrive"
	Consult  Action = "consult"
	Suspend  Action = "suspend"
	Resume   Action = "resume"
	Exclude  Action = "exclude"
	Reject   Action = "reject"
	Finish   Action = "finish"
	Confirm  Action = "confirm"
	Rate     Action = "rate"
	Reopen   Action = "reopen"
	Withdraw Action = "withdraw"
	Merge    Action = "merge"
	Follow   Action = "follow"
	Urge     Action = "urge"
	Add      Action = "add"
	Correct  Action = "correct"
	Escalate Action = "escalate"
	Close    Action = "close"
)

// relation is what a person is to a ticket; several at once.
type relation uint

const (
	reporter  relation = 1 << iota // reported it
	follower                       // joined it: 我也遇到
	lead                           // holds the post that handles it now
	called                         // holds a post that was whistled for and is not done
	helper                         // holds a post that co-handles, watches or is the owner (首接负责)
	above                          // supervises the place from above the lead's rank
	overseer                       // may see the tickets of the place
	neighbour                      // lives in the compound
	system                         // Fenlin itself, when a time has come
	brought                        // reported one that was merged into it
)

// Field is what an action asks for beside its name.
type Field string

// The fields; those of an action marked needs must be given.
const (
	FieldNote         Field = "note"
	FieldPhotos       Field = "photos"
	FieldTo           Field = "to"
	FieldPosts        Field = "posts"
	FieldUntil        Field = "until"
	FieldApprove      Field = "approve"
	FieldSolved       Field = "solved"
	FieldSatisfaction Field = "satisfaction"
	FieldInto         Field = "into"
	FieldPlace        Field = "place"
	FieldGround       Field = "ground"
	FieldWait         Field = "wait"  // the finish clock stands until the reporter answers
	FieldWatch        Field = "watch" // false takes it off the city's watch list
)

// Windows and limits of the table.
const (
	ReopenWindow = 15 * 24 * time.Hour // after closing
	RateWindow   = 30 * 24 * time.Hour // after closing
	UrgePause    = time.Hour           // between two urges of one ticket
	MaxExtension = 90 * 24 * time.Hour // from now
	watchAfter   = 3                   // redos or transfers
)

// rule is one row of the state table: in these states, such a person may do
// this, and then the ticket stands there ("" = stays).
type rule struct {
	action Action
	label  string
	from   []State
	by     relation
	to     State
	needs  []Field
	takes  []Field
	when   func(*situation) bool // further conditions; nil = none
	do     func(*change) error   // effects beside the state; nil = none
}

var (
	atDesk  = []State{Dispatched, Accepted, Contacted, Reopened}
	inHand  = []State{Accepted, Contacted, Consulting, Whistled}
	working = []State{Submitted, Dispatched, Accepted, Contacted, Consulting, Whistled, Suspended, Returned, Reopened}
)

// table is the whole life of a ticket. Chat, API and pages ask it alone. A
// request that eases the clock or the numbers (return, extend, suspend,
// exclude) waits until someone above the handler decides.
var table = []rule{
	{Accept, "签收", []State{Dispatched, Reopened}, lead, Accepted, nil, []Field{FieldNote}, nil, doAccept},
	{Contact, "已联系", []State{Accepted}, lead, Contacted, nil, []Field{FieldNote}, nil, doContact},
	{Finish, "办结", []State{Contacted, Consulting, Whistled}, lead, Finished, []Field{FieldNote}, []Field{FieldPhotos}, canFinish, doFinish},
	{Finish, "完成本部门任务", []State{Whistled}, called, "", []Field{FieldNote}, []Field{FieldPhotos}, arrived, doFinishPart},
	{Arrive, "报到", []State{Whistled}, called, "", nil, []Field{FieldNote}, notArrived, doArrive},
	{Arrive, "到场超时", []State{Whistled}, system, "", nil, nil, nil, doMiss},
	{Dispatch, "派单", atDesk, lead | above, Dispatched, []Field{FieldTo}, []Field{FieldNote}, undecidedNothing, doDispatch},
	{Transfer, "转派", atDesk, lead, Dispatched, []Field{FieldTo, FieldNote}, nil, undecidedNothing, doTransfer},
	{Return, "退单", atDesk, lead, Returned, []Field{FieldNote}, nil, mayReturn, doReturn},
	{Extend, "申请延期", inHand, lead, "", []Field{FieldNote, FieldUntil}, nil, mayExtend, ask(Extend)},
	{Suspend, "申请挂账", []State{Accepted, Contacted}, lead, "", []Field{FieldNote, FieldUntil}, nil, mayAsk(Suspend), ask(Suspend)},
	{Exclude, "申请剔除", inHand, lead, "", []Field{FieldNote}, nil, mayAsk(Exclude), ask(Exclude)},
	{Decide, "裁定", working, above, "", []Field{FieldApprove}, []Field{FieldNote, FieldTo}, decisionOwed, doDecide},
	{Decide, "裁定超时", working, system, "", nil, nil, nil, doDefer},
	{Whistle, "吹哨", []State{Accepted, Contacted, Whistled}, lead, Whistled, []Field{FieldPosts, FieldNote}, nil, mayWhistle, doWhistle},
	{Consult, "会商", []State{Accepted, Contacted}, lead, Consulting, []Field{FieldNote}, []Field{FieldUntil}, undecidedNothing, doConsult},
	{Resume, "会商有结果", []State{Consulting}, lead, Contacted, []Field{FieldNote}, []Field{FieldPhotos}, nil, doConclude},
	{Resume, "恢复办理", []State{Whistled, Suspended}, lead | system, Contacted, nil, []Field{FieldNote}, nil, doResume},
	{Resume, "继续办理", []State{Contacted}, lead | system, "", nil, []Field{FieldNote}, waiting, doResume},
	{Escalate, "超时提级", working, system, "", nil, nil, late, doLate},
	{Escalate, "提级", []State{Dispatched, Accepted, Contacted, Consulting, Reopened}, lead | above | system, Dispatched, []Field{FieldNote}, nil, canEscalate, doEscalate},
	{Escalate, "接手空缺岗位的工单", []State{Whistled}, system, "", []Field{FieldNote}, nil, canEscalate, doTakeOver},
	{Merge, "合并", atDesk, lead | above | reporter, Merged, []Field{FieldInto}, []Field{FieldNote}, undecidedNothing, doMerge},
	{Reject, "不予受理", []State{Submitted, Dispatched, Accepted, Contacted, Returned}, above, Rejected, []Field{FieldGround}, []Field{FieldNote}, nil, doReject},
	{Close, "回访结案", []State{Finished}, above, Closed, []Field{FieldSolved, FieldNote}, []Field{FieldSatisfaction}, nil, doFollowUp},
	{Close, "到期结案", []State{Finished}, system, Closed, nil, nil, nil, doTacit},
	{Confirm, "确认结果", []State{Finished}, reporter, Closed, []Field{FieldSolved}, []Field{FieldSatisfaction, FieldNote}, nil, doConfirm},
	{Confirm, "没解决", []State{Finished}, brought, Reopened, []Field{FieldSolved}, []Field{FieldNote}, nil, doObject},
	{Rate, "评价", []State{Finished}, reporter, "", []Field{FieldSatisfaction}, []Field{FieldNote}, nil, doRateFinished},
	{Rate, "评价", []State{Closed}, reporter, "", []Field{FieldSatisfaction}, []Field{FieldNote}, mayRate, doRate},
	{Rate, "评价部门", []State{Contacted, Consulting, Whistled, Finished, Closed}, lead | above, "", []Field{FieldPosts, FieldSatisfaction}, []Field{FieldNote}, somebodyCame, doAppraise},
	{Reopen, "要求重办", []State{Closed, Rejected, Excluded}, reporter, Reopened, []Field{FieldNote}, []Field{FieldPhotos}, mayReopen, doRedo},
	{Reopen, "要求重办", []State{Closed}, brought, Reopened, []Field{FieldNote}, []Field{FieldPhotos}, mayReopen, doRedo},
	{Withdraw, "撤销", working, reporter, Withdrawn, nil, []Field{FieldNote}, nil, doEnd},
	{Urge, "时限提醒", append([]State{Finished}, working...), system, "", nil, nil, warning, doWarn},
	{Urge, "催办", working, reporter | follower, "", nil, []Field{FieldNote}, mayUrge, doUrge},
	{Add, "督办", append([]State{Finished}, working...), above, "", []Field{FieldNote}, []Field{FieldPhotos, FieldWatch}, notMine, doSupervise},
	{Add, "补充或请居民答复", []State{Contacted}, lead, "", nil, []Field{FieldNote, FieldPhotos, FieldWait}, nil, doAdd},
	{Add, "补充", append([]State{Finished}, working...), reporter | follower | lead | called | helper, "", nil, []Field{FieldNote, FieldPhotos}, nil, doAdd},
	{Correct, "更正", []State{Submitted, Dispatched, Accepted}, reporter, "", []Field{FieldPlace}, []Field{FieldNote}, undecidedNothing, doCorrect},
	{Correct, "更正类别", []State{Accepted, Contacted}, lead, "", []Field{FieldPlace}, []Field{FieldNote}, undecidedNothing, doCorrectByLead},
	{Follow, "我也遇到", append([]State{Finished}, working...), neighbour, "", nil, nil, notMine, doFollow},
	{Follow, "关注", append([]State{Finished}, working...), overseer, "", nil, nil, notMine, doFollow},
}

// Conditions.

func undecidedNothing(s *situation) bool { return s.t.Pending == "" }

func mayExtend(s *situation) bool   { return mayAsk(Extend)(s) && s.now.UnixMilli() < s.t.DueAt }
func canEscalate(s *situation) bool { return s.t.Pending == "" && s.higher().ID != 0 }
func notMine(s *situation) bool     { return s.rel&(reporter|follower|lead) == 0 }
func mayWhistle(s *situation) bool {
	return s.t.Pending == "" && s.lead().Role.Rank() >= org.BranchSecretary.Rank()
}

func canFinish(s *situation) bool {
	if s.t.ContactedAt == 0 {
		return false
	}
	for _, p := range s.parts {
		if p.Kind == Called && p.DoneAt == 0 {
			return false
		}
	}
	return true
}

func arrived(s *situation) bool { return s.mine(func(p Part) bool { return p.ArrivedAt > 0 }) != nil }

func notArrived(s *situation) bool {
	return s.mine(func(p Part) bool { return p.ArrivedAt == 0 }) != nil
}

// somebodyCame says that a department which was called has arrived or done its part.
func somebodyCame(s *situation) bool { return slices.ContainsFunc(s.parts, Part.rateable) }

func mayUrge(s *situation) bool {
	return s.now.UnixMilli()-max(s.t.UrgedAt, s.t.CreatedAt) >= UrgePause.Milliseconds() || s.t.UrgedAt == 0
}

func mayRate(s *situation) bool {
	return s.t.Satisfaction == "" && s.now.UnixMilli()-s.t.ClosedAt <= RateWindow.Milliseconds()
}

func mayReopen(s *situation) bool {
	return s.now.UnixMilli()-s.t.ClosedAt <= ReopenWindow.Milliseconds()
}
