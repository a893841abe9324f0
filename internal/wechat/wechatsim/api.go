package wechatsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// apiError is an answer of WeChat's with a code other than 0.
type apiError struct {
	code int
	more string // added to the code's own text
}

func (e apiError) Error() string { return strconv.Itoa(e.code) + " " + errorTexts[e.code] + e.more }

// errorTexts are WeChat's own words for its codes.
var errorTexts = map[int]string{
	-1:    "system error",
	40001: "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r",
	40002: "invalid grant_type",
	40003: "invalid openid",
	40004: "invalid media type",
	40005: "invalid file type",
	40007: "invalid media_id",
	40008: "invalid message type",
	40013: "invalid appid",
	40014: "invalid access_token",
	40016: "invalid button size",
	40018: "invalid button name size",
	40019: "invalid button key size",
	40020: "invalid button url size",
	40023: "invalid sub_button size",
	40029: "invalid code",
	40037: "invalid template_id",
	40053: "invalid action info",
	40066: "invalid url",
	40097: "invalid args",
	40125: "invalid appsecret, view more at http://t.cn/RAEkdVq",
	40163: "code been used",
	40169: "invalid length for scene, or the data is not json string",
	41001: "access_token missing",
	41002: "appid missing",
	41004: "appsecret missing",
	41005: "media data missing",
	41008: "missing code",
	41030: "invalid page",
	42001: "access_token expired",
	43002: "require POST method",
	43004: "require subscribe",
	43101: "user refuse to accept the msg",
	44002: "empty post data",
	44004: "empty content",
	45001: "media size out of limit",
	45002: "content size out of limit",
	45008: "article size out of limit",
	45009: "reach max api daily quota limit",
	45011: "api minute-quota reach limit, must slower, retry next minute",
	45015: "response out of time limit or subscription is canceled",
	45047: "out of response count limit",
	46003: "menu no exist",
	47001: "data format error",
	47003: "argument invalid!",
	48001: "api unauthorized",
	61010: "code is expired",
}

// Which account's token a path takes.
const (
	noToken = iota
	accountToken
	miniToken
	anyToken
)

type endpoint struct {
	method string // POST also means: the body is needed
	token  int
	quota  Quota
	handle func(*Sim, *call) (any, error)
}

