package chat_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/activity"
	"fenlin/internal/chat"
	"fenlin/internal/geo"
)

// event is a published activity of the compound tomorrow.
func (c *city) event(t *testing.T, title string, capacity, minAge int) int64 {
	t.Helper()
	unit, kind, place := c.town.Units["福馨苑小区"], "environment", "3号楼前"
	starts := c.town.Clock().Add(24 * time.Hour)
	ends, accept := starts.Add(time.Hour), 60
	made, err := c.town.Activities.Make(t.Context(), c.town.Actor("branch"), "", activity.Draft{
		Org: &unit, Title: &title, Kind: &kind, Place: &place, Starts: &starts, Ends: &ends, AcceptMinutes: &accept, MinAge: &minAge,
		Slots: &[]activity.SlotDraft{{Name: "清扫", Capacity: capacity}},
	}, activity.Repeat{})
	if err == nil {
		err = c.town.Activities.Act(t.Context(), c.town.Actor("branch"), made[0].ID, activity.Deed{Action: activity.Publish})
	}
	if err != nil {
		t.Fatal(err)
	}
	return made[0].ID
}

func TestActivities_FromTheListToTheSeat(t *testing.T) {
	c := newCity(t)
	c.event(t, "楼院清扫", 1, 0)
	check(t, c.text(t, "li", "活动"), "1 楼院清扫 | 11月24日（周二）09:00–10:00 | 3号楼前")
	check(t, c.text(t, "li", "1"), "【楼院清扫】 | 1 报名：清扫（还有 1 个名额）")
	check(t, c.text(t, "li", "报名"), "报名成功 | 楼院清扫 | 3号楼前")
	check(t, c.text(t, "li", "报名"), "楼院清扫 | 已报名")
	check(t, c.text(t, "wang", "我要报名"), "楼院清扫")
	check(t, c.text(t, "wang", "1"), "已满，候补 0 人")
	m := chat.Message{Key: "wx:w", Kind: chat.KindText, Text: "1"}
	first := c.say(t, "wang", m)
	check(t, first, "候补名单 | 前面还有 0 人")
	if again := c.say(t, "wang", m); again != first {
		t.Errorf("the same message again: %s", again)
	}
	c.text(t, "li", "活动")
	check(t, c.text(t, "li", "1"), "您：已报名 | 1 退出报名")
	check(t, c.text(t, "li", "好的"), "")
	check(t, c.text(t, "li", "1"), "已退出「楼院清扫」")
	c.text(t, "wang", "活动")
	check(t, c.text(t, "wang", "1"), "候补到了，请在 11月23日 10:00 前确认 | 1 确认参加 | 2 不参加了")
	check(t, c.text(t, "wang", "1"), "报名成功")
	if n := c.count(t); n != 0 {
		t.Errorf("%d tickets", n)
	}
}

