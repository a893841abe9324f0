package understand

import (
	"strings"
	"testing"
)

func TestParts(t *testing.T) {
	r := newReader(t)
	for _, c := range []struct{ text, want string }{
		{"3号楼2单元楼道灯坏了。另外电梯也老是不走", "3号楼2单元楼道灯坏了|电梯也老是不走"},
		{"楼道灯坏了，还有垃圾桶满了没人收", "楼道灯坏了|垃圾桶满了没人收"},
		{"1、路灯不亮 2、下水道堵了", "路灯不亮|下水道堵了"},
		{"3号楼2单元灯坏了，5号楼1单元门禁打不开", "3号楼2单元灯坏了|5号楼1单元门禁打不开"},
		{"暖气不热；楼上天天半夜装修吵得睡不着", "暖气不热|楼上天天半夜装修吵得睡不着"},
		{"下水道堵了，臭死了，苍蝇乱飞", ""},
		{"停电了，电梯也停了", ""},
		{"楼道灯坏了，老人上下楼看不见，麻烦修一下。谢谢", ""},
		{"你好。楼道灯坏了", ""},
		{"电梯困人了，快来！另外楼道灯也坏了", ""},
		{"楼道灯坏了，里面还有人在修", ""},
		{"暖气不热。打了几次电话没人管。到底什么时候修", ""},
		{"", ""},
		{"。。。", ""},
		{"你好", ""},
	} {
		if got := strings.Join(r.Parts(c.text, nil), "|"); got != c.want {
			t.Errorf("%s: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestParts_LabelledSentencesAreMostlyOneThing(t *testing.T) {
	r := newReader(t)
	parted, rows := 0, readLabelled(t, "heldback.tsv")
	for _, row := range rows {
		if r.Parts(row.Text, nil) != nil {
			parted++
		}
	}
	if share := share(parted, len(rows)); share > 0.01 {
		t.Errorf("%d of %d would be parted", parted, len(rows))
	}
}
