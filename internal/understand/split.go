package understand

import (
	"regexp"
	"strings"
)

// turns are where another matter may begin: the end of a sentence, or a word
// that says so. A comma alone parts only what is told of different buildings.
var turns = regexp.MustCompile(`[。；;！!？?\n]+|[，,、 ]*(?:另外|还有就是|还有|再一个|再就是|再有|再说|顺便|其次|此外|同时|第二[，,、]|二是|②|[2２二][、.．)）])[，,：: ]*|[，,]`)

// openings begin the first of several matters.
var openings = regexp.MustCompile(`^\s*(?:①|[1１一][、.．)）]|第一[，,、]|一是)\s*`)

// surePart is the confidence from which a part is plainly of its category.
const surePart = 0.85

// maxParts is how many matters one text is parted into at most.
const maxParts = 3

// Parts are the two or three problems that one text plainly tells of, in the
// words of the text; nil when it is about one thing. Parts differ in category or
// building, and each would be clear by itself. A danger is never parted.
func (r *Reader) Parts(text string, g *Gazetteer) []string {
	cuts := turns.FindAllStringIndex(text, 50)
	if len(cuts) == 0 || len(text) > 4*maxRunes {
		return nil
	}
	type part struct {
		from, to       int
		kind, building string
	}
	var parts []part
	from, comma := 0, false
	take := func(to int) {
		if from >= to {
			return
		}
		got := r.Read(text[from:to], g)
		plainly := got.Clear && got.Intent == Problem && got.Guesses[0].Confidence >= surePart
		p := part{from, to, "", got.Building}
		if plainly {
			p.kind = got.Guesses[0].Code
		}
		if n := len(parts); n > 0 {
			last := &parts[n-1]
			apart := p.building != "" && last.building != "" && p.building != last.building
			if last.kind == "" || !plainly || !apart && (comma || p.kind == last.kind) {
				last.to = to
				if last.kind == "" {
					last.kind = p.kind
				}
				if last.building == "" {
					last.building = p.building
				}
				return
			}
		}
		parts = append(parts, p)
	}
	for _, c := range cuts {
		take(c[0])
		comma = strings.Trim(text[c[0]:c[1]], ",，") == ""
		from = c[1]
	}
	take(len(text))
	if len(parts) < 2 || len(parts) > maxParts || parts[len(parts)-1].kind == "" || r.Read(text, g).Emergency {
		return nil
	}
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = strings.TrimSpace(openings.ReplaceAllString(text[p.from:p.to], ""))
	}
	return out
}
