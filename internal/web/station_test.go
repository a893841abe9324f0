package web_test

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
	"time"
)

// hall is a centre as whoever looks after it fills it in.
func (s *site) hall() object {
	return object{
		"org_id": s.unit("南薰社区"), "kind": "center", "name": "南薰社区党群服务中心", "address": "文峰街 12 号", "location": object{"lat": 37.2601, "lng": 111.7801}, "phone": "0358-7222222",
		"opening": []any{object{"days": []any{1, 2, 3, 4, 5}, "from": "09:00", "to": "18:00"}, object{"days": []any{6, 7}, "from": "09:30", "to": "12:00"}}, "opening_note": "节假日有人值班",
		"passed_on": "2026-03-01", "rooms": []any{object{"name": "议事厅", "seats": 30, "uses": "议事、书画、四点半课堂"}, object{"name": "图书角"}},
	}
}

func (s *site) points(t *testing.T) {
	t.Helper()
	made := s.call(t, "community", "POST", "/service-points", s.hall(), "Idempotency-Key", "hall").want(t, 201)
	if again := s.call(t, "community", "POST", "/service-points", s.hall(), "Idempotency-Key", "hall").want(t, 201); again.at("id") != made.at("id") || len(again.list("rooms")) != 2 {
		t.Errorf("again: %s", again.content)
	}
	path := "/service-points/" + made.at("id").(string)
	seen := s.call(t, "", "GET", path, nil).want(t, 200)
	if seen.at("open_now") != true || seen.at("org", "name") != "南薰社区" || seen.at("rooms", 0, "uses") != "议事、书画、四点半课堂" || seen.at("visitors", "satisfaction", "rate") != nil {
		t.Errorf("seen: %s", seen.content)
	}
	if list := s.call(t, "", "GET", "/service-points?org="+s.unit("文峰街道")+"&kind=center&limit=1", nil).want(t, 200); list.at("items", 0, "id") != made.at("id") || list.at("next_cursor") != "" {
		t.Errorf("list: %s", list.content)
	}
	if list := s.call(t, "", "GET", "/service-points?near=37.26,111.78&datum=wgs84&limit=1", nil).want(t, 200); list.at("items", 0, "id") != made.at("id") {
		t.Errorf("near: %s", list.content)
	}
	s.call(t, "", "GET", "/service-points?near=x", nil).refused(t, 422, "near")
	if list := s.call(t, "", "GET", "/service-points?org="+s.unit("福馨苑小区"), nil).want(t, 200); len(list.list("items")) != 0 {
		t.Errorf("list of another place: %s", list.content)
	}

	// By the code that hangs there, and by the page: one word a person and a day.
	sheet := s.call(t, "community", "GET", path+"/poster.png", nil).want(t, 200)
	if img, err := png.Decode(bytes.NewReader(sheet.content)); err != nil || img.Bounds().Dx() != 1240 {
		t.Errorf("poster: %v", err)
	}
	doc := s.call(t, "community", "GET", path+"/poster.pdf", nil).want(t, 200)
	if !bytes.HasPrefix(doc.content, []byte("%PDF-")) || doc.headers.Get("Content-Type") != "application/pdf" {
		t.Errorf("document: %v", doc.headers)
	}
	scene := "point:" + made.at("id").(string)
	d, err := s.sim.Scan(t.Context(), "o-li", scene)
	must(t, err)
	if !strings.Contains(d.Text(), "欢迎来到南薰社区党群服务中心。") || !strings.Contains(d.Text(), "周一至周五 9:00—18:00；周六、周日 9:30—12:00；节假日有人值班") || !strings.Contains(d.Text(), "议事厅（议事、书画、四点半课堂）") {
		t.Errorf("scanned: %s", d.Text())
	}
	if d := s.say(t, "li", "2"); !strings.Contains(d.Text(), "谢谢您的评价") {
		t.Errorf("rated: %s", d.Text())
	}
	s.call(t, "li", "PUT", path+"/rating", object{"verdict": "satisfied", "note": "饮水机很好"}).want(t, 204)
	s.call(t, "stranger", "PUT", path+"/rating", object{"verdict": "basic"}).want(t, 204)
	seen = s.call(t, "", "GET", path, nil).want(t, 200)
	if seen.at("visitors", "satisfied") != 1.0 || seen.at("visitors", "basic") != 1.0 || seen.at("visitors", "satisfaction", "numerator") != 1.9 || seen.at("visitors", "satisfaction", "denominator") != 2.0 {
		t.Errorf("visitors: %s", seen.content)
	}
	words := s.call(t, "community", "GET", path+"/ratings?limit=1", nil).want(t, 200)
	if words.at("items", 0, "note") != "饮水机很好" || len(words.list("items")) != 1 || strings.Contains(string(words.content), "person") {
		t.Errorf("words: %s", words.content)
	}
	if mine := s.call(t, "li", "GET", "/me/export", nil).want(t, 200); mine.at("visits", 0, "note") != "饮水机很好" {
		t.Errorf("export: %v", mine.at("visits"))
	}

	facts := s.hall()
	delete(facts, "org_id")
	delete(facts, "kind")
	facts["version"], facts["rooms"] = seen.at("version"), []any{object{"name": "议事厅", "seats": 40}}
	if changed := s.call(t, "city", "PUT", path, facts).want(t, 200); changed.at("rooms", 0, "seats") != 40.0 || len(changed.list("rooms")) != 1 {
		t.Errorf("changed: %s", changed.content)
	}
	s.call(t, "community", "PUT", path, facts).refused(t, 409, "stale")
	s.call(t, "community", "DELETE", path, nil).want(t, 204)
	s.call(t, "community", "DELETE", path, nil).want(t, 204)
	s.call(t, "li", "PUT", path+"/rating", object{"verdict": "basic"}).refused(t, 409, "point_closed")
	if d, err = s.sim.Scan(t.Context(), "o-wang", scene); err != nil || !strings.Contains(d.Text(), "这个服务点已经撤销") {
		t.Errorf("scanned: %s %v", d.Text(), err)
	}
	if list := s.call(t, "", "GET", "/service-points", nil).want(t, 200); len(list.list("items")) != 0 {
		t.Errorf("list after the end: %s", list.content)
	}
}