func TestActivities_OfSeveralPostsOneIsChosen(t *testing.T) {
	c := newCity(t)
	id := c.event(t, "楼院清扫", 3, 0)
	full, err := c.town.Activities.Show(t.Context(), c.town.Actor("branch"), id)
	if err == nil {
		err = c.town.Activities.Change(t.Context(), c.town.Actor("branch"), id, 0, activity.Draft{Slots: &[]activity.SlotDraft{{ID: full.Slots[0].ID, Name: "清扫", Capacity: 3}, {Name: "物资", Capacity: 2}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	c.text(t, "li", "活动")
	c.text(t, "li", "1")
	check(t, c.text(t, "li", "报名"), "请先选一个岗位 | 1 报名：清扫 | 2 报名：物资")
	check(t, c.text(t, "li", "2"), "报名成功")
	c.text(t, "li", "活动")
	c.text(t, "li", "1")
	if said := c.text(t, "li", "报名"); strings.Contains(said, "请先选") {
		t.Errorf("who has a seat is asked for a post: %s", said)
	}
}

func TestActivities_AgeIsAskedAndARefusalIsTold(t *testing.T) {
	c := newCity(t)
	id := c.event(t, "登高擦灯", 3, 18)
	c.text(t, "li", "活动")
	check(t, c.text(t, "li", "1"), "要年满 18 周岁")
	check(t, c.text(t, "li", "1"), "确认您已年满 | 1 我已年满")
	check(t, c.text(t, "li", "1"), "报名成功")
	c.text(t, "wang", "活动")
	c.text(t, "wang", "1")
	if err := c.town.Activities.Act(t.Context(), c.town.Actor("branch"), id, activity.Deed{Action: activity.Cancel, Note: "下雨"}); err != nil {
		t.Fatal(err)
	}
	c.text(t, "wang", "1")
	check(t, c.text(t, "wang", "1"), "报名已截止")
	check(t, c.text(t, "wang", "活动"), "还没有可以报名的志愿活动")
}

func TestActivities_ManyAreClipped(t *testing.T) {
	c := newCity(t)
	for i := range 9 {
		c.event(t, fmt.Sprintf("活动%d：名字很长很长的一个志愿活动", i), 1, 0)
	}
	check(t, c.text(t, "li", "志愿活动"), "1 活动0 | 5 活动4")
}

func TestCheckIn_ByScanByDigitsAndByPlace(t *testing.T) {
	c := newCity(t)
	id := c.event(t, "楼院清扫", 5, 0)
	for _, who := range []string{"li", "wang"} {
		for _, said := range []string{"活动", "1", "1"} {
			c.text(t, who, said)
		}
	}
	fence, lat, lng := 100, 37.26, 111.78
	if err := c.town.Activities.Change(t.Context(), c.town.Actor("branch"), id, 0, activity.Draft{Fence: &fence, At: &geo.Point{Lat: lat, Lng: lng}}); err != nil {
		t.Fatal(err)
	}
	c.town.Forward(24 * time.Hour)
	codes := func() (now, printed activity.Code) {
		now, printed, err := c.town.Activities.Codes(t.Context(), c.town.Actor("branch"), id)
		if err != nil {
			t.Fatal(err)
		}
		return now, printed
	}
	scan := func(who, code string) string {
		return c.say(t, who, chat.Message{Kind: chat.KindScan, Scene: chat.CheckInScene + code})
	}
	now, printed := codes()
	check(t, scan("li", now.Text), "签到成功：「楼院清扫」")
	check(t, scan("li", now.Text), "签到成功")
	check(t, scan("stranger", now.Text), "没有报上这个活动的名")
	check(t, c.text(t, "wang", "签到"), "6 位数字")
	check(t, c.text(t, "wang", "123"), "")
	check(t, c.text(t, "wang", "签到 "+now.Digits), "签到成功")
	c.town.Forward(10 * time.Minute)
	check(t, scan("li", now.Text), "签到成功") // what this code did
	check(t, scan("wang", now.Text), "签到成功")
	next, _ := codes()
	check(t, scan("li", next.Text), "签退成功：「楼院清扫」，11月24日 09:00 到 11月24日 09:10")
	check(t, scan("wang", printed.Text), "发送您现在的位置")
	check(t, c.say(t, "wang", chat.Message{Kind: chat.KindLocation, Lat: lat + 1, Lng: lng}), "不在活动现场")
	scan("wang", printed.Text)
	check(t, c.say(t, "wang", chat.Message{Kind: chat.KindLocation, Lat: lat, Lng: lng}), "签退成功")
	check(t, c.text(t, "wang", "签到"), "签到：")
	after, _ := codes()
	check(t, c.text(t, "wang", after.Digits), "签到成功")
}

func TestHours_ToldToTheirOwnerWithWhatIsMissing(t *testing.T) {
	c := newCity(t)
	check(t, c.text(t, "li", "我的时长"), "还没有您的志愿服务时长 | 回复「活动」")
	ids := []int64{c.event(t, "楼院清扫", 5, 0), c.event(t, "擦窗", 5, 0), c.event(t, "值守", 5, 0)}
	a, err := c.town.Activities.Of(t.Context(), ids[0])
	must(t, err)
	pair := func(id, in, out int64) activity.Pair {
		return activity.Pair{ID: c.town.DB.NewID(), ActivityID: id, PersonID: c.town.Who["li"], State: activity.PairOK, InAt: in, OutAt: out, Version: 1}
	}
	g := activity.SignUp{ID: c.town.DB.NewID(), ActivityID: ids[2], SlotID: 1, PersonID: c.town.Who["li"], State: activity.Seated}
	pairs := []activity.Pair{pair(ids[0], a.StartsAt, a.EndsAt), pair(ids[1], a.EndsAt, 0)}
	must(t, c.town.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Create(&g).Error; err != nil {
			return err
		}
		return tx.Create(&pairs).Error
	}))
	c.town.Forward(26 * time.Hour)
	for range 2 {
		_, err := c.town.Activities.Ring(t.Context())
		must(t, err)
	}
	_, err = c.town.Activities.Enter(t.Context(), c.town.Actor("branch"), ids[2], activity.Manual{Person: c.town.Who["li"], Minutes: 25, Reason: "没带手机"})
	must(t, err)
	said := c.text(t, "li", "志愿时长")
	check(t, said, "共 1 小时，今年 1 小时 | 补录（单独算）：25 分钟 | 有出入请找活动的组织人")
	for _, line := range []string{"楼院清扫：1 小时", "擦窗：0，没有签退", "值守：25 分钟（补录）", "更正：补录时长 25 分钟，单独列出。原因：没带手机"} {
		check(t, said, line)
	}
	check(t, c.text(t, "wang", "时长"), "还没有您的志愿服务时长")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
