package chat

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"fenlin/internal/org"
	"fenlin/internal/ticket"
	"fenlin/internal/wish"
)

const (
	sayNoWish    = "附近暂时没有待认领的心愿。\n想许一个，请回复「许愿」加一句话，例如：许愿 想有人周末陪老人说说话。"
	sayNoOwnWish = "您还没有正在进行的心愿。\n想许一个，请回复「许愿」加一句话；想帮别人实现，请回复「心愿」。"
	askForWish   = "请用一句话写想要什么，例如：想有人周末陪老人说说话。物品、陪伴、维修、学习、就医、出行都可以，不涉及钱。"
	sayWishHome  = "许愿要知道您住在哪里，好请社区核实。请先回复「小区」绑定住的小区，再许愿。"
)

// How a wish is posted.
const (
	wishHidden = "hidden" // nobody but the community reads who wishes
	wishNamed  = "named"
	wishCalled = "called" // hidden, and who claims it may see the phone
)

// wishes offers what may be claimed, near home first.
func (c *turn) wishes(ctx context.Context) (string, error) {
	by, err := c.actor(ctx)
	if err != nil {
		return "", err
	}
	l := wish.Listing{View: wish.OpenOnes, Limit: choices}
	if by.Home != 0 {
		home, err := c.Org.Unit(ctx, by.Home)
		if err != nil {
			return "", err
		}
		l.Unit = home.ParentID
	}
	found, err := c.Wishes.List(ctx, by, l)
	if err == nil && len(found) == 0 && l.Unit != 0 {
		l.Unit = 0
		found, err = c.Wishes.List(ctx, by, l)
	}
	if err != nil {
		return "", err
	}
	desk, err := c.wishDesk(ctx, by)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return sayNoWish + desk, nil
	}
	return c.ask(askWish, "待认领的微心愿，帮不帮全凭自愿。回复数字看详情：", c.wishOptions(found), "自己许愿请回复「许愿」加一句话；看自己的请回复「我的心愿」。"+desk), nil
}

// wishDesk tells who looks after wishes how many wait for a look.
func (c *turn) wishDesk(ctx context.Context, by org.Actor) (string, error) {
	if _, ok := by.Scope(org.ManageWishes); !ok {
		return "", nil
	}
	waits, err := c.Wishes.List(ctx, by, wish.Listing{View: wish.DeskOnes, State: wish.Submitted, Limit: ticket.MaxPage})
	if err != nil || len(waits) == 0 {
		return "", err
	}
	return fmt.Sprintf("\n待您核实的心愿：%d 个，请在小程序或网页里办理。", len(waits)), nil
}

// myWishes offers what the person wished and claimed that is not over.
func (c *turn) myWishes(ctx context.Context) (string, error) {
	by, err := c.actor(ctx)
	if err != nil {
		return "", err
	}
	var own []wish.Full
	for _, view := range []wish.View{wish.MyWishes, wish.MyClaims} {
		found, err := c.Wishes.List(ctx, by, wish.Listing{View: view, Limit: recent})
		if err != nil {
			return "", err
		}
		own = append(own, slices.DeleteFunc(found, func(f wish.Full) bool { return f.State.Over() })...)
	}
	if len(own) == 0 {
		return sayNoOwnWish, nil
	}
	return c.ask(askWish, "您许的和认领的心愿，回复数字看详情和能做的：", c.wishOptions(own[:min(len(own), choices)]), "不看了请回复「退出」。"), nil
}

func (c *turn) wishOptions(found []wish.Full) []option {
	var out []option
	for _, f := range found {
		kind, _ := c.Wishes.Rules().Kind(f.Kind)
		label := kind.Name + "：" + short(f.Said, 24) + "，" + f.Place.Name
		switch {
		case f.Mine:
			label += "（我许的，" + f.State.Name() + "）"
		case f.Claims:
			label += "（我认领的，" + f.State.Name() + "）"
		default:
			label += "，" + c.dayOf(f.Until) + "前"
		}
		out = append(out, option{Label: label, ID: f.ID})
	}
	return out
}

func (c *turn) dayOf(ms int64) string {
	return time.UnixMilli(ms).In(c.Tickets.Rules().Calendar.Location()).Format("1月2日")
}

// oneWish tells of one, with what the person may do now.
func (c *turn) oneWish(ctx context.Context, id int64) (string, error) {
	by, err := c.actor(ctx)
	if err != nil {
		return "", err
	}
	f, err := c.Wishes.Show(ctx, by, id)
	if err != nil {
		return "", err
	}
	kind, _ := c.Wishes.Rules().Kind(f.Kind)
	said := "【" + kind.Name + "】" + f.State.Name() + "\n" + short(f.Said, 120) + "\n地点：" + f.Place.Name + "，" + c.dayOf(f.Until) + "前"
	switch {
	case f.Mine && f.Claimer != "":
		said += "\n认领人：" + f.Claimer
		if f.Unit.Name != "" {
			said += "（" + f.Unit.Name + "）"
		}
	case f.Wisher != "":
		said += "\n许愿人：" + f.Wisher
	}
	if n := len(f.Events); n > 0 && f.Events[n-1].Note != "" {
		said += "\n" + f.Events[n-1].ActorTitle + "说：" + short(f.Events[n-1].Note, 60)
	}
	if f.Claims && f.State == wish.Claimed {
		said += "\n请在 " + c.clockAt(f.ClaimUntil) + " 前办到；" + c.wayTo(f)
	}
	c.forget()
	options := c.deeds(f)
	if len(options) == 0 {
		return said + "\n别的心愿请回复「心愿」。", nil
	}
	said = c.ask(askWishDo, said+"\n请回复数字：", options, "")
	c.st.Number = strconv.FormatInt(id, 10)
	return said, nil
}

