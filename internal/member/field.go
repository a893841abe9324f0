package member

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"fenlin/internal/errs"
	"fenlin/internal/secret"
)

// The personal fields: sealed in the table people, masked when shown, given in
// full by Reveal alone. The names are those of the columns and of the log.
const (
	FieldPhone    = "phone"
	FieldIDNumber = "id_number"
	FieldBirth    = "birth"
	FieldAddress  = "address"
)

// What is wrong with an ID number.
var (
	ErrIDNumber = errs.New(errs.Invalid, "id_number_invalid", "身份证号不正确，请对照身份证核对").At("id_number", "身份证号不正确")
	ErrIDTaken  = errs.New(errs.Conflict, "id_number_taken", "这个身份证号已登记给另一个人，请核对").At("id_number", "已登记给另一个人")
	ErrBirth    = errs.New(errs.Invalid, "birth_invalid", "出生日期不正确，请按 1985-06-01 的样子填写").At("birth", "出生日期不正确")
)

// field is what is done with one personal field.
type field struct {
	name  string
	title string // in Chinese
	index string // the column of its blind index; empty: it is not searched by
	mask  func(plain string) string
	of    func(*Person) *string
}

// fields is every personal field.
var fields = []field{
	{FieldPhone, "手机号", "phone_index", secret.MaskPhone, func(p *Person) *string { return &p.Phone }},
	{FieldIDNumber, "身份证号", "id_index", secret.MaskIDNumber, func(p *Person) *string { return &p.IDNumber }},
	{FieldBirth, "出生日期", "", secret.MaskBirth, func(p *Person) *string { return &p.Birth }},
	{FieldAddress, "住址", "", secret.MaskAddress, func(p *Person) *string { return &p.Address }},
}

func fieldOf(name string) (field, bool) {
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

// FieldTitle is a personal field's name in Chinese.
func FieldTitle(name string) string {
	f, _ := fieldOf(name)
	return f.title
}

// MaskField is a personal field's value as it may be shown without a reason.
func MaskField(name, plain string) string {
	f, ok := fieldOf(name)
	if !ok {
		return ""
	}
	return f.mask(plain)
}

// place names where a field stands; sealed text opens there only.
func place(person int64, name string) string { return fmt.Sprintf("people.%s/%d", name, person) }

// SealField encrypts a person's field; nothing seals to nothing.
func (s *Service) SealField(person int64, name, plain string) string {
	return s.Keys.Seal(plain, place(person, name))
}

// OpenField decrypts what SealField made for the same person and field.
func (s *Service) OpenField(person int64, name, sealed string) (string, error) {
	return s.Keys.Open(sealed, place(person, name))
}

// Own is a personal field in full, for the person it is of.
func (s *Service) Own(p Person, name string) (string, error) {
	f, ok := fieldOf(name)
	if !ok {
		return "", ErrField
	}
	return s.OpenField(p.ID, name, *f.of(&p))
}

// IndexOf is the blind index of a field's value by the newest key.
func (s *Service) IndexOf(name, plain string) string { return s.Keys.Index(name, plain) }

// indexed is the blind index as its unique column holds it: nothing is NULL.
func (s *Service) indexed(name, plain string) *string {
	if plain == "" {
		return nil
	}
	index := s.IndexOf(name, plain)
	return &index
}

// CheckPhone says what is wrong with a phone: a number of China, or one from
// abroad with its country's code (E.164). Error: ErrPhone.
func CheckPhone(phone string) error {
	switch {
	case aPhone.MatchString(phone):
		return nil
	case allDigits.MatchString(phone) && len(phone) != 11:
		return ErrPhone.Say(fmt.Sprintf("手机号应为 11 位，现在是 %d 位", len(phone)))
	}
	return ErrPhone.Say("手机号不正确，请填写 11 位手机号")
}

var (
	allDigits  = regexp.MustCompile(`^\d+$`)
	anIDNumber = regexp.MustCompile(`^[1-9]\d{16}[\dXx]$`)
)

// earliest is the first year in which anybody living was born.
const earliest = 1900

// CheckIDNumber reads an ID number of 18 digits (GB 11643-1999): who has it was
// born on birth (2006-01-02) and is male or female. Errors: ErrIDNumber, with
// what is wrong. Whether the day lies in the future the caller knows.
func CheckIDNumber(number string) (birth, gender string, err error) {
	switch {
	case len(number) != 18:
		return "", "", ErrIDNumber.Say(fmt.Sprintf("身份证号应为 18 位，现在是 %d 位", len([]rune(number))))
	case !anIDNumber.MatchString(number):
		return "", "", ErrIDNumber.Say("身份证号只能是 17 位数字加 1 位数字或 X")
	}
	day, err := time.Parse("20060102", number[6:14])
	if err != nil || day.Year() < earliest {
		return "", "", ErrIDNumber.Say("身份证号里的出生日期不存在，请对照身份证核对")
	}
	if checkDigit(number[:17]) != strings.ToUpper(number)[17] {
		return "", "", ErrIDNumber.Say("身份证号的校验位不对，可能有一位写错了，请对照身份证核对")
	}
	gender = "female"
	if number[16]%2 == 1 {
		gender = "male"
	}
	return day.Format(time.DateOnly), gender, nil
}

// checkDigit is the last digit that belongs to the first 17 (ISO 7064, MOD 11-2).
func checkDigit(first string) byte {
	sum := 0
	for i, weight := range [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(first[i]-'0') * weight
	}
	return "10X98765432"[sum%11]
}

// CheckBirth says what is wrong with a day of birth (2006-01-02), as of today.
// Error: ErrBirth.
func CheckBirth(birth string, today time.Time) error {
	day, err := time.Parse(time.DateOnly, birth)
	switch {
	case err != nil || day.Year() < earliest:
		return ErrBirth
	case day.After(today):
		return ErrBirth.Say("出生日期在今天之后，请核对")
	}
	return nil
}
