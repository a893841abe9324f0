package web

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"fenlin/internal/activity"
	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/stats"
	"fenlin/internal/ticket"
)

// openCaching lets browsers and proxies keep what the public reads as long as it stays the same.
const openCaching = "public, max-age=300"

// private are the categories of which the public is told no single problem:
// what neighbours may not see either, and what tells of crimes.
func (s *Server) private() []string {
	return append(slices.Clone(s.Tickets.Rules().Likeness.Private), "security")
}

type toldView struct {
	Count *int64 `json:"count" doc:"null when it is not told"`
	Few   bool   `json:"few" doc:"not told because it is 1 to 4; else, when it is not told, it stands beside such a number"`
}

type openRate struct {
	Numerator   toldView `json:"numerator"`
	Denominator toldView `json:"denominator"`
	Rate        *float64 `json:"rate" doc:"0 to 1; null when there is nothing to divide by, or when it is not told"`
}

// OpenFigures are the figures of a month or a category as the public reads them.
type OpenFigures struct {
	Accepted   toldView `json:"accepted" doc:"reported, but not withdrawn, merged or excluded"`
	Settlement openRate `json:"settlement" doc:"化解率: confirmed by the reporter, or silent for 72 hours, of those closed or past due"`
	OnTime     openRate `json:"on_time" doc:"finished and never late, of the same"`
}

func viewOpen(r stats.OpenRow) OpenFigures {
	return OpenFigures{
		toldView(r.Accepted), openRate{toldView(r.Settled), toldView(r.Matured), r.Settlement}, openRate{toldView(r.OnTime), toldView(r.Matured), r.Punctual},
	}
}

// OpenCompoundView is a compound as the public reads it in a list.
type OpenCompoundView struct {
	ID          id       `json:"id"`
	Name        string   `json:"name"`
	Community   string   `json:"community"`
	Subdistrict string   `json:"subdistrict"`
	Open        toldView `json:"open" doc:"problems still owed that may be told one by one"`
	Settled     toldView `json:"settled" doc:"settled, of what was reported in the last twelve months that are over, as far as those months are told"`
}

type openMonth struct {
	Month string `json:"month" example:"2026-10"`
	OpenFigures
}

type openCategory struct {
	Category codeName `json:"category" doc:"other: all that is not told by itself"`
	OpenFigures
}

type openHalf struct {
	From       string             `json:"from" doc:"first day"`
	To         string             `json:"to" doc:"last day"`
	Categories list[openCategory] `json:"categories"`
}

type openProblem struct {
	Category  codeName `json:"category"`
	Building  string   `json:"building" doc:"number; empty when there is none"`
	State     string   `json:"state"`
	StateName string   `json:"state_name"`
	Day       string   `json:"day" doc:"on which it was reported, 2006-01-02"`
}

type openDetail struct {
	OpenCompoundView
	AsOf     time.Time         `json:"as_of"`
	Least    int               `json:"least" doc:"the smallest count that is told, beside 0"`
	Total    OpenFigures       `json:"total" doc:"of the months that are told"`
	Months   list[openMonth]   `json:"months" doc:"the last twelve that are over, oldest first"`
	Halves   list[openHalf]    `json:"half_years" doc:"by category: the last two that are over, newest first, as far as their months are told; none without anything to tell"`
	Problems list[openProblem] `json:"problems" doc:"open ones, newest first; none of the private categories, none while there are few"`
}

// cached is an answer that may be kept for a while.
type cached[T any] struct {
	CacheControl string `header:"Cache-Control"`
	Body         T
}

type listOpenInput struct {
	Q string `query:"q" maxLength:"64" doc:"a name or a piece of it, as people write or spell it"`
	Paged
}

