// Package stats computes the rates that the city looks at. It only reads;
// it is the only reader across tables, and what it writes are sums of what it
// read (keep.go). A figure is the sum of the very rows behind it, so the one can
// never contradict the other.
package stats

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"gopkg.in/yaml.v3"
	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// Errors a person may see.
var (
	ErrPeriod  = errs.New(errs.Invalid, "period", "请选择正确的起止日期，最长三年")
	ErrGroup   = errs.New(errs.Invalid, "group", "不能这样分组")
	ErrRows    = errs.New(errs.Invalid, "too_many_rows", "行数太多，请先选一个下级单位，或换一种分组").At("by", "行数太多")
	ErrMeasure = errs.New(errs.Invalid, "measure", "没有这项指标").At("measure", "没有这项指标")
	ErrKey     = errs.New(errs.Invalid, "key", "没有这一行").At("key", "没有这一行")
	ErrCursor  = errs.New(errs.Invalid, "cursor", "页码已失效，请从第一页看起").At("cursor", "请从第一页看起")
)

// MaxPeriod is the longest period that one question may cover.
const MaxPeriod = 3*366*24*time.Hour + time.Hour

// MaxRows is how many rows an answer has at most.
const MaxRows = 2000

// Weights say what answers count. Source: Beijing's 接诉即办.
type Weights struct {
	Weights struct {
		Response     float64 `yaml:"response"`
		Resolution   float64 `yaml:"resolution"`
		Satisfaction float64 `yaml:"satisfaction"`
	} `yaml:"weights"`
	Basic int64            `yaml:"basic"` // hundredths
	Doubt map[string]Doubt `yaml:"doubt"` // by the codes of signals
}

// Doubt is from when on a signal says that a rate is to be doubted.
type Doubt struct {
	Above float64 `yaml:"above"` // 0 to 1
	Least int64   `yaml:"least"` // denominators below it say nothing
}

// LoadWeights reads config/rates.yaml; unknown keys are refused.
func LoadWeights(text []byte) (Weights, error) {
	var w Weights
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&w); err != nil {
		return w, err
	}
	sum := w.Weights.Response + w.Weights.Resolution + w.Weights.Satisfaction
	if sum < 0.999 || sum > 1.001 || w.Basic < 0 || w.Basic > 100 {
		return w, errors.New("the weights must sum to 1 and basic must lie within 0 and 100")
	}
	for code, d := range w.Doubt {
		if !slices.ContainsFunc(signals, func(s signal) bool { return s.code == code }) {
			return w, fmt.Errorf("doubt: there is no signal %q", code)
		}
		if d.Above < 0 || d.Above > 1 || d.Least < 1 {
			return w, fmt.Errorf("doubt %s: above must lie within 0 and 1, and least be at least 1", code)
		}
	}
	for _, s := range signals {
		if _, ok := w.Doubt[s.code]; !ok {
			return w, fmt.Errorf("doubt: %s is missing", s.code)
		}
	}
	return w, nil
}

// Group is what rows are made of.
type Group string

// The groups.
const (
	Whole       Group = ""
	Month       Group = "month"
	Category    Group = "category"
	Compound    Group = "compound"
	Community   Group = "community"
	Subdistrict Group = "subdistrict"
	Handler     Group = "handler"
)

var groups = []Group{Whole, Month, Category, Compound, Community, Subdistrict, Handler}

// unitKinds are the groups that are units of the tree.
var unitKinds = map[Group]org.Kind{Compound: org.CompoundKind, Community: org.Community, Subdistrict: org.Subdistrict}

// Service answers questions about rates and figures.
type Service struct {
	DB       *db.DB
	Org      *org.Service
	Location *time.Location // of days and months
	Now      func() time.Time

	Ages func(ctx context.Context, day string) ([]int, error) // of the workers on a day: their births are sealed

	rules    atomic.Pointer[Rules]
	public   openCache
	counting sync.Mutex // held by who catches up before reading: others wait for it
}

// Rules are the files that stats goes by.
type Rules struct {
	Weights Weights
	Printed []Printed // the figures of the city's own report
}

