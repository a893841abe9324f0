package wechat_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"fenlin/internal/kv"
	"fenlin/internal/wechat"
	"fenlin/internal/wechat/wechatsim"
)

// world is an account that talks with the simulator over HTTP.
type world struct {
	*wechatsim.Sim
	client   *wechat.Client
	callback *wechat.Callback

	mu   sync.Mutex
	seen []wechat.Message
}

const liu = "oLiuYang000000000000000001"

func newWorld(t *testing.T, aesKey string) *world {
	t.Helper()
	w := &world{}
	config := wechat.Config{
		AppID: "wx1", Secret: "s1", Token: "t", AESKey: aesKey, MiniAppID: "wxmini", MiniSecret: "s2",
	}
	w.Sim = wechatsim.New(wechatsim.Options{
		AppID: config.AppID, Secret: config.Secret, Token: config.Token, AESKey: aesKey,
		MiniAppID: config.MiniAppID, MiniSecret: config.MiniSecret, Now: time.Now, RetryAfter: time.Millisecond,
	})
	store := kv.NewMemory()
	codec, err := wechat.NewCodec(config)
	if err != nil {
		t.Fatal(err)
	}
	w.callback = &wechat.Callback{
		Codec: codec, Inbox: &wechat.Inbox{Store: store}, Handle: w.handle, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	account := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		status, contentType, answer := w.callback.Serve(r.Context(), r.Method, wechat.ParseQuery(r.URL.RawQuery), r.Body)
		rw.Header().Set("Content-Type", contentType)
		rw.WriteHeader(status)
		_, _ = rw.Write(answer)
	}))
	api := httptest.NewServer(w.Handler())
	w.SetCallback(account.URL)
	config.APIBase = api.URL + "/sim/wechat"
	w.client = wechat.NewClient(config, store)
	t.Cleanup(func() { w.Close(); api.Close(); account.Close(); _ = store.Close() })
	return w
}

// handle answers each message with how many there were.
func (w *world) handle(_ context.Context, m wechat.Message) (wechat.Reply, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, m)
	return wechat.Reply{Text: fmt.Sprintf("%d %s", len(w.seen), m.Kind)}, nil
}

func TestWeChat_EverythingAPersonDoes(t *testing.T) {
	for name, key := range map[string]string{"plain": "", "safe": "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"} {
		t.Run(name, func(t *testing.T) {
			w, ctx := newWorld(t, key), t.Context()
			if err := w.Verify(ctx); err != nil {
				t.Fatal(err)
			}
			n := 0
			check := func(kind string) func(wechatsim.Delivery, error) {
				return func(d wechatsim.Delivery, err error) {
					t.Helper()
					n++
					if want := fmt.Sprintf("%d %s", n, kind); err != nil || d.Text() != want || len(d.Faults) > 0 {
						t.Errorf("%s: %q %v %v", kind, d.Text(), d.Faults, err)
					}
				}
			}
			check("text")(w.Send(ctx, liu, wechatsim.Text("灯坏了")))
			check("image")(w.Send(ctx, liu, wechatsim.Image([]byte("\xff\xd8\xff\xe0"))))
			check("voice")(w.Send(ctx, liu, wechatsim.Voice("灯坏了")))
			check("video")(w.Send(ctx, liu, wechatsim.Video()))
			check("location")(w.Send(ctx, liu, wechatsim.Location(37.26, 111.78, "福馨苑")))
			check("link")(w.Send(ctx, liu, wechatsim.Link("t", "d", "http://u")))
			check("unsubscribe")(w.Unfollow(ctx, liu))
			check("subscribe")(w.Follow(ctx, liu, "c1"))
			check("scan")(w.Scan(ctx, liu, "c1"))
			check("click")(w.Press(ctx, liu, "report"))
			check("position")(w.ReportLocation(ctx, liu, 37.26, 111.78, 30))
			check("consent_popup")(w.Consent(ctx, liu, []string{"a"}, []string{"b"}))
			if len(w.seen) != n {
				t.Fatalf("%d of %d handled", len(w.seen), n)
			}
			if at := w.seen[4].Place; at == nil || at.Lat != 37.26 || at.Lng != 111.78 || at.Label != "福馨苑" {
				t.Error(at)
			}
			if c := w.seen[11].Consents; len(c) != 2 || c[0].Status != "accept" || c[1].Status != "reject" {
				t.Error(c)
			}
			data, contentType, err := w.client.Media(ctx, w.seen[1].MediaID)
			if err != nil || string(data) != "\xff\xd8\xff\xe0" || contentType != "image/jpeg" {
				t.Error(data, contentType, err)
			}

			w.Drop(2) // two answers are lost: the third delivery brings the first reply
			d, err := w.Send(ctx, liu, wechatsim.Text("水管漏了"))
			if n++; err != nil || len(d.Attempts) != 3 || d.Text() != fmt.Sprint(n, " text") {
				t.Error(d.Text(), len(d.Attempts), err)
			}
			w.HangUp(1) // as soon as the message is written
			d, err = w.Send(ctx, liu, wechatsim.Text("电梯停了"))
			if n++; err != nil || len(d.Attempts) != 2 || d.Text() != fmt.Sprint(n, " text") {
				t.Error(d.Text(), len(d.Attempts), err)
			}
			if len(w.seen) != n {
				t.Errorf("%d of %d handled", len(w.seen), n)
			}
		})
	}
}

