package web_test

import (
	"strings"
	"testing"

	"fenlin/internal/wechat/wechatsim"
)

func TestPhone_ABoundPhoneIsMaskedAndLookedAtForAReason(t *testing.T) {
	s := newSite(t, "")
	phone := wechatsim.PhoneOf("o-li")
	masked := phone[:3] + "****" + phone[7:]
	if me := s.call(t, "li", "GET", "/me", nil).want(t, 200); me.at("phone") != "" {
		t.Errorf("before: %s", me.content)
	}
	if me := s.call(t, "li", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200); me.at("phone") != masked {
		t.Errorf("bound: %s", me.content)
	}
	if mine := s.call(t, "li", "GET", "/me/export", nil).want(t, 200); mine.at("phone") != phone || mine.at("me", "phone") != masked {
		t.Errorf("own data: %s", mine.content)
	}
	s.call(t, "li", "POST", "/me/phone", object{"code": "used-or-made-up"}).refused(t, 422, "wechat_code_invalid")

	number := s.report(t, "li", lamp)
	lead := s.leadOf(t, number)
	for who, shown := range map[string]any{lead: masked, "community": masked, "city": masked, "leader": nil, "wang": nil, "li": nil} {
		got := s.call(t, who, "GET", "/tickets/"+number, nil).want(t, 200)
		if got.at("reporter", "phone") != shown || strings.Contains(string(got.content), phone) {
			t.Errorf("%s sees %v, want %v", who, got.at("reporter"), shown)
		}
	}
	reach := "/tickets/" + number + "/reporter"
	for who, code := range map[string]int{"wang": 409, "leader": 409, "otherbranch": 404, "stranger": 404, "privacy": 404} {
		s.call(t, who, "POST", reach, object{"reason": "好奇"}).want(t, code)
	}
	s.call(t, lead, "POST", reach, object{"reason": " "}).refused(t, 422, "reason_missing")
	if got := s.call(t, lead, "POST", reach, object{"reason": "约上门时间"}).want(t, 200); got.at("phone") != phone || got.at("name") != "li" {
		t.Errorf("in full: %s", got.content)
	}
	s.call(t, "community", "POST", reach, object{"reason": "回访"}).want(t, 200)

	for _, who := range []string{"li", "branch", "city"} {
		s.call(t, who, "GET", "/access-log", nil).refused(t, 403, "outside_scope")
	}
	first := s.call(t, "privacy", "GET", "/access-log?limit=1", nil).want(t, 200)
	rest := s.call(t, "privacy", "GET", "/access-log?limit=1&cursor="+first.at("next_cursor").(string), nil).want(t, 200)
	if first.at("items", 0, "reason") != "回访" || rest.at("items", 0, "reason") != "约上门时间" || rest.at("next_cursor") != "" ||
		rest.at("items", 0, "ticket") != number || rest.at("items", 0, "field") != "phone" || strings.Contains(string(rest.content), phone) {
		t.Errorf("log: %s %s", first.content, rest.content)
	}
	s.call(t, "privacy", "GET", "/access-log?cursor=zz", nil).refused(t, 422, "cursor")
	if mine := s.call(t, "li", "GET", "/me/export", nil).want(t, 200); len(mine.list("looks")) != 2 {
		t.Errorf("who looked: %s", mine.content)
	}

	s.settle(t, number)
	s.call(t, lead, "POST", reach, object{"reason": "还想看"}).refused(t, 409, "not_allowed")
	if got := s.call(t, lead, "GET", "/tickets/"+number, nil).want(t, 200); got.at("reporter") != nil {
		t.Errorf("after the end: %s", got.content)
	}

	again := s.report(t, "li", "3号楼2单元电梯坏了")
	s.call(t, "li", "DELETE", "/me/phone", nil).want(t, 204)
	s.call(t, s.leadOf(t, again), "POST", "/tickets/"+again+"/reporter", object{"reason": "约上门时间"}).refused(t, 404, "no_phone")
}

func TestPhone_TheSamePhoneIsTheSamePerson(t *testing.T) {
	s := newSite(t, "")
	ours := s.call(t, "li", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200)
	before := s.report(t, "li", lamp)
	other := s.report(t, "wang", "5号楼电梯坏了")
	s.act(t, "wang", before, object{"action": "follow"}).want(t, 200)
	// wang turns out to be li with a second WeChat.
	me := s.call(t, "wang", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200)
	if me.at("id") != ours.at("id") || me.at("name") != "li" {
		t.Errorf("who they are now: %s", me.content)
	}
	for _, who := range []string{"li", "wang"} {
		mine := s.call(t, who, "GET", "/tickets?view=mine", nil).want(t, 200)
		if mine.at("items", 0, "number") != other || mine.at("items", 1, "number") != before {
			t.Errorf("%s: %s", who, mine.content)
		}
	}
	if audit, err := s.Tickets.Verify(t.Context()); err != nil || len(audit.Faults) > 0 {
		t.Errorf("%+v %v", audit, err)
	}
	// A secretary who reports as a resident keeps the posts.
	s.call(t, "branch", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-stranger")}).want(t, 200)
	if joined := s.call(t, "stranger", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-stranger")}).want(t, 200); joined.at("posts", 0, "role") != "branch_secretary" {
		t.Errorf("posts: %s", joined.content)
	}
}
