package understand

import (
	"strings"

	"github.com/mozillazg/go-pinyin"
)

// The range of characters whose sound is known.
const (
	firstHan = 0x4E00
	lastHan  = 0x9FFF
)

// sounds maps characters to syllables without tones. Syllables that northern
// speakers mix up (zh/z, ang/an, …) are one loose syllable.
type sounds struct {
	syllable [lastHan - firstHan + 1]uint16 // 0 for unknown
	names    []string                       // by syllable
	loose    []rune                         // by syllable; its loose one
}

func newSounds() *sounds {
	s := &sounds{names: []string{""}, loose: []rune{0}}
	ids := map[string]uint16{}
	looseIDs := map[string]rune{}
	for r := rune(firstHan); r <= lastHan; r++ {
		toned, ok := pinyin.PinyinDict[int(r)]
		if !ok {
			continue
		}
		first, _, _ := strings.Cut(toned, ",")
		name := plainSyllable(first)
		id, ok := ids[name]
		if !ok {
			id = uint16(len(s.names))
			ids[name] = id
			s.names = append(s.names, name)
			l := looseSyllable(name)
			if _, ok := looseIDs[l]; !ok {
				looseIDs[l] = rune(len(looseIDs) + 1)
			}
			s.loose = append(s.loose, looseIDs[l])
		}
		s.syllable[r-firstHan] = id
	}
	return s
}

func (s *sounds) of(r rune) uint16 {
	if r < firstHan || r > lastHan {
		return 0
	}
	return s.syllable[r-firstHan]
}

// letters is the pinyin of a name without tones, and its initials.
func (s *sounds) letters(name []rune) (full, initials string) {
	var f, i strings.Builder
	for _, r := range name {
		p := s.names[s.of(r)]
		if p == "" && isPlain(r) {
			p = string(r)
		}
		if p != "" {
			f.WriteString(p)
			i.WriteByte(p[0])
		}
	}
	return f.String(), i.String()
}

// looseText is text as loose syllables; what has no sound becomes a negative
// number that equals only itself.
func (s *sounds) looseText(text []rune) []rune {
	out := make([]rune, len(text))
	for i, r := range text {
		if id := s.of(r); id > 0 {
			out[i] = s.loose[id]
		} else {
			out[i] = -r - 1
		}
	}
	return out
}

func plainSyllable(toned string) string {
	var b strings.Builder
	for _, r := range toned {
		b.WriteRune(plainVowel(r))
	}
	return b.String()
}

func plainVowel(r rune) rune {
	const toned, plain = "āáǎàēéěèōóǒòīíǐìūúǔùüǘǚǜńňǹḿ", "aaaaeeeeooooiiiiuuuuvvvvnnnm"
	if r < 0x80 {
		return r
	}
	i := 0
	for _, t := range toned {
		if t == r {
			return rune(plain[i])
		}
		i++
	}
	return r
}

func looseSyllable(s string) string {
	for _, p := range [...][2]string{{"zh", "z"}, {"ch", "c"}, {"sh", "s"}} {
		if rest, ok := strings.CutPrefix(s, p[0]); ok {
			s = p[1] + rest
		}
	}
	for _, p := range [...][2]string{{"ang", "an"}, {"eng", "en"}, {"ing", "in"}} {
		if rest, ok := strings.CutSuffix(s, p[0]); ok {
			s = rest + p[1]
		}
	}
	return s
}
