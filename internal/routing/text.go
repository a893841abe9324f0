package routing

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// decode reads one YAML document in which every key is known.
func decode(text []byte, into any) error {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	err := dec.Decode(into)
	if wrong, ok := errors.AsType[*yaml.TypeError](err); ok {
		// "line 3: field x not found in type routing.ruleText": the type is ours, not the reader's.
		line, _, _ := strings.Cut(wrong.Errors[0], " in type ")
		return errors.New(line)
	}
	if errors.Is(err, io.EOF) {
		return errors.New("line 1: the file is empty")
	}
	if err != nil {
		what := strings.TrimPrefix(err.Error(), "yaml: ")
		if !strings.HasPrefix(what, "line ") { // a few faults, such as an unknown anchor, have no line
			what = fmt.Sprintf("lines 1 to %d: %s", 1+bytes.Count(text, []byte("\n")), what)
		}
		return errors.New(what)
	}
	var second yaml.Node
	if !errors.Is(dec.Decode(&second), io.EOF) {
		return fmt.Errorf("line %d: only one YAML document may stand in the file", max(1, second.Line))
	}
	return nil
}

// words is a scalar, or the scalars of a list.
func words(n *yaml.Node) ([]*yaml.Node, error) {
	nodes := n.Content
	if n.Kind != yaml.SequenceNode {
		nodes = []*yaml.Node{n}
	}
	for _, w := range nodes {
		if w.Kind != yaml.ScalarNode || w.Value == "" || w.Tag == "!!null" {
			return nil, fmt.Errorf("line %d: a word or a list of words is expected here", w.Line)
		}
	}
	return nodes, nil
}

func name(n *yaml.Node, what string) (string, error) {
	if n.Kind != yaml.ScalarNode || strings.TrimSpace(n.Value) == "" {
		return "", fmt.Errorf("line %d: %s is missing", max(1, n.Line), what)
	}
	return n.Value, nil
}

// duration reads 30m, 2h or 7d.
func duration(n *yaml.Node, line int) (time.Duration, error) {
	var d time.Duration
	var err error
	if days, ok := strings.CutSuffix(n.Value, "d"); ok {
		var count int
		count, err = strconv.Atoi(days)
		d = time.Duration(min(count, 1000)) * 24 * time.Hour
	} else {
		d, err = time.ParseDuration(n.Value)
	}
	const year = 366 * 24 * time.Hour
	if err != nil || d <= 0 || d > year {
		return 0, fmt.Errorf("line %d: %q is not a time limit such as 30m, 2h or 7d", max(line, n.Line), n.Value)
	}
	return d, nil
}
