package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"fenlin/internal/blob"
	"fenlin/internal/chat"
	"fenlin/internal/kv"
	"fenlin/internal/ledger"
	"fenlin/internal/station"
	"fenlin/internal/stats"
	"fenlin/internal/ticket/tickettest"
	"fenlin/internal/web"
	"fenlin/internal/wechat"
	"fenlin/internal/wechat/wechatsim"
	"fenlin/internal/worker"
)

// site is the small city of tickettest with its public port.
type site struct {
	*tickettest.Town
	*web.Server
	address  string
	sim      *wechatsim.Sim
	document *openapi3.T
	router   routers.Router
	tokens   map[string]string
	seen     map[string]bool // operations that succeeded
	fresh    func()          // begins to count requests anew
}

func newSite(t testing.TB, aesKey string, changes ...func(*site)) *site {
	t.Helper()
	w := tickettest.New(t)
	store := kv.NewMemory()
	t.Cleanup(func() { _ = store.Close() })
	s := &site{Town: w, tokens: map[string]string{}, seen: map[string]bool{}}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	s.address = server.URL
	config := wechat.Config{
		AppID: "wxfenlindemo00001", Secret: "secret", Token: "token", AESKey: aesKey, MiniAppID: "wxfenlindemo00002", MiniSecret: "secret2",
		APIBase: server.URL + "/sim/wechat",
	}
	s.sim = wechatsim.New(wechatsim.Options{
		AppID: config.AppID, Secret: config.Secret, Token: config.Token, AESKey: aesKey, MiniAppID: config.MiniAppID, MiniSecret: config.MiniSecret,
		CallbackURL: server.URL + "/wechat/callback", Now: w.Clock, RetryAfter: 100 * time.Millisecond,
		People: func(context.Context) ([]wechatsim.Person, error) {
			var out []wechatsim.Person
			for who := range w.Who {
				out = append(out, wechatsim.Person{OpenID: "o-" + who, Name: who})
			}
			return out, nil
		},
	})
	t.Cleanup(s.sim.Close)
	weights, err := os.ReadFile("../../config/rates.yaml")
	must(t, err)
	rates, err := stats.LoadWeights(weights)
	must(t, err)
	codec, err := wechat.NewCodec(config)
	must(t, err)
	points := &station.Service{DB: w.DB, Org: w.Org, Location: w.Rules().Calendar.Location(), Now: w.Clock}
	w.Kin = append(w.Kin, points)
	photos := &blob.Counted{Store: w.Service.Photos}
	w.Service.Photos = photos
	s.Server = &web.Server{
		Tickets: w.Service, Activities: w.Activities, Wishes: w.Wishes, Lists: w.Lists, Org: w.Org, Members: w.Members, Workers: &worker.Service{DB: w.DB, Members: w.Members, Now: w.Clock}, WeChat: wechat.NewClient(config, store), Now: w.Clock, Version: "test", Site: server.URL,
		Stations: points,
		Stats:    &stats.Service{DB: w.DB, Org: w.Org, Location: w.Rules().Calendar.Location(), Now: w.Clock},
		Chat:     &chat.Service{Tickets: w.Service, Activities: w.Activities, Wishes: w.Wishes, Org: w.Org, Members: w.Members, KV: store, Points: points, Now: w.Clock},
		Health:   func(context.Context) web.Health { return web.Health{Ready: true} },
		Ledger: &ledger.Service{
			DB: w.DB, Org: w.Org, Members: w.Members, Workers: &worker.Service{DB: w.DB, Members: w.Members, Now: w.Clock},
			Outbox: w.Outbox, Keys: w.Members.Keys, Now: w.Clock, Location: w.Rules().Calendar.Location(),
		},
		Photos: photos, Depth: w.Outbox.Depth, Late: w.Outbox.Late, Sim: s.sim.Handler(), Seats: 8,
	}
	s.Stats.Adopt(stats.Rules{Weights: rates})
	s.Callback = &wechat.Callback{Codec: codec, Inbox: &wechat.Inbox{Store: store}, Handle: s.Converse, Now: w.Clock, Log: nothingLogged()}
	w.Outbox.Slow = s.Ledger.Slow()
	for _, change := range changes {
		change(s)
	}
	s.fresh = func() { handler = s.Handler() }
	s.fresh()
	s.load(t)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// load reads the document as an outside program does.
func (s *site) load(t testing.TB) {
	t.Helper()
	_, raw := s.raw(t, "GET", "/openapi.json", nil, nil)
	var err error
	s.document, err = openapi3.NewLoader().LoadFromData(raw)
	must(t, err)
	must(t, s.document.Validate(t.Context()))
	s.router, err = gorillamux.NewRouter(s.document)
	must(t, err)
}

func (s *site) raw(t testing.TB, method, path string, headers map[string]string, body io.Reader) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.address+path, body)
	must(t, err)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	must(t, err)
	return res, content
}

