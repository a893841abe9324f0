package lists

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"gopkg.in/yaml.v3"
)

// Rules are config/lists.yaml.
type Rules struct {
	Kinds        []Named `yaml:"kinds"`
	Items        []Named `yaml:"agreement_items"` // 四双; empty: agreements are in free words
	AnswerDays   int     `yaml:"answer_days"`
	ProgressDays int     `yaml:"progress_days"`
	EndingDays   int     `yaml:"ending_days"`
	Match        struct {
		Least  int            `yaml:"least"`
		Most   int            `yaml:"most"`
		Points map[Reason]int `yaml:"points"`
	} `yaml:"match"`
}

// Named is an entry of a dictionary.
type Named struct {
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
	for name, list := range map[string][]Named{"kinds": r.Kinds, "agreement_items": r.Items} {
		seen := map[string]bool{}
		for _, n := range list {
			if n.Code == "" || n.Name == "" || len(n.Code) > 32 || seen[n.Code] {
				return nil, fmt.Errorf("%s: %q has no code or name, a code of more than 32 letters, or is there twice", name, n.Code+n.Name)
			}
			seen[n.Code] = true
		}
	}
	if len(r.Kinds) == 0 {
		return nil, fmt.Errorf("kinds is empty")
	}
	for name, n := range map[string]int{"answer_days": r.AnswerDays, "progress_days": r.ProgressDays, "ending_days": r.EndingDays, "match.most": r.Match.Most} {
		if n < 1 || n > 366 {
			return nil, fmt.Errorf("%s must be 1 to 366", name)
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Match.Points)) {
		if _, known := reasonNames[reason]; !known || r.Match.Points[reason] < 0 {
			return nil, fmt.Errorf("match.points: %q is unknown, or its points are below 0", reason)
		}
	}
	return &r, nil
}

func nameIn(list []Named, code string) (string, bool) {
	i := slices.IndexFunc(list, func(n Named) bool { return n.Code == code })
	if i < 0 {
		return code, false
	}
	return list[i].Name, true
}

// Kind is the name of a sort of help; of one that is no longer in the
// dictionary, its code.
func (r *Rules) Kind(code string) string {
	name, _ := nameIn(r.Kinds, code)
	return name
}

// Item is the name of an item of agreements, or its code.
func (r *Rules) Item(code string) string {
	name, _ := nameIn(r.Items, code)
	return name
}
