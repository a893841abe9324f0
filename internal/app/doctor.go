package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"

	"fenlin/config"
	"fenlin/internal/kv"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat"
)

// Finding is one thing that the doctor looked at.
type Finding struct {
	What string // the check
	Note string // what was found
	Warn bool   // the service runs with it, but not well
	Err  error  // what is wrong and what to do
}

// Say is the finding in a line.
func (f Finding) Say() string {
	if f.Err != nil {
		return strings.Join(strings.Fields(f.Err.Error()), " ")
	}
	return f.Note
}

func fine(note string) []Finding { return []Finding{{Note: note}} }
func warn(format string, a ...any) Finding {
	return Finding{Warn: true, Note: fmt.Sprintf(format, a...)}
}

func wrong(format string, a ...any) Finding {
	return Finding{Err: fmt.Errorf(format, a...)}
}

// patient is what the checks look at, and what earlier checks found of it.
type patient struct {
	Config
	broken error // of the configuration

	ground *App // nil when it cannot be opened
	sound  bool // its database answers with our schema
	redis  *kv.Redis
	wechat *wechat.Client // nil when it gives no token
}

// check looks at one thing. Its findings are never none: fine says so too.
type check struct {
	what string
	when func(*patient) bool // nil = always; else there is nothing to look at
	look func(context.Context, *patient) []Finding
}

// checks is all that the doctor looks at; a later one may build on what an earlier one opened.
var checks = []check{
	{"configuration", nil, lookConfig},
	{"file", func(p *patient) bool { return p.File != "" }, lookFile},
	{"addresses", nil, lookAddresses},
	{"ports", nil, lookPorts},
	{"rules", nil, lookRules},
	{"calendar", nil, lookCalendar},
	{"data folder", (*patient).embedded, lookFolder},
	{"database", nil, lookDatabase},
	{"server", func(p *patient) bool { return p.sound && !p.embedded() }, lookServer},
	{"organisation", func(p *patient) bool { return p.sound }, lookOrganisation},
	{"outbox", func(p *patient) bool { return p.sound }, lookOutbox},
	{"redis", nil, lookRedis},
	{"photos", nil, lookPhotos},
	{"wechat", nil, lookWeChat},
	{"templates", func(p *patient) bool { return p.wechat != nil && p.WeChat.Template != "" }, lookTemplates},
}

// Doctor checks what Fenlin needs and says what to do; it changes nothing.
func Doctor(ctx context.Context, file string, demo bool) []Finding {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	p := &patient{}
	p.Config, p.broken = LoadConfig(file, demo)
	defer p.close()
	var out []Finding
	for _, c := range checks {
		if c.when != nil && !c.when(p) {
			continue
		}
		for _, f := range c.look(ctx, p) {
			f.What = c.what
			out = append(out, f)
		}
	}
	return out
}

func (p *patient) embedded() bool { return strings.HasPrefix(p.Database, "sqlite:") }

func (p *patient) close() {
	if p.ground != nil {
		p.ground.Close()
	}
	if p.redis != nil {
		_ = p.redis.Close()
	}
}

func lookConfig(_ context.Context, p *patient) []Finding {
	var out []Finding
	for _, err := range each(p.broken) {
		out = append(out, Finding{Err: err})
	}
	if len(out) > 0 {
		return out
	}
	return fine("complete")
}

