// Package outage knows what was announced to be off: water, power, gas or
// heating, where and until when. A report of it is answered at once.
package outage

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Rules are config/outages.yaml.
type Rules struct {
	MaxDays   int    `yaml:"max_days"`
	AheadDays int    `yaml:"ahead_days"`
	Kinds     []Kind `yaml:"kinds"`
}

// Kind is a sort of outage.
type Kind struct {
	Category   string   `yaml:"category"` // as understand's codes
	Name       string   `yaml:"name"`     // 停水
	Department string   `yaml:"department"`
	Except     []string `yaml:"except"` // words of reports that ask about something else
}

// LoadRules reads the rules; known says which categories there are. Errors name
// what is wrong.
func LoadRules(text []byte, known func(category string) bool) (*Rules, error) {
	var r Rules
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&r); err != nil {
		return nil, err
	}
	if r.MaxDays < 1 || r.MaxDays > 366 || r.AheadDays < 1 || r.AheadDays > 366 {
		return nil, fmt.Errorf("max_days and ahead_days must be 1 to 366")
	}
	seen := map[string]bool{}
	for _, k := range r.Kinds {
		switch {
		case !known(k.Category):
			return nil, fmt.Errorf("no category is called %q", k.Category)
		case seen[k.Category]:
			return nil, fmt.Errorf("%s is there twice", k.Category)
		case k.Name == "":
			return nil, fmt.Errorf("%s has no name", k.Category)
		}
		seen[k.Category] = true
	}
	if len(seen) == 0 {
		return nil, fmt.Errorf("kinds is empty")
	}
	return &r, nil
}

// Kind finds the kind of a category.
func (r *Rules) Kind(category string) (Kind, bool) {
	for _, k := range r.Kinds {
		if k.Category == category {
			return k, true
		}
	}
	return Kind{}, false
}

// Asks says that a report of the kind's category asks about an outage.
func (k Kind) Asks(text string) bool {
	for _, word := range k.Except {
		if strings.Contains(text, word) {
			return false
		}
	}
	return true
}

func (r *Rules) longest() time.Duration { return time.Duration(r.MaxDays) * 24 * time.Hour }
func (r *Rules) ahead() time.Duration   { return time.Duration(r.AheadDays) * 24 * time.Hour }
