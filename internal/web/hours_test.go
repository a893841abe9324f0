package web_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"gorm.io/gorm"

	"fenlin/internal/wechat/wechatsim"
)

// longDay is an activity of nine hours that came of a ticket: li and wang stayed
// from its beginning to its end, stranger had a seat and no check-in. It is over.
func (s *site) longDay(t *testing.T) (path, number string) {
	t.Helper()
	number = s.report(t, "li", lamp)
	for who, may := range map[string]bool{"branch": true, "li": false} {
		if got := s.call(t, who, "GET", "/tickets/"+number, nil).want(t, 200).at("may_hold"); got != may {
			t.Errorf("%s may hold an activity for it: %v", who, got)
		}
	}
	a := s.anActivity(1, 3)
	starts := s.Clock().Add(time.Hour)
	a["ends_at"], a["source"], a["title"] = starts.Add(9*time.Hour).Format(time.RFC3339), object{"kind": "ticket", "ref": number}, "换楼道灯"
	made := s.call(t, "branch", "POST", "/activities", a).want(t, 201)
	path = "/activities/" + made.at("id").(string)
	s.call(t, "branch", "POST", path+"/actions", object{"action": "publish"}).want(t, 200)
	for _, who := range []string{"li", "wang", "stranger"} {
		s.call(t, who, "POST", path+"/signup", nil).want(t, 200)
	}
	there := []any{fmt.Sprint(s.Who["li"]), fmt.Sprint(s.Who["wang"])}
	s.Forward(time.Hour)
	s.call(t, "branch", "POST", path+"/actions", object{"action": "start"}).want(t, 200)
	s.call(t, "branch", "POST", path+"/checkins", object{"person_ids": there}).want(t, 200)
	if on := s.call(t, "branch", "GET", path+"/hours", nil).want(t, 200); len(on.list("items")) != 3 || on.at("items", 0, "why") != "活动结束后计入" {
		t.Errorf("while it is on: %s", on.content)
	}
	s.Forward(9 * time.Hour)
	s.call(t, "branch", "POST", path+"/checkins", object{"person_ids": there, "out": true}).want(t, 200)
	s.call(t, "branch", "POST", path+"/actions", object{"action": "finish"}).want(t, 200)
	return path, number
}

