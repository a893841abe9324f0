package understand

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Evidence is what in a text speaks for or against a category.
type Evidence struct {
	Words    []string // one word, two that stand near each other, or a run of characters that was learnt
	Category string   // a code
	Points   float64  // negative: against it
	Learnt   bool     // from the trained weights, not from the rules
}

// Explain tells what spoke for and against the likeliest categories, and what
// was learnt for them, most telling first.
func (r *Reader) Explain(text string) []Evidence {
	runes := r.prepare(text)
	s := r.scan(runes)
	var out []Evidence
	for _, p := range s.points {
		words := []string{string(runes[p.hit.start:p.hit.end])}
		if p.with != p.hit {
			words = append(words, string(runes[p.with.start:p.with.end]))
		}
		out = append(out, Evidence{words, r.categories[p.category].Code, float64(p.weight), false})
	}
	guesses := r.Read(text, nil).Guesses
	guessed := map[int]bool{} // what is learnt of dangers and chatter has numbers above the categories
	for i, c := range r.categories {
		guessed[i] = slices.ContainsFunc(guesses, func(g Guess) bool { return g.Code == c.Code })
	}
	hits := r.learnt.grams.find(plainly(runes), nil)
	scale := r.trust / math.Sqrt(float64(max(1, len(hits))))
	for _, h := range hits {
		for _, p := range r.learnt.weights[h.word] {
			if points := p.weight * scale; guessed[p.category] && math.Abs(points) >= 0.5 {
				out = append(out, Evidence{[]string{string(runes[h.start:h.end])}, r.categories[p.category].Code, points, true})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Evidence) int { return cmp.Compare(math.Abs(b.Points), math.Abs(a.Points)) })
	return out
}

// Correction is a sentence and the category to which somebody corrected it.
type Correction struct{ Text, Became string }

// Suggestion is a piece of text that might speak for a category.
type Suggestion struct {
	Category string
	Word     string
	Times    int      // corrections to the category with it
	Examples []string // of those, at most three
}

// The shortest and longest pieces that are suggested, in characters, and how
// often one must have been seen.
const (
	shortest, longest = 2, 5
	seenOften         = 2
)

// Suggest finds pieces of text that corrected sentences of a category share,
// that no sentence corrected to another category has, and that say nothing to
// the reader yet. The most frequent come first, at most ten a category.
func (r *Reader) Suggest(corrections []Correction) []Suggestion {
	texts := map[string]map[string][]string{} // piece → category → sentences
	for _, c := range corrections {
		if r.Read(c.Text, nil).Guesses[0].Code == c.Became {
			continue // it is understood by now
		}
		for piece := range r.unread(c.Text) {
			if texts[piece] == nil {
				texts[piece] = map[string][]string{}
			}
			texts[piece][c.Became] = append(texts[piece][c.Became], c.Text)
		}
	}
	byCategory := map[string][]Suggestion{}
	for piece, by := range texts {
		for category, found := range by {
			if len(by) == 1 && len(found) >= seenOften {
				byCategory[category] = append(byCategory[category], Suggestion{category, piece, len(found), found[:min(3, len(found))]})
			}
		}
	}
	var out []Suggestion
	for _, c := range r.categories {
		out = append(out, best(byCategory[c.Code])...)
	}
	return out
}

// unread are the pieces of a text that are Chinese throughout and touch no word
// that speaks for a category already.
func (r *Reader) unread(text string) map[string]bool {
	runes := r.prepare(text)
	spoken := make([]bool, len(runes))
	for _, p := range r.scan(runes).points {
		for i := p.hit.start; i < p.hit.end; i++ {
			spoken[i] = true
		}
	}
	out := map[string]bool{}
	for from := range runes {
		for to := from; to < len(runes) && to-from < longest && runes[to] >= firstHan && runes[to] <= lastHan && !spoken[to]; to++ {
			if to-from+1 >= shortest {
				out[string(runes[from:to+1])] = true
			}
		}
	}
	return out
}

// best are the ten most frequent; of two that stand together always the longer,
// else the one that is seen more often.
func best(found []Suggestion) []Suggestion {
	slices.SortFunc(found, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(len(b.Word), len(a.Word)), cmp.Compare(a.Word, b.Word))
	})
	var out []Suggestion
	for _, f := range found {
		part := slices.ContainsFunc(out, func(o Suggestion) bool {
			return o.Times == f.Times && strings.Contains(o.Word, f.Word) || strings.Contains(f.Word, o.Word)
		})
		if !part && len(out) < 10 {
			out = append(out, f)
		}
	}
	return out
}
