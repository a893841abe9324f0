package web_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/member"
	"fenlin/internal/org"
)

const sheetUnits = "单位台账"

// clerk gives the city a clerk, and one of a community.
func (s *site) clerk(t testing.TB) {
	t.Helper()
	for who, unit := range map[string]string{"clerk": "汾阳市", "smallclerk": "南薰社区"} {
		p, err := s.Town.Members.Add(t.Context(), member.Person{Name: who}, "o-"+who)
		must(t, err)
		s.Who[who] = p.ID
		post, err := s.Town.Org.NewPost(t.Context(), s.Units[unit], org.Clerk, unit+"台账员")
		must(t, err)
		must(t, s.Town.Org.Seat(t.Context(), post, p.ID, 0))
	}
}

// filled is a workbook of the API with rows set from A2 on.
func filled(t testing.TB, book []byte, rows ...[]string) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(book))
	must(t, err)
	for i, row := range rows {
		for j, text := range row {
			name, err := excelize.CoordinatesToCellName(j+1, i+2)
			must(t, err)
			must(t, f.SetCellStr(sheetUnits, name, text))
		}
	}
	b, err := f.WriteToBuffer()
	must(t, err)
	return b.Bytes()
}

// cellsOf are the rows of a sheet.
func cellsOf(t testing.TB, book []byte, sheet string) [][]string {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(book))
	must(t, err)
	rows, err := f.GetRows(sheet)
	must(t, err)
	return rows
}

// send sends a workbook, lets the worker run and gives the job at its end.
func (s *site) send(t testing.TB, who, path string, book []byte, headers ...string) reply {
	t.Helper()
	job := s.call(t, who, "POST", "/imports/"+path, book, headers...).want(t, 202)
	if job.at("state") != "queued" {
		t.Errorf("state %v", job.at("state"))
	}
	s.workSlow(t)
	return s.call(t, who, "GET", "/imports/"+job.at("id").(string), nil).want(t, 200)
}

func (s *site) workSlow(t testing.TB) {
	t.Helper()
	for {
		worked, err := s.Town.Outbox.WorkSlow(t.Context())
		must(t, err)
		if !worked {
			return
		}
	}
}

// ended holds a job against how it should have ended.
func (r reply) ended(t testing.TB, state string, created, changed, same, bad int) {
	t.Helper()
	got := fmt.Sprint(r.at("state"), r.at("created"), r.at("changed"), r.at("same"), r.at("bad"))
	if want := fmt.Sprint(state, created, changed, same, bad); got != want {
		t.Fatalf("ended %s, want %s: %s", got, want, r.content)
	}
}

// ledgers does everything that can be done with a ledger.
func (s *site) ledgers(t *testing.T) {
	t.Helper()
	s.clerk(t)
	book := filled(t, s.call(t, "clerk", "GET", "/templates/units", nil).want(t, 200).content, []string{"汾阳市教育局", "学校"})
	job := s.send(t, "clerk", "units", book)
	s.call(t, "clerk", "GET", "/imports", nil).want(t, 200)
	s.call(t, "clerk", "GET", "/ledgers", nil).want(t, 200)
	s.call(t, "clerk", "GET", "/imports/"+job.at("id").(string)+"/workbook", nil).want(t, 200)
	s.export(t, "clerk")
}

var someUnits = [][]string{
	{"汾阳市教育局", "机关单位", "11141182012345678Q", "南薰社区", "赵明", "13900000001"},
	{"汾酒集团", "企业", "", "", "", ""},
	{"义工联", "社会组织", "", "南薰社区", "", ""},
}

