package db

import (
	"testing"
	"time"
)

func TestIDs_GoOnByWhatHasPassed(t *testing.T) {
	at := idEpoch.Add(3 * time.Hour)
	calls := 0
	g := newIDs(7, at, func() time.Duration { // passes slower than ids are asked for
		calls++
		return time.Duration(calls) * 38 * time.Microsecond
	})
	last := int64(0)
	for range 2000 {
		id := g.next()
		if id <= last {
			t.Fatalf("%x after %x", id, last)
		}
		if id&(1<<machineBits-1) != 7 {
			t.Fatalf("%x is of another machine", id)
		}
		last = id
	}
	passed := MadeAt(last).Sub(idEpoch)
	if want := 3*time.Hour + time.Duration(calls)*38*time.Microsecond; passed > want || passed < want-idUnit {
		t.Errorf("the last id is of %s, not %s", passed, want)
	}
}
