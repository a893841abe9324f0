package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"fenlin/internal/db"
	"fenlin/internal/notify"
)

// Kept is one rule of config/retention.yaml: what is kept, how long, and why.
type Kept struct {
	What    string `yaml:"what"`
	Keep    int    `yaml:"keep"`    // days
	Because string `yaml:"because"` // in Chinese
}

// expire lets go what is past its time, or counts it.
type expire func(context.Context, db.Expiry) (int64, error)

// keeper is one thing that has an end.
type keeper struct {
	what  string
	name  string // in Chinese
	least int    // days that it must be kept
	why   string // it must
	by    func(*App) expire
}

// keepers is all that has an end, in the order in which it goes; each
// capability lets go what is its own.
var keepers = []keeper{
	{"sessions", "到期的登录", 1, "", func(a *App) expire { return a.Members.ExpireSessions }},
	{"photos_unattached", "没有附到工单上的照片", 1, "", func(a *App) expire { return a.Tickets.ExpirePhotos }},
	{"activity_photos", "志愿活动的照片", 31, "", func(a *App) expire { return a.Activities.ExpirePhotos }},
	{"import_workbooks", "导入的表格和问题清单", 1, "", func(a *App) expire { return a.Ledger.Expire }},
	{"outbox", "已完成的后台任务", 1, "", func(a *App) expire { return a.Outbox.Expire }},
	{"notices", "发给个人的通知", 3, "WeChat is tried for two days", func(a *App) expire { return (&notify.Service{DB: a.DB}).Expire }},
	{"access_log", "查看个人信息的记录", 180, sixMonths, func(a *App) expire { return a.Members.ExpireAccesses }},
	{"consents_withdrawn", "已撤回的同意", 1, "", func(a *App) expire { return a.Members.ExpireConsents }},
	{"corrections", "已办结的更正申请", 1, "", func(a *App) expire { return a.Members.ExpireCorrections }},
	{"outage_askers", "谁问过停水停电公告", 1, "", func(a *App) expire { return a.Tickets.Outages.Expire }},
	{"certificates_revoked", "已撤销的志愿服务记录证明", 1, "", func(a *App) expire { return a.Activities.ExpireCertificates }},
	{"visits", "群众对服务点的评价", 365, "a year of them is shown", func(a *App) expire { return a.Points.Expire }},
	{"wishes", "已了结的微心愿里的个人信息", 31, "people ask back after a wish came true", func(a *App) expire { return a.Wishes.Anonymise }},
	{"hour_corrections", "志愿时长的更正记录", 365, "whoever served may object, and a year's certificate rests on them", func(a *App) expire { return a.Activities.ExpireCorrections }},
	{"list_actors", "三张清单里由谁经办", 365, "a project may last three years, and its parties look back at it", func(a *App) expire { return a.Lists.Expire }},
	{"kept_texts", "像广告而没有登记的话", 1, "", func(a *App) expire { return a.Tickets.ExpireKept }},
	{"tickets", "已结案工单里的个人信息", 31, "a reporter may rate a closed ticket for 30 days", func(a *App) expire { return a.Tickets.Anonymise }},
}

const sixMonths = "the Cybersecurity Law (网络安全法, article 21 of 2017) asks for logs of six months at least"

