package wechatsim_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/silenceper/wechat/v2/util"

	"fenlin/internal/wechat/wechatsim"
)

func TestSend_OffersThreeTimesThenGivesUp(t *testing.T) {
	w := newWorld(t)
	w.account.answer = func(_ int, _ call, w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }
	d := w.send(wechatsim.Text("楼道灯坏了"))
	if len(d.Attempts) != 3 || !d.Failed || d.Reply != nil || d.Status != 0 {
		t.Fatalf("delivery = %+v, want three attempts and failure", d)
	}
	calls := w.account.got()
	if len(calls) != 3 {
		t.Fatalf("account got %d calls, want 3", len(calls))
	}
	nonces := map[string]bool{}
	for _, c := range calls {
		if !bytes.Equal(c.body, calls[0].body) || between(c.body, "<MsgId>", "</MsgId>") != fmt.Sprint(d.MsgID) {
			t.Errorf("a retry's message differs: %s", c.body)
		}
		nonces[c.query["nonce"]] = true
	}
	if len(nonces) != 3 {
		t.Errorf("retries share a nonce: %v", nonces)
	}
	if got := w.Outbox(liu); len(got) != 1 || got[0].Kind != wechatsim.KindSystem {
		t.Errorf("the person saw %+v, want WeChat's own notice", got)
	}
}

func TestSend_StopsAtTheFirstGoodAnswer(t *testing.T) {
	w := newWorld(t)
	w.account.answer = func(n int, _ call, w http.ResponseWriter) {
		if n == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = io.WriteString(w, reply(liu, "已受理"))
	}
	d := w.send(wechatsim.Text("楼道灯坏了"))
	if len(d.Attempts) != 2 || d.Text() != "已受理" || d.Failed {
		t.Fatalf("delivery = %+v", d)
	}
	if got := w.Outbox(liu); len(got) != 1 || got[0].Text != "已受理" || got[0].Kind != wechatsim.KindReply {
		t.Errorf("outbox = %+v", got)
	}
}

func TestSend_LostAnswersAreOfferedAgain(t *testing.T) {
	for name, plant := range map[string]func(*world){
		"answer lost":  func(w *world) { w.Drop(2) },
		"hung up":      func(w *world) { w.HangUp(2) },
		"slow account": func(*world) {},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(o *wechatsim.Options) { o.Timeout = 100 * time.Millisecond })
			done := make(chan struct{})
			defer close(done)
			w.account.answer = func(n int, _ call, rw http.ResponseWriter) {
				if name == "slow account" && n < 3 {
					<-done
				}
				_, _ = io.WriteString(rw, reply(liu, "好"))
			}
			plant(w)
			d := w.send(wechatsim.Text("你好"))
			if len(d.Attempts) != 3 || d.Text() != "好" || d.Attempts[0].Err == "" {
				t.Fatalf("delivery = %+v", d)
			}
		})
	}
}

func TestSend_SafeModeIsReadByAnotherImplementation(t *testing.T) {
	w := newWorld(t, safeMode)
	w.account.answer = func(_ int, c call, rw http.ResponseWriter) {
		sealed := between(c.body, "<Encrypt><![CDATA[", "]]>")
		if got := util.Signature(token, c.query["timestamp"], c.query["nonce"], sealed); got != c.query["msg_signature"] {
			t.Errorf("msg_signature %s, want %s", c.query["msg_signature"], got)
		}
		if got := util.Signature(token, c.query["timestamp"], c.query["nonce"]); got != c.query["signature"] {
			t.Errorf("signature %s, want %s", c.query["signature"], got)
		}
		_, doc, err := util.DecryptMsg(appID, sealed, aesKey)
		if err != nil {
			t.Error(err)
		}
		if between(doc, "<Content><![CDATA[", "]]></Content>") != "灯坏了 ]]]]><![CDATA[> 😀" {
			t.Errorf("message = %s", doc)
		}
		answer, err := util.EncryptMsg([]byte("0123456789abcdef"), []byte(reply(liu, "已受理")), appID, aesKey)
		if err != nil {
			t.Error(err)
		}
		_, _ = fmt.Fprintf(rw, `<xml><Encrypt><![CDATA[%s]]></Encrypt><MsgSignature><![CDATA[%s]]></MsgSignature><TimeStamp>1</TimeStamp><Nonce><![CDATA[n]]></Nonce></xml>`,
			answer, util.Signature(token, "1", "n", string(answer)))
	}
	d := w.send(wechatsim.Text("灯坏了 ]]> 😀"))
	if d.Text() != "已受理" || len(d.Faults) != 0 || string(d.Plain) != reply(liu, "已受理") {
		t.Fatalf("delivery = %+v", d)
	}
}