func TestPoints_WhatIsRefused(t *testing.T) {
	s := newSite(t, "")
	with := func(field string, value any) object {
		o := s.hall()
		o[field] = value
		return o
	}
	for name, c := range map[string]struct {
		body  object
		field string
	}{
		"no name":                   {with("name", " "), "name"},
		"a phone of words":          {with("phone", "找王书记"), "phone"},
		"passed in the future":      {with("passed_on", s.Clock().Add(48*time.Hour).Format(time.DateOnly)), "passed_on"},
		"rewarded, but not passed":  {func() object { o := with("passed_on", ""); o["rewarded_on"] = "2026-05-01"; return o }(), "rewarded_on"},
		"a day that is none":        {with("upgraded_on", "2026-02-30"), "upgraded_on"},
		"closes before it opens":    {with("opening", []any{object{"days": []any{1}, "from": "18:00", "to": "09:00"}}), "opening[0].to"},
		"open on an eighth day":     {with("opening", []any{object{"days": []any{8}, "from": "09:00", "to": "18:00"}}), "opening[0].days"},
		"a time that is none":       {with("opening", []any{object{"days": []any{1}, "from": "9点", "to": "18:00"}}), "opening[0].from"},
		"two rooms of a name":       {with("rooms", []any{object{"name": "议事厅"}, object{"name": "议事厅 "}}), "rooms[1].name"},
		"more seats than there are": {with("rooms", []any{object{"name": "议事厅", "seats": -1}}), "rooms[0].seats"},
		"a centre of a compound":    {with("org_id", s.unit("福馨苑小区")), "org_id"},
		"degrees the wrong way":     {with("location", object{"lat": 111.78, "lng": 37.26}), "location"},
	} {
		t.Run(name, func(t *testing.T) {
			refused := s.call(t, "city", "POST", "/service-points", c.body)
			if refused.status != 422 || !strings.Contains(string(refused.content), `"`+c.field+`"`) {
				t.Errorf("%d %s", refused.status, refused.content)
			}
		})
	}
	s.call(t, "li", "POST", "/service-points", s.hall()).refused(t, 403, "outside_scope")
	s.call(t, "otherbranch", "POST", "/service-points", s.hall()).refused(t, 403, "outside_scope")
	made := s.call(t, "community", "POST", "/service-points", s.hall(), "Idempotency-Key", "k").want(t, 201)
	s.call(t, "community", "POST", "/service-points", with("name", "另一个"), "Idempotency-Key", "k").refused(t, 409, "key_reused")
	path := "/service-points/" + made.at("id").(string)
	s.call(t, "branch", "GET", path+"/ratings", nil).refused(t, 403, "outside_scope")
	s.call(t, "branch", "GET", path+"/poster.pdf", nil).refused(t, 403, "outside_scope")
	s.call(t, "branch", "DELETE", path, nil).refused(t, 403, "outside_scope")
	s.call(t, "", "GET", "/service-points/5", nil).refused(t, 404, "point_unknown")
	s.call(t, "", "GET", "/service-points?cursor=x", nil).refused(t, 422, "cursor")
	s.call(t, "li", "PUT", path+"/rating", object{"verdict": "basic", "note": strings.Repeat("很", 101)}).refused(t, 422, "invalid")
}
