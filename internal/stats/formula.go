package stats

// rates divides the counts of a row.
func (w Weights) rates(r *Row) {
	c := r.Of
	v := c(Answered)
	r.Finish = share(c(Finished), c(Matured))
	r.OnTime = share(c(OnTime), c(Matured))
	r.Settlement = share(c(Settled), c(Matured))
	r.Answer = share(c(Responded), v)
	r.Resolution = share(c(Resolved), v)
	r.Satisfaction = hundredths(100*c(Satisfied)+w.Basic*c(Basic), v)
	r.Exclusion = share(c(Excluded), c(Received))
	r.Reopen = share(c(Reopened), c(EverDone))
	if v > 0 {
		composite := 100 * (w.Weights.Response**r.Answer.Rate + w.Weights.Resolution**r.Resolution.Rate + w.Weights.Satisfaction**r.Satisfaction.Rate)
		r.Composite = &composite
	}
}

// Signal is something that says how far to trust a rate.
type Signal struct {
	Code, Name string
	Measure    Measure // the tickets behind it
	Rate

	Limit    float64
	Doubtful bool // beyond the limit, and of enough tickets
}

type signal struct {
	code, name string
	of, out    Measure // of these, out of those
	besides    Measure // added to out; empty = none
}

// signals are the known ways to a number that is better than the work.
var signals = []signal{
	{"bare", "办结时没有照片", Bare, EverDone, ""},
	{"reopened", "办结后又重办", Reopened, EverDone, ""},
	{"redone_twice", "重办两次以上", RedoneTwice, EverDone, ""},
	{"late_returned", "临到期才退单", LateReturned, Received, ""},
	{"excluded", "剔除", Excluded, Received, ""},
	{"tacit", "没有回音，到期视同认可", Tacit, Settled, ""},
	{"unreached", "没有回音又没有回访到", Tacit, Tacit, FollowedUp},
}

// trust is every signal of a tally.
func (w Weights) trust(t *Tally) []Signal {
	out := make([]Signal, 0, len(signals))
	for _, s := range signals {
		d := t.Of(s.out)
		if s.besides != "" {
			d += t.Of(s.besides)
		}
		limit := w.Doubt[s.code]
		r := share(t.Of(s.of), d)
		out = append(out, Signal{
			Code: s.code, Name: s.name, Measure: s.of, Rate: r, Limit: limit.Above, Doubtful: r.Rate != nil && d >= limit.Least && *r.Rate > limit.Above,
		})
	}
	return out
}

func share(n, d int64) Rate { return hundredths(100*n, d) }

func hundredths(n, d int64) Rate {
	r := Rate{Numerator: float64(n) / 100, Denominator: d}
	if d > 0 {
		rate := float64(n) / 100 / float64(d)
		r.Rate = &rate
	}
	return r
}

// macro is the mean over the rows that have a rate at all.
func macro(rows []Row) map[string]*float64 {
	out := map[string]*float64{}
	for name, of := range map[string]func(Row) *float64{
		"finish":       func(r Row) *float64 { return r.Finish.Rate },
		"on_time":      func(r Row) *float64 { return r.OnTime.Rate },
		"settlement":   func(r Row) *float64 { return r.Settlement.Rate },
		"response":     func(r Row) *float64 { return r.Answer.Rate },
		"resolution":   func(r Row) *float64 { return r.Resolution.Rate },
		"satisfaction": func(r Row) *float64 { return r.Satisfaction.Rate },
		"composite":    func(r Row) *float64 { return r.Composite },
	} {
		sum, n := 0.0, 0
		for _, r := range rows {
			if rate := of(r); rate != nil {
				sum, n = sum+*rate, n+1
			}
		}
		if n > 0 {
			mean := sum / float64(n)
			out[name] = &mean
		} else {
			out[name] = nil
		}
	}
	return out
}
