package understand

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Reader holds the rules, ready to read; it is safe for use by many at once.
type Reader struct {
	categories []Category
	other      string // code of the category for all that fits no other
	otherIndex int
	dangers    []danger
	advice     string
	clear      clearRule
	rewrite    *strings.Replacer
	matcher    *matcher
	words      [][]rune // of the matcher
	uses       [][]use  // per word
	nears      []near
	learnt     *model
	trust      float64 // what a value of the model counts in points
	alarm      float64 // the likelihood of danger from which the model alone says emergency
	perhaps    float64 // that from which somebody is asked
}

type danger struct {
	code, advice string
	category     int // index, -1 for none in particular
	passing      bool
}

type clearRule struct {
	Confidence float64 `yaml:"confidence"`
	Score      int     `yaml:"score"`
}

// learntRule says how much the trained weights count beside the words.
type learntRule struct {
	Trust float64 `yaml:"trust"` // points that a value of theirs is worth, 0 = not asked at all
	Alarm float64 `yaml:"alarm"` // the likelihood of danger from which they alone say emergency, 0 = never
	Ask   float64 `yaml:"ask"`   // that from which a person is asked whether there is danger
}

// use is what a word is good for.
type use struct {
	kind   useKind
	index  int // category, danger, near or mark
	weight int
}

type useKind int

const (
	useScore  useKind = iota // counts for a category
	useDanger                // is a danger by itself
	useA                     // one side of a near
	useB                     // the other
	useMark                  // turns or colours what stands around it
	useShield                // says that shorter words inside it mean nothing
)

// near fires when a word of a and one of b stand close by in one sentence.
type near struct {
	category, danger int // −1 when not for one
	weight, within   int
	ordered          bool // a first
}

// The file as it is written.
type file struct {
	Advice     term              `yaml:"advice"`
	Clear      clearRule         `yaml:"clear"`
	Learnt     learntRule        `yaml:"learnt"`
	Rewrite    map[string][]term `yaml:"rewrite"`
	Groups     map[string][]term `yaml:"groups"`
	Shields    []term            `yaml:"shields"`
	Marks      map[string][]term `yaml:"marks"`
	Categories []categoryRule    `yaml:"categories"`
	Dangers    []dangerRule      `yaml:"dangers"`
}

type categoryRule struct {
	Code  term           `yaml:"code"`
	Name  term           `yaml:"name"`
	Words map[int][]term `yaml:"words"`
	Near  []nearRule     `yaml:"near"`
}

type dangerRule struct {
	Code     term       `yaml:"code"`
	Category term       `yaml:"category"` // speaks strongly for it; empty for none
	Advice   term       `yaml:"advice"`
	Passing  bool       `yaml:"passing"` // over by itself: told of the past it is no emergency
	Words    []term     `yaml:"words"`
	Near     []nearRule `yaml:"near"`
}

type nearRule struct {
	Weight  int    `yaml:"weight"`
	A       []term `yaml:"a"`
	B       []term `yaml:"b"`
	Within  int    `yaml:"within"` // runes between the two, 8 when not said
	Ordered bool   `yaml:"ordered"`
}

// term is a word of the file with its line, to name it in an error.
type term struct {
	text string
	line int
}

// UnmarshalYAML keeps the line.
func (t *term) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: a word is wanted here", n.Line)
	}
	t.text, t.line = n.Value, n.Line
	return nil
}

// mark is what a colouring word does.
type mark int

const (
	markFeared   mark = iota // before a danger: it is only imagined
	markNearly               // before a danger: it nearly happened
	markTalked               // after a danger: it is only talked about
	markPast                 // the danger was before
	markHabit                // the danger comes and goes
	markNow                  // it is now, whatever else is said
	markDone                 // all is well again
	markRelapse              // but not for long
	markThanks               //
	markPraise               //
	markGreeting             //
	markFault                // something is wrong
	markRequest              // something is asked for
	markAsk                  // a question
	markUrgent               // the person presses
	markCount
)

var markNames = [markCount]string{"feared", "nearly", "talked", "past", "habit", "now", "done", "relapse", "thanks", "praise", "greeting", "fault", "request", "ask", "urgent"}

// New reads rules in the form of config/understand.yaml. Unknown keys, doubled
// or empty words and references to nothing are refused; the error names the line.
func New(rules []byte) (*Reader, error) {
	dec := yaml.NewDecoder(bytes.NewReader(rules))
	dec.KnownFields(true)
	var f file
	if err := dec.Decode(&f); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("understanding rules: empty")
		}
		return nil, fmt.Errorf("understanding rules: %w", err)
	}
	c := &compiler{groups: f.Groups, ids: map[string]int{}, r: &Reader{advice: f.Advice.text, clear: f.Clear, trust: f.Learnt.Trust, alarm: f.Learnt.Alarm, perhaps: f.Learnt.Ask, otherIndex: -1}}
	c.compile(&f)
	if c.err != nil {
		return nil, fmt.Errorf("understanding rules: %w", c.err)
	}
	var err error
	if c.r.learnt, err = newModel(learnt, c.r.categories); err != nil {
		return nil, err
	}
	return c.r, nil
}

// compiler turns the file into a Reader; the first error stops it.
type compiler struct {
	groups map[string][]term
	ids    map[string]int
	texts  [][]rune
	r      *Reader
	err    error
}

