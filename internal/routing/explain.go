package routing

import (
	"slices"
	"strings"
)

// Explanation tells how Decide comes to its decision, in Chinese.
type Explanation struct {
	Decision

	Tried  []Step // each rule that was looked at, in turn; the root first
	Beside []Step // each co-handler and watcher asked for
}

// Step is one line of an explanation.
type Step struct {
	Rule    string // path of the rule: root/水电气暖/燃气
	Name    string // of the rule as people read it: 「水电气暖·燃气」规则
	Matched bool   // the rule matched; for a part: the post is filled
	Note    string // which of its matchers hold, which do not
}

// Explain tells how Decide comes to its decision. name says a category as
// people do; nil leaves the codes.
func (t *Tree) Explain(f *Facts, name func(category string) string) Explanation {
	if name == nil {
		name = func(category string) string { return category }
	}
	var trace []tried
	w := t.walk(f, &trace)
	e := Explanation{Decision: Decision{building: f.Building}}
	t.assign(w, f, &e.Decision)
	e.Tried = []Step{{t.root.path, ruleName(t.root.path), true, "所有事项都适用"}}
	said := teller{seen: see(f), facts: f, name: name}
	for _, r := range trace {
		note := said.tell(r.rule)
		if note == "" {
			note = "所有事项都适用"
		}
		if r.holds && r.rule.goesOn {
			note += "；附加协办和知会后，继续看下一条"
		}
		e.Tried = append(e.Tried, Step{r.rule.path, ruleName(r.rule.path), r.holds, note})
	}
	for _, r := range append([]*rule{w.last}, w.added[:w.nAdded]...) {
		for _, c := range r.co {
			e.Beside = append(e.Beside, c.step(r, f, "协办"))
		}
		for _, c := range r.watchers {
			e.Beside = append(e.Beside, c.step(r, f, "知会"))
		}
	}
	return e
}

func (t *target) step(r *rule, f *Facts, part string) Step {
	p, _ := t.find(f)
	s := Step{Rule: r.path, Name: ruleName(r.path), Matched: p != nil, Note: part + t.label}
	switch {
	case p == nil:
		s.Note += "：空缺，略过"
	case p.Title != "":
		s.Note += "：" + p.Title
	}
	return s
}

// teller says matchers beside the facts.
type teller struct {
	seen  seen
	facts *Facts
	name  func(category string) string
}

var kindNames = map[string]string{"managed": "有物业", "self_run": "自办物业", "unmanaged": "无物业", "": "不是小区"}

// tell says what a rule asks beyond the rule above it: what does not hold, or
// when all holds, what does.
func (s *teller) tell(r *rule) string {
	m, above := &r.match, &r.above.match
	var held, failed []string
	say := func(asked, holds bool, yes, no string) {
		switch {
		case !asked:
		case holds:
			held = append(held, yes)
		default:
			failed = append(failed, no)
		}
	}
	is := s.name(s.facts.Category)
	say(m.category != above.category, m.category&s.seen.category != 0,
		"类别「"+is+"」相符", "只管类别"+quoted(m.category.of(categories), s.name)+"，本单是「"+is+"」")
	kind := kindNames[s.facts.Kind]
	say(m.kind != above.kind, m.kind&s.seen.kind != 0,
		"小区类型「"+kind+"」相符", "只管小区类型"+quoted(m.kind.of(kinds), func(k string) string { return kindNames[k] })+"，本单是「"+kind+"」")
	say(m.emergency != above.emergency, m.emergency&s.seen.emergency != 0,
		map[bool]string{true: "属于紧急事项", false: "不属于紧急事项"}[s.facts.Emergency],
		map[bool]string{true: "只管不紧急的事项", false: "只管紧急事项"}[s.facts.Emergency])
	say(len(m.orgs) > 0, m.within(s.facts), "在规则所列的单位之内", "不在规则所列的单位之内")
	say(!slices.Equal(m.buildings, above.buildings), slices.Contains(m.buildings, s.seen.building),
		s.seen.building+"号楼相符", "只管"+strings.Join(m.buildings, "、")+"号楼")
	if len(failed) > 0 {
		return strings.Join(failed, "；")
	}
	return strings.Join(held, "，")
}

// of is the words of a set.
func (a set) of(words []string) []string {
	var out []string
	for i, w := range words {
		if a&(1<<i) != 0 {
			out = append(out, w)
		}
	}
	return out
}

func quoted(words []string, name func(string) string) string {
	var out []string
	for _, w := range words {
		out = append(out, "「"+name(w)+"」")
	}
	return strings.Join(out, "")
}
