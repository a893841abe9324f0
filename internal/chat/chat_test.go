package chat_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"fenlin/internal/chat"
	"fenlin/internal/member"
	"fenlin/internal/ticket"
)

func TestAnswer_LongTextChangesNothing(t *testing.T) {
	c := newCity(t)
	check(t, c.text(t, "li", strings.Repeat("楼道灯坏了", 1000)), "1000 字以内 | 写短一点")
	if n := c.count(t); n != 0 {
		t.Fatalf("%d tickets", n)
	}
}

func TestAnswer_FixedWordsTouchNothing(t *testing.T) {
	c := &chat.Service{} // without database or store, a look at either would be a crash
	for _, text := range []string{"帮助", " 帮助 ", "报事", "隐私", "注销", ""} {
		r, err := c.Answer(t.Context(), chat.Message{Kind: chat.KindText, Text: text})
		if err != nil || r.Text == "" {
			t.Errorf("%q: %q, %v", text, r.Text, err)
		}
	}
}

func TestAnswer_PhotosReachTheirTickets(t *testing.T) {
	c := newCity(t)
	c.say(t, "li", chat.Message{Key: "p1", Kind: chat.KindImage, MediaID: "m1"})
	c.say(t, "li", chat.Message{Key: "p2", Kind: chat.KindImage, MediaID: "m2"})
	c.text(t, "li", "3号楼2单元楼道灯坏了")
	c.say(t, "li", chat.Message{Key: "p3", Kind: chat.KindImage, MediaID: "m3"})
	c.say(t, "li", chat.Message{Key: "p3", Kind: chat.KindImage, MediaID: "m3"})
	tk, err := c.Tickets.Mine(t.Context(), c.town.Who["li"], "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	promised := c.promised(t)
	for _, m := range promised {
		if m.TicketID != tk.ID || m.Person != c.town.Who["li"] {
			t.Fatalf("%+v", m)
		}
		got[m.MediaID] = true
	}
	if len(promised) != 3 || !got["m1"] || !got["m2"] || !got["m3"] {
		t.Fatalf("%+v", promised)
	}
}

func TestAnswer_TenPhotosAreTooMany(t *testing.T) {
	c := newCity(t)
	for range 9 {
		check(t, c.say(t, "li", chat.Message{Kind: chat.KindImage, MediaID: "m"}), "再写一句话")
	}
	check(t, c.say(t, "li", chat.Message{Kind: chat.KindImage, MediaID: "m"}), "最多 9 张")
	check(t, c.text(t, "li", "3号楼2单元楼道灯坏了"), "9 张照片")
}

func TestAnswer_LocationIsKeptWithItsDatum(t *testing.T) {
	c := newCity(t)
	c.text(t, "new", "楼道灯坏了")
	c.say(t, "new", chat.Message{Kind: chat.KindLocation, Lat: 37.27, Lng: 111.78})
	c.text(t, "new", "1")
	c.text(t, "li", "3号楼2单元楼道灯坏了")
	c.say(t, "li", chat.Message{Kind: chat.KindLocation, Lat: 37.5, Lng: 111.5})
	for who, lat := range map[string]float64{"new": 37.27, "li": 37.5} {
		p, err := c.Members.ByOpenID(t.Context(), member.Account, "o-"+who, "")
		if err != nil {
			t.Fatal(err)
		}
		tk, err := c.Tickets.Mine(t.Context(), p.ID, "")
		if err != nil || tk.Lat == nil || *tk.Lat != lat || tk.Datum != "gcj02" {
			t.Fatalf("%s: %+v %v", who, tk, err)
		}
	}
}

func TestAnswer_OnlyAnAnswerBindsAHome(t *testing.T) {
	c := newCity(t)
	homes := func(li, fresh string) {
		t.Helper()
		if c.home(t, "li") != c.town.Units[li] || c.home(t, "new") != c.town.Units[fresh] {
			t.Fatalf("li lives in %d, new in %d", c.home(t, "li"), c.home(t, "new"))
		}
	}
	c.text(t, "li", "昌瑞绿洲5号楼电梯坏了")
	c.text(t, "new", "昌瑞绿洲5号楼电梯坏了")
	homes("福馨苑小区", "nowhere")
	c.text(t, "new", "楼道灯坏了")
	c.text(t, "new", "锦绣花园")
	homes("福馨苑小区", "锦绣花园")
	c.say(t, "li", chat.Message{Kind: chat.KindScan, EventKey: "compound:" + itoa(int(c.town.Units["安泰苑小区"]))})
	homes("安泰苑小区", "锦绣花园")
}

func TestAnswer_UnfollowingForgetsThePerson(t *testing.T) {
	c := newCity(t)
	c.text(t, "li", "楼上有问题")
	if said := c.say(t, "li", chat.Message{Kind: chat.KindUnsubscribe}); said != "" {
		t.Fatal(said)
	}
	p, err := c.Members.Person(t.Context(), c.town.Who["li"])
	if err != nil || p.Name != "" || p.CompoundID != 0 || p.ClosedAt == 0 {
		t.Fatalf("%+v %v", p, err)
	}
	check(t, c.text(t, "li", "1"), "没有对应的问题")
	check(t, c.text(t, "li", "小区"), "还没有绑定")
}

func TestAnswer_ConfirmationCounts(t *testing.T) {
	for said, want := range map[string]struct {
		state        ticket.State
		satisfaction ticket.Satisfaction
	}{
		"1": {ticket.Closed, ticket.Satisfied}, "2": {ticket.Closed, ticket.Basic}, "3": {ticket.Closed, ticket.Dissatisfied}, "4": {ticket.Reopened, ""},
		"满意": {ticket.Closed, ticket.Satisfied}, "解决了": {ticket.Closed, ""}, "还没修好": {ticket.Reopened, ""}, "满意，但是没解决": {ticket.Finished, ""},
	} {
		c := newCity(t)
		c.text(t, "li", "3号楼2单元楼道灯坏了")
		c.stage(t, "finish 0001")
		c.text(t, "li", said)
		tk, err := c.Tickets.Mine(t.Context(), c.town.Who["li"], "0001")
		if err != nil || tk.State != want.state || tk.Satisfaction != want.satisfaction {
			t.Errorf("%q: %s %q, %v", said, tk.State, tk.Satisfaction, err)
		}
	}
}

func TestAnswer_TheStoreIsAway(t *testing.T) {
	c := newCity(t)
	c.KV = away{}
	check(t, c.text(t, "li", "3号楼2单元楼道灯坏了"), "FY261123-0001")
	check(t, c.text(t, "new", "楼道灯坏了"), "哪个小区")
	check(t, c.text(t, "new", "福馨苑楼道灯坏了"), "FY261123-0002")
	c.stage(t, "finish 0001")
	check(t, c.text(t, "li", "1"), "已按「满意」结案")
	check(t, c.say(t, "li", chat.Message{Kind: chat.KindImage, MediaID: "m"}), "照片")
}

func TestAnswer_ALimitIsToldPolitely(t *testing.T) {
	c := newCity(t)
	for i := range ticket.DailyReports {
		check(t, c.text(t, "li", itoa(i+1)+"号楼楼道灯坏了"), "已登记")
	}
	last := chat.Message{Key: "last", Kind: chat.KindText, Text: "门禁坏了进不去"}
	check(t, c.say(t, "li", last), "报事较多")
	check(t, c.text(t, "li", "电梯里困住人了，快来人！"), "96333 | 已登记")
}

func TestAnswer_TheLastReportOfTheDayComesAgain(t *testing.T) {
	c := newCity(t)
	var m chat.Message
	var said string
	for i := range ticket.DailyReports {
		m = chat.Message{Key: "k" + itoa(i), Kind: chat.KindText, Text: itoa(i+1) + "号楼楼道灯坏了"}
		said = c.say(t, "li", m)
	}
	c.stage(t, "lose li")
	if again := c.say(t, "li", m); again != said {
		t.Fatalf("%s\nnot\n%s", again, said)
	}
}

func TestAnswer_AnAdditionComesAgainAfterALoss(t *testing.T) {
	c := newCity(t)
	c.text(t, "li", "3号楼2单元楼道灯坏了")
	c.text(t, "li", "补充")
	m := chat.Message{Key: "more", Kind: chat.KindText, Text: "4号楼的楼道灯也坏了"}
	said := c.say(t, "li", m)
	check(t, said, "已补充")
	c.stage(t, "lose li")
	if again := c.say(t, "li", m); again != said {
		t.Fatalf("%s\nnot\n%s", again, said)
	}
}

func TestAnswer_IsCutToFit(t *testing.T) {
	c := newCity(t)
	c.Link = func(string) string { return strings.Repeat("灯", 1000) }
	check(t, c.text(t, "li", "3号楼2单元楼道灯坏了"), "FY261123-0001 | 灯…")
}

func TestAnswer_ALinkLeadsToTheTicket(t *testing.T) {
	c := newCity(t)
	c.Link = func(number string) string { return "https://fenlin.example/app/#/t/" + number }
	check(t, c.text(t, "li", "3号楼2单元楼道灯坏了"), "https://fenlin.example/app/#/t/FY261123-0001")
}

// Any words in any order get an answer that fits into a message, and what they
// do, they do once.
func TestAnswer_AnyTalk(t *testing.T) {
	c := newCity(t)
	pieces := []string{
		"查", "催", "补充", "改", "撤销", "评价", "小区", "退出", "帮助", "1", "2", "3", "4", "９", "0001", "FY261123-0001", "福馨苑", "3号楼2单元", "楼道灯坏了", "电梯困人了",
		"你好", "没解决", "满意", "不满意", " ", "　", "，", "?", "楼上有问题", "锦绣", "供水", "\n", "\x00", "\xff", "😀", "①", "二", "一",
	}
	rapid.Check(t, func(rt *rapid.T) {
		who := rapid.SampledFrom([]string{"li", "new", "branch"}).Draw(rt, "who")
		for range rapid.IntRange(1, 4).Draw(rt, "messages") {
			m := chat.Message{Kind: chat.KindText}
			switch rapid.IntRange(0, 9).Draw(rt, "kind") {
			case 0:
				m.Text = rapid.String().Draw(rt, "text")
			case 1:
				m.Text = strings.Repeat(rapid.SampledFrom(pieces).Draw(rt, "piece"), rapid.IntRange(1, 500).Draw(rt, "times"))
			case 2:
				m.Kind, m.Lat, m.Lng, m.Label = chat.KindLocation, rapid.Float64().Draw(rt, "lat"), rapid.Float64().Draw(rt, "lng"), rapid.String().Draw(rt, "label")
			case 3:
				m.Kind, m.MediaID = chat.KindImage, "m"
			case 4:
				c.town.Forward(time.Duration(rapid.IntRange(0, 40).Draw(rt, "minutes")) * time.Minute)
			default:
				m.Text = strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 4).Draw(rt, "pieces"), "")
			}
			c.sent++
			m.OpenID, m.Key = "o-"+who, "any:"+itoa(c.sent)
			r, err := c.Answer(t.Context(), m)
			if err != nil || r.Text == "" || len(r.Text) >= chat.MaxReply || !utf8.ValidString(r.Text) {
				rt.Fatalf("%+v: %q, %v", m, r.Text, err)
			}
			again, err := c.Answer(t.Context(), m)
			if err != nil || again.Text != r.Text {
				rt.Fatalf("%+v again: %q, %v, not %q", m, again.Text, err, r.Text)
			}
		}
	})
	c.count(t)
}
