package chat

import (
	"context"
	"errors"
	"strings"

	"fenlin/internal/activity"
	"fenlin/internal/errs"
	"fenlin/internal/geo"
)

// CheckInScene stands before a check-in code in what WeChat tells of a scan.
const CheckInScene = "checkin:"

const (
	askedDigits = "请扫现场屏幕上的二维码，或回复屏幕上的 6 位数字。"
	askedPlace  = "请点「+」发送您现在的位置，在现场就签上。位置只用来比对，不保存。"
)

// checkWord takes 签到 and 签退, with the digits on the screen or without.
func (c *turn) checkWord(ctx context.Context, digits string) (string, error) {
	if digits != "" {
		return c.checkIn(ctx, activity.Scan{Code: digits, Sure: strings.HasPrefix(c.m.words(), "签退")})
	}
	open, err := c.Activities.Open(ctx, c.who.ID, 0)
	if err != nil && !errors.Is(err, activity.ErrNotIn) {
		return "", err
	}
	said := "签到："
	if err == nil {
		a, err := c.Activities.Of(ctx, open.ActivityID)
		if err != nil {
			return "", err
		}
		said = "您 " + c.clockAt(open.InAt) + " 已在「" + a.Title + "」签到。离开时签退："
	}
	return c.ask(askDigits, said+askedDigits, nil, ""), nil
}

// checkIn takes a code that was scanned or typed: it checks in, or out when the
// person is in.
func (c *turn) checkIn(ctx context.Context, scan activity.Scan) (string, error) {
	pair, in, err := c.Activities.Scanned(ctx, c.who.ID, scan)
	if errors.Is(err, activity.ErrWhere) {
		c.st.Number, c.st.Draft.Sure = scan.Code, scan.Sure
		return c.ask(askFence, askedPlace, nil, ""), nil
	}
	if errors.Is(err, activity.ErrSoon) {
		c.st.Number = scan.Code
		return c.ask(askOut, "您 "+c.clockAt(pair.InAt)+" 刚签到。签退吗？", []option{{Label: "签退，我要走了", Code: optionOut}, {Label: "不签退，我还在"}}, ""), nil
	}
	if err != nil {
		told := errs.From(err)
		if told.Kind == errs.Unavailable {
			return "", err
		}
		c.forget()
		return strings.TrimRight(told.Message, "。") + "。\n签到请回复「签到」，看活动回复「活动」。", nil
	}
	a, err := c.Activities.Of(ctx, pair.ActivityID)
	if err != nil {
		return "", err
	}
	c.forget()
	if in {
		return "签到成功：「" + a.Title + "」，" + c.clockAt(pair.InAt) + "。\n离开时请再扫一次屏幕上的码签退，没有签退不计时长。", nil
	}
	return "签退成功：「" + a.Title + "」，" + c.clockAt(pair.InAt) + " 到 " + c.clockAt(pair.OutAt) + "。谢谢您！\n别的活动请回复「活动」。", nil
}

// here takes the place that a check-in waits for.
func (c *turn) here(ctx context.Context, at geo.Point) (string, error) {
	return c.checkIn(ctx, activity.Scan{Code: c.st.Number, At: &at, Sure: c.st.Draft.Sure})
}

// optionOut says that the person leaves indeed.
const optionOut = "out"

// leaveNow takes the answer to whether somebody leaves who has just come.
func (c *turn) leaveNow(ctx context.Context, o option) (string, error) {
	if o.Code == optionOut {
		return c.checkIn(ctx, activity.Scan{Code: c.st.Number, Sure: true})
	}
	c.forget()
	return "好的，您还在。离开时请扫屏幕上的码签退，没有签退不计时长。", nil
}
