package lists_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fenlin/internal/lists"
)

func rules(t testing.TB) *lists.Rules {
	t.Helper()
	text, err := os.ReadFile("../../config/lists.yaml")
	must(t, err)
	r, err := lists.LoadRules(text)
	must(t, err)
	return r
}

func TestFit_EachReasonGivesItsPointsAndSomeRuleOut(t *testing.T) {
	r := rules(t)
	need := lists.Wanted{ID: 1, Kind: "health", Title: "老人体检", WantedOn: "2026-12-31", Community: 7, Subdistrict: 3}
	for name, c := range map[string]struct {
		offered lists.Offered
		points  int
		reasons string
		ok      bool
	}{
		"all of it":            {lists.Offered{Kind: "health", Title: "上门体检", Communities: []int64{7}, Partners: []int64{7}, Subdistricts: []int64{3}}, 145, "same_kind paired chosen in_time subdistrict words", true},
		"of the kind alone":    {lists.Offered{Kind: "health", Title: "义诊"}, 75, "same_kind in_time", true},
		"another kind":         {lists.Offered{Kind: "law", Title: "法律咨询", Partners: []int64{7}}, 45, "paired in_time", false},
		"another, but a pair":  {lists.Offered{Kind: "people", Title: "体检陪护", Partners: []int64{7}, Subdistricts: []int64{3}}, 65, "paired in_time subdistrict words", true},
		"for others":           {lists.Offered{Kind: "health", Title: "上门体检", Communities: []int64{8}}, 0, "", false},
		"over already":         {lists.Offered{Kind: "health", Title: "上门体检", ToOn: "2026-11-22"}, 0, "", false},
		"there only too late":  {lists.Offered{Kind: "health", Title: "上门体检", FromOn: "2027-01-01"}, 0, "", false},
		"ends today, in time":  {lists.Offered{Kind: "health", Title: "上门服务", ToOn: "2026-11-23", FromOn: "2026-11-23"}, 75, "same_kind in_time", true},
		"words that are empty": {lists.Offered{Kind: "health", Title: "服务老年"}, 75, "same_kind in_time", true},
	} {
		got, ok := r.Fit(need, c.offered, "2026-11-23")
		var reasons []string
		for _, why := range got.Reasons {
			reasons = append(reasons, string(why))
		}
		if got.Points != c.points || strings.Join(reasons, " ") != c.reasons || ok != c.ok {
			t.Errorf("%s: %d %v %t", name, got.Points, reasons, ok)
		}
	}
}

