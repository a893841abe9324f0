package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// What never changes.
const (
	sayExample = "有事直接写一句话，例如：3号楼2单元楼道灯坏了。"
	sayWelcome = "您好，这里是汾邻，小区里的事在这里一句话就能报。"
	sayHelp    = "汾邻能帮您：\n" +
		"· 报事：直接写一句话，例如「福馨苑3号楼2单元楼道灯坏了」，也可以发语音、照片和位置\n" +
		"· 查：看您报过的事；「查 0001」看一件的进度\n" +
		"· 催：请办理人快一点\n" +
		"· 紧急：刚报的事有人有危险，马上通知值班人员\n" +
		"· 补充 加内容：给刚报的事添说明\n" +
		"· 改：更正类别或位置\n" +
		"· 撤销：不报了\n" +
		"· 评价：办完后说说是否满意\n" +
		"· 小区：看或换您的小区\n" +
		"· 活动：看志愿活动，报名、退出、确认候补\n" +
		"· 签到：在活动现场签到、签退\n" +
		"· 心愿：看微心愿、认领；「许愿 加一句话」许一个\n" +
		"· 时长：看自己的志愿服务时长\n" +
		"· 证明：开志愿服务记录证明\n" +
		"· 退出：离开正在问答的事\n" +
		"· 提醒：时限提醒逐条发，还是每天一次\n" +
		"· 简报：书记收每天和每周的简报，「简报 关」不收\n" +
		"· 登录：在电脑上打开看板、台账时用\n" +
		"· 隐私：我们记下什么、给谁看，怎样更正和注销\n" +
		"有人身危险时，请先拨打 119、120 或 110。"
	sayReport         = "请用一句话写明哪里出了什么事，例如：福馨苑3号楼2单元楼道灯坏了。\n写完就登记，照片、语音、位置可以随后发。"
	sayNoActivity     = "近期还没有可以报名的志愿活动，有了会在这里列出来。\n小区里有事，直接写一句话就能报。"
	sayNoHours        = "还没有您的志愿服务时长。活动结束后，按签到、签退的时间自动计入。\n参加与否全凭自愿，看近期活动请回复「活动」。"
	sayClose          = "取消关注这个公众号，您的绑定和个人信息就会删除，报过的事只留下不带姓名的记录。党员、社区工作者、任职的登记由所在组织保存，不会跟着删除。\n只想离开当前问答，请回复「退出」。"
	sayPrivacy        = "您的信息只用来办您反映的事。手机号加密保存，平时打码；谁看过完整的号码、为什么看，都有记录，您查得到。\n您可以查看、导出、更正自己的信息，解绑手机号，也可以注销：取消关注就行。"
	sayCrowded        = "现在找我的人太多，这一条还没有登记。请过几分钟再发一次。\n有人有危险，请马上拨打 110、119 或 120。"
	sayLeft           = "好的，已退出。\n" + sayExample
	sayNothingToLeave = "现在没有正在问答的事。要撤回报过的事请回复「撤销」；取消关注公众号会删除您的个人信息。\n" + sayExample
	sayEmpty          = "没有收到文字。" + sayExample
	sayUnheard        = "没有听清。请再说一次，或者打字写一句话，例如：3号楼2单元楼道灯坏了。"
	sayVideo          = "暂时看不了视频。请发照片，再写一句话说明哪里出了什么事。"
	sayLink           = "暂时打不开链接。请用一句话写明哪里出了什么事，也可以发照片。"
	sayOther          = "这种消息暂时看不懂。文字、语音、照片和位置都可以，例如写：3号楼2单元楼道灯坏了。"
	sayNoPoint        = "没有收到有效的位置。请重新发送位置，或写小区名，例如：福馨苑小区。"
	sayPuzzled        = "没有看出要反映的事。请写明哪里出了什么事，例如：福馨苑3号楼2单元楼道灯坏了。\n全部功能回复「帮助」。"
	sayNoQuestion     = "这个数字现在没有对应的问题，可能已经过了时间。\n看进度请回复「查」；" + sayExample
	sayThanks         = "不客气，应该的。以后有事直接写一句话，例如：3号楼2单元楼道灯坏了。"
	sayHello          = "您好！小区里有事，直接写一句话就能报，例如：3号楼2单元楼道灯坏了。\n看进度回复「查」，全部功能回复「帮助」。"
)

