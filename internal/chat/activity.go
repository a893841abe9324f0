package chat

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/errs"
)

// What an option of an activity does.
const (
	seatTake     = "take"
	seatTakeAged = "aged" // the person says to be old enough
	seatAccept   = "accept"
	seatLeave    = "leave"
)

// activities offers what is on, near home first to come.
func (c *turn) activities(ctx context.Context) (string, error) {
	by, err := c.actor(ctx)
	if err != nil {
		return "", err
	}
	l := activity.Listing{View: activity.Upcoming, Unit: c.who.CompoundID, Limit: choices}
	found, err := c.Activities.List(ctx, by, l)
	if err == nil && len(found) == 0 && l.Unit != 0 {
		l.Unit = 0
		found, err = c.Activities.List(ctx, by, l)
	}
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return sayNoActivity, nil
	}
	var options []option
	for _, f := range found {
		label := f.Title + "，" + c.times(f.Activity) + "，" + short(f.Place, 20)
		if f.Mine.State.Active() {
			label += "（" + f.Mine.State.Name() + "）"
		}
		options = append(options, option{Label: label, ID: f.ID})
	}
	return c.ask(askActivity, "近期的志愿活动，参加与否全凭自愿。回复数字看详情、报名：", options, "不看了请回复「退出」。"), nil
}

// times is when an activity is, as people say it.
func (c *turn) times(a activity.Activity) string {
	zone := c.Tickets.Rules().Calendar.Location()
	from, to := time.UnixMilli(a.StartsAt).In(zone), time.UnixMilli(a.EndsAt).In(zone)
	day := fmt.Sprintf("%d月%d日（周%s）", from.Month(), from.Day(), weekdays[from.Weekday()])
	if from.YearDay() != to.YearDay() {
		return day + from.Format("15:04") + " 到 " + to.Format("1月2日 15:04")
	}
	return day + from.Format("15:04") + "–" + to.Format("15:04")
}

var weekdays = [...]string{"日", "一", "二", "三", "四", "五", "六"}

// oneActivity tells of one, with what the person may do now.
func (c *turn) oneActivity(ctx context.Context, id int64) (string, error) {
	by, err := c.actor(ctx)
	if err != nil {
		return "", err
	}
	f, err := c.Activities.Show(ctx, by, id)
	if err != nil {
		return "", err
	}
	said := "【" + f.Title + "】" + f.State.Name() + "\n时间：" + c.times(f.Activity) + "\n地点：" + f.Place
	if f.About != "" {
		said += "\n" + short(f.About, 120)
	}
	if f.MinAge > 0 {
		said += fmt.Sprintf("\n要年满 %d 周岁", f.MinAge)
	}
	if f.Insurance != "" {
		said += "\n保险：" + short(f.Insurance, 60)
	}
	c.forget()
	var options []option
	switch f.Mine.State {
	case activity.Seated:
		options = []option{{Label: "退出报名", Code: seatLeave}}
	case activity.Waiting:
		options = []option{{Label: "退出候补", Code: seatLeave}}
	case activity.Offered:
		said += "\n候补到了，请在 " + c.clockAt(f.Mine.OfferedUntil) + " 前确认。"
		options = []option{{Label: "确认参加", Code: seatAccept}, {Label: "不参加了", Code: seatLeave}}
	case activity.Withdrawn, activity.Lapsed, "":
		if f.State != activity.Published || c.Now().UnixMilli() >= f.SignupUntil {
			return said + "\n报名已截止。别的活动请回复「活动」。", nil
		}
		for _, sl := range f.Slots {
			left := fmt.Sprintf("还有 %d 个名额", sl.Capacity-sl.Taken)
			if sl.Taken >= sl.Capacity {
				left = fmt.Sprintf("已满，候补 %d 人", f.Waiting[sl.ID])
			}
			options = append(options, option{Label: "报名：" + sl.Name + "（" + left + "）", ID: sl.ID, Code: seatTake})
		}
	}
	if f.Mine.State.Active() {
		said += "\n您：" + f.Mine.State.Name()
	}
	said = c.ask(askSeat, said+"\n请回复数字：", options, "")
	c.st.Number = strconv.FormatInt(id, 10)
	return said, nil
}

