package web

import (
	"cmp"
	"context"
	"time"

	"fenlin/internal/stats"
	"fenlin/internal/ticket"
)

// RatesInput is a question about rates.
type RatesInput struct {
	Org      id     `query:"org" doc:"a unit of the organisation; the highest that the caller may see when not given"`
	From     string `query:"from" maxLength:"40" example:"2026-01-01" doc:"first day or RFC 3339 time; this year's first day when not given"`
	To       string `query:"to" maxLength:"40" example:"2026-11-30" doc:"last day, or the RFC 3339 time before which; now when not given"`
	By       string `query:"by" enum:"month,category,compound,community,subdistrict,handler" doc:"what rows are made of; one row when not given"`
	Category string `query:"category" maxLength:"32" doc:"only this category"`
	Handler  id     `query:"handler" doc:"only what this post handles"`
}

func (s *Server) query(c caller, in RatesInput) (stats.Query, error) {
	q := stats.Query{By: c.Actor, Org: in.Org.number(), Group: stats.Group(in.By), Category: in.Category, Handler: in.Handler.number()}
	var err error
	if q.From, err = s.day(in.From, 0); err != nil {
		return q, stats.ErrPeriod.At("from", "应为日期，例如 2026-01-01")
	}
	if q.To, err = s.day(in.To, 1); err != nil {
		return q, stats.ErrPeriod.At("to", "应为日期，例如 2026-11-30")
	}
	return q, nil
}

// day reads a time, or the midnight that many days after a day's own.
func (s *Server) day(text string, after int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, s.Tickets.Rules().Calendar.Location())
	return t.AddDate(0, 0, after), err
}

type rateView struct {
	Numerator   float64  `json:"numerator" doc:"a count; of satisfaction a weighted one"`
	Denominator int64    `json:"denominator"`
	Rate        *float64 `json:"rate" doc:"0 to 1; null when there is nothing to divide by"`
}

type settlementView struct {
	Numerator   float64  `json:"numerator" doc:"confirmed + tacit"`
	Denominator int64    `json:"denominator" doc:"matured"`
	Rate        *float64 `json:"rate" doc:"0 to 1; null when there is nothing to divide by"`
	Confirmed   int64    `json:"confirmed" doc:"by the reporter's word"`
	Tacit       int64    `json:"tacit" doc:"by the reporter's silence"`
}

type rowView struct {
	Key          string         `json:"key" doc:"none = the tickets that belong to no row, such as those of no known compound"`
	Name         string         `json:"name"`
	Accepted     int64          `json:"accepted" doc:"created in the period, but not withdrawn, merged or excluded"`
	Received     int64          `json:"received" doc:"accepted or excluded"`
	Excluded     int64          `json:"excluded" doc:"excluded by a decision"`
	Open         int64          `json:"open" doc:"accepted, and work is owed"`
	Overdue      int64          `json:"overdue" doc:"open and past due"`
	Matured      int64          `json:"matured" doc:"accepted, and closed or past due"`
	Answered     int64          `json:"answered" doc:"closed with an answered follow-up"`
	Finished     rateView       `json:"finished"`
	OnTime       rateView       `json:"on_time"`
	Settlement   settlementView `json:"settlement" doc:"化解率"`
	Response     rateView       `json:"response" doc:"响应率"`
	Resolution   rateView       `json:"resolution" doc:"解决率"`
	Satisfaction rateView       `json:"satisfaction" doc:"满意率"`
	Composite    *float64       `json:"composite" doc:"0 to 100"`
	Exclusion    rateView       `json:"exclusion" doc:"of received: accepted or excluded"`
	Reopen       rateView       `json:"reopen" doc:"of ever_done: finished at least once"`

	ResponseTime timesView         `json:"response_time" doc:"from the report to the first contact"`
	HandlingTime timesView         `json:"handling_time" doc:"from the report to the finish that holds"`
	Trust        list[signalView]  `json:"trust" doc:"how far to trust the rates; none for rows of handlers"`
	Before       maybe[beforeView] `json:"before" doc:"the same of the period before; null when there was nothing"`
}

