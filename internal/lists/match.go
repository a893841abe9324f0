package lists

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Reason is why a need and a resource fit.
type Reason string

// The reasons.
const (
	SameKind    Reason = "same_kind"
	Paired      Reason = "paired"
	Chosen      Reason = "chosen"
	InTime      Reason = "in_time"
	Subdistrict Reason = "subdistrict"
	SameWords   Reason = "words"
)

var reasonNames = map[Reason]string{
	SameKind: "同类", Paired: "已结对", Chosen: "单位指明本社区", InTime: "时间合适", Subdistrict: "同街道", SameWords: "说的是同一件事",
}

// Name is the reason in Chinese.
func (r Reason) Name() string { return reasonNames[r] }

// Wanted is what is looked at of a need.
type Wanted struct {
	ID          int64
	Kind, Title string
	WantedOn    string // empty: whenever
	Community   int64
	Subdistrict int64
}

// Offered is what is looked at of a resource.
type Offered struct {
	ID           int64
	Kind, Title  string
	FromOn, ToOn string // empty: open
	Communities  []int64
	Partners     []int64 // communities that its unit serves
	Subdistricts []int64 // of those
}

// Candidate is a need with a resource that would fit, and why. It is things
// that are ranked here, never people.
type Candidate struct {
	Need, Resource int64
	Points         int
	Reasons        []Reason
}

// Fit says whether a resource may serve a need on a day, and how well.
func (r *Rules) Fit(n Wanted, o Offered, today string) (Candidate, bool) {
	c := Candidate{Need: n.ID, Resource: o.ID}
	named := slices.Contains(o.Communities, n.Community)
	over := o.ToOn != "" && o.ToOn < today
	late := n.WantedOn != "" && o.FromOn != "" && o.FromOn > n.WantedOn
	if len(o.Communities) > 0 && !named || over || late {
		return c, false
	}
	for _, w := range []struct {
		reason Reason
		holds  bool
	}{
		{SameKind, n.Kind == o.Kind},
		{Paired, slices.Contains(o.Partners, n.Community)},
		{Chosen, named},
		{InTime, n.WantedOn != "" && n.WantedOn >= today},
		{Subdistrict, n.Subdistrict != 0 && slices.Contains(o.Subdistricts, n.Subdistrict)},
		{SameWords, shareWord(n.Title, o.Title)},
	} {
		if points := r.Match.Points[w.reason]; w.holds && points > 0 {
			c.Points += points
			c.Reasons = append(c.Reasons, w.reason)
		}
	}
	return c, c.Points >= r.Match.Least && len(c.Reasons) > 0
}

// Suggest pairs needs with resources, the best first; the same from the same, in
// whatever order they come.
func (r *Rules) Suggest(needs []Wanted, resources []Offered, today string) []Candidate {
	var out []Candidate
	for _, n := range needs {
		for _, o := range resources {
			if c, ok := r.Fit(n, o, today); ok {
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Points, a.Points), cmp.Compare(a.Need, b.Need), cmp.Compare(a.Resource, b.Resource))
	})
	return out[:min(len(out), r.Match.Most)]
}

// hollow are pairs of characters that say nothing of what is wanted.
var hollow = []string{"社区", "小区", "居民", "服务", "活动", "提供", "需要", "志愿", "单位", "项目"}

// shareWord says that two titles have two characters in a row in common that mean something.
func shareWord(a, b string) bool {
	runes := []rune(a)
	for i := 0; i+1 < len(runes); i++ {
		pair := string(runes[i : i+2])
		if unicode.Is(unicode.Han, runes[i]) && unicode.Is(unicode.Han, runes[i+1]) && !slices.Contains(hollow, pair) && strings.Contains(b, pair) {
			return true
		}
	}
	return false
}
