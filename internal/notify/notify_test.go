package notify_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/blob"
	"fenlin/internal/kv"
	"fenlin/internal/member"
	"fenlin/internal/notify"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
	"fenlin/internal/wechat"
	"fenlin/internal/wechat/wechatsim"
)

const template = "t-progress"

// city is the small city with WeChat beside it; people's openids are "o-" and their name.
type city struct {
	*tickettest.Town
	sim *wechatsim.Sim
	n   *notify.Service

	keep func(context.Context) error // the rates, as a replica does; nil where nobody asks for them
}

func newCity(t *testing.T) *city {
	t.Helper()
	w := tickettest.New(t)
	sim := wechatsim.New(wechatsim.Options{
		AppID: "wx1", Secret: "secret-1", Token: "t", MiniAppID: "wxmini", MiniSecret: "secret-2", CallbackURL: "http://127.0.0.1:1/none", Now: w.Clock, RetryAfter: time.Millisecond,
		People: func(context.Context) ([]wechatsim.Person, error) {
			var people []wechatsim.Person
			for who := range w.Who {
				people = append(people, wechatsim.Person{OpenID: "o-" + who, Name: who})
			}
			return people, nil
		},
	})
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(func() { sim.Close(); server.Close() })
	n := &notify.Service{
		DB: w.DB, Tickets: w.Service, Activities: w.Activities, Wishes: w.Wishes, Lists: w.Lists, Site: "http://fenlin.test", Org: w.Org, Members: w.Members, Outbox: w.Outbox, Location: w.Rules().Calendar.Location(), Now: w.Clock,
		WeChat: wechat.NewClient(wechat.Config{AppID: "wx1", Secret: "secret-1", Token: "t", MiniAppID: "wxmini", MiniSecret: "secret-2", APIBase: server.URL + "/sim/wechat"}, kv.NewMemory()),
	}
	w.Members.Templates = member.Templates{Followers: template}
	w.Outbox.Handlers, w.Members.Registered, w.Members.Asked, w.Org.Asked = n.Handlers(), n.Registered, n.CorrectionAsked, n.PartnerAsked
	return &city{Town: w, sim: sim, n: n}
}

// drain works until nothing is due.
func (c *city) drain(t *testing.T) {
	t.Helper()
	for {
		n, err := c.Outbox.Work(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// told is what somebody got, as text.
func (c *city) told(who string) []string {
	var out []string
	for _, r := range c.sim.Outbox("o-" + who) {
		if r.Kind == wechatsim.KindSystem {
			continue // nobody answers the callback here
		}
		text := r.Kind + " " + r.Title + r.Text + " " + r.URL
		for _, row := range r.Rows {
			text += " " + row.Value
		}
		out = append(out, text)
	}
	return out
}

func (c *city) once(t *testing.T, who string, words ...string) {
	t.Helper()
	hits := 0
	for _, text := range c.told(who) {
		all := true
		for _, w := range words {
			all = all && strings.Contains(text, w)
		}
		if all {
			hits++
		}
	}
	if hits != 1 {
		t.Errorf("%s was told %v %d times: %q", who, words, hits, c.told(who))
	}
}

const lamp = "3号楼2单元楼道灯坏了"

func TestEvent_EveryStepIsToldOnceToWhomItConcerns(t *testing.T) {
	c := newCity(t)
	tk := c.Told(t, "li", lamp)
	c.drain(t)
	c.once(t, "branch", "待签收", tk.Number, "福馨苑小区3号楼2单元")
	c.once(t, "leader", "协助")
	c.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Accept})
	c.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Contact})
	c.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Finish, Note: "好了"})
	c.drain(t)
	for _, what := range []string{"已签收", "已联系", "已办结"} {
		c.once(t, "li", what, tk.Number)
	}
	no := false
	c.Do(t, "li", tk.Number, ticket.Input{Action: ticket.Confirm, Solved: &no, Note: "还是不亮"})
	c.drain(t)
	c.once(t, "community", "重办", tk.Number)
	if len(c.told("branch")) != 1 {
		t.Errorf("the branch was told of its own deeds: %q", c.told("branch"))
	}
	if len(c.told("wang")) != 0 {
		t.Errorf("a neighbour was told: %q", c.told("wang"))
	}
	ready, dead, err := c.Outbox.Depth(t.Context())
	if err != nil || dead != 0 || ready != 1 { // the confirmation window's timer
		t.Fatalf("ready %d dead %d %v", ready, dead, err)
	}
}

