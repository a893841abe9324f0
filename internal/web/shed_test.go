package web_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"fenlin/internal/kv"
	"fenlin/internal/wechat"
)

// held is a store that holds up the first who ask it, until they are let go.
type held struct {
	kv.Store
	first chan struct{} // takes one of each that is held up
	letGo chan struct{}
}

func (h *held) Get(ctx context.Context, key string) (string, bool, error) {
	select {
	case h.first <- struct{}{}:
		<-h.letGo
	default:
	}
	return h.Store.Get(ctx, key)
}

// crowded is a site all of whose seats are taken by one person's message and one request, until letGo.
func crowded(t *testing.T, before ...func(*site)) (s *site, letGo func()) {
	t.Helper()
	s = newSite(t, "", func(s *site) { s.Seats = 1 })
	for _, f := range before {
		f(s)
	}
	s.say(t, "li", "帮助")
	s.say(t, "wang", "帮助")
	s.call(t, "li", "GET", "/me", nil).want(t, 200)
	h := &held{s.Chat.KV, make(chan struct{}, 2), make(chan struct{})}
	s.Chat.KV = h
	var busy sync.WaitGroup
	busy.Go(func() { s.say(t, "li", lamp) })
	busy.Go(func() { s.call(t, "", "POST", "/sessions", object{"code": "chat:12345678", "client": "h5"}) })
	for len(h.first) < 2 {
		time.Sleep(time.Millisecond)
	}
	letGo = sync.OnceFunc(func() { close(h.letGo); busy.Wait() })
	t.Cleanup(letGo)
	return s, letGo
}

func TestCrowd_WhoeverFindsNoRoomIsAskedToComeBack(t *testing.T) {
	s, letGo := crowded(t)
	var said string
	var both sync.WaitGroup
	both.Go(func() { said = s.say(t, "wang", "5号楼1单元楼道灯坏了").Text() })
	both.Go(func() {
		r := s.call(t, "li", "GET", "/me", nil).refused(t, 503, "crowded")
		if r.headers.Get("Retry-After") == "" {
			t.Errorf("nobody is told when to come back: %v", r.headers)
		}
		s.call(t, "", "GET", "/compounds", nil).refused(t, 503, "crowded")
	})
	for _, page := range []string{"/open/", "/open/certificates/ABCDEFGH"} {
		both.Go(func() {
			res, raw := s.raw(t, "GET", page, nil, nil)
			if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || !strings.Contains(string(raw), "请过一会儿再试") || strings.Contains(string(raw), "没有这个页面") {
				t.Errorf("%s: %d %v %s", page, res.StatusCode, res.Header, raw)
			}
		})
	}
	both.Wait()
	if !strings.Contains(said, "还没有登记") || !strings.Contains(said, "再发一次") {
		t.Errorf("turned away with %q", said)
	}
	if got := s.scrape(t); !strings.Contains(got, `fenlin_turned_away_total{kind="chat"} 1`) || !strings.Contains(got, `fenlin_turned_away_total{kind="http"} 4`) {
		t.Error("who was turned away is not counted")
	}
	letGo()
	if again := s.say(t, "wang", "5号楼1单元楼道灯坏了").Text(); !strings.Contains(again, "FY") {
		t.Errorf("there is room again, and yet: %q", again)
	}
	s.call(t, "li", "GET", "/me", nil).want(t, 200)
	if mine := s.call(t, "wang", "GET", "/tickets?view=mine", nil).want(t, 200); len(mine.list("items")) != 1 {
		t.Errorf("what was turned away was filed too: %s", mine.content)
	}
}

func TestCrowd_WhatCannotWaitIsTakenAllTheSame(t *testing.T) {
	before := wechat.Message{Kind: wechat.Text, From: "o-wang", ID: "7", Text: "5号楼1单元楼道灯坏了"}
	s, letGo := crowded(t, func(s *site) {
		if said, err := s.Converse(t.Context(), before); err != nil || !strings.Contains(said.Text, "FY") {
			t.Fatalf("%q, %v", said.Text, err)
		}
	})
	got := map[string]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	all.Go(func() { // its first answer was lost with Redis
		again, err := s.Converse(t.Context(), before)
		if err != nil || again.Text == "" || strings.Contains(again.Text, "还没有登记") {
			t.Errorf("what was filed before is answered with %q, %v", again.Text, err)
		}
	})
	for who, text := range map[string]string{"wang": "3号楼电梯困人了", "stranger": "帮助"} {
		all.Go(func() {
			said := s.say(t, who, text).Text()
			mu.Lock()
			defer mu.Unlock()
			got[who] = said
		})
	}
	all.Go(func() {
		if _, err := s.sim.Unfollow(t.Context(), "o-city"); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	letGo()
	if !strings.Contains(got["wang"], "FY") || !strings.Contains(got["wang"], "96333") {
		t.Errorf("danger to life was answered with %q", got["wang"])
	}
	if !strings.Contains(got["stranger"], "报事") || strings.Contains(got["stranger"], "还没有登记") {
		t.Errorf("what needs no look was answered with %q", got["stranger"])
	}
}
