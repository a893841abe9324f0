package wechatsim

import (
	"crypto/sha1" //nolint:gosec // WeChat's choice
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	tokenLife  = 7200 * time.Second
	tokenGrace = 5 * time.Minute // the old token lives on beside the new one
	forceEvery = 30 * time.Second
	forcePer   = 20 // a day
)

// tokenState is the tokens of one app. Plain and stable ones do not know of
// each other.
type tokenState struct {
	valid  map[string]time.Time // token → when it ends; ended ones stay a while to be told 42001
	stable string
	forced time.Time
	refuse int // so many calls are told that their token is bad
}

// app finds the token state of an app id. The caller holds the lock.
func (s *Sim) app(id string) *tokenState {
	t := s.tokens[id]
	if t == nil {
		t = &tokenState{valid: map[string]time.Time{}}
		s.tokens[id] = t
	}
	return t
}

// issue makes a token. The caller holds the lock.
func (t *tokenState) issue(now time.Time) string {
	for old, end := range t.valid {
		if now.Sub(end) > time.Hour {
			delete(t.valid, old)
		}
	}
	token := random(136)
	t.valid[token] = now.Add(tokenLife)
	return token
}

type tokenAnswer struct {
	Token   string `json:"access_token"`
	Expires int64  `json:"expires_in"` // seconds
}

func (s *Sim) credentials(appID, secret string) error {
	switch {
	case appID == "":
		return apiError{code: 41002}
	case secret == "":
		return apiError{code: 41004}
	case appID == s.opt.AppID && secret == s.opt.Secret, appID == s.opt.MiniAppID && secret == s.opt.MiniSecret:
		return nil
	case appID != s.opt.AppID && appID != s.opt.MiniAppID:
		return apiError{code: 40013}
	}
	return apiError{code: 40125}
}

// apiToken makes a new token each time; the ones before it end soon.
func (s *Sim) apiToken(c *call) (any, error) {
	q := c.URL.Query()
	if q.Get("grant_type") != "client_credential" {
		return nil, apiError{code: 40002}
	}
	if err := s.credentials(q.Get("appid"), q.Get("secret")); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.app(q.Get("appid"))
	for old, end := range t.valid {
		if grace := c.now.Add(tokenGrace); old != t.stable && end.After(grace) {
			t.valid[old] = grace
		}
	}
	return tokenAnswer{t.issue(c.now), int64(tokenLife / time.Second)}, nil
}

// apiStableToken gives the same token until shortly before its end. A forced
// refresh ends the old one at once; within 30 s of another it does nothing.
func (s *Sim) apiStableToken(c *call) (any, error) {
	var in struct {
		GrantType string `json:"grant_type"`
		AppID     string `json:"appid"`
		Secret    string `json:"secret"`
		Force     bool   `json:"force_refresh"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.GrantType != "client_credential" {
		return nil, apiError{code: 40002}
	}
	if err := s.credentials(in.AppID, in.Secret); err != nil {
		return nil, err
	}
	if in.Force {
		if err := s.forceRefresh(in.AppID, c.now); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.app(in.AppID)
	if t.stable == "" || !t.valid[t.stable].After(c.now.Add(tokenGrace)) {
		t.stable = t.issue(c.now)
	}
	return tokenAnswer{t.stable, int64(t.valid[t.stable].Sub(c.now) / time.Second)}, nil
}

func (s *Sim) forceRefresh(appID string, now time.Time) error {
	s.mu.Lock()
	t := s.app(appID)
	tooSoon := !t.forced.IsZero() && now.Sub(t.forced) < forceEvery
	s.mu.Unlock()
	if tooSoon {
		return nil
	}
	if err := s.count("force "+appID, Quota{0, forcePer}, now); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(t.valid, t.stable)
	t.stable, t.forced = "", now
	return nil
}

// tokenApp says whose token it is, or why it is none.
func (s *Sim) tokenApp(token string, now time.Time) (string, error) {
	if token == "" {
		return "", apiError{code: 41001}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, t := range s.tokens {
		end, found := t.valid[token]
		if !found {
			continue
		}
		if !now.Before(end) {
			return "", apiError{code: 42001}
		}
		if t.refuse > 0 {
			t.refuse--
			return "", apiError{code: 40001}
		}
		return id, nil
	}
	return "", apiError{code: 40001}
}

// RefuseTokens makes the next n calls with a valid token of either app be
// answered 40001, as when another system has refreshed it.
func (s *Sim) RefuseTokens(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range []string{s.opt.AppID, s.opt.MiniAppID} {
		s.app(id).refuse = n
	}
}

// EndTokens ends all tokens at once: calls with them are answered 40001, and
// stable_token gives new ones.
func (s *Sim) EndTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens {
		clear(t.valid)
		t.stable = ""
	}
}

func (s *Sim) apiAddresses(*call) (any, error) {
	return map[string]any{"ip_list": []string{"127.0.0.1"}}, nil
}

func (s *Sim) apiTicket(c *call) (any, error) {
	if c.URL.Query().Get("type") != "jsapi" {
		return nil, apiError{code: 40097}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ticket.value == "" || !c.now.Before(s.ticket.ends) {
		s.ticket = pageTicket{random(86), c.now.Add(tokenLife)}
	}
	return struct {
		outcome
		Ticket  string `json:"ticket"`
		Expires int64  `json:"expires_in"`
	}{fine, s.ticket.value, int64(s.ticket.ends.Sub(c.now) / time.Second)}, nil
}

// pageTicket is what the account's pages are signed with.
type pageTicket struct {
	value string
	ends  time.Time
}

// CheckPage does what WeChat does with the arguments of wx.config: an error
// unless the account has signed the page.
func (s *Sim) CheckPage(page, appID, nonce string, timestamp int64, signature string) error {
	s.mu.Lock()
	ticket := s.ticket
	s.mu.Unlock()
	if appID != s.opt.AppID {
		return errors.New("config:invalid appid")
	}
	page, _, _ = strings.Cut(page, "#")
	sum := sha1.Sum(fmt.Appendf(nil, "jsapi_ticket=%s&noncestr=%s&timestamp=%d&url=%s", ticket.value, nonce, timestamp, page)) //nolint:gosec // WeChat's choice
	if ticket.value == "" || !s.opt.Now().Before(ticket.ends) || hex.EncodeToString(sum[:]) != signature {
		return errors.New("config:invalid signature")
	}
	return nil
}

// checkPage is CheckPage for a page that plays a phone.
func (s *Sim) checkPage(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Page      string `json:"page"`
		AppID     string `json:"appId"`
		Nonce     string `json:"nonceStr"`
		Timestamp int64  `json:"timestamp"`
		Signature string `json:"signature"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<14)).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "不是所要的 JSON")
		return
	}
	said := "preVerifyJSAPI:ok"
	if err := s.CheckPage(in.Page, in.AppID, in.Nonce, in.Timestamp, in.Signature); err != nil {
		said = err.Error()
	}
	writeJSON(w, http.StatusOK, map[string]string{"err_msg": said})
}
