package web

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"fenlin/internal/activity"
)

// ServedView is one activity in the caller's own record.
type ServedView struct {
	ActivityID  id                       `json:"activity_id"`
	Title       string                   `json:"title"`
	Kind        codeName                 `json:"kind"`
	Place       string                   `json:"place"`
	StartsAt    *time.Time               `json:"starts_at"`
	EndsAt      *time.Time               `json:"ends_at"`
	Minutes     int                      `json:"minutes" doc:"by check-in and check-out"`
	Review      bool                     `json:"review" doc:"the organiser looks at them before they count"`
	Manual      int                      `json:"manual_minutes" doc:"that the organiser entered, where there is no check-in; never among minutes"`
	Why         string                   `json:"why" doc:"why minutes are 0 or wait; empty otherwise"`
	Organiser   string                   `json:"organiser" doc:"the post to speak to when something is wrong"`
	Corrections list[HourCorrectionView] `json:"corrections" doc:"what was changed and why, the oldest first"`
}

// sumView is of a year or a kind.
type sumView struct {
	Key     string `json:"key" doc:"the year, or the kind's code"`
	Name    string `json:"name"`
	Minutes int    `json:"minutes" doc:"by check-in and check-out, without what waits"`
	Manual  int    `json:"manual_minutes" doc:"entered by organisers, apart"`
	Review  int    `json:"review_minutes" doc:"that wait for a review"`
}

type hoursView struct {
	Minutes    int              `json:"minutes" doc:"in all by check-in and check-out, without what waits for a review"`
	Manual     int              `json:"manual_minutes" doc:"in all, entered by organisers where there is no check-in; never among minutes"`
	Review     int              `json:"review_minutes" doc:"that wait for a review"`
	ByYear     list[sumView]    `json:"by_year" doc:"newest first"`
	ByKind     list[sumView]    `json:"by_kind"`
	Items      list[ServedView] `json:"items" doc:"newest first"`
	NextCursor string           `json:"next_cursor" doc:"give it as cursor to get the next page; empty on the last"`
}

// myHours are seen by their owner alone.
func (s *Server) myHours(ctx context.Context, c caller, in *Paged) (*body[hoursView], error) {
	served, err := s.Activities.Hours(ctx, c.Person.ID)
	if err != nil {
		return nil, err
	}
	from := 0
	if in.Cursor != "" {
		if from, err = strconv.Atoi(in.Cursor); err != nil || from < 0 || from > len(served) {
			return nil, errCursor
		}
	}
	out := s.sumHours(served)
	some := served[from:]
	if len(some) > in.Limit {
		some = some[:in.Limit]
		out.NextCursor = strconv.Itoa(from + in.Limit)
	}
	out.Items, err = s.viewServed(ctx, c, some)
	return answer(out), err
}

// sumHours are a person's own totals.
func (s *Server) sumHours(served []activity.Served) hoursView {
	var out hoursView
	add := func(to *list[sumView], key, name string, c activity.Credit) {
		i := 0
		for i < len(*to) && (*to)[i].Key != key {
			i++
		}
		if i == len(*to) {
			*to = append(*to, sumView{Key: key, Name: name})
		}
		sum := &(*to)[i]
		sum.Minutes += c.Counts()
		sum.Manual += c.Manual
		sum.Review += c.Waits()
	}
	for _, a := range served {
		if a.Minutes == 0 && a.Manual == 0 {
			continue
		}
		out.Minutes += a.Counts()
		out.Manual += a.Manual
		out.Review += a.Waits()
		kind, _ := s.Activities.Rules().Kind(a.Kind)
		year := s.local(time.UnixMilli(a.StartsAt)).Year()
		add(&out.ByYear, strconv.Itoa(year), fmt.Sprintf("%d年", year), a.Credit)
		add(&out.ByKind, kind.Code, kind.Name, a.Credit)
	}
	return out
}

// viewServed are some activities of the caller's own record.
func (s *Server) viewServed(ctx context.Context, c caller, served []activity.Served) (list[ServedView], error) {
	ids := make([]int64, len(served))
	for i, a := range served {
		ids[i] = a.ID
	}
	corrections, err := s.Activities.CorrectionsOf(ctx, c.Person.ID, ids)
	var out list[ServedView]
	for _, a := range served {
		kind, _ := s.Activities.Rules().Kind(a.Kind)
		v := ServedView{
			ActivityID: idOf(a.ID), Title: a.Title, Kind: codeName(kind), Place: a.Place, StartsAt: s.moment(a.StartsAt), EndsAt: s.moment(a.EndsAt),
			Minutes: a.Minutes, Review: a.Review, Manual: a.Manual, Why: a.Why, Organiser: a.ByTitle,
		}
		for _, x := range corrections[a.ID] {
			v.Corrections = append(v.Corrections, s.viewHourCorrection(x))
		}
		out = append(out, v)
	}
	return out, err
}

