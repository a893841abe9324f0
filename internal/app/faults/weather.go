package faults

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"
)

// mood is how WeChat's API answers.
type mood int32

const (
	well    mood = iota
	away         // nobody answers
	slow         // what is asked is done, and answered after 4.9 s
	wrong        // answers that are none, whether or not what was asked is done
	refusal      // no token is taken, not the newest either
)

// slowly is just within what WeChat itself allows the account.
const slowly = 4900 * time.Millisecond

// weather stands before the simulator's API and lets it be in bad shape.
type weather struct {
	next http.Handler
	mood atomic.Int32
}

// set changes how WeChat is from now on.
func (w *weather) set(m mood) { w.mood.Store(int32(m)) }

// nonsense are answers that WeChat and what stands before it have given.
var nonsense = []struct {
	status int
	body   string
	done   bool // what was asked is done all the same
}{
	{http.StatusOK, "<html><body>系统维护中</body></html>", false},
	{http.StatusOK, "<html><body>系统维护中</body></html>", true},
	{http.StatusInternalServerError, "", false},
	{http.StatusInternalServerError, "", true},
	{http.StatusBadGateway, "<html><head><title>502 Bad Gateway</title></head></html>", true},
	{http.StatusOK, `{"errcode":0,"errmsg":"o`, false},
	{http.StatusOK, `{"errcode":0,"errmsg":"o`, true},
	{http.StatusOK, "", false},
	{http.StatusOK, `{"errcode":-1,"errmsg":"system error"}`, false},
	{http.StatusOK, `{"errcode":-1,"errmsg":"system error"}`, true},
}

// ServeHTTP implements http.Handler.
func (w *weather) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/sim/wechat/") {
		w.next.ServeHTTP(out, r)
		return
	}
	switch mood(w.mood.Load()) {
	case well:
		w.next.ServeHTTP(out, r)
	case away:
		panic(http.ErrAbortHandler)
	case slow:
		answer := httptest.NewRecorder()
		w.next.ServeHTTP(answer, r)
		time.Sleep(slowly)
		out.WriteHeader(answer.Code)
		_, _ = out.Write(answer.Body.Bytes())
	case wrong:
		n := nonsense[rand.N(len(nonsense))]
		if n.done {
			w.next.ServeHTTP(httptest.NewRecorder(), r)
		}
		out.WriteHeader(n.status)
		_, _ = io.WriteString(out, n.body)
	case refusal:
		if r.URL.Query().Get("access_token") == "" {
			w.next.ServeHTTP(out, r)
			return
		}
		code := []string{`{"errcode":40001,"errmsg":"invalid credential"}`, `{"errcode":42001,"errmsg":"access_token expired"}`}
		_, _ = io.WriteString(out, code[rand.N(2)])
	}
}
