// Package understand reads a resident's sentence: which of the 24 categories it
// is about, which place it names, whether it tells of danger to life, and
// whether it is a problem at all. It is pure: words and points come from
// config/understand.yaml, compounds from the caller, and nothing is kept.
//
// Beside the words stand small trained weights (weights.tsv, from `make train`):
// for each run of one to three characters, how much it speaks for each category,
// for no report and for danger. They are there because they are clearly better
// on sentences that they have not seen: of 5,096 reports, many of which avoid the
// usual words on purpose, the words alone read 80.8 % right, with weights 86.8 %
// (leaving out a sixth at a time; `make train ARGS='-folds 6'` does it again).
// Danger is told by words; the weights raise the alarm only where the words find
// no trace of one.
package understand

import (
	"regexp"
	"slices"
)

// Category is one of the 24 kinds of problem, in the order of the rules.
type Category struct {
	Code string // as in the API, for instance lighting
	Name string // Chinese, for people
}

// Guess is a category with how likely it is.
type Guess struct {
	Code, Name string
	Confidence float64 // 0..1; those of one Reading sum up to at most 1
}

// Intent says what a sentence wants.
type Intent string

// The intents. Only Problem and Question are worth a ticket.
const (
	Problem  Intent = "problem"  // something is wrong or asked for
	Question Intent = "question" // asks how, where or when
	Chatter  Intent = "chatter"  // greetings, thanks, praise, tests, news that all is well
	Unclear  Intent = "unclear"  // nothing was understood
)

// Reading is what a sentence says.
type Reading struct {
	Guesses []Guess // best first, one to three
	Clear   bool    // the first guess is sure enough to file at once

	// Building, Unit, Floor and Room as Arabic digits, letters upper case (A座 is
	// "A", 地下一层 is "-1", 东单元 is "东"); empty when not said.
	Building, Unit, Floor, Room string

	// Compounds are those that the text may name, best first. Sure says when to
	// trust the first without asking.
	Compounds []PlaceGuess

	Emergency bool   // life is in danger now
	Danger    string // code of the danger, for Advice; empty without emergency
	Perhaps   bool   // no emergency by what is said, but somebody should be asked

	Intent Intent
	Words  []string // the words that decided, in order of the text

	Urgent bool   // the person presses: 急, 马上, 等不了
	Since  string // since when or how long, as it is said: 昨晚, 三天了; empty when not said
}

// Read understands text; g may be nil, then no compound is looked for. Any text
// is legal; what stands after 5,000 characters is not read.
func (r *Reader) Read(text string, g *Gazetteer) Reading {
	runes := r.prepare(text)
	var out Reading
	spot := readSpot(runes)
	out.Building, out.Unit, out.Floor, out.Room = spot.building, spot.unit, spot.floor, spot.room
	if g != nil {
		var named []hit
		out.Compounds, named = g.find(runes)
		hide(runes, named)
	}
	s := r.scan(runes)
	lean := r.lean(runes)
	danger := s.danger()
	if danger < 0 && r.alarm > 0 && lean.danger >= r.alarm && len(s.risks) == 0 && !s.bare() { // what the words dismiss stays dismissed
		danger = r.dangerOf(s, lean)
	}
	if danger >= 0 {
		out.Emergency, out.Danger = true, r.dangers[danger].code
	}
	out.Perhaps = danger < 0 && (len(s.risks) > 0 || lean.danger >= r.perhaps)
	scores := s.scores(danger)
	values := s.values(scores, lean.kinds)
	best := slices.Index(values, slices.Max(values))
	out.Intent = s.intent(best, scores[best], lean.idle, out.Emergency)
	out.Guesses = r.guesses(values, out.Intent)
	top := out.Guesses[0]
	out.Clear = top.Code != r.other && top.Confidence >= r.clear.Confidence &&
		(out.Intent == Problem || out.Intent == Question) && scores[best] >= r.clear.Score && (lean.idle < doubtful || lean.idle < surelyIdle && len(s.marks[markFault]) > 0)
	out.Words = s.words(best)
	out.Urgent = out.Emergency || len(s.marks[markUrgent]) > 0 && out.Intent == Problem
	out.Since = since.FindString(string(runes))
	return out
}

// dangerOf is the first danger of the likeliest category; -1 when it has none.
func (r *Reader) dangerOf(s *scan, lean leaning) int {
	values := s.values(s.scores(-1), lean.kinds)
	best := slices.Index(values, slices.Max(values))
	return slices.IndexFunc(r.dangers, func(d danger) bool { return d.category == best })
}

// prepare folds a text and puts right what is often written wrong.
func (r *Reader) prepare(text string) []rune {
	runes := []rune(r.rewrite.Replace(fold(text)))
	return runes[:min(len(runes), maxRunes)]
}

// since finds words of time that tell how long a thing has been so.
var since = regexp.MustCompile(`(?:快|都|已经|有|整整)?(?:[0-9一二三四五六七八九十两半几好多]{1,3}|大半)个?(?:多|来)?(?:小时|钟头|天|晚上|宿|周|星期|礼拜|月|年|冬天|夏天)(?:多|来)?(?:了|没|不)|(?:从|打|自)(?:昨|前|今|上|去)?[0-9一二三四五六七八九十天晚早上周年月号日]{1,5}(?:开始|起)?(?:就|一直|到现在)|昨天?(?:晚上|夜里|下午|早上)|昨[天晚夜]|前[天晚]|今早|今天早上|今天一早|上(?:个?星期|个?礼拜|周|个?月)`)

// hide blots names out, so that 绿洲 in one does not speak of plants.
func hide(text []rune, spans []hit) {
	for _, h := range spans {
		for i := h.start; i < h.end; i++ {
			text[i] = '\uFFFC'
		}
	}
}

// Categories lists the categories in the order of the rules.
func (r *Reader) Categories() []Category { return append([]Category(nil), r.categories...) }

// Category finds one by its code.
func (r *Reader) Category(code string) (Category, bool) {
	for _, c := range r.categories {
		if c.Code == code {
			return c, true
		}
	}
	return Category{}, false
}

// Advice is what to do now and which number to call in a danger, in Chinese;
// general advice when the code is unknown.
func (r *Reader) Advice(danger string) string {
	for _, d := range r.dangers {
		if d.code == danger {
			return d.advice
		}
	}
	return r.advice
}
