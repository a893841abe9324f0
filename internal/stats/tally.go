package stats

import (
	"encoding/binary"
	"math/bits"

	"fenlin/internal/ticket"
)

// Measure is a count of tickets that a rate is made of.
type Measure string

// The measures.
const (
	Accepted     Measure = "accepted"      // created in the period, but not withdrawn, merged or excluded
	Received     Measure = "received"      // accepted or excluded
	Matured      Measure = "matured"       // accepted, and closed or past due (the clock of a suspended one stands)
	Finished     Measure = "finished"      // matured, and the work is done
	OnTime       Measure = "on_time"       // finished, never late
	Settled      Measure = "settled"       // matured, closed as confirmed or tacit
	Confirmed    Measure = "confirmed"     // settled by the reporter's word
	Tacit        Measure = "tacit"         // settled by the reporter's silence
	FollowedUp   Measure = "followed_up"   // settled: the reporter said nothing by themselves, and was asked
	Answered     Measure = "answered"      // V: closed with an answered follow-up
	Responded    Measure = "responded"     // answered, and the reporter had been contacted
	Resolved     Measure = "resolved"      // answered: solved
	Satisfied    Measure = "satisfied"     // answered: satisfied
	Basic        Measure = "basic"         // answered: basically satisfied
	Excluded     Measure = "excluded"      // excluded by a decision
	Reopened     Measure = "reopened"      // accepted, and done again at least once
	RedoneTwice  Measure = "redone_twice"  // accepted, and done again at least twice
	EverDone     Measure = "ever_done"     // accepted, and finished at least once
	Bare         Measure = "bare"          // ever done: the last finish came without a picture
	LateReturned Measure = "late_returned" // received: returned at least once when most of its time had passed
	Open         Measure = "open"          // accepted: work is owed
	Overdue      Measure = "overdue"       // open and past due
	Contacted    Measure = "contacted"     // accepted, and the reporter was contacted: those that response times are of
	Done         Measure = "done"          // accepted, and finished without having been opened again: those that handling times are of
)

// Measures are all of them; each one's place is its bit and never changes.
var Measures = []Measure{
	Accepted, Received, Matured, Finished, OnTime, Settled, Confirmed, Tacit, Answered, Responded, Resolved, Satisfied, Basic,
	Excluded, Reopened, EverDone, Open, Overdue, Bare, LateReturned, FollowedUp, RedoneTwice, Contacted, Done,
}

// counted is a ticket as the rates count it.
type counted struct {
	ticket.Told

	PastDue bool // its due time passed before the moment of counting, on a clock that ran
}

// measures says which a ticket is one of, as bits.
func (t counted) measures() (set int64) {
	valid := t.State != ticket.Withdrawn && t.State != ticket.Merged
	accepted := valid && t.State != ticket.Excluded
	matured := accepted && (t.State == ticket.Closed || t.State == ticket.Rejected || t.PastDue)
	done := t.FinishedAt > 0 && (t.State == ticket.Finished || t.State == ticket.Closed)
	closed := t.State == ticket.Closed
	answered := closed && t.Answered
	for i, is := range [...]bool{
		accepted, valid, matured, matured && done, matured && done && !t.Late,
		closed && t.Outcome != "", closed && (t.Outcome == ticket.Confirmed || t.Outcome == ticket.FollowedUp), closed && t.Outcome == ticket.Tacit,
		answered, answered && t.ContactedAt > 0, answered && t.Solved, answered && t.Satisfaction == ticket.Satisfied, answered && t.Satisfaction == ticket.Basic,
		t.State == ticket.Excluded, accepted && t.Redos > 0, accepted && (t.Redos > 0 || t.FinishedAt > 0),
		accepted && t.State.Open(), matured && t.State.Open(), accepted && t.FinishedAt > 0 && t.Bare, valid && t.LateReturns > 0,
		closed && t.Outcome == ticket.FollowedUp, accepted && t.Redos > 1, accepted && t.ContactedAt > 0, accepted && t.FinishedAt > 0,
	} {
		if is {
			set |= 1 << i
		}
	}
	return set
}

// maturesAt is when time alone makes the ticket matured; 0 = never.
func (t counted) maturesAt() int64 {
	waits := t.State.Open() || t.State == ticket.Finished
	if !waits || t.PastDue || t.PausedAt > 0 && t.PausedAt <= t.DueAt {
		return 0
	}
	return t.DueAt
}

// minutes is a time's distance from the report; -1 = it has not come.
func (t counted) minutes(at int64) int {
	if at == 0 || at < t.CreatedAt {
		return -1
	}
	return int((at - t.CreatedAt) / 60_000)
}

