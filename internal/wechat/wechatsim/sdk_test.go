package wechatsim_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/silenceper/wechat/v2"
	"github.com/silenceper/wechat/v2/cache"
	miniconfig "github.com/silenceper/wechat/v2/miniprogram/config"
	"github.com/silenceper/wechat/v2/miniprogram/qrcode"
	"github.com/silenceper/wechat/v2/miniprogram/security"
	minisubscribe "github.com/silenceper/wechat/v2/miniprogram/subscribe"
	"github.com/silenceper/wechat/v2/officialaccount/basic"
	officialconfig "github.com/silenceper/wechat/v2/officialaccount/config"
	"github.com/silenceper/wechat/v2/officialaccount/menu"
	"github.com/silenceper/wechat/v2/officialaccount/message"
	"github.com/silenceper/wechat/v2/util"

	"fenlin/internal/wechat/wechatsim"
)

// toSim sends what was meant for WeChat's hosts to the simulator.
type toSim struct{ base *url.URL }

func (t toSim) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = t.base.Scheme, t.base.Host
	r.URL.Path = "/sim/wechat" + r.URL.Path
	return http.DefaultTransport.RoundTrip(r)
}

// A client written by others for the real WeChat must work unchanged.
func TestAPI_TheSDKWorksUnchanged(t *testing.T) {
	w := newWorld(t)
	base, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	before := util.DefaultHTTPClient
	util.DefaultHTTPClient = &http.Client{Transport: toSim{base}}
	t.Cleanup(func() { util.DefaultHTTPClient = before })
	sdk := wechat.NewWechat()
	memory := cache.NewMemory()
	account := sdk.GetOfficialAccount(&officialconfig.Config{AppID: appID, AppSecret: secret, Token: token, Cache: memory})
	mini := sdk.GetMiniProgram(&miniconfig.Config{AppID: miniID, AppSecret: secret, Cache: memory})
	w.send(wechatsim.Text("你好"))
	w.ConsentMiniProgram(liu, "m")
	if _, err := w.Consent(t.Context(), liu, []string{"s"}, nil); err != nil {
		t.Fatal(err)
	}

	value := map[string]*message.TemplateDataItem{"thing1": {Value: "楼道灯不亮"}}
	for name, do := range map[string]func() error{
		"template": func() error {
			_, err := account.GetTemplate().Send(&message.TemplateMessage{ToUser: liu, TemplateID: "t", Data: value})
			return err
		},
		"templates": func() error { _, err := account.GetTemplate().List(); return err },
		"subscription": func() error {
			return account.GetSubscribe().Send(&message.SubscribeMessage{
				ToUser: liu, TemplateID: "s", Page: "http://h5.test/app/", Data: map[string]*message.SubscribeDataItem{"thing1": {Value: "灯"}},
			})
		},
		"customer": func() error {
			return account.GetCustomerMessageManager().Send(message.NewCustomerTextMessage(liu, "好"))
		},
		"code": func() error {
			_, err := account.GetBasic().GetQRTicket(basic.NewTmpQrRequest(time.Hour, "c-1"))
			return err
		},
		"menu": func() error {
			return account.GetMenu().SetMenu([]*menu.Button{menu.NewClickButton("帮助", "HELP")})
		},
		"mini subscription": func() error {
			return mini.GetSubscribe().Send(&minisubscribe.Message{ToUser: liu, TemplateID: "m", Data: map[string]*minisubscribe.DataItem{"thing1": {Value: "灯"}}})
		},
		"login": func() error { _, err := mini.GetAuth().Code2Session("sim:" + liu); return err },
		"phone": func() error { _, err := mini.GetAuth().GetPhoneNumber(w.PhoneCode(liu)); return err },
		"oauth": func() error { _, err := account.GetOauth().GetUserAccessToken(w.OAuthCode(liu)); return err },
		"check": func() error {
			_, err := mini.GetSecurity().MsgCheck(&security.MsgCheckRequest{OpenID: liu, Scene: 2, Content: "灯坏了"})
			return err
		},
		"mini code": func() error {
			_, err := mini.GetQRCode().GetWXACodeUnlimit(qrcode.QRCoder{Scene: "c=1", Page: "pages/index/index"})
			return err
		},
	} {
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	kinds := map[string]int{}
	for _, r := range w.Outbox(liu) {
		kinds[r.Kind]++
		if r.Kind == wechatsim.KindSubscription && r.URL != "http://h5.test/app/" {
			t.Errorf("subscription leads to %q", r.URL)
		}
	}
	for _, kind := range []string{wechatsim.KindTemplate, wechatsim.KindSubscription, wechatsim.KindCustomer, wechatsim.KindMiniProgram} {
		if kinds[kind] != 1 {
			t.Errorf("%d messages of kind %s, want 1", kinds[kind], kind)
		}
	}
}
