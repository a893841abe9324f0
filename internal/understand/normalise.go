package understand

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxRunes is how much of a text is read; the rest says nothing new.
const maxRunes = 5000

// fold makes writings of one thing equal: full-width and circled forms become
// plain, letters lower case, broken bytes vanish, and spaces stay only between
// two letters or digits, where they keep numbers apart.
func fold(text string) string {
	if len(text) > maxRunes*utf8.UTFMax {
		text = text[:maxRunes*utf8.UTFMax]
	}
	text = strings.ToLower(norm.NFKC.String(strings.ToValidUTF8(text, "")))
	var b strings.Builder
	b.Grow(len(text))
	var last rune
	space, written := false, 0
	for _, r := range text {
		switch {
		case r == '\n' || r == '\r':
			r = '。'
		case unicode.IsSpace(r):
			space = true
			continue
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r) || unicode.IsControl(r):
			continue
		}
		if space && isPlain(last) && isPlain(r) {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
		last = r
		if written++; written == maxRunes {
			break
		}
	}
	return b.String()
}

// isPlain says that r is a lower-case ASCII letter or a digit.
func isPlain(r rune) bool { return isDigit(r) || r >= 'a' && r <= 'z' }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// endsSentence says that what follows r is another thought.
func endsSentence(r rune) bool {
	return r == '。' || r == '!' || r == '?' || r == ';'
}

// endsClause says that r parts two clauses of one sentence, or two sentences.
func endsClause(r rune) bool { return r == ',' || r == ':' || endsSentence(r) }
