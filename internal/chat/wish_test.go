package chat_test

import (
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/chat"
	"fenlin/internal/ticket"
	"fenlin/internal/wish"
)

// wished opens the wish that somebody posted last.
func (c *city) wished(t *testing.T, who string) {
	t.Helper()
	mine, err := c.Wishes.List(t.Context(), c.town.Actor(who), wish.Listing{View: wish.MyWishes, Limit: 1})
	if err == nil {
		err = c.Wishes.Judge(t.Context(), mine[0].Wish, ticket.Passed)
	}
	if err == nil {
		_, err = c.Wishes.Act(t.Context(), c.town.Actor("branch"), mine[0].ID, wish.Input{Action: wish.Publish})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (c *city) member(t *testing.T, who string) {
	t.Helper()
	err := c.Org.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE people SET member = ? WHERE id = ?", true, c.town.Who[who]).Error
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWishes_FromTheWishToTheThanks(t *testing.T) {
	c := newCity(t)
	c.member(t, "wang")
	check(t, c.text(t, "wang", "心愿"), "没有待认领的心愿 | 许愿")
	check(t, c.text(t, "li", "我的心愿"), "还没有正在进行的心愿")
	check(t, c.text(t, "li", "许愿 想有人周末陪老人说说话"), "陪伴：「想有人周末陪老人说说话」 | 1 匿名 | 2 公开姓氏 | !3")
	m := chat.Message{Key: "wx:w", Kind: chat.KindText, Text: "1"}
	first := c.say(t, "li", m)
	check(t, first, "收到您的心愿 | 社区核实后公开 | 我的心愿")
	if again := c.say(t, "li", m); again != first {
		t.Errorf("the same message again: %s", again)
	}
	check(t, c.text(t, "branch", "心愿"), "没有待认领 | 待您核实的心愿：1 个")
	c.wished(t, "li")
	check(t, c.text(t, "wang", "微心愿"), "1 陪伴：想有人周末陪老人说说话，福馨苑小区，12月23日前 | 全凭自愿")
	check(t, c.text(t, "wang", "1"), "【陪伴】待认领 | 1 认领 | !许愿人")
	check(t, c.text(t, "stranger", "心愿"), "1 陪伴")
	check(t, c.text(t, "stranger", "1"), "待认领 | !1 认领")
	check(t, c.text(t, "stranger", "认领"), "1 陪伴")
	check(t, c.text(t, "wang", "认领"), "认领成功 | 11月30日 09:00 前 | 党支部或社区联系")
	check(t, c.text(t, "wang", "我的心愿"), "1 陪伴 | 我认领的，已认领")
	check(t, c.text(t, "wang", "1"), "1 退回认领 | 2 已经办到 | 许愿人：li")
	check(t, c.text(t, "wang", "2"), "请写一句做了什么")
	check(t, c.text(t, "wang", "3"), "看不明白 | 请写一句做了什么")
	check(t, c.text(t, "wang", "周六下午陪了两个小时"), "已请许愿人确认")
	check(t, c.text(t, "li", "我的心愿"), "我许的，待确认")
	check(t, c.text(t, "li", "1"), "认领人：wang | 认领人说：周六下午陪了两个小时 | 1 实现了，满意 | 4 没有实现")
	check(t, c.text(t, "li", "没有实现"), "还差什么")
	check(t, c.text(t, "li", "说好的周日还没来"), "已转告认领人")
	c.text(t, "wang", "我的心愿")
	check(t, c.text(t, "wang", "1"), "许愿人说：说好的周日还没来")
	c.text(t, "wang", "2")
	check(t, c.text(t, "wang", "周日也去了"), "辛苦了")
	c.text(t, "li", "我的心愿")
	c.text(t, "li", "1")
	check(t, c.text(t, "li", "满意"), "实现了 | 已转告帮忙的人")
	check(t, c.text(t, "wang", "我的心愿"), "还没有正在进行的心愿")
	if n := c.count(t); n != 0 {
		t.Errorf("%d tickets", n)
	}
}

func TestWishes_WhatIsUnclearIsAskedAndMoneyAndDangerAreNoWishes(t *testing.T) {
	c := newCity(t)
	check(t, c.text(t, "li", "许愿"), "用一句话写想要什么")
	check(t, c.text(t, "li", "想看一次大海"), "是哪一类心愿 | 7 其他")
	check(t, c.text(t, "li", "7"), "其他：「想看一次大海」")
	check(t, c.text(t, "li", "退出"), "已退出")
	check(t, c.text(t, "li", "心愿：请大家给我捐款看病"), "微心愿不收钱 | 关爱帮扶")
	check(t, c.text(t, "new", "许愿 想要一辆旧轮椅"), "小区")
	check(t, c.text(t, "li", "许愿想要一辆旧轮椅"), "物品：「想要一辆旧轮椅」")
	check(t, c.text(t, "li", "2"), "收到您的心愿")
	c.wished(t, "li")
	c.text(t, "li", "我的心愿")
	check(t, c.text(t, "li", "1"), "1 撤回")
	check(t, c.text(t, "li", "撤回"), "已撤回「想要一辆旧轮椅」")
	check(t, c.text(t, "li", "许愿 救命，3号楼2单元电梯里有人被困"), "FY261123-0001")
}

func TestWishes_OtherWordsReportAsBefore(t *testing.T) {
	c := newCity(t)
	for i, text := range []string{"许愿池旁边的路灯坏了", "心愿超市门口井盖丢了", "昨天有人认领了流浪狗，今天又在3号楼下咬人"} {
		if c.text(t, "li", text); c.count(t) != i+1 {
			t.Errorf("%s: %d tickets", text, c.count(t))
		}
	}
	check(t, c.text(t, "li", "祝大家心想事成"), "!心愿的类别 | !哪一类心愿 | !待认领")
	for _, text := range []string{"你好", "谢谢", "早上好"} {
		check(t, c.text(t, "li", text), "!心愿")
	}
}