// each is the errors that were joined.
func each(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func lookFile(_ context.Context, p *patient) []Finding {
	if info, err := os.Stat(p.File); err == nil && info.Mode().Perm()&0o007 != 0 {
		return []Finding{warn("everybody on this machine may read %s, and secrets may stand in it: chmod 640", p.File)}
	}
	return fine("not everybody may read it")
}

func lookAddresses(_ context.Context, p *patient) []Finding {
	if p.Demo {
		return fine("the demo's own")
	}
	var out []Finding
	if u, err := url.Parse(p.PublicURL); err == nil && u.Host != "" {
		ip := net.ParseIP(u.Hostname())
		switch {
		case u.Hostname() == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()):
			out = append(out, wrong("FENLIN_PUBLIC_URL: no phone reaches %s: give the address that is entered in WeChat's console", u.Host))
		case u.Scheme != "https":
			out = append(out, wrong("FENLIN_PUBLIC_URL begins with %s: WeChat opens pages by https only, so give the proxy in front a certificate", u.Scheme))
		}
	}
	if host, _, err := net.SplitHostPort(p.AdminListen); err == nil {
		if ip := net.ParseIP(host); host == "" || ip != nil && !ip.IsLoopback() && !ip.IsPrivate() {
			out = append(out, warn("FENLIN_ADMIN_LISTEN: %s may be reached from everywhere, and shows metrics and profiles to whoever asks: bind it to 127.0.0.1 or a private address", p.AdminListen))
		}
	}
	if len(out) > 0 {
		return out
	}
	return fine("phones reach the one, and the other is private")
}

func lookPorts(ctx context.Context, p *patient) []Finding {
	var out []Finding
	for _, port := range []struct{ name, address, path string }{{"FENLIN_LISTEN", p.Listen, "/healthz"}, {"FENLIN_ADMIN_LISTEN", p.AdminListen, "/metrics"}} {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", port.address)
		if err == nil {
			_ = l.Close()
			continue
		}
		if errors.Is(err, syscall.EADDRINUSE) && ours(ctx, "http://"+port.address+port.path) {
			continue
		}
		out = append(out, wrong("%s: %s cannot be opened (%w): stop what else listens there, or choose another", port.name, port.address, err))
	}
	if len(out) > 0 {
		return out
	}
	return fine("free, or Fenlin's already")
}

// ours says whether a Fenlin answers there.
func ours(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return err == nil && (strings.Contains(string(text), `"version"`) || strings.Contains(string(text), "fenlin_"))
}

