package web

import (
	"context"
	"errors"
	"strings"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/geo"
	"fenlin/internal/org"
	"fenlin/internal/station"
)

// SlotView is a post (岗位) of an activity.
type SlotView struct {
	ID       id     `json:"id"`
	Name     string `json:"name"`
	Capacity int    `json:"capacity"`
	Taken    int    `json:"taken" doc:"seats held or offered"`
	Waiting  int    `json:"waiting" doc:"on the waiting list"`
}

// SignUpView is how a person stands in an activity.
type SignUpView struct {
	ID           id         `json:"id"`
	SlotID       id         `json:"slot_id"`
	State        string     `json:"state" enum:"seated,offered,waiting,withdrawn,lapsed"`
	StateName    string     `json:"state_name"`
	Ahead        int        `json:"ahead" doc:"how many wait before this person; 0 when nobody, or when the person does not wait"`
	OfferedUntil *time.Time `json:"offered_until" doc:"by when an offered seat must be accepted"`
	CreatedAt    *time.Time `json:"created_at"`
}

// ActivityView is an activity as the caller may see it.
type ActivityView struct {
	ID            id                 `json:"id"`
	Title         string             `json:"title"`
	State         string             `json:"state" enum:"draft,published,running,done,archived,cancelled"`
	StateName     string             `json:"state_name"`
	Kind          codeName           `json:"kind"`
	About         string             `json:"about"`
	Org           unitView           `json:"org" doc:"the unit that holds it"`
	By            string             `json:"by" doc:"the post that organises it"`
	Place         string             `json:"place"`
	Location      maybe[location]    `json:"location" doc:"null: no point on the map"`
	Fence         int                `json:"fence" doc:"metres around the location within which one checks in; 0: not by place"`
	Strict        bool               `json:"strict" doc:"the changing code counts within the fence alone"`
	StartsAt      *time.Time         `json:"starts_at"`
	EndsAt        *time.Time         `json:"ends_at"`
	SignupUntil   *time.Time         `json:"signup_until"`
	MinAge        int                `json:"min_age" doc:"years; 0: any"`
	Audience      string             `json:"audience" doc:"all, or members: Party members"`
	AcceptMinutes int                `json:"accept_minutes" doc:"to accept a seat that became free; 0: who waits gets it at once"`
	Overlapping   bool               `json:"overlapping" doc:"who has a seat elsewhere at the same time may come"`
	Risky         bool               `json:"risky"`
	Insurance     string             `json:"insurance"`
	PointID       id                 `json:"point_id" doc:"the service point where it is; empty: elsewhere"`
	Crowd         maybe[crowdView]   `json:"crowd" doc:"who is there, for who runs it; not in lists"`
	SeriesID      id                 `json:"series_id" doc:"empty: it stands alone"`
	Source        maybe[sourceView]  `json:"source" doc:"what it came from; null: nothing"`
	Reason        string             `json:"reason" doc:"why it was cancelled"`
	Summary       string             `json:"summary" doc:"what came of it"`
	Slots         list[SlotView]     `json:"slots"`
	Mine          maybe[SignUpView]  `json:"mine" doc:"the caller's sign-up; null: none"`
	CheckIn       maybe[CheckInView] `json:"checkin" doc:"the caller's last check-in there; null: none; not in lists"`
	Runs          bool               `json:"runs" doc:"the caller organises it or helps"`
	Actions       list[actsView]     `json:"actions" doc:"what the caller may make of it now"`
	May           list[string]       `json:"may" enum:"change,summarise,people,code,tick_in,tick_out,helpers,photos,hours,amend,enter" doc:"what else the caller may do with it now"`
	Verdicts      list[verdictView]  `json:"verdicts" doc:"how many thought what; of one activity alone, not in lists"`
	Photos        list[pictureView]  `json:"photos" doc:"in their order; of one activity alone, not in lists"`
	Version       int                `json:"version"`
}

