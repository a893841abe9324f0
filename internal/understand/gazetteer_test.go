package understand

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// somePlaces are 210 compounds, as many as the city has.
func somePlaces() []Place {
	places := []Place{
		{ID: 1, Name: "福馨苑小区", Aliases: []string{"福馨家园"}},
		{ID: 2, Name: "昌瑞绿洲小区"},
		{ID: 3, Name: "安泰苑小区"},
		{ID: 4, Name: "电力小区", Aliases: []string{"电业局宿舍"}},
		{ID: 5, Name: "安泰苑二期"},
	}
	first, last := []rune("金玉华丽凤凰盛世康乐文峰杏林汾酒"), []string{"庭", "湾里", "名邸", "佳园", "府邸", "新城", "公馆", "雅居", "景苑", "锦绣", "学府", "御景", "新村"}
	for i := 0; len(places) < 210; i++ {
		name := string(first[i%len(first)]) + string(first[(i/len(first)+i+1)%len(first)]) + last[i%len(last)]
		places = append(places, Place{ID: int64(len(places) + 1), Name: name + "小区"})
	}
	return places
}

func TestFind(t *testing.T) {
	g := NewGazetteer(somePlaces())
	for _, c := range []struct {
		text string
		want int64 // 0 for none that is sure
		sure bool
	}{
		{"福馨苑小区3号楼2单元楼道灯坏了", 1, true},
		{"福馨苑3号楼2单元楼道灯坏了", 1, true},
		{"我家在福馨家园，停水了", 1, true},
		{"昌瑞绿洲停电了", 2, true},
		{"安泰苑二期5号楼", 5, true},
		{"安泰苑5号楼", 3, true},
		{"福欣苑3号楼灯坏了", 1, true},
		{"福新园小区没水", 1, true},
		{"富鑫苑停电", 1, true},
		{"昌瑞绿州没电了", 2, true},
		{"昌端绿洲5号楼没电", 2, true},
		{"福苑馨3号楼", 1, false},
		{"fuxinyuan 3号楼灯坏了", 1, true},
		{"电力小区没水", 4, true},
		{"电力公司说明天来", 0, false},
		{"楼道灯坏了", 0, false},
		{"家里没水了，自来水公司电话多少", 0, false},
	} {
		got := g.Find(c.text)
		switch {
		case c.want == 0 && len(got) > 0 && got[0].Confidence >= Sure:
			t.Errorf("%s: got %v, want none sure", c.text, got)
		case c.want != 0 && (len(got) == 0 || got[0].ID != c.want):
			t.Errorf("%s: got %v, want %d", c.text, got, c.want)
		case c.sure && got[0].Confidence < Sure:
			t.Errorf("%s: got %v, want it sure", c.text, got)
		}
	}
}

func TestSearch(t *testing.T) {
	g := NewGazetteer(somePlaces())
	for query, want := range map[string]int64{
		"福馨苑小区": 1, "福馨": 1, "馨苑": 1, "福馨家园": 1, "福鑫苑": 1, "fuxin": 1, "fxy": 1, "绿洲": 2, "昌瑞": 2, "changruilvzhou": 2, "crlz": 2, "安泰苑": 3, "电力": 4, "我住福馨苑": 1,
	} {
		if got := g.Search(query); len(got) == 0 || got[0].ID != want {
			t.Errorf("%s: got %v, want %d first", query, got, want)
		}
	}
	for _, query := range []string{"", "   ", "！！", "不存在的地方名字"} {
		if got := g.Search(query); len(got) > 0 && got[0].Confidence >= Sure {
			t.Errorf("%q: got %v, want none sure", query, got)
		}
	}
}

func TestFind_EveryFullNameIsFoundInItsSentence(t *testing.T) {
	places := somePlaces()
	g := NewGazetteer(places)
	rapid.Check(t, func(t *rapid.T) {
		p := places[rapid.IntRange(0, len(places)-1).Draw(t, "place")]
		text := rapid.SampledFrom([]string{"", "你好，", "我在"}).Draw(t, "before") + p.Name + fmt.Sprintf("%d号楼灯坏了", rapid.IntRange(1, 30).Draw(t, "n"))
		for _, got := range g.Find(text) {
			if got.Name == p.Name && got.Confidence >= Sure {
				return
			}
		}
		t.Fatalf("%s: got %v", text, g.Find(text))
	})
}

func TestRead_ANameDoesNotSpeakOfItsWords(t *testing.T) {
	r, g := newReader(t), NewGazetteer([]Place{{ID: 1, Name: "绿化小区"}, {ID: 2, Name: "暖气厂宿舍"}})
	got := r.Read("暖气厂宿舍3号楼电梯坏了", g)
	if got.Guesses[0].Code != "elevator" || len(got.Compounds) != 1 || got.Compounds[0].ID != 2 || got.Building != "3" {
		t.Errorf("got %+v", got)
	}
}

func TestNewGazetteer_MayBeEmpty(t *testing.T) {
	g := NewGazetteer(nil)
	if got := g.Find("福馨苑3号楼"); got != nil {
		t.Errorf("got %v", got)
	}
	if got := g.Search("福馨苑"); got != nil {
		t.Errorf("got %v", got)
	}
}
