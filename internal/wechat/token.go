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
	return c.shared(ctx, tokenKey+a.id, refused, func() (string, time.Duration, error) {
		token, life, err := c.stableToken(ctx, a, false)
		if err != nil || token != refused {
			return token, life, err
		}
		// WeChat holds the token for good and yet refuses it.
		if first, err := c.store.SetNX(ctx, forcedKey+a.id, "1", forceEvery); err == nil && first {
			return c.stableToken(ctx, a, true)
		}
		return token, life, nil
	})
}

// shared is a value that WeChat lends for a while and all replicas use, unless
// it is the refused one; one of them fetches it anew.
func (c *Client) shared(ctx context.Context, key, refused string, fetch func() (string, time.Duration, error)) (string, error) {
	usable := func() (string, bool) {
		value, ok, err := c.store.Get(ctx, key)
		return value, ok && err == nil && value != refused
	}
	if value, ok := usable(); ok {
		return value, nil
	}
	// Without the store each replica fetches for itself: WeChat lends the same to all.
	if unlock, err := c.store.Lock(ctx, key, callTime+time.Second); err == nil {
		defer unlock()
		if value, ok := usable(); ok {
			return value, nil
		}
	}
	value, life, err := fetch()
	if err != nil {
		return "", err
	}
	_ = c.store.Set(ctx, key, value, life) // kept or not, it is good
	return value, nil
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
	return out.Token, keepFor(out.Expires), nil
}

// keepFor is how long what WeChat lends for so many seconds may be kept.
func keepFor(seconds int64) time.Duration {
	life := time.Duration(seconds) * time.Second
	if life > 2*tokenMargin {
		return life - tokenMargin
	}
	return max(life/2, time.Second)
}
