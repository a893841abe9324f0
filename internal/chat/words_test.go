package chat

import (
	"testing"
	"unicode/utf8"
)

// FuzzParse reads texts as people send them: each is taken apart, and never longer than it was.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "报事", " 查 FY261123-0001 ", "１２", "补充 还有一盏", "许个心愿 想借轮椅", "不满意，没修好", "提醒 8", "简报 关", "登录", "\u200b查\ufeff", "👍🏽", "FY261123－０００１", "\xff", "查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查查",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first := parse(text)
		if again := parse(text); again != first {
			t.Fatalf("%q is %+v and %+v", text, first, again)
		}
		if utf8.ValidString(text) && !utf8.ValidString(fold(text)) {
			t.Fatalf("%q is folded into what is no text", text)
		}
	})
}
