package ledger

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"fenlin/internal/errs"
)

// smallKind has a column of each kind that the tests below need.
var smallKind = Kind{Code: "small", Title: "小台账", Columns: []Column{
	{Key: "name", Title: "名称", Required: true}, {Key: "place", Title: "社区", Required: true}, {Key: "since", Title: "日期", Type: Day}, {Key: "phone", Title: "联系电话", Type: Phone},
}}

// parts are the files of a workbook; those that a test does not name are as they should be.
type parts map[string]string

const (
	mainXML = `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="一" sheetId="1" r:id="rId1"/></sheets></workbook>`
	relsXML = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`
	header  = `<row r="1"><c r="A1" t="inlineStr"><is><t>名称</t></is></c><c r="B1" t="inlineStr"><is><t>社区</t></is></c><c r="C1" t="inlineStr"><is><t>日期</t></is></c></row>`
	plainIn = `<row r="2"><c r="A2" t="inlineStr"><is><t>甲</t></is></c><c r="B2" t="inlineStr"><is><t>南薰社区</t></is></c></row>`
)

func data(rows string) string { return `<worksheet><sheetData>` + rows + `</sheetData></worksheet>` }

func packed(t testing.TB, p parts) []byte {
	t.Helper()
	whole := parts{"xl/workbook.xml": mainXML, "xl/_rels/workbook.xml.rels": relsXML, "xl/sharedStrings.xml": `<sst><si><t>乙</t></si></sst>`, "xl/worksheets/sheet1.xml": data(header + plainIn)}
	for name, content := range p {
		whole[name] = content
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, content := range whole {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// reads are the rows of a workbook, cells joined by |.
func reads(t *testing.T, raw []byte) ([]string, *reading) {
	t.Helper()
	r, err := read(t.Context(), smallKind, raw)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, row := range r.rows {
		out = append(out, fmt.Sprintf("%s %d %s", row.Sheet, row.Line, strings.Join(row.Cells, "|")))
	}
	return out, r
}

func TestRead_WhatExcelAndItsKinWrite(t *testing.T) {
	text := func(at, s string) string { return `<c r="` + at + `" t="inlineStr"><is><t>` + s + `</t></is></c>` }
	for name, c := range map[string]struct {
		sheet string
		want  []string
	}{
		"columns in another order, titles with stars and spaces": {
			`<row r="1">` + text("A1", " 社 区 *") + text("B1", "序号") + text("C1", "名称（必填）") + `</row><row r="2">` + text("A2", "南薰社区") + text("B2", "1") + text("C2", "甲") + `</row>`,
			[]string{"一 2 甲|南薰社区||"},
		},
		"a title above, blank rows between, a number alone in a row": {
			`<row r="1">` + text("A1", "2026 年台账") + `</row><row r="4">` + text("A4", "名称") + text("B4", "社区") + text("E4", "序号") + `</row><row r="5"/><row r="6">` + text("A6", "甲") + text("B6", "南薰社区") +
				`</row><row r="7">` + text("E7", "2") + `</row><row r="8"><c r="A8" s="1"/></row>`,
			[]string{"一 6 甲|南薰社区||"},
		},
		"the header once more": {header + plainIn + strings.ReplaceAll(strings.ReplaceAll(header, `r="1"`, `r="3"`), `1" t=`, `3" t=`), []string{"一 2 甲|南薰社区||"}},
		"merged cells, down and across": {
			header + `<row r="2">` + text("A2", "甲") + text("B2", "南薰社区") + `</row><row r="3">` + text("A3", "乙") + `</row><row r="4"><c r="B4"/></row><row r="5">` + text("A5", "北门") +
				`</row></sheetData><mergeCells><mergeCell ref="B2:B4"/><mergeCell ref="A5:B5"/><mergeCell ref="Z9:ZZ10000"/></mergeCells><sheetData>`,
			[]string{"一 2 甲|南薰社区||", "一 3 乙|南薰社区||", "一 5 北门|北门||"},
		},
		"cells without places, shared and rich texts, a formula with its value": {
			`<row><c t="inlineStr"><is><t>名称</t></is></c><c t="inlineStr"><is><t>社区</t></is></c></row><row><c t="s"><v>0</v></c><c t="str"><f>A1</f><v>南薰社区</v></c></row>` +
				`<row><c t="inlineStr"><is><r><t>甲</t></r><rPh sb="0" eb="1"><t>jia</t></rPh><r><t xml:space="preserve"> &lt;b&gt;&#x4e59;_x000D_</t></r></is></c><c t="inlineStr"><is><t><![CDATA[<南&薰>]]></t></is></c></row>`,
			[]string{"一 2 乙|南薰社区||", "一 3 甲 <b>乙|<南&薰>||"},
		},
		"hidden rows, days in days' cells": {
			header + `<row r="2" hidden="1">` + text("A2", "甲") + text("B2", "南薰社区") + `<c r="C2" t="d"><v>2026-01-05T00:00:00</v></c></row>`, []string{"一 2 甲|南薰社区|2026-01-05|"},
		},
	} {
		got, r := reads(t, packed(t, parts{"xl/worksheets/sheet1.xml": data(c.sheet)}))
		if !slices.Equal(got, c.want) || len(r.problems) > 0 {
			t.Errorf("%s: %q %v", name, got, r.problems)
		}
	}
	prefixed := strings.NewReplacer("<w", "<x:w", "</w", "</x:w", "<s", "<x:s", "</s", "</x:s", "<r", "<x:r", "</r", "</x:r", "<c", "<x:c", "</c", "</x:c", "<is", "<x:is", "</is", "</x:is", "<t", "<x:t", "</t", "</x:t")
	if got, _ := reads(t, packed(t, parts{"xl/worksheets/sheet1.xml": "\ufeff<?xml version=\"1.0\"?><!-- > -->" + prefixed.Replace(data(header+plainIn))})); len(got) != 1 {
		t.Errorf("with a prefix: %q", got)
	}
}

