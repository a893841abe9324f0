package web_test

import (
	"strings"
	"testing"

	"fenlin/internal/ticket"
)

// content is what becomes of words that others must not read as they stand.
func (s *site) content(t *testing.T) {
	t.Helper()
	const advert = "专业疏通下水道，24小时上门服务，价格优惠，电话13812345678"
	for range 2 {
		s.call(t, "wang", "POST", "/tickets", object{"text": advert}, "Idempotency-Key", "ad").refused(t, 409, "advertisement")
	}
	kept := s.call(t, "city", "GET", "/kept-texts", nil).want(t, 200).list("items")
	if len(kept) != 1 || kept[0].(map[string]any)["text"] != advert {
		t.Errorf("kept %v", kept)
	}
	s.call(t, "community", "GET", "/kept-texts", nil).refused(t, 403, "not_city")
	if mine := s.call(t, "wang", "GET", "/me/export", nil).want(t, 200).list("kept_texts"); len(mine) != 1 {
		t.Errorf("exported %v", mine)
	}
	s.call(t, "wang", "POST", "/tickets", object{"text": advert, "sure": true}, "Idempotency-Key", "ad").want(t, 201)
}

func TestTickets_NeighboursReadWhatWasCheckedAndMasked(t *testing.T) {
	s := newSite(t, "")
	passed := s.Told(t, "li", "5号楼1单元垃圾桶满了，找业主王建国13812345678").Number
	risky := s.Told(t, "li", "6号楼1单元电梯按键坏了，物业是王八蛋").Number
	private := s.Told(t, "li", "我家老人独居需要帮忙买药").Number
	unseen := s.Told(t, "li", "7号楼2单元楼道灯坏了").Number
	for number, said := range map[string]ticket.Judged{passed: ticket.Passed, risky: ticket.Passed, private: ticket.Passed} {
		f, err := s.Tickets.Get(t.Context(), s.Actor("li"), number)
		must(t, err)
		must(t, s.Tickets.Judge(t.Context(), f.Ticket, said))
	}
	want := map[string]string{passed: "5号楼1单元垃圾桶满了，找业主某某***"}
	for _, item := range s.call(t, "wang", "GET", "/tickets?view=compound", nil).want(t, 200).list("items") {
		b := item.(map[string]any)
		if number := b["number"].(string); b["text"] != want[number] {
			t.Errorf("%s is shown as %v", number, b["text"])
		}
	}
	for _, number := range []string{passed, risky, private, unseen} {
		shown := s.call(t, "wang", "GET", "/tickets/"+number, nil)
		for _, no := range []string{"13812345678", "王建国", "王八蛋", "买药"} {
			if strings.Contains(string(shown.content), no) {
				t.Errorf("a neighbour reads %s: %s", no, shown.content)
			}
		}
	}
	offered := s.call(t, "wang", "POST", "/tickets/preview", object{"text": "5号楼1单元垃圾桶满了没人收"}).want(t, 200)
	if offered.at("duplicates", 0, "text") != want[passed] {
		t.Errorf("offered: %v", offered.at("duplicates"))
	}
	if v := s.call(t, "branch", "GET", "/tickets/"+risky, nil).want(t, 200); v.at("content", "verdict") != "review" || v.at("content", "why", 0) != "abuse" || !strings.Contains(v.at("text").(string), "王八蛋") {
		t.Errorf("who handles it: %v %v", v.at("content"), v.at("text"))
	}
	if v := s.call(t, "li", "GET", "/tickets/"+risky, nil).want(t, 200); v.at("content") != nil {
		t.Errorf("the reporter: %v", v.at("content"))
	}
}
