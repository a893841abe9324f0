package wechatsim_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"fenlin/internal/wechat/wechatsim"
)

func TestAPI_ErrorCodes(t *testing.T) {
	w := newWorld(t, func(o *wechatsim.Options) {
		o.Templates = []wechatsim.Template{{ID: "t", Title: "工单通知", Content: "事项：{{thing1.DATA}}\n"}}
	})
	at, mt := w.token(appID), w.token(miniID)
	if _, err := w.Unfollow(t.Context(), "o-wang"); err != nil {
		t.Fatal(err)
	}
	data := func(v string) map[string]any {
		m := template(liu, "t", "")
		m["data"] = map[string]any{"thing1": map[string]any{"value": v}}
		return m
	}
	code := func(action string, scene map[string]any) map[string]any {
		return map[string]any{"action_name": action, "action_info": map[string]any{"scene": scene}}
	}
	check := map[string]any{"version": 2, "scene": 2, "openid": liu, "content": "灯坏了"}
	button := func(n int, b map[string]any) map[string]any {
		list := make([]any, n)
		for i := range list {
			list[i] = b
		}
		return map[string]any{"button": list}
	}
	help := map[string]any{"type": "click", "name": "帮助", "key": "HELP"}
	const tpl, sub, custom, qr = "/cgi-bin/message/template/send", "/cgi-bin/message/subscribe/bizsend", "/cgi-bin/message/custom/send", "/cgi-bin/qrcode/create"
	cases := []struct {
		name, path string
		body       any // nil = GET
		want       int
	}{
		{"token: wrong secret", "/cgi-bin/token?grant_type=client_credential&appid=" + appID + "&secret=x", nil, 40125},
		{"token: wrong app", "/cgi-bin/token?grant_type=client_credential&appid=wx9&secret=x", nil, 40013},
		{"token: no app", "/cgi-bin/token?grant_type=client_credential", nil, 41002},
		{"token: grant", "/cgi-bin/token?grant_type=x", nil, 40002},
		{"stable token: GET", "/cgi-bin/stable_token", nil, 43002},
		{"stable token: no body", "/cgi-bin/stable_token", "", 44002},
		{"stable token: not JSON", "/cgi-bin/stable_token", "{", 47001},
		{"no token", tpl, template(liu, "t", ""), 41001},
		{"bad token", tpl + "?access_token=x", template(liu, "t", ""), 40001},
		{"token of the other app", tpl + "?access_token=" + mt, template(liu, "t", ""), 48001},
		{"unknown path", "/cgi-bin/nothing?access_token=" + at, nil, 40066},
		{"template: ok", tpl + "?access_token=" + at, template(liu, "t", ""), 0},
		{"template: stranger", tpl + "?access_token=" + at, template("o-nobody", "t", ""), 40003},
		{"template: unknown", tpl + "?access_token=" + at, template(liu, "t2", ""), 40037},
		{"template: unfollowed", tpl + "?access_token=" + at, template("o-wang", "t", ""), 43004},
		{"template: empty value", tpl + "?access_token=" + at, data(" "), 47003},
		{"template: 20 characters", tpl + "?access_token=" + at, data(strings.Repeat("长", 20)), 0},
		{"template: 21 characters", tpl + "?access_token=" + at, data(strings.Repeat("长", 21)), 47003},
		{"subscription: no consent", sub + "?access_token=" + at, template(liu, "t", ""), 43101},
		{"mini subscription: no consent", "/cgi-bin/message/subscribe/send?access_token=" + mt, template(liu, "t", ""), 43101},
		{"customer: no window", custom + "?access_token=" + at, customer(liu, "好"), 45015},
		{"customer: no text", custom + "?access_token=" + at, customer(liu, ""), 44004},
		{"customer: too long", custom + "?access_token=" + at, customer(liu, strings.Repeat("长", 683)), 45002},
		{"customer: unknown type", custom + "?access_token=" + at, map[string]any{"touser": liu, "msgtype": "dance"}, 40008},
		{"media: unknown", "/cgi-bin/media/get?access_token=" + at + "&media_id=x", nil, 40007},
		{"media: type", "/cgi-bin/media/upload?access_token=" + at + "&type=x", "x", 40004},
		{"media: no form", "/cgi-bin/media/upload?access_token=" + at + "&type=image", "x", 41005},
		{"code: ok", qr + "?access_token=" + at, code("QR_STR_SCENE", map[string]any{"scene_str": "c-1"}), 0},
		{"code: empty", qr + "?access_token=" + at, code("QR_STR_SCENE", map[string]any{}), 40053},
		{"code: 65 letters", qr + "?access_token=" + at, code("QR_LIMIT_STR_SCENE", map[string]any{"scene_str": strings.Repeat("a", 65)}), 40053},
		{"code: number over the limit", qr + "?access_token=" + at, code("QR_LIMIT_SCENE", map[string]any{"scene_id": 100_001}), 40053},
		{"mini code: scene", "/wxa/getwxacodeunlimit?access_token=" + mt, map[string]any{"scene": "a b"}, 40169},
		{"mini code: long scene", "/wxa/getwxacodeunlimit?access_token=" + mt, map[string]any{"scene": strings.Repeat("a", 33)}, 40169},
		{"mini code: page", "/wxa/getwxacodeunlimit?access_token=" + mt, map[string]any{"scene": "a", "page": "/pages/index"}, 41030},
		{"check: not seen lately", "/wxa/msg_sec_check?access_token=" + mt, check, 61010},
		{"phone: bad code", "/wxa/business/getuserphonenumber?access_token=" + mt, map[string]any{"code": "x"}, 40029},
		{"login: bad code", "/sns/jscode2session?grant_type=authorization_code&js_code=x&appid=" + miniID + "&secret=" + secret, nil, 40029},
		{"login: unknown person", "/sns/jscode2session?grant_type=authorization_code&js_code=sim:o-nobody&appid=" + miniID + "&secret=" + secret, nil, 40029},
		{"login: wrong secret", "/sns/jscode2session?grant_type=authorization_code&js_code=x&appid=" + miniID + "&secret=x", nil, 40125},
		{"menu: none yet", "/cgi-bin/menu/get?access_token=" + at, nil, 46003},
		{"menu: four buttons", "/cgi-bin/menu/create?access_token=" + at, button(4, help), 40016},
		{"menu: no key", "/cgi-bin/menu/create?access_token=" + at, button(1, map[string]any{"type": "click", "name": "帮助"}), 40019},
		{"menu: no address", "/cgi-bin/menu/create?access_token=" + at, button(1, map[string]any{"type": "view", "name": "大厅"}), 40020},
		{"menu: long name", "/cgi-bin/menu/create?access_token=" + at, button(1, map[string]any{"type": "click", "name": "六个汉字太长", "key": "a"}), 40018},
		{"menu: ok", "/cgi-bin/menu/create?access_token=" + at, button(3, help), 0},
		{"menu: there", "/cgi-bin/menu/get?access_token=" + at, nil, 0},
	}
	for _, c := range cases {
		var a answer
		if c.body == nil {
			a = w.get(c.path)
		} else {
			a = w.post(c.path, c.body)
		}
		if a.code() != c.want {
			t.Errorf("%s: %v, want %d", c.name, a, c.want)
		}
		if text, _ := a["errmsg"].(string); c.want != 0 && !strings.Contains(text, " rid: ") {
			t.Errorf("%s: errmsg %q", c.name, text)
		}
	}
}

