package understand

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// How the weights are learnt. Tried by leaving out a fifth of the sentences at a time.
const (
	epochs    = 25
	rate      = 1.0
	slowing   = 0.1  // of the rate, each epoch
	decay     = 3e-3 // towards zero
	seldom    = 2    // a gram that fewer texts have is not learnt
	faint     = 0.35 // a weight below it is left out
	wordShare = 0.25 // how much a word of the rules counts beside a sentence
	wordFrom  = 6    // the weight from which a word of the rules is learnt from
)

// example is a text to learn from, as the numbers of its grams.
type example struct {
	grams  []int
	want   int
	danger int // 1 when life is in danger, -1 when nobody said
	share  float64
}

// Train learns weights from labelled sentences and the words of the rules, in
// the form of weights.tsv. The same input gives the same weights.
func (r *Reader) Train(rows []Labelled) []byte {
	classes := map[string]int{NoReport: len(r.categories)}
	for i, c := range r.categories {
		classes[c.Code] = i
	}
	var texts [][]rune
	var list []example
	add := func(text []rune, want, danger int, share float64) {
		texts, list = append(texts, plainly(text)), append(list, example{want: want, danger: danger, share: share})
	}
	for _, row := range rows {
		if want, ok := classes[row.Category]; ok {
			danger := 0
			if row.Emergency {
				danger = 1
			}
			add(r.prepare(row.Text), want, danger, 1)
		}
	}
	for id, uses := range r.uses {
		for _, u := range uses {
			if u.kind == useScore && u.weight >= wordFrom {
				add(r.words[id], u.index, -1, wordShare)
			}
		}
	}
	grams := gramsOf(texts)
	ids := make(map[string]int, len(grams))
	for i, g := range grams {
		ids[g] = i
	}
	for i, text := range texts {
		eachGram(text, func(g string) {
			if id, ok := ids[g]; ok {
				list[i].grams = append(list[i].grams, id)
			}
		})
	}
	kinds := newLearner(len(classes), len(grams))
	kinds.learn(list)
	list = slices.DeleteFunc(list, func(e example) bool { return e.danger < 0 })
	for i := range list {
		list[i].want = list[i].danger
	}
	dangers := newLearner(2, len(grams))
	dangers.learn(list)
	return write(append(grams, ""), append(r.Categories(), Category{Code: NoReport}), kinds, dangers)
}

// gramsOf are the grams that are not seldom, in order.
func gramsOf(texts [][]rune) []string {
	counts := map[string]int{}
	for _, text := range texts {
		seen := map[string]bool{}
		eachGram(text, func(g string) {
			if !seen[g] {
				seen[g] = true
				counts[g]++
			}
		})
	}
	var grams []string
	for g, n := range counts {
		if n >= seldom {
			grams = append(grams, g)
		}
	}
	slices.Sort(grams)
	return grams
}

func eachGram(text []rune, f func(string)) {
	for i := range text {
		for n := 1; n <= maxGram && i+n <= len(text) && text[i+n-1] != parting; n++ {
			f(string(text[i : i+n]))
		}
	}
}

// learner is a softmax regression; the row after the last gram is said of every text.
type learner struct {
	classes, always int
	weights, value  []float64
}

func newLearner(classes, grams int) *learner {
	return &learner{classes, grams, make([]float64, (grams+1)*classes), make([]float64, classes)}
}

func (l *learner) learn(list []example) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // an order to learn in, the same each time
	order := random.Perm(len(list))
	for epoch := range epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		step := rate / (1 + float64(epoch)*slowing)
		for _, i := range order {
			l.see(list[i], step)
		}
	}
}

// see moves the weights a step towards one example.
func (l *learner) see(e example, step float64) {
	scale := 1 / math.Sqrt(float64(max(1, len(e.grams))))
	copy(l.value, l.row(l.always))
	for _, g := range e.grams {
		for c, w := range l.row(g) {
			l.value[c] += float64(w * scale) // no fused arithmetic: alike on every machine
		}
	}
	softmax(l.value)
	l.value[e.want]--
	for c := range l.row(l.always) {
		l.row(l.always)[c] -= float64(step * e.share * l.value[c] / 10)
	}
	for _, g := range e.grams {
		row := l.row(g)
		for c := range row {
			row[c] -= float64(step * (float64(e.share*l.value[c]*scale) + float64(decay*row[c])))
		}
	}
}

func (l *learner) row(gram int) []float64 {
	return l.weights[gram*l.classes : (gram+1)*l.classes]
}

// write tells the categories, then what each gram speaks for.
func write(grams []string, categories []Category, kinds, dangers *learner) []byte {
	var out strings.Builder
	for _, c := range categories {
		out.WriteString(c.Code + "\t")
	}
	out.WriteString(learntDanger + "\n")
	for i, g := range grams {
		weights := append(slices.Clone(kinds.row(i)), dangers.row(i)[1]-dangers.row(i)[0])
		line := ""
		for c, w := range weights {
			if math.Abs(w) >= faint {
				line += fmt.Sprintf("%c%d", firstSign+c, int(math.Round(w*weightUnits)))
			}
		}
		if line != "" {
			out.WriteString(g + "\t" + line + "\n")
		}
	}
	return []byte(out.String())
}

// softmax makes values shares that sum up to 1.
func softmax(v []float64) {
	top, sum := slices.Max(v), 0.0
	for i := range v {
		v[i] = math.Exp(v[i] - top)
		sum += v[i]
	}
	for i := range v {
		v[i] /= sum
	}
}
