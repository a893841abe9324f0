package chat

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"fenlin/internal/ticket"
	"fenlin/internal/understand"
)

// freshFor is how long a photo, a location or a withdrawal still belongs to
// the report just made.
const freshFor = 10 * time.Minute

// recent is how many of a person's newest tickets an order without a number looks at.
const recent = 20

// mine finds one of the person's own tickets by its number. Short numbers
// stand first for the whole last part: 1 is 0001 before it is 0011.
func (c *turn) mine(ctx context.Context, number string) (ticket.Ticket, error) {
	if n := len(number); n < 4 {
		t, err := c.Tickets.Mine(ctx, c.who.ID, strings.Repeat("0", 4-n)+number)
		if !errors.Is(err, ticket.ErrUnknown) {
			return t, err
		}
	}
	t, err := c.Tickets.Mine(ctx, c.who.ID, number)
	if errors.Is(err, ticket.ErrUnknown) {
		return t, ticket.ErrUnknown.Say("没有找到您的编号为 " + number + " 的工单。回复「查」看您报过的事")
	}
	return t, err
}

func (c *turn) list(ctx context.Context, limit int) ([]ticket.Ticket, error) {
	by, err := c.actor(ctx)
	if err != nil {
		return nil, err
	}
	page, err := c.Tickets.List(ctx, by, ticket.Mine, 0, limit, "")
	return page.Items, err
}

// one is the ticket with that number or, without one, the newest that fits.
func (c *turn) one(ctx context.Context, number, none string, fits func(ticket.Ticket) bool) (ticket.Ticket, error) {
	if number != "" {
		return c.mine(ctx, number)
	}
	tickets, err := c.list(ctx, recent)
	if err != nil {
		return ticket.Ticket{}, err
	}
	if i := slices.IndexFunc(tickets, fits); i >= 0 {
		return tickets[i], nil
	}
	return ticket.Ticket{}, ticket.ErrUnknown.Say(none)
}

// fresh is the ticket that was reported minutes ago and still takes additions.
func (c *turn) fresh(ctx context.Context) (ticket.Ticket, bool, error) {
	tickets, err := c.list(ctx, 1)
	if err != nil || len(tickets) == 0 || !addable(tickets[0]) {
		return ticket.Ticket{}, false, err
	}
	return tickets[0], c.isFresh(tickets[0]), nil
}

func (c *turn) isFresh(t ticket.Ticket) bool {
	return t.CreatedAt >= c.Now().Add(-freshFor).UnixMilli()
}

func open(t ticket.Ticket) bool    { return t.State.Open() }
func addable(t ticket.Ticket) bool { return t.State.Open() || t.State == ticket.Finished }
func fixable(t ticket.Ticket) bool {
	return t.State == ticket.Submitted || t.State == ticket.Dispatched || t.State == ticket.Accepted
}

// check shows one ticket, or the newest and, for those with posts, how much waits.
func (c *turn) check(ctx context.Context, number string) (string, error) {
	by, err := c.actor(ctx)
	if err != nil {
		return "", err
	}
	if number != "" {
		t, err := c.mine(ctx, number)
		if err != nil {
			return "", err
		}
		full, err := c.Tickets.View(ctx, by, t)
		if err != nil {
			return "", err
		}
		return c.sayProgress(ctx, full)
	}
	tickets, err := c.list(ctx, 5)
	if err != nil {
		return "", err
	}
	said := c.sayList(tickets)
	if len(by.Posts) == 0 {
		return said, nil
	}
	inbox, err := c.Tickets.List(ctx, by, ticket.Inbox, 0, ticket.MaxPage, "")
	if err != nil {
		return "", err
	}
	count := fmt.Sprint(len(inbox.Items))
	if inbox.Next != "" {
		count += " 件以上"
	} else {
		count += " 件"
	}
	return said + "\n\n您的岗位待办：" + count + "，请在小程序或网页里办理。", nil
}

func (c *turn) urge(ctx context.Context, number string) (string, error) {
	t, err := c.one(ctx, number, "您没有正在办理的事，不用催。回复「查」看您报过的事", open)
	if err != nil {
		return "", err
	}
	if !t.State.Open() {
		return t.Number + " " + t.State.Name() + "，不用再催。" + c.next(t), nil
	}
	said, err := c.act(ctx, t.Number, ticket.Input{Action: ticket.Urge})
	if errors.Is(err, ticket.ErrNotAllowed) {
		return t.Number + " 刚催过，一小时内只能催一次，办理人已经知道。\n回复「查 " + tail(t) + "」看进度。", nil
	}
	return said, err
}

var addPrefix = regexp.MustCompile(`(?i)^\s*补充(?:说明|一下|一句)?[\s:：,，、。.]*(?:FY\d{6}[- ]*\d{4,})?[\s:：,，、。.]*`)

