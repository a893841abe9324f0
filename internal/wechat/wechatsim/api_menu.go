package wechatsim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

type button struct {
	Type     string   `json:"type,omitempty"`
	Name     string   `json:"name"`
	Key      string   `json:"key,omitempty"`
	URL      string   `json:"url,omitempty"`
	AppID    string   `json:"appid,omitempty"`
	PagePath string   `json:"pagepath,omitempty"`
	Sub      []button `json:"sub_button,omitempty"`
}

type menu struct {
	Buttons []button `json:"button"`
}

func (s *Sim) apiMenuCreate(c *call) (any, error) {
	var m menu
	if err := c.decode(&m); err != nil {
		return nil, err
	}
	if len(m.Buttons) < 1 || len(m.Buttons) > 3 {
		return nil, apiError{code: 40016}
	}
	for _, b := range m.Buttons {
		if err := b.check(16); err != nil {
			return nil, err
		}
		if len(b.Sub) > 5 {
			return nil, apiError{code: 40023}
		}
		for _, sub := range b.Sub {
			if err := sub.check(60); err != nil {
				return nil, err
			}
		}
	}
	data, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.menu = data
	return fine, nil
}

// check holds a button to WeChat's limits, in bytes.
func (b button) check(name int) error {
	switch {
	case b.Name == "" || len(b.Name) > name:
		return apiError{code: 40018}
	case len(b.Sub) > 0:
		return nil
	case b.Type == "view" && (b.URL == "" || len(b.URL) > 1024):
		return apiError{code: 40020}
	case b.Type != "view" && b.Type != "miniprogram" && (b.Key == "" || len(b.Key) > 128):
		return apiError{code: 40019}
	}
	return nil
}

func (s *Sim) apiMenuGet(*call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.menu == nil {
		return nil, apiError{code: 46003}
	}
	return map[string]any{"menu": json.RawMessage(s.menu)}, nil
}

func (s *Sim) apiMenuDelete(*call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.menu = nil
	return fine, nil
}

// valueText is a parameter's value, which may come as text or as a number.
func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// byNumber orders parameters as templates do: thing1, time2, thing10.
func byNumber(a, b string) int {
	number := func(s string) int {
		n, _ := strconv.Atoi(s[len(strings.TrimRight(s, "0123456789")):])
		return n
	}
	if d := number(a) - number(b); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}
