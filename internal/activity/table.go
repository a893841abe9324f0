package activity

import "slices"

// State says how far an activity has come.
type State string

// The states.
const (
	Drafted   State = "draft"
	Published State = "published"
	Running   State = "running"
	Done      State = "done"
	Archived  State = "archived"
	Cancelled State = "cancelled"
)

// Name is the state in Chinese.
func (s State) Name() string { return stateNames[s] }

var stateNames = map[State]string{Drafted: "未发布", Published: "报名中", Running: "进行中", Done: "已结束", Archived: "已归档", Cancelled: "已取消"}

// Action is what an organiser, or time, does to an activity.
type Action string

// The actions.
const (
	Publish Action = "publish"
	Start   Action = "start"
	Finish  Action = "finish"
	Archive Action = "archive"
	Cancel  Action = "cancel"
)

type deed struct {
	Action Action
	Name   string
	From   []State
	To     State
	Note   string // what must be said with it, in Chinese; empty: nothing
}

// deeds is the one table of what may become of an activity. Time starts and
// finishes it by itself; an organiser may do so a little earlier.
var deeds = []deed{
	{Publish, "发布", []State{Drafted}, Published, ""},
	{Start, "开始", []State{Published}, Running, ""},
	{Finish, "结束", []State{Running}, Done, ""},
	{Archive, "归档", []State{Done}, Archived, "请写活动小结：做了什么、有多少人参加、效果怎样"},
	{Cancel, "取消", []State{Drafted, Published, Running}, Cancelled, "请写明为什么取消，报名的人会看到"},
}

// Allowed are the actions that a state allows.
func Allowed(s State) []Action {
	var out []Action
	for _, d := range deeds {
		if slices.Contains(d.From, s) {
			out = append(out, d.Action)
		}
	}
	return out
}

// Note is what must be said with the action, in Chinese; empty: nothing.
func (a Action) Note() string {
	for _, d := range deeds {
		if d.Action == a {
			return d.Note
		}
	}
	return ""
}

// Actions are all, in the order of the table.
func Actions() []Action {
	var out []Action
	for _, d := range deeds {
		out = append(out, d.Action)
	}
	return out
}

// Name is the action in Chinese.
func (a Action) Name() string {
	for _, d := range deeds {
		if d.Action == a {
			return d.Name
		}
	}
	return ""
}

// open are the states in which people may come.
var open = []State{Published, Running}

// SeatState says how a sign-up stands.
type SeatState string

// The states of a sign-up. A seat is held by Seated and Offered alone.
const (
	Seated    SeatState = "seated"
	Offered   SeatState = "offered" // a seat became free: to be accepted in time
	Waiting   SeatState = "waiting"
	Withdrawn SeatState = "withdrawn"
	Lapsed    SeatState = "lapsed" // the offer was not accepted in time
)

// Name is the state in Chinese.
func (s SeatState) Name() string { return seatNames[s] }

var seatNames = map[SeatState]string{Seated: "已报名", Offered: "候补到了，等您确认", Waiting: "候补中", Withdrawn: "已退出", Lapsed: "候补过期"}

// holding are the states that hold a seat; active those that hope for one too.
var (
	holding = []SeatState{Seated, Offered}
	active  = []SeatState{Seated, Offered, Waiting}
)

// Active says that the person is coming or hopes to.
func (s SeatState) Active() bool { return slices.Contains(active, s) }
