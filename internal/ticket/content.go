package ticket

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"gopkg.in/yaml.v3"
	"gorm.io/gorm"
)

// Content says what people write that others must not read as it stands: config/content.yaml.
type Content struct {
	abuse, signs, reach, complaints []string // folded
	least                           int
	rude, called, titled            *regexp.Regexp
}

// listed is a list of words that knows its lines.
type listed []yaml.Node

// LoadContent reads the rules. Errors name the line of what is wrong.
func LoadContent(text []byte) (*Content, error) {
	var file struct {
		Abuse   listed `yaml:"abuse"`
		Adverts struct {
			Signs      listed    `yaml:"signs"`
			Reach      listed    `yaml:"reach"`
			Least      yaml.Node `yaml:"least"`
			Complaints listed    `yaml:"complaints"`
		} `yaml:"adverts"`
		Names struct {
			Surnames yaml.Node `yaml:"surnames"`
			Calls    listed    `yaml:"calls"`
			Titles   listed    `yaml:"titles"`
		} `yaml:"names"`
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		return nil, err
	}
	var c Content
	words := map[string][]string{}
	for name, l := range map[string]listed{
		"abuse": file.Abuse, "adverts.signs": file.Adverts.Signs, "adverts.reach": file.Adverts.Reach, "adverts.complaints": file.Adverts.Complaints, "names.calls": file.Names.Calls, "names.titles": file.Names.Titles,
	} {
		var err error
		if words[name], err = l.words(name); err != nil {
			return nil, err
		}
	}
	if err := file.Adverts.Least.Decode(&c.least); err != nil || c.least < 2 || c.least > len(words["adverts.signs"]) {
		return nil, fmt.Errorf("line %d: adverts.least is how many signs make an advertisement, 2 at least", file.Adverts.Least.Line)
	}
	surnames := regexp.QuoteMeta(file.Names.Surnames.Value)
	if !regexp.MustCompile(`^\p{Han}+$`).MatchString(file.Names.Surnames.Value) {
		return nil, fmt.Errorf("line %d: names.surnames is a line of characters, each a surname", file.Names.Surnames.Line)
	}
	c.abuse, c.signs, c.reach, c.complaints = words["abuse"], words["adverts.signs"], words["adverts.reach"], words["adverts.complaints"]
	c.rude = oneOf(c.abuse)
	c.called = regexp.MustCompile(`(` + oneOf(words["names.calls"]).String() + `)(是|叫|为|[:： ])?[` + surnames + `]\p{Han}{1,2}`)
	c.titled = regexp.MustCompile(`[` + surnames + `]\p{Han}{0,2}?(` + oneOf(words["names.titles"]).String() + `)`)
	return &c, nil
}

func (l listed) words(name string) ([]string, error) {
	if len(l) == 0 {
		return nil, fmt.Errorf("%s is missing", name)
	}
	var out []string
	for _, n := range l {
		w := folded(n.Value)
		switch {
		case n.Kind != yaml.ScalarNode || w == "":
			return nil, fmt.Errorf("line %d: %s has an entry that is no word", n.Line, name)
		case slices.Contains(out, w):
			return nil, fmt.Errorf("line %d: %s has %s twice", n.Line, name, n.Value)
		}
		out = append(out, w)
	}
	slices.SortStableFunc(out, func(a, b string) int { return len(b) - len(a) }) // the longest first
	return out, nil
}

// oneOf finds any of the words, whatever stands between their characters.
func oneOf(words []string) *regexp.Regexp {
	patterns := make([]string, len(words))
	for i, w := range words {
		var between []string
		for _, r := range w {
			between = append(between, regexp.QuoteMeta(string(r)))
		}
		patterns[i] = strings.Join(between, `[\s\p{P}\p{S}]*`)
	}
	return regexp.MustCompile(`(?i:` + strings.Join(patterns, "|") + `)`)
}

// Finding is what the rules see in a text.
type Finding struct {
	Abuse    bool // insults
	Advert   bool // an advertisement, and nothing else
	Personal bool // what leads to people: numbers, doors, names
}

// Why is the finding in codes: abuse, advert, personal.
func (f Finding) Why() []string {
	var out []string
	for _, w := range []struct {
		yes  bool
		code string
	}{{f.Abuse, "abuse"}, {f.Advert, "advert"}, {f.Personal, "personal"}} {
		if w.yes {
			out = append(out, w.code)
		}
	}
	return out
}

