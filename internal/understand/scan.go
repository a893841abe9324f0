package understand

import (
	"cmp"
	"math"
	"slices"
	"unicode"
)

// scan is what was found in one text.
type scan struct {
	r        *Reader
	text     []rune
	sentence []int32 // number of the sentence of each rune
	hits     []hit   // by start, longer first
	inside   []bool  // hits that lie inside a longer word
	points   []point
	marks    [markCount][]hit
	risks    []risk
	fine     bool // a fault is denied
}

// point is evidence for a category.
type point struct {
	category, weight int
	hit              hit
	with             hit // the other side of a near, else equal to hit
}

// risk is a sign of danger: text[start:end].
type risk struct {
	danger             int
	start, second, end int32 // second is where the later of two words begins
}

func (r *Reader) scan(text []rune) *scan {
	s := &scan{r: r, text: text, sentence: make([]int32, len(text)+1)}
	n := int32(0)
	for i, c := range text {
		s.sentence[i] = n
		if endsSentence(c) {
			n++
		}
	}
	s.sentence[len(text)] = n
	s.hits = r.matcher.find(text, make([]hit, 0, 64))
	slices.SortFunc(s.hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
	})
	s.shield()
	s.collect()
	return s
}

// shield drops hits inside a shield and notes those inside any longer word.
func (s *scan) shield() {
	kept := s.hits[:0]
	s.inside = make([]bool, 0, len(s.hits))
	var shieldEnd, wordEnd int32
	for _, h := range s.hits {
		if h.end <= shieldEnd {
			continue
		}
		shields, scores := false, false
		for _, u := range s.r.uses[h.word] {
			shields = shields || u.kind == useShield
			scores = scores || u.kind == useScore
		}
		kept = append(kept, h)
		s.inside = append(s.inside, h.end <= wordEnd)
		if shields {
			shieldEnd = max(shieldEnd, h.end)
		}
		if scores {
			wordEnd = max(wordEnd, h.end)
		}
	}
	s.hits = kept
}

// collect turns hits into points, marks and risks.
func (s *scan) collect() {
	type last struct{ a, b hit }
	lasts := make([]last, len(s.r.nears))
	fired := make([]bool, len(s.r.nears))
	scored := make(map[int32]bool, len(s.hits))
	for i, h := range s.hits {
		for _, u := range s.r.uses[h.word] {
			switch u.kind {
			case useShield: // has done its work
			case useScore:
				if !s.inside[i] && !scored[h.word] {
					s.points = append(s.points, point{u.index, u.weight, h, h})
				}
			case useDanger:
				s.risks = append(s.risks, risk{u.index, h.start, h.start, h.end})
			case useMark:
				if mark(u.index) == markFault && s.denied(h.start) {
					s.fine = true // 没坏, 没有漏水
					continue
				}
				s.marks[u.index] = append(s.marks[u.index], h)
			case useA, useB:
				n, l := &s.r.nears[u.index], &lasts[u.index]
				other := l.b
				if u.kind == useA {
					l.a = h
				} else {
					l.b, other = h, l.a
				}
				if u.kind == useA && n.ordered || !s.close(other, h, n.within) {
					continue
				}
				if n.danger >= 0 {
					s.risks = append(s.risks, risk{n.danger, other.start, h.start, h.end})
				} else if !fired[u.index] {
					fired[u.index] = true
					s.points = append(s.points, point{n.category, n.weight, h, other})
				}
			}
		}
		if !s.inside[i] {
			scored[h.word] = true
		}
	}
}

// close says that a ends before b begins, with at most within runes and no end of
// a sentence between.
func (s *scan) close(a, b hit, within int) bool {
	return a.end > 0 && a.end <= b.start && int(b.start-a.end) <= within && s.sentence[a.start] == s.sentence[b.start]
}

// scores sums the evidence by category, that of a danger (-1: none) too.
func (s *scan) scores(danger int) []int {
	all := make([]int, len(s.r.categories))
	for _, p := range s.points {
		all[p.category] += p.weight
	}
	if danger >= 0 && s.r.dangers[danger].category >= 0 {
		all[s.r.dangers[danger].category] += dangerScore
	}
	return all
}