func TestLedger_ATemplateIsFilledImportedMendedAndImportedAgain(t *testing.T) {
	s := newSite(t, "")
	s.clerk(t)
	template := s.call(t, "clerk", "GET", "/templates/units", nil).want(t, 200)
	if !strings.Contains(template.headers.Get("Content-Disposition"), "filename*=UTF-8''") {
		t.Errorf("headers %v", template.headers)
	}
	book := filled(t, template.content, someUnits...)
	s.send(t, "clerk", "units?dry_run=true&name=a.xlsx", book).ended(t, "done", 3, 0, 0, 0)
	if n := len(cellsOf(t, s.export(t, "clerk"), sheetUnits)); n != 1 {
		t.Fatalf("a check wrote %d rows", n-1)
	}
	s.send(t, "clerk", "units?name=a.xlsx", book).ended(t, "done", 3, 0, 0, 0)
	s.send(t, "clerk", "units?name=a.xlsx", book).ended(t, "done", 0, 0, 3, 0)

	bad := filled(t, template.content,
		[]string{"汾阳市教育局", "学校", "", "", "", ""}, []string{"", "企业", "", "", "", "1390000000"}, []string{"汾阳一中", "机关单位", "", "没有的社区", "", ""})
	job := s.send(t, "clerk", "units?name=b.xlsx", bad)
	job.ended(t, "refused", 0, 0, 0, 4)
	if job.at("problems", 0, "sheet") != sheetUnits || job.at("problems", 0, "line") != 2.0 || job.at("problems", 0, "column") != "单位类别" || job.at("total") != 3.0 {
		t.Errorf("problems: %s", job.content)
	}
	if strings.Contains(string(job.content), "139") {
		t.Errorf("a problem holds a phone: %s", job.content)
	}
	marked := s.call(t, "clerk", "GET", "/imports/"+job.at("id").(string)+"/workbook", nil).want(t, 200)
	rows := cellsOf(t, marked.content, sheetUnits)
	if rows[0][6] != "导入问题" || !strings.Contains(rows[1][6], "单位类别：") || !strings.Contains(rows[2][6], "单位名称：必须填写") || !strings.Contains(rows[3][6], "结对社区：") {
		t.Errorf("marked: %q", rows)
	}
	if list := cellsOf(t, marked.content, "导入结果"); len(list) != 6 || !slices.Equal(list[2][:3], []string{sheetUnits, "2", "单位类别"}) {
		t.Errorf("the list: %q", list)
	}
	f, err := excelize.OpenReader(bytes.NewReader(marked.content))
	must(t, err)
	if f.GetSheetName(f.GetActiveSheetIndex()) != "导入结果" {
		t.Error("the list of problems is not in front")
	}
	for cell, red := range map[string]bool{"A2": false, "B2": true, "A3": true, "F3": true, "C3": false, "A4": false, "D4": true} {
		if got := coloured(t, f, sheetUnits, cell); got != red {
			t.Errorf("%s coloured: %t", cell, got)
		}
	}
	if n := len(cellsOf(t, s.export(t, "clerk"), sheetUnits)); n != 4 {
		t.Fatalf("a refused file wrote: %d rows", n-1)
	}

	mended := filled(t, marked.content, []string{"汾阳市教育局", "机关单位", "", "南薰社区"}, []string{"汾阳二中", "企业", "", "", "", "13900000002"}, []string{"汾阳一中", "机关单位", "", "南薰社区"})
	job = s.send(t, "clerk", "units", filled(t, mended, nil, []string{"", "", "", "", "", "12"}))
	job.ended(t, "refused", 0, 0, 0, 3)
	twice := s.call(t, "clerk", "GET", "/imports/"+job.at("id").(string)+"/workbook", nil).want(t, 200).content
	f, err = excelize.OpenReader(bytes.NewReader(twice))
	must(t, err)
	if coloured(t, f, sheetUnits, "B2") || !coloured(t, f, sheetUnits, "F3") || len(f.GetSheetList()) != 3 {
		t.Errorf("marked twice: %v", f.GetSheetList())
	}
	if rows := cellsOf(t, twice, sheetUnits); len(rows[1]) > 6 || len(rows[0]) != 7 {
		t.Errorf("an old reason stays: %q", rows)
	}
	job = s.send(t, "clerk", "units", filled(t, twice, nil, []string{"汾阳二中", "企业", "", "", "李四", "13900000002"}))
	job.ended(t, "done", 2, 0, 1, 0)

	s.send(t, "clerk", "units", s.export(t, "clerk")).ended(t, "done", 0, 0, 5, 0)
	list := s.call(t, "clerk", "GET", "/imports?limit=2", nil).want(t, 200)
	rest := s.call(t, "clerk", "GET", "/imports?cursor="+list.at("next_cursor").(string), nil).want(t, 200)
	if len(list.list("items")) != 2 || len(rest.list("items")) != 5 {
		t.Errorf("imports: %s %s", list.content, rest.content)
	}
}

