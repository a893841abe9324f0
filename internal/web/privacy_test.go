package web_test

import (
	"strings"
	"testing"

	"fenlin/internal/wechat/wechatsim"
)

// privacy does everything that people can do about their own data.
func (s *site) privacy(t *testing.T) {
	t.Helper()
	s.call(t, "", "GET", "/consents", nil).want(t, 200)
	s.call(t, "li", "PUT", "/me/consents/location", object{"given": true, "version": "1.0"}).want(t, 200)
	s.call(t, "li", "GET", "/me/consents", nil).want(t, 200)
	s.call(t, "community", "POST", "/me/corrections", object{"field": "name", "value": "刘书记"}).want(t, 201)
	asked := s.call(t, "community", "GET", "/me/corrections", nil).want(t, 200)
	one := "/corrections/" + asked.at("items", 0, "id").(string)
	s.call(t, "city", "GET", "/corrections", nil).want(t, 200)
	s.call(t, "city", "POST", one+"/reveal", nil).want(t, 200)
	s.call(t, "city", "POST", one+"/decision", object{"accepted": false, "answer": "请先改身份证"}).want(t, 204)
}

func TestPrivacy_ConsentsAreGivenAndTakenBackWithWhatWasKeptForThem(t *testing.T) {
	s := newSite(t, "")
	texts := s.call(t, "", "GET", "/consents", nil).want(t, 200)
	if len(texts.list("items")) != 4 || texts.at("items", 0, "kind") != "privacy" || texts.at("items", 0, "version") != "1.0" {
		t.Errorf("texts: %s", texts.content)
	}
	for _, version := range []string{"", "0.9"} {
		s.call(t, "li", "PUT", "/me/consents/privacy", object{"given": true, "version": version}).refused(t, 404, "consent_unknown")
	}
	s.call(t, "li", "PUT", "/me/consents/privacy", object{"given": false}).refused(t, 409, "consent_kept")
	for range 2 { // agreeing again changes nothing
		if got := s.call(t, "li", "PUT", "/me/consents/privacy", object{"given": true, "version": "1.0"}).want(t, 200); len(got.list("items")) != 1 {
			t.Errorf("agreed: %s", got.content)
		}
	}

	s.call(t, "li", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200)
	given := s.call(t, "li", "GET", "/me/consents", nil).want(t, 200)
	if given.at("items", 0, "kind") != "phone" || given.at("items", 0, "newest") != true || given.at("items", 0, "withdrawn_at") != nil {
		t.Errorf("binding a phone is a consent: %s", given.content)
	}
	back := s.call(t, "li", "PUT", "/me/consents/phone", object{"given": false}).want(t, 200)
	if back.at("items", 0, "withdrawn_at") == nil {
		t.Errorf("taken back: %s", back.content)
	}
	if me := s.call(t, "li", "GET", "/me", nil).want(t, 200); me.at("phone") != "" {
		t.Errorf("the phone stayed: %s", me.content)
	}

	res, raw := s.raw(t, "GET", "/privacy", nil, nil)
	if res.StatusCode != 200 || strings.Count(string(raw), "第 1.0 版") != 4 {
		t.Errorf("the page: %d %s", res.StatusCode, raw)
	}
}

