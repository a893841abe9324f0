package web_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestRoute_TellsAHandlerWhyTheyHaveIt(t *testing.T) {
	s := newSite(t, "")
	s.Vacate(t, s.Who["branch"])
	number := s.Told(t, "li", lamp).Number
	why := s.call(t, "community", "GET", "/tickets/"+number+"/route", nil).want(t, 200)
	if why.at("lead", "title") != "南薰社区党委书记" || why.at("now", "lead") != "南薰社区党委书记" || why.at("now", "same") != true || why.at("came", "label") != "派单" {
		t.Errorf("%s", why.content)
	}
	for _, said := range []string{"福馨苑小区党支部书记空缺，改派南薰社区党委书记牵头", "「小区设施」规则", "只管紧急事项", "只管类别「供水」", "类别「公共照明」相符", "小区类型「有物业」，本单是「自办物业」"} {
		if !strings.Contains(string(why.content), said) {
			t.Errorf("nothing of %s in %s", said, why.content)
		}
	}
	if v := why.list("now", "vacant"); len(v) != 1 || v[0] != "福馨苑小区党支部书记" {
		t.Errorf("vacant %v", v)
	}
	s.call(t, "li", "GET", "/tickets/"+number+"/route", nil).want(t, 200)
	s.call(t, "wang", "GET", "/tickets/"+number+"/route", nil).refused(t, 403, "not_whole")
	s.call(t, "stranger", "GET", "/tickets/"+number+"/route", nil).refused(t, 404, "ticket_unknown")
}

func TestTicket_ShowsItsDispute(t *testing.T) {
	s := newSite(t, "")
	number := s.Told(t, "li", lamp).Number
	act := func(who string, body object) reply {
		t.Helper()
		return s.call(t, who, "POST", "/tickets/"+number+"/actions", body).want(t, 200)
	}
	if first := s.call(t, "branch", "GET", "/tickets/"+number, nil).want(t, 200); first.at("dispute") != nil {
		t.Errorf("a dispute without a return: %v", first.at("dispute"))
	}
	for i, want := range []string{"南薰社区党委书记 false", "南薰社区党委书记 false", "市委社会工作部 true"} {
		shown := act("branch", object{"action": "return", "reason": "不归我管"})
		if got := fmt.Sprint(shown.at("dispute", "arbiter", "title"), " ", shown.at("dispute", "final")); got != want || shown.at("dispute", "returned") != float64(i+1) {
			t.Errorf("return %d: %s %v", i+1, got, shown.at("dispute"))
		}
		who := map[bool]string{true: "city", false: "community"}[i == 2]
		act(who, object{"action": "decide", "approve": false, "note": "就归你管"})
	}
	for _, a := range s.call(t, "branch", "GET", "/tickets/"+number, nil).want(t, 200).list("actions") {
		if a.(map[string]any)["action"] == "return" {
			t.Error("a fourth return is offered")
		}
	}
}
