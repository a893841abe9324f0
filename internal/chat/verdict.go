package chat

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"fenlin/internal/ticket"
	"fenlin/internal/understand"
)

// verdict is what a reporter says of a finished ticket.
type verdict int

const (
	noVerdict     verdict = iota
	satisfied             // 1 满意
	basic                 // 2 基本满意
	dissatisfied          // 3 已解决但不满意
	unsolved              // 4 没解决
	solved                // 已解决, and nothing of satisfaction
	notHappy              // 不满意, and nothing of whether it is solved
	lastOfNumbers = unsolved
)

// confirmation is the verdict as the ticket's table takes it.
func (v verdict) confirmation(note string) ticket.Input {
	yes, no := true, false
	in := ticket.Input{Action: ticket.Confirm, Solved: &yes, Satisfaction: v.satisfaction(), Note: note}
	if v == unsolved {
		in.Solved = &no
	}
	return in
}

func (v verdict) satisfaction() ticket.Satisfaction {
	return map[verdict]ticket.Satisfaction{satisfied: ticket.Satisfied, basic: ticket.Basic, dissatisfied: ticket.Dissatisfied}[v]
}

var verdicts = map[string]verdict{
	"满意": satisfied, "很满意": satisfied, "非常满意": satisfied, "十分满意": satisfied,
	"基本满意": basic, "比较满意": basic, "还算满意": basic,
	"已解决但不满意": dissatisfied, "解决了但不满意": dissatisfied, "不满意但已解决": dissatisfied, "不满意但解决了": dissatisfied,
	"已解决": solved, "解决了": solved, "已经解决": solved, "已经解决了": solved, "修好了": solved, "已修好": solved, "已经修好了": solved, "处理好了": solved,
	"重办": unsolved, "要求重办": unsolved, "还没人来": unsolved, "怎么还没人来": unsolved, "怎么还没来人": unsolved, "怎么还没修好": unsolved, "怎么还没好": unsolved, "没人管吗": unsolved, "没人管": unsolved, "怎么没人管": unsolved, "有人管吗": unsolved, "有没有人管": unsolved, "人呢": unsolved, "怎么还不来": unsolved,
	"什么时候来人": unsolved, "什么时候来修": unsolved, "什么时候来人修": unsolved, "什么时候能修好": unsolved,
	"不满意": notHappy, "很不满意": notHappy, "非常不满意": notHappy,
}

// unsolvedWords begin a sentence that says the work is not done.
var unsolvedWords = []string{"没解决", "没有解决", "未解决", "还没解决", "还没有解决", "没修好", "没有修好", "还没修好", "还没有修好", "没弄好", "还没弄好", "没处理好", "还没好"}

// judge finds the verdict in a folded text.
func judge(folded string) verdict {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPunct(r) {
			return -1
		}
		return r
	}, folded)
	for _, w := range unsolvedWords {
		if strings.HasPrefix(plain, w) {
			return unsolved
		}
	}
	if v := verdicts[plain]; v != noVerdict {
		return v
	}
	// 满意，谢谢师傅: what follows a mark may only be kind.
	mark := strings.IndexFunc(folded, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSpace(r) })
	if mark < 0 || strings.ContainsAny(folded[mark:], "没不但还又") {
		return noVerdict
	}
	return verdicts[folded[:mark]]
}

// waiting are the person's finished tickets that wait for the answer, the last finished first.
func (c *turn) waiting(ctx context.Context) ([]ticket.Ticket, error) {
	tickets, err := c.list(ctx, recent)
	tickets = slices.DeleteFunc(tickets, func(t ticket.Ticket) bool { return t.State != ticket.Finished })
	slices.SortStableFunc(tickets, func(a, b ticket.Ticket) int { return int(b.FinishedAt - a.FinishedAt) })
	return tickets, err
}

// sayNotHappy begins the question whether a thing is solved of which somebody
// said that they are not satisfied. Their word is kept before they answer.
const sayNotHappy = "抱歉没让您满意，已记下。"

func (c *turn) confirm(ctx context.Context, t ticket.Ticket, v verdict, note string) (string, error) {
	if v == notHappy {
		if t.Satisfaction != ticket.Dissatisfied {
			if _, err := c.act(ctx, t.Number, ticket.Input{Action: ticket.Rate, Satisfaction: ticket.Dissatisfied}); err != nil {
				return "", err
			}
		}
		c.forget()
		return c.askVerdict(t, sayNotHappy), nil
	}
	return c.act(ctx, t.Number, v.confirmation(note))
}

// askVerdict asks how a finished or closed ticket was.
func (c *turn) askVerdict(t ticket.Ticket, before string) string {
	c.st.Number = t.Number
	last := "没解决"
	if t.State == ticket.Closed {
		last = "没解决，要求重办"
	}
	return c.ask(askVerdict, before+fmt.Sprintf("%s「%s」办得怎么样？请回复数字：", t.Number, short(t.Text, 20)), []option{
		{Label: "满意"}, {Label: "基本满意"}, {Label: "已解决但不满意"}, {Label: last},
	}, "")
}

// judged takes the answer to askVerdict.
func (c *turn) judged(ctx context.Context, v verdict, choice int) (string, error) {
	if v == noVerdict || v == notHappy {
		why := "请从下面选一个数字。"
		if choice > 0 {
			why = fmt.Sprintf("没有第 %d 项，请再选一次。", choice)
		}
		return c.repeat(why), nil
	}
	t, err := c.mine(ctx, c.st.Number)
	if err != nil {
		return "", err
	}
	if t.State == ticket.Closed {
		return c.rateClosed(ctx, t, v, "")
	}
	return c.confirm(ctx, t, v, "")
}

