package understand

import (
	"cmp"
	"slices"
	"strings"
)

// Place is a compound that can be named.
type Place struct {
	ID      int64
	Name    string
	Aliases []string
}

// PlaceGuess is a compound that a text may mean.
type PlaceGuess struct {
	ID         int64
	Name       string
	Confidence float64 // 0..1
}

// Sure is the confidence from which a named compound needs no question back.
const Sure = 0.8

// Gazetteer is an unchanging index of compounds by name, alias, sound and pinyin.
type Gazetteer struct {
	places []Place
	forms  []form
	sounds *sounds
	exact  *matcher // over the characters of forms
	byWord [][]int  // forms of each exact word
	sound  *matcher // over loose syllables of forms and of their halves
	seeds  [][]seed // of each word of sound
	gaps   map[[2]rune][]int
}

// form is one way to write a place's name.
type form struct {
	place    int
	text     []rune
	loose    []rune
	pinyin   string
	initials string
	whole    bool // with 小区, so that nothing else is meant
	shared   bool // other places are written so too
}

// seed is a piece of a form that a slip elsewhere in it leaves whole.
type seed struct {
	form, offset int
}

// suffixes of a name that people leave out.
var suffixes = [...]string{"住宅小区", "小区", "生活区", "家属院", "宿舍"}

// maxFound is how many guesses Find and Search give at most.
const maxFound = 5

// NewGazetteer indexes places; those without a name are left out.
func NewGazetteer(places []Place) *Gazetteer {
	g := &Gazetteer{sounds: newSounds(), gaps: map[[2]rune][]int{}}
	for _, p := range places {
		if fold(p.Name) == "" {
			continue
		}
		g.places = append(g.places, p)
		written := map[string]bool{}
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			g.addForms(len(g.places)-1, fold(name), written)
		}
	}
	g.index()
	return g
}

// addForms adds name with and without its suffix.
func (g *Gazetteer) addForms(place int, name string, written map[string]bool) {
	add := func(text string, whole bool) {
		if text == "" || written[text] {
			return
		}
		written[text] = true
		runes := []rune(text)
		full, initials := g.sounds.letters(runes)
		g.forms = append(g.forms, form{place: place, text: runes, loose: g.sounds.looseText(runes), pinyin: full, initials: initials, whole: whole})
	}
	core := name
	for _, s := range suffixes {
		if rest, ok := strings.CutSuffix(name, s); ok && len([]rune(rest)) >= 2 {
			core = rest
			break
		}
	}
	add(name, core != name || len([]rune(name)) > 3)
	add(core, false)
	if core == name && len([]rune(name)) >= 2 {
		add(name+"小区", true)
	}
}

func (g *Gazetteer) index() {
	words := map[string]int{}
	var exact [][]rune
	for i, f := range g.forms {
		id, ok := words[string(f.text)]
		if !ok {
			id = len(exact)
			words[string(f.text)] = id
			exact = append(exact, f.text)
			g.byWord = append(g.byWord, nil)
		}
		g.byWord[id] = append(g.byWord[id], i)
	}
	for _, list := range g.byWord {
		for _, i := range list {
			g.forms[i].shared = len(list) > 1
		}
	}
	g.exact = newMatcher(exact)

	pieces := map[string]int{}
	var sound [][]rune
	addSeed := func(loose []rune, s seed) {
		id, ok := pieces[string32(loose)]
		if !ok {
			id = len(sound)
			pieces[string32(loose)] = id
			sound = append(sound, loose)
			g.seeds = append(g.seeds, nil)
		}
		g.seeds[id] = append(g.seeds[id], s)
	}
	for i, f := range g.forms {
		n := len(f.loose)
		if f.whole || n < 2 {
			continue // the core finds these too
		}
		addSeed(f.loose, seed{i, 0})
		for k := 1; k < n && n > 2; k++ { // two neighbours swapped
			swapped := append([]rune(nil), f.loose...)
			swapped[k-1], swapped[k] = swapped[k], swapped[k-1]
			addSeed(swapped, seed{i, 0})
		}
		switch {
		case n == 3:
			addSeed(f.loose[:2], seed{i, 0})
			addSeed(f.loose[1:], seed{i, 1})
			key := [2]rune{f.loose[0], f.loose[2]}
			g.gaps[key] = append(g.gaps[key], i)
		case n > 3:
			addSeed(f.loose[:n/2], seed{i, 0})
			addSeed(f.loose[n/2:], seed{i, n / 2})
		}
	}
	g.sound = newMatcher(sound)
}

// string32 is a key for any symbols, which need not be runes.
func string32(symbols []rune) string {
	b := make([]byte, 0, 4*len(symbols))
	for _, s := range symbols {
		b = append(b, byte(s), byte(s>>8), byte(s>>16), byte(s>>24))
	}
	return string(b)
}

// Find names the compounds that text speaks of, best first, at most five: by
// name or alias, without 小区, by sound, with one slip, or in pinyin.
func (g *Gazetteer) Find(text string) []PlaceGuess {
	found, _ := g.find([]rune(fold(text)))
	return found
}

