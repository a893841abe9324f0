package understand

import (
	"slices"
	"testing"
)

func TestExplain_TellsWordsAndWhatWasLearnt(t *testing.T) {
	found := newReader(t).Explain("3号楼2单元楼道灯坏了")
	words := slices.IndexFunc(found, func(e Evidence) bool {
		return !e.Learnt && e.Category == "lighting" && e.Points > 0 && e.Words[0] == "楼道灯"
	})
	learnt := slices.IndexFunc(found, func(e Evidence) bool { return e.Learnt && e.Category == "lighting" && e.Points > 0 })
	if words < 0 || learnt < 0 {
		t.Errorf("%+v", found)
	}
}

func TestSuggest_FindsWhatCorrectedSentencesShare(t *testing.T) {
	r := newReader(t)
	got := r.Suggest([]Correction{
		{"小区的喳喳鹕又来了", "animals"},
		{"喳喳鹕在阳台做窝，***", "animals"},
		{"蟑螂太多", "animals"},
		{"阳台上的喳喳木裂了", "building"},
		{"楼道灯坏了", "lighting"}, // is understood by now
		{"只说一次的嘎吱吱", "noise"},
	})
	if len(got) == 0 || got[0].Category != "animals" || got[0].Word != "喳喳鹕" || got[0].Times != 2 || len(got[0].Examples) != 2 {
		t.Errorf("%+v", got)
	}
	for _, s := range got {
		if s.Category == "noise" || s.Category == "lighting" {
			t.Errorf("%+v", s)
		}
	}
}
