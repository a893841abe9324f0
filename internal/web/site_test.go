package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"fenlin/internal/ticket"
	"fenlin/internal/web"
	"fenlin/internal/wechat/wechatsim"
)

func TestCallback_ASentenceBecomesATicketInPlainAndSafeMode(t *testing.T) {
	for name, key := range map[string]string{"plain": "", "safe": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, key)
			d := s.say(t, "li", "福馨苑"+lamp)
			number := regexp.MustCompile(`FY\d{6}-\d{4,}`).FindString(d.Text())
			full, err := s.Tickets.Get(t.Context(), s.Actor("li"), number)
			if err != nil || full.Channel != "chat" || full.Category != "lighting" {
				t.Fatalf("answered %q: %+v %v", d.Text(), full.Ticket, err)
			}
			if shown := s.call(t, "li", "GET", "/tickets/"+number, nil).want(t, 200); shown.at("text") != "福馨苑"+lamp {
				t.Errorf("shown: %s", shown.content)
			}
		})
	}
}

// say sends a text to the account as somebody who follows it.
func (s *site) say(t *testing.T, who, text string) wechatsim.Delivery {
	t.Helper()
	if !s.sim.Following("o-" + who) {
		_, err := s.sim.Follow(t.Context(), "o-"+who, "")
		must(t, err)
	}
	d, err := s.sim.Send(t.Context(), "o-"+who, wechatsim.Text(text))
	must(t, err)
	return d
}

func TestCallback_RefusesWhatIsNotWeChats(t *testing.T) {
	s := newSite(t, "")
	for name, c := range map[string]struct {
		method, query, body string
		status              int
	}{
		"unsigned":          {"POST", "", "<xml></xml>", 403},
		"forged":            {"POST", "signature=0&timestamp=1&nonce=2", "<xml></xml>", 403},
		"forged echo":       {"GET", "signature=0&timestamp=1&nonce=2&echostr=hello", "", 403},
		"not a method here": {"DELETE", "", "", 405},
	} {
		res, body := s.raw(t, c.method, "/wechat/callback?"+c.query, nil, strings.NewReader(c.body))
		if res.StatusCode != c.status || len(body) == 0 {
			t.Errorf("%s: %d %q", name, res.StatusCode, body)
		}
	}
	var reports []ticket.Ticket
	must(t, s.DB.Read(t.Context()).Find(&reports).Error)
	if len(reports) != 0 {
		t.Error("a forged request made a ticket")
	}
}

func TestHealth_ReadyUnlessTheDatabaseIsAway(t *testing.T) {
	s := newSite(t, "")
	for _, c := range []struct {
		health web.Health
		status int
		says   string
	}{
		{web.Health{Ready: true}, 200, "ok"},
		{web.Health{Ready: true, Degraded: []string{"redis"}}, 200, "degraded"},
		{web.Health{Detail: "database"}, 503, "unready"},
	} {
		s.Health = func(context.Context) web.Health { return c.health }
		res, raw := s.raw(t, "GET", "/readyz", nil, nil)
		var body object
		must(t, json.Unmarshal(raw, &body))
		if res.StatusCode != c.status || body.at("status") != c.says || body.at("degraded") == nil {
			t.Errorf("%+v: %d %s", c.health, res.StatusCode, raw)
		}
	}
	if res, _ := s.raw(t, "GET", "/healthz", nil, nil); res.StatusCode != 200 {
		t.Errorf("healthz: %d", res.StatusCode)
	}
}

