package web

import (
	"context"
	"time"

	"fenlin/internal/activity"
)

// ShareView is what an activity is worth to one who had a seat, as its
// organiser sees it: of this activity alone.
type ShareView struct {
	PersonID id     `json:"person_id"`
	Name     string `json:"name"`
	Minutes  int    `json:"minutes" doc:"by check-in and check-out"`
	Review   string `json:"review" enum:",waiting,confirmed,refused" doc:"of a day that was over the limit; waiting: minutes do not count until the organiser says so"`
	Manual   int    `json:"manual_minutes" doc:"entered by the organiser, where there is no check-in; never among minutes"`
	Why      string `json:"why" doc:"why minutes are 0 or wait; empty otherwise"`
	Version  int    `json:"version" doc:"of what the organiser said; give it with manual hours"`

	CheckIns list[CheckInView] `json:"checkins" doc:"the oldest first; those that were refused or struck too"`
}

func (s *Server) viewShare(h activity.Share) ShareView {
	v := ShareView{idOf(h.SignUp.PersonID), h.Person.Name, h.Minutes, string(h.Ruling), h.Manual, h.Why, h.Version, s.viewPairs(h.Pairs)}
	if h.Credit.Review {
		v.Review = "waiting"
	}
	return v
}

type listSharesInput struct {
	ActivityInput
	Paged
}

