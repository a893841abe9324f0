package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fenlin/internal/ticket"
)

// solve closes a ticket of 福馨苑 as solved.
func (s *site) solve(t *testing.T, number string) {
	t.Helper()
	for _, in := range []ticket.Input{{Action: ticket.Accept}, {Action: ticket.Contact}, {Action: ticket.Finish, Note: "好了"}} {
		s.Do(t, "branch", number, in)
	}
	solved := true
	s.Do(t, "li", number, ticket.Input{Action: ticket.Confirm, Solved: &solved, Satisfaction: ticket.Satisfied})
}

func TestOpen_ThePublicReadsNumbersAndNoPersons(t *testing.T) {
	s := newSite(t, "")
	compound := fmt.Sprint(s.Units["福馨苑小区"])
	empty := s.call(t, "", "GET", "/open/compounds/"+compound, nil).want(t, 200)
	if empty.at("open", "count") != 0.0 || empty.at("settled", "count") != 0.0 || len(empty.list("months")) != 12 || len(empty.list("problems")) != 0 || empty.at("total", "settlement", "rate") != nil {
		t.Errorf("before anything happened: %s", empty.content)
	}
	// In December: six lamps settled, six doors open, a quarrel, and two problems in the other compound.
	s.Forward(10 * 24 * time.Hour)
	secret := "张三家在504，电话13800138000"
	for i := range 6 {
		s.solve(t, s.Told(t, "li", fmt.Sprintf("%d号楼%d单元楼道灯坏了，%s", i+1, i+1, secret)).Number)
		s.Told(t, "wang", fmt.Sprintf("%d号楼%d单元504室门禁刷不开，%s", i+1, i+1, secret))
	}
	s.Told(t, "li", "2号楼3单元504和邻居吵架，楼上天天骂人要打架，请调解邻里纠纷")
	for range 2 {
		s.Told(t, "stranger", "1号楼1单元楼道灯坏了")
	}
	s.Forward(time.Minute)
	now := s.call(t, "", "GET", "/open/compounds/"+compound, nil).want(t, 200)
	if now.at("open", "count") != 6.0 || len(now.list("problems")) != 6 || now.at("problems", 0, "category", "code") != "access" || now.at("problems", 0, "building") != "6" || now.at("problems", 0, "day") != "2026-12-03" {
		t.Errorf("open problems: %s", now.content)
	}
	s.Told(t, "wang", "9号楼1单元门禁刷不开")
	s.Forward(4 * time.Minute)
	if kept := s.call(t, "", "GET", "/open/compounds/"+compound, nil).want(t, 200); kept.at("open", "count") != 6.0 {
		t.Errorf("what the public reads is made anew at each look: %s", kept.content)
	}
	if now.at("total", "accepted", "count") != 0.0 {
		t.Errorf("a month is told before it is over: %s", now.content)
	}
	list := s.call(t, "", "GET", "/open/compounds?limit=100", nil).want(t, 200)
	for i := range list.list("items") {
		if list.at("items", i, "name") == "昌瑞绿洲小区" && (list.at("items", i, "open", "count") != nil || list.at("items", i, "open", "few") != true) {
			t.Errorf("two problems are told: %s", list.content)
		}
	}
	s.Forward(220 * 24 * time.Hour) // in July the half-year is over, and December is one of the twelve months
	later := s.call(t, "", "GET", "/open/compounds/"+compound, nil).want(t, 200)
	months := later.list("months")
	told := map[string]any{}
	for i := range months {
		told[later.at("months", i, "month").(string)] = later.at("months", i, "accepted", "count")
	}
	if told["2026-12"] != 14.0 || told["2026-11"] != 0.0 || later.at("total", "accepted", "count") != 14.0 || later.at("total", "settlement", "numerator", "count") != 6.0 || later.at("total", "settlement", "denominator", "count") != 14.0 {
		t.Errorf("December: %s", later.content)
	}
	if later.at("half_years", 0, "from") != "2026-07-01" || later.at("half_years", 0, "categories", 0, "accepted", "count") == nil {
		t.Errorf("by category: %s", later.content)
	}
	for _, r := range []reply{now, list, later} {
		if got := r.headers.Get("Cache-Control"); got != "public, max-age=300" {
			t.Errorf("Cache-Control %q", got)
		}
	}
	for _, path := range []string{"/open/", "/open/" + compound, "/open/?q=" + "福馨"} {
		res, raw := s.raw(t, "GET", path, nil, nil)
		if res.StatusCode != 200 || res.Header.Get("Cache-Control") != "public, max-age=300" || !strings.Contains(res.Header.Get("Content-Security-Policy"), "default-src 'none'") || !strings.Contains(string(raw), "福馨苑小区") {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
		for _, r := range [][]byte{raw, now.content, list.content, later.content} {
			for _, personal := range []string{"张三", "504", "1380013", "单元", "楼道灯坏了", "\"li\"", "FY26", "骂人", "neighbour"} {
				if strings.Contains(string(r), personal) {
					t.Errorf("%s says %s", path, personal)
				}
			}
		}
	}
}

func TestOpen_WhatIsNotThereIsSaidKindly(t *testing.T) {
	s := newSite(t, "")
	s.call(t, "", "GET", "/open/compounds/1", nil).refused(t, 404, "org_unknown")
	s.call(t, "", "GET", "/open/compounds?cursor=x", nil).refused(t, 422, "cursor")
	if got := s.call(t, "", "GET", "/open/compounds?q=没有这样的地方", nil).want(t, 200); len(got.list("items")) != 0 {
		t.Errorf("found %s", got.content)
	}
	for path, want := range map[string]int{"/open/?q=%E6%B2%A1%E6%9C%89%E8%BF%99%E6%A0%B7%E7%9A%84%E5%9C%B0%E6%96%B9": 200, "/open/1": 404, "/open/abc": 404, "/open/?cursor=x": 404, "/open/?cursor=-1": 404, "/open/99999999999999999999": 404} {
		res, raw := s.raw(t, "GET", path, nil, nil)
		if res.StatusCode != want || !strings.Contains(string(raw), "<html") {
			t.Errorf("%s: %d %.200s", path, res.StatusCode, raw)
		}
	}
}
