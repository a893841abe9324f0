package web_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"gorm.io/gorm"

	"fenlin/internal/stats"
)

func TestStream_TellsTodaysDeedsNewestFirstWithoutAnyWordsOfPeople(t *testing.T) {
	s := newSite(t, "")
	old := s.report(t, "li", lamp)
	s.Forward(24 * time.Hour)
	number := s.report(t, "li", "3号楼2单元水管漏水，请打13512345678找李建国")
	lead := s.leadOf(t, number)
	version := s.call(t, lead, "GET", "/tickets/"+number, nil).want(t, 200).at("version")
	s.act(t, lead, number, object{"action": "accept", "version": version, "note": "张师傅马上去"}).want(t, 200)

	var told []string
	cursor := ""
	for range 20 {
		page := s.call(t, "city", "GET", "/stats/stream?limit=1&cursor="+cursor, nil).want(t, 200)
		for _, word := range []string{"漏水", "13512345678", "李建国", "张师傅", "li"} {
			if strings.Contains(string(page.content), `"`+word) || strings.Contains(string(page.content), word+`"`) {
				t.Errorf("%q is shown: %s", word, page.content)
			}
		}
		for i := range page.list("items") {
			told = append(told, fmt.Sprint(page.at("items", i, "number"), " ", page.at("items", i, "what"), " ", page.at("items", i, "compound", "name")))
		}
		if cursor, _ = page.at("next_cursor").(string); cursor == "" {
			break
		}
	}
	want := []string{number + " 签收 福馨苑小区", number + " 提交 福馨苑小区"}
	if len(told) < 2 || told[0] != want[0] || told[len(told)-1] != want[1] {
		t.Errorf("told %q, want %q", told, want)
	}
	if strings.Contains(strings.Join(told, " "), old) {
		t.Errorf("yesterday's is told: %q", told)
	}
	for unit, n := range map[string]bool{"福馨苑小区": true, "昌瑞绿洲小区": false} {
		page := s.call(t, "city", "GET", fmt.Sprintf("/stats/stream?org=%d", s.Units[unit]), nil).want(t, 200)
		if (len(page.list("items")) > 0) != n {
			t.Errorf("%s: %s", unit, page.content)
		}
	}
}

func TestBoard_RefusesWhatIsNotTheAskers(t *testing.T) {
	s := newSite(t, "")
	elsewhere := fmt.Sprint(s.Units["昌瑞绿洲小区"])
	for _, path := range []string{"stream", "places", "rates.xlsx"} {
		s.call(t, "li", "GET", "/stats/"+path, nil).refused(t, 403, "outside_scope")
		s.call(t, "branch", "GET", "/stats/"+path+"?org="+elsewhere, nil).refused(t, 403, "outside_scope")
		s.call(t, "city", "GET", "/stats/"+path+"?org=12", nil).refused(t, 404, "org_unknown")
	}
	s.call(t, "city", "GET", "/stats/stream?cursor=zz", nil).refused(t, 422, "cursor")
	s.call(t, "city", "GET", "/stats/rates.xlsx?from=2026-11-02&to=2026-11-01", nil).refused(t, 422, "period")
	for _, who := range []string{"li", "branch", "community", "subdistrict"} {
		s.call(t, who, "GET", "/stats/figures", nil).refused(t, 403, "outside_scope")
	}
}

func TestFigures_ShowWhatIsPrintedBesideWhatIsCounted(t *testing.T) {
	s := newSite(t, "")
	s.Stats.Adopt(stats.Rules{Printed: []stats.Printed{
		{Key: "communities", Name: "社区", Printed: "32", AsOf: "2026-01-01"},
		{Key: "workers_college", Name: "大专以上", Printed: "97.5%", AsOf: "2026-01-01"},
	}})
	found := s.call(t, "city", "GET", "/stats/figures", nil).want(t, 200)
	if found.at("items", 0, "printed") != "32" || found.at("items", 0, "computed") == "32" || found.at("items", 0, "agrees") != false || found.at("items", 0, "denominator") != nil {
		t.Errorf("a count: %s", found.content)
	}
	if found.at("items", 1, "denominator") != 0.0 {
		t.Errorf("a share: %s", found.content)
	}
}

func TestPlaces_AreThoseOfTheUnitAsked(t *testing.T) {
	s := newSite(t, "")
	all := s.call(t, "city", "GET", "/stats/places", nil).want(t, 200)
	one := s.call(t, "branch", "GET", "/stats/places", nil).want(t, 200)
	if len(all.list("items")) < 2 || len(one.list("items")) != 1 || one.at("items", 0, "name") != "福馨苑小区" || one.at("items", 0, "community") == "" {
		t.Errorf("all: %s\none: %s", all.content, one.content)
	}
}

