package wechat

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"fenlin/internal/errs"
)

// Callback answers WeChat's requests; the web only connects it to its router.
type Callback struct {
	Codec *Codec
	Inbox *Inbox
	// Handle does what a message asks for. It must be done within its context's
	// 4.5 s, and do nothing a second time for the same Message.Key. An
	// *errs.Error of the person's making is shown as text; any other error lets
	// WeChat send the message again.
	Handle func(context.Context, Message) (Reply, error)
	Now    func() time.Time
	Log    *slog.Logger

	kinds    [len(kinds)]atomic.Uint64
	outcomes [len(outcomes)]atomic.Uint64
}

// How requests ended.
const (
	answered = iota // with a first reply
	repeated        // with the first reply once more
	ignored         // success to a kind unknown to us
	refused         // forged, stale, too large, not XML
	failed          // WeChat shall send it again
	degraded        // beside one of the others: the kv store was away
)

var outcomes = [...]string{
	answered: "answered", repeated: "repeated", ignored: "ignored", refused: "refused", failed: "failed", degraded: "degraded",
}

// Counts are the messages since the start by kind, and the requests by outcome.
func (c *Callback) Counts() (byKind, byOutcome map[string]uint64) {
	byKind, byOutcome = map[string]uint64{}, map[string]uint64{}
	for k := range kinds {
		byKind[kinds[k].name] = c.kinds[k].Load()
	}
	for o := range outcomes {
		byOutcome[outcomes[o]] = c.outcomes[o].Load()
	}
	return byKind, byOutcome
}

const (
	plainText = "text/plain; charset=utf-8"
	xmlText   = "application/xml; charset=utf-8"
)

// Serve answers one request: its HTTP status, content type and body, which is
// never empty. A caller that hangs up does not stop the handling, so that its
// retry finds the reply.
func (c *Callback) Serve(ctx context.Context, method string, q Query, body io.Reader) (status int, contentType string, answer []byte) {
	now := c.Now()
	switch method {
	case http.MethodGet:
		echo, err := c.Codec.Echo(q, now)
		if err != nil {
			return c.refuse(ctx, err)
		}
		return http.StatusOK, plainText, []byte(echo)
	case http.MethodPost:
	default:
		return http.StatusMethodNotAllowed, plainText, []byte("只接受 GET 和 POST")
	}
	m, err := c.Codec.Open(q, body, now)
	if err != nil {
		return c.refuse(ctx, err)
	}
	c.kinds[m.Kind].Add(1)
	if m.Kind == Unknown {
		c.outcomes[ignored].Add(1)
		c.Log.InfoContext(ctx, "wechat: unknown kind", "type", m.Type, "event", m.Event)
		return http.StatusOK, plainText, []byte(success)
	}
	doc, err := c.take(ctx, m, now)
	if err != nil {
		c.outcomes[failed].Add(1)
		c.Log.ErrorContext(ctx, "wechat: message not handled", "key", m.Key(), "kind", m.Kind.String(), "error", err)
		return http.StatusInternalServerError, plainText, []byte("系统繁忙，请重试")
	}
	if doc == success {
		return http.StatusOK, plainText, []byte(success)
	}
	return http.StatusOK, xmlText, c.Codec.Seal(doc, q.Nonce, now)
}

// take handles the message, or finds its first reply.
func (c *Callback) take(ctx context.Context, m Message, now time.Time) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	doc, t, err := c.Inbox.once(ctx, m.From, m.Key(), func(ctx context.Context) (string, error) {
		reply, err := c.Handle(ctx, m)
		if err != nil {
			e, ok := errors.AsType[*errs.Error](err)
			if !ok || e.Kind == errs.Unavailable { // a fault: what was done is not known
				return "", err
			}
			reply = Reply{Text: e.Message}
		}
		return reply.document(m, now), nil
	})
	if t.degraded {
		c.outcomes[degraded].Add(1)
	}
	if err == nil && t.repeated {
		c.outcomes[repeated].Add(1)
	} else if err == nil {
		c.outcomes[answered].Add(1)
	}
	return doc, err
}

// statuses are the HTTP statuses of what Codec refuses.
var statuses = map[errs.Kind]int{
	errs.Forbidden: http.StatusForbidden,
	errs.TooLarge:  http.StatusRequestEntityTooLarge,
	errs.Invalid:   http.StatusBadRequest,
	// Nothing here gives another kind.
	errs.Unavailable: http.StatusServiceUnavailable,
}

func (c *Callback) refuse(ctx context.Context, err error) (status int, contentType string, answer []byte) {
	c.outcomes[refused].Add(1)
	c.Log.InfoContext(ctx, "wechat: callback refused", "error", err)
	e := errs.From(err)
	return statuses[e.Kind], plainText, []byte(e.Message)
}
