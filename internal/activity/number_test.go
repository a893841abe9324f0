package activity_test

import (
	"testing"

	"fenlin/internal/activity"
)

// FuzzReadNumber reads numbers of certificates as people copy them from paper.
func FuzzReadNumber(f *testing.F) {
	for _, typed := range []string{"FYZM2026-0000000055", "fyzm 2026 0000000055", "ＦＹＺＭ２０２６－００", "", "FYZM9999-99999999999999999999", "\xff", "FYZM2026-000000005X"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		number, ok := activity.ReadNumber(typed)
		if !ok {
			return
		}
		if again, still := activity.ReadNumber(number); !still || again != number {
			t.Fatalf("%q is %q, which is %q", typed, number, again)
		}
	})
}

// FuzzParseReviewCursor reads what a client says where a page ended.
func FuzzParseReviewCursor(f *testing.F) {
	for _, text := range []string{"", "1.2", "1-2-3", "9223372036854775808.1", "-1.-1", "x", "1.2.3.4"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := activity.ParseReviewCursor(text)
		if !ok || c.String() == "" {
			return
		}
		if again, still := activity.ParseReviewCursor(c.String()); !still || again != c {
			t.Fatalf("%q is %v, which is %v", text, c, again)
		}
	})
}