// rate asks for the answer that a ticket still lacks, or takes the one given.
func (c *turn) rate(ctx context.Context, in input) (string, error) {
	unrated := func(t ticket.Ticket) bool { return t.State == ticket.Closed && t.Satisfaction == "" }
	var t ticket.Ticket
	waiting, err := c.waiting(ctx)
	switch {
	case err != nil:
		return "", err
	case in.number == "" && len(waiting) > 0:
		t = waiting[0]
	default:
		if t, err = c.one(ctx, in.number, "现在没有要评价的工单。办结后会请您评价；回复「查」看进度", unrated); err != nil {
			return "", err
		}
	}
	if t.State != ticket.Finished && !unrated(t) {
		if t.Satisfaction != "" {
			return t.Number + " 已经评价过，谢谢。" + c.next(t), nil
		}
		return t.Number + " " + t.State.Name() + "，办结后再请您评价。" + c.next(t), nil
	}
	said := c.askVerdict(t, "")
	if in.rest == "" {
		return said, nil
	}
	answer := parse(in.rest)
	if answer.verdict == noVerdict && answer.choice <= int(lastOfNumbers) {
		answer.verdict = verdict(answer.choice)
	}
	return c.judged(ctx, answer.verdict, 0)
}

// late takes a verdict when no ticket waits for one: it may be meant for the one closed last.
func (c *turn) late(ctx context.Context, v verdict, text string) (string, error) {
	tickets, err := c.list(ctx, 1)
	if err != nil {
		return "", err
	}
	since := int64(0)
	if len(tickets) > 0 {
		since = tickets[0].ClosedAt
	}
	if said, done, err := c.activityJudged(ctx, v, since); done || err != nil {
		return said, err
	}
	if len(tickets) == 0 {
		return c.elsewhere(ctx, text)
	}
	t := tickets[0]
	if t.State == ticket.Merged {
		return c.lateMerged(ctx, t, v, text)
	}
	switch {
	case t.State == ticket.Closed:
		return c.rateClosed(ctx, t, v, text)
	case t.State.Open() && (v == unsolved || v == notHappy):
		return stillOpen(t), nil
	case t.State.Open():
		return t.Number + " 还没有办结，办结后再请您评价。回复「查 " + tail(t) + "」看进度；不用办了就回复「撤销」。", nil
	}
	return c.elsewhere(ctx, text)
}

// lateMerged takes a verdict of somebody whose report was merged into another:
// they may say that it is not solved.
func (c *turn) lateMerged(ctx context.Context, t ticket.Ticket, v verdict, text string) (string, error) {
	into, err := c.Tickets.Into(ctx, t)
	if err != nil {
		return "", err
	}
	objects := v == unsolved || v == notHappy
	switch {
	case objects && into.State == ticket.Finished:
		return c.act(ctx, into.Number, unsolved.confirmation(text))
	case objects && into.State == ticket.Closed:
		return c.act(ctx, into.Number, ticket.Input{Action: ticket.Reopen, Note: text})
	case into.State == ticket.Finished:
		return "谢谢。您报的事已并入 " + into.Number + "，等最先报事的人确认；您那里还没好，请回复「没解决」。", nil
	case into.State.Open():
		return into.Number + " 还没有办结，办结后告诉您。", nil
	}
	return into.Number + " " + into.State.Name() + "。还有别的事，直接写一句话。", nil
}

// stillWords begin a sentence that goes on about what was told before.
var stillWords = regexp.MustCompile(`^(?:怎么)?(?:还是|仍然?|依然|依旧|照样|又)`)

// still takes an unclear 还是不亮 for an answer about the ticket of which it may
// be told; done is false when there is none.
func (c *turn) still(ctx context.Context, text string, r understand.Reading) (said string, done bool, err error) {
	if !stillWords.MatchString(fold(text)) {
		return "", false, nil
	}
	waiting, err := c.waiting(ctx)
	if err != nil {
		return "", false, err
	}
	about := func(t ticket.Ticket) bool { // not likely something else
		g := r.Guesses[0]
		return g.Code == otherKind || g.Code == t.Category || g.Confidence < likely
	}
	if len(waiting) > 0 && about(waiting[0]) {
		said, err = c.confirm(ctx, waiting[0], unsolved, text)
		return said, true, err
	}
	tickets, err := c.list(ctx, 1)
	if err != nil || len(tickets) == 0 || !tickets[0].State.Open() || !about(tickets[0]) {
		return "", false, err
	}
	return stillOpen(tickets[0]), true, nil
}

func stillOpen(t ticket.Ticket) string {
	return t.Number + " 还在办理。着急请回复「催」；有新情况回复「补充」加内容。"
}

func (c *turn) elsewhere(ctx context.Context, text string) (string, error) {
	if c.st.Ask != askNothing {
		return c.reply(ctx, text)
	}
	return c.sentence(ctx, text)
}

// rateClosed rates a closed ticket, or has it done again.
func (c *turn) rateClosed(ctx context.Context, t ticket.Ticket, v verdict, note string) (string, error) {
	var said string
	var err error
	switch v {
	case unsolved:
		if note == "" {
			note = "报事人说没有解决"
		}
		said, err = c.act(ctx, t.Number, ticket.Input{Action: ticket.Reopen, Note: note})
	case notHappy:
		return c.askVerdict(t, "抱歉没让您满意。"), nil
	case solved, noVerdict:
		return t.Number + " 已结案，谢谢您的答复。还有别的事，直接写一句话。", nil
	case satisfied, basic, dissatisfied:
		said, err = c.act(ctx, t.Number, ticket.Input{Action: ticket.Rate, Satisfaction: v.satisfaction()})
	}
	if errors.Is(err, ticket.ErrNotAllowed) {
		return t.Number + " 已经评价过，或结案太久不能再改。问题还在的话，请直接写一句话重新报。", nil
	}
	return said, err
}
