package chat

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fenlin/internal/activity"
)

// hoursShown is how many activities a reply about hours tells of.
const hoursShown = 3

// hours tells a person their own hours, and nobody else's.
func (c *turn) hours(ctx context.Context) (string, error) {
	served, err := c.Activities.Hours(ctx, c.who.ID)
	if err != nil {
		return "", err
	}
	if len(served) == 0 {
		return sayNoHours, nil
	}
	zone := c.Tickets.Rules().Calendar.Location()
	year := c.Now().In(zone).Year()
	newest := served[:min(len(served), hoursShown)]
	var ids []int64
	for _, a := range newest {
		ids = append(ids, a.ID)
	}
	corrections, err := c.Activities.CorrectionsOf(ctx, c.who.ID, ids)
	if err != nil {
		return "", err
	}
	var lines []string
	for _, a := range newest {
		lines = append(lines, fmt.Sprintf("· %s %s：%s", time.UnixMilli(a.StartsAt).In(zone).Format("1月2日"), short(a.Title, 16), creditOf(a.Credit)))
		if changed := corrections[a.ID]; len(changed) > 0 {
			lines = append(lines, "  更正："+short(c.Activities.Tell(changed[len(changed)-1]), 70))
		}
	}
	var all, now, manual, waits int
	for _, a := range served {
		all, manual, waits = all+a.Counts(), manual+a.Manual, waits+a.Waits()
		if time.UnixMilli(a.StartsAt).In(zone).Year() == year {
			now += a.Counts()
		}
	}
	said := fmt.Sprintf("您的志愿服务时长，只有您自己看得到。\n按签到签退：共 %s，今年 %s", long(all), long(now))
	if manual > 0 {
		said += "\n组织人补录（单独算）：" + long(manual)
	}
	if waits > 0 {
		said += "\n等组织人复核：" + long(waits)
	}
	said += "\n最近的活动：\n" + strings.Join(lines, "\n")
	return said + "\n有出入请找活动的组织人更正，更正了会告诉您原因。全部明细在小程序和网页里；看近期活动请回复「活动」。", nil
}

// creditOf is what an activity was worth, in words.
func creditOf(a activity.Credit) string {
	switch {
	case a.Review:
		return long(a.Minutes) + "，等组织人复核"
	case a.Minutes > 0:
		return long(a.Minutes)
	case a.Manual > 0:
		return long(a.Manual) + "（补录）"
	}
	return "0，" + a.Why
}

// long is how long minutes are, in words.
func long(minutes int) string {
	switch h, m := minutes/60, minutes%60; {
	case h == 0:
		return fmt.Sprintf("%d 分钟", m)
	case m == 0:
		return fmt.Sprintf("%d 小时", h)
	default:
		return fmt.Sprintf("%d 小时 %d 分钟", h, m)
	}
}