// coloured says that a cell is filled with the colour of bad ones.
func coloured(t testing.TB, f *excelize.File, sheet, cell string) bool {
	t.Helper()
	id, err := f.GetCellStyle(sheet, cell)
	must(t, err)
	style, err := f.GetStyle(id)
	must(t, err)
	return slices.Contains(style.Fill.Color, "FFC7CE")
}

func (s *site) export(t testing.TB, who string) []byte {
	t.Helper()
	return s.call(t, who, "GET", "/exports/units", nil).want(t, 200).content
}

func TestLedger_OnlyForItsClerksAndTheirScope(t *testing.T) {
	s := newSite(t, "")
	s.clerk(t)
	template := s.call(t, "clerk", "GET", "/templates/units", nil).want(t, 200).content
	book := filled(t, template, someUnits...)
	for _, who := range []string{"li", "branch", "property"} {
		s.call(t, who, "GET", "/templates/units", nil).refused(t, 403, "ledger_forbidden")
		s.call(t, who, "GET", "/exports/units", nil).refused(t, 403, "ledger_forbidden")
		s.call(t, who, "POST", "/imports/units", book).refused(t, 403, "ledger_forbidden")
	}
	s.call(t, "", "POST", "/imports/units", book).refused(t, 401, "not_signed_in")
	s.call(t, "clerk", "POST", "/imports/cats", book).refused(t, 404, "ledger_unknown")
	s.call(t, "clerk", "GET", "/templates/cats", nil).refused(t, 404, "ledger_unknown")
	job := s.send(t, "smallclerk", "units", book)
	job.ended(t, "refused", 0, 0, 0, 1)
	s.send(t, "clerk", "units", book).ended(t, "done", 3, 0, 0, 0)
	if rows := cellsOf(t, s.export(t, "smallclerk"), sheetUnits); len(rows) != 3 || rows[1][5] != "139****0001" {
		t.Errorf("a community's clerk sees %q", rows)
	}
	path := "/imports/" + job.at("id").(string)
	s.call(t, "clerk", "GET", path, nil).refused(t, 404, "import_unknown")
	s.call(t, "clerk", "GET", path+"/workbook", nil).refused(t, 404, "import_unknown")
	if rows := cellsOf(t, s.call(t, "smallclerk", "GET", path+"/workbook", nil).want(t, 200).content, "导入结果"); len(rows) != 3 {
		t.Errorf("%q", rows)
	}
	s.Forward(8 * 24 * 3600e9)
	_, err := s.Ledger.Expire(t.Context(), db.Expiry{Before: s.Clock().Add(-7 * 24 * 3600e9)})
	must(t, err)
	s.call(t, "smallclerk", "GET", path+"/workbook", nil).refused(t, 404, "workbook_gone")
	if r := s.call(t, "smallclerk", "GET", path, nil).want(t, 200); r.at("bad") != 1.0 || r.at("state") != "refused" {
		t.Errorf("what stays: %s", r.content)
	}
}

