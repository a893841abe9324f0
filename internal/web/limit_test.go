package web_test

import (
	"strconv"
	"strings"
	"testing"
)

// asks asks until it is refused, and says how often it was not.
func asks(t *testing.T, most int, ask func() reply) (n int) {
	t.Helper()
	for ; n <= most; n++ {
		if r := ask(); r.status == 429 {
			r.refused(t, 429, "too_many_requests")
			if wait, err := strconv.Atoi(r.headers.Get("Retry-After")); err != nil || wait < 1 || wait > 60 {
				t.Errorf("Retry-After: %q", r.headers.Get("Retry-After"))
			}
			return n
		}
	}
	t.Fatalf("%d requests were answered", n)
	return n
}

func TestLimits_OfAPersonAreTheirsWhereverTheyAre(t *testing.T) {
	s := newSite(t, "")
	from := 0
	n := asks(t, 60, func() reply { // an export weighs 20 of 1200
		from++
		return s.call(t, "li", "GET", "/me/hours.xlsx", nil, "X-Forwarded-For", "203.0.113."+strconv.Itoa(from))
	})
	if n != 60 {
		t.Errorf("%d exports were answered", n)
	}
	s.call(t, "li", "GET", "/me", nil).refused(t, 429, "too_many_requests")
	s.call(t, "wang", "GET", "/me", nil).want(t, 200)
}

func TestLimits_OfAnAddressAreForWhoIsNotSignedIn(t *testing.T) {
	s := newSite(t, "")
	li := s.token(t, "li")
	const here, elsewhere = "203.0.113.9", "203.0.113.10"
	ask := func(from, header string) reply {
		return s.call(t, "", "GET", "/me", nil, "X-Forwarded-For", from, "Authorization", header)
	}
	sign := func(from string) reply {
		return s.call(t, "", "POST", "/sessions", object{"code": "made-up", "client": "miniprogram"}, "X-Forwarded-For", from)
	}
	if n := asks(t, 50, func() reply { return sign(here) }); n != 50 {
		t.Errorf("%d codes were guessed", n)
	}
	sign("8.8.8.8, "+here).refused(t, 429, "too_many_requests") // what a client writes in front of the proxy's word
	ask(here, "Bearer made-up").refused(t, 429, "too_many_requests")
	s.call(t, "", "GET", "/compounds", nil, "X-Forwarded-For", here).refused(t, 429, "too_many_requests")
	if res, body := s.raw(t, "GET", "/open/", map[string]string{"X-Forwarded-For": here}, nil); res.StatusCode != 429 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || !strings.Contains(string(body), "请稍等") {
		t.Errorf("a page: %d %s", res.StatusCode, body)
	}
	// Neighbours behind the same address who are signed in, other addresses, this machine, WeChat.
	ask(here, "Bearer "+li).want(t, 200)
	sign(elsewhere).refused(t, 422, "wechat_code_invalid")
	sign("").refused(t, 422, "wechat_code_invalid")
	if res, _ := s.raw(t, "POST", "/wechat/callback?signature=0&timestamp=1&nonce=2", map[string]string{"X-Forwarded-For": here}, strings.NewReader("<xml/>")); res.StatusCode != 403 {
		t.Errorf("the callback: %d", res.StatusCode)
	}
}

func TestLimits_AHomeCountsOnceHoweverManyAddressesItHas(t *testing.T) {
	s := newSite(t, "")
	at := 0
	asks(t, 50, func() reply {
		at++
		return s.call(t, "", "POST", "/sessions", object{"code": "made-up", "client": "miniprogram"}, "X-Forwarded-For", "2001:db8:1:2::"+strconv.FormatInt(int64(at), 16))
	})
	s.call(t, "", "GET", "/compounds", nil, "X-Forwarded-For", "2001:db8:1:3::1").want(t, 200)
}
