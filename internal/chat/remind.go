package chat

import (
	"context"
	"fmt"
	"strconv"
)

// usualDigest is the hour of a digest when none is named.
const usualDigest = 8

// remind says how reminders of time limits come, or changes it: 提醒 8 for one
// a day at eight, 提醒 逐条 for each by itself.
func (c *turn) remind(ctx context.Context, how string) (string, error) {
	hour := c.who.DigestHour
	if how != "" {
		switch hour, _ = strconv.Atoi(how); how {
		case "逐条":
			hour = 0
		case "汇总":
			hour = usualDigest
		}
		if err := c.Members.Digest(ctx, c.who.ID, hour); err != nil {
			return "", err
		}
	}
	if hour == 0 {
		return "工单快到时限或超时，会逐条提醒您。\n想每天只提醒一次，请回复「提醒 8」（8 点发，6 到 22 点都行）。", nil
	}
	return fmt.Sprintf("工单快到时限或超时，每天 %d 点合成一条提醒您；紧急工单仍马上提醒。\n想逐条提醒，请回复「提醒 逐条」。", hour), nil
}
