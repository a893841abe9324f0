package routing_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"fenlin/internal/calendar"
	"fenlin/internal/routing"
)

func city(t testing.TB) *routing.Tree {
	t.Helper()
	return load(t, read(t, "../../config/routing.yaml"))
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func load(t testing.TB, text string) *routing.Tree {
	t.Helper()
	tree, err := routing.Load([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// The units of the place in tests: a compound and what stands above it.
const (
	group, compound, community, subdistrict, cityUnit, company = 1, 2, 3, 4, 5, 6
)

// fuxinyuan is building 3 of a self-run compound with every post but a company's filled.
func fuxinyuan(category string, vacant ...int64) *routing.Facts {
	f := &routing.Facts{
		Category: category, Kind: "self_run", Building: "3",
		Orgs: []int64{compound, community, subdistrict, cityUnit}, OrgCodes: []string{"fxy", "c1", "s1", "fy"},
		Posts: []routing.Post{
			{ID: 16, Role: "department", Org: 70, Department: "gas_company", Title: "汾阳市燃气公司"},
			{ID: 15, Role: routing.CitySecretary, Org: cityUnit, Title: "汾阳市委社会工作部"},
			{ID: 14, Role: routing.SubdistrictSecretary, Org: subdistrict, Title: "文峰街道党工委书记"},
			{ID: 13, Role: routing.CommunitySecretary, Org: community, Title: "东关社区党委书记"},
			{ID: 17, Role: routing.GridWorker, Org: community},
			{ID: 12, Role: routing.BranchSecretary, Org: compound, Title: "福馨苑小区党支部书记"},
			{ID: 11, Role: routing.GroupLeader, Org: group},
			{ID: 10, Role: "clerk", Org: cityUnit},
		},
	}
	for i := range f.Posts {
		f.Posts[i].Filled = !slices.Contains(vacant, f.Posts[i].ID)
	}
	return f
}

func decide(tree *routing.Tree, f *routing.Facts) *routing.Decision {
	var d routing.Decision
	tree.Decide(f, &d)
	return &d
}

func posts(list []routing.Assignment) []int64 {
	ids := []int64{}
	for _, a := range list {
		ids = append(ids, a.Post)
	}
	return ids
}

func TestCityCases(t *testing.T) {
	for _, f := range routing.Test(city(t), []byte(read(t, "../../config/routing_test.yaml"))) {
		t.Error("config/routing_test.yaml: " + f.String())
	}
}

func TestCityCases_HoldEveryCategoryKindAndEmergency(t *testing.T) {
	var cases []struct {
		Facts struct{ Category, Kind, Emergency yaml.Node }
	}
	if err := yaml.Unmarshal([]byte(read(t, "../../config/routing_test.yaml")), &cases); err != nil {
		t.Fatal(err)
	}
	values := func(n yaml.Node) []string {
		if n.Kind == yaml.ScalarNode || n.Line == 0 {
			return []string{n.Value}
		}
		var out []string
		for _, c := range n.Content {
			out = append(out, c.Value)
		}
		return out
	}
	held := map[string]bool{}
	for _, c := range cases {
		for _, category := range values(c.Facts.Category) {
			for _, kind := range values(c.Facts.Kind) {
				for _, emergency := range values(c.Facts.Emergency) {
					held[fmt.Sprint(category, " ", kind, " ", emergency == "true")] = true
				}
			}
		}
	}
	for _, category := range words {
		for _, kind := range []string{"managed", "self_run", "unmanaged"} {
			for _, emergency := range []bool{true, false} {
				if what := fmt.Sprint(category, " ", kind, " ", emergency); category != "unknown" && !held[what] {
					t.Errorf("no case for %s", what)
				}
			}
		}
	}
}

// With nobody left but the city's secretary, whatever happens wherever is the city's.
func TestDecide_TheCitysDeskAloneTakesEverything(t *testing.T) {
	tree := city(t)
	facts := anyFacts(tree.Departments())
	rapid.Check(t, func(t *rapid.T) {
		f := facts.Draw(t, "facts")
		f.Category = rapid.OneOf(rapid.SampledFrom(words), rapid.String()).Draw(t, "any category")
		f.Kind = rapid.OneOf(rapid.SampledFrom([]string{"managed", "self_run", "unmanaged", ""}), rapid.String()).Draw(t, "any kind")
		f.Building = rapid.String().Draw(t, "any building")
		for i := range f.Posts {
			f.Posts[i].Filled = false
		}
		f.Posts = append(f.Posts, routing.Post{ID: 5000, Role: routing.CitySecretary, Org: cityUnit, Filled: true})
		if d := decide(tree, &f); d.Lead.Post != 5000 || len(d.Co())+len(d.Watchers()) != 0 {
			t.Fatalf("%+v", d.Lead)
		}
	})
}

func TestCity_LightOfFuxinyuanLandsWithTheBranch(t *testing.T) {
	d := decide(city(t), fuxinyuan("lighting"))
	if d.Lead.Post != 12 || d.Fell() || d.Grade != "7d" {
		t.Errorf("lead %+v, grade %s", d.Lead, d.Grade)
	}
	if want := "按「小区设施」规则派单：由福馨苑小区党支部书记牵头"; d.Reason() != want {
		t.Errorf("reason %q, want %q", d.Reason(), want)
	}
}

func TestCity_AllDepartmentsHaveADistinctName(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range city(t).Departments() {
		if d.Name == "" || seen[d.Name] {
			t.Errorf("department %s is called %q", d.Code, d.Name)
		}
		seen[d.Name] = true
	}
}

const ladders = `
grades: [{code: 7d, respond: 1d, finish: 7d}]
departments: [{code: gas_company, name: 燃气公司}]
route:
  lead: branch_secretary
  grade: 7d
  children:
    - {name: 党小组, category: lighting, lead: group_leader}
    - {name: 物业, category: greening, lead: property_manager}
    - {name: 燃气, category: gas, lead: "department:gas_company"}
    - {name: 网格, category: care, lead: grid_worker}
`

func TestVacancies_FallUpward(t *testing.T) {
	tree := load(t, ladders)
	for _, tc := range []struct {
		name, category string
		vacant         []int64
		lead           int64
		reason         string
	}{
		{"group leader", "lighting", []int64{11}, 12, "按「党小组」规则派单：3号楼党小组长空缺，改派福馨苑小区党支部书记牵头"},
		{"group leader and branch", "lighting", []int64{11, 12}, 13, "按「党小组」规则派单：3号楼党小组长、福馨苑小区党支部书记空缺，改派东关社区党委书记牵头"},
		{"up to the subdistrict", "lighting", []int64{11, 12, 13}, 14, "按「党小组」规则派单：3号楼党小组长、福馨苑小区党支部书记、东关社区党委书记空缺，改派文峰街道党工委书记牵头"},
		{"up to the city", "lighting", []int64{11, 12, 13, 14}, 15, "按「党小组」规则派单：3号楼党小组长、福馨苑小区党支部书记、东关社区党委书记等岗位空缺，改派汾阳市委社会工作部牵头"},
		{"no company at all", "greening", nil, 12, "按「物业」规则派单：物业经理空缺，改派福馨苑小区党支部书记牵头"},
		{"department", "gas", []int64{16}, 15, "按「燃气」规则派单：汾阳市燃气公司空缺，改派汾阳市委社会工作部牵头"},
		{"department and city", "gas", []int64{16, 15}, 14, "按「燃气」规则派单：汾阳市燃气公司、汾阳市委社会工作部空缺，改派文峰街道党工委书记牵头"},
		{"grid worker", "care", []int64{17}, 13, "按「网格」规则派单：网格员空缺，改派东关社区党委书记牵头"},
		{"back down when the top is empty", "other", []int64{12, 13, 14, 15}, 17, "按通用规则派单：福馨苑小区党支部书记、东关社区党委书记、文峰街道党工委书记等岗位空缺，改派网格员牵头"},
		{"only a group leader", "other", []int64{12, 13, 14, 15, 16, 17}, 11, "按通用规则派单：福馨苑小区党支部书记、东关社区党委书记、文峰街道党工委书记等岗位空缺，改派3号楼党小组长牵头"},
		{"only a department", "other", []int64{11, 12, 13, 14, 15, 17}, 16, "按通用规则派单：福馨苑小区党支部书记、东关社区党委书记、文峰街道党工委书记等岗位空缺，改派汾阳市燃气公司牵头"},
		{"nobody but a clerk", "other", []int64{11, 12, 13, 14, 15, 16, 17}, 0, "按通用规则派单：福馨苑小区党支部书记、东关社区党委书记、文峰街道党工委书记等岗位空缺，没有可以接单的岗位，请检查组织台账"},
		{"nothing vacant", "lighting", nil, 11, "按「党小组」规则派单：由3号楼党小组长牵头"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := decide(tree, fuxinyuan(tc.category, tc.vacant...))
			if d.Lead.Post != tc.lead {
				t.Errorf("lead %d, want %d", d.Lead.Post, tc.lead)
			}
			if d.Reason() != tc.reason {
				t.Errorf("reason\n %s, want\n %s", d.Reason(), tc.reason)
			}
		})
	}
}

func TestReason_NamesTheBuildingAsPeopleDo(t *testing.T) {
	tree := load(t, ladders)
	for building, want := range map[string]string{
		"3": "3号楼党小组长", "3号楼": "3号楼党小组长", "A栋": "A栋党小组长", "": "楼栋党小组长",
	} {
		f := fuxinyuan("lighting", 11)
		f.Building = building
		if got, want := decide(tree, f).Reason(), "按「党小组」规则派单："+want+"空缺，改派福馨苑小区党支部书记牵头"; got != want {
			t.Errorf("building %q: %s", building, got)
		}
	}
}

func TestDecide_TakesTheNearestPostOfARole(t *testing.T) {
	tree := load(t, ladders)
	f := fuxinyuan("care")
	f.Posts = append(f.Posts, routing.Post{ID: 90, Role: routing.GridWorker, Org: compound, Filled: true}, routing.Post{ID: 91, Role: routing.GridWorker, Org: compound, Filled: true})
	if d := decide(tree, f); d.Lead.Post != 90 {
		t.Errorf("lead %d, want the compound's own grid worker with the lower id", d.Lead.Post)
	}
}

const inherits = `
grades: [{code: 2h, respond: 15m, finish: 2h}, {code: 24h, respond: 2h, finish: 24h}, {code: 7d, respond: 1d, finish: 7d}]
departments: [{code: gas_company, name: 燃气公司}]
route:
  lead: branch_secretary
  co: [group_leader]
  watchers: [community_secretary]
  grade: 7d
  children:
    - {name: 急, emergency: true, continue: true, grade: 2h, co: [grid_worker], watchers: [subdistrict_secretary, branch_secretary]}
    - {name: 福馨苑, org: fxy, continue: true, watchers: city_secretary}
    - {name: 缓, category: [gas, noise], continue: true, grade: 7d}
    - name: 燃气
      category: gas
      lead: "department:gas_company"
      grade: 24h
      children:
        - {name: 自办, kind: self_run, co: [], children: [{name: 夜里, emergency: true, watchers: [grid_worker]}]}
        - {name: 其他, co: [branch_secretary]}
    - {name: 街道, org: ["4"], lead: subdistrict_secretary}
    - {name: 最后, lead: city_secretary}
`

func TestDecide_InheritsAndContinues(t *testing.T) {
	tree := load(t, inherits)
	type want struct {
		Rule, Grade  string
		Lead         int64
		Co, Watchers []int64
	}
	for _, tc := range []struct {
		name string
		edit func(f *routing.Facts)
		want want
	}{
		{
			"a child sets its lead, the rest is the root's", func(f *routing.Facts) { f.OrgCodes = nil },
			want{"root/街道", "7d", 14, []int64{11}, []int64{13}},
		},
		{
			"a rule that continues adds its watchers", func(*routing.Facts) {},
			want{"root/街道", "7d", 14, []int64{11}, []int64{13, 15}},
		},
		{
			"and its stricter grade; the lead is not told again", func(f *routing.Facts) { f.Emergency = true },
			want{"root/街道", "2h", 14, []int64{11, 17}, []int64{13, 12, 15}},
		},
		{
			"a slacker grade does not count; an empty list means none", func(f *routing.Facts) { f.Category = "gas" },
			want{"root/燃气/自办", "24h", 16, []int64{}, []int64{13, 15}},
		},
		{
			"a grandchild inherits the empty list; who handles is not told twice", func(f *routing.Facts) { f.Category, f.Emergency = "gas", true },
			want{"root/燃气/自办/夜里", "2h", 16, []int64{17}, []int64{14, 12, 15}},
		},
		{
			"the catch-all among children comes last", func(f *routing.Facts) { f.Category, f.Kind = "gas", "managed" },
			want{"root/燃气/其他", "24h", 16, []int64{12}, []int64{13, 15}},
		},
		{
			"a place elsewhere", func(f *routing.Facts) { f.Orgs, f.OrgCodes = []int64{compound, 33, 44, 55}, []string{"other"} },
			want{"root/最后", "7d", 15, []int64{11}, []int64{13}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := fuxinyuan("lighting")
			tc.edit(f)
			d := decide(tree, f)
			got := want{d.Rule, d.Grade, d.Lead.Post, posts(d.Co()), posts(d.Watchers())}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecide_NoChildMatchingFallsToTheParent(t *testing.T) {
	tree := load(t, `
grades: [{code: 7d, respond: 1d, finish: 7d}]
route:
  lead: branch_secretary
  grade: 7d
  children:
    - {name: 照明, category: lighting, lead: community_secretary, children: [{name: 急, emergency: true, lead: city_secretary}]}
`)
	if d := decide(tree, fuxinyuan("lighting")); d.Rule != "root/照明" || d.Lead.Post != 13 {
		t.Errorf("decided by %s for %d", d.Rule, d.Lead.Post)
	}
	if d := decide(tree, fuxinyuan("a category of tomorrow")); d.Rule != "root" || d.Lead.Post != 12 {
		t.Errorf("decided by %s for %d", d.Rule, d.Lead.Post)
	}
}

func TestExplain_TellsWhatDecideDoes(t *testing.T) {
	tree := load(t, inherits)
	f := fuxinyuan("gas", 17)
	called := func(c string) string {
		return map[string]string{"gas": "燃气", "care": "关爱帮扶", "lighting": "公共照明"}[c]
	}
	said := func(f *routing.Facts) []string {
		e := tree.Explain(f, called)
		var out []string
		for _, s := range slices.Concat(e.Tried, []routing.Step{{Rule: e.Rule, Matched: e.Lead.Post != 0, Note: e.Reason()}}, e.Beside) {
			out = append(out, fmt.Sprint(s.Rule, " ", s.Matched, " ", s.Note))
		}
		return out
	}
	want := []string{
		"root true 所有事项都适用",
		"root/急 false 只管紧急事项",
		"root/福馨苑 true 在规则所列的单位之内；附加协办和知会后，继续看下一条",
		"root/缓 true 类别「燃气」相符；附加协办和知会后，继续看下一条",
		"root/燃气 true 类别「燃气」相符",
		"root/燃气/自办 true 小区类型「自办物业」相符",
		"root/燃气/自办/夜里 false 只管紧急事项",
		"root/燃气/自办 true 按「燃气·自办」规则派单：由汾阳市燃气公司牵头",
		"root/燃气/自办 true 知会社区党组织书记：东关社区党委书记",
		"root/福馨苑 true 知会市委社会工作部：汾阳市委社会工作部",
	}
	if diff := cmp.Diff(want, said(f)); diff != "" {
		t.Error(diff)
	}
	f = fuxinyuan("care", 17)
	f.Emergency, f.Kind, f.OrgCodes, f.Orgs = true, "unmanaged", nil, nil
	for _, line := range []string{"root/急 false 协办网格员：空缺，略过", "root/燃气 false 只管类别「燃气」，本单是「关爱帮扶」", "root/福馨苑 false 不在规则所列的单位之内"} {
		if !slices.Contains(said(f), line) {
			t.Errorf("no %q in %v", line, said(f))
		}
	}
}

// Whatever the facts are, the explanation is of the decision that was made, and
// the rules that matched lead to it.
func TestExplain_IsOfTheDecisionMade(t *testing.T) {
	tree := city(t)
	facts := anyFacts(tree.Departments())
	rapid.Check(t, func(t *rapid.T) {
		f := facts.Draw(t, "facts")
		e := tree.Explain(&f, nil)
		if d := decide(tree, &f); *d != e.Decision {
			t.Fatalf("%+v\n%+v", *d, e.Decision)
		}
		last := ""
		for _, s := range e.Tried {
			if s.Note == "" || s.Name == "" {
				t.Fatalf("nothing is said of %s", s.Rule)
			}
			if s.Matched && !strings.HasSuffix(s.Note, "继续看下一条") {
				last = s.Rule
			}
		}
		if last != e.Rule {
			t.Fatalf("the last that matched is %s, decided by %s", last, e.Rule)
		}
		if e.Fell() != (len(e.Vacant()) > 0) {
			t.Fatalf("fell %v past %v", e.Fell(), e.Vacant())
		}
	})
}

func TestBuilding_IsMatchedHoweverItIsWritten(t *testing.T) {
	tree := load(t, `
grades: [{code: 7d, respond: 1d, finish: 7d}]
route:
  lead: branch_secretary
  grade: 7d
  children:
    - {name: 前院, org: fxy, building: ["1号楼", 3], lead: group_leader, children: [{name: 一号, building: "1", lead: grid_worker}]}
`)
	for building, want := range map[string]string{"3": "root/前院", "3号楼": "root/前院", "1栋": "root/前院/一号", "2": "root", "13": "root", "": "root"} {
		f := fuxinyuan("lighting")
		f.Building = building
		if d := decide(tree, f); d.Rule != want {
			t.Errorf("building %q: %s", building, d.Rule)
		}
	}
}

func TestGroups_StandForTheirPosts(t *testing.T) {
	tree := load(t, `
grades: [{code: 7d, respond: 1d, finish: 7d}]
groups:
  - {name: 全链条, posts: [branch_secretary, group:上级]}
  - {name: 上级, posts: [community_secretary, subdistrict_secretary]}
route:
  lead: grid_worker
  watchers: [group:上级]
  grade: 7d
  children:
    - {name: 灯, category: lighting, co: [group_leader, subdistrict_secretary, group:全链条], watchers: []}
`)
	if d := decide(tree, fuxinyuan("other")); !slices.Equal(posts(d.Watchers()), []int64{13, 14}) {
		t.Errorf("watchers %v", posts(d.Watchers()))
	}
	if d := decide(tree, fuxinyuan("lighting")); !slices.Equal(posts(d.Co()), []int64{11, 14, 12, 13}) {
		t.Errorf("co-handlers %v", posts(d.Co()))
	}
}

func TestDisputes_HaveALimitInWorkingTime(t *testing.T) {
	c, err := calendar.New([]byte(read(t, "../../config/calendar.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 11, 20, 16, 0, 0, 0, c.Location()) // a Friday
	for text, want := range map[string]string{
		"": "2026-11-23 16:00/3",
		"disputes: {decide: 2d, working: true, final: 2}\n": "2026-11-24 16:00/2",
		"disputes: {decide: 8h, final: 1}\n":                "2026-11-21 00:00/1",
	} {
		d := load(t, text+ladders).Disputes()
		if got := fmt.Sprintf("%s/%d", d.By(c, from).Format("2006-01-02 15:04"), d.Final); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestGrade_Due(t *testing.T) {
	c, err := calendar.New([]byte(read(t, "../../config/calendar.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	tree := city(t)
	for _, tc := range []struct{ grade, from, respond, finish string }{
		{"2h", "2026-11-21 23:00", "2026-11-21 23:15", "2026-11-22 01:00"},
		{"24h", "2026-11-21 23:00", "2026-11-22 01:00", "2026-11-22 23:00"},
		{"7d", "2026-11-20 16:00", "2026-11-23 16:00", "2026-12-01 16:00"},
		{"7d", "2026-11-21 10:00", "2026-11-23 18:00", "2026-12-01 18:00"},  // Saturday: from Monday morning
		{"7d", "2026-02-13 16:00", "2026-02-14 16:00", "2026-03-02 16:00"},  // two make-up days and Spring Festival
		{"15d", "2026-09-18 09:00", "2026-09-20 09:00", "2026-10-15 09:00"}, // Mid-Autumn and National Day
	} {
		g, ok := tree.Grade(tc.grade)
		if !ok {
			t.Fatalf("no grade %s", tc.grade)
		}
		from, err := time.ParseInLocation("2006-01-02 15:04", tc.from, c.Location())
		if err != nil {
			t.Fatal(err)
		}
		respond, finish := g.Due(c, from)
		if r, f := respond.Format("2006-01-02 15:04"), finish.Format("2006-01-02 15:04"); r != tc.respond || f != tc.finish {
			t.Errorf("%s from %s: respond %s, finish %s; want %s, %s", tc.grade, tc.from, r, f, tc.respond, tc.finish)
		}
	}
	if _, ok := tree.Grade("9d"); ok {
		t.Error("there is no grade 9d")
	}
}

var (
	roles = []string{
		routing.GroupLeader, routing.GridWorker, routing.PropertyManager, routing.BranchSecretary, routing.CommunitySecretary,
		routing.SubdistrictSecretary, routing.CitySecretary, "department",
	}
	words = []string{
		"lighting", "elevator", "water", "drainage", "power", "gas", "heating", "building", "access", "fire", "parking", "sanitation", "greening",
		"noise", "animals", "encroachment", "security", "road", "amenities", "property_service", "neighbour", "care", "advice", "other", "unknown",
	}
)

// anyFacts draws posts of any role anywhere, filled or not.
func anyFacts(departments []routing.Department) *rapid.Generator[routing.Facts] {
	post := rapid.Custom(func(t *rapid.T) routing.Post {
		p := routing.Post{
			ID: rapid.Int64Range(1, 1000).Draw(t, "id"), Role: rapid.SampledFrom(append(roles, "clerk", "resident")).Draw(t, "role"),
			Org: rapid.Int64Range(1, company).Draw(t, "org"), Filled: rapid.Bool().Draw(t, "filled"),
		}
		if p.Role == "department" {
			p.Department = rapid.SampledFrom(departments).Draw(t, "department").Code
		}
		return p
	})
	return rapid.Custom(func(t *rapid.T) routing.Facts {
		return routing.Facts{
			Category: rapid.SampledFrom(words).Draw(t, "category"), Kind: rapid.SampledFrom([]string{"managed", "self_run", "unmanaged", ""}).Draw(t, "kind"),
			Emergency: rapid.Bool().Draw(t, "emergency"), Building: rapid.SampledFrom([]string{"", "3", "A栋"}).Draw(t, "building"),
			Orgs:  []int64{compound, community, subdistrict, cityUnit},
			Posts: rapid.SliceOfNDistinct(post, 0, 30, func(p routing.Post) int64 { return p.ID }).Draw(t, "posts"),
		}
	})
}

func TestDecide_AlwaysLandsOnAFilledPost(t *testing.T) {
	tree := city(t)
	facts := anyFacts(tree.Departments())
	rapid.Check(t, func(t *rapid.T) {
		f := facts.Draw(t, "facts")
		d := decide(tree, &f)
		filled, able := map[int64]bool{}, false
		for _, p := range f.Posts {
			filled[p.ID] = p.Filled && slices.Contains(roles, p.Role)
			able = able || filled[p.ID]
		}
		if able != (d.Lead.Post != 0) {
			t.Fatalf("somebody can handle it: %v, lead %+v", able, d.Lead)
		}
		seen := map[int64]bool{}
		for _, a := range slices.Concat([]routing.Assignment{d.Lead}, d.Co(), d.Watchers()) {
			if seen[a.Post] {
				t.Fatalf("post %d appears twice", a.Post)
			}
			if a.Post != 0 && !filled[a.Post] {
				t.Fatalf("post %d is vacant or handles nothing", a.Post)
			}
			seen[a.Post] = true
		}
		if _, ok := tree.Grade(d.Grade); !ok || d.Reason() == "" {
			t.Fatalf("grade %q, reason %q", d.Grade, d.Reason())
		}
		if f.Emergency && d.Grade != "2h" {
			t.Fatalf("an emergency of grade %s", d.Grade)
		}
		if f.Category == "property_service" && d.Lead.Role == routing.PropertyManager {
			for _, p := range f.Posts {
				if filled[p.ID] && p.Role != routing.PropertyManager && p.Role != "department" {
					t.Fatalf("the company leads its own complaint although %s could", p.Role)
				}
			}
		}
	})
}

func TestDecide_EmergencyTellsTheWholeChain(t *testing.T) {
	tree := city(t)
	facts := anyFacts(tree.Departments())
	chain := []string{routing.BranchSecretary, routing.CommunitySecretary, routing.SubdistrictSecretary, routing.CitySecretary}
	rapid.Check(t, func(t *rapid.T) {
		f := facts.Draw(t, "facts")
		f.Emergency = true
		d := decide(tree, &f)
		told := map[string]bool{}
		for _, a := range slices.Concat([]routing.Assignment{d.Lead}, d.Co(), d.Watchers()) {
			told[a.Role] = true
		}
		for _, p := range f.Posts {
			if p.Filled && slices.Contains(chain, p.Role) && !told[p.Role] {
				t.Fatalf("%s is filled but is not told", p.Role)
			}
		}
	})
}

func TestDecide_DependsOnTheFactsAlone(t *testing.T) {
	tree := city(t)
	facts := anyFacts(tree.Departments())
	rapid.Check(t, func(t *rapid.T) {
		f := facts.Draw(t, "facts")
		first := *decide(tree, &f)
		f.Posts = rapid.Permutation(f.Posts).Draw(t, "order")
		again := decide(tree, &f) // into another decision, posts in another order
		tree.Decide(&f, again)    // and into a used one
		if first != *again {
			t.Fatalf("%+v\n%+v", first, *again)
		}
	})
}

func TestDecide_AllocatesNothing(t *testing.T) {
	tree, f := city(t), busy()
	var d routing.Decision
	if n := testing.AllocsPerRun(100, func() { tree.Decide(f, &d) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// busy is a gas leak in a city with every department: the longest way through the tree.
func busy() *routing.Facts {
	f := fuxinyuan("gas")
	f.Emergency = true
	for i, code := range []string{
		"water_company", "power_company", "heating_company", "fire_brigade", "public_security", "traffic_police",
		"urban_management", "housing_bureau", "market_regulation", "health_bureau", "civil_affairs",
	} {
		f.Posts = append(f.Posts, routing.Post{ID: int64(100 + i), Role: "department", Org: int64(71 + i), Department: code, Filled: true})
	}
	return f
}

func BenchmarkDecide(b *testing.B) {
	tree := city(b)
	fallen := busy()
	fallen.Category = "advice" // the last rule, and all its ladder vacant
	for i := range fallen.Posts {
		fallen.Posts[i].Filled = fallen.Posts[i].Role == "department"
	}
	for _, tc := range []struct {
		name  string
		facts *routing.Facts
	}{{"lighting", fuxinyuan("lighting")}, {"gas leak", busy()}, {"all vacant", fallen}} {
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			var d routing.Decision
			for b.Loop() {
				tree.Decide(tc.facts, &d)
			}
		})
	}
}