func TestPages_AreWholeAndLoadNothingFromElsewhere(t *testing.T) {
	s := newSite(t, "")
	elsewhere := regexp.MustCompile(`(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}`)
	link := regexp.MustCompile(`(?:src|href)="(/[^"#]*)"|from "\./([^"]+)"`)
	todo, seen := []string{"/", "/board/", "/open/", "/docs"}, map[string]bool{}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		if seen[path] || strings.HasPrefix(path, "/sim/") {
			continue
		}
		seen[path] = true
		res, raw := s.raw(t, "GET", path, nil, nil)
		if res.StatusCode != 200 || len(raw) == 0 {
			t.Errorf("%s: %d", path, res.StatusCode)
			continue
		}
		if path == "/openapi.json" {
			continue
		}
		if !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'") || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", path, res.Header)
		}
		if found := elsewhere.Find(raw); found != nil {
			t.Errorf("%s names %s", path, found)
		}
		for _, m := range link.FindAllStringSubmatch(string(raw), -1) {
			next := m[1]
			if m[2] != "" {
				next = path[:strings.LastIndex(path, "/")+1] + m[2]
			}
			todo = append(todo, next)
		}
	}
	if len(seen) < 12 {
		t.Errorf("only %v", seen)
	}
	if res, _ := s.raw(t, "HEAD", "/board/", nil, nil); res.StatusCode != 200 {
		t.Errorf("HEAD: %d", res.StatusCode)
	}
}

func TestPages_WhatLeadsNowhereSaysSo(t *testing.T) {
	s := newSite(t, "")
	for path, status := range map[string]int{"/nowhere": 404, "/board/none.js": 404, "/board/index.html": 404, "/docs/..%2fboard%2fboard.js": 404} {
		res, raw := s.raw(t, "GET", path, nil, nil)
		if res.StatusCode != status || !strings.Contains(string(raw), "没有这个页面") {
			t.Errorf("%s: %d %s", path, res.StatusCode, raw)
		}
	}
	for _, c := range []struct {
		method, path, code string
		status             int
	}{{"GET", "/api/v1/nothing", "no_such_path", 404}, {"GET", "/api", "no_such_path", 404}, {"PUT", "/api/v1/me", "method_not_allowed", 405}} {
		res, raw := s.raw(t, c.method, c.path, nil, nil)
		r := reply{status: res.StatusCode, headers: res.Header, content: raw}
		must(t, json.Unmarshal(raw, &r.object))
		r.refused(t, c.status, c.code)
	}
}

func TestRequests_HaveAnIdOfTheirOwnOrTheProxys(t *testing.T) {
	s := newSite(t, "")
	for given, kept := range map[string]bool{"": false, "a1b2c3d4-e5f6": true, "short": false, "with space in it": false, strings.Repeat("x", 65): false} {
		res, _ := s.raw(t, "GET", "/healthz", map[string]string{"X-Request-ID": given}, nil)
		got := res.Header.Get("X-Request-ID")
		if got == "" || (got == given) != kept {
			t.Errorf("given %q, answered %q", given, got)
		}
	}
}

func TestRequests_APanicAndAnAbsentDatabaseAreOneBusyProblem(t *testing.T) {
	s := newSite(t, "")
	s.token(t, "li")
	health := s.Health
	s.Health = func(context.Context) web.Health { panic(errors.New("a secret")) }
	res, raw := s.raw(t, "GET", "/readyz", nil, nil)
	if res.StatusCode != 503 || !strings.Contains(string(raw), "系统繁忙") || strings.Contains(string(raw), "secret") {
		t.Errorf("panic: %d %s", res.StatusCode, raw)
	}
	s.Health = health
	must(t, s.DB.Close())
	s.call(t, "li", "GET", "/me", nil).refused(t, 503, "busy")
	s.call(t, "", "GET", "/compounds/1", nil).refused(t, 503, "busy")
	res, raw = s.raw(t, "GET", "/open/", nil, nil)
	if res.StatusCode != 503 || !strings.Contains(string(raw), "系统繁忙") || !strings.Contains(string(raw), res.Header.Get("X-Request-ID")) || res.Header.Get("Retry-After") == "" {
		t.Errorf("a page: %d %v %s", res.StatusCode, res.Header, raw)
	}
}