// examples are what goes wrong with a thing of a category, as people say it.
var examples = map[string]string{
	"lighting": "不亮、一直闪、掉下来了", "elevator": "困人、不走、异响", "water": "停水、漏水、水发黄", "drainage": "堵了、返味、污水冒出来", "power": "停电、冒火花、线掉了",
	"gas": "有煤气味、漏气", "heating": "不热、漏水", "building": "漏雨、墙皮掉了、裂缝", "access": "打不开、关不上、刷卡没反应", "fire": "没有水、过期了、通道堵了",
	"parking": "充不上电、乱停车、地锁坏了", "sanitation": "没人清运、有异味、垃圾满了", "greening": "树倒了、树枝挡路、枯死了", "noise": "半夜施工、音响太大", "animals": "狗没拴、有马蜂窝",
	"encroachment": "堆东西、占道、私搭乱建", "security": "有人打架、东西丢了", "road": "有坑、井盖丢了", "amenities": "坏了、松了、扎手", "property_service": "没人管、乱收费",
}

// sayBeside greets a person who scanned a code on a wall.
func sayBeside(code org.Posted) string {
	where := code.At.Name + code.Spot()
	if code.Kind == org.FixtureCode {
		where += "旁"
	}
	example := examples[code.Category]
	if example == "" {
		example = "灯坏了、漏水了、有垃圾"
	}
	return "您在" + where + "。请说出了什么事，例如：" + example + "。"
}

// fixed are the answers to words that need no look at anything.
var fixed = map[word]string{
	wordHelp: sayHelp, wordReport: sayReport, wordClose: sayClose,
}

func (s *Service) privacy() string {
	if s.Privacy == "" {
		return sayPrivacy
	}
	return sayPrivacy + "\n全文：" + s.Privacy
}

func chatter(text string) string {
	if strings.ContainsAny(text, "谢辛赞") {
		return sayThanks
	}
	return sayHello
}

// sorry tells of an error and what to do next.
func sorry(e *errs.Error) string {
	said := strings.TrimRight(e.Message, "。")
	for _, f := range e.Fields {
		said += "：" + strings.TrimRight(f.Message, "。")
		break
	}
	switch {
	case errors.Is(e, ticket.ErrLongText):
		return said + "。请写短一点再发一次。"
	case e.Kind == errs.Unavailable, e.Kind == errs.TooMany:
		return said + "。回复「帮助」看能做什么。"
	}
	return said + "。\n看您报过的事回复「查」，全部功能回复「帮助」。"
}

// facts are a ticket's names.
type facts struct{ kind, compound, place, lead string }

func (s *Service) facts(ctx context.Context, t ticket.Ticket) (facts, error) {
	known, err := s.Tickets.Places(ctx)
	if err != nil {
		return facts{}, err
	}
	posts, err := s.Org.Posts(ctx, []int64{t.LeadPost})
	if err != nil {
		return facts{}, err
	}
	f := facts{kind: s.kindName(t.Category), compound: known.ByID[t.OrgID].Name, lead: posts[t.LeadPost].Title}
	f.place = strings.TrimSpace(f.compound + " " + spot(t))
	if f.compound == "" {
		f.place = strings.TrimSpace("小区待确认 " + spot(t))
	}
	return f, nil
}

func (s *Service) kindName(code string) string {
	k, _ := s.Tickets.Rules().Reader.Category(code)
	return k.Name
}

// spot is where in its compound a ticket is, as people say it.
func spot(t ticket.Ticket) string {
	var b strings.Builder
	for _, part := range []struct{ what, unit string }{{t.Building, "号楼"}, {t.Unit, "单元"}, {t.Floor, "层"}, {t.Room, "室"}} {
		if part.what != "" {
			b.WriteString(part.what + part.unit)
		}
	}
	return b.String()
}

// when is a time in the city, as people say it.
func (s *Service) when(ms int64) string {
	t := time.UnixMilli(ms).In(s.Tickets.Rules().Calendar.Location())
	layout := "1月2日 15:04"
	if t.Year() != s.Now().In(t.Location()).Year() {
		layout = "2006年" + layout
	}
	return t.Format(layout)
}

func (s *Service) sayFiled(t ticket.Ticket, f facts, photos int, bound, home bool) string {
	var b strings.Builder
	if t.Emergency {
		b.WriteString(s.Tickets.Rules().Reader.Advice(t.Danger) + "\n\n已按紧急情况处理，正在通知值班人员。\n")
	} else if s.Tickets.Rules().Reader.Read(t.Text, nil).Perhaps {
		b.WriteString("现在有人有危险吗？有就先拨 119、120 或 110，再回复「紧急」，马上通知值班人员。\n\n")
	}
	fmt.Fprintf(&b, "已登记：%s\n类别：%s\n位置：%s\n办理：%s\n时限：%s 前", t.Number, f.kind, f.place, f.lead, s.when(t.DueAt))
	if photos > 0 {
		fmt.Fprintf(&b, "\n已附上刚才的 %d 张照片。", photos)
	}
	switch {
	case bound:
		b.WriteString("\n已记住您住在" + f.compound + "，以后不用写小区名；要换请回复「小区」。")
	case !home && f.compound != "":
		b.WriteString("\n回复「小区」绑定您住的小区，以后不用写小区名。")
	}
	b.WriteString("\n\n现在可以发照片；写错了回复「改」，不报了回复「撤销」，看进度回复「查」。")
	b.WriteString(s.link(t))
	return b.String()
}

