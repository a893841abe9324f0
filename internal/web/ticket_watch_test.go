package web_test

import "testing"

func TestTickets_TheWatchListIsSeenFromAboveAndTheCityTakesOff(t *testing.T) {
	s := newSite(t, "")
	number := s.Told(t, "li", lamp).Number
	watched := func(who string, want int) {
		t.Helper()
		if got := s.call(t, who, "GET", "/tickets?view=watched", nil).want(t, 200).list("items"); len(got) != want {
			t.Errorf("%s watches %d: %v", who, len(got), got)
		}
	}
	watched("city", 0)
	s.call(t, "city", "POST", "/tickets/"+number+"/actions", object{"action": "add", "note": "三天内办结"}).want(t, 200)
	watched("city", 1)
	watched("community", 1)
	watched("otherbranch", 0)
	watched("wang", 0)
	s.call(t, "community", "POST", "/tickets/"+number+"/actions", object{"action": "add", "note": "办好了", "watch": false}).refused(t, 422, "invalid")
	told := s.call(t, "city", "POST", "/tickets/"+number+"/actions", object{"action": "add", "note": "已落实", "watch": false}).want(t, 200)
	events := told.list("timeline")
	if told.at("watched") != false || events[len(events)-1].(map[string]any)["label"] != "移出关注" {
		t.Errorf("%s", told.content)
	}
	watched("city", 0)
}

func TestTicket_TellsWhoDecidesOnWhatIsAskedFor(t *testing.T) {
	s := newSite(t, "")
	number := s.Told(t, "li", lamp).Number
	act := func(who string, body object) reply {
		t.Helper()
		return s.call(t, who, "POST", "/tickets/"+number+"/actions", body)
	}
	act("branch", object{"action": "accept"}).want(t, 200)
	asked := act("branch", object{"action": "exclude", "reason": "不归小区管"}).want(t, 200)
	if asked.at("request", "action") != "exclude" || asked.at("request", "arbiter", "title") != "南薰社区党委书记" || asked.at("request", "decide_by") == nil {
		t.Errorf("%v", asked.at("request"))
	}
	act("branch", object{"action": "decide", "approve": true}).refused(t, 409, "not_allowed")
	if done := act("community", object{"action": "decide", "approve": true}).want(t, 200); done.at("state") != "excluded" || done.at("request") != nil {
		t.Errorf("%s", done.content)
	}
}