func TestWeChat_EverythingTheAccountDoes(t *testing.T) {
	w, ctx := newWorld(t, ""), t.Context()
	if _, err := w.Send(ctx, liu, wechatsim.Text("你好")); err != nil {
		t.Fatal(err)
	}
	w.ConsentMiniProgram(liu, "T2")
	data := map[string]string{"thing1": "楼道灯不亮"}
	steps := []struct {
		name string
		do   func() error
		code int
	}{
		{"template", func() error { return w.client.SendTemplate(ctx, liu, "T1", "http://p", data, "notice:1") }, 0},
		{"the same again", func() error { return w.client.SendTemplate(ctx, liu, "T1", "http://p", data, "notice:1") }, 0},
		{"text", func() error { return w.client.SendText(ctx, liu, "请确认") }, 0},
		{"subscription", func() error { return w.client.SendMiniSubscription(ctx, liu, "T2", "pages/t", data) }, 0},
		{"without credit", func() error { return w.client.SendMiniSubscription(ctx, liu, "T2", "pages/t", data) }, wechat.CodeNoConsent},
		{"the account's without credit", func() error { return w.client.SendSubscription(ctx, liu, "T2", "http://p", data) }, wechat.CodeNoConsent},
		{"a page of ours", func() error {
			const page = "http://h5.test/app/"
			signed, err := w.client.SignPage(ctx, page, time.Now())
			if err := w.CheckPage(page, signed.AppID, signed.Nonce, signed.Timestamp, signed.Signature); err != nil {
				t.Error(err)
			}
			if w.CheckPage(page+"?x=1", signed.AppID, signed.Nonce, signed.Timestamp, signed.Signature) == nil {
				t.Error("the signature of one page serves another")
			}
			return err
		}, 0},
		{"the account's subscription", func() error {
			if _, err := w.Consent(ctx, liu, []string{"T2"}, nil); err != nil {
				t.Error(err)
			}
			return w.client.SendSubscription(ctx, liu, "T2", "http://p", data)
		}, 0},
		{"after one refusal", func() error { w.RefuseTokens(1); return w.client.SendText(ctx, liu, "请确认") }, 0},
		{"check", func() error {
			verdict, err := w.client.CheckMiniText(ctx, liu, 3, "测试违规内容")
			if verdict != wechat.Risky {
				t.Error(verdict)
			}
			return err
		}, 0},
		{"after the tokens ended", func() error { w.EndTokens(); return w.client.SendText(ctx, liu, "请确认") }, 0},
		{"sign-in", func() error {
			openid, _, err := w.client.Code2Session(ctx, w.LoginCode(liu))
			if openid != liu {
				t.Error(openid)
			}
			return err
		}, 0},
		{"page sign-in", func() error {
			openid, _, err := w.client.OAuth(ctx, w.OAuthCode(liu))
			if openid != liu {
				t.Error(openid)
			}
			return err
		}, 0},
		{"phone", func() error {
			number, err := w.client.PhoneNumber(ctx, w.PhoneCode(liu))
			if number != wechatsim.PhoneOf(liu) {
				t.Error(number)
			}
			return err
		}, 0},
		{"code", func() error {
			ticket, content, err := w.client.QRCode(ctx, "c1", time.Hour)
			if ticket == "" || content == "" {
				t.Error(ticket, content)
			}
			return err
		}, 0},
		{"menu", func() error {
			return w.client.PushMenu(ctx, map[string]any{"button": []any{map[string]string{"type": "click", "name": "报事", "key": "report"}}})
		}, 0},
	}
	for _, step := range steps {
		if err := step.do(); wechat.Code(err) != step.code || step.code == 0 && err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	var got []string
	for _, r := range w.Outbox(liu) {
		got = append(got, r.Kind)
	}
	want := []string{
		wechatsim.KindReply, wechatsim.KindTemplate, wechatsim.KindCustomer, wechatsim.KindMiniProgram, wechatsim.KindSubscription,
		wechatsim.KindCustomer, wechatsim.KindCustomer,
	}
	// WeChat's own events (a template arrived) are answered too, at any time.
	got = strings.Fields(strings.ReplaceAll(strings.Join(got[1:], " "), wechatsim.KindReply, ""))
	if fmt.Sprint(got) != fmt.Sprint(want[1:]) {
		t.Error(got)
	}
}

func TestWeChat_TooSlowIsGivenUpAndUndone(t *testing.T) {
	w := newWorld(t, "")
	if _, err := w.Send(t.Context(), liu, wechatsim.Text("在吗")); err != nil { // opens the window
		t.Fatal(err)
	}
	w.Slow("/cgi-bin/message/custom/send", time.Hour, 1)
	patience, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := w.client.SendText(patience, liu, "慢"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a slow WeChat: %v", err)
	}
	if err := w.client.SendText(t.Context(), liu, "快"); err != nil {
		t.Errorf("after it: %v", err)
	}
	for _, r := range w.Outbox(liu) {
		if r.Text == "慢" {
			t.Error("what was given up has arrived")
		}
	}
}
