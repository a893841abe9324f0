package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/silenceper/wechat/v2/util"

	"fenlin/internal/app"
)

const (
	token  = "bench-token"
	aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	appid  = "wxbench0000000001"
	conns  = 8
)

// callback measures a help word through the real server over HTTP against a
// bare gin handler that answers a constant of the same size.
func callback(ctx context.Context, d time.Duration, rounds int) ([]line, error) {
	var out []line
	for _, mode := range []struct {
		name, key string
		want      float64
	}{{"plain", "", 0.55}, {"safe", aesKey, 0.45}} {
		a, stop, err := demo(ctx, mode.key, "")
		if err != nil {
			return nil, err
		}
		maker := &messages{key: mode.key, at: time.Now()}
		sample, err := once(a.Addr(), maker.next())
		if err != nil {
			stop()
			return nil, err
		}
		bare, closeBare, err := constant(sample)
		if err != nil {
			stop()
			return nil, err
		}
		o, l, ratio, err := rates(rounds,
			func() (float64, error) { return load(a.Addr(), maker, d) },
			func() (float64, error) { return load(bare, maker, d) })
		closeBare()
		stop()
		if err != nil {
			return nil, err
		}
		out = append(out, compared("callback to reply, "+mode.name+" / bare gin constant", o, l, ratio, mode.want))
	}
	return out, nil
}

// demo runs the whole application with in-process state on a database, SQLite
// when it is empty.
func demo(ctx context.Context, key, database string) (*app.App, func(), error) {
	dir, err := os.MkdirTemp("", "fenlin-bench")
	if err != nil {
		return nil, nil, err
	}
	cfg, err := app.LoadConfig("", true)
	if err != nil {
		return nil, nil, err
	}
	cfg.Listen, cfg.AdminListen, cfg.DataDir, cfg.Database, cfg.Redis = "127.0.0.1:0", "127.0.0.1:0", dir, cmp.Or(database, "sqlite:"+dir+"/bench.db"), ""
	cfg.WeChat.AppID, cfg.WeChat.Token, cfg.WeChat.AESKey = appid, token, key
	a, err := app.New(ctx, cfg, "bench")
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stop := func() {
		cancel()
		if err := <-done; err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		_ = os.RemoveAll(dir)
	}
	return a, stop, nil
}

// demoOnServer is the demo on a new database of the server, with people who
// report by chat; stop drops it too.
func demoOnServer(ctx context.Context) (*app.App, func(), error) {
	address, drop, err := emptyDatabase()
	if err != nil {
		return nil, nil, err
	}
	a, stop, err := demo(ctx, "", address)
	if err != nil {
		drop()
		return nil, nil, err
	}
	end := func() { stop(); drop() }
	if err := settle(ctx, a); err != nil {
		end()
		return nil, nil, err
	}
	return a, end, nil
}

// constant serves one answer from a bare gin handler.
func constant(answer []byte) (string, func(), error) {
	gin.SetMode(gin.ReleaseMode)
	g := gin.New()
	g.POST("/wechat/callback", func(c *gin.Context) { c.Data(http.StatusOK, "text/xml; charset=utf-8", answer) })
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: g, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(l) }()
	return l.Addr().String(), func() { _ = server.Close() }, nil
}

// messages makes signed callbacks, each with an id of its own.
type messages struct {
	key string
	at  time.Time
	n   atomic.Int64
}

func (m *messages) next() []byte {
	n := m.n.Add(1)
	stamp := strconv.FormatInt(m.at.Unix(), 10)
	openid := fmt.Sprintf("o-bench-%04d", n%2000)
	body := fmt.Sprintf("<xml><ToUserName><![CDATA[gh_bench]]></ToUserName><FromUserName><![CDATA[%s]]></FromUserName><CreateTime>%s</CreateTime>"+
		"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[帮助]]></Content><MsgId>%d</MsgId></xml>", openid, stamp, 23000000000000000+n+m.at.UnixNano()%1e9*1000)
	query := "timestamp=" + stamp + "&nonce=1514711492&openid=" + openid
	query += "&signature=" + sign(token, stamp, "1514711492")
	if m.key != "" {
		b, err := util.EncryptMsg([]byte("0123456789abcdef"), []byte(body), appid, m.key)
		if err != nil {
			panic(err) // a constant key
		}
		encrypted := string(b)
		body = "<xml><ToUserName><![CDATA[gh_bench]]></ToUserName><Encrypt><![CDATA[" + encrypted + "]]></Encrypt></xml>"
		query += "&encrypt_type=aes&msg_signature=" + sign(token, stamp, "1514711492", encrypted)
	}
	return fmt.Appendf(nil, "POST /wechat/callback?%s HTTP/1.1\r\nHost: bench\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s", query, len(body), body)
}

func sign(parts ...string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// once sends one request and returns the body of the answer.
func once(address string, request []byte) ([]byte, error) {
	c, err := new(net.Dialer).DialContext(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write(request); err != nil {
		return nil, err
	}
	return answer(bufio.NewReader(c))
}

func answer(r *bufio.Reader) ([]byte, error) {
	length, status := 0, ""
	for {
		text, err := r.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		text = bytes.TrimSpace(text)
		if status == "" {
			status = string(text)
		}
		if len(text) == 0 {
			break
		}
		if name, value, ok := bytes.Cut(text, []byte(": ")); ok && bytes.EqualFold(name, []byte("Content-Length")) {
			length, _ = strconv.Atoi(string(value))
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	if !strings.Contains(status, " 200 ") || length == 0 {
		return nil, fmt.Errorf("answered %s %q", status, body)
	}
	return body, nil
}

// load sends requests over a few connections for d and returns answers per
// second. Requests are made beforehand: their making is not measured.
func load(address string, m *messages, d time.Duration) (float64, error) {
	m.at = time.Now()
	const prepared = 12000 // a second's worth for each connection
	batches := make([][][]byte, conns)
	for i := range batches {
		for range prepared {
			batches[i] = append(batches[i], m.next())
		}
	}
	var total atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, conns)
	start := time.Now()
	for _, batch := range batches {
		wg.Go(func() {
			c, err := new(net.Dialer).DialContext(context.Background(), "tcp", address)
			if err != nil {
				errs <- err
				return
			}
			defer func() { _ = c.Close() }()
			r := bufio.NewReader(c)
			for _, request := range batch {
				if time.Since(start) > d {
					break
				}
				if _, err := c.Write(request); err != nil {
					errs <- err
					return
				}
				if _, err := answer(r); err != nil {
					errs <- err
					return
				}
				total.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	select {
	case err := <-errs:
		return 0, err
	default:
		return float64(total.Load()) / took.Seconds(), nil
	}
}