func TestStableToken_RefreshEndsTheOldOne(t *testing.T) {
	w := newWorld(t)
	works := func(token string) int { return w.get("/cgi-bin/getcallbackip?access_token=" + token).code() }
	first := w.token(appID)
	if again := w.token(appID); again != first {
		t.Fatal("normal mode made a new token")
	}
	refreshed, _ := w.stable(appID, true)["access_token"].(string)
	if refreshed == first || works(first) != 40001 || works(refreshed) != 0 {
		t.Fatalf("old token answers %d, new one %d", works(first), works(refreshed))
	}
	if soon, _ := w.stable(appID, true)["access_token"].(string); soon != refreshed {
		t.Error("a second refresh within 30 s made a new token")
	}
	for range 19 {
		w.clock.add(31 * time.Second)
		if a := w.stable(appID, true); a.code() != 0 {
			t.Fatal(a)
		}
	}
	w.clock.add(31 * time.Second)
	if a := w.stable(appID, true); a.code() != 45009 {
		t.Errorf("the 21st refresh of the day: %v", a)
	}
	last := w.token(appID)
	w.clock.add(7000 * time.Second)
	next := w.token(appID)
	if next == last || works(last) != 0 || works(next) != 0 {
		t.Error("near its end a token must stand beside the next one")
	}
	w.clock.add(300 * time.Second)
	if works(last) != 42001 {
		t.Errorf("an ended token answers %d", works(last))
	}
}

