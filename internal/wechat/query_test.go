package wechat

import "testing"

// FuzzParseQuery reads the callback's query, which anybody may send.
func FuzzParseQuery(f *testing.F) {
	for _, raw := range []string{"", "signature=a&timestamp=1&nonce=2&echostr=3", "signature=%", "timestamp=1;2&&=&nonce=%zz", "nonce=%E6%B1%89&nonce=2", "msg_signature=a+b&openid=o"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q := ParseQuery(raw)
		for _, value := range []string{q.Signature, q.MsgSignature, q.Timestamp, q.Nonce, q.EchoStr} {
			if len(value) > len(raw) {
				t.Fatalf("%q became longer: %q", raw, value)
			}
		}
	})
}
