package stats

import (
	"strings"
	"testing"
)

func TestJudge_SaysWhetherAPrintedFigureHoldsAndWhyNot(t *testing.T) {
	for _, c := range []struct {
		printed  string
		of       shape
		n, d     int64
		computed string
		agrees   bool
		why      string
	}{
		{"64", count, 64, 0, "64", true, ""},
		{"64", count, 65, 0, "65", false, "相差 +1"},
		{"64", count, 0, 0, "0", false, "相差 -64"},
		{"400+", count, 400, 0, "400", true, ""},
		{"400+", count, 436, 0, "436", true, ""},
		{"400+", count, 399, 0, "399", false, "相差 -1"},
		{"97.5%", share100, 307, 315, "307/315 = 97.5%", true, ""},
		{"97.5%", share100, 308, 315, "308/315 = 97.8%", false, "表里是 308/315 = 97.8%；97.5% 要有 307/315"},
		{"94.1%", share100, 16, 17, "16/17 = 94.1%", true, ""},
		{"98%", share100, 17, 17, "17/17 = 100%", false, "17 件里最接近的是 16/17 = 94.1% 和 17/17 = 100%，没有哪个件数得出 98%"},
		{"98%", share100, 16, 17, "16/17 = 94.1%", false, "17 件里最接近的是 16/17 = 94.1% 和 17/17 = 100%，没有哪个件数得出 98%"},
		{"98%", share100, 50, 50, "50/50 = 100%", false, "98% 要有 49/50"},
		{"100%", share100, 17, 17, "17/17 = 100%", true, ""},
		{"98%", share100, 0, 0, "0/0", false, "算不出来"},
		{"39", mean, 12285, 315, "12285/315 = 39", true, ""},
		{"39", mean, 12442, 315, "12442/315 = 39.5", true, ""},
		{"39", mean, 12443, 315, "12443/315 = 39.5", false, "平均数不同"},
		{"39", mean, 0, 0, "0/0", false, "算不出来"},
	} {
		f := Figure{Printed: Printed{Printed: c.printed}, Numerator: c.n, Denominator: c.d}
		f.judge(c.of)
		if f.Computed != c.computed || f.Agrees != c.agrees || !strings.Contains(f.Why, c.why) || (f.Why == "") != c.agrees {
			t.Errorf("%s against %d/%d: %q agrees %t because %q; want %q %t %q", c.printed, c.n, c.d, f.Computed, f.Agrees, f.Why, c.computed, c.agrees, c.why)
		}
	}
}

func TestLoadFigures_RefusesWhatItCannotCompute(t *testing.T) {
	const good = "as_of: \"2025-12-31\"\nfigures:\n  - {key: organs, name: 机关单位, printed: \"64\"}\n"
	if found, err := LoadFigures([]byte(good)); err != nil || len(found) != 1 || found[0].AsOf != "2025-12-31" {
		t.Fatalf("%+v %v", found, err)
	}
	for what, change := range map[string][2]string{
		"an unknown field":  {"name:", "title:"},
		"an unknown figure": {"organs", "mayors"},
		"no number":         {`"64"`, `"many"`},
		"no day":            {"2025-12-31", "last year"},
		"no number at all":  {`"64"`, `""`},
	} {
		if _, err := LoadFigures([]byte(strings.Replace(good, change[0], change[1], 1))); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}
