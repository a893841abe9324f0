package web

import (
	"context"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"fenlin/internal/errs"
	"fenlin/internal/lists"
	"fenlin/internal/ticket"
)

var errNoDocument = errs.New(errs.Invalid, "document_missing", "请选择一个文件（表单字段 document）")

// AgreementView is what a community and a work unit sign.
type AgreementView struct {
	ID          id             `json:"id"`
	Community   named          `json:"community"`
	Unit        named          `json:"unit"`
	ProjectID   id             `json:"project_id" doc:"that it was made for; empty: none"`
	RenewsID    id             `json:"renews_id" doc:"that it renews; empty: none"`
	Items       list[itemView] `json:"items"`
	FromOn      string         `json:"from_on"`
	ToOn        string         `json:"to_on"`
	State       string         `json:"state" enum:"draft,signed,running,ended,terminated"`
	StateName   string         `json:"state_name"`
	UnitAt      *time.Time     `json:"unit_at" doc:"when the unit confirmed"`
	CommunityAt *time.Time     `json:"community_at"`
	Document    bool           `json:"document" doc:"a signed document is there for the caller to read"`
	Reason      string         `json:"reason" doc:"why it was terminated"`
	ListPartView
}

type itemView struct {
	Code  string `json:"code,omitempty" maxLength:"32" doc:"of /api/v1/list-dictionaries; empty where that has none"`
	Name  string `json:"name,omitempty" readOnly:"true"`
	Words string `json:"words" maxLength:"800"`
}

func (s *Server) viewAgreement(f lists.Seen[lists.Agreement]) AgreementView {
	a := f.Item
	v := AgreementView{
		ID: idOf(a.ID), Community: named{idOf(f.Community.ID), f.Community.Name}, Unit: named{idOf(f.Unit.ID), f.Unit.Name}, FromOn: a.FromOn, ToOn: a.ToOn, State: string(a.State), StateName: lists.Agreements.NameOf(a.State),
		UnitAt: s.moment(a.UnitAt), CommunityAt: s.moment(a.CommunityAt), Document: a.DocumentID != 0, Reason: a.Reason,
		ListPartView: s.viewPart(lists.Agreements, a.ID, f.Sides, f.Actions, f.Timeline, a.CreatedAt, a.Version),
	}
	if a.ProjectID != 0 {
		v.ProjectID = idOf(a.ProjectID)
	}
	if a.RenewsID != 0 {
		v.RenewsID = idOf(a.RenewsID)
	}
	for _, i := range a.Items {
		v.Items = append(v.Items, itemView{i.Code, s.Lists.Rules().Item(i.Code), i.Words})
	}
	return v
}

type listAgreementsInput struct {
	ListsInput
	State   string `query:"state" enum:"draft,signed,running,ended,terminated"`
	Project id     `query:"project" doc:"those made for it"`
}

func (s *Server) listAgreements(ctx context.Context, c caller, in *listAgreementsInput) (*body[page[AgreementView]], error) {
	l, err := in.listing()
	if err != nil {
		return nil, err
	}
	l.State, l.Project = lists.State(in.State), in.Project.number()
	found, err := s.Lists.Agreements(ctx, c.Actor, l)
	if err != nil {
		return nil, err
	}
	var out page[AgreementView]
	found, out.NextCursor = cut(found, in.Limit, func(f lists.Seen[lists.Agreement]) int64 { return f.Item.ID })
	for _, f := range found {
		out.Items = append(out.Items, s.viewAgreement(f))
	}
	return answer(out), nil
}