func TestRead_TellsWhatIsWrongWithTheHeader(t *testing.T) {
	twice := `<row r="1"><c t="inlineStr"><is><t>名称</t></is></c><c t="inlineStr"><is><t>日期</t></is></c><c t="inlineStr"><is><t>日期</t></is></c></row><row r="2"><c t="inlineStr"><is><t>甲</t></is></c></row>`
	_, r := reads(t, packed(t, parts{"xl/worksheets/sheet1.xml": data(twice)}))
	if len(r.problems) != 2 || r.problems[0].Column != "日期" || !strings.Contains(r.problems[1].Reason, "缺少“社区”列") {
		t.Errorf("%+v", r.problems)
	}
}

func TestRead_SeveralSheetsHelpAndNotes(t *testing.T) {
	f := excelize.NewFile()
	for i, sheet := range []string{"Sheet1", "二", helpSheet, resultSheet, "随手记"} {
		if i > 0 {
			if _, err := f.NewSheet(sheet); err != nil {
				t.Fatal(err)
			}
		}
		for cell, v := range map[string]any{"A1": "名称*", "B1": "社区*", "C1": "日期", "D1": "导入问题", "E1": "备注", "A2": "甲", "B2": sheet, "C2": 46027, "D2": "旧的", "E2": "x"} {
			if sheet == "随手记" {
				v = "随手写的"
			}
			if err := f.SetCellValue(sheet, cell, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.SetSheetVisible("二", false); err != nil {
		t.Fatal(err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	got, r := reads(t, b.Bytes())
	if !slices.Equal(got, []string{"Sheet1 2 甲|Sheet1|2026-01-05|", "二 2 甲|二|2026-01-05|"}) || len(r.notes) != 2 || !strings.Contains(r.notes[0], "“备注”") || strings.Contains(r.notes[0], "导入问题") {
		t.Errorf("%q %q", got, r.notes)
	}
}

func TestRead_HostileFilesAreRefusedInChinese(t *testing.T) {
	huge := func(n int) string { return strings.Repeat("<row><c><v>1</v></c></row>", n) }
	zipped := packed(t, nil)
	locked := bytes.Clone(zipped)
	for at := 0; ; { // the flag of encryption in every entry of the directory
		i := bytes.Index(locked[at:], []byte("PK\x01\x02"))
		if i < 0 {
			break
		}
		locked[at+i+8] |= 1
		at += i + 4
	}
	double := func() []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for range 2 {
			if _, err := z.Create("xl/workbook.xml"); err != nil {
				t.Fatal(err)
			}
		}
		_ = z.Close()
		return out.Bytes()
	}
	encrypted := append([]byte("\xd0\xcf\x11\xe0"), []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")...)
	for name, c := range map[string]struct {
		raw  []byte
		says string
	}{
		"nothing":            {nil, "不是 Excel"},
		"a text":             {[]byte("名称,社区\n"), "文本"},
		"an old workbook":    {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "旧格式"},
		"a password":         {encrypted, "密码"},
		"a zip's password":   {locked, "密码"},
		"a pdf":              {[]byte("%PDF-1.4 "), "不是 Excel"},
		"cut off":            {zipped[:len(zipped)/2], "损坏"},
		"a zip of something": {packed(t, parts{"xl/workbook.xml": "", "xl/_rels/workbook.xml.rels": ""}), "没有找到表头"},
		"macros":             {packed(t, parts{"xl/vbaProject.bin": "x"}), "宏"},
		"binary":             {packed(t, parts{"xl/workbook.bin": "x"}), "二进制"},
		"a way out":          {packed(t, parts{"../../etc/passwd": "x"}), "损坏"},
		"a root":             {packed(t, parts{"/etc/passwd": "x"}), "损坏"},
		"twice":              {double(), "损坏"},
		"entities":           {packed(t, parts{"xl/workbook.xml": `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + mainXML}), "损坏"},
		"laughs":             {packed(t, parts{"xl/sharedStrings.xml": `<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><sst><si><t>&b;</t></si></sst>`}), "损坏"},
		"deep":               {packed(t, parts{"xl/worksheets/sheet1.xml": strings.Repeat("<a>", 1000)}), "损坏"},
		"a long tag":         {packed(t, parts{"xl/worksheets/sheet1.xml": "<a " + strings.Repeat("b", 1<<20)}), "损坏"},
		"a long text":        {packed(t, parts{"xl/worksheets/sheet1.xml": data(header + `<row r="2"><c r="A2" t="str"><v>` + strings.Repeat("a", 2<<20) + `</v></c></row>`)}), "损坏"},
		"too many rows":      {packed(t, parts{"xl/worksheets/sheet1.xml": data(header + huge(MaxRows+1))}), "50,000"},
		"a bomb of strings":  {packed(t, parts{"xl/sharedStrings.xml": "<sst>" + strings.Repeat("<si/>", maxWords+1) + "</sst>"}), "太大"},
		"a bomb of parts":    {packed(t, parts{"xl/workbook.xml": mainXML + strings.Repeat(" ", maxPart)}), "太大"},
		"a string of none":   {packed(t, parts{"xl/worksheets/sheet1.xml": data(header + `<row r="2"><c r="A2" t="s"><v>99</v></c></row>`)}), "损坏"},
		"a column too far":   {packed(t, parts{"xl/worksheets/sheet1.xml": data(header + `<row r="2"><c r="ZZZ2"><v>1</v></c></row>`)}), "损坏"},
		"rows without end":   {packed(t, parts{"xl/worksheets/sheet1.xml": data(header) + "<row>"}), "损坏"},
		"no header":          {packed(t, parts{"xl/worksheets/sheet1.xml": data(huge(100))}), "没有找到表头"},
		"a header alone":     {packed(t, parts{"xl/worksheets/sheet1.xml": data(header)}), "没有数据"},
		"merged over all": {packed(t, parts{"xl/worksheets/sheet1.xml": `<worksheet><sheetData>` + header + strings.Repeat(`<row><c t="str"><v>a</v></c></row>`, 49_000) + `</sheetData><mergeCells>` +
			strings.Repeat(`<mergeCell ref="A2:ZZ60000"/>`, 1000) + `</mergeCells></worksheet>`}), "太大"},
	} {
		_, err := read(t.Context(), smallKind, c.raw)
		if e, ok := errors.AsType[*errs.Error](err); !ok || !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := read(t.Context(), smallKind, make([]byte, MaxUpload+1)); !errors.Is(err, ErrTooBig) {
		t.Error(err)
	}
}

// A clerk who formats whole columns makes a million empty rows.
func TestRead_AMillionFormattedRowsAreNothing(t *testing.T) {
	var rows strings.Builder
	for i := 3; i <= maxLine; i++ {
		fmt.Fprintf(&rows, `<row r="%d" s="1" customFormat="1"><c r="A%d" s="1"/></row>`, i, i)
	}
	if got, _ := reads(t, packed(t, parts{"xl/worksheets/sheet1.xml": data(header + plainIn + rows.String())})); len(got) != 1 {
		t.Errorf("%d rows", len(got))
	}
}

func TestRead_EndsWhenItIsToldTo(t *testing.T) {
	k, raw := wide(t, 5000)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := read(ctx, k, raw); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// FuzzRead finds no workbook that makes the reader or the marker panic, or say
// something that is not for people.
func FuzzRead(f *testing.F) {
	f.Add([]byte(data(header+plainIn)), []byte("<styleSheet/>"))
	f.Add([]byte(data(header+`<row r="2"><c r="A2" s="1"><f>1/0</f></c><c r="B2" t="e"><v>#REF!</v></c></row>`)), []byte(`<styleSheet><fills count="1"><fill/></fills><cellXfs count="2"><xf fillId="0"/><xf numFmtId="14"><alignment/></xf></cellXfs></styleSheet>`))
	f.Add([]byte(`<x:worksheet><x:sheetData><x:row/></x:sheetData></x:worksheet>`), []byte("<a"))
	f.Fuzz(func(t *testing.T, sheet, styles []byte) {
		rels := strings.Replace(relsXML, "</Rel", `<Relationship Id="rId3" Type="x/styles" Target="styles.xml"/></Rel`, 1)
		raw := packed(t, parts{"xl/worksheets/sheet1.xml": string(sheet), "xl/styles.xml": string(styles), "xl/_rels/workbook.xml.rels": rels, "[Content_Types].xml": "<Types></Types>"})
		r, err := read(t.Context(), smallKind, raw)
		if err != nil {
			if _, ok := errors.AsType[*errs.Error](err); !ok {
				t.Fatal(err)
			}
			return
		}
		for _, row := range r.rows {
			r.wrong(row.At("名称", "不对"))
		}
		if len(r.problems) == 0 {
			return
		}
		marked, err := mark(raw, smallKind, r)
		if err != nil {
			return // a part that is only read when it is marked
		}
		again, err := read(t.Context(), smallKind, marked)
		if err != nil || again.total != r.total {
			t.Fatalf("marked, it reads otherwise: %v", err)
		}
	})
}
