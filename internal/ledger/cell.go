package ledger

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"

	"fenlin/internal/errs"
	"fenlin/internal/member"
)

const (
	defaultMax = 120  // characters of a text
	maxExact   = 1e15 // Excel keeps fifteen digits of a number
	firstYear  = 1900
	lastYear   = 2100
)

// What is wrong with a cell, as the clerk reads it.
const (
	wrongFormula = "单元格里是公式，没有算出的值。请复制后用“粘贴为数值”填入"
	wrongFault   = "单元格是错误值，请改成文字"
	lostDigits   = "号码被当成数字，后几位已经丢失。请把这一列设为“文本”格式，再重新填写完整的号码"
	missing      = "必须填写"
)

// asNumber is how a number looks whose last digits are lost.
var asNumber = regexp.MustCompile(`^\d(\.\d+)?[Ee]\+?\d+$`)

// check normalises what stands in a cell of the column; reason says what is
// wrong with it, or is empty.
func (c Column) check(v cell, from04 bool) (text, reason string) {
	switch v.kind {
	case formula:
		return "", wrongFormula
	case fault:
		return "", wrongFault
	case nothing:
		return c.need("")
	default:
	}
	if c.Type == Day {
		return c.checkDay(v, from04)
	}
	text, exact := plain(v, from04)
	if !exact || (c.Type == Phone || c.Type == IDNumber) && asNumber.MatchString(strings.TrimSpace(text)) {
		return "", lostDigits
	}
	switch c.Type {
	case Phone:
		return c.checkPhone(narrow(text))
	case IDNumber:
		return c.checkIDNumber(narrow(text))
	case Number:
		return c.checkNumber(narrow(text))
	case Choice:
		return c.checkChoice(text)
	default:
		return c.checkText(text)
	}
}

// need is an empty cell.
func (c Column) need(text string) (string, string) {
	if text == "" && c.Required {
		return "", missing
	}
	return text, ""
}

// plain is what the cell shows in a column of text; not exact when digits are lost.
func plain(v cell, from04 bool) (text string, exact bool) {
	switch v.kind {
	case day:
		if on, ok := ofSerial(v.text, from04); ok {
			return on, true
		}
		return v.text, true
	case numeric:
		n, err := strconv.ParseFloat(v.text, 64)
		if err != nil {
			return v.text, true
		}
		return strconv.FormatFloat(n, 'f', -1, 64), math.Abs(n) < maxExact
	default:
		return v.text, true
	}
}

func (c Column) checkText(raw string) (string, string) {
	text := tidy(raw)
	limit := c.Max
	if limit == 0 {
		limit = defaultMax
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return "", fmt.Sprintf("有 %d 个字，最多 %d 个字", n, limit)
	}
	return c.need(text)
}

func (c Column) checkChoice(raw string) (string, string) {
	if slices.Contains(c.OneOf, raw) {
		return raw, ""
	}
	text := narrow(raw)
	for _, one := range c.OneOf {
		if narrow(one) == text {
			return one, ""
		}
	}
	if text != "" {
		return "", "只能填：" + strings.Join(c.OneOf, "、")
	}
	return c.need("")
}

func (c Column) checkNumber(text string) (string, string) {
	if text == "" {
		return c.need("")
	}
	n, err := strconv.ParseUint(strings.ReplaceAll(text, ",", ""), 10, 31)
	if err != nil {
		return "", "应为整数，例如 " + c.Example
	}
	return strconv.FormatUint(n, 10), ""
}

var phoneMarks = strings.NewReplacer("-", "", "(", "", ")", "")

func (c Column) checkPhone(text string) (string, string) {
	text = phoneMarks.Replace(text)
	if domestic := strings.TrimPrefix(strings.TrimPrefix(text, "+86"), "0086"); len(domestic) == 11 {
		text = domestic
	}
	if text == "" || strings.Contains(text, "*") {
		return c.need(text)
	}
	if err := member.CheckPhone(text); err != nil {
		return "", errs.From(err).Message
	}
	return text, ""
}

func (c Column) checkIDNumber(text string) (string, string) {
	text = strings.ToUpper(strings.TrimPrefix(strings.ReplaceAll(text, "-", ""), "'"))
	if text == "" || strings.Contains(text, "*") {
		return c.need(text)
	}
	if _, _, err := member.CheckIDNumber(text); err != nil {
		return "", errs.From(err).Message
	}
	return text, ""
}

