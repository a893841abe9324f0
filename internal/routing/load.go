package routing

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// The file, as config/routing.yaml shows it. Values are kept as nodes so that
// every refusal can name its line.
type fileText struct {
	Grades      []gradeText      `yaml:"grades"`
	Clocks      *clocksText      `yaml:"clocks"`
	Disputes    *disputesText    `yaml:"disputes"`
	Departments []departmentText `yaml:"departments"`
	Groups      []groupText      `yaml:"groups"`
	Route       ruleText         `yaml:"route"`
}

type gradeText struct {
	Code    yaml.Node `yaml:"code"`
	Respond yaml.Node `yaml:"respond"`
	Finish  yaml.Node `yaml:"finish"`
	Working bool      `yaml:"working"`
}

type departmentText struct {
	Code yaml.Node `yaml:"code"`
	Name yaml.Node `yaml:"name"`
}

type ruleText struct {
	Name      yaml.Node  `yaml:"name"`
	Category  yaml.Node  `yaml:"category"`
	Kind      yaml.Node  `yaml:"kind"`
	Emergency yaml.Node  `yaml:"emergency"`
	Org       yaml.Node  `yaml:"org"`
	Building  yaml.Node  `yaml:"building"`
	Lead      yaml.Node  `yaml:"lead"`
	Co        yaml.Node  `yaml:"co"`
	Watchers  yaml.Node  `yaml:"watchers"`
	Grade     yaml.Node  `yaml:"grade"`
	Continue  bool       `yaml:"continue"`
	Children  []ruleText `yaml:"children"`
}

// line is where a rule stands: its first line that says anything.
func (r *ruleText) line() int {
	line := 0
	for _, n := range []*yaml.Node{&r.Name, &r.Category, &r.Kind, &r.Emergency, &r.Org, &r.Building, &r.Lead, &r.Co, &r.Watchers, &r.Grade} {
		if n.Line > 0 && (line == 0 || n.Line < line) {
			line = n.Line
		}
	}
	return line
}

// Load reads a tree from YAML. An error names the line that is wrong.
func Load(text []byte) (*Tree, error) {
	var f fileText
	if err := decode(text, &f); err != nil {
		return nil, err
	}
	t := &Tree{}
	if err := t.setGrades(f.Grades); err != nil {
		return nil, err
	}
	if err := t.setClocks(f.Clocks); err != nil {
		return nil, err
	}
	if err := t.setDisputes(f.Disputes); err != nil {
		return nil, err
	}
	if err := t.setDepartments(f.Departments); err != nil {
		return nil, err
	}
	t.targets = newTargets(t.departments)
	if err := t.setGroups(f.Groups); err != nil {
		return nil, err
	}
	if err := t.setRoot(&f.Route); err != nil {
		return nil, err
	}
	return t, t.checkSizes()
}

func (t *Tree) setGrades(grades []gradeText) error {
	for _, g := range grades {
		code, err := name(&g.Code, "a grade's code")
		if err != nil {
			return err
		}
		if _, twice := t.Grade(code); twice {
			return fmt.Errorf("line %d: grade %s is named twice", g.Code.Line, code)
		}
		respond, err := duration(&g.Respond, g.Code.Line)
		if err != nil {
			return err
		}
		finish, err := duration(&g.Finish, g.Code.Line)
		if err != nil {
			return err
		}
		if respond > finish {
			return fmt.Errorf("line %d: grade %s responds after it finishes", g.Respond.Line, code)
		}
		if n := len(t.grades); n > 0 && finish <= t.grades[n-1].Finish {
			return fmt.Errorf("line %d: grade %s is not slower than the one before it; the strictest comes first", g.Finish.Line, code)
		}
		t.grades = append(t.grades, Grade{Code: code, Respond: respond, Finish: finish, Working: g.Working})
	}
	return nil
}

func (t *Tree) setDepartments(departments []departmentText) error {
	for _, d := range departments {
		code, err := name(&d.Code, "a department's code")
		if err != nil {
			return err
		}
		title, err := name(&d.Name, "the name of department "+code)
		if err != nil {
			return fmt.Errorf("line %d: department %s has no name", d.Code.Line, code)
		}
		if slices.ContainsFunc(t.departments, func(o Department) bool { return o.Code == code }) {
			return fmt.Errorf("line %d: department %s is named twice", d.Code.Line, code)
		}
		t.departments = append(t.departments, Department{Code: code, Name: title})
	}
	return nil
}

