package notify_test

import (
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/org"
)

func TestRegistration_WhoseWordIsMissingIsToldAndTheMemberInTheEnd(t *testing.T) {
	c := newCity(t)
	unit := c.DB.NewID()
	must(t, c.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO units (id, kind, code, name, contact_id, sample, created_at, closed_at) VALUES (?, 'organ', '', '市水利局', ?, FALSE, 1, 0)", unit, c.Who["stranger"]).Error
	}))
	other, err := c.Org.Add(t.Context(), org.Unit{ParentID: c.Units["文峰街道"], Kind: org.Community, Name: "北关社区"}, nil)
	must(t, err)
	post, err := c.Org.NewPost(t.Context(), other.ID, org.CommunitySecretary, "北关社区党委书记")
	must(t, err)
	must(t, c.Org.Seat(t.Context(), post, c.Who["wang"], 0))
	li, here := c.Who["li"], c.Units["南薰社区"]
	must(t, c.Members.BindPhone(t.Context(), li, "13800000001"))
	register := func(community int64) {
		t.Helper()
		_, err := c.Members.Register(t.Context(), li, unit, community)
		must(t, err)
		c.drain(t)
	}
	say := func(who string, as member.Party, yes bool, reason string) {
		t.Helper()
		_, err := c.Members.Answer(t.Context(), c.Actor(who), li, as, yes, reason)
		must(t, err)
		c.drain(t)
	}
	register(here)
	register(here) // says nothing new
	c.once(t, "stranger", "待单位确认", "li登记在市水利局工作", "/app/#/registrations")
	c.once(t, "community", "待社区确认", "li登记住在南薰社区", "/app/#/registrations")
	say("community", member.TheCommunity, false, "没有找到这户人家")
	c.once(t, "li", "没通过", "没有找到这户人家", "/app/#/register ")
	c.Forward(time.Minute)
	register(here)
	say("stranger", member.TheUnit, true, "")
	say("community", member.TheCommunity, true, "")
	c.once(t, "li", "双报到已办好", "南薰社区")

	c.Forward(time.Minute)
	register(other.ID)
	c.once(t, "wang", "待社区确认", "北关社区")
	c.once(t, "community", "党员转出", "转到北关社区", "七天内")
	say("wang", member.TheCommunity, true, "")
	c.Forward(8 * 24 * time.Hour)
	if n, err := c.Members.Settle(t.Context()); err != nil || n != 1 {
		t.Fatalf("settled %d: %v", n, err)
	}
	c.drain(t)
	c.once(t, "li", "双报到已办好", "北关社区")
}

func TestPartner_TheCommunityIsAskedAndTheUnitAnswered(t *testing.T) {
	c := newCity(t)
	unit, here := c.DB.NewID(), c.Units["南薰社区"]
	must(t, c.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO units (id, kind, code, name, contact_id, sample, created_at, closed_at) VALUES (?, 'organ', '', '市林业局', ?, FALSE, 1, 0)", unit, c.Who["stranger"]).Error
	}))
	for range 2 {
		must(t, c.Org.AskPartner(t.Context(), c.Actor("stranger"), unit, here))
	}
	c.drain(t)
	c.once(t, "community", "单位来报到", "市林业局想和南薰社区结对", "/app/#/partnerships")
	must(t, c.Org.AnswerPartner(t.Context(), c.Actor("community"), unit, here, false, "今年已有三家单位"))
	c.drain(t)
	c.once(t, "stranger", "没有通过", "今年已有三家单位", "/app/#/partnerships")
	c.Forward(time.Minute)
	must(t, c.Org.AskPartner(t.Context(), c.Actor("stranger"), unit, here))
	must(t, c.Org.AnswerPartner(t.Context(), c.Actor("community"), unit, here, true, ""))
	c.drain(t)
	c.once(t, "stranger", "已办好", "市林业局和南薰社区已结对")
}
