package apptest

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// personal is what no log may hold, as far as its form tells.
var personal = []struct {
	what string
	form *regexp.Regexp
	is   func(string) bool // nil = the form is enough
}{
	{"a phone number", regexp.MustCompile(`\b1[3-9]\d{9}\b`), nil},
	{"an ID number", regexp.MustCompile(`\b[1-9]\d{16}[\dXx]\b`), idNumber}, // our own ids are as long
	{"an openid", regexp.MustCompile(`\bsim-[a-z]+(?:-[a-z0-9]+)*\b|\bo[A-Za-z0-9_-]{27}\b`), nil},
	{"a door", regexp.MustCompile(`\d+\s*(?:号楼|单元|室|栋)`), nil},
	{"a token", regexp.MustCompile(`(?i)\bbearer\s+\S+|\b(?:access_token|secret|js_code|appsecret)=[^*\s&"\\]+`), nil},
	{"a password in an address", regexp.MustCompile(`\b(?:mysql|rediss?|https?)://[^/\s"@]*:[^/\s"@]+@`), nil},
	{"a key", regexp.MustCompile(`\b[A-Za-z0-9+/]{43}=`), nil},
}

// Leaks finds personal data and secrets in a log: by their form, and the words
// that are known to have gone through the program, such as names and sentences.
// Each is told with its line's number and message, not with what leaked.
func Leaks(log io.Reader, known ...string) ([]string, error) {
	var found []string
	scan := bufio.NewScanner(log)
	scan.Buffer(nil, 4<<20)
	for n := 1; scan.Scan(); n++ {
		line := scan.Text()
		tell := func(what string) {
			found = append(found, fmt.Sprintf("line %d (%s) holds %s", n, message(line), what))
		}
		for _, p := range personal {
			for _, part := range p.form.FindAllString(line, -1) {
				if p.is == nil || p.is(part) {
					tell(p.what)
					break
				}
			}
		}
		for i, word := range known {
			if word != "" && strings.Contains(line, word) {
				tell(fmt.Sprintf("known word %d", i))
			}
		}
	}
	return found, scan.Err()
}

var said = regexp.MustCompile(`"?msg"?[:=]("[^"]*"|\S+)`)

// message is a line's own words, which are ours.
func message(line string) string {
	if m := said.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return "no message"
}

// idNumber says whether 18 characters are an ID number by GB 11643: a birth date and a check digit.
func idNumber(s string) bool {
	if _, err := time.Parse("20060102", s[6:14]); err != nil || s[6:8] != "19" && s[6:8] != "20" {
		return false
	}
	sum := 0
	for i := range 17 {
		sum += int(s[i]-'0') * (1 << (17 - i) % 11)
	}
	return "10X98765432"[sum%11] == strings.ToUpper(s)[17]
}