// Adopt puts rules in force.
func (s *Service) Adopt(r Rules) { s.rules.Store(&r) }

// Query is a question: whose tickets, created when, in which rows.
type Query struct {
	By       org.Actor // who asks; only subtrees with org.SeeRates are answered
	Org      int64     // 0 = the highest unit the asker may see
	From, To time.Time // To is exclusive; zero = this year until now
	Group    Group
	Category string // only this one, when set
	Handler  int64  // only this lead post, when set
}

// Rate is a share that never hides what it is made of.
type Rate struct {
	Numerator   float64
	Denominator int64
	Rate        *float64 // nil when there is nothing to divide by
}

// Row is one group's figures.
type Row struct {
	Tally

	Key, Name    string
	Finish       Rate
	OnTime       Rate
	Settlement   Rate // 化解率
	Answer       Rate // 响应率
	Resolution   Rate // 解决率
	Satisfaction Rate // 满意率
	Composite    *float64
	Exclusion    Rate
	Reopen       Rate
	Trust        []Signal // how far to trust the rates; of places alone
	Before       *Row     // of the period before, without names; nil when there was nothing
}

// Times is how long things took, in whole minutes, told at most an eighth too long.
type Times struct {
	Count       int64
	Median, P90 *int // within which a half, nine in ten were done; nil when nothing was
}

// Response is how long reporters waited to be contacted.
func (t *Tally) Response() Times { return t.response.told() }

// Handling is how long it took from the report to the finish that holds.
func (t *Tally) Handling() Times { return t.handling.told() }

func (t *times) told() Times { return Times{t.n, t.within(50), t.within(90)} }

// Table is the answer.
type Table struct {
	Org      org.Unit
	From, To time.Time
	Before   struct{ From, To time.Time }
	AsOf     time.Time // all that happened until then is counted
	Group    Group
	Rows     []Row
	Total    Row                 // the sum: every ticket counts the same (micro)
	Macro    map[string]*float64 // the mean of the rows' rates: every unit counts the same
}

// Rates answers a question with rows in the order of their names, from what is
// counted at one moment. Errors: org.ErrOutside, ErrPeriod, ErrGroup, ErrRows.
func (s *Service) Rates(ctx context.Context, q Query) (Table, error) {
	now := s.Now()
	unit, stood, err := s.admit(ctx, &q, now)
	if err != nil {
		return Table{}, err
	}
	return s.table(ctx, q, unit, stood, now)
}

// table answers a question that is complete and allowed.
func (s *Service) table(ctx context.Context, q Query, unit org.Unit, stood []string, now time.Time) (Table, error) {
	if !slices.Contains(groups, q.Group) {
		return Table{}, ErrGroup
	}
	s.catchUp(ctx)
	t := Table{Org: unit, From: q.From, To: q.To, Group: q.Group, Rows: []Row{}}
	t.Before.From, t.Before.To = s.before(q.From, q.To)
	var rows, before tallies
	err := s.DB.Snapshot(ctx, func(tx *gorm.DB) error {
		var err error
		if t.AsOf, err = s.asOf(tx, now); err != nil {
			return err
		}
		scope, err := s.scope(tx, q, stood)
		if err != nil {
			return err
		}
		if len(scope.rows) > MaxRows {
			return ErrRows
		}
		if rows, err = s.sum(tx, q, scope, now); err != nil {
			return err
		}
		if len(rows.by) > MaxRows {
			return ErrRows
		}
		q.From, q.To = t.Before.From, t.Before.To
		if q.Group == Month { // a month has itself before it
			q.Group = Whole
		}
		before, err = s.sum(tx, q, scope, now)
		return err
	})
	if err != nil {
		return Table{}, err
	}
	rules := s.rules.Load()
	for key, counted := range rows.by {
		r := Row{Key: key, Name: key, Tally: *counted}
		if key == None {
			r.Name = "小区未定"
		}
		rules.Weights.rates(&r)
		if t.Group != Handler { // a post is held by one person, and persons are not judged here
			r.Trust = rules.Weights.trust(&r.Tally)
		}
		if was, ok := before.by[key]; ok {
			r.Before = &Row{Key: key, Tally: *was}
			rules.Weights.rates(r.Before)
		}
		t.Rows = append(t.Rows, r)
	}
	if err := s.name(ctx, t.Rows, t.Group, t.To); err != nil {
		return Table{}, err
	}
	slices.SortStableFunc(t.Rows, func(a, b Row) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key)) })
	t.Total = Row{Name: unit.Name, Tally: rows.total, Before: &Row{Tally: before.total}}
	rules.Weights.rates(&t.Total)
	rules.Weights.rates(t.Total.Before)
	t.Total.Trust = rules.Weights.trust(&t.Total.Tally)
	t.Macro = macro(t.Rows)
	if t.Group == Whole {
		t.Rows = []Row{t.Total}
	}
	return t, nil
}

