package web

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// ServedView is one activity in the caller's own record.
type ServedView struct {
	ActivityID id         `json:"activity_id"`
	Title      string     `json:"title"`
	Kind       codeName   `json:"kind"`
	Place      string     `json:"place"`
	StartsAt   *time.Time `json:"starts_at"`
	EndsAt     *time.Time `json:"ends_at"`
	Minutes    int        `json:"minutes"`
	Review     bool       `json:"review" doc:"the organiser looks at it before it counts"`
	Why        string     `json:"why" doc:"why it is 0 or waits; empty otherwise"`
}

type sumView struct {
	Key     string `json:"key" doc:"the year, or the kind's code"`
	Name    string `json:"name"`
	Minutes int    `json:"minutes"`
}

type hoursView struct {
	Minutes    int              `json:"minutes" doc:"in all, without what waits for a review"`
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
	var out hoursView
	add := func(to *list[sumView], key, name string, minutes int) {
		for i := range *to {
			if (*to)[i].Key == key {
				(*to)[i].Minutes += minutes
				return
			}
		}
		*to = append(*to, sumView{key, name, minutes})
	}
	for i, a := range served {
		kind, _ := s.Activities.Rules().Kind(a.Kind)
		if a.Review {
			out.Review += a.Minutes
		} else {
			out.Minutes += a.Minutes
			year := s.local(time.UnixMilli(a.StartsAt)).Year()
			add(&out.ByYear, strconv.Itoa(year), fmt.Sprintf("%d年", year), a.Minutes)
			add(&out.ByKind, kind.Code, kind.Name, a.Minutes)
		}
		switch {
		case i < from:
		case i < from+in.Limit:
			out.Items = append(out.Items, ServedView{idOf(a.ID), a.Title, codeName(kind), a.Place, s.moment(a.StartsAt), s.moment(a.EndsAt), a.Minutes, a.Review, a.Why})
		default:
			out.NextCursor = strconv.Itoa(from + in.Limit)
		}
	}
	return answer(out), nil
}
