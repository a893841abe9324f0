package notify_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

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
		_, _, err = c.Activities.SignUp(t.Context(), p, activity.Choice{Activity: id})
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

func TestHours_WhoseWereChangedIsToldWhyAndHowToObject(t *testing.T) {
	c := newCity(t)
	a := activity.Activity{
		ID: c.DB.NewID(), OrgID: c.Units["福馨苑小区"], PostID: c.Posts["branch"], ByTitle: "福馨苑小区党支部书记", State: activity.Done, Title: strings.Repeat("长", 60), Place: "3号楼前",
		StartsAt: c.Clock().Add(-3 * time.Hour).UnixMilli(), EndsAt: c.Clock().Add(-time.Hour).UnixMilli(),
	}
	g := activity.SignUp{ID: c.DB.NewID(), ActivityID: a.ID, PersonID: c.Who["li"], State: activity.Seated}
	p := activity.Pair{ID: c.DB.NewID(), ActivityID: a.ID, PersonID: c.Who["li"], State: activity.PairOK, InAt: a.StartsAt, OutAt: a.EndsAt, Version: 1}
	must(t, c.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		for _, err := range []error{activity.Load(tx, []activity.Activity{a}, nil), tx.Create(&g).Error, tx.Create(&p).Error} {
			if err != nil {
				return err
			}
		}
		return nil
	}))
	reason := strings.Repeat("核", 80)
	_, err := c.Activities.Correct(t.Context(), c.Actor("branch"), a.ID, activity.Fix{What: activity.HourSet, Pair: p.ID, In: time.UnixMilli(a.StartsAt), Out: time.UnixMilli(a.EndsAt - 60_000), Reason: reason})
	must(t, err)
	c.drain(t)
	c.once(t, "li", "志愿时长有变", "不对请找组织人，看时长回复「时长」")
	var body string // a template shows its beginning, the other channels all of it
	must(t, c.DB.Read(t.Context()).Raw("SELECT body FROM notices WHERE kind = ?", activity.LetterHours).Scan(&body).Error)
	for _, part := range []string{"改为 11月23日 06:00–07:59，原来是 11月23日 06:00–08:00", "原因：" + reason, "不同意请联系福馨苑小区党支部书记，或写一句话报事反映"} {
		if !strings.Contains(body, part) {
			t.Errorf("%q is not in %q", part, body)
		}
	}
}

func TestActivity_WhoWasThereIsAskedAndTheOrganiserIsRemindedOfTheSummary(t *testing.T) {
	c := newCity(t)
	unit, title, kind, place := c.Units["福馨苑小区"], "楼院清扫", "environment", "3号楼前"
	starts := c.Clock().Add(time.Hour)
	ends, by := starts.Add(time.Hour), c.Actor("branch")
	made, err := c.Activities.Make(t.Context(), by, "", activity.Draft{
		Org: &unit, Title: &title, Kind: &kind, Place: &place, Starts: &starts, Ends: &ends, Slots: &[]activity.SlotDraft{{Name: "清扫", Capacity: 5}},
	}, activity.Repeat{})
	must(t, err)
	id := made[0].ID
	must(t, c.Activities.Act(t.Context(), by, id, activity.Deed{Action: activity.Publish}))
	for _, who := range []string{"li", "wang"} {
		p, err := c.Members.Person(t.Context(), c.Who[who])
		must(t, err)
		_, _, err = c.Activities.SignUp(t.Context(), p, activity.Choice{Activity: id})
		must(t, err)
	}
	c.Forward(time.Hour)
	_, err = c.Activities.Tick(t.Context(), by, id, []activity.Mark{{Person: c.Who["li"]}})
	must(t, err)
	for range 2 { // it begins, it ends
		_, err := c.Activities.Ring(t.Context())
		must(t, err)
		c.Forward(time.Hour)
	}
	c.drain(t)
	c.once(t, "li", "活动结束了", "楼院清扫", "满意、基本满意或不满意")
	if told := c.told("wang"); len(told) != 0 {
		t.Errorf("who was not there: %q", told)
	}
	c.Forward(72 * time.Hour)
	c.drain(t)
	c.drain(t)
	c.once(t, "branch", "请写活动小结", "楼院清扫")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCertificate_ItsOwnerIsToldThatItWasRevoked(t *testing.T) {
	c := newCity(t)
	ends := c.Clock().UnixMilli()
	one := activity.Activity{ID: c.DB.NewID(), OrgID: c.Units["福馨苑小区"], Title: "楼院清扫", State: activity.Done, Kind: "other", StartsAt: ends - time.Hour.Milliseconds(), EndsAt: ends}
	must(t, c.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		if err := activity.Load(tx, []activity.Activity{one}, nil); err != nil {
			return err
		}
		return tx.Create(&activity.Pair{ID: c.DB.NewID(), ActivityID: one.ID, PersonID: c.Who["li"], State: activity.PairOK, InAt: one.StartsAt, OutAt: ends}).Error
	}))
	li, err := c.Members.Person(t.Context(), c.Who["li"])
	must(t, err)
	made, err := c.Activities.Certify(t.Context(), li, "", activity.Days{})
	must(t, err)
	must(t, c.Activities.Revoke(t.Context(), c.Actor("branch"), made.Number, "重复登记"))
	c.drain(t)
	c.drain(t)
	c.once(t, "li", "证明已撤销", made.Number, "出具单位撤销：重复登记", "回复「证明」重新开一份")
}
