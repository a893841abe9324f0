package ledger

import "strings"

// named is a code with how people write it.
type named[T ~string] struct {
	code  T
	title string
}

// titles are what a Choice offers.
func titles[T ~string](all []named[T]) []string {
	out := make([]string, 0, len(all))
	for _, n := range all {
		out = append(out, n.title)
	}
	return out
}

// codeOf is the code that a title stands for; empty for none.
func codeOf[T ~string](all []named[T], title string) T {
	for _, n := range all {
		if n.title == title {
			return n.code
		}
	}
	return ""
}

// titleOf is how people write a code; empty for none.
func titleOf[T ~string](all []named[T], code T) string {
	for _, n := range all {
		if n.code == code {
			return n.title
		}
	}
	return ""
}

// split reads a list in a cell: 、 or any comma, semicolon or bar stands between.
func split(cell string) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(cell, func(r rune) bool { return strings.ContainsRune("、，,；;|｜", r) }) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// set gives a field what a row tells, unless it tells nothing, and notes a change.
func set[T comparable](field *T, told T, changed *bool) {
	var nothing T
	if told != nothing && told != *field {
		*field, *changed = told, true
	}
}
