package wechatsim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"time"
)

// ErrNotFollowing is returned when somebody who does not follow the account
// tries to write to it.
var ErrNotFollowing = errors.New("wechatsim: the person does not follow the account")

// deliveries is how often WeChat offers one message.
const deliveries = 3

// Delivery is how one message went to the account and what came back.
type Delivery struct {
	OpenID   string
	MsgID    int64     // 0 for events
	XML      []byte    // the message, before encryption
	Attempts []Attempt // oldest first, repeats after them
	Status   int       // HTTP status of the attempt that counted, 0 if none
	Raw      []byte    // its body as it came
	Plain    []byte    // its body decrypted; equals Raw in plain mode
	Reply    *Reply    // nil when there is nothing to show
	Faults   []string  // what was wrong with the answers
	Failed   bool      // WeChat told the person that the service is out of order
}

// Text is the reply's text, or the titles of its articles, or nothing.
func (d Delivery) Text() string {
	if d.Reply == nil {
		return ""
	}
	text := d.Reply.Text
	for _, a := range d.Reply.Articles {
		text += a.Title + "\n" + a.Description
	}
	return text
}

// String is the delivery on one line, for a test that fails.
func (d Delivery) String() string {
	return fmt.Sprintf("%s: %d attempts, HTTP %d, failed %v, faults %q, reply %q to %s",
		d.OpenID, len(d.Attempts), d.Status, d.Failed, d.Faults, d.Plain, d.XML)
}

// Attempt is one HTTP request of a delivery.
type Attempt struct {
	At     time.Time
	Status int    // 0 when there was no answer
	Body   []byte // the answer
	Err    string // why there was no answer, or why it was thrown away
	Repeat bool   // made although an earlier attempt was answered
}

// callbackFaults are planted faults of deliveries still to come.
type callbackFaults struct {
	drop, hangUp, repeat, reorder int
	held                          chan struct{} // closed when a later delivery is through
}

// Drop loses the answers of the next n requests to the callback after the
// account has handled them, so that WeChat sends them again.
func (s *Sim) Drop(n int) { s.plant(func(f *callbackFaults) { f.drop += n }) }

// HangUp closes the connection of the next n requests to the callback as soon
// as they are written, so that WeChat sends them again.
func (s *Sim) HangUp(n int) { s.plant(func(f *callbackFaults) { f.hangUp += n }) }

// Repeat delivers each of the next n messages once more after it was answered.
func (s *Sim) Repeat(n int) { s.plant(func(f *callbackFaults) { f.repeat += n }) }

// Reorder holds the next message back until a later one has been answered.
// Send them from two goroutines.
func (s *Sim) Reorder() { s.plant(func(f *callbackFaults) { f.reorder++ }) }

func (s *Sim) plant(f func(*callbackFaults)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.faults)
}

// take uses up one planted fault.
func (s *Sim) take(count *int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *count == 0 {
		return false
	}
	*count--
	return true
}

// Verify asks the callback the question that WeChat asks when an address is
// saved, and says whether the answer is right.
func (s *Sim) Verify(ctx context.Context) error {
	echo := strconv.FormatInt(s.opt.Now().UnixNano(), 10)
	query, _ := s.query(nil)
	query.Set("echostr", echo)
	status, body, err := s.do(ctx, http.MethodGet, query, nil, false)
	if err != nil {
		return err
	}
	if status != http.StatusOK || string(body) != echo {
		return fmt.Errorf("wechatsim: address not accepted: HTTP %d, %q", status, body)
	}
	return nil
}

// deliver offers the XML until it is answered, at most three times, and shows
// the reply to the person.
func (s *Sim) deliver(ctx context.Context, openid string, msgID int64, doc []byte) (Delivery, error) {
	d := Delivery{OpenID: openid, MsgID: msgID, XML: doc}
	if msgID != 0 {
		defer s.hold(ctx)()
	}
	for n := range deliveries {
		if n > 0 {
			wait := d.Attempts[n-1].At.Add(s.opt.RetryAfter).Sub(s.opt.Now())
			if err := s.sleep(ctx, min(wait, s.opt.RetryAfter)); err != nil {
				return d, err
			}
		}
		a := s.attempt(ctx, openid, doc)
		d.Attempts = append(d.Attempts, a)
		if err := ctx.Err(); err != nil {
			return d, err
		}
		if a.Err == "" && a.Status == http.StatusOK {
			s.settle(&d, a)
			break
		}
		d.Failed = n == deliveries-1
	}
	if d.Failed {
		s.show(openid, Received{Kind: KindSystem, Type: "text", Text: "该公众号提供的服务出现故障，请稍后再试"})
	}
	if s.take(&s.faults.repeat) {
		a := s.attempt(ctx, openid, doc)
		a.Repeat = true
		d.Attempts = append(d.Attempts, a)
	}
	return d, nil
}