// find also gives where sure names stand.
func (g *Gazetteer) find(text []rune) ([]PlaceGuess, []hit) {
	best := map[int]float64{}
	hits := g.exact.find(text, nil)
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
	})
	var spans []hit
	end := int32(0)
	for _, h := range hits {
		if h.end <= end {
			continue // inside a longer name
		}
		end = h.end
		for _, i := range g.byWord[h.word] {
			c := g.exactConfidence(i, text, h)
			keep(best, g.forms[i].place, c)
			if c >= Sure && (len(spans) == 0 || spans[len(spans)-1] != h) {
				spans = append(spans, h)
			}
		}
	}
	if len(spans) == 0 {
		spans = g.findBySound(text, best, spans)
		g.findByLetters(text, best)
	}
	return g.ranked(best), spans
}

func keep(best map[int]float64, place int, confidence float64) {
	if confidence > best[place] {
		best[place] = confidence
	}
}

func (g *Gazetteer) exactConfidence(i int, text []rune, h hit) float64 {
	f := g.forms[i]
	c := 0.97
	switch {
	case f.whole:
		c = 1
	case len(f.text) <= 2 && !addressed(text, int(h.end)):
		c = 0.6
	}
	if f.shared {
		c = min(c, 0.7)
	}
	return c
}

// addressed says that an address goes on at text[i], so a name stood before it.
func addressed(text []rune, i int) bool {
	rest := text[i:]
	if len(rest) == 0 {
		return false
	}
	for _, s := range [...]string{"小区", "院", "社区", "东区", "西区", "南区", "北区", "一期", "二期", "三期", "的", "里"} {
		if begins(rest, s) {
			return true
		}
	}
	if strings.ContainsRune(",、的", rest[0]) && len(rest) > 1 {
		i++
	}
	if n, ok := readNumber(text, i); ok {
		return buildingEnd(text, i, n) > 0 || begins(text[n.end:], "单元") || begins(text[n.end:], "期") || begins(text[n.end:], "区") || begins(text[n.end:], "-")
	}
	return false
}

// findBySound finds names written with other characters of like sound, or with
// one character wrong, missing or too many.
func (g *Gazetteer) findBySound(text []rune, best map[int]float64, spans []hit) []hit {
	loose := g.sounds.looseText(text)
	try := func(form, at int) {
		if c, h := g.closest(form, text, at); c > 0 {
			keep(best, g.forms[form].place, c)
			if c >= Sure {
				spans = append(spans, h)
			}
		}
	}
	for _, h := range g.sound.find(loose, nil) {
		for _, s := range g.seeds[h.word] {
			try(s.form, int(h.start)-s.offset)
		}
	}
	for i := 0; i+2 < len(loose); i++ {
		for _, form := range g.gaps[[2]rune{loose[i], loose[i+2]}] {
			try(form, i)
		}
	}
	return spans
}

// The confidence from which a likeness is worth telling.
const likeEnough = 0.6

// closest compares a form with what stands around text[at].
func (g *Gazetteer) closest(form int, text []rune, at int) (float64, hit) {
	f := g.forms[form]
	n := len(f.text)
	best, where := 0.0, hit{}
	for start := max(0, at-1); start <= at+1 && start < len(text); start++ {
		for end := start + max(2, n-1); end <= min(start+n+1, len(text)); end++ {
			cost := g.distance(f, text[start:end])
			if cost > 1.5 {
				continue
			}
			c := 1 - cost*0.9/float64(n)
			known := addressed(text, end)
			if end-start != n || n == 2 || cost >= 1 {
				if known {
					c += 0.06
				} else {
					c -= 0.12
				}
			}
			if n == 2 && !known {
				c = 0
			}
			if c = min(c, 0.95); c > best {
				best, where = c, hit{start: int32(start), end: int32(end)}
			}
		}
	}
	if f.shared {
		best = min(best, 0.65)
	}
	if best < likeEnough {
		return 0, hit{}
	}
	return best, where
}

// findByLetters finds pinyin: fuxinyuan, or fxy before an address.
func (g *Gazetteer) findByLetters(text []rune, best map[int]float64) {
	for i := 0; i < len(text); i++ {
		if text[i] < 'a' || text[i] > 'z' {
			continue
		}
		j := i
		for j < len(text) && (text[j] >= 'a' && text[j] <= 'z' || text[j] == ' ') {
			j++
		}
		word := strings.ReplaceAll(string(text[i:j]), " ", "")
		if len(word) >= 3 && len(word) <= 40 {
			for _, f := range g.forms {
				switch {
				case word == f.pinyin && len(f.text) > 1:
					keep(best, f.place, 0.9)
				case word == f.initials && len(f.initials) >= 3 && !f.whole:
					keep(best, f.place, 0.7)
				case len(word) >= 7 && lettersApart(word, f.pinyin) == 1:
					keep(best, f.place, 0.75)
				}
			}
		}
		i = j
	}
}

func (g *Gazetteer) ranked(best map[int]float64) []PlaceGuess {
	if len(best) == 0 {
		return nil
	}
	out := make([]PlaceGuess, 0, len(best))
	for place, c := range best {
		p := g.places[place]
		out = append(out, PlaceGuess{ID: p.ID, Name: p.Name, Confidence: c})
	}
	slices.SortFunc(out, func(a, b PlaceGuess) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), maxFound)]
}
