package ticket_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"fenlin/internal/ticket"
	"fenlin/internal/understand"
)

func likeness(t *testing.T) (*ticket.Likeness, *understand.Reader) {
	t.Helper()
	text, err := os.ReadFile("../../config/duplicates.yaml")
	if err != nil {
		t.Fatal(err)
	}
	l, err := ticket.LoadLikeness(text)
	if err != nil {
		t.Fatal(err)
	}
	words, err := os.ReadFile("../../config/understand.yaml")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := understand.New(words)
	if err != nil {
		t.Fatal(err)
	}
	return l, reader
}

func sighting(r *understand.Reader, text string, at time.Time) ticket.Sighting {
	read := r.Read(text, nil)
	return ticket.Sighting{
		Place: ticket.Place{Category: read.Guesses[0].Code, Building: read.Building, Unit: read.Unit, Floor: read.Floor, Room: read.Room},
		Text:  text, Words: read.Words, At: at,
	}
}

// TestAlike_OnLabelledTables prints precision and recall; an offer that is wrong
// holds a report up, so precision comes first.
func TestAlike_OnLabelledTables(t *testing.T) {
	l, reader := likeness(t)
	for file, least := range map[string][2]float64{"testdata/pairs.tsv": {0.95, 0.85}, "testdata/pairs-heldout.tsv": {0.85, 0.7}} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		var right, offered, same int
		for line := range strings.Lines(string(text)) {
			part := strings.Split(strings.TrimSpace(line), "\t")
			if len(part) != 3 {
				continue
			}
			want := part[0] == "1"
			a := l.Compare(sighting(reader, part[2], now), sighting(reader, part[1], now.Add(-time.Hour)))
			if want {
				same++
			}
			if a.Same {
				offered++
			}
			if a.Same && want {
				right++
			}
			if a.Same != want {
				t.Logf("same=%v %.1f %s | %s: %s", want, a.Points, part[1], part[2], strings.Join(a.Why, "，"))
			}
		}
		precision, recall := float64(right)/float64(offered), float64(right)/float64(same)
		t.Logf("%s: precision %.1f %% (%d of %d offered), recall %.1f %% (%d of %d)", file, 100*precision, right, offered, 100*recall, right, same)
		if precision < least[0] || recall < least[1] {
			t.Error("the offers are worse than they were")
		}
	}
}

func TestAlike_SaysWhyAndLooksAtTime(t *testing.T) {
	l, reader := likeness(t)
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	first := sighting(reader, lamp, now)
	old, closed := first, first
	old.At, closed.Closed = now.Add(-10*24*time.Hour), true
	fresh, aged, settled := l.Compare(first, first), l.Compare(first, old), l.Compare(first, closed)
	if !(fresh.Points > settled.Points && fresh.Points > aged.Points) || strings.Join(fresh.Why, "，") != "类别相同 +2.0，同一单元 +3.0，说法相似 +6.0，关键词相同 +2.0" {
		t.Errorf("%+v\n%+v\n%+v", fresh, aged, settled)
	}
}

func TestLoadLikeness_RefusesWhatIsWrong(t *testing.T) {
	for name, text := range map[string]string{
		"unknown key": "offer: 6\ndays: 14\nclosed_day: 3", "no offer": "days: 14\nclosed_days: 3\npoints: {words: 1}", "endless": "offer: 6\ndays: 400\npoints: {words: 1}", "no yaml": "- [",
	} {
		if _, err := ticket.LoadLikeness([]byte(text)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func BenchmarkAlike(b *testing.B) {
	text, err := os.ReadFile("../../config/duplicates.yaml")
	if err != nil {
		b.Fatal(err)
	}
	l, err := ticket.LoadLikeness(text)
	if err != nil {
		b.Fatal(err)
	}
	here := ticket.Sighting{Place: ticket.Place{Category: "lighting", Building: "3", Unit: "2"}, Text: "三号楼二单元的楼道灯不亮了，老人看不见路"}
	there := ticket.Sighting{Place: here.Place, Text: lamp}
	for b.Loop() {
		l.Compare(here, there)
	}
}
