package web_test

import (
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/wish"
)

// wishes is the way of a wish from its words to its thanks. wang is a Party member.
func (s *site) wishes(t *testing.T) {
	t.Helper()
	must(t, s.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE people SET member = ? WHERE id = ?", true, s.Who["wang"]).Error
	}))
	if kinds := s.call(t, "", "GET", "/wish-kinds", nil).want(t, 200); len(kinds.list("items")) < 7 {
		t.Errorf("kinds: %s", kinds.content)
	}
	s.call(t, "li", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200)
	if no := s.call(t, "li", "POST", "/wishes", object{"text": "想请大家捐款帮我还债", "kind": "other"}).refused(t, 422, "wish_money"); !strings.Contains(fmt.Sprint(no.at("detail")), "救助") {
		t.Errorf("money: %s", no.content)
	}
	body := object{"text": "独居的老人想有人陪着说说话，电话13812345678", "kind": "company", "anonymous": true, "share_phone": true}
	made := s.call(t, "li", "POST", "/wishes", body, "Idempotency-Key", "w1").want(t, 201)
	if again := s.call(t, "li", "POST", "/wishes", body, "Idempotency-Key", "w1").want(t, 201); again.at("id") != made.at("id") {
		t.Errorf("again: %s", again.content)
	}
	path := "/wishes/" + made.at("id").(string)
	act := func(who string, in object) reply { return s.call(t, who, "POST", path+"/actions", in) }
	s.call(t, "wang", "GET", path, nil).refused(t, 404, "wish_unknown")
	act("branch", object{"action": "publish"}).refused(t, 409, "wish_state")
	w, _, err := s.Town.Wishes.Unjudged(t.Context(), wish.Check{Wish: s.number(made)})
	must(t, err)
	must(t, s.Town.Wishes.Judge(t.Context(), w, "pass"))
	if desk := s.call(t, "branch", "GET", "/wishes?view=desk&state=submitted&limit=1", nil).want(t, 200); desk.at("items", 0, "wisher") != "li" || desk.at("items", 0, "actions", 0, "action") != "publish" {
		t.Errorf("desk: %s", desk.content)
	}
	s.call(t, "li", "GET", "/wishes?view=desk", nil).refused(t, 403, "outside_scope")
	act("li", object{"action": "publish"}).refused(t, 409, "wish_state")
	act("branch", object{"action": "publish", "version": made.at("version")}).want(t, 200)
	list := s.call(t, "wang", "GET", "/wishes?limit=1&org="+s.unit("南薰社区"), nil).want(t, 200)
	if list.at("items", 0, "text") != "独居的老人想有人陪着说说话，电话***" || list.at("items", 0, "wisher") != "" || list.at("items", 0, "actions", 0, "action") != "claim" || list.at("next_cursor") != "" {
		t.Errorf("open: %s", list.content)
	}
	s.call(t, "wang", "GET", "/wishes?cursor=x", nil).want(t, 422)
	if anybody := s.call(t, "", "GET", path, nil).want(t, 200); anybody.at("actions", 0) != nil || anybody.at("wisher") != "" {
		t.Errorf("for anybody: %s", anybody.content)
	}
	if none := s.call(t, "", "GET", "/wishes?view=mine", nil).want(t, 200); len(none.list("items")) != 0 {
		t.Errorf("nobody's: %s", none.content)
	}
	act("stranger", object{"action": "claim"}).refused(t, 403, "wish_members")
	claimed := act("wang", object{"action": "claim"}).want(t, 200)
	if claimed.at("claimed") != true || claimed.at("may_reach") != true || claimed.at("claim_until") != list.at("items", 0, "actions", 0, "due_at") || claimed.at("events", 2, "by") != "认领人" {
		t.Errorf("claimed: %s", claimed.content)
	}
	act("wang", object{"action": "fulfil", "version": 1, "note": "陪了"}).refused(t, 409, "stale")
	act("wang", object{"action": "fulfil"}).refused(t, 422, "invalid")
	phone := s.call(t, "wang", "POST", path+"/wisher", object{"reason": "约时间"}).want(t, 200)
	if phone.at("phone") == "" {
		t.Errorf("phone: %s", phone.content)
	}
	s.call(t, "stranger", "POST", path+"/wisher", object{"reason": "约时间"}).refused(t, 403, "contact_not_shared")
	event := s.anActivity(300, 3)
	event["source"] = object{"kind": "wish", "ref": "1"}
	s.call(t, "branch", "POST", "/activities", event).refused(t, 422, "invalid")
	event["source"] = object{"kind": "wish", "ref": made.at("id")}
	from := s.call(t, "branch", "POST", "/activities", event).want(t, 201)
	s.call(t, "branch", "POST", "/activities/"+from.at("id").(string)+"/actions", object{"action": "publish"}).want(t, 200)
	act("wang", object{"action": "fulfil", "note": "陪老人聊了一下午"}).want(t, 200)
	if mine := s.call(t, "li", "GET", "/wishes?view=mine", nil).want(t, 200); mine.at("items", 0, "state") != "fulfilled" || mine.at("items", 0, "actions", 0, "action") != "confirm" {
		t.Errorf("mine: %s", mine.content)
	}
	done := act("li", object{"action": "confirm", "satisfaction": "satisfied"}).want(t, 200)
	if done.at("state") != "granted" || done.at("outcome") != "said" || done.at("activities", 0, "id") != from.at("id") || done.at("actions", 0) != nil {
		t.Errorf("done: %s", done.content)
	}
	if open := s.call(t, "stranger", "GET", path, nil).want(t, 200); open.at("claimer") != "" || open.at("events", 0) != nil || open.at("content") != "" {
		t.Errorf("for anybody: %s", open.content)
	}
	if claims := s.call(t, "wang", "GET", "/wishes?view=claimed", nil).want(t, 200); len(claims.list("items")) != 1 {
		t.Errorf("claims: %s", claims.content)
	}
	for _, who := range []string{"li", "wang"} {
		if all := s.call(t, who, "GET", "/me/export", nil).want(t, 200); len(all.list("wishes")) != 1 {
			t.Errorf("export of %s: %s", who, all.content)
		}
	}
}

// number is the id of what was made.
func (s *site) number(r reply) (n int64) {
	_, _ = fmt.Sscan(fmt.Sprint(r.at("id")), &n)
	return n
}
