package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fenlin/internal/errs"
	"fenlin/internal/kv"
)

// api speaks WeChat's wire format: tokens of its own, and what answers says for the rest.
type api struct {
	mu      sync.Mutex
	tokens  int
	forced  int
	valid   map[string]bool
	calls   []string          // path and query without the token
	bodies  []map[string]any  // of POSTs, tokens left out
	answers map[string]string // path → body
	types   map[string]string // path → content type
	stuck   bool              // stable_token gives the last token again
	last    string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/sim/wechat")
	if path == "/cgi-bin/stable_token" {
		var in struct {
			AppID, Secret string
			Force         bool `json:"force_refresh"`
		}
		if json.NewDecoder(r.Body).Decode(&in) != nil || in.Secret != "the-secret-of-"+in.AppID {
			fmt.Fprintf(w, `{"errcode":40125,"errmsg":"invalid appsecret %s"}`, in.Secret)
			return
		}
		if in.Force {
			a.forced++
		}
		if a.tokens++; !a.stuck || in.Force || a.last == "" {
			a.last = fmt.Sprintf("token-%s-%d", in.AppID, a.tokens)
			a.valid[a.last] = true
		}
		fmt.Fprintf(w, `{"access_token":%q,"expires_in":7200}`, a.last)
		return
	}
	q := r.URL.Query()
	token := q.Get("access_token")
	q.Del("access_token")
	a.calls = append(a.calls, path+"?"+q.Encode())
	if !strings.HasPrefix(path, "/sns/") && !a.valid[token] {
		fmt.Fprintf(w, `{"errcode":40001,"errmsg":"invalid credential %s rid: 1"}`, token)
		return
	}
	if r.Method == http.MethodPost {
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body)
		a.bodies = append(a.bodies, body)
	}
	if t := a.types[path]; t != "" {
		w.Header().Set("Content-Type", t)
	}
	answer, found := a.answers[path]
	if !found {
		answer = `{"errcode":0,"errmsg":"ok"}`
	}
	_, _ = io.WriteString(w, strings.ReplaceAll(answer, "TOKEN", token))
}

func serve(t *testing.T) (*api, Config) {
	a := &api{valid: map[string]bool{}, answers: map[string]string{}, types: map[string]string{}}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return a, Config{
		AppID: "wx1", Secret: "the-secret-of-wx1", MiniAppID: "wxmini", MiniSecret: "the-secret-of-wxmini",
		Token: "t", APIBase: server.URL + "/sim/wechat",
	}
}

