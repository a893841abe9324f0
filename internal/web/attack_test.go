package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"fenlin/internal/member"
)

// operation is one of the document's.
type operation struct {
	*openapi3.Operation
	method, path string // the path with 1 in place of what is between braces
}

// operations are all of the document, in the order of their names.
func (s *site) operations() (all []operation) {
	for path, item := range s.document.Paths.Map() {
		for method, op := range item.Operations() {
			filled := path
			for _, p := range op.Parameters {
				if p.Value.In == "path" {
					filled = strings.ReplaceAll(filled, "{"+p.Value.Name+"}", "1")
				}
			}
			all = append(all, operation{op, method, strings.TrimPrefix(filled, "/api/v1")})
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.OperationID, b.OperationID) })
	return all
}

// request is a request that is not sent.
func request(t *testing.T, method, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	must(t, err)
	return r
}

func (o operation) json() *openapi3.Schema {
	if o.RequestBody == nil || o.RequestBody.Value.Content["application/json"] == nil {
		return nil
	}
	return o.RequestBody.Value.Content["application/json"].Schema.Value
}

// TestAttack_NoFieldIsTakenThatAnOperationDoesNotName holds every JSON body, and
// every object within, against fields that tables have and callers may not set.
func TestAttack_NoFieldIsTakenThatAnOperationDoesNotName(t *testing.T) {
	s := newSite(t, "")
	foreign := []string{"id", "state", "role", "roles", "owner", "owner_id", "reporter_id", "lead_id", "organiser_id", "credits", "member", "posts", "channel", "emergency", "created_at", "TEXT", "__proto__"}
	bodies := 0
	for _, op := range s.operations() {
		schema := op.json()
		if schema == nil {
			continue
		}
		bodies++
		body, wanted := object{}, []string{}
		for _, name := range foreign {
			if schema.Properties[name] == nil {
				body[name], wanted = "1", append(wanted, name)
			}
		}
		r := s.call(t, "city", op.method, op.path, body).refused(t, 422, "invalid")
		for _, name := range wanted {
			if !slices.Contains(r.fields(), name) {
				t.Errorf("%s takes %s: %s", op.OperationID, name, r.content)
			}
		}
		closed(t, op.OperationID, schema, map[*openapi3.Schema]bool{})
	}
	// Decoding knows no case, so checking must not either: of two spellings one would pass unseen.
	s.call(t, "li", "PATCH", "/me", `{"digest_hour":7,"DIGEST_HOUR":99}`).refused(t, 422, "invalid")
	s.call(t, "li", "PATCH", "/me", `{"digest_hour":7,"digest_hour":99}`).refused(t, 422, "invalid")
	if bodies < 60 {
		t.Errorf("only %d bodies", bodies)
	}
}

// closed fails where an object of a body would take fields that it does not name.
func closed(t *testing.T, where string, s *openapi3.Schema, seen map[*openapi3.Schema]bool) {
	t.Helper()
	if seen[s] {
		return
	}
	seen[s] = true
	if s.Type.Is("object") && (s.AdditionalProperties.Has == nil || *s.AdditionalProperties.Has) {
		t.Errorf("%s takes any field", where)
	}
	for name, p := range s.Properties {
		closed(t, where+"."+name, p.Value, seen)
	}
	if s.Items != nil {
		closed(t, where+"[]", s.Items.Value, seen)
	}
}

func TestAttack_OnlyAWholeTokenThatHoldsSignsIn(t *testing.T) {
	s := newSite(t, "")
	s.clerks(t)
	good := s.token(t, "cityclerk")
	other := byte('A')
	if good[5] == other {
		other = 'B'
	}
	headers := map[string][]string{
		"truncated": {"Authorization", "Bearer " + good[:len(good)-1]}, "longer": {"Authorization", "Bearer " + good + "A"}, "another byte": {"Authorization", "Bearer " + good[:5] + string(other) + good[6:]},
		"another scheme": {"Authorization", "Basic " + good}, "no scheme": {"Authorization", good}, "two tokens": {"Authorization", "Bearer " + good + " " + good}, "quoted": {"Authorization", `Bearer "` + good + `"`},
		"a pattern": {"Authorization", "Bearer %"}, "SQL": {"Authorization", "Bearer ' OR '1'='1"}, "a cookie": {"Cookie", "session=" + good + "; token=" + good + "; Authorization=Bearer " + good},
		"another header": {"X-Authorization", "Bearer " + good}, "an unsigned JWT": {"Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."},
	}
	for name, h := range headers {
		t.Run(name, func(t *testing.T) {
			s.call(t, "", "GET", "/units?token="+good+"&access_token="+good, nil, h...).refused(t, 401, "not_signed_in")
		})
	}
	s.call(t, "cityclerk", "GET", "/units", nil).want(t, 200)
	s.call(t, "cityclerk", "DELETE", "/sessions", nil).want(t, 204)
	s.call(t, "", "GET", "/units", nil, "Authorization", "Bearer "+good).refused(t, 401, "not_signed_in")
	delete(s.tokens, "cityclerk")
	again := s.token(t, "cityclerk")
	s.Forward(member.SessionLife + time.Second)
	s.call(t, "", "GET", "/units", nil, "Authorization", "Bearer "+again).refused(t, 401, "not_signed_in")
}

