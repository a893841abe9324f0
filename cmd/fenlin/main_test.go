package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"fenlin/config"
	"fenlin/internal/db"
	"fenlin/internal/db/dbtest"
)

// binary is this program, built once for the tests.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fenlin-binary")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "fenlin")
	build := exec.Command("go", "build", "-ldflags", "-X main.version=v-of-the-test", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// place is where one installation lives: its data and its ports.
type place struct {
	public, admin string
	env           []string
}

func newPlace(t *testing.T, database string) place {
	t.Helper()
	p := place{public: freePort(t), admin: freePort(t)}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "FENLIN_") {
			p.env = append(p.env, pair)
		}
	}
	p.env = append(p.env, "FENLIN_LISTEN="+p.public, "FENLIN_ADMIN_LISTEN="+p.admin, "FENLIN_DATA_DIR="+t.TempDir(),
		"FENLIN_DATABASE="+database, "FENLIN_REDIS="+os.Getenv("FENLIN_TEST_REDIS"))
	return p
}

func freePort(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// run runs the binary to its end.
func (p place) run(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, &stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), code
}

// must runs the binary, which must succeed, and gives what it printed.
func (p place) must(t *testing.T, args ...string) string {
	t.Helper()
	out, errs, code := p.run(t, args...)
	if code != 0 {
		t.Fatalf("fenlin %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// serve starts the demo and gives a function that asks it to end, and what it printed.
func (p place) serve(t *testing.T) (stop func() string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "serve", "--demo")
	var stdout bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, &stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 600 {
		if status, _ := fetch(t, "http://"+p.public+"/readyz"); status == http.StatusOK {
			return func() string {
				if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Wait(); err != nil {
					t.Errorf("after SIGTERM: %v", err)
				}
				return stdout.String()
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("it never became ready")
	return nil
}

func fetch(t *testing.T, address string) (status int, body string) {
	t.Helper()
	return fetchAs(t, address, "")
}

func fetchAs(t *testing.T, address, token string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, req, token)
}

// do makes a request; status 0 means that nobody answered.
func do(t *testing.T, req *http.Request, token string) (status int, body string) {
	t.Helper()
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestServe_WithoutCredentialsSaysWhatIsMissing(t *testing.T) {
	p := newPlace(t, "sqlite:"+filepath.Join(t.TempDir(), "fenlin.db"))
	out, errs, code := p.run(t, "serve")
	if code != 1 || out != "" || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit code %d, %d lines: %s", code, strings.Count(errs, "\n"), errs)
	}
	for _, name := range []string{"FENLIN_WECHAT_APPID", "FENLIN_WECHAT_SECRET", "FENLIN_WECHAT_TOKEN", "FENLIN_SECRET_KEYS", "--demo"} {
		if !strings.Contains(errs, name) {
			t.Errorf("%s is not named: %s", name, errs)
		}
	}
}

func TestServe_WhatCannotBeOpenedIsOneLine(t *testing.T) {
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	rules := t.TempDir()
	if err := os.WriteFile(filepath.Join(rules, "routing.yaml"), []byte("name: root\nchildren: 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for variable, says := range map[string]string{
		"FENLIN_LISTEN=" + taken.Addr().String():              "public port",
		"FENLIN_ADMIN_LISTEN=" + taken.Addr().String():        "admin port",
		"FENLIN_REDIS=localhost:6379":                         "address of Redis",
		"FENLIN_DATABASE=postgres://127.0.0.1/fenlin":         "mysql://",
		"FENLIN_DATABASE=mysql://u:hidden@127.0.0.1:1/fenlin": "127.0.0.1:1",
		"FENLIN_RULES_DIR=" + rules:                           "routing.yaml",
	} {
		p := newPlace(t, dbtest.Empty(t))
		p.env = append(p.env, variable)
		out, errs, code := p.run(t, "serve", "--demo")
		if code != 1 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, says) || strings.Contains(errs, "hidden") {
			t.Errorf("%s: exit code %d, no %q in\n%s%s", variable, code, says, out, errs)
		}
	}
}

func TestServe_RealServiceWaitsForMigrationAndHasNoSimulator(t *testing.T) {
	if dbtest.Server() == "" {
		t.Skip("the embedded database brings itself forward")
	}
	p := newPlace(t, dbtest.Empty(t))
	p.env = append(p.env, "FENLIN_WECHAT_APPID=wx1", "FENLIN_WECHAT_SECRET=s", "FENLIN_WECHAT_TOKEN=t", "FENLIN_PUBLIC_URL=https://fenlin.example",
		"FENLIN_SECRET_KEYS=YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=")
	if _, errs, code := p.run(t, "serve"); code != 1 || !strings.Contains(errs, "fenlin migrate") {
		t.Errorf("an empty database: exit code %d: %s", code, errs)
	}
	p.must(t, "migrate")
	cmd := exec.CommandContext(t.Context(), binary, "serve")
	cmd.Env = p.env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	for i := 0; ; i++ {
		if status, _ := fetch(t, "http://"+p.public+"/readyz"); status == http.StatusOK {
			break
		} else if i == 600 {
			t.Fatal("it never became ready")
		}
		time.Sleep(50 * time.Millisecond)
	}
	if status, body := fetch(t, "http://"+p.public+"/sim/people"); status != http.StatusNotFound {
		t.Errorf("the simulator is mounted: %d %s", status, body)
	}
}

func TestFigures_OfAnEmptyCityAndOfTheSample(t *testing.T) {
	p := newPlace(t, dbtest.Empty(t))
	p.must(t, "migrate")
	if out := p.must(t, "figures"); !strings.Contains(out, "0/0") {
		t.Errorf("an empty city: %s", out)
	}
	p.must(t, "seed", "--sample")
	if out := p.must(t, "figures"); !strings.Contains(out, "16/17 = 94.1%") || !strings.Contains(out, "27 项中 26 项一致") {
		t.Errorf("the sample city: %s", out)
	}
	var answer struct {
		Figures []struct {
			Key, Printed, Computed string
			Numerator              int64
			Denominator            *int64
			Agrees                 bool
		}
	}
	if err := json.Unmarshal([]byte(p.must(t, "figures", "--json")), &answer); err != nil {
		t.Fatal(err)
	}
	first, last := answer.Figures[0], answer.Figures[len(answer.Figures)-1]
	if first.Key != "organs" || first.Printed != "64" || first.Numerator != 64 || first.Denominator != nil || !first.Agrees {
		t.Errorf("%+v", first)
	}
	if last.Key != "problems_settled" || last.Computed != "17/17 = 100%" || last.Denominator == nil || *last.Denominator != 17 || last.Agrees {
		t.Errorf("%+v", last)
	}
}

func TestRetention_ShowsLetsGoOnceAndKeepsTheFigures(t *testing.T) {
	p := newPlace(t, dbtest.Empty(t))
	p.must(t, "migrate")
	p.must(t, "seed", "--sample")
	text, err := fs.ReadFile(config.FS, "retention.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p.env = append(p.env, "FENLIN_RULES_DIR="+t.TempDir())
	half := regexp.MustCompile(`(?m)^(- what: (?:tickets|notices|wishes)\b.*\n  keep:) \d+$`) // last year's tickets are past half a year
	short := half.ReplaceAllString(string(text), "$1 180")
	rules := filepath.Join(strings.TrimPrefix(p.env[len(p.env)-1], "FENLIN_RULES_DIR="), "retention.yaml")
	if err := os.WriteFile(rules, []byte(short), 0o600); err != nil {
		t.Fatal(err)
	}
	figures := p.must(t, "figures")
	for i, run := range []struct {
		args    []string
		tickets string
	}{{[]string{"--dry-run"}, "17"}, {[]string{"--dry-run"}, "17"}, {nil, "17"}, {nil, "0"}, {[]string{"--dry-run"}, "0"}} {
		out := p.must(t, append([]string{"retention"}, run.args...)...)
		lines := strings.Split(strings.TrimSpace(out), "\n") // a title, then an entry each, the tickets last
		if last := strings.Fields(lines[len(lines)-1]); len(lines) != 1+strings.Count(short, "- what:") || last[0] != "tickets" || last[2] != "180" || last[3] != run.tickets || len(last[4]) < 9 {
			t.Errorf("run %d: %q", i, last)
		}
	}
	if out := p.must(t, "figures"); out != figures {
		t.Errorf("the figures changed:\n%s\n%s", figures, out)
	}
	if out := p.must(t, "audit", "verify"); !strings.Contains(out, "17 tickets") || !strings.Contains(out, "0 faults") {
		t.Errorf("audit: %s", out)
	}
	if out := p.must(t, "stats", "rebuild"); !strings.Contains(out, "17 tickets") || !strings.Contains(out, " 0 differences; 0 tickets changed") {
		t.Errorf("rebuild: %s", out)
	}
	if err := os.WriteFile(rules, []byte(strings.Replace(short, "keep: 1095\n  because: 谁", "keep: 90\n  because: 谁", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := p.run(t, "retention"); code != 1 || !strings.Contains(errs, "retention.yaml: access_log: 90 days are too short") || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

func TestServe_DemoIsWholeStopsWhenAskedAndFindsItsDataAgain(t *testing.T) {
	p := newPlace(t, dbtest.Empty(t))
	stop := p.serve(t)
	for path, holds := range map[string]string{
		"/healthz": "ok", "/readyz": `"degraded":[]`, "/openapi.json": `"openapi":"3.1`, "/docs": "<html", "/board/": "<html", "/sim/": "<html",
		"/sim/people": "sim-branch-fuxinyuan", "/api/v1/categories": "lighting",
	} {
		if status, body := fetch(t, "http://"+p.public+path); status != http.StatusOK || !strings.Contains(body, holds) {
			t.Errorf("%s: %d, no %q in %.200s", path, status, holds, body)
		}
	}
	phone := http.StatusOK
	if _, err := os.Stat("../../internal/web/pages/app/index.html"); err != nil { // the binary is built as the tree is: it says what is missing
		phone = http.StatusServiceUnavailable
	}
	if status, body := fetch(t, "http://"+p.public+"/app/"); status != phone || !strings.Contains(body, "<html") {
		t.Errorf("/app/: %d, want %d: %.200s", status, phone, body)
	}
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		if status, _ := fetch(t, "http://"+p.public+path); status != http.StatusNotFound {
			t.Errorf("%s on the public port: %d", path, status)
		}
		if status, _ := fetch(t, "http://"+p.admin+path); status != http.StatusOK {
			t.Errorf("%s on the admin port: %d", path, status)
		}
	}
	number := reported(t, p.public)
	printed := stop()
	for _, path := range []string{"/sim/", "/app/", "/board/", "/docs"} {
		if !strings.Contains(printed, "http://"+p.public+path) {
			t.Errorf("%s is not printed:\n%s", path, printed)
		}
	}

	if out := p.must(t, "audit", "verify"); !strings.Contains(out, "18 tickets") || !strings.Contains(out, "0 faults") {
		t.Errorf("audit: %s", out)
	}
	if out := p.must(t, "stats", "rebuild"); !strings.Contains(out, "18 tickets") || !strings.Contains(out, " 0 differences; 0 tickets changed") {
		t.Errorf("rebuild: %s", out)
	}
	stop = p.serve(t)
	if status, body := fetch(t, "http://"+p.public+"/api/v1/compounds?limit=1&q=福馨苑"); status != http.StatusOK || !strings.Contains(body, "福馨苑小区") {
		t.Errorf("%d %s", status, body)
	}
	if second := reported(t, p.public); second != strings.TrimSuffix(number, "1")+"2" {
		t.Errorf("%s follows %s", second, number)
	}
	stop()

	tamper(t, p, number)
	out, errs, code := p.run(t, "audit", "verify")
	if code != 1 || !strings.Contains(out, number) || !strings.Contains(errs, "not whole") {
		t.Errorf("tampered: exit code %d\n%s%s", code, out, errs)
	}
}

// reported is the number of a report by a resident of the sample city.
func reported(t *testing.T, public string) string {
	t.Helper()
	number, _ := post(t, public, "/api/v1/tickets", signIn(t, public), map[string]string{"text": "3号楼2单元楼道灯坏了"}, http.StatusCreated)["number"].(string)
	return number
}

// signIn is the token of a resident of the sample city.
func signIn(t *testing.T, public string) string {
	t.Helper()
	token, _ := post(t, public, "/api/v1/sessions", "", map[string]string{"code": "sim:sim-resident-001", "client": "miniprogram"}, http.StatusCreated)["token"].(string)
	return token
}

func post(t *testing.T, public, path, token string, body map[string]string, want int) map[string]any {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+public+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	status, answer := do(t, req, token)
	var out map[string]any
	if err := json.Unmarshal([]byte(answer), &out); err != nil || status != want {
		t.Fatalf("%s: %d %s %v", path, status, answer, err)
	}
	return out
}

// tamper changes what an event of the ticket says, behind the program's back.
func tamper(t *testing.T, p place, number string) {
	t.Helper()
	for _, pair := range p.env {
		address, ok := strings.CutPrefix(pair, "FENLIN_DATABASE=")
		if !ok {
			continue
		}
		d, err := db.Open(address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = d.Close() }()
		pool, err := d.SQL()
		if err != nil {
			t.Fatal(err)
		}
		res, err := pool.ExecContext(t.Context(), "UPDATE ticket_events SET note = 'nothing happened' WHERE ticket_id = (SELECT id FROM tickets WHERE number = ?) AND seq = 1", number)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			t.Fatalf("%d rows changed: %v", n, err)
		}
		return
	}
}

func TestMigrateAndSeed_TwiceIsOnce(t *testing.T) {
	p := newPlace(t, dbtest.Empty(t))
	if _, errs, code := p.run(t, "seed", "--sample"); code != 1 || !strings.Contains(errs, "fenlin migrate") {
		t.Errorf("seed before migrate: exit code %d: %s", code, errs)
	}
	for range 2 {
		p.must(t, "migrate")
	}
	if _, errs, code := p.run(t, "seed"); code != 1 || !strings.Contains(errs, "--sample") {
		t.Errorf("seed of nothing: exit code %d: %s", code, errs)
	}
	for range 2 {
		p.must(t, "seed", "--sample")
	}
	if out := p.must(t, "doctor", "--demo"); strings.Contains(out, "FAIL") || !strings.Contains(out, "the city is there") {
		t.Errorf("doctor:\n%s", out)
	}
	out := p.must(t, "route", "explain", "--text", "福馨苑3号楼2单元楼道灯坏了")
	for _, said := range []string{"福馨苑小区", "lighting", "lead", "because"} {
		if !strings.Contains(out, said) {
			t.Errorf("explain does not say %s:\n%s", said, out)
		}
	}
}

func TestSecretRotate_TheOldKeyIsNoLongerNeeded(t *testing.T) {
	const old, young = "b2xkIGtleSBvbGQga2V5IG9sZCBrZXkgb2xkIGtleSE=", "bmV3IGtleSBuZXcga2V5IG5ldyBrZXkgbmV3IGtleSE="
	p := newPlace(t, dbtest.Empty(t))
	with := func(keys string) place {
		q := p
		q.env = append(slices.Clone(p.env), "FENLIN_SECRET_KEYS="+keys)
		return q
	}
	stop := with(old).serve(t)
	bound := post(t, p.public, "/api/v1/me/phone", signIn(t, p.public), map[string]string{"code": "sim:sim-resident-001"}, http.StatusOK)
	stop()
	if _, errs, code := with(young).run(t, "secret", "rotate"); code != 1 || !strings.Contains(errs, "old key") {
		t.Errorf("without the old key: exit code %d: %s", code, errs)
	}
	// The 4,623 of the members' ledger, and who bound a phone.
	if out := with(young+","+old).must(t, "secret", "rotate"); !strings.Contains(out, "4624 of 4624 people sealed anew") {
		t.Errorf("rotation: %s", out)
	}
	stop = with(young).serve(t)
	defer stop()
	status, me := fetchAs(t, "http://"+p.public+"/api/v1/me", signIn(t, p.public))
	if phone, _ := bound["phone"].(string); status != http.StatusOK || phone == "" || !strings.Contains(me, phone) {
		t.Errorf("bound as %v, afterwards %d %s", bound["phone"], status, me)
	}
}

func TestDoctor_SaysWhatIsWrongAndWhatToDo(t *testing.T) {
	p := newPlace(t, dbtest.Empty(t))
	p.env = append(p.env, "FENLIN_REDIS=redis://127.0.0.1:1/0")
	out, _, code := p.run(t, "doctor")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, said := range []string{"FENLIN_WECHAT_SECRET is missing", "fenlin migrate", "check FENLIN_REDIS", "FAIL"} {
		if !strings.Contains(out, said) {
			t.Errorf("no %q in\n%s", said, out)
		}
	}
}

func TestDoctor_SaysWhenReplicasDoNotSharePhotosAndWhenTheBucketIsAway(t *testing.T) {
	p := newPlace(t, dbtest.Empty(t))
	for _, c := range []struct{ redis, photos, said string }{
		{"", "", "ok    photos         kept in"},
		{"redis://127.0.0.1:1/0", "", "WARN  photos         with FENLIN_REDIS"},
		{"redis://127.0.0.1:1/0", "s3://key:hush@127.0.0.1:1/photos?tls=false", "FAIL  photos         the bucket of photos does not answer"},
	} {
		q := p
		q.env = append(slices.Clone(p.env), "FENLIN_REDIS="+c.redis, "FENLIN_PHOTOS="+c.photos)
		if out, errs, _ := q.run(t, "doctor", "--demo"); !strings.Contains(out, c.said) || strings.Contains(out+errs, "hush") {
			t.Errorf("no %q in\n%s%s", c.said, out, errs)
		}
	}
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "photos"), nil, 0o600); err != nil { // where the folder should be
		t.Fatal(err)
	}
	q := p
	q.env = append(slices.Clone(p.env), "FENLIN_DATA_DIR="+data)
	if out, _, _ := q.run(t, "doctor", "--demo"); !strings.Contains(out, "FAIL  photos         the folder of photos cannot be written") {
		t.Errorf("a folder that cannot be:\n%s", out)
	}
}

func TestPhotosMove_EmptiesTheDatabase(t *testing.T) {
	address := dbtest.Empty(t)
	p := newPlace(t, address)
	p.must(t, "migrate")
	d, err := db.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	pool, err := d.SQL()
	if err != nil {
		t.Fatal(err)
	}
	for id := range 3 {
		if _, err := pool.ExecContext(t.Context(), "INSERT INTO photos (id, owner_id, ticket_id, content, created_at) VALUES (?, 7, 0, ?, 1)", id+1, "\xff\xd8\xff"); err != nil {
			t.Fatal(err)
		}
	}
	if out := p.must(t, "photos", "move"); !strings.Contains(out, "3 moved, 0 left\n3 moved; the database holds no picture") {
		t.Errorf("move:\n%s", out)
	}
	if out := p.must(t, "photos", "move"); !strings.HasPrefix(out, "0 moved;") {
		t.Errorf("again:\n%s", out)
	}
}

func TestRouteTest_KnowsGoodFromBadCases(t *testing.T) {
	p := newPlace(t, dbtest.Empty(t))
	p.must(t, "route", "test")
	bad := filepath.Join(t.TempDir(), "cases.yaml")
	if err := os.WriteFile(bad, []byte("- name: a lamp where there is no property company\n  facts: {category: lighting, kind: self_run}\n  lead: property_manager\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := p.run(t, "route", "test", bad); code != 1 || !strings.Contains(errs, "a lamp where there is no property company") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

func TestCommands_Version_AndWhatIsUnknown(t *testing.T) {
	p := newPlace(t, "sqlite:"+filepath.Join(t.TempDir(), "fenlin.db"))
	if out := p.must(t, "version"); strings.TrimSpace(out) != "v-of-the-test" {
		t.Errorf("version: %q", out)
	}
	for _, args := range [][]string{{"sevre"}, {"serve", "--dmo"}, {"serve", "extra"}, {"route", "explain"}, {"serve", "--config", "absent.yaml"}} {
		out, errs, code := p.run(t, args...)
		if code != 1 || !strings.HasPrefix(errs, "fenlin: ") || strings.Count(errs, "\n") != 1 || strings.Contains(out, "serves on") {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
}

func TestRouteReplay_PrintsWhoGainsAndRefusesABrokenTree(t *testing.T) {
	p := newPlace(t, dbtest.Empty(t))
	p.must(t, "migrate")
	p.must(t, "seed", "--sample")
	text, err := fs.ReadFile(config.FS, "routing.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "new.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Replace(string(text), "lead: branch_secretary\n  watchers: [community_secretary]", "lead: community_secretary\n  watchers: []", 1))
	out := p.must(t, "route", "replay", "--since", "2020-01-01", "--config", file)
	if !strings.Contains(out, "17 tickets from") || !strings.Contains(out, " %) get another lead") || !strings.Contains(out, "社区") {
		t.Errorf("%s", out)
	}
	if out := p.must(t, "route", "replay", "--since", "2020-01-01", "--config", file, "--by", "role"); !strings.Contains(out, "community_secretary") {
		t.Errorf("%s", out)
	}
	write(strings.Replace(string(text), "lead: branch_secretary", "lead: mayor", 1))
	for _, args := range [][]string{
		{"--since", "2020-01-01", "--config", file},
		{"--since", "yesterday", "--config", file},
		{"--config", file},
		{"--since", "2020-01-01", "--config", "absent.yaml"},
		{"--since", "2020-01-01", "--config", file, "--by", "moon"},
	} {
		out, errs, code := p.run(t, append([]string{"route", "replay"}, args...)...)
		if code != 1 || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
	if _, errs, _ := p.run(t, "route", "replay", "--since", "2020-01-01", "--config", file); !strings.Contains(errs, `new.yaml: line `) || !strings.Contains(errs, `unknown role "mayor"`) {
		t.Errorf("%s", errs)
	}
}