func TestToken_OldOneLivesFiveMinutesBesideTheNew(t *testing.T) {
	w := newWorld(t)
	path := "/cgi-bin/token?grant_type=client_credential&appid=" + appID + "&secret=" + secret
	stable := w.token(appID)
	old, _ := w.get(path)["access_token"].(string)
	w.get(path)
	works := func(token string) int { return w.get("/cgi-bin/getcallbackip?access_token=" + token).code() }
	w.clock.add(4 * time.Minute)
	if works(old) != 0 {
		t.Error("the old token ended at once")
	}
	w.clock.add(time.Minute)
	if works(old) != 42001 || works(stable) != 0 {
		t.Errorf("old %d, stable %d", works(old), works(stable))
	}
}

func TestQuotas_PerMinuteAndPerDay(t *testing.T) {
	const path = "/cgi-bin/getcallbackip"
	w := newWorld(t, func(o *wechatsim.Options) {
		o.Quotas = map[string]wechatsim.Quota{path: {PerMinute: 2, PerDay: 3}}
	})
	token := w.token(appID)
	steps := []struct {
		later time.Duration
		want  int
	}{{0, 0}, {0, 0}, {0, 45011}, {time.Minute, 0}, {0, 45009}, {24 * time.Hour, 0}}
	for i, s := range steps {
		w.clock.add(s.later)
		if s.later > time.Hour {
			token = w.token(appID)
		}
		if got := w.get(path + "?access_token=" + token).code(); got != s.want {
			t.Errorf("call %d: %d, want %d", i, got, s.want)
		}
	}
}

func TestTemplate_ClientMsgIDIsSentOnce(t *testing.T) {
	w := newWorld(t)
	path := "/cgi-bin/message/template/send?access_token=" + w.token(appID)
	first := w.post(path, template(liu, "t", "k1"))
	w.clock.add(9 * time.Minute)
	second := w.post(path, template(liu, "t", "k1"))
	if first.code() != 0 || second.code() != 0 || first["msgid"] != second["msgid"] || len(w.Outbox(liu)) != 1 {
		t.Fatalf("%v, %v, %d messages", first, second, len(w.Outbox(liu)))
	}
	w.post(path, template(liu, "t", "k2"))
	w.post(path, template("o-wang", "t", "k1"))
	w.post(path, template(liu, "t", ""))
	w.post(path, template(liu, "t", ""))
	if n, m := len(w.Outbox(liu)), len(w.Outbox("o-wang")); n != 4 || m != 1 {
		t.Errorf("%d and %d messages, want 4 and 1", n, m)
	}
	w.clock.add(2 * time.Minute)
	w.post(path, template(liu, "t", "k1"))
	if n := len(w.Outbox(liu)); n != 5 {
		t.Errorf("after ten minutes: %d messages, want 5", n)
	}
}