func (s *Service) link(t ticket.Ticket) string {
	if s.Link == nil {
		return ""
	}
	return "\n详情：" + s.Link(t.Number)
}

// told says what an event of a ticket did. It looks at these two and at names
// alone, so it says the same again for a message that comes again.
func (c *turn) told(ctx context.Context, t ticket.Ticket, e ticket.Event) (string, error) {
	if e.Action == ticket.Submit {
		return c.filed(ctx, t)
	}
	f, err := c.facts(ctx, t)
	if err != nil {
		return "", err
	}
	who := f.lead + "，" + c.when(t.DueAt) + " 前"
	switch d := e.Detail(); e.Action { //nolint:exhaustive // the actions of a reporter
	case ticket.Confirm:
		waiting, err := c.waiting(ctx)
		return sayConfirmed(t, d, who) + sayWaiting(waiting), err
	case ticket.Reopen:
		return sayRedo(t, d, who), nil
	case ticket.Rate:
		if e.ToState == ticket.Finished {
			return c.askVerdict(t, sayNotHappy), nil
		}
		return t.Number + " 的评价「" + satisfactionName[d.Satisfaction] + "」已记下，谢谢。\n还有别的事，直接写一句话。", nil
	case ticket.Merge:
		return t.Number + " 已并入 " + e.Detail().Into + "，今后的进展以它为准，会告诉您。\n回复「查」看进度。", nil
	case ticket.Withdraw:
		return t.Number + " 已撤销。\n要重新报，直接写一句话，例如：福馨苑3号楼2单元楼道灯坏了。", nil
	case ticket.Urge:
		return t.Number + " 已催办，办理人：" + who + "办完。\n回复「查 " + tail(t) + "」看进度。", nil
	case ticket.Correct:
		return fmt.Sprintf("%s 已更正。\n类别：%s\n位置：%s\n办理：%s\n时限：%s 前\n还不对再回复「改」，看进度回复「查」。", t.Number, f.kind, f.place, f.lead, c.when(t.DueAt)), nil
	case ticket.Follow:
		return t.Number + " 已记下：您也遇到了。办理人：" + who + "办完，办结后告诉您。\n要说更多，直接写一句话。", nil
	case ticket.Add:
		if strings.HasPrefix(e.Note, correction) {
			return t.Number + " 已在办理，不能直接改；您的更正已经告诉办理人（" + f.lead + "）。\n看进度回复「查 " + tail(t) + "」。", nil
		}
		if d := e.Detail(); d.Danger != "" {
			return c.Tickets.Rules().Reader.Advice(d.Danger) + "\n\n" + t.Number + " 已转为紧急情况，正在通知值班人员。\n情况有变化请再写一句，看进度回复「查 " + tail(t) + "」。", nil
		}
		return t.Number + " 已补充「" + short(e.Note, 40) + "」，办理人会看到。\n还可以发照片，看进度回复「查 " + tail(t) + "」。", nil
	}
	return t.Number + " " + t.State.Name() + "。" + c.next(t), nil
}

func sayConfirmed(t ticket.Ticket, d ticket.Detail, who string) string {
	switch {
	case d.Solved != nil && !*d.Solved:
		return sayRedo(t, d, who)
	case d.Satisfaction == "":
		return t.Number + " 已按您的答复结案，谢谢。\n满意不满意，回复「评价」告诉我们；问题又出现，15 天内回复「没解决」就重办。"
	}
	return t.Number + " 已按「" + satisfactionName[d.Satisfaction] + "」结案，谢谢您的评价。\n问题又出现，15 天内回复「没解决」就重办。"
}

// sayWaiting names the ticket that a bare number will be for next.
func sayWaiting(tickets []ticket.Ticket) string {
	if i := firstFinished(tickets); i >= 0 {
		return "\n" + tickets[i].Number + "「" + short(tickets[i].Text, 12) + "」等您确认，" + ticket.ConfirmPrompt + "。"
	}
	return ""
}

func sayRedo(t ticket.Ticket, d ticket.Detail, who string) string {
	by := "由上一级负责："
	if d.To == 0 { // nobody stands above
		by = "市级关注，办理人："
	}
	return t.Number + " 已退回重办，" + by + who + "办完。\n有新情况可以发照片或回复「补充」加内容，看进度回复「查 " + tail(t) + "」。"
}

