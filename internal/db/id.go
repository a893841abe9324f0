package db

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// The parts of an id, from the highest bit: time in idUnit since idEpoch, a
// sequence, the machine.
const (
	idUnit       = 10 * time.Millisecond // 39 bits of it last until 2198
	sequenceBits = 8
	machineBits  = 16
)

var idEpoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// ids makes ids. Its time goes on from the start by what has passed, whatever
// becomes of the machine's clock: a generator that reads the clock for each id
// has to wait, or to repeat itself, as long as the clock was set back.
type ids struct {
	machine int64
	began   int64                // units since the epoch at the start
	running func() time.Duration // since the start; never less than before

	mu       sync.Mutex
	unit     int64
	sequence int64
}

// newIDs makes a generator of a machine that starts at a time.
func newIDs(machine uint16, at time.Time, running func() time.Duration) *ids {
	return &ids{machine: int64(machine), began: int64(at.Sub(idEpoch) / idUnit), running: running}
}

// next is a new id, greater than those before it.
func (g *ids) next() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	for {
		running := g.running()
		switch unit := g.began + int64(running/idUnit); {
		case unit > g.unit:
			g.unit, g.sequence = unit, 0
		case g.sequence < 1<<sequenceBits-1:
			g.sequence++
		default:
			time.Sleep(idUnit - running%idUnit)
			continue
		}
		return g.unit<<(sequenceBits+machineBits) | g.sequence<<machineBits | g.machine
	}
}

// MadeAt is when an id was made, by the clock that its maker started with.
func MadeAt(id int64) time.Time {
	return idEpoch.Add(time.Duration(id>>(sequenceBits+machineBits)) * idUnit)
}

// generators of NewIDs: one makes 256 ids in 10 ms and then waits.
const generators = 16

// someIDs are n generators of machines side by side, the first a random one.
func someIDs(n int) []*ids {
	start, machine := time.Now(), uint16(rand.Uint32()) //nolint:forbidigo // when an id was made is no time that anything goes by
	out := make([]*ids, n)
	for i := range out {
		out[i] = newIDs(machine+uint16(i), start, func() time.Duration { return time.Since(start) }) //nolint:forbidigo // as above
	}
	return out
}

// NewID makes an id: 63 bits, roughly ordered by time, unique among replicas
// but for the odd clash of a primary key, which fails loudly.
func (d *DB) NewID() int64 { return d.ids[0].next() }

// NewIDs makes many ids at once, in ascending order; it is NewID for ledgers,
// which would wait seconds for that.
func (d *DB) NewIDs(n int) []int64 {
	out := make([]int64, 0, n)
	for i := range n {
		out = append(out, d.ids[1+i%generators].next())
	}
	slices.Sort(out)
	return out
}