func TestEvent_AnEmergencyGoesToTheWholeChainAtOnce(t *testing.T) {
	c := newCity(t)
	c.Told(t, "li", "福馨苑3号楼2单元电梯里困住人了，快来人")
	c.drain(t)
	for _, who := range []string{"branch", "community", "subdistrict", "city"} {
		c.once(t, who, "紧急")
	}
}

func TestSend_ClimbsTheLadderAndKeepsWhy(t *testing.T) {
	c := newCity(t)
	c.sim.Fail("/cgi-bin/message/template/send", 40037, 99)
	if _, err := c.sim.Send(t.Context(), "o-branch", wechatsim.Text("在吗")); err != nil { // opens the 48 h window
		t.Log(err)
	}
	c.Told(t, "li", lamp)
	c.drain(t)
	c.once(t, "branch", wechatsim.KindCustomer, "待签收")
	notices := c.notices(t)
	for _, n := range notices {
		if len(n.Tries) == 0 || n.Tries[0].Channel != "template" || !strings.Contains(n.Tries[0].Reason, "40037") {
			t.Errorf("the reason was not kept: %+v", n)
		}
	}
	// The group leader never wrote, so there is no window: it is shown in the app.
	if n := notices[c.Who["leader"]]; n.State != notify.InApp || len(n.Tries) != 2 || !strings.Contains(n.Tries[1].Reason, "45015") {
		t.Errorf("%+v", n)
	}
}

func (c *city) notices(t *testing.T) map[int64]notify.Notice {
	t.Helper()
	var list []notify.Notice
	if err := c.DB.Read(t.Context()).Find(&list).Error; err != nil {
		t.Fatal(err)
	}
	out := map[int64]notify.Notice{}
	for _, n := range list {
		out[n.PersonID] = n
	}
	return out
}

func TestSend_WeChatAwayOrUnsureIsTriedAgainButToldOnce(t *testing.T) {
	c := newCity(t)
	tk := c.Told(t, "li", lamp)
	// Done, but the answer is lost: WeChat knows the repetition by its id.
	c.sim.Cut("/cgi-bin/message/template/send", 3)
	c.drain(t)
	for range 8 {
		c.Forward(time.Minute)
		c.drain(t)
	}
	c.once(t, "branch", "待签收", tk.Number)
	c.sim.Fail("/cgi-bin/message/template/send", -1, 2)
	c.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Accept})
	c.drain(t)
	for range 8 {
		c.Forward(time.Minute)
		c.drain(t)
	}
	c.once(t, "li", "已签收", tk.Number)
	c.sim.Fail("/cgi-bin/message/template/send", wechat.CodeMinuteQuota, 5)
	c.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Add, Note: "明天上午来修"})
	for range 30 {
		c.drain(t)
		c.Forward(time.Minute)
	}
	c.drain(t)
	c.once(t, "li", "明天上午来修", tk.Number)
	// A day's outage is longer than any number of attempts.
	c.sim.Fail("/cgi-bin/message/template/send", wechat.CodeBusy, 100)
	c.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Add, Note: "配件在路上"})
	for range 24 * 6 {
		c.drain(t)
		c.Forward(10 * time.Minute)
	}
	c.once(t, "li", "配件在路上", tk.Number)
	c.sim.RefuseTokens(1)
	c.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Contact})
	c.drain(t)
	c.Forward(time.Minute)
	c.drain(t)
	c.once(t, "li", "已联系", tk.Number)
	// Two days are enough: it stands in the app, with the reason.
	c.sim.Fail("/cgi-bin/message/template/send", wechat.CodeBusy, 5000)
	c.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Finish, Note: "换好了"})
	for range 50 {
		c.drain(t)
		c.Forward(time.Hour)
	}
	c.drain(t)
	var why string
	if err := c.DB.Read(t.Context()).Raw("SELECT tries FROM notices WHERE kind = 'finished' AND state = 'in_app' AND person_id = ?", c.Who["li"]).Scan(&why).Error; err != nil || !strings.Contains(why, "微信两天没有应答") {
		t.Errorf("given up because of %q: %v", why, err)
	}
}

