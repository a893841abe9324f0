package activity_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/errs"
	"fenlin/internal/geo"
	"fenlin/internal/member"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket/tickettest"
)

// hall is a town with activities.
type hall struct {
	*tickettest.Town
	*activity.Service
	met int
}

func newHall(t testing.TB) *hall {
	t.Helper()
	w := tickettest.New(t)
	return &hall{w, w.Activities, 0}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }

// draft is an activity of the compound, a day ahead, that lasts two hours.
func (h *hall) draft(capacity ...int) activity.Draft {
	starts := h.Clock().Add(24 * time.Hour)
	slots := []activity.SlotDraft{}
	for i, c := range capacity {
		slots = append(slots, activity.SlotDraft{Name: fmt.Sprintf("岗位%d", i+1), Capacity: c})
	}
	return activity.Draft{
		Org: ptr(h.Units["福馨苑小区"]), Title: ptr("楼院清扫"), Kind: ptr("environment"), Place: ptr("3号楼前"),
		At: &geo.Point{Lat: 37.26, Lng: 111.78}, Fence: ptr(100), Starts: &starts, Ends: ptr(starts.Add(2 * time.Hour)), Slots: &slots,
	}
}

// on is a published activity.
func (h *hall) on(t testing.TB, change func(*activity.Draft), capacity ...int) activity.Full {
	t.Helper()
	d := h.draft(capacity...)
	if change != nil {
		change(&d)
	}
	made, err := h.Make(t.Context(), h.Actor("branch"), "", d, activity.Repeat{})
	must(t, err)
	must(t, h.Act2(t, "branch", made[0].ID, activity.Publish, ""))
	return h.show(t, made[0].ID)
}

// Act2 does an action as somebody.
func (h *hall) Act2(t testing.TB, who string, id int64, a activity.Action, note string) error {
	t.Helper()
	return h.Service.Act(t.Context(), h.Actor(who), id, activity.Deed{Action: a, Note: note})
}

func (h *hall) show(t testing.TB, id int64) activity.Full {
	t.Helper()
	f, err := h.Show(t.Context(), h.Actor("branch"), id)
	must(t, err)
	return f
}

// person is somebody new.
func (h *hall) person(t testing.TB) member.Person {
	t.Helper()
	h.met++
	p, err := h.Service.Members.Add(t.Context(), member.Person{Name: fmt.Sprint("志愿者", h.met)}, fmt.Sprint("o-v", h.met))
	must(t, err)
	return p
}

func (h *hall) signUp(t testing.TB, p member.Person, a activity.Full) activity.SignUp {
	t.Helper()
	g, _, err := h.SignUp(t.Context(), p, activity.Choice{Activity: a.ID, Slot: a.Slots[0].ID})
	must(t, err)
	return g
}

func (h *hall) mine(t testing.TB, p member.Person, a activity.Full) activity.SignUp {
	t.Helper()
	g, err := h.Mine(t.Context(), a.ID, p.ID)
	must(t, err)
	return g
}

func refused(t testing.TB, err error, want *errs.Error, field string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
		return
	}
	if told := errs.From(err); field != "" && (len(told.Fields) == 0 || told.Fields[0].Name != field) {
		t.Errorf("%v names %v, want %s", err, told.Fields, field)
	}
}

// told are the letters that wait in the outbox.
func (h *hall) told(t testing.TB) []activity.Told {
	t.Helper()
	var events []outbox.Event
	must(t, h.Service.DB.Read(t.Context()).Order("id").Find(&events, "topic = ?", activity.TopicTold).Error)
	out := make([]activity.Told, len(events))
	for i, e := range events {
		must(t, e.Decode(&out[i]))
	}
	return out
}

// ring lets all timers ring that are due.
func (h *hall) ring(t testing.TB) {
	t.Helper()
	var events []outbox.Event
	must(t, h.Service.DB.Read(t.Context()).Order("run_at, id").Find(&events, "topic = ? AND run_at <= ?", activity.TopicTimer, h.Clock().UnixMilli()).Error)
	for _, e := range events {
		var x activity.Timer
		must(t, e.Decode(&x))
		must(t, h.Fire(t.Context(), x))
	}
	_, err := h.Ring(t.Context())
	must(t, err)
}
