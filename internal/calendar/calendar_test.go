package calendar_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fenlin/internal/calendar"
)

func load(t testing.TB) *calendar.Calendar {
	t.Helper()
	text, err := os.ReadFile("../../config/calendar.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := calendar.New(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestIsWorkday(t *testing.T) {
	c := load(t)
	for day, want := range map[string]bool{
		"2025-01-01": false, "2025-01-26": true, "2025-01-27": true, "2025-01-28": false, "2025-02-04": false, "2025-02-05": true, "2025-02-08": true,
		"2025-04-27": true, "2025-06-02": false, "2025-09-28": true, "2025-10-08": false, "2025-10-09": true, "2025-10-11": true,
		"2026-01-02": false, "2026-01-04": true, "2026-02-14": true, "2026-02-15": false, "2026-02-23": false, "2026-02-24": true, "2026-02-28": true,
		"2026-04-06": false, "2026-05-05": false, "2026-05-06": true, "2026-05-09": true, "2026-05-10": false, "2026-06-19": false,
		"2026-09-20": true, "2026-09-25": false, "2026-10-07": false, "2026-10-10": true, "2026-10-11": false,
		"2027-01-01": true, "2027-01-02": false, // no notice: plain weekends
	} {
		if got := c.IsWorkday(at(t, day+" 12:30")); got != want {
			t.Errorf("%s: workday = %v, want %v", day, got, want)
		}
	}
	if !c.Covered(2025) || !c.Covered(2026) || c.Covered(2027) {
		t.Error("the years 2025 and 2026 have notices, 2027 has none")
	}
}

func TestUncovered_NamesTheFirstYearWithoutANotice(t *testing.T) {
	c := load(t)
	for _, tc := range []struct {
		from, to string
		year     int
	}{
		{"2025-03-01 10:00", "2026-12-31 23:59", 0},
		{"2026-11-23 10:00", "2027-02-01 10:00", 2027},
		{"2028-01-01 00:00", "2028-01-01 00:00", 2028},
	} {
		if year, gap := c.Uncovered(at(t, tc.from), at(t, tc.to)); year != tc.year || gap != (tc.year != 0) {
			t.Errorf("%s to %s: %d %v", tc.from, tc.to, year, gap)
		}
	}
}

func TestDay_IsLocal(t *testing.T) {
	c := load(t)
	late := time.Date(2026, 2, 13, 16, 30, 0, 0, time.UTC) // 00:30 on the 14th in China, a make-up workday
	if got := c.Day(late); got != "2026-02-14" {
		t.Errorf("day = %s", got)
	}
	if !c.IsWorkday(late) {
		t.Error("the local day is a make-up workday")
	}
}

func TestAdd(t *testing.T) {
	c := load(t)
	for _, tc := range []struct {
		name, from string
		d          time.Duration
		working    bool
		want       string
	}{
		{"calendar time runs through the night", "2026-11-20 20:00", 24 * time.Hour, false, "2026-11-21 20:00"},
		{"inside the morning", "2026-11-20 09:00", time.Hour, true, "2026-11-20 10:00"},
		{"across noon", "2026-11-20 11:00", 2 * time.Hour, true, "2026-11-20 15:30"},
		{"ends with the morning, not at the afternoon's start", "2026-11-20 11:00", time.Hour, true, "2026-11-20 12:00"},
		{"from the lunch break", "2026-11-20 13:00", time.Hour, true, "2026-11-20 15:30"},
		{"across a weekend", "2026-11-20 17:30", time.Hour, true, "2026-11-23 08:30"},
		{"reported on a Saturday", "2026-11-21 10:00", 7*time.Hour + 30*time.Minute, true, "2026-11-23 18:00"},
		{"onto a make-up Saturday", "2026-02-13 17:30", time.Hour, true, "2026-02-14 08:30"},
		{"over Spring Festival", "2026-02-14 17:30", time.Hour, true, "2026-02-24 08:30"},
		{"over National Day to a make-up Saturday", "2026-10-09 17:30", time.Hour, true, "2026-10-10 08:30"},
		{"nothing to add", "2026-11-21 10:00", 0, true, "2026-11-21 10:00"},
		{"less than nothing", "2026-11-20 10:00", -time.Hour, false, "2026-11-20 10:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := c.Add(at(t, tc.from), tc.d, tc.working); !got.Equal(at(t, tc.want)) {
				t.Errorf("got %s, want %s", got.Format(layout), tc.want)
			}
		})
	}
}

func TestWorkdaysAfter(t *testing.T) {
	c := load(t)
	for _, tc := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-20 10:00", 1, "2026-11-23 10:00"},
		{"2026-11-21 10:00", 1, "2026-11-23 10:00"},
		{"2026-02-13 10:00", 2, "2026-02-24 10:00"}, // the 14th is made up, then the festival
		{"2026-11-20 10:00", 0, "2026-11-20 10:00"},
		{"2026-11-20 10:00", -3, "2026-11-20 10:00"},
	} {
		if got := c.WorkdaysAfter(at(t, tc.from), tc.n); !got.Equal(at(t, tc.want)) {
			t.Errorf("%d after %s = %s, want %s", tc.n, tc.from, got.Format(layout), tc.want)
		}
	}
}