func (s *Server) listOpen(ctx context.Context, in *listOpenInput) (*cached[page[OpenCompoundView]], error) {
	known, err := s.Tickets.Places(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Stats.Open(ctx, s.private())
	if err != nil {
		return nil, err
	}
	places := known.List
	if q := strings.TrimSpace(in.Q); q != "" {
		places = nil
		for _, g := range known.Gazetteer.Search(q) {
			places = append(places, known.ByID[g.ID])
		}
	}
	from := 0
	if in.Cursor != "" {
		if from, err = strconv.Atoi(in.Cursor); err != nil || from < 0 || from > len(places) {
			return nil, errCursor
		}
	}
	var out page[OpenCompoundView]
	for i, p := range places[from:] {
		if i == in.Limit {
			out.NextCursor = strconv.Itoa(from + i)
			break
		}
		out.Items = append(out.Items, viewOpenCompound(p, all.Compounds[p.OrgID]))
	}
	return &cached[page[OpenCompoundView]]{openCaching, out}, nil
}

func viewOpenCompound(p org.Place, c *stats.OpenCompound) OpenCompoundView {
	v := OpenCompoundView{ID: idOf(p.OrgID), Name: p.Name, Community: p.Community, Subdistrict: p.Subdistrict}
	if c != nil {
		v.Open, v.Settled = toldView(c.Open), toldView(c.Total.Settled)
		return v
	}
	none := int64(0)
	v.Open.Count, v.Settled.Count = &none, &none
	return v
}

func (s *Server) showOpen(ctx context.Context, in *compoundInput) (*cached[openDetail], error) {
	v, err := s.openCompound(ctx, in.ID.number())
	return &cached[openDetail]{openCaching, v}, err
}

func (s *Server) openCompound(ctx context.Context, compound int64) (openDetail, error) {
	p, err := s.Org.Place(ctx, compound)
	if err != nil {
		return openDetail{}, err
	}
	all, c, halves, err := s.Stats.OpenCompound(ctx, p.OrgID, s.private())
	if err != nil {
		return openDetail{}, err
	}
	v := openDetail{OpenCompoundView: viewOpenCompound(p, c), AsOf: s.local(all.AsOf), Least: stats.Least, Total: viewOpen(c.Total)}
	for _, m := range c.Months {
		v.Months = append(v.Months, openMonth{m.Key, viewOpen(m)})
	}
	for _, h := range halves {
		half := openHalf{From: h.From.Format(time.DateOnly), To: h.To.AddDate(0, 0, -1).Format(time.DateOnly)}
		for _, r := range h.Categories {
			half.Categories = append(half.Categories, openCategory{s.category(r.Key), viewOpen(r)})
		}
		v.Halves = append(v.Halves, half)
	}
	for _, o := range c.Problems {
		state := ticket.State(o.State)
		v.Problems = append(v.Problems, openProblem{s.category(o.Category), o.Building, o.State, state.Name(), s.local(time.UnixMilli(o.CreatedAt)).Format(time.DateOnly)})
	}
	return v, nil
}

// openPages are /open/ and /open/ID: they work without JavaScript.
func (s *Server) openPages() (list, compound gin.HandlerFunc) {
	many, one := openTemplate("index.html"), openTemplate("compound.html")
	list = func(c *gin.Context) {
		in := listOpenInput{Q: c.Query("q"), Paged: Paged{Limit: 30, Cursor: c.Query("cursor")}}
		if r := []rune(in.Q); len(r) > 64 {
			in.Q = string(r[:64])
		}
		var found *cached[page[OpenCompoundView]]
		err := s.others.with(c.Request.Context(), func() (err error) { found, err = s.listOpen(c.Request.Context(), &in); return err })
		if err != nil {
			s.openRefused(c, err)
			return
		}
		render(c, http.StatusOK, openCaching, many, map[string]any{"Q": in.Q, "Items": found.Body.Items, "Next": found.Body.NextCursor, "First": in.Cursor == ""})
	}
	compound = func(c *gin.Context) {
		number, err := strconv.ParseInt(c.Param("id"), 10, 64)
		if err != nil {
			refuse(c, noRoute)
			return
		}
		var v openDetail
		err = s.others.with(c.Request.Context(), func() (err error) { v, err = s.openCompound(c.Request.Context(), number); return err })
		if err != nil {
			s.openRefused(c, err)
			return
		}
		var private []string
		for _, code := range s.private() {
			private = append(private, s.category(code).Name)
		}
		render(c, http.StatusOK, openCaching, one, struct {
			openDetail
			Private string
		}{v, strings.Join(private, "、")})
	}
	return list, compound
}

func openTemplate(name string) *template.Template {
	t, err := template.New(name).Funcs(template.FuncMap{"told": figure, "percent": percent, "length": activity.Length}).ParseFS(pages, "pages/open/"+name)
	if err != nil {
		panic(fmt.Sprintf("page open/%s: %v", name, err)) // it is embedded
	}
	return t
}

func (s *Server) openRefused(c *gin.Context, err error) {
	p := problemOf(c.Request.Context(), err)
	if errs.From(err).Kind == errs.NotFound || p.Status == http.StatusUnprocessableEntity {
		p = noRoute
	}
	refuse(c, p)
}

// render answers with a page of ours. A template that fails is a fault of ours,
// which rescue answers.
func render(c *gin.Context, status int, caching string, t *template.Template, data any) {
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		panic(fmt.Sprintf("page %s: %v", t.Name(), err))
	}
	c.Header("Content-Security-Policy", policy)
	c.Header("Cache-Control", caching)
	c.Data(status, "text/html; charset=utf-8", out.Bytes())
}

// figure is a number as people read it.
func figure(v toldView) string {
	switch {
	case v.Count != nil:
		return strconv.FormatInt(*v.Count, 10)
	case v.Few:
		return fmt.Sprintf("少于 %d", stats.Least)
	}
	return "不公布"
}

// percent is a rate as people read it; what it is made of stands beside it.
func percent(r openRate) string {
	if r.Rate == nil {
		return "—"
	}
	return fmt.Sprintf("%.1f%%", 100**r.Rate)
}