type actsView struct {
	Action string `json:"action" enum:"publish,start,finish,archive,cancel"`
	Name   string `json:"name"`
	Note   string `json:"note" doc:"what must be said with it; empty: nothing"`
}

type crowdView struct {
	Came    int `json:"came" doc:"who checked in"`
	Inside  int `json:"inside" doc:"of them, who is there now"`
	Claimed int `json:"claimed" doc:"check-ins that wait for the organiser's word"`
}

type pictureView struct {
	ID      id     `json:"id"`
	URL     string `json:"url"`
	Caption string `json:"caption"`
	Phase   string `json:"phase" enum:"before,during,after" doc:"of which part of the activity it is, by when it was added"`
}

type sourceView struct {
	Kind string `json:"kind" enum:"ticket,wish,project"`
	Ref  string `json:"ref" doc:"number of the ticket, else an id"`
}

type verdictView struct {
	TookPart bool   `json:"took_part" doc:"of those who took part; false: of residents"`
	Verdict  string `json:"verdict" enum:"satisfied,basic,dissatisfied"`
	Count    int    `json:"count"`
}

func (s *Server) viewActivity(f activity.Full) ActivityView {
	kind, _ := s.Activities.Rules().Kind(f.Kind)
	v := ActivityView{
		ID: idOf(f.ID), Title: f.Title, State: string(f.State), StateName: f.State.Name(), Kind: codeName(kind), About: f.About,
		Org: unitView{idOf(f.Unit.ID), string(f.Unit.Kind), f.Unit.Name}, By: f.ByTitle, Place: f.Place, Fence: f.Fence, Strict: f.Strict,
		StartsAt: s.moment(f.StartsAt), EndsAt: s.moment(f.EndsAt), SignupUntil: s.moment(f.SignupUntil), MinAge: f.MinAge, Audience: string(f.Audience),
		AcceptMinutes: f.AcceptMinutes, Overlapping: f.Overlapping, Risky: f.Risky, Insurance: f.Insurance, Reason: f.Reason, Summary: f.Summary, Runs: f.Runs, Version: f.Version,
	}
	if f.Lat != nil && f.Lng != nil {
		v.Location = some(location{*f.Lat, *f.Lng, string(geo.GCJ02)})
	}
	if f.PointID != 0 {
		v.PointID = idOf(f.PointID)
	}
	if f.SeriesID != 0 {
		v.SeriesID = idOf(f.SeriesID)
	}
	if f.Source.Kind != "" {
		v.Source = some(sourceView{f.Source.Kind, f.Source.Ref})
	}
	for _, sl := range f.Slots {
		v.Slots = append(v.Slots, SlotView{idOf(sl.ID), sl.Name, sl.Capacity, sl.Taken, f.Waiting[sl.ID]})
	}
	if f.Mine.ID != 0 {
		v.Mine = some(s.viewSignUp(f.Mine, 0))
	}
	if f.Organise {
		for _, a := range activity.Allowed(f.State) {
			v.Actions = append(v.Actions, actsView{string(a), a.Name(), a.Note()})
		}
	}
	for _, r := range s.Activities.Rights(f) {
		v.May = append(v.May, string(r))
	}
	for _, c := range f.Verdicts {
		v.Verdicts = append(v.Verdicts, verdictView{c.TookPart, string(c.Verdict), c.N})
	}
	for _, p := range f.Photos {
		url := apiPrefix + "/activities/" + string(v.ID) + "/photos/" + string(idOf(p.PhotoID))
		v.Photos = append(v.Photos, pictureView{idOf(p.PhotoID), url, p.Caption, string(f.PhaseOf(p))})
	}
	return v
}

func (s *Server) viewSignUp(g activity.SignUp, ahead int) SignUpView {
	return SignUpView{idOf(g.ID), idOf(g.SlotID), string(g.State), g.State.Name(), ahead, s.moment(g.OfferedUntil), s.moment(g.CreatedAt)}
}