type timesView struct {
	Count  int64 `json:"count"`
	Median *int  `json:"median" doc:"minutes within which a half was done, told at most an eighth too long; null when nothing was"`
	P90    *int  `json:"p90" doc:"minutes within which nine in ten were done"`
}

type signalView struct {
	Code        string   `json:"code" example:"bare"`
	Name        string   `json:"name" doc:"in Chinese"`
	Measure     string   `json:"measure" doc:"of the tickets behind it"`
	Numerator   float64  `json:"numerator"`
	Denominator int64    `json:"denominator"`
	Rate        *float64 `json:"rate"`
	Limit       float64  `json:"limit" doc:"above it the rates are to be doubted"`
	Doubtful    bool     `json:"doubtful" doc:"above the limit, and of enough tickets"`
}

type beforeView struct {
	Accepted     int64          `json:"accepted"`
	Matured      int64          `json:"matured"`
	Finished     rateView       `json:"finished"`
	OnTime       rateView       `json:"on_time"`
	Settlement   settlementView `json:"settlement"`
	Response     rateView       `json:"response"`
	Resolution   rateView       `json:"resolution"`
	Satisfaction rateView       `json:"satisfaction"`
	Composite    *float64       `json:"composite"`
	ResponseTime timesView      `json:"response_time"`
	HandlingTime timesView      `json:"handling_time"`
}

type periodView struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to" doc:"exclusive"`
}

type macroView struct {
	Finished     *float64 `json:"finished"`
	OnTime       *float64 `json:"on_time"`
	Settlement   *float64 `json:"settlement"`
	Response     *float64 `json:"response"`
	Resolution   *float64 `json:"resolution"`
	Satisfaction *float64 `json:"satisfaction"`
	Composite    *float64 `json:"composite"`
}

type ratesView struct {
	Org    unitView      `json:"org"`
	From   time.Time     `json:"from"`
	To     time.Time     `json:"to" doc:"exclusive"`
	AsOf   time.Time     `json:"as_of" doc:"all that happened until then is counted"`
	Before periodView    `json:"before" doc:"the period before, that rows' before is of"`
	By     string        `json:"by"`
	Rows   list[rowView] `json:"rows"`
	Total  rowView       `json:"total" doc:"every ticket counts the same (micro)"`
	Macro  macroView     `json:"macro" doc:"every row counts the same"`
}

func (s *Server) showRates(ctx context.Context, c caller, in *RatesInput) (*body[ratesView], error) {
	q, err := s.query(c, *in)
	if err != nil {
		return nil, err
	}
	t, err := s.Stats.Rates(ctx, q)
	if err != nil {
		return nil, err
	}
	m := t.Macro
	v := ratesView{
		Org: unitView{idOf(t.Org.ID), string(t.Org.Kind), t.Org.Name}, From: s.local(t.From), To: s.local(t.To), AsOf: s.local(t.AsOf), By: in.By, Before: periodView{s.local(t.Before.From), s.local(t.Before.To)},
		Total: s.viewRow(t.Total, ""),
		Macro: macroView{m["finish"], m["on_time"], m["settlement"], m["response"], m["resolution"], m["satisfaction"], m["composite"]},
	}
	for _, r := range t.Rows {
		v.Rows = append(v.Rows, s.viewRow(r, t.Group))
	}
	return answer(v), nil
}

