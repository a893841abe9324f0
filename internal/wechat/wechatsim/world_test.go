package wechatsim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"fenlin/internal/wechat/wechatsim"
)

const (
	appID  = "wx0000000000000001"
	miniID = "wx0000000000000002"
	secret = "secret-of-account"
	token  = "callback-token"
	aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	liu    = "o-liu"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// call is one request that the account got.
type call struct {
	query map[string]string
	body  []byte
}

// account is a callback that keeps what it got and answers what it is told.
type account struct {
	mu     sync.Mutex
	calls  []call
	answer func(n int, c call, w http.ResponseWriter)
}

func (a *account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c := call{query: map[string]string{}, body: body}
	for k := range r.URL.Query() {
		c.query[k] = r.URL.Query().Get(k)
	}
	a.mu.Lock()
	a.calls = append(a.calls, c)
	n := len(a.calls)
	a.mu.Unlock()
	if a.answer == nil {
		_, _ = io.WriteString(w, "success")
		return
	}
	a.answer(n, c, w)
}

func (a *account) got() []call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]call(nil), a.calls...)
}

type world struct {
	*wechatsim.Sim
	t       *testing.T
	clock   *clock
	account *account
	url     string // of the simulator
}

func newWorld(t *testing.T, change ...func(*wechatsim.Options)) *world {
	t.Helper()
	w := &world{t: t, account: &account{}, clock: &clock{at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}}
	callback := httptest.NewServer(w.account)
	t.Cleanup(callback.Close)
	o := wechatsim.Options{
		AppID: appID, Secret: secret, Token: token, MiniAppID: miniID, MiniSecret: secret,
		CallbackURL: callback.URL + "/wechat/callback", Now: w.clock.now, RetryAfter: time.Millisecond, Timeout: time.Second,
		People: func(context.Context) ([]wechatsim.Person, error) {
			return []wechatsim.Person{
				{OpenID: liu, Name: "刘秀兰", Roles: []string{"resident"}, Org: "福馨苑小区"},
				{OpenID: "o-wang", Name: "王书记", Roles: []string{"resident", "branch_secretary"}, Org: "福馨苑小区"},
			}, nil
		},
	}
	for _, f := range change {
		f(&o)
	}
	w.Sim = wechatsim.New(o)
	server := httptest.NewServer(w.Handler())
	w.url = server.URL
	t.Cleanup(server.Close)
	t.Cleanup(w.Close) // before the server waits for its streams
	return w
}

func safeMode(o *wechatsim.Options) { o.AESKey = aesKey }

func reply(to, text string) string {
	return fmt.Sprintf(`<xml><ToUserName><![CDATA[%s]]></ToUserName><FromUserName><![CDATA[gh_fenlin000001]]></FromUserName>`+
		`<CreateTime>1795338000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[%s]]></Content></xml>`, to, text)
}

func (w *world) send(m wechatsim.Message) wechatsim.Delivery {
	w.t.Helper()
	d, err := w.Send(w.t.Context(), liu, m)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func between(doc []byte, from, to string) string {
	_, rest, _ := strings.Cut(string(doc), from)
	value, _, _ := strings.Cut(rest, to)
	return value
}

func picture(t *testing.T) []byte {
	t.Helper()
	return []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01")
}

// answer is any of WeChat's JSON answers.
type answer map[string]any

func (a answer) code() int {
	n, _ := a["errcode"].(float64)
	return int(n)
}

func (w *world) get(path string) answer { w.t.Helper(); return w.do(http.MethodGet, path, nil) }
func (w *world) post(path string, v any) answer {
	w.t.Helper()
	body, is := v.(string)
	if !is {
		data, err := json.Marshal(v)
		if err != nil {
			w.t.Fatal(err)
		}
		body = string(data)
	}
	return w.do(http.MethodPost, path, strings.NewReader(body))
}

func (w *world) do(method, path string, body io.Reader) answer {
	w.t.Helper()
	status, data := w.raw(method, path, body)
	var a answer
	if err := json.Unmarshal(data, &a); err != nil || status != http.StatusOK {
		w.t.Errorf("%s: HTTP %d, %q", path, status, data)
	}
	return a
}

func (w *world) raw(method, path string, body io.Reader) (int, []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+"/sim/wechat"+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, data
}

func (w *world) stable(app string, force bool) answer {
	w.t.Helper()
	return w.post("/cgi-bin/stable_token", map[string]any{
		"grant_type": "client_credential", "appid": app, "secret": secret, "force_refresh": force,
	})
}

func (w *world) token(app string) string {
	w.t.Helper()
	token, _ := w.stable(app, false)["access_token"].(string)
	if token == "" {
		w.t.Fatal("no token")
	}
	return token
}

func template(to, id, clientID string) map[string]any {
	return map[string]any{
		"touser": to, "template_id": id, "client_msg_id": clientID, "url": "http://example.com/app/",
		"data": map[string]any{"thing1": map[string]any{"value": "楼道灯不亮"}},
	}
}

func customer(to, text string) map[string]any {
	return map[string]any{"touser": to, "msgtype": "text", "text": map[string]any{"content": text}}
}
