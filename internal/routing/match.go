package routing

import (
	"fmt"
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"
)

// categories and kinds are the words that facts and rules may use (PRODUCT.md).
var (
	categories = []string{
		"lighting", "elevator", "water", "drainage", "power", "gas", "heating", "building", "access", "fire", "parking", "sanitation",
		"greening", "noise", "animals", "encroachment", "security", "road", "amenities", "property_service", "neighbour", "care", "advice", "other",
	}
	kinds = []string{"managed", "self_run", "unmanaged"} // 有物业, 自办物业, 无物业
	bools = []string{"true", "false"}
)

// set is some of a list of words, a bit for each; as a matcher, the empty set is any word.
type set uint32

func bit(words []string, word string) set {
	if i := slices.Index(words, word); i >= 0 {
		return 1 << i
	}
	return 0
}

// match is what a rule asks of the facts; what is not set matches anything.
type match struct {
	category, kind, emergency set
	orgs                      []string // codes or ids; any unit from the place upward
	ids                       []int64  // those of orgs that are numbers
}

// seen is the facts' words as bits; a word that no rule can know is no bit.
type seen struct{ category, kind, emergency set }

func see(f *Facts) seen {
	return seen{bit(categories, f.Category), bit(kinds, f.Kind), bit(bools, strconv.FormatBool(f.Emergency))}
}

// differs says in Chinese why the facts do not match, or nothing when they do.
func (m *match) differs(s *seen, f *Facts) string {
	switch {
	case m.category != 0 && m.category&s.category == 0:
		return "类别不符"
	case m.kind != 0 && m.kind&s.kind == 0:
		return "小区类型不符"
	case m.emergency != 0 && m.emergency&s.emergency == 0:
		return "紧急程度不符"
	case len(m.orgs) > 0 && !m.within(f):
		return "不在所列单位"
	}
	return ""
}

func (m *match) within(f *Facts) bool {
	return slices.ContainsFunc(f.Orgs, func(id int64) bool { return slices.Contains(m.ids, id) }) ||
		slices.ContainsFunc(f.OrgCodes, func(code string) bool { return slices.Contains(m.orgs, code) })
}

// covers says that whatever matches b matches m too.
func (m *match) covers(b *match) bool {
	return m.category.covers(b.category) && m.kind.covers(b.kind) && m.emergency.covers(b.emergency) &&
		(len(m.orgs) == 0 || len(b.orgs) > 0 && !slices.ContainsFunc(b.orgs, func(o string) bool { return !slices.Contains(m.orgs, o) }))
}

func (a set) covers(b set) bool { return a == 0 || b != 0 && b&^a == 0 }

// newMatch reads a rule's matchers; within its parent's, so that what a rule
// asks for can happen and siblings can be compared.
func newMatch(parent *match, text *ruleText) (m match, err error) {
	if m.category, err = newSet(&text.Category, "category", categories, parent.category); err != nil {
		return m, err
	}
	if m.kind, err = newSet(&text.Kind, "kind", kinds, parent.kind); err != nil {
		return m, err
	}
	if m.emergency, err = newSet(&text.Emergency, "emergency", bools, parent.emergency); err != nil {
		return m, err
	}
	if text.Org.Line == 0 {
		return m, nil // a parent's units have been matched on the way; a child names others
	}
	orgs, err := words(&text.Org)
	if err == nil && len(orgs) == 0 {
		err = fmt.Errorf("line %d: org is empty: the rule would match any place", text.Org.Line)
	}
	for _, w := range orgs {
		m.orgs = append(m.orgs, w.Value)
		if id, err := strconv.ParseInt(w.Value, 10, 64); err == nil {
			m.ids = append(m.ids, id)
		}
	}
	return m, err
}

func newSet(n *yaml.Node, what string, known []string, parent set) (set, error) {
	if n.Line == 0 {
		return parent, nil
	}
	nodes, err := words(n)
	if err != nil {
		return 0, err
	}
	if len(nodes) == 0 {
		return 0, fmt.Errorf("line %d: %s is empty: the rule would match anything", n.Line, what)
	}
	var s set
	for _, w := range nodes {
		b := bit(known, w.Value)
		if b == 0 {
			return 0, fmt.Errorf("line %d: unknown %s %q", w.Line, what, w.Value)
		}
		if !parent.covers(b) {
			return 0, fmt.Errorf("line %d: %s %s never comes here: the rule above does not match it", w.Line, what, w.Value)
		}
		s |= b
	}
	return s, nil
}
