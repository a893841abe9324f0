package ledger

import (
	"strings"
	"testing"
)

func TestCheck_WhatClerksWrite(t *testing.T) {
	kinds := map[string]Column{
		"text": {Title: "名称", Max: 10}, "day": {Title: "日期", Type: Day}, "phone": {Title: "电话", Type: Phone}, "id": {Title: "身份证号", Type: IDNumber},
		"number": {Title: "户数", Type: Number, Example: "500"}, "choice": {Title: "类别", Type: Choice, OneOf: []string{"在职党员", "本科（学士）"}},
		"must": {Title: "名称", Required: true}, "birth": {Title: "出生日期", Type: Day, Masked: true},
	}
	for _, c := range []struct {
		column string
		cell   cell
		want   string
		says   string // in the reason, when it is refused
	}{
		{"text", cell{"  福馨苑 小区\u200b\n3号楼 ", words}, "福馨苑 小区 3号楼", ""},
		{"text", cell{"王　强", words}, "王强", ""},
		{"text", cell{"Ａ１区（南）", words}, "A1区（南）", ""},
		{"text", cell{"买买提·艾力", words}, "买买提·艾力", ""},
		{"text", cell{"=1+1", words}, "=1+1", ""},
		{"text", cell{"3", numeric}, "3", ""},
		{"text", cell{"3.50", numeric}, "3.5", ""},
		{"text", cell{"46027", day}, "2026-01-05", ""},
		{"text", cell{"一二三四五六七八九十一", words}, "", "有 11 个字，最多 10 个字"},
		{"text", cell{"#REF!", fault}, "", "错误值"},
		{"text", cell{"", formula}, "", "公式"},
		{"text", cell{}, "", ""},
		{"must", cell{}, "", "必须填写"},
		{"must", cell{" \u3000\u200b", words}, "", "必须填写"},
		{"day", cell{"2026-1-5", words}, "2026-01-05", ""},
		{"day", cell{"2026/01/05", words}, "2026-01-05", ""},
		{"day", cell{"2026.1.5", words}, "2026-01-05", ""},
		{"day", cell{"2026年1月5日", words}, "2026-01-05", ""},
		{"day", cell{"２０２６年０１月０５日", words}, "2026-01-05", ""},
		{"day", cell{" 2026 年 1 月 5 号 ", words}, "2026-01-05", ""},
		{"day", cell{"20260105", words}, "2026-01-05", ""},
		{"day", cell{"20260105", numeric}, "2026-01-05", ""},
		{"day", cell{"20260105", day}, "2026-01-05", ""},
		{"day", cell{"2026-01", words}, "2026-01-01", ""},
		{"day", cell{"1999年7月", words}, "1999-07-01", ""},
		{"day", cell{"199907", words}, "1999-07-01", ""},
		{"day", cell{"199907", numeric}, "1999-07-01", ""},
		{"day", cell{"1999.7", words}, "1999-07-01", ""},
		{"day", cell{"2026.1", numeric}, "", "分不清月份"},
		{"day", cell{"2026", numeric}, "", "不完整"},
		{"day", cell{"46027", numeric}, "2026-01-05", ""},
		{"day", cell{"46027.75", day}, "2026-01-05", ""},
		{"day", cell{"2026-01-05T00:00:00", words}, "2026-01-05", ""},
		{"day", cell{"2026/1/5 8:30", words}, "2026-01-05", ""},
		{"day", cell{"2026-02-30", words}, "", "没有这一天"},
		{"day", cell{"2026-13-01", words}, "", "没有这一天"},
		{"day", cell{"0202-01-05", words}, "", "年份不对"},
		{"day", cell{"去年", words}, "", "日期不正确"},
		{"day", cell{"1.5E+300", numeric}, "", "日期不正确"},
		{"day", cell{"1985-**-**", words}, "", "日期不正确"},
		{"birth", cell{"1985-**-**", words}, "1985-**-**", ""},
		{"phone", cell{"１３８ 1234－5678", words}, "13812345678", ""},
		{"phone", cell{"+86 138-1234-5678", words}, "13812345678", ""},
		{"phone", cell{"13812345678", numeric}, "13812345678", ""},
		{"phone", cell{"1.3812345678E10", numeric}, "13812345678", ""},
		{"phone", cell{"138****5678", words}, "138****5678", ""},
		{"phone", cell{"1.38E+10", words}, "", "丢失"},
		{"phone", cell{"1381234567", words}, "", "11 位"},
		{"id", cell{"１１０１０５１９４９１２３１００２ｘ", words}, "11010519491231002X", ""},
		{"id", cell{" 110105 19491231 002X\u202c", words}, "11010519491231002X", ""},
		{"id", cell{"1101**********002X", words}, "1101**********002X", ""},
		{"id", cell{"1.41112199001011E+17", numeric}, "", "丢失"},
		{"id", cell{"141112199001011000", numeric}, "", "丢失"},
		{"id", cell{"1.41E+17", words}, "", "丢失"},
		{"id", cell{"110105194912310021", words}, "", "校验位"},
		{"id", cell{"110105194913310021", words}, "", "出生日期"},
		{"number", cell{"1,200", words}, "1200", ""},
		{"number", cell{"５００", words}, "500", ""},
		{"number", cell{"500.0", numeric}, "500", ""},
		{"number", cell{"-1", words}, "", "整数"},
		{"number", cell{"12.5", numeric}, "", "整数"},
		{"number", cell{"三百", words}, "", "整数"},
		{"choice", cell{"在职 党员", words}, "在职党员", ""},
		{"choice", cell{"本科(学士)", words}, "本科（学士）", ""},
		{"choice", cell{"在岗", words}, "", "只能填：在职党员、本科（学士）"},
	} {
		got, reason := kinds[c.column].check(c.cell, false)
		if got != c.want || (reason == "") != (c.says == "") || !strings.Contains(reason, c.says) {
			t.Errorf("%s %q (%d): %q, %q; want %q, %q", c.column, c.cell.text, c.cell.kind, got, reason, c.want, c.says)
		}
		for _, secret := range []string{"1381234567", "1101051949"} {
			if strings.Contains(reason, secret) {
				t.Errorf("a reason holds what was written: %s", reason)
			}
		}
	}
	if got, _ := kinds["day"].check(cell{"44565", day}, true); got != "2026-01-05" {
		t.Errorf("counted from 1904: %s", got)
	}
}

func TestUnchanged_IsTheMaskOfWhatIsKnown(t *testing.T) {
	for _, c := range []struct {
		masked, present string
		want            bool
	}{
		{"138****5678", "13812345678", true},
		{"138****5679", "13812345678", false},
		{"13812345678", "13812345678", false},
		{"138****567", "13812345678", false},
		{"王**", "王志强", true},
		{"", "", false},
		{"***", "", false},
	} {
		if got := Unchanged(c.masked, c.present); got != c.want {
			t.Errorf("%s of %s: %t", c.masked, c.present, got)
		}
	}
}