func TestLedger_ARequestSentAgainIsTheSameImport(t *testing.T) {
	s := newSite(t, "")
	s.clerk(t)
	book := filled(t, s.call(t, "clerk", "GET", "/templates/units", nil).want(t, 200).content, someUnits...)
	first := s.call(t, "clerk", "POST", "/imports/units", book, "Idempotency-Key", "a").want(t, 202)
	s.workSlow(t)
	again := s.call(t, "clerk", "POST", "/imports/units", book, "Idempotency-Key", "a").want(t, 202)
	if again.at("id") != first.at("id") || again.at("state") != "done" {
		t.Errorf("%s\n%s", first.content, again.content)
	}
	for range 5 {
		s.call(t, "clerk", "POST", "/imports/units", book).want(t, 202)
	}
	s.call(t, "clerk", "POST", "/imports/units", book).refused(t, 429, "too_many_imports")
	s.workSlow(t)
	s.call(t, "clerk", "POST", "/imports/units", book).want(t, 202)
}

// A program that is killed leaves the import running, its event leased and its turn taken.
func TestLedger_RunsAgainAfterTheProgramWasKilled(t *testing.T) {
	s := newSite(t, "")
	s.clerk(t)
	book := filled(t, s.call(t, "clerk", "GET", "/templates/units", nil).want(t, 200).content, someUnits...)
	for deaths, state := range map[int]string{1: "done", 3: "failed"} {
		job := s.call(t, "clerk", "POST", "/imports/units", book).want(t, 202).at("id").(string)
		dead := s.Clock().Add(30 * time.Second).UnixMilli()
		for _, q := range []struct {
			sql  string
			args []any
		}{
			{"UPDATE imports SET state = 'running', total = 3, done = 1 WHERE id = ?", []any{job}},
			{"UPDATE outbox SET lease = 'dead', attempts = ?, run_at = ? WHERE topic = 'import.run' AND state = 'ready'", []any{deaths, dead}},
			{"DELETE FROM import_turns", nil},
			{"INSERT INTO import_turns (kind, holder, until_at) VALUES ('units', 'dead', ?)", []any{dead}},
		} {
			must(t, s.Town.DB.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Exec(q.sql, q.args...).Error }))
		}
		s.workSlow(t)
		if r := s.call(t, "clerk", "GET", "/imports/"+job, nil).want(t, 200); r.at("state") != "running" || r.at("done") != 1.0 {
			t.Errorf("while it may still live: %s", r.content)
		}
		s.Forward(31 * time.Second)
		s.workSlow(t)
		r := s.call(t, "clerk", "GET", "/imports/"+job, nil).want(t, 200)
		if r.at("state") != state {
			t.Errorf("after %d deaths: %s", deaths, r.content)
		}
		if state == "failed" && r.at("problems", 0, "reason") != "系统出错，没有写入任何数据，请重试" {
			t.Errorf("%s", r.content)
		}
	}
}

// What a clerk sent lies in the database sealed, and goes when the import ends.
func TestLedger_NothingOfAWorkbookLiesInTheDatabaseInClear(t *testing.T) {
	s := newSite(t, "")
	s.clerk(t)
	book := filled(t, s.call(t, "clerk", "GET", "/templates/units", nil).want(t, 200).content, []string{"汾阳市教育局", "学校", "", "", "赵明", "13900000001"})
	var rows []struct {
		Workbook, Marked []byte
		Problems         string
	}
	look := func() {
		rows = nil
		must(t, s.Town.DB.Read(t.Context()).Raw("SELECT workbook, marked, problems FROM imports").Scan(&rows).Error)
		if len(rows) != 1 || bytes.Contains(rows[0].Workbook, []byte("PK\x03\x04")) || bytes.Contains(rows[0].Marked, []byte("PK\x03\x04")) || strings.Contains(rows[0].Problems, "单位") {
			t.Fatalf("in clear: %+v", rows)
		}
	}
	s.call(t, "clerk", "POST", "/imports/units", book).want(t, 202)
	if look(); len(rows[0].Workbook) == 0 {
		t.Error("nothing is kept")
	}
	s.workSlow(t)
	if look(); len(rows[0].Workbook) != 0 || len(rows[0].Marked) == 0 || rows[0].Problems == "" {
		t.Errorf("at the end: %d %d %q", len(rows[0].Workbook), len(rows[0].Marked), rows[0].Problems)
	}
}