func (c *turn) add(ctx context.Context, in input) (string, error) {
	t, err := c.one(ctx, in.number, "没有可以补充的工单。请直接写一句话报事", addable)
	if err != nil {
		return "", err
	}
	if !addable(t) {
		return t.Number + " " + t.State.Name() + "，不能再补充。要报新的事，请直接写一句话。", nil
	}
	note := strings.TrimSpace(addPrefix.ReplaceAllString(c.m.words(), ""))
	if in.rest == "" || note == "" {
		c.st.Number = t.Number
		return c.ask(askMore, "请写要补充到 "+t.Number+" 的内容，也可以发照片。", nil, "不补充就回复「退出」。"), nil
	}
	return c.act(ctx, t.Number, ticket.Input{Action: ticket.Add, Note: note})
}

// danger makes the ticket an emergency that a person means: the one named, else the latest that is open.
func (c *turn) danger(ctx context.Context, number string) (string, error) {
	t, err := c.one(ctx, number, "有人有危险，请先拨打 119、120 或 110，再写一句话告诉我们在哪里、出了什么事", open)
	if err != nil {
		return "", err
	}
	switch {
	case t.Emergency:
		return t.Number + " 已按紧急情况处理，值班人员已经知道。\n" + c.Tickets.Rules().Reader.Advice(t.Danger), nil
	case !t.State.Open():
		return t.Number + " " + t.State.Name() + "。有人有危险，请先拨打 119、120 或 110，再写一句话告诉我们在哪里、出了什么事。", nil
	}
	return c.act(ctx, t.Number, ticket.Input{Action: ticket.Add, Note: "快来人！报事人说现在有人有危险"})
}

func (c *turn) fix(ctx context.Context, number string) (string, error) {
	t, err := c.one(ctx, number, "没有可以更正的工单：已经在办的请回复「补充」加上正确的内容", fixable)
	if err != nil {
		return "", err
	}
	if !fixable(t) {
		return t.Number + " " + t.State.Name() + "，不能再改。" + c.next(t), nil
	}
	facts, err := c.facts(ctx, t)
	if err != nil {
		return "", err
	}
	c.st.Number = t.Number
	return c.ask(askFix, fmt.Sprintf("%s：%s，%s。\n哪里不对？请回复数字：", t.Number, facts.kind, facts.place), []option{
		{Label: "类别", Code: "kind"}, {Label: "位置/小区", Code: "place"}, {Label: "都不对，撤销重报", Code: "redo"},
	}, "不改就回复「退出」。"), nil
}

// fixing goes on with what is wrong.
func (c *turn) fixing(ctx context.Context, what string) (string, error) {
	number := c.st.Number
	t, err := c.mine(ctx, number)
	if err != nil {
		return "", err
	}
	r, err := c.read(ctx, t.Text)
	if err != nil {
		return "", err
	}
	switch what {
	case "kind":
		return c.ask(askFixKind, "应该是哪一类？请回复数字，或直接写类别（例如：供水）：", c.kinds(r, t.Category), ""), nil
	case "place":
		options, err := c.compounds(ctx, slices.DeleteFunc(slices.Clone(r.Compounds), func(g understand.PlaceGuess) bool { return g.ID == t.OrgID }))
		if err != nil {
			return "", err
		}
		return c.ask(askFixPlace, "请写正确的位置，例如：福馨苑小区3号楼2单元；也可以点「+」发送位置。", options, ""), nil
	}
	return c.act(ctx, number, ticket.Input{Action: ticket.Withdraw, Note: "内容有误，重新报"})
}

// correction begins a note that stands for a correction that came too late.
const correction = "更正："

// correct changes a ticket; when the work has begun, the handler is told instead.
func (c *turn) correct(ctx context.Context, number string, p ticket.Place, words string) (string, error) {
	said, err := c.act(ctx, number, ticket.Input{Action: ticket.Correct, Place: &p})
	if errors.Is(err, ticket.ErrNotAllowed) {
		return c.act(ctx, number, ticket.Input{Action: ticket.Add, Note: correction + short(words, 200)})
	}
	return said, err
}

func (c *turn) withdraw(ctx context.Context, number string) (string, error) {
	t, err := c.one(ctx, number, "没有可以撤销的工单。回复「查」看您报过的事", open)
	if err != nil {
		return "", err
	}
	if !t.State.Open() {
		return t.Number + " " + t.State.Name() + "，不能再撤销。" + c.next(t), nil
	}
	if c.isFresh(t) {
		return c.act(ctx, t.Number, ticket.Input{Action: ticket.Withdraw})
	}
	c.st.Number = t.Number
	return c.ask(askWithdraw, fmt.Sprintf("要撤销 %s「%s」吗？", t.Number, short(t.Text, 20)), []option{{Label: "撤销", Code: "yes"}}, "不撤销就回复「退出」。"), nil
}
