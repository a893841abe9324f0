package wechat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"net/url"
	"time"

	"fenlin/internal/errs"
)

// What a caller may have given wrongly, or WeChat cannot give.
var (
	ErrBadCode       = errs.New(errs.Invalid, "wechat_code_invalid", "登录凭证无效，请重新进入")
	ErrMediaTooLarge = errs.New(errs.TooLarge, "media_too_large", "文件超过 10 MB，请压缩后再发")
	ErrNoMedia       = errs.New(errs.NotFound, "media_not_available", "文件无法取得，请重新发送")
	ErrBadScene      = errs.New(errs.Invalid, "scene_invalid", "二维码参数应为 1 至 64 个字符")
)

type values map[string]struct {
	Value string `json:"value"`
}

func valuesOf(data map[string]string) values {
	v := make(values, len(data))
	for name, value := range data {
		v[name] = struct {
			Value string `json:"value"`
		}{value}
	}
	return v
}

// SendTemplate sends a template message to a follower; link may be empty.
// WeChat sends one key to one person once within 10 minutes.
func (c *Client) SendTemplate(ctx context.Context, to, templateID, link string, data map[string]string, key string) error {
	sum := sha256.Sum256([]byte(key)) // client_msg_id takes 32 characters
	return c.call(ctx, request{app: &c.account, path: "/cgi-bin/message/template/send", body: map[string]any{
		"touser": to, "template_id": templateID, "url": link, "data": valuesOf(data),
		"client_msg_id": hex.EncodeToString(sum[:16]),
	}}, nil)
}

// Templates are the ids of the account's message templates.
func (c *Client) Templates(ctx context.Context) ([]string, error) {
	var out struct {
		List []struct {
			ID string `json:"template_id"`
		} `json:"template_list"`
	}
	err := c.call(ctx, request{app: &c.account, path: "/cgi-bin/template/get_all_private_template"}, &out)
	ids := make([]string, 0, len(out.List))
	for _, t := range out.List {
		ids = append(ids, t.ID)
	}
	return ids, err
}

// SendText sends a customer-service message; its window must be open
// (CodeWindowClosed, CodeWindowSpent).
func (c *Client) SendText(ctx context.Context, openid, text string) error {
	return c.call(ctx, request{app: &c.account, path: "/cgi-bin/message/custom/send", body: map[string]any{
		"touser": openid, "msgtype": "text", "text": map[string]string{"content": text},
	}}, nil)
}

// SendSubscription sends a subscription message of the account, which spends
// one consent (CodeNoConsent); page is an address.
func (c *Client) SendSubscription(ctx context.Context, to, templateID, page string, data map[string]string) error {
	return c.subscription(ctx, &c.account, "/cgi-bin/message/subscribe/bizsend", to, templateID, page, data)
}

// SendMiniSubscription sends one of the mini-program: to is the person's openid
// there, page one of its pages with its query.
func (c *Client) SendMiniSubscription(ctx context.Context, to, templateID, page string, data map[string]string) error {
	return c.subscription(ctx, &c.mini, "/cgi-bin/message/subscribe/send", to, templateID, page, data)
}

func (c *Client) subscription(ctx context.Context, a *app, path, to, templateID, page string, data map[string]string) error {
	return c.call(ctx, request{app: a, path: path, body: map[string]any{
		"touser": to, "template_id": templateID, "page": page, "data": valuesOf(data),
	}}, nil)
}

// Code2Session gives the person behind a one-time code of wx.login; unionid
// may be empty. ErrBadCode if the code is wrong or used.
func (c *Client) Code2Session(ctx context.Context, code string) (openid, unionid string, err error) {
	return c.person(ctx, &c.mini, "/sns/jscode2session", "js_code", code)
}

// AuthorizeURL is where a page inside WeChat goes for a one-time code for OAuth;
// WeChat sends it to back then, with code and state. Nobody is asked anything
// (snsapi_base).
func (c *Client) AuthorizeURL(back, state string) string {
	q := url.Values{"appid": {c.account.id}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"snsapi_base"}, "state": {state}}
	return c.pages + "/connect/oauth2/authorize?" + q.Encode() + "#wechat_redirect"
}

// OAuth gives the person behind a one-time code of a page inside WeChat, as
// Code2Session does for the mini-program.
func (c *Client) OAuth(ctx context.Context, code string) (openid, unionid string, err error) {
	return c.person(ctx, &c.account, "/sns/oauth2/access_token", "code", code)
}

func (c *Client) person(ctx context.Context, a *app, path, field, code string) (openid, unionid string, err error) {
	if !plainCode(code) {
		return "", "", ErrBadCode
	}
	if err := a.configured(); err != nil {
		return "", "", err
	}
	var out struct {
		OpenID  string `json:"openid"`
		UnionID string `json:"unionid"`
	}
	err = c.call(ctx, request{path: path, query: url.Values{
		"appid": {a.id}, "secret": {a.secret}, field: {code}, "grant_type": {"authorization_code"},
	}}, &out)
	if err != nil {
		return "", "", codeError(err)
	}
	if out.OpenID == "" {
		return "", "", &APIError{Code: CodeBusy, Msg: "no openid in the answer", Op: path}
	}
	return out.OpenID, out.UnionID, nil
}

