package wechatsim

import (
	"context"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// planted are the texts that the content check does not pass: WeChat's own two
// test sentences, and two of ours that are easy to type.
var planted = []struct {
	text, suggest string
	label         int
}{
	{"特3456书yuuo莞6543李zxcz蒜7782法fgnv级", "risky", 20001},
	{"完2347全dfji试3726测asad感3847知qwez到", "risky", 20001},
	{"测试违规内容", "risky", 20006},
	{"测试存疑内容", "review", 20006},
}

// seenFor is how lately a person must have come for their content to be checked.
const seenFor = 2 * time.Hour

// checked reads what both content checks begin with. A person counts as seen
// after a sign-in to the mini-program and, more kindly than with WeChat, after
// a message to the account.
func (s *Sim) checked(c *call, version, scene int, openid string) error {
	if version != 2 || scene < 1 || scene > 4 {
		return apiError{code: 40097}
	}
	if !s.known(c.Context(), openid) {
		return apiError{code: 40003}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if seen := s.person(openid).seen; seen.IsZero() || c.now.Sub(seen) > seenFor {
		return apiError{code: 61010}
	}
	return nil
}

func (s *Sim) apiTextCheck(c *call) (any, error) {
	var in struct {
		Version int    `json:"version"`
		Scene   int    `json:"scene"`
		OpenID  string `json:"openid"`
		Content string `json:"content"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Content == "" {
		return nil, apiError{code: 44004}
	}
	if utf8.RuneCountInString(in.Content) > 2500 {
		return nil, apiError{code: 45002}
	}
	if err := s.checked(c, in.Version, in.Scene, in.OpenID); err != nil {
		return nil, err
	}
	suggest, label := verdict(in.Content)
	result := map[string]any{"suggest": suggest, "label": label}
	return struct {
		outcome
		Result  any    `json:"result"`
		Detail  []any  `json:"detail"`
		TraceID string `json:"trace_id"`
	}{fine, result, []any{map[string]any{
		"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90,
	}}, random(8) + "-" + random(8)}, nil
}

func verdict(content string) (suggest string, label int) {
	for _, p := range planted {
		if strings.Contains(content, p.text) {
			return p.suggest, p.label
		}
	}
	return "pass", 100
}

// apiMediaCheck answers at once and sends the verdict later: an address with
// the word risky or review in it gets that verdict.
func (s *Sim) apiMediaCheck(c *call) (any, error) {
	var in struct {
		URL     string `json:"media_url"`
		Type    int    `json:"media_type"` // 1 sound, 2 picture
		Version int    `json:"version"`
		Scene   int    `json:"scene"`
		OpenID  string `json:"openid"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if u, err := url.Parse(in.URL); err != nil || u.Host == "" || in.Type < 1 || in.Type > 2 {
		return nil, apiError{code: 40097}
	}
	if err := s.checked(c, in.Version, in.Scene, in.OpenID); err != nil {
		return nil, err
	}
	trace := random(8) + "-" + random(8)
	suggest, label := "pass", int64(100)
	for _, word := range []string{"risky", "review"} {
		if strings.Contains(in.URL, word) {
			suggest, label = word, 20001
		}
	}
	s.background(func(ctx context.Context) {
		_, _ = s.Event(ctx, in.OpenID, Event{Type: "wxa_media_check", Fields: []Field{
			{"appid", c.app},
			{"trace_id", trace},
			{"version", int64(2)},
			{"detail", []Field{
				{"strategy", "content_model"}, {"errcode", int64(0)}, {"suggest", suggest}, {"label", label}, {"prob", int64(90)},
			}},
			{"errcode", int64(0)},
			{"errmsg", "ok"},
			{"result", []Field{{"suggest", suggest}, {"label", label}}},
		}})
	})
	return struct {
		outcome
		TraceID string `json:"trace_id"`
	}{fine, trace}, nil
}
