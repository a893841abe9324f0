package understand

import (
	"os"
	"testing"
)

func newReader(t testing.TB) *Reader {
	t.Helper()
	rules, err := os.ReadFile("../../config/understand.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(rules)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
