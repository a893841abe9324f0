package web_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"gorm.io/gorm"

	"fenlin/internal/wechat/wechatsim"
)

// TestAttack_NoNameBecomesAFormulaInAnySheet gives everything that has a name one
// that a spreadsheet would run, exports every workbook and reads it back.
func TestAttack_NoNameBecomesAFormulaInAnySheet(t *testing.T) {
	s := newSite(t, "")
	s.clerks(t)
	s.hires(t)
	path, _ := s.longDay(t)
	s.call(t, "city", "POST", "/members", object{"name": "孙", "phone": wechatsim.PhoneOf("o-sun"), "category": "resident", "branch_id": s.unit("福馨苑小区"), "address": "-2+3", "job": "@SUM(1)"}).want(t, 201)
	s.call(t, "city", "POST", "/units", object{"kind": "organ", "name": "=cmd|'/c calc'!A1", "partners": []any{s.unit("南薰社区")}}).want(t, 201)
	need := s.call(t, "community", "POST", "/needs", object{"org_id": s.unit("南薰社区"), "title": "+老人体检", "about": "-1", "kind": "health"}).want(t, 201)
	s.call(t, "community", "POST", "/needs/"+need.at("id").(string)+"/actions", object{"action": "publish"}).want(t, 200)
	must(t, s.DB.Tx(t.Context(), func(tx *gorm.DB) error { // past what forms would refuse
		for i, statement := range []string{
			"UPDATE people SET name = ?", "UPDATE org_units SET name = ? WHERE kind = 'compound'", "UPDATE activities SET title = ?", "UPDATE posts SET title = ?", "UPDATE units SET name = ?",
		} {
			if err := tx.Exec(statement, []string{"=1+1", "+1", "-1", "@A1", "\t=1+1", "\r=1+1"}[i]).Error; err != nil {
				return err
			}
		}
		return nil
	}))
	books := map[string]string{ // who may see most of it, and where it is
		"/me/hours.xlsx": "wang", path + "/records.xlsx": "branch", "/lists.xlsx?org=" + s.unit("南薰社区"): "community",
	}
	for _, by := range []string{"month", "category", "compound", "community", "subdistrict", "handler"} {
		books["/stats/rates.xlsx?by="+by] = "city"
	}
	for _, kind := range s.call(t, "cityclerk", "GET", "/ledgers", nil).want(t, 200).list("items") {
		code := fmt.Sprint(kind.(map[string]any)["kind"])
		books["/exports/"+code], books["/templates/"+code] = "cityclerk", "cityclerk"
	}
	exported := map[string]bool{}
	for _, op := range s.operations() {
		if op.method == "GET" && op.Responses.Status(200) != nil && op.Responses.Status(200).Value.Content["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"] != nil {
			exported[op.OperationID] = true
		}
	}
	risky := 0
	for at, who := range books {
		book := s.call(t, who, "GET", at, nil).want(t, 200)
		found, _, err := s.router.FindRoute(request(t, "GET", s.address+"/api/v1"+at))
		must(t, err)
		delete(exported, found.Operation.OperationID)
		risky += texts(t, at, book.content)
	}
	delete(exported, "showMarked") // the sender's own workbook, marked; see internal/ledger
	if len(exported) > 0 {
		t.Errorf("not exported: %v", exported)
	}
	if risky < 15 {
		t.Errorf("only %d hostile names stand in all workbooks", risky)
	}
}

var formula = regexp.MustCompile(`<f[ >]`)

// texts fails where a cell is a formula, and counts those that would be one if typed.
func texts(t *testing.T, name string, book []byte) (risky int) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	must(t, err)
	for _, part := range z.File {
		r, err := part.Open()
		must(t, err)
		raw, err := io.ReadAll(r)
		must(t, err)
		if strings.HasPrefix(part.Name, "xl/worksheets/sheet") && formula.Match(raw) || strings.Contains(part.Name, "externalLink") || strings.HasSuffix(part.Name, "vbaProject.bin") {
			t.Errorf("%s: %s holds a formula, a link or a program", name, part.Name)
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(book))
	must(t, err)
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		must(t, err)
		for i, row := range rows {
			for j, text := range row {
				if strings.TrimLeft(text, "=+-@\t\r") == text {
					continue
				}
				risky++
				cell, err := excelize.CoordinatesToCellName(j+1, i+1)
				must(t, err)
				if kind, err := f.GetCellType(sheet, cell); err != nil || kind != excelize.CellTypeInlineString && kind != excelize.CellTypeSharedString {
					t.Errorf("%s: %s!%s holds %q as %v: %v", name, sheet, cell, text, kind, err)
				}
			}
		}
	}
	return risky
}
