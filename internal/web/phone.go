package web

import (
	"context"
	"time"

	"fenlin/internal/member"
	"fenlin/internal/org"
)

type bindPhoneInput struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"512" doc:"one-time code of the mini-program's phone button"`
	}
}

// bindPhone keeps the phone that WeChat vouches for. Whoever bound it before is
// the same person, and the session is theirs from now on.
func (s *Server) bindPhone(ctx context.Context, c caller, in *bindPhoneInput) (*body[meView], error) {
	phone, err := s.WeChat.PhoneNumber(ctx, in.Body.Code)
	if err != nil {
		return nil, err
	}
	person, err := s.Tickets.BindPhone(ctx, c.Person.ID, phone)
	if err != nil {
		return nil, err
	}
	return s.me(ctx, person)
}

func (s *Server) forgetPhone(ctx context.Context, c caller, _ *struct{}) (*nothing, error) {
	return nil, s.Members.ForgetPhone(ctx, c.Person.ID)
}

type reachInput struct {
	Number string `path:"number" maxLength:"32"`
	Body   struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"why the phone is needed; kept in the log of looks"`
	}
}

type contactView struct {
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

func (s *Server) reachReporter(ctx context.Context, c caller, in *reachInput) (*body[contactView], error) {
	contact, err := s.Tickets.Reach(ctx, c.Actor, in.Number, in.Body.Reason)
	return answer(contactView(contact)), err
}

type lookView struct {
	By      string     `json:"by" doc:"in which post"`
	ByID    id         `json:"by_id"`
	Subject id         `json:"subject_id" doc:"whose data"`
	Field   string     `json:"field" enum:"phone,id_number,birth,address,name,other"`
	Ticket  string     `json:"ticket"`
	Reason  string     `json:"reason"`
	At      *time.Time `json:"at"`
}

func (s *Server) viewLook(a member.Access) lookView {
	return lookView{a.ByTitle, idOf(a.ByID), idOf(a.SubjectID), a.Field, a.Ticket, a.Reason, s.moment(a.At)}
}

// maxLooks is how many looks an export of a person's data tells of.
const maxLooks = 1000

type listLooksInput struct {
	Subject id `query:"subject_id" doc:"only looks at this person's data"`
	Paged
}

func (s *Server) listLooks(ctx context.Context, c caller, in *listLooksInput) (*body[page[lookView]], error) {
	city, err := s.Org.Root(ctx)
	if err != nil {
		return nil, err
	}
	if !c.May(org.SeeLooks, city.Path) {
		return nil, org.ErrOutside
	}
	before, err := in.after()
	if err != nil {
		return nil, err
	}
	looks, err := s.Members.Accesses(ctx, in.Subject.number(), before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out page[lookView]
	looks, out.NextCursor = cut(looks, in.Limit, func(x member.Access) int64 { return x.ID })
	for _, a := range looks {
		out.Items = append(out.Items, s.viewLook(a))
	}
	return answer(out), nil
}