// codeError makes ErrBadCode of what WeChat says of a bad one-time code.
func codeError(err error) error {
	switch Code(err) {
	case CodeBadLogin, CodeUsedLogin:
		return ErrBadCode.Because(err)
	}
	return err
}

// PhoneNumber gives the number behind a one-time code of the phone button: of
// China without, from abroad with + and the country's code.
func (c *Client) PhoneNumber(ctx context.Context, code string) (string, error) {
	if !plainCode(code) {
		return "", ErrBadCode
	}
	var out struct {
		Info struct {
			Number  string `json:"purePhoneNumber"`
			Country string `json:"countryCode"`
		} `json:"phone_info"`
	}
	err := c.call(ctx, request{
		app: &c.mini, path: "/wxa/business/getuserphonenumber", body: map[string]string{"code": code},
	}, &out)
	if out.Info.Country != "86" && err == nil {
		return "+" + out.Info.Country + out.Info.Number, nil
	}
	return out.Info.Number, codeError(err)
}

// Verdict is what WeChat thinks of a content.
type Verdict string

// The verdicts; Review means that a person should look at it.
const (
	Pass   Verdict = "pass"
	Review Verdict = "review"
	Risky  Verdict = "risky"
)

// maxCheck is how many characters one check takes.
const maxCheck = 2500

// CheckText gives the worst verdict on the parts of a text by a person of the
// account, who must have been there within 2 h; scene is 1 profile, 2 comment, 3
// forum, 4 log.
func (c *Client) CheckText(ctx context.Context, openid string, scene int, text string) (Verdict, error) {
	return c.check(ctx, &c.account, openid, scene, text)
}

// CheckMiniText is CheckText for a person of the mini-program: openid is theirs there.
func (c *Client) CheckMiniText(ctx context.Context, openid string, scene int, text string) (Verdict, error) {
	return c.check(ctx, &c.mini, openid, scene, text)
}

func (c *Client) check(ctx context.Context, a *app, openid string, scene int, text string) (Verdict, error) {
	verdict, runes := Pass, []rune(text)
	for len(runes) > 0 {
		part := runes[:min(len(runes), maxCheck)]
		runes = runes[len(part):]
		var out struct {
			Result struct {
				Suggest Verdict `json:"suggest"`
			} `json:"result"`
		}
		err := c.call(ctx, request{app: a, path: "/wxa/msg_sec_check", body: map[string]any{
			"version": 2, "openid": openid, "scene": scene, "content": string(part),
		}}, &out)
		if err != nil {
			return "", err
		}
		switch out.Result.Suggest {
		case Pass:
		case Risky:
			return Risky, nil
		case Review:
			verdict = Review
		default: // a word that WeChat may add: not for us to let pass
			verdict = Review
		}
	}
	return verdict, nil
}

// Media fetches what a person sent, within three days. The content type is
// WeChat's claim. ErrNoMedia, ErrMediaTooLarge.
func (c *Client) Media(ctx context.Context, mediaID string) (data []byte, contentType string, err error) {
	a, err := c.send(ctx, request{
		app: &c.account, path: "/cgi-bin/media/get", query: url.Values{"media_id": {mediaID}}, media: true,
	})
	if err != nil {
		if Code(err) == codeNoMedia {
			err = ErrNoMedia.Because(err)
		}
		return nil, "", err
	}
	contentType, _, err = mime.ParseMediaType(a.contentType)
	if err != nil {
		contentType = http.DetectContentType(a.data)
	}
	// Films come as JSON with an address elsewhere: not fetched.
	if len(a.data) == 0 || isObject(a.data) {
		return nil, "", ErrNoMedia
	}
	return a.data, contentType, nil
}

const codeNoMedia = 40007

// maxQRCode is how long a temporary code of the account can last.
const maxQRCode = 30 * 24 * time.Hour

// QRCode makes a code of the account that sends the scene (1 to 64 characters)
// when scanned; ttl 0 makes one of the 100,000 that last. The url is the
// code's content.
func (c *Client) QRCode(ctx context.Context, scene string, ttl time.Duration) (ticket, content string, err error) {
	if n := len([]rune(scene)); n < 1 || n > 64 {
		return "", "", ErrBadScene
	}
	body := map[string]any{
		"action_name": "QR_LIMIT_STR_SCENE",
		"action_info": map[string]any{"scene": map[string]string{"scene_str": scene}},
	}
	if ttl > 0 {
		body["action_name"] = "QR_STR_SCENE"
		body["expire_seconds"] = max(int64(min(ttl, maxQRCode)/time.Second), 1)
	}
	var out struct {
		Ticket string `json:"ticket"`
		URL    string `json:"url"`
	}
	err = c.call(ctx, request{app: &c.account, path: "/cgi-bin/qrcode/create", body: body}, &out)
	return out.Ticket, out.URL, err
}

// PushMenu replaces the account's menu by one that is JSON as WeChat wants it.
func (c *Client) PushMenu(ctx context.Context, menu any) error {
	return c.call(ctx, request{app: &c.account, path: "/cgi-bin/menu/create", body: menu}, nil)
}
