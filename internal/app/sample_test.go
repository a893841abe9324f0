package app

import (
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"fenlin/config"
	"fenlin/internal/db"
	"fenlin/internal/db/dbtest"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/secret"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat/wechatsim"
	"fenlin/internal/wish"
	"fenlin/internal/worker"
)

func newSample(t *testing.T) *Sample {
	t.Helper()
	d := dbtest.New(t)
	now := func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }
	s := &Sample{DB: d, Org: &org.Service{DB: d, Now: now}, Member: &member.Service{DB: d, Keys: sampleKeys(t), Now: now}, Files: config.FS}
	s.Workers = &worker.Service{DB: d, Members: s.Member, Now: now}
	s.Tickets = &ticket.Service{DB: d, Org: s.Org, Members: s.Member, Outbox: outbox.Open(d, now), Now: now}
	s.Wishes = &wish.Service{DB: d, Outbox: s.Tickets.Outbox, Now: now}
	rules, err := LoadRules("")
	if err != nil {
		t.Fatal(err)
	}
	s.Tickets.Adopt(rules.Desk)
	return s
}

func sampleKeys(t *testing.T) *secret.Keyring {
	t.Helper()
	keys, err := secret.NewKeyring(base64.StdEncoding.EncodeToString([]byte("a key that opens this city alone!"[:32])))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func seeded(t *testing.T) *Sample {
	t.Helper()
	s := newSample(t)
	if err := s.Seed(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

func count(t *testing.T, d *db.DB, from string) int {
	t.Helper()
	var n int
	if err := d.Read(context.Background()).Raw("SELECT COUNT(*) FROM " + from).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSeed_TheCityHasItsNumbers(t *testing.T) {
	s := seeded(t)
	for from, want := range map[string]int{
		"org_units WHERE kind = 'city'":        1,
		"org_units WHERE kind = 'subdistrict'": 5,
		"org_units WHERE kind = 'community'":   32,
		"org_units WHERE kind = 'compound'":    210,
		"compounds":                            210,
		"compounds WHERE governance = 'managed' AND lat BETWEEN 37.2 AND 37.35 AND lng BETWEEN 111.7 AND 111.9": 119,
		"compounds WHERE governance = 'self_run'":                                                              40,
		"compounds WHERE governance = 'unmanaged'":                                                             51,
		"posts WHERE role = 'branch_secretary'":                                                                169,
		"posts p JOIN appointments a ON a.post_id = p.id WHERE p.role = 'branch_secretary'":                    164,
		"posts p JOIN appointments a ON a.post_id = p.id WHERE p.role = 'branch_secretary' AND a.unit_id <> 0": 97,
		"posts p JOIN appointments a ON a.post_id = p.id WHERE p.role = 'group_leader'":                        136,
		"posts p JOIN appointments a ON a.post_id = p.id WHERE p.role = 'group_leader' AND a.unit_id <> 0":     136,
		"posts WHERE role = 'property_manager'":                                                                119,
		"posts WHERE role = 'grid_worker'":                                                                     32,
		"org_units WHERE NOT sample":                                                                           0,
		"people WHERE NOT sample":                                                                              0,
		"people WHERE name = ''":                                                                               0,
	} {
		if got := count(t, s.DB, from); got != want {
			t.Errorf("%s: %d, want %d", from, got, want)
		}
	}
	desks := count(t, s.DB, "posts p JOIN appointments a ON a.post_id = p.id WHERE p.role = 'department'")
	departments := count(t, s.DB, "org_units WHERE kind = 'department'")
	if desks == 0 || desks != departments {
		t.Errorf("%d people at the desks of %d departments", desks, departments)
	}
	if posts, leaders := count(t, s.DB, "posts WHERE role = 'group_leader'"), 136; posts <= leaders {
		t.Errorf("no group is without a leader: %d posts", posts)
	}
}

func TestSeed_WishesAreOpenAndOfAKindThatIsThere(t *testing.T) {
	s := seeded(t)
	rules, err := LoadRules("")
	must(t, err)
	var wishes []wish.Wish
	must(t, s.DB.Read(t.Context()).Find(&wishes).Error)
	if len(wishes) < 3 {
		t.Errorf("%d wishes", len(wishes))
	}
	for _, w := range wishes {
		if _, ok := rules.Wishes.Kind(w.Kind); !ok || w.State != wish.Open || w.WisherID == 0 || w.PostID == 0 || rules.Wishes.Words(w.Text) != nil {
			t.Errorf("%+v", w)
		}
	}
}

func TestSeed_TheNamedCompounds(t *testing.T) {
	ctx, s := context.Background(), seeded(t)
	places, err := s.Org.Places(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]org.Governance{"福馨苑小区": org.SelfRun, "昌瑞绿洲小区": org.Managed, "安泰苑小区": org.Unmanaged}
	got := map[string]org.Governance{}
	for _, p := range places {
		if want[p.Name] == "" {
			continue
		}
		got[p.Name] = p.Governance
		if short := strings.TrimSuffix(p.Name, "小区"); !slices.Contains(p.Aliases, short) {
			t.Errorf("nobody says %s: %v", short, p.Aliases)
		}
		desk, err := s.Org.Desk(ctx, p.Unit.ID, "3")
		if err != nil {
			t.Fatal(err)
		}
		filled := map[org.Role]bool{}
		for _, post := range desk.Posts {
			filled[post.Role] = filled[post.Role] || post.Filled
		}
		for _, role := range []org.Role{org.GroupLeader, org.BranchSecretary, org.GridWorker, org.CommunitySecretary, org.SubdistrictSecretary, org.CitySecretary, org.DepartmentDesk} {
			if !filled[role] {
				t.Errorf("%s: nobody is %s", p.Name, role)
			}
		}
		if filled[org.PropertyManager] != (p.Governance == org.Managed) {
			t.Errorf("%s (%s): property manager %v", p.Name, p.Governance, filled[org.PropertyManager])
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSeed_EveryCompoundReachesSomebodyAndFallsUpwardWhereAPostIsVacant(t *testing.T) {
	ctx, s := context.Background(), seeded(t)
	places, err := s.Org.Places(ctx)
	if err != nil {
		t.Fatal(err)
	}
	first := map[org.Role]int{} // by the lowest ladder post that somebody holds
	for _, p := range places {
		desk, err := s.Org.Desk(ctx, p.Unit.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		ladder := []org.Role{org.BranchSecretary, org.CommunitySecretary, org.SubdistrictSecretary, org.CitySecretary}
		i := slices.IndexFunc(ladder, func(r org.Role) bool {
			return slices.ContainsFunc(desk.Posts, func(post org.Post) bool { return post.Role == r && post.Filled })
		})
		if i < 0 {
			t.Fatalf("%s reaches nobody", p.Name)
		}
		first[ladder[i]]++
	}
	if d := cmp.Diff(map[org.Role]int{org.BranchSecretary: 164, org.CommunitySecretary: 46}, first); d != "" {
		t.Error(d)
	}
}

func TestSeed_NamesAndPointsTellCompoundsApart(t *testing.T) {
	s := seeded(t)
	places, err := s.Org.Places(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	called, spots := map[string]string{}, map[[2]float64]string{}
	for _, p := range places {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			if other := called[name]; other != "" {
				t.Errorf("%s is both %s and %s", name, other, p.Name)
			}
			called[name] = p.Name
		}
		spot := [2]float64{p.Lat, p.Lng}
		if other := spots[spot]; other != "" {
			t.Errorf("%s lies on %s", p.Name, other)
		}
		spots[spot] = p.Name
		if p.Datum != "gcj02" || p.Households <= 0 {
			t.Errorf("%s: datum %q, %d households", p.Name, p.Datum, p.Households)
		}
	}
	// Neighbours belong together: the nearest other compound is one of the same community.
	strangers := 0
	for _, p := range places {
		near := slices.MinFunc(places, func(a, b org.Place) int {
			return compareDistance(p, a, b)
		})
		if near.ParentID != p.ParentID {
			strangers++
		}
	}
	if strangers > 10 {
		t.Errorf("%d compounds lie nearest to one of another community", strangers)
	}
}

func compareDistance(p, a, b org.Place) int {
	far := func(q org.Place) float64 {
		if q.Unit.ID == p.Unit.ID {
			return 1
		}
		return (q.Lat-p.Lat)*(q.Lat-p.Lat) + (q.Lng-p.Lng)*(q.Lng-p.Lng)*0.63
	}
	switch x, y := far(a), far(b); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func TestPeople_ResidentsOfTheNamedCompoundsComeFirst(t *testing.T) {
	ctx, s := context.Background(), seeded(t)
	people, err := s.People(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(wechatsim.Person{OpenID: "sim-resident-001", Name: people[0].Name, Roles: []string{"resident"}, Org: "福馨苑小区"}, people[0]); d != "" {
		t.Error(d)
	}
	byOpenID, roles, unbound := map[string]wechatsim.Person{}, map[string]int{}, 0
	for _, p := range people {
		byOpenID[p.OpenID] = p
		for _, r := range p.Roles {
			roles[r]++
		}
		if slices.Equal(p.Roles, []string{"resident"}) && p.Org == "" {
			unbound++
		}
	}
	if known := count(t, s.DB, "identities WHERE app = 'account'"); len(byOpenID) != len(people) || len(people) != known {
		t.Errorf("%d openids, %d listed, %d known", len(byOpenID), len(people), known)
	}
	if unbound != 2 || roles["resident"] < 30 {
		t.Errorf("%d without a home, %d residents", unbound, roles["resident"])
	}
	all := []string{
		"resident", "member", "household_hub", "group_leader", "branch_secretary", "grid_worker", "community_secretary",
		"subdistrict_secretary", "city_secretary", "property_manager", "department", "clerk", "operator", "privacy_officer",
	}
	slices.Sort(all)
	if d := cmp.Diff(all, slices.Sorted(maps.Keys(roles))); d != "" {
		t.Error(d)
	}
	for openid, want := range map[string]struct {
		role string
		org  string
	}{
		"sim-group-fuxinyuan-3":       {"group_leader", "福馨苑小区3号楼党小组"},
		"sim-hub-fuxinyuan-3":         {"household_hub", "福馨苑小区3号楼党员中心户"},
		"sim-branch-fuxinyuan":        {"branch_secretary", "福馨苑小区"},
		"sim-branch-changruilvzhou":   {"branch_secretary", "昌瑞绿洲小区"},
		"sim-property-changruilvzhou": {"property_manager", "昌瑞绿洲小区"},
		"sim-branch-antaiyuan":        {"branch_secretary", "安泰苑小区"},
		"sim-grid-yongan":             {"grid_worker", "永安社区"},
		"sim-community-yongan":        {"community_secretary", "永安社区"},
		"sim-subdistrict-wenfeng":     {"subdistrict_secretary", "文峰街道"},
		"sim-city":                    {"city_secretary", "汾阳市"},
		"sim-department-gas_company":  {"department", "燃气公司"},
	} {
		if p := byOpenID[openid]; p.Org != want.org || !slices.Contains(p.Roles, want.role) {
			t.Errorf("%s: %+v, want %+v", openid, p, want)
		}
	}
	// The same openid signs in to the account and to the mini-program.
	for _, app := range []member.App{member.Account, member.MiniProgram} {
		p, err := s.Member.ByOpenID(ctx, app, "sim-resident-001", "")
		if err != nil || p.Name != people[0].Name || p.CompoundID == 0 {
			t.Errorf("%s: %+v %v", app, p, err)
		}
	}
}

func TestSeed_TwiceAndAtOnceMakesOneCity(t *testing.T) {
	ctx, s := context.Background(), newSample(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := s.Seed(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	before, err := s.People(ctx)
	if err != nil {
		t.Fatal(err)
	}
	root, err := s.Org.Root(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Seed(ctx); err != nil {
		t.Fatal(err)
	}
	after, err := s.People(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, after); d != "" {
		t.Error(d)
	}
	if again, err := s.Org.Root(ctx); err != nil || again != root {
		t.Errorf("the root was %+v and is %+v (%v)", root, again, err)
	}
	if n := count(t, s.DB, "org_units WHERE parent_id = 0"); n != 1 {
		t.Errorf("%d cities", n)
	}
}

func TestSeed_FailingHalfwayLeavesNothing(t *testing.T) {
	ctx, s := context.Background(), newSample(t)
	// The last rows to be written meet an openid that is taken.
	if _, err := s.Member.Add(ctx, member.Person{}, "sim-operator"); err != nil {
		t.Fatal(err)
	}
	if err := s.Seed(ctx); err == nil {
		t.Fatal("it said that all went well")
	}
	for from, want := range map[string]int{"org_units": 0, "compounds": 0, "posts": 0, "appointments": 0, "people": 1, "identities": 2} {
		if got := count(t, s.DB, from); got != want {
			t.Errorf("%s: %d rows, want %d", from, got, want)
		}
	}
}

func TestSeed_RefusesAFileItDoesNotUnderstand(t *testing.T) {
	s := newSample(t)
	good, err := config.FS.ReadFile("sample.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := config.FS.ReadFile("routing.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string]fstest.MapFS{
		"an unknown key": {"sample.yaml": {Data: append([]byte("mayor: 王\n"), good...)}, "routing.yaml": {Data: tree}},
		"a bad tree":     {"sample.yaml": {Data: good}, "routing.yaml": {Data: []byte("route: [\n")}},
		"no routing":     {"sample.yaml": {Data: good}},
	} {
		s.Files = files
		if err := s.Seed(context.Background()); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if n := count(t, s.DB, "org_units"); n != 0 {
		t.Errorf("%d units", n)
	}
}