// lookRules tries every file of rules; each that is wrong is a finding.
func lookRules(_ context.Context, p *patient) []Finding {
	var out []Finding
	_, faults := tryRules(p.RulesDir)
	for _, err := range faults {
		out = append(out, Finding{Err: err})
	}
	if len(faults) == 0 {
		if err := TestRoutes(io.Discard, p.RulesDir, ""); err != nil {
			out = append(out, wrong("%w: `fenlin route test` tells them all", err))
		}
	}
	if p.RulesDir != "" {
		there, _ := os.ReadDir(p.RulesDir) // a folder that is not there is the configuration's finding
		for _, f := range there {
			if _, err := fs.Stat(config.FS, f.Name()); err != nil && strings.HasSuffix(f.Name(), ".yaml") {
				out = append(out, wrong("%s replaces nothing: no file of rules is called so", filepath.Join(p.RulesDir, f.Name())))
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	return fine("the files of rules are well formed, and every case of routing lands where it should")
}

// lookCalendar says from when on holidays are not known. The year that runs
// must be; the next one's notice comes each November.
func lookCalendar(_ context.Context, p *patient) []Finding {
	r, faults := tryRules(p.RulesDir)
	if len(faults) > 0 {
		return []Finding{warn("not looked at, the rules are wrong")}
	}
	now := time.Now()
	year, gap := r.Desk.Calendar.Uncovered(now, now.Add(ticket.MaxExtension))
	switch {
	case !gap:
		return fine("holidays are known as far as clocks run")
	case year == now.In(r.Desk.Calendar.Location()).Year():
		return []Finding{wrong("calendar.yaml knows no holidays of %d, so clocks run through them: add the State Council's notice", year)}
	}
	return []Finding{warn("calendar.yaml knows no holidays of %d yet, until then Monday to Friday are worked: add the State Council's notice when it appears", year)}
}

// leastFree is what the data folder's disk should have left, in bytes.
const leastFree = 256 << 20

func lookFolder(_ context.Context, p *patient) []Finding {
	file := strings.TrimPrefix(p.Database, "sqlite:")
	folder := filepath.Dir(file)
	info, err := os.Stat(folder)
	if errors.Is(err, fs.ErrNotExist) && p.Database == "sqlite:"+filepath.Join(p.DataDir, "fenlin.db") {
		err = os.MkdirAll(folder, 0o700) // as serve does
		if err == nil {
			info, err = os.Stat(folder)
		}
	}
	if err != nil || !info.IsDir() {
		return []Finding{wrong("FENLIN_DATA_DIR: %s is no folder that can be used (%w): make it for the service's user", folder, err)}
	}
	probe, err := os.CreateTemp(folder, ".doctor-*")
	if err != nil {
		return []Finding{wrong("FENLIN_DATA_DIR: nothing can be written into %s (%w): give it to the service's user", folder, err)}
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	var out []Finding
	if db, err := os.Stat(file); err == nil && db.Mode().Perm()&0o007 != 0 && info.Mode().Perm()&0o001 != 0 {
		out = append(out, wrong("everybody on this machine may read %s: chmod 600 it, and 700 its folder", file))
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err == nil {
		out = append(out, lookFree(folder, disk.Bavail*uint64(disk.Bsize))...)
	}
	if len(out) > 0 {
		return out
	}
	return fine("can be written, and only by its owner read")
}

func lookFree(folder string, free uint64) []Finding {
	if free >= leastFree {
		return nil
	}
	return []Finding{wrong("the disk of %s has only %d MB left, and a full one stops the service: make room, or move FENLIN_DATA_DIR", folder, free>>20)}
}

// refusals says what to do about MySQL's own errors.
var refusals = map[uint16]string{
	1044: "grant the user ALL on the database of FENLIN_DATABASE",
	1045: "user or password in FENLIN_DATABASE is wrong (a password with signs is written percent-encoded)",
	1049: "the server has no such database: CREATE DATABASE … CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, then `fenlin migrate`",
	1698: "user or password in FENLIN_DATABASE is wrong",
}

func lookDatabase(ctx context.Context, p *patient) []Finding {
	ground, err := Ground(p.Config)
	if err != nil {
		for _, fault := range each(p.broken) { // said already
			if strings.Contains(fault.Error(), "FENLIN_SECRET_KEYS") && strings.Contains(err.Error(), "FENLIN_SECRET_KEYS") {
				return []Finding{warn("not looked at without keys")}
			}
		}
		if _, faults := tryRules(p.RulesDir); len(faults) > 0 {
			return []Finding{warn("not looked at, the rules are wrong")}
		}
		return []Finding{wrong("FENLIN_DATABASE: %w", err)}
	}
	p.ground = ground
	if err := ground.DB.Ping(ctx); err != nil {
		advice := "check FENLIN_DATABASE and that the server runs"
		if e, ok := errors.AsType[*mysqldriver.MySQLError](err); ok && refusals[e.Number] != "" {
			advice = refusals[e.Number]
		}
		return []Finding{wrong("the database does not answer (%w): %s", err, advice)}
	}
	if err := ground.DB.Check(ctx); err != nil {
		return []Finding{{Err: err}}
	}
	p.sound = true
	if ahead, err := ground.DB.Ahead(ctx); err == nil && ahead > 0 {
		return fine(ground.DB.Engine + " answers, its schema is a newer binary's, which serves this one too: go on with the upgrade")
	}
	return fine(ground.DB.Engine + " answers, the schema is current")
}

// variables are settings of a MySQL or MariaDB server. Those that only warn cost
// what was acknowledged last when the machine loses power, or need luck.
var variables = []struct {
	name string
	good func(value string) bool
	warn bool
	say  string
}{
	{"sql_mode", func(v string) bool { return strings.Contains(v, "STRICT_") }, false, "the server cuts what does not fit instead of refusing it: add STRICT_TRANS_TABLES to sql_mode"},
	{"max_allowed_packet", func(v string) bool { n, err := strconv.Atoi(v); return err == nil && n >= 16<<20 }, false, "photos and workbooks do not fit: set max_allowed_packet to 64M"},
	{"innodb_flush_log_at_trx_commit", func(v string) bool { return v == "1" }, true, "a power cut loses what was acknowledged last: set innodb_flush_log_at_trx_commit to 1"},
	{"read_only", func(v string) bool { return v == "OFF" || v == "0" }, false, "the server takes no changes: point FENLIN_DATABASE at the primary"},
}

// clockSlack is how far the database's clock may be from ours.
const clockSlack = 5 * time.Second

func lookServer(ctx context.Context, p *patient) []Finding {
	names := make([]string, 0, len(variables))
	for _, v := range variables {
		names = append(names, v.name)
	}
	tx := p.ground.DB.Read(ctx)
	set := map[string]string{}
	listed, err := tx.Raw("SHOW GLOBAL VARIABLES WHERE Variable_name IN ?", names).Rows()
	if err != nil {
		return []Finding{warn("its settings were not read: %s", err)}
	}
	defer func() { _ = listed.Close() }()
	for listed.Next() {
		var name, value string
		if err := listed.Scan(&name, &value); err == nil {
			set[name] = value
		}
	}
	if err := listed.Err(); err != nil {
		return []Finding{warn("its settings were not read: %s", err)}
	}
	out := lookVariables(set)
	var collation string
	if err := tx.Raw("SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = DATABASE()").Scan(&collation).Error; err == nil && collation != "utf8mb4_bin" {
		out = append(out, wrong("the database compares text by %s, but openids differ by case: `fenlin migrate` sets utf8mb4_bin for it and for new tables", collation))
	}
	var tables []string
	if err := tx.Raw("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_collation <> 'utf8mb4_bin'").Scan(&tables).Error; err == nil && len(tables) > 0 {
		out = append(out, wrong("tables compare text not by utf8mb4_bin but otherwise, so openids that differ by case are one: %s: ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", strings.Join(tables, ", ")))
	}
	var there float64
	if err := tx.Raw("SELECT UNIX_TIMESTAMP(NOW(3))").Scan(&there).Error; err == nil {
		out = append(out, lookClock(time.UnixMilli(int64(there*1000)), time.Now())...)
	}
	if len(out) > 0 {
		return out
	}
	return fine("strict, roomy, durable, and its clock is ours")
}

func lookVariables(set map[string]string) (out []Finding) {
	for _, v := range variables {
		value, told := set[v.name]
		if !told || v.good(value) {
			continue
		}
		f := wrong("%s is %q: %s", v.name, value, v.say)
		if v.warn {
			f = warn("%s is %q: %s", v.name, value, v.say)
		}
		out = append(out, f)
	}
	return out
}

func lookClock(there, here time.Time) []Finding {
	if off := here.Sub(there).Round(time.Second); off.Abs() > clockSlack {
		return []Finding{warn("this machine's clock and the database's are %s apart: times on tickets come from this one, so let both follow one NTP server", off.Abs())}
	}
	return nil
}

// keyPosts are those without whose holders nobody decides or looks after the service.
var keyPosts = []struct {
	role org.Role
	why  string
}{
	{org.CitySecretary, "what nobody else handles ends there"},
	{org.Operator, "nobody sees what the service could not do"},
	{org.PrivacyOfficer, "nobody reads who looked at personal data"},
}

func lookOrganisation(ctx context.Context, p *patient) []Finding {
	root, err := p.ground.Org.Root(ctx)
	if err != nil {
		return []Finding{wrong("there is no city yet: import the organisation (`fenlin import orgs FILE`), or `fenlin seed --sample` to try")}
	}
	var out []Finding
	for _, post := range keyPosts {
		if held, err := p.ground.Org.HoldersAt(ctx, root.ID, post.role); err == nil && len(held) == 0 {
			out = append(out, warn("nobody at %s holds the post of %s: %s; appoint somebody in the ledger of posts", root.Name, post.role, post.why))
		}
	}
	if len(out) > 0 {
		return out
	}
	return fine("the city is there, and its key posts are held")
}

// outboxLate is how long work may be due before somebody should look.
const outboxLate = 10 * time.Minute

func lookOutbox(ctx context.Context, p *patient) []Finding {
	var out []Finding
	_, dead, err := p.ground.Outbox.Depth(ctx)
	if err != nil {
		return []Finding{{Err: err}}
	}
	if dead > 0 {
		out = append(out, warn("%d pieces of work were given up: the log says why (\"outbox gave up\"), and so does SELECT topic, event_key, last_error FROM outbox WHERE state = 'dead'", dead))
	}
	if due, since, err := p.ground.Outbox.Late(ctx); err == nil && since > outboxLate {
		out = append(out, warn("%d pieces of work are due, the oldest for %s: is the service running?", due, since.Round(time.Minute)))
	}
	if len(out) > 0 {
		return out
	}
	return fine("nothing was given up, nothing is late")
}

func lookRedis(ctx context.Context, p *patient) []Finding {
	if p.Redis == "" {
		return fine("in process: run one replica only")
	}
	store, err := kv.NewRedis(ctx, p.Redis)
	if err != nil {
		return []Finding{wrong("FENLIN_REDIS: %w", err)}
	}
	p.redis = store
	switch err := store.Ping(ctx); {
	case err == nil:
	case strings.Contains(err.Error(), "WRONGPASS"), strings.Contains(err.Error(), "NOAUTH"):
		return []Finding{wrong("redis refuses the password (%w): correct it in FENLIN_REDIS, redis://:password@host:6379/0", err)}
	default:
		return []Finding{wrong("redis does not answer (%w): check FENLIN_REDIS and that the server runs", err)}
	}
	if policy := store.Setting(ctx, "maxmemory-policy"); strings.HasPrefix(policy, "allkeys-") && store.Setting(ctx, "maxmemory") != "0" {
		return []Finding{warn("redis drops any key when it is full (%s), also locks and first replies: set maxmemory-policy to volatile-ttl", policy)}
	}
	return fine("answers")
}

// hints says what to do about WeChat's own errors.
var hints = map[int]string{
	wechat.CodeBadAppID:       "FENLIN_WECHAT_APPID is not the account's",
	wechat.CodeBadSecret:      "FENLIN_WECHAT_SECRET is not the account's, or was made anew in the console",
	wechat.CodeUnknownAddress: "enter this server's address in the console's list (IP白名单)",
	wechat.CodeFrozenSecret:   "the secret is frozen: thaw it in the console",
}

func lookWeChat(ctx context.Context, p *patient) []Finding {
	if p.Demo && p.WeChat.API == "" {
		return fine("the demo simulates it")
	}
	if p.WeChat.AppID == "" || p.WeChat.Secret == "" {
		return []Finding{warn("not asked without credentials")}
	}
	c := wechat.NewClient(p.Config.wechat(), kv.NewMemory())
	if _, err := c.Token(ctx); err != nil {
		advice := hints[wechat.Code(err)]
		if advice == "" {
			advice = "check that this machine reaches it, APPID, SECRET and the account's list of server addresses"
		}
		return []Finding{wrong("WeChat gives no token (%w): %s", err, advice)}
	}
	p.wechat = c
	return fine("gives tokens")
}

func lookTemplates(ctx context.Context, p *patient) []Finding {
	ids, err := p.wechat.Templates(ctx)
	if err != nil {
		return []Finding{warn("WeChat does not tell the account's templates: %s", err)}
	}
	if !slices.Contains(ids, p.WeChat.Template) {
		return []Finding{wrong("FENLIN_WECHAT_TEMPLATE: the account has no template %s, so followers are not told: take the id from the console (模板消息)", p.WeChat.Template)}
	}
	return fine("the account has it")
}
