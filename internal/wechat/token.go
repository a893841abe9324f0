package wechat

import (
	"context"
	"time"
)

const (
	tokenKey  = "wx:token:"  // + app id
	forcedKey = "wx:forced:" // + app id
	// tokenMargin is how long before its end a token is asked for anew; WeChat
	// gives a new one from then on and honours both.
	tokenMargin = 5 * time.Minute
	// forceEvery keeps below WeChat's 20 forced tokens a day.
	forceEvery = 2 * time.Hour
)

// Token is the account's access token, shared by all replicas. Keep it out of logs.
func (c *Client) Token(ctx context.Context) (string, error) {
	return c.token(ctx, &c.account, "")
}

// token is the app's token, but not the refused one.
func (c *Client) token(ctx context.Context, a *app, refused string) (string, error) {
	if err := a.configured(); err != nil {
		return "", err
	}
	usable := func() (string, bool) {
		token, ok, err := c.store.Get(ctx, tokenKey+a.id)
		return token, ok && err == nil && token != refused
	}
	if token, ok := usable(); ok {
		return token, nil
	}
	// Without the store each replica fetches for itself: a stable token is the same for all.
	if unlock, err := c.store.Lock(ctx, tokenKey+a.id, callTime+time.Second); err == nil {
		defer unlock()
		if token, ok := usable(); ok {
			return token, nil
		}
	}
	token, life, err := c.stableToken(ctx, a, false)
	if err == nil && token == refused {
		// WeChat holds the token for good and yet refuses it.
		if first, err := c.store.SetNX(ctx, forcedKey+a.id, "1", forceEvery); err == nil && first {
			token, life, err = c.stableToken(ctx, a, true)
			if err != nil {
				return "", err
			}
		}
	}
	if err != nil {
		return "", err
	}
	_ = c.store.Set(ctx, tokenKey+a.id, token, life) // kept or not, it is good
	return token, nil
}

// stableToken fetches the token and says how long it may be kept.
func (c *Client) stableToken(ctx context.Context, a *app, force bool) (token string, life time.Duration, err error) {
	var out struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"` // seconds
	}
	err = c.call(ctx, request{path: "/cgi-bin/stable_token", body: map[string]any{
		"grant_type": "client_credential", "appid": a.id, "secret": a.secret, "force_refresh": force,
	}}, &out)
	if err != nil {
		return "", 0, err
	}
	if out.Token == "" {
		return "", 0, &APIError{Code: CodeBusy, Msg: "no access_token in the answer", Op: "/cgi-bin/stable_token"}
	}
	life = time.Duration(out.Expires) * time.Second
	if life > 2*tokenMargin {
		return out.Token, life - tokenMargin, nil
	}
	return out.Token, max(life/2, time.Second), nil
}
