package understand

import (
	_ "embed" // the weights
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// What `make train` learnt. The first line names categories, which the others
// call A, B, … in this order; each other line is a gram and, for every category
// that it speaks for or against, the letter and the weight in tenths. The line
// without a gram is said of every text.
//
//go:embed weights.tsv
var learnt string

// model is what was learnt from labelled sentences: how much each run of up to
// maxGram characters (a gram) speaks for each category. It is linear, so every
// gram's share can be told.
type model struct {
	grams   *matcher
	weights [][]pull // by gram
	always  []pull
}

// pull is how much a gram speaks for a category; negative against it. The
// category after the last is NoReport, the one after that danger to life.
type pull struct {
	category int
	weight   float64
}

const (
	maxGram     = 3
	parting     = '\uFFFC' // stands for all that is no letter
	firstSign   = 'A'
	weightUnits = 10.0

	learntDanger = "danger" // stands for danger to life among the categories of the weights
)

// longNumber is from how many digits on a number leads to a person or an
// account, and says nothing of what is wrong.
const longNumber = 7

// plainly is text as the model reads it: all digits are alike, and what is no
// letter parts the grams, as do long numbers.
func plainly(text []rune) []rune {
	out := make([]rune, len(text))
	digits := 0 // at the end of what was read
	for i, r := range text {
		if !isDigit(r) {
			digits = 0
		}
		switch {
		case isDigit(r):
			out[i] = '0'
			switch digits++; {
			case digits == longNumber:
				for j := i - longNumber + 1; j <= i; j++ {
					out[j] = parting
				}
			case digits > longNumber:
				out[i] = parting
			}
		case r >= 'a' && r <= 'z', r >= firstHan && r <= lastHan:
			out[i] = r
		default:
			out[i] = parting
		}
	}
	return out
}

// newModel reads weights, and says nothing when they are empty; categories that
// the rules do not have are passed over.
func newModel(weights string, categories []Category) (*model, error) {
	index := map[string]int{NoReport: len(categories), learntDanger: len(categories) + 1}
	for i, c := range categories {
		index[c.Code] = i
	}
	m := &model{}
	var signs []int // by letter, the category or -1
	var grams [][]rune
	n := 0
	for line := range strings.Lines(weights) {
		line = strings.TrimSuffix(line, "\n")
		if n++; n == 1 {
			for code := range strings.SplitSeq(line, "\t") {
				c, ok := index[code]
				if !ok {
					c = -1
				}
				signs = append(signs, c)
			}
			continue
		}
		gram, said, ok := strings.Cut(line, "\t")
		pulls, good := readPulls(said, signs)
		switch {
		case !ok || !good:
			return nil, fmt.Errorf("weights line %d: a gram and what it speaks for are wanted", n)
		case gram == "":
			m.always = pulls
		default:
			grams, m.weights = append(grams, []rune(gram)), append(m.weights, pulls)
		}
	}
	m.grams = newMatcher(grams)
	return m, nil
}

// readPulls reads A12B-3.
func readPulls(said string, signs []int) ([]pull, bool) {
	var pulls []pull
	for said != "" {
		sign := int(said[0]) - firstSign
		end := 1 + strings.IndexFunc(said[1:], func(r rune) bool { return r >= firstSign })
		if end == 0 {
			end = len(said)
		}
		w, err := strconv.Atoi(said[1:end])
		if err != nil || sign < 0 || sign >= len(signs) {
			return nil, false
		}
		if c := signs[sign]; c >= 0 {
			pulls = append(pulls, pull{c, float64(w) / weightUnits})
		}
		said = said[end:]
	}
	return pulls, true
}

// leaning is what the weights say of a text.
type leaning struct {
	kinds  []float64 // by category
	idle   float64   // the share of NoReport, 0..1
	danger float64   // the likelihood of danger to life, 0..1
}

// lean asks the weights; where they count nothing, all is undecided and nobody in danger.
func (r *Reader) lean(text []rune) leaning {
	n := len(r.categories)
	if r.trust == 0 || len(r.learnt.weights) == 0 {
		return leaning{kinds: make([]float64, n), idle: hardlyIdle}
	}
	all := make([]float64, n+2)
	for _, p := range r.learnt.always {
		all[p.category] += p.weight
	}
	hits := r.learnt.grams.find(plainly(text), make([]hit, 0, 3*len(text)))
	scale := 1 / math.Sqrt(float64(max(1, len(hits))))
	for _, h := range hits {
		for _, p := range r.learnt.weights[h.word] {
			all[p.category] += p.weight * scale
		}
	}
	shares := slices.Clone(all[:n+1])
	softmax(shares)
	return leaning{all[:n], shares[n], 1 / (1 + math.Exp(-all[n+1]))}
}

// With is the same reader with other weights, in the form that Train gives.
func (r *Reader) With(weights []byte) (*Reader, error) {
	other := *r
	var err error
	other.learnt, err = newModel(string(weights), r.categories)
	return &other, err
}
