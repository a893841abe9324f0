package web_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/wechat/wechatsim"
)

// certificates is the way of wang, whose hours count, to a certificate and back.
func (s *site) certificates(t *testing.T) {
	t.Helper()
	s.call(t, "stranger", "POST", "/me/certificates", nil).refused(t, 409, "nothing_to_certify")
	made := s.call(t, "wang", "POST", "/me/certificates", object{"from": "2026-11-01"}, "Idempotency-Key", "c1").want(t, 201)
	if again := s.call(t, "wang", "POST", "/me/certificates", object{"from": "2026-11-01"}, "Idempotency-Key", "c1").want(t, 201); again.at("number") != made.at("number") || made.at("minutes") != 91.0 {
		t.Errorf("again: %s, first %s", again.content, made.content)
	}
	s.call(t, "wang", "POST", "/me/certificates", object{"from": "2026-11-02"}, "Idempotency-Key", "c1").refused(t, 409, "key_reused")
	s.call(t, "wang", "POST", "/me/certificates", object{"to": "2030-01-01"}).refused(t, 422, "invalid")
	mine := s.call(t, "wang", "GET", "/me/certificates?limit=1", nil).want(t, 200)
	if len(mine.list("items")) != 1 || mine.at("items", 0, "state") != "valid" || mine.at("next_cursor") != "" {
		t.Errorf("mine: %s", mine.content)
	}
	number := made.at("number").(string)
	pdf := "/me/certificates/" + number + ".pdf"
	s.call(t, "stranger", "GET", pdf, nil).refused(t, 404, "certificate_unknown")
	doc := s.call(t, "wang", "GET", pdf, nil).want(t, 200)
	if !bytes.HasPrefix(doc.content, []byte("%PDF-")) || doc.headers.Get("Cache-Control") != "no-store" {
		t.Errorf("the document: %.20q %v", doc.content, doc.headers)
	}
	if again := s.call(t, "wang", "GET", pdf, nil).want(t, 200); !bytes.Equal(again.content, doc.content) {
		t.Error("it is another document the second time")
	}
	token := strings.TrimPrefix(made.at("verify").(string), s.address+"/open/certificates/")
	open := s.call(t, "", "GET", "/open/certificates/"+token, nil).want(t, 200)
	if open.at("state") != "valid" || open.at("minutes") != 91.0 || open.headers.Get("X-Robots-Tag") == "" {
		t.Errorf("open: %s", open.content)
	}
	s.call(t, "", "GET", "/open/certificates/ABC", nil).refused(t, 404, "certificate_unknown")
	s.call(t, "otherbranch", "POST", "/certificates/"+number+"/revocation", object{"reason": "不实"}).refused(t, 404, "certificate_unknown")
	s.call(t, "branch", "POST", "/certificates/"+number+"/revocation", object{"reason": ""}).refused(t, 422, "invalid")
	s.call(t, "branch", "POST", "/certificates/"+number+"/revocation", object{"reason": "王某没有到场"}).want(t, 204)
	s.call(t, "branch", "POST", "/certificates/"+number+"/revocation", object{"reason": "不实"}).refused(t, 409, "certificate_revoked")
	s.call(t, "wang", "GET", pdf, nil).refused(t, 409, "certificate_revoked")
	open = s.call(t, "", "GET", "/open/certificates/"+token, nil).want(t, 200)
	if open.at("state") != "revoked" || open.at("why", "code") != "unit" || strings.Contains(string(open.content), "王某") {
		t.Errorf("revoked: %s", open.content)
	}
	if all := s.call(t, "wang", "GET", "/me/export", nil).want(t, 200); all.at("certificates", 0, "note") != "王某没有到场" {
		t.Errorf("the export: %v", all.at("certificates"))
	}
}

// certified is a certificate of somebody with a name, a phone and an ID number.
func (s *site) certified(t *testing.T) (c activity.Certificate, secrets []string) {
	t.Helper()
	phone := wechatsim.PhoneOf("o-li")
	s.call(t, "city", "POST", "/members", object{"name": "李测试", "phone": phone, "id_number": anID, "address": "3号楼301", "category": "resident", "branch_id": s.unit("福馨苑小区")}).want(t, 201)
	s.call(t, "li", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200)
	id := s.call(t, "li", "GET", "/me", nil).want(t, 200).at("id").(string) // who stood in the ledger is the same
	s.Who["li"], _ = strconv.ParseInt(id, 10, 64)
	made := s.call(t, "branch", "POST", "/activities", s.anActivity(30, 1)).want(t, 201)
	path := "/activities/" + made.at("id").(string)
	s.call(t, "branch", "POST", path+"/actions", object{"action": "publish"}).want(t, 200)
	s.call(t, "li", "POST", path+"/signup", object{}).want(t, 200)
	s.Forward(30*time.Hour + time.Minute)
	s.tokens = map[string]string{}
	for _, out := range []bool{false, true} {
		s.call(t, "branch", "POST", path+"/checkins", object{"person_ids": []any{id}, "out": out}).want(t, 200)
		s.Forward(110 * time.Minute)
	}
	for _, action := range []string{"start", "finish"} {
		s.call(t, "branch", "POST", path+"/actions", object{"action": action})
	}
	p, err := s.Town.Members.Person(t.Context(), s.Who["li"])
	must(t, err)
	c, err = s.Town.Activities.Certify(t.Context(), p, "", activity.Days{})
	must(t, err)
	return c, []string{p.Name, "李测试", phone, "138****", anID, "1101****", "002X", fmt.Sprint(p.ID), "楼院清扫", "3号楼"}
}

