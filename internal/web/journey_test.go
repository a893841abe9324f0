package web_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/chat"
)

// scanned is what the account answers to a check-in code.
func (s *site) scanned(t *testing.T, who, code string) string {
	t.Helper()
	d, err := s.sim.Scan(t.Context(), "o-"+who, chat.CheckInScene+code)
	must(t, err)
	return d.Text()
}

// heard fails when a reply lacks a word.
func heard(t *testing.T, said string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(said, w) {
			t.Fatalf("no %q in %q", w, said)
		}
	}
}

// TestJourney_AMemberServes is the members' way from the front door:
// registration, sign-up in the chat, check-in by the changing code, check-out,
// a word about it, and the hours.
func TestJourney_AMemberServes(t *testing.T) {
	s := newSite(t, "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
	must(t, s.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE people SET member = FALSE WHERE id = ?", s.Who["li"]).Error
	}))
	unit, li := s.bureau(t, "市水利局"), fmt.Sprint(s.Who["li"])
	s.call(t, "li", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200)

	// For members only: who is not in the ledger is sent to the community.
	made := s.anActivity(30, 1)
	made["audience"] = "members"
	id := s.call(t, "branch", "POST", "/activities", made).want(t, 201).at("id").(string)
	path := "/activities/" + id
	s.call(t, "branch", "POST", path+"/actions", object{"action": "publish"}).want(t, 200)
	heard(t, s.say(t, "li", "活动").Text(), "1 楼院清扫")
	s.say(t, "li", "1")
	heard(t, s.say(t, "li", "报名").Text(), "请党员参加")

	// Registered with the unit and the community, confirmed by both.
	s.call(t, "li", "PUT", "/me/registration", object{"unit_id": unit, "community_id": s.unit("南薰社区")}).want(t, 200)
	s.call(t, "stranger", "POST", "/registrations/"+li+"/decision", object{"as": "unit", "approve": true}).want(t, 200)
	s.call(t, "community", "POST", "/registrations/"+li+"/decision", object{"as": "community", "approve": true}).want(t, 200)

	s.say(t, "li", "活动")
	heard(t, s.say(t, "li", "1").Text(), "【楼院清扫】", "还有 1 个名额")
	heard(t, s.say(t, "li", "报名").Text(), "报名成功", "3号楼前")

	// On the day: a code that stood too long, one of nothing, and the screen's.
	s.Forward(29*time.Hour + 45*time.Minute)
	clear(s.tokens)
	old := s.call(t, "branch", "GET", path+"/code", nil).want(t, 200).at("code").(string)
	s.Forward(2 * time.Minute)
	heard(t, s.scanned(t, "li", old), "签到码已过期")
	heard(t, s.scanned(t, "li", old[:len(old)-3]+"000"), "签到码不对")
	screen := func() string { return s.call(t, "branch", "GET", path+"/code", nil).want(t, 200).at("code").(string) }
	first := screen()
	heard(t, s.scanned(t, "li", first), "签到成功", "楼院清扫")
	heard(t, s.scanned(t, "li", first), "签到成功") // WeChat sends it twice
	heard(t, s.scanned(t, "stranger", first), "没有报上这个活动的名")

	// Scanning again at once is asked about, later it is leaving.
	s.Forward(time.Minute)
	heard(t, s.scanned(t, "li", screen()), "签退吗", "1 签退")
	heard(t, s.say(t, "li", "2").Text(), "您还在")
	s.Forward(12 * time.Minute) // the beginning
	_, err := s.Town.Activities.Ring(t.Context())
	must(t, err)
	s.Forward(90 * time.Minute)
	heard(t, s.scanned(t, "li", screen()), "签退成功")
	s.Forward(time.Hour)
	_, err = s.Town.Activities.Ring(t.Context())
	must(t, err)

	clear(s.tokens)
	hours := s.call(t, "li", "GET", "/me/hours", nil).want(t, 200)
	if hours.at("items", 0, "activity_id") != id || hours.at("minutes") != 90.0 {
		t.Errorf("hours: %s", hours.content)
	}
	heard(t, s.say(t, "li", "满意").Text(), "谢谢您参加「楼院清扫」")
	s.say(t, "stranger", "满意") // of nothing: it counts nowhere
	if done := s.call(t, "branch", "GET", path, nil).want(t, 200); len(done.list("verdicts")) != 1 || done.at("verdicts", 0, "verdict") != "satisfied" || done.at("verdicts", 0, "took_part") != true {
		t.Errorf("verdicts: %s", done.content)
	}

	// A certificate of it, which whoever has the paper verifies without signing in.
	number := regexp.MustCompile(`FYZM\d{4}-\d+`).FindString(s.say(t, "li", "证明").Text())
	mine := s.call(t, "li", "GET", "/me/certificates", nil).want(t, 200)
	if number == "" || mine.at("items", 0, "number") != number || mine.at("items", 0, "minutes") != 90.0 {
		t.Fatalf("%q: %s", number, mine.content)
	}
	verify, _ := mine.at("items", 0, "verify").(string)
	address, ours := strings.CutPrefix(verify, s.address)
	if !ours {
		t.Fatalf("verified at %q", verify)
	}
	res, page := s.raw(t, "GET", address, nil, nil)
	if res.StatusCode != 200 {
		t.Fatalf("verification: %d", res.StatusCode)
	}
	heard(t, string(page), number, "有效", "1小时30分")
}
