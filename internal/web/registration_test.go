package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/org"
	"fenlin/internal/wechat/wechatsim"
)

// bureau is a work unit for which stranger answers.
func (s *site) bureau(t *testing.T, name string) string {
	t.Helper()
	id := s.DB.NewID()
	must(t, s.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO units (id, kind, code, name, contact_id, sample, created_at, closed_at) VALUES (?, 'organ', '', ?, ?, FALSE, 1, 0)", id, name, s.Who["stranger"]).Error
	}))
	return fmt.Sprint(id)
}

// registrations is dual registration from the member's word to the year's remark.
func (s *site) registrations(t *testing.T) {
	t.Helper()
	unit := s.bureau(t, "市水利局")
	li := fmt.Sprint(s.Who["li"])
	if found := s.call(t, "li", "GET", "/me/registration/units?q="+url.QueryEscape("水利"), nil).want(t, 200); found.at("items", 0, "id") != unit || len(found.list("items")) != 1 {
		t.Errorf("found: %s", found.content)
	}
	s.call(t, "li", "GET", "/me/registration/units?q="+url.QueryEscape("水"), nil).refused(t, 422, "invalid")
	made := s.call(t, "li", "PUT", "/me/registration", object{"unit_id": unit, "community_id": s.unit("南薰社区")}).want(t, 200)
	if len(made.list("waits_for")) != 2 || made.at("former") != nil || made.at("done_at") != nil {
		t.Errorf("made: %s", made.content)
	}
	if waits := s.call(t, "stranger", "GET", "/registrations", nil).want(t, 200); waits.at("items", 0, "asked", 0) != "unit" || len(waits.at("items", 0, "asked").([]any)) != 1 {
		t.Errorf("the unit's: %s", waits.content)
	}
	s.call(t, "stranger", "POST", "/registrations/"+li+"/decision", object{"as": "unit", "approve": true}).want(t, 200)
	s.call(t, "stranger", "POST", "/registrations/"+li+"/decision", object{"as": "unit", "approve": true}).refused(t, 409, "registration_decided")
	s.call(t, "stranger", "POST", "/registrations/"+li+"/decision", object{"as": "community", "approve": true}).refused(t, 404, "registration_unknown")
	done := s.call(t, "community", "POST", "/registrations/"+li+"/decision", object{"as": "community", "approve": true}).want(t, 200)
	if done.at("done_at") == nil || len(done.list("waits_for")) != 0 {
		t.Errorf("done: %s", done.content)
	}
	if entry := s.call(t, "li", "GET", "/me/membership", nil).want(t, 200); entry.at("unit", "name") != "市水利局" || entry.at("community", "name") != "南薰社区" {
		t.Errorf("the ledger: %s", entry.content)
	}
	s.call(t, "li", "GET", "/me/registration", nil).want(t, 200)
	s.call(t, "community", "POST", "/members/"+li+"/remarks", object{"year": 2026, "text": "全年参加清扫和值守，邻里都认得他"}).want(t, 201)
	s.call(t, "community", "POST", "/members/"+li+"/remarks", object{"year": 2026, "text": "再写一次也不行的评语"}).refused(t, 409, "remark_there")
	for who, sees := range map[string]bool{"li": true, "stranger": true, "community": true, "branch": true, "otherbranch": false, "wang": false} {
		got := s.call(t, who, "GET", "/members/"+li+"/remarks", nil)
		if sees != (got.status == 200) || sees && got.at("items", 0, "year") != 2026.0 {
			t.Errorf("%s: %d %s", who, got.status, got.content)
		}
	}
	if mine := s.call(t, "li", "GET", "/me/export", nil).want(t, 200); mine.at("registration", "unit", "name") != "市水利局" || mine.at("remarks", 0, "year") != 2026.0 {
		t.Errorf("export: %v", mine.at("remarks"))
	}
}