// Look reads a text.
func (c *Content) Look(text string) Finding {
	folded := folded(text)
	return Finding{Abuse: anyOf(c.abuse, folded), Advert: c.advert(folded), Personal: c.impersonal(text) != text}
}

// Advert is Look for an advertisement alone.
func (c *Content) Advert(text string) bool { return c.advert(folded(text)) }

func (c *Content) advert(folded string) bool {
	if !anyOf(c.reach, folded) && !numbered(folded) {
		return false
	}
	signs := 0
	for _, s := range c.signs {
		if strings.Contains(folded, s) {
			signs++
		}
	}
	return signs >= c.least && !anyOf(c.complaints, folded)
}

func anyOf(words []string, text string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// numbered says that a folded text has a number that one can call.
func numbered(folded string) bool {
	digits := 0
	for _, r := range folded {
		if digits++; r < '0' || r > '9' {
			digits = 0
		}
		if digits == 7 {
			return true
		}
	}
	return false
}

// folded is a text in which case, width and the marks between characters do not matter.
func folded(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(text)))
}

// Polite is a text with ** for its insults.
func (c *Content) Polite(text string) string { return c.rude.ReplaceAllString(text, "**") }

// Masked is a text as others may read it: without insults, and without what
// leads to people.
func (c *Content) Masked(text string) string {
	return c.impersonal(c.Polite(text))
}

// accounts are where people are found besides by their numbers.
var accounts = regexp.MustCompile(`(?i)(微信|vx|wx|qq)([号是为:： ]*)[a-z0-9_-]{5,}|https?://\S+|www\.\S+|[\w.-]+@[\w-]+(?:\.[\w-]+)+`)

func (c *Content) impersonal(text string) string {
	text = c.titled.ReplaceAllString(c.called.ReplaceAllString(text, "${1}${2}某某"), "某$1")
	return accounts.ReplaceAllString(nameless(text), "$1$2***")
}

// Judged is what the content check says of words.
type Judged string

// What it says. Only what passed is shown to others.
const (
	Unjudged Judged = ""
	Passed   Judged = "pass"
	Doubtful Judged = "review"
	Risky    Judged = "risky"
)

// Judge is the worse of what WeChat says of a text (Unjudged: it could not be
// asked) and what the rules find, with the reasons in codes.
func (c *Content) Judge(text string, said Judged) (verdict Judged, why string) {
	found := c.Look(text)
	verdict = Passed
	if found.Abuse || found.Advert {
		verdict = Doubtful
	}
	if said == Risky || said == Doubtful && verdict == Passed {
		verdict = said
	}
	reasons := append(found.Why(), map[Judged]string{Unjudged: "words_only", Doubtful: "wechat_review", Risky: "wechat_risky"}[said])
	return verdict, strings.TrimSuffix(strings.Join(reasons, ","), ",")
}

// TopicCheck asks whether a ticket's words may be shown to others; payload Check.
const TopicCheck = "ticket.check"

// Check names a ticket whose words are to be looked at.
type Check struct {
	TicketID int64 `json:"ticket_id"`
}

// Unjudged is a ticket whose words nobody has looked at yet, or false.
func (s *Service) Unjudged(ctx context.Context, c Check) (Ticket, bool, error) {
	t, err := s.byID(ctx, c.TicketID)
	return t, err == nil && t.Content == Unjudged, err
}

// Judge keeps what the check says of a ticket's words, once. said is WeChat's
// word; see Content.Judge.
func (s *Service) Judge(ctx context.Context, t Ticket, said Judged) error {
	verdict, why := s.Rules().Content.Judge(t.Text, said)
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE tickets SET content = ?, content_why = ? WHERE id = ? AND content = ''", verdict, why, t.ID).Error
	})
}

// Shown is a ticket's words as neighbours and the public may read them: only
// what was checked and passed, masked, and nothing of the private categories.
func (s *Service) Shown(t Ticket) string {
	rules := s.Rules()
	if t.Content != Passed || slices.Contains(rules.Likeness.Private, t.Category) {
		return ""
	}
	return rules.Content.Masked(t.Text)
}
