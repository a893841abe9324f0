package wish

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"gopkg.in/yaml.v3"
)

// Rules are config/wishes.yaml.
type Rules struct {
	Kinds []Kind   `yaml:"kinds"`
	Money []string `yaml:"money"` // words of what is refused
	Days  struct {
		Least int `yaml:"least"`
		Most  int `yaml:"most"`
		Usual int `yaml:"usual"`
	} `yaml:"days"`
	CheckDays   int `yaml:"check_days"`
	ClaimDays   int `yaml:"claim_days"`
	RemindHours int `yaml:"remind_hours"`
	ConfirmDays int `yaml:"confirm_days"`
	Posted      int `yaml:"posted"`
	Claimed     int `yaml:"claimed"`
}

// Kind is a sort of wish.
type Kind struct {
	Code  string   `yaml:"code"`
	Name  string   `yaml:"name"`
	Words []string `yaml:"words"` // that say so
}

// LoadRules reads the rules. Errors name what is wrong.
func LoadRules(text []byte) (*Rules, error) {
	var r Rules
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&r); err != nil {
		return nil, err
	}
	for name, n := range map[string]int{
		"days.least": r.Days.Least, "check_days": r.CheckDays, "claim_days": r.ClaimDays, "remind_hours": r.RemindHours, "confirm_days": r.ConfirmDays, "posted": r.Posted, "claimed": r.Claimed,
	} {
		if n < 1 {
			return nil, fmt.Errorf("%s must be 1 or more", name)
		}
	}
	switch {
	case r.Days.Usual < r.Days.Least || r.Days.Most < r.Days.Usual:
		return nil, fmt.Errorf("days: usual must lie between least and most")
	case r.RemindHours >= r.ClaimDays*24:
		return nil, fmt.Errorf("remind_hours must be less than claim_days")
	case len(r.Kinds) == 0:
		return nil, fmt.Errorf("kinds is empty")
	}
	seen := map[string]bool{}
	for _, k := range r.Kinds {
		if k.Code == "" || k.Name == "" || seen[k.Code] {
			return nil, fmt.Errorf("kinds: %q has no code or name, or is there twice", k.Code+k.Name)
		}
		seen[k.Code] = true
	}
	return &r, nil
}

// Kind finds a kind by its code.
func (r *Rules) Kind(code string) (Kind, bool) {
	for _, k := range r.Kinds {
		if k.Code == code {
			return k, true
		}
	}
	return Kind{}, false
}

// Guess is the kind of which a sentence has the most words; false: of none.
func (r *Rules) Guess(text string) (Kind, bool) {
	var best Kind
	most := 0
	for _, k := range r.Kinds {
		n := 0
		for _, w := range k.Words {
			if strings.Contains(text, w) {
				n++
			}
		}
		if n > most {
			best, most = k, n
		}
	}
	return best, most > 0
}

// Lengths of texts, in characters.
const (
	minText = 4
	maxText = 300
	maxNote = 200
)

// Words says what is wrong with the words of a wish. Errors: ErrInvalid, ErrMoney.
func (r *Rules) Words(text string) error {
	plain := strings.Join(strings.Fields(norm.NFKC.String(text)), "")
	n := len([]rune(text))
	switch {
	case n < minText || n > maxText:
		return ErrInvalid.At("text", fmt.Sprintf("请用一句话写明想要什么，%d 到 %d 字", minText, maxText))
	case strings.ContainsFunc(text, unicode.IsControl):
		return ErrInvalid.At("text", "里面有不能显示的字符，请重新写")
	case slices.ContainsFunc(r.Money, func(w string) bool { return strings.Contains(plain, w) }):
		return ErrMoney.At("text", "请换一个不涉及钱的心愿")
	}
	return nil
}

func days(n int) int64 { return int64(n) * 24 * time.Hour.Milliseconds() }
