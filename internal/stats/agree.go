package stats

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// printedValue is a printed figure read: units of 10^-decimals.
type printedValue struct {
	units    int64
	decimals int
	atLeast  bool
}

var aPrinted = regexp.MustCompile(`^(\d{1,12})(?:\.(\d{1,3}))?([+%]?)$`)

func readPrinted(text string) (printedValue, bool) {
	m := aPrinted.FindStringSubmatch(text)
	if m == nil {
		return printedValue{}, false
	}
	units, err := strconv.ParseInt(m[1]+m[2], 10, 64)
	return printedValue{units: units, decimals: len(m[2]), atLeast: m[3] == "+"}, err == nil
}

// rounded is n/d in units of 10^-decimals, halves upward; d is not 0.
func rounded(n, d int64, decimals int) int64 {
	for range decimals {
		n *= 10
	}
	return (2*n + d) / (2 * d)
}

// judge fills what is computed, whether it agrees with what is printed, and why not.
func (f *Figure) judge(of shape) {
	p, _ := readPrinted(f.Printed.Printed)
	n, d := f.Numerator, f.Denominator
	switch {
	case of == count:
		f.Computed = strconv.FormatInt(n, 10)
		f.Agrees = n == p.units || p.atLeast && n > p.units
		if !f.Agrees {
			f.Why = fmt.Sprintf("相差 %+d", n-p.units)
		}
	case d == 0:
		f.Computed, f.Why = "0/0", "表里没有可算的数据，算不出来"
	case of == mean:
		f.Computed = fmt.Sprintf("%d/%d = %s", n, d, decimal(n, d, 1))
		if f.Agrees = rounded(n, d, p.decimals) == p.units; !f.Agrees {
			f.Why = "表里算出的平均数不同"
		}
	default:
		f.Computed = portion(n, d)
		if f.Agrees = rounded(100*n, d, p.decimals) == p.units; !f.Agrees {
			f.Why = p.against(f.Printed.Printed, n, d)
		}
	}
}

// against says why a share is not the printed one: because none of the counts
// of d gives it, or because the tables hold another.
func (p printedValue) against(printed string, n, d int64) string {
	nearest := int64(-1) // the greatest count whose share is below the printed one
	for k := range d + 1 {
		switch r := rounded(100*k, d, p.decimals); {
		case r == p.units:
			return fmt.Sprintf("表里是 %s；%s 要有 %d/%d", portion(n, d), printed, k, d)
		case r < p.units:
			nearest = k
		}
	}
	var near []string
	for _, k := range []int64{nearest, nearest + 1} {
		if 0 <= k && k <= d {
			near = append(near, portion(k, d))
		}
	}
	return fmt.Sprintf("%d 件里最接近的是 %s，没有哪个件数得出 %s，所以分子和分母总要一起看", d, strings.Join(near, " 和 "), printed)
}

func portion(n, d int64) string { return fmt.Sprintf("%d/%d = %s%%", n, d, decimal(100*n, d, 1)) }

// decimal is n/d with at most so many decimals.
func decimal(n, d int64, decimals int) string {
	text := fmt.Sprintf("%0*d", decimals+1, rounded(n, d, decimals))
	at := len(text) - decimals
	return strings.TrimSuffix(strings.TrimRight(text[:at]+"."+text[at:], "0"), ".")
}
