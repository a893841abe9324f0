package wechat

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/silenceper/wechat/v2/util"

	"fenlin/internal/errs"
	"fenlin/internal/kv"
)

// callback answers as handle says, with a store of its own.
func callback(t testing.TB, c Config, store kv.Store, handle func(context.Context, Message) (Reply, error)) *Callback {
	t.Helper()
	return &Callback{
		Codec: codec(t, c), Inbox: &Inbox{Store: store}, Handle: handle,
		Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
	}
}

func memory(t testing.TB) *kv.Memory {
	m := kv.NewMemory()
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func textXML(from string, id int, content string) string {
	return fmt.Sprintf("<xml><ToUserName>gh_1</ToUserName><FromUserName>%s</FromUserName><CreateTime>1714100000</CreateTime>"+
		"<MsgType>text</MsgType><Content>%s</Content><MsgId>%d</MsgId></xml>", from, content, id)
}

// post delivers a plain callback.
func post(c *Callback, doc string) (int, string) {
	status, _, answer := c.Serve(context.Background(), http.MethodPost, signedQuery(plain), strings.NewReader(doc))
	return status, string(answer)
}

// count answers each message with its number in the order of handling.
func count(n *atomic.Int64) func(context.Context, Message) (Reply, error) {
	return func(context.Context, Message) (Reply, error) {
		return Reply{Text: fmt.Sprint("第", n.Add(1), "条")}, nil
	}
}

func outcome(c *Callback, name string) uint64 {
	_, by := c.Counts()
	return by[name]
}

func TestCallback_Statuses(t *testing.T) {
	var handled atomic.Int64
	c := callback(t, plain, memory(t), count(&handled))
	forged, stale, echo := signedQuery(plain), signedQuery(plain), signedQuery(plain)
	forged.Signature = strings.Repeat("a", 40)
	stale.Timestamp = "1714000000"
	stale.Signature = util.Signature(plain.Token, stale.Timestamp, stale.Nonce)
	echo.EchoStr = "4375120948345356249"
	forgedEcho := echo
	forgedEcho.Signature = ""
	tests := []struct {
		name, method string
		query        Query
		body         string
		status       int
		answer       string // empty = any
	}{
		{"address check", http.MethodGet, echo, "", 200, echo.EchoStr},
		{"forged address check", http.MethodGet, forgedEcho, "", 403, ""},
		{"address check without echostr", http.MethodGet, signedQuery(plain), "", 400, ""},
		{"another method", http.MethodPut, signedQuery(plain), helpXML, 405, ""},
		{"forged", http.MethodPost, forged, helpXML, 403, ""},
		{"stale", http.MethodPost, stale, helpXML, 403, ""},
		{"too large", http.MethodPost, signedQuery(plain), strings.Repeat("x", maxBody+1), 413, ""},
		{"not XML", http.MethodPost, signedQuery(plain), "hello", 400, ""},
		{"truncated", http.MethodPost, signedQuery(plain), helpXML[:len(helpXML)-9], 400, ""},
		{"deep", http.MethodPost, signedQuery(plain), nested(5000), 400, ""},
		{"not UTF-8", http.MethodPost, signedQuery(plain), strings.Replace(helpXML, "帮", "\xb0\xef", 1), 400, ""},
		{"encrypted in plain mode", http.MethodPost, signedQuery(plain), "<xml><Encrypt>AAAA</Encrypt></xml>", 403, ""},
		{"unknown event", http.MethodPost, signedQuery(plain), "<xml><FromUserName>oA</FromUserName><MsgType>event</MsgType><Event>new</Event></xml>", 200, "success"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, contentType, answer := c.Serve(context.Background(), tt.method, tt.query, strings.NewReader(tt.body))
			if status != tt.status || len(answer) == 0 || contentType != plainText || tt.answer != "" && string(answer) != tt.answer {
				t.Errorf("%d %s %q", status, contentType, answer)
			}
		})
	}
	if handled.Load() != 0 {
		t.Error("something of this was handled")
	}
	if byKind, _ := c.Counts(); byKind["unknown"] != 1 || outcome(c, "ignored") != 1 || outcome(c, "refused") != 10 {
		t.Error(c.Counts())
	}
}