// The ways in which people write a day, after 年, 月, '.', '/' became '-'.
var (
	fullDay   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
	onlyMonth = regexp.MustCompile(`^(\d{4})-(\d{1,2})$`)
	eight     = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	six       = regexp.MustCompile(`^(\d{4})(\d{2})$`)
	dashes    = strings.NewReplacer("年", "-", "月", "-", "日", "", "号", "", ".", "-", "/", "-", "。", "-", "—", "-", "–", "-", "\\", "-")
	clockTime = regexp.MustCompile(`[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?Z?$`)
)

// checkDay reads a day in any of the ways that people write one, or as Excel counts them.
func (c Column) checkDay(v cell, from04 bool) (string, string) {
	if v.kind == day {
		if on, ok := ofSerial(v.text, from04); ok {
			return on, ""
		}
		v.kind = numeric // 20260105 in a cell that is to show a day
	}
	text := v.text
	if v.kind == numeric {
		n, err := strconv.ParseFloat(text, 64)
		switch whole := err == nil && n == math.Trunc(n); {
		case whole && n < 10_000, err == nil && !whole && n < 10_000:
			return "", "日期不完整或分不清月份，请写成 2026-01-05" // 2026.1 may have been 2026.10
		case err == nil && n < 100_000:
			if on, ok := ofSerial(text, from04); ok {
				return on, ""
			}
		case whole:
			text = strconv.FormatFloat(n, 'f', -1, 64)
		}
	}
	if on, err := time.Parse(time.DateOnly, text); err != nil {
		text = narrow(clockTime.ReplaceAllString(strings.TrimSpace(norm.NFKC.String(text)), ""))
	} else if y := on.Year(); y >= firstYear && y <= lastYear {
		return text, "" // as the template asks for it
	}
	if text == "" || c.Masked && strings.Contains(text, "*") {
		return c.need(text)
	}
	text = strings.TrimRight(dashes.Replace(text), "-")
	for _, form := range []*regexp.Regexp{fullDay, onlyMonth, eight, six} {
		if m := form.FindStringSubmatch(text); m != nil {
			if len(m) == 3 {
				m = append(m, "1")
			}
			return ofParts(m[1], m[2], m[3])
		}
	}
	return "", "日期不正确，请写成 2026-01-05"
}

func ofParts(y, m, d string) (string, string) {
	year, _ := strconv.Atoi(y)
	month, _ := strconv.Atoi(m)
	date, _ := strconv.Atoi(d)
	on := time.Date(year, time.Month(month), date, 0, 0, 0, 0, time.UTC)
	if on.Year() != year || int(on.Month()) != month || on.Day() != date {
		return "", "没有这一天，请核对年月日"
	}
	if year < firstYear || year > lastYear {
		return "", "年份不对，请核对"
	}
	return on.Format(time.DateOnly), ""
}

// ofSerial is the day that Excel counts as that number.
func ofSerial(text string, from04 bool) (string, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 1 || n > 200_000 {
		return "", false
	}
	on, err := excelize.ExcelDateToTime(math.Trunc(n), from04)
	if err != nil || on.Year() > lastYear {
		return "", false
	}
	return on.Format(time.DateOnly), true
}

// narrow is text without any space, in the plain width of its characters, for
// what holds no sentence: numbers, days, choices, titles.
func narrow(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || invisible(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s))
}

// tidy is text on one line: digits and letters in plain width, no space at the
// ends and no two together, and none in a name spread out to be as wide as the
// others (王　强). Punctuation stays, since names are told apart by it.
func tidy(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return (r <= ' ' || r > '~') && (r < '一' || r > '龥') }) {
		return s
	}
	var out strings.Builder
	gap, han, others := false, 0, 0
	for _, r := range s {
		if r >= '！' && r <= '～' && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			r -= '！' - '!'
		}
		if unicode.IsSpace(r) {
			gap = out.Len() > 0
			continue
		}
		if invisible(r) {
			continue
		}
		if gap {
			out.WriteByte(' ')
			gap = false
		}
		if unicode.Is(unicode.Han, r) {
			han++
		} else {
			others++
		}
		out.WriteRune(r)
	}
	if others == 0 && han <= 4 {
		return strings.ReplaceAll(out.String(), " ", "")
	}
	return out.String()
}

// invisible characters come along with copied text.
func invisible(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError || r >= 0xfe00 && r <= 0xfe0f
}
