package stats

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Printed is a figure as the city's report has it.
type Printed struct {
	Key      string `yaml:"key"`
	Name     string `yaml:"name"`     // in Chinese
	Printed  string `yaml:"printed"`  // 64, 400+ (at least), 97.5%
	AsOf     string `yaml:"as_of"`    // the day that it speaks of, 2006-01-02
	Compound string `yaml:"compound"` // the compound of a figure of one
	Note     string `yaml:"note"`
}

// Figure is a printed figure beside what the tables say.
type Figure struct {
	Printed
	Numerator   int64  // the count; of a mean the sum
	Denominator int64  // of a share or a mean
	Of          bool   // it is a share or a mean: the denominator counts
	Computed    string // 64, 307/315 = 97.5%
	Agrees      bool
	Why         string // in Chinese: why it does not agree, or what else is to be known
}

// LoadFigures reads config/figures.yaml; unknown keys and figures are refused.
func LoadFigures(text []byte) ([]Printed, error) {
	var file struct {
		AsOf     string `yaml:"as_of"`
		Compound string
		Figures  []Printed
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("%w", err)
	}
	for i := range file.Figures {
		f := &file.Figures[i]
		if f.AsOf == "" {
			f.AsOf = file.AsOf
		}
		if f.Compound == "" {
			f.Compound = file.Compound
		}
		if _, ok := sources[f.Key]; !ok {
			return nil, fmt.Errorf("there is no figure %q", f.Key)
		}
		if _, err := time.Parse(time.DateOnly, f.AsOf); err != nil {
			return nil, fmt.Errorf("%s: as_of is not a day like 2025-12-31", f.Key)
		}
		if _, ok := readPrinted(f.Printed); !ok {
			return nil, fmt.Errorf("%s: %q is neither a number, nor one with + or %%", f.Key, f.Printed)
		}
	}
	return file.Figures, nil
}

// source is where a figure comes from: SQL that gives n, and d when it is a
// share. It may name @now, @from and @to (of the year), and @compound.
type source struct {
	sql     string
	of      shape
	besides string // SQL of a number n to be told with it
	says    string // how it is told
}

// shape is what a figure is.
type shape int

const (
	count shape = iota
	share100
	mean
)

const (
	held     = "SELECT COUNT(*) AS n FROM posts p JOIN appointments a ON a.post_id = p.id WHERE p.closed_at = 0 AND a.from_at <= @now AND (a.to_at = 0 OR a.to_at > @now) AND a.unit_id <> 0 AND p.role = "
	points   = "SELECT COUNT(*) AS n FROM service_points s JOIN org_units u ON u.id = s.org_id WHERE "
	employed = "SELECT COUNT(*) AS n FROM workers WHERE left_at = 0"
	listed   = " FROM party_members WHERE left_at = 0"
	worked   = "SELECT COUNT(*) AS n FROM units WHERE closed_at = 0 AND kind = "
	standing = "SELECT COUNT(*) AS n FROM compounds c JOIN org_units u ON u.id = c.org_id WHERE u.closed_at = 0 AND "
	items    = "SELECT COUNT(*) AS n FROM service_items i JOIN org_units u ON u.id = i.compound_id WHERE u.name = @compound"
	problems = " FROM tickets t JOIN org_units u ON u.id = t.org_id WHERE u.name = @compound AND t.created_at >= @from AND t.created_at < @to AND "
)

// The counts of the rates in SQL; @now is the moment of the question.
const (
	accepted = "t.state NOT IN ('withdrawn', 'merged', 'excluded')"
	matured  = accepted + " AND (t.state IN ('closed', 'rejected') OR t.due_at < @now AND (t.paused_at = 0 OR t.due_at < t.paused_at))"
	closed   = "t.state = 'closed'"
)

