package wechat

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkServe is one text message to its reply without the network: the
// store is in process, the handler answers with a constant.
func BenchmarkServe(b *testing.B) {
	for name, mode := range map[string]Config{"plain": plain, "safe": safe} {
		b.Run(name, func(b *testing.B) {
			c := callback(b, mode, memory(b), func(context.Context, Message) (Reply, error) {
				return Reply{Text: "发送「报事」或直接写下问题，例如：福馨苑3号楼2单元楼道灯坏了"}, nil
			})
			type request struct {
				query string
				body  string
			}
			requests := make([]request, 1024) // sealing is not ours to measure
			for i := range requests {
				doc := textXML("oABCDEFGHIJKLMNOPQRSTUVWXYZ"+strconv.Itoa(i%64), 0, "帮助")
				q, body := signedQuery(mode), doc
				if mode.AESKey != "" {
					q, body = sealed(b, mode, doc)
				}
				requests[i] = request{"signature=" + q.Signature + "&timestamp=" + q.Timestamp + "&nonce=" + q.Nonce +
					"&openid=o&encrypt_type=aes&msg_signature=" + q.MsgSignature, body}
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				r := requests[n%len(requests)]
				if n++; n%len(requests) == 0 { // new messages, not retries
					b.StopTimer()
					c.Inbox = &Inbox{Store: memory(b)}
					b.StartTimer()
				}
				status, _, answer := c.Serve(context.Background(), http.MethodPost, ParseQuery(r.query), strings.NewReader(r.body))
				if status != 200 || len(answer) == 0 {
					b.Fatal(status, string(answer))
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for name, f := range map[string]func() bool{
		"scan":   func() bool { _, ok := scan(helpXML); return ok },
		"decode": func() bool { _, err := decode(helpXML); return err == nil },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !f() {
					b.Fatal("refused")
				}
			}
		})
	}
}
