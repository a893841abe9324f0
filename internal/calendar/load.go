package calendar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// The file, as config/calendar.yaml shows it. Values are kept as nodes so that
// every refusal can name its line.
type file struct {
	Hours []yaml.Node      `yaml:"hours"`
	Years map[int]yearText `yaml:"years"`
}

type yearText struct {
	Source   yaml.Node   `yaml:"source"`   // the notice that says so
	Holidays []yaml.Node `yaml:"holidays"` // of {name, from, to}
	Workdays []yaml.Node `yaml:"workdays"`
}

// line is the first that the year's text has, as far as it has any.
func (y yearText) line() int {
	for _, n := range slices.Concat(y.Holidays, y.Workdays) {
		return n.Line
	}
	return 1
}

// New reads a calendar from YAML. An error names the line that is wrong.
func New(text []byte) (*Calendar, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, err
	}
	f, err := parse(text)
	if err != nil {
		return nil, err
	}
	c := &Calendar{loc: loc, special: map[date]bool{}, covered: map[int]bool{}}
	if err := c.setHours(f.Hours); err != nil {
		return nil, err
	}
	for _, year := range slices.Sorted(maps.Keys(f.Years)) {
		if err := c.setYear(year, f.Years[year]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func parse(text []byte) (file, error) {
	var f file
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	err := dec.Decode(&f)
	if wrong, ok := errors.AsType[*yaml.TypeError](err); ok {
		// "line 3: field x not found in type calendar.file": the type is ours, not the reader's.
		line, _, _ := strings.Cut(wrong.Errors[0], " in type ")
		return f, errors.New(line)
	}
	if errors.Is(err, io.EOF) {
		return f, errors.New("line 1: the file is empty")
	}
	if err != nil {
		what := strings.TrimPrefix(err.Error(), "yaml: ")
		if !strings.HasPrefix(what, "line ") { // a few faults, such as an unknown anchor, have no line
			what = fmt.Sprintf("lines 1 to %d: %s", 1+bytes.Count(text, []byte("\n")), what)
		}
		return f, errors.New(what)
	}
	var second yaml.Node
	if !errors.Is(dec.Decode(&second), io.EOF) {
		return f, fmt.Errorf("line %d: only one YAML document may stand in the file", max(1, second.Line))
	}
	return f, nil
}

func (c *Calendar) setHours(nodes []yaml.Node) error {
	if len(nodes) == 0 {
		return errors.New(`line 1: hours are missing, e.g. hours: ["08:00-12:00", "14:30-18:00"]`)
	}
	var end time.Duration
	for _, n := range nodes {
		h, ok := parseSpan(n.Value)
		if !ok {
			return fmt.Errorf("line %d: %q is not a span of hours such as 08:00-12:00", n.Line, n.Value)
		}
		if h.from < end {
			return fmt.Errorf("line %d: %s begins before the span above it ends", n.Line, n.Value)
		}
		end = h.to
		c.hours = append(c.hours, h)
		c.length += h.to - h.from
	}
	return nil
}

func parseSpan(s string) (span, bool) {
	a, b, _ := strings.Cut(s, "-")
	from, ok1 := parseClock(a)
	to, ok2 := parseClock(b)
	return span{from, to}, ok1 && ok2 && from < to
}

// parseClock reads 08:30 as the time since midnight; 24:00 is the day's end.
func parseClock(s string) (time.Duration, bool) {
	if s == "24:00" {
		return 24 * time.Hour, true
	}
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err == nil && len(s) == 5
}

func (c *Calendar) setYear(year int, y yearText) error {
	c.covered[year] = true
	if y.Source.Value == "" {
		return fmt.Errorf("line %d: the source of %d is missing: which notice says so", max(y.Source.Line, y.line()), year)
	}
	for _, n := range y.Holidays {
		if err := c.setHoliday(year, n); err != nil {
			return err
		}
	}
	for _, n := range y.Workdays {
		d, err := c.day(year, n)
		if err != nil {
			return err
		}
		if d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
			return fmt.Errorf("line %d: %s is no weekend day, so it cannot be a make-up workday", n.Line, n.Value)
		}
		if err := c.move(d, true, n.Line); err != nil {
			return err
		}
	}
	return nil
}

func (c *Calendar) setHoliday(year int, n yaml.Node) error {
	days := map[string]time.Time{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], *n.Content[i+1]
		switch key.Value {
		case "name":
		case "from", "to":
			d, err := c.day(year, value)
			if err != nil {
				return err
			}
			days[key.Value] = d
		default:
			return fmt.Errorf("line %d: field %s not found", key.Line, key.Value)
		}
	}
	if len(days) < 2 {
		return fmt.Errorf("line %d: a holiday is {name: 元旦, from: %d-01-01, to: %d-01-03}", n.Line, year, year)
	}
	if days["to"].Before(days["from"]) {
		return fmt.Errorf("line %d: the holiday ends before it begins", n.Line)
	}
	for d := days["from"]; !d.After(days["to"]); d = d.AddDate(0, 0, 1) {
		if err := c.move(d, false, n.Line); err != nil {
			return err
		}
	}
	return nil
}

// day reads a day of a year's notice: of that year, or of the December before
// it (the first days of a New Year's holiday).
func (c *Calendar) day(year int, n yaml.Node) (time.Time, error) {
	d, err := time.ParseInLocation(time.DateOnly, n.Value, c.loc)
	if err != nil {
		return d, fmt.Errorf("line %d: %q is not a day such as %d-01-01 (year %d)", n.Line, n.Value, year, year)
	}
	if d.Year() != year && (d.Year() != year-1 || d.Month() != time.December) {
		return d, fmt.Errorf("line %d: %s is not in %d", n.Line, n.Value, year)
	}
	return d, nil
}

func (c *Calendar) move(d time.Time, worked bool, line int) error {
	if _, twice := c.special[dateOf(d)]; twice {
		return fmt.Errorf("line %d: %s is named twice", line, d.Format(time.DateOnly))
	}
	c.special[dateOf(d)] = worked
	return nil
}
