package web

import (
	"context"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/lists"
	"fenlin/internal/ticket"
)

// ProjectView joins needs with resources.
type ProjectView struct {
	ID             id                   `json:"id"`
	Title          string               `json:"title"`
	About          string               `json:"about" doc:"for its parties, like the words of both and the reason"`
	Org            unitView             `json:"org" doc:"whose needs it serves"`
	Community      named                `json:"community"`
	Unit           named                `json:"unit"`
	StartOn        string               `json:"start_on"`
	EndOn          string               `json:"end_on"`
	AskedBy        string               `json:"asked_by" enum:"community,unit" doc:"who proposed it"`
	State          string               `json:"state" enum:"proposed,agreed,running,finished,evaluated,closed,refused,cancelled"`
	StateName      string               `json:"state_name"`
	Verdict        string               `json:"verdict" enum:",satisfied,basic,dissatisfied" doc:"of the community"`
	CommunityWords string               `json:"community_words"`
	UnitWords      string               `json:"unit_words"`
	Reason         string               `json:"reason" doc:"why it was refused or cancelled"`
	Needs          list[named]          `json:"needs"`
	Resources      list[named]          `json:"resources"`
	Activities     list[activityOfView] `json:"activities" doc:"that came from it; of one project alone, not in lists"`
	ListPartView
}

type activityOfView struct {
	ID        id         `json:"id"`
	Title     string     `json:"title"`
	StateName string     `json:"state_name"`
	StartsAt  *time.Time `json:"starts_at"`
}

func (s *Server) viewProjects(ctx context.Context, found []lists.Seen[lists.Project]) (list[ProjectView], error) {
	ids := make([]int64, 0, len(found))
	for _, f := range found {
		ids = append(ids, f.Item.ID)
	}
	needs, resources, err := s.Lists.Joined(ctx, ids)
	mask := s.Tickets.Rules().Content.Masked
	var out list[ProjectView]
	for _, f := range found {
		p := f.Item
		joined := func(of []lists.Joined) (out list[named]) {
			for _, j := range of {
				switch {
				case !f.Whole && j.Content != ticket.Passed:
					j.Title = ""
				case !f.Whole:
					j.Title = mask(j.Title)
				}
				out = append(out, named{idOf(j.ID), j.Title})
			}
			return out
		}
		out = append(out, ProjectView{
			ID: idOf(p.ID), Title: p.Title, About: p.About, Org: unitView{idOf(f.Org.ID), string(f.Org.Kind), f.Org.Name}, Community: named{idOf(f.Community.ID), f.Community.Name}, Unit: named{idOf(f.Unit.ID), f.Unit.Name},
			StartOn: p.StartOn, EndOn: p.EndOn, AskedBy: string(p.AskedBy), State: string(p.State), StateName: lists.Projects.NameOf(p.State), Verdict: string(p.Verdict),
			CommunityWords: p.CommunityWords, UnitWords: p.UnitWords, Reason: p.Reason, Needs: joined(needs[p.ID]), Resources: joined(resources[p.ID]),
			ListPartView: s.viewPart(lists.Projects, p.ID, f.Sides, f.Actions, f.Timeline, p.CreatedAt, p.Version),
		})
	}
	return out, err
}

type listProjectsInput struct {
	ListsInput
	State    string `query:"state" enum:"proposed,agreed,running,finished,evaluated,closed,refused,cancelled"`
	Need     id     `query:"need" doc:"those that serve it"`
	Resource id     `query:"resource" doc:"those that use it"`
}

func (s *Server) listProjects(ctx context.Context, c caller, in *listProjectsInput) (*body[page[ProjectView]], error) {
	l, err := in.listing()
	if err != nil {
		return nil, err
	}
	l.State, l.Need, l.Resource = lists.State(in.State), in.Need.number(), in.Resource.number()
	found, err := s.Lists.Projects(ctx, c.Actor, l)
	if err != nil {
		return nil, err
	}
	var out page[ProjectView]
	found, out.NextCursor = cut(found, in.Limit, func(f lists.Seen[lists.Project]) int64 { return f.Item.ID })
	out.Items, err = s.viewProjects(ctx, found)
	return answer(out), err
}

// shownActivities is how many activities a project shows, the newest.
const shownActivities = 20

