package wechatsim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// demoCode is the prefix of codes that work any number of times.
const demoCode = "sim:"

const codeLife = 5 * time.Minute

// What a code is for.
const (
	forMini  = "mini"
	forOAuth = "oauth"
	forPhone = "phone"
)

// code is a one-time code.
type code struct {
	openid, use string
	end         time.Time
	used        bool
}

// LoginCode is a one-time code as wx.login gives it; it ends in 5 minutes.
func (s *Sim) LoginCode(openid string) string { return s.newCode(openid, forMini) }

// OAuthCode is a one-time code as a page inside WeChat gets it.
func (s *Sim) OAuthCode(openid string) string { return s.newCode(openid, forOAuth) }

// PhoneCode is a one-time code as the phone number's button gives it.
func (s *Sim) PhoneCode(openid string) string { return s.newCode(openid, forPhone) }

func (s *Sim) newCode(openid, use string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opt.Now()
	for id, c := range s.codes {
		if now.Sub(c.end) > codeLife {
			delete(s.codes, id)
		}
	}
	id := "0" + random(31)
	s.codes[id] = &code{openid: openid, use: use, end: now.Add(codeLife)}
	return id
}

// redeem gives the person behind a code; used is the error of a code's second
// use, which differs among WeChat's paths.
func (s *Sim) redeem(c *call, id, use string, used int) (string, error) {
	if openid, isDemo := strings.CutPrefix(id, demoCode); isDemo {
		if !s.known(c.Context(), openid) {
			return "", apiError{code: 40029}
		}
		return openid, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.codes[id]
	switch {
	case found == nil || found.use != use || !c.now.Before(found.end):
		return "", apiError{code: 40029}
	case found.used:
		return "", apiError{code: used}
	}
	found.used = true
	return found.openid, nil
}

// loginsPerMinute is how often one person may sign in to the mini-program.
const loginsPerMinute = 100

// apiCodeToSession signs somebody in to the mini-program.
func (s *Sim) apiCodeToSession(c *call) (any, error) {
	q := c.URL.Query()
	if err := s.credentials(q.Get("appid"), q.Get("secret")); err != nil {
		return nil, err
	}
	if q.Get("grant_type") != "authorization_code" {
		return nil, apiError{code: 40002}
	}
	if q.Get("js_code") == "" {
		return nil, apiError{code: 41008}
	}
	openid, err := s.redeem(c, q.Get("js_code"), forMini, 40029)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.person(openid)
	for len(p.logins) > 0 && c.now.Sub(p.logins[0]) >= time.Minute {
		p.logins = p.logins[1:]
	}
	if len(p.logins) >= loginsPerMinute {
		return nil, apiError{code: 45011}
	}
	p.logins = append(p.logins, c.now)
	p.seen = c.now
	key := sha256.Sum256([]byte("session " + openid))
	return struct {
		Key     string `json:"session_key"`
		OpenID  string `json:"openid"`
		UnionID string `json:"unionid"`
	}{base64.StdEncoding.EncodeToString(key[:16]), openid, "union-" + openid}, nil
}

// apiOAuth signs somebody in to a page inside WeChat.
func (s *Sim) apiOAuth(c *call) (any, error) {
	q := c.URL.Query()
	if err := s.credentials(q.Get("appid"), q.Get("secret")); err != nil {
		return nil, err
	}
	if q.Get("grant_type") != "authorization_code" {
		return nil, apiError{code: 40002}
	}
	if q.Get("code") == "" {
		return nil, apiError{code: 41008}
	}
	openid, err := s.redeem(c, q.Get("code"), forOAuth, 40163)
	if err != nil {
		return nil, err
	}
	return struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"`
		Refresh string `json:"refresh_token"`
		OpenID  string `json:"openid"`
		Scope   string `json:"scope"`
		UnionID string `json:"unionid"`
	}{random(86), 7200, random(86), openid, "snsapi_base", "union-" + openid}, nil
}

// authorize stands for open.weixin.qq.com/connect/oauth2/authorize: it sends
// whoever the phone page plays back with a one-time code.
func (s *Sim) authorize(w http.ResponseWriter, r *http.Request) {
	back, err := url.Parse(r.URL.Query().Get("redirect_uri"))
	if err != nil || back.Scheme != "http" && back.Scheme != "https" {
		http.Error(w, "redirect_uri 参数错误", http.StatusBadRequest)
		return
	}
	cookie, err := r.Cookie("sim_openid")
	if err != nil {
		http.Error(w, "请先在 /sim/ 选择一个人物", http.StatusForbidden)
		return
	}
	openid, err := url.QueryUnescape(cookie.Value)
	if err != nil || !s.known(r.Context(), openid) {
		http.Error(w, "请先在 /sim/ 选择一个人物", http.StatusForbidden)
		return
	}
	q := back.Query()
	q.Set("code", s.OAuthCode(openid))
	q.Set("state", r.URL.Query().Get("state"))
	back.RawQuery = q.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// PhoneOf is the phone number of a person: made up, always the same.
func PhoneOf(openid string) string {
	sum := sha256.Sum256([]byte("phone " + openid))
	return fmt.Sprintf("199%08d", binary.BigEndian.Uint32(sum[:])%100_000_000)
}

func (s *Sim) apiPhone(c *call) (any, error) {
	var in struct {
		Code string `json:"code"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	openid, err := s.redeem(c, in.Code, forPhone, 40029)
	if err != nil {
		return nil, err
	}
	number := PhoneOf(openid)
	return struct {
		outcome
		Info any `json:"phone_info"`
	}{fine, map[string]any{
		"phoneNumber": number, "purePhoneNumber": number, "countryCode": "86",
		"watermark": map[string]any{"timestamp": c.now.Unix(), "appid": s.opt.MiniAppID},
	}}, nil
}

func (s *Sim) apiUserInfo(c *call) (any, error) {
	openid := c.URL.Query().Get("openid")
	if !s.known(c.Context(), openid) {
		return nil, apiError{code: 40003}
	}
	subscribed := 0
	if s.Following(openid) {
		subscribed = 1
	}
	return map[string]any{"subscribe": subscribed, "openid": openid, "language": "zh_CN", "unionid": "union-" + openid}, nil
}