const (
	// dangerScore is what a danger counts for its category.
	dangerScore = 12
	// otherScore is what a category must reach to be likelier than other.
	otherScore = 2
	// softness turns differences of values into confidence: a lead of this much
	// makes a guess e times as likely as the next.
	softness = 1.5
	// second words say less than the first: points count by this power.
	damping = 0.5
)

// values weigh the points together with what was learnt, by category.
func (s *scan) values(scores []int, lean []float64) []float64 {
	out := make([]float64, len(scores))
	for c, n := range scores {
		v := float64(n)
		if c == s.r.otherIndex {
			v = max(v, otherScore)
		}
		if v > 1 {
			v = math.Pow(v, damping)
		}
		out[c] = v + s.r.trust*lean[c]
	}
	return out
}

// guesses are the three likeliest categories; a tie goes to the earlier one.
func (r *Reader) guesses(values []float64, intent Intent) []Guess {
	shares := make([]float64, len(values))
	for c, v := range values {
		shares[c] = v / softness
	}
	if intent == Chatter {
		shares[r.otherIndex] = slices.Max(shares) + 3
	}
	softmax(shares)
	list := make([]Guess, 0, len(shares))
	for c, share := range shares {
		list = append(list, Guess{r.categories[c].Code, r.categories[c].Name, share})
	}
	slices.SortStableFunc(list, func(a, b Guess) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return list[:min(3, len(list))]
}

// What the share of NoReport among all that was learnt says of a text.
const (
	hardlyIdle = 0.1 // below it, it reports something whatever words of thanks are in it
	doubtful   = 0.2 // from it on, a person is asked before anything is filed
	surelyIdle = 0.5 // from it on, it is no report unless the words say so clearly
)

// intent decides what the sentence wants; score is what the words say for the
// best category, idle what the model says for NoReport.
func (s *scan) intent(best, score int, idle float64, emergency bool) Intent {
	has := func(m mark) bool { return len(s.marks[m]) > 0 }
	well := has(markDone) && !has(markRelapse)
	wrong := has(markFault) || has(markRequest) && !has(markPraise)
	thankful := has(markThanks) && (s.marks[markThanks][0].start < 3 && has(markPast) || !wrong)
	strong := score >= s.r.clear.Score && best != s.r.otherIndex
	kind := well || has(markPraise) && !wrong || thankful && !has(markFault) && !has(markAsk) ||
		!strong && (has(markGreeting) || has(markThanks)) && !wrong
	said := has(markFault) || has(markRequest) || has(markAsk)
	switch {
	case emergency:
		return Problem
	case kind && idle >= hardlyIdle, !strong && s.han() < 2, (!strong || !said) && idle >= surelyIdle:
		return Chatter
	case !said && (s.bare() || s.fine && idle >= hardlyIdle):
		return Unclear
	case has(markAsk) && !has(markFault):
		return Question
	case score > 0 || wrong || idle < hardlyIdle:
		return Problem
	}
	return Unclear
}

// bare says that the text names a thing and nothing of it: 电梯, 垃圾！
func (s *scan) bare() bool {
	from, to := 0, len(s.text)
	for from < to && !unicode.IsLetter(s.text[from]) {
		from++
	}
	for to > from && !unicode.IsLetter(s.text[to-1]) {
		to--
	}
	return slices.ContainsFunc(s.points, func(p point) bool { return int(p.hit.start) == from && int(p.hit.end) == to })
}

// han counts Chinese characters, up to two.
func (s *scan) han() int {
	n := 0
	for _, r := range s.text {
		if r >= 0x3400 && r <= 0x9FFF {
			if n++; n == 2 {
				break
			}
		}
	}
	return n
}

// words are those that spoke for a category or of danger, at most eight.
func (s *scan) words(category int) []string {
	var spans []hit
	for _, p := range s.points {
		if p.category == category && p.weight > 0 {
			spans = append(spans, p.hit, p.with)
		}
	}
	for _, k := range s.risks {
		spans = append(spans, hit{start: k.start, end: k.end})
	}
	slices.SortFunc(spans, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
	})
	var out []string
	end := int32(0)
	for _, h := range spans {
		if h.end > end && len(out) < 8 {
			out = append(out, string(s.text[h.start:h.end]))
			end = h.end
		}
	}
	return out
}
