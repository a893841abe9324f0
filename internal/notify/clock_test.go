package notify_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
)

// ring has the clocks of the city speak up and tells what follows.
func (c *city) ring(t *testing.T) {
	t.Helper()
	if _, err := c.Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.drain(t)
}

func TestClock_WhoIsToldWhenTimeRunsOut(t *testing.T) {
	c := newCity(t)
	tk := c.Told(t, "li", lamp)
	c.drain(t)
	c.Forward(time.UnixMilli(tk.RespondWarn).Sub(c.Clock()))
	c.ring(t)
	c.once(t, "branch", "请尽快联系报事人", tk.Number)
	c.Forward(time.UnixMilli(tk.RespondBy).Sub(c.Clock()))
	c.ring(t)
	c.once(t, "community", "超过联系时限，转由您办理", tk.Number)
	c.once(t, "branch", "超过联系时限，已转上级", tk.Number)
	c.Do(t, "community", tk.Number, ticket.Input{Action: ticket.Accept})
	c.Do(t, "community", tk.Number, ticket.Input{Action: ticket.Contact})
	c.Do(t, "community", tk.Number, ticket.Input{Action: ticket.Add, Wait: true, Note: "是哪一层的灯"})
	c.drain(t)
	c.once(t, "li", "请您答复", "是哪一层的灯", "请直接回复")
	c.Do(t, "li", tk.Number, ticket.Input{Action: ticket.Add, Note: "五层"})
	c.Do(t, "community", tk.Number, ticket.Input{Action: ticket.Extend, Note: "等配件", Until: c.Clock().Add(30 * 24 * time.Hour)})
	yes := true
	c.Do(t, "subdistrict", tk.Number, ticket.Input{Action: ticket.Decide, Approve: &yes, Note: "同意"})
	c.drain(t)
	c.once(t, "li", "您的报事延期办理", "12月")
	c.Forward(30 * 24 * time.Hour)
	c.ring(t) // the warning was missed while nobody looked; both are told
	c.ring(t)
	c.once(t, "community", "办结时限将到")
	c.once(t, "community", "超过办结时限", "请立即办结")
	c.once(t, "subdistrict", "超过办结时限，请督办")
	c.Do(t, "community", tk.Number, ticket.Input{Action: ticket.Finish, Note: "换好了"})
	c.Forward(60 * time.Hour)
	c.ring(t)
	c.once(t, "li", "请告诉我们解决了没有", "4没解决")
}

func TestDigest_RemindersOfADayComeTogetherForWhomWishesIt(t *testing.T) {
	c := newCity(t)
	if err := c.Members.Digest(t.Context(), c.Who["branch"], 18); err != nil {
		t.Fatal(err)
	}
	first, second, done := c.Told(t, "li", lamp), c.Told(t, "wang", "4号楼1单元门禁刷不开"), c.Told(t, "li", "1号楼垃圾桶满了没人收")
	c.drain(t)
	if got := len(c.told("branch")); got != 3 {
		t.Fatalf("new tickets are told at once: %d", got)
	}
	c.Forward(time.UnixMilli(max(first.RespondWarn, second.RespondWarn, done.RespondWarn)).Sub(c.Clock()))
	c.ring(t)
	if got := len(c.told("branch")); got != 3 {
		t.Fatalf("a reminder came by itself: %q", c.told("branch"))
	}
	c.Do(t, "branch", done.Number, ticket.Input{Action: ticket.Accept})
	c.Do(t, "branch", done.Number, ticket.Input{Action: ticket.Contact})
	c.Do(t, "branch", done.Number, ticket.Input{Action: ticket.Finish, Note: "收走了"})
	for range 60 { // the hour passes once, whoever looks how often
		c.Forward(15 * time.Minute)
		c.drain(t)
	}
	c.once(t, "branch", "2件待办", "0件超时")
	var body string
	if err := c.DB.Read(t.Context()).Raw("SELECT body FROM notices WHERE kind = 'digest'").Scan(&body).Error; err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(body, first.Number) || !strings.Contains(body, second.Number) || strings.Contains(body, done.Number) {
		t.Errorf("digest: %s", body)
	}
	c.Told(t, "li", "福馨苑3号楼2单元电梯里困住人了，快来人")
	c.Forward(16 * time.Minute)
	c.ring(t)
	c.once(t, "branch", "请尽快联系报事人") // danger waits for no hour
	if err := c.Members.Digest(t.Context(), c.Who["branch"], 3); err == nil {
		t.Error("nobody is woken at three")
	}
}

