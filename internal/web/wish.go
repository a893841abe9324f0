package web

import (
	"context"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
	"fenlin/internal/wish"
)

// WishView is a wish (微心愿) as the caller may see it.
type WishView struct {
	ID           id                 `json:"id"`
	Kind         codeName           `json:"kind"`
	Text         string             `json:"text" doc:"in the words of the wisher for them and the community, masked for others; empty while others may not read it, and a year after it ended"`
	For          string             `json:"for" enum:"self,neighbour,household"`
	ForName      string             `json:"for_name"`
	Place        unitView           `json:"place"`
	State        string             `json:"state" enum:"submitted,open,claimed,fulfilled,granted,declined,withdrawn,expired,closed"`
	StateName    string             `json:"state_name"`
	Until        *time.Time         `json:"until" doc:"it can be fulfilled"`
	Wisher       string             `json:"wisher" doc:"masked for others; empty: anonymous"`
	Anonymous    bool               `json:"anonymous"`
	SharePhone   bool               `json:"share_phone" doc:"the wisher agrees that who claims it may see their phone"`
	Content      string             `json:"content" enum:",pass,review,risky" doc:"what the content check says; for the community and the wisher"`
	Claimer      string             `json:"claimer" doc:"for the wisher, the community and the claimer alone"`
	Unit         maybe[named]       `json:"unit" doc:"the work unit for which it is claimed; null: none, or not for the caller to know"`
	ClaimUntil   *time.Time         `json:"claim_until" doc:"then it is open again"`
	ConfirmBy    *time.Time         `json:"confirm_by" doc:"then silence is a yes"`
	Outcome      string             `json:"outcome" enum:",said,vouched,tacit" doc:"how it is known that it came true: said by the wisher, vouched by the community, or the wisher was silent"`
	Satisfaction string             `json:"satisfaction" enum:",satisfied,basic,dissatisfied"`
	Mine         bool               `json:"mine" doc:"the caller posted it"`
	Claimed      bool               `json:"claimed" doc:"the caller claimed it"`
	MayReach     bool               `json:"may_reach" doc:"the caller may look at the wisher's phone; else the way is through the community"`
	Units        list[named]        `json:"units" doc:"for which the caller may claim it"`
	Actions      list[WishAction]   `json:"actions" doc:"exactly what the caller may do with it now"`
	Events       list[WishEvent]    `json:"events" doc:"what happened to it, for who has a part in it; not in lists"`
	Activities   list[activityLink] `json:"activities" doc:"that came from it; not in lists"`
	Version      int                `json:"version"`
	CreatedAt    *time.Time         `json:"created_at"`
	EndedAt      *time.Time         `json:"ended_at"`
}

// WishAction is an action that the caller may take, and what it asks for.
type WishAction struct {
	Action string       `json:"action" enum:"publish,decline,claim,give_back,fulfil,confirm,deny,withdraw,close"`
	Name   string       `json:"name"`
	Note   string       `json:"note" doc:"what must be said with it; empty: nothing need be"`
	Takes  list[string] `json:"takes" doc:"fields that may go with it"`
	DueAt  *time.Time   `json:"due_at" doc:"of claim: by when it is to be fulfilled then; else null"`
}

// WishEvent is a step of a wish.
type WishEvent struct {
	Action  string     `json:"action" enum:"post,publish,decline,claim,give_back,fulfil,confirm,deny,withdraw,close,expire"`
	Name    string     `json:"name"`
	State   string     `json:"state" doc:"after it"`
	By      string     `json:"by" doc:"the post, or which party"`
	Note    string     `json:"note" doc:"what one party wrote the other reads masked"`
	At      *time.Time `json:"at"`
	Version int        `json:"version"`
}

type activityLink struct {
	ID        id     `json:"id"`
	Title     string `json:"title"`
	StateName string `json:"state_name"`
}

