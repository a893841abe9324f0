package notify_test

import (
	"testing"
	"time"

	"fenlin/internal/activity"
)

func TestActivity_WhoIsConcernedIsToldOnce(t *testing.T) {
	c := newCity(t)
	unit, title, kind, place := c.Units["福馨苑小区"], "楼院清扫", "environment", "3号楼前"
	starts := c.Clock().Add(48 * time.Hour)
	ends, accept := starts.Add(time.Hour), 60
	by := c.Actor("branch")
	made, err := c.Activities.Make(t.Context(), by, "", activity.Draft{
		Org: &unit, Title: &title, Kind: &kind, Place: &place, Starts: &starts, Ends: &ends, AcceptMinutes: &accept, Slots: &[]activity.SlotDraft{{Name: "清扫", Capacity: 1}},
	}, activity.Repeat{})
	must(t, err)
	id := made[0].ID
	must(t, c.Activities.Act(t.Context(), by, id, activity.Deed{Action: activity.Publish}))
	for _, who := range []string{"li", "wang", "stranger"} {
		p, err := c.Members.Person(t.Context(), c.Who[who])
		must(t, err)
		_, _, err = c.Activities.SignUp(t.Context(), p, activity.Wish{Activity: id})
		must(t, err)
	}
	must(t, c.Activities.Withdraw(t.Context(), c.Who["li"], id))
	c.drain(t)
	c.once(t, "wang", "候补到了", "11月23日 10:00 前")
	c.Forward(61 * time.Minute)
	c.drain(t)
	c.once(t, "wang", "已过确认时间")
	c.once(t, "stranger", "候补到了", "11月23日 11:01 前")
	if _, err := c.Activities.Accept(t.Context(), c.Who["stranger"], id); err != nil {
		t.Fatal(err)
	}
	c.Forward(23 * time.Hour)
	c.drain(t)
	c.once(t, "stranger", "活动快开始了")
	elsewhere := "5号楼前"
	must(t, c.Activities.Change(t.Context(), by, id, 0, activity.Draft{Place: &elsewhere}))
	must(t, c.Activities.Act(t.Context(), by, id, activity.Deed{Action: activity.Cancel, Note: "下雨"}))
	c.drain(t)
	c.drain(t)
	c.once(t, "stranger", "时间或地点有变", "5号楼前")
	c.once(t, "stranger", "活动取消", "下雨")
	if n := len(c.told("li")); n != 0 {
		t.Errorf("who withdrew: %q", c.told("li"))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
