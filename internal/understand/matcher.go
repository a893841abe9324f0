package understand

// A matcher finds every occurrence of many words in one pass over a text
// (Aho and Corasick). Symbols are runes, or any numbers that fit in one.
type matcher struct {
	edges  map[edge]int32
	fail   []int32
	word   []int32 // the word that ends at a node, −1 for none
	suffix []int32 // the next node on the fail chain at which a word ends, 0 for none
	size   []int32 // symbols of each word
}

type edge struct {
	node   int32
	symbol rune
}

// newMatcher indexes words; a word's number is its place in the list. Words
// must be distinct and not empty.
func newMatcher(words [][]rune) *matcher {
	m := &matcher{edges: make(map[edge]int32), word: []int32{-1}, size: make([]int32, len(words))}
	type child struct {
		parent int32
		symbol rune
	}
	nodes := []child{{}}
	for id, w := range words {
		at := int32(0)
		for _, s := range w {
			next, ok := m.edges[edge{at, s}]
			if !ok {
				next = int32(len(nodes))
				nodes = append(nodes, child{at, s})
				m.edges[edge{at, s}] = next
				m.word = append(m.word, -1)
			}
			at = next
		}
		m.word[at] = int32(id)
		m.size[id] = int32(len(w))
	}
	m.fail = make([]int32, len(nodes))
	m.suffix = make([]int32, len(nodes))
	depth := make([]int32, len(nodes))
	byDepth := [][]int32{{0}}
	for n := 1; n < len(nodes); n++ { // a parent always stands before its children
		d := depth[nodes[n].parent] + 1
		depth[n] = d
		if int(d) == len(byDepth) {
			byDepth = append(byDepth, nil)
		}
		byDepth[d] = append(byDepth[d], int32(n))
	}
	for _, level := range byDepth[1:] {
		for _, n := range level {
			if p := nodes[n].parent; p != 0 {
				m.fail[n] = m.step(m.fail[p], nodes[n].symbol)
			}
			f := m.fail[n]
			if m.word[f] >= 0 {
				m.suffix[n] = f
			} else {
				m.suffix[n] = m.suffix[f]
			}
		}
	}
	return m
}

func (m *matcher) step(at int32, symbol rune) int32 {
	for {
		if next, ok := m.edges[edge{at, symbol}]; ok {
			return next
		}
		if at == 0 {
			return 0
		}
		at = m.fail[at]
	}
}

// hit is one occurrence of a word: text[start:end].
type hit struct {
	start, end, word int32
}

// find appends every occurrence in text to hits, in order of their ends.
func (m *matcher) find(text []rune, hits []hit) []hit {
	at := int32(0)
	for i, s := range text {
		at = m.step(at, s)
		for n := at; n != 0; n = m.suffix[n] {
			if w := m.word[n]; w >= 0 {
				hits = append(hits, hit{int32(i) + 1 - m.size[w], int32(i) + 1, w})
			}
		}
	}
	return hits
}
