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
