package lists

import "slices"

// List says which of the lists a thing stands in.
type List string

// The lists.
const (
	Needs      List = "need"
	Resources  List = "resource"
	Projects   List = "project"
	Agreements List = "agreement"
)

// Name is the list in Chinese.
func (l List) Name() string {
	return map[List]string{Needs: "需求", Resources: "资源", Projects: "项目", Agreements: "协议"}[l]
}

// State says how far a thing has come; each list has its own.
type State string

// The states.
const (
	Drafted    State = "draft"
	Open       State = "open"
	Matched    State = "matched" // as many projects as a need wants
	Done       State = "done"
	Withdrawn  State = "withdrawn"
	Proposed   State = "proposed"
	Agreed     State = "agreed"
	Running    State = "running"
	Finished   State = "finished" // carried out, to be evaluated
	Evaluated  State = "evaluated"
	Closed     State = "closed"
	Refused    State = "refused"
	Cancelled  State = "cancelled"
	Signed     State = "signed" // document there, both confirmed, not yet begun
	Ended      State = "ended"
	Terminated State = "terminated"
)

// StatesOf are the states of each list, in the order of a thing's life, with
// their names; those that are public may be seen by whoever is signed in.
var StatesOf = map[List][]struct {
	State  State
	Name   string
	Public bool
}{
	Needs:      {{Drafted, "未发布", false}, {Open, "待认领", true}, {Matched, "已对接", true}, {Done, "已完成", true}, {Withdrawn, "已撤回", false}},
	Resources:  {{Drafted, "未发布", false}, {Open, "可提供", true}, {Ended, "已到期", false}, {Withdrawn, "已撤回", false}},
	Projects:   {{Proposed, "待对方答复", false}, {Agreed, "已达成", true}, {Running, "实施中", true}, {Finished, "待评价", true}, {Evaluated, "已评价", true}, {Closed, "已办结", true}, {Refused, "未达成", false}, {Cancelled, "已取消", false}},
	Agreements: {{Drafted, "待签约", false}, {Signed, "已签约", true}, {Running, "履行中", true}, {Ended, "已到期", true}, {Terminated, "已终止", false}},
}

// NameOf is a state in Chinese.
func (l List) NameOf(s State) string {
	for _, row := range StatesOf[l] {
		if row.State == s {
			return row.Name
		}
	}
	return string(s)
}

func publicStates(l List) (out []State) {
	for _, row := range StatesOf[l] {
		if row.Public {
			out = append(out, row.State)
		}
	}
	return out
}

// Action is what a party, or time, does to a thing.
type Action string

// The actions. Create and Change stand in timelines alone.
const (
	Create   Action = "create"
	Change   Action = "change"
	Attach   Action = "attach" // the signed document
	Publish  Action = "publish"
	Withdraw Action = "withdraw"
	Complete Action = "complete"
	Expire   Action = "expire"
	Agree    Action = "agree"
	Refuse   Action = "refuse"
	Cancel   Action = "cancel"
	Lapse    Action = "lapse" // nobody answered
	Progress Action = "progress"
	Finish   Action = "finish"
	Evaluate Action = "evaluate"
	Remark   Action = "remark" // the unit's words on what was carried out
	Close    Action = "close"
	Confirm  Action = "confirm"
	Begin    Action = "begin"
	End      Action = "end"
	Stop     Action = "terminate"

	// These have a way of their own: a form, a file, a new thing of another list.
	Claim Action = "claim" // a unit claims a need; or offers a resource of its own to one
	Ask   Action = "ask"   // a community asks for a resource
	Sign  Action = "sign"  // an agreement for a project
	Renew Action = "renew"
)

// Side is for whom somebody speaks.
type Side string

// The sides.
const (
	TheCommunity Side = "community"
	TheUnit      Side = "unit"
	TheClock     Side = "clock"
)

// sides are several at once.
type sides uint

const (
	community sides = 1 << iota
	unit
	asks    // the side that proposed
	answers // the other one
	owes    // a side that has not confirmed yet
	clock
	giver // the contact of some work unit
	taker // whoever manages the lists of some place
)

var both = community | unit

type rule struct {
	list   List
	action Action
	name   string
	from   []State
	to     State // empty: it follows from what is there
	by     sides
	note   string // what must be said with it, in Chinese; empty: nothing
	own    bool   // it has a way of its own, which is not Act
}

