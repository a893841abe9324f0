package app

import (
	"strings"
	"testing"
	"time"
)

// What the whole program's test cannot plant without another server or disk.

func TestDoctor_ServerSettingsThatLoseOrRefuseWork(t *testing.T) {
	sound := map[string]string{"sql_mode": "STRICT_TRANS_TABLES,NO_ZERO_DATE", "max_allowed_packet": "67108864", "innodb_flush_log_at_trx_commit": "1", "read_only": "OFF"}
	if found := lookVariables(sound); len(found) > 0 {
		t.Errorf("a sound server: %+v", found)
	}
	for _, c := range []struct {
		name, value, say string
		warn             bool
	}{
		{"sql_mode", "", "STRICT_TRANS_TABLES", false},
		{"max_allowed_packet", "1048576", "max_allowed_packet to 64M", false},
		{"innodb_flush_log_at_trx_commit", "2", "power cut", true},
		{"read_only", "ON", "primary", false},
	} {
		set := map[string]string{}
		for name, value := range sound {
			set[name] = value
		}
		set[c.name] = c.value
		found := lookVariables(set)
		if len(found) != 1 || found[0].Warn != c.warn || (found[0].Err == nil) != c.warn || !strings.Contains(found[0].Say(), c.say) {
			t.Errorf("%s = %q: %+v", c.name, c.value, found)
		}
	}
}

func TestDoctor_ClocksApartAndAFullDisk(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	if found := append(lookClock(now.Add(4*time.Second), now), lookFree("/srv", leastFree)...); len(found) > 0 {
		t.Errorf("sound: %+v", found)
	}
	for _, off := range []time.Duration{-time.Minute, time.Minute} {
		if found := lookClock(now.Add(off), now); len(found) != 1 || !found[0].Warn || !strings.Contains(found[0].Say(), "1m0s apart") {
			t.Errorf("%s off: %+v", off, found)
		}
	}
	if found := lookFree("/srv", 3<<20); len(found) != 1 || found[0].Err == nil || !strings.Contains(found[0].Say(), "3 MB left") {
		t.Errorf("a full disk: %+v", found)
	}
}
