// Package app builds everything once and runs it: New, Run, Stop.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"fenlin/internal/activity"
	"fenlin/internal/blob"
	"fenlin/internal/chat"
	"fenlin/internal/db"
	"fenlin/internal/kv"
	"fenlin/internal/ledger"
	"fenlin/internal/link"
	"fenlin/internal/lists"
	"fenlin/internal/member"
	"fenlin/internal/notify"
	"fenlin/internal/org"
	"fenlin/internal/outage"
	"fenlin/internal/outbox"
	"fenlin/internal/secret"
	"fenlin/internal/station"
	"fenlin/internal/stats"
	"fenlin/internal/ticket"
	"fenlin/internal/web"
	"fenlin/internal/wechat"
	"fenlin/internal/wechat/wechatsim"
	"fenlin/internal/wish"
	"fenlin/internal/worker"
)

// stopTime is how long open requests and begun work may take when asked to
// stop, less than the ten seconds after which service managers kill; maxLeave
// is the longest Leave, which is part of it.
const (
	stopTime = 9 * time.Second
	maxLeave = 4 * time.Second
)

// App is Fenlin, built.
type App struct {
	Config     Config
	DB         *db.DB
	KV         kv.Store
	Photos     *blob.Counted
	Org        *org.Service
	Members    *member.Service
	Workers    *worker.Service
	Ledger     *ledger.Service
	Tickets    *ticket.Service
	Stats      *stats.Service
	Activities *activity.Service
	Wishes     *wish.Service
	Lists      *lists.Service
	Points     *station.Service
	Outbox     *outbox.Outbox
	Sample     *Sample
	WeChat     *wechat.Client
	Chat       *chat.Service
	Sim        *wechatsim.Sim // nil outside the demo
	LogLevel   *slog.LevelVar // set anew by Reload; nil = the log has another
	told       *notify.Service

	rules           atomic.Pointer[Rules]
	leaving         atomic.Bool  // asked to stop
	reloading       sync.Mutex   // held by Reload, guards given
	given           Config       // as it was read last
	wrong           atomic.Int64 // nanoseconds by which the demo's clock was set wrong; see simulated
	public, admin   *http.Server
	listen, listenA net.Listener
}

