package secret

import "strings"

// MaskPhone leaves the first three and the last four digits: 138****5678.
func MaskPhone(phone string) string { return mask(phone, 3, 4) }

// MaskName leaves the first character: 王**.
func MaskName(name string) string { return mask(name, 1, 0) }

// mask stars all but the first and the last characters; what would be shown
// whole is starred whole.
func mask(text string, first, last int) string {
	r := []rune(text)
	if len(r) == 0 {
		return ""
	}
	if len(r) <= first+last {
		return strings.Repeat("*", len(r))
	}
	return string(r[:first]) + strings.Repeat("*", len(r)-first-last) + string(r[len(r)-last:])
}

// MaskIDNumber leaves the first four digits, the prefecture's, and the last
// four: 1411**********1234.
func MaskIDNumber(number string) string { return mask(number, 4, 4) }

// MaskBirth leaves the century: 19**-**-**.
func MaskBirth(day string) string {
	if len(day) < 2 {
		return ""
	}
	return day[:2] + "**-**-**"
}

// MaskAddress leaves the first six characters, the town's: 山西省汾阳市****. How
// long an address is tells nothing.
func MaskAddress(address string) string {
	r := []rune(address)
	switch {
	case len(r) == 0:
		return ""
	case len(r) <= 6:
		return "****"
	}
	return string(r[:6]) + "****"
}