// wayTo is how who claimed a wish finds its wisher.
func (c *turn) wayTo(f wish.Full) string {
	if f.Reach {
		return "许愿人的手机号请在小程序里查看，留有记录。"
	}
	if f.ForWhom == wish.Household {
		return "请联系" + f.ByTitle + "。"
	}
	return "请通过" + f.Place.Name + "的党支部或社区联系。"
}

// deeds are the options of what a person may do with a wish.
func (c *turn) deeds(f wish.Full) []option {
	var out []option
	for _, a := range f.Actions {
		code := string(a.Action)
		switch {
		case a.Action == wish.Claim:
			if c.who.Member {
				out = append(out, option{Label: "认领", Code: code})
			}
			for _, u := range f.Units {
				out = append(out, option{Label: "代表" + short(u.Name, 20) + "认领", Code: code, ID: u.ID})
			}
		case a.Action == wish.Confirm && a.Note == "":
			for _, v := range []struct {
				label string
				said  ticket.Satisfaction
			}{{"实现了，满意", ticket.Satisfied}, {"实现了，基本满意", ticket.Basic}, {"实现了，不满意", ticket.Dissatisfied}} {
				out = append(out, option{Label: v.label, Code: code + "/" + string(v.said)})
			}
		default:
			out = append(out, option{Label: a.Label, Code: code})
		}
	}
	return out
}

// wishDeed does what was chosen of a wish, or asks for the words that belong to it.
func (c *turn) wishDeed(ctx context.Context, o option) (string, error) {
	id, err := strconv.ParseInt(c.st.Number, 10, 64)
	if err != nil {
		return c.wishes(ctx)
	}
	action, said, _ := strings.Cut(o.Code, "/")
	by, err := c.actor(ctx)
	if err != nil {
		return "", err
	}
	f, err := c.Wishes.Show(ctx, by, id)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(f.Actions, func(a wish.Choice) bool { return string(a.Action) == action })
	if i >= 0 && f.Actions[i].Note != "" {
		c.st.Draft = draft{Category: action}
		return c.ask(askWishNote, f.Actions[i].Note+"：", nil, "不做了请回复「退出」。"), nil
	}
	return c.wishAct(ctx, id, wish.Input{Action: wish.Action(action), Satisfaction: ticket.Satisfaction(said), Unit: o.ID})
}

// wishNoted does what waited for words.
func (c *turn) wishNoted(ctx context.Context, text string) (string, error) {
	id, err := strconv.ParseInt(c.st.Number, 10, 64)
	if err != nil {
		return c.wishes(ctx)
	}
	return c.wishAct(ctx, id, wish.Input{Action: wish.Action(c.st.Draft.Category), Note: text})
}

func (c *turn) wishAct(ctx context.Context, id int64, in wish.Input) (string, error) {
	by, err := c.actor(ctx)
	if err != nil {
		return "", err
	}
	in.Key = c.m.Key
	if _, err := c.Wishes.Act(ctx, by, id, in); err != nil {
		return "", err
	}
	f, err := c.Wishes.Show(ctx, by, id)
	if err != nil && in.Action != wish.GiveBack { // given back late it is over, and no longer theirs to see
		return "", err
	}
	c.forget()
	what := "「" + short(f.Said, 20) + "」"
	switch in.Action {
	case wish.Claim:
		return "认领成功：" + what + "\n请在 " + c.clockAt(f.ClaimUntil) + " 前办到，" + c.wayTo(f) + "\n办到了或来不及，请回复「我的心愿」。", nil
	case wish.GiveBack:
		return "已退回，谢谢您早说，别人可以再认领。\n别的心愿请回复「心愿」。", nil
	case wish.Fulfil:
		return "辛苦了！已请许愿人确认" + what + "。\n有结果会告诉您。", nil
	case wish.Confirm:
		return "谢谢您的确认，" + what + "实现了。已转告帮忙的人。\n有新的心愿请回复「许愿」加一句话。", nil
	case wish.Deny:
		return "记下了，已转告认领人继续。\n看进展请回复「我的心愿」。", nil
	case wish.Withdraw:
		return "已撤回" + what + "。\n有新的心愿请回复「许愿」加一句话。", nil
	case wish.Publish, wish.Decline, wish.Close, wish.Post, wish.Expire:
	}
	return what + f.State.Name() + "。\n别的心愿请回复「心愿」。", nil
}

