package notify_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/activity"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat"
	"fenlin/internal/wish"
)

func TestWish_WhoIsConcernedIsToldOnce(t *testing.T) {
	c := newCity(t)
	must(t, c.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE people SET member = ? WHERE id = ?", true, c.Who["wang"]).Error
	}))
	c.came(t, "li")
	made, err := c.Wishes.Make(t.Context(), c.Actor("li"), wish.Draft{Kind: "company", Text: "想有人陪老人说说话，电话13812345678"})
	must(t, err)
	act := func(who string, a wish.Action, note string) {
		t.Helper()
		_, err := c.Wishes.Act(t.Context(), c.Actor(who), made.ID, wish.Input{Action: a, Note: note})
		must(t, err)
		c.drain(t)
	}
	if len(c.told("branch")) != 0 {
		t.Error("told before the check")
	}
	c.drain(t)
	c.once(t, "branch", "新心愿待核实", "XY")
	act("branch", wish.Publish, "")
	c.once(t, "li", "您的心愿已发布")
	act("wang", wish.Claim, "")
	c.once(t, "li", "有人认领了")
	c.Forward(5*24*time.Hour + time.Minute)
	c.drain(t)
	c.once(t, "wang", "快到期")
	act("wang", wish.Fulfil, "陪了一下午，我的电话13900001111")
	c.once(t, "li", "办到了，请确认", "12月5日 09:01前回复「我的心愿」")
	act("li", wish.Deny, "没有来")
	c.once(t, "wang", "还没有实现")
	act("wang", wish.Fulfil, "去了")
	starts := c.Clock().Add(time.Hour)
	ends := starts.Add(time.Hour)
	unit, title, kind, place := c.Units["福馨苑小区"], "陪伴日", "care", "3号楼前"
	event, err := c.Activities.Make(t.Context(), c.Actor("branch"), "", activity.Draft{
		Org: &unit, Title: &title, Kind: &kind, Place: &place, Starts: &starts, Ends: &ends, Slots: &[]activity.SlotDraft{{Name: "陪伴", Capacity: 1}},
		Source: activity.Source{Kind: wish.Source, Ref: fmt.Sprint(made.ID)},
	}, activity.Repeat{})
	must(t, err)
	for _, a := range []activity.Action{activity.Publish, activity.Start, activity.Finish} {
		must(t, c.Activities.Act(t.Context(), c.Actor("branch"), event[0].ID, activity.Deed{Action: a}))
	}
	c.drain(t)
	c.once(t, "wang", "来自心愿的活动已结束")
	c.once(t, "branch", "来自心愿的活动已结束")
	c.Forward(7*24*time.Hour + time.Minute)
	c.drain(t)
	c.once(t, "wang", "心愿实现了，谢谢您")
	if all := strings.Join(append(c.told("wang"), append(c.told("li"), c.told("branch")...)...), "\n"); strings.Contains(all, "13812345678") || strings.Contains(all, "13900001111") {
		t.Errorf("a number went out: %s", all)
	}
}

func TestWish_WordsThatWeChatRefusesAreShownToNobody(t *testing.T) {
	c := newCity(t)
	for text, want := range map[string]ticket.Judged{"想有人陪，测试违规内容": ticket.Risky, "想有人陪，测试存疑内容": ticket.Doubtful} {
		c.came(t, "li")
		made, err := c.Wishes.Make(t.Context(), c.Actor("li"), wish.Draft{Kind: "company", Text: text})
		must(t, err)
		c.drain(t)
		if one, err := c.Wishes.Of(t.Context(), made.ID); err != nil || one.Content != want || one.State != wish.Submitted {
			t.Errorf("%s: %+v %v", text, one, err)
		}
	}
	c.came(t, "wang")
	c.sim.Fail(contentCheck, wechat.CodeBusy, 5000)
	made, err := c.Wishes.Make(t.Context(), c.Actor("wang"), wish.Draft{Kind: "company", Text: "想有人陪老人说说话"})
	must(t, err)
	c.drain(t)
	if one, err := c.Wishes.Of(t.Context(), made.ID); err != nil || one.Content != ticket.Unjudged {
		t.Errorf("judged %q while WeChat is away: %v", one.Content, err)
	}
	for range 20 {
		c.Forward(10 * time.Minute)
		c.drain(t)
	}
	if one, err := c.Wishes.Of(t.Context(), made.ID); err != nil || one.Content != ticket.Passed || one.ContentWhy != "words_only" {
		t.Errorf("%+v %v", one, err)
	}
}
