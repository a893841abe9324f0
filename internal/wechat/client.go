package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fenlin/internal/kv"
)

const (
	officialAPI   = "https://api.weixin.qq.com"
	officialPages = "https://open.weixin.qq.com"
	callTime      = 10 * time.Second
	maxAnswer     = 1 << 20  // bytes of a JSON answer
	maxMedia      = 10 << 20 // bytes of a picture, voice or film
)

// Client calls WeChat's API for the account and its mini-program.
//
// The calls are made here and not by the SDK, whose functions keep the HTTP
// client and the base address in globals of the process, mostly take no
// context, and give errors without their code; the SDK does the cryptography
// of the callback.
type Client struct {
	base     string
	account  app
	mini     app
	pages    string // where people's browsers go
	http     *http.Client
	store    kv.Store
	redacter *strings.Replacer

	mu    sync.Mutex
	calls map[Call]uint64
}

// Call is a kind of call by how it ended.
type Call struct {
	Path    string // of the API, without what was asked
	Errcode string // WeChat's, 0 = done; none = no answer, or one that cannot be read
}

// Calls are the calls made since the start.
func (c *Client) Calls() map[Call]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.calls)
}

// count counts a call that ended so.
func (c *Client) count(path string, err error) {
	errcode := "0"
	switch code := Code(err); {
	case code != 0:
		errcode = strconv.Itoa(code)
	case err != nil:
		errcode = "none"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[Call{path, errcode}]++
}

// app is one of the two that have tokens of their own.
type app struct{ id, secret string }

// NewClient makes a client; replicas that share the store share the tokens.
func NewClient(c Config, store kv.Store) *Client {
	base := strings.TrimSuffix(c.APIBase, "/")
	pages := base
	if base == "" {
		base, pages = officialAPI, officialPages
	}
	var hidden []string
	for _, secret := range []string{c.Secret, c.MiniSecret} {
		if secret != "" {
			hidden = append(hidden, secret, "***")
		}
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16,
		IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 5 * time.Second,
	}
	return &Client{
		calls:    map[Call]uint64{},
		base:     base,
		pages:    pages,
		account:  app{c.AppID, c.Secret},
		mini:     app{c.MiniAppID, c.MiniSecret},
		store:    store,
		redacter: strings.NewReplacer(hidden...),
		http: &http.Client{
			Timeout: callTime, Transport: transport,
			// WeChat's API does not redirect; following would carry the token away.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// APIError is an answer of WeChat's with an errcode.
type APIError struct {
	Code int    // such as 40001, 43101, 45015
	Msg  string // errmsg
	Op   string // the path called
}

// Error implements error.
func (e *APIError) Error() string {
	return "wechat: " + e.Op + ": errcode " + strconv.Itoa(e.Code) + ": " + e.Msg
}

// Code is WeChat's errcode in err's chain, or 0.
func Code(err error) int {
	if e, ok := errors.AsType[*APIError](err); ok {
		return e.Code
	}
	return 0
}

// Codes that callers tell apart.
const (
	CodeBusy           = -1    // try again
	CodeBadLogin       = 40029 // the one-time code is wrong or used
	CodeUsedLogin      = 40163 // the same, of OAuth
	CodeHighRisk       = 40226 // the person may not sign in
	CodeNotFollowing   = 43004 // the person does not follow the account
	CodeNoConsent      = 43101 // refused, or no subscription credit left
	CodeDailyQuota     = 45009
	CodeMinuteQuota    = 45011
	CodeWindowClosed   = 45015 // the customer-service window is closed
	CodeWindowSpent    = 45047 // as many messages as the window allows are sent
	CodeNotPermitted   = 48001
	CodeBadAppID       = 40013
	CodeBadSecret      = 40125
	CodeUnknownAddress = 40164 // of our server: it is not on the account's list
	CodeFrozenSecret   = 40243
	codeTokenInvalid   = 40001
	codeTokenMalformed = 40014
	codeTokenExpired   = 42001
)

// Refused says that err is WeChat's own no to the call. All else (no answer,
// busy, too many this minute, a token that is not taken yet) may go well later.
func Refused(err error) bool {
	switch Code(err) {
	case 0, CodeBusy, CodeMinuteQuota, codeTokenInvalid, codeTokenMalformed, codeTokenExpired:
		return false
	}
	return true
}

// Unsure says that WeChat may have done what the call asked for although it
// failed: the call went out, and no answer came, or none that can be read.
func Unsure(err error) bool {
	e, ok := errors.AsType[*callError](err)
	return ok && e.out
}

// request is one call. A body makes it a POST.
type request struct {
	path  string
	query url.Values
	body  any
	app   *app // whose token the call needs; nil = none
	media bool // the answer is a file unless it is an error
}

// answer is what came back.
type answer struct {
	contentType string
	data        []byte
}

// call makes the request and reads its JSON answer into out, which may be nil.
// A refused token is dropped, and the call made once more with a new one.
func (c *Client) call(ctx context.Context, r request, out any) error {
	a, err := c.send(ctx, r)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(a.data, out); err != nil {
		return fmt.Errorf("wechat: %s: answer is not the JSON expected: %w", r.path, err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, r request) (answer, error) {
	if r.app == nil {
		return c.try(ctx, r, "")
	}
	token, err := c.token(ctx, r.app, "")
	if err != nil {
		return answer{}, err
	}
	a, err := c.try(ctx, r, token)
	if code := Code(err); code != codeTokenInvalid && code != codeTokenMalformed && code != codeTokenExpired {
		return a, err
	}
	if token, err = c.token(ctx, r.app, token); err != nil {
		return answer{}, err
	}
	return c.try(ctx, r, token)
}

// try makes the request once. No error of it holds a secret.
func (c *Client) try(ctx context.Context, r request, token string) (a answer, err error) {
	defer func() { c.count(r.path, err) }()
	query := url.Values{}
	for name, values := range r.query {
		query[name] = values
	}
	if token != "" {
		query.Set("access_token", token)
	}
	var out atomic.Bool // it may be with WeChat; the token's own call is none that asks for something
	watched := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { out.Store(r.app != nil) }})
	if a, err = c.exchange(watched, r, query); err != nil {
		return answer{}, c.redacted(r.path, err, out.Load())
	}
	code, msg, err := errcode(a)
	if err != nil && !r.media { // a page of whoever stands before WeChat, or half an answer
		return answer{}, c.redacted(r.path, fmt.Errorf("answer is not the JSON expected: %w", err), out.Load())
	}
	if code != 0 {
		if token != "" {
			msg = strings.ReplaceAll(msg, token, "***")
		}
		return answer{}, &APIError{Code: code, Msg: c.redact(msg), Op: r.path}
	}
	return a, nil
}

func (c *Client) exchange(ctx context.Context, r request, query url.Values) (answer, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if r.body != nil {
		method = http.MethodPost
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false) // WeChat would show the escapes
		if err := enc.Encode(r.body); err != nil {
			return answer{}, err
		}
		body = &b
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+r.path+"?"+query.Encode(), body)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	limit := int64(maxAnswer)
	if r.media {
		limit = maxMedia
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	switch {
	case err != nil:
		return answer{}, err
	case int64(len(data)) > limit:
		return answer{}, ErrMediaTooLarge
	case res.StatusCode != http.StatusOK:
		return answer{}, fmt.Errorf("HTTP status %d", res.StatusCode)
	}
	return answer{res.Header.Get("Content-Type"), data}, nil
}

// errcode reads the error of a JSON answer; WeChat does not always say that it is JSON.
func errcode(a answer) (code int, msg string, err error) {
	if !isObject(a.data) {
		return 0, "", errors.New("no object")
	}
	var e struct {
		Code int    `json:"errcode"`
		Msg  string `json:"errmsg"`
	}
	err = json.Unmarshal(a.data, &e)
	return e.Code, e.Msg, err
}

func isObject(data []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) }

// secretParts are the values in a query that nobody may read in a log.
var secretParts = regexp.MustCompile(`((?:secret|access_token|js_code|code)=)[^&\s"']*`)

func (c *Client) redact(text string) string {
	return c.redacter.Replace(secretParts.ReplaceAllString(text, "$1***"))
}

// redacted is err without secrets in its text; its cause can still be asked for.
func (c *Client) redacted(op string, err error, out bool) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // what it adds is the address with its secrets
	}
	return &callError{"wechat: " + op + ": " + c.redact(err.Error()), err, out}
}

type callError struct {
	text  string
	cause error
	out   bool // the call went out
}

func (e *callError) Error() string { return e.text }

// Unwrap gives the cause.
func (e *callError) Unwrap() error { return e.cause }

// configured is an error if the configuration has nothing of the app.
func (a *app) configured() error {
	if a.id == "" || a.secret == "" {
		return errNotConfigured
	}
	return nil
}

var errNotConfigured = errors.New("wechat: app id or secret is not configured")

// plainCode says whether a one-time code looks like one.
func plainCode(code string) bool {
	return len(code) > 0 && len(code) <= 512 && !slices.ContainsFunc([]byte(code), func(b byte) bool { return b <= ' ' || b > '~' })
}
