package routing

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	buildings                 []string // as they are numbered: 3
}

// seen is the facts' words as bits; a word that no rule can know is no bit.
type seen struct {
	category, kind, emergency set
	building                  string
}

func see(f *Facts) seen {
	return seen{bit(categories, f.Category), bit(kinds, f.Kind), bit(bools, strconv.FormatBool(f.Emergency)), numbered(f.Building)}
}

// buildingEnds are what people say after a building's number, the longest first.
var buildingEnds = []string{"号楼", "号", "楼", "栋", "幢", "座"}

// numbered is a building without what people say after its number.
func numbered(building string) string {
	for _, end := range buildingEnds {
		if b := strings.TrimSuffix(building, end); b != building {
			return b
		}
	}
	return building
}

// holds says that the facts match.
func (m *match) holds(s *seen, f *Facts) bool {
	return (m.category == 0 || m.category&s.category != 0) && (m.kind == 0 || m.kind&s.kind != 0) && (m.emergency == 0 || m.emergency&s.emergency != 0) &&
		(len(m.orgs) == 0 || m.within(f)) && (len(m.buildings) == 0 || slices.Contains(m.buildings, s.building))
}

func (m *match) within(f *Facts) bool {
	return slices.ContainsFunc(f.Orgs, func(id int64) bool { return slices.Contains(m.ids, id) }) ||
		slices.ContainsFunc(f.OrgCodes, func(code string) bool { return slices.Contains(m.orgs, code) })
}

// covers says that whatever matches b matches m too.
func (m *match) covers(b *match) bool {
	return m.category.covers(b.category) && m.kind.covers(b.kind) && m.emergency.covers(b.emergency) &&
		coversWords(m.orgs, b.orgs) && coversWords(m.buildings, b.buildings)
}

// coversWords is covers for lists in which none is any.
func coversWords(a, b []string) bool {
	return len(a) == 0 || len(b) > 0 && !slices.ContainsFunc(b, func(w string) bool { return !slices.Contains(a, w) })
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
	// A parent's units have been matched on the way; a child names others.
	orgs, err := listed(&text.Org, "org")
	if err != nil {
		return m, err
	}
	for _, w := range orgs {
		m.orgs = append(m.orgs, w.Value)
		if id, err := strconv.ParseInt(w.Value, 10, 64); err == nil {
			m.ids = append(m.ids, id)
		}
	}
	buildings, err := listed(&text.Building, "building")
	if err != nil {
		return m, err
	}
	if len(buildings) == 0 {
		m.buildings = parent.buildings
	}
	for _, w := range buildings {
		b := numbered(w.Value)
		if len(parent.buildings) > 0 && !slices.Contains(parent.buildings, b) {
			return m, fmt.Errorf("line %d: building %s never comes here: the rule above does not match it", w.Line, w.Value)
		}
		m.buildings = append(m.buildings, b)
	}
	return m, nil
}

// listed is the words of a matcher that is there; it must name one at least.
func listed(n *yaml.Node, what string) ([]*yaml.Node, error) {
	if n.Line == 0 {
		return nil, nil
	}
	nodes, err := words(n)
	if err == nil && len(nodes) == 0 {
		err = fmt.Errorf("line %d: %s is empty: the rule would match anything", n.Line, what)
	}
	return nodes, err
}

func newSet(n *yaml.Node, what string, known []string, parent set) (set, error) {
	if n.Line == 0 {
		return parent, nil
	}
	nodes, err := listed(n, what)
	if err != nil {
		return 0, err
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