func TestMedia_APictureJoinsItsTicketAndABadOneIsSaid(t *testing.T) {
	c := newCity(t)
	tk := c.Told(t, "li", lamp)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	good := c.upload(t, picture.Bytes())
	for range 2 { // the same message twice is one picture
		if err := c.Await(t.Context(), ticket.Media{TicketID: tk.ID, Person: c.Who["li"], MediaID: good, Key: "wx:1"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Await(t.Context(), ticket.Media{TicketID: tk.ID, Person: c.Who["li"], MediaID: "no-such", Key: "wx:2"}); err != nil {
		t.Fatal(err)
	}
	c.drain(t)
	f, err := c.Get(t.Context(), c.Actor("branch"), tk.Number)
	if err != nil || len(f.Photos) != 1 {
		t.Fatalf("photos %v %v", f.Photos, err)
	}
	kept, err := c.Photo(t.Context(), c.Actor("branch"), f.Photos[0])
	if err != nil || !bytes.HasPrefix(kept, []byte("\xff\xd8")) {
		t.Fatalf("not a JPEG: %v", err)
	}
	if _, err := c.Photo(t.Context(), c.Actor("wang"), f.Photos[0]); err == nil {
		t.Fatal("a neighbour sees the photo")
	}
	c.once(t, "li", "照片没有收到")
	c.once(t, "branch", "补充")
}

// away is a store of photos that does not answer for a while.
type away struct{ blob.Store }

func (away) Put(context.Context, int64, []byte) error { return errors.New("away") }

func TestMedia_APictureWaitsForTheStoreOfPhotos(t *testing.T) {
	c := newCity(t)
	tk := c.Told(t, "li", lamp)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	whole := c.Service.Photos
	c.Service.Photos = away{whole}
	if err := c.Await(t.Context(), ticket.Media{TicketID: tk.ID, Person: c.Who["li"], MediaID: c.upload(t, picture.Bytes()), Key: "wx:1"}); err != nil {
		t.Fatal(err)
	}
	photos := func() int {
		f, err := c.Get(t.Context(), c.Actor("branch"), tk.Number)
		if err != nil {
			t.Fatal(err)
		}
		return len(f.Photos)
	}
	for range 30 { // longer than an event is tried that fails
		c.drain(t)
		c.Forward(time.Hour)
	}
	if n := photos(); n != 0 || strings.Contains(strings.Join(c.told("li"), ""), "照片没有收到") {
		t.Fatalf("%d photos; told %v", n, c.told("li"))
	}
	c.Service.Photos = whole
	c.Forward(time.Hour)
	c.drain(t)
	if n := photos(); n != 1 {
		t.Errorf("%d photos after the store came back", n)
	}
}

// upload is a picture that somebody sent to the account.
func (c *city) upload(t *testing.T, data []byte) string {
	t.Helper()
	_, _ = c.sim.Send(context.Background(), "o-li", wechatsim.Image(data)) // nobody answers the callback here
	for _, r := range c.sim.History("o-li") {
		if r.MediaID != "" {
			return r.MediaID
		}
	}
	t.Fatal("no media id")
	return ""
}

func TestSend_WhoHasNoOpenIDIsToldInTheAppAlone(t *testing.T) {
	c := newCity(t)
	if err := c.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("DELETE FROM identities WHERE person_id = ?", c.Who["branch"]).Error
	}); err != nil {
		t.Fatal(err)
	}
	c.Told(t, "li", "3号楼2单元楼道灯坏了")
	c.drain(t)
	var n notify.Notice
	if err := c.DB.Read(t.Context()).Take(&n, "person_id = ?", c.Who["branch"]).Error; err != nil {
		t.Fatal(err)
	}
	if n.State != notify.InApp || len(n.Tries) != 1 || n.Tries[0].Reason != "没有关注公众号" || len(c.told("branch")) > 0 {
		t.Errorf("%+v; WeChat was asked for %v", n, c.told("branch"))
	}
}

func TestSend_AConsentIsGoodForOneMessageInTheAppWhereItWasGiven(t *testing.T) {
	c := newCity(t)
	c.Members.Templates = member.Templates{Account: "t-account", MiniProgram: "t-mini"}
	for _, step := range []struct {
		name   string
		before func() error
		want   string // the channel that took it; empty = shown in the app
		left   int    // credits in the mini-program afterwards
	}{
		{"nothing agreed to", func() error { return nil }, "", 0},
		{"agreed to in the mini-program, twice", func() error {
			c.sim.ConsentMiniProgram("o-li", "t-mini", "t-mini")
			return errors.Join(c.Members.Subscribed(t.Context(), member.MiniProgram, "o-li", "t-mini"), c.Members.Subscribed(t.Context(), member.MiniProgram, "o-li", "t-mini"))
		}, "mini_subscription", 1},
		{"WeChat busy: the consent is kept for later", func() error { c.sim.Fail("/cgi-bin/message/subscribe/send", -1, 1); return nil }, "mini_subscription", 0},
		{"another template's consent is none of ours", func() error { return c.Members.Subscribed(t.Context(), member.MiniProgram, "o-li", "t-other") }, "", 0},
		{"claimed but never given: WeChat's count is the last word", func() error {
			return errors.Join(c.Members.Subscribed(t.Context(), member.MiniProgram, "o-li", "t-mini"), c.Members.Subscribed(t.Context(), member.MiniProgram, "o-li", "t-mini"))
		}, "", 0},
		{"agreed to on a page of the account", func() error {
			_, _ = c.sim.Consent(t.Context(), "o-li", []string{"t-account"}, nil) // nobody answers the callback here
			return c.Members.Subscribed(t.Context(), member.Account, "o-li", "t-account")
		}, "subscription", 0},
	} {
		t.Run(step.name, func(t *testing.T) {
			if err := step.before(); err != nil {
				t.Fatal(err)
			}
			tk := c.Told(t, "li", lamp)
			c.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Accept})
			for range 3 {
				c.drain(t)
				c.Forward(time.Minute)
			}
			var n notify.Notice
			if err := c.DB.Read(t.Context()).Order("id DESC").Take(&n, "person_id = ? AND ticket_id = ?", c.Who["li"], tk.ID).Error; err != nil {
				t.Fatal(err)
			}
			if n.Channel != step.want || n.State != map[bool]notify.State{true: notify.InApp, false: notify.Sent}[step.want == ""] {
				t.Errorf("%+v", n)
			}
			known, err := c.Members.Identities(t.Context(), c.Who["li"])
			if err != nil || known[member.MiniProgram].Credits != step.left {
				t.Errorf("left: %+v %v", known, err)
			}
		})
	}
	for _, r := range c.sim.Outbox("o-li") {
		if r.Kind == wechatsim.KindMiniProgram && !strings.HasPrefix(r.Page, "pages/home/open?link=%2Ftickets%2FFY") {
			t.Errorf("leads to %q", r.Page)
		}
	}
}

