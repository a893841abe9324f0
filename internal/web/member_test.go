package web_test

import (
	"fmt"
	"strings"
	"testing"

	"fenlin/internal/org"
	"fenlin/internal/wechat/wechatsim"
)

const (
	anID  = "11010519491231002X" // the example of GB 11643
	other = "110105198506010035"
)

// withClerk adds the city's clerk, who is nobody's secretary.
func (s *site) withClerk(t *testing.T) {
	t.Helper()
	post, err := s.Org.NewPost(t.Context(), s.Units["汾阳市"], org.Clerk, "汾阳市台账员")
	must(t, err)
	must(t, s.Org.Seat(t.Context(), post, s.Who["stranger"], 0))
}

func (s *site) unit(name string) string { return fmt.Sprint(s.Units[name]) }

// ledgerOfMembers does everything that can be done with an entry.
func (s *site) ledgerOfMembers(t *testing.T) {
	t.Helper()
	made := s.call(t, "city", "POST", "/members", object{"name": "li", "phone": "13812345678", "category": "resident", "branch_id": s.unit("福馨苑小区")}).want(t, 201)
	one := "/members/" + made.at("id").(string)
	s.call(t, "branch", "GET", "/members", nil).want(t, 200)
	s.call(t, "branch", "GET", "/members/summary", nil).want(t, 200)
	s.call(t, "branch", "GET", one, nil).want(t, 200)
	s.call(t, "city", "PATCH", one, object{"version": 1, "job": "工人"}).want(t, 200)
	s.call(t, "branch", "GET", one+"/history", nil).want(t, 200)
	s.call(t, "city", "POST", one+"/reveal", object{"field": "phone", "reason": "通知开会"}).want(t, 200)
	s.call(t, "li", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200)
	s.call(t, "li", "GET", "/me/membership", nil).refused(t, 404, "member_unknown") // another phone, so another person
	s.call(t, "city", "POST", "/members", object{"name": "li", "phone": wechatsim.PhoneOf("o-li"), "category": "resident", "branch_id": s.unit("福馨苑小区")}).want(t, 201)
	if mine := s.call(t, "li", "GET", "/me/membership", nil).want(t, 200); mine.at("branch", "name") != "福馨苑小区" {
		t.Errorf("own entry: %s", mine.content)
	}
	s.call(t, "city", "POST", one+"/leave", object{"version": 2, "why": "mistake"}).want(t, 200)
	s.registrations(t)
	s.partnerships(t)
}