func (c *compiler) compile(f *file) {
	c.rewrites(f.Rewrite)
	for _, name := range slices.Sorted(maps.Keys(f.Groups)) {
		terms := f.Groups[name]
		if len(terms) == 0 {
			c.fail(0, "group %q is empty", name)
		}
		for _, t := range terms {
			c.check(t)
		}
	}
	c.words(f.Shields, use{kind: useShield})
	for _, name := range slices.Sorted(maps.Keys(f.Marks)) { // in order, so that everything is alike each time
		terms := f.Marks[name]
		m := slices.Index(markNames[:], name)
		if m < 0 {
			line := 0
			if len(terms) > 0 {
				line = terms[0].line
			}
			c.fail(line, "unknown mark %q", name)
		}
		c.words(terms, use{kind: useMark, index: m})
	}
	if len(f.Categories) == 0 {
		c.fail(0, "no categories")
	}
	for i, rule := range f.Categories {
		c.category(i, rule)
	}
	if c.r.otherIndex < 0 {
		c.fail(0, "no category with code other")
	}
	for i, rule := range f.Dangers {
		c.danger(i, rule)
	}
	if f.Advice.text == "" {
		c.fail(0, "advice is missing")
	}
	if f.Clear.Confidence <= 0 || f.Clear.Confidence > 1 || f.Clear.Score <= 0 {
		c.fail(0, "clear wants a confidence over 0 up to 1 and a score over 0")
	}
	if c.err == nil {
		c.r.words, c.r.matcher = c.texts, newMatcher(c.texts)
	}
}

func (c *compiler) category(i int, rule categoryRule) {
	code, name := c.check(rule.Code), rule.Name.text
	if _, ok := c.r.Category(code); ok {
		c.fail(rule.Code.line, "category %q twice", code)
	}
	if name == "" {
		c.fail(rule.Code.line, "category %q has no name", code)
	}
	if code == "other" {
		c.r.other, c.r.otherIndex = code, i
	}
	c.r.categories = append(c.r.categories, Category{Code: code, Name: name})
	seen := map[string]bool{}
	for _, weight := range slices.Sorted(maps.Keys(rule.Words)) {
		terms := rule.Words[weight]
		for _, t := range c.expand(terms) {
			if seen[t.text] {
				c.fail(t.line, "word %q twice in %s", t.text, code)
			}
			seen[t.text] = true
		}
		c.words(terms, use{kind: useScore, index: i, weight: weight})
	}
	for _, n := range rule.Near {
		if len(n.A) > 0 && n.Weight == 0 {
			c.fail(n.A[0].line, "a near of %s has no weight", code)
		}
		c.near(n, near{category: i, danger: -1})
	}
}

func (c *compiler) danger(i int, rule dangerRule) {
	code := c.check(rule.Code)
	if rule.Advice.text == "" {
		c.fail(rule.Code.line, "danger %q has no advice", code)
	}
	category := slices.IndexFunc(c.r.categories, func(k Category) bool { return k.Code == rule.Category.text })
	if category < 0 && rule.Category.text != "" {
		c.fail(rule.Code.line, "danger %q is of no known category", code)
	}
	c.r.dangers = append(c.r.dangers, danger{code: code, advice: rule.Advice.text, category: category, passing: rule.Passing})
	c.words(rule.Words, use{kind: useDanger, index: i})
	for _, n := range rule.Near {
		c.near(n, near{category: -1, danger: i})
	}
}

func (c *compiler) near(rule nearRule, n near) {
	n.weight, n.within, n.ordered = rule.Weight, rule.Within, rule.Ordered
	if n.within == 0 {
		n.within = 8
	}
	if len(rule.A) == 0 || len(rule.B) == 0 {
		line := 0
		if len(rule.A)+len(rule.B) > 0 {
			line = append(rule.A, rule.B...)[0].line
		}
		c.fail(line, "near wants words in a and in b")
	}
	index := len(c.r.nears)
	c.r.nears = append(c.r.nears, n)
	c.words(rule.A, use{kind: useA, index: index})
	c.words(rule.B, use{kind: useB, index: index})
}

func (c *compiler) rewrites(rewrite map[string][]term) {
	var pairs []string
	to := make([]string, 0, len(rewrite))
	for right := range rewrite {
		to = append(to, right)
	}
	slices.Sort(to)
	for _, right := range to {
		for _, wrong := range rewrite[right] {
			pairs = append(pairs, c.check(wrong), fold(right))
		}
	}
	c.r.rewrite = strings.NewReplacer(pairs...)
}

// words gives each word one more use.
func (c *compiler) words(terms []term, u use) {
	for _, t := range c.expand(terms) {
		text := c.check(t)
		id, ok := c.ids[text]
		if !ok {
			id = len(c.texts)
			c.ids[text] = id
			c.texts = append(c.texts, []rune(text))
			c.r.uses = append(c.r.uses, nil)
		}
		c.r.uses[id] = append(c.r.uses[id], u)
	}
}

// expand puts a group's words in the place of its $name.
func (c *compiler) expand(terms []term) []term {
	out := make([]term, 0, len(terms))
	for _, t := range terms {
		name, isGroup := strings.CutPrefix(t.text, "$")
		if !isGroup {
			out = append(out, t)
			continue
		}
		group, ok := c.groups[name]
		if !ok {
			c.fail(t.line, "no group %q", name)
		}
		out = append(out, group...)
	}
	return out
}

func (c *compiler) check(t term) string {
	text := fold(t.text)
	if text == "" {
		c.fail(t.line, "an empty word")
	}
	return text
}

func (c *compiler) fail(line int, format string, args ...any) {
	if c.err != nil {
		return
	}
	c.err = fmt.Errorf(format, args...)
	if line > 0 {
		c.err = fmt.Errorf("line %d: %w", line, c.err)
	}
}
