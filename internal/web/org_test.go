package web_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fenlin/internal/member"
	"fenlin/internal/org"
)

// clerks gives the town a clerk of the city and one of a second community.
func (s *site) clerks(t testing.TB) {
	t.Helper()
	for _, c := range []struct{ who, unit string }{{"cityclerk", "汾阳市"}, {"southclerk", "永安社区"}} {
		if s.Units[c.unit] == 0 {
			u, err := s.Org.Add(t.Context(), org.Unit{ParentID: s.Units["文峰街道"], Kind: org.Community, Name: c.unit}, nil)
			must(t, err)
			s.Units[c.unit] = u.ID
		}
		p, err := s.Members.Add(t.Context(), member.Person{Name: c.who}, "o-"+c.who)
		must(t, err)
		s.Who[c.who] = p.ID
		post, err := s.Org.NewPost(t.Context(), s.Units[c.unit], org.Clerk, c.unit+"台账员")
		must(t, err)
		must(t, s.Org.Seat(t.Context(), post, p.ID, 0))
	}
}

func (s *site) orgs(t *testing.T) {
	t.Helper()
	s.clerks(t)
	root := s.call(t, "li", "GET", "/orgs", nil).want(t, 200)
	if root.at("items", 0, "name") != "汾阳市" || len(root.list("items")) != 1 {
		t.Errorf("the root: %s", root.content)
	}
	north := s.unit("永安社区")
	made := s.call(t, "southclerk", "POST", "/orgs", object{
		"parent_id": north, "kind": "compound", "name": "新家园小区", "reason": "新建成", "governance": "managed", "households": 120,
		"location": object{"lat": 37.27, "lng": 111.79}, "aliases": []any{"新家园"},
	}).want(t, 201)
	path := "/orgs/" + made.at("id").(string)
	if made.at("compound", "governance") != "managed" || made.at("compound", "location", "datum") != "gcj02" || made.at("above", 2, "name") != "永安社区" || made.at("version") != 0.0 {
		t.Errorf("made: %s", made.content)
	}
	if list := s.call(t, "", "GET", "/compounds?q=新家园", nil).want(t, 200); list.at("items", 0, "name") != "新家园小区" {
		t.Errorf("it is not known at once: %s", list.content)
	}
	s.call(t, "southclerk", "PATCH", path, object{"version": 0, "reason": "扩建", "households": 140, "branch": "新家园小区党支部"}).want(t, 200)
	ring := []any{[]any{37.269, 111.789}, []any{37.269, 111.791}, []any{37.271, 111.791}, []any{37.271, 111.789}}
	s.call(t, "southclerk", "PATCH", path, object{"version": 1, "reason": "测绘", "boundary": append(ring[:2:2], ring[3], ring[2])}).refused(t, 422, "invalid")
	s.call(t, "southclerk", "PATCH", path, object{"version": 1, "reason": "测绘", "boundary": ring[:2]}).refused(t, 422, "invalid")
	if drawn := s.call(t, "southclerk", "PATCH", path, object{"version": 1, "reason": "测绘", "boundary": ring}).want(t, 200); len(drawn.list("compound", "boundary")) != 4 {
		t.Errorf("drawn: %s", drawn.content)
	}
	if list := s.call(t, "", "GET", "/compounds?near=37.2705,111.7905", nil).want(t, 200); list.at("items", 0, "name") != "新家园小区" || list.at("items", 0, "inside") != true || list.at("items", 0, "distance_m") != 0.0 {
		t.Errorf("near: %s", list.content)
	}
	if list := s.call(t, "", "GET", "/compounds?near=37.2705,111.7905&datum=wgs84", nil).want(t, 200); list.at("items", 0, "inside") != false || list.at("items", 0, "distance_m").(float64) < 300 {
		t.Errorf("near, as a browser tells it: %s", list.content)
	}
	if one := s.call(t, "", "GET", "/compounds/"+made.at("id").(string), nil).want(t, 200); len(one.list("boundary")) != 4 {
		t.Errorf("the compound: %s", one.content)
	}
	filed := s.call(t, "stranger", "POST", "/tickets", object{"text": "路灯坏了", "location": object{"lat": 37.2705, "lng": 111.7905}}).want(t, 201)
	if filed.at("compound", "name") != "新家园小区" {
		t.Errorf("filed within a border for %s", filed.content)
	}
	s.call(t, "stranger", "POST", "/tickets", object{"text": "路灯坏了", "location": object{"lat": 111.7905, "lng": 37.2705}}).refused(t, 422, "location")
	s.call(t, "stranger", "POST", "/tickets", object{"text": "路灯坏了", "location": object{"lat": 0, "lng": 0}}).refused(t, 422, "location")
	set := s.call(t, "southclerk", "PUT", path+"/parties", object{"version": 2, "reason": "换届", "parties": []any{
		object{"kind": "committee", "name": "永安社区居委会", "from_on": "2024-01-01"},
		object{"kind": "property_company", "name": "新家园物业", "contact": object{"name": "钱经理", "phone": "13987654321"}},
	}}).want(t, 200)
	if d := cmp.Diff(map[string]any{"name": "钱**", "phone": "139****4321"}, set.at("compound", "parties", 1, "contact")); d != "" {
		t.Errorf("%s\n%s", d, set.content)
	}
	if seen := s.call(t, "li", "GET", path, nil).want(t, 200); seen.at("compound", "parties", 1, "contact") != nil || seen.at("compound", "parties", 1, "name") != "新家园物业" {
		t.Errorf("a resident sees %s", seen.content)
	}
	kept := s.call(t, "southclerk", "PUT", path+"/parties", object{"version": 3, "reason": "更正", "parties": []any{
		object{"id": set.at("compound", "parties", 1, "id"), "kind": "property_company", "name": "新家园物业公司"},
	}}).want(t, 200)
	if kept.at("compound", "parties", 0, "contact", "name") != "钱**" {
		t.Errorf("the contact is gone: %s", kept.content)
	}
	s.call(t, "cityclerk", "POST", path+"/move", object{"version": 4, "reason": "划转", "parent_id": s.unit("南薰社区")}).want(t, 200)
	history := s.call(t, "branch", "GET", "/orgs/"+s.unit("福馨苑小区")+"/history", nil).want(t, 200)
	if history.at("items", 0, "from") != nil || history.at("items", 0, "name") != "福馨苑小区" {
		t.Errorf("history: %s", history.content)
	}
	history = s.call(t, "cityclerk", "GET", path+"/history", nil).want(t, 200)
	if history.at("items", 0, "reason") != "划转" || history.at("items", 0, "by") != "cityclerk" || history.at("items", 0, "parent", "name") != "南薰社区" || len(history.list("items")) != 6 {
		t.Errorf("history: %s", history.content)
	}
	split := s.call(t, "cityclerk", "POST", "/orgs/"+s.unit("南薰社区")+"/split", object{
		"version": 0, "reason": "社区太大", "name": "南薰东社区", "children": []any{made.at("id")},
	}).want(t, 201)
	if split.at("kind") != "community" || split.at("children") != 1.0 {
		t.Errorf("split: %s", split.content)
	}
	merged := s.call(t, "cityclerk", "POST", "/orgs/"+split.at("id").(string)+"/merge", object{"version": 0, "reason": "并回", "into_id": north}).want(t, 200)
	if merged.at("closed") != true || merged.at("successor", "name") != "永安社区" || merged.at("closed_at") == nil {
		t.Errorf("merged: %s", merged.content)
	}
	s.call(t, "southclerk", "POST", path+"/close", object{"version": s.version(t, path), "reason": "拆迁"}).want(t, 200)
	if list := s.call(t, "", "GET", "/compounds?q=新家园", nil).want(t, 200); len(list.list("items")) != 0 {
		t.Errorf("closed, but listed: %s", list.content)
	}
	s.call(t, "", "GET", "/compounds/"+made.at("id").(string), nil).refused(t, 404, "org_unknown")
}