func (s *Server) viewWish(f wish.Full) WishView {
	kind, _ := s.Wishes.Rules().Kind(f.Kind)
	v := WishView{
		ID: idOf(f.ID), Kind: codeName{kind.Code, kind.Name}, Text: f.Said, For: string(f.ForWhom), ForName: f.ForWhom.Name(), Place: unitView{idOf(f.Place.ID), string(f.Place.Kind), f.Place.Name},
		State: string(f.State), StateName: f.State.Name(), Until: s.moment(f.Until), Wisher: f.Wisher, Anonymous: f.Anonymous, SharePhone: f.SharePhone, Claimer: f.Claimer,
		ClaimUntil: s.moment(f.ClaimUntil), ConfirmBy: s.moment(f.ConfirmBy), Outcome: string(f.Outcome), Satisfaction: string(f.Satisfaction), Mine: f.Mine, Claimed: f.Claims, MayReach: f.Reach,
		Version: f.Version, CreatedAt: s.moment(f.CreatedAt), EndedAt: s.moment(f.EndedAt),
	}
	if f.Mine || f.Desk {
		v.Content = string(f.Content)
	}
	if f.Unit.ID != 0 {
		v.Unit = some(named{idOf(f.Unit.ID), f.Unit.Name})
	}
	for _, u := range f.Units {
		v.Units = append(v.Units, named{idOf(u.ID), u.Name})
	}
	for _, c := range f.Actions {
		a := WishAction{Action: string(c.Action), Name: c.Label, Note: c.Note}
		for _, t := range c.Takes {
			a.Takes = append(a.Takes, string(t))
		}
		if c.Action == wish.Claim {
			a.DueAt = s.moment(s.Wishes.Due(f.Wish))
		}
		v.Actions = append(v.Actions, a)
	}
	for _, e := range f.Events {
		v.Events = append(v.Events, WishEvent{string(e.Action), e.Action.Label(), string(e.ToState), e.ActorTitle, e.Note, s.moment(e.At), e.Seq})
	}
	return v
}

func (s *Server) listWishKinds(context.Context, *struct{}) (*body[page[codeName]], error) {
	var out page[codeName]
	for _, k := range s.Wishes.Rules().Kinds {
		out.Items = append(out.Items, codeName{k.Code, k.Name})
	}
	return answer(out), nil
}

type listWishesInput struct {
	View  string `query:"view" enum:"open,mine,claimed,desk" default:"open" doc:"open: to be claimed, the first to end first; mine, claimed: by the caller; desk: of the places that the caller looks after"`
	Org   id     `query:"org" doc:"those in this unit or below it"`
	State string `query:"state" enum:",submitted,open,claimed,fulfilled,granted,declined,withdrawn,expired,closed" doc:"of the desk; left out: all that are not over"`
	Paged
}

func (s *Server) listWishes(ctx context.Context, c caller, in *listWishesInput) (*body[page[WishView]], error) {
	at, last, err := in.since()
	if err != nil {
		return nil, err
	}
	l := wish.Listing{View: wish.View(in.View), Unit: in.Org.number(), State: wish.State(in.State), After: wish.Cursor{At: at, ID: last}, Limit: in.Limit + 1}
	found, err := s.Wishes.List(ctx, c.Actor, l)
	if err != nil {
		return nil, err
	}
	var out page[WishView]
	if len(found) > in.Limit {
		found = found[:in.Limit]
		end := wish.CursorAfter(l.View, found[in.Limit-1].Wish)
		out.NextCursor = ended(end.At, end.ID)
	}
	for _, f := range found {
		out.Items = append(out.Items, s.viewWish(f))
	}
	return answer(out), nil
}

// WishInput names a wish.
type WishInput struct {
	ID id `path:"id" minLength:"1"`
}

// wishActivities is how many activities a wish shows that came from it.
const wishActivities = 20

