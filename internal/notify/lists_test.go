package notify_test

import (
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/lists"
	"fenlin/internal/notify"
	"fenlin/internal/org"
)

func TestLists_TheOtherSideIsToldOnceAndEveryLetterHasItsWords(t *testing.T) {
	c := newCity(t)
	unit := org.WorkUnit{ID: c.DB.NewID(), Kind: org.Organ, Name: "人民医院", ContactID: c.Who["wang"]}
	must(t, c.DB.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Create(&unit).Error }))
	at, title, kind := c.Units["福馨苑小区"], "老人体检", "health"
	n, err := c.Lists.Tell(t.Context(), c.Actor("branch"), "", lists.NeedDraft{Org: &at, Title: &title, Kind: &kind})
	must(t, err)
	must(t, c.Lists.Act(t.Context(), c.Actor("branch"), lists.Needs, n.ID, lists.Deed{Action: lists.Publish}))
	c.drain(t) // its words are checked
	p, err := c.Lists.Propose(t.Context(), c.Actor("wang"), "", lists.Proposal{Needs: []int64{n.ID}, Unit: unit.ID, About: "派医生上门"})
	must(t, err)
	c.drain(t)
	c.drain(t)
	c.once(t, "branch", "有项目等您答复", "老人体检（人民医院）")
	must(t, c.Lists.Act(t.Context(), c.Actor("branch"), lists.Projects, p.ID, lists.Deed{Action: lists.Refuse, Note: "已经有人来了"}))
	c.drain(t)
	c.once(t, "wang", "对方没有同意项目", "老人体检（南薰社区）")
	for _, l := range lists.Letters {
		if !notify.HasWords(l) {
			t.Errorf("no words for %s", l)
		}
	}
}

func TestLists_ANoticeLeadsToItsPage(t *testing.T) {
	c := newCity(t)
	for number, want := range map[string]string{"XM5": "projects/5", "QY5": "agreements/5", "XY5": "wishes/5", "HD5": "activities/5", "FY261122-0001": "tickets/FY261122-0001"} {
		if got := notify.PageOf(c.n, notify.Notice{Number: number}); got != "http://fenlin.test/app/#/"+want {
			t.Errorf("%s leads to %s", number, got)
		}
	}
}