// table is the one table of what may become of needs, resources, projects and
// agreements. What the clock does no party can.
var table = []rule{
	{Needs, Publish, "发布", []State{Drafted}, Open, community, "", false},
	{Needs, Claim, "认领", []State{Open}, "", giver, "", true},
	{Needs, Ask, "请单位提供资源", []State{Open}, "", community, "", true},
	{Needs, Change, "修改", []State{Drafted, Open, Matched}, "", community, "", true},
	{Needs, Complete, "办结", []State{Open}, Done, community, "请写明是怎样解决的", false},
	{Needs, Withdraw, "撤回", []State{Drafted, Open}, Withdrawn, community, "请写明为什么撤回", false},

	{Resources, Publish, "发布", []State{Drafted}, Open, unit, "", false},
	{Resources, Claim, "用它认领需求", []State{Open}, "", unit, "", true},
	{Resources, Ask, "请单位提供", []State{Open}, "", taker, "", true},
	{Resources, Change, "修改", []State{Drafted, Open}, "", unit, "", true},
	{Resources, Withdraw, "撤回", []State{Drafted, Open}, Withdrawn, unit, "请写明为什么撤回", false},
	{Resources, Expire, "到期", []State{Open}, Ended, clock, "", false},

	{Projects, Agree, "同意", []State{Proposed}, Agreed, answers, "", false},
	{Projects, Refuse, "不同意", []State{Proposed}, Refused, answers, "请写明为什么不同意，对方会看到", false},
	{Projects, Progress, "记录进展", []State{Agreed, Running}, Running, both, "请写明做了什么", false},
	{Projects, Finish, "完成", []State{Agreed, Running}, Finished, both, "请写明完成情况", false},
	{Projects, Sign, "签协议", []State{Agreed, Running}, "", both, "", true},
	{Projects, Change, "修改", []State{Proposed}, "", asks, "", true},
	{Projects, Change, "修改", []State{Agreed, Running}, "", both, "", true},
	{Projects, Evaluate, "评价", []State{Finished, Evaluated}, Evaluated, community, "请写明评价的理由", false},
	{Projects, Remark, "单位反馈", []State{Finished, Evaluated}, "", unit, "请写明单位的意见", false},
	{Projects, Close, "办结", []State{Evaluated}, Closed, community, "", false},
	{Projects, Cancel, "取消", []State{Proposed}, Cancelled, asks, "请写明为什么取消，对方会看到", false},
	{Projects, Cancel, "取消", []State{Agreed, Running}, Cancelled, both, "请写明为什么取消，对方会看到", false},
	{Projects, Lapse, "过期", []State{Proposed}, Cancelled, clock, "", false},

	{Agreements, Confirm, "确认签约", []State{Drafted}, "", owes, "", false},
	{Agreements, Attach, "上传签好的协议", []State{Drafted}, "", both, "", true},
	{Agreements, Change, "修改", []State{Drafted}, "", both, "", true},
	{Agreements, Renew, "续签", []State{Running, Ended}, "", both, "", true},
	{Agreements, Begin, "生效", []State{Signed}, Running, clock, "", false},
	{Agreements, End, "到期", []State{Running}, Ended, clock, "", false},
	{Agreements, Stop, "终止", []State{Drafted, Signed, Running}, Terminated, both, "请写明为什么终止，对方会看到", false},
}

func rowOf(l List, a Action) rule {
	return table[slices.IndexFunc(table, func(r rule) bool { return r.list == l && r.action == a })]
}

// Does is an action of a list in Chinese.
func (l List) Does(a Action) string {
	if a == Create {
		return "新建"
	}
	return rowOf(l, a).name
}

// rowIn is the row of an action in a state, or false.
func rowIn(l List, a Action, s State) (rule, bool) {
	i := slices.IndexFunc(table, func(r rule) bool { return r.list == l && r.action == a && slices.Contains(r.from, s) })
	if i < 0 {
		return rule{}, false
	}
	return table[i], true
}

// ActionsOf are the actions of Act that people may ask for, of one list.
func ActionsOf(l List) (out []Action) {
	for _, r := range table {
		if r.list == l && r.by != clock && !r.own && !slices.Contains(out, r.action) {
			out = append(out, r.action)
		}
	}
	return out
}

// allowed are the rows that a state allows to somebody who speaks for some sides.
func allowed(l List, s State, by sides) (out []rule) {
	for _, r := range table {
		if r.list == l && r.by&by != 0 && slices.Contains(r.from, s) {
			out = append(out, r)
		}
	}
	return out
}

// Choice is an action that somebody may take now, and what it asks for.
type Choice struct {
	Action Action
	Name   string
	Note   string // what must be said with it; empty: nothing
	Takes  []Field
}

// Field is what an action of Act takes beside its note.
type Field string

// The fields.
const (
	FieldDay     Field = "day"
	FieldPhotos  Field = "photo_ids"
	FieldVerdict Field = "verdict"
)

var takes = map[Action][]Field{Progress: {FieldDay, FieldPhotos}, Evaluate: {FieldVerdict}}

// choices are what a state allows to somebody who speaks for some sides.
func choices(l List, s State, by sides) (out []Choice) {
	for _, r := range allowed(l, s, by) {
		out = append(out, Choice{r.action, r.name, r.note, takes[r.action]})
	}
	return out
}

// Verdict is what a community thought of a project, as with tickets.
type Verdict string

// The verdicts.
const (
	Satisfied    Verdict = "satisfied"
	Basic        Verdict = "basic"
	Dissatisfied Verdict = "dissatisfied"
)

// Name is the verdict in Chinese.
func (v Verdict) Name() string {
	return map[Verdict]string{Satisfied: "满意", Basic: "基本满意", Dissatisfied: "不满意"}[v]
}
