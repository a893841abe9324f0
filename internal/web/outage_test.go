package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// off is an outage of the whole street from now on.
func (s *site) off(category string, hours int, unit string) object {
	now := s.Clock()
	return object{
		"category": category, "scope": []any{s.unit(unit)}, "text": "管网检修",
		"from": now.Format(time.RFC3339), "to": now.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339),
	}
}

func (s *site) outages(t *testing.T) {
	t.Helper()
	body := s.off("water", 8, "文峰街道")
	made := s.call(t, "water_company", "POST", "/outages", body, "Idempotency-Key", "o1").want(t, 201)
	if again := s.call(t, "water_company", "POST", "/outages", body, "Idempotency-Key", "o1").want(t, 201); again.at("id") != made.at("id") {
		t.Errorf("again: %s", again.content)
	}
	if made.at("by") != "自来水公司" || made.at("now") != true || made.at("name") != "停水" || made.at("scope", 0, "name") != "文峰街道" {
		t.Errorf("made: %s", made.content)
	}
	for who, want := range map[string]string{"water_company": "[停水 汾阳市]", "branch": "[停水 福馨苑小区 停电 福馨苑小区 停气 福馨苑小区 停暖 福馨苑小区]", "li": "[]"} {
		var got []any
		for _, k := range s.call(t, who, "GET", "/outages/desk", nil).want(t, 200).list("kinds") {
			got = append(got, k.(map[string]any)["name"], k.(map[string]any)["at"].(map[string]any)["name"])
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s may announce %v, want %s", who, got, want)
		}
	}
	for who, may := range map[string]bool{"": false, "li": false, "branch": false, "water_company": true, "city": true} {
		if list := s.call(t, who, "GET", "/outages?compound_id="+s.unit("福馨苑小区"), nil).want(t, 200); list.at("items", 0, "may") != may {
			t.Errorf("%q may change it: %s", who, list.content)
		}
	}
	report := object{"text": "家里停水了"}
	for range 2 {
		preview := s.call(t, "li", "POST", "/tickets/preview", report).want(t, 200)
		if preview.at("outage", "id") != made.at("id") || preview.at("outage", "asked") != 1.0 || !strings.Contains(preview.at("outage", "said").(string), "自来水公司公告：今天 ") {
			t.Errorf("preview: %s", preview.content)
		}
	}
	refused := s.call(t, "stranger", "POST", "/tickets", report).refused(t, 409, "outage_announced")
	if detail := refused.at("detail").(string); !strings.Contains(detail, "管网检修") || !strings.Contains(detail, "不用再报") {
		t.Errorf("refused: %s", refused.content)
	}
	filed := s.call(t, "stranger", "POST", "/tickets", object{"text": "家里停水了", "sure": true}, "Idempotency-Key", "t1").want(t, 201)
	if again := s.call(t, "stranger", "POST", "/tickets", report, "Idempotency-Key", "t1").want(t, 201); again.at("number") != filed.at("number") {
		t.Errorf("the same request again: %s", again.content)
	}
	if burst := s.call(t, "stranger", "POST", "/tickets/preview", object{"text": "5号楼水管爆了，水喷得到处都是"}).want(t, 200); burst.at("outage") != nil {
		t.Errorf("a burst pipe is answered with the outage: %s", burst.content)
	}
	list := s.call(t, "", "GET", "/outages?compound_id="+s.unit("福馨苑小区"), nil).want(t, 200)
	if list.at("items", 0, "asked") != 2.0 || len(list.list("items")) != 1 {
		t.Errorf("list: %s", list.content)
	}
	path := "/outages/" + made.at("id").(string)
	if longer := s.call(t, "water_company", "PATCH", path, object{"to": s.Clock().Add(20 * time.Hour).Format(time.RFC3339), "text": "主管爆裂抢修"}).want(t, 200); longer.at("text") != "主管爆裂抢修" {
		t.Errorf("longer: %s", longer.content)
	}
	s.call(t, "li", "DELETE", path, nil).refused(t, 403, "outside_scope")
	if over := s.call(t, "city", "PATCH", path, object{"ended": true}).want(t, 200); over.at("now") != false || over.at("ended_at") == nil {
		t.Errorf("over: %s", over.content)
	}
	s.call(t, "water_company", "DELETE", path, nil).want(t, 204)
	s.call(t, "water_company", "PATCH", path, object{"text": "x"}).refused(t, 409, "outage_ended")
	if preview := s.call(t, "li", "POST", "/tickets/preview", report).want(t, 200); preview.at("outage") != nil {
		t.Errorf("after its end: %s", preview.content)
	}
	if list := s.call(t, "", "GET", "/outages?org="+s.unit("汾阳市")+"&past=true&limit=1", nil).want(t, 200); len(list.list("items")) != 1 || list.at("next_cursor") != "" {
		t.Errorf("past: %s", list.content)
	}
}

func TestOutages_WhatIsRefused(t *testing.T) {
	s := newSite(t, "")
	now := s.Clock()
	at := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	with := func(changes object) object {
		o := s.off("power", 4, "福馨苑小区")
		for k, v := range changes {
			o[k] = v
		}
		return o
	}
	for name, c := range map[string]struct {
		body  object
		field string
	}{
		"reversed":          {with(object{"from": at(2 * time.Hour), "to": at(time.Hour)}), "to"},
		"empty":             {with(object{"to": at(0)}), "to"},
		"past":              {with(object{"from": at(-5 * time.Hour), "to": at(-time.Hour)}), "to"},
		"too long":          {with(object{"to": at(31 * 24 * time.Hour)}), "to"},
		"far ahead":         {with(object{"from": at(61 * 24 * time.Hour), "to": at(62 * 24 * time.Hour)}), "from"},
		"nowhere":           {with(object{"scope": []any{}}), "scope"},
		"a building":        {with(object{"scope": []any{s.unit("3号楼")}}), "scope"},
		"of nothing":        {with(object{"text": " "}), "text"},
		"a novel":           {with(object{"text": strings.Repeat("停", 201)}), "text"},
		"of what is not so": {with(object{"category": "noise"}), "category"},
	} {
		if r := s.call(t, "city", "POST", "/outages", c.body); r.status != 422 || r.fields()[0] != c.field {
			t.Errorf("%s: %d %s", name, r.status, r.content)
		}
	}
	s.call(t, "city", "POST", "/outages", with(object{"scope": []any{"42"}})).refused(t, 404, "org_unknown")
	for who, body := range map[string]object{
		"li": with(nil), "branch": s.off("power", 4, "昌瑞绿洲小区"), "community": s.off("power", 4, "文峰街道"), "water_company": with(nil), "leader": with(nil),
	} {
		s.call(t, who, "POST", "/outages", body).refused(t, 403, "outside_scope")
	}
	s.call(t, "branch", "POST", "/outages", with(nil)).want(t, 201)
	s.call(t, "power_company", "POST", "/outages", s.off("power", 2, "文峰街道")).refused(t, 409, "outage_overlap")
	s.call(t, "branch", "POST", "/outages", with(object{"from": at(4 * time.Hour), "to": at(5 * time.Hour)})).want(t, 201) // right after it
	s.call(t, "community", "POST", "/outages", s.off("gas", 2, "福馨苑小区")).want(t, 201)                                      // another thing
	s.call(t, "otherbranch", "POST", "/outages", s.off("power", 2, "昌瑞绿洲小区")).want(t, 201)                                 // another place
	s.call(t, "branch", "PATCH", "/outages/7", object{"ended": true}).refused(t, 404, "outage_unknown")
}
