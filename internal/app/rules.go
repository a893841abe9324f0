package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"fenlin/config"
	"fenlin/internal/activity"
	"fenlin/internal/calendar"
	"fenlin/internal/lists"
	"fenlin/internal/member"
	"fenlin/internal/notify"
	"fenlin/internal/outage"
	"fenlin/internal/routing"
	"fenlin/internal/stats"
	"fenlin/internal/ticket"
	"fenlin/internal/understand"
	"fenlin/internal/wish"
)

// Rules are all files of rules, read and checked.
type Rules struct {
	Desk       ticket.Rules
	Outages    *outage.Rules
	Stats      stats.Rules
	Activities *activity.Rules
	Hours      *activity.HourRules
	Wishes     *wish.Rules
	Lists      *lists.Rules
	Briefs     notify.BriefRules
	Consents   member.ConsentTexts
	Retention  []Kept // what has an end, and when

	sums map[string][sha256.Size]byte // of each file
}

// LoadRules reads the rules built in, each replaced by a file of its name in
// dir (empty = none). The error tells of every file that is wrong.
func LoadRules(dir string) (Rules, error) {
	r, wrong := tryRules(dir)
	return r, errors.Join(wrong...)
}

// tryRules is LoadRules with an error for each file that is wrong.
func tryRules(dir string) (Rules, []error) {
	r := Rules{sums: map[string][sha256.Size]byte{}}
	var wrong []error
	read(&r, &wrong, dir, "routing.yaml", routing.Load, &r.Desk.Routes)
	read(&r, &wrong, dir, "understand.yaml", understand.New, &r.Desk.Reader)
	read(&r, &wrong, dir, "duplicates.yaml", ticket.LoadLikeness, &r.Desk.Likeness)
	read(&r, &wrong, dir, "content.yaml", ticket.LoadContent, &r.Desk.Content)
	read(&r, &wrong, dir, "outages.yaml", r.outages, &r.Outages)
	read(&r, &wrong, dir, "calendar.yaml", calendar.New, &r.Desk.Calendar)
	read(&r, &wrong, dir, "rates.yaml", stats.LoadWeights, &r.Stats.Weights)
	read(&r, &wrong, dir, "figures.yaml", stats.LoadFigures, &r.Stats.Printed)
	read(&r, &wrong, dir, "activities.yaml", activity.LoadRules, &r.Activities)
	read(&r, &wrong, dir, "hours.yaml", activity.LoadHours, &r.Hours)
	read(&r, &wrong, dir, "wishes.yaml", wish.LoadRules, &r.Wishes)
	read(&r, &wrong, dir, "lists.yaml", lists.LoadRules, &r.Lists)
	read(&r, &wrong, dir, "briefs.yaml", notify.LoadBriefs, &r.Briefs)
	read(&r, &wrong, dir, "consent.yaml", member.LoadConsents, &r.Consents)
	read(&r, &wrong, dir, "retention.yaml", LoadRetention, &r.Retention)
	return r, wrong
}

// outages reads rules that name categories.
func (r *Rules) outages(text []byte) (*outage.Rules, error) {
	return outage.LoadRules(text, func(code string) bool {
		if r.Desk.Reader == nil { // that file is wrong and is told of itself
			return true
		}
		_, ok := r.Desk.Reader.Category(code)
		return ok
	})
}

// read is one of the files.
func read[T any](r *Rules, wrong *[]error, dir, name string, parse func([]byte) (T, error), into *T) {
	folder := ""
	if dir != "" {
		folder = filepath.Clean(dir) + string(filepath.Separator)
	}
	v, err := load(files(dir), name, func(text []byte) (T, error) {
		r.sums[name] = sha256.Sum256(text)
		return parse(text)
	})
	if err != nil {
		*wrong = append(*wrong, fmt.Errorf("%s%w", folder, err))
	}
	*into = v
}

// load reads one file of rules.
func load[T any](rules fs.FS, name string, parse func([]byte) (T, error)) (T, error) {
	var none T
	text, err := fs.ReadFile(rules, name)
	if err != nil {
		return none, err
	}
	v, err := parse(text)
	if err != nil {
		return none, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// files are the rules built in, each replaced by a file of its name in dir.
func files(dir string) fs.FS {
	if dir == "" {
		return config.FS
	}
	return overlay{os.DirFS(dir), config.FS}
}

type overlay struct{ over, base fs.FS }

func (o overlay) Open(name string) (fs.File, error) {
	f, err := o.over.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return o.base.Open(name)
	}
	return f, err
}

// adopt puts rules in force.
func (a *App) adopt(r Rules) {
	a.Tickets.Adopt(r.Desk)
	a.Tickets.Outages.Adopt(r.Outages)
	a.Stats.Adopt(r.Stats)
	a.Activities.Adopt(r.Activities)
	a.Activities.AdoptHours(r.Hours)
	a.Wishes.Adopt(r.Wishes)
	a.Lists.Adopt(r.Lists)
	a.Members.Adopt(r.Consents)
	a.rules.Store(&r)
}

// warn tells of a year in which clocks run although its holidays are not known.
func (a *App) warn(ctx context.Context) {
	now := a.now()
	if year, gap := a.Tickets.Rules().Calendar.Uncovered(now, now.Add(ticket.MaxExtension)); gap {
		slog.WarnContext(ctx, "the calendar knows no holidays of a year in which clocks run: Monday to Friday are taken for workdays", "year", year)
	}
	if a.Config.photosApart() {
		slog.WarnContext(ctx, "each replica keeps photos in its own folder: set FENLIN_PHOTOS, or share the folder", "folder", a.Config.photoFolder())
	}
}

// Reload reads the configuration's file and the files of rules again and puts
// them in force, all of it or nothing: when something is wrong, or a setting
// has changed that only a start can change, the old ones stay. It returns what
// has changed. The environment of a process never changes. Calls wait for each
// other.
func (a *App) Reload() ([]string, error) {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	next := a.given
	if a.given.File != "" {
		var err error
		if next, err = LoadConfig(a.given.File, a.given.Demo); err != nil {
			return nil, err
		}
	}
	changed, fixed := settingsChanged(a.given, next)
	if len(fixed) > 0 {
		return nil, fmt.Errorf("a restart is needed for what was changed: %s", strings.Join(fixed, ", "))
	}
	r, err := LoadRules(a.Config.RulesDir)
	if err != nil {
		return nil, err
	}
	for name, sum := range r.sums {
		if sum != a.rules.Load().sums[name] {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	a.adopt(r)
	if a.given = next; a.LogLevel != nil {
		a.LogLevel.Set(next.LogLevel)
	}
	return changed, nil
}

// obey reloads at each SIGHUP.
func (a *App) obey(ctx context.Context) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	defer signal.Stop(asked)
	for {
		select {
		case <-ctx.Done():
			return
		case <-asked:
		}
		if changed, err := a.Reload(); err != nil {
			slog.ErrorContext(ctx, "nothing was reloaded, the old configuration and rules stay in force", "error", err)
		} else {
			slog.InfoContext(ctx, "configuration and rules were reloaded", "changed", changed)
			a.warn(ctx)
		}
	}
}
