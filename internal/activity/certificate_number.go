package activity

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

const (
	numberPrefix = "FYZM"
	numberDrawn  = 100_000_000 // numbers of a year: nobody guesses one from another
	tokenLong    = 20          // letters, 100 bits
	checkLong    = 8           // of them that are printed beside the number, 40 bits

	// tokenLetters are 32 that nobody takes for another: no 0, O, 1 or I.
	tokenLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
)

var (
	numberText = regexp.MustCompile(`^` + numberPrefix + `(\d{4})-?(\d{10})$`)
	tokenText  = regexp.MustCompile(`^[` + tokenLetters + `]{20}$`)
)

// newNumber draws a number of a year: eight digits by chance, and two that check them.
func newNumber(year int) string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	first := int64(year)*numberDrawn + int64(binary.BigEndian.Uint64(b[:])%numberDrawn)
	return fmt.Sprintf("%s%d-%010d", numberPrefix, year, first%numberDrawn*100+checkDigits(first))
}

// checkDigits make what they stand behind leave 1 when divided by 97 (ISO/IEC
// 7064, MOD 97-10): no single wrong digit and no two that changed places do.
func checkDigits(first int64) int64 { return 98 - first*100%97 }

// ReadNumber is a number as it was typed, put right: letters of any case and
// width, with or without its dash. False: it is none, or a digit is wrong.
func ReadNumber(typed string) (string, bool) {
	found := numberText.FindStringSubmatch(plain(typed))
	if found == nil {
		return "", false
	}
	whole, err := strconv.ParseInt(found[1]+found[2], 10, 64)
	return numberPrefix + found[1] + "-" + found[2], err == nil && whole%97 == 1
}

// plain is what was typed without what stands between, in capitals and of one width.
func plain(typed string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '—' || r == '–' || r == '·' {
			return -1
		}
		return r
	}, strings.ToUpper(norm.NFKC.String(strings.ToValidUTF8(typed, ""))))
}

func newToken() string {
	b := make([]byte, tokenLong)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = tokenLetters[int(b[i])%len(tokenLetters)]
	}
	return string(b)
}

// Check is what is printed beside the number, so that whoever has the paper and
// no camera finds its page: ABCD-EFGH.
func (c Certificate) Check() string {
	return c.Token[:checkLong/2] + "-" + c.Token[checkLong/2:checkLong]
}