// endpoints is WeChat's API as far as it is spoken here. The quotas are those
// of a certified service account and a common mini-program.
var endpoints = map[string]endpoint{
	"/cgi-bin/token":                             {"GET", noToken, Quota{0, 2000}, (*Sim).apiToken},
	"/cgi-bin/stable_token":                      {"POST", noToken, Quota{10_000, 500_000}, (*Sim).apiStableToken},
	"/cgi-bin/getcallbackip":                     {"GET", accountToken, Quota{}, (*Sim).apiAddresses},
	"/cgi-bin/get_api_domain_ip":                 {"GET", accountToken, Quota{}, (*Sim).apiAddresses},
	"/cgi-bin/ticket/getticket":                  {"GET", accountToken, Quota{0, 1_000_000}, (*Sim).apiTicket},
	"/cgi-bin/user/info":                         {"GET", accountToken, Quota{0, 5_000_000}, (*Sim).apiUserInfo},
	"/sns/jscode2session":                        {"GET", noToken, Quota{}, (*Sim).apiCodeToSession},
	"/sns/oauth2/access_token":                   {"GET", noToken, Quota{}, (*Sim).apiOAuth},
	"/wxa/business/getuserphonenumber":           {"POST", miniToken, Quota{}, (*Sim).apiPhone},
	"/cgi-bin/message/template/send":             {"POST", accountToken, Quota{0, 100_000}, (*Sim).apiTemplate},
	"/cgi-bin/template/get_all_private_template": {"GET", accountToken, Quota{}, (*Sim).apiTemplates},
	"/cgi-bin/message/subscribe/bizsend":         {"POST", accountToken, Quota{0, 100_000}, (*Sim).apiSubscription},
	"/cgi-bin/message/subscribe/send":            {"POST", miniToken, Quota{}, (*Sim).apiMiniSubscription},
	"/cgi-bin/message/custom/send":               {"POST", accountToken, Quota{0, 500_000}, (*Sim).apiCustomer},
	"/cgi-bin/media/get":                         {"GET", anyToken, Quota{0, 200_000}, (*Sim).apiMediaGet},
	"/cgi-bin/media/upload":                      {"POST", anyToken, Quota{0, 100_000}, (*Sim).apiMediaUpload},
	"/cgi-bin/qrcode/create":                     {"POST", accountToken, Quota{0, 100_000}, (*Sim).apiCode},
	"/cgi-bin/showqrcode":                        {"GET", noToken, Quota{}, (*Sim).apiShowCode},
	"/cgi-bin/menu/create":                       {"POST", accountToken, Quota{0, 1000}, (*Sim).apiMenuCreate},
	"/cgi-bin/menu/get":                          {"GET", accountToken, Quota{0, 10_000}, (*Sim).apiMenuGet},
	"/cgi-bin/menu/delete":                       {"GET", accountToken, Quota{0, 1000}, (*Sim).apiMenuDelete},
	"/wxa/getwxacodeunlimit":                     {"POST", miniToken, Quota{5000, 0}, (*Sim).apiMiniCode},
	"/wxa/generate_urllink":                      {"POST", miniToken, Quota{0, 500_000}, (*Sim).apiURLLink},
	"/wxa/generatescheme":                        {"POST", miniToken, Quota{0, 500_000}, (*Sim).apiScheme},
	"/wxa/msg_sec_check":                         {"POST", anyToken, Quota{4000, 2_000_000}, (*Sim).apiTextCheck},
	"/wxa/media_check_async":                     {"POST", anyToken, Quota{2000, 200_000}, (*Sim).apiMediaCheck},
}

// call is one request to the API.
type call struct {
	*http.Request
	path string
	body []byte
	app  string // whose token was given
	now  time.Time
}

// decode reads the JSON body.
func (c *call) decode(v any) error {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return apiError{code: 44002}
	}
	if err := json.Unmarshal(c.body, v); err != nil {
		return apiError{code: 47001}
	}
	return nil
}

// file is an answer that is not JSON.
type file struct {
	contentType, name string
	data              []byte
}

// outcome is what most successful answers begin with.
type outcome struct {
	Code int    `json:"errcode"`
	Text string `json:"errmsg"`
}

var fine = outcome{0, "ok"}

// maxUpload is over WeChat's 10 MB for a picture, so that 45001 can be answered.
const maxUpload = 12 << 20

// api answers a call to WeChat's API under /sim/wechat.
func (s *Sim) api(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/sim/wechat")
	body, err := io.ReadAll(io.LimitReader(r.Body, maxUpload))
	if err != nil {
		writeAnswer(w, path, nil, apiError{code: 44002})
		return
	}
	c := &call{Request: r, path: path, body: body, now: s.opt.Now()}
	fault := s.fault(path)
	if fault.delay > 0 && s.sleep(r.Context(), fault.delay) != nil {
		return
	}
	if fault.code != 0 {
		writeAnswer(w, path, nil, apiError{code: fault.code})
		return
	}
	if fault.cut { // WeChat has done it, but nobody hears of it
		answer := httptest.NewRecorder()
		result, err := s.answer(c)
		writeAnswer(answer, path, result, err)
		cut(w)
		return
	}
	result, err := s.answer(c)
	writeAnswer(w, path, result, err)
}

