package understand

import (
	"os"
	"strings"
	"testing"
)

const smallRules = `clear: {confidence: 0.6, score: 4}
advice: 拨打 110
categories:
  - code: lighting
    name: 公共照明
    words:
      9: [路灯]
  - {code: other, name: 其他}
`

func TestNew_RefusesBadRulesNamingTheLine(t *testing.T) {
	for _, c := range []struct{ what, rules, want string }{
		{"nothing", "", "empty"},
		{"unknown key", smallRules + "colour: red\n", "line 9"},
		{"unknown key inside", strings.Replace(smallRules, "name: 公共照明", "nom: 公共照明", 1), "line 5"},
		{"unknown mark", smallRules + "marks:\n  sad: [呜呜]\n", "line 10"},
		{"unknown group", smallRules + "shields: [$none]\n", "line 9"},
		{"empty word", smallRules + "shields: ['']\n", "line 9"},
		{"word twice", strings.Replace(smallRules, "[路灯]", "[路灯, 路灯]", 1), "line 7"},
		{"list in a word", smallRules + "shields: [[a]]\n", "line 9"},
		{"category twice", smallRules + "  - {code: lighting, name: 灯}\n", "line 9"},
		{"near without b", smallRules + "dangers:\n  - {code: fire, advice: 跑, near: [{a: [火]}]}\n", "line 10"},
		{"danger without advice", smallRules + "dangers:\n  - {code: fire, words: [火]}\n", "line 10"},
		{"danger of no category", smallRules + "dangers:\n  - {code: fire, category: fires, advice: 跑, words: [火]}\n", "no known category"},
		{"no other", strings.Replace(smallRules, "other", "others", 1), "other"},
		{"not a list", "categories: 3\n", "line 1"},
	} {
		_, err := New([]byte(c.rules))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.what, err, c.want)
		}
	}
	if _, err := New([]byte(smallRules)); err != nil {
		t.Errorf("good rules: %v", err)
	}
}

func TestCategories_AreTheCitys24(t *testing.T) {
	want := strings.Fields("lighting elevator water drainage power gas heating building access fire parking sanitation greening noise animals encroachment security road amenities property_service neighbour care advice other")
	r := newReader(t)
	got := r.Categories()
	if len(got) != len(want) {
		t.Fatalf("%d categories, want %d", len(got), len(want))
	}
	for i, c := range got {
		if c.Code != want[i] || c.Name == "" {
			t.Errorf("category %d is %v, want %s", i, c, want[i])
		}
	}
	if c, ok := r.Category("gas"); !ok || c.Name != "燃气" {
		t.Errorf("gas is %v, %v", c, ok)
	}
	if _, ok := r.Category("none"); ok {
		t.Error("a category none exists")
	}
}

func TestAdvice_NamesANumberToCall(t *testing.T) {
	r := newReader(t)
	for _, d := range r.dangers {
		if a := r.Advice(d.code); !strings.Contains(a, "11") && !strings.Contains(a, "12") {
			t.Errorf("%s: %q names no number", d.code, a)
		}
	}
	if r.Advice("none") == "" {
		t.Error("no advice for an unknown danger")
	}
}

func TestRules_AreReadAlikeEveryTime(t *testing.T) {
	rules, err := os.ReadFile("../../config/understand.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(rules)
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range readLabelled(t, "utterances-dev.tsv") {
		x, y := a.Read(row.Text, nil), b.Read(row.Text, nil)
		if x.Guesses[0] != y.Guesses[0] || x.Danger != y.Danger || strings.Join(x.Words, "|") != strings.Join(y.Words, "|") {
			t.Errorf("%s: %+v and %+v", row.Text, x, y)
		}
	}
}