func TestSend_WrongAnswersAreFaults(t *testing.T) {
	sealedFor := func(app, key, signer string) string {
		answer, err := util.EncryptMsg([]byte("0123456789abcdef"), []byte(reply(liu, "好")), app, key)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`<xml><Encrypt>%s</Encrypt><MsgSignature>%s</MsgSignature><TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>`,
			answer, util.Signature(signer, "1", "n", string(answer)))
	}
	cases := map[string]struct {
		safe   bool
		body   string
		failed bool
		fault  string
	}{
		"success":                 {body: "success"},
		"success in safe mode":    {safe: true, body: "success"},
		"empty":                   {body: "", fault: "empty answer"},
		"empty in safe mode":      {safe: true, body: "", fault: "empty answer"},
		"sealed":                  {safe: true, body: sealedFor(appID, aesKey, token)},
		"quoted success":          {body: `"success"`, failed: true, fault: "not XML"},
		"to another":              {body: reply("o-other", "好"), failed: true, fault: "o-other"},
		"without text":            {body: reply(liu, ""), failed: true, fault: "without text"},
		"too long":                {body: reply(liu, strings.Repeat("长", 700)), failed: true, fault: "2100 bytes"},
		"plain in safe mode":      {safe: true, body: reply(liu, "好"), failed: true, fault: "plain reply"},
		"sealed in plain mode":    {body: sealedFor(appID, aesKey, token), failed: true, fault: "encrypted reply"},
		"signed with other token": {safe: true, body: sealedFor(appID, aesKey, "x"), failed: true, fault: "signature"},
		"sealed for another app":  {safe: true, body: sealedFor("wx9", aesKey, token), failed: true, fault: "wx9"},
		"unknown picture": {
			body:   strings.NewReplacer("[text]", "[image]", "<Content><![CDATA[好]]></Content>", "<Image><MediaId>m</MediaId></Image>").Replace(reply(liu, "好")),
			failed: true, fault: "media id",
		},
		"text after the XML": {body: reply(liu, "好") + "success", failed: true, fault: "text after"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(o *wechatsim.Options) {
				if c.safe {
					o.AESKey = aesKey
				}
			})
			w.account.answer = func(_ int, _ call, w http.ResponseWriter) { _, _ = io.WriteString(w, c.body) }
			d := w.send(wechatsim.Text("x"))
			if len(d.Attempts) != 1 {
				t.Errorf("%d attempts: an answered message is not sent again", len(d.Attempts))
			}
			if d.Failed != c.failed || c.fault == "" && len(d.Faults) > 0 || !strings.Contains(strings.Join(d.Faults, ";"), c.fault) {
				t.Errorf("failed %v, faults %q; want %v, %q", d.Failed, d.Faults, c.failed, c.fault)
			}
		})
	}
}

func TestSend_EveryKindHasItsFields(t *testing.T) {
	w := newWorld(t)
	cases := map[string]struct {
		message wechatsim.Message
		want    []string
	}{
		"image":    {wechatsim.Image(picture(t)), []string{"<PicUrl><![CDATA[http://", "<MediaId><![CDATA[sim"}},
		"voice":    {wechatsim.Voice("电梯坏了"), []string{"<Format><![CDATA[amr]]>", "<Recognition><![CDATA[电梯坏了]]>", "<MediaId>"}},
		"video":    {wechatsim.Video(), []string{"<MediaId>", "<ThumbMediaId>"}},
		"location": {wechatsim.Location(37.26, 111.78, "福馨苑"), []string{"<Location_X>37.260000</Location_X>", "<Location_Y>111.780000</Location_Y>", "<Scale>16</Scale>", "<Label><![CDATA[福馨苑]]>"}},
		"link":     {wechatsim.Link("标题", "说明", "https://example.com/a?b=1&c=2"), []string{"<Title>", "<Description>", "<Url><![CDATA[https://example.com/a?b=1&c=2]]>"}},
		"raw":      {wechatsim.Message{Type: "text", XML: "<xml><odd/></xml>"}, []string{"<xml><odd/></xml>"}},
	}
	for name, c := range cases {
		d := w.send(c.message)
		for _, want := range c.want {
			if !strings.Contains(string(d.XML), want) {
				t.Errorf("%s: %s lacks %s", name, d.XML, want)
			}
		}
	}
}

