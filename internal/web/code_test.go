package web_test

import (
	"bytes"
	"image/png"
	"strings"
	"testing"
)

func (s *site) codes(t *testing.T) {
	t.Helper()
	garden := s.unit("福馨苑小区")
	lift := object{"kind": "fixture", "org_id": garden, "building": "3", "unit": "2", "name": "电梯", "category": "elevator", "note": "一层轿厢旁"}
	made := s.call(t, "branch", "POST", "/codes", lift, "Idempotency-Key", "lift").want(t, 201)
	if again := s.call(t, "branch", "POST", "/codes", lift, "Idempotency-Key", "lift").want(t, 201); again.at("id") != made.at("id") || again.at("note") != "一层轿厢旁" {
		t.Errorf("again: %s", again.content)
	}
	scene := made.at("scene").(string)
	seen := s.call(t, "", "GET", "/codes/"+scene, nil).want(t, 200)
	if seen.at("where") != "福馨苑小区3号楼2单元电梯" || seen.at("category", "code") != "elevator" || seen.at("org", "name") != "福馨苑小区" || seen.at("note") != nil {
		t.Errorf("seen: %s", seen.content)
	}
	if gate := s.call(t, "", "GET", "/codes/compound:"+garden, nil).want(t, 200); gate.at("kind") != "gate" || gate.at("category") != nil {
		t.Errorf("gate: %s", gate.content)
	}
	picture := s.call(t, "branch", "GET", "/codes/"+scene+"/picture", nil).want(t, 200)
	if img, err := png.Decode(bytes.NewReader(picture.content)); err != nil || img.Bounds().Dx() != 600 || picture.headers.Get("Content-Type") != "image/png" {
		t.Errorf("picture: %v %v", err, picture.headers)
	}
	if s.call(t, "branch", "GET", "/codes/"+scene+"/picture", nil).want(t, 200); len(s.sim.Scenes()) != 1 || s.sim.Scenes()[0].Scene != scene {
		t.Errorf("WeChat made %+v", s.sim.Scenes())
	}
	sheet := s.call(t, "branch", "GET", "/codes/sheet", nil).want(t, 200)
	if img, err := png.Decode(bytes.NewReader(sheet.content)); err != nil || img.Bounds().Dx() != 1240 || sheet.headers.Get("X-Next-Cursor") != "" {
		t.Errorf("sheet: %v", err)
	}
	if list := s.call(t, "branch", "GET", "/codes?org="+garden, nil).want(t, 200); len(list.list("items")) != 1 || list.at("items", 0, "note") != "一层轿厢旁" {
		t.Errorf("list: %s", list.content)
	}

	// The same by the form: what the text leaves open is the code's.
	preview := s.call(t, "stranger", "POST", "/tickets/preview", object{"text": "不走了", "scene": scene}).want(t, 200)
	if preview.at("category", "code") != "elevator" || preview.at("compound", "name") != "福馨苑小区" || preview.at("building") != "3" || preview.at("unit") != "2" {
		t.Errorf("preview: %s", preview.content)
	}
	filed := s.call(t, "stranger", "POST", "/tickets", object{"text": "有人困在里面", "scene": scene}).want(t, 201)
	if filed.at("emergency") != true || filed.at("compound", "name") != "福馨苑小区" {
		t.Errorf("filed: %s", filed.content)
	}

	// Scanned in WeChat, by whoever does not follow yet.
	d, err := s.sim.Scan(t.Context(), "o-wang", scene)
	must(t, err)
	if !strings.Contains(d.Text(), "您在福馨苑小区3号楼2单元电梯旁。请说出了什么事，例如：困人、不走、异响。") {
		t.Errorf("scanned: %s", d.Text())
	}
	if d := s.say(t, "wang", "一直异响"); !strings.Contains(d.Text(), "福馨苑小区 3号楼2单元") || !strings.Contains(d.Text(), "电梯") {
		t.Errorf("said: %s", d.Text())
	}

	s.call(t, "branch", "DELETE", "/codes/"+scene, nil).want(t, 204)
	s.call(t, "", "GET", "/codes/"+scene, nil).refused(t, 404, "code_revoked")
	s.call(t, "stranger", "POST", "/tickets", object{"text": "不走了", "scene": scene}).refused(t, 404, "code_revoked")
	s.call(t, "branch", "GET", "/codes/"+scene+"/picture", nil).refused(t, 404, "code_revoked")
	if list := s.call(t, "branch", "GET", "/codes?revoked=true", nil).want(t, 200); len(list.list("items")) != 1 || list.at("items", 0, "revoked_at") == nil {
		t.Errorf("list of all: %s", list.content)
	}
}

func TestCodes_WhatIsRefused(t *testing.T) {
	s := newSite(t, "")
	garden, other := s.unit("福馨苑小区"), s.unit("昌瑞绿洲小区")
	s.call(t, "branch", "POST", "/codes", object{"kind": "gate", "org_id": other}).refused(t, 403, "outside_scope")
	s.call(t, "li", "POST", "/codes", object{"kind": "gate", "org_id": garden}).refused(t, 403, "outside_scope")
	s.call(t, "li", "GET", "/codes", nil).refused(t, 403, "outside_scope")
	s.call(t, "branch", "GET", "/codes?org="+other, nil).refused(t, 403, "outside_scope")
	s.call(t, "branch", "GET", "/codes?cursor=x", nil).refused(t, 422, "cursor")
	s.call(t, "branch", "GET", "/codes/compound:"+other+"/picture", nil).refused(t, 403, "outside_scope")
	s.call(t, "branch", "DELETE", "/codes/5", nil).refused(t, 404, "code_unknown")
	s.call(t, "", "GET", "/codes/anything", nil).refused(t, 404, "code_unknown")
	for field, body := range map[string]object{
		"category": {"kind": "gate", "org_id": garden, "category": "weather"},
		"name":     {"kind": "fixture", "org_id": garden},
		"building": {"kind": "building", "org_id": garden},
	} {
		if r := s.call(t, "branch", "POST", "/codes", body).refused(t, 422, "invalid"); r.fields()[0] != field {
			t.Errorf("%s: %v", field, r.fields())
		}
	}
}
