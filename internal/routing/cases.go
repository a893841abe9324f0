package routing

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Failure is a case that does not come out as written.
type Failure struct {
	Line int
	Case string
	What string
}

// String is the failure as one line.
func (f Failure) String() string { return fmt.Sprintf("line %d: %s: %s", f.Line, f.Case, f.What) }

// caseText is a case: facts and what must come of them. What is left out of
// the expectations is not checked; co: [] asks that there be none.
type caseText struct {
	Name     yaml.Node  `yaml:"name"`
	Facts    *factsText `yaml:"facts"`
	Lead     yaml.Node  `yaml:"lead"`
	Co       yaml.Node  `yaml:"co"`       // exactly these, in this order
	Watchers yaml.Node  `yaml:"watchers"` // exactly these, in this order
	Grade    yaml.Node  `yaml:"grade"`
	Rule     yaml.Node  `yaml:"rule"`
}

// factsText stands for a place where every post is filled but the vacant
// ones; a property manager is there only in managed compounds, a group leader
// only when a building is named.
type factsText struct {
	Category  string   `yaml:"category"`
	Kind      string   `yaml:"kind"`
	Emergency bool     `yaml:"emergency"`
	Building  string   `yaml:"building"`
	Orgs      []string `yaml:"orgs"`   // codes
	Vacant    []string `yaml:"vacant"` // roles and department:<code>
}

// Test decides the cases of a YAML file, a list as in config/routing_test.yaml,
// and returns those that come out otherwise. A file that cannot be read is one failure.
func Test(t *Tree, cases []byte) []Failure {
	var texts []caseText
	if err := decode(cases, &texts); err != nil {
		return []Failure{{1, "cases", err.Error()}}
	}
	if len(texts) == 0 {
		return []Failure{{1, "cases", "the file has no cases"}}
	}
	var failures []Failure
	for i, c := range texts {
		f := Failure{Line: max(1, c.Name.Line), Case: c.Name.Value}
		if f.Case == "" {
			f.Case = fmt.Sprintf("case %d", i+1)
		}
		if f.What = t.tryCase(&c); f.What != "" {
			failures = append(failures, f)
		}
	}
	return failures
}

// tryCase says what differs, or nothing.
func (t *Tree) tryCase(c *caseText) string {
	if c.Facts == nil || c.Lead.Line == 0 {
		return "a case needs facts and a lead"
	}
	facts, err := t.facts(c.Facts)
	if err != nil {
		return err.Error()
	}
	var d Decision
	t.Decide(&facts, &d)
	var wrong []string
	check := func(what string, want *yaml.Node, got ...string) {
		if want.Line == 0 {
			return
		}
		nodes, err := words(want)
		if err != nil {
			wrong = append(wrong, err.Error())
			return
		}
		var words []string
		for _, n := range nodes {
			words = append(words, n.Value)
		}
		if !slices.Equal(got, words) {
			wrong = append(wrong, fmt.Sprintf("%s is %v, not %v", what, got, words))
		}
	}
	check("lead", &c.Lead, d.Lead.name())
	check("co", &c.Co, names(d.Co())...)
	check("watchers", &c.Watchers, names(d.Watchers())...)
	check("grade", &c.Grade, d.Grade)
	check("rule", &c.Rule, d.Rule)
	if len(wrong) > 0 {
		wrong = append(wrong, "decided by "+d.Rule)
	}
	return strings.Join(wrong, "; ")
}

// name is the post as a rule would name it.
func (a Assignment) name() string {
	if a.Role == department {
		return department + ":" + a.Department
	}
	return a.Role
}

func names(list []Assignment) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.name())
	}
	return out
}

// facts makes the place of a case.
func (t *Tree) facts(text *factsText) (Facts, error) {
	if bit(categories, text.Category) == 0 {
		return Facts{}, fmt.Errorf("unknown category %q", text.Category)
	}
	if text.Kind != "" && bit(kinds, text.Kind) == 0 {
		return Facts{}, fmt.Errorf("unknown kind %q", text.Kind)
	}
	for _, v := range text.Vacant {
		if t.targets[v] == nil {
			return Facts{}, fmt.Errorf("unknown role %q", v)
		}
	}
	f := Facts{Category: text.Category, Kind: text.Kind, Emergency: text.Emergency, Building: text.Building, OrgCodes: text.Orgs}
	add := func(target *target) {
		id := int64(len(f.Posts) + 1)
		f.Posts = append(f.Posts, Post{ID: id, Role: target.role, Department: target.department, Filled: !slices.Contains(text.Vacant, target.wanted)})
	}
	for _, role := range lastResort {
		if role == PropertyManager && text.Kind != "managed" || role == GroupLeader && text.Building == "" {
			continue
		}
		add(t.targets[role])
	}
	for _, d := range t.departments {
		add(t.targets[department+":"+d.Code])
	}
	return f, nil
}