// catchUp counts what changed a moment ago, so that whoever acts and then looks
// sees it; but in a storm one batch must do, and the answer says as of when it is.
func (s *Service) catchUp(ctx context.Context) {
	s.counting.Lock()
	defer s.counting.Unlock()
	if _, err := s.keepSome(ctx); err != nil && ctx.Err() == nil {
		slog.WarnContext(ctx, "the rates were not kept", "error", err)
	}
}

// before is the period of as many days or whole months that ends where this
// one begins.
func (s *Service) before(from, to time.Time) (time.Time, time.Time) {
	a, b := from.In(s.Location), to.In(s.Location)
	months := (b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month())
	if midnight := func(t time.Time) bool { return t.Equal(time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, s.Location)) }; midnight(a) && midnight(b) {
		return a.AddDate(0, -months, 0), a
	}
	days := int((to.Sub(from) + 24*time.Hour - 1) / (24 * time.Hour))
	return a.AddDate(0, 0, -days), a
}

// admit fills what was left open and refuses what is not the asker's. It
// returns the unit asked about and every path at which it stood.
func (s *Service) admit(ctx context.Context, q *Query, now time.Time) (org.Unit, []string, error) {
	if q.To.IsZero() {
		q.To = now
	}
	if q.From.IsZero() {
		q.From = time.Date(q.To.In(s.Location).Year(), 1, 1, 0, 0, 0, 0, s.Location)
	}
	last := q.To.In(s.Location).Year() // a year that no RFC 3339 time can tell is none
	if !q.From.Before(q.To) || q.To.Sub(q.From) > MaxPeriod || q.From.In(s.Location).Year() < 1 || last > 9999 {
		return org.Unit{}, nil, ErrPeriod
	}
	if q.Org == 0 {
		post, ok := q.By.Scope(org.SeeRates)
		if !ok {
			return org.Unit{}, nil, org.ErrOutside
		}
		q.Org = post.OrgID
	}
	unit, err := s.Org.Unit(ctx, q.Org)
	if err != nil {
		return unit, nil, err
	}
	if !q.By.May(org.SeeRates, unit.Path) {
		return unit, nil, org.ErrOutside
	}
	stood, err := s.Org.Paths(ctx, unit.ID)
	return unit, stood, err
}

// name calls rows as people do, units as they were called at the end of the
// period. Categories and months have their keys.
func (s *Service) name(ctx context.Context, rows []Row, g Group, to time.Time) error {
	if _, unit := unitKinds[g]; !unit && g != Handler {
		return nil
	}
	ids := make([]int64, 0, len(rows))
	for _, r := range rows {
		if id, err := strconv.ParseInt(r.Key, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	names := map[int64]string{}
	var err error
	if g == Handler {
		var posts []struct {
			ID    int64
			Title string
		}
		posts, err = db.Lookup[struct {
			ID    int64
			Title string
		}](s.DB.Read(ctx), "SELECT id, title FROM posts WHERE id IN ?", ids)
		for _, p := range posts {
			names[p.ID] = p.Title
		}
	} else {
		names, err = s.Org.Names(ctx, ids, to.Add(-time.Millisecond))
	}
	for i := range rows {
		id, _ := strconv.ParseInt(rows[i].Key, 10, 64) // none is no id
		if name := names[id]; name != "" {
			rows[i].Name = name
		}
	}
	return err
}

// None is the key of the row of tickets that belong to none of the group.
const None = "none"
