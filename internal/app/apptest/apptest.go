// Package apptest runs the real program beside a simulated WeChat, for tests
// and measurements that kill it, cut it off or put load on it.
package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"fenlin/internal/wechat/wechatsim"
)

// Build compiles the program as it ships into a folder and returns its path.
func Build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "fenlin")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "fenlin/cmd/fenlin")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build fenlin: %w\n%s", err, out)
	}
	return binary, nil
}

// Program is one replica: the program with its environment, which may be
// started again after its end.
type Program struct {
	Binary string
	Args   []string // such as serve --demo
	Env    []string // NAME=value, over this process's own
	Log    io.Writer
	Listen string // the public port, host:port; see FreePort

	cmd  *exec.Cmd
	over chan error
}

// Start starts the program and returns at once; see Ready.
func (p *Program) Start() error {
	p.cmd = exec.Command(p.Binary, p.Args...) //nolint:noctx // it outlives its starter's context, see Kill and Stop
	p.cmd.Env = append(append(os.Environ(), p.Env...), "FENLIN_LISTEN="+p.Listen)
	p.cmd.Stderr = p.Log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start fenlin: %w", err)
	}
	over, cmd := make(chan error, 1), p.cmd
	go func() { over <- cmd.Wait() }()
	p.over = over
	return nil
}

// Settings make the program speak with a simulated WeChat of these options,
// whose handler stands at url.
func Settings(o wechatsim.Options, url string) []string {
	return []string{
		"FENLIN_WECHAT_APPID=" + o.AppID, "FENLIN_WECHAT_SECRET=" + o.Secret, "FENLIN_WECHAT_TOKEN=" + o.Token, "FENLIN_WECHAT_AES_KEY=" + o.AESKey,
		"FENLIN_WECHAT_API=" + url + "/sim/wechat", "FENLIN_MINIPROGRAM_APPID=" + o.MiniAppID, "FENLIN_MINIPROGRAM_SECRET=" + o.MiniSecret,
	}
}

// URL is the public port's address.
func (p *Program) URL() string { return "http://" + p.Listen }

// Ready waits until /readyz says that the program serves.
func (p *Program) Ready(ctx context.Context) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL()+"/readyz", nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-p.over:
			p.over <- err
			return fmt.Errorf("fenlin ended before it was ready: %w", errors.Join(err))
		case <-ctx.Done():
			return fmt.Errorf("fenlin is not ready: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Kill ends the program as a power cut would.
func (p *Program) Kill() {
	_ = p.cmd.Process.Kill()
	err := <-p.over
	p.over <- err
}

// Stop asks the program to end and says how long that took. An end by an error
// is an error, and so is one that takes longer than patience; then it is killed.
func (p *Program) Stop(patience time.Duration) (time.Duration, error) {
	start := time.Now()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	select {
	case err := <-p.over:
		p.over <- err
		return time.Since(start), err
	case <-time.After(patience):
		p.Kill()
		return time.Since(start), fmt.Errorf("fenlin did not stop within %s", patience)
	}
}

// Memory is how much the program holds in memory, in bytes; 0 when it does not run.
func (p *Program) Memory() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var total, resident int64
	_, _ = fmt.Sscan(string(text), &total, &resident)
	return resident * int64(os.Getpagesize())
}

// Signal sends the program a signal.
func (p *Program) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Wait waits until the program ends by itself; an end by an error or a signal is an error.
func (p *Program) Wait() error {
	err := <-p.over
	p.over <- err
	return err
}

// FreePort is an address on this machine that nobody listens on.
func FreePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// Client is somebody who uses the API of a replica.
type Client struct {
	URL   string // the public port's address
	Token string // of a sign-in; empty = nobody
	HTTP  *http.Client
}

// SignIn signs in with the simulator's openid.
func SignIn(ctx context.Context, url, openid string) (Client, error) {
	c := Client{URL: url}
	status, answer, err := c.Call(ctx, http.MethodPost, "/api/v1/sessions", map[string]string{"code": "sim:" + openid, "client": "miniprogram"}, "")
	if err != nil {
		return c, err
	}
	if status != http.StatusCreated {
		return c, fmt.Errorf("%s cannot sign in: %d %v", openid, status, answer)
	}
	c.Token, _ = answer["token"].(string)
	return c, nil
}

// Call is one request with a JSON body (none when nil) and an idempotency key
// (none when empty). An error means that no answer came, or a broken one.
func (c Client) Call(ctx context.Context, method, path string, body any, key string) (status int, answer map[string]any, err error) {
	var content []byte
	if body != nil {
		if content, err = json.Marshal(body); err != nil {
			return 0, nil, err
		}
	}
	return c.send(ctx, method, path, "application/json", content, key)
}

// Send posts content as it is, such as a photo.
func (c Client) Send(ctx context.Context, path, contentType string, content []byte) (status int, answer map[string]any, err error) {
	return c.send(ctx, http.MethodPost, path, contentType, content, "")
}

func (c Client) send(ctx context.Context, method, path, contentType string, content []byte, key string) (status int, answer map[string]any, err error) {
	var r io.Reader
	if content != nil {
		r = bytes.NewReader(content)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, r)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", contentType)
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, nil, err
	}
	if len(text) > 0 && text[0] == '{' {
		err = json.Unmarshal(text, &answer)
	}
	return res.StatusCode, answer, err
}