func TestTemplate_AccountHearsOfTheArrival(t *testing.T) {
	w := newWorld(t)
	a := w.post("/cgi-bin/message/template/send?access_token="+w.token(appID), template(liu, "t", ""))
	w.hears("TEMPLATESENDJOBFINISH", fmt.Sprintf("<MsgID>%.0f</MsgID><Status><![CDATA[success]]></Status>", a["msgid"]))
}

// hears waits until the account got a callback with all the texts.
func (w *world) hears(texts ...string) {
	w.t.Helper()
	for range 1000 {
		for _, c := range w.account.got() {
			if !slices.ContainsFunc(texts, func(s string) bool { return !strings.Contains(string(c.body), s) }) {
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatalf("the account never heard of %q", texts)
}

func TestCustomer_WindowsCloseAndRunOut(t *testing.T) {
	w := newWorld(t)
	path := "/cgi-bin/message/custom/send?access_token="
	send := func() int { return w.post(path+w.token(appID), customer(liu, "好")).code() }
	expect := func(step string, want ...int) {
		t.Helper()
		for i, code := range want {
			if got := send(); got != code {
				t.Errorf("%s, message %d: %d, want %d", step, i+1, got, code)
			}
		}
	}
	expect("before any act", 45015)
	w.send(wechatsim.Text("你好"))
	expect("after a message", 0, 0, 0, 0, 0, 45047)
	w.send(wechatsim.Text("在吗"))
	expect("after another", 0)
	w.clock.add(48*time.Hour - time.Second)
	expect("just before 48 h", 0)
	w.clock.add(time.Second)
	expect("after 48 h", 45015)
	if _, err := w.Press(t.Context(), liu, "HELP"); err != nil {
		t.Fatal(err)
	}
	expect("after a press", 0, 0, 0, 45047)
	w.clock.add(time.Minute)
	expect("a minute later", 45015)
	if _, err := w.Scan(t.Context(), liu, "c-1"); err != nil {
		t.Fatal(err)
	}
	expect("after a scan", 0, 0, 0, 45047)
	w.send(wechatsim.Text("你好"))
	expect("with both open", 0)
}

func TestSubscription_OneSendForEachConsent(t *testing.T) {
	w := newWorld(t)
	account := "/cgi-bin/message/subscribe/bizsend?access_token=" + w.token(appID)
	mini := "/cgi-bin/message/subscribe/send?access_token=" + w.token(miniID)
	if _, err := w.Consent(t.Context(), liu, []string{"t", "t"}, []string{"u"}); err != nil {
		t.Fatal(err)
	}
	w.ConsentMiniProgram(liu, "t")
	for i, s := range []struct {
		path, template string
		want           int
	}{
		{account, "u", 43101}, {account, "t", 0}, {account, "t", 0}, {account, "t", 43101}, {mini, "t", 0}, {mini, "t", 43101},
	} {
		if a := w.post(s.path, template(liu, s.template, "")); a.code() != s.want {
			t.Errorf("send %d: %v, want %d", i, a, s.want)
		}
	}
}

func TestLogin_CodesWorkOnceAndFiveMinutes(t *testing.T) {
	w := newWorld(t)
	login := func(code string) answer {
		return w.get("/sns/jscode2session?grant_type=authorization_code&appid=" + miniID + "&secret=" + secret + "&js_code=" + url.QueryEscape(code))
	}
	once := w.LoginCode(liu)
	if a := login(once); a["openid"] != liu || a["session_key"] == "" {
		t.Fatal(a)
	}
	if a := login(once); a.code() != 40029 {
		t.Errorf("second use: %v", a)
	}
	late := w.LoginCode(liu)
	w.clock.add(5 * time.Minute)
	if a := login(late); a.code() != 40029 {
		t.Errorf("late use: %v", a)
	}
	if a := login(w.OAuthCode(liu)); a.code() != 40029 {
		t.Errorf("a code of another kind: %v", a)
	}
	for i := range 101 {
		want := 0
		if i == 100 {
			want = 45011
		}
		if a := login("sim:" + liu); a.code() != want {
			t.Fatalf("demo code, use %d: %v", i, a)
		}
	}
	w.clock.add(time.Minute)
	if a := login("sim:" + liu); a.code() != 0 {
		t.Errorf("a minute later: %v", a)
	}
}

func TestOAuth_PageGetsACodeOfWhoeverIsPlayed(t *testing.T) {
	w := newWorld(t)
	jar, _ := cookiejar.New(nil)
	home, _ := url.Parse(w.url)
	jar.SetCookies(home, []*http.Cookie{{Name: "sim_openid", Value: liu, Path: "/"}})
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(w.url + "/sim/wechat/connect/oauth2/authorize?state=s1&redirect_uri=" + url.QueryEscape("http://h5.test/app/?x=1"))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	back, err := res.Location()
	if err != nil || back.Host != "h5.test" || back.Query().Get("state") != "s1" || back.Query().Get("x") != "1" {
		t.Fatalf("%v, %v", back, err)
	}
	path := "/sns/oauth2/access_token?grant_type=authorization_code&appid=" + appID + "&secret=" + secret + "&code=" + back.Query().Get("code")
	if a := w.get(path); a["openid"] != liu {
		t.Errorf("%v", a)
	}
	if a := w.get(path); a.code() != 40163 {
		t.Errorf("second use: %v", a)
	}
}

func TestPhone_CodeGivesTheNumberOnce(t *testing.T) {
	w := newWorld(t)
	path := "/wxa/business/getuserphonenumber?access_token=" + w.token(miniID)
	code := map[string]any{"code": w.PhoneCode(liu)}
	a := w.post(path, code)
	info, _ := a["phone_info"].(map[string]any)
	if info["purePhoneNumber"] != wechatsim.PhoneOf(liu) || len(wechatsim.PhoneOf(liu)) != 11 {
		t.Fatal(a)
	}
	if a := w.post(path, code); a.code() != 40029 {
		t.Errorf("second use: %v", a)
	}
}

func TestMedia_SentAndUploadedPicturesComeBack(t *testing.T) {
	w := newWorld(t)
	token := w.token(appID)
	d := w.send(wechatsim.Image(picture(t)))
	id := between(d.XML, "<MediaId><![CDATA[", "]]>")
	if status, data := w.raw(http.MethodGet, "/cgi-bin/media/get?access_token="+token+"&media_id="+id, nil); status != 200 || !bytes.Equal(data, picture(t)) {
		t.Fatalf("%d %q", status, data)
	}
	upload := func(data []byte) answer {
		var form bytes.Buffer
		m := multipart.NewWriter(&form)
		part, _ := m.CreateFormFile("media", "a.png")
		_, _ = part.Write(data)
		_ = m.Close()
		res, err := http.Post(w.url+"/sim/wechat/cgi-bin/media/upload?type=image&access_token="+token, m.FormDataContentType(), &form)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		return decode(t, res.Body)
	}
	a := upload(picture(t))
	id, _ = a["media_id"].(string)
	if status, data := w.raw(http.MethodGet, "/cgi-bin/media/get?access_token="+token+"&media_id="+id, nil); status != 200 || !bytes.Equal(data, picture(t)) {
		t.Errorf("%v: %d %q", a, status, data)
	}
	if a := upload([]byte("not a picture")); a.code() != 40005 {
		t.Errorf("%v", a)
	}
	if a := upload(append(picture(t), make([]byte, 10<<20)...)); a.code() != 45001 {
		t.Errorf("%v", a)
	}
	w.clock.add(72 * time.Hour)
	if a := w.get("/cgi-bin/media/get?access_token=" + w.token(appID) + "&media_id=" + id); a.code() != 40007 {
		t.Errorf("after three days: %v", a)
	}
}

func TestCodes_ScannedTicketIsTheOneThatWasMade(t *testing.T) {
	w := newWorld(t)
	a := w.post("/cgi-bin/qrcode/create?access_token="+w.token(appID), map[string]any{
		"action_name": "QR_STR_SCENE", "expire_seconds": 9_999_999, "action_info": map[string]any{"scene": map[string]any{"scene_str": "c-7"}},
	})
	ticket, _ := a["ticket"].(string)
	if a["expire_seconds"] != 2_592_000.0 {
		t.Errorf("%v", a)
	}
	d, err := w.Scan(t.Context(), liu, "c-7")
	if err != nil || between(d.XML, "<Ticket><![CDATA[", "]]>") != ticket {
		t.Errorf("%v %s", err, d.XML)
	}
	if status, data := w.raw(http.MethodGet, "/cgi-bin/showqrcode?ticket="+url.QueryEscape(ticket), nil); status != 200 || http.DetectContentType(data) != "image/jpeg" {
		t.Errorf("picture: %d, %d bytes", status, len(data))
	}
}

func TestContentCheck_PlantedTextsAreNotPassed(t *testing.T) {
	w := newWorld(t)
	w.send(wechatsim.Text("你好"))
	for content, want := range map[string]string{
		"楼道灯坏了": "pass", "这是测试违规内容": "risky", "测试存疑内容": "review", "特3456书yuuo莞6543李zxcz蒜7782法fgnv级": "risky",
	} {
		a := w.post("/wxa/msg_sec_check?access_token="+w.token(miniID), map[string]any{
			"version": 2, "scene": 2, "openid": liu, "content": content,
		})
		result, _ := a["result"].(map[string]any)
		if result["suggest"] != want {
			t.Errorf("%s: %v, want %s", content, a, want)
		}
	}
}

func TestMediaCheck_VerdictComesAsAnEvent(t *testing.T) {
	w := newWorld(t)
	w.send(wechatsim.Text("你好"))
	a := w.post("/wxa/media_check_async?access_token="+w.token(miniID), map[string]any{
		"version": 2, "scene": 2, "openid": liu, "media_type": 2, "media_url": "http://h5.test/risky.jpg",
	})
	trace, _ := a["trace_id"].(string)
	w.hears(trace, "<result><suggest><![CDATA[risky]]></suggest>")
}

func TestFaults_OfTheAPIEnd(t *testing.T) {
	w := newWorld(t)
	const path = "/cgi-bin/message/template/send"
	send := func() int { return w.post(path+"?access_token="+w.token(appID), template(liu, "t", "")).code() }
	w.Fail(path, -1, 1)
	w.Fail(path, 45009, 1)
	for _, want := range []int{-1, 45009, 0} {
		if got := send(); got != want {
			t.Errorf("code %d, want %d", got, want)
		}
	}
	w.RefuseTokens(1)
	for _, want := range []int{40001, 0} {
		if got := send(); got != want {
			t.Errorf("code %d, want %d", got, want)
		}
	}
	before := len(w.Outbox(liu))
	w.Cut(path, 1)
	token := w.token(appID)
	if status, _ := w.raw(http.MethodPost, path+"?access_token="+token, strings.NewReader(`{"touser":"`+liu+`","template_id":"t","data":{"thing1":{"value":"x"}}}`)); status != 0 {
		t.Errorf("the connection was not cut: HTTP %d", status)
	}
	if n := len(w.Outbox(liu)); n != before+1 {
		t.Errorf("a cut call is still done: %d messages, want %d", n, before+1)
	}
	old := w.token(appID)
	w.EndTokens()
	if got := w.get("/cgi-bin/getcallbackip?access_token=" + old).code(); got != 40001 || w.token(appID) == old {
		t.Errorf("ended token answers %d", got)
	}
}
