package web_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"gorm.io/gorm"

	"fenlin/internal/lists"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// threeLists is the way of a need and a resource into a project and an agreement.
func (s *site) threeLists(t *testing.T) {
	t.Helper()
	unit := org.WorkUnit{ID: s.DB.NewID(), Kind: org.Organ, Name: "人民医院三院", ContactID: s.Who["wang"]}
	must(t, s.DB.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Create(&unit).Error }))
	id := fmt.Sprint(unit.ID)
	if d := s.call(t, "", "GET", "/list-dictionaries", nil).want(t, 200); len(d.list("kinds")) < 10 || len(d.list("agreement_items")) != 4 {
		t.Errorf("dictionaries: %s", d.content)
	}
	body := object{"org_id": s.unit("南薰社区"), "title": "=老人体检", "kind": "health", "people": 30, "wanted_on": "2027-12-31", "place_ids": []any{s.unit("福馨苑小区")}}
	s.call(t, "li", "POST", "/needs", body).refused(t, 403, "outside_scope")
	need := s.call(t, "community", "POST", "/needs", body, "Idempotency-Key", "n1").want(t, 201)
	if again := s.call(t, "community", "POST", "/needs", body, "Idempotency-Key", "n1").want(t, 201); again.at("id") != need.at("id") || need.at("places", 0, "name") != "福馨苑小区" {
		t.Errorf("again: %s", again.content)
	}
	needs := "/needs/" + need.at("id").(string)
	s.call(t, "community", "PATCH", needs, object{"about": "请医生来"}).want(t, 200)
	s.call(t, "li", "GET", needs, nil).refused(t, 404, "list_unknown")
	s.call(t, "community", "POST", needs+"/actions", object{"action": "publish"}).want(t, 200)
	resource := s.call(t, "wang", "POST", "/resources", object{"unit_id": id, "title": "上门体检", "kind": "health", "quantity": 3}).want(t, 201)
	resources := "/resources/" + resource.at("id").(string)
	s.call(t, "wang", "PATCH", resources, object{"amount": "三人"}).want(t, 200)
	s.call(t, "wang", "POST", resources+"/actions", object{"action": "publish"}).want(t, 200)
	s.passWords(t)
	if can := s.call(t, "wang", "GET", needs, nil).want(t, 200); can.at("actions", 0, "action") != "claim" || can.at("actions", 0, "name") != "认领" || len(can.list("sides")) != 0 {
		t.Errorf("a contact may %s", can.content)
	}
	if seen := s.call(t, "li", "GET", needs, nil).want(t, 200); len(seen.list("actions")) != 0 || len(seen.list("timeline")) != 0 || seen.at("about") != "请医生来" {
		t.Errorf("a resident sees %s", seen.content)
	}
	s.call(t, "li", "GET", resources, nil).want(t, 200)
	if found := s.call(t, "community", "GET", needs+"/matches", nil).want(t, 200); found.at("items", 0, "resource", "id") != resource.at("id") || found.at("items", 0, "reasons", 0, "name") != "同类" {
		t.Errorf("matches: %s", found.content)
	}
	if found := s.call(t, "wang", "GET", resources+"/matches", nil).want(t, 200); found.at("items", 0, "need", "id") != need.at("id") {
		t.Errorf("matches: %s", found.content)
	}
	for _, path := range []string{"/needs?kind=health&state=open&limit=1", "/resources?view=all&unit=" + id} {
		if list := s.call(t, "li", "GET", path, nil).want(t, 200); len(list.list("items")) != 1 {
			t.Errorf("%s: %s", path, list.content)
		}
	}
	s.call(t, "li", "GET", "/needs?cursor=x", nil).want(t, 422)
	made := s.call(t, "wang", "POST", "/projects", object{"need_ids": []any{need.at("id")}, "resource_ids": []any{resource.at("id")}}, "Idempotency-Key", "p1").want(t, 201)
	if again := s.call(t, "wang", "POST", "/projects", object{"need_ids": []any{need.at("id")}, "resource_ids": []any{resource.at("id")}}, "Idempotency-Key", "p1").want(t, 201); again.at("id") != made.at("id") {
		t.Errorf("again: %s", again.content)
	}
	project := "/projects/" + made.at("id").(string)
	s.call(t, "wang", "PATCH", project, object{"end_on": "2027-06-30"}).want(t, 200)
	s.call(t, "community", "POST", project+"/actions", object{"action": "agree", "version": 1}).refused(t, 409, "stale")
	s.call(t, "wang", "POST", project+"/actions", object{"action": "agree"}).refused(t, 403, "not_party")
	s.call(t, "community", "POST", project+"/actions", object{"action": "agree"}).want(t, 200)
	photo := s.call(t, "wang", "POST", "/photos", aPicture(t)).want(t, 201)
	noted := s.call(t, "wang", "POST", project+"/actions", object{"action": "progress", "note": "来过一次", "photo_ids": []any{photo.at("id")}}).want(t, 200)
	if noted.at("timeline", 0, "action_name") != "新建" || noted.at("timeline", len(noted.list("timeline"))-1, "action_name") != "记录进展" {
		t.Errorf("the timeline says %s", noted.content)
	}
	shown := strings.TrimPrefix(noted.at("timeline", len(noted.list("timeline"))-1, "photos", 0, "url").(string), "/api/v1")
	s.call(t, "community", "GET", shown, nil).want(t, 200)
	s.call(t, "li", "GET", shown, nil).refused(t, 404, "list_unknown")
	activity := s.anActivity(30, 5)
	activity["source"] = object{"kind": "project", "ref": "1"}
	s.call(t, "branch", "POST", "/activities", activity).refused(t, 422, "invalid")
	s.passWords(t)
	activity["source"] = object{"kind": "project", "ref": made.at("id")}
	held := s.call(t, "branch", "POST", "/activities", activity).want(t, 201)
	s.call(t, "branch", "POST", "/activities/"+held.at("id").(string)+"/actions", object{"action": "publish"}).want(t, 200)
	if with := s.call(t, "li", "GET", project, nil).want(t, 200); with.at("activities", 0, "id") != held.at("id") || with.at("about") != "" {
		t.Errorf("a resident sees %s", with.content)
	}
	if list := s.call(t, "li", "GET", "/projects?need="+need.at("id").(string), nil).want(t, 200); len(list.list("items")) != 1 {
		t.Errorf("projects: %s", list.content)
	}
	s.agreements(t, made.at("id"))
	if o := s.call(t, "community", "GET", "/lists/overview?org="+s.unit("南薰社区"), nil).want(t, 200); len(o.list("due")) == 0 || len(o.list("counts")) != 22 {
		t.Errorf("overview: %s", o.content)
	}
	if o := s.call(t, "community", "GET", "/lists/overview", nil).want(t, 200); o.at("org", "name") != "南薰社区" || len(o.list("units")) != 0 || fmt.Sprint(o.list("makes")) != "[need agreement]" {
		t.Errorf("the community's own: %s", o.content)
	}
	if o := s.call(t, "branch", "GET", "/lists/overview", nil).want(t, 200); fmt.Sprint(o.list("makes")) != "[need]" {
		t.Errorf("a branch's own: %s", o.content)
	}
	if o := s.call(t, "wang", "GET", "/lists/overview", nil).want(t, 200); o.at("unit", "id") != id || o.at("units", 0, "id") != id || fmt.Sprint(o.list("makes")) != "[resource agreement]" {
		t.Errorf("the contact's own: %s", o.content)
	}
	if o := s.call(t, "li", "GET", "/lists/overview", nil).want(t, 200); len(o.list("makes")) != 0 || o.at("counts", 0, "state") != "open" || o.at("counts", 0, "count") != 0.0 || o.at("counts", 1, "count") != 1.0 {
		t.Errorf("what everybody sees: %s", o.content)
	}
	s.call(t, "li", "GET", "/lists/overview?unit="+id, nil).refused(t, 403, "outside_scope")
	book := s.call(t, "wang", "GET", "/lists.xlsx?unit="+id, nil).want(t, 200)
	f, err := excelize.OpenReader(bytes.NewReader(book.content))
	must(t, err)
	if title, _ := f.GetCellValue("需求清单", "B2"); title != "=老人体检" {
		t.Errorf("the sheet says %q", title)
	}
	if formula, _ := f.GetCellFormula("需求清单", "B2"); formula != "" {
		t.Errorf("a title became the formula %q", formula)
	}
	if mine := s.call(t, "wang", "GET", "/me/export", nil).want(t, 200); len(mine.list("lists")) == 0 {
		t.Errorf("export: %v", mine.list("lists"))
	}
}

