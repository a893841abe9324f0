package notify_test

import (
	"strings"
	"testing"
	"time"

	"fenlin/internal/ticket"
	"fenlin/internal/wechat"
	"fenlin/internal/wechat/wechatsim"
)

const contentCheck = "/wxa/msg_sec_check"

func (c *city) judged(t *testing.T, number string) (ticket.Judged, string) {
	t.Helper()
	f, err := c.Get(t.Context(), c.Actor("branch"), number)
	if err != nil {
		t.Fatal(err)
	}
	return f.Content, f.ContentWhy
}

// came has WeChat know that a person was here just now.
func (c *city) came(t *testing.T, who string) {
	t.Helper()
	if _, err := c.sim.Send(t.Context(), "o-"+who, wechatsim.Text("你好")); err != nil {
		t.Log(err) // nobody answers the callback here
	}
}

func TestCheck_WeChatAndOurWordsDecideWhatOthersRead(t *testing.T) {
	c := newCity(t)
	for _, x := range []struct {
		text, why string
		want      ticket.Judged
	}{
		{"3号楼2单元楼道灯坏了，电话13812345678", "personal", ticket.Passed},
		{"3号楼2单元楼道灯坏了，测试违规内容", "wechat_risky", ticket.Risky},
		{"3号楼2单元楼道灯坏了，测试存疑内容", "wechat_review", ticket.Doubtful},
		{"3号楼2单元楼道灯坏了，物业是王八蛋", "abuse", ticket.Doubtful},
	} {
		c.came(t, "li")
		tk := c.Told(t, "li", x.text)
		if c.Shown(tk) != "" {
			t.Errorf("shown unchecked: %s", c.Shown(tk))
		}
		c.drain(t)
		verdict, why := c.judged(t, tk.Number)
		if verdict != x.want || why != x.why {
			t.Errorf("%s: %s %q, want %s %q", x.text, verdict, why, x.want, x.why)
		}
		f, err := c.Get(t.Context(), c.Actor("branch"), tk.Number)
		if err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{true: "3号楼2单元楼道灯坏了，电话***"}[x.want == ticket.Passed]
		if got := c.Shown(f.Ticket); got != want {
			t.Errorf("%s is shown as %q", x.text, got)
		}
	}
	if all := strings.Join(c.told("branch"), "\n"); strings.Contains(all, "王八蛋") {
		t.Errorf("an insult went out by WeChat: %s", all)
	}
}

func TestCheck_WeChatAwayIsWaitedForAndThenOurWordsDecide(t *testing.T) {
	c := newCity(t)
	c.came(t, "li")
	c.sim.Fail(contentCheck, wechat.CodeBusy, 8)
	tk := c.Told(t, "li", lamp+"，测试违规内容")
	c.drain(t)
	if v, _ := c.judged(t, tk.Number); v != ticket.Unjudged {
		t.Fatalf("judged %q while WeChat is away", v)
	}
	c.once(t, "branch", "待签收", tk.Number) // the work waits for nothing
	for range 60 {
		c.Forward(time.Minute)
		c.drain(t)
	}
	if v, _ := c.judged(t, tk.Number); v != ticket.Risky {
		t.Errorf("%q when it is back", v)
	}
	c.came(t, "li")
	c.sim.Fail(contentCheck, wechat.CodeBusy, 5000)
	one, two := c.Told(t, "li", "4号楼灯坏了"), c.Told(t, "li", "5号楼灯坏了，物业都是脑残")
	for range 30 {
		c.drain(t)
		c.Forward(10 * time.Minute)
	}
	if v, why := c.judged(t, one.Number); v != ticket.Passed || why != "words_only" {
		t.Errorf("%q %q", v, why)
	}
	if v, why := c.judged(t, two.Number); v != ticket.Doubtful || why != "abuse,words_only" {
		t.Errorf("%q %q", v, why)
	}
	if _, dead, err := c.Outbox.Depth(t.Context()); err != nil || dead != 0 {
		t.Errorf("%d dead: %v", dead, err)
	}
}

func TestFinish_WhoFollowsReadsNobodysNumber(t *testing.T) {
	c := newCity(t)
	n := c.Told(t, "li", lamp).Number
	c.Do(t, "wang", n, ticket.Input{Action: ticket.Follow})
	c.Do(t, "wang", n, ticket.Input{Action: ticket.Add, Note: "找我13811112222"})
	for _, in := range []ticket.Input{{Action: ticket.Accept}, {Action: ticket.Contact}, {Action: ticket.Finish, Note: "已同业主王建国13812345678说好"}} {
		c.Do(t, "branch", n, in)
	}
	c.drain(t)
	c.once(t, "branch", "居民有补充", "13811112222")
	c.once(t, "li", "新进展", n)
	if all := strings.Join(append(c.told("wang"), c.told("li")[1:]...), "\n"); strings.Contains(strings.Join(c.told("wang"), ""), "13812345678") || strings.Contains(all, "13811112222") || strings.Contains(strings.Join(c.told("wang"), ""), "王建国") {
		t.Errorf("told: %s", all)
	}
}