func TestAdmin_CountsRequestsMessagesAndTheOutbox(t *testing.T) {
	s := newSite(t, "")
	s.report(t, "li", lamp)
	s.say(t, "li", "帮助")
	admin := httptest.NewServer(s.Admin())
	defer admin.Close()
	s.address = admin.URL
	_, raw := s.raw(t, "GET", "/metrics", nil, nil)
	for _, want := range []string{
		`fenlin_http_requests_total{method="POST",route="/api/v1/tickets",status="201"} 1`, `fenlin_wechat_messages_total{kind="text"} 1`,
		`fenlin_wechat_callbacks_total{outcome="answered"} 1`, `fenlin_outbox_events{state="ready"} 2`, `go_goroutines`,
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %s", want)
		}
	}
	if res, _ := s.raw(t, "GET", "/debug/pprof/cmdline", nil, nil); res.StatusCode != http.StatusOK {
		t.Errorf("pprof: %d", res.StatusCode)
	}
}

func TestSignIn_OnAComputerWithTheDigitsFromTheChat(t *testing.T) {
	s := newSite(t, "")
	digits := regexp.MustCompile(`\d{4} \d{4}`).FindString(s.say(t, "branch", "登录").Text())
	code := "chat:" + strings.ReplaceAll(digits, " ", "")
	in := object{"code": code, "client": "h5"}
	first := s.call(t, "", "POST", "/sessions", in).want(t, 201)
	if first.at("me", "name") != "branch" {
		t.Errorf("%q signs in %s", digits, first.content)
	}
	s.call(t, "", "POST", "/sessions", in).refused(t, 422, "login_code") // it works once
	for _, wrong := range []string{"chat:", "chat:1", "chat:00000000", "chat:abcdefgh", code + "0"} {
		s.call(t, "", "POST", "/sessions", object{"code": wrong, "client": "h5"}).refused(t, 422, "login_code")
	}
	late := regexp.MustCompile(`\d{4} \d{4}`).FindString(s.say(t, "li", "登录").Text())
	for range 300 {
		s.call(t, "", "POST", "/sessions", object{"code": "chat:99999999", "client": "h5"})
	}
	right := object{"code": "chat:" + strings.ReplaceAll(late, " ", ""), "client": "h5"}
	s.call(t, "", "POST", "/sessions", right).refused(t, 429, "login_tries") // a guess that hits must not get in
	must(t, s.Chat.KV.Del(t.Context(), "login-tries"))                       // the minute is over
	s.call(t, "", "POST", "/sessions", right).want(t, 201)
}

func TestSite_APageInsideWeChatSignsInAndNobodyIsSentElsewhere(t *testing.T) {
	s := newSite(t, "")
	for _, to := range []string{"", "//evil.example/", "https://evil.example/ledger/", "/ledger/../..//evil.example", "/ledger/?x", "/sim/", "/ledger"} {
		if res, _ := s.raw(t, "GET", "/oauth/start?state=abc&to="+url.QueryEscape(to), nil, nil); res.StatusCode != 404 {
			t.Errorf("to %q: %d", to, res.StatusCode)
		}
	}
	if res, _ := s.raw(t, "GET", "/oauth/start?to=/ledger/&state=a%20b", nil, nil); res.StatusCode != 404 {
		t.Errorf("a strange state: %d", res.StatusCode)
	}
	res, _ := s.raw(t, "GET", "/oauth/start?to=/ledger/&state=abc", map[string]string{"Cookie": "sim_openid=o-city"}, nil)
	back := res.Request.URL
	if res.StatusCode != 200 || back.Path != "/ledger/" || back.Query().Get("state") != "abc" {
		t.Fatalf("came back to %s: %d", back, res.StatusCode)
	}
	code := back.Query().Get("code")
	in := s.call(t, "", "POST", "/sessions", object{"code": code, "client": "h5"}).want(t, 201)
	if in.at("me", "posts", 0, "role") != "city_secretary" {
		t.Errorf("signed in as %s", in.content)
	}
	s.call(t, "", "POST", "/sessions", object{"code": code, "client": "h5"}).refused(t, 422, "wechat_code_invalid")
}