// object is a JSON object; at walks into it.
type object map[string]any

func (o object) at(path ...any) any {
	var v any = map[string]any(o)
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				return nil
			}
			v = m[p]
		case int:
			l, ok := v.([]any)
			if !ok || p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (o object) list(path ...any) []any { l, _ := o.at(path...).([]any); return l }

// reply is an answer of the API.
type reply struct {
	object
	status  int
	headers http.Header
	content []byte
}

// call asks the API as who ("" = nobody) and holds the answer against the document. A string or bytes are the body as it is.
func (s *site) call(t testing.TB, who, method, path string, body any, headers ...string) reply {
	t.Helper()
	h := map[string]string{}
	var content io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		content, h["Content-Type"] = strings.NewReader(body), "application/json"
	case []byte:
		content, h["Content-Type"] = bytes.NewReader(body), "image/png"
	default:
		b, err := json.Marshal(body)
		must(t, err)
		content, h["Content-Type"] = bytes.NewReader(b), "application/json"
	}
	if who != "" {
		h["Authorization"] = "Bearer " + s.token(t, who)
	}
	for i := 0; i < len(headers); i += 2 {
		h[headers[i]] = headers[i+1]
	}
	res, raw := s.raw(t, method, "/api/v1"+path, h, content)
	s.check(t, res, raw)
	r := reply{status: res.StatusCode, headers: res.Header, content: raw}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		must(t, json.Unmarshal(raw, &r.object))
	}
	return r
}

// check holds an answer against the document.
func (s *site) check(t testing.TB, res *http.Response, raw []byte) {
	t.Helper()
	found, params, err := s.router.FindRoute(res.Request)
	if err != nil {
		t.Fatalf("%s %s is not in the document: %v", res.Request.Method, res.Request.URL.Path, err)
	}
	if res.StatusCode < 300 {
		s.seen[found.Operation.OperationID] = true
	}
	if res.StatusCode == http.StatusNoContent && len(raw) == 0 {
		return
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: res.Request, Route: found, PathParams: params},
		Status:                 res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(raw)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if err := openapi3filter.ValidateResponse(t.Context(), in); err != nil {
		t.Errorf("%s %s answers %d against its own document: %v\n%s", res.Request.Method, res.Request.URL, res.StatusCode, err, raw)
	}
	if bytes.Contains(raw, []byte("$schema")) {
		t.Errorf("%s %s: $schema in the body", res.Request.Method, res.Request.URL)
	}
}

// token signs a person in once.
func (s *site) token(t testing.TB, who string) string {
	t.Helper()
	if s.tokens[who] == "" {
		r := s.call(t, "", "POST", "/sessions", object{"code": "sim:o-" + who, "client": "miniprogram"})
		r.want(t, 201)
		s.tokens[who] = r.at("token").(string)
	}
	return s.tokens[who]
}

func (r reply) want(t testing.TB, status int) reply {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, want %d: %s", r.status, status, r.content)
	}
	return r
}

// refused is a problem of that status and code, whole.
func (r reply) refused(t testing.TB, status int, code string) reply {
	t.Helper()
	r.want(t, status)
	if r.at("code") != code {
		t.Fatalf("code %v, want %s: %s", r.at("code"), code, r.content)
	}
	if r.headers.Get("Content-Type") != "application/problem+json" || r.at("status") != float64(status) || r.at("request_id") != r.headers.Get("X-Request-ID") ||
		r.at("detail") == "" || r.at("title") == "" || r.at("type") == "" {
		t.Fatalf("not a whole problem: %v %s", r.headers, r.content)
	}
	return r
}

// fields are the fields that a problem names.
func (r reply) fields() []string {
	out := []string{}
	for _, e := range r.list("errors") {
		out = append(out, fmt.Sprint(e.(map[string]any)["field"]))
	}
	return out
}

const lamp = "3号楼2单元楼道灯坏了"

// report files a ticket through the API and returns its number.
func (s *site) report(t testing.TB, who, text string) string {
	t.Helper()
	return s.call(t, who, "POST", "/tickets", object{"text": text}).want(t, 201).at("number").(string)
}

func (s *site) act(t testing.TB, who, number string, body object) reply {
	t.Helper()
	return s.call(t, who, "POST", "/tickets/"+number+"/actions", body)
}

func aPicture(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 20, 10))))
	return b.Bytes()
}
