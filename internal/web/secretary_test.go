package web_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"fenlin/internal/ledger"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat/wechatsim"
)

// onTemplate is the template of a ledger with rows under it, by the keys of its columns.
func onTemplate(t *testing.T, l *ledger.Service, by org.Actor, code string, rows ...map[string]string) []byte {
	t.Helper()
	kind, err := ledger.KindOf(code)
	must(t, err)
	raw, err := l.Template(t.Context(), by, code)
	must(t, err)
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	must(t, err)
	defer f.Close()
	for i, r := range rows {
		for key, text := range r {
			at := slices.IndexFunc(kind.Columns, func(c ledger.Column) bool { return c.Key == key })
			cell, err := excelize.CoordinatesToCellName(at+1, i+2)
			must(t, err)
			must(t, f.SetCellStr(f.GetSheetList()[0], cell, text))
		}
	}
	b, err := f.WriteToBuffer()
	must(t, err)
	return b.Bytes()
}

func TestNewSecretary_OfAnImportedCompoundSignsInAndSeesExactlyThat(t *testing.T) {
	s := newSite(t, "")
	l := s.Ledger
	desk, err := s.Org.NewPost(t.Context(), s.Units["汾阳市"], org.Clerk, "汾阳市台账员")
	must(t, err)
	person, err := s.Members.Add(t.Context(), member.Person{Name: "clerk"}, "o-clerk")
	must(t, err)
	must(t, s.Org.Seat(t.Context(), desk, person.ID, 0))
	clerk, err := s.Org.Actor(t.Context(), person.ID, 0)
	must(t, err)
	imports := func(code string, rows ...map[string]string) {
		t.Helper()
		report, err := l.Import(t.Context(), clerk, ledger.Upload{Kind: code, Name: code + ".xlsx", Content: onTemplate(t, l, clerk, code, rows...)}, func(int, int) {})
		must(t, err)
		if len(report.Problems) > 0 || report.Created != len(rows) {
			t.Fatalf("%s: %+v %+v", code, report.Outcome, report.Problems)
		}
	}
	compound := func(name string) map[string]string {
		return map[string]string{"community": "南薰社区", "name": name, "governance": "自办物业", "households": "120", "branch": name + "党支部"}
	}
	post := func(name, who, phone string) map[string]string {
		return map[string]string{"org": name, "role": "小区党支部书记", "name": who, "phone": phone}
	}
	imports("compounds", compound("学府小区"), compound("书苑小区"))
	imports("posts", post("学府小区", "孙明", wechatsim.PhoneOf("o-newcomer")), post("书苑小区", "吴刚", wechatsim.PhoneOf("o-another")))
	s.Forward(time.Hour) // the list of compounds is read again

	report := func(unit string) string {
		t.Helper()
		found, err := s.Org.Places(t.Context())
		must(t, err)
		at := slices.IndexFunc(found, func(p org.Place) bool { return p.Name == unit })
		tk, err := s.Report(t.Context(), ticket.Report{Reporter: s.Who["li"], Home: found[at].OrgID, Channel: "chat", Text: lamp})
		must(t, err)
		return tk.Number
	}
	mine, others := report("学府小区"), report("书苑小区")

	s.newcomer(t, "newcomer")
	before := s.call(t, "newcomer", "GET", "/me", nil).want(t, 200)
	if len(before.list("posts")) != 0 {
		t.Errorf("before the phone: %s", before.content)
	}
	s.call(t, "newcomer", "POST", "/me/phone", object{"code": s.sim.PhoneCode("o-newcomer")}).want(t, 200)
	me := s.call(t, "newcomer", "GET", "/me", nil).want(t, 200)
	if len(me.list("posts")) != 1 || me.at("posts", 0, "title") != "学府小区党支部书记" || me.at("posts", 0, "role") != "branch_secretary" || me.at("name") != "孙明" {
		t.Errorf("who they are: %s", me.content)
	}
	for _, view := range []string{"inbox", "compound"} {
		list := s.call(t, "newcomer", "GET", "/tickets?view="+view, nil).want(t, 200)
		if items := list.list("items"); len(items) != 1 || list.at("items", 0, "number") != mine {
			t.Errorf("%s: %s", view, list.content)
		}
	}
	s.call(t, "newcomer", "GET", "/tickets/"+others, nil).want(t, 404)
	version := s.call(t, "newcomer", "GET", "/tickets/"+mine, nil).want(t, 200).at("version")
	s.act(t, "newcomer", mine, object{"action": "accept", "version": version}).want(t, 200)
	if got := s.call(t, "newcomer", "GET", "/tickets/"+mine, nil).want(t, 200); got.at("state") != "accepted" {
		t.Errorf("%v", fmt.Sprint(got.at("state")))
	}
}
