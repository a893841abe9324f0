package understand

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRead_KnowsDangerFromTalkOfIt(t *testing.T) {
	r := newReader(t)
	for _, c := range []struct{ text, danger string }{
		{"电梯里困住人了，快来人！6号楼1单元", "trapped"},
		{"楼道里一股煤气味", "gas"},
		{"着火了！", "fire"},
		{"一根电线掉到地上了还在冒火花", "wire"},
		{"楼下有人晕倒了", "collapse_person"},
		{"有人拿刀追人", "violence"},
		{"外墙保温层往下掉，砸到车了", "masonry"},
		{"一楼把承重墙砸了", "structure"},
		{"井盖没了", "hole"},
		{"地下室有烟", "fire"},
		{"家里老人好几天没开门了", "collapse_person"},
		{"楼道里有烟头没人扫", ""},
		{"楼下有烟味", ""},
		{"担心着火", ""},
		{"没着火", ""},
		{"电梯没困人", ""},
		{"社区通知消防演练", ""},
		{"电梯困人怎么办，想学学", ""},
		{"燃气打不着火", ""},
		{"万一着火了跑都跑不了", ""},
		{"上个月电梯困过人，一直没换", ""},
		{"没有煤气味，就是问问什么时候安检", ""},
	} {
		got := r.Read(c.text, nil)
		if got.Danger != c.danger || got.Emergency != (c.danger != "") {
			t.Errorf("%s: danger %q, want %q", c.text, got.Danger, c.danger)
		}
	}
}

func TestRead_ADangerSpeaksForItsCategory(t *testing.T) {
	got := newReader(t).Read("地下室有烟", nil)
	if got.Guesses[0].Code != "fire" {
		t.Errorf("%+v", got)
	}
}

