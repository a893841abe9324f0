package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fenlin/internal/app/apptest"
	"fenlin/internal/db/dbtest"
)

// TestUpgrade_TwoReplicasOneAfterTheOtherWithAMigrationInBetween replaces two
// replicas of this binary by those of the next, whose migration runs first,
// while people report without pause.
func TestUpgrade_TwoReplicasOneAfterTheOtherWithAMigrationInBetween(t *testing.T) {
	if dbtest.Server() == "" {
		t.Skip("SQLite serves one replica; the run on MariaDB and Redis has two")
	}
	next := nextBinary(t)
	c := newCity(t, dbtest.Empty(t))
	ports := [2]string{c.public, freePort(t)}
	admin := func(i int) string { return "FENLIN_ADMIN_LISTEN=" + [2]string{c.admin, freePort(t)}[i] }
	replicas := [2]*apptest.Program{}
	for i := range replicas {
		replicas[i] = c.replica(t, binary, ports[i], admin(i), "FENLIN_LEAVE=1s")
	}
	front := &balancer{ports: ports}
	service := httptest.NewServer(front)
	defer service.Close()

	filed, stop := reports{told: map[string]string{}}, make(chan struct{})
	var people sync.WaitGroup
	for i := range 8 {
		who := signedIn(t, service.URL, resident(i+1))
		people.Go(func() {
			for n := range 28 { // a person may report thirty times a day
				one := report{who, fmt.Sprintf("upgrade-%d-%d", i, n), fmt.Sprintf("%d号楼%d单元楼道灯坏了", 10*(i+1)+n%9, n/9+1)}
				for try := 1; !filed.file(t, one); try++ { // phones try again
					if try == 20 {
						t.Errorf("%s: twenty tries did not heal it", one.key)
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
				select {
				case <-stop:
					return
				case <-time.After(200 * time.Millisecond):
				}
			}
		})
	}
	told := func() int { filed.mu.Lock(); defer filed.mu.Unlock(); return len(filed.told) }
	more := func(what string) {
		t.Helper()
		before := told()
		until(t, "reports "+what, func() bool { return told() > before+8 })
	}
	more("before")
	migrate := exec.CommandContext(t.Context(), next, "migrate")
	migrate.Env = c.env
	if out, err := migrate.CombinedOutput(); err != nil {
		t.Fatalf("migrate: %v %s", err, out)
	}
	var column int
	if err := c.open(t).Read(t.Context()).Raw("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'tickets' AND column_name = 'next_note'").Scan(&column).Error; err != nil || column != 1 {
		t.Fatalf("the next schema is not there: %v", err)
	}
	more("served by the old on the new schema")
	for i := range replicas {
		if status, body := fetch(t, "http://"+ports[i]+"/readyz"); status != http.StatusOK {
			t.Errorf("replica %d on the new schema: %d %s", i, status, body)
		}
		if _, err := replicas[i].Stop(patience); err != nil {
			t.Errorf("replica %d: %v", i, err)
		}
		more("while one is away")
		replicas[i] = c.replica(t, next, ports[i], admin(i), "FENLIN_LEAVE=1s")
		if _, body := fetch(t, "http://"+ports[i]+"/healthz"); !strings.Contains(body, "v-of-the-next") {
			t.Errorf("replica %d is still the old: %s", i, body)
		}
		more("with one of each")
	}
	close(stop)
	people.Wait()
	filed.silent = nil // each was tried until it was taken
	c.whole(t, &filed)
	for _, number := range filed.told {
		if n := c.spoken(branch, number, "待签收"); n != 1 {
			t.Errorf("the secretary was told of %s %d times", number, n)
		}
	}
	t.Logf("%d reports, %d of them sent on to the other replica", len(filed.told), front.elsewhere.Load())
}

// nextBinary is this tree with one more migration, under the next's version.
func nextBinary(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	migration, overlay, out := filepath.Join(dir, "next.sql"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "fenlin")
	folder, err := filepath.Abs("../../internal/db/migrations")
	if err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(folder, "99999_the_next.sql"): migration}})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		migration: "-- +goose Up\nALTER TABLE tickets ADD COLUMN next_note VARCHAR(32) NOT NULL DEFAULT '';\nCREATE INDEX tickets_next ON tickets (next_note);\nCREATE TABLE nexts (id BIGINT NOT NULL PRIMARY KEY);\n",
		overlay:   string(replace),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-ldflags", "-X main.version=v-of-the-next", "-o", out, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return out
}

// balancer stands before two replicas as a proxy does: in turns, and to the
// other when one cannot be reached.
type balancer struct {
	ports     [2]string
	turn      atomic.Int64
	elsewhere atomic.Int64
}

// ServeHTTP implements http.Handler.
func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	first := int(b.turn.Add(1))
	for i := range b.ports {
		res, err := b.pass(r.Context(), r, b.ports[(first+i)%2], body)
		if err != nil {
			b.elsewhere.Add(1)
			continue
		}
		defer func() { _ = res.Body.Close() }()
		w.Header().Set("Content-Type", res.Header.Get("Content-Type"))
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
		return
	}
	w.WriteHeader(http.StatusBadGateway)
}

func (b *balancer) pass(ctx context.Context, r *http.Request, to string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, "http://"+to+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = r.Header.Clone()
	return http.DefaultClient.Do(req)
}