func (s *site) version(t *testing.T, path string) any {
	t.Helper()
	return s.call(t, "li", "GET", path, nil).want(t, 200).at("version")
}

func TestOrgs_AMergedCompoundsPeopleAndCodesLeadToItsSuccessor(t *testing.T) {
	s := newSite(t, "")
	s.clerks(t)
	number := s.report(t, "li", lamp)
	old, taker := s.unit("福馨苑小区"), s.unit("昌瑞绿洲小区")
	s.Forward(time.Hour)
	s.call(t, "cityclerk", "POST", "/orgs/"+old+"/merge", object{"version": 0, "reason": "合并", "into_id": taker}).want(t, 200)
	if me := s.call(t, "li", "GET", "/me", nil).want(t, 200); me.at("compound", "name") != "昌瑞绿洲小区" {
		t.Errorf("li lives in %s", me.content)
	}
	if code := s.call(t, "", "GET", "/compounds/"+old, nil).want(t, 200); code.at("id") != taker {
		t.Errorf("the code at the gate: %s", code.content)
	}
	next := s.call(t, "li", "POST", "/tickets", object{"text": "楼道灯又坏了", "compound_id": old}).want(t, 201)
	if next.at("compound", "name") != "昌瑞绿洲小区" {
		t.Errorf("filed for %s", next.content)
	}
	if by := s.call(t, "li", "POST", "/tickets", object{"text": "福馨苑1号楼下水道堵了"}).want(t, 201); by.at("compound", "name") != "昌瑞绿洲小区" {
		t.Errorf("by its old name: %s", by.content)
	}
	// What was begun is carried on: its reporter and the neighbours see it, the successor's secretary may act.
	s.call(t, "li", "GET", "/tickets/"+number, nil).want(t, 200)
	if list := s.call(t, "wang", "GET", "/tickets?view=compound", nil).want(t, 200); len(list.list("items")) != 3 {
		t.Errorf("the compound's list: %s", list.content)
	}
	if seen := s.call(t, "wang", "GET", "/tickets/"+number, nil).want(t, 200); seen.at("actions", 0, "action") != "follow" {
		t.Errorf("a neighbour may %v", seen.at("actions"))
	}
	s.call(t, "branch", "GET", "/tickets/"+number, nil).refused(t, 404, "ticket_unknown") // holds no post any more
	s.call(t, "otherbranch", "GET", "/tickets/"+number, nil).want(t, 200)
	s.call(t, "wang", "PATCH", "/me", object{"compound_id": old}).want(t, 200)
	if p, err := s.Members.Person(t.Context(), s.Who["wang"]); err != nil || fmt.Sprint(p.CompoundID) != taker {
		t.Errorf("wang lives in %d: %v", p.CompoundID, err)
	}
}

