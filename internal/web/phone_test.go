package web_test

import (
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat/wechatsim"
)

func TestPhone_ABoundPhoneIsMaskedAndLookedAtForAReason(t *testing.T) {
	s := newSite(t, "")
	phone := wechatsim.PhoneOf("o-li")
	masked := phone[:3] + "****" + phone[7:]
	if me := s.call(t, "li", "GET", "/me", nil).want(t, 200); me.at("phone") != "" {
		t.Errorf("before: %s", me.content)
	}
	once := object{"code": s.sim.PhoneCode("o-li")}
	if me := s.call(t, "li", "POST", "/me/phone", once).want(t, 200); me.at("phone") != masked {
		t.Errorf("bound: %s", me.content)
	}
	if mine := s.call(t, "li", "GET", "/me/export", nil).want(t, 200); mine.at("phone") != phone || mine.at("me", "phone") != masked {
		t.Errorf("own data: %s", mine.content)
	}
	s.call(t, "li", "POST", "/me/phone", object{"code": "made-up"}).refused(t, 422, "wechat_code_invalid")
	s.call(t, "wang", "POST", "/me/phone", once).refused(t, 422, "wechat_code_invalid") // seen over somebody's shoulder

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

// newcomer signs somebody in to the mini-program who is met for the first time.
func (s *site) newcomer(t *testing.T, who string) {
	t.Helper()
	s.tokens[who] = s.call(t, "", "POST", "/sessions", object{"code": s.sim.LoginCode("o-" + who), "client": "miniprogram"}).want(t, 201).at("token").(string)
}

func TestPhone_TheSamePhoneInTheOtherAppIsTheSamePerson(t *testing.T) {
	s := newSite(t, "")
	// zhao has followed the account for long, and bound the phone there.
	zhao, err := s.Members.ByOpenID(t.Context(), member.Account, "o-zhao", "")
	must(t, err)
	must(t, s.Members.BindPhone(t.Context(), zhao.ID, wechatsim.PhoneOf("o-zhaos-mini")))
	before, err := s.Report(t.Context(), ticket.Report{Reporter: zhao.ID, Home: s.Units["福馨苑小区"], Channel: "chat", Text: lamp})
	must(t, err)
	s.newcomer(t, "zhaos-mini")
	other := s.call(t, "zhaos-mini", "POST", "/tickets", object{"text": "福馨苑小区5号楼电梯坏了"}).want(t, 201)
	s.call(t, "zhaos-mini", "PATCH", "/me", object{"name": "老赵"}).want(t, 200)
	me := s.call(t, "zhaos-mini", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-zhaos-mini")}).want(t, 200)
	if me.at("id") != fmt.Sprint(zhao.ID) || me.at("name") != "老赵" {
		t.Errorf("who they are now: %s", me.content)
	}
	mine := s.call(t, "zhaos-mini", "GET", "/tickets?view=mine", nil).want(t, 200)
	if mine.at("items", 0, "number") != other.at("number") || mine.at("items", 1, "number") != before.Number {
		t.Errorf("tickets: %s", mine.content)
	}
	if audit, err := s.Tickets.Verify(t.Context()); err != nil || len(audit.Faults) > 0 {
		t.Errorf("%+v %v", audit, err)
	}
	if known, err := s.Members.Identities(t.Context(), zhao.ID); err != nil || known[member.MiniProgram].OpenID != "o-zhaos-mini" {
		t.Errorf("%v %v", known, err)
	}
}

func TestPhone_ANumberThatChangedHandsOpensNobodysAccount(t *testing.T) {
	s := newSite(t, "")
	code := func(who string) object { return object{"code": s.sim.PhoneCode("o-" + who)} }
	s.call(t, "li", "POST", "/me/phone", code("li")).want(t, 200)
	// A second WeChat of the same app.
	s.call(t, "wang", "POST", "/me/phone", code("li")).refused(t, 409, "phone_taken")
	// A post is at stake, on either side.
	sun, err := s.Members.ByOpenID(t.Context(), member.Account, "o-sun", "")
	must(t, err)
	must(t, s.Members.BindPhone(t.Context(), sun.ID, wechatsim.PhoneOf("o-sun")))
	must(t, s.Org.Seat(t.Context(), s.Posts["branch"], sun.ID, 0))
	s.newcomer(t, "buyer")
	s.call(t, "buyer", "POST", "/me/phone", code("sun")).refused(t, 409, "phone_taken")
	s.Vacate(t, sun.ID)
	s.call(t, "buyer", "POST", "/me/phone", code("sun")).want(t, 200)
	// Somebody in the ledger whom WeChat has not met signs in by the phone and serves.
	ledger, err := s.Members.Add(t.Context(), member.Person{Name: "钱书记"}, "")
	must(t, err)
	must(t, s.DB.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Exec("DELETE FROM identities WHERE person_id = ?", ledger.ID).Error }))
	must(t, s.Members.BindPhone(t.Context(), ledger.ID, wechatsim.PhoneOf("o-qian")))
	must(t, s.Org.Seat(t.Context(), s.Posts["branch"], ledger.ID, 0))
	s.newcomer(t, "qian")
	if me := s.call(t, "qian", "POST", "/me/phone", code("qian")).want(t, 200); me.at("posts", 0, "role") != "branch_secretary" || me.at("name") != "钱书记" {
		t.Errorf("the ledger's secretary: %s", me.content)
	}
}