func TestCallback_Replies(t *testing.T) {
	tests := []struct {
		name  string
		reply Reply
		err   error
		want  string // part of the answer
	}{
		{"text", Reply{Text: "您好]]>"}, nil, "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[您好]]]]><![CDATA[>]]></Content>"},
		{"image", Reply{ImageID: "m1"}, nil, "<MsgType><![CDATA[image]]></MsgType><Image><MediaId><![CDATA[m1]]></MediaId></Image>"},
		{"news", Reply{Articles: []Article{{"t", "d", "p", "u"}}}, nil, "<MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount><Articles><item>" +
			"<Title><![CDATA[t]]></Title><Description><![CDATA[d]]></Description><PicUrl><![CDATA[p]]></PicUrl><Url><![CDATA[u]]></Url></item></Articles>"},
		{"nothing", Reply{}, nil, "success"},
		{"only what cannot be shown", Reply{Text: "\x00\x01"}, nil, "success"},
		{"the person's mistake", Reply{}, fmt.Errorf("chat: %w", errs.New(errs.NotFound, "x", "没有这个工单")), "<![CDATA[没有这个工单]]>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := callback(t, plain, memory(t), func(context.Context, Message) (Reply, error) { return tt.reply, tt.err })
			status, answer := post(c, helpXML)
			if status != 200 || !strings.Contains(answer, tt.want) {
				t.Errorf("%d %s", status, answer)
			}
			if answer == success {
				return
			}
			root, err := parse(answer)
			if err != nil {
				t.Fatal(err)
			}
			if root.Child("ToUserName").Text != "oABCDEFGHIJKLMNOPQRSTUVWXYZ1" || root.Child("FromUserName").Text != "gh_fenlin000001" || root.Child("CreateTime").Text == "" {
				t.Error(answer)
			}
		})
	}
}

func TestReply_StaysUnderWeChatsLimit(t *testing.T) {
	doc := Reply{Text: strings.Repeat("汾", 5000)}.document(Message{}, noon)
	root, err := parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	if text := root.Child("Content").Text; len(text) >= 1800 || len(text) < 1790 || !strings.HasSuffix(text, "汾…") {
		t.Errorf("%d bytes, ends in %q", len(text), text[len(text)-6:])
	}
}

func TestCallback_RetryGetsTheFirstReply(t *testing.T) {
	for _, mode := range []Config{plain, safe} {
		var handled atomic.Int64
		c := callback(t, mode, memory(t), count(&handled))
		ask := func() string {
			q, body := signedQuery(plain), helpXML
			if mode.AESKey != "" {
				q, body = sealed(t, mode, helpXML)
			}
			status, _, answer := c.Serve(context.Background(), http.MethodPost, q, strings.NewReader(body))
			if status != 200 {
				t.Fatal(status, string(answer))
			}
			if mode.AESKey == "" {
				return string(answer)
			}
			root, err := parse(string(answer))
			if err != nil {
				t.Fatal(err)
			}
			_, inner, err := util.DecryptMsg(mode.AppID, root.Child("Encrypt").Text, mode.AESKey)
			if err != nil {
				t.Fatal(err)
			}
			return string(inner)
		}
		first := ask()
		if !strings.Contains(first, "第1条") {
			t.Error(first)
		}
		for range 2 {
			if again := ask(); again != first {
				t.Errorf("retry got %s", again)
			}
		}
		if handled.Load() != 1 || outcome(c, "repeated") != 2 || outcome(c, "answered") != 1 {
			t.Error(handled.Load())
		}
	}
}

func TestCallback_NothingToSayIsKeptToo(t *testing.T) {
	calls := 0
	c := callback(t, plain, memory(t), func(context.Context, Message) (Reply, error) { calls++; return Reply{}, nil })
	for range 2 {
		if status, answer := post(c, helpXML); status != 200 || answer != success {
			t.Error(status, answer)
		}
	}
	if calls != 1 {
		t.Error(calls)
	}
}

