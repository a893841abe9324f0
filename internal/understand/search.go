package understand

import "strings"

// Search ranks compounds by how well their names answer a query, best first, at
// most five; parts of names, pinyin and its beginning count too.
func (g *Gazetteer) Search(query string) []PlaceGuess {
	text := []rune(strings.ReplaceAll(fold(query), " ", ""))
	best := map[int]float64{}
	if len(text) == 0 || len(text) > 60 {
		return nil
	}
	loose := g.sounds.looseText(text)
	for i := range g.forms {
		if c := g.answers(&g.forms[i], text, loose); c >= 0.45 {
			keep(best, g.forms[i].place, c)
		}
	}
	if len(text) > 4 { // the name may stand in a longer sentence
		found, _ := g.find(text)
		for _, p := range found {
			for i := range g.places {
				if g.places[i].ID == p.ID {
					keep(best, i, p.Confidence)
				}
			}
		}
	}
	return g.ranked(best)
}

// answers is how well a form fits a query, 0..1.
func (g *Gazetteer) answers(f *form, text, loose []rune) float64 {
	query, name := string(text), string(f.text)
	part := float64(len(text)) / float64(len(f.text))
	switch {
	case query == name && f.shared:
		return 0.95
	case query == name:
		return 1
	case strings.HasPrefix(name, query):
		return 0.8 + 0.15*part
	case strings.Contains(name, query):
		return 0.7 + 0.15*part
	}
	if text[0] >= 'a' && text[0] <= 'z' {
		return answersLetters(f, query)
	}
	if part <= 1 && strings.Contains(string32(f.loose), string32(loose)) {
		return 0.6 + 0.25*part
	}
	if f.whole || len(text) > len(f.text)+2 {
		return 0
	}
	n := max(len(f.text), len(text))
	return max(0, 0.9-g.distance(*f, text)/float64(n))
}

func answersLetters(f *form, query string) float64 {
	switch {
	case query == f.pinyin:
		return 0.95
	case len(query) >= 2 && query == f.initials:
		return 0.85
	case len(query) >= 2 && strings.HasPrefix(f.pinyin, query):
		return 0.7 + 0.2*float64(len(query))/float64(len(f.pinyin))
	case len(query) >= 2 && strings.HasPrefix(f.initials, query):
		return 0.65
	case len(query) >= 5 && strings.Contains(f.pinyin, query):
		return 0.65
	case len(query) >= 6 && lettersApart(query, f.pinyin) <= 2:
		return 0.7
	}
	return 0
}

// distance counts the slips that make a form into text: a character of the same
// sound 0.15, of a like sound 0.25, one letter off 0.5, any other change, loss or gain 1,
// two neighbours swapped 0.6.
func (g *Gazetteer) distance(f form, text []rune) float64 {
	n, m := len(f.text), len(text)
	if n > 40 || m > 60 {
		return float64(max(n, m))
	}
	var rows [3][61]float64
	for j := range m + 1 {
		rows[0][j] = float64(j)
	}
	for i := 1; i <= n; i++ {
		row, above := &rows[i%3], &rows[(i-1)%3]
		row[0] = float64(i)
		for j := 1; j <= m; j++ {
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+g.slip(f.text[i-1], text[j-1]))
			if i > 1 && j > 1 && f.text[i-1] == text[j-2] && f.text[i-2] == text[j-1] {
				row[j] = min(row[j], rows[(i-2)%3][j-2]+0.6)
			}
		}
	}
	return rows[n%3][m]
}

func (g *Gazetteer) slip(a, b rune) float64 {
	if a == b {
		return 0
	}
	x, y := g.sounds.of(a), g.sounds.of(b)
	switch {
	case x == 0 || y == 0:
		return 1
	case x == y:
		return 0.15
	case g.sounds.loose[x] == g.sounds.loose[y]:
		return 0.25
	case lettersApart(g.sounds.names[x], g.sounds.names[y]) == 1:
		return 0.5
	}
	return 1
}

// lettersApart is the edit distance of two short ASCII words; 3 stands for more.
func lettersApart(a, b string) int {
	if len(a) > 60 || len(b) > 60 || len(a)-len(b) > 2 || len(b)-len(a) > 2 {
		return 3
	}
	var rows [2][61]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above := &rows[i%2], &rows[(i-1)%2]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+change)
		}
	}
	return min(rows[len(a)%2][len(b)], 3)
}