func TestEvent_WhoIsLateForAWhistleAndWhatIsSupervisedIsTold(t *testing.T) {
	c := newCity(t)
	n := c.Told(t, "li", lamp).Number
	c.Do(t, "branch", n, ticket.Input{Action: ticket.Accept})
	c.Do(t, "branch", n, ticket.Input{Action: ticket.Contact})
	c.Do(t, "branch", n, ticket.Input{Action: ticket.Whistle, Note: "漏电", Posts: []int64{c.Posts["power_company"], c.Posts["water_company"]}})
	c.Do(t, "water_company", n, ticket.Input{Action: ticket.Arrive})
	c.Forward(5 * 24 * time.Hour)
	c.drain(t)
	c.once(t, "power_company", "到时未报到", n)
	c.once(t, "branch", "部门到时未报到", "供电公司", n)
	c.once(t, "community", "部门到时未报到", "供电公司", n)
	c.Do(t, "branch", n, ticket.Input{Action: ticket.Rate, Posts: []int64{c.Posts["water_company"]}, Satisfaction: ticket.Satisfied})
	c.Do(t, "city", n, ticket.Input{Action: ticket.Add, Note: "三天内办结"})
	c.drain(t)
	c.once(t, "water_company", "吹哨单位的评价", "满意")
	c.once(t, "branch", "督办", "三天内办结")
	if all := strings.Join(c.told("water_company"), "\n"); strings.Contains(all, "未报到") {
		t.Errorf("who came was told to come: %s", all)
	}
}