func TestRatesWorkbook_HoldsTheNumbersOfTheApiAndNoFormulas(t *testing.T) {
	s := newSite(t, "")
	evil := "=HYPERLINK(\"http://x\",\"福馨苑\")"
	must(t, s.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE org_history SET name = ? WHERE org_id = ?", evil, s.Units["福馨苑小区"]).Error
	}))
	s.settle(t, s.report(t, "li", lamp))
	s.report(t, "li", lamp)
	question := "from=2026-11-01&to=2026-11-30&by=compound"
	rates := s.call(t, "city", "GET", "/stats/rates?"+question, nil).want(t, 200)
	book := s.call(t, "city", "GET", "/stats/rates.xlsx?"+question, nil).want(t, 200)
	f, err := excelize.OpenReader(bytes.NewReader(book.content))
	must(t, err)
	defer func() { _ = f.Close() }()
	sheet := f.GetSheetName(0)
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	must(t, err)
	if !strings.Contains(rows[0][0], rates.at("org", "name").(string)) || !strings.Contains(rows[1][0], "2026-11-01 00:00") || !strings.Contains(rows[2][0], "截至") {
		t.Fatalf("head: %q", rows[:3])
	}
	column := map[string]int{}
	for i, title := range rows[3] {
		column[title] = i
	}
	body := rows[4:]
	if len(body) != len(rates.list("rows"))+1 {
		t.Fatalf("%d rows: %q", len(body), body)
	}
	for i, cells := range append(body[:len(body)-1:len(body)-1], body[len(body)-1]) {
		where := []any{"rows", i}
		if i == len(body)-1 {
			where = []any{"total"}
		} else if cells[0] != rates.at(append(where, "name")...) {
			t.Errorf("row %d is called %q", i, cells[0])
		}
		for title, field := range map[string][]any{
			"受理": {"accepted"}, "应办结": {"matured"}, "化解率分子": {"settlement", "numerator"}, "化解率分母": {"settlement", "denominator"}, "化解率": {"settlement", "rate"}, "满意率": {"satisfaction", "rate"},
		} {
			want := rates.at(append(where, field...)...)
			if want == nil {
				want = "—"
			}
			if got := cells[column[title]]; got != fmt.Sprint(want) {
				t.Errorf("row %d: %s is %q, want %v", i, title, got, want)
			}
		}
	}
	if body[0][0] != evil && body[1][0] != evil {
		t.Errorf("%q is not there: %q", evil, body)
	}
	for y := range rows {
		for x := range rows[y] {
			cell, err := excelize.CoordinatesToCellName(x+1, y+1)
			must(t, err)
			if formula, err := f.GetCellFormula(sheet, cell); err != nil || formula != "" {
				t.Errorf("%s holds the formula %q (%v)", cell, formula, err)
			}
		}
	}
}

func TestPages_ArePackedAndAskedForOnce(t *testing.T) {
	s := newSite(t, "")
	res, plain := s.raw(t, "GET", "/board/board.js", map[string]string{"Accept-Encoding": "identity"}, nil)
	if res.Header.Get("Content-Encoding") != "" || res.Header.Get("ETag") == "" {
		t.Fatalf("plain: %v", res.Header)
	}
	packed, raw := s.raw(t, "GET", "/board/board.js", map[string]string{"Accept-Encoding": "br, gzip"}, nil)
	z, err := gzip.NewReader(bytes.NewReader(raw))
	must(t, err)
	unpacked, err := io.ReadAll(z)
	must(t, err)
	if packed.Header.Get("Content-Encoding") != "gzip" || !bytes.Equal(unpacked, plain) || len(raw) >= len(plain) {
		t.Errorf("packed: %v", packed.Header)
	}
	again, raw := s.raw(t, "GET", "/board/board.js", map[string]string{"If-None-Match": res.Header.Get("ETag")}, nil)
	if again.StatusCode != 304 || len(raw) != 0 {
		t.Errorf("asked again: %d with %d bytes", again.StatusCode, len(raw))
	}
	if none, _ := s.raw(t, "GET", "/board/board.js", map[string]string{"Accept-Encoding": "gzip;q=0"}, nil); none.Header.Get("Content-Encoding") != "" {
		t.Error("packed for who takes none of it")
	}
	s.report(t, "li", lamp)
	s.Forward(time.Minute)
	question := map[string]string{"Accept-Encoding": "gzip", "Authorization": "Bearer " + s.token(t, "city")}
	res, raw = s.raw(t, "GET", "/api/v1/stats/rates?by=compound", question, nil)
	z, err = gzip.NewReader(bytes.NewReader(raw))
	must(t, err)
	if unpacked, err = io.ReadAll(z); err != nil || !bytes.HasPrefix(unpacked, []byte(`{`)) || res.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("rates: %v %v %.40s", err, res.Header, unpacked)
	}
}

// It holds in a clone that nobody ran make in, and after make.
func TestBoard_SaysWhetherItHasItsCharts(t *testing.T) {
	s := newSite(t, "")
	_, page := s.raw(t, "GET", "/board/", nil, nil)
	_, err := os.Stat("pages/board/charts.js")
	if built := err == nil; bytes.Contains(page, []byte(`data-charts="/board/charts.js?v=`)) != built || bytes.Contains(page, []byte(`data-charts=""`)) == built {
		t.Errorf("built %v: %s", built, page)
	}
}