func TestMembers_FromEnteringToLeavingWithHistoryAndLooks(t *testing.T) {
	s := newSite(t, "")
	s.withClerk(t)
	sun := object{
		"name": "孙建国", "phone": "13812345678", "id_number": strings.ToLower(anID), "address": "汾阳市福馨苑小区3号楼2单元301", "category": "in_service",
		"branch_id": s.unit("福馨苑小区"), "community_id": s.unit("南薰社区"), "education": "college", "joined_on": "1970-07-01", "full_on": "1971-07-01", "job": "科长",
	}
	made := s.call(t, "stranger", "POST", "/members", sun).want(t, 201)
	id := made.at("id").(string)
	if made.at("phone") != "138****5678" || made.at("id_number") != "1101**********002X" || made.at("birth") != "19**-**-**" || made.at("gender") != "female" ||
		made.at("address") != "汾阳市福馨苑****" || made.at("branch", "name") != "福馨苑小区" || made.at("category", "name") != "在职党员" {
		t.Errorf("made: %s", made.content)
	}
	s.call(t, "stranger", "POST", "/members", sun).refused(t, 409, "member_listed")

	for who, sees := range map[string]int{"stranger": 1, "city": 1, "subdistrict": 1, "community": 1, "branch": 1, "otherbranch": 0} {
		if got := s.call(t, who, "GET", "/members", nil).want(t, 200); len(got.list("items")) != sees {
			t.Errorf("%s sees %s", who, got.content)
		}
		want := 200
		if sees == 0 {
			want = 404
		}
		s.call(t, who, "GET", "/members/"+id, nil).want(t, want)
		s.call(t, who, "GET", "/members/"+id+"/history", nil).want(t, want)
	}
	for _, who := range []string{"li", "leader", "privacy", "property"} {
		s.call(t, who, "GET", "/members", nil).refused(t, 403, "outside_scope")
		s.call(t, who, "GET", "/members/"+id, nil).refused(t, 404, "member_unknown")
	}
	s.call(t, "otherbranch", "GET", "/members?org="+s.unit("福馨苑小区"), nil).refused(t, 403, "outside_scope")
	for q, found := range map[string]int{"孙建": 1, "建国": 0, "13812345678": 1, anID: 1, other: 0, "13912345678": 0} {
		if got := s.call(t, "branch", "GET", "/members?q="+q, nil).want(t, 200); len(got.list("items")) != found {
			t.Errorf("%s finds %s", q, got.content)
		}
	}
	s.call(t, "branch", "GET", "/members?q=1381234", nil).refused(t, 422, "search")
	if sum := s.call(t, "branch", "GET", "/members/summary", nil).want(t, 200); sum.at("items", 0, "count") != 1.0 || sum.at("items", 1, "count") != 0.0 {
		t.Errorf("summary: %s", sum.content)
	}

	for who, may := range map[string]string{"city": "[change reveal leave remark]", "community": "[change reveal leave remark]", "branch": "[]"} {
		if got := s.call(t, who, "GET", "/members/"+id, nil).want(t, 200); fmt.Sprint(got.at("may")) != may {
			t.Errorf("%s may %v", who, got.at("may"))
		}
		if got := s.call(t, who, "GET", "/members/summary", nil).want(t, 200); got.at("may_enter") != (may != "[]") {
			t.Errorf("%s: %s", who, got.content)
		}
	}

	// The branch's secretary reads; who manages the ledger changes it.
	s.call(t, "branch", "PATCH", "/members/"+id, object{"version": 1, "job": "局长"}).refused(t, 404, "member_unknown")
	move := object{"version": 1, "branch_id": s.unit("昌瑞绿洲小区")}
	s.call(t, "community", "PATCH", "/members/"+id, move).refused(t, 422, "reason_missing")
	move["reason"] = "搬家"
	moved := s.call(t, "community", "PATCH", "/members/"+id, move).want(t, 200)
	if moved.at("branch", "name") != "昌瑞绿洲小区" || moved.at("phone") != "138****5678" {
		t.Errorf("moved: %s", moved.content)
	}
	s.call(t, "community", "PATCH", "/members/"+id, move).refused(t, 409, "stale")
	s.call(t, "branch", "GET", "/members/"+id, nil).want(t, 404)
	s.call(t, "otherbranch", "GET", "/members/"+id, nil).want(t, 200)
	s.call(t, "community", "PATCH", "/members/"+id, object{"version": 2, "category": "retired", "reason": "退休", "phone": "13912345678"}).want(t, 200)
	history := s.call(t, "community", "GET", "/members/"+id+"/history", nil).want(t, 200)
	var said []string
	for _, one := range history.list("items") {
		line := one.(map[string]any)
		said = append(said, fmt.Sprintf("%s:%s→%s(%s)", line["kind"], line["was"], line["became"], line["reason"]))
	}
	if got := strings.Join(said, " "); got != "corrected:→手机号(退休) category:在职党员→离退休党员(退休) branch:福馨苑小区→昌瑞绿洲小区(搬家) entered:→福馨苑小区 在职党员()" {
		t.Errorf("history: %s", got)
	}

	// A look at a full value is logged, and only by who manages the ledger.
	s.call(t, "otherbranch", "POST", "/members/"+id+"/reveal", object{"field": "id_number", "reason": "看看"}).refused(t, 404, "member_unknown")
	s.call(t, "community", "POST", "/members/"+id+"/reveal", object{"field": "id_number", "reason": " "}).refused(t, 422, "reason_missing")
	for field, value := range map[string]string{"id_number": anID, "birth": "1949-12-31", "phone": "13912345678", "address": "汾阳市福馨苑小区3号楼2单元301"} {
		if got := s.call(t, "community", "POST", "/members/"+id+"/reveal", object{"field": field, "reason": "核对组织关系"}).want(t, 200); got.at("value") != value {
			t.Errorf("%s: %s", field, got.content)
		}
	}
	log := s.call(t, "privacy", "GET", "/access-log?subject_id="+id, nil).want(t, 200)
	if len(log.list("items")) != 4 || log.at("items", 0, "by") != "南薰社区党委书记" || strings.Contains(string(log.content), anID) {
		t.Errorf("log: %s", log.content)
	}

	s.call(t, "community", "POST", "/members/"+id+"/leave", object{"version": 3, "why": "moved", "note": "转往太原"}).want(t, 200)
	if got := s.call(t, "city", "GET", "/members", nil).want(t, 200); len(got.list("items")) != 0 {
		t.Errorf("left: %s", got.content)
	}
	s.call(t, "community", "PATCH", "/members/"+id, object{"version": 4, "job": "x"}).refused(t, 404, "member_unknown")
	if back := s.call(t, "community", "POST", "/members", sun).want(t, 201); back.at("id") != id {
		t.Errorf("came back as %s", back.content)
	}
}

