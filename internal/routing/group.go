package routing

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// groupPrefix stands before the name of a group among co-handlers and watchers.
const groupPrefix = "group:"

type groupText struct {
	Name  yaml.Node `yaml:"name"`
	Posts yaml.Node `yaml:"posts"` // roles, department:<code> and group:<name>
}

// setGroups puts every group's posts together, with those of the groups in it.
func (t *Tree) setGroups(texts []groupText) error {
	byName := map[string]*groupText{}
	for i := range texts {
		title, err := name(&texts[i].Name, "a group's name")
		if err != nil {
			return err
		}
		if byName[title] != nil {
			return fmt.Errorf("line %d: group %s is named twice", texts[i].Name.Line, title)
		}
		byName[title] = &texts[i]
	}
	t.groups = map[string][]*target{}
	for _, g := range texts {
		if err := t.setGroup(byName, g.Name.Value, nil); err != nil {
			return err
		}
	}
	return nil
}

// setGroup fills one group; way is the groups that lead to it.
func (t *Tree) setGroup(texts map[string]*groupText, title string, way []string) error {
	text := texts[title]
	if slices.Contains(way, title) {
		return fmt.Errorf("line %d: groups go round in a circle: %s", text.Name.Line, strings.Join(append(way, title), " → "))
	}
	if t.groups[title] != nil {
		return nil
	}
	if text.Posts.Line == 0 {
		return fmt.Errorf("line %d: group %s has no posts", text.Name.Line, title)
	}
	nodes, err := words(&text.Posts)
	if err != nil {
		return err
	}
	if len(nodes) == 0 {
		return fmt.Errorf("line %d: group %s has no posts", text.Posts.Line, title)
	}
	for _, n := range nodes {
		inner, isGroup := strings.CutPrefix(n.Value, groupPrefix)
		if !isGroup || texts[inner] == nil {
			continue // namedTargets tells of an unknown one
		}
		if err := t.setGroup(texts, inner, append(way, title)); err != nil {
			return err
		}
	}
	t.groups[title], err = t.namedTargets(&text.Posts)
	return err
}

// namedTargets are the posts that a list names, each once. A group stands for
// its posts; what was named before it is left out of it.
func (t *Tree) namedTargets(n *yaml.Node) ([]*target, error) {
	nodes, err := words(n)
	if err != nil {
		return nil, err
	}
	targets := []*target{}
	named := map[string]bool{}
	for _, w := range nodes {
		if named[w.Value] {
			return nil, fmt.Errorf("line %d: %s is named twice", w.Line, w.Value)
		}
		named[w.Value] = true
		found := []*target{t.targets[w.Value]}
		title, isGroup := strings.CutPrefix(w.Value, groupPrefix)
		switch {
		case isGroup && t.groups[title] == nil:
			return nil, fmt.Errorf("line %d: unknown group %q", w.Line, title)
		case isGroup:
			found = t.groups[title]
		case found[0] == nil:
			return nil, fmt.Errorf("line %d: unknown role %q", w.Line, w.Value)
		}
		for _, f := range found {
			if !slices.Contains(targets, f) {
				targets = append(targets, f)
			}
		}
	}
	return targets, nil
}