// Ground is what every command needs: the database and the rules.
func Ground(c Config) (*App, error) {
	a := &App{Config: c, given: c}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil && strings.HasPrefix(c.Database, "sqlite:") {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	var keys *secret.Keyring // none while the doctor looks at a configuration without them
	var err error
	if c.SecretKeys != "" {
		if keys, err = secret.NewKeyring(c.SecretKeys); err != nil {
			return nil, fmt.Errorf("FENLIN_SECRET_KEYS: %w", err)
		}
	}
	rules, err := LoadRules(c.RulesDir)
	if err != nil {
		return nil, err
	}
	if a.Photos, err = c.photos(); err != nil {
		return nil, err
	}
	if a.DB, err = db.Open(c.Database); err != nil {
		return nil, err
	}
	now := a.now
	a.Org = &org.Service{DB: a.DB, Now: now}
	a.Members = &member.Service{DB: a.DB, Keys: keys, Now: now}
	a.Outbox = outbox.Open(a.DB, now)
	a.Tickets = &ticket.Service{DB: a.DB, Org: a.Org, Members: a.Members, Outbox: a.Outbox, Photos: a.Photos, Now: now}
	a.Tickets.Outages = &outage.Service{DB: a.DB, Org: a.Org, Now: now}
	a.Points = &station.Service{DB: a.DB, Org: a.Org, Location: rules.Desk.Calendar.Location(), Now: now}
	a.Stats = &stats.Service{DB: a.DB, Org: a.Org, Location: rules.Desk.Calendar.Location(), Now: now}
	a.Activities = &activity.Service{DB: a.DB, Org: a.Org, Members: a.Members, Tickets: a.Tickets, Outbox: a.Outbox, Location: rules.Desk.Calendar.Location(), Now: now}
	a.Wishes = &wish.Service{DB: a.DB, Org: a.Org, Members: a.Members, Tickets: a.Tickets, Outbox: a.Outbox, Now: now}
	a.Lists = &lists.Service{DB: a.DB, Org: a.Org, Tickets: a.Tickets, Outbox: a.Outbox, Location: rules.Desk.Calendar.Location(), Now: now}
	a.Activities.Sources = map[string]func(context.Context, org.Actor, string) error{wish.Source: a.Wishes.Named, "project": a.Lists.Source}
	a.Tickets.Kin = append(a.Tickets.Kin, a.Activities, a.Points, a.Wishes, a.Lists)
	a.adopt(rules)
	a.Workers = &worker.Service{DB: a.DB, Members: a.Members, Now: now}
	a.Ledger = &ledger.Service{
		DB: a.DB, Org: a.Org, Members: a.Members, Workers: a.Workers, Outbox: a.Outbox, Keys: keys, Now: now, Location: rules.Desk.Calendar.Location(),
	}
	a.Stats.Ages = a.Workers.Ages
	a.Sample = &Sample{DB: a.DB, Org: a.Org, Member: a.Members, Workers: a.Workers, Tickets: a.Tickets, Wishes: a.Wishes, Files: files(c.RulesDir)}
	return a, nil
}

// New builds the server and opens its ports. The schema must be current; the
// embedded database and the demo bring it forward by themselves.
func New(ctx context.Context, c Config, version string) (*App, error) {
	a, err := Ground(c)
	if err != nil {
		return nil, err
	}
	if err := a.open(ctx, version); err != nil {
		a.release()
		return nil, err
	}
	return a, nil
}

func (a *App) open(ctx context.Context, version string) (err error) {
	c := a.Config
	if c.Demo || a.DB.Engine == db.SQLite {
		err = a.DB.Migrate(ctx)
	} else {
		err = a.DB.Check(ctx)
	}
	if err != nil {
		return err
	}
	if c.Demo {
		if err := a.Sample.Seed(ctx); err != nil {
			return err
		}
	}
	a.KV = kv.NewMemory()
	if c.Redis != "" {
		redis, err := kv.NewRedis(ctx, c.Redis)
		if err != nil {
			return err
		}
		a.KV = redis
	}
	var lc net.ListenConfig
	if a.listen, err = lc.Listen(ctx, "tcp", c.Listen); err != nil {
		return fmt.Errorf("open the public port: %w", err)
	}
	if a.listenA, err = lc.Listen(ctx, "tcp", c.AdminListen); err != nil {
		return fmt.Errorf("open the admin port: %w", err)
	}
	a.Activities.KV = a.KV
	a.Config.at(a.listen.Addr())
	return a.build(version)
}

// build wires the parts that speak to the outside.
func (a *App) build(version string) error {
	now, c := a.now, a.Config
	codec, err := wechat.NewCodec(c.wechat())
	if err != nil {
		return err
	}
	a.WeChat = wechat.NewClient(c.wechat(), a.KV)
	site := strings.TrimSuffix(c.PublicURL, "/")
	ticketPage := func(number string) string { return link.Ticket.At(site, number) }
	location := a.Tickets.Rules().Calendar.Location()
	told := &notify.Service{
		DB: a.DB, Tickets: a.Tickets, Activities: a.Activities, Wishes: a.Wishes, Lists: a.Lists, Org: a.Org, Members: a.Members, Outbox: a.Outbox, WeChat: a.WeChat,
		Site: site, Location: location, Now: now,
		BriefHour: func() int { return a.rules.Load().Briefs.Hour }, Count: a.count,
	}
	a.Members.Templates = member.Templates{Followers: c.WeChat.Template, Account: c.WeChat.Subscription, MiniProgram: c.MiniProgram.Subscription}
	a.told, a.Members.Registered, a.Members.Asked, a.Org.Asked = told, told.Registered, told.CorrectionAsked, told.PartnerAsked
	a.Outbox.Handlers, a.Outbox.Slow = told.Handlers(), a.Ledger.Slow()
	a.Outbox.Handlers[ticket.TopicPhoto] = a.Tickets.LetGo
	a.Chat = &chat.Service{Tickets: a.Tickets, Activities: a.Activities, Wishes: a.Wishes, Points: a.Points, Org: a.Org, Members: a.Members, KV: a.KV, Now: now, Link: ticketPage, Privacy: site + "/privacy", Verify: site + "/open/certificates/", Certificates: link.Certificates.At(site)}
	s := &web.Server{
		Tickets: a.Tickets, Activities: a.Activities, Wishes: a.Wishes, Lists: a.Lists, Org: a.Org, Members: a.Members, Workers: a.Workers, Ledger: a.Ledger, WeChat: a.WeChat, Now: now, Version: version, Site: site, Proxies: c.Proxies, Health: a.health, Depth: a.Outbox.Depth, Late: a.Outbox.Late, Notices: told.States, Lag: a.Stats.Lag,
		Stats: a.Stats, Stations: a.Points, Chat: a.Chat, Photos: a.Photos, Seats: db.Pool,
	}
	s.Callback = &wechat.Callback{Codec: codec, Inbox: &wechat.Inbox{Store: a.KV}, Handle: s.Converse, Now: now, Log: slog.Default()}
	if c.Demo {
		a.Sim = wechatsim.New(wechatsim.Options{
			AppID: c.WeChat.AppID, Secret: c.WeChat.Secret, Token: c.WeChat.Token, AESKey: c.WeChat.AESKey,
			MiniAppID: c.MiniProgram.AppID, MiniSecret: c.MiniProgram.Secret,
			CallbackURL: "http://" + a.Addr() + "/wechat/callback", PublicURL: c.PublicURL, People: a.Sample.People, Now: now,
			Templates: c.demoTemplates(),
		})
		s.Sim = a.simulated()
	}
	a.public = &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	if c.Demo {
		a.public.WriteTimeout = 0 // the simulator's stream of notices never ends
	}
	a.admin = &http.Server{Handler: s.Admin(), ReadHeaderTimeout: 5 * time.Second}
	return nil
}

// now is the time of this machine, by which all of Fenlin goes.
func (a *App) now() time.Time { return time.Now().Add(time.Duration(a.wrong.Load())) }

// simulated is what the demo serves under /sim/: the simulator, and a clock that
// can be set wrong (POST /sim/clock?by=3h), as machines' clocks sometimes are.
func (a *App) simulated() http.Handler {
	m := http.NewServeMux()
	m.Handle("/", a.Sim.Handler())
	m.HandleFunc("POST /sim/clock", func(w http.ResponseWriter, r *http.Request) {
		by, err := time.ParseDuration(r.URL.Query().Get("by"))
		if err != nil {
			http.Error(w, "by is no duration like -1h", http.StatusBadRequest)
			return
		}
		a.wrong.Store(int64(by))
	})
	return m
}

// Addr is the public port's address.
func (a *App) Addr() string { return a.listen.Addr().String() }

// Run serves until ctx ends, then stops within ten seconds: /readyz says so at
// once and the port closes after Leave; open requests and begun work are
// finished, and what is not is left in the database for the next start.
func (a *App) Run(ctx context.Context) error {
	defer a.release()
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	a.warn(ctx)
	var serving, working errgroup.Group
	for _, work := range []func(context.Context){a.Outbox.Run, a.sweep, a.Stats.Run, a.retain, a.obey} {
		working.Go(func() error { work(running); return nil })
	}
	for server, listener := range map[*http.Server]net.Listener{a.public: a.listen, a.admin: a.listenA} {
		serving.Go(func() error {
			defer cancel()
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	if a.Sim != nil {
		if err := a.WeChat.PushMenu(running, Menu()); err != nil {
			slog.WarnContext(ctx, "the menu was not pushed", "error", err)
		}
	}
	<-running.Done()
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer done()
	a.leave(stop)
	if !within(stop, func() { _ = working.Wait() }) {
		slog.WarnContext(ctx, "stopped before all begun work was done; the next start does it")
	}
	return serving.Wait()
}

// leave closes the ports, until ctx ends kindly.
func (a *App) leave(ctx context.Context) {
	a.leaving.Store(true)
	a.public.SetKeepAlivesEnabled(false) // clients come back elsewhere
	within(ctx, func() { time.Sleep(a.Config.Leave) })
	if a.Sim != nil {
		a.Sim.Close() // its streams are requests that would never end
	}
	for name, server := range map[string]*http.Server{"public": a.public, "admin": a.admin} {
		if err := server.Shutdown(ctx); err != nil {
			slog.WarnContext(ctx, "a port was closed before every request was answered", "port", name, "error", err)
			_ = server.Close()
		}
	}
}

// within runs f and says whether it ended before ctx did.
func within(ctx context.Context, f func()) bool {
	ended := make(chan struct{})
	go func() { defer close(ended); f() }()
	select {
	case <-ended:
		return true
	case <-ctx.Done():
		return false
	}
}

// sweepEvery is how late a clock may speak up, and how long a ticket may lie
// with a post that nobody holds.
const sweepEvery = time.Minute

// sweep does what no event brings about, because only time passed: clocks run out, terms end.
func (a *App) sweep(ctx context.Context) {
	for tick := time.NewTicker(sweepEvery); ; {
		if n, err := a.Tickets.Ring(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "clocks were not looked at", "error", err)
		} else if n > 0 {
			slog.InfoContext(ctx, "clocks spoke up", "tickets", n)
		}
		if made, err := a.Tickets.Anchor(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "the log was not anchored", "error", err)
		} else if n := len(made); n > 0 {
			slog.InfoContext(ctx, "the log was anchored", "days", n, "last", made[n-1].Day, "hash", made[n-1].Hash)
		}
		if n, err := a.Tickets.Succeed(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "tickets of vacant posts were not looked for", "error", err)
		} else if n > 0 {
			slog.InfoContext(ctx, "tickets of vacant posts were handed on", "tickets", n)
		}
		if n, err := a.Activities.Ring(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "activities were not begun and ended", "error", err)
		} else if n > 0 {
			slog.InfoContext(ctx, "activities began or ended", "activities", n)
		}
		if n, err := a.Lists.Ring(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "the lists were not looked at", "error", err)
		} else if n > 0 {
			slog.InfoContext(ctx, "resources and agreements began or ended", "things", n)
		}
		if n, err := a.Members.Settle(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "registrations were not settled", "error", err)
		} else if n > 0 {
			slog.InfoContext(ctx, "registrations took effect", "members", n)
		}
		if err := a.told.Plan(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "the next briefs were not planned", "error", err)
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

