package wechat

import (
	"bytes"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/silenceper/wechat/v2/util"
	"pgregory.net/rapid"
)

// The account of WeChat's own examples.
var (
	safe  = Config{AppID: "wxba5fad812f8e6fb9", Token: "AAAAA", AESKey: strings.Repeat("A", 43)}
	plain = Config{AppID: "wxba5fad812f8e6fb9", Token: "AAAAA"}
	noon  = time.Unix(1_714_100_000, 0)
)

func codec(t testing.TB, c Config) *Codec {
	t.Helper()
	made, err := NewCodec(c)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func at(unix int64) time.Time { return time.Unix(unix, 0) }

// signedQuery is the query of a plain callback at noon.
func signedQuery(c Config) Query {
	q := Query{Timestamp: strconv.FormatInt(noon.Unix(), 10), Nonce: "415670741"}
	q.Signature = util.Signature(c.Token, q.Timestamp, q.Nonce)
	return q
}

// sealed is a callback in safe mode at noon.
func sealed(t testing.TB, c Config, doc string) (Query, string) {
	t.Helper()
	text, err := util.EncryptMsg([]byte("0123456789abcdef"), []byte(doc), c.AppID, c.AESKey)
	if err != nil {
		t.Fatal(err)
	}
	q := signedQuery(c)
	q.MsgSignature = util.Signature(c.Token, q.Timestamp, q.Nonce, string(text))
	return q, "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[" + string(text) + "]]></Encrypt></xml>"
}

const helpXML = `<xml><ToUserName><![CDATA[gh_fenlin000001]]></ToUserName><FromUserName><![CDATA[oABCDEFGHIJKLMNOPQRSTUVWXYZ1]]></FromUserName>` +
	`<CreateTime>1714100000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[帮助]]></Content><MsgId>24123456789012345</MsgId></xml>`

func TestCodec_OfficialVectors(t *testing.T) {
	const nonce = "415670741"
	t.Run("address check", func(t *testing.T) {
		q := Query{Signature: "f464b24fc39322e44b38aa78f5edd27bd1441696", Timestamp: "1714036504", Nonce: "1514711492", EchoStr: "4375120948345356249"}
		echo, err := codec(t, safe).Echo(q, at(1714036504))
		if err != nil || echo != q.EchoStr {
			t.Fatal(echo, err)
		}
	})
	t.Run("plain", func(t *testing.T) {
		q := Query{Signature: "899cf89e464efb63f54ddac96b0a0a235f53aa78", Timestamp: "1714037059", Nonce: "486452656"}
		m, err := codec(t, plain).Open(q, strings.NewReader(helpXML), at(1714037059))
		if err != nil || m.Text != "帮助" {
			t.Fatal(m, err)
		}
	})
	t.Run("safe", func(t *testing.T) {
		const text = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
		q := Query{MsgSignature: "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3", Timestamp: "1714112445", Nonce: nonce}
		// The example holds JSON, which an official account never gets: it is opened, and then refused as no XML.
		_, err := codec(t, safe).Open(q, strings.NewReader("<xml><Encrypt>"+text+"</Encrypt></xml>"), at(1714112445))
		if !errors.Is(err, ErrNotXML) {
			t.Fatal(err)
		}
		_, inner, err := util.DecryptMsg(safe.AppID, text, safe.AESKey)
		if err != nil || !bytes.Contains(inner, []byte(`"debug_str":"hello world"`)) {
			t.Fatal(string(inner), err)
		}
	})
	t.Run("reply", func(t *testing.T) {
		got := codec(t, safe).seal([]byte("707722b803182950"), `{"demo_resp":"good luck"}`, nonce, "1713424427")
		root, err := parse(string(got))
		if err != nil {
			t.Fatal(err)
		}
		want := Element{Name: "xml", Children: []Element{
			{Name: "Encrypt", Text: "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="},
			{Name: "MsgSignature", Text: "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"},
			{Name: "TimeStamp", Text: "1713424427"},
			{Name: "Nonce", Text: nonce},
		}}
		if diff := cmp.Diff(want, root); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestCodec_Refuses(t *testing.T) {
	safeQuery, safeBody := sealed(t, safe, helpXML)
	otherApp, otherBody := sealed(t, Config{AppID: "wx0000000000000000", Token: safe.Token, AESKey: safe.AESKey}, helpXML)
	otherKey, otherKeyBody := sealed(t, Config{AppID: safe.AppID, Token: safe.Token, AESKey: strings.Repeat("B", 43)}, helpXML)
	innerQuery, innerBody := sealed(t, safe, "<xml><a></xml>")
	change := func(q Query, f func(*Query)) Query { f(&q); return q }
	tests := []struct {
		name   string
		config Config
		query  Query
		body   string
		now    time.Time
		want   error
	}{
		{"forged", plain, change(signedQuery(plain), func(q *Query) { q.Signature = strings.Repeat("0", 40) }), helpXML, noon, ErrForged},
		{"no signature", plain, Query{Timestamp: signedQuery(plain).Timestamp}, helpXML, noon, ErrForged},
		{"nothing at all", plain, Query{}, helpXML, noon, ErrForged},
		{"other nonce", plain, change(signedQuery(plain), func(q *Query) { q.Nonce += "1" }), helpXML, noon, ErrForged},
		{"timestamp is no number", plain, change(signedQuery(plain), func(q *Query) { q.Timestamp = "soon" }), helpXML, noon, ErrForged},
		{"timestamp overflows", plain, change(signedQuery(plain), func(q *Query) { q.Timestamp = "-9223372036854775808" }), helpXML, noon, ErrStale},
		{"stale", plain, signedQuery(plain), helpXML, noon.Add(5*time.Minute + time.Second), ErrStale},
		{"from the future", plain, signedQuery(plain), helpXML, noon.Add(-5*time.Minute - time.Second), ErrStale},
		{"too large", plain, signedQuery(plain), "<xml>" + strings.Repeat(" ", 64<<10) + "</xml>", noon, ErrTooLarge},
		{"empty", plain, signedQuery(plain), "", noon, ErrNotXML},
		{"JSON", plain, signedQuery(plain), `{"MsgType":"text"}`, noon, ErrNotXML},
		{"encrypted without a key", plain, safeQuery, safeBody, noon, ErrMode},
		{"no sender", plain, signedQuery(plain), "<xml><MsgType>text</MsgType></xml>", noon, ErrNotMessage},
		{"plain although a key is set", safe, signedQuery(safe), helpXML, noon, ErrMode},
		{"empty Encrypt", safe, signedQuery(safe), "<xml><Encrypt> </Encrypt></xml>", noon, ErrMode},
		{"safe, not XML", safe, signedQuery(safe), "hello", noon, ErrNotXML},
		{"safe, forged", safe, change(safeQuery, func(q *Query) { q.MsgSignature = q.Signature }), safeBody, noon, ErrForged},
		{"safe, only the query is signed", safe, change(safeQuery, func(q *Query) { q.MsgSignature = "" }), safeBody, noon, ErrForged},
		{"safe, the query's signature is forged", safe, change(safeQuery, func(q *Query) { q.Signature = "0" }), safeBody, noon, ErrForged},
		{"safe, text changed", safe, safeQuery, strings.Replace(safeBody, "[CDATA[", "[CDATA[AAAA", 2), noon, ErrForged},
		{"safe, stale", safe, safeQuery, safeBody, noon.Add(time.Hour), ErrStale},
		{"safe, of another app", safe, otherApp, otherBody, noon, ErrSealed},
		{"safe, of another key", safe, otherKey, otherKeyBody, noon, ErrSealed},
		{"safe, damaged inside", safe, innerQuery, innerBody, noon, ErrNotXML},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := codec(t, tt.config).Open(tt.query, strings.NewReader(tt.body), tt.now)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if diff := cmp.Diff(Message{}, m); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

func TestCodec_AcceptsTheEdges(t *testing.T) {
	full := helpXML + strings.Repeat(" ", maxBody-len(helpXML))
	for _, now := range []time.Time{noon.Add(freshness), noon.Add(-freshness)} {
		if _, err := codec(t, plain).Open(signedQuery(plain), strings.NewReader(full), now); err != nil {
			t.Error(err)
		}
	}
	q, body := sealed(t, safe, helpXML)
	q.Signature = "" // other implementations send msg_signature alone
	if _, err := codec(t, safe).Open(q, iotestOneByte{strings.NewReader(body)}, noon); err != nil {
		t.Error(err)
	}
}

// iotestOneByte gives a body in the smallest pieces.
type iotestOneByte struct{ r io.Reader }

func (o iotestOneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }

func TestParseQuery(t *testing.T) {
	v := url.Values{
		"signature": {"a+b"}, "msg_signature": {"c d"}, "timestamp": {"17"}, "nonce": {"n&=汉"}, "echostr": {"e", "f"}, "openid": {"o"},
	}
	want := Query{Signature: "a+b", MsgSignature: "c d", Timestamp: "17", Nonce: "n&=汉", EchoStr: "e"}
	if diff := cmp.Diff(want, ParseQuery(v.Encode())); diff != "" {
		t.Error(diff)
	}
	if got := ParseQuery("nonce=%zz&&=&timestamp=1;2"); got != (Query{Timestamp: "1;2"}) {
		t.Error(got)
	}
}

func TestConfig_Validate(t *testing.T) {
	good := Config{AppID: "wx1", Token: "t", AESKey: "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", APIBase: "http://127.0.0.1:8080/sim/wechat"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"app id":        func(c *Config) { c.AppID = "" },
		"token":         func(c *Config) { c.Token = "" },
		"short key":     func(c *Config) { c.AESKey = c.AESKey[1:] },
		"key not in 64": func(c *Config) { c.AESKey = "#" + c.AESKey[1:] },
		"base":          func(c *Config) { c.APIBase = "api.weixin.qq.com" },
	} {
		bad := good
		spoil(&bad)
		if err := bad.Validate(); err == nil {
			t.Errorf("%s: accepted", name)
		} else if bad.AESKey != "" && strings.Contains(err.Error(), bad.AESKey) {
			t.Errorf("%s: the key stands in the error", name)
		}
	}
}

// What one side seals, the other opens, whatever a person writes.
func TestCodec_SealedReplyOpens(t *testing.T) {
	c := codec(t, safe)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		nonce := rapid.String().Draw(t, "nonce")
		doc := Reply{Text: text + "."}.document(Message{From: "o1", To: "gh_1"}, noon)
		answer, err := parse(string(c.Seal(doc, showable(nonce), noon)))
		if err != nil {
			t.Fatal(err)
		}
		enc := answer.Child("Encrypt").Text
		if answer.Child("MsgSignature").Text != util.Signature("AAAAA", answer.Child("TimeStamp").Text, answer.Child("Nonce").Text, enc) {
			t.Fatal("signature")
		}
		_, inner, err := util.DecryptMsg(safe.AppID, enc, safe.AESKey)
		if err != nil || string(inner) != doc {
			t.Fatal(string(inner), err)
		}
		reply, err := parse(doc)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := reply.Child("Content").Text, shorten(showable(text+".")); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

// FuzzOpen: no bytes make the codec panic, signed or not, sealed or not.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(helpXML))
	_, body := sealed(f, safe, helpXML)
	f.Add([]byte(body))
	f.Fuzz(func(t *testing.T, data []byte) {
		q := signedQuery(plain)
		open := func(c Config, q Query, body []byte) (Message, error) {
			return codec(t, c).Open(q, bytes.NewReader(body), noon)
		}
		m, err := open(plain, q, data)
		_ = m.Key()
		if err == nil && (m.From == "" || m.Raw == "") {
			t.Fatal("a message from nobody")
		}
		if _, err := open(safe, q, data); err == nil {
			t.Fatal("plain or badly sealed, yet opened")
		}
		// Truly signed rubbish inside the envelope.
		text := string(data)
		q.MsgSignature = util.Signature(safe.Token, q.Timestamp, q.Nonce, strings.TrimSpace(text))
		_, _ = open(safe, q, append(appendCDATA([]byte("<xml><Encrypt>"), text), "</Encrypt></xml>"...))
		// Truly sealed: the same as plain.
		if len(data) < maxBody/2 && len(data) > 0 {
			sq, sb := sealed(t, safe, text)
			s, serr := open(safe, sq, []byte(sb))
			if root, perr := parse(text); perr == nil && root.Child("Encrypt").Text != "" {
				return // refused in plain mode only
			}
			if (serr == nil) != (err == nil) || s.Key() != m.Key() {
				t.Fatalf("sealed %v, plain %v", serr, err)
			}
		}
	})
}