func TestOrgs_ChangesAreRefusedByNameOutsideAndWhenStale(t *testing.T) {
	s := newSite(t, "")
	s.clerks(t)
	garden, north, south := "/orgs/"+s.unit("福馨苑小区"), s.unit("南薰社区"), s.unit("永安社区")
	facts := func(more object) object {
		o := object{"parent_id": south, "kind": "compound", "name": "新家园小区", "reason": "新建成", "governance": "managed"}
		for k, v := range more {
			o[k] = v
		}
		return o
	}
	for name, c := range map[string]struct {
		who, method, path string
		body              any
		status            int
		code              string
		fields            []string
	}{
		"nobody signed in":               {"", "GET", "/orgs", nil, 401, "not_signed_in", nil},
		"a resident":                     {"li", "POST", garden + "/close", object{"version": 0, "reason": "x"}, 403, "outside_scope", nil},
		"a community's secretary":        {"community", "PATCH", garden, object{"version": 0, "reason": "x", "name": "x"}, 403, "outside_scope", nil},
		"another community's clerk":      {"southclerk", "PATCH", garden, object{"version": 0, "reason": "x", "name": "x"}, 403, "outside_scope", nil},
		"a clerk who takes":              {"southclerk", "POST", garden + "/move", object{"version": 0, "reason": "x", "parent_id": south}, 403, "outside_scope", nil},
		"a clerk's own parent":           {"southclerk", "POST", "/orgs", object{"parent_id": s.unit("文峰街道"), "kind": "community", "name": "x", "reason": "x"}, 403, "outside_scope", nil},
		"history of a resident":          {"li", "GET", garden + "/history", nil, 403, "outside_scope", nil},
		"history of a clerk elsewhere":   {"southclerk", "GET", garden + "/history", nil, 403, "outside_scope", nil},
		"a stale version":                {"cityclerk", "PATCH", garden, object{"version": 9, "reason": "x", "name": "x"}, 409, "stale", nil},
		"no version":                     {"cityclerk", "PATCH", garden, object{"reason": "x", "name": "x"}, 422, "invalid", []string{"version"}},
		"no reason":                      {"cityclerk", "PATCH", garden, object{"version": 0, "reason": "", "name": "x"}, 422, "invalid", []string{"reason"}},
		"a cycle":                        {"cityclerk", "POST", "/orgs/" + north + "/move", object{"version": 0, "reason": "x", "parent_id": s.unit("福馨苑小区")}, 422, "org_cycle", []string{"parent_id"}},
		"a wrong parent":                 {"cityclerk", "POST", garden + "/move", object{"version": 0, "reason": "x", "parent_id": s.unit("文峰街道")}, 422, "org_kind", []string{"parent_id"}},
		"a parent that is not there":     {"cityclerk", "POST", garden + "/move", object{"version": 0, "reason": "x", "parent_id": "42"}, 404, "org_unknown", nil},
		"children":                       {"cityclerk", "POST", garden + "/close", object{"version": 0, "reason": "x"}, 409, "org_children", nil},
		"a twin":                         {"cityclerk", "POST", "/orgs", facts(object{"parent_id": north, "name": "福馨苑小区"}), 409, "org_exists", []string{"name"}},
		"a compound in the sea":          {"cityclerk", "POST", "/orgs", facts(object{"location": object{"lat": 0, "lng": 120}}), 422, "invalid", []string{"lat"}},
		"fewer than no households":       {"cityclerk", "POST", "/orgs", facts(object{"households": -1}), 422, "invalid", []string{"households"}},
		"a compound run by nobody known": {"cityclerk", "POST", "/orgs", facts(object{"governance": "king"}), 422, "invalid", []string{"governance"}},
		"a second root":                  {"cityclerk", "POST", "/orgs", object{"parent_id": "", "kind": "city", "name": "x", "reason": "x"}, 422, "invalid", []string{"parent_id"}},
		"a moment to come":               {"cityclerk", "POST", garden + "/move", object{"version": 0, "reason": "x", "parent_id": south, "at": "2026-11-24T00:00:00+08:00"}, 422, "org_moment", []string{"at"}},
		"a moment that is none":          {"cityclerk", "POST", garden + "/move", object{"version": 0, "reason": "x", "parent_id": south, "at": "gestern"}, 422, "invalid", []string{"at"}},
		"two owners' committees": {"cityclerk", "PUT", garden + "/parties", object{"version": 0, "reason": "x", "parties": []any{
			object{"kind": "owners_committee", "name": "x"}, object{"kind": "property_committee", "name": "y"},
		}}, 422, "invalid", []string{"parties[1].from_on"}},
		"a company of a self-run compound": {"cityclerk", "PUT", garden + "/parties", object{"version": 0, "reason": "x", "parties": []any{object{"kind": "property_company", "name": "x"}}}, 422, "invalid", nil},
		"a contact without a phone":        {"cityclerk", "PUT", garden + "/parties", object{"version": 0, "reason": "x", "parties": []any{object{"kind": "committee", "name": "x", "contact": object{"name": "钱"}}}}, 422, "phone_invalid", []string{"phone"}},
		"a cursor made up":                 {"li", "GET", "/orgs?cursor=!!", nil, 422, "cursor", []string{"cursor"}},
		"a unit that is not there":         {"li", "GET", "/orgs/42", nil, 404, "org_unknown", nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.call(t, c.who, c.method, c.path, c.body).refused(t, c.status, c.code)
			if c.fields != nil {
				if d := cmp.Diff(c.fields, r.fields()); d != "" {
					t.Errorf("%s\n%s", d, r.content)
				}
			}
		})
	}
	if u := s.call(t, "li", "GET", garden, nil).want(t, http.StatusOK); u.at("version") != 0.0 || u.at("name") != "福馨苑小区" {
		t.Errorf("a refused change changed something: %s", u.content)
	}
}

