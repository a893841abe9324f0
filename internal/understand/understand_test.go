package understand

import (
	"bufio"
	"os"
	"strings"
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

type labelled struct {
	text, category, building, unit string
	emergency                      bool
}

func readLabelled(t testing.TB, name string) []labelled {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []labelled
	for in := bufio.NewScanner(f); in.Scan(); {
		if strings.HasPrefix(in.Text(), "#") || in.Text() == "" {
			continue
		}
		c := strings.Split(in.Text(), "\t")
		if len(c) != 5 {
			t.Fatalf("%s: %q has %d columns", name, in.Text(), len(c))
		}
		rows = append(rows, labelled{c[0], c[1], c[2], c[3], c[4] == "1"})
	}
	return rows
}