// Whatever comes in whatever order: the same suggestions, the best first, each
// with the points of its reasons, none that Fit refuses, none left out that is better.
func TestSuggest_IsTheSameInAnyOrderAndTheBestFirst(t *testing.T) {
	r := rules(t)
	day := rapid.SampledFrom([]string{"", "2026-11-01", "2026-11-23", "2026-12-01", "2027-01-01"})
	kind := rapid.SampledFrom([]string{"health", "law", "place"})
	title := rapid.SampledFrom([]string{"老人体检", "上门体检", "法律咨询", "会议室", "社区服务"})
	ids := rapid.SliceOfN(rapid.Int64Range(1, 4), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		var needs []lists.Wanted
		var resources []lists.Offered
		for i := range rapid.IntRange(0, 6).Draw(t, "needs") {
			needs = append(needs, lists.Wanted{
				ID: int64(i + 1), Kind: kind.Draw(t, "kind"), Title: title.Draw(t, "title"), WantedOn: day.Draw(t, "on"),
				Community: rapid.Int64Range(1, 4).Draw(t, "community"), Subdistrict: rapid.Int64Range(1, 4).Draw(t, "subdistrict"),
			})
		}
		for i := range rapid.IntRange(0, 8).Draw(t, "resources") {
			resources = append(resources, lists.Offered{
				ID: int64(i + 1), Kind: kind.Draw(t, "kind"), Title: title.Draw(t, "title"), FromOn: day.Draw(t, "from"), ToOn: day.Draw(t, "to"),
				Communities: ids.Draw(t, "communities"), Partners: ids.Draw(t, "partners"), Subdistricts: ids.Draw(t, "subdistricts"),
			})
		}
		const today = "2026-11-23"
		found := r.Suggest(needs, resources, today)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		shuffledNeeds, shuffled := slices.Clone(needs), slices.Clone(resources)
		random.Shuffle(len(needs), func(i, j int) { shuffledNeeds[i], shuffledNeeds[j] = shuffledNeeds[j], shuffledNeeds[i] })
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if d := cmp.Diff(found, r.Suggest(shuffledNeeds, shuffled, today)); d != "" {
			t.Fatalf("in another order: %s", d)
		}
		given, least := map[string]bool{}, 0
		for i, c := range found {
			given[fmt.Sprint(c.Need, "-", c.Resource)], least = true, c.Points
			sum := 0
			for _, why := range c.Reasons {
				sum += r.Match.Points[why]
			}
			if sum != c.Points || sum < r.Match.Least || i > 0 && c.Points > found[i-1].Points {
				t.Fatalf("%+v after %+v", c, found[:i])
			}
		}
		for _, n := range needs {
			for _, o := range resources {
				c, ok := r.Fit(n, o, today)
				switch in := given[fmt.Sprint(n.ID, "-", o.ID)]; {
				case in && !ok:
					t.Fatalf("%+v is suggested", c)
				case !in && ok && (len(found) < r.Match.Most || c.Points > least):
					t.Fatalf("%+v is left out", c)
				}
				if o.Partners = append(slices.Clone(o.Partners), n.Community); ok {
					if paired, still := r.Fit(n, o, today); !still || paired.Points < c.Points {
						t.Fatalf("being paired makes %+v worse: %+v", c, paired)
					}
				}
			}
		}
	})
}

func TestMatches_AreOfWhatIsOpenWithReasons(t *testing.T) {
	h := newHall(t)
	n := h.need(t, nil)
	mine, others := h.resource(t, "hospital", nil), h.resource(t, "school", func(d *lists.ResourceDraft) { d.Title = ptr("校医义诊") })
	h.resource(t, "school", func(d *lists.ResourceDraft) { d.Kind, d.Title = ptr("place"), ptr("操场") })
	gone := h.resource(t, "school", nil)
	h.do(t, "school", lists.Resources, gone.ID, lists.Deed{Action: lists.Withdraw, Note: "用完了"})
	found, err := h.ForNeed(t.Context(), h.Actor("community"), n.ID)
	must(t, err)
	if len(found) != 2 || found[0].Resource.Item.ID != mine.ID || found[1].Resource.Item.ID != others.ID || found[0].Points <= found[1].Points || !slices.Contains(found[0].Reasons, lists.Paired) {
		t.Errorf("%+v", found)
	}
	back, err := h.ForResource(t.Context(), h.Actor("hospital"), mine.ID)
	must(t, err)
	if len(back) != 1 || back[0].Need.Item.ID != n.ID {
		t.Errorf("%+v", back)
	}
}

func TestRules_TheFileIsStrict(t *testing.T) {
	text, err := os.ReadFile("../../config/lists.yaml")
	must(t, err)
	for name, c := range map[string][2]string{
		"an unknown key":    {"answer_days: 14", "answer_day: 14"},
		"a kind twice":      {"code: people", "code: place"},
		"no name":           {"name: 双报到", "name: ''"},
		"an unknown reason": {"same_kind:", "same_mood:"},
		"points below 0":    {"same_kind: 60", "same_kind: -1"},
		"no days":           {"progress_days: 30", "progress_days: 0"},
	} {
		changed := strings.Replace(string(text), c[0], c[1], 1)
		if _, err := lists.LoadRules([]byte(changed)); changed == string(text) || err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if r, err := lists.LoadRules([]byte(string(text[:strings.Index(string(text), "agreement_items")]) + "agreement_items: []\n" + string(text[strings.Index(string(text), "answer_days"):]))); err != nil || len(r.Items) != 0 {
		t.Errorf("an empty dictionary: %v", err)
	}
}
