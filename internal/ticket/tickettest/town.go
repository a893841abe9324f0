// Package tickettest is a small city for tests, with people in every post.
package tickettest

import (
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/activity"
	"fenlin/internal/blob"
	"fenlin/internal/calendar"
	"fenlin/internal/db/dbtest"
	"fenlin/internal/errs"
	"fenlin/internal/kv"
	"fenlin/internal/lists"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outage"
	"fenlin/internal/outbox"
	"fenlin/internal/routing"
	"fenlin/internal/secret"
	"fenlin/internal/ticket"
	"fenlin/internal/understand"
	"fenlin/internal/wish"
)

// Town is a small city with two compounds and people in every post.
type Town struct {
	*ticket.Service
	Activities *activity.Service
	Wishes     *wish.Service
	Lists      *lists.Service
	Folder     string // of the store of photos
	now        atomic.Int64
	Units      map[string]int64
	Posts      map[string]int64
	Who        map[string]int64 // people by the name of their post, residents by name
}

// New makes a city on a database of its own; it is nine on a Monday morning.
func New(t testing.TB) *Town {
	t.Helper()
	d := dbtest.New(t)
	w := &Town{Folder: t.TempDir(), Units: map[string]int64{}, Posts: map[string]int64{}, Who: map[string]int64{}}
	w.now.Store(time.Date(2026, 11, 23, 9, 0, 0, 0, time.FixedZone("", 8*3600)).UnixMilli())
	o := &org.Service{DB: d, Now: w.Clock}
	keys, err := secret.NewKeyring(base64.StdEncoding.EncodeToString([]byte("a key that opens this town alone!"[:32])))
	if err != nil {
		t.Fatal(err)
	}
	m := &member.Service{DB: d, Keys: keys, Now: w.Clock}
	_, here, _, _ := runtime.Caller(0)
	config := filepath.Join(filepath.Dir(here), "../../../config")
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(config, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	texts, err := member.LoadConsents(read("consent.yaml"))
	must(err)
	m.Adopt(texts)
	reader, err := understand.New(read("understand.yaml"))
	must(err)
	routes, err := routing.Load(read("routing.yaml"))
	must(err)
	likeness, err := ticket.LoadLikeness(read("duplicates.yaml"))
	must(err)
	content, err := ticket.LoadContent(read("content.yaml"))
	must(err)
	outages, err := outage.LoadRules(read("outages.yaml"), func(code string) bool { _, ok := reader.Category(code); return ok })
	must(err)
	cal, err := calendar.New(read("calendar.yaml"))
	must(err)
	ctx := t.Context()
	unit := func(name string, kind org.Kind, parent, code string, c *org.Compound) {
		u, err := o.Add(ctx, org.Unit{ParentID: w.Units[parent], Kind: kind, Code: code, Name: name}, c)
		must(err)
		w.Units[name] = u.ID
	}
	person := func(key string, home int64) int64 {
		p, err := m.Add(ctx, member.Person{Name: key, CompoundID: home}, "o-"+key)
		must(err)
		w.Who[key] = p.ID
		return p.ID
	}
	post := func(key, unit string, role org.Role, title string) {
		id, err := o.NewPost(ctx, w.Units[unit], role, title)
		must(err)
		w.Posts[key] = id
		must(o.Seat(ctx, id, person(key, 0), 0))
	}
	unit("汾阳市", org.City, "", "", nil)
	unit("文峰街道", org.Subdistrict, "汾阳市", "", nil)
	unit("南薰社区", org.Community, "文峰街道", "", nil)
	unit("福馨苑小区", org.CompoundKind, "南薰社区", "", &org.Compound{Governance: org.SelfRun, Households: 500, Datum: "gcj02", Branch: "福馨苑小区党支部", Aliases: []string{"福馨苑"}})
	unit("昌瑞绿洲小区", org.CompoundKind, "南薰社区", "", &org.Compound{Governance: org.Managed, Households: 800, Datum: "gcj02", Branch: "昌瑞绿洲小区党支部", Aliases: []string{"昌瑞绿洲"}})
	unit("3号楼", org.BuildingGroup, "福馨苑小区", "3", nil)
	post("city", "汾阳市", org.CitySecretary, "市委社会工作部")
	post("privacy", "汾阳市", org.PrivacyOfficer, "个人信息保护负责人")
	post("subdistrict", "文峰街道", org.SubdistrictSecretary, "文峰街道党工委书记")
	post("community", "南薰社区", org.CommunitySecretary, "南薰社区党委书记")
	post("branch", "福馨苑小区", org.BranchSecretary, "福馨苑小区党支部书记")
	post("leader", "3号楼", org.GroupLeader, "福馨苑3号楼党小组长")
	post("otherbranch", "昌瑞绿洲小区", org.BranchSecretary, "昌瑞绿洲小区党支部书记")
	post("property", "昌瑞绿洲小区", org.PropertyManager, "昌瑞物业经理")
	for _, dep := range routes.Departments() {
		unit(dep.Name, org.Department, "汾阳市", dep.Code, nil)
		post(dep.Code, dep.Name, org.DepartmentDesk, dep.Name)
	}
	person("li", w.Units["福馨苑小区"])
	person("wang", w.Units["福馨苑小区"])
	person("stranger", w.Units["昌瑞绿洲小区"])
	w.Service = &ticket.Service{DB: d, Org: o, Members: m, Outbox: outbox.Open(d, w.Clock), Photos: blob.Folder(w.Folder), Outages: &outage.Service{DB: d, Org: o, Now: w.Clock}, Now: w.Clock}
	w.Adopt(ticket.Rules{Reader: reader, Routes: routes, Calendar: cal, Likeness: likeness, Content: content})
	w.Outages.Adopt(outages)
	rules, err := activity.LoadRules(read("activities.yaml"))
	must(err)
	w.Activities = &activity.Service{DB: d, Org: o, Members: m, Tickets: w.Service, Outbox: w.Outbox, Location: cal.Location(), Now: w.Clock}
	store := kv.NewMemory()
	t.Cleanup(func() { _ = store.Close() })
	w.Activities.KV = store
	w.Activities.Adopt(rules)
	hours, err := activity.LoadHours(read("hours.yaml"))
	must(err)
	w.Activities.AdoptHours(hours)
	wishes, err := wish.LoadRules(read("wishes.yaml"))
	must(err)
	w.Wishes = &wish.Service{DB: d, Org: o, Members: m, Tickets: w.Service, Outbox: w.Outbox, Now: w.Clock}
	w.Wishes.Adopt(wishes)
	w.Lists = &lists.Service{DB: d, Org: o, Tickets: w.Service, Outbox: w.Outbox, Location: cal.Location(), Now: w.Clock}
	three, err := lists.LoadRules(read("lists.yaml"))
	must(err)
	w.Lists.Adopt(three)
	w.Activities.Sources = map[string]func(context.Context, org.Actor, string) error{wish.Source: w.Wishes.Named, "project": w.Lists.Source}
	w.Kin = append(w.Kin, w.Activities, w.Wishes, w.Lists)
	return w
}

// Clock is the city's time.
func (w *Town) Clock() time.Time { return time.UnixMilli(w.now.Load()) }

// Forward lets time pass.
func (w *Town) Forward(d time.Duration) { w.now.Add(d.Milliseconds()) }

// Actor is a person with the posts held now.
func (w *Town) Actor(key string) org.Actor {
	p, err := w.Members.Person(context.Background(), w.Who[key])
	if err != nil {
		panic(err)
	}
	a, err := w.Org.Actor(context.Background(), p.ID, p.CompoundID)
	if err != nil {
		panic(err)
	}
	return a
}

// Vacate ends all that a person holds.
func (w *Town) Vacate(t testing.TB, person int64) {
	t.Helper()
	err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE appointments SET to_at = ? WHERE person_id = ? AND to_at = 0", w.Clock().UnixMilli(), person).Error
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Told is a report of somebody's, filed.
func (w *Town) Told(t testing.TB, who, text string) ticket.Ticket {
	t.Helper()
	a := w.Actor(who)
	tk, err := w.Report(t.Context(), ticket.Report{Reporter: a.Person, Home: a.Home, Channel: "chat", Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

// Do is an action that must succeed.
func (w *Town) Do(t testing.TB, who, number string, in ticket.Input) ticket.Ticket {
	t.Helper()
	tk, err := w.Act(t.Context(), w.Actor(who), number, in)
	if err != nil {
		t.Fatalf("%s by %s: %v", in.Action, who, err)
	}
	return tk
}

// Refused is an action that must fail so.
func (w *Town) Refused(t testing.TB, who, number string, in ticket.Input, want *errs.Error) {
	t.Helper()
	if _, err := w.Act(t.Context(), w.Actor(who), number, in); !errors.Is(err, want) {
		t.Fatalf("%s by %s: got %v, want %v", in.Action, who, err, want)
	}
}

// Objects works off what is owed to the store of photos now, and says which
// objects it holds.
func (w *Town) Objects(t testing.TB) []int64 {
	t.Helper()
	w.Outbox.Handlers[ticket.TopicPhoto] = w.LetGo
	for n := 1; n > 0; {
		var err error
		if n, err = w.Outbox.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var ids []int64
	err := filepath.WalkDir(w.Folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		id, err := strconv.ParseInt(d.Name(), 10, 64)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return ids
}