// sources is every figure that can be computed.
var sources = map[string]source{
	"organs":                  {sql: worked + "'organ'"},
	"enterprises":             {sql: worked + "'enterprise'"},
	"social":                  {sql: worked + "'social'"},
	"in_service_registered":   {sql: "SELECT COUNT(*) AS n" + listed + " AND category = 'in_service' AND unit_id <> 0 AND community_id <> 0"},
	"commissioners":           {sql: held + "'commissioner'"},
	"communities":             {sql: "SELECT COUNT(*) AS n FROM org_units WHERE kind = 'community' AND closed_at = 0"},
	"branches":                {sql: standing + "c.branch <> ''"},
	"consulting_compounds":    {sql: standing + "c.consults_since <> ''"},
	"stations_rewarded":       {sql: points + "s.kind = 'station' AND s.passed_on <> '' AND s.rewarded_on <> ''"},
	"centers_upgraded":        {sql: points + "s.kind = 'center' AND s.upgraded_on <> ''"},
	"demonstration_city":      {sql: points + "s.demonstration = 1 AND u.kind = 'city'"},
	"demonstration_community": {sql: points + "s.demonstration = 1 AND u.kind = 'community'"},
	"demonstration_compound":  {sql: points + "s.demonstration = 1 AND u.kind = 'compound'"},
	"activities":              {sql: "SELECT COUNT(*) AS n FROM activities WHERE state = 'done' AND starts_at >= @from AND starts_at < @to"},
	"members":                 {sql: "SELECT COUNT(*) AS n" + listed},
	"member_categories":       {sql: "SELECT COUNT(DISTINCT category) AS n" + listed},
	"workers":                 {sql: employed},
	"workers_secretary":       {sql: employed + " AND kind = 'secretary'"},
	"workers_committee":       {sql: employed + " AND kind = 'committee'"},
	"workers_graduate": {
		sql:     employed + " AND (kind = 'graduate' OR graduate = 1)",
		besides: employed + " AND kind <> 'graduate' AND graduate = 1",
		says:    "其中 %d 人后来当选两委成员，两项里都有，所以书记、两委成员、大学生三项相加比总数多 %[1]d",
	},
	"workers_college": {sql: `SELECT COUNT(CASE WHEN education IN ('college', 'bachelor', 'master', 'doctor') THEN 1 END) AS n, COUNT(*) AS d
FROM workers WHERE left_at = 0`, of: share100},
	"workers_age":             {of: mean}, // births are sealed: Service.Ages opens them
	"sent_branch_secretaries": {sql: held + "'branch_secretary'"},
	"sent_group_leaders":      {sql: held + "'group_leader'"},
	"service_items":           {sql: items},
	"problems":                {sql: "SELECT COUNT(*) AS n" + problems + accepted},
	"problems_settled": { // 化解率, as in the rates
		sql: "SELECT COUNT(CASE WHEN " + closed + " AND t.outcome <> '' THEN 1 END) AS n, COUNT(*) AS d" + problems + matured, of: share100,
		besides: "SELECT COUNT(*) AS n" + problems + closed + " AND t.outcome = 'tacit'", says: "其中 %d 件是居民没有回音、到期结案的",
	},
}

// Figures computes every printed figure from the tables.
func (s *Service) Figures(ctx context.Context) ([]Figure, error) {
	printed := s.rules.Load().Printed
	out := make([]Figure, 0, len(printed))
	for _, p := range printed {
		f, err := s.figure(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("figure %s: %w", p.Key, err)
		}
		out = append(out, f)
	}
	return out, nil
}

func (s *Service) figure(ctx context.Context, p Printed) (Figure, error) {
	src := sources[p.Key]
	f := Figure{Printed: p, Of: src.of != count}
	if src.of == mean {
		ages, err := s.Ages(ctx, p.AsOf)
		if err != nil {
			return f, err
		}
		for _, age := range ages {
			f.Numerator += int64(age)
		}
		f.Denominator = int64(len(ages))
	} else {
		var err error
		if f.Numerator, f.Denominator, err = s.count(ctx, src.sql, p); err != nil {
			return f, err
		}
	}
	f.judge(src.of)
	if src.besides == "" {
		return f, nil
	}
	n, _, err := s.count(ctx, src.besides, p)
	if err == nil && n > 0 {
		f.Why = strings.TrimPrefix(f.Why+"；"+fmt.Sprintf(src.says, n), "；")
	}
	return f, err
}

func (s *Service) count(ctx context.Context, sql string, p Printed) (n, d int64, err error) {
	day, err := time.Parse(time.DateOnly, p.AsOf)
	if err != nil {
		return 0, 0, err
	}
	from := time.Date(day.Year(), 1, 1, 0, 0, 0, 0, s.Location)
	var args []any
	if strings.Contains(sql, "@") { // gorm takes no named values that nothing asks for
		args = append(args, map[string]any{
			"now": s.Now().UnixMilli(), "from": from.UnixMilli(), "to": from.AddDate(1, 0, 0).UnixMilli(), "compound": p.Compound,
		})
	}
	var row struct{ N, D int64 }
	err = s.DB.Read(ctx).Raw(sql, args...).Scan(&row).Error
	return row.N, row.D, err
}
