package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fenlin/internal/db"
	"fenlin/internal/db/dbtest"
)

// TestBackup_RestoredOnAnEmptyMachineHoldsAllThatWasAcknowledgedBefore takes a
// backup while people report, and goes on with it elsewhere: another folder or
// database, the same keys, nothing else.
func TestBackup_RestoredOnAnEmptyMachineHoldsAllThatWasAcknowledgedBefore(t *testing.T) {
	c := newCity(t, dbtest.Empty(t))
	program := c.replica(t, binary, c.public)
	filed, stop := reports{told: map[string]string{}}, make(chan struct{})
	var people sync.WaitGroup
	for i := range 3 {
		who := signedIn(t, program.URL(), resident(i+1))
		people.Go(func() {
			for n := range 28 { // a person may report thirty times a day
				select {
				case <-stop:
					return
				default:
				}
				filed.file(t, report{who, fmt.Sprintf("backup-%d-%d", i, n), fmt.Sprintf("%d号楼%d单元楼道灯坏了", 10*(i+1)+n%9, n/9+1)})
				time.Sleep(30 * time.Millisecond)
			}
		})
	}
	known := func() map[string]string { filed.mu.Lock(); defer filed.mu.Unlock(); return maps.Clone(filed.told) }
	until(t, "the first reports", func() bool { return len(known()) > 10 })
	before := known()
	restored := &city{place: newPlace(t, ""), sim: c.sim, log: c.log}
	restored.database = c.copied(t)
	close(stop)
	people.Wait()
	if len(known()) == len(before) {
		t.Error("nobody reported during the backup")
	}
	if _, err := program.Stop(patience); err != nil {
		t.Fatal(err)
	}

	for _, pair := range c.env {
		if strings.HasPrefix(pair, "FENLIN_WECHAT_") || strings.HasPrefix(pair, "FENLIN_MINI") || strings.HasPrefix(pair, "FENLIN_SECRET_KEYS") || strings.HasPrefix(pair, "FENLIN_PUBLIC_URL") {
			restored.env = append(restored.env, pair)
		}
	}
	restored.env = append(restored.env, "FENLIN_DATABASE="+restored.database)
	if out, _, code := restored.run(t, "doctor"); code != 0 {
		t.Errorf("doctor:\n%s", out)
	}
	d := restored.open(t)
	count := func(of string) (n int) {
		t.Helper()
		if err := d.Read(t.Context()).Raw("SELECT COUNT(*) FROM " + of).Scan(&n).Error; err != nil {
			t.Fatal(err)
		}
		return n
	}
	tickets := count("tickets")
	if tickets < pastTickets+len(before) || tickets > pastTickets+len(known()) {
		t.Errorf("%d tickets; %d reports were acknowledged before the backup, %d in all", tickets-pastTickets, len(before), len(known()))
	}
	var there []string
	if err := d.Read(t.Context()).Raw("SELECT number FROM tickets").Scan(&there).Error; err != nil {
		t.Fatal(err)
	}
	all := strings.Join(there, " ")
	for key, number := range before {
		if !strings.Contains(all, number) {
			t.Errorf("%s, acknowledged as %s before the backup, is not in it", key, number)
		}
	}
	restored.clean(t, tickets)
	original, err := db.Open(c.database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = original.Close() }()
	for _, table := range []string{"people", "org_units", "posts", "appointments"} {
		var n int
		if err := original.Read(t.Context()).Raw("SELECT COUNT(*) FROM " + table).Scan(&n).Error; err != nil || n == 0 || n != count(table) {
			t.Errorf("%s: %d rows, %d in the backup: %v", table, n, count(table), err)
		}
	}
	again := restored.replica(t, binary, restored.public)
	late := reports{told: map[string]string{}}
	if !late.file(t, report{signedIn(t, again.URL(), resident(8)), "after-restore", "6号楼2单元楼道灯坏了"}) {
		t.Error("nobody can report after the restore")
	}
	if _, err := again.Stop(patience); err != nil {
		t.Error(err)
	}
}

// copied takes a backup of the running city by the documented commands and
// gives the address of a new database that was restored from it.
func (c *city) copied(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "fenlin.backup")
	if dbtest.Server() == "" {
		c.must(t, "backup", file)
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%v %v", info, err)
		}
		if _, errs, code := c.run(t, "backup", file); code != 1 || !strings.Contains(errs, "exists") {
			t.Errorf("over a backup: %d %s", code, errs)
		}
		if _, _, code := c.run(t, "backup", filepath.Join(t.TempDir(), "absent", "x")); code != 1 {
			t.Error("into no folder")
		}
		moved := filepath.Join(t.TempDir(), "fenlin.db")
		if err := os.Rename(file, moved); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + moved
	}
	_, errs, code := c.run(t, "backup", file)
	_, command, said := strings.Cut(errs, "mariadb-dump ")
	command, _, ended := strings.Cut(command, " -p ")
	if code != 1 || !said || !ended {
		t.Fatalf("backup: %d %s", code, errs)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a file that is no backup")
	}
	to := dbtest.Empty(t)
	from, target := address(t, c.database), address(t, to)
	password, _ := from.User.Password()
	tool := func(name string, args ...string) []byte {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = append(os.Environ(), "MYSQL_PWD="+password)
		if name == "mariadb" {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			cmd.Stdin = f
		}
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v %s", name, err, said.String())
		}
		return out
	}
	if err := os.WriteFile(file, tool("mariadb-dump", append(strings.Fields(command), strings.TrimPrefix(from.Path, "/"))...), 0o600); err != nil {
		t.Fatal(err)
	}
	tool("mariadb", "--default-character-set=utf8mb4", "-h", target.Hostname(), "-P", target.Port(), "-u", target.User.Username(), strings.TrimPrefix(target.Path, "/"))
	return to
}

func address(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
