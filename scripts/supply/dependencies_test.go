package supply_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// goTool runs a command of Go's at the root, without a network.
func goTool(t *testing.T, args ...string) []byte {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", args...)
	c.Dir, c.Env = root, append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func TestDependencies_AreThoseThatWereDecidedFor(t *testing.T) {
	var mod struct {
		Require []struct {
			Path, Version string
			Indirect      bool
		}
		Replace, Exclude []any
	}
	if err := json.Unmarshal(goTool(t, "mod", "edit", "-json"), &mod); err != nil {
		t.Fatal(err)
	}
	if len(mod.Replace)+len(mod.Exclude) > 0 {
		t.Errorf("go.mod replaces or excludes: %v %v", mod.Replace, mod.Exclude)
	}
	text, err := os.ReadFile("testdata/dependencies.txt")
	if err != nil {
		t.Fatal(err)
	}
	why := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			path, reason, _ := strings.Cut(line, "\t")
			why[path] = strings.TrimSpace(reason)
		}
	}
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		if why[r.Path] == "" {
			t.Errorf("%s is in go.mod and not, with a reason, in testdata/dependencies.txt", r.Path)
		}
		delete(why, r.Path)
	}
	for path := range why {
		t.Errorf("testdata/dependencies.txt: %s is not in go.mod", path)
	}
}

// licences are the words by which a licence that we may ship under is known.
var licences = map[string]*regexp.Regexp{
	"MIT": regexp.MustCompile(`Permission is hereby granted, free of charge`), "ISC": regexp.MustCompile(`Permission to use, copy, modify,? and/?(or)? distribute this software`),
	"BSD": regexp.MustCompile(`Redistribution and use in source and binary forms`), "Apache-2.0": regexp.MustCompile(`Apache License\s+Version 2\.0`), "MPL-2.0": regexp.MustCompile(`Mozilla Public License[, ]+[vV]ersion 2\.0`),
}

func TestDependencies_OfTheProgramMayBeShipped(t *testing.T) {
	modules := map[string]string{}
	for line := range strings.Lines(string(goTool(t, "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}{{end}}{{end}}", "./cmd/fenlin"))) {
		if path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			modules[path] = dir
		}
	}
	if len(modules) < 30 {
		t.Fatalf("only %d modules", len(modules))
	}
	for path, dir := range modules {
		files, _ := filepath.Glob(filepath.Join(dir, "[LC][IO][CP][EY][NI]*"))
		lower, _ := filepath.Glob(filepath.Join(dir, "[Ll]icense*"))
		known := false
		for _, file := range append(files, lower...) {
			text, err := os.ReadFile(file)
			for _, words := range licences {
				known = known || err == nil && words.Match(text)
			}
		}
		if !known {
			t.Errorf("%s has no licence that is known here", path)
		}
	}
}