func (s *Server) listShares(ctx context.Context, c caller, in *listSharesInput) (*body[page[ShareView]], error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	found, err := s.Activities.Shares(ctx, c.Actor, in.ID.number(), after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out page[ShareView]
	found, out.NextCursor = cut(found, in.Limit, func(x activity.Share) int64 { return x.SignUp.ID })
	for _, h := range found {
		out.Items = append(out.Items, s.viewShare(h))
	}
	return answer(out), nil
}

type correctHoursInput struct {
	ActivityInput
	Once
	Body struct {
		What      string     `json:"what" enum:"set,add,strike" doc:"set the times of a check-in; add one that was missed; strike one that was not"`
		CheckInID id         `json:"checkin_id,omitempty" doc:"of set and strike"`
		PersonID  id         `json:"person_id,omitempty" doc:"of add"`
		InAt      *time.Time `json:"in_at,omitempty" doc:"of set and add"`
		OutAt     *time.Time `json:"out_at,omitempty" doc:"of set and add"`
		Reason    string     `json:"reason" maxLength:"480" doc:"the person reads it"`
		Version   int        `json:"version,omitempty" doc:"of the check-in that was read; left out: whatever it is now"`
	}
}

// correctHours is idempotent: asked again it answers the same.
func (s *Server) correctHours(ctx context.Context, c caller, in *correctHoursInput) (*body[HourCorrectionView], error) {
	b := in.Body
	f := activity.Fix{What: b.What, Pair: b.CheckInID.number(), Person: b.PersonID.number(), Reason: b.Reason, Version: b.Version, Key: in.key(c)}
	switch {
	case b.What == activity.HourAdd && b.PersonID == "":
		return nil, activity.ErrInvalid.At("person_id", "请选择为谁补签到")
	case b.What != activity.HourAdd && b.CheckInID == "":
		return nil, activity.ErrInvalid.At("checkin_id", "请选择改哪一次签到")
	case b.What != activity.HourStrike && b.InAt == nil:
		return nil, activity.ErrInvalid.At("in_at", "请写签到时间")
	case b.What != activity.HourStrike && b.OutAt == nil:
		return nil, activity.ErrInvalid.At("out_at", "请写签退时间")
	case b.What != activity.HourStrike:
		f.In, f.Out = *b.InAt, *b.OutAt
	}
	made, err := s.Activities.Correct(ctx, c.Actor, in.ID.number(), f)
	if err != nil {
		return nil, err
	}
	return answer(s.viewHourCorrection(made)), nil
}

func (s *Server) listHourCorrections(ctx context.Context, c caller, in *listSharesInput) (*body[page[HourCorrectionView]], error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	found, err := s.Activities.Corrections(ctx, c.Actor, in.ID.number(), after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out page[HourCorrectionView]
	found, out.NextCursor = cut(found, in.Limit, func(x activity.Correction) int64 { return x.ID })
	for _, x := range found {
		out.Items = append(out.Items, s.viewHourCorrection(x))
	}
	return answer(out), nil
}

// ShareInput names one who had a seat in an activity.
type ShareInput struct {
	ActivityInput
	PersonID id `path:"person_id" minLength:"1"`
}

type enterHoursInput struct {
	ShareInput
	Body struct {
		Minutes int    `json:"minutes" doc:"no more than the activity was long; 0 takes them back"`
		Reason  string `json:"reason" maxLength:"480" doc:"the person reads it"`
		Version int    `json:"version,omitempty" doc:"that was read; left out: whatever it is now"`
	}
}

func (s *Server) enterHours(ctx context.Context, c caller, in *enterHoursInput) (*body[ShareView], error) {
	b := in.Body
	h, err := s.Activities.Enter(ctx, c.Actor, in.ID.number(), activity.Manual{Person: in.PersonID.number(), Minutes: b.Minutes, Reason: b.Reason, Version: b.Version})
	if err != nil {
		return nil, err
	}
	return answer(s.viewShare(h)), nil
}

type ruleHoursInput struct {
	ShareInput
	Body struct {
		Confirmed bool   `json:"confirmed"`
		Minutes   int    `json:"minutes" doc:"that were looked at: if they are others by now, it is 409 stale"`
		Reason    string `json:"reason,omitempty" maxLength:"480" doc:"of a refusal; the person reads it"`
	}
}

func (s *Server) ruleHours(ctx context.Context, c caller, in *ruleHoursInput) (*body[ShareView], error) {
	d := activity.Ruled{Person: in.PersonID.number(), Ruling: activity.Denied, Minutes: in.Body.Minutes, Reason: in.Body.Reason}
	if in.Body.Confirmed {
		d.Ruling = activity.Granted
	}
	h, err := s.Activities.Rule(ctx, c.Actor, in.ID.number(), d)
	if err != nil {
		return nil, err
	}
	return answer(s.viewShare(h)), nil
}

type reviewView struct {
	ActivityID id         `json:"activity_id"`
	Title      string     `json:"title"`
	StartsAt   *time.Time `json:"starts_at"`
	EndsAt     *time.Time `json:"ends_at"`
	PersonID   id         `json:"person_id"`
	Name       string     `json:"name"`
	Minutes    int        `json:"minutes" doc:"of this activity; give them with the decision"`
}

// listReviews may answer a short page, even an empty one, before the last.
func (s *Server) listReviews(ctx context.Context, c caller, in *Paged) (*body[page[reviewView]], error) {
	after, ok := activity.ParseReviewCursor(in.Cursor)
	if !ok {
		return nil, errCursor
	}
	found, end, err := s.Activities.Reviews(ctx, c.Actor, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := page[reviewView]{NextCursor: end.String()}
	for _, r := range found {
		a := r.Activity
		out.Items = append(out.Items, reviewView{idOf(a.ID), a.Title, s.moment(a.StartsAt), s.moment(a.EndsAt), idOf(r.Person.ID), r.Person.Name, r.Minutes})
	}
	return answer(out), nil
}

type serviceInput struct {
	Org  id     `query:"org" doc:"a unit of the organisation; the highest that the caller may see when not given"`
	From string `query:"from" maxLength:"40" example:"2026-01-01" doc:"first day or RFC 3339 time; this year's first day when not given"`
	To   string `query:"to" maxLength:"40" example:"2026-11-30" doc:"last day, or the RFC 3339 time before which; now when not given"`
}

// serviceView is sums of activities, never of persons.
type serviceView struct {
	Org        unitView  `json:"org"`
	From       time.Time `json:"from"`
	To         time.Time `json:"to" doc:"exclusive"`
	AsOf       time.Time `json:"as_of"`
	Activities int       `json:"activities" doc:"that took place"`
	People     int       `json:"people_times" doc:"人次: who was there; somebody in two activities counts twice"`
	Minutes    int64     `json:"minutes" doc:"by check-in and check-out"`
	Manual     int64     `json:"manual_minutes" doc:"entered by organisers, never among minutes"`
	Review     int64     `json:"review_minutes" doc:"that wait for a review"`
}

func (s *Server) showService(ctx context.Context, c caller, in *serviceInput) (*body[serviceView], error) {
	q, err := s.query(c, RatesInput{Org: in.Org, From: in.From, To: in.To})
	if err != nil {
		return nil, err
	}
	a, err := s.Activities.Account(ctx, c.Actor, q.Org, q.From, q.To)
	if err != nil {
		return nil, err
	}
	return answer(serviceView{
		unitView{idOf(a.Unit.ID), string(a.Unit.Kind), a.Unit.Name}, s.local(a.From), s.local(a.To), s.local(s.Now()), a.Held, a.People, a.Minutes, a.Manual, a.Waiting,
	}), nil
}
