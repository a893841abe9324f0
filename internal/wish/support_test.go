package wish_test

import (
	"errors"
	"slices"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
	"fenlin/internal/wish"
)

// well is a town with wishes and with people who may claim them: m1 to m3 are
// Party members, contact answers for a work unit.
type well struct {
	*tickettest.Town
	*wish.Service
	unit int64
}

func newWell(t testing.TB) *well {
	t.Helper()
	town := tickettest.New(t)
	w := &well{town, town.Wishes, 0}
	for _, name := range []string{"m1", "m2", "m3", "contact"} {
		p, err := town.Members.Add(t.Context(), member.Person{Name: "党员" + name, Member: name != "contact"}, "o-"+name)
		must(t, err)
		town.Who[name] = p.ID
	}
	w.unit = w.Service.DB.NewID()
	must(t, w.Service.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return town.Org.AddWorkUnits(tx, []org.WorkUnit{{ID: w.unit, Kind: org.Organ, Name: "市图书馆", ContactID: town.Who["contact"]}})
	}))
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const company = "独居的老人想有人周末陪着说说话"

// draft is a wish of somebody at home in the compound.
func (w *well) draft() wish.Draft {
	return wish.Draft{Org: w.Units["福馨苑小区"], Kind: "company", Text: company}
}

func (w *well) post(t testing.TB, who string, change func(*wish.Draft)) wish.Wish {
	t.Helper()
	d := w.draft()
	if change != nil {
		change(&d)
	}
	made, err := w.Make(t.Context(), w.Actor(who), d)
	must(t, err)
	return made
}

// judge is the content check's word.
func (w *well) judge(t testing.TB, id int64, said ticket.Judged) {
	t.Helper()
	one, ok, err := w.Unjudged(t.Context(), wish.Check{Wish: id})
	must(t, err)
	if ok {
		must(t, w.Service.Judge(t.Context(), one, said))
	}
}

// on is an open wish of li's.
func (w *well) on(t testing.TB) wish.Wish {
	t.Helper()
	made := w.post(t, "li", nil)
	w.judge(t, made.ID, ticket.Passed)
	return w.do(t, "branch", made.ID, wish.Input{Action: wish.Publish})
}

func (w *well) do(t testing.TB, who string, id int64, in wish.Input) wish.Wish {
	t.Helper()
	after, err := w.Service.Act(t.Context(), w.Actor(who), id, in)
	if err != nil {
		t.Fatalf("%s by %s: %v", in.Action, who, err)
	}
	return after
}

func (w *well) show(t testing.TB, who string, id int64) wish.Full {
	t.Helper()
	f, err := w.Show(t.Context(), w.Actor(who), id)
	must(t, err)
	return f
}

func refused(t testing.TB, err error, want *errs.Error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
}

// ring lets all timers of wishes ring that are due.
func (w *well) ring(t testing.TB, ids ...int64) {
	t.Helper()
	var events []outbox.Event
	must(t, w.Service.DB.Read(t.Context()).Order("run_at, id").Find(&events, "topic = ? AND run_at <= ? AND lane IN ?", wish.TopicTimer, w.Clock().UnixMilli(), ids).Error)
	for _, e := range events {
		var x wish.Timer
		must(t, e.Decode(&x))
		must(t, w.Service.Fire(t.Context(), x))
	}
}

// told are the letters of a wish that wait in the outbox, in their order.
func (w *well) told(t testing.TB, id int64) []wish.Letter {
	t.Helper()
	var events []outbox.Event
	must(t, w.Service.DB.Read(t.Context()).Order("id").Find(&events, "topic = ? AND lane = ?", wish.TopicTold, id).Error)
	var out []wish.Letter
	for _, e := range events {
		var x wish.Told
		must(t, e.Decode(&x))
		out = append(out, x.Letter)
	}
	return out
}

func offered(f wish.Full) []wish.Action {
	var out []wish.Action
	for _, c := range f.Actions {
		out = append(out, c.Action)
	}
	return out
}

func may(f wish.Full, a wish.Action) bool { return slices.Contains(offered(f), a) }
