package stats

// rates divides the counts of a row.
func (w Weights) rates(r *Row) {
	c := r.Counts
	v := c[Answered]
	r.Finish = share(c[Finished], c[Matured])
	r.OnTime = share(c[OnTime], c[Matured])
	r.Settlement = share(c[Settled], c[Matured])
	r.Response = share(c[Responded], v)
	r.Resolution = share(c[Resolved], v)
	r.Satisfaction = hundredths(100*c[Satisfied]+w.Basic*c[Basic], v)
	r.Exclusion = share(c[Excluded], c[Received])
	r.Reopen = share(c[Reopened], c[EverDone])
	if v > 0 {
		composite := 100 * (w.Weights.Response**r.Response.Rate + w.Weights.Resolution**r.Resolution.Rate + w.Weights.Satisfaction**r.Satisfaction.Rate)
		r.Composite = &composite
	}
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
		"response":     func(r Row) *float64 { return r.Response.Rate },
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