var satisfactionName = map[ticket.Satisfaction]string{ticket.Satisfied: "满意", ticket.Basic: "基本满意", ticket.Dissatisfied: "已解决但不满意"}

// next is what to do with a ticket as it stands.
func (s *Service) next(t ticket.Ticket) string {
	switch {
	case t.State == ticket.Finished:
		return ticket.ConfirmPrompt + "。"
	case t.State.Open():
		return "着急回复「催」，有新情况回复「补充」加内容。"
	case t.State == ticket.Closed && t.Satisfaction == "":
		return "回复「评价」说说是否满意；问题还在，15 天内回复「没解决」。"
	case t.State == ticket.Closed:
		return "问题又出现，15 天内回复「没解决」就重办。"
	}
	return "要报新的事，直接写一句话。"
}

func (s *Service) sayList(tickets []ticket.Ticket) string {
	if len(tickets) == 0 {
		return "您还没有报过事。" + sayExample
	}
	var b strings.Builder
	b.WriteString("您最近报的事：")
	for _, t := range tickets {
		fmt.Fprintf(&b, "\n%s %s「%s」%s", t.Number, s.kindName(t.Category), short(t.Text, 12), t.State.Name())
		if t.State.Open() {
			b.WriteString("，" + s.when(t.DueAt) + " 前")
		}
	}
	b.WriteString("\n回复「查 " + tail(tickets[0]) + "」看第一件的进度。")
	return b.String() + sayWaiting(tickets)
}

func firstFinished(tickets []ticket.Ticket) int {
	best := -1
	for i, t := range tickets {
		if t.State == ticket.Finished && (best < 0 || t.FinishedAt > tickets[best].FinishedAt) {
			best = i
		}
	}
	return best
}

// lastEvents is how many events progress shows.
const lastEvents = 5

// done names actions as things that happened.
var done = map[ticket.Action]string{
	ticket.Submit: "报事", ticket.Accept: "签收", ticket.Contact: "已联系", ticket.Dispatch: "派单", ticket.Transfer: "转派", ticket.Return: "退单", ticket.Decide: "裁定",
	ticket.Extend: "申请延期", ticket.Whistle: "召集部门", ticket.Arrive: "部门到场", ticket.Consult: "会商", ticket.Suspend: "申请挂账", ticket.Resume: "恢复办理",
	ticket.Exclude: "申请剔除", ticket.Reject: "不予受理", ticket.Finish: "办结", ticket.Confirm: "确认结果", ticket.Rate: "评价", ticket.Reopen: "要求重办",
	ticket.Withdraw: "撤销", ticket.Merge: "合并", ticket.Follow: "同遇", ticket.Urge: "催办", ticket.Add: "补充", ticket.Correct: "更正", ticket.Escalate: "提级", ticket.Close: "结案",
}

func (s *Service) sayProgress(ctx context.Context, full ticket.Full) (string, error) {
	t := full.Ticket
	f, err := s.facts(ctx, t)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n%s，%s\n办理：%s", t.Number, t.State.Name(), f.kind, f.place, f.lead)
	if t.State == ticket.Merged {
		into, err := s.Tickets.Into(ctx, t)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "\n已并入 %s，%s", into.Number, into.State.Name())
	}
	if t.State.Open() {
		fmt.Fprintf(&b, "\n时限：%s 前", s.when(t.DueAt))
	}
	b.WriteString("\n")
	for _, e := range full.Events[max(0, len(full.Events)-lastEvents):] {
		fmt.Fprintf(&b, "\n%s %s：%s", s.when(e.At), short(e.ActorTitle, 16), done[e.Action])
		to, note := e.Detail().ToTitle, strings.TrimSpace(e.Note)
		if to != "" {
			b.WriteString("，由" + short(to, 20) + map[bool]string{true: "裁定", false: "办理"}[e.Action.Asks()])
		}
		if note != "" && (e.Action != ticket.Dispatch || e.ActorID != 0) { // not the reason that routing gives
			b.WriteString("，" + short(note, 30))
		}
	}
	b.WriteString("\n\n" + s.next(t) + s.link(t))
	return b.String(), nil
}

// tail is the last part of a ticket's number, enough to say it by.
func tail(t ticket.Ticket) string { return t.Number[strings.LastIndexByte(t.Number, '-')+1:] }

// short is a text on one line, cut to n characters.
func short(text string, n int) string {
	r := []rune(strings.Join(strings.Fields(text), " "))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n]) + "…"
}

// clip keeps a reply under MaxReply.
func clip(text string) string {
	const mark = "…"
	if len(text) < MaxReply {
		return text
	}
	text = text[:MaxReply-1-len(mark)]
	for !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	return text + mark
}
