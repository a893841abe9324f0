// Package stats computes the rates that the city looks at. It only reads, and
// it is the only reader across tables. A figure and the tickets behind it are
// found by the same condition, so the one can never contradict the other.
package stats

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	ErrMeasure = errs.New(errs.Invalid, "measure", "没有这项指标").At("measure", "没有这项指标")
	ErrKey     = errs.New(errs.Invalid, "key", "没有这一行").At("key", "没有这一行")
	ErrCursor  = errs.New(errs.Invalid, "cursor", "页码已失效，请从第一页看起").At("cursor", "请从第一页看起")
)

// MaxPeriod is the longest period that one question may cover.
const MaxPeriod = 3*366*24*time.Hour + time.Hour

// Weights say what answers count. Source: Beijing's 接诉即办.
type Weights struct {
	Weights struct {
		Response     float64 `yaml:"response"`
		Resolution   float64 `yaml:"resolution"`
		Satisfaction float64 `yaml:"satisfaction"`
	} `yaml:"weights"`
	Basic int64 `yaml:"basic"` // hundredths
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

// Measure is a count of tickets that a rate is made of.
type Measure string

// The measures.
const (
	Accepted  Measure = "accepted"  // created in the period, but not withdrawn, merged or excluded
	Received  Measure = "received"  // accepted or excluded
	Matured   Measure = "matured"   // accepted, and closed or past due (the clock of a suspended one stands)
	Finished  Measure = "finished"  // matured, and the work is done
	OnTime    Measure = "on_time"   // finished, never late
	Settled   Measure = "settled"   // matured, closed as confirmed or tacit
	Confirmed Measure = "confirmed" // settled by the reporter's word
	Tacit     Measure = "tacit"     // settled by the reporter's silence
	Answered  Measure = "answered"  // V: closed with an answered follow-up
	Responded Measure = "responded" // answered, and the reporter had been contacted
	Resolved  Measure = "resolved"  // answered: solved
	Satisfied Measure = "satisfied" // answered: satisfied
	Basic     Measure = "basic"     // answered: basically satisfied
	Excluded  Measure = "excluded"  // excluded by a decision
	Reopened  Measure = "reopened"  // accepted, and done again at least once
	EverDone  Measure = "ever_done" // accepted, and finished at least once
)

// measure is a measure's condition on tickets t; @now is the moment of the question.
type measure struct {
	name Measure
	cond string
}

// at is the condition at a moment; gorm takes neither mixed nor unused named values.
func (m measure) at(now time.Time) string {
	return strings.ReplaceAll(m.cond, "@now", strconv.FormatInt(now.UnixMilli(), 10))
}

var measures = []measure{
	{Accepted, accepted},
	{Received, "t.state NOT IN ('withdrawn', 'merged')"},
	{Matured, matured},
	{Finished, finished},
	{OnTime, finished + " AND t.late = 0"},
	{Settled, closed + " AND t.outcome <> ''"},
	{Confirmed, closed + " AND t.outcome IN ('confirmed', 'followed_up')"},
	{Tacit, closed + " AND t.outcome = 'tacit'"},
	{Answered, answered},
	{Responded, answered + " AND t.contacted_at > 0"},
	{Resolved, answered + " AND t.solved = 1"},
	{Satisfied, answered + " AND t.satisfaction = 'satisfied'"},
	{Basic, answered + " AND t.satisfaction = 'basic'"},
	{Excluded, "t.state = 'excluded'"},
	{Reopened, accepted + " AND t.redos > 0"},
	{EverDone, accepted + " AND (t.redos > 0 OR t.finished_at > 0)"},
}

const (
	accepted = "t.state NOT IN ('withdrawn', 'merged', 'excluded')"
	matured  = accepted + " AND (t.state IN ('closed', 'rejected') OR t.due_at < @now AND (t.paused_at = 0 OR t.due_at < t.paused_at))"
	finished = matured + " AND t.finished_at > 0 AND t.state IN ('finished', 'closed')"
	closed   = "t.state = 'closed'"
	answered = closed + " AND t.solved IS NOT NULL"
)

// Service answers questions about rates and figures.
type Service struct {
	DB       *db.DB
	Org      *org.Service
	Location *time.Location // of days and months
	Now      func() time.Time

	Ages func(ctx context.Context, day string) ([]int, error) // of the workers on a day: their births are sealed

	rules atomic.Pointer[Rules]
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
	Key, Name    string
	Counts       map[Measure]int64
	Finish       Rate
	OnTime       Rate
	Settlement   Rate // 化解率
	Response     Rate // 响应率
	Resolution   Rate // 解决率
	Satisfaction Rate // 满意率
	Composite    *float64
	Exclusion    Rate
	Reopen       Rate
}

// Table is the answer.
type Table struct {
	Org      org.Unit
	From, To time.Time
	AsOf     time.Time
	Group    Group
	Rows     []Row
	Total    Row                 // the sum: every ticket counts the same (micro)
	Macro    map[string]*float64 // the mean of the rows' rates: every unit counts the same
}

// Rates answers a question with rows in the order of their names.
// Errors: org.ErrOutside, ErrPeriod, ErrGroup.
func (s *Service) Rates(ctx context.Context, q Query) (Table, error) {
	now := s.Now()
	unit, stood, err := s.admit(ctx, &q, now)
	if err != nil {
		return Table{}, err
	}
	by, ok := groups[q.Group]
	if !ok {
		return Table{}, ErrGroup
	}
	name := "''"
	if q.Group == Handler {
		name = "MIN(p.title)"
	}
	columns := []string{by.key + " AS k", name + " AS n"}
	for _, m := range measures {
		columns = append(columns, fmt.Sprintf("SUM(CASE WHEN %s THEN 1 ELSE 0 END) AS %s", m.at(now), m.name))
	}
	rows, err := s.tickets(ctx, q, stood).Select(strings.Join(columns, ", ")).Group(by.key).Rows()
	if err != nil {
		return Table{}, err
	}
	defer func() { _ = rows.Close() }()
	sums, order := map[string]*Row{}, []string{}
	total := Row{Counts: map[Measure]int64{}}
	for rows.Next() {
		var k, n *string
		counts := make([]int64, len(measures))
		into := []any{&k, &n}
		for i := range counts {
			into = append(into, &counts[i])
		}
		if err := rows.Scan(into...); err != nil {
			return Table{}, err
		}
		rowKey, rowName := s.label(q.Group, k, n)
		r, ok := sums[rowKey]
		if !ok {
			r = &Row{Key: rowKey, Name: rowName, Counts: map[Measure]int64{}}
			sums[rowKey], order = r, append(order, rowKey)
		}
		for i, m := range measures {
			r.Counts[m.name] += counts[i]
			total.Counts[m.name] += counts[i]
		}
	}
	if err := rows.Err(); err != nil {
		return Table{}, err
	}
	if by.unit {
		if err := s.name(ctx, sums, q.To); err != nil {
			return Table{}, err
		}
	}
	weights := s.rules.Load().Weights
	t := Table{Org: unit, From: q.From, To: q.To, AsOf: now, Group: q.Group, Rows: []Row{}}
	for _, k := range order {
		weights.rates(sums[k])
		t.Rows = append(t.Rows, *sums[k])
	}
	slices.SortStableFunc(t.Rows, func(a, b Row) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key)) })
	total.Name = unit.Name
	weights.rates(&total)
	t.Total, t.Macro = total, macro(t.Rows)
	if q.Group == Whole {
		t.Rows = []Row{total}
	}
	return t, nil
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