func (s *Server) showWish(ctx context.Context, c caller, in *WishInput) (*body[WishView], error) {
	f, err := s.Wishes.Show(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	v := s.viewWish(f)
	for _, view := range []activity.View{activity.Upcoming, activity.Past} {
		came, err := s.Activities.List(ctx, org.Actor{}, activity.Listing{View: view, From: activity.Source{Kind: wish.Source, Ref: string(v.ID)}, Limit: wishActivities})
		if err != nil {
			return nil, err
		}
		for _, a := range came {
			v.Activities = append(v.Activities, activityLink{idOf(a.ID), a.Title, a.State.Name()})
		}
	}
	return answer(v), nil
}

type makeWishInput struct {
	Once
	Body struct {
		Text       string     `json:"text" maxLength:"1200" doc:"one sentence, 4 to 300 characters; no money"`
		Kind       string     `json:"kind" maxLength:"32" doc:"a code of /api/v1/wish-kinds"`
		OrgID      id         `json:"org_id,omitempty" doc:"the compound or community; left out: where the caller lives"`
		For        string     `json:"for,omitempty" enum:"self,neighbour,household" doc:"household: by the community or branch; left out: self"`
		Anonymous  bool       `json:"anonymous,omitempty" doc:"others do not read who wishes; the community does"`
		SharePhone bool       `json:"share_phone,omitempty" doc:"the wisher agrees that who claims it may see their phone"`
		Until      *time.Time `json:"until,omitempty" doc:"it can be fulfilled; left out: 30 days from now"`
	}
}

func (s *Server) makeWish(ctx context.Context, c caller, in *makeWishInput) (*body[WishView], error) {
	b := in.Body
	d := wish.Draft{Key: in.key(c), Org: b.OrgID.number(), Kind: b.Kind, Text: b.Text, ForWhom: wish.ForWhom(b.For), Anonymous: b.Anonymous, SharePhone: b.SharePhone}
	if b.Until != nil {
		d.Until = *b.Until
	}
	w, err := s.Wishes.Make(ctx, c.Actor, d)
	if err != nil {
		return nil, err
	}
	return s.showWish(ctx, c, &WishInput{idOf(w.ID)})
}

type actOnWishInput struct {
	WishInput
	Once
	Body struct {
		Action       string `json:"action" enum:"publish,decline,claim,give_back,fulfil,confirm,deny,withdraw,close"`
		Version      int    `json:"version,omitempty" doc:"that was read; left out: whatever it is now"`
		Note         string `json:"note,omitempty" maxLength:"800" doc:"why, or what was done: 200 characters at most"`
		Satisfaction string `json:"satisfaction,omitempty" enum:"satisfied,basic,dissatisfied" doc:"of confirm"`
		UnitID       id     `json:"unit_id,omitempty" doc:"of claim: the work unit whose contact the caller is and for which it is"`
	}
}

func (s *Server) actOnWish(ctx context.Context, c caller, in *actOnWishInput) (*body[WishView], error) {
	b := in.Body
	w, err := s.Wishes.Act(ctx, c.Actor, in.ID.number(), wish.Input{
		Action: wish.Action(b.Action), Key: in.key(c), Version: b.Version, Note: b.Note, Satisfaction: ticket.Satisfaction(b.Satisfaction), Unit: b.UnitID.number(),
	})
	if err != nil {
		return nil, err
	}
	return s.showWish(ctx, c, &WishInput{idOf(w.ID)})
}

type reachWisherInput struct {
	WishInput
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"why the phone is needed; kept in the log of looks"`
	}
}

func (s *Server) reachWisher(ctx context.Context, c caller, in *reachWisherInput) (*body[contactView], error) {
	contact, err := s.Wishes.Contact(ctx, c.Actor, in.ID.number(), in.Body.Reason)
	return answer(contactView(contact)), err
}

// exportWishes are the wishes that the caller posted or claimed.
func (s *Server) exportWishes(ctx context.Context, c caller, out *exportView) error {
	own, err := s.Wishes.Own(ctx, c.Actor)
	for _, f := range own {
		out.Wishes = append(out.Wishes, s.viewWish(f))
	}
	return err
}
