package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fenlin/internal/blob"

	"github.com/google/go-cmp/cmp"

	"fenlin/internal/member"
)

func nothingLogged() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestAPI_EveryOperationSucceedsAsItsDocumentSays(t *testing.T) {
	s := newSite(t, "")
	me := s.call(t, "li", "GET", "/me", nil).want(t, 200)
	if me.at("name") != "li" || me.at("compound", "name") != "福馨苑小区" || me.at("roles", 0) != "resident" {
		t.Errorf("me: %s", me.content)
	}
	branch := s.call(t, "branch", "GET", "/me", nil).want(t, 200)
	if branch.at("posts", 0, "org", "kind") != "compound" || !slices.Contains(branch.list("roles"), any("branch_secretary")) || branch.at("compound") != nil {
		t.Errorf("the secretary: %s", branch.content)
	}
	home := s.call(t, "", "GET", "/compounds?q=changrui", nil).want(t, 200)
	changed := s.call(t, "wang", "PATCH", "/me", object{"name": " 王五 ", "compound_id": home.at("items", 0, "id")}).want(t, 200)
	if changed.at("name") != "王五" || changed.at("compound", "name") != "昌瑞绿洲小区" {
		t.Errorf("changed: %s", changed.content)
	}
	if gone := s.call(t, "wang", "PATCH", "/me", object{"compound_id": ""}).want(t, 200); gone.at("compound") != nil || gone.at("name") != "王五" {
		t.Errorf("home forgotten: %s", gone.content)
	}
	s.call(t, "wang", "PATCH", "/me", object{"compound_id": fmt.Sprint(s.Units["福馨苑小区"])}).want(t, 200)
	if branch.at("brief") != "both" || s.call(t, "branch", "PATCH", "/me", object{"brief": "weekly"}).want(t, 200).at("brief") != "weekly" {
		t.Errorf("briefs: %s", branch.content)
	}
	s.call(t, "", "GET", "/open/compounds?q=fuxinyuan", nil).want(t, 200)
	s.call(t, "", "GET", "/open/compounds/"+fmt.Sprint(s.Units["福馨苑小区"]), nil).want(t, 200)
	s.call(t, "branch", "PATCH", "/me", object{"brief": "hourly"}).refused(t, 422, "invalid")

	preview := s.call(t, "li", "POST", "/tickets/preview", object{"text": lamp, "location": object{"lat": 37.26, "lng": 111.78}}).want(t, 200)
	if preview.at("category", "code") != "lighting" || preview.at("building") != "3" || preview.at("unit") != "2" || preview.at("route", "lead", "role") == nil ||
		preview.at("route", "due_at") == nil || preview.at("emergency") != false || preview.at("compound", "name") != "福馨苑小区" {
		t.Errorf("preview: %s", preview.content)
	}
	photo := s.call(t, "li", "POST", "/photos", aPicture(t)).want(t, 201)
	made := s.call(t, "li", "POST", "/tickets", object{"text": lamp, "photos": []any{photo.at("id")}}).want(t, 201)
	number := made.at("number").(string)
	if !regexp.MustCompile(`^FY261123-\d{4,}$`).MatchString(number) || made.at("state") != "dispatched" || made.at("created_at") != "2026-11-23T09:00:00+08:00" {
		t.Errorf("made: %s", made.content)
	}
	if made.at("photos", 0, "id") != photo.at("id") {
		t.Errorf("its photo: %s", made.content)
	}
	shown := s.call(t, "branch", "GET", strings.TrimPrefix(photo.at("url").(string), "/api/v1"), nil).want(t, 200)
	if shown.headers.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(shown.headers.Get("Cache-Control"), "private") || !bytes.HasPrefix(shown.content, []byte{0xff, 0xd8}) {
		t.Errorf("photo: %v", shown.headers)
	}
	if again := s.call(t, "li", "POST", "/tickets/preview", object{"text": lamp}).want(t, 200); again.at("duplicates", 0, "number") != number {
		t.Errorf("duplicates: %s", again.content)
	}
	for view, who := range map[string]string{"mine": "li", "compound": "wang", "inbox": s.leadOf(t, number)} {
		list := s.call(t, who, "GET", "/tickets?view="+view, nil).want(t, 200)
		if list.at("items", 0, "number") != number || list.at("next_cursor") != "" {
			t.Errorf("%s: %s", view, list.content)
		}
		if text := list.at("items", 0, "text"); (text == "") != (view == "compound") {
			t.Errorf("%s shows the text %q", view, text)
		}
	}
	s.call(t, "community", "GET", "/tickets?view=overdue", nil).want(t, 200)
	if list := s.call(t, "li", "GET", "/tickets?view=following", nil).want(t, 200); len(list.list("items")) != 0 || list.at("items") == nil {
		t.Errorf("following: %s", list.content)
	}
	s.call(t, "li", "GET", "/tickets/"+number, nil).want(t, 200)
	s.call(t, "li", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-li")}).want(t, 200)
	s.call(t, s.leadOf(t, number), "POST", "/tickets/"+number+"/reporter", object{"reason": "约上门时间"}).want(t, 200)
	s.call(t, s.leadOf(t, number), "GET", "/tickets/"+number+"/route", nil).want(t, 200)
	s.call(t, "privacy", "GET", "/access-log", nil).want(t, 200)
	s.call(t, "li", "DELETE", "/me/phone", nil).want(t, 204)
	s.call(t, "li", "GET", "/wechat/page?page="+url.QueryEscape(s.Site+"/app/"), nil).want(t, 200)
	s.call(t, "li", "POST", "/me/subscriptions", object{"template": "t-mini"}).want(t, 200)
	s.settle(t, number)
	s.call(t, "li", "GET", "/me/export", nil).want(t, 200)
	s.call(t, "", "GET", "/compounds/"+fmt.Sprint(home.at("items", 0, "id")), nil).want(t, 200)
	if list := s.call(t, "", "GET", "/categories", nil).want(t, 200); len(list.list("items")) != 24 {
		t.Errorf("%d categories", len(list.list("items")))
	}
	s.call(t, "city", "GET", "/stats/rates?by=compound", nil).want(t, 200)
	s.call(t, "city", "GET", "/stats/rates/tickets?measure=settlement", nil).want(t, 200)
	for _, path := range []string{"rates.xlsx", "stream", "places", "figures"} {
		s.call(t, "city", "GET", "/stats/"+path, nil).want(t, 200)
	}
	devices := s.call(t, "stranger", "GET", "/me/sessions", nil, "User-Agent", "MicroMessenger").want(t, 200)
	if devices.at("items", 0, "current") != true || devices.at("items", 0, "client") != "miniprogram" {
		t.Errorf("devices: %s", devices.content)
	}
	s.call(t, "subdistrict", "DELETE", "/me/sessions/"+devices.at("items", 0, "id").(string), nil).refused(t, 404, "session_unknown")
	s.call(t, "subdistrict", "DELETE", "/me/sessions/"+s.call(t, "subdistrict", "GET", "/me/sessions", nil).at("items", 0, "id").(string), nil).want(t, 204)
	s.call(t, "subdistrict", "GET", "/me", nil).refused(t, 401, "not_signed_in")
	s.call(t, "leader", "DELETE", "/me/sessions", nil).want(t, 204)
	s.call(t, "leader", "GET", "/me", nil).refused(t, 401, "not_signed_in")
	s.codes(t)
	s.outages(t)
	s.points(t)
	s.content(t)
	s.activities(t)
	s.wishes(t)
	s.threeLists(t)
	s.postsAndUnits(t)
	s.orgs(t)
	s.ledgerOfMembers(t)
	s.ledgers(t)
	s.ledgerOfWorkers(t)
	s.privacy(t)
	s.call(t, "stranger", "DELETE", "/sessions", nil).want(t, 204)
	s.call(t, "stranger", "GET", "/me", nil).refused(t, 401, "not_signed_in")
	s.call(t, "wang", "DELETE", "/me", nil).want(t, 204)
	s.call(t, "wang", "GET", "/me", nil).refused(t, 401, "not_signed_in")

	for path, item := range s.document.Paths.Map() {
		for method, op := range item.Operations() {
			if !s.seen[op.OperationID] {
				t.Errorf("no test succeeds with %s %s", method, path)
			}
		}
	}
}

// leadOf is who handles a ticket.
func (s *site) leadOf(t *testing.T, number string) string {
	t.Helper()
	full, err := s.Tickets.Get(t.Context(), s.Actor("city"), number)
	must(t, err)
	for who, post := range s.Posts {
		if post == full.LeadPost {
			return who
		}
	}
	t.Fatalf("nobody handles %s", number)
	return ""
}

// settle handles a ticket to its end.
func (s *site) settle(t *testing.T, number string) {
	t.Helper()
	lead := s.leadOf(t, number)
	for _, a := range []string{"accept", "contact"} {
		s.act(t, lead, number, object{"action": a}).want(t, 200)
	}
	s.act(t, lead, number, object{"action": "finish", "note": "换了灯泡"}).want(t, 200)
	s.act(t, "li", number, object{"action": "confirm", "solved": true, "satisfaction": "satisfied"}).want(t, 200)
	s.Forward(time.Minute)
}

func TestTickets_TheRoadFromReportToSettlementMovesTheRate(t *testing.T) {
	s := newSite(t, "")
	number := s.report(t, "li", lamp)
	lead := s.leadOf(t, number)
	seen := s.call(t, lead, "GET", "/tickets/"+number, nil).want(t, 200)
	allowed := map[string]bool{}
	for i := range seen.list("actions") {
		allowed[seen.at("actions", i, "action").(string)] = true
	}
	if !allowed["accept"] || allowed["finish"] || allowed["confirm"] {
		t.Errorf("actions of the lead: %v", allowed)
	}
	if len(seen.list("choices", "to")) == 0 || len(seen.list("choices", "posts")) != 0 {
		t.Errorf("choices: %v", seen.at("choices"))
	}
	before := s.call(t, "branch", "GET", "/stats/rates", nil).want(t, 200)
	if before.at("rows", 0, "settlement", "denominator") != 0.0 || before.at("rows", 0, "settlement", "rate") != nil {
		t.Errorf("before: %s", before.content)
	}
	s.settle(t, number)
	after := s.call(t, "branch", "GET", "/stats/rates", nil).want(t, 200)
	if d := cmp.Diff(map[string]any{"numerator": 1.0, "denominator": 1.0, "rate": 1.0, "confirmed": 1.0, "tacit": 0.0}, after.at("rows", 0, "settlement")); d != "" {
		t.Errorf("after: %s", d)
	}
	for _, by := range []string{"month", "category", "compound", "community", "subdistrict", "handler"} {
		rows := s.call(t, "city", "GET", "/stats/rates?from=2026-11-01&to=2026-11-30&by="+by, nil).want(t, 200)
		key := fmt.Sprint(rows.at("rows", 0, "key"))
		behind := s.call(t, "city", "GET", "/stats/rates/tickets?from=2026-11-01&to=2026-11-30&measure=settlement&by="+by+"&key="+key, nil).want(t, 200)
		if behind.at("count") != rows.at("rows", 0, "settlement", "numerator") || behind.at("items", 0, "number") != number {
			t.Errorf("%s: %s\nbehind it: %s", by, rows.content, behind.content)
		}
	}
	ended := s.call(t, "li", "GET", "/tickets/"+number, nil).want(t, 200)
	var told []string
	for i := range ended.list("timeline") {
		told = append(told, ended.at("timeline", i, "action").(string))
	}
	if d := cmp.Diff([]string{"submit", "dispatch", "accept", "contact", "finish", "confirm"}, told); d != "" {
		t.Error(d)
	}
	if ended.at("state") != "closed" || ended.at("outcome") != "confirmed" || ended.at("solved") != true || ended.at("version") != 6.0 {
		t.Errorf("ended: %s", ended.content)
	}
	for i := range ended.list("timeline") {
		if ended.at("timeline", i, "label") == "" {
			t.Errorf("event %v has no label", ended.at("timeline", i, "action"))
		}
	}
}

func TestTickets_NeighboursSeeNoPersonalData(t *testing.T) {
	s := newSite(t, "")
	number := s.report(t, "li", "3号楼2单元501室门口灯坏了")
	seen := s.call(t, "wang", "GET", "/tickets/"+number, nil).want(t, 200)
	for _, field := range []string{"text", "unit", "floor", "room"} {
		if seen.at(field) != "" {
			t.Errorf("%s is shown: %v", field, seen.at(field))
		}
	}
	if len(seen.list("timeline")) != 0 || len(seen.list("photos")) != 0 || seen.at("whole") != false {
		t.Errorf("shown: %s", seen.content)
	}
	if seen.at("actions", 0, "action") != "follow" {
		t.Errorf("a neighbour may: %v", seen.at("actions"))
	}
	s.act(t, "wang", number, object{"action": "follow"}).want(t, 200)
	if list := s.call(t, "wang", "GET", "/tickets?view=following", nil).want(t, 200); list.at("items", 0, "number") != number || list.at("items", 0, "text") != "" {
		t.Errorf("following: %s", list.content)
	}
	s.call(t, "stranger", "GET", "/tickets/"+number, nil).refused(t, 404, "ticket_unknown")
}

func TestTickets_TheBodyIsJSON(t *testing.T) {
	s := newSite(t, "")
	s.call(t, "li", "POST", "/tickets", "text="+lamp, "Content-Type", "application/x-www-form-urlencoded").refused(t, 415, "media_type")
	made := s.call(t, "li", "POST", "/tickets", `{"text":"`+lamp+`","location":{"lat":37.2,"lng":111.7}}`, "Content-Type", "application/json; charset=utf-8").want(t, 201)
	full, err := s.Tickets.Get(t.Context(), s.Actor("li"), made.at("number").(string))
	if err != nil || full.Lat == nil || *full.Lat != 37.2 || full.Datum != "gcj02" {
		t.Errorf("%+v %v", full.Ticket, err)
	}
}

func TestTickets_OfTwoWhoActAtOnceOneIsTold(t *testing.T) {
	s := newSite(t, "")
	number := s.report(t, "li", lamp)
	lead := s.leadOf(t, number)
	s.token(t, lead)
	statuses := make(chan int, 2)
	for range 2 {
		go func() {
			statuses <- s.act(t, lead, number, object{"action": "accept", "version": 2}).status
		}()
	}
	got := []int{<-statuses, <-statuses}
	slices.Sort(got)
	if d := cmp.Diff([]int{200, 409}, got); d != "" {
		t.Error(d)
	}
}

func TestTickets_ARepeatedRequestIsDoneOnce(t *testing.T) {
	s := newSite(t, "")
	send := func(who string, body object) reply {
		return s.call(t, who, "POST", "/tickets", body, "Idempotency-Key", "a-key-of-mine").want(t, 201)
	}
	first, again := send("li", object{"text": lamp}), send("li", object{"text": lamp})
	if first.at("number") != again.at("number") {
		t.Errorf("two tickets: %v %v", first.at("number"), again.at("number"))
	}
	if other := send("wang", object{"text": lamp}); other.at("number") == first.at("number") {
		t.Error("another person's key counts")
	}
	number := first.at("number").(string)
	lead := s.leadOf(t, number)
	for range 2 {
		r := s.call(t, lead, "POST", "/tickets/"+number+"/actions", object{"action": "accept", "version": 2}, "Idempotency-Key", "accepting").want(t, 200)
		if r.at("version") != 3.0 {
			t.Errorf("version %v", r.at("version"))
		}
	}
	photos := []any{}
	for range 2 {
		photos = append(photos, s.call(t, "li", "POST", "/photos", aPicture(t), "Idempotency-Key", "photo-1").want(t, 201).at("id"))
	}
	if photos[0] != photos[1] {
		t.Errorf("two photos: %v", photos)
	}
	s.call(t, "li", "POST", "/tickets", object{"text": lamp}, "Idempotency-Key", strings.Repeat("k", 101)).refused(t, 422, "invalid")
	s.call(t, "li", "POST", "/tickets", object{"text": lamp}, "Idempotency-Key", "a b").refused(t, 422, "invalid")
}

func TestTickets_PagesFollowEachOther(t *testing.T) {
	s := newSite(t, "")
	var want []string
	for range 5 {
		want = append(want, s.report(t, "li", lamp))
	}
	slices.Reverse(want)
	var got []string
	for cursor := ""; ; {
		list := s.call(t, "li", "GET", "/tickets?limit=2&cursor="+cursor, nil).want(t, 200)
		for i := range list.list("items") {
			got = append(got, list.at("items", i, "number").(string))
		}
		if cursor = list.at("next_cursor").(string); cursor == "" {
			break
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestPhotos_AsAFormAndOnlyForThoseWhoMaySee(t *testing.T) {
	s := newSite(t, "")
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("photo", "灯.png")
	must(t, err)
	_, err = part.Write(aPicture(t))
	must(t, err)
	must(t, w.Close())
	photo := s.call(t, "li", "POST", "/photos", form.Bytes(), "Content-Type", w.FormDataContentType()).want(t, 201)
	path := "/photos/" + photo.at("id").(string)
	s.call(t, "li", "GET", path, nil).want(t, 200)
	s.call(t, "branch", "GET", path, nil).refused(t, 404, "ticket_unknown")
	s.call(t, "li", "POST", "/tickets", object{"text": lamp, "photos": []any{photo.at("id")}}).want(t, 201)
	s.call(t, "branch", "GET", path, nil).want(t, 200)
	s.call(t, "wang", "GET", path, nil).refused(t, 404, "ticket_unknown")
	s.call(t, "li", "POST", "/photos", []byte("--x--\r\n"), "Content-Type", "multipart/form-data; boundary=x").refused(t, 422, "photo_missing")
	s.call(t, "li", "POST", "/photos", []byte{}).refused(t, 400, "malformed")
}

func TestSessions_EndInTime(t *testing.T) {
	s := newSite(t, "")
	s.call(t, "li", "GET", "/me", nil).want(t, 200)
	s.Forward(member.SessionLife + time.Second)
	r := s.call(t, "li", "GET", "/me", nil).refused(t, 401, "not_signed_in")
	if r.headers.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("headers: %v", r.headers)
	}
	for _, header := range []string{"", "Bearer", "Bearer ", "Basic abc", "Bearer made-up"} {
		s.call(t, "", "GET", "/me", nil, "Authorization", header).refused(t, 401, "not_signed_in")
	}
	// The page inside WeChat signs in by the account.
	if r := s.call(t, "", "POST", "/sessions", object{"code": "sim:o-li", "client": "h5"}).want(t, 201); r.at("me", "name") != "li" {
		t.Errorf("h5: %s", r.content)
	}
}

func TestSessions_AClosedAccountIsForgottenAndItsTicketStays(t *testing.T) {
	s := newSite(t, "")
	number := s.report(t, "li", lamp)
	export := s.call(t, "li", "GET", "/me/export", nil).want(t, 200)
	if export.at("tickets", 0, "number") != number || export.at("tickets", 0, "text") != lamp || len(export.list("tickets", 0, "timeline")) != 2 {
		t.Errorf("export: %s", export.content)
	}
	s.call(t, "li", "DELETE", "/me", nil).want(t, 204)
	s.call(t, "li", "GET", "/me", nil).refused(t, 401, "not_signed_in")
	s.call(t, "branch", "GET", "/tickets/"+number, nil).want(t, 200)
	delete(s.tokens, "li")
	if again := s.call(t, "li", "GET", "/me", nil).want(t, 200); again.at("name") != "" || again.at("compound") != nil {
		t.Errorf("not a stranger: %s", again.content)
	}
}

func TestCompounds_ByNameAndByDistance(t *testing.T) {
	s := newSite(t, "")
	found := s.call(t, "", "GET", "/compounds?q=福馨苑", nil).want(t, 200)
	if found.at("items", 0, "name") != "福馨苑小区" || found.at("items", 0, "community") != "南薰社区" || found.at("items", 0, "governance") != "self_run" ||
		found.at("items", 0, "distance_m") != nil {
		t.Errorf("found: %s", found.content)
	}
	near := s.call(t, "", "GET", "/compounds?near=37.26,111.78&limit=1", nil).want(t, 200)
	if near.at("items", 0, "distance_m") != nil || near.at("next_cursor") != "1" { // nobody knows where the town's compounds are
		t.Errorf("near: %s", near.content)
	}
	if rest := s.call(t, "", "GET", "/compounds?near=37.26,111.78&limit=1&cursor=1", nil).want(t, 200); len(rest.list("items")) != 1 || rest.at("next_cursor") != "" {
		t.Errorf("the rest: %s", rest.content)
	}
}

// broken is a store of photos that is away.
type broken struct{ blob.Store }

func (broken) Put(context.Context, int64, []byte) error   { return errors.New("away") }
func (broken) Get(context.Context, int64) ([]byte, error) { return nil, errors.New("away") }

func TestPhotos_WithoutTheirStoreAreRefusedKindlyAndWordsGoOn(t *testing.T) {
	s := newSite(t, "")
	sent := s.call(t, "li", "POST", "/photos", aPicture(t)).want(t, 201).at("id").(string)
	whole := s.Photos.Store
	s.Photos.Store = broken{whole}
	s.call(t, "li", "POST", "/photos", aPicture(t), "Idempotency-Key", "photo-1").refused(t, 503, "photos_away")
	s.call(t, "li", "GET", "/photos/"+sent, nil).refused(t, 503, "photos_away")
	s.call(t, "li", "POST", "/tickets", object{"text": lamp, "photos": []any{sent}}).want(t, 201)
	if got := s.scrape(t); !strings.Contains(got, `fenlin_photo_store_calls_total{call="put",outcome="failed"} 1`) {
		t.Error("the failure is not counted")
	}
	s.Photos.Store = whole
	s.call(t, "li", "POST", "/photos", aPicture(t), "Idempotency-Key", "photo-1").want(t, 201)
	s.call(t, "li", "GET", "/photos/"+sent, nil).want(t, 200)
}