// Tally is a sum of tickets: how many of each measure, and how long things took.
type Tally struct {
	counts   [32]int64 // by the bits of measures
	response times     // minutes from the report to the first contact
	handling times     // minutes from the report to the finish that holds
}

// Of is how many tickets are of a measure.
func (t *Tally) Of(m Measure) int64 { return t.counts[bit(m)] }

func bit(m Measure) int {
	for i, known := range Measures {
		if known == m {
			return i
		}
	}
	return len(Tally{}.counts) - 1 // of nothing
}

// count adds n tickets that are all the same; n may be negative.
func (t *Tally) count(set int64, response, handling int, n int64) {
	for left := uint64(set); left != 0; left &= left - 1 {
		t.counts[bits.TrailingZeros64(left)] += n
	}
	if set&1 == 0 { // times of what is not accepted say nothing
		return
	}
	if response >= 0 {
		t.response.add(bucket(response), n)
	}
	if handling >= 0 {
		t.handling.add(bucket(handling), n)
	}
}

// plus adds another tally n times; n may be negative.
func (t *Tally) plus(o *Tally, n int64) {
	for i := range Measures {
		t.counts[i] += n * o.counts[i]
	}
	t.response.plus(&o.response, n)
	t.handling.plus(&o.handling, n)
}

// empty says that nothing is counted.
func (t *Tally) empty() bool { return *t == Tally{} }

// pack writes a tally: the counts up to the last that is not 0, then of each
// times its buckets that are not 0 as (bucket, count), each list behind its
// length, all as signed varints.
func (t *Tally) pack() []byte {
	out := make([]byte, 0, 64)
	last := len(Measures)
	for last > 0 && t.counts[last-1] == 0 {
		last--
	}
	out = binary.AppendVarint(out, int64(last))
	for _, n := range t.counts[:last] {
		out = binary.AppendVarint(out, n)
	}
	return t.handling.pack(t.response.pack(out))
}

// unpack adds what pack wrote, n times.
func (t *Tally) unpack(packed []byte, n int64) {
	next := func() int64 {
		v, size := binary.Varint(packed)
		packed = packed[max(size, 0):] // what pack wrote; a damaged one differs from the log, which rebuild tells
		return v
	}
	for i := range min(next(), int64(len(Measures))) {
		t.counts[i] += n * next()
	}
	for _, to := range []*times{&t.response, &t.handling} {
		for range min(next(), buckets) {
			b, many := next(), next()
			if 0 <= b && b < buckets {
				to.add(int(b), n*many)
			}
		}
	}
}

// times says how many things took how long: minutes one by one up to 16, from
// then on eight steps to each doubling, so that what is told of them is never
// more than an eighth too long; the last step holds all from two years on.
type times struct {
	n     int64
	steps [buckets]int32
}

const buckets = 16 + 8*16

func bucket(minutes int) int {
	if minutes < 16 {
		return minutes
	}
	double := bits.Len(uint(minutes)) - 1 // 16 → 4
	return min(16+8*(double-4)+minutes>>(double-3)&7, buckets-1)
}

// longest is the longest time of a bucket, in minutes.
func longest(bucket int) int {
	if bucket < 16 {
		return bucket
	}
	double, part := 4+(bucket-16)/8, (bucket-16)%8
	return (8+part+1)<<(double-3) - 1
}

func (t *times) add(bucket int, n int64) {
	t.n += n
	t.steps[bucket] += int32(n)
}

func (t *times) plus(o *times, n int64) {
	if o.n == 0 {
		return
	}
	t.n += n * o.n
	for i, many := range o.steps {
		t.steps[i] += int32(n) * many
	}
}

// within is the time, in minutes, within which a share of all was done, in
// percent: 50 is the median. Nil when there was nothing.
func (t *times) within(percent int64) *int {
	if t.n <= 0 {
		return nil
	}
	rank := max((t.n*percent+99)/100, 1)
	for i, n := range t.steps {
		if rank -= int64(n); rank <= 0 {
			told := longest(i)
			return &told
		}
	}
	return nil
}

func (t *times) pack(out []byte) []byte {
	var used int64
	for _, n := range t.steps {
		if n != 0 {
			used++
		}
	}
	out = binary.AppendVarint(out, used)
	for i, n := range t.steps {
		if n != 0 {
			out = binary.AppendVarint(binary.AppendVarint(out, int64(i)), int64(n))
		}
	}
	return out
}