// HourCorrectionView is what an organiser changed of somebody's hours.
type HourCorrectionView struct {
	ID            id         `json:"id"`
	ActivityID    id         `json:"activity_id"`
	PersonID      id         `json:"person_id" doc:"whose hours"`
	CheckInID     id         `json:"checkin_id" doc:"empty: of minutes, not of a check-in"`
	What          string     `json:"what" enum:"set,add,strike,manual,confirm,refuse,deny"`
	WhatName      string     `json:"what_name"`
	Said          string     `json:"said" doc:"in a sentence, as the person is told"`
	BeforeIn      *time.Time `json:"before_in" doc:"null: none counted"`
	BeforeOut     *time.Time `json:"before_out"`
	AfterIn       *time.Time `json:"after_in"`
	AfterOut      *time.Time `json:"after_out"`
	BeforeMinutes int        `json:"before_minutes" doc:"of manual hours and reviews"`
	AfterMinutes  int        `json:"after_minutes"`
	Reason        string     `json:"reason"`
	By            string     `json:"by" doc:"the post"`
	CreatedAt     *time.Time `json:"created_at"`
}

func (s *Server) viewHourCorrection(c activity.Correction) HourCorrectionView {
	v := HourCorrectionView{
		ID: idOf(c.ID), ActivityID: idOf(c.ActivityID), PersonID: idOf(c.PersonID), What: c.What, WhatName: activity.HourNames[c.What], Said: s.Activities.Tell(c),
		BeforeIn: s.moment(c.BeforeIn), BeforeOut: s.moment(c.BeforeOut), AfterIn: s.moment(c.AfterIn), AfterOut: s.moment(c.AfterOut),
		BeforeMinutes: c.BeforeMinutes, AfterMinutes: c.AfterMinutes, Reason: c.Reason, By: c.ByTitle, CreatedAt: s.moment(c.CreatedAt),
	}
	if c.PairID != 0 {
		v.CheckInID = idOf(c.PairID)
	}
	return v
}

// exportActivities is what the caller may take along of activities.
func (s *Server) exportActivities(ctx context.Context, c caller, out *exportView) error {
	own, known, err := s.Activities.Own(ctx, c.Person.ID)
	if err != nil {
		return err
	}
	for _, g := range own.SignUps {
		a := known[g.ActivityID]
		out.SignUps = append(out.SignUps, mySignUp{s.viewSignUp(g, 0), idOf(a.ID), a.Title, s.moment(a.StartsAt)})
	}
	for _, n := range own.Helps {
		out.Helps = append(out.Helps, named{idOf(n), known[n].Title})
	}
	for _, p := range own.Pairs {
		out.CheckIns = append(out.CheckIns, s.viewPair(p))
	}
	for _, x := range own.Corrections {
		out.HourFixes = append(out.HourFixes, s.viewHourCorrection(x))
	}
	for _, f := range own.Feedback {
		out.Feedback = append(out.Feedback, myFeedback{idOf(f.ActivityID), known[f.ActivityID].Title, f.TookPart, string(f.Verdict), f.Note, s.moment(f.CreatedAt)})
	}
	served, err := s.Activities.Hours(ctx, c.Person.ID)
	if err != nil {
		return err
	}
	hours := s.sumHours(served)
	if hours.Items, err = s.viewServed(ctx, c, served); err != nil {
		return err
	}
	out.Hours = hours
	return nil
}

type mySignUp struct {
	SignUpView
	ActivityID id         `json:"activity_id"`
	Title      string     `json:"title"`
	StartsAt   *time.Time `json:"starts_at"`
}

type myFeedback struct {
	ActivityID id         `json:"activity_id"`
	Title      string     `json:"title"`
	TookPart   bool       `json:"took_part"`
	Verdict    string     `json:"verdict" enum:"satisfied,basic,dissatisfied"`
	Note       string     `json:"note"`
	CreatedAt  *time.Time `json:"created_at"`
}