type listActivitiesInput struct {
	Org    id     `query:"org" doc:"those held by this unit, above it or below it"`
	Past   bool   `query:"past" doc:"those that are over, the newest first; else those to come, the soonest first"`
	Source string `query:"source" maxLength:"50" doc:"those that came from it: ticket:FY261122-0001, wish:ID or project:ID"`
	Series id     `query:"series" doc:"those of a series"`
	Paged
}

func (s *Server) listActivities(ctx context.Context, c caller, in *listActivitiesInput) (*body[page[ActivityView]], error) {
	l := activity.Listing{View: activity.Upcoming, Unit: in.Org.number(), Series: in.Series.number()}
	if in.Past {
		l.View = activity.Past
	}
	l.From.Kind, l.From.Ref, _ = strings.Cut(in.Source, ":")
	return s.pageOfActivities(ctx, c.Actor, l, in.Paged)
}

type myActivitiesInput struct {
	View  string `query:"view" enum:"mine,organised" default:"mine" doc:"mine: for which the caller signed up; organised: that the caller organises or helps with"`
	State string `query:"state" enum:"draft,published,running,done,archived,cancelled" doc:"only these"`
	Paged
}

func (s *Server) myActivities(ctx context.Context, c caller, in *myActivitiesInput) (*body[page[ActivityView]], error) {
	return s.pageOfActivities(ctx, c.Actor, activity.Listing{View: activity.View(in.View), State: activity.State(in.State)}, in.Paged)
}

func (s *Server) pageOfActivities(ctx context.Context, by org.Actor, l activity.Listing, p Paged) (*body[page[ActivityView]], error) {
	at, number, err := p.since()
	if err != nil {
		return nil, err
	}
	l.After, l.Limit = activity.Cursor{At: at, ID: number}, p.Limit+1
	found, err := s.Activities.List(ctx, by, l)
	if err != nil {
		return nil, err
	}
	var out page[ActivityView]
	if len(found) > p.Limit {
		found = found[:p.Limit]
		last := found[p.Limit-1]
		out.NextCursor = ended(last.StartsAt, last.ID)
	}
	for _, f := range found {
		out.Items = append(out.Items, s.viewActivity(f))
	}
	return answer(out), nil
}

// ActivityInput names an activity.
type ActivityInput struct {
	ID id `path:"id" minLength:"1"`
}