// LoadRetention reads config/retention.yaml in the order in which things go.
// Refused are unknown keys, what is missing, doubled or unknown, and times that
// are too short.
func LoadRetention(text []byte) ([]Kept, error) {
	var file []Kept
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		return nil, err
	}
	given := map[string]Kept{}
	for _, k := range file {
		if _, twice := given[k.What]; twice {
			return nil, fmt.Errorf("%s is there twice", k.What)
		}
		if !slices.ContainsFunc(keepers, func(known keeper) bool { return known.what == k.What }) {
			return nil, fmt.Errorf("nothing is called %q", k.What)
		}
		given[k.What] = k
	}
	out := make([]Kept, 0, len(keepers))
	for _, known := range keepers {
		k, ok := given[known.what]
		switch {
		case !ok:
			return nil, fmt.Errorf("%s is missing", known.what)
		case k.Keep <= 0 || k.Keep > 36500:
			return nil, fmt.Errorf("%s: keep must be days, 1 at least and 36500 at most", k.What)
		case k.Keep < known.least:
			return nil, fmt.Errorf("%s: %d days are too short, %d at least: %s", k.What, k.Keep, known.least, known.why)
		case strings.TrimSpace(k.Because) == "":
			return nil, fmt.Errorf("%s: because is missing: what is kept has a reason", k.What)
		}
		out = append(out, k)
	}
	if keep := given["notices"].Keep; keep > given["tickets"].Keep || keep > given["wishes"].Keep {
		return nil, errors.New("notices: they quote tickets and wishes, so they cannot be kept longer than those")
	}
	return out, nil
}

// Gone is what became of one thing that has an end.
type Gone struct {
	Kept
	Name string // in Chinese
	N    int64  // how many went; of a dry run, would go
}

// Retain lets go what is past its time at a moment, or only counts it. told,
// when not nil, hears of what takes long. One thing that fails does not keep
// the others.
func (a *App) Retain(ctx context.Context, now time.Time, dry bool, told func(what string, n int64)) ([]Gone, error) {
	var out []Gone
	var failed error
	for i, k := range a.rules.Load().Retention {
		x := db.Expiry{Before: now.AddDate(0, 0, -k.Keep), Dry: dry}
		if told != nil {
			x.Told = func(n int64) { told(k.What, n) }
		}
		n, err := keepers[i].by(a)(ctx, x)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", k.What, err))
		}
		out = append(out, Gone{k, keepers[i].name, n})
	}
	return out, failed
}

// retainHour is when the city sleeps.
const retainHour = 3

// retainDay is the day whose turn to retain has come at a moment, or empty
// before its hour.
func retainDay(now time.Time) string {
	if now.Hour() < retainHour {
		return ""
	}
	return now.Format(time.DateOnly)
}

// silence is the longest time in which a city says nothing. A clock that says it
// was longer is likelier wrong than the city silent, and what goes is gone for good.
const silence = 60 * 24 * time.Hour

// turns says when it is time to retain.
type turns struct {
	seen time.Time // the latest moment that the clock was believed
	last string    // day
}

// due says whether the turn of a day has come, once a day, and whether the clock
// is to be believed.
func (t *turns) due(now time.Time) (turn, believed bool) {
	if believed = now.Sub(t.seen) <= silence; believed && now.After(t.seen) {
		t.seen = now
	}
	day := retainDay(now)
	turn = day != "" && day != t.last
	if turn {
		t.last = day
	}
	return turn, believed
}

// retain lets go what is past its time once a day, and once after each start.
func (a *App) retain(ctx context.Context) {
	t := turns{seen: a.latest(ctx)}
	location := a.Tickets.Rules().Calendar.Location()
	for tick := time.NewTicker(sweepEvery); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
		now := a.now()
		turn, believed := t.due(now.In(location))
		if !turn {
			continue
		}
		if !believed {
			slog.ErrorContext(ctx, "nothing goes by itself: the clock is months ahead of what was written last; when it is right, run `fenlin retention`", "since", t.seen)
			continue
		}
		gone, err := a.Retain(ctx, now, false, nil)
		for _, g := range gone {
			if g.N > 0 {
				slog.InfoContext(ctx, "what was past its time went", "what", g.What, "rows", g.N)
			}
		}
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "not all that is past its time went", "error", err)
		}
	}
}

// latest is when the log was written last; the beginning of time when it cannot
// be read, so that nothing goes, and now when it is empty.
func (a *App) latest(ctx context.Context) time.Time {
	at, err := a.Tickets.Latest(ctx)
	if err != nil {
		slog.ErrorContext(ctx, "when the log was written last cannot be read", "error", err)
		return time.Time{}
	}
	if at.IsZero() {
		return a.now()
	}
	return at
}
