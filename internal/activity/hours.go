package activity

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"gopkg.in/yaml.v3"
)

// HourRule is one row of config/hours.yaml.
type HourRule struct {
	Rule   string `yaml:"rule"`
	Value  int    `yaml:"value"`
	Since  string `yaml:"since"`  // 2006-01-02: the first day it holds; empty: always
	Source string `yaml:"source"` // in Chinese: where it comes from
}

// HourRules are how hours are counted, now and in the past.
type HourRules struct {
	List []HourRule

	eras []era // the newest last; the first has always held
}

// era is the rules from a day on.
type era struct {
	since                       string
	pairs, least, review, amend int
	clip, alone                 int
}

// hourRule is a rule that there must be, with its bounds and its place in an era.
type hourRule struct {
	name        string
	least, most int
	of          func(*era) *int
}

var hourRules = []hourRule{
	{"pairs_a_day", 1, 100, func(e *era) *int { return &e.pairs }},
	{"clip_to_activity", 0, 1, func(e *era) *int { return &e.clip }},
	{"count_without_out", 0, 0, func(e *era) *int { return &e.alone }},
	{"least_percent", 0, 100, func(e *era) *int { return &e.least }},
	{"review_over_minutes", 1, 24 * 60, func(e *era) *int { return &e.review }},
	{"correct_within_days", 1, 3660, func(e *era) *int { return &e.amend }},
}

// LoadHours reads config/hours.yaml. Errors name what is wrong.
func LoadHours(text []byte) (*HourRules, error) {
	var r HourRules
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&r.List); err != nil {
		return nil, err
	}
	slices.SortStableFunc(r.List, func(a, b HourRule) int { return cmp.Compare(a.Since, b.Since) })
	seen := map[[2]string]bool{}
	now := era{}
	for _, h := range r.List {
		i := slices.IndexFunc(hourRules, func(k hourRule) bool { return k.name == h.Rule })
		day, err := time.Parse(time.DateOnly, h.Since)
		switch {
		case i < 0:
			return nil, fmt.Errorf("%q is no rule", h.Rule)
		case h.Value < hourRules[i].least || h.Value > hourRules[i].most:
			return nil, fmt.Errorf("%s: value must be %d to %d", h.Rule, hourRules[i].least, hourRules[i].most)
		case h.Source == "":
			return nil, fmt.Errorf("%s: source is missing", h.Rule)
		case h.Since != "" && (err != nil || day.Format(time.DateOnly) != h.Since):
			return nil, fmt.Errorf("%s: since must be a day such as 2027-01-01, not %q", h.Rule, h.Since)
		case seen[[2]string{h.Rule, h.Since}]:
			return nil, fmt.Errorf("%s is there twice since %q", h.Rule, h.Since)
		}
		seen[[2]string{h.Rule, h.Since}] = true
		if h.Since != now.since {
			r.eras = append(r.eras, now)
			now.since = h.Since
		}
		*hourRules[i].of(&now) = h.Value
	}
	r.eras = append(r.eras, now)
	for _, k := range hourRules {
		if !seen[[2]string{k.name, ""}] {
			return nil, fmt.Errorf("%s without since is missing: days before the first since need it", k.name)
		}
	}
	return &r, nil
}

// on is the rules by which a day (2006-01-02) is counted.
func (r *HourRules) on(day string) era {
	i := len(r.eras) - 1
	for i > 0 && r.eras[i].since > day {
		i--
	}
	return r.eras[i]
}

// Attended is a pair with the times of its activity. Times are epoch milliseconds.
type Attended struct {
	ActivityID       int64
	StartsAt, EndsAt int64
	InAt, OutAt      int64 // an out of 0: none
}

// Credit is what one activity is worth to a person.
type Credit struct {
	Minutes int    // between check-in and check-out, by the rules
	Review  bool   // Minutes wait for the organiser's word: they do not count yet
	Manual  int    // minutes that the organiser entered, where no pair counts: told apart, never among Minutes
	Why     string // Minutes are 0 or wait, in Chinese; empty otherwise
}

// Counts are the minutes that count by check-in and check-out.
func (c Credit) Counts() int {
	if c.Review {
		return 0
	}
	return c.Minutes
}

// Waits are the minutes that wait for a review.
func (c Credit) Waits() int { return c.Minutes - c.Counts() }

// Why something does not count, as its owner reads it.
const (
	whyNoOut   = "没有签退，不计时长；确实做完了的，请组织人更正"
	whyMany    = "超过每天可计的次数"
	whyShort   = "不到活动时长的规定比例，记零"
	whyShared  = "这段时间已经计入同时进行的另一个活动"
	whyReview  = "一天的时长超过规定，由组织人复核后计入"
	whyDenied  = "一天的时长超过规定，组织人复核后没有计入"
	whyClaimed = "没有网络时的签到，等组织人确认"
	whyRefused = "组织人没有确认这次签到"
	whyStruck  = "组织人划去了这次签到，原因见更正记录"
	whyManual  = "没有签到签退，由组织人补录，单独列出"
	whyNotOver = "活动结束后计入"
)

// Count says what a person's pairs of one day (2006-01-02) are worth, by
// activity. Time that two pairs share counts once, for whichever began first.
func (r *HourRules) Count(on string, day []Attended) map[int64]Credit {
	rules := r.on(on)
	day = slices.Clone(day)
	slices.SortFunc(day, func(a, b Attended) int {
		return cmp.Or(cmp.Compare(a.InAt, b.InAt), cmp.Compare(a.OutAt, b.OutAt), cmp.Compare(a.ActivityID, b.ActivityID))
	})
	out, long, stayed, spent := map[int64]Credit{}, map[int64]int64{}, map[int64]int64{}, map[int64]int64{}
	used, covered, total := 0, int64(0), 0
	for _, a := range day {
		long[a.ActivityID] = a.EndsAt - a.StartsAt
		switch {
		case a.OutAt == 0:
			out[a.ActivityID] = Credit{Why: whyNoOut}
			continue
		case used == rules.pairs:
			out[a.ActivityID] = Credit{Why: whyMany}
			continue
		}
		used++
		from, to := a.InAt, a.OutAt
		if rules.clip == 1 {
			from, to = max(from, a.StartsAt), min(to, a.EndsAt)
		}
		stayed[a.ActivityID] += max(to-from, 0)
		from = max(from, covered)
		spent[a.ActivityID] += max(to-from, 0)
		covered = max(covered, to)
	}
	for id, ms := range spent {
		c, least := Credit{Minutes: int(ms / time.Minute.Milliseconds())}, long[id]*int64(rules.least)
		switch {
		case ms*100 >= least && c.Minutes > 0:
		case stayed[id]*100 >= least && stayed[id] > ms:
			c = Credit{Why: whyShared}
		default:
			c = Credit{Why: whyShort}
		}
		out[id] = c
		total += c.Minutes
	}
	if total > rules.review {
		for id, c := range out {
			if c.Minutes > 0 {
				c.Review, c.Why = true, whyReview
				out[id] = c
			}
		}
	}
	return out
}

// AdoptHours puts rules of counting in force.
func (s *Service) AdoptHours(r *HourRules) { s.counting.Store(r) }