// TestClock_ReplicasKilledAtRandomRemindEachOnce runs two replicas over one
// database; each is stopped in the middle of its work again and again.
func TestClock_ReplicasKilledAtRandomRemindEachOnce(t *testing.T) {
	c := newCity(t)
	const tickets = 12
	numbers := make([]string, tickets)
	for i := range numbers {
		numbers[i] = c.Told(t, "li", fmt.Sprintf("%d号楼%d单元楼道灯坏了", i%9+1, i/9+1)).Number
	}
	c.drain(t)
	c.Forward(60 * 24 * time.Hour) // everything is late, on every level
	var replicas sync.WaitGroup
	for range 2 {
		box := outbox.Open(c.DB, c.Clock)
		box.Handlers = c.Outbox.Handlers
		replicas.Go(func() {
			for !c.silent(t) {
				life, kill := context.WithTimeout(t.Context(), rand.N(200*time.Millisecond))
				_, _ = c.Ring(life)
				_, _ = box.Work(life)
				kill()
			}
		})
		replicas.Go(func() { // steps of the ladder come one after another
			for !c.silent(t) {
				time.Sleep(20 * time.Millisecond)
				c.Forward(6 * time.Hour)
			}
		})
	}
	replicas.Wait()
	for range 40 { // what a killed replica held is free again after a while
		c.Forward(time.Minute)
		c.drain(t)
	}
	for _, n := range numbers {
		f, err := c.Get(t.Context(), c.Actor("city"), n)
		if err != nil {
			t.Fatal(err)
		}
		said, told := map[string]int{}, map[string]int{}
		for _, e := range f.Events {
			switch d := e.Detail(); {
			case d.Clock == "":
			case e.Action == ticket.Escalate:
				said["escalate "+string(d.Clock)+" "+d.ToTitle]++
				told[d.ToTitle]++
			default:
				said[string(e.Action)+" "+string(d.Clock)]++
			}
		}
		for what, times := range said {
			if times != 1 {
				t.Errorf("%s: %s %d times", n, what, times)
			}
		}
		if said["urge response"] != 1 || said["urge finish"] != 1 || told["南薰社区党委书记"] != 1 || told["文峰街道党工委书记"] != 1 || told["市委社会工作部"] != 1 {
			t.Errorf("%s: somebody was not told: %v", n, said)
		}
		c.once(t, "branch", n, "请尽快联系报事人")
		c.once(t, "community", n, "超过联系时限，转由您办理")
	}
	var twice []string
	err := c.DB.Read(t.Context()).Raw("SELECT notice_key FROM notices GROUP BY notice_key HAVING COUNT(*) > 1").Scan(&twice).Error
	if err != nil || len(twice) > 0 {
		t.Errorf("told twice: %v %v", twice, err)
	}
	if a, err := c.Verify(t.Context()); err != nil || len(a.Faults) > 0 {
		t.Errorf("%v %v", a.Faults, err)
	}
}

// silent says that no clock has anything to say any more.
func (c *city) silent(t *testing.T) bool {
	t.Helper()
	var ringing int
	if err := c.DB.Read(t.Context()).Raw("SELECT COUNT(*) FROM tickets WHERE alarm_at > 0").Scan(&ringing).Error; err != nil {
		t.Error(err)
		return true
	}
	return ringing == 0
}
