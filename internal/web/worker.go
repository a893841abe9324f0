package web

import (
	"context"

	"fenlin/internal/member"
	"fenlin/internal/worker"
)

// workerView is somebody who works for a community; personal fields are masked.
type workerView struct {
	ID        id     `json:"id"`
	Name      string `json:"name"`
	Gender    string `json:"gender" enum:",male,female"`
	Phone     string `json:"phone" doc:"masked, like the next two"`
	IDNumber  string `json:"id_number"`
	Birth     string `json:"birth"`
	Community named  `json:"community"`
	Kind      string `json:"kind" enum:"secretary,committee,graduate"`
	Education string `json:"education" enum:",none,primary,junior,senior,college,bachelor,master,doctor"`
	Since     string `json:"since" doc:"2006-01-02; empty: not known"`
	Note      string `json:"note"`
}

type listWorkersInput struct {
	Org id `query:"org" doc:"a unit; its subtree is listed. Empty: all that the caller may see"`
	Paged
}

func (s *Server) listWorkers(ctx context.Context, c caller, in *listWorkersInput) (*body[page[workerView]], error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	entries, err := s.Workers.Workers(ctx, c.Actor, worker.Roll{Org: in.Org.number(), After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	var out page[workerView]
	entries, out.NextCursor = cut(entries, in.Limit, func(x worker.Entry) int64 { return x.PersonID })
	for _, e := range entries {
		masked, err := s.Members.MaskedFields(e.Person)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, workerView{
			ID: idOf(e.PersonID), Name: e.Person.Name, Gender: e.Person.Gender,
			Phone: masked[member.FieldPhone], IDNumber: masked[member.FieldIDNumber], Birth: masked[member.FieldBirth],
			Community: named{idOf(e.CommunityID), e.Community}, Kind: string(e.Kind), Education: e.Education, Since: e.Since, Note: e.Note,
		})
	}
	return answer(out), nil
}

type workerInput struct {
	ID id `path:"id" minLength:"1"`
}

func (s *Server) leaveWorker(ctx context.Context, c caller, in *workerInput) (*nothing, error) {
	return nil, s.Workers.Leave(ctx, c.Actor, in.ID.number())
}