func (s *Sim) answer(c *call) (any, error) {
	e, found := endpoints[c.path]
	if !found {
		return nil, apiError{code: 40066}
	}
	if e.method == http.MethodPost && c.Method != http.MethodPost {
		return nil, apiError{code: 43002}
	}
	if e.token != noToken {
		app, err := s.tokenApp(c.URL.Query().Get("access_token"), c.now)
		if err != nil {
			return nil, err
		}
		if !s.allowed(app, e.token) {
			return nil, apiError{code: 48001}
		}
		c.app = app
	}
	if q, given := s.opt.Quotas[c.path]; given {
		e.quota = q
	}
	if err := s.count(c.app+c.path, e.quota, c.now); err != nil {
		return nil, err
	}
	return e.handle(s, c)
}

func (s *Sim) allowed(app string, token int) bool {
	switch token {
	case accountToken:
		return app == s.opt.AppID
	case miniToken:
		return app == s.opt.MiniAppID
	}
	return true
}

func writeAnswer(w http.ResponseWriter, path string, result any, err error) {
	if f, is := result.(file); is && err == nil {
		w.Header().Set("Content-Type", f.contentType)
		if f.name != "" {
			w.Header().Set("Content-Disposition", `attachment; filename="`+f.name+`"`)
		}
		_, _ = w.Write(f.data)
		return
	}
	if err != nil {
		var e apiError
		if !errors.As(err, &e) {
			e = apiError{code: -1, more: ": " + err.Error()}
		}
		text := errorTexts[e.code]
		if text == "" {
			text = "error"
		}
		result = outcome{e.code, text + e.more + " rid: " + random(8) + "-" + random(8) + "-" + random(8)}
	}
	contentType := "application/json; encoding=utf-8"
	if strings.HasPrefix(path, "/sns/") {
		contentType = "text/plain" // so does WeChat
	}
	w.Header().Set("Content-Type", contentType)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(result)
}

// cut closes the connection without an answer.
func cut(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
		return
	}
	panic(http.ErrAbortHandler)
}

// callCount counts the calls of one path in a minute and in a day.
type callCount struct {
	minute, day     time.Time
	inMinute, inDay int
}

// count refuses the call that would be one too many.
func (s *Sim) count(path string, q Quota, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.calls[path]
	if n == nil {
		n = &callCount{}
		s.calls[path] = n
	}
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	if !n.day.Equal(day) {
		n.day, n.inDay = day, 0
	}
	if minute := now.Truncate(time.Minute); !n.minute.Equal(minute) {
		n.minute, n.inMinute = minute, 0
	}
	if q.PerDay > 0 && n.inDay >= q.PerDay {
		return apiError{code: 45009}
	}
	if q.PerMinute > 0 && n.inMinute >= q.PerMinute {
		return apiError{code: 45011}
	}
	n.inDay++
	n.inMinute++
	return nil
}

// apiFault is a planted fault of one path of the API.
type apiFault struct {
	path  string
	code  int
	delay time.Duration
	cut   bool
	times int
}

// Fail makes the next times calls of the path answer errcode and do nothing.
// Paths are WeChat's, such as /cgi-bin/message/template/send.
func (s *Sim) Fail(path string, errcode, times int) {
	s.plantAPI(apiFault{path: path, code: errcode, times: times})
}

// Slow makes the next times calls of the path wait before they are handled.
func (s *Sim) Slow(path string, delay time.Duration, times int) {
	s.plantAPI(apiFault{path: path, delay: delay, times: times})
}

// Cut makes the next times calls of the path be handled, but closes their
// connections without an answer.
func (s *Sim) Cut(path string, times int) { s.plantAPI(apiFault{path: path, cut: true, times: times}) }

func (s *Sim) plantAPI(f apiFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apiFaults = append(s.apiFaults, &f)
}

// fault takes what is planted for a call of the path.
func (s *Sim) fault(path string) apiFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum apiFault
	for _, f := range s.apiFaults {
		if f.path != path || f.times <= 0 || (f.code != 0 && sum.code != 0) {
			continue
		}
		f.times--
		sum.delay += f.delay
		sum.cut = sum.cut || f.cut
		if f.code != 0 {
			sum.code = f.code
		}
	}
	return sum
}
