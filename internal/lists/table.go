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
}

// table is the one table of what may become of needs, resources, projects and
// agreements. What the clock does no party can.
var table = []rule{
	{Needs, Publish, "发布", []State{Drafted}, Open, community, ""},
	{Needs, Complete, "办结", []State{Open}, Done, community, "请写明是怎样解决的"},
	{Needs, Withdraw, "撤回", []State{Drafted, Open}, Withdrawn, community, "请写明为什么撤回"},

	{Resources, Publish, "发布", []State{Drafted}, Open, unit, ""},
	{Resources, Withdraw, "撤回", []State{Drafted, Open}, Withdrawn, unit, "请写明为什么撤回"},
	{Resources, Expire, "到期", []State{Open}, Ended, clock, ""},

	{Projects, Agree, "同意", []State{Proposed}, Agreed, answers, ""},
	{Projects, Refuse, "不同意", []State{Proposed}, Refused, answers, "请写明为什么不同意，对方会看到"},
	{Projects, Progress, "记录进展", []State{Agreed, Running}, Running, both, "请写明做了什么"},
	{Projects, Finish, "完成", []State{Agreed, Running}, Finished, both, "请写明完成情况"},
	{Projects, Evaluate, "评价", []State{Finished, Evaluated}, Evaluated, community, "请写明评价的理由"},
	{Projects, Remark, "单位反馈", []State{Finished, Evaluated}, "", unit, "请写明单位的意见"},
	{Projects, Close, "办结", []State{Evaluated}, Closed, community, ""},
	{Projects, Cancel, "取消", []State{Proposed}, Cancelled, asks, "请写明为什么取消，对方会看到"},
	{Projects, Cancel, "取消", []State{Agreed, Running}, Cancelled, both, "请写明为什么取消，对方会看到"},
	{Projects, Lapse, "过期", []State{Proposed}, Cancelled, clock, ""},

	{Agreements, Confirm, "确认签约", []State{Drafted}, "", owes, ""},
	{Agreements, Begin, "生效", []State{Signed}, Running, clock, ""},
	{Agreements, End, "到期", []State{Running}, Ended, clock, ""},
	{Agreements, Stop, "终止", []State{Drafted, Signed, Running}, Terminated, both, "请写明为什么终止，对方会看到"},
}

func rowOf(l List, a Action) rule {
	return table[slices.IndexFunc(table, func(r rule) bool { return r.list == l && r.action == a })]
}

// ActionsOf are the actions that people may ask for, of one list.
func ActionsOf(l List) (out []Action) {
	for _, r := range table {
		if r.list == l && r.by != clock && !slices.Contains(out, r.action) {
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