func (s *Server) viewRow(r stats.Row, by stats.Group) rowView {
	name := r.Name
	if by == stats.Category {
		name = s.category(r.Key).Name
	}
	v := rowView{
		Key: r.Key, Name: name, Accepted: r.Of(stats.Accepted), Received: r.Of(stats.Received), Excluded: r.Of(stats.Excluded),
		Open: r.Of(stats.Open), Overdue: r.Of(stats.Overdue), Matured: r.Of(stats.Matured), Answered: r.Of(stats.Answered),
		Finished: viewRate(r.Finish), OnTime: viewRate(r.OnTime), Settlement: viewSettlement(r),
		Response: viewRate(r.Answer), Resolution: viewRate(r.Resolution), Satisfaction: viewRate(r.Satisfaction), Composite: r.Composite,
		Exclusion: viewRate(r.Exclusion), Reopen: viewRate(r.Reopen), ResponseTime: viewTimes(r.Response()), HandlingTime: viewTimes(r.Handling()),
	}
	for _, t := range r.Trust {
		v.Trust = append(v.Trust, signalView{t.Code, t.Name, string(t.Measure), t.Numerator, t.Denominator, t.Rate.Rate, t.Limit, t.Doubtful})
	}
	if b := r.Before; b != nil {
		v.Before = some(beforeView{
			b.Of(stats.Accepted), b.Of(stats.Matured), viewRate(b.Finish), viewRate(b.OnTime), viewSettlement(*b),
			viewRate(b.Answer), viewRate(b.Resolution), viewRate(b.Satisfaction), b.Composite, viewTimes(b.Response()), viewTimes(b.Handling()),
		})
	}
	return v
}

func viewRate(r stats.Rate) rateView { return rateView{r.Numerator, r.Denominator, r.Rate} }

func viewTimes(t stats.Times) timesView { return timesView{t.Count, t.Median, t.P90} }

func viewSettlement(r stats.Row) settlementView {
	return settlementView{r.Settlement.Numerator, r.Settlement.Denominator, r.Settlement.Rate, r.Of(stats.Confirmed), r.Of(stats.Tacit)}
}

type behindInput struct {
	RatesInput
	Measure string `query:"measure" required:"true" maxLength:"32" doc:"accepted, received, matured, finished, on_time, settled, confirmed, tacit, answered, responded, resolved, satisfied, basic, excluded, reopened, redone_twice, ever_done, followed_up, bare, late_returned, open, overdue, contacted, done; or a rate's name, for its numerator (of satisfaction: those satisfied)"`
	Key     string `query:"key" maxLength:"32" doc:"the key of the row; all rows when not given"`
	Paged
}

type behindView struct {
	Number    string     `json:"number"`
	State     string     `json:"state"`
	StateName string     `json:"state_name"`
	Category  codeName   `json:"category"`
	Compound  named      `json:"compound" doc:"the city while it is not known"`
	CreatedAt *time.Time `json:"created_at"`
	DueAt     *time.Time `json:"due_at"`
	ClosedAt  *time.Time `json:"closed_at"`
	Lead      string     `json:"lead" doc:"title of the post"`
}

type behindPage struct {
	Items      list[behindView] `json:"items"`
	NextCursor string           `json:"next_cursor" doc:"give it as cursor to get the next page; empty on the last"`
	Count      int64            `json:"count" doc:"how many there are in all: the figure"`
	AsOf       time.Time        `json:"as_of" doc:"all that happened until then is counted"`
}

// numerators are the counts above the line of each rate.
var numerators = map[string]stats.Measure{
	"settlement": stats.Settled, "response": stats.Responded, "resolution": stats.Resolved, "satisfaction": stats.Satisfied,
	"exclusion": stats.Excluded, "reopen": stats.Reopened,
}

func (s *Server) showBehind(ctx context.Context, c caller, in *behindInput) (*body[behindPage], error) {
	q, err := s.query(c, in.RatesInput)
	if err != nil {
		return nil, err
	}
	measure := cmp.Or(numerators[in.Measure], stats.Measure(in.Measure))
	found, err := s.Stats.Tickets(ctx, q, measure, in.Key, in.Limit, in.Cursor)
	if err != nil {
		return nil, err
	}
	out := behindPage{NextCursor: found.Next, Count: found.Count, AsOf: s.local(found.AsOf)}
	for _, t := range found.Items {
		state := ticket.State(t.State)
		out.Items = append(out.Items, behindView{
			t.Number, t.State, state.Name(), s.category(t.Category),
			named{idOf(t.OrgID), t.OrgName},
			s.moment(t.CreatedAt), s.moment(t.DueAt), s.moment(t.ClosedAt), t.LeadTitle,
		})
	}
	return answer(out), nil
}
