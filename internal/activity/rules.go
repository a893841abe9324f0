package activity

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"
)

// Rules are config/activities.yaml.
type Rules struct {
	Kinds     []Kind `yaml:"kinds"`
	Fence     span   `yaml:"fence"`      // metres
	Hours     span   `yaml:"hours"`      // length of one activity
	AheadDays int    `yaml:"ahead_days"` // how far ahead one is announced
	Capacity  span   `yaml:"capacity"`   // of one post
	Slots     span   `yaml:"slots"`      // posts of one activity
	Series    span   `yaml:"series"`     // occasions that are made at once
	Photos    span   `yaml:"photos"`     // of one activity
	Remind    int    `yaml:"remind_hours"`
	Rate      int    `yaml:"rate_days"`    // after the end, a verdict in the chat is of it
	Summary   int    `yaml:"summary_days"` // after the end, the organiser is reminded of the summary; 0: never
	CheckIn   struct {
		Early int `yaml:"early_minutes"` // before the beginning one checks in
		Late  int `yaml:"late_minutes"`  // after the end one checks out
		Ask   int `yaml:"ask_minutes"`   // after checking in, who scans again is asked
	} `yaml:"checkin"`
}

type span struct {
	Least int `yaml:"least"`
	Most  int `yaml:"most"`
}

// Kind is a sort of activity.
type Kind struct {
	Code string `yaml:"code"`
	Name string `yaml:"name"`
}

// LoadRules reads the rules. Errors name what is wrong.
func LoadRules(text []byte) (*Rules, error) {
	var r Rules
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&r); err != nil {
		return nil, err
	}
	for name, s := range map[string]span{"fence": r.Fence, "hours": r.Hours, "capacity": r.Capacity, "slots": r.Slots, "series": r.Series, "photos": r.Photos} {
		if s.Most < 1 || s.Least < 0 || s.Least > s.Most {
			return nil, fmt.Errorf("%s: most must be 1 or more, and least no more than it", name)
		}
	}
	if r.AheadDays < 1 || min(r.Remind, r.Rate, r.Summary, r.CheckIn.Early, r.CheckIn.Late, r.CheckIn.Ask) < 0 {
		return nil, fmt.Errorf("ahead_days must be 1 or more, the other times 0 or more")
	}
	seen := map[string]bool{}
	for _, k := range r.Kinds {
		if k.Code == "" || k.Name == "" || seen[k.Code] {
			return nil, fmt.Errorf("kinds: %q has no code or name, or is there twice", k.Code+k.Name)
		}
		seen[k.Code] = true
	}
	if len(seen) == 0 {
		return nil, fmt.Errorf("kinds is empty")
	}
	return &r, nil
}

// Kind finds a kind by its code.
func (r *Rules) Kind(code string) (Kind, bool) {
	for _, k := range r.Kinds {
		if k.Code == code {
			return k, true
		}
	}
	return Kind{}, false
}