func TestEvent_AReturnIsToldToWhoDecidesAndTheNextWhenNobodyDoes(t *testing.T) {
	c := newCity(t)
	tk := c.Told(t, "li", lamp)
	c.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Return, Note: "是路灯所的"})
	c.drain(t)
	c.once(t, "community", "退单待裁定", "前裁定")
	c.Forward(25 * time.Hour)
	c.drain(t)
	c.once(t, "community", "退单逾期未裁定")
	c.once(t, "subdistrict", "退单逾期未裁定，请您裁定", tk.Number)
	c.once(t, "branch", "退单尚未裁定", "南薰社区党委书记")
	no := false
	c.Do(t, "subdistrict", tk.Number, ticket.Input{Action: ticket.Decide, Approve: &no, Note: "归小区"})
	c.drain(t)
	c.once(t, "branch", "退单裁定：不同意")
}

func TestEvent_WhatWaitsForADecisionIsToldToWhoDecides(t *testing.T) {
	c := newCity(t)
	n := c.Told(t, "li", lamp).Number
	c.Do(t, "branch", n, ticket.Input{Action: ticket.Accept})
	c.Do(t, "branch", n, ticket.Input{Action: ticket.Exclude, Note: "不归小区管"})
	c.drain(t)
	c.once(t, "community", "剔除申请待裁定", "前裁定", n)
	for range 3 {
		c.Forward(25 * time.Hour)
		c.drain(t)
	}
	c.once(t, "subdistrict", "剔除申请逾期未裁定，请您裁定", n)
	c.once(t, "city", "剔除申请逾期未裁定，请您裁定", n)
	c.once(t, "branch", "剔除申请：不同意", n)
}

func TestEvent_AConsultationAndItsResultAreTold(t *testing.T) {
	c := newCity(t)
	n := c.Told(t, "li", lamp).Number
	c.Do(t, "branch", n, ticket.Input{Action: ticket.Dispatch, To: c.Posts["leader"]})
	c.Do(t, "leader", n, ticket.Input{Action: ticket.Accept})
	c.Do(t, "leader", n, ticket.Input{Action: ticket.Consult, Note: "装灯的钱怎么出", Until: c.Clock().Add(48 * time.Hour)})
	c.drain(t)
	c.once(t, "li", "正在会商", "11月25日")
	c.once(t, "branch", "正在会商", n)
	c.Do(t, "leader", n, ticket.Input{Action: ticket.Resume, Note: "公共收益里出"})
	c.drain(t)
	c.once(t, "li", "会商有结果", "公共收益")
	c.once(t, "branch", "会商有结果", "公共收益")
}

