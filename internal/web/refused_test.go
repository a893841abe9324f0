package web_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTickets_WhatIsRefused(t *testing.T) {
	s := newSite(t, "")
	number := s.report(t, "li", lamp)
	lead := s.leadOf(t, number)
	long := strings.Repeat("灯", 5000)
	for name, c := range map[string]struct {
		who, method, path string
		body              any
		status            int
		code              string
		fields            []string
	}{
		"nobody signed in":             {"", "GET", "/me", nil, 401, "not_signed_in", []string{}},
		"bad JSON":                     {"li", "POST", "/tickets", `{"text":`, 400, "malformed", nil},
		"two documents":                {"li", "POST", "/tickets", `{"text":"灯坏了"}{}`, 400, "malformed", nil},
		"no body":                      {"li", "POST", "/tickets", nil, 400, "malformed", []string{}},
		"too large":                    {"li", "POST", "/tickets", `{"text":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "too_large", []string{}},
		"not an object":                {"li", "POST", "/tickets", `[]`, 422, "invalid", nil},
		"an unknown field":             {"li", "POST", "/tickets", object{"text": lamp, "emergency": true}, 422, "invalid", []string{"emergency"}},
		"a missing field":              {"li", "POST", "/tickets", object{}, 422, "invalid", []string{"text"}},
		"a field of another type":      {"li", "POST", "/tickets", object{"text": 3}, 422, "invalid", []string{"text"}},
		"a field within":               {"li", "POST", "/tickets", object{"text": lamp, "location": object{"lat": 191, "lng": 0}}, 422, "invalid", []string{"location.lat"}},
		"an empty text":                {"li", "POST", "/tickets", object{"text": " \n"}, 422, "text_empty", []string{"text"}},
		"a text too long":              {"li", "POST", "/tickets", object{"text": long}, 422, "text_long", []string{"text"}},
		"a preview too long":           {"li", "POST", "/tickets/preview", object{"text": long}, 422, "text_long", []string{"text"}},
		"chatter":                      {"li", "POST", "/tickets", object{"text": "谢谢你们"}, 422, "not_a_problem", []string{"text"}},
		"no compound":                  {"city", "POST", "/tickets", object{"text": "楼道灯坏了"}, 422, "compound_unknown", []string{"compound_id"}},
		"an unknown compound":          {"li", "POST", "/tickets", object{"text": lamp, "compound_id": "12345"}, 404, "org_unknown", []string{}},
		"a home that is not there":     {"li", "PATCH", "/me", object{"compound_id": "12345"}, 404, "org_unknown", []string{}},
		"an unknown category":          {"li", "POST", "/tickets", object{"text": lamp, "category": "ufo"}, 422, "invalid", []string{"category"}},
		"another's photo":              {"li", "POST", "/tickets", object{"text": lamp, "photos": []string{"12"}}, 422, "invalid", []string{"photos"}},
		"a number not yours":           {"stranger", "GET", "/tickets/" + number, nil, 404, "ticket_unknown", []string{}},
		"acting on it":                 {"stranger", "POST", "/tickets/" + number + "/actions", object{"action": "withdraw"}, 404, "ticket_unknown", []string{}},
		"a number not given":           {"li", "GET", "/tickets/FY261123-9999", nil, 404, "ticket_unknown", []string{}},
		"an action not now":            {lead, "POST", "/tickets/" + number + "/actions", object{"action": "finish", "note": "好了"}, 409, "not_allowed", []string{}},
		"an action not yours":          {"wang", "POST", "/tickets/" + number + "/actions", object{"action": "accept"}, 409, "not_allowed", []string{}},
		"an action not known":          {lead, "POST", "/tickets/" + number + "/actions", object{"action": "explode"}, 422, "invalid", []string{"action"}},
		"a stale version":              {lead, "POST", "/tickets/" + number + "/actions", object{"action": "accept", "version": 1}, 409, "stale", []string{}},
		"a field the action needs":     {"li", "POST", "/tickets/" + number + "/actions", object{"action": "correct"}, 422, "invalid", []string{"place"}},
		"a note too long":              {lead, "POST", "/tickets/" + number + "/actions", object{"action": "accept", "note": long}, 422, "invalid", []string{"note"}},
		"not a picture":                {"li", "POST", "/photos", []byte("<svg/>"), 422, "not_a_picture", []string{}},
		"a picture too large":          {"li", "POST", "/photos", bytes.Repeat([]byte{1}, 12_000_000), 413, "too_large", []string{}},
		"a picture of 10.5 MB":         {"li", "POST", "/photos", bytes.Repeat([]byte{1}, 10_500_000), 413, "picture_large", []string{}},
		"a photo that is not there":    {"li", "GET", "/photos/12", nil, 404, "ticket_unknown", []string{}},
		"a list that is not there":     {"li", "GET", "/tickets?view=all", nil, 422, "invalid", []string{"view"}},
		"a page too long":              {"li", "GET", "/tickets?limit=1000", nil, 422, "invalid", []string{"limit"}},
		"a limit that is no number":    {"li", "GET", "/tickets?limit=x", nil, 422, "invalid", []string{"limit"}},
		"a cursor made up":             {"li", "GET", "/tickets?cursor=!!", nil, 422, "cursor", []string{"cursor"}},
		"a point swapped":              {"", "GET", "/compounds?near=111.78,37.26", nil, 422, "near", []string{"near"}},
		"a point nowhere":              {"", "GET", "/compounds?near=0,0", nil, 422, "near", []string{"near"}},
		"a point of no number":         {"", "GET", "/compounds?near=NaN,NaN", nil, 422, "near", []string{"near"}},
		"a point that is none":         {"", "GET", "/compounds?near=here", nil, 422, "near", []string{"near"}},
		"a cursor of compounds":        {"", "GET", "/compounds?cursor=-1", nil, 422, "cursor", []string{"cursor"}},
		"a compound that is none":      {"", "GET", "/compounds/12", nil, 404, "org_unknown", []string{}},
		"an id that is none":           {"", "GET", "/compounds/x", nil, 422, "invalid", []string{"id"}},
		"rates of a resident":          {"li", "GET", "/stats/rates", nil, 403, "outside_scope", []string{}},
		"rates of others":              {"branch", "GET", fmt.Sprintf("/stats/rates?org=%d", s.Units["昌瑞绿洲小区"]), nil, 403, "outside_scope", []string{}},
		"rates of nothing":             {"city", "GET", "/stats/rates?org=12", nil, 404, "org_unknown", []string{}},
		"rates by what is not":         {"city", "GET", "/stats/rates?by=person", nil, 422, "invalid", []string{"by"}},
		"rates of a bad day":           {"city", "GET", "/stats/rates?from=2026-02-30", nil, 422, "period", []string{"from"}},
		"rates to the end of time":     {"city", "GET", "/stats/rates?from=9999-12-30&to=9999-12-31", nil, 422, "period", []string{}},
		"rates before all years":       {"city", "GET", "/stats/rates?from=0000-01-01T00:00:00%2B14:00&to=0001-01-01", nil, 422, "period", []string{}},
		"rates of an id too large":     {"city", "GET", "/stats/rates?org=9999999999999999999", nil, 404, "org_unknown", []string{}},
		"a compound's id too large":    {"li", "POST", "/tickets", object{"text": lamp, "compound_id": "9999999999999999999"}, 404, "org_unknown", []string{}},
		"rates backwards":              {"city", "GET", "/stats/rates?from=2026-11-02&to=2026-11-01", nil, 422, "period", []string{}},
		"tickets behind nothing":       {"city", "GET", "/stats/rates/tickets", nil, 422, "invalid", []string{"measure"}},
		"tickets behind a wrong name":  {"city", "GET", "/stats/rates/tickets?measure=fame", nil, 422, "measure", []string{"measure"}},
		"tickets behind a wrong page":  {"city", "GET", "/stats/rates/tickets?measure=accepted&cursor=zz", nil, 422, "cursor", []string{"cursor"}},
		"tickets behind a wrong row":   {"city", "GET", "/stats/rates/tickets?measure=accepted&by=compound&key=abc", nil, 422, "key", []string{"key"}},
		"tickets behind a wrong month": {"city", "GET", "/stats/rates/tickets?measure=accepted&by=month&key=2026-13", nil, 422, "key", []string{"key"}},
		"a used code":                  {"", "POST", "/sessions", object{"code": "nonsense", "client": "miniprogram"}, 422, "wechat_code_invalid", []string{}},
		"a client not known":           {"", "POST", "/sessions", object{"code": "sim:o-li", "client": "fax"}, 422, "invalid", []string{"client"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.call(t, c.who, c.method, c.path, c.body).refused(t, c.status, c.code)
			if c.fields != nil {
				if d := cmp.Diff(c.fields, r.fields()); d != "" {
					t.Errorf("%s\n%s", d, r.content)
				}
			}
			for _, e := range append(r.list("errors"), map[string]any{"message": r.at("detail")}) {
				if message := e.(map[string]any)["message"].(string); !regexp.MustCompile(`\p{Han}`).MatchString(message) || regexp.MustCompile(`[a-z]{3,} [a-z]{3,}`).MatchString(message) {
					t.Errorf("people cannot read %q", message)
				}
			}
		})
	}
	unchanged := s.call(t, "li", "GET", "/tickets?view=mine", nil).want(t, 200)
	if len(unchanged.list("items")) != 1 || unchanged.at("items", 0, "version") != 2.0 {
		t.Errorf("a refused request changed something: %s", unchanged.content)
	}
}
