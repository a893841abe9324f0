package chat

import (
	"context"
	"fmt"
	"slices"
	"time"

	"fenlin/internal/errs"
	"fenlin/internal/ticket"
)

// announced tells of the outage that answers a draft, and asks whether to file
// it nevertheless.
func (c *turn) announced(d draft, told error) string {
	c.st.Draft = d
	return c.ask(askOutage, errs.From(told).Message+"仍要报请回复 1：", []option{{Label: "仍要报"}}, "")
}

// advert tells that a draft reads like an advertisement, and asks whether it
// is a report all the same.
func (c *turn) advert(d draft) string {
	c.st.Draft = d
	return c.ask(askAdvert, ticket.ErrAdvert.Message+"。要反映小区里的问题，请换个说法写明哪里出了什么事；这段话就是要报的事，请回复 1：", []option{{Label: "就是要报的事"}}, "")
}

// known says of a fresh ticket that the thing was told before, and asks whether
// it is the same: nothing waits for the answer. What was settled before has come
// back and is not named.
func (c *turn) known(ctx context.Context, t ticket.Ticket) (string, error) {
	before, err := c.Tickets.Before(ctx, t)
	i := slices.IndexFunc(before, func(d ticket.Duplicate) bool { return d.State.Open() })
	if err != nil || i < 0 {
		return "", err
	}
	one := before[i]
	who := "已经有人报过"
	if one.Own {
		who = "您已经报过"
	}
	said := fmt.Sprintf("\n\n像是同一件事，%s：%s，%s，%s，%s报的，%s。", who, one.Number, c.kindName(one.Category), c.seenPlace(ctx, one), c.daysAgo(one.CreatedAt), one.State.Name())
	if t.Emergency {
		return said, nil
	}
	c.st.Number = t.Number
	return c.ask(askKnown, said+"是同一件请回复数字：", []option{{Label: "是同一件，并到那一件里", Code: one.Number}}, "不是同一件，不用回复。"), nil
}

// seenPlace is where a ticket is, as far as who asks may know: of another's only the building.
func (c *turn) seenPlace(ctx context.Context, d ticket.Duplicate) string {
	t := d.Ticket
	if !d.Own {
		t.Unit, t.Floor, t.Room = "", "", ""
	}
	facts, err := c.facts(ctx, t)
	if err != nil {
		return spot(t)
	}
	return facts.place
}

// daysAgo is a day as people say it.
func (c *turn) daysAgo(ms int64) string {
	zone := c.Tickets.Rules().Calendar.Location()
	day := func(t time.Time) time.Time {
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, zone)
	}
	at := time.UnixMilli(ms)
	switch n := int(day(c.Now()).Sub(day(at)).Hours() / 24); n {
	case 0:
		return "今天"
	case 1:
		return "昨天"
	}
	return at.In(zone).Format("1月2日")
}
