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

type scored struct {
	category, score int
}

// scores sums the evidence, that of a danger (-1: none) too, best first; a tie
// goes to the earlier category.
func (s *scan) scores(danger int) []scored {
	all := make([]scored, len(s.r.categories))
	for i := range all {
		all[i].category = i
	}
	for _, p := range s.points {
		all[p.category].score += p.weight
	}
	if danger >= 0 {
		all[s.r.dangers[danger].category].score += s.r.clear.Score
	}
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	return all
}

// otherScore is what a category must reach to be likelier than other.
const otherScore = 2

// softness turns differences of scores into confidence: a lead of this many
// points makes a guess e times as likely as the next.
const softness = 2.0

// guesses are the three likeliest categories.
func (r *Reader) guesses(scores []scored, intent Intent) []Guess {
	value := func(c scored) float64 {
		v := float64(c.score)
		if c.category == r.otherIndex {
			v = max(v, otherScore)
			if intent == Chatter {
				v = float64(scores[0].score) + 3*softness
			}
		}
		return v
	}
	top := value(scores[0])
	for _, c := range scores {
		top = max(top, value(c))
	}
	sum := 0.0
	for _, c := range scores {
		sum += math.Exp((value(c) - top) / softness)
	}
	list := make([]Guess, 0, len(scores))
	for _, c := range scores {
		cat := r.categories[c.category]
		list = append(list, Guess{cat.Code, cat.Name, math.Exp((value(c)-top)/softness) / sum})
	}
	slices.SortStableFunc(list, func(a, b Guess) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return list[:min(3, len(list))]
}

// intent decides what the sentence wants.
func (s *scan) intent(best scored, emergency bool) Intent {
	has := func(m mark) bool { return len(s.marks[m]) > 0 }
	well := has(markDone) && !has(markRelapse)
	wrong := has(markFault) || has(markRequest) && !has(markPraise)
	thankful := has(markThanks) && (s.marks[markThanks][0].start < 3 && has(markPast) || !wrong)
	strong := best.score >= s.r.clear.Score && best.category != s.r.otherIndex
	switch {
	case emergency:
		return Problem
	case well, has(markPraise) && !wrong, thankful && !has(markFault) && !has(markAsk):
		return Chatter
	case !strong && (has(markGreeting) || has(markThanks)) && !wrong:
		return Chatter
	case !strong && s.han() < 2:
		return Chatter
	case !has(markFault) && !has(markRequest) && !has(markAsk) && (s.fine || s.bare()):
		return Unclear
	case has(markAsk) && !has(markFault):
		return Question
	case best.score > 0 || wrong:
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