// settle reads the answer that counted.
func (s *Sim) settle(d *Delivery, a Attempt) {
	reply, plain, faults, err := s.readReply(d.OpenID, a.Body)
	d.Status, d.Raw, d.Plain, d.Reply, d.Faults = a.Status, a.Body, plain, reply, faults
	if err != nil { // WeChat does not send a wrongly answered message again
		d.Faults = append(d.Faults, err.Error())
		d.Failed = true
		return
	}
	if reply == nil || reply.Type == "transfer_customer_service" {
		return
	}
	s.show(d.OpenID, Received{
		Kind: KindReply, Type: reply.Type, Text: reply.Text, MediaID: reply.MediaID,
		PicURL: s.pictureOf(reply.MediaID), Articles: reply.Articles,
	})
}

func (s *Sim) show(openid string, r Received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record(s.person(openid), r)
}

// hold waits if this message is to be overtaken. Else it returns what lets the
// message go on that waits to be overtaken by this one.
func (s *Sim) hold(ctx context.Context) func() {
	s.mu.Lock()
	held := s.faults.held
	overtaken := held == nil && s.faults.reorder > 0
	if overtaken {
		s.faults.reorder--
		held = make(chan struct{})
		s.faults.held = held
	}
	s.mu.Unlock()
	if overtaken {
		select {
		case <-held:
		case <-ctx.Done():
		case <-s.ctx.Done():
		}
		return func() {}
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if held != nil && s.faults.held == held {
			close(held)
			s.faults.held = nil
		}
	}
}

func (s *Sim) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// attempt posts the XML once, newly signed and encrypted.
func (s *Sim) attempt(ctx context.Context, openid string, doc []byte) Attempt {
	a := Attempt{At: s.opt.Now()}
	query, body := s.query(doc)
	query.Set("openid", openid)
	var err error
	a.Status, a.Body, err = s.do(ctx, http.MethodPost, query, body, s.take(&s.faults.hangUp))
	if err == nil && s.take(&s.faults.drop) {
		a.Status, err = 0, errors.New("wechatsim: the answer was lost")
	}
	if err != nil {
		a.Err = err.Error()
	}
	return a
}

// query makes the signed query, and the body that goes with it.
func (s *Sim) query(doc []byte) (url.Values, []byte) {
	timestamp := strconv.FormatInt(s.opt.Now().Unix(), 10)
	nonce := strconv.FormatUint(randomNumber(), 10)
	q := url.Values{"timestamp": {timestamp}, "nonce": {nonce}, "signature": {sign(s.opt.Token, timestamp, nonce)}}
	if s.aesKey == nil || doc == nil {
		return q, doc
	}
	sealed, err := seal(s.aesKey, s.opt.AppID, doc)
	if err != nil {
		panic(err) // the key was checked by New
	}
	q.Set("encrypt_type", "aes")
	q.Set("msg_signature", sign(s.opt.Token, timestamp, nonce, sealed))
	return q, document([]Field{{"ToUserName", s.opt.AccountID}, {"Encrypt", sealed}})
}

func (s *Sim) do(ctx context.Context, method string, query url.Values, body []byte, hangUp bool) (int, []byte, error) {
	s.mu.Lock()
	base := s.callback
	s.mu.Unlock()
	if base == "" {
		return 0, nil, errors.New("wechatsim: no callback address")
	}
	ctx, cancel := context.WithTimeout(ctx, s.opt.Timeout)
	defer cancel()
	if hangUp {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			WroteRequest: func(httptrace.WroteRequestInfo) { cancel() },
		})
	}
	req, err := http.NewRequestWithContext(ctx, method, base+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("wechatsim: callback: %w", err)
	}
	req.Header.Set("Content-Type", "text/xml")
	req.Header.Set("User-Agent", "Mozilla/4.0")
	res, err := s.client.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("wechatsim: callback: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if hangUp { // the answer was faster
		return 0, nil, errors.New("wechatsim: hung up")
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return 0, nil, fmt.Errorf("wechatsim: callback's answer: %w", err)
	}
	return res.StatusCode, answer, nil
}
