package activity

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gopkg.in/yaml.v3"
)

// HourRule is one rule of config/hours.yaml.
type HourRule struct {
	Rule   string `yaml:"rule"`
	Value  int    `yaml:"value"`
	Source string `yaml:"source"` // in Chinese: where it comes from
}

// HourRules are how hours are counted.
type HourRules struct {
	List []HourRule

	pairs, least, review int
	clip                 bool
}

// LoadHours reads config/hours.yaml. Errors name what is wrong.
func LoadHours(text []byte) (*HourRules, error) {
	var r HourRules
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&r.List); err != nil {
		return nil, err
	}
	var clip, out int
	for _, known := range []struct {
		rule        string
		into        *int
		least, most int
	}{
		{"pairs_a_day", &r.pairs, 1, 100},
		{"clip_to_activity", &clip, 0, 1},
		{"count_without_out", &out, 0, 0},
		{"least_percent", &r.least, 0, 100},
		{"review_over_minutes", &r.review, 1, 24 * 60},
	} {
		i := slices.IndexFunc(r.List, func(h HourRule) bool { return h.Rule == known.rule })
		if i < 0 {
			return nil, fmt.Errorf("%s is missing", known.rule)
		}
		h := r.List[i]
		if h.Value < known.least || h.Value > known.most || h.Source == "" {
			return nil, fmt.Errorf("%s: value must be %d to %d, and source be there", h.Rule, known.least, known.most)
		}
		*known.into = h.Value
	}
	if len(r.List) != 5 {
		return nil, fmt.Errorf("a rule is unknown or there twice")
	}
	r.clip = clip == 1
	return &r, nil
}

// Attended is a pair with the times of its activity. Times are epoch milliseconds.
type Attended struct {
	ActivityID       int64
	StartsAt, EndsAt int64
	InAt, OutAt      int64 // an out of 0: none
}

// Credit is what one activity is worth.
type Credit struct {
	Minutes int
	Review  bool   // to be looked at by the organiser before it counts
	Why     string // it is 0 or waits, in Chinese; empty otherwise
}

// Why something does not count, as its owner reads it.
const (
	whyNoOut  = "没有签退，不计时长"
	whyMany   = "超过每天可计的次数"
	whyShort  = "不到活动时长的规定比例，记零"
	whyReview = "一天的时长超过规定，由组织人复核后计入"
)

// Count says what a person's pairs of one day are worth, by activity. Time that
// two pairs share counts once, for whichever began first.
func (r *HourRules) Count(day []Attended) map[int64]Credit {
	day = slices.Clone(day)
	slices.SortStableFunc(day, func(a, b Attended) int {
		return cmp.Or(cmp.Compare(a.InAt, b.InAt), cmp.Compare(a.OutAt, b.OutAt), cmp.Compare(a.ActivityID, b.ActivityID))
	})
	out, long, spent := map[int64]Credit{}, map[int64]int64{}, map[int64]int64{}
	used, covered, total := 0, int64(0), 0
	note := func(id int64, why string) {
		c := out[id]
		c.Why = why
		out[id] = c
	}
	for _, a := range day {
		long[a.ActivityID] = a.EndsAt - a.StartsAt
		switch {
		case a.OutAt == 0:
			note(a.ActivityID, whyNoOut)
			continue
		case used == r.pairs:
			note(a.ActivityID, whyMany)
			continue
		}
		used++
		from, to := a.InAt, a.OutAt
		if r.clip {
			from, to = max(from, a.StartsAt), min(to, a.EndsAt)
		}
		from = max(from, covered)
		spent[a.ActivityID] += max(to-from, 0)
		covered = max(covered, to)
	}
	for id, ms := range spent {
		c := Credit{Minutes: int(ms / time.Minute.Milliseconds())}
		if ms*100 < long[id]*int64(r.least) {
			c = Credit{Why: whyShort}
		}
		out[id] = c
		total += c.Minutes
	}
	if total > r.review {
		for id, c := range out {
			if c.Minutes > 0 {
				c.Review, c.Why = true, whyReview
				out[id] = c
			}
		}
	}
	return out
}

// Served is one activity in a person's own record.
type Served struct {
	Activity
	Credit
}

// Hours are a person's own, the newest activity first: nobody else asks for
// them. Activities that are still on are not among them.
func (s *Service) Hours(ctx context.Context, person int64) ([]Served, error) {
	var pairs []Pair
	if err := s.DB.Read(ctx).Order("in_at").Find(&pairs, "person_id = ? AND state = ?", person, PairOK).Error; err != nil || len(pairs) == 0 {
		return nil, err
	}
	var ids []int64
	for _, p := range pairs {
		ids = append(ids, p.ActivityID)
	}
	slices.Sort(ids)
	known := map[int64]Activity{}
	for some := range slices.Chunk(slices.Compact(ids), loadBatch) {
		var found []Activity
		if err := s.DB.Read(ctx).Find(&found, "id IN ? AND state IN ?", some, []State{Done, Archived}).Error; err != nil {
			return nil, err
		}
		for _, a := range found {
			known[a.ID] = a
		}
	}
	days := map[string][]Attended{}
	for _, p := range pairs {
		if a, ok := known[p.ActivityID]; ok {
			day := time.UnixMilli(a.StartsAt).In(s.Location).Format(time.DateOnly)
			days[day] = append(days[day], Attended{a.ID, a.StartsAt, a.EndsAt, p.InAt, p.OutAt})
		}
	}
	var out []Served
	for _, day := range days {
		for id, c := range s.counting.Load().Count(day) {
			out = append(out, Served{known[id], c})
		}
	}
	slices.SortFunc(out, func(a, b Served) int {
		return cmp.Or(cmp.Compare(b.StartsAt, a.StartsAt), cmp.Compare(b.ID, a.ID))
	})
	return out, nil
}

// AdoptHours puts rules of counting in force.
func (s *Service) AdoptHours(r *HourRules) { s.counting.Store(r) }
