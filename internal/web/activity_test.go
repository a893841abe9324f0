package web_test

import (
	"fmt"
	"testing"
	"time"
)

func (s *site) anActivity(hours int, capacity int) object {
	starts := s.Clock().Add(time.Duration(hours) * time.Hour)
	return object{
		"org_id": s.unit("福馨苑小区"), "title": "楼院清扫", "kind": "environment", "place": "3号楼前", "location": object{"lat": 37.26, "lng": 111.78}, "fence": 100,
		"starts_at": starts.Format(time.RFC3339), "ends_at": starts.Add(2 * time.Hour).Format(time.RFC3339), "accept_minutes": 60,
		"slots": []any{object{"name": "清扫", "capacity": capacity}},
	}
}

// activities is the way of an activity from its draft to its archive.
func (s *site) activities(t *testing.T) {
	t.Helper()
	if kinds := s.call(t, "", "GET", "/activity-kinds", nil).want(t, 200); len(kinds.list("items")) < 5 {
		t.Errorf("kinds: %s", kinds.content)
	}
	for field, wrong := range map[string]any{"point_id": "7", "repeat": object{"days": 7, "times": 0}} {
		a := s.anActivity(30, 1)
		a[field] = wrong
		if r := s.call(t, "branch", "POST", "/activities", a).refused(t, 422, "invalid"); r.at("errors", 0, "field") != field {
			t.Errorf("%s: %s", field, r.content)
		}
	}
	made := s.call(t, "branch", "POST", "/activities", s.anActivity(30, 1), "Idempotency-Key", "a1").want(t, 201)
	if again := s.call(t, "branch", "POST", "/activities", s.anActivity(30, 1), "Idempotency-Key", "a1").want(t, 201); again.at("id") != made.at("id") {
		t.Errorf("again: %s", again.content)
	}
	path := "/activities/" + made.at("id").(string)
	s.call(t, "li", "GET", path, nil).refused(t, 404, "activity_unknown")
	s.call(t, "li", "POST", path+"/actions", object{"action": "publish"}).refused(t, 403, "not_organiser")
	if made.at("actions", 0, "name") != "发布" || made.at("may", 0) != "change" {
		t.Errorf("made: %s", made.content)
	}
	if drafts := s.call(t, "branch", "GET", "/me/activities?view=organised&state=draft", nil).want(t, 200); drafts.at("items", 0, "id") != made.at("id") {
		t.Errorf("drafts: %s", drafts.content)
	}
	if on := s.call(t, "branch", "POST", path+"/actions", object{"action": "publish", "version": made.at("version")}).want(t, 200); on.at("state") != "published" || on.at("actions", 1, "note") == "" {
		t.Errorf("published: %s", on.content)
	}
	if drafts := s.call(t, "branch", "GET", "/me/activities?view=organised&state=draft", nil).want(t, 200); len(drafts.list("items")) != 0 {
		t.Errorf("drafts: %s", drafts.content)
	}
	if choices := s.call(t, "branch", "GET", "/me/activities/choices", nil).want(t, 200); choices.at("venues", 0, "name") != "福馨苑小区" || len(choices.list("kinds")) < 5 {
		t.Errorf("choices: %s", choices.content)
	}
	s.call(t, "branch", "POST", path+"/actions", object{"action": "cancel", "version": 1, "note": "x"}).refused(t, 409, "stale")
	if list := s.call(t, "", "GET", "/activities?limit=1&org="+s.unit("福馨苑小区"), nil).want(t, 200); list.at("items", 0, "id") != made.at("id") || list.at("next_cursor") != "" {
		t.Errorf("list: %s", list.content)
	}
	s.call(t, "", "GET", "/activities?cursor=x", nil).want(t, 422)
	if got := s.call(t, "li", "POST", path+"/signup", object{}).want(t, 200); got.at("state") != "seated" {
		t.Errorf("signed up: %s", got.content)
	}
	if got := s.call(t, "wang", "POST", path+"/signup", nil).want(t, 200); got.at("state") != "waiting" || got.at("ahead") != 0.0 {
		t.Errorf("second: %s", got.content)
	}
	if list := s.call(t, "li", "GET", "/activities", nil).want(t, 200); list.at("items", 0, "mine", "state") != "seated" {
		t.Errorf("the list of who signed up: %s", list.content)
	}
	if shown := s.call(t, "", "GET", path, nil).want(t, 200); shown.at("mine") != nil || shown.at("runs") != false {
		t.Errorf("shown to anybody: %s", shown.content)
	}
	s.call(t, "", "GET", "/activities", nil, "Authorization", "Bearer gone").refused(t, 401, "not_signed_in")
	s.call(t, "li", "GET", path+"/signups", nil).refused(t, 403, "not_organiser")
	who := s.call(t, "branch", "GET", path+"/signups?limit=1", nil).want(t, 200)
	if who.at("items", 0, "name") == "" || who.at("next_cursor") == "" {
		t.Errorf("signed up: %s", who.content)
	}
	helper := path + "/helpers/" + fmt.Sprint(s.Who["li"])
	s.call(t, "branch", "PUT", helper, nil).want(t, 204)
	s.call(t, "li", "GET", path+"/signups", nil).want(t, 200)
	s.call(t, "branch", "DELETE", helper, nil).want(t, 204)
	s.call(t, "wang", "POST", path+"/signup/accept", nil).refused(t, 409, "no_offer")
	s.call(t, "li", "DELETE", path+"/signup", nil).want(t, 204)
	s.call(t, "li", "DELETE", path+"/signup", nil).want(t, 204)
	if mine := s.call(t, "wang", "GET", "/me/activities", nil).want(t, 200); mine.at("items", 0, "mine", "state") != "offered" {
		t.Errorf("mine: %s", mine.content)
	}
	if got := s.call(t, "wang", "POST", path+"/signup/accept", nil).want(t, 200); got.at("state") != "seated" {
		t.Errorf("accepted: %s", got.content)
	}
	if moved := s.call(t, "branch", "PATCH", path, object{"place": "5号楼前"}).want(t, 200); moved.at("place") != "5号楼前" {
		t.Errorf("moved: %s", moved.content)
	}
	s.call(t, "branch", "PATCH", path, object{"fence": 50000}).refused(t, 422, "invalid")
	if mine := s.call(t, "branch", "GET", "/me/activities?view=organised", nil).want(t, 200); mine.at("items", 0, "runs") != true {
		t.Errorf("organised: %s", mine.content)
	}
	s.checkIns(t, path)
	for _, action := range []string{"start", "finish"} {
		s.call(t, "branch", "POST", path+"/actions", object{"action": action}).want(t, 200)
	}
	hours := s.call(t, "wang", "GET", "/me/hours?limit=1", nil).want(t, 200)
	if hours.at("items", 0, "activity_id") != made.at("id") || hours.at("minutes") != 91.0 || hours.at("by_kind", 0, "key") != "environment" || hours.at("next_cursor") != "" {
		t.Errorf("hours: %s", hours.content)
	}
	s.certificates(t)
	photo := s.call(t, "branch", "POST", "/photos", aPicture(t)).want(t, 201).at("id").(string)
	s.call(t, "li", "POST", path+"/photos", object{"photo_id": photo}).refused(t, 403, "not_organiser")
	hung := s.call(t, "branch", "POST", path+"/photos", object{"photo_id": photo, "caption": "合影"}).want(t, 200)
	if hung.at("photos", 0, "caption") != "合影" || hung.at("photos", 0, "phase") != "during" {
		t.Errorf("hung: %s", hung.content)
	}
	s.call(t, "branch", "PATCH", path+"/photos/"+photo, object{"caption": "清扫后合影", "place": 1}).want(t, 200)
	if seen := s.call(t, "li", "GET", path+"/photos/"+photo, nil); seen.status != 200 || len(seen.content) == 0 {
		t.Errorf("seen: %d", seen.status)
	}
	s.call(t, "branch", "DELETE", path+"/photos/"+photo, nil).want(t, 204)
	s.call(t, "li", "GET", path+"/photos/"+photo, nil).refused(t, 404, "photo_unknown")
	s.call(t, "wang", "PUT", path+"/feedback", object{"verdict": "satisfied"}).want(t, 204)
	if done := s.call(t, "li", "GET", path, nil).want(t, 200); done.at("verdicts", 0, "count") != 1.0 || done.at("actions", 0) != nil {
		t.Errorf("done: %s", done.content)
	}
	if list := s.call(t, "", "GET", "/activities?past=true", nil).want(t, 200); len(list.list("items")) != 1 {
		t.Errorf("past: %s", list.content)
	}
	s.hours(t)
}