// hours is the way of hours from the check-out to the sums of the city.
func (s *site) hours(t *testing.T) {
	t.Helper()
	s.Forward(12 * time.Hour) // a day on which nobody has served yet
	clear(s.tokens)
	before := s.call(t, "wang", "GET", "/me/hours", nil).want(t, 200).at("minutes").(float64)
	path, number := s.longDay(t)
	li, wang, stranger := fmt.Sprint(s.Who["li"]), fmt.Sprint(s.Who["wang"]), fmt.Sprint(s.Who["stranger"])
	if mine := s.call(t, "wang", "GET", "/me/hours", nil).want(t, 200); mine.at("minutes") != before || mine.at("review_minutes") != 540.0 || mine.at("items", 0, "review") != true || mine.at("items", 0, "why") == "" {
		t.Errorf("before the review: %s", mine.content)
	}
	waits := s.call(t, "branch", "GET", "/me/reviews?limit=1", nil).want(t, 200)
	if len(waits.list("items")) != 1 || waits.at("items", 0, "minutes") != 540.0 || waits.at("next_cursor") == "" {
		t.Errorf("waits: %s", waits.content)
	}
	s.call(t, "branch", "GET", "/me/reviews?cursor=x", nil).want(t, 422)
	s.call(t, "li", "POST", path+"/hours/"+li+"/review", object{"confirmed": true, "minutes": 540}).refused(t, 403, "not_organiser")
	s.call(t, "branch", "POST", path+"/hours/"+li+"/review", object{"confirmed": true, "minutes": 5}).refused(t, 409, "stale")
	s.call(t, "branch", "POST", path+"/hours/"+stranger+"/review", object{"confirmed": true, "minutes": 5}).refused(t, 409, "no_review")
	if said := s.call(t, "branch", "POST", path+"/hours/"+wang+"/review", object{"confirmed": true, "minutes": 540}).want(t, 200); said.at("review") != "confirmed" {
		t.Errorf("confirmed: %s", said.content)
	}
	s.call(t, "branch", "POST", path+"/hours/"+li+"/review", object{"confirmed": false, "minutes": 540, "reason": "中午回家了"}).want(t, 200)

	pairs := s.call(t, "branch", "GET", path+"/checkins", nil).want(t, 200)
	one := pairs.list("items")[0].(map[string]any)
	out := s.Clock().Add(-2 * time.Hour).Format(time.RFC3339)
	fix := object{"what": "set", "checkin_id": one["id"], "in_at": one["in_at"], "out_at": out, "reason": "两点就走了", "version": one["version"]}
	s.call(t, "li", "POST", path+"/corrections", fix).refused(t, 403, "not_organiser")
	for field, without := range map[string]object{
		"checkin_id": {"what": "strike", "reason": "不是他"}, "person_id": {"what": "add", "reason": "漏了"}, "in_at": {"what": "set", "checkin_id": one["id"], "reason": "改一下"},
	} {
		if no := s.call(t, "branch", "POST", path+"/corrections", without).refused(t, 422, "invalid"); no.fields()[0] != field {
			t.Errorf("%s is missing: %s", field, no.content)
		}
	}
	made := s.call(t, "branch", "POST", path+"/corrections", fix, "Idempotency-Key", "h1").want(t, 201)
	if again := s.call(t, "branch", "POST", path+"/corrections", fix, "Idempotency-Key", "h1").want(t, 201); again.at("id") != made.at("id") {
		t.Errorf("again: %s", again.content)
	}
	if list := s.call(t, "branch", "GET", path+"/corrections?limit=2", nil).want(t, 200); len(list.list("items")) != 2 || list.at("next_cursor") == "" || list.at("items", 0, "what") != "confirm" {
		t.Errorf("corrections: %s", list.content)
	}
	if mine := s.call(t, "li", "GET", "/me/hours", nil).want(t, 200); mine.at("minutes") != 420.0 || len(mine.list("items", 0, "corrections")) != 2 || mine.at("items", 0, "corrections", 1, "reason") != "两点就走了" {
		t.Errorf("corrected: %s", mine.content)
	}
	manual := object{"minutes": 60, "reason": "在家做了灯罩"}
	if got := s.call(t, "branch", "PUT", path+"/hours/"+stranger+"/manual", manual).want(t, 200); got.at("manual_minutes") != 60.0 || got.at("minutes") != 0.0 {
		t.Errorf("manual: %s", got.content)
	}
	s.call(t, "branch", "PUT", path+"/hours/"+wang+"/manual", manual).refused(t, 409, "has_pair")
	if mine := s.call(t, "stranger", "GET", "/me/hours", nil).want(t, 200); mine.at("minutes") != 0.0 || mine.at("manual_minutes") != 60.0 || mine.at("by_year", 0, "manual_minutes") != 60.0 {
		t.Errorf("manual, seen by its owner: %s", mine.content)
	}
	s.call(t, "wang", "GET", path+"/hours", nil).refused(t, 403, "not_organiser")
	shares := s.call(t, "branch", "GET", path+"/hours?limit=2", nil).want(t, 200)
	if len(shares.list("items")) != 2 || shares.at("next_cursor") == "" || shares.at("items", 0, "person_id") != li || shares.at("items", 0, "minutes") != 420.0 || shares.at("items", 1, "minutes") != 540.0 {
		t.Errorf("in the order of the sign-ups: %s", shares.content)
	}

	ticket := s.call(t, "li", "GET", "/tickets/"+number, nil).want(t, 200)
	if ticket.at("activities", 0, "title") != "换楼道灯" || ticket.at("activities", 0, "people") != 3.0 || ticket.at("activities", 0, "hours") != 16.0 || ticket.at("activities", 0, "manual_hours") != 1.0 {
		t.Errorf("the ticket: %v", ticket.at("activities"))
	}
	sums := s.call(t, "community", "GET", "/stats/service?from=2026-01-01", nil).want(t, 200)
	if sums.at("activities").(float64) < 1 || sums.at("minutes") != 960.0+before || sums.at("manual_minutes") != 60.0 || sums.at("review_minutes") != 0.0 {
		t.Errorf("sums: %s", sums.content)
	}
	s.call(t, "li", "GET", "/stats/service", nil).refused(t, 403, "outside_scope")
	s.call(t, "branch", "GET", "/stats/service?org="+s.unit("昌瑞绿洲小区"), nil).refused(t, 403, "outside_scope")
	s.call(t, "community", "GET", "/stats/service?from=2026-12-31&to=2026-01-01", nil).want(t, 422)

	all := s.call(t, "li", "GET", "/me/export", nil).want(t, 200)
	if len(all.list("checkins")) != 1 || len(all.list("hour_corrections")) != 2 || all.at("hours", "minutes") != 420.0 || all.at("signups", 0, "title") == "" {
		t.Errorf("export: %v %v", all.at("checkins"), all.at("hours"))
	}
	s.call(t, "wang", "GET", path+"/records.xlsx", nil).refused(t, 403, "not_organiser")
	s.call(t, "branch", "GET", path+"/records.xlsx", nil).want(t, 200)
	s.call(t, "li", "GET", "/me/hours.xlsx", nil).want(t, 200)
}

