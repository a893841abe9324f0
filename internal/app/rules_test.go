package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fenlin/config"
	"fenlin/internal/app"
	"fenlin/internal/ticket"
)

// put writes a file of rules, the one built in with old for new.
func put(t *testing.T, dir, name, before, after string) {
	t.Helper()
	text, err := config.FS.ReadFile(name)
	if err != nil || !strings.Contains(string(text), before) {
		t.Fatalf("%s has no %q: %v", name, before, err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Replace(string(text), before, after, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReload_RulesChangeWithoutARestartAndABrokenFileChangesNothing(t *testing.T) {
	cfg, err := app.LoadConfig("", true)
	if err != nil {
		t.Fatal(err)
	}
	rules := t.TempDir()
	cfg.Listen, cfg.AdminListen, cfg.DataDir, cfg.RulesDir = "127.0.0.1:0", "127.0.0.1:0", t.TempDir(), rules
	cfg.Database = "sqlite:" + filepath.Join(cfg.DataDir, "fenlin.db")
	a := run(t, cfg)
	lead := func() string {
		t.Helper()
		u, err := a.Tickets.Preview(t.Context(), ticket.Report{Text: "福馨苑小区3号楼2单元楼道灯坏了"})
		if err != nil {
			t.Fatal(err)
		}
		return string(u.Lead.Role)
	}
	if got := lead(); got != "branch_secretary" {
		t.Fatalf("before: %s", got)
	}

	const first = "lead: branch_secretary\n  watchers: [community_secretary]\n  grade: 7d"
	put(t, rules, "routing.yaml", first, strings.Replace(first, "branch_secretary", "grid_worker", 1))
	put(t, rules, "rates.yaml", "response: 0.1", "response: 0.9")
	_, err = a.Reload()
	if err == nil || !strings.Contains(err.Error(), filepath.Join(rules, "rates.yaml")) {
		t.Fatalf("a broken file: %v", err)
	}
	if got := lead(); got != "branch_secretary" {
		t.Errorf("half of the files were taken: %s", got)
	}

	if err := os.Remove(filepath.Join(rules, "rates.yaml")); err != nil {
		t.Fatal(err)
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); lead() != "grid_worker"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the signal changed nothing")
		}
	}
	if changed, err := a.Reload(); err != nil || len(changed) != 0 {
		t.Errorf("again: %v %v", changed, err)
	}

	put(t, rules, "routing.yaml", first, strings.Replace(first, "branch_secretary", "mayor", 1))
	_, err = a.Reload()
	if err == nil || !strings.Contains(err.Error(), "routing.yaml: line ") || !strings.Contains(err.Error(), `unknown role "mayor"`) {
		t.Errorf("a broken tree: %v", err)
	}
	if got := lead(); got != "grid_worker" {
		t.Errorf("the old tree does not stay: %s", got)
	}
	put(t, rules, "calendar.yaml", "08:00", "8h")
	wrong := 0
	t.Setenv("FENLIN_RULES_DIR", rules)
	for _, f := range app.Doctor(t.Context(), "", true) {
		if f.What == "rules" && f.Err != nil {
			wrong++
		}
	}
	if wrong != 2 {
		t.Errorf("the doctor found %d broken files", wrong)
	}
}
