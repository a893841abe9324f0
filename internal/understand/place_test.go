package understand

import (
	"fmt"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestReadSpot(t *testing.T) {
	for _, c := range []struct {
		text string
		want spot
	}{
		{"3号楼2单元楼道灯坏了", spot{building: "3", unit: "2"}},
		{"三号楼二单元", spot{building: "3", unit: "2"}},
		{"5栋", spot{building: "5"}},
		{"7#楼1单元", spot{building: "7", unit: "1"}},
		{"7#二单元", spot{building: "7", unit: "2"}},
		{"十二号楼", spot{building: "12"}},
		{"二十一号楼", spot{building: "21"}},
		{"一百零三栋", spot{building: "103"}},
		{"３号楼　２单元", spot{building: "3", unit: "2"}},
		{"3 号楼 2 单元 501", spot{building: "3", unit: "2", room: "501"}},
		{"03号楼", spot{building: "3"}},
		{"3-2-501漏水", spot{building: "3", unit: "2", room: "501"}},
		{"三-二-五零一", spot{building: "3", unit: "2", room: "501"}},
		{"3号楼2-501", spot{building: "3", unit: "2", room: "501"}},
		{"8-2单元一楼", spot{building: "8", unit: "2", floor: "1"}},
		{"3号2单元", spot{building: "3", unit: "2"}},
		{"3楼2单元", spot{building: "3", unit: "2"}},
		{"3号楼2门401", spot{building: "3", unit: "2", room: "401"}},
		{"A座三楼301室", spot{building: "A", floor: "3", room: "301"}},
		{"东区3号楼", spot{building: "3"}},
		{"a3栋", spot{building: "A3"}},
		{"5号楼东单元", spot{building: "5", unit: "东"}},
		{"3、4号楼都停水", spot{building: "3"}},
		{"7号和8号楼之间", spot{building: "7"}},
		{"三四单元没电", spot{unit: "3"}},
		{"1-3单元楼道灯常亮", spot{building: "1", unit: "3"}},
		{"不是3号楼，是5号楼", spot{building: "5"}},
		{"12栋4单元三楼到四楼", spot{building: "12", unit: "4", floor: "3"}},
		{"地下一层积水", spot{floor: "-1"}},
		{"五楼以上没水", spot{floor: "5"}},
		{"楼上漏水", spot{}},
		{"拨打12345没人管", spot{}},
		{"物业费涨到一块五", spot{}},
		{"11月3号楼道灯坏了", spot{}},
		{"2024-11-22停水", spot{}},
		{"3号晚上没电", spot{}},
		{"这三栋楼都没水", spot{}},
		{"整整一栋楼", spot{}},
		{"2#电梯坏了", spot{}},
		{"一座凉亭", spot{}},
		{"有半米深", spot{}},
		{"家里只有14度", spot{}},
		{"交了300块", spot{}},
	} {
		if got := readSpot([]rune(fold(c.text))); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.text, got, c.want)
		}
	}
}

// chinese writes 1 to 199 as people do.
func chinese(n int) string {
	digits := []rune("零一二三四五六七八九")
	var s string
	if n >= 100 {
		s = "一百"
		if n %= 100; n > 0 && n < 10 {
			return s + "零" + string(digits[n])
		}
		if n >= 10 && n < 20 {
			s += "一"
		}
	}
	if n >= 20 {
		s += string(digits[n/10])
	}
	if n >= 10 {
		s += "十"
	}
	if n%10 > 0 {
		s += string(digits[n%10])
	}
	return s
}

func wide(s string) string {
	out := []rune(s)
	for i, r := range out {
		if r > ' ' && r < 0x7F {
			out[i] = r + 0xFEE0
		}
	}
	return string(out)
}

func TestReadSpot_EveryWritingSaysTheSame(t *testing.T) {
	numeral := rapid.SampledFrom([]func(int) string{strconv.Itoa, chinese, func(n int) string { return wide(strconv.Itoa(n)) }})
	rapid.Check(t, func(t *rapid.T) {
		b, u := rapid.IntRange(1, 199).Draw(t, "building"), rapid.IntRange(1, 12).Draw(t, "unit")
		room := rapid.IntRange(1, 33).Draw(t, "floor")*100 + rapid.IntRange(1, 4).Draw(t, "door")
		building := numeral.Draw(t, "b")(b) + rapid.SampledFrom([]string{"号楼", "栋", "幢", "#楼", "#", "号 楼"}).Draw(t, "suffix")
		unit := numeral.Draw(t, "u")(u) + "单元"
		text := rapid.SampledFrom([]string{"", "福馨苑", "我家在", "你好，"}).Draw(t, "before") + building +
			rapid.SampledFrom([]string{"", " ", ",", "的"}).Draw(t, "between") + unit + strconv.Itoa(room) +
			rapid.SampledFrom([]string{"", "室", "漏水了", "户停电"}).Draw(t, "after")
		want := spot{building: fmt.Sprint(b), unit: fmt.Sprint(u), room: fmt.Sprint(room)}
		if got := readSpot([]rune(fold(text))); got != want {
			t.Fatalf("%q: got %+v, want %+v", text, got, want)
		}
	})
}