func TestRecords_HoldTheItemsOfTheStandardAndNoFormulas(t *testing.T) {
	s := newSite(t, "")
	evil := `=HYPERLINK("http://x","楼道灯")`
	s.call(t, "city", "POST", "/members", object{"name": "stranger", "phone": wechatsim.PhoneOf("o-stranger"), "id_number": anID, "category": "resident", "branch_id": s.unit("福馨苑小区")}).want(t, 201)
	s.call(t, "stranger", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-stranger")}).want(t, 200) // is that member
	path, _ := s.longDay(t)
	must(t, s.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE activities SET title = ? WHERE title = '换楼道灯'", evil).Error
	}))
	s.call(t, "li", "PUT", path+"/feedback", object{"verdict": "satisfied"}).want(t, 204)
	who := s.call(t, "branch", "GET", path+"/hours", nil).want(t, 200).at("items", 2, "person_id").(string)
	s.call(t, "branch", "PUT", path+"/hours/"+who+"/manual", object{"minutes": 90, "reason": "在家做了灯罩"}).want(t, 200)
	for who, from := range map[string]string{"branch": path + "/records.xlsx", "stranger": "/me/hours.xlsx"} {
		book := s.call(t, who, "GET", from, nil).want(t, 200)
		f, err := excelize.OpenReader(bytes.NewReader(book.content))
		must(t, err)
		defer func() { _ = f.Close() }()
		sheet := f.GetSheetName(0)
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		must(t, err)
		column := map[string]int{}
		for i, title := range rows[2] {
			column[title] = i
		}
		row := rows[len(rows)-2] // the last sign-up: stranger
		for title, want := range map[string]string{
			"姓名": "stranger", "活动（项目）名称": evil, "活动类别": "环境整治", "日期": "2026-11-23", "地点": "3号楼前", "服务对象": "福馨苑小区居民", "服务内容": "清扫",
			"服务时间（小时）": "0", "补录时间（小时）": "1.5", "服务质量评价": "满意 1 人", "活动（项目）负责人": "福馨苑小区党支部书记", "记录人": "福馨苑小区党支部书记",
		} {
			if got := row[column[title]]; got != want {
				t.Errorf("%s of %s: %q, want %q", title, from, got, want)
			}
		}
		if said := row[column["说明"]]; !strings.Contains(said, "在家做了灯罩") {
			t.Errorf("why: %q", said)
		}
		for i := range rows {
			for j := range rows[i] {
				cell, err := excelize.CoordinatesToCellName(j+1, i+1)
				must(t, err)
				if formula, err := f.GetCellFormula(sheet, cell); err != nil || formula != "" {
					t.Errorf("%s of %s is the formula %q %v", cell, from, formula, err)
				}
			}
		}
		if total := rows[len(rows)-1]; total[0] != "合计" || total[column["补录时间（小时）"]] != "1.5" {
			t.Errorf("total: %q", total)
		}
		if number := row[column["证件号码"]]; len(number) != len(anID) || number == anID || number[:3] != anID[:3] {
			t.Errorf("the number in %s is %q", from, number)
		}
	}
}

func TestHours_WayFromTheCheckOutToTheSums(t *testing.T) {
	s := newSite(t, "")
	s.hours(t)
}
