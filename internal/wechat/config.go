// Package wechat is our side of the conversation with WeChat: it opens and
// seals callbacks, keeps the first reply for WeChat's retries, and calls
// WeChat's API. Its counterpart for tests and the demo is wechatsim.
package wechat

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
)

// Config names the account, its mini-program and how they are reached. Secrets
// in it must not be logged.
type Config struct {
	AppID      string // of the official account
	Secret     string
	Token      string // signs callbacks
	AESKey     string // EncodingAESKey, 43 characters; empty = plain mode
	MiniAppID  string // of the mini-program; may be empty
	MiniSecret string
	APIBase    string // in place of https://api.weixin.qq.com, such as http://127.0.0.1:8080/sim/wechat
}

// Validate says, in words for an operator, what cannot work.
func (c Config) Validate() error {
	var faults []error
	if c.AppID == "" {
		faults = append(faults, errors.New("wechat: the app id is missing"))
	}
	if c.Token == "" {
		faults = append(faults, errors.New("wechat: the token is missing; it is the one entered beside the callback's address"))
	}
	if c.AESKey != "" {
		// WeChat's keys may end in bits that strict base64 refuses.
		key, err := base64.StdEncoding.DecodeString(c.AESKey + "=")
		if err != nil || len(c.AESKey) != 43 || len(key) != 32 {
			faults = append(faults, errors.New("wechat: the AES key must be the 43 letters and digits of EncodingAESKey, or empty for plain mode"))
		}
	}
	if c.APIBase != "" {
		if u, err := url.Parse(c.APIBase); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			faults = append(faults, fmt.Errorf("wechat: the API base %q is not an http or https address", c.APIBase))
		}
	}
	return errors.Join(faults...)
}