// name calls rows of units as they were called at the end of the period.
func (s *Service) name(ctx context.Context, rows map[string]*Row, to time.Time) error {
	ids := make([]int64, 0, len(rows))
	for key := range rows {
		if id, err := strconv.ParseInt(key, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	names, err := s.Org.Names(ctx, ids, to.Add(-time.Millisecond))
	for id, name := range names {
		rows[strconv.FormatInt(id, 10)].Name = name
	}
	return err
}

// tickets are the tickets t that a question is about, each with the state h of
// its unit when it was created: a rate of last year stands on last year's tree.
// The unit asked about may have moved, so it is looked for wherever it stood.
func (s *Service) tickets(ctx context.Context, q Query, stood []string) *gorm.DB {
	in := s.DB.Read(ctx).Session(&gorm.Session{NewDB: true})
	for _, path := range stood {
		from, to := org.Below(path)
		in = in.Or("h.path >= ? AND h.path < ?", from, to)
	}
	tx := s.DB.Read(ctx).Table("tickets t").
		Joins(joinState).
		Where("t.created_at >= ? AND t.created_at < ?", q.From.UnixMilli(), q.To.UnixMilli()).Where(in)
	for _, join := range groups[q.Group].joins {
		tx = tx.Joins(join)
	}
	if q.Category != "" {
		tx = tx.Where("t.category = ?", q.Category)
	}
	if q.Handler != 0 {
		tx = tx.Where("t.lead_post = ?", q.Handler)
	}
	return tx
}

// None is the key of the row of tickets that belong to none of the group.
const None = "none"

// The units of a ticket when it was created, in SQL. It has none while only the
// city is known. A compound that was merged stands under the one that took it
// up, and what was still filed for it belongs there.
const (
	compoundThen  = "CASE WHEN u.kind = 'compound' THEN CASE WHEN o.kind = 'compound' THEN h.parent_id ELSE h.org_id END END"
	communityThen = "CASE WHEN u.kind = 'compound' THEN CASE WHEN o.kind = 'compound' THEN c.parent_id ELSE h.parent_id END END"

	joinState     = "JOIN org_history h ON h.org_id = t.org_id AND h.from_at <= t.created_at AND h.to_at > t.created_at"
	joinKinds     = "JOIN org_units u ON u.id = h.org_id LEFT JOIN org_units o ON o.id = h.parent_id"
	joinTaker     = "LEFT JOIN org_history c ON c.org_id = h.parent_id AND c.from_at <= t.created_at AND c.to_at > t.created_at"
	joinCommunity = "LEFT JOIN org_history m ON m.org_id = " + communityThen + " AND m.from_at <= t.created_at AND m.to_at > t.created_at"
)

// grouping is a group's key in SQL, what it needs beside t and h, and whether
// it is a unit's id; months are added up from hours.
type grouping struct {
	key   string
	joins []string
	unit  bool
}

var groups = map[Group]grouping{
	Whole:       {key: "''"},
	Month:       {key: "t.created_at - t.created_at % 3600000"},
	Category:    {key: "t.category"},
	Compound:    {compoundThen, []string{joinKinds}, true},
	Community:   {communityThen, []string{joinKinds, joinTaker}, true},
	Subdistrict: {"m.parent_id", []string{joinKinds, joinTaker, joinCommunity}, true},
	Handler:     {key: "t.lead_post", joins: []string{"LEFT JOIN posts p ON p.id = t.lead_post"}},
}

// label is a row's key and name as people read them. Hours are put into their
// local months here, because no SQL for it runs on both engines.
func (s *Service) label(g Group, k, n *string) (key, name string) {
	if k == nil {
		return None, "小区未定"
	}
	if g == Month {
		ms, _ := strconv.ParseInt(*k, 10, 64)
		m := time.UnixMilli(ms).In(s.Location).Format("2006-01")
		return m, m
	}
	if n == nil || *n == "" {
		return *k, *k
	}
	return *k, *n
}
