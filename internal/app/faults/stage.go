package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"fenlin/internal/app"
	"fenlin/internal/app/apptest"
	"fenlin/internal/wechat/wechatsim"
)

// Ground is what faults are played on.
type Ground struct {
	Binary   string                                          // the program, see apptest.Build
	Dir      string                                          // for data and logs
	Database func() (address string, drop func(), err error) // makes a new database; nil = the embedded one
	Redis    string                                          // redis://…; empty = in process
	MariaDB  *Server                                         // nil = not ours to kill
	Memory   *Server                                         // Redis, likewise
	Log      io.Writer                                       // the programs'
}

// replica is one running program, with the lines to its database and its Redis.
type replica struct {
	apptest.Program

	database, redis *proxy // nil = embedded, in process
	admin           string
	answered        atomic.Int64 // deliveries of WeChat
}

// lines does something to the lines to both servers.
func (r *replica) lines(do func(*proxy)) {
	for _, p := range []*proxy{r.database, r.redis} {
		if p != nil {
			do(p)
		}
	}
}

// up starts the replica and waits until it serves.
func (r *replica) up(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	return errors.Join(r.Start(), r.Ready(ctx))
}

// stage is a city of its own on which one fault is played.
type stage struct {
	*Ground

	replicas []*replica
	sim      *wechatsim.Sim
	weather  *weather
	front    *front
	address  string // of the database, past the proxies
	dir      string
	slowest  time.Duration // from a start after a kill to ready
	closers  []func()
}

const aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG" // set = safe mode

// open starts what a fault is played on and waits until the city is there.
func (g *Ground) open(ctx context.Context, f *Fault) (s *stage, err error) {
	s = &stage{Ground: g, weather: &weather{}, front: &front{}}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.dir, err = os.MkdirTemp(g.Dir, "stage"); err != nil {
		return nil, err
	}
	if err := s.found(f.Embedded || g.Database == nil); err != nil {
		return nil, err
	}
	callback := httptest.NewServer(s.front)
	appid := fmt.Sprintf("wx%016x", time.Now().UnixNano()) // keys in Redis carry it
	account := wechatsim.Options{
		AppID: appid, Secret: "account-secret", Token: "token", AESKey: aesKey, MiniAppID: "wxmini", MiniSecret: "mini-secret",
		CallbackURL: callback.URL, Now: time.Now, People: everybody, Keep: 100_000,
	}
	s.sim = wechatsim.New(account)
	s.weather.next = s.sim.Handler()
	wechat := httptest.NewServer(s.weather)
	s.closers = append(s.closers, callback.Close, wechat.Close, s.sim.Close)
	environment := apptest.Settings(account, wechat.URL)
	for range max(f.Replicas, 1) {
		r, err := s.replica(environment)
		if err != nil {
			return nil, err
		}
		if err := r.up(ctx); err != nil { // the first founds the city
			return nil, err
		}
		s.closers = append(s.closers, r.Kill)
		s.replicas = append(s.replicas, r)
	}
	s.front.replicas = s.replicas
	return s, nil
}

// found makes the stage's database.
func (s *stage) found(embedded bool) error {
	if embedded {
		folder := filepath.Join(s.dir, "database")
		s.address = "sqlite:" + filepath.Join(folder, "fenlin.db")
		return os.Mkdir(folder, 0o700)
	}
	address, drop, err := s.Database()
	if err == nil {
		s.address, s.closers = address, append(s.closers, drop)
	}
	return err
}

func (s *stage) replica(environment []string) (r *replica, err error) {
	r = &replica{Program: apptest.Program{Binary: s.Binary, Args: []string{"serve", "--demo"}, Log: s.Log}}
	if r.Listen, err = apptest.FreePort(); err != nil {
		return nil, err
	}
	if r.admin, err = apptest.FreePort(); err != nil {
		return nil, err
	}
	var database, redis string
	if r.database, database, err = s.line(s.address); err != nil {
		return nil, err
	}
	if r.redis, redis, err = s.line(s.Redis); err != nil {
		return nil, err
	}
	r.Env = append(environment, "FENLIN_ADMIN_LISTEN="+r.admin, "FENLIN_DATABASE="+database, "FENLIN_REDIS="+redis,
		"FENLIN_DATA_DIR="+filepath.Join(s.dir, "data"+strconv.Itoa(len(s.replicas))))
	return r, nil
}

// line puts a proxy before a server and returns the address that leads through it.
func (s *stage) line(address string) (*proxy, string, error) {
	if address == "" || strings.HasPrefix(address, "sqlite:") {
		return nil, address, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, "", err
	}
	p, err := newProxy(u.Host)
	if err != nil {
		return nil, "", err
	}
	s.closers = append(s.closers, p.close)
	u.Host = p.addr()
	return p, u.String(), nil
}

// ground opens the stage's database beside the programs.
func (s *stage) ground() (*app.App, error) {
	return app.Ground(app.Config{Database: s.address, DataDir: s.dir})
}

// close ends everything on the stage.
func (s *stage) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
}

// get is what an address of a replica answers.
func get(ctx context.Context, method, address string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %.200s", address, res.Status, text)
	}
	return string(text), err
}

// clock sets the clocks of all replicas wrong.
func (s *stage) clock(ctx context.Context, by time.Duration) error {
	for _, r := range s.replicas {
		if _, err := get(ctx, http.MethodPost, r.URL()+"/sim/clock?by="+by.String()); err != nil {
			return err
		}
	}
	return nil
}

var templatesSent = regexp.MustCompile(`(?m)^fenlin_wechat_api_calls_total\{api="/cgi-bin/message/template/send",errcode="0"\} (\d+)`)

// note is what is to be said beside a fault: how long the program took at most
// to be ready again, and how replicas shared the work since they started, as
// deliveries of WeChat that each answered and notices that each sent.
func (s *stage) note(ctx context.Context) (string, error) {
	if s.slowest > 0 {
		return fmt.Sprintf("ready again within %s", s.slowest.Round(10*time.Millisecond)), nil
	}
	if len(s.replicas) < 2 {
		return "", nil
	}
	var answered, sent []string
	for _, r := range s.replicas {
		metrics, err := get(ctx, http.MethodGet, "http://"+r.admin+"/metrics")
		if err != nil {
			return "", err
		}
		n := "0"
		if m := templatesSent.FindStringSubmatch(metrics); m != nil {
			n = m[1]
		}
		answered, sent = append(answered, strconv.FormatInt(r.answered.Load(), 10)), append(sent, n)
	}
	return fmt.Sprintf("messages %s, notices %s", strings.Join(answered, " + "), strings.Join(sent, " + ")), nil
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
