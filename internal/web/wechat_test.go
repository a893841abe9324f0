package web_test

import (
	"net/url"
	"testing"

	"fenlin/internal/member"
	"fenlin/internal/wechat/wechatsim"
)

func TestPage_IsSignedForWeChatWhenItIsOurs(t *testing.T) {
	s := newSite(t, "")
	ours := s.Site + "/app/"
	signed := s.call(t, "li", "GET", "/wechat/page?page="+url.QueryEscape(ours), nil).want(t, 200)
	again := s.call(t, "li", "GET", "/wechat/page?page="+url.QueryEscape(ours), nil).want(t, 200)
	for _, got := range []reply{signed, again} { // one ticket for both: fetching another would end the first
		must(t, s.sim.CheckPage(ours, got.at("app_id").(string), got.at("nonce").(string), int64(got.at("timestamp").(float64)), got.at("signature").(string)))
	}
	for _, foreign := range []string{"https://evil.test/app/", s.Site + ".evil.test/app/", s.Site + "/board/", ours + "#/home", "javascript:alert(1)"} {
		s.call(t, "li", "GET", "/wechat/page?page="+url.QueryEscape(foreign), nil).refused(t, 422, "page_foreign")
	}
	s.call(t, "", "GET", "/wechat/page?page="+url.QueryEscape(ours), nil).want(t, 401)
}

func TestSubscriptions_ConsentsAreCountedWhereTheyWereGiven(t *testing.T) {
	s := newSite(t, "")
	credits := func() (account, mini any) {
		t.Helper()
		me := s.call(t, "li", "GET", "/me", nil).want(t, 200)
		return me.at("subscriptions", 0, "credits"), me.at("subscriptions", 1, "credits")
	}
	s.Members.Templates = member.Templates{Account: "t-account", MiniProgram: "t-mini"}
	s.call(t, "li", "POST", "/me/subscriptions", object{"template": "t-mini"}).want(t, 200)
	s.call(t, "li", "POST", "/me/subscriptions", object{"template": "t-other"}).want(t, 200)
	s.call(t, "li", "POST", "/me/subscriptions", object{}).want(t, 422)
	if _, err := s.sim.Consent(t.Context(), "o-li", []string{"t-account", "t-other"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.sim.Consent(t.Context(), "o-li", nil, []string{"t-account"}); err != nil { // no this time takes nothing back
		t.Fatal(err)
	}
	if account, mini := credits(); account != 1.0 || mini != 1.0 {
		t.Errorf("account %v, mini-program %v", account, mini)
	}
	_, err := s.sim.Event(t.Context(), "o-li", wechatsim.Event{Type: "subscribe_msg_change_event", Fields: []wechatsim.Field{
		{Name: "SubscribeMsgChangeEvent", Value: []wechatsim.Field{{Name: "List", Value: []wechatsim.Field{{Name: "TemplateId", Value: "t-account"}, {Name: "SubscribeStatusString", Value: "reject"}}}}},
	}})
	must(t, err)
	if account, mini := credits(); account != 0.0 || mini != 1.0 {
		t.Errorf("after taking it back: account %v, mini-program %v", account, mini)
	}
	s.Members.Templates.Followers = "t-followers" // who follows is told without being asked, who only opened a page is not
	passer := func() reply {
		t.Helper()
		return s.call(t, "", "POST", "/sessions", object{"code": s.sim.OAuthCode("o-passer"), "client": "h5"}).want(t, 201)
	}
	if me := passer(); me.at("me", "subscriptions", 0, "app") != "account" {
		t.Errorf("not asked: %s", me.content)
	}
	s.say(t, "passer", "你好")
	if me := passer(); len(me.list("me", "subscriptions")) != 0 {
		t.Errorf("asked although they follow: %s", me.content)
	}
	if me := s.call(t, "li", "GET", "/me", nil).want(t, 200); len(me.list("subscriptions")) != 0 {
		t.Errorf("asked all the same: %s", me.content)
	}
}
