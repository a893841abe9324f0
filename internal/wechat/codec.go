package wechat

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the protocol prescribes it
	"crypto/subtle"
	"encoding/hex"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/silenceper/wechat/v2/util"

	"fenlin/internal/errs"
)

const (
	maxBody   = 64 << 10        // bytes of a callback
	freshness = 5 * time.Minute // a callback's clock may differ from ours by this
)

// What is wrong with a request to the callback.
var (
	ErrForged     = errs.New(errs.Forbidden, "wechat_forged", "签名不正确")
	ErrStale      = errs.New(errs.Forbidden, "wechat_stale", "时间戳已过期")
	ErrMode       = errs.New(errs.Forbidden, "wechat_mode", "消息的加密方式与本服务的设置不符")
	ErrSealed     = errs.New(errs.Forbidden, "wechat_sealed", "消息无法解密")
	ErrTooLarge   = errs.New(errs.TooLarge, "wechat_too_large", "消息超过 64 KiB")
	ErrNotXML     = errs.New(errs.Invalid, "wechat_not_xml", "消息不是合格的 XML")
	ErrNotMessage = errs.New(errs.Invalid, "wechat_not_message", "消息缺少发送者")
	ErrNoEcho     = errs.New(errs.Invalid, "wechat_no_echo", "缺少 echostr")
)

// Query is what the callback's address carries.
type Query struct {
	Signature    string
	MsgSignature string
	Timestamp    string // epoch seconds
	Nonce        string
	EchoStr      string
}

// ParseQuery reads a raw query without the cost of url.Values. The first of
// several values counts; what cannot be read is left out.
func ParseQuery(raw string) Query {
	var q Query
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(pair, "=")
		var field *string
		switch name {
		case "signature":
			field = &q.Signature
		case "msg_signature":
			field = &q.MsgSignature
		case "timestamp":
			field = &q.Timestamp
		case "nonce":
			field = &q.Nonce
		case "echostr":
			field = &q.EchoStr
		default:
			continue
		}
		if text, err := url.QueryUnescape(value); err == nil && *field == "" {
			*field = text
		}
	}
	return q
}

// Codec verifies and opens what WeChat sends, and seals replies. It is in safe
// mode if the configuration has a key; what the caller says does not matter.
type Codec struct {
	appID, token, aesKey string
}

// NewCodec makes the codec of a valid configuration.
func NewCodec(c Config) (*Codec, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Codec{appID: c.AppID, token: c.Token, aesKey: c.AESKey}, nil
}

// Echo checks the question that WeChat asks when the address is saved, and
// gives the answer.
func (c *Codec) Echo(q Query, now time.Time) (string, error) {
	if err := c.fresh(q, now); err != nil {
		return "", err
	}
	if !c.signed(q) {
		return "", ErrForged
	}
	if q.EchoStr == "" {
		return "", ErrNoEcho
	}
	return q.EchoStr, nil
}

// Open reads a callback's message. Its errors are those above.
func (c *Codec) Open(q Query, body io.Reader, now time.Time) (Message, error) {
	if err := c.fresh(q, now); err != nil {
		return Message{}, err
	}
	// In safe mode the signature over the body is what counts, but WeChat sends both.
	if (c.aesKey == "" || q.Signature != "") && !c.signed(q) {
		return Message{}, ErrForged
	}
	doc, err := readAll(body)
	if err != nil {
		return Message{}, err
	}
	outer, err := parse(doc)
	if err != nil {
		return Message{}, ErrNotXML.Because(err)
	}
	sealed := strings.TrimSpace(outer.Child("Encrypt").Text)
	switch {
	case (sealed != "") != (c.aesKey != ""):
		return Message{}, ErrMode
	case sealed == "":
		return message(c.appID, doc, outer.Children)
	case !equal(q.MsgSignature, sign(c.token, q.Timestamp, q.Nonce, sealed)):
		return Message{}, ErrForged
	}
	_, inner, err := util.DecryptMsg(c.appID, sealed, c.aesKey) // checks the app id inside
	if err != nil {
		return Message{}, ErrSealed.Because(err)
	}
	doc = string(inner)
	if outer, err = parse(doc); err != nil {
		return Message{}, ErrNotXML.Because(err)
	}
	return message(c.appID, doc, outer.Children)
}

// Seal makes a callback's answer of a reply's document: encrypted and signed
// in safe mode. The bare word success stays bare.
func (c *Codec) Seal(doc, nonce string, now time.Time) []byte {
	if c.aesKey == "" || doc == success {
		return []byte(doc)
	}
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	return c.seal(random[:], doc, nonce, strconv.FormatInt(now.Unix(), 10))
}

func (c *Codec) seal(random []byte, doc, nonce, timestamp string) []byte {
	text, err := util.EncryptMsg(random, []byte(doc), c.appID, c.aesKey)
	if err != nil {
		panic("wechat: the key was checked by NewCodec: " + err.Error())
	}
	sealed := string(text)
	b := make([]byte, 0, len(sealed)+len(nonce)+256)
	b = append(b, "<xml><Encrypt><![CDATA["...)
	b = append(b, sealed...)
	b = append(b, "]]></Encrypt><MsgSignature><![CDATA["...)
	b = append(b, sign(c.token, timestamp, nonce, sealed)...)
	b = append(b, "]]></MsgSignature><TimeStamp>"...)
	b = append(b, timestamp...)
	b = append(b, "</TimeStamp><Nonce>"...)
	b = appendCDATA(b, nonce)
	return append(b, "</Nonce></xml>"...)
}

func (c *Codec) signed(q Query) bool {
	return equal(q.Signature, sign(c.token, q.Timestamp, q.Nonce))
}

func (c *Codec) fresh(q Query, now time.Time) error {
	at, err := strconv.ParseInt(q.Timestamp, 10, 64)
	if err != nil {
		return ErrForged
	}
	if at < now.Add(-freshness).Unix() || at > now.Add(freshness).Unix() {
		return ErrStale
	}
	return nil
}

// sign is the hex SHA-1 of the sorted parts; the SDK's costs three times as much.
func sign(parts ...string) string {
	slices.Sort(parts)
	b := make([]byte, 0, 1024)
	for _, p := range parts {
		b = append(b, p...)
	}
	sum := sha1.Sum(b) //nolint:gosec // as above
	return hex.EncodeToString(sum[:])
}

// equal compares in constant time.
func equal(given, want string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}

func readAll(r io.Reader) (string, error) {
	b := make([]byte, 0, 1024)
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case len(b) > maxBody:
			return "", ErrTooLarge
		case err == io.EOF:
			return string(b), nil
		case err != nil:
			return "", ErrNotXML.Because(err)
		case len(b) == cap(b):
			b = append(b, 0)[:len(b)]
		}
	}
}