// agreements is the way of an agreement of a project to its end.
func (s *site) agreements(t *testing.T, project any) {
	t.Helper()
	made := s.call(t, "wang", "POST", "/agreements", object{
		"project_id": project, "from_on": s.Clock().Format(time.DateOnly), "to_on": "2027-12-31", "items": []any{object{"code": "dual_service", "words": "每季度一次"}},
	}).want(t, 201)
	path := "/agreements/" + made.at("id").(string)
	s.call(t, "community", "PATCH", path, object{"items": []any{object{"code": "dual_service", "words": "每月一次"}}}).want(t, 200)
	s.call(t, "wang", "GET", path+"/document", nil).refused(t, 404, "list_unknown")
	s.call(t, "wang", "PUT", path+"/document", []byte("<html>")).refused(t, 422, "not_a_document")
	s.call(t, "wang", "PUT", path+"/document", make([]byte, ticket.MaxPhoto+1)).refused(t, 413, "picture_large")
	const form = "--x\r\nContent-Disposition: form-data; name=\"document\"; filename=\"a.pdf\"\r\nContent-Type: text/html\r\n\r\n%PDF-1.4\n%%EOF\n\r\n--x--\r\n"
	if sent := s.call(t, "wang", "PUT", path+"/document", form, "Content-Type", "multipart/form-data; boundary=x").want(t, 200); sent.at("unit_at") == nil || sent.at("document") != true {
		t.Errorf("sent: %s", sent.content)
	}
	signed := s.call(t, "community", "POST", path+"/actions", object{"action": "confirm"}).want(t, 200)
	if signed.at("state") != "running" || signed.at("items", 0, "name") != "双服务" {
		t.Errorf("signed: %s", signed.content)
	}
	paper := s.call(t, "community", "GET", path+"/document", nil).want(t, 200)
	h := paper.headers
	if h.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") || !strings.HasPrefix(string(paper.content), "%PDF-1.4") {
		t.Errorf("document: %v %q", h, paper.content)
	}
	s.passWords(t)
	if seen := s.call(t, "li", "GET", path, nil).want(t, 200); seen.at("document") != false || seen.at("items", 0, "words") != "每月一次" {
		t.Errorf("a resident sees %s", seen.content)
	}
	s.call(t, "li", "GET", path+"/document", nil).refused(t, 404, "list_unknown")
	if list := s.call(t, "li", "GET", "/agreements?state=running&project="+fmt.Sprint(project), nil).want(t, 200); len(list.list("items")) != 1 {
		t.Errorf("agreements: %s", list.content)
	}
	s.call(t, "wang", "POST", path+"/actions", object{"action": "terminate"}).refused(t, 422, "invalid")
}

// passWords lets the content check pass all that waits for it.
func (s *site) passWords(t *testing.T) {
	t.Helper()
	for list, table := range map[lists.List]string{lists.Needs: "list_needs", lists.Resources: "list_resources", lists.Projects: "list_projects", lists.Agreements: "list_agreements"} {
		var ids []int64
		must(t, s.DB.Read(t.Context()).Raw("SELECT id FROM "+table+" WHERE content = '' AND state <> 'draft'").Scan(&ids).Error)
		for _, id := range ids {
			c := lists.Check{List: list, ID: id}
			w, ok, err := s.Town.Lists.Unjudged(t.Context(), c)
			must(t, err)
			if ok {
				must(t, s.Town.Lists.Judge(t.Context(), c, w, ticket.Passed))
			}
		}
	}
}
