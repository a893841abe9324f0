package app_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"fenlin/internal/app"
	"fenlin/internal/db/dbtest"
)

// TestSlow_WhoSendsDropByDropHoldsNothing opens connections to the real server
// that never finish what they began: each is ended by the server, and meanwhile
// others are served.
func TestSlow_WhoSendsDropByDropHoldsNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the server's own limits, fifteen seconds")
	}
	c, err := app.LoadConfig("", true)
	if err != nil {
		t.Fatal(err)
	}
	c.Database, c.DataDir, c.Listen, c.AdminListen = dbtest.Address(t), t.TempDir(), "127.0.0.1:0", "127.0.0.1:0"
	a, err := app.New(t.Context(), c, "test")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- a.Run(ctx) }()
	defer func() {
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	}()
	begun := map[string]string{
		"a line":        "GET /healthz HT",
		"headers":       "GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ",
		"a JSON body":   "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"code\":",
		"a callback":    "POST /wechat/callback?signature=0 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<xml>",
		"nothing":       "",
		"a broken size": "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	}
	ended := make(chan string, len(begun))
	for name, text := range begun {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", a.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		go func() {
			answer, _ := io.ReadAll(bufio.NewReader(conn)) // until the server closes
			ended <- name
			if strings.HasPrefix(string(answer), "HTTP/1.1 2") {
				t.Errorf("%s is answered: %s", name, answer)
			}
		}()
	}
	if err := alive(t.Context(), a.Addr()); err != nil {
		t.Error(err)
	}
	for range begun {
		select {
		case <-ended:
		case <-time.After(time.Minute): // only a test that fails waits so long
			t.Fatal("a connection is still held")
		}
	}
	if err := alive(t.Context(), a.Addr()); err != nil {
		t.Error(err)
	}
}

func alive(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("healthz: %d", res.StatusCode)
	}
	return nil
}
