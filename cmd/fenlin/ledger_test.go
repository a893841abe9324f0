package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"fenlin/internal/db/dbtest"
)

// workbook is a workbook of units in the folder, with rows under a template's header.
func (p place) workbook(t *testing.T, name string, rows ...[]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	p.must(t, "export", "units", "--template", "--out", path)
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if err := f.SetSheetRow("单位台账", fmt.Sprintf("A%d", i+2), &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// exported is how many units there are.
func (p place) exported(t *testing.T) int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.xlsx")
	p.must(t, "export", "units", "--out", path)
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.GetRows("单位台账")
	if err != nil {
		t.Fatal(err)
	}
	return len(rows) - 1
}

func TestImportExport_WholeOrNotAtAll(t *testing.T) {
	p := newPlace(t, dbtest.Empty(t))
	if _, errs, code := p.run(t, "export", "units"); code != 1 || !strings.Contains(errs, "fenlin migrate") {
		t.Errorf("without a schema: %d %s", code, errs)
	}
	p.must(t, "migrate")
	p.must(t, "seed", "--sample")
	before := p.exported(t)
	good := p.workbook(t, "good.xlsx", []string{"测试甲局", "机关单位"}, []string{"测试乙公司", "企业"})
	if out := p.must(t, "import", "units", good, "--dry-run"); !strings.Contains(out, "nothing written: 2 rows, 2 new") || p.exported(t) != before {
		t.Errorf("a check: %s", out)
	}
	for _, want := range []string{"imported: 2 rows, 2 new, 0 changed, 0 as before", "imported: 2 rows, 0 new, 0 changed, 2 as before"} {
		if out := p.must(t, "import", "units", good); !strings.Contains(out, want) || p.exported(t) != before+2 {
			t.Errorf("%s, want %s", out, want)
		}
	}
	bad := p.workbook(t, "bad.xlsx", []string{"测试丙局", "机关单位"}, []string{"测试丁局", "学校"})
	out, errs, code := p.run(t, "import", "units", bad)
	marked := strings.TrimSuffix(bad, ".xlsx") + ".marked.xlsx"
	if code != 1 || !strings.Contains(out, "单位台账 3 单位类别") || !strings.Contains(errs, marked) || p.exported(t) != before+2 {
		t.Errorf("%d %s %s", code, out, errs)
	}
	f, err := excelize.OpenFile(marked)
	if err != nil {
		t.Fatal(err)
	}
	for i, kind := range []string{"机关单位", "企业"} {
		if err := f.SetCellStr("单位台账", fmt.Sprintf("B%d", i+2), kind); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	if out := p.must(t, "import", "units", marked); !strings.Contains(out, "2 new") || p.exported(t) != before+4 {
		t.Errorf("mended: %s", out)
	}
	for _, args := range [][]string{{"import", "cats", good}, {"export", "cats"}, {"import", "units", good + ".no"}, {"import", "units"}} {
		if _, errs, code := p.run(t, args...); code != 1 || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: %d %s", args, code, errs)
		}
	}
	p.killed(t)
}

// killed is an import that is killed in the middle: it leaves nothing half.
func (p place) killed(t *testing.T) {
	t.Helper()
	before := p.exported(t)
	var rows [][]string
	for i := range 20_000 {
		rows = append(rows, []string{fmt.Sprintf("测试%d局", i), "机关单位", "", "南薰社区"})
	}
	cmd := exec.CommandContext(t.Context(), binary, "import", "units", p.workbook(t, "big.xlsx", rows...))
	cmd.Env = p.env
	progress, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(progress)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "5000 of 20000") {
		if strings.HasPrefix(lines.Text(), "fenlin:") {
			t.Fatal(lines.Text())
		}
	}
	if err := cmd.Process.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("it was not killed")
	}
	if n := p.exported(t); n != before {
		t.Errorf("%d of 20,000 rows were written", n-before)
	}
}