func TestPrivacy_TheExportHoldsAllOwnDataInFull(t *testing.T) {
	s := newSite(t, "")
	phone := wechatsim.PhoneOf("o-li")
	s.call(t, "city", "POST", "/members", object{
		"name": "李", "phone": phone, "id_number": anID, "address": "福馨苑小区3号楼2单元301", "category": "resident", "branch_id": s.unit("福馨苑小区"), "job": "工人",
	}).want(t, 201)
	s.call(t, "li", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200) // li is that member
	s.call(t, "li", "POST", "/tickets", object{"text": "3号楼2单元门坏了", "compound_id": s.unit("福馨苑小区")}).want(t, 201)
	all := s.call(t, "li", "GET", "/me/export", nil).want(t, 200)
	if got := all.headers.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		t.Errorf("it is no file: %q", got)
	}
	for _, want := range []string{phone, anID, "1949-12-31", "福馨苑小区3号楼2单元301", "工人", "3号楼2单元门坏了"} {
		if !strings.Contains(string(all.content), want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, what := range []string{"apps", "membership_history", "consents", "sessions", "tickets"} {
		if len(all.list(what)) == 0 {
			t.Errorf("no %s in %s", what, all.content)
		}
	}
	if strings.Contains(string(s.call(t, "wang", "GET", "/me/export", nil).want(t, 200).content), phone) {
		t.Error("another's phone is in it")
	}
}

func TestPrivacy_CorrectionsAreDecidedByWhoKeepsTheLedger(t *testing.T) {
	s := newSite(t, "")
	s.call(t, "li", "POST", "/me/corrections", object{"field": "name", "value": "李"}).refused(t, 409, "correction_own_data")
	phone := wechatsim.PhoneOf("o-li")
	s.call(t, "city", "POST", "/members", object{
		"name": "李", "phone": phone, "id_number": "110105195001010020", "category": "resident", "branch_id": s.unit("福馨苑小区"),
	}).want(t, 201)
	s.call(t, "li", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200)

	s.call(t, "li", "POST", "/me/corrections", object{"field": "id_number", "value": "110105194912310021"}).refused(t, 422, "id_number_invalid")
	s.call(t, "li", "POST", "/me/corrections", object{"field": "id_number", "value": "110105194912310038"}).want(t, 201)
	asked := s.call(t, "li", "POST", "/me/corrections", object{"field": "id_number", "value": strings.ToLower(anID)}).want(t, 201)
	if len(asked.list("items")) != 1 || strings.Contains(string(asked.content), anID) {
		t.Errorf("asked twice, the later counts: %s", asked.content)
	}
	s.call(t, "li", "POST", "/me/corrections", object{"field": "birth", "value": "1950-01-01"}).want(t, 201)

	for _, who := range []string{"branch", "privacy", "li"} {
		s.call(t, who, "GET", "/corrections", nil).refused(t, 403, "outside_scope")
	}
	waiting := s.call(t, "community", "GET", "/corrections?limit=1", nil).want(t, 200)
	if waiting.at("items", 0, "value") != "1101**********002X" || waiting.at("items", 0, "field", "name") != "身份证号" || waiting.at("next_cursor") == "" {
		t.Errorf("waiting: %s", waiting.content)
	}
	rest := s.call(t, "community", "GET", "/corrections?cursor="+waiting.at("next_cursor").(string), nil).want(t, 200)
	if len(rest.list("items")) != 1 {
		t.Errorf("the second page: %s", rest.content)
	}
	number, birth := "/corrections/"+waiting.at("items", 0, "id").(string), "/corrections/"+rest.at("items", 0, "id").(string)
	s.call(t, "branch", "POST", number+"/reveal", nil).refused(t, 404, "correction_unknown")
	s.call(t, "branch", "POST", number+"/decision", object{"accepted": true}).refused(t, 404, "correction_unknown")
	if got := s.call(t, "community", "POST", number+"/reveal", nil).want(t, 200); got.at("value") != anID {
		t.Errorf("in full: %s", got.content)
	}
	if log := s.call(t, "privacy", "GET", "/access-log", nil).want(t, 200); log.at("items", 0, "reason") != "办理本人的更正申请" {
		t.Errorf("the look: %s", log.content)
	}
	s.call(t, "community", "POST", number+"/decision", object{"accepted": true, "answer": "已核对身份证"}).want(t, 204)
	s.call(t, "community", "POST", number+"/decision", object{"accepted": true}).refused(t, 409, "correction_decided")
	s.call(t, "community", "POST", birth+"/decision", object{"accepted": false}).refused(t, 422, "answer_missing")
	s.call(t, "community", "POST", birth+"/decision", object{"accepted": true}).refused(t, 422, "birth_invalid") // not what the ID number says
	s.call(t, "community", "POST", birth+"/decision", object{"accepted": false, "answer": "与身份证不一致"}).want(t, 204)

	mine := s.call(t, "li", "GET", "/me/corrections", nil).want(t, 200)
	if mine.at("items", 0, "answer") != "与身份证不一致" || mine.at("items", 1, "accepted") != true || mine.at("items", 1, "value") != "" {
		t.Errorf("decided: %s", mine.content)
	}
	all := s.call(t, "li", "GET", "/me/export", nil).want(t, 200)
	if all.at("id_number") != anID || all.at("birth") != "1949-12-31" {
		t.Errorf("corrected: %s", all.content)
	}
}

func TestPrivacy_ClosingForgetsWhoIsInNoLedgerAndKeepsTheLedgers(t *testing.T) {
	s := newSite(t, "")
	s.call(t, "li", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200)
	s.call(t, "wang", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-wang")}).want(t, 200)
	made := s.call(t, "city", "POST", "/members", object{
		"name": "wang", "phone": wechatsim.PhoneOf("o-wang"), "id_number": anID, "category": "resident", "branch_id": s.unit("福馨苑小区"),
	}).want(t, 201)
	for _, who := range []string{"li", "wang"} {
		s.call(t, who, "DELETE", "/me", nil).want(t, 204)
	}
	kept := "/members/" + made.at("id").(string)
	if e := s.call(t, "city", "GET", kept, nil).want(t, 200); e.at("name") != "wang" || e.at("id_number") != "1101**********002X" {
		t.Errorf("the ledger lost a member who left WeChat: %s", e.content)
	}
	var gone, identities int64
	must(t, s.DB.Read(t.Context()).Raw("SELECT COUNT(*) FROM people WHERE id = ? AND name = '' AND phone = '' AND closed_at > 0", s.Who["li"]).Scan(&gone).Error)
	must(t, s.DB.Read(t.Context()).Raw("SELECT COUNT(*) FROM identities WHERE person_id IN (?, ?)", s.Who["li"], s.Who["wang"]).Scan(&identities).Error)
	if gone != 1 || identities != 0 {
		t.Errorf("closed: %d, openids left: %d", gone, identities)
	}
}
