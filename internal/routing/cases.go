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
// only when a building is named. Of several categories, kinds and emergencies
// each combination is tried.
type factsText struct {
	Category  yaml.Node `yaml:"category"`
	Kind      yaml.Node `yaml:"kind"`      // left out: a place that is no compound
	Emergency yaml.Node `yaml:"emergency"` // left out: false
	Building  string    `yaml:"building"`
	Orgs      []string  `yaml:"orgs"`   // codes
	Vacant    []string  `yaml:"vacant"` // roles and department:<code>
}

// each is what a fact may be; only when it is left out.
func each(n *yaml.Node, only string) ([]string, error) {
	if n.Line == 0 {
		return []string{only}, nil
	}
	nodes, err := words(n)
	if err == nil && len(nodes) == 0 {
		err = fmt.Errorf("line %d: a list of facts is empty", n.Line)
	}
	var out []string
	for _, w := range nodes {
		out = append(out, w.Value)
	}
	return out, err
}

// combinations are all that the text stands for.
func (text *factsText) combinations() ([]Facts, error) {
	categories, err := each(&text.Category, "")
	if err != nil {
		return nil, err
	}
	kinds, err := each(&text.Kind, "")
	if err != nil {
		return nil, err
	}
	emergencies, err := each(&text.Emergency, "false")
	if err != nil {
		return nil, err
	}
	var all []Facts
	for _, category := range categories {
		for _, kind := range kinds {
			for _, emergency := range emergencies {
				if emergency != "true" && emergency != "false" {
					return nil, fmt.Errorf("unknown emergency %q", emergency)
				}
				all = append(all, Facts{Category: category, Kind: kind, Emergency: emergency == "true", Building: text.Building, OrgCodes: text.Orgs})
			}
		}
	}
	return all, nil
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
	all, err := c.Facts.combinations()
	if err != nil {
		return err.Error()
	}
	for _, f := range all {
		if err := t.fill(&f, c.Facts.Vacant); err != nil {
			return err.Error()
		}
		wrong := t.tryFacts(c, &f)
		if wrong != "" && len(all) > 1 {
			wrong = strings.TrimSpace(fmt.Sprintf("%s %s", f.Category, f.Kind)) + map[bool]string{true: " emergency", false: ""}[f.Emergency] + ": " + wrong
		}
		if wrong != "" {
			return wrong
		}
	}
	return ""
}

func (t *Tree) tryFacts(c *caseText, facts *Facts) string {
	var d Decision
	t.Decide(facts, &d)
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

// fill makes the place of a case: its posts.
func (t *Tree) fill(f *Facts, vacant []string) error {
	if bit(categories, f.Category) == 0 {
		return fmt.Errorf("unknown category %q", f.Category)
	}
	if f.Kind != "" && bit(kinds, f.Kind) == 0 {
		return fmt.Errorf("unknown kind %q", f.Kind)
	}
	for _, v := range vacant {
		if t.targets[v] == nil {
			return fmt.Errorf("unknown role %q", v)
		}
	}
	add := func(target *target) {
		id := int64(len(f.Posts) + 1)
		f.Posts = append(f.Posts, Post{ID: id, Role: target.role, Department: target.department, Filled: !slices.Contains(vacant, target.wanted)})
	}
	for _, role := range lastResort {
		if role == PropertyManager && f.Kind != "managed" || role == GroupLeader && f.Building == "" {
			continue
		}
		add(t.targets[role])
	}
	for _, d := range t.departments {
		add(t.targets[department+":"+d.Code])
	}
	return nil
}
