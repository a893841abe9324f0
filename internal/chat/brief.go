package chat

import (
	"context"

	"fenlin/internal/member"
	"fenlin/internal/org"
)

// briefs are the choices as people write them.
var briefs = map[string]member.Brief{
	"关": member.NoBrief, "关闭": member.NoBrief, "不要": member.NoBrief, "退订": member.NoBrief,
	"每天": member.DailyBrief, "每日": member.DailyBrief, "日报": member.DailyBrief,
	"每周": member.WeeklyBrief, "周报": member.WeeklyBrief,
	"开": member.BothBriefs, "开启": member.BothBriefs, "都要": member.BothBriefs, "全部": member.BothBriefs,
}

// brief says which briefs come, or changes it: 简报 关, 简报 每天, 简报 每周, 简报 都要.
func (c *turn) brief(ctx context.Context, how string) (string, error) {
	actor, err := c.Org.Actor(ctx, c.who.ID, 0)
	if err != nil {
		return "", err
	}
	if _, leads := actor.Scope(org.Supervise); !leads {
		return "简报只发给小区、社区、街道和市级的负责人，您没有要收的简报。\n小区里有事，直接写一句话就能报。", nil
	}
	choice := c.who.Brief
	if how != "" {
		choice = briefs[how]
		if err := c.Members.ChooseBrief(ctx, c.who.ID, choice); err != nil {
			return "", err
		}
	}
	switch {
	case choice.Daily() && choice.Weekly():
		return "工作日每天一条简报，每周第一个工作日一条上周的简报；没有要说的就不发。\n只要一种请回复「简报 每天」或「简报 每周」，不要请回复「简报 关」。", nil
	case choice.Daily():
		return "工作日每天一条简报，没有要说的就不发。\n也要上周的请回复「简报 都要」，不要请回复「简报 关」。", nil
	case choice.Weekly():
		return "每周第一个工作日一条上周的简报，没有要说的就不发。\n也要每天的请回复「简报 都要」，不要请回复「简报 关」。", nil
	}
	return "不再发简报，时限提醒照常。\n想收请回复「简报 每天」「简报 每周」或「简报 都要」。", nil
}
