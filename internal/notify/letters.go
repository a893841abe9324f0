package notify

import (
	"slices"
	"time"

	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// letter is one text of an event for some of the people it concerns.
type letter struct {
	kind   string
	title  string
	body   string
	next   string
	people []int64
	posts  []int64 // their holders
}

// letters says who is told what when something happened to a ticket. People
// who appear in several letters get the first; nobody is told their own deed.
func (s *Service) letters(m ticket.Moment) []letter {
	e, d := m.Event, m.Event.Detail()
	lead, reporter := []int64{m.LeadPost}, []int64{m.ReporterID}
	to := []int64{d.To}
	joined := m.Followers
	what := s.what(m)
	due := "请在 " + s.clock(m.DueAt) + " 前办结"
	switch e.Action {
	case ticket.Rate:
		if e.ToState == ticket.Finished && len(d.Posts) == 0 { // else closed by it
			return []letter{{"rated", "居民不满意", what, "请联系居民，问清还差什么", nil, lead}}
		}
		if e.ToState == ticket.Closed && e.FromState == ticket.Finished && len(d.Posts) == 0 {
			return s.closed(m)
		}
		return []letter{{"rated", "吹哨单位的评价", satisfactionsOf[d.Satisfaction], "谢谢到场处置", nil, d.Posts}}
	case ticket.Submit, ticket.Follow:
		return nil
	case ticket.Consult:
		body := e.Note
		if d.Until != 0 {
			body = s.clock(d.Until) + "，" + body
		}
		return []letter{
			{"consulting", "您的报事正在会商", body, "有结果会告诉您", reporter, nil},
			{"consulting", "正在会商", body, "请按时参加", nil, beside(m)},
		}
	case ticket.Resume:
		if d.Asked != ticket.Consult {
			return nil
		}
		return []letter{
			{"concluded", "您的报事会商有结果", e.Note, "接着办理，回复「查」看进度", reporter, nil},
			{"concluded", "会商有结果", e.Note, due, nil, append(lead, beside(m)...)},
		}
	case ticket.Dispatch, ticket.Transfer, ticket.Escalate:
		if d.Clock != "" {
			return s.missed(m, d)
		}
		if m.Emergency {
			return s.alarm(m, to, what)
		}
		if e.Seq > 2 { // handed on by a person: those beside it know already
			return []letter{{"dispatched", "新工单待签收", what, due, nil, to}}
		}
		return []letter{
			{"dispatched", "新工单待签收", what, due, nil, to},
			{"dispatched", "请协助办理", what, "请与牵头人联系", nil, besides(m, ticket.CoHandler)},
		}
	case ticket.Correct:
		if d.To == 0 {
			return []letter{{"corrected", "工单内容有更正", what, "请查看更正", nil, lead}}
		}
		return []letter{{"dispatched", "新工单待签收", what, due, nil, to}}
	case ticket.Accept:
		return []letter{{"accepted", "您的报事已签收", e.ActorTitle, "工作人员会尽快与您联系", reporter, nil}}
	case ticket.Contact:
		return []letter{{"contacted", "工作人员已联系", e.ActorTitle, "没有接到联系？请回复「催」", reporter, nil}}
	case ticket.Finish:
		if e.ToState != ticket.Finished {
			return []letter{{"part_done", "部门已完成任务", e.ActorTitle + "：" + e.Note, "全部完成后请办结", nil, lead}}
		}
		return []letter{
			{"finished", "您的报事已办结", e.Note, ticket.ConfirmPrompt, reporter, nil},
			{"finished", "您的报事已办结", s.masked(e.Note), "没解决请回复「没解决」", m.Brought, nil},
			{"finished", "您关注的问题已办结", s.masked(e.Note), "回复「查」查看进度", joined, nil},
		}
	case ticket.Confirm, ticket.Reopen, ticket.Close:
		if e.ToState == ticket.Reopened {
			who := "由上一级负责重办"
			if d.To == 0 {
				who = "由原办理单位重办，市级关注"
			}
			return []letter{
				{"reopened", "居民反映没有解决，需重办", e.Note, due, nil, lead},
				{"reopened", "您的报事将重办", who, "回复「查」查看进度", append(reporter, m.Brought...), nil},
			}
		}
		return s.closed(m)
	case ticket.Return, ticket.Extend, ticket.Suspend, ticket.Exclude:
		next := "请裁定"
		if m.DecideBy != 0 {
			next = "请在 " + s.clock(m.DecideBy) + " 前裁定"
		}
		return []letter{{"decide", asks[e.Action] + "待裁定", e.ActorTitle + "：" + e.Note, next, nil, to}}
	case ticket.Decide:
		return s.decided(m, d)
	case ticket.Whistle:
		return []letter{{"whistled", "吹哨，请报到", what, "请尽快到场并点「报到」", nil, d.Posts}}
	case ticket.Arrive:
		if len(d.Posts) > 0 { // by the clock
			return []letter{
				{"late", "吹哨后到时未报到", what, "请立即到场并点「报到」", nil, d.Posts},
				{"late", "部门到时未报到", e.Note, "请联系部门，必要时提级", nil, append(lead, m.Deciders...)},
			}
		}
		return []letter{{"arrived", "部门已报到", e.ActorTitle + " 已报到", "请会同办理", nil, lead}}
	case ticket.Reject:
		return []letter{
			{"rejected", "您的报事未予受理", e.Note, "有异议？15 天内回复「评价」要求重办", reporter, nil},
			{"rejected", "工单不予受理", e.Note, "无需再办理", nil, lead},
		}
	case ticket.Withdraw:
		return []letter{{"withdrawn", "居民已撤销工单", what, "无需再办理", nil, lead}}
	case ticket.Merge:
		return []letter{{"merged", "工单已并入 " + d.Into, what, "无需再办理", nil, lead}, {"merged", "您的报事已合并", "同一问题已有工单 " + d.Into, "今后的进展以该工单为准", reporter, nil}, {"merged", "您关注的问题已合并", "同一问题已有工单 " + d.Into, "今后的进展以该工单为准", joined, nil}}
	case ticket.Urge:
		if d.Clock != "" {
			return s.warned(m, d)
		}
		return []letter{{"urged", "居民催办", what, due, nil, lead}}
	case ticket.Add:
		body := e.Note
		if len(d.Photos) > 0 {
			body += "（附照片）"
		}
		if d.Danger != "" {
			return s.alarm(m, []int64{m.LeadPost}, what+"。"+body)
		}
		if e.ActorID == m.ReporterID {
			return []letter{{"added", "居民有补充", body, "请查看", nil, lead}}
		}
		if e.ActorPost == 0 { // another resident, whose words nobody has looked at
			return []letter{
				{"added", "居民有补充", body, "请查看", nil, lead},
				{"added", "您的报事有新进展", "同遇的居民补充了情况", "回复「查」查看进度", reporter, nil},
			}
		}
		if d.Waiting {
			return []letter{{"asked", "请您答复", e.Note, "请直接回复，" + s.clock(d.Until) + " 前", reporter, nil}}
		}
		if d.Unwatched {
			return []letter{{"supervised", "已移出市级关注", body, due, nil, lead}}
		}
		if d.Supervised {
			return []letter{{"supervised", "督办：" + e.ActorTitle, body, due, nil, lead}}
		}
		return []letter{{"added", "您的报事有新进展", body, "回复「查」查看进度", reporter, nil}}
	}
	return nil
}

// alarm tells of danger to life: who goes there, who has to know.
func (s *Service) alarm(m ticket.Moment, to []int64, what string) []letter {
	return []letter{
		{"emergency", "紧急工单", what, "请立即签收、联系报事人并赶到现场", nil, to},
		{"emergency", "紧急情况通报", what, "请关注并督促处置", nil, besides(m, ticket.CoHandler, ticket.Watcher)},
	}
}

// warned tells that most of a clock's time has passed.
func (s *Service) warned(m ticket.Moment, d ticket.Detail) []letter {
	lead := []int64{d.To}
	switch d.Clock {
	case ticket.ResponseClock:
		return []letter{{kindWarning, "请尽快联系报事人", s.what(m), "请在 " + s.clock(m.RespondBy) + " 前联系", nil, lead}}
	case ticket.ConfirmationClock:
		return []letter{{"confirm", "请告诉我们解决了没有", s.what(m), ticket.ConfirmPrompt, []int64{m.ReporterID}, nil}}
	case ticket.FinishClock:
	}
	return []letter{{kindWarning, "办结时限将到", s.what(m), "请在 " + s.clock(m.DueAt) + " 前办结，来不及请先申请延期", nil, lead}}
}

// missed tells that a clock's time is over: who above has to act now, and who
// was late.
func (s *Service) missed(m ticket.Moment, d ticket.Detail) []letter {
	next, over := "请立即联系报事人", "超过联系时限"
	if d.Clock == ticket.FinishClock {
		next, over = "请立即办结或说明情况", "超过办结时限"
	}
	if d.Handed {
		return []letter{
			{"dispatched", over + "，转由您办理", s.what(m), "请立即签收并联系报事人", nil, []int64{d.To}},
			{kindOverdue, over + "，已转上级", m.Event.Note, "无需再办理", nil, d.Posts},
		}
	}
	return []letter{
		{kindOverdue, over + "，请督办", s.what(m), "请督促经办人，必要时改派", nil, []int64{d.To}},
		{kindOverdue, over, m.Event.Note, next, nil, d.Posts},
	}
}

func (s *Service) closed(m ticket.Moment) []letter {
	return []letter{
		{"closed", "工单已结案", satisfactions[m.Satisfaction], "无需再办理", nil, []int64{m.LeadPost}},
		{"closed", "您的报事已结案", closings[m.Outcome], "仍有问题？15 天内回复「评价」要求重办", []int64{m.ReporterID}, nil},
		{"closed", "您关注的问题已结案", closings[m.Outcome], "谢谢您的关心", m.Followers, nil},
	}
}

// deferred tells that nobody has decided in time: who decides now, who should
// have, who waits.
func (s *Service) deferred(m ticket.Moment, d ticket.Detail) []letter {
	next := "请尽快裁定"
	if d.Until != 0 {
		next = "请在 " + s.clock(d.Until) + " 前裁定"
	}
	asked := asks[d.Asked]
	return []letter{
		{"decide", asked + "逾期未裁定，请您裁定", s.what(m), next, nil, []int64{d.To}},
		{"deferred", asked + "逾期未裁定", m.Event.Note, "无需再裁定", nil, d.Posts},
		{"deferred", asked + "尚未裁定", m.Event.Note, "裁定之前仍请先回应居民", nil, []int64{m.LeadPost}},
	}
}

func (s *Service) decided(m ticket.Moment, d ticket.Detail) []letter {
	if d.Approve == nil {
		return s.deferred(m, d)
	}
	yes := *d.Approve
	result := map[bool]string{true: "同意", false: "不同意"}[yes]
	due := "请在 " + s.clock(m.DueAt) + " 前办结"
	switch {
	case d.To != 0:
		return []letter{{"dispatched", "新工单待签收（退单裁定：" + result + "）", s.what(m), due, nil, []int64{d.To}}}
	case d.Asked == ticket.Exclude && yes:
		return []letter{
			{"excluded", "您的报事不计入考核", m.Event.Note, "有异议？15 天内回复「评价」要求重办", []int64{m.ReporterID}, nil},
			{"decided", "剔除：" + result, m.Event.Note, "无需再办理", nil, []int64{m.LeadPost}},
		}
	}
	decided := []letter{{"decided", asks[d.Asked] + "：" + result, m.Event.Note, due, nil, []int64{m.LeadPost}}}
	if later := "预计 " + s.clock(m.DueAt) + " 前办结"; yes && d.Asked == ticket.Extend {
		decided = append(decided, letter{"prolonged", "您的报事延期办理", later, "等不及请回复「催」", []int64{m.ReporterID}, nil})
	} else if yes && d.Asked == ticket.Suspend {
		decided = append(decided, letter{"prolonged", "您的报事暂缓办理", "条件具备后继续，最迟 " + s.clock(m.PausedUntil), "等不及请回复「催」", []int64{m.ReporterID}, nil})
	}
	return decided
}

var asks = map[ticket.Action]string{
	ticket.Return: "退单", ticket.Extend: "延期申请", ticket.Suspend: "挂账申请", ticket.Exclude: "剔除申请",
}

var satisfactionsOf = map[ticket.Satisfaction]string{ticket.Satisfied: "满意", ticket.Basic: "基本满意", ticket.Dissatisfied: "不满意"}

var satisfactions = map[ticket.Satisfaction]string{
	ticket.Satisfied: "居民评价：满意", ticket.Basic: "居民评价：基本满意", ticket.Dissatisfied: "居民评价：不满意", "": "居民未作评价",
}

var closings = map[ticket.Outcome]string{
	ticket.Confirmed: "居民已确认解决", ticket.Tacit: "72 小时内没有收到答复，已到期结案", ticket.FollowedUp: "工作人员已电话回访",
}

// what is the problem in a line; handlers see the words, nobody else gets this letter's body from here.
func (s *Service) what(m ticket.Moment) string {
	rules := s.Tickets.Rules()
	c, _ := rules.Reader.Category(m.Category)
	return c.Name + "：" + rules.Content.Polite(m.Text)
}

// masked are words as those may read them who have nothing to do with the work.
func (s *Service) masked(text string) string { return s.Tickets.Rules().Content.Masked(text) }

func (s *Service) place(m ticket.Moment) string {
	p := m.Place.Name
	if m.Building != "" {
		p += m.Building + "号楼"
	}
	if m.Unit != "" {
		p += m.Unit + "单元"
	}
	return p
}

func (s *Service) clock(ms int64) string {
	return time.UnixMilli(ms).In(s.Location).Format("1月2日 15:04")
}

// beside are the posts that a consultation concerns next to the lead: the
// branch of the compound, and who co-handles.
func beside(m ticket.Moment) []int64 {
	posts := besides(m, ticket.CoHandler)
	for id, p := range m.Posts {
		if p.Role == org.BranchSecretary && p.OrgID == m.Place.ID {
			posts = append(posts, id)
		}
	}
	return posts
}

// besides are the posts of the parts of some kinds.
func besides(m ticket.Moment, kinds ...ticket.PartKind) []int64 {
	var posts []int64
	for _, p := range m.Parts {
		if slices.Contains(kinds, p.Kind) {
			posts = append(posts, p.PostID)
		}
	}
	return posts
}