func TestMembers_RefuseWhatCannotBe(t *testing.T) {
	s := newSite(t, "")
	s.withClerk(t)
	good := func() object {
		return object{"name": "孙建国", "id_number": anID, "phone": "13812345678", "category": "resident", "branch_id": s.unit("福馨苑小区")}
	}
	for name, c := range map[string]struct {
		field string
		value any
		code  int
		at    string
	}{
		"wrong check digit":   {"id_number", "110105194912310021", 422, "id_number"},
		"17 digits":           {"id_number", "11010519491231002", 422, "id_number"},
		"short phone":         {"phone", "1381234567", 422, "phone"},
		"another birth":       {"birth", "1950-01-01", 422, "birth"},
		"birth to come":       {"birth", "2027-01-01", 422, "birth"},
		"another gender":      {"gender", "male", 422, "gender"},
		"no name":             {"name", " ", 422, "name"},
		"joined too young":    {"joined_on", "1960-07-01", 422, "joined_on"},
		"joined in future":    {"joined_on", "2027-07-01", 422, "joined_on"},
		"mobile from nowhere": {"category", "mobile", 422, "flows"},
		"no branch":           {"branch_id", "", 422, "branch_id"},
		"a building's branch": {"branch_id", s.unit("3号楼"), 422, "branch_id"},
		"the city's branch":   {"branch_id", s.unit("汾阳市"), 422, "branch_id"},
		"unknown branch":      {"branch_id", "17", 422, "branch_id"},
		"unknown unit":        {"unit_id", "17", 422, "unit_id"},
		"unknown community":   {"community_id", s.unit("福馨苑小区"), 422, "community_id"},
	} {
		in := good()
		in[c.field] = c.value
		got := s.call(t, "stranger", "POST", "/members", in)
		if got.status != c.code || got.at("errors", 0, "field") != c.at {
			t.Errorf("%s: %d %s", name, got.status, got.content)
		}
	}
	s.call(t, "stranger", "POST", "/members", good()).want(t, 201)
	double := good()
	double["name"] = "孙建军"
	s.call(t, "stranger", "POST", "/members", double).refused(t, 409, "id_number_taken")
	s.call(t, "otherbranch", "POST", "/members", good()).refused(t, 403, "outside_scope")
	var people int
	must(t, s.DB.Read(t.Context()).Raw("SELECT COUNT(*) FROM people WHERE name LIKE '孙%'").Scan(&people).Error)
	if people != 1 {
		t.Errorf("%d people after refusals", people)
	}
}
