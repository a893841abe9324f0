package link_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fenlin/internal/link"
)

func TestAt_PutsTheParametersIn(t *testing.T) {
	for want, got := range map[string]string{
		"https://fenlin.example/app/#/tickets/FY261129-0001": link.Ticket.At("https://fenlin.example", "FY261129-0001"),
		"/app/#/checkin/a%2Fb":                               link.CheckIn.At("", "a/b"),
		"/app/#/register":                                    link.Register.At(""),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// A notice with an address that opens no page is of no use to anybody.
func TestPages_EachOpensAPageOfTheClient(t *testing.T) {
	files, err := filepath.Glob("../../miniprogram/src/pages/*/feature.json")
	if err != nil || len(files) == 0 {
		t.Fatal("the client has no features", err)
	}
	var open []string
	for _, name := range files {
		var feature struct {
			Pages []struct{ Link string }
		}
		raw, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(raw, &feature)
		}
		if err != nil {
			t.Fatal(name, err)
		}
		for _, p := range feature.Pages {
			open = append(open, p.Link)
		}
	}
	pages := named(t)
	if len(pages) < 5 {
		t.Fatalf("only %q are read from link.go", pages)
	}
	for _, p := range pages {
		if !slices.Contains(open, p) {
			t.Errorf("%s opens no page: no feature.json has this link", p)
		}
	}
}

// named are the pages that link.go names.
func named(t *testing.T) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "link.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			for _, v := range spec.(*ast.ValueSpec).Values {
				text, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, text)
			}
		}
	}
	return out
}

// What is written elsewhere would be held against nothing.
func TestPages_AreNamedHereAlone(t *testing.T) {
	address := regexp.MustCompile(`app/#|link\.Page\(`)
	for _, root := range []string{"../../internal", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "/link/") {
				return err
			}
			raw, err := os.ReadFile(path)
			if err == nil && address.Match(raw) {
				t.Errorf("%s writes an address of a page itself: name it in internal/link", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
