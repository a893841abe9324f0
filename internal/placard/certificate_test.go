package placard_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fenlin/internal/placard"
)

func aCertificate(rows int, name string) placard.Certificate {
	c := placard.Certificate{
		Title: "志愿服务记录证明", Code: "https://fenlin.example/open/certificates/ABCDEFGH23456789WXYZ", At: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC),
		Head:  []string{"编号：FYZM2026-1234567846", "校验码：ABCD-EFGH", "出具日期：2026年11月29日"},
		Facts: [][2]string{{"姓名", name}, {"身份证号", "1411**********002X"}, {"服务期间", "2026年1月1日 至 2026年11月29日"}, {"服务时长", "12 小时 30 分钟（5 次活动），其中人工登记 1 小时"}, {"出具单位", "南薰社区"}},
		Table: placard.Table{Columns: []placard.Column{{"日期", 25}, {"活动", 40}, {"地点", 31}, {"服务内容", 31}, {"时长", 23}, {"记录人", 24}}},
		Close: "以上内容根据志愿服务记录如实出具，特此证明。", Foot: "编号：FYZM2026-1234567846",
		Signed: []string{"出具单位（盖章）：南薰社区", "负责人（签字）：", "经办人（签字）：", "日期：      年    月    日"},
		Notes:  []string{"核验：扫二维码，或打开 https://fenlin.example/open/certificates/ 输入编号和校验码。"},
	}
	for i := range rows {
		c.Table.Rows = append(c.Table.Rows, []string{fmt.Sprintf("2026-11-%02d", i%30+1), "楼院清扫", "3号楼前", "环境整治：清扫", "2小时30分", "福馨苑小区党支部书记"})
	}
	return c
}

func TestCertificatePDF_SaysAllOnAsManySheetsAsItNeeds(t *testing.T) {
	var p placard.Printer
	long := aCertificate(60, strings.Repeat("阿依古丽·", 12))
	long.Table.Rows[30] = slices.Repeat([]string{strings.Repeat("名字很长的一个活动（含 WeChat-MiniProgram）", 6)}, 6)
	for name, c := range map[string]struct {
		placard.Certificate
		sheets int
	}{"short": {aCertificate(1, "王芳"), 1}, "long": {aCertificate(60, "王芳"), 5}, "very long names": {long, 5}} {
		doc, err := p.CertificatePDF(c.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		again, err := p.CertificatePDF(c.Certificate)
		if err != nil || !bytes.Equal(doc, again) {
			t.Errorf("%s: another document: %v", name, err)
		}
		sheets, outside, err := p.Laid(c.Certificate)
		if got := bytes.Count(doc, []byte("/Type /Page\n")); err != nil || got != c.sheets || len(sheets) != got || outside > 0 {
			t.Errorf("%s: %d sheets, %d laid, %d words run over the edge: %v", name, got, len(sheets), outside, err)
		}
	}
}

func TestCertificatePDF_PutsDownTheseWordsInThisOrder(t *testing.T) {
	var p placard.Printer
	c := aCertificate(2, "王𠮷芳")
	c.Table.Rows[1] = []string{"2026-11-02", "慰问老人", "福馨苑小区3号楼2单元", "关爱帮扶", "1小时", "南薰社区"}
	sheets, _, err := p.Laid(c)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{
		"志愿服务记录证明", "编号：FYZM2026-1234567846", "校验码：ABCD-EFGH", "出具日期：2026年11月29日", "扫码核验",
		"姓名", "王〓芳", // a letter of which there is no picture is seen to be missing
		"身份证号", "1411**********002X", "服务期间", "2026年1月1日 至 2026年11月29日", "服务时长", "12 小时 30 分钟（5 次活动），其中人工登记 1 小时", "出具单位", "南薰社区",
		"日期", "活动", "地点", "服务内容", "时长", "记录人",
		"2026-11-01", "楼院清扫", "3号楼前", "环境整治：清扫", "2小时30分", "福馨苑小区", "党支部书记",
		"2026-11-02", "慰问老人", "福馨苑小区3号", "楼2单元", "关爱帮扶", "1小时", "南薰社区",
		"以上内容根据志愿服务记录如实出具，特此证明。", "出具单位（盖章）：南薰社区", "负责人（签字）：", "经办人（签字）：", "日期：      年    月    日",
		"核验：扫二维码，或打开 https://fenlin.example/open/certificates/ 输入编号和校验码。",
		"编号：FYZM2026-1234567846", "第 1 页 共 1 页",
	}}
	if d := cmp.Diff(want, sheets); d != "" {
		t.Error(d)
	}
}

func TestCertificatePDF_NothingIsSignedOnASheetOfItsOwn(t *testing.T) {
	var p placard.Printer
	for rows := 1; rows < 40; rows++ {
		sheets, _, err := p.Laid(aCertificate(rows, "王芳"))
		if err != nil {
			t.Fatal(err)
		}
		for i, words := range sheets {
			if !slices.Contains(words, "楼院清扫") || !slices.Contains(words, fmt.Sprintf("第 %d 页 共 %d 页", i+1, len(sheets))) {
				t.Errorf("%d rows: sheet %d has %v", rows, i+1, words)
			}
		}
	}
}