func TestRead_ChatterIsNoTicket(t *testing.T) {
	r := newReader(t)
	for _, text := range []string{
		"你好", "谢谢", "谢谢师傅，灯修好了", "在吗", "测试", "哈哈哈", "👍", "1", "?", "早上好", "电梯修得真快，点赞", "辛苦了", "ok", "暖气热了谢谢", "收到", "好的",
	} {
		if got := r.Read(text, nil); got.Clear || got.Intent != Chatter || got.Guesses[0].Code != "other" {
			t.Errorf("%s: %+v", text, got)
		}
	}
	for _, text := range []string{"", "   ", "\x00\xff", "。。。"} {
		if got := r.Read(text, nil); got.Clear || got.Emergency || len(got.Guesses) == 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
	for _, text := range []string{"你好，3号楼路灯坏了，谢谢", "修好了又坏了，3号楼电梯", "谢谢，但是暖气还是不热"} {
		if got := r.Read(text, nil); got.Intent != Problem || !got.Clear {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestRead_AThingAloneIsNoProblem(t *testing.T) {
	r := newReader(t)
	for _, text := range []string{"电梯", "垃圾！", "路灯", "井盖", "你们是骗子"} {
		if got := r.Read(text, nil); got.Clear || got.Intent != Unclear {
			t.Errorf("%s: %+v", text, got)
		}
	}
	for _, text := range []string{"停电", "停水了", "跳闸", "没暖气", "扰民", "电梯坏了", "垃圾满了"} {
		if got := r.Read(text, nil); !got.Clear || got.Intent != Problem {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestRead_SaysWhichWordsDecided(t *testing.T) {
	got := newReader(t).Read("福馨苑3号楼2单元楼道灯坏了", nil)
	if !strings.Contains(strings.Join(got.Words, " "), "楼道灯") {
		t.Errorf("words %v", got.Words)
	}
}

func TestRead_TellsUrgencyAndSinceWhen(t *testing.T) {
	r := newReader(t)
	for _, c := range []struct {
		text, since string
		urgent      bool
	}{
		{"楼道灯坏了三天了", "三天了", false},
		{"昨晚开始没水，麻烦尽快修", "昨晚", true},
		{"暖气都一个星期没热了", "都一个星期没", false},
		{"路灯不亮快半个月了，老人摔了一跤", "快半个月了", true},
		{"垃圾桶满了没人收", "", false},
		{"好的，马上", "", false},
	} {
		if got := r.Read(c.text, nil); got.Since != c.since || got.Urgent != c.urgent {
			t.Errorf("%s: since %q, urgent %v", c.text, got.Since, got.Urgent)
		}
	}
}

func FuzzRead(f *testing.F) {
	r, g := newReader(f), NewGazetteer(somePlaces())
	for _, s := range []string{"福馨苑3号楼2单元楼道灯坏了", "", "3-2-501", "#", "十百", "a座", "昌瑞", "\xff\xfe", "ﷺ", "负一层", "地下一层", "1-", "3号楼-", "东单元"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := r.Read(text, g)
		if n := len(got.Guesses); n < 1 || n > 3 {
			t.Fatalf("%d guesses", n)
		}
		sum := 0.0
		for _, c := range got.Guesses {
			sum += c.Confidence
			if c.Confidence < 0 || c.Confidence > 1 {
				t.Fatalf("confidence %v", c.Confidence)
			}
		}
		if sum > 1.000001 {
			t.Fatalf("confidences sum up to %v", sum)
		}
		if got.Emergency != (got.Danger != "") {
			t.Fatalf("emergency %v, danger %q", got.Emergency, got.Danger)
		}
		if parts := r.Parts(text, g); len(parts) == 1 || len(parts) > maxParts {
			t.Fatalf("%d parts", len(parts))
		}
		r.Explain(text)
		for _, s := range append([]string{got.Since, got.Building, got.Unit, got.Floor, got.Room}, got.Words...) {
			if !utf8.ValidString(s) {
				t.Fatalf("broken text %q", s)
			}
		}
		g.Search(text)
	})
}

func BenchmarkRead(b *testing.B) {
	r, g := newReader(b), NewGazetteer(somePlaces())
	rows := readLabelled(b, "utterances-dev.tsv")
	for name, gaz := range map[string]*Gazetteer{"sentence": g, "without_compounds": nil} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.Read(rows[i%len(rows)].Text, gaz)
			}
		})
	}
	b.Run("named", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Read("福馨苑3号楼2单元楼道灯坏了", g)
		}
	})
	for name, text := range map[string]string{"5000_plain": strings.Repeat("楼道灯坏了没人修，", 556), "5000_worst": strings.Repeat("担心着火电梯困人3号楼福馨", 417)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Read(text, g)
			}
		})
	}
}

func BenchmarkSearch(b *testing.B) {
	g := NewGazetteer(somePlaces())
	b.ReportAllocs()
	for b.Loop() {
		g.Search("福欣苑")
	}
}

// The compounds of a county, a prefecture, a province and a country: how long
// they take to learn, what they hold of memory, and a sentence among them.
func BenchmarkGazetteer(b *testing.B) {
	r := newReader(b)
	dice := rand.New(rand.NewPCG(7, 7))
	syllables := []rune("福馨苑昌瑞绿洲永安鑫泰和园丽景城东西南北河汾阳光锦绣花锦江金水湾翠竹龙凤御府学海雅居文峰")
	for _, n := range []int{210, 1_900, 18_400, 120_000} {
		places := make([]Place, n)
		for i := range places {
			name := make([]rune, 3+dice.IntN(3))
			for j := range name {
				name[j] = syllables[dice.IntN(len(syllables))]
			}
			places[i] = Place{ID: int64(i + 1), Name: string(name) + "小区", Aliases: []string{string(name)}}
		}
		b.Run(fmt.Sprintf("%d_learn", n), func(b *testing.B) {
			b.ReportAllocs()
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var g *Gazetteer
			for b.Loop() {
				g = NewGazetteer(places)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/1e6, "MB")
			runtime.KeepAlive(g)
		})
		g := NewGazetteer(places)
		b.Run(fmt.Sprintf("%d_read", n), func(b *testing.B) {
			for b.Loop() {
				r.Read(places[n/2].Name+"3号楼2单元楼道灯坏了", g)
			}
		})
	}
}