// checkIns is the way of who has a seat (wang) from the screen's code to the check-out.
func (s *site) checkIns(t *testing.T, path string) {
	t.Helper()
	s.call(t, "wang", "GET", path+"/code", nil).refused(t, 403, "not_organiser")
	s.Forward(30*time.Hour + time.Minute)
	for _, who := range []string{"branch", "li", "wang"} {
		delete(s.tokens, who)
	}
	code := s.call(t, "branch", "GET", path+"/code", nil).want(t, 200)
	for _, kind := range []string{"", "?printed=true"} {
		if r := s.call(t, "branch", "GET", path+"/code/picture"+kind, nil); r.status != 200 && r.at("code") != "busy" { // a binary without its font draws nothing
			t.Errorf("picture: %d %s", r.status, r.content)
		}
	}
	s.call(t, "li", "POST", "/checkins", object{"code": code.at("code")}).refused(t, 403, "not_signed_up")
	s.call(t, "wang", "POST", "/checkins", object{"code": code.at("printed")}).refused(t, 422, "location_missing")
	s.call(t, "wang", "POST", "/checkins", object{"code": code.at("printed"), "location": object{"lat": 37.3, "lng": 111.78}}).refused(t, 403, "outside_fence")
	in := s.call(t, "wang", "POST", "/checkins", object{"code": code.at("code"), "location": object{"lat": 37.26, "lng": 111.78}}).want(t, 201)
	if again := s.call(t, "wang", "POST", "/checkins", object{"code": code.at("code")}).want(t, 201); again.at("id") != in.at("id") {
		t.Errorf("again: %s", again.content)
	}
	if seen := s.call(t, "wang", "GET", path, nil).want(t, 200); seen.at("checkin", "id") != in.at("id") || seen.at("checkin", "out_at") != nil {
		t.Errorf("seen: %s", seen.content)
	}
	s.call(t, "wang", "POST", "/checkins", object{"code": code.at("printed"), "either": true}).refused(t, 409, "checked_in_just_now")
	s.Forward(90 * time.Minute)
	out := s.call(t, "wang", "POST", "/checkins/"+in.at("id").(string)+"/out", object{"location": object{"lat": 37.26, "lng": 111.78}}).want(t, 200)
	if out.at("out_how") != "fence" || out.at("out_at") == nil {
		t.Errorf("out: %s", out.content)
	}
	ticked := s.call(t, "branch", "POST", path+"/checkins", object{"person_ids": []any{fmt.Sprint(s.Who["wang"])}}).want(t, 200)
	if ticked.at("items", 0, "in_how") != "organiser" {
		t.Errorf("ticked: %s", ticked.content)
	}
	s.call(t, "branch", "POST", path+"/checkins", object{"person_ids": []any{fmt.Sprint(s.Who["wang"])}, "out": false}).want(t, 200)
	s.Forward(time.Minute)
	// One gesture for both: who is in goes out by it.
	if out := s.call(t, "wang", "POST", "/checkins", object{"code": code.at("printed"), "either": true, "sure": true, "location": object{"lat": 37.26, "lng": 111.78}}).want(t, 201); out.at("out_how") != "fence" {
		t.Errorf("out by the same gesture: %s", out.content)
	}
	claimed := s.call(t, "wang", "POST", "/checkins", object{"code": s.old(t, path), "offline": true}).want(t, 201)
	if claimed.at("state") != "claimed" {
		t.Errorf("claimed: %s", claimed.content)
	}
	s.call(t, "branch", "POST", path+"/checkins/"+claimed.at("id").(string)+"/decision", object{"confirmed": false}).refused(t, 422, "invalid")
	if said := s.call(t, "branch", "POST", path+"/checkins/"+claimed.at("id").(string)+"/decision", object{"confirmed": false, "reason": "当时不在现场"}).want(t, 200); said.at("state") != "refused" {
		t.Errorf("refused: %s", said.content)
	}
	if list := s.call(t, "branch", "GET", path+"/signups", nil).want(t, 200); list.at("items", 1, "checkins", 0, "in_how") != "code" {
		t.Errorf("who was there: %s", list.content)
	}
	if seen := s.call(t, "branch", "GET", path, nil).want(t, 200); seen.at("crowd", "came") != 1.0 {
		t.Errorf("seen by the organiser: %s", seen.content)
	}
	if list := s.call(t, "branch", "GET", path+"/checkins?limit=2", nil).want(t, 200); len(list.list("items")) != 2 || list.at("next_cursor") == "" {
		t.Errorf("list: %s", list.content)
	}
}

// old is a code that stood some minutes ago.
func (s *site) old(t *testing.T, path string) any {
	t.Helper()
	code := s.call(t, "branch", "GET", path+"/code", nil).want(t, 200)
	s.Forward(5 * time.Minute)
	return code.at("code")
}