// release closes what New and Ground opened.
func (a *App) release() {
	for _, l := range []net.Listener{a.listen, a.listenA} {
		if l != nil {
			_ = l.Close()
		}
	}
	if a.KV != nil {
		_ = a.KV.Close()
	}
	_ = a.DB.Close()
}

// Close closes what Ground opened.
func (a *App) Close() { a.release() }

// health is ready while the database answers with the schema we know; Redis or
// the store of photos away is degraded: reports are taken without them.
func (a *App) health(ctx context.Context) web.Health {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	h := web.Health{Ready: true}
	if a.leaving.Load() {
		return web.Health{Detail: "stopping"}
	}
	if err := a.DB.Check(ctx); err != nil {
		slog.ErrorContext(ctx, "not ready", "error", err)
		return web.Health{Detail: "database"}
	}
	if err := a.KV.Ping(ctx); err != nil {
		h.Degraded = append(h.Degraded, "redis")
	}
	if err := a.Photos.Ping(ctx); err != nil {
		slog.WarnContext(ctx, "the store of photos does not answer", "error", err)
		h.Degraded = append(h.Degraded, "photos")
	}
	return h
}

// Menu is the account's menu.
func Menu() any {
	button := func(name, key string) map[string]any {
		return map[string]any{"type": "click", "name": name, "key": key}
	}
	return map[string]any{"button": []map[string]any{
		button("我要报事", "报事"),
		button("查进度", "查"),
		{"name": "更多", "sub_button": []map[string]any{
			button("志愿活动", "活动"), button("微心愿", "心愿"), button("我的小区", "小区"), button("评价", "评价"), button("帮助", "帮助"),
		}},
	}}
}
