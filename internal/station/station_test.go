package station_test

import (
	"testing"
	"time"

	"fenlin/internal/station"
)

func TestHours_AsPeopleSayThem(t *testing.T) {
	for want, days := range map[string][]int{
		"周一至周五 9:00—17:30": {1, 2, 3, 4, 5}, "周六、周日 9:00—17:30": {7, 6, 7}, "周一至周三、周五 9:00—17:30": {1, 2, 3, 5}, "周日 9:00—17:30": {7}, "周一、周三、周五、周六 9:00—17:30": {1, 3, 5, 6},
	} {
		if said := (station.Point{Opening: []station.Hours{{Days: days, From: "09:00", To: "17:30"}}}).Hours(); said != want {
			t.Errorf("%v is said as %q, not %q", days, said, want)
		}
	}
	if said := (station.Point{OpeningNote: "随时开放"}).Hours(); said != "随时开放" {
		t.Errorf("a note alone is said as %q", said)
	}
}

func TestOpen_ByDayAndClock(t *testing.T) {
	p := station.Point{Opening: []station.Hours{{Days: []int{1, 7}, From: "09:00", To: "12:00"}, {Days: []int{1}, From: "14:00", To: "24:00"}}}
	for at, want := range map[string]bool{
		"2026-11-23 08:59": false, "2026-11-23 09:00": true, "2026-11-23 12:00": false, "2026-11-23 23:59": true, // a Monday
		"2026-11-24 10:00": false, "2026-11-22 10:00": true, "2026-11-22 15:00": false, // Tuesday, Sunday
	} {
		moment, err := time.Parse("2006-01-02 15:04", at)
		if err != nil {
			t.Fatal(err)
		}
		if p.Open(moment) != want {
			t.Errorf("open at %s: %v", at, !want)
		}
	}
	p.ClosedAt = 1
	if at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC); p.Open(at) {
		t.Error("open after its end")
	}
}
