package wechat

import (
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // WeChat's choice
	"encoding/hex"
	"net/url"
	"strconv"
	"time"
)

const ticketKey = "wx:ticket:" // + app id

// PageSignature is what lets one of our pages use WeChat's functions on the
// phone: the arguments of wx.config.
type PageSignature struct {
	AppID     string
	Timestamp int64 // epoch seconds
	Nonce     string
	Signature string
}

// SignPage signs the address of a page, which the browser shows before any #.
// Source: WeChat, JS-SDK 说明文档, 附录 1.
func (c *Client) SignPage(ctx context.Context, page string, now time.Time) (PageSignature, error) {
	ticket, err := c.shared(ctx, ticketKey+c.account.id, "", func() (string, time.Duration, error) { return c.pageTicket(ctx) })
	if err != nil {
		return PageSignature{}, err
	}
	s := PageSignature{AppID: c.account.id, Timestamp: now.Unix(), Nonce: rand.Text()}
	sum := sha1.Sum([]byte("jsapi_ticket=" + ticket + "&noncestr=" + s.Nonce + "&timestamp=" + strconv.FormatInt(s.Timestamp, 10) + "&url=" + page)) //nolint:gosec // WeChat's choice
	s.Signature = hex.EncodeToString(sum[:])
	return s, nil
}

// pageTicket fetches the ticket that pages are signed with, and says how long it may be kept.
func (c *Client) pageTicket(ctx context.Context) (ticket string, life time.Duration, err error) {
	const path = "/cgi-bin/ticket/getticket"
	var out struct {
		Ticket  string `json:"ticket"`
		Expires int64  `json:"expires_in"` // seconds
	}
	if err := c.call(ctx, request{app: &c.account, path: path, query: url.Values{"type": {"jsapi"}}}, &out); err != nil {
		return "", 0, err
	}
	if out.Ticket == "" {
		return "", 0, &APIError{Code: CodeBusy, Msg: "no ticket in the answer", Op: path}
	}
	return out.Ticket, keepFor(out.Expires), nil
}