func TestEvents_FollowScanPressAndConsent(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	steps := []struct {
		name string
		do   func() (wechatsim.Delivery, error)
		want string
	}{
		{
			"scan while following", func() (wechatsim.Delivery, error) { return w.Scan(ctx, liu, "c-7") },
			"<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[c-7]]></EventKey><Ticket>",
		},
		{
			"press", func() (wechatsim.Delivery, error) { return w.Press(ctx, liu, "HELP") },
			"<Event><![CDATA[CLICK]]></Event><EventKey><![CDATA[HELP]]></EventKey>",
		},
		{
			"location", func() (wechatsim.Delivery, error) { return w.ReportLocation(ctx, liu, 37.5, 111.5, 30) },
			"<Latitude>37.500000</Latitude><Longitude>111.500000</Longitude><Precision>30.000000</Precision>",
		},
		{
			"consent", func() (wechatsim.Delivery, error) { return w.Consent(ctx, liu, []string{"a"}, []string{"b"}) },
			"accept]]></SubscribeStatusString><PopupScene><![CDATA[2]]></PopupScene></List><List><TemplateId><![CDATA[b]]></TemplateId><SubscribeStatusString><![CDATA[reject]]>",
		},
		{
			"unfollow", func() (wechatsim.Delivery, error) { return w.Unfollow(ctx, liu) },
			"<Event><![CDATA[unsubscribe]]></Event>",
		},
		{
			"scan as a stranger", func() (wechatsim.Delivery, error) { return w.Scan(ctx, liu, "c-7") },
			"<Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[qrscene_c-7]]></EventKey><Ticket>",
		},
	}
	for _, s := range steps {
		d, err := s.do()
		if err != nil || !strings.Contains(string(d.XML), s.want) {
			t.Errorf("%s: %v, %s; want %s", s.name, err, d.XML, s.want)
		}
	}
}

func TestSend_NobodyWritesWithoutFollowing(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Unfollow(t.Context(), liu); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Send(t.Context(), liu, wechatsim.Text("在吗")); !errors.Is(err, wechatsim.ErrNotFollowing) {
		t.Errorf("err = %v, want ErrNotFollowing", err)
	}
}

func TestRepeat_SendsAnAnsweredMessageOnceMore(t *testing.T) {
	w := newWorld(t)
	w.Repeat(1)
	d := w.send(wechatsim.Text("x"))
	if len(d.Attempts) != 2 || !d.Attempts[1].Repeat || !bytes.Equal(w.account.got()[0].body, w.account.got()[1].body) {
		t.Fatalf("delivery = %+v", d)
	}
	if d = w.send(wechatsim.Text("y")); len(d.Attempts) != 1 {
		t.Errorf("the fault did not end: %+v", d)
	}
}

func TestReorder_LaterMessageArrivesFirst(t *testing.T) {
	w := newWorld(t)
	w.Reorder()
	first := make(chan struct{})
	go func() {
		defer close(first)
		w.send(wechatsim.Text("first"))
	}()
	for len(w.History(liu)) == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond) // the first is held by now
	w.send(wechatsim.Text("second"))
	<-first
	calls := w.account.got()
	if len(calls) != 2 || !strings.Contains(string(calls[0].body), "second") || !strings.Contains(string(calls[1].body), "first") {
		t.Fatalf("order: %s, %s", calls[0].body, calls[1].body)
	}
}

func TestVerify_WantsTheEchoBack(t *testing.T) {
	w := newWorld(t)
	if err := w.Verify(t.Context()); err == nil {
		t.Error("an answer of success was taken for the echo")
	}
	w.account.answer = func(_ int, c call, rw http.ResponseWriter) {
		if util.Signature(token, c.query["timestamp"], c.query["nonce"]) == c.query["signature"] {
			_, _ = io.WriteString(rw, c.query["echostr"])
		}
	}
	if err := w.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestHistory_IsBounded(t *testing.T) {
	w := newWorld(t)
	for i := range 510 {
		w.send(wechatsim.Text(fmt.Sprint(i)))
	}
	got := w.History(liu)
	if len(got) != 500 || got[499].Text != "509" || got[0].Text != "10" {
		t.Fatalf("kept %d, from %q", len(got), got[0].Text)
	}
}

func TestSim_ManyAtOnce(t *testing.T) {
	w := newWorld(t, safeMode)
	access := w.token(appID)
	w.Drop(5)
	w.Repeat(5)
	w.RefuseTokens(2)
	var all sync.WaitGroup
	for i := range 8 {
		openid := fmt.Sprint("o-", i%4)
		all.Go(func() {
			for range 5 {
				if _, err := w.Send(t.Context(), openid, wechatsim.Image(picture(t))); err != nil {
					t.Error(err)
				}
				_, _ = w.Press(t.Context(), openid, "HELP")
				w.post("/cgi-bin/message/template/send?access_token="+access, template(openid, "t", ""))
				w.post("/cgi-bin/message/custom/send?access_token="+access, customer(openid, "好"))
				_ = w.Sent()
			}
		})
	}
	all.Go(func() {
		_, err := w.Wait(t.Context(), "o-3", func(r wechatsim.Received) bool { return r.Kind == wechatsim.KindTemplate })
		if err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	sent := w.Sent()
	for i := 1; i < len(sent); i++ {
		if sent[i-1].ID >= sent[i].ID {
			t.Fatalf("entries out of order: %d, %d", sent[i-1].ID, sent[i].ID)
		}
	}
	templates := 0
	for _, r := range sent {
		if r.Kind == wechatsim.KindTemplate {
			templates++
		}
	}
	if templates < 38 || templates > 40 { // two tokens were refused, by whichever call came
		t.Errorf("%d template messages arrived, want 38 to 40", templates)
	}
}