// TestAttack_ABrowserOfAnotherSiteCanDoNothing tries every operation as a page of
// another site would: with the cookies of the person, and without their token.
func TestAttack_ABrowserOfAnotherSiteCanDoNothing(t *testing.T) {
	s := newSite(t, "")
	token := s.token(t, "city")
	free := []string{}
	for _, op := range s.operations() {
		h := map[string]string{"Origin": "https://evil.example", "Cookie": "session=" + token + "; sim_openid=o-city", "Content-Type": "text/plain"}
		res, body := s.raw(t, op.method, "/api/v1"+op.path, h, strings.NewReader("{}"))
		if op.Security != nil && len(*op.Security) == 1 && res.StatusCode != 401 {
			t.Errorf("%s answers %d: %s", op.OperationID, res.StatusCode, body)
		}
		if op.method != "GET" && res.StatusCode < 300 {
			free = append(free, op.OperationID)
		}
		check, _ := s.raw(t, "OPTIONS", "/api/v1"+op.path, map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": op.method}, nil)
		for _, answered := range []*http.Response{res, check} {
			for name := range answered.Header {
				if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" {
					t.Errorf("%s answers with %s", op.OperationID, name)
				}
			}
		}
		if check.StatusCode < 400 {
			t.Errorf("OPTIONS %s: %d", op.path, check.StatusCode)
		}
	}
	if len(free) > 0 {
		t.Errorf("%v change something for a page of another site", free)
	}
}

func TestAttack_EveryAnswerCarriesWhatBrowsersMustKeepTo(t *testing.T) {
	s := newSite(t, "")
	s.Server.Site = "https://fenlin.example"
	safe := httptest.NewServer(s.Handler())
	defer safe.Close()
	for _, address := range []string{s.address, safe.URL} {
		for _, path := range []string{
			"/", "/app/", "/board/", "/board/board.js", "/ledger/", "/docs", "/privacy", "/open/", "/open/" + s.unit("福馨苑小区"), "/open/1", "/open/certificates/", "/open/certificates/ABC", "/nowhere",
			"/healthz", "/readyz", "/openapi.json", "/api/v1/me", "/api/v1/compounds", "/api/v1/nothing", "/oauth/start?to=/nowhere/",
		} {
			s.address = address
			res, _ := s.raw(t, "GET", path, nil, nil)
			h := res.Header
			want := map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}
			if strings.HasPrefix(path, "/api/") {
				want["Cache-Control"] = "no-store"
			}
			if address == safe.URL {
				want["Strict-Transport-Security"] = "max-age=31536000"
			}
			for name, value := range want {
				if h.Get(name) != value {
					t.Errorf("%s: %s is %q", path, name, h.Get(name))
				}
			}
			if policy := h.Get("Content-Security-Policy"); strings.HasPrefix(h.Get("Content-Type"), "text/html") && (!strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe")) {
				t.Errorf("%s: %q", path, policy)
			}
			if referrer := h.Get("Referrer-Policy"); referrer != "no-referrer" && referrer != "same-origin" {
				t.Errorf("%s: Referrer-Policy %q", path, referrer)
			}
			if len(res.Cookies()) > 0 || h.Get("Server") != "" {
				t.Errorf("%s: %v", path, h)
			}
		}
	}
}