func TestLedger_WhatIsNoWorkbookIsRefusedAtOnce(t *testing.T) {
	s := newSite(t, "")
	s.clerk(t)
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	w, err := z.Create("xl/workbook.xml")
	must(t, err)
	_, err = io.Copy(w, io.LimitReader(zeros{}, 200<<20))
	must(t, err)
	must(t, z.Close())
	for name, c := range map[string]struct {
		content []byte
		says    string
	}{
		"old":   {append([]byte("\xd0\xcf\x11\xe0"), make([]byte, 100)...), "旧格式"},
		"csv":   {[]byte("单位名称,单位类别\n甲,企业\n"), "文本"},
		"noise": {[]byte{0, 1, 2, 3}, "不是 Excel"},
	} {
		r := s.call(t, "clerk", "POST", "/imports/units", c.content).refused(t, 422, "not_a_workbook")
		if !strings.Contains(r.at("detail").(string), c.says) {
			t.Errorf("%s: %s", name, r.content)
		}
	}
	s.call(t, "clerk", "POST", "/imports/units", make([]byte, 12<<20+1)).refused(t, 413, "workbook_too_large")
	s.call(t, "clerk", "POST", "/imports/units", make([]byte, 100<<20)).want(t, 413)
	job := s.send(t, "clerk", "units", bomb.Bytes())
	job.ended(t, "refused", 0, 0, 0, 1)
	if job.at("problems", 0, "line") != 0.0 || job.at("problems", 0, "sheet") != "" {
		t.Errorf("%s", job.content)
	}
	book := s.call(t, "clerk", "GET", "/imports/"+job.at("id").(string)+"/workbook", nil).want(t, 200)
	texts(t, "what is given back", book.content)
	if list := cellsOf(t, book.content, "导入结果"); len(list) != 3 || !strings.Contains(list[0][0], "共 1 处问题") || !strings.Contains(list[2][3], "太大") {
		t.Errorf("what is given back: %q", list)
	}
}

func TestLedgers_AreThoseThatThePersonMayImport(t *testing.T) {
	s := newSite(t, "")
	s.clerk(t)
	s.bureau(t, "市水利局")
	for who, want := range map[string]string{"clerk": "orgs compounds units posts members registrations workers", "stranger": "registrations", "li": "", "branch": ""} {
		got := s.call(t, who, "GET", "/ledgers", nil).want(t, 200)
		var kinds []string
		for _, one := range got.list("items") {
			kinds = append(kinds, one.(map[string]any)["kind"].(string))
		}
		if strings.Join(kinds, " ") != want {
			t.Errorf("%s: %q", who, kinds)
		}
		if want == "" {
			s.call(t, who, "GET", "/templates/units", nil).refused(t, 403, "ledger_forbidden")
		}
	}
	if got := s.call(t, "clerk", "GET", "/ledgers", nil); got.at("most_bytes") != float64(12<<20) || got.at("items", 2, "columns", 0, "title") != "单位名称" || got.at("items", 2, "columns", 0, "required") != true {
		t.Errorf("%s", got.content)
	}
}

func TestLedger_AWorkbookComesAsAForm(t *testing.T) {
	s := newSite(t, "")
	s.clerk(t)
	book := filled(t, s.call(t, "clerk", "GET", "/templates/units", nil).want(t, 200).content, someUnits...)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("workbook", "单位.xlsx")
	must(t, err)
	_, err = part.Write(book)
	must(t, err)
	must(t, w.Close())
	s.send(t, "clerk", "units", form.Bytes(), "Content-Type", w.FormDataContentType()).ended(t, "done", 3, 0, 0, 0)
	s.call(t, "clerk", "POST", "/imports/units", []byte("--x--"), "Content-Type", "multipart/form-data; boundary=x").refused(t, 422, "workbook_missing")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
