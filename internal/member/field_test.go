package member_test

import (
	"strings"
	"testing"
	"time"

	"fenlin/internal/errs"
	"fenlin/internal/member"
)

func TestCheckIDNumber(t *testing.T) {
	for number, want := range map[string]struct{ birth, gender, says string }{
		"11010519491231002X":  {"1949-12-31", "female", ""}, // the standard's own example
		"11010519491231002x":  {"1949-12-31", "female", ""},
		"440524188001010014":  {says: "出生日期不存在"}, // the standard's other example: nobody is that old
		"141182198506010013":  {says: "校验位"},
		"110105194912310021":  {says: "校验位"},
		"110105194902300029":  {says: "出生日期不存在"},
		"11010519491231002":   {says: "17 位"},
		"1101051949123100299": {says: "19 位"},
		"1101O519491231002X":  {says: "只能是"},
		"010105194912310021":  {says: "只能是"},
		"１10105194912310029":  {says: "18 位"}, // widths are made equal before
		"":                    {says: "0 位"},
	} {
		birth, gender, err := member.CheckIDNumber(number)
		if want.says == "" {
			if err != nil || birth != want.birth || gender != want.gender {
				t.Errorf("%s: %s %s %v", number, birth, gender, err)
			}
			continue
		}
		if err == nil || errs.From(err).Code != "id_number_invalid" || !strings.Contains(err.Error(), want.says) || strings.Contains(err.Error(), "19491231") {
			t.Errorf("%s: %v", number, err)
		}
	}
}

// FuzzCheckIDNumber: whatever is taken has a day and, changed in one digit, is
// not taken with the same check digit.
func FuzzCheckIDNumber(f *testing.F) {
	for _, s := range []string{"11010519491231002X", "141182198506010013", "", "０", strings.Repeat("9", 18)} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, number string, at int) {
		birth, gender, err := member.CheckIDNumber(number)
		if err != nil {
			return
		}
		if _, err := time.Parse(time.DateOnly, birth); err != nil || gender != "male" && gender != "female" {
			t.Fatalf("%s: %s %s", number, birth, gender)
		}
		i := (at%17 + 17) % 17
		wrong := []byte(number)
		wrong[i] = '0' + (wrong[i]-'0'+1)%10
		if _, _, err := member.CheckIDNumber(string(wrong)); err == nil {
			t.Fatalf("%s and %s are both right", number, wrong)
		}
	})
}

func TestCheckPhone(t *testing.T) {
	for phone, says := range map[string]string{
		"13812345678": "", "19912345678": "", "+85212345678": "",
		"1381234567": "10 位", "138123456789": "12 位", "12812345678": "不正确", "": "不正确", "138 1234 5678": "不正确", "0358-7222222": "不正确",
	} {
		err := member.CheckPhone(phone)
		if (says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", phone, err)
		}
	}
}

func TestMaskField_ShowsTooLittleToFindSomebody(t *testing.T) {
	for _, c := range [][3]string{
		{member.FieldPhone, "13812345678", "138****5678"},
		{member.FieldIDNumber, "11010519491231002X", "1101**********002X"},
		{member.FieldBirth, "1949-12-31", "19**-**-**"},
		{member.FieldAddress, "汾阳市福馨苑小区3号楼2单元301", "汾阳市福馨苑****"},
		{member.FieldAddress, "3号楼", "****"},
		{member.FieldBirth, "", ""},
		{member.FieldAddress, "", ""},
		{"name", "王", ""},
	} {
		if got := member.MaskField(c[0], c[1]); got != c[2] {
			t.Errorf("%s %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestPartyMember_Check(t *testing.T) {
	today := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	good := member.PartyMember{Category: member.Resident, Education: "college", JoinedOn: "2005-07-01", FullOn: "2006-07-01"}
	for name, c := range map[string]struct {
		change func(*member.PartyMember)
		field  string
	}{
		"as it should be":          {func(*member.PartyMember) {}, ""},
		"little known":             {func(m *member.PartyMember) { m.JoinedOn, m.FullOn, m.Education = "", "", "" }, ""},
		"in service, unit unknown": {func(m *member.PartyMember) { m.Category = member.InService }, ""},
		"joined at eighteen":       {func(m *member.PartyMember) { m.JoinedOn = "2003-06-01" }, ""},
		"joined too young":         {func(m *member.PartyMember) { m.JoinedOn = "2003-05-31" }, "joined_on"},
		"joined tomorrow":          {func(m *member.PartyMember) { m.JoinedOn, m.FullOn = "2026-11-24", "" }, "joined_on"},
		"no such day":              {func(m *member.PartyMember) { m.JoinedOn = "2005-02-30" }, "joined_on"},
		"full before joining":      {func(m *member.PartyMember) { m.FullOn = "2005-06-30" }, "full_on"},
		"full tomorrow":            {func(m *member.PartyMember) { m.FullOn = "2026-11-24" }, "full_on"},
		"probationary yet full":    {func(m *member.PartyMember) { m.Probationary = true }, "full_on"},
		"mobile from nowhere":      {func(m *member.PartyMember) { m.Category = member.Mobile }, "flows"},
		"mobile":                   {func(m *member.PartyMember) { m.Category, m.Flows = member.Mobile, "流出至太原市" }, ""},
		"no category":              {func(m *member.PartyMember) { m.Category = "guest" }, "category"},
		"strange education":        {func(m *member.PartyMember) { m.Education = "博士后" }, "education"},
	} {
		m := good
		c.change(&m)
		err := m.Check("1985-06-01", today)
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.field != "" && (err == nil || errs.From(err).Fields[0].Name != c.field):
			t.Errorf("%s: %v, want %s", name, err, c.field)
		}
	}
}
