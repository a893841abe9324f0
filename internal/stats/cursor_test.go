package stats

import "testing"

// FuzzReadCursor reads what a client says where a page of tickets or of deeds ended.
func FuzzReadCursor(f *testing.F) {
	for _, cursor := range []string{"", "1.2", "1-2", "1_2", "zz", "-1.5", "9223372036854775808.1", "1.2.3", "MTox", "\x00"} {
		f.Add(cursor)
	}
	f.Fuzz(func(_ *testing.T, cursor string) {
		_, _ = readCursor(cursor)
		_, _, _ = readDeed(cursor)
	})
}