func TestRegistrations_MovingIsConfirmedByBothSides(t *testing.T) {
	s := newSite(t, "")
	other, err := s.Org.Add(t.Context(), org.Unit{ParentID: s.Units["文峰街道"], Kind: org.Community, Name: "北关社区"}, nil)
	must(t, err)
	post, err := s.Org.NewPost(t.Context(), other.ID, org.CommunitySecretary, "北关社区党委书记")
	must(t, err)
	must(t, s.Org.Seat(t.Context(), post, s.Who["wang"], 0))
	unit, second := s.bureau(t, "市水利局"), s.bureau(t, "市林业局")
	here, there := s.unit("南薰社区"), fmt.Sprint(other.ID)
	li := fmt.Sprint(s.Who["li"])
	path := "/registrations/" + li + "/decision"
	say := func(who, as string, yes bool, reason string) reply {
		return s.call(t, who, "POST", path, object{"as": as, "approve": yes, "reason": reason})
	}
	register := func(unit, community string) reply {
		return s.call(t, "li", "PUT", "/me/registration", object{"unit_id": unit, "community_id": community})
	}
	register(unit, here).refused(t, 409, "name_missing")
	s.call(t, "li", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200)
	register("5", "6").refused(t, 422, "registration_invalid")
	register(unit, s.unit("福馨苑小区")).refused(t, 422, "registration_invalid")
	s.call(t, "wang", "GET", "/me/registration", nil).refused(t, 404, "registration_unknown")

	// In no ledger before: the registration brings the member into it.
	register(unit, here).want(t, 200)
	say("community", "community", false, "").refused(t, 422, "reason_missing")
	refused := say("community", "community", false, "没有找到这户人家").want(t, 200)
	if refused.at("reason") != "没有找到这户人家" || len(refused.list("waits_for")) != 0 {
		t.Errorf("refused: %s", refused.content)
	}
	say("stranger", "unit", true, "").refused(t, 409, "registration_decided")
	register(unit, here).want(t, 200)
	say("stranger", "unit", true, "").want(t, 200)
	say("community", "community", true, "").want(t, 200)
	entry := s.call(t, "li", "GET", "/me/membership", nil).want(t, 200)
	if entry.at("category", "code") != "in_service" || entry.at("branch", "name") != "南薰社区" || entry.at("phone") == wechatsim.PhoneOf("o-li") {
		t.Errorf("entry: %s", entry.content)
	}

	// Moving: the unit's word holds, the new community and the former are asked.
	moving := register(unit, there).want(t, 200)
	if waits := moving.list("waits_for"); len(waits) != 2 || waits[0] != "community" || waits[1] != "former" || moving.at("former", "name") != "南薰社区" {
		t.Errorf("moving: %s", moving.content)
	}
	say("wang", "community", true, "").want(t, 200)
	if entry := s.call(t, "li", "GET", "/me/membership", nil).want(t, 200); entry.at("community", "name") != "南薰社区" {
		t.Errorf("moved by one side alone: %s", entry.content)
	}
	say("wang", "former", true, "").refused(t, 404, "registration_unknown")
	say("community", "former", true, "").want(t, 200)
	if entry := s.call(t, "li", "GET", "/me/membership", nil).want(t, 200); entry.at("community", "name") != "北关社区" {
		t.Errorf("not moved: %s", entry.content)
	}

	// Back again, and the former community says nothing for a week. Another unit meanwhile.
	register(second, here).want(t, 200)
	say("stranger", "unit", true, "").want(t, 200)
	say("community", "community", true, "").want(t, 200)
	for wait, want := range map[time.Duration]int{0: 0, 7*24*time.Hour - time.Minute: 0} {
		s.Forward(wait)
		if n, err := s.Members.Settle(t.Context()); err != nil || n != want {
			t.Errorf("after %s: %d %v", wait, n, err)
		}
	}
	s.Forward(time.Hour)
	if n, err := s.Members.Settle(t.Context()); err != nil || n != 1 {
		t.Errorf("after a week: %d %v", n, err)
	}
	if n, err := s.Members.Settle(t.Context()); err != nil || n != 0 {
		t.Errorf("again: %d %v", n, err)
	}
	entry = s.call(t, "li", "GET", "/me/membership", nil).want(t, 200)
	if entry.at("community", "name") != "南薰社区" || entry.at("unit", "name") != "市林业局" {
		t.Errorf("not moved by silence: %s", entry.content)
	}
	history := s.call(t, "li", "GET", "/members/"+li+"/history", nil).want(t, 200)
	if len(history.list("items")) != 4 { // entered, moved, unit, moved
		t.Errorf("history: %s", history.content)
	}
	// Whoever left the ledger registers anew, and comes back into it.
	if left := s.call(t, "community", "POST", "/members/"+li+"/leave", object{"version": entry.at("version"), "why": "moved"}); left.status != 200 {
		t.Fatalf("left: %d %s", left.status, left.content)
	}
	s.call(t, "li", "GET", "/me/registration", nil).refused(t, 404, "registration_unknown")
	register(second, here).want(t, 200)
	say("stranger", "unit", true, "").want(t, 200)
	say("community", "community", true, "").want(t, 200)
	if entry := s.call(t, "li", "GET", "/me/membership", nil).want(t, 200); entry.at("unit", "name") != "市林业局" {
		t.Errorf("not back: %s", entry.content)
	}
	for _, body := range []object{{"year": 2024, "text": "早先一年的评语不能写"}, {"year": 2026, "text": "好"}} {
		s.call(t, "community", "POST", "/members/"+li+"/remarks", body).refused(t, 422, "remark_invalid")
	}
	s.call(t, "wang", "POST", "/members/"+li+"/remarks", object{"year": 2026, "text": "别的社区不能写评语"}).refused(t, 404, "member_unknown")
}

