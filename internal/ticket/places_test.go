package ticket_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/ticket/tickettest"
)

// A province has twenty thousand compounds: not every request of the moment may learn them.
func TestPlaces_OneLearnsThemAnewWhileTheOthersGoOn(t *testing.T) {
	w := tickettest.New(t)
	known, err := w.Places(t.Context())
	must(t, err)
	var looks atomic.Int64
	inside, release := make(chan struct{}), make(chan struct{})
	must(t, w.DB.Read(t.Context()).Callback().Row().Before("gorm:row").Register("slow", func(tx *gorm.DB) {
		if strings.Contains(tx.Statement.SQL.String(), "ORDER BY u.name, u.id") && looks.Add(1) == 1 {
			close(inside)
			<-release
		}
	}))
	w.Forward(2 * time.Minute)
	learnt := make(chan bool)
	go func() {
		p, err := w.Places(t.Context())
		learnt <- err == nil && p != known
	}()
	<-inside
	for range 20 {
		if p, err := w.Places(t.Context()); err != nil || p != known {
			t.Fatalf("beside it: %v", err)
		}
	}
	close(release)
	if !<-learnt || looks.Load() != 1 {
		t.Errorf("%d looked", looks.Load())
	}
	w.Relearn()
	if p, err := w.Places(t.Context()); err != nil || p == known || looks.Load() != 2 {
		t.Errorf("after a change: %d looked, %v", looks.Load(), err)
	}
}