func (s *Server) showProject(ctx context.Context, c caller, in *ListID) (*body[ProjectView], error) {
	f, err := s.Lists.Project(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	views, err := s.viewProjects(ctx, []lists.Seen[lists.Project]{f})
	if err != nil {
		return nil, err
	}
	v := views[0]
	for _, view := range []activity.View{activity.Upcoming, activity.Past} {
		came, err := s.Activities.List(ctx, c.Actor, activity.Listing{View: view, From: activity.Source{Kind: "project", Ref: string(v.ID)}, Limit: shownActivities})
		if err != nil {
			return nil, err
		}
		for _, a := range came {
			v.Activities = append(v.Activities, activityOfView{idOf(a.ID), a.Title, a.State.Name(), s.moment(a.StartsAt)})
		}
	}
	return answer(v), nil
}

type proposeInput struct {
	Once
	Body struct {
		Needs     list[id] `json:"need_ids" minItems:"1" maxItems:"10" doc:"of one community"`
		Resources list[id] `json:"resource_ids,omitempty" maxItems:"10" doc:"of one unit; a claim without any says in about what the unit brings"`
		UnitID    id       `json:"unit_id,omitempty" doc:"of a claim without resources"`
		Title     string   `json:"title,omitempty" maxLength:"160" doc:"left out: that of the first need"`
		About     string   `json:"about,omitempty" maxLength:"2400"`
		StartOn   string   `json:"start_on,omitempty" maxLength:"10"`
		EndOn     string   `json:"end_on,omitempty" maxLength:"10"`
	}
}

func (s *Server) propose(ctx context.Context, c caller, in *proposeInput) (*body[ProjectView], error) {
	b := in.Body
	p, err := s.Lists.Propose(ctx, c.Actor, in.key(c), lists.Proposal{
		Needs: b.Needs.numbers(id.number), Resources: b.Resources.numbers(id.number), Unit: b.UnitID.number(), Title: b.Title, About: b.About, StartOn: b.StartOn, EndOn: b.EndOn,
	})
	if err != nil {
		return nil, err
	}
	return s.showProject(ctx, c, &ListID{idOf(p.ID)})
}

type changeProjectInput struct {
	ListID
	Body struct {
		Title   *string `json:"title,omitempty" maxLength:"160"`
		About   *string `json:"about,omitempty" maxLength:"2400"`
		StartOn *string `json:"start_on,omitempty" maxLength:"10"`
		EndOn   *string `json:"end_on,omitempty" maxLength:"10"`
		Version int     `json:"version,omitempty"`
	}
}

func (s *Server) changeProject(ctx context.Context, c caller, in *changeProjectInput) (*body[ProjectView], error) {
	b := in.Body
	if err := s.Lists.ChangeProject(ctx, c.Actor, in.ID.number(), b.Version, lists.ProjectDraft{Title: b.Title, About: b.About, StartOn: b.StartOn, EndOn: b.EndOn}); err != nil {
		return nil, err
	}
	return s.showProject(ctx, c, &in.ListID)
}

type actOnProjectInput struct {
	ListID
	Body struct {
		Action  string   `json:"action" enum:"agree,refuse,progress,finish,evaluate,remark,close,cancel"`
		Note    string   `json:"note,omitempty" maxLength:"2400"`
		Day     string   `json:"day,omitempty" maxLength:"10" doc:"of progress; left out: today"`
		Photos  list[id] `json:"photo_ids,omitempty" maxItems:"9" doc:"of progress, sent to /api/v1/photos before"`
		Verdict string   `json:"verdict,omitempty" enum:"satisfied,basic,dissatisfied" doc:"of an evaluation"`
		Version int      `json:"version,omitempty"`
	}
}

func (s *Server) actOnProject(ctx context.Context, c caller, in *actOnProjectInput) (*body[ProjectView], error) {
	b := in.Body
	d := lists.Deed{Action: lists.Action(b.Action), Version: b.Version, Note: b.Note, Day: b.Day, Photos: b.Photos.numbers(id.number), Verdict: lists.Verdict(b.Verdict)}
	if err := s.Lists.Act(ctx, c.Actor, lists.Projects, in.ID.number(), d); err != nil {
		return nil, err
	}
	return s.showProject(ctx, c, &in.ListID)
}

type projectPhotoInput struct {
	ListID
	PhotoID id `path:"photo_id" minLength:"1"`
}

func (s *Server) showProjectPhoto(ctx context.Context, c caller, in *projectPhotoInput) (*photoOutput, error) {
	f, err := s.Lists.Photo(ctx, c.Actor, in.ID.number(), in.PhotoID.number())
	if err != nil {
		return nil, err
	}
	return &photoOutput{ticket.TypeOf(f), "private, max-age=86400, immutable", f}, nil
}