func TestCallback_FaultIsTriedAgain(t *testing.T) {
	for name, fault := range map[string]error{
		"fault": errors.New("disk on fire"), "busy": errs.ErrBusy.Because(errors.New("deadlock")), "late": context.DeadlineExceeded,
	} {
		calls := 0
		c := callback(t, plain, memory(t), func(context.Context, Message) (Reply, error) {
			if calls++; calls == 1 {
				return Reply{Text: "不算"}, fault
			}
			return Reply{Text: "成了"}, nil
		})
		if status, answer := post(c, helpXML); status != 500 || answer == "" || strings.Contains(answer, "fire") {
			t.Error(name, status, answer)
		}
		if status, answer := post(c, helpXML); status != 200 || !strings.Contains(answer, "成了") {
			t.Error(name, status, answer)
		}
		if outcome(c, "failed") != 1 {
			t.Error(c.Counts())
		}
	}
}

func TestCallback_PanicDoesNotBlockTheSender(t *testing.T) {
	calls := 0
	c := callback(t, plain, memory(t), func(context.Context, Message) (Reply, error) {
		if calls++; calls == 1 {
			panic("bug")
		}
		return Reply{Text: "成了"}, nil
	})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		post(c, helpXML)
	}()
	if status, answer := post(c, helpXML); status != 200 || !strings.Contains(answer, "成了") {
		t.Error(status, answer)
	}
}

func TestCallback_HangingUpDoesNotStopTheHandling(t *testing.T) {
	store := memory(t)
	ctx, hangUp := context.WithCancel(context.Background())
	c := callback(t, plain, store, func(ctx context.Context, _ Message) (Reply, error) {
		hangUp()
		if _, limited := ctx.Deadline(); !limited {
			t.Error("no deadline")
		}
		return Reply{Text: "成了"}, ctx.Err()
	})
	c.Serve(ctx, http.MethodPost, signedQuery(plain), strings.NewReader(helpXML))
	c.Handle = func(context.Context, Message) (Reply, error) { t.Error("handled twice"); return Reply{}, nil }
	if status, answer := post(c, helpXML); status != 200 || !strings.Contains(answer, "成了") {
		t.Error(status, answer)
	}
}

// A replica dies while it handles: it holds the sender's lock and says nothing more.
func TestCallback_CrashInTheMiddleDoesNotSwallowTheRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory(t)
		if _, err := store.Lock(t.Context(), "wx:from:oABCDEFGHIJKLMNOPQRSTUVWXYZ1", senderLock); err != nil {
			t.Fatal(err)
		}
		var handled atomic.Int64
		c := callback(t, plain, store, count(&handled))
		if status, answer := post(c, helpXML); status != 500 { // the dead one's time is not over
			t.Error(status, answer)
		}
		if status, answer := post(c, helpXML); status != 200 || !strings.Contains(answer, "第1条") {
			t.Error(status, answer)
		}
	})
}

func TestCallback_RetryWaitsForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory(t)
		var handled atomic.Int64
		handle := func(ctx context.Context, m Message) (Reply, error) {
			time.Sleep(3 * time.Second)
			return count(&handled)(ctx, m)
		}
		// Two replicas, and twice the same one.
		one, two := callback(t, plain, store, handle), callback(t, plain, store, handle)
		var wait sync.WaitGroup
		answers := make([]string, 3)
		for i, c := range []*Callback{one, two, one} {
			wait.Go(func() { _, answers[i] = post(c, helpXML) })
		}
		wait.Wait()
		if handled.Load() != 1 || answers[0] != answers[1] || answers[1] != answers[2] || !strings.Contains(answers[0], "第1条") {
			t.Error(handled.Load(), answers)
		}
	})
}

// oneAtATime fails if two messages of a sender are handled at once, and notes their order.
type oneAtATime struct {
	t    *testing.T
	mu   sync.Mutex
	busy map[string]bool
	seen map[string]int
}

