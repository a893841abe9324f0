package web_test

import (
	"fmt"
	"testing"
	"time"

	"fenlin/internal/wechat/wechatsim"
)

// posts does everything that can be done with posts and work units.
func (s *site) postsAndUnits(t *testing.T) {
	t.Helper()
	made := s.call(t, "community", "POST", "/posts", object{"org_id": s.unit("南薰社区"), "role": "grid_worker", "title": "南薰社区网格员"}).want(t, 201)
	one := "/posts/" + made.at("post_id").(string)
	unit := s.call(t, "city", "POST", "/units", object{"kind": "organ", "name": "市教育局", "code": "11141182012345678r", "partners": []any{s.unit("南薰社区")}})
	unit.refused(t, 422, "unit_invalid")
	unit = s.call(t, "city", "POST", "/units", object{"kind": "organ", "name": "市教育局", "partners": []any{s.unit("南薰社区")}}).want(t, 201)
	bureau := unit.at("id").(string)
	a := s.call(t, "community", "POST", one+"/appointments", object{"name": "钱网格", "phone": "13812340000", "unit_id": bureau, "note": "文党发〔2026〕3号"}).want(t, 201)
	if a.at("name") != "钱网格" || a.at("unit_id") != bureau || a.at("to") != nil {
		t.Errorf("appointed: %s", a.content)
	}
	for who, may := range map[string]bool{"community": true, "subdistrict": true, "city": true} {
		list := s.call(t, who, "GET", "/posts?subtree=false&org="+s.unit("南薰社区"), nil).want(t, 200)
		for _, one := range list.list("items") {
			if p := one.(map[string]any); p["post_id"] == made.at("post_id") && (p["may_appoint"] != may || p["may_end"] != may) {
				t.Errorf("%s: %v", who, p)
			}
		}
	}
	if own := s.call(t, "branch", "GET", "/posts?subtree=false", nil).want(t, 200); own.at("items", 0, "may_appoint") != false || own.at("items", 0, "may_end") != true {
		t.Errorf("one's own post: %s", own.content)
	}
	if list := s.call(t, "city", "GET", "/posts?vacant=true", nil).want(t, 200); len(list.list("items")) != 0 {
		t.Errorf("vacancies: %s", list.content)
	}
	if list := s.call(t, "branch", "GET", one+"/appointments", nil); list.status != 404 {
		t.Errorf("a branch secretary sees the community's posts: %s", list.content)
	}
	s.call(t, "community", "GET", one+"/appointments", nil).want(t, 200)
	s.call(t, "community", "DELETE", one, nil).refused(t, 409, "post_occupied")
	s.call(t, "community", "POST", "/appointments/"+a.at("appointment_id").(string)+"/end", object{}).want(t, 204)
	s.call(t, "community", "DELETE", one, nil).want(t, 204)
	s.call(t, "community", "GET", "/units?kind=organ&q=教育", nil).want(t, 200)
	if got := s.call(t, "branch", "GET", "/units/"+bureau, nil).want(t, 200); got.at("partners", 0, "name") != "南薰社区" {
		t.Errorf("unit: %s", got.content)
	}
	s.call(t, "city", "PATCH", "/units/"+bureau, object{"kind": "organ", "name": "市教育局", "partners": []any{}, "closed": true}).want(t, 200)
	for who, code := range map[string]int{"li": 403, "community": 403} {
		s.call(t, who, "POST", "/units", object{"kind": "social", "name": "义工协会"}).want(t, code)
	}
	s.call(t, "li", "GET", "/units", nil).refused(t, 403, "outside_scope")
}

func TestAppointments_BiteAtTheirMoment(t *testing.T) {
	s := newSite(t, "")
	number := s.report(t, "li", lamp)
	post := fmt.Sprint(s.Posts["branch"])
	list := s.call(t, "community", "GET", "/posts/"+post+"/appointments", nil).want(t, 200)
	old := list.at("items", 0, "appointment_id").(string)
	in := object{"name": "新书记", "phone": wechatsim.PhoneOf("o-xin")}
	s.call(t, "community", "POST", "/posts/"+post+"/appointments", in).refused(t, 409, "post_held")
	s.call(t, "otherbranch", "POST", "/posts/"+post+"/appointments", in).refused(t, 403, "appointment_outside")
	s.call(t, "branch", "POST", "/posts/"+post+"/appointments", in).refused(t, 403, "appointment_outside")

	// The old one leaves at noon; the new one begins then.
	noon := s.Clock().Add(3 * time.Hour).Format(time.RFC3339)
	s.call(t, "community", "POST", "/appointments/"+old+"/end", object{"at": noon}).want(t, 204)
	in["from"] = noon
	s.call(t, "community", "POST", "/posts/"+post+"/appointments", in).want(t, 201)
	s.newcomer(t, "xin")
	s.call(t, "xin", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-xin")}).want(t, 200)
	s.call(t, "branch", "GET", "/tickets/"+number, nil).want(t, 200)
	s.call(t, "xin", "GET", "/tickets/"+number, nil).want(t, 404)
	s.Forward(3 * time.Hour)
	s.call(t, "branch", "GET", "/tickets/"+number, nil).want(t, 404)
	me := s.call(t, "xin", "GET", "/me", nil).want(t, 200)
	if me.at("posts", 0, "org", "name") != "福馨苑小区" || me.at("name") != "新书记" {
		t.Errorf("the new secretary: %s", me.content)
	}
	s.call(t, "xin", "GET", "/tickets/"+number, nil).want(t, 200)
	theirs := s.report(t, "stranger", "昌瑞绿洲小区1号楼电梯坏了")
	s.call(t, "xin", "GET", "/tickets/"+theirs, nil).want(t, 404)
}