func (s *Server) showAgreement(ctx context.Context, c caller, in *ListID) (*body[AgreementView], error) {
	f, err := s.Lists.Agreement(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	return answer(s.viewAgreement(f)), nil
}

// AgreementFields are what is written of an agreement; what is left out stays as it is.
type AgreementFields struct {
	Items  *list[itemView] `json:"items,omitempty" maxItems:"20"`
	FromOn *string         `json:"from_on,omitempty" maxLength:"10"`
	ToOn   *string         `json:"to_on,omitempty" maxLength:"10"`
}

func (f AgreementFields) draft() lists.AgreementDraft {
	d := lists.AgreementDraft{FromOn: f.FromOn, ToOn: f.ToOn}
	if f.Items != nil {
		items := []lists.Item{}
		for _, i := range *f.Items {
			items = append(items, lists.Item{Code: i.Code, Words: i.Words})
		}
		d.Items = &items
	}
	return d
}

type draftAgreementInput struct {
	Once
	Body struct {
		AgreementFields
		CommunityID *id `json:"community_id,omitempty" doc:"left out of one that renews another or is for a project, like unit_id"`
		UnitID      *id `json:"unit_id,omitempty"`
		ProjectID   *id `json:"project_id,omitempty" doc:"that it is for"`
		RenewsID    *id `json:"renews_id,omitempty" doc:"that it renews: its items are taken over when none are given"`
	}
}

func (s *Server) draftAgreement(ctx context.Context, c caller, in *draftAgreementInput) (*body[AgreementView], error) {
	d := in.Body.draft()
	d.Community, d.Unit, d.Project, d.Renews = numberOf(in.Body.CommunityID), numberOf(in.Body.UnitID), numberOf(in.Body.ProjectID), numberOf(in.Body.RenewsID)
	a, err := s.Lists.Draft(ctx, c.Actor, in.key(c), d)
	if err != nil {
		return nil, err
	}
	return s.showAgreement(ctx, c, &ListID{idOf(a.ID)})
}

type changeAgreementInput struct {
	ListID
	Body struct {
		AgreementFields
		Version int `json:"version,omitempty"`
	}
}

func (s *Server) changeAgreement(ctx context.Context, c caller, in *changeAgreementInput) (*body[AgreementView], error) {
	if err := s.Lists.ChangeAgreement(ctx, c.Actor, in.ID.number(), in.Body.Version, in.Body.draft()); err != nil {
		return nil, err
	}
	return s.showAgreement(ctx, c, &in.ListID)
}

type actOnAgreementInput struct {
	ListID
	Body struct {
		Action  string `json:"action" enum:"confirm,terminate"`
		Note    string `json:"note,omitempty" maxLength:"480"`
		Version int    `json:"version,omitempty"`
	}
}

func (s *Server) actOnAgreement(ctx context.Context, c caller, in *actOnAgreementInput) (*body[AgreementView], error) {
	b := in.Body
	if err := s.Lists.Act(ctx, c.Actor, lists.Agreements, in.ID.number(), lists.Deed{Action: lists.Action(b.Action), Version: b.Version, Note: b.Note}); err != nil {
		return nil, err
	}
	return s.showAgreement(ctx, c, &in.ListID)
}

type signAgreementInput struct {
	ListID
	Version int    `query:"version" doc:"that was read; left out: whatever it is now"`
	Type    string `header:"Content-Type" hidden:"true"`
	RawBody []byte
}

// raw says what signAgreement takes.
func (signAgreementInput) raw() (limit int64, body *huma.RequestBody) {
	file := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	return maxUpload, &huma.RequestBody{
		Required: true, Description: "the signed document (PDF, JPEG or PNG), at most 10 MiB: as the field document of a form, or as the whole body. What it is, its bytes say",
		Content: map[string]*huma.MediaType{
			"multipart/form-data": {Schema: &huma.Schema{
				Type: huma.TypeObject, Properties: map[string]*huma.Schema{"document": file}, Required: []string{"document"}, AdditionalProperties: true,
			}},
			"application/pdf": {Schema: file}, "image/jpeg": {Schema: file}, "image/png": {Schema: file}, "application/octet-stream": {Schema: file},
		},
	}
}

func (s *Server) signAgreement(ctx context.Context, c caller, in *signAgreementInput) (*body[AgreementView], error) {
	raw, err := fileOf(in.Type, in.RawBody, "document", errNoDocument)
	if err != nil {
		return nil, err
	}
	if err := s.Lists.Sign(ctx, c.Actor, in.ID.number(), in.Version, raw); err != nil {
		return nil, err
	}
	return s.showAgreement(ctx, c, &in.ListID)
}

// documentOutput is what somebody else has sent: to be saved, never to be opened
// here as a page.
type documentOutput struct {
	Type   string `header:"Content-Type" hidden:"true"`
	Name   string `header:"Content-Disposition" hidden:"true"`
	Cache  string `header:"Cache-Control" hidden:"true"`
	Policy string `header:"Content-Security-Policy" hidden:"true"`
	Body   []byte `contentType:"*/*"`
}

func (s *Server) showDocument(ctx context.Context, c caller, in *ListID) (*documentOutput, error) {
	f, err := s.Lists.Document(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	ending := map[string]string{"application/pdf": ".pdf", "image/jpeg": ".jpg"}[ticket.TypeOf(f)]
	name := "attachment; filename*=UTF-8''" + url.PathEscape("协议"+string(in.ID)+ending)
	return &documentOutput{ticket.TypeOf(f), name, "private, no-store", "sandbox; default-src 'none'", f}, nil
}
