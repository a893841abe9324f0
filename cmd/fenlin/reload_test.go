package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"fenlin/internal/app/apptest"
	"fenlin/internal/db/dbtest"
)

func TestReload_TheFileIsReadAgainAllOrNothing(t *testing.T) {
	c := newCity(t, dbtest.Empty(t))
	c.env = slices.DeleteFunc(c.env, func(pair string) bool { return strings.HasPrefix(pair, "FENLIN_LOG_LEVEL=") })
	file := filepath.Join(t.TempDir(), "fenlin.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("log_level: info\nleave: 0s\n")
	// Whoever ran the tests by nohup ignores SIGHUP, and so would the program.
	program := &apptest.Program{Binary: "env", Args: []string{"--default-signal=HUP", binary, "serve", "--config", file}, Env: c.env, Log: c.log, Listen: c.public}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(program.Kill)
	if err := program.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	// hup reloads, and waits for what the log says of it.
	hup := func(says string) {
		t.Helper()
		before := len(c.log.String())
		if err := program.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		until(t, "the log says "+says, func() bool { return strings.Contains(c.log.String()[before:], says) })
	}
	probed := func() bool { // probes are told at debug alone
		before := len(c.log.String())
		for range 3 {
			fetch(t, program.URL()+"/healthz")
		}
		fetch(t, program.URL()+"/no-such-path") // told at info, after them
		until(t, "the last request", func() bool { return strings.Contains(c.log.String()[before:], `"route":"none"`) })
		return strings.Contains(c.log.String()[before:], `"route":"/healthz"`)
	}
	if probed() {
		t.Error("debug at the start")
	}
	write("log_level: debug\nleave: 1s\nwechat:\n  token: another\n") // the environment's token holds
	hup("a restart is needed for what was changed: leave\"")
	if probed() {
		t.Error("half of the file was taken")
	}
	write("log_level: loud\nleave: 0s\n")
	hup("loud")
	write("log_level: debug\nleave: 0s\n")
	hup(`"changed":["log_level"]`)
	if !probed() {
		t.Error("the level is as before")
	}
	hup(`"changed":null`)
	if _, err := program.Stop(patience); err != nil {
		t.Error(err)
	}
}
