package chat

import (
	"context"
	"fmt"
	"slices"
	"time"

	"fenlin/internal/ticket"
)

// What a person may answer when the thing is known already.
const (
	codeJoin = "join" // 我也遇到
	codeAdd  = "add"  // it is their own report: the words are added to it
	codeNew  = "new"  // another thing
)

// meet says what is known of a draft already and asks what to do; asked is
// false when nothing is. What was settled before holds nothing up: it has come back.
func (c *turn) meet(ctx context.Context, d draft, r ticket.Report) (said string, asked bool, err error) {
	met, err := c.Tickets.Meet(ctx, r)
	if err != nil {
		return "", false, err
	}
	if met.Outage != nil {
		if said, done, err := c.again(ctx); done || err != nil {
			return said, true, err
		}
		c.st.Draft = d
		return c.ask(askOutage, c.Tickets.SayNotice(*met.Outage)+"\n已经知道，不用再报。仍要报请回复 1：", []option{{Label: "仍要报", Code: codeNew}}, ""), true, nil
	}
	i := slices.IndexFunc(met.Duplicates, func(d ticket.Duplicate) bool { return d.State.Open() })
	if i < 0 {
		return "", false, nil
	}
	if said, done, err := c.again(ctx); done || err != nil { // the message has done its work before
		return said, true, err
	}
	one := met.Duplicates[i]
	c.st.Draft, c.st.Number = d, one.Number
	what := fmt.Sprintf("%s，%s，%s，%s报的，%s", one.Number, c.kindName(one.Category), c.seenPlace(ctx, one), c.daysAgo(one.CreatedAt), one.State.Name())
	prompt, first := "这件事已经有人报了："+what+"。", option{Label: "我也遇到", Code: codeJoin}
	if one.Own {
		prompt, first = "这件事您报过："+what+"。", option{Label: "就是那件，补充进去", Code: codeAdd}
	}
	return c.ask(askKnown, prompt+"\n请回复数字：", []option{first, {Label: "另外报", Code: codeNew}}, ""), true, nil
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

// same takes the answer to meet.
func (c *turn) same(ctx context.Context, code string) (string, error) {
	d, number := c.st.Draft, c.st.Number
	switch code {
	case codeJoin:
		return c.act(ctx, number, ticket.Input{Action: ticket.Follow})
	case codeAdd:
		return c.act(ctx, number, ticket.Input{Action: ticket.Add, Note: d.Text})
	}
	d.Sure = true
	c.st.Draft = d
	return c.file(ctx, d, d.Compound)
}
