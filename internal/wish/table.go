package wish

import "slices"

// State says how far a wish has come.
type State string

// The states.
const (
	Submitted State = "submitted" // its words and its need are being checked
	Open      State = "open"      // everybody sees it, members may claim it
	Claimed   State = "claimed"
	Fulfilled State = "fulfilled" // says who claimed it
	Granted   State = "granted"   // it came true; see Outcome
	Declined  State = "declined"
	Withdrawn State = "withdrawn"
	Expired   State = "expired"
	Closed    State = "closed" // by the community
)

// Name is the state in Chinese.
func (s State) Name() string { return stateNames[s] }

var stateNames = map[State]string{
	Submitted: "待社区核实", Open: "待认领", Claimed: "已认领", Fulfilled: "待确认", Granted: "已实现", Declined: "未予发布", Withdrawn: "已撤回", Expired: "已过期", Closed: "已关闭",
}

// Some states have a common name.
var (
	active = []State{Submitted, Open, Claimed, Fulfilled}
	public = []State{Open, Claimed, Fulfilled, Granted}
)

// Over says that nothing happens to it any more.
func (s State) Over() bool { return !slices.Contains(active, s) }

// Action is what somebody, or time, does to a wish.
type Action string

// The actions.
const (
	Post     Action = "post" // only ever the first event
	Publish  Action = "publish"
	Decline  Action = "decline"
	Claim    Action = "claim"
	GiveBack Action = "give_back"
	Fulfil   Action = "fulfil"
	Confirm  Action = "confirm"
	Deny     Action = "deny"
	Withdraw Action = "withdraw"
	Close    Action = "close"
	Expire   Action = "expire"
)

// relation is what somebody is to a wish; several at once.
type relation uint

const (
	wisher  relation = 1 << iota // posted it for themself or a neighbour
	claimer                      // has claimed it
	helper                       // a Party member or the contact of a work unit, and not who posted it
	desk                         // manages the wishes of the place, and has no part in this one
	system                       // Fenlin itself, when a time has come
)

// Field is what an action asks for beside its name.
type Field string

// The fields.
const (
	FieldNote         Field = "note"
	FieldSatisfaction Field = "satisfaction"
	FieldUnit         Field = "unit_id"
)

// rule is one row of the state table: in these states, such a person may do
// this, and then the wish stands there.
type rule struct {
	action Action
	label  string
	from   []State
	by     relation
	to     State
	note   string // what must be said with it, in Chinese; empty: nothing need be
	takes  []Field
	when   func(Wish) bool // a further condition; nil = none
}

// table is the whole life of a wish; chat and API ask it alone. What would be
// open after its time is expired instead.
var table = []rule{
	{Publish, "核实后发布", []State{Submitted}, desk, Open, "", []Field{FieldNote}, readable},
	{Publish, "发布", []State{Submitted}, system, Open, "", nil, readable},
	{Decline, "不予发布", []State{Submitted}, desk, Declined, "请写明为什么不发布，许愿人会看到", []Field{FieldNote}, nil},
	{Claim, "认领", []State{Open}, helper, Claimed, "", []Field{FieldUnit}, nil},
	{GiveBack, "退回认领", []State{Claimed}, claimer, Open, "", []Field{FieldNote}, nil},
	{GiveBack, "认领到期", []State{Claimed}, system, Open, "", nil, nil},
	{Fulfil, "已经办到", []State{Claimed}, claimer, Fulfilled, "请写一句做了什么", []Field{FieldNote}, nil},
	{Confirm, "确认实现", []State{Fulfilled}, wisher, Granted, "", []Field{FieldSatisfaction, FieldNote}, nil},
	{Confirm, "代为确认", []State{Fulfilled}, desk, Granted, "请写明怎样核实的", []Field{FieldSatisfaction, FieldNote}, nil},
	{Confirm, "到期视同确认", []State{Fulfilled}, system, Granted, "", nil, nil},
	{Deny, "没有实现", []State{Fulfilled}, wisher | desk, Claimed, "请写一句还差什么，认领人会看到", []Field{FieldNote}, nil},
	{Withdraw, "撤回", []State{Submitted, Open, Claimed}, wisher, Withdrawn, "", []Field{FieldNote}, nil},
	{Close, "关闭", []State{Open, Claimed}, desk, Closed, "请写明为什么关闭，许愿人和认领人会看到", []Field{FieldNote}, nil},
	{Expire, "过期", []State{Submitted, Open}, system, Expired, "", nil, nil},
}

// readable says that others may read the words once a person of the community
// has: they were checked and are not refused.
func readable(w Wish) bool { return w.Content == "pass" || w.Content == "review" }

// find is the row by which somebody may do something to a wish now.
func find(w Wish, a Action, is relation) (rule, bool) {
	for _, r := range table {
		if r.action == a && r.by&is != 0 && slices.Contains(r.from, w.State) && (r.when == nil || r.when(w)) {
			return r, true
		}
	}
	return rule{}, false
}

// Choice is an action that somebody may take now, and what it asks for.
type Choice struct {
	Action Action
	Label  string
	Note   string // what must be said with it; empty: nothing need be
	Takes  []Field
}

// choices are what somebody may do with a wish now, in the order of the table.
func choices(w Wish, is relation) []Choice {
	var out []Choice
	for _, r := range table {
		if first, ok := find(w, r.action, is&^system); ok && !slices.ContainsFunc(out, func(c Choice) bool { return c.Action == r.action }) {
			out = append(out, Choice{first.action, first.label, first.note, first.takes})
		}
	}
	return out
}

// Label is an action in Chinese.
func (a Action) Label() string {
	if a == Post {
		return "许愿"
	}
	for _, r := range table {
		if r.action == a {
			return r.label
		}
	}
	return ""
}