func TestAdd_Laws(t *testing.T) {
	c := load(t)
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		begin := time.Date(2025, 1, 1, 0, 0, 0, 0, c.Location())
		return begin.Add(time.Duration(rapid.Int64Range(0, int64(3*365*24*time.Hour)).Draw(t, "since 2025")))
	})
	length := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(0, int64(200*time.Hour)).Draw(t, "length"))
	})
	rapid.Check(t, func(t *rapid.T) {
		from, a, b, working := moment.Draw(t, "from"), length.Draw(t, "a"), length.Draw(t, "b"), rapid.Bool().Draw(t, "working")
		got := c.Add(from, a, working)
		if whole, split := c.Add(from, a+b, working), c.Add(got, b, working); !whole.Equal(split) {
			t.Fatalf("in one step %s, in two %s", whole, split)
		}
		if b > 0 && !c.Add(from, a+b, working).After(got) {
			t.Fatal("more time must end later")
		}
		if after := c.Add(from.Add(b), a, working); after.Before(got) {
			t.Fatalf("a later start ends earlier: %s < %s", after, got)
		}
		if back := c.Between(from, got, working); back != a {
			t.Fatalf("added %s, but %s lies between", a, back)
		}
		if working && a > 0 {
			if !c.IsWorkday(got) || !inHours(got) {
				t.Fatalf("%s is outside working time", got)
			}
		}
	})
}

// inHours is the rule of config/calendar.yaml written a second time.
func inHours(t time.Time) bool {
	clock := t.Sub(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location()))
	return clock >= 8*time.Hour && clock <= 12*time.Hour || clock >= 14*time.Hour+30*time.Minute && clock <= 18*time.Hour
}

func TestNew_RefusesNamingTheLine(t *testing.T) {
	const head = "hours: [\"08:00-12:00\"]\nyears:\n  2026: # 国务院办公厅的通知\n    source: 通知\n"
	for name, tc := range map[string]struct{ text, want string }{
		"empty":                     {"", "line 1: the file is empty"},
		"not YAML":                  {"hours: [", "line 1: "},
		"unknown anchor":            {"hours: *h\nyears: {}", "lines 1 to 2: unknown anchor 'h'"},
		"two documents":             {"hours: [\"08:00-12:00\"]\n---\na: 1", "line 2: only one YAML document"},
		"unknown key":               {"hours: [\"08:00-12:00\"]\nyeers: {}", "line 2: field yeers"},
		"no hours":                  {"years: {}", "line 1: hours are missing"},
		"not hours":                 {"hours:\n  - 8-12", "line 2: "},
		"hours backwards":           {"hours:\n  - 12:00-08:00", "line 2: "},
		"hours overlap":             {"hours:\n  - 08:00-12:00\n  - 11:00-14:00", "line 3: "},
		"year is no number":         {"hours: [\"08:00-12:00\"]\nyears:\n  soon: {}", "line 3: "},
		"no such day":               {head + "    workdays: [2026-02-30]", "line 5: "},
		"day of another year":       {head + "    workdays:\n      - 2025-02-08", "line 6: 2025-02-08 is not in 2026"},
		"make-up day in the week":   {head + "    workdays:\n      - 2026-02-13", "line 6: 2026-02-13 is no weekend day"},
		"holiday without its end":   {head + "    holidays:\n      - {name: 元旦, from: 2026-01-01}", "line 6: a holiday is"},
		"holiday is a word":         {head + "    holidays:\n      - 元旦", "line 6: a holiday is"},
		"holiday with unknown key":  {head + "    holidays:\n      - {name: 元旦, from: 2026-01-01, til: 2026-01-03}", "line 6: field til"},
		"holiday backwards":         {head + "    holidays:\n      - {name: 元旦, from: 2026-01-03, to: 2026-01-01}", "line 6: "},
		"day in two holidays":       {head + "    holidays:\n      - {from: 2026-01-01, to: 2026-01-03}\n      - {from: 2026-01-03, to: 2026-01-04}", "line 7: 2026-01-03 is named twice"},
		"day both worked and free":  {head + "    holidays: [{from: 2026-01-01, to: 2026-01-04}]\n    workdays: [2026-01-04]", "line 6: 2026-01-04 is named twice"},
		"year without a source":     {"hours: [\"08:00-12:00\"]\nyears:\n  2026:\n    workdays: [2026-02-14]", "line 4: the source of 2026 is missing"},
		"unknown key inside a year": {head + "    holliday: []", "line 5: field holliday"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := calendar.New([]byte(tc.text)); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("error %v, want %s…", err, tc.want)
			}
		})
	}
}

func TestNew_TakesANewYearHolidayThatBeginsInDecember(t *testing.T) {
	c, err := calendar.New([]byte("hours: [\"00:00-24:00\"]\nyears:\n  2029:\n    source: 通知\n    holidays: [{name: 元旦, from: 2028-12-29, to: 2029-01-01}]"))
	if err != nil {
		t.Fatal(err)
	}
	if c.IsWorkday(at(t, "2028-12-29 10:00")) || c.WorkdayLength() != 24*time.Hour {
		t.Error("the Friday in December is free and the day is worked around the clock")
	}
}

func FuzzNew(f *testing.F) {
	text, err := os.ReadFile("../../config/calendar.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("hours: [\"08:00-12:00\"]\nyears: {2026: {source: s, holidays: [{from: 2026-01-01, to: 2026-12-31}]}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := calendar.New(text)
		if err != nil {
			return
		}
		from := at(t, "2026-01-01 00:00")
		if got := c.Between(from, c.Add(from, 50*time.Hour, true), true); got != 50*time.Hour {
			t.Errorf("added 50h, %s lies between", got)
		}
	})
}

func BenchmarkAdd_FifteenWorkdays(b *testing.B) {
	c := load(b)
	from := at(b, "2026-09-18 16:00")
	for b.Loop() {
		c.Add(from, 15*c.WorkdayLength(), true)
	}
}

const layout = "2006-01-02 15:04"

func at(t testing.TB, s string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	out, err := time.ParseInLocation(layout, s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