func (s *Server) showActivity(ctx context.Context, c caller, in *ActivityInput) (*body[ActivityView], error) {
	f, err := s.Activities.Show(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	v := s.viewActivity(f)
	if f.Runs {
		n, err := s.Activities.Crowd(ctx, c.Actor, f.ID)
		if err != nil {
			return nil, err
		}
		v.Crowd = some(crowdView{n.Came, n.Inside, n.Claimed})
	}
	if f.Mine.State == activity.Waiting {
		ahead, err := s.Activities.Ahead(ctx, f.Mine)
		if err != nil {
			return nil, err
		}
		v.Mine = some(s.viewSignUp(f.Mine, ahead))
	}
	if f.Mine.ID != 0 {
		last, err := s.Activities.Latest(ctx, c.Person.ID, f.ID)
		if err != nil {
			return nil, err
		}
		if last.ID != 0 {
			v.CheckIn = some(s.viewPair(last))
		}
	}
	return answer(v), nil
}

// SlotInput is a post of an activity as its organiser writes it.
type SlotInput struct {
	ID       id     `json:"id,omitempty" doc:"of a post that is there; empty: a new one"`
	Name     string `json:"name" maxLength:"60"`
	Capacity int    `json:"capacity"`
}

// ActivityFields are what an organiser writes of an activity; what is left out stays as it is.
type ActivityFields struct {
	Title         *string          `json:"title,omitempty" maxLength:"200"`
	Kind          *string          `json:"kind,omitempty" maxLength:"32" doc:"a code of /api/v1/activity-kinds"`
	About         *string          `json:"about,omitempty" maxLength:"2400"`
	Place         *string          `json:"place,omitempty" maxLength:"200" doc:"as people say it"`
	PointID       *id              `json:"point_id,omitempty" doc:"the service point where it is"`
	Location      *location        `json:"location,omitempty"`
	Fence         *int             `json:"fence,omitempty" doc:"metres around the location within which one checks in; 0: not by place"`
	Strict        *bool            `json:"strict,omitempty" doc:"the changing code counts within the fence alone"`
	StartsAt      *time.Time       `json:"starts_at,omitempty"`
	EndsAt        *time.Time       `json:"ends_at,omitempty"`
	SignupUntil   *time.Time       `json:"signup_until,omitempty" doc:"left out of a new one: the beginning"`
	MinAge        *int             `json:"min_age,omitempty"`
	Audience      *string          `json:"audience,omitempty" enum:"all,members"`
	AcceptMinutes *int             `json:"accept_minutes,omitempty"`
	Overlapping   *bool            `json:"overlapping,omitempty"`
	Risky         *bool            `json:"risky,omitempty"`
	Insurance     *string          `json:"insurance,omitempty" maxLength:"600" doc:"needed of a risky one"`
	Slots         *list[SlotInput] `json:"slots,omitempty" maxItems:"20" doc:"of a changed one: all of them"`
}

func (f ActivityFields) draft() activity.Draft {
	d := activity.Draft{
		Title: f.Title, Kind: f.Kind, About: f.About, Place: f.Place, At: f.Location.point(), Fence: f.Fence, Strict: f.Strict, Starts: f.StartsAt, Ends: f.EndsAt, Until: f.SignupUntil,
		MinAge: f.MinAge, AcceptMinutes: f.AcceptMinutes, Overlapping: f.Overlapping, Risky: f.Risky, Insurance: f.Insurance,
	}
	if f.PointID != nil {
		n := f.PointID.number()
		d.Point = &n
	}
	if f.Audience != nil {
		a := activity.Audience(*f.Audience)
		d.Audience = &a
	}
	if f.Slots != nil {
		slots := make([]activity.SlotDraft, 0, len(*f.Slots))
		for _, sl := range *f.Slots {
			slots = append(slots, activity.SlotDraft{ID: sl.ID.number(), Name: sl.Name, Capacity: sl.Capacity})
		}
		d.Slots = &slots
	}
	return d
}

type makeActivityInput struct {
	Once
	Body struct {
		ActivityFields
		OrgID  id `json:"org_id" minLength:"1" doc:"the unit that holds it"`
		Source *struct {
			Kind string `json:"kind" enum:"ticket,wish,project"`
			Ref  string `json:"ref" maxLength:"32"`
		} `json:"source,omitempty" doc:"what it comes from"`
		Repeat *struct {
			Days  int `json:"days"`
			Times int `json:"times" doc:"in all"`
		} `json:"repeat,omitempty" doc:"makes a series of more occasions, so many days apart"`
	}
}

// draftOf is what was written of an activity; the service point that it names is there.
func (s *Server) draftOf(ctx context.Context, f ActivityFields) (activity.Draft, error) {
	d := f.draft()
	if d.Point == nil || *d.Point == 0 {
		return d, nil
	}
	_, err := s.Stations.Point(ctx, *d.Point)
	if errors.Is(err, station.ErrUnknown) {
		err = activity.ErrInvalid.At("point_id", "没有这个服务点，请重新选")
	}
	return d, err
}

func (s *Server) makeActivity(ctx context.Context, c caller, in *makeActivityInput) (*body[ActivityView], error) {
	d, err := s.draftOf(ctx, in.Body.ActivityFields)
	if err != nil {
		return nil, err
	}
	unit := in.Body.OrgID.number()
	d.Org = &unit
	if from := in.Body.Source; from != nil {
		d.Source = activity.Source{Kind: from.Kind, Ref: from.Ref}
	}
	var r activity.Repeat
	if in.Body.Repeat != nil {
		r = activity.Repeat{Days: in.Body.Repeat.Days, Times: in.Body.Repeat.Times}
		if r.Times == 0 { // which would be once, as without a series
			r.Times = -1
		}
	}
	made, err := s.Activities.Make(ctx, c.Actor, in.key(c), d, r)
	if err != nil {
		return nil, err
	}
	return s.showActivity(ctx, c, &ActivityInput{idOf(made[0].ID)})
}

type changeActivityInput struct {
	ActivityInput
	Body struct {
		ActivityFields
		Summary *string `json:"summary,omitempty" maxLength:"2400" doc:"what came of it"`
		Version int     `json:"version,omitempty" doc:"that was read; left out: whatever it is now"`
	}
}

func (s *Server) changeActivity(ctx context.Context, c caller, in *changeActivityInput) (*body[ActivityView], error) {
	d, err := s.draftOf(ctx, in.Body.ActivityFields)
	if err != nil {
		return nil, err
	}
	d.Summary = in.Body.Summary
	if err := s.Activities.Change(ctx, c.Actor, in.ID.number(), in.Body.Version, d); err != nil {
		return nil, err
	}
	return s.showActivity(ctx, c, &in.ActivityInput)
}

type actOnActivityInput struct {
	ActivityInput
	Body struct {
		Action  string `json:"action" enum:"publish,start,finish,archive,cancel"`
		Note    string `json:"note,omitempty" maxLength:"2400" doc:"why it is cancelled; what came of it when it is archived"`
		Series  bool   `json:"series,omitempty" doc:"to all of its series that allow it"`
		Version int    `json:"version,omitempty"`
	}
}

func (s *Server) actOnActivity(ctx context.Context, c caller, in *actOnActivityInput) (*body[ActivityView], error) {
	b := in.Body
	err := s.Activities.Act(ctx, c.Actor, in.ID.number(), activity.Deed{Action: activity.Action(b.Action), Version: b.Version, Note: b.Note, Series: b.Series})
	if err != nil {
		return nil, err
	}
	return s.showActivity(ctx, c, &in.ActivityInput)
}

type signUpInput struct {
	ActivityInput
	Body *struct { // may be left out
		SlotID id   `json:"slot_id,omitempty" doc:"which post; left out when there is but one"`
		OfAge  bool `json:"of_age,omitempty" doc:"the person says to be as old as the activity asks"`
	}
}

// signUp is idempotent: asked again it answers the same.
func (s *Server) signUp(ctx context.Context, c caller, in *signUpInput) (*body[SignUpView], error) {
	w := activity.Choice{Activity: in.ID.number()}
	if in.Body != nil {
		w.Slot, w.OfAge = in.Body.SlotID.number(), in.Body.OfAge
	}
	g, _, err := s.Activities.SignUp(ctx, c.Person, w)
	if err != nil {
		return nil, err
	}
	return s.answerSignUp(ctx, g)
}

func (s *Server) answerSignUp(ctx context.Context, g activity.SignUp) (*body[SignUpView], error) {
	ahead := 0
	if g.State == activity.Waiting {
		var err error
		if ahead, err = s.Activities.Ahead(ctx, g); err != nil {
			return nil, err
		}
	}
	return answer(s.viewSignUp(g, ahead)), nil
}

func (s *Server) withdrawSignUp(ctx context.Context, c caller, in *ActivityInput) (*nothing, error) {
	return nil, s.Activities.Withdraw(ctx, c.Person.ID, in.ID.number())
}

func (s *Server) acceptSeat(ctx context.Context, c caller, in *ActivityInput) (*body[SignUpView], error) {
	g, err := s.Activities.Accept(ctx, c.Person.ID, in.ID.number())
	if err != nil {
		return nil, err
	}
	return s.answerSignUp(ctx, g)
}

// EntryView is a sign-up as organisers see it.
type EntryView struct {
	SignUpView
	PersonID id                `json:"person_id"`
	Name     string            `json:"name"`
	Phone    string            `json:"phone" doc:"masked; empty until bound"`
	Helps    bool              `json:"helps" doc:"to run it"`
	CheckIns list[CheckInView] `json:"checkins" doc:"the oldest first"`
}

type listSignUpsInput struct {
	ActivityInput
	Paged
}

func (s *Server) listSignUps(ctx context.Context, c caller, in *listSignUpsInput) (*body[page[EntryView]], error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	found, err := s.Activities.SignUps(ctx, c.Actor, in.ID.number(), after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out page[EntryView]
	found, out.NextCursor = cut(found, in.Limit, func(x activity.Entry) int64 { return x.SignUp.ID })
	for _, e := range found {
		contact, err := s.Members.Masked(e.Person)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, EntryView{s.viewSignUp(e.SignUp, 0), idOf(e.Person.ID), e.Person.Name, contact.Phone, e.Helps, s.viewPairs(e.Pairs)})
	}
	return answer(out), nil
}

type helperInput struct {
	ActivityInput
	PersonID id `path:"person_id" minLength:"1"`
}

func (s *Server) addHelper(ctx context.Context, c caller, in *helperInput) (*nothing, error) {
	return nil, s.Activities.Help(ctx, c.Actor, in.ID.number(), in.PersonID.number(), true)
}

func (s *Server) removeHelper(ctx context.Context, c caller, in *helperInput) (*nothing, error) {
	return nil, s.Activities.Help(ctx, c.Actor, in.ID.number(), in.PersonID.number(), false)
}

type rateActivityInput struct {
	ActivityInput
	Body struct {
		Verdict string `json:"verdict" enum:"satisfied,basic,dissatisfied"`
		Note    string `json:"note,omitempty" maxLength:"480"`
	}
}

func (s *Server) rateActivity(ctx context.Context, c caller, in *rateActivityInput) (*nothing, error) {
	return nil, s.Activities.Rate(ctx, c.Person.ID, in.ID.number(), activity.Verdict(in.Body.Verdict), in.Body.Note)
}

func (s *Server) listActivityKinds(context.Context, *struct{}) (*body[page[codeName]], error) {
	var out page[codeName]
	for _, k := range s.Activities.Rules().Kinds {
		out.Items = append(out.Items, codeName(k))
	}
	return answer(out), nil
}

type venueView struct {
	ID       id              `json:"id"`
	Kind     string          `json:"kind" enum:"city,subdistrict,community,compound,building_group"`
	Name     string          `json:"name"`
	Location maybe[location] `json:"location" doc:"of a compound; null: not known"`
}

type activityChoices struct {
	Kinds  list[codeName]  `json:"kinds"`
	Venues list[venueView] `json:"venues" doc:"units at which the caller may hold activities, their own first; empty: none"`
	Slots  int             `json:"slots" doc:"posts that an activity has at most"`
	Times  int             `json:"times" doc:"occasions of a series, at most"`
	Photos int             `json:"photos" doc:"of an activity, at most"`
}

func (s *Server) activityChoices(ctx context.Context, c caller, _ *struct{}) (*body[activityChoices], error) {
	rules := s.Activities.Rules()
	out := activityChoices{Slots: rules.Slots.Most, Times: rules.Series.Most, Photos: rules.Photos.Most}
	for _, k := range rules.Kinds {
		out.Kinds = append(out.Kinds, codeName(k))
	}
	venues, err := s.Activities.Venues(ctx, c.Actor)
	for _, v := range venues {
		view := venueView{ID: idOf(v.Unit.ID), Kind: string(v.Kind), Name: v.Name}
		if at, ok := v.Where(); ok {
			at = at.In(geo.GCJ02)
			view.Location = some(location{at.Lat, at.Lng, string(geo.GCJ02)})
		}
		out.Venues = append(out.Venues, view)
	}
	return answer(out), err
}