// claimWord takes the word 认领: of the wish that was shown, else it shows what there is.
func (c *turn) claimWord(ctx context.Context, stood state) (string, error) {
	if stood.Ask == askWishDo {
		claims := slices.DeleteFunc(slices.Clone(stood.Options), func(o option) bool { return o.Code != string(wish.Claim) })
		id, _ := strconv.ParseInt(stood.Number, 10, 64)
		if len(claims) != 1 {
			return c.oneWish(ctx, id)
		}
		return c.wishAct(ctx, id, wish.Input{Action: wish.Claim, Unit: claims[0].ID})
	}
	return c.wishes(ctx)
}

// wishWithdrawn takes the word 撤回 said of a wish that was shown; false: of
// something else.
func (c *turn) wishWithdrawn(ctx context.Context, stood state) (string, bool, error) {
	if stood.Ask != askWishDo || !slices.ContainsFunc(stood.Options, func(o option) bool { return o.Code == string(wish.Withdraw) }) {
		return "", false, nil
	}
	id, _ := strconv.ParseInt(stood.Number, 10, 64)
	said, err := c.wishAct(ctx, id, wish.Input{Action: wish.Withdraw})
	return said, true, err
}

// wishSaid takes words for one of the options of a wish that was fulfilled.
func (c *turn) wishSaid(ctx context.Context, v verdict, folded string) (string, bool, error) {
	code := map[verdict]string{satisfied: "confirm/satisfied", basic: "confirm/basic", dissatisfied: "confirm/dissatisfied", notHappy: "confirm/dissatisfied", solved: "confirm/satisfied", unsolved: "deny"}[v]
	switch folded {
	case "确认", "实现了", "已实现", "实现":
		code = "confirm/satisfied"
	case "没实现", "没有实现", "还没实现", "还没有实现":
		code = "deny"
	}
	i := slices.IndexFunc(c.st.Options, func(o option) bool { return o.Code == code })
	if c.st.Ask != askWishDo || i < 0 {
		return "", false, nil
	}
	said, err := c.wishDeed(ctx, c.st.Options[i])
	return said, true, err
}

var wishPrefix = regexp.MustCompile(`^\s*(?:我要|我想)?(?:微?心愿|许(?:个|一个)?愿)[\s:：,，、。]*`)

// wishFor begins a wish with its words, or asks for them.
func (c *turn) wishFor(ctx context.Context, rest string) (string, error) {
	if rest == "" {
		return c.ask(askWishText, askForWish, nil, "不许了请回复「退出」。"), nil
	}
	return c.wishText(ctx, wishPrefix.ReplaceAllString(c.m.words(), ""))
}

// wishText goes on with the words of a wish. Danger is never a wish.
func (c *turn) wishText(ctx context.Context, text string) (string, error) {
	text = strings.Join(strings.Fields(text), " ")
	r, err := c.read(ctx, text)
	if err != nil {
		return "", err
	}
	c.forget()
	if r.Emergency {
		return c.sentence(ctx, text)
	}
	if c.who.CompoundID == 0 {
		return sayWishHome, nil
	}
	rules := c.Wishes.Rules()
	if err := rules.Words(text); err != nil {
		return "", err
	}
	c.st.Draft = draft{Text: text}
	if k, ok := rules.Guess(text); ok {
		return c.wishKind(k.Code), nil
	}
	var options []option
	for _, k := range rules.Kinds {
		options = append(options, option{Label: k.Name, Code: k.Code})
	}
	return c.ask(askWishKind, "「"+short(text, 40)+"」是哪一类心愿？请回复数字：", options, "不许了请回复「退出」。"), nil
}

// wishKind goes on with the kind of a wish.
func (c *turn) wishKind(code string) string {
	c.st.Draft.Category = code
	k, _ := c.Wishes.Rules().Kind(code)
	options := []option{{Label: "匿名，只有社区知道是谁", Code: wishHidden}, {Label: "公开姓氏", Code: wishNamed}}
	if c.who.Phone != "" {
		options = append(options, option{Label: "匿名，但认领的人可以看到我的手机号", Code: wishCalled})
	}
	return c.ask(askWishHow, k.Name+"：「"+short(c.st.Draft.Text, 60)+"」。怎样发布？请回复数字：", options, "不许了请回复「退出」。")
}

// wishPosted posts a wish as the person chose.
func (c *turn) wishPosted(ctx context.Context, how string) (string, error) {
	by, err := c.actor(ctx)
	if err != nil {
		return "", err
	}
	d := wish.Draft{Key: c.m.Key, Text: c.st.Draft.Text, Kind: c.st.Draft.Category, Anonymous: how != wishNamed, SharePhone: how == wishCalled}
	if _, err := c.Wishes.Make(ctx, by, d); err != nil {
		return "", err
	}
	c.forget()
	return "收到您的心愿。社区核实后公开，有人认领会告诉您，其间可能有工作人员联系您。\n看进展、撤回请回复「我的心愿」。", nil
}