func TestAttack_ThePublicPortHasNothingOfTheOthers(t *testing.T) {
	s := newSite(t, "")
	s.Sim = nil
	plain := httptest.NewServer(s.Handler())
	defer plain.Close()
	s.address = plain.URL
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/vars", "/sim/", "/sim/wechat/cgi-bin/token", "//metrics", "/./metrics", "/%6detrics", "/api/../metrics", "/sim/../metrics"} {
		for _, method := range []string{"GET", "POST"} {
			if res, body := s.raw(t, method, path, nil, nil); res.StatusCode != 404 && res.StatusCode != 405 || bytes.Contains(body, []byte("go_goroutines")) {
				t.Errorf("%s %s: %d", method, path, res.StatusCode)
			}
		}
	}
}

// hostile is what may stand where a word is expected.
var hostile = []string{
	"'", `' OR '1'='1' -- `, `"`, "\\", "%", "_", "%00", "\x00", "; DROP TABLE tickets", "${7*7}{{7*7}}", `<script>alert(1)</script>`, "../../etc/passwd", "\r\nX-Evil: 1", "-1", "0", "1e309", "NaN",
	"9223372036854775808", "٣", "\u202e", "\xff\xfe", strings.Repeat("长", 3000), "2026-13-45", "9999-12-31T23:59:60+99:99", `{"a":1}`, "[]",
}

// TestAttack_NoParameterIsMoreThanAWord puts hostile words into every parameter
// of every question: each is answered or refused, and none breaks anything.
func TestAttack_NoParameterIsMoreThanAWord(t *testing.T) {
	s := newSite(t, "")
	s.clerks(t)
	asked := 0
	for _, op := range s.operations() {
		if op.method != "GET" {
			continue
		}
		for i, word := range hostile {
			if raced && i%6 != 0 {
				continue
			}
			q := url.Values{}
			target := strings.ReplaceAll(op.path, "/1", "/"+url.PathEscape(word))
			for _, p := range op.Parameters {
				if p.Value.In == "query" {
					q.Set(p.Value.Name, word)
				}
			}
			for _, query := range alone(q) {
				res, body := s.raw(t, "GET", "/api/v1"+target+query, map[string]string{"Authorization": "Bearer " + s.token(t, "cityclerk")}, nil)
				if asked++; asked%1000 == 0 {
					s.fresh() // nobody asks so much in a minute
				}
				if res.StatusCode >= 500 && !strings.Contains(target, "picture") {
					t.Errorf("%s%s: %d %s", target, query, res.StatusCode, body)
				}
				if res.Header.Get("X-Evil") != "" || bytes.Contains(body, []byte("49{{")) {
					t.Errorf("%s%s is obeyed: %v", target, query, res.Header)
				}
			}
		}
	}
	if asked < 300 {
		t.Errorf("only %d questions", asked)
	}
	for _, q := range []string{"%", "_", "' OR '1'='1", "\\"} {
		if r := s.call(t, "", "GET", "/compounds?q="+url.QueryEscape(q), nil).want(t, 200); len(r.list("items")) != 0 {
			t.Errorf("%q finds %s", q, r.content)
		}
	}
}

// alone is each parameter by itself, so that one that is refused hides no other.
func alone(q url.Values) []string {
	out := []string{""}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		out = append(out, "?"+url.Values{name: q[name]}.Encode())
	}
	return out
}

func TestAttack_WhatIsTooDeepOrTooLongIsRefused(t *testing.T) {
	s := newSite(t, "")
	for name, body := range map[string]string{
		"deep lists": strings.Repeat("[", 500_000), "deep objects": strings.Repeat(`{"text":`, 100_000), "deep and closed": `{"text":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + "}",
		"a long number": `{"text":` + strings.Repeat("9", 900_000) + "}",
	} {
		if r := s.call(t, "li", "POST", "/tickets", body); r.status != 400 && r.status != 422 {
			t.Errorf("%s: %d %.200s", name, r.status, r.content)
		}
	}
	huge := strings.Repeat("a", 2<<20)
	if res, _ := s.raw(t, "GET", "/api/v1/compounds", map[string]string{"X-Long": huge}, nil); res.StatusCode != 431 {
		t.Errorf("headers of 2 MB: %d", res.StatusCode)
	}
	if res, _ := s.raw(t, "GET", "/api/v1/compounds?q="+huge, nil, nil); res.StatusCode != 431 {
		t.Errorf("a query of 2 MB: %d", res.StatusCode)
	}
	var answer map[string]any
	if _, body := s.raw(t, "GET", "/api/v1/compounds?q="+huge[:500_000], nil, nil); json.Unmarshal(body, &answer) != nil || fmt.Sprint(answer["status"]) != "422" {
		t.Errorf("a query of 500 kB: %.200s", body)
	}
}