func TestOrgs_ListedByParentKindNameAndMoment(t *testing.T) {
	s := newSite(t, "")
	s.clerks(t)
	before := s.Clock().Format(time.RFC3339)
	s.Forward(time.Hour)
	s.call(t, "cityclerk", "POST", "/orgs/"+s.unit("福馨苑小区")+"/move", object{"version": 0, "reason": "划转", "parent_id": s.unit("永安社区")}).want(t, 200)
	s.call(t, "cityclerk", "PATCH", "/orgs/"+s.unit("南薰社区"), object{"version": 0, "reason": "改名", "name": "南薰东社区"}).want(t, 200)
	names := func(query string) []string {
		out := []string{}
		for cursor := ""; ; {
			list := s.call(t, "li", "GET", "/orgs?limit=1&"+query+"&cursor="+cursor, nil).want(t, 200)
			for i := range list.list("items") {
				out = append(out, list.at("items", i, "name").(string))
				if above := list.list("items", i, "above"); len(above) > 0 {
					out[len(out)-1] = above[len(above)-1].(map[string]any)["name"].(string) + "/" + out[len(out)-1]
				}
			}
			if cursor = list.at("next_cursor").(string); cursor == "" {
				return out
			}
		}
	}
	at := "&at=" + before[:19] + "%2B08:00"
	for query, want := range map[string][]string{
		"":                            {"汾阳市"},
		"parent_id=" + s.unit("永安社区"): {"永安社区/福馨苑小区"},
		"kind=compound&below_id=" + s.unit("永安社区"):      {"永安社区/福馨苑小区"},
		"kind=compound&below_id=" + s.unit("南薰社区"):      {"南薰东社区/昌瑞绿洲小区"},
		"kind=compound&below_id=" + s.unit("南薰社区") + at: {"南薰社区/福馨苑小区", "南薰社区/昌瑞绿洲小区"},
		"parent_id=" + s.unit("永安社区") + at:              {},
		"parent_id=" + s.unit("南薰社区") + at:              {"南薰社区/福馨苑小区", "南薰社区/昌瑞绿洲小区"},
		"parent_id=" + s.unit("南薰社区"):                   {"南薰东社区/昌瑞绿洲小区"},
		"kind=compound&q=福馨":                            {"永安社区/福馨苑小区"},
		"q=福馨" + at:                                     {"南薰社区/福馨苑小区"},
		"q=南薰":                                          {"文峰街道/南薰东社区"},
		"q=100%25":                                      {},
		"kind=building_group&q=3":                       {"福馨苑小区/3号楼"},
		"parent_id=" + s.unit("昌瑞绿洲小区"):                 {},
		"kind=community&parent_id=" + s.unit("文峰街道"):    {"文峰街道/南薰东社区", "文峰街道/永安社区"},
	} {
		if d := cmp.Diff(want, names(query)); d != "" {
			t.Errorf("%s: %s", query, d)
		}
	}
}

func TestCompound_IsShownAsWeChatsMapTakesItWhateverItsLedgerSays(t *testing.T) {
	s := newSite(t, "")
	s.clerks(t)
	made := s.call(t, "southclerk", "POST", "/orgs", object{
		"parent_id": s.unit("永安社区"), "kind": "compound", "name": "测绘小区", "reason": "新建成", "governance": "managed", "households": 120,
		"location": object{"lat": 37.27, "lng": 111.79, "datum": "wgs84"},
	}).want(t, 201)
	one := s.call(t, "", "GET", "/compounds/"+made.at("id").(string), nil).want(t, 200)
	if lng := one.at("location", "lng").(float64); one.at("location", "datum") != "gcj02" || lng < 111.795 || lng > 111.80 { // some 550 m to the east
		t.Errorf("%s", one.content)
	}
}