// form posts a form as a browser does that shows a page of that origin.
func (s *site) form(t *testing.T, path, from string, fields url.Values) (*http.Response, string) {
	t.Helper()
	h := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	if from != "" {
		h["Origin"] = from
	}
	keep := http.DefaultClient.CheckRedirect
	http.DefaultClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer func() { http.DefaultClient.CheckRedirect = keep }()
	res, raw := s.raw(t, "POST", path, h, strings.NewReader(fields.Encode()))
	return res, string(raw)
}

func TestVerifyPages_SayValidAndNothingOfThePerson(t *testing.T) {
	s := newSite(t, "")
	c, secrets := s.certified(t)
	page := "/open/certificates/" + c.Token
	var seen []string
	look := func(path string) string {
		t.Helper()
		res, raw := s.raw(t, "GET", path, nil, nil)
		h := res.Header
		if !strings.Contains(h.Get("Content-Security-Policy"), "form-action 'self'") || h.Get("Cache-Control") != "no-store" || !strings.HasPrefix(h.Get("X-Robots-Tag"), "noindex") || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, h)
		}
		seen = append(seen, string(raw))
		return string(raw)
	}
	for _, want := range []string{"有效", c.Number, "福馨苑小区", "1小时50分", "1 次", c.FromDay, "核对姓名"} {
		if said := look(page); !strings.Contains(said, want) {
			t.Errorf("no %s in %s", want, said)
		}
	}
	if said := look("/open/certificates/"); !strings.Contains(said, "校验码") {
		t.Error(said)
	}
	unknown, _ := s.raw(t, "GET", "/open/certificates/"+strings.Repeat("A", 20), nil, nil)
	if unknown.StatusCode != 404 {
		t.Errorf("unknown: %d", unknown.StatusCode)
	}
	if res, _ := s.form(t, "/open/certificates/", "", url.Values{"number": {strings.ToLower(c.Number)}, "check": {c.Check()}}); res.StatusCode != 303 || res.Header.Get("Location") != page {
		t.Errorf("found: %d %v", res.StatusCode, res.Header)
	}
	for _, fields := range []url.Values{{"number": {c.Number}, "check": {"ABCD-EFGH"}}, {"number": {"FYZM2026-0000000055"}, "check": {c.Check()}}} {
		res, said := s.form(t, "/open/certificates/", "", fields)
		if res.StatusCode != 404 || !strings.Contains(said, "没有找到这份证明") {
			t.Errorf("%v: %d %s", fields, res.StatusCode, said)
		}
		seen = append(seen, said)
	}
	if res, said := s.form(t, "/open/certificates/", "", url.Values{"number": {c.Number + "1"}}); res.StatusCode != 422 || !strings.Contains(said, "抄错") {
		t.Errorf("a wrong digit: %d", res.StatusCode)
	}
	seen = append(seen, string(s.call(t, "", "GET", page, nil).want(t, 200).content))
	must(t, s.Town.Activities.Revoke(t.Context(), s.Actor("branch"), c.Number, "李测试没有到场"))
	gone := look(page)
	if !strings.Contains(gone, "已撤销") || !strings.Contains(gone, "出具单位撤销") || strings.Contains(gone, "核对姓名") || strings.Contains(gone, "1小时50分") {
		t.Error(gone)
	}
	for _, said := range seen {
		for _, secret := range secrets {
			if strings.Contains(said, secret) {
				t.Errorf("%s stands in %s", secret, said)
			}
		}
	}
}

func TestVerifyPages_ANameIsTheSameOrNot(t *testing.T) {
	s := newSite(t, "")
	c, _ := s.certified(t)
	p, err := s.Town.Members.Person(t.Context(), s.Who["li"])
	must(t, err)
	page := "/open/certificates/" + c.Token
	check := func(from, name string, status int, want string) {
		t.Helper()
		res, said := s.form(t, page, from, url.Values{"name": {name}})
		if res.StatusCode != status || !strings.Contains(said, want) || strings.Contains(said, p.Name) || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%q from %q: %d %s", name, from, res.StatusCode, said)
		}
	}
	check(s.address, p.Name, 200, "<strong>一致")
	check("", p.Name+" ", 200, "<strong>一致")
	check("", "王五", 200, "不一致")
	check("", "<script>", 200, "不一致")
	check("", "", 422, "请写纸上的姓名")
	check("https://elsewhere.example", p.Name, 403, "在这个页面上重新填写")
	check("null", p.Name, 403, "在这个页面上重新填写")
	for range 8 {
		s.form(t, page, "", url.Values{"name": {"王五"}})
	}
	check("", p.Name, 429, "次数太多")
	if res, _ := s.form(t, page, "", url.Values{"name": {strings.Repeat("名", 5000)}}); res.StatusCode != 403 {
		t.Errorf("a very long name: %d", res.StatusCode)
	}
	s.Forward(time.Minute)
	s.tokens = map[string]string{}
	s.call(t, "branch", "POST", "/certificates/"+c.Number+"/revocation", object{"reason": "不实"}).want(t, 204)
	check("", p.Name, 409, "已撤销")
}
