package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"fenlin/internal/app"
	"fenlin/internal/db/dbtest"
	"fenlin/internal/wechat/wechatsim"
)

// aesKey is an EncodingAESKey: set, it means safe mode.
const aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

// people of the sample city.
const (
	resident  = "sim-resident-001" // lives in 福馨苑小区
	branch    = "sim-branch-fuxinyuan"
	community = "sim-community-yongan"
	newcomer  = "sim-newcomer-001" // lives nowhere yet
)

// pastTickets are those that the sample city had last year.
const pastTickets = 17

// start runs Fenlin's demo on ports of its own, on the engine that the run names.
func start(t testing.TB, aes string) *app.App {
	t.Helper()
	cfg, err := app.LoadConfig("", true)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Listen, cfg.AdminListen, cfg.DataDir = "127.0.0.1:0", "127.0.0.1:0", t.TempDir()
	cfg.Database, cfg.Redis, cfg.WeChat.AESKey = dbtest.Address(t), os.Getenv("FENLIN_TEST_REDIS"), aes
	cfg.Photos = os.Getenv("FENLIN_TEST_S3")
	// Redis is shared by all tests of a run, and keys carry the account's id.
	cfg.WeChat.AppID = fmt.Sprintf("wx%016x", time.Now().UnixNano())
	return run(t, cfg)
}

// run starts Fenlin and stops it when the test ends.
func run(t testing.TB, cfg app.Config) *app.App {
	t.Helper()
	a, err := app.New(t.Context(), cfg, "test")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return a
}

// api is somebody signed in.
type api struct {
	base, token string
}

func (p api) do(t testing.TB, method, path string, body any, want int) map[string]any {
	t.Helper()
	status, answer := p.call(t, method, path, body, "")
	if status != want {
		t.Fatalf("%s %s: %d %v, want %d", method, path, status, answer, want)
	}
	return answer
}

func (p api) call(t testing.TB, method, path string, body any, key string) (int, map[string]any) {
	t.Helper()
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, p.base+path, r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, map[string]any{"error": err.Error()}
	}
	defer func() { _ = res.Body.Close() }()
	var answer map[string]any
	_ = json.NewDecoder(res.Body).Decode(&answer) // no body: 204
	return res.StatusCode, answer
}

func signIn(t testing.TB, base, openid string) api {
	t.Helper()
	p := api{base: base}
	answer := p.do(t, http.MethodPost, "/api/v1/sessions", map[string]string{"code": "sim:" + openid, "client": "miniprogram"}, http.StatusCreated)
	p.token, _ = answer["token"].(string)
	return p
}

func send(t testing.TB, sim *wechatsim.Sim, openid, text string) string {
	t.Helper()
	d, err := sim.Send(t.Context(), openid, wechatsim.Text(text))
	if err != nil || d.Failed || len(d.Faults) > 0 {
		t.Fatalf("%s sends %q: %v %v %s", openid, text, err, d.Faults, d.Raw)
	}
	return d.Text()
}

func await(t testing.TB, sim *wechatsim.Sim, openid string, words ...string) wechatsim.Received {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := sim.Wait(ctx, openid, func(r wechatsim.Received) bool {
		all := r.Title + r.Text
		for _, row := range r.Rows {
			all += row.Value
		}
		if r.Kind == "passive" {
			return false
		}
		for _, w := range words {
			if !strings.Contains(all, w) {
				return false
			}
		}
		return true
	})
	if err != nil {
		t.Fatalf("%s was not told %v: %v; got %+v", openid, words, err, sim.Outbox(openid))
	}
	return r
}

var numbered = regexp.MustCompile(`FY\d{6}-\d{4,}`)

// TestJourney_ASentenceBecomesASettledTicket is the main job from the front
// door: chat in, routed, handled through the API, confirmed in chat, counted.
func TestJourney_ASentenceBecomesASettledTicket(t *testing.T) {
	for mode, aes := range map[string]string{"plain": "", "safe": aesKey} {
		t.Run(mode, func(t *testing.T) {
			a := start(t, aes)
			base := "http://" + a.Addr()

			reply := send(t, a.Sim, resident, "福馨苑3号楼2单元楼道灯坏了")
			number := numbered.FindString(reply)
			if number == "" || !strings.Contains(reply, "公共照明") {
				t.Fatalf("the reply holds no ticket: %s", reply)
			}
			await(t, a.Sim, branch, number)

			secretary := signIn(t, base, branch)
			act := func(body map[string]any) map[string]any {
				return secretary.do(t, http.MethodPost, "/api/v1/tickets/"+number+"/actions", body, http.StatusOK)
			}
			inbox := secretary.do(t, http.MethodGet, "/api/v1/tickets?view=inbox", nil, http.StatusOK)
			if items, _ := inbox["items"].([]any); len(items) != 1 {
				t.Fatalf("inbox %v", inbox)
			}
			tk := secretary.do(t, http.MethodGet, "/api/v1/tickets/"+number, nil, http.StatusOK)
			act(map[string]any{"action": "accept", "version": tk["version"]})
			act(map[string]any{"action": "contact"})
			await(t, a.Sim, resident, number, "联系")
			act(map[string]any{"action": "finish", "note": "已换声控灯"})
			await(t, a.Sim, resident, number, "1满意")

			before := figure(t, secretary)
			if reply := send(t, a.Sim, resident, "1"); !strings.Contains(reply, number) {
				t.Fatalf("confirmation: %s", reply)
			}
			await(t, a.Sim, branch, number, "结案")
			tk = secretary.do(t, http.MethodGet, "/api/v1/tickets/"+number, nil, http.StatusOK)
			if tk["state"] != "closed" || tk["satisfaction"] != "satisfied" {
				t.Fatalf("%v", tk)
			}
			if after := figure(t, secretary); before != "0/0" || after != "1/1" {
				t.Fatalf("settlement went from %s to %s", before, after)
			}
			audit, err := a.Tickets.Verify(t.Context())
			if err != nil || len(audit.Faults) > 0 || audit.Tickets != pastTickets+1 {
				t.Fatalf("%+v %v", audit, err)
			}
		})
	}
}

// figure is the settlement of 福馨苑 as its secretary sees it.
func figure(t testing.TB, secretary api) string {
	t.Helper()
	table := secretary.do(t, http.MethodGet, "/api/v1/stats/rates?by=compound", nil, http.StatusOK)
	for _, r := range table["rows"].([]any) {
		row := r.(map[string]any)
		if row["name"] == "福馨苑小区" {
			s := row["settlement"].(map[string]any)
			return fmt.Sprintf("%v/%v", s["numerator"], s["denominator"])
		}
	}
	return "none"
}
