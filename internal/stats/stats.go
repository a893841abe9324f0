// Package stats computes the rates that the city looks at. It only reads, and
// it is the only reader across tables. A figure and the tickets behind it are
// found by the same condition, so the one can never contradict the other.
package stats

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
		return w, fmt.Errorf("rates.yaml: %w", err)
	}
	sum := w.Weights.Response + w.Weights.Resolution + w.Weights.Satisfaction
	if sum < 0.999 || sum > 1.001 || w.Basic < 0 || w.Basic > 100 {
		return w, fmt.Errorf("rates.yaml: the weights must sum to 1 and basic must lie within 0 and 100")
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
	matured  = accepted + " AND (t.state IN ('closed', 'rejected') OR t.due_at < @now AND (t.suspended_at = 0 OR t.due_at < t.suspended_at))"
	finished = matured + " AND t.finished_at > 0 AND t.state IN ('finished', 'closed')"
	closed   = "t.state = 'closed'"
	answered = closed + " AND t.solved IS NOT NULL"
)

// Service answers questions about rates and figures.
type Service struct {
	DB       *db.DB
	Org      *org.Service
	Weights  Weights
	Location *time.Location // of days and months
	Now      func() time.Time

	Printed []Printed                                            // the figures of the city's own report
	Ages    func(ctx context.Context, day string) ([]int, error) // of the workers on a day: their births are sealed
}

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
	unit, err := s.admit(ctx, &q, now)
	if err != nil {
		return Table{}, err
	}
	key, name, ok := grouping(q.Group)
	if !ok {
		return Table{}, ErrGroup
	}
	columns := []string{key + " AS k", name + " AS n"}
	for _, m := range measures {
		columns = append(columns, fmt.Sprintf("SUM(CASE WHEN %s THEN 1 ELSE 0 END) AS %s", m.at(now), m.name))
	}
	rows, err := s.tickets(ctx, q, unit).Select(strings.Join(columns, ", ")).Group(key).Rows()
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
	t := Table{Org: unit, From: q.From, To: q.To, AsOf: now, Group: q.Group, Rows: []Row{}}
	for _, k := range order {
		s.rates(sums[k])
		t.Rows = append(t.Rows, *sums[k])
	}
	slices.SortStableFunc(t.Rows, func(a, b Row) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key)) })
	total.Name = unit.Name
	s.rates(&total)
	t.Total, t.Macro = total, macro(t.Rows)
	if q.Group == Whole {
		t.Rows = []Row{total}
	}
	return t, nil
}

// admit fills what was left open and refuses what is not the asker's.
func (s *Service) admit(ctx context.Context, q *Query, now time.Time) (org.Unit, error) {
	if q.To.IsZero() {
		q.To = now
	}
	if q.From.IsZero() {
		q.From = time.Date(q.To.In(s.Location).Year(), 1, 1, 0, 0, 0, 0, s.Location)
	}
	last := q.To.In(s.Location).Year() // a year that no RFC 3339 time can tell is none
	if !q.From.Before(q.To) || q.To.Sub(q.From) > MaxPeriod || q.From.In(s.Location).Year() < 1 || last > 9999 {
		return org.Unit{}, ErrPeriod
	}
	if q.Org == 0 {
		post, ok := q.By.Scope(org.SeeRates)
		if !ok {
			return org.Unit{}, org.ErrOutside
		}
		q.Org = post.OrgID
	}
	unit, err := s.Org.Unit(ctx, q.Org)
	if err != nil {
		return unit, err
	}
	if !q.By.May(org.SeeRates, unit.Path) {
		return unit, org.ErrOutside
	}
	return unit, nil
}

// tickets are the tickets a question is about, t, with their units.
func (s *Service) tickets(ctx context.Context, q Query, unit org.Unit) *gorm.DB {
	from, to := org.Below(unit.Path)
	tx := s.DB.Read(ctx).Table("tickets t").
		Joins("JOIN org_units u ON u.id = t.org_id").
		Joins("LEFT JOIN org_units m ON m.id = u.parent_id LEFT JOIN org_units d ON d.id = m.parent_id").
		Where("t.created_at >= ? AND t.created_at < ?", q.From.UnixMilli(), q.To.UnixMilli()).
		Where("u.path >= ? AND u.path < ?", from, to)
	if q.Group == Handler {
		tx = tx.Joins("LEFT JOIN posts p ON p.id = t.lead_post")
	}
	if q.Category != "" {
		tx = tx.Where("t.category = ?", q.Category)
	}
	if q.Handler != 0 {
		tx = tx.Where("t.lead_post = ?", q.Handler)
	}
	return tx
}

// compoundID is the compound of a ticket; it has none while only the city is known.
const compoundID = "CASE WHEN u.kind = 'compound' THEN u.id END"

// None is the key of the row of tickets that belong to none of the group.
const None = "none"

// grouping is the key and name of a group in SQL; months are added up from days.
func grouping(g Group) (key, name string, ok bool) {
	switch g {
	case Whole:
		return "''", "''", true
	case Month:
		return "t.created_at - t.created_at % 3600000", "''", true
	case Category:
		return "t.category", "''", true
	case Compound:
		return compoundID, "MIN(u.name)", true
	case Community:
		return "m.id", "MIN(m.name)", true
	case Subdistrict:
		return "d.id", "MIN(d.name)", true
	case Handler:
		return "t.lead_post", "MIN(p.title)", true
	}
	return "", "", false
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