// activityJudged takes a word for the activity that the person was asked about
// last, when it ended after whatever else the word may be of.
func (c *turn) activityJudged(ctx context.Context, v verdict, since int64) (said string, done bool, err error) {
	word, ok := map[verdict]activity.Verdict{satisfied: activity.Satisfied, basic: activity.Basic, notHappy: activity.Dissatisfied}[v]
	if !ok {
		return "", false, nil
	}
	a, err := c.Activities.Unrated(ctx, c.who.ID)
	if err != nil || a.ID == 0 || a.EndsAt <= since {
		return "", false, err
	}
	if err := c.Activities.Rate(ctx, c.who.ID, a.ID, word, ""); err != nil {
		return "", true, err
	}
	if c.st.Ask != askNothing {
		c.forget()
	}
	if word == activity.Dissatisfied {
		return "记下了，谢谢您直说：「" + a.Title + "」不满意。组织人会看到大家的评价（不记名）。\n别的活动请回复「活动」。", true, nil
	}
	return "谢谢您参加「" + a.Title + "」，也谢谢您的评价。\n别的活动请回复「活动」。", true, nil
}

func (c *turn) clockAt(ms int64) string {
	return time.UnixMilli(ms).In(c.Tickets.Rules().Calendar.Location()).Format("1月2日 15:04")
}

// signUp takes the word 报名: of the activity that was shown when it has one
// post, else it shows what there is.
func (c *turn) signUp(ctx context.Context, stood state) (string, error) {
	id, _ := strconv.ParseInt(stood.Number, 10, 64)
	switch {
	case stood.Ask == askSeat && len(stood.Options) == 1 && (stood.Options[0].Code == seatTake || stood.Options[0].Code == seatTakeAged):
		c.st.Number = stood.Number
		return c.seat(ctx, stood.Options[0])
	case stood.Ask == askSeat:
		said, err := c.oneActivity(ctx, id)
		if c.st.Ask == askSeat && len(c.st.Options) > 1 && c.st.Options[0].Code == seatTake {
			said = "请先选一个岗位，回复前面的数字。\n" + said
		}
		return said, err
	case stood.Ask == askActivity && len(stood.Options) == 1:
		return c.oneActivity(ctx, stood.Options[0].ID)
	}
	return c.activities(ctx)
}

// seat does what was chosen of an activity.
func (c *turn) seat(ctx context.Context, o option) (string, error) {
	id, err := strconv.ParseInt(c.st.Number, 10, 64)
	if err != nil {
		return c.activities(ctx)
	}
	var g activity.SignUp
	switch o.Code {
	case seatTake, seatTakeAged:
		g, _, err = c.Activities.SignUp(ctx, c.who, activity.Choice{Activity: id, Slot: o.ID, OfAge: o.Code == seatTakeAged})
		if errors.Is(err, activity.ErrAge) {
			return c.ask(askSeat, errs.From(err).Message+"。", []option{{Label: "我已年满，报名", ID: o.ID, Code: seatTakeAged}}, "不报了请回复「退出」。"), nil
		}
	case seatAccept:
		g, err = c.Activities.Accept(ctx, c.who.ID, id)
	case seatLeave:
		err = c.Activities.Withdraw(ctx, c.who.ID, id)
	}
	if err != nil {
		return "", err
	}
	a, err := c.Activities.Of(ctx, id)
	if err != nil {
		return "", err
	}
	c.forget()
	what := "「" + a.Title + "」"
	switch {
	case o.Code == seatLeave:
		return "已退出" + what + "。谢谢您早说，名额会给候补的人。\n别的活动请回复「活动」。", nil
	case g.State == activity.Waiting:
		ahead, err := c.Activities.Ahead(ctx, g)
		return fmt.Sprintf("%s名额已满，您在候补名单里，前面还有 %d 人。有名额会马上告诉您。\n不等了请回复「活动」退出。", what, ahead), err
	}
	return "报名成功：" + what + "\n时间：" + c.times(a) + "\n地点：" + a.Place + "\n到场后请签到；来不了请提前回复「活动」退出。", nil
}