func (o *oneAtATime) handle(_ context.Context, m Message) (Reply, error) {
	o.mu.Lock()
	if o.busy[m.From] {
		o.t.Errorf("two messages of %s at once", m.From)
	}
	o.busy[m.From] = true
	o.mu.Unlock()
	time.Sleep(50 * time.Microsecond)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy[m.From] = false
	o.seen[m.From]++
	return Reply{Text: fmt.Sprint(o.seen[m.From])}, nil
}

func TestCallback_OneSendersMessagesOneAtATime(t *testing.T) {
	stores := map[string]kv.Store{"memory": memory(t), "away": away{}}
	if address := os.Getenv("FENLIN_TEST_REDIS"); address != "" { // the suite runs with and without
		redis, err := kv.NewRedis(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer redis.Close()
		stores["redis"] = redis
	}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			o := &oneAtATime{t: t, busy: map[string]bool{}, seen: map[string]int{}}
			replicas := []*Callback{callback(t, plain, store, o.handle), callback(t, plain, store, o.handle)}
			if name == "away" {
				replicas = replicas[:1] // without a store the order is kept within a process
			}
			const senders, messages, sent = 4, 25, 2
			run := rand.Text() // Redis remembers the last run
			var wait sync.WaitGroup
			for i := range senders * messages {
				for range sent {
					wait.Go(func() {
						doc := textXML(fmt.Sprint(run, i%senders), i, "灯坏了")
						if status, answer := post(replicas[i%len(replicas)], doc); status != 200 {
							t.Error(status, answer)
						}
					})
				}
			}
			wait.Wait()
			want := messages
			if name == "away" {
				want *= sent // no first reply could be kept; the truth's unique key decides
			}
			for from, n := range o.seen {
				if n != want {
					t.Errorf("%s: %d handled, want %d", from, n, want)
				}
			}
			for _, c := range replicas {
				if len(c.Inbox.senders) != 0 {
					t.Error("queues are left behind")
				}
			}
		})
	}
}

func TestCallback_OrderOfArrivalIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		store := memory(t)
		c := callback(t, plain, store, func(_ context.Context, m Message) (Reply, error) {
			time.Sleep(100 * time.Millisecond)
			order = append(order, m.Text)
			return Reply{}, nil
		})
		var wait sync.WaitGroup
		for i := range 10 {
			wait.Go(func() { post(c, textXML("oA", i, fmt.Sprint(i))) })
			synctest.Wait() // it stands in the queue
		}
		wait.Wait()
		if got := strings.Join(order, ""); got != "0123456789" {
			t.Error(got)
		}
	})
}

func TestCallback_OtherSendersDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memory(t)
		c := callback(t, plain, store, func(ctx context.Context, m Message) (Reply, error) {
			if m.From == "slow" {
				<-ctx.Done()
			}
			return Reply{}, nil
		})
		var wait sync.WaitGroup
		defer wait.Wait()
		wait.Go(func() { post(c, textXML("slow", 1, "a")) })
		synctest.Wait()
		if status, answer := post(c, textXML("quick", 2, "a")); status != 200 {
			t.Error(status, answer)
		}
	})
}

func TestCallback_GoesOnWithoutTheStore(t *testing.T) {
	var handled atomic.Int64
	c := callback(t, plain, away{}, count(&handled))
	if status, answer := post(c, helpXML); status != 200 || !strings.Contains(answer, "第1条") {
		t.Error(status, answer)
	}
	if outcome(c, "degraded") != 1 {
		t.Error(c.Counts())
	}
}

// away is a store that does not answer.
type away struct{}

var errAway = errors.New("connection refused")

func (away) Get(context.Context, string) (string, bool, error)          { return "", false, errAway }
func (away) Set(context.Context, string, string, time.Duration) error   { return errAway }
func (away) Incr(context.Context, string, time.Duration) (int64, error) { return 0, errAway }
func (away) Del(context.Context, ...string) error                       { return errAway }
func (away) Ping(context.Context) error                                 { return errAway }
func (away) Close() error                                               { return nil }
func (away) SetNX(context.Context, string, string, time.Duration) (bool, error) {
	return false, errAway
}

func (away) Lock(context.Context, string, time.Duration) (func(), error) {
	return nil, errAway
}