func (t *Tree) setRoot(text *ruleText) error {
	line := max(1, text.line())
	for _, n := range []*yaml.Node{&text.Name, &text.Category, &text.Kind, &text.Emergency, &text.Org, &text.Building} {
		if n.Line > 0 {
			return fmt.Errorf("line %d: the root of route has no name and matches all", n.Line)
		}
	}
	if text.Continue {
		return fmt.Errorf("line %d: the root of route cannot continue", line)
	}
	root := &rule{path: "root", grade: -1}
	if err := t.setParts(root, text); err != nil {
		return err
	}
	if root.lead == nil {
		return fmt.Errorf("line %d: the root of route needs a lead", line)
	}
	if root.grade < 0 {
		return fmt.Errorf("line %d: the root of route needs a grade", line)
	}
	t.root = root
	return t.setChildren(root, text, line)
}

func (t *Tree) setChildren(parent *rule, text *ruleText, parentLine int) error {
	for i := range text.Children {
		child := &text.Children[i]
		line := child.line()
		if line == 0 {
			line = parentLine
		}
		r, err := t.newRule(parent, child, line)
		if err != nil {
			return err
		}
		for _, before := range parent.children {
			if before.path == r.path {
				return fmt.Errorf("line %d: rule %s is named twice", line, r.path)
			}
			if !before.goesOn && before.match.covers(&r.match) {
				return fmt.Errorf("line %d: rule %s is never reached: %s before it takes all of it", line, r.path, before.path)
			}
		}
		parent.children = append(parent.children, r)
		if err := t.setChildren(r, child, line); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tree) newRule(parent *rule, text *ruleText, line int) (*rule, error) {
	label, err := name(&text.Name, "the name")
	if err != nil || strings.Contains(label, "/") {
		return nil, fmt.Errorf("line %d: a rule under %s needs a name without /", line, parent.path)
	}
	r := &rule{path: parent.path + "/" + label, above: parent, goesOn: text.Continue, grade: -1}
	if !r.goesOn {
		r.lead, r.co, r.watchers, r.grade = parent.lead, parent.co, parent.watchers, parent.grade
	}
	if len([]rune(r.path)) > maxPath {
		return nil, fmt.Errorf("line %d: the names down to rule %s are longer than %d characters", line, r.path, maxPath)
	}
	if r.match, err = newMatch(&parent.match, text); err != nil {
		return nil, err
	}
	if r.goesOn && (text.Lead.Line > 0 || len(text.Children) > 0) {
		return nil, fmt.Errorf("line %d: rule %s continues, so it has neither lead nor children", line, r.path)
	}
	return r, t.setParts(r, text)
}

// setParts sets what the rule itself says over what it has inherited.
func (t *Tree) setParts(r *rule, text *ruleText) error {
	if text.Lead.Line > 0 {
		leads, err := t.namedTargets(&text.Lead)
		if err != nil {
			return err
		}
		if len(leads) != 1 {
			return fmt.Errorf("line %d: rule %s needs exactly one lead", text.Lead.Line, r.path)
		}
		r.lead = leads[0]
	}
	for _, part := range []struct {
		node *yaml.Node
		to   *[]*target
	}{{&text.Co, &r.co}, {&text.Watchers, &r.watchers}} {
		if part.node.Line == 0 {
			continue
		}
		targets, err := t.namedTargets(part.node)
		if err != nil {
			return err
		}
		*part.to = targets
	}
	if text.Grade.Line > 0 {
		r.grade = slices.IndexFunc(t.grades, func(g Grade) bool { return g.Code == text.Grade.Value })
		if r.grade < 0 {
			return fmt.Errorf("line %d: unknown grade %q", text.Grade.Line, text.Grade.Value)
		}
	}
	return nil
}

// checkSizes refuses a tree whose decisions could outgrow their fixed size.
func (t *Tree) checkSizes() error {
	rules := t.root.all(nil)
	var added []*rule
	for _, r := range rules {
		if r.goesOn {
			added = append(added, r)
		}
	}
	if len(added) > maxContinues {
		return fmt.Errorf("line 1: %d rules continue, at most %d may", len(added), maxContinues)
	}
	for _, last := range rules {
		co, watchers := map[*target]bool{}, map[*target]bool{}
		for _, r := range slices.Concat(added, []*rule{last}) {
			for _, c := range r.co {
				co[c] = true
			}
			for _, w := range r.watchers {
				watchers[w] = true
			}
		}
		if max(len(co), len(watchers)) > maxTogether {
			return fmt.Errorf("line 1: rule %s and those that continue name more than %d co-handlers or watchers", last.path, maxTogether)
		}
	}
	return nil
}

// all is the rule and everything under it, added to rules.
func (r *rule) all(rules []*rule) []*rule {
	rules = append(rules, r)
	for _, c := range r.children {
		rules = c.all(rules)
	}
	return rules
}