// partnerships is the way of a unit that registers with a community.
func (s *site) partnerships(t *testing.T) {
	t.Helper()
	unit, here := s.bureau(t, "市林业局"), s.unit("南薰社区") // stranger answers for it
	ask := object{"unit_id": unit, "community_id": here}
	s.call(t, "li", "POST", "/partnerships", ask).refused(t, 403, "not_unit_contact")
	s.call(t, "stranger", "POST", "/partnerships", object{"unit_id": unit, "community_id": s.unit("福馨苑小区")}).refused(t, 422, "partner_unknown")
	for range 2 {
		if mine := s.call(t, "stranger", "POST", "/partnerships", ask).want(t, 200); len(mine.list("items")) != 1 || mine.at("items", 0, "decide") != false {
			t.Errorf("asked: %s", mine.content)
		}
	}
	if none := s.call(t, "branch", "GET", "/partnerships", nil).want(t, 200); len(none.list("items")) != 0 {
		t.Errorf("a branch: %s", none.content)
	}
	if waits := s.call(t, "community", "GET", "/partnerships", nil).want(t, 200); waits.at("items", 0, "unit", "name") != "市林业局" || waits.at("items", 0, "decide") != true {
		t.Errorf("the community: %s", waits.content)
	}
	decide := "/units/" + unit + "/partners/" + here + "/decision"
	s.call(t, "branch", "POST", decide, object{"approve": true}).refused(t, 404, "partner_ask_unknown")
	s.call(t, "community", "POST", decide, object{"approve": false}).refused(t, 422, "invalid")
	s.call(t, "community", "POST", decide, object{"approve": false, "reason": "今年已有三家单位"}).want(t, 204)
	s.call(t, "community", "POST", decide, object{"approve": true}).refused(t, 404, "partner_ask_unknown")
	if again := s.call(t, "stranger", "POST", "/partnerships", ask).want(t, 200); again.at("items", 0, "refused_at") != nil || again.at("items", 0, "reason") != "" {
		t.Errorf("asked anew: %s", again.content)
	}
	s.call(t, "community", "POST", decide, object{"approve": true}).want(t, 204)
	if paired := s.call(t, "city", "GET", "/units/"+unit, nil).want(t, 200); paired.at("partners", 0, "name") != "南薰社区" {
		t.Errorf("paired: %s", paired.content)
	}
	for who, sees := range map[string]int{"stranger": 1, "community": 1, "branch": 0, "city": 0} { // the city sees a unit's in the unit
		got := s.call(t, who, "GET", "/partnerships", nil).want(t, 200)
		if len(got.list("items")) != sees || sees > 0 && (got.at("items", 0, "paired") != true || got.at("items", 0, "since") == "" || got.at("items", 0, "asked_at") != nil) {
			t.Errorf("%s: %s", who, got.content)
		}
	}
	if me := s.call(t, "stranger", "GET", "/me", nil).want(t, 200); !strings.Contains(fmt.Sprint(me.at("units")), "市林业局") {
		t.Errorf("the contact: %s", me.content)
	}
	s.call(t, "li", "DELETE", "/units/"+unit+"/partners/"+here, nil).refused(t, 403, "outside_scope")
	s.call(t, "stranger", "DELETE", "/units/"+unit+"/partners/"+here, nil).want(t, 204)
	if ended := s.call(t, "city", "GET", "/units/"+unit, nil).want(t, 200); len(ended.list("partners")) != 0 {
		t.Errorf("ended: %s", ended.content)
	}
}
