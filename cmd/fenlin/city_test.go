package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fenlin/internal/app/apptest"
	"fenlin/internal/db"
	"fenlin/internal/wechat/wechatsim"
)

const (
	cityKey = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY="
	cityAES = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

	branch = "sim-branch-fuxinyuan"
	clerk  = "sim-clerk"

	pastTickets = 17 // of the sample city's last year
)

// city is an installation of the real service, not the demo, with the sample's
// people, beside a WeChat that the test runs.
type city struct {
	place
	sim      *wechatsim.Sim
	database string
	log      *lines // of all its programs
}

// newCity makes a city in an empty database.
func newCity(t *testing.T, database string) *city {
	t.Helper()
	c := &city{place: newPlace(t, database), database: database, log: &lines{}}
	appid := fmt.Sprintf("wx%016x", time.Now().UnixNano()) // Redis is shared, and keys carry the account's id
	account := wechatsim.Options{
		AppID: appid, Secret: "s-of-account", Token: "t-of-callback", AESKey: cityAES, MiniAppID: "wxmini", MiniSecret: "s-of-mini",
		CallbackURL: "http://" + c.public + "/wechat/callback", Now: time.Now,
		Templates: []wechatsim.Template{{ID: "template-1", Title: "工单进展通知", Content: "工单编号：{{character_string1.DATA}}\n事项：{{thing2.DATA}}\n地点：{{thing3.DATA}}\n时间：{{time4.DATA}}\n下一步：{{thing5.DATA}}"}},
		People: func(context.Context) ([]wechatsim.Person, error) {
			people := []wechatsim.Person{{OpenID: branch}, {OpenID: clerk}}
			for i := range 20 {
				people = append(people, wechatsim.Person{OpenID: resident(i + 1)})
			}
			return people, nil
		},
	}
	c.sim = wechatsim.New(account)
	server := httptest.NewServer(c.sim.Handler())
	t.Cleanup(func() { c.sim.Close(); server.Close() })
	c.env = append(append(c.env, apptest.Settings(account, server.URL)...), "FENLIN_WECHAT_TEMPLATE=template-1",
		"FENLIN_PUBLIC_URL=https://fenlin.example", "FENLIN_SECRET_KEYS="+cityKey, "FENLIN_LOG_LEVEL=debug", "FENLIN_PHOTOS="+os.Getenv("FENLIN_TEST_S3"))
	c.must(t, "migrate")
	c.must(t, "seed", "--sample")
	return c
}

// replica starts the service of a binary on a port and waits until it is ready.
func (c *city) replica(t *testing.T, binary, listen string, env ...string) *apptest.Program {
	t.Helper()
	p := &apptest.Program{Binary: binary, Args: []string{"serve"}, Env: append(slices.Clone(c.env), env...), Log: c.log, Listen: listen}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.Ready(ctx); err != nil {
		t.Fatalf("%v\n%s", err, c.log)
	}
	return p
}

// open opens the city's database.
func (c *city) open(t *testing.T) *db.DB {
	t.Helper()
	d, err := db.Open(c.database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// lines is a log that several programs write.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// resident is the openid of one of the sample's residents; 1 to 8 live in 福馨苑.
func resident(n int) string { return fmt.Sprintf("sim-resident-%03d", n) }

// reports are what people reported and what they were told.
type reports struct {
	mu     sync.Mutex
	told   map[string]string // number by idempotency key
	silent []report          // nobody answered
}

type report struct {
	who       apptest.Client
	key, text string
}

// file makes a report and says whether the city acknowledged it.
func (r *reports) file(t *testing.T, one report) bool {
	t.Helper()
	status, answer, err := one.who.Call(context.WithoutCancel(t.Context()), http.MethodPost, "/api/v1/tickets", map[string]string{"text": one.text}, one.key)
	number, _ := answer["number"].(string)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil && status == http.StatusCreated:
		if before, ok := r.told[one.key]; ok && before != number {
			t.Errorf("%s was %s and then %s", one.key, before, number)
		}
		r.told[one.key] = number
		return true
	case err != nil || status >= 500:
		r.silent = append(r.silent, one)
	default:
		t.Errorf("%s: %d %v", one.text, status, answer)
	}
	return false
}

// again repeats what nobody answered, as phones do.
func (r *reports) again(t *testing.T) {
	t.Helper()
	waiting := r.silent
	for r.silent = nil; len(waiting) > 0; waiting = waiting[1:] {
		if !r.file(t, waiting[0]) {
			t.Errorf("%s is refused again", waiting[0].key)
		}
	}
}

// whole says that each report has its ticket, exactly one, and that log and rates hold.
func (c *city) whole(t *testing.T, r *reports) {
	t.Helper()
	d := c.open(t)
	if err := apptest.Quiet(t.Context(), d, 3*time.Minute); err != nil { // what may have been sent is asked again in growing pauses
		t.Fatal(err)
	}
	var there []string
	if err := d.Read(t.Context()).Raw("SELECT number FROM tickets").Scan(&there).Error; err != nil {
		t.Fatal(err)
	}
	for key, number := range r.told {
		if !slices.Contains(there, number) {
			t.Errorf("%s was acknowledged as %s and is not there", key, number)
		}
	}
	if len(there) != pastTickets+len(r.told) {
		t.Errorf("%d tickets for %d acknowledged reports", len(there)-pastTickets, len(r.told))
	}
	c.clean(t, len(there))
}

// clean says that the log of so many tickets verifies and that the rates are as a rebuild has them.
func (c *city) clean(t *testing.T, tickets int) {
	t.Helper()
	if out := c.must(t, "audit", "verify"); !strings.Contains(out, fmt.Sprintf("%d tickets", tickets)) || !strings.Contains(out, " 0 faults") {
		t.Errorf("audit: %s", out)
	}
	if out := c.must(t, "stats", "rebuild"); !strings.Contains(out, fmt.Sprintf("%d tickets", tickets)) || !strings.Contains(out, " 0 differences") {
		t.Errorf("rebuild: %s", out)
	}
}

// spoken counts what WeChat delivered to a person of a ticket with a word in its title or text.
func (c *city) spoken(openid, number, word string) (times int) {
	for _, r := range c.sim.Outbox(openid) {
		all := r.Title + r.Text
		for _, row := range r.Rows {
			all += " " + row.Value
		}
		if r.Kind != "passive" && strings.Contains(all, number) && strings.Contains(all, word) {
			times++
		}
	}
	return times
}

// members is a workbook of all the city's members.
func (c *city) members(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "members.xlsx")
	c.must(t, "export", "members", "--out", path)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