func TestEvent_WhoIsNotSatisfiedIsHeardBeforeTheyAnswerMore(t *testing.T) {
	c := newCity(t)
	n := c.Told(t, "li", lamp).Number
	for _, in := range []ticket.Input{{Action: ticket.Accept}, {Action: ticket.Contact}, {Action: ticket.Finish, Note: "好了"}} {
		c.Do(t, "branch", n, in)
	}
	c.Do(t, "li", n, ticket.Input{Action: ticket.Rate, Satisfaction: ticket.Dissatisfied})
	c.drain(t)
	c.once(t, "branch", "居民不满意", n)
	c.Forward(73 * time.Hour)
	c.drain(t)
	c.once(t, "community", "重办", n)
	c.once(t, "li", "将重办", n)
}

func TestSend_ATemplateOfUnknownFateIsNotRepeatedOnceWeChatForgets(t *testing.T) {
	c := newCity(t)
	tk := c.Told(t, "li", lamp)
	c.sim.Cut("/cgi-bin/message/template/send", 1000) // done each time, and nobody hears of it
	for range 40 {
		c.drain(t)
		c.Forward(30 * time.Second)
	}
	c.once(t, "branch", "待签收", tk.Number)
	if n := c.notices(t)[c.Who["branch"]]; n.State != notify.InApp || len(n.Tries) != 1 || !strings.Contains(n.Tries[0].Reason, "不再重发") {
		t.Errorf("%+v", n)
	}
}

func TestSend_AwayForLongAndThenUnsureIsTriedWhileWeChatRemembers(t *testing.T) {
	c := newCity(t)
	tk := c.Told(t, "li", lamp)
	c.sim.Fail("/cgi-bin/message/template/send", wechat.CodeBusy, 12) // six tries for each of the two who are told
	for range 6 {
		c.drain(t)
		c.Forward(time.Hour)
	}
	c.sim.Cut("/cgi-bin/message/template/send", 4)
	for range 30 {
		c.drain(t)
		c.Forward(20 * time.Second)
	}
	c.once(t, "branch", "待签收", tk.Number)
	if n := c.notices(t)[c.Who["branch"]]; n.State != notify.Sent {
		t.Errorf("%+v", n)
	}
}

func TestSend_WhatMayHaveGoneOutIsNotSaidAgainByAnotherChannel(t *testing.T) {
	c := newCity(t)
	c.Members.Templates = member.Templates{MiniProgram: "t-mini"}
	c.sim.ConsentMiniProgram("o-branch", "t-mini")
	if err := c.Members.Subscribed(t.Context(), member.MiniProgram, "o-branch", "t-mini"); err != nil {
		t.Fatal(err)
	}
	_, _ = c.sim.Send(t.Context(), "o-branch", wechatsim.Text("在吗")) // opens the window for a customer-service message
	c.sim.Cut("/cgi-bin/message/subscribe/send", 1)
	tk := c.Told(t, "li", lamp)
	for range 5 {
		c.drain(t)
		c.Forward(time.Minute)
	}
	c.once(t, "branch", tk.Number)
	if n := c.notices(t)[c.Who["branch"]]; n.State != notify.InApp || !strings.Contains(n.Tries[len(n.Tries)-1].Reason, "不再重发") {
		t.Errorf("%+v", n)
	}
}

func TestSend_TwoWorkersAtOnceSayItOnce(t *testing.T) {
	c := newCity(t)
	c.Members.Templates = member.Templates{}
	_, _ = c.sim.Send(t.Context(), "o-branch", wechatsim.Text("在吗")) // opens the window, of five messages
	c.Told(t, "li", lamp)
	if _, err := c.Outbox.Work(t.Context()); err != nil { // writes the notices
		t.Fatal(err)
	}
	var e outbox.Event
	if err := c.DB.Read(t.Context()).Take(&e, "topic = ? AND lane = ?", notify.TopicSend, c.Who["branch"]).Error; err != nil {
		t.Fatal(err)
	}
	c.sim.Slow("/cgi-bin/message/custom/send", 100*time.Millisecond, 4)
	var all sync.WaitGroup
	for range 4 { // their leases overlap when a clock jumps
		all.Go(func() { _ = c.n.Handlers()[notify.TopicSend](t.Context(), e) })
	}
	all.Wait()
	c.once(t, "branch", "待签收")
}