func TestClient_Calls(t *testing.T) {
	a, config := serve(t)
	a.answers["/sns/jscode2session"] = `{"openid":"oM","unionid":"u1","session_key":"k"}`
	a.answers["/sns/oauth2/access_token"] = `{"openid":"oA","access_token":"x"}`
	a.answers["/wxa/business/getuserphonenumber"] = `{"errcode":0,"phone_info":{"phoneNumber":"85261234567","purePhoneNumber":"61234567","countryCode":"852"}}`
	a.answers["/cgi-bin/qrcode/create"] = `{"ticket":"gQ","expire_seconds":60,"url":"http://weixin.qq.com/q/1"}`
	c := NewClient(config, memory(t))
	ctx := t.Context()
	data := map[string]string{"thing1": "楼道灯<坏>&了"}
	value := map[string]any{"thing1": map[string]any{"value": "楼道灯<坏>&了"}}
	var got []any
	must := func(values ...any) {
		t.Helper()
		for _, v := range values {
			if err, bad := v.(error); bad {
				t.Fatal(err)
			}
			got = append(got, v)
		}
	}
	must(c.SendTemplate(ctx, "oA", "T1", "http://p", data, "notice:1:"+strings.Repeat("x", 100)))
	must(c.SendText(ctx, "oA", "您好"))
	must(c.SendMiniSubscription(ctx, "oM", "T2", "pages/t?n=1", data))
	openid, unionid, err := c.Code2Session(ctx, "sim:oM")
	must(openid, unionid, err)
	openid, unionid, err = c.OAuth(ctx, "a+b&c=d")
	must(openid, unionid, err)
	number, err := c.PhoneNumber(ctx, "p1")
	must(number, err)
	ticket, content, err := c.QRCode(ctx, "c1", time.Hour)
	must(ticket, content, err)
	_, _, err = c.QRCode(ctx, "c1", 0)
	must(err)
	must(c.PushMenu(ctx, map[string]any{"button": []any{}}))
	want := []any{nil, nil, nil, "oM", "u1", nil, "oA", "", nil, "+85261234567", nil, "gQ", "http://weixin.qq.com/q/1", nil, nil, nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wantCalls := []string{
		"/cgi-bin/message/template/send?", "/cgi-bin/message/custom/send?", "/cgi-bin/message/subscribe/send?",
		"/sns/jscode2session?appid=wxmini&grant_type=authorization_code&js_code=sim%3AoM&secret=the-secret-of-wxmini",
		"/sns/oauth2/access_token?appid=wx1&code=a%2Bb%26c%3Dd&grant_type=authorization_code&secret=the-secret-of-wx1",
		"/wxa/business/getuserphonenumber?", "/cgi-bin/qrcode/create?", "/cgi-bin/qrcode/create?", "/cgi-bin/menu/create?",
	}
	if diff := cmp.Diff(wantCalls, a.calls); diff != "" {
		t.Error(diff)
	}
	id, _ := a.bodies[0]["client_msg_id"].(string)
	if len(id) != 32 {
		t.Errorf("client_msg_id %q", id)
	}
	scene := map[string]any{"scene": map[string]any{"scene_str": "c1"}}
	wantBodies := []map[string]any{
		{"touser": "oA", "template_id": "T1", "url": "http://p", "data": value, "client_msg_id": id},
		{"touser": "oA", "msgtype": "text", "text": map[string]any{"content": "您好"}},
		{"touser": "oM", "template_id": "T2", "page": "pages/t?n=1", "data": value},
		{"code": "p1"},
		{"action_name": "QR_STR_SCENE", "expire_seconds": 3600.0, "action_info": scene},
		{"action_name": "QR_LIMIT_STR_SCENE", "action_info": scene},
		{"button": []any{}},
	}
	if diff := cmp.Diff(wantBodies, a.bodies); diff != "" {
		t.Error(diff)
	}
	if a.tokens != 2 { // one of the account, one of the mini-program
		t.Error(a.tokens, "tokens fetched")
	}
}

func TestClient_RefusesBeforeItCalls(t *testing.T) {
	a, config := serve(t)
	c := NewClient(config, memory(t))
	for _, code := range []string{"", "a b", "a\nb", "汉", strings.Repeat("a", 513)} {
		if _, _, err := c.Code2Session(t.Context(), code); !errors.Is(err, ErrBadCode) {
			t.Errorf("%q: %v", code, err)
		}
		if _, _, err := c.OAuth(t.Context(), code); !errors.Is(err, ErrBadCode) {
			t.Errorf("%q: %v", code, err)
		}
		if _, err := c.PhoneNumber(t.Context(), code); !errors.Is(err, ErrBadCode) {
			t.Errorf("%q: %v", code, err)
		}
	}
	for _, scene := range []string{"", strings.Repeat("c", 65)} {
		if _, _, err := c.QRCode(t.Context(), scene, time.Hour); !errors.Is(err, ErrBadScene) {
			t.Error(err)
		}
	}
	bare := NewClient(Config{AppID: "wx1", Secret: "s", APIBase: config.APIBase}, memory(t))
	if err := bare.SendMiniSubscription(t.Context(), "oM", "T", "", nil); !errors.Is(err, errNotConfigured) {
		t.Error(err)
	}
	if len(a.calls) != 0 || a.tokens != 0 {
		t.Error(a.calls)
	}
}

func TestClient_ErrorsBearTheirCode(t *testing.T) {
	a, config := serve(t)
	c := NewClient(config, memory(t))
	a.answers["/cgi-bin/message/custom/send"] = `{"errcode":45015,"errmsg":"response out of time limit"}`
	err := c.SendText(t.Context(), "oA", "x")
	want := &APIError{Code: CodeWindowClosed, Msg: "response out of time limit", Op: "/cgi-bin/message/custom/send"}
	if got, ok := errors.AsType[*APIError](err); !ok || *got != *want || Code(err) != CodeWindowClosed {
		t.Error(err)
	}
	for _, code := range []int{40029, 40163} {
		a.answers["/sns/jscode2session"] = fmt.Sprintf(`{"errcode":%d,"errmsg":"invalid code"}`, code)
		if _, _, err := c.Code2Session(t.Context(), "x"); !errors.Is(err, ErrBadCode) || errs.From(err).Kind != errs.Invalid {
			t.Error(err)
		}
	}
	a.answers["/sns/jscode2session"] = `{}`
	if _, _, err := c.Code2Session(t.Context(), "x"); err == nil {
		t.Error("a person without openid")
	}
	a.answers["/sns/jscode2session"] = `<html>`
	if _, _, err := c.Code2Session(t.Context(), "x"); err == nil {
		t.Error("a page for an answer")
	}
}

func TestClient_StaleTokenIsReplacedOnce(t *testing.T) {
	a, config := serve(t)
	store := memory(t)
	c := NewClient(config, store)
	if err := store.Set(t.Context(), tokenKey+"wx1", "old", time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := c.SendText(t.Context(), "oA", "x"); err != nil {
		t.Fatal(err)
	}
	if err := c.SendText(t.Context(), "oA", "x"); err != nil {
		t.Fatal(err)
	}
	if len(a.calls) != 3 || a.tokens != 1 || a.forced != 0 { // refused, again, and the next at once
		t.Error(len(a.calls), a.tokens, a.forced)
	}
	for _, code := range []int{40001, 40014, 42001} {
		a.answers["/cgi-bin/message/custom/send"] = fmt.Sprintf(`{"errcode":%d,"errmsg":"no"}`, code)
		before := len(a.calls)
		if err := c.SendText(t.Context(), "oA", "x"); Code(err) != code {
			t.Error(err)
		}
		if n := len(a.calls) - before; n != 2 {
			t.Errorf("%d calls for %d", n, code)
		}
	}
}

func TestClient_TokenThatWeChatHoldsForGoodIsForced(t *testing.T) {
	a, config := serve(t)
	c := NewClient(config, memory(t))
	if _, err := c.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.stuck, a.valid = true, map[string]bool{}
	if err := c.SendText(t.Context(), "oA", "x"); err != nil {
		t.Fatal(err)
	}
	a.valid = map[string]bool{}
	for range 5 { // not twenty times a day
		if err := c.SendText(t.Context(), "oA", "x"); Code(err) != 40001 {
			t.Error(err)
		}
	}
	if a.forced != 1 {
		t.Error(a.forced, "forced")
	}
}

func TestClient_ReplicasShareOneToken(t *testing.T) {
	a, config := serve(t)
	store := memory(t)
	clients := make([]*Client, 8)
	for i := range clients {
		clients[i] = NewClient(config, store)
	}
	all := func() {
		var wait sync.WaitGroup
		for _, c := range clients {
			for range 4 {
				wait.Go(func() {
					if err := c.SendText(context.Background(), "oA", "x"); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wait.Wait()
	}
	all()
	if a.tokens != 1 {
		t.Error(a.tokens, "tokens fetched by 8 clients")
	}
	a.valid = map[string]bool{} // it ends for all at once
	all()
	if a.tokens != 2 {
		t.Error(a.tokens, "tokens fetched after the end of the first")
	}
}

func TestClient_GoesOnWithoutTheStore(t *testing.T) {
	_, config := serve(t)
	if err := NewClient(config, away{}).SendText(t.Context(), "oA", "x"); err != nil {
		t.Error(err)
	}
}

// No error may hold a secret, whatever fails.
func TestClient_ErrorsHoldNoSecret(t *testing.T) {
	a, config := serve(t)
	store := memory(t)
	const code = "one-time-code-of-a-person"
	collect := func(c *Client) []error {
		_, _, err1 := c.Code2Session(t.Context(), code)
		_, _, err2 := c.OAuth(t.Context(), code)
		_, err3 := c.PhoneNumber(t.Context(), code)
		_, _, err4 := c.Media(t.Context(), "m")
		return []error{err1, err2, err3, err4, c.SendText(t.Context(), "oA", "x")}
	}
	var all []error
	wrong := config
	wrong.Secret, wrong.MiniSecret = "the-secret-of-wx1x", "the-secret-of-wxminix"
	all = append(all, collect(NewClient(wrong, memory(t)))...)

	// Refused twice, with the token in WeChat's own words.
	_ = store.Set(t.Context(), tokenKey+"wx1", "token-kept", time.Hour)
	_ = store.Set(t.Context(), tokenKey+"wxmini", "token-kept", time.Hour)
	for _, path := range []string{"/sns/jscode2session", "/sns/oauth2/access_token", "/cgi-bin/message/custom/send", "/cgi-bin/media/get", "/wxa/business/getuserphonenumber"} {
		a.answers[path] = `{"errcode":40001,"errmsg":"secret=the-secret-of-wx1 access_token=token-kept, that is TOKEN"}`
	}
	all = append(all, collect(NewClient(config, store))...)

	closed := httptest.NewServer(http.NotFoundHandler())
	notFound := config
	notFound.APIBase = closed.URL
	all = append(all, collect(NewClient(notFound, store))...)
	closed.Close() // now nobody listens there
	all = append(all, collect(NewClient(notFound, store))...)

	redirect := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:1/elsewhere?"+r.URL.RawQuery, http.StatusFound)
	}))
	defer redirect.Close()
	led := config
	led.APIBase = redirect.URL
	all = append(all, collect(NewClient(led, store))...)

	bad := config
	bad.APIBase = "http://bad host"
	all = append(all, collect(NewClient(bad, store))...)
	for i, err := range all {
		if err == nil {
			t.Errorf("%d: no error", i)
			continue
		}
		for _, secret := range []string{config.Secret, config.MiniSecret, "token-kept", "token-wx", code} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%d: %q stands in %v", i, secret, err)
			}
		}
	}
}

func TestClient_EndsWithItsContext(t *testing.T) {
	_, config := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewClient(config, memory(t)).SendText(ctx, "oA", "x"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestClient_CheckText(t *testing.T) {
	a, config := serve(t)
	c := NewClient(config, memory(t))
	for suggest, want := range map[string]Verdict{"pass": Pass, "review": Review, "risky": Risky, "new": Review, "": Review} {
		a.answers["/wxa/msg_sec_check"] = `{"errcode":0,"result":{"suggest":"` + suggest + `","label":100}}`
		got, err := c.CheckMiniText(t.Context(), "oM", 3, "字")
		if err != nil || got != want {
			t.Errorf("%s: %s %v", suggest, got, err)
		}
	}
	a.bodies = nil
	a.answers["/wxa/msg_sec_check"] = `{"errcode":0,"result":{"suggest":"pass"}}`
	if got, err := c.CheckMiniText(t.Context(), "oM", 3, strings.Repeat("字", 5001)); err != nil || got != Pass || len(a.bodies) != 3 {
		t.Error(got, err, len(a.bodies))
	}
	a.answers["/wxa/msg_sec_check"] = `{"errcode":61010,"errmsg":"code is expired"}`
	if got, err := c.CheckMiniText(t.Context(), "oM", 3, "字"); Code(err) != 61010 || got == Pass {
		t.Error(got, err)
	}
}

func TestClient_Media(t *testing.T) {
	a, config := serve(t)
	c := NewClient(config, memory(t))
	const path = "/cgi-bin/media/get"
	a.answers[path], a.types[path] = "\xff\xd8\xff\xe0 picture", "image/jpeg"
	data, contentType, err := c.Media(t.Context(), "m1")
	if err != nil || string(data) != a.answers[path] || contentType != "image/jpeg" {
		t.Error(data, contentType, err)
	}
	a.answers[path] = strings.Repeat("x", maxMedia)
	if data, _, err = c.Media(t.Context(), "m1"); err != nil || len(data) != maxMedia {
		t.Error(len(data), err)
	}
	for answer, want := range map[string]error{
		strings.Repeat("x", maxMedia+1):                 ErrMediaTooLarge,
		`{"errcode":40007,"errmsg":"invalid media_id"}`: ErrNoMedia,
		`{"video_url":"http://elsewhere.example/film"}`: ErrNoMedia,
		"": ErrNoMedia,
	} {
		a.answers[path], a.types[path] = answer, "text/plain"
		if data, _, err := c.Media(t.Context(), "m1"); !errors.Is(err, want) || data != nil {
			t.Errorf("%.60s: %v", answer, err)
		}
	}
	a.answers[path] = `{"errcode":-1,"errmsg":"system error"}`
	if _, _, err := c.Media(t.Context(), "m1"); Code(err) != CodeBusy {
		t.Error(err)
	}
}

var _ kv.Store = away{}

func TestClient_AnAnswerThatIsNoneIsNotTakenForDone(t *testing.T) {
	a, config := serve(t)
	c := NewClient(config, memory(t))
	data := map[string]string{"thing1": "楼道灯坏了"}
	for _, answer := range []string{"<html><body>502</body></html>", `{"errcode":0,"errmsg":"o`, "", "null", `"ok"`, "[]"} {
		a.answers["/cgi-bin/message/template/send"] = answer
		err := c.SendTemplate(t.Context(), "oA", "T1", "http://p", data, "k")
		if err == nil || Refused(err) || !Unsure(err) {
			t.Errorf("%q is taken for done, or for a no: %v", answer, err)
		}
	}
}

func TestClient_KnowsWhetherACallMayHaveBeenHeard(t *testing.T) {
	_, config := serve(t)
	data := map[string]string{"thing1": "楼道灯坏了"}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		unsure bool
	}{
		"status 500":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, true},
		"cut off":        {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true},
		"WeChat is busy": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"errcode":-1}`) }, false},
		"its minute":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"errcode":45011}`) }, false},
		"refused":        {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"errcode":43004}`) }, false},
		"no token":       {nil, false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/stable_token") {
				if c.answer == nil {
					panic(http.ErrAbortHandler)
				}
				_, _ = io.WriteString(w, `{"access_token":"x","expires_in":7200}`)
				return
			}
			c.answer(w, r)
		}))
		config.APIBase = server.URL
		err := NewClient(config, memory(t)).SendTemplate(t.Context(), "oA", "T1", "", data, "k")
		if err == nil || Unsure(err) != c.unsure {
			t.Errorf("%s: %v, unsure %v", name, err, Unsure(err))
		}
		server.Close()
	}
	config.APIBase = "http://127.0.0.1:1"
	if err := NewClient(config, memory(t)).SendTemplate(t.Context(), "oA", "T1", "", data, "k"); err == nil || Unsure(err) {
		t.Errorf("nobody listens: %v", err)
	}
}
