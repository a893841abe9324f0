package ticket

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"gopkg.in/yaml.v3"
)

// Likeness says when two reports are likely of one thing: config/duplicates.yaml.
type Likeness struct {
	Offer      float64    `yaml:"offer"`
	LeastWords float64    `yaml:"least_words"`
	Days       int        `yaml:"days"`
	ClosedDays int        `yaml:"closed_days"`
	Private    []string   `yaml:"private"`
	Near       [][]string `yaml:"near"`
	Wide       []string   `yaml:"wide"`
	Points     struct {
		Category      float64 `yaml:"category"`
		Near          float64 `yaml:"near"`
		Unit          float64 `yaml:"unit"`
		Building      float64 `yaml:"building"`
		Unsaid        float64 `yaml:"unsaid"`
		Half          float64 `yaml:"half"`
		Elsewhere     float64 `yaml:"elsewhere"`
		WideElsewhere float64 `yaml:"wide_elsewhere"`
		Room          float64 `yaml:"room"`
		OtherRoom     float64 `yaml:"other_room"`
		Words         float64 `yaml:"words"`
		Reasons       float64 `yaml:"reasons"`
		PerDay        float64 `yaml:"per_day"`
		Closed        float64 `yaml:"closed"`
	} `yaml:"points"`
	Synonyms [][]string `yaml:"synonyms"`
	Idle     []string   `yaml:"idle"`

	rewrite *strings.Replacer
}

// LoadLikeness reads the rules. Errors name what is wrong.
func LoadLikeness(text []byte) (*Likeness, error) {
	var l Likeness
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&l); err != nil {
		return nil, err
	}
	if l.Offer <= 0 || l.Days < 1 || l.Days > 60 || l.ClosedDays < 0 || l.ClosedDays > l.Days || l.Points.Words <= 0 {
		return nil, fmt.Errorf("offer and points.words must be above 0, days 1 to 60, closed_days 0 to days")
	}
	type pair struct{ from, to string }
	var pairs []pair
	for _, group := range l.Synonyms {
		for _, word := range group[min(1, len(group)):] {
			pairs = append(pairs, pair{word, group[0]})
		}
	}
	for _, word := range l.Idle {
		pairs = append(pairs, pair{word, ""})
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return len(b.from) - len(a.from) }) // the longest first
	var words []string
	for _, p := range pairs {
		words = append(words, p.from, p.to)
	}
	l.rewrite = strings.NewReplacer(words...)
	return &l, nil
}

// Sighting is what somebody tells, as far as two are compared.
type Sighting struct {
	Place
	Text   string
	Words  []string // those that decided on the category
	At     time.Time
	Closed bool
}

// Alike is how alike two sightings are, and why.
type Alike struct {
	Points float64
	Why    []string // each likeness with its points
	Same   bool     // enough to offer the earlier one
}

// Compare compares a new sighting with an earlier one of the same compound.
func (l *Likeness) Compare(now, then Sighting) Alike {
	var a Alike
	add := func(why string, points float64) {
		if points != 0 {
			a.Points += points
			a.Why = append(a.Why, fmt.Sprintf("%s %+.1f", why, points))
		}
	}
	p, wide := l.Points, slices.Contains(l.Wide, now.Category) && now.Category == then.Category
	switch {
	case now.Category == then.Category:
		add("类别相同", p.Category)
	case !l.near(now.Category, then.Category):
		return a
	default:
		add("类别相近", p.Near)
	}
	elsewhere := p.Elsewhere
	if wide {
		elsewhere = p.WideElsewhere
	}
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	switch {
	case differ(now.Building, then.Building):
		add("不同的楼", elsewhere)
	case now.Building == "" && then.Building == "":
		add("都没有说哪栋楼", p.Unsaid)
	case now.Building != then.Building:
		add("一方没有说哪栋楼", p.Half)
	case differ(now.Unit, then.Unit):
		add("同一栋楼不同单元", elsewhere)
	case now.Unit != "" && now.Unit == then.Unit:
		add("同一单元", p.Unit)
	default:
		add("同一栋楼", p.Building)
	}
	switch {
	case now.Room != "" && now.Room == then.Room:
		add("同一户", p.Room)
	case differ(now.Room, then.Room) && !wide:
		add("不同的户", p.OtherRoom)
	}
	if here, there := sides(now.Text), sides(then.Text); len(here) > 0 && len(there) > 0 && !slices.ContainsFunc(here, func(s string) bool { return slices.Contains(there, s) }) {
		add("不同的方位", elsewhere)
	}
	if a.Points+p.Words+p.Reasons < l.Offer { // whatever they say
		return a
	}
	words := overlap(l.pairs(now.Text), l.pairs(then.Text))
	add("说法相似", p.Words*words)
	add("关键词相同", p.Reasons*shared(now.Words, then.Words))
	add("时间间隔", p.PerDay*math.Floor(now.At.Sub(then.At).Hours()/24))
	if then.Closed {
		add("已经办结", p.Closed)
	}
	a.Same = a.Points >= l.Offer && words >= l.LeastWords
	return a
}

func (l *Likeness) near(a, b string) bool {
	return slices.ContainsFunc(l.Near, func(group []string) bool { return slices.Contains(group, a) && slices.Contains(group, b) })
}

// nearTo are the categories in which a report of one may have been made before.
func (l *Likeness) nearTo(category string) []string {
	out := []string{category}
	for _, group := range l.Near {
		if slices.Contains(group, category) {
			out = append(out, group...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// placeWords are building, unit, floor and room, which are compared apart.
var placeWords = regexp.MustCompile(`[0-9A-Za-z一二三四五六七八九十百两]+ *(?:号楼|号院|栋|幢|座|号|单元|层楼|层|楼|室|户|#楼|#)`)

var sideWords = regexp.MustCompile(`([东西南北])(?:边|面|侧|头|门|院|区|围墙|单元|大门|侧门|路)`)

// sides are the sides of a compound that a text names.
func sides(text string) (out []string) {
	for _, found := range sideWords.FindAllStringSubmatch(text, -1) {
		out = append(out, found[1])
	}
	return out
}

// pairs are the pairs of characters that tell of the thing.
func (l *Likeness) pairs(text string) map[string]bool {
	text = l.rewrite.Replace(placeWords.ReplaceAllString(text, ""))
	runes := slices.DeleteFunc([]rune(text), func(r rune) bool { return !unicode.Is(unicode.Han, r) })
	out := make(map[string]bool, len(runes))
	for i := range runes[:max(0, len(runes)-1)] {
		out[string(runes[i:i+2])] = true
	}
	if len(runes) == 1 {
		out[string(runes)] = true
	}
	return out
}

// overlap is how much two sets have in common: half by their mean size, half by
// the smaller, for one person says in four words what another says in twenty.
func overlap(a, b map[string]bool) float64 {
	common := 0
	for p := range a {
		if b[p] {
			common++
		}
	}
	if common == 0 {
		return 0
	}
	return float64(common)/float64(len(a)+len(b)) + float64(common)/float64(2*min(len(a), len(b)))
}

// shared is the share of words that both have.
func shared(a, b []string) float64 {
	both, all := 0, map[string]bool{}
	for _, w := range a {
		all[w] = true
		if slices.Contains(b, w) {
			both++
		}
	}
	for _, w := range b {
		all[w] = true
	}
	if len(all) == 0 {
		return 0
	}
	return float64(both) / float64(len(all))
}
