package web

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"fenlin/internal/member"
)

// consentText is a text that people agree to.
type consentText struct {
	Kind    string `json:"kind" enum:"privacy,phone,location,sensitive"`
	Version string `json:"version"`
	Since   string `json:"since" doc:"2006-01-02"`
	Title   string `json:"title"`
	Text    string `json:"text" doc:"paragraphs, one a line"`
}

func (s *Server) listConsentTexts(context.Context, *struct{}) (*body[page[consentText]], error) {
	var out page[consentText]
	for _, t := range s.Members.Texts().Current() {
		out.Items = append(out.Items, consentText(t))
	}
	return answer(out), nil
}

// consentView is what a person agreed to.
type consentView struct {
	Kind        string     `json:"kind" enum:"privacy,phone,location,sensitive"`
	Title       string     `json:"title"`
	Version     string     `json:"version"`
	Newest      bool       `json:"newest" doc:"no newer text has come since"`
	GivenAt     *time.Time `json:"given_at"`
	WithdrawnAt *time.Time `json:"withdrawn_at" doc:"null while it holds"`
}

func (s *Server) consents(ctx context.Context, person int64) (list[consentView], error) {
	given, err := s.Members.Consents(ctx, person)
	var out list[consentView]
	for _, c := range given {
		newest := s.Members.Texts().Newest(c.Kind)
		out = append(out, consentView{c.Kind, newest.Title, c.Version, c.Version == newest.Version, s.moment(c.GivenAt), s.moment(c.WithdrawnAt)})
	}
	return out, err
}

func (s *Server) listConsents(ctx context.Context, c caller, _ *struct{}) (*body[page[consentView]], error) {
	given, err := s.consents(ctx, c.Person.ID)
	return answer(page[consentView]{Items: given}), err
}

type consentInput struct {
	Kind string `path:"kind" enum:"privacy,phone,location,sensitive"`
	Body struct {
		Given   bool   `json:"given" doc:"false takes it back"`
		Version string `json:"version,omitempty" maxLength:"16" doc:"the version that was read; needed to agree"`
	}
}

func (s *Server) consent(ctx context.Context, c caller, in *consentInput) (*body[page[consentView]], error) {
	var err error
	if in.Body.Given {
		err = s.Members.Agree(ctx, c.Person.ID, in.Kind, in.Body.Version)
	} else {
		err = s.Members.Withdraw(ctx, c.Person.ID, in.Kind)
	}
	if err != nil {
		return nil, err
	}
	return s.listConsents(ctx, c, nil)
}

// correctionView is what a person asks to have corrected about them.
type correctionView struct {
	ID        id         `json:"id"`
	Field     codeName   `json:"field"`
	Name      string     `json:"name" doc:"of the person"`
	PersonID  id         `json:"person_id"`
	Org       string     `json:"org" doc:"whose ledger it is"`
	Value     string     `json:"value" doc:"what it should be, masked; empty once decided"`
	CreatedAt *time.Time `json:"created_at"`
	DecidedAt *time.Time `json:"decided_at" doc:"null while it waits"`
	Accepted  bool       `json:"accepted"`
	Answer    string     `json:"answer"`
}

func (s *Server) viewCorrections(asked []member.Asked, err error) (list[correctionView], error) {
	var out list[correctionView]
	for _, a := range asked {
		out = append(out, correctionView{
			idOf(a.ID),
			codeName{a.Field, member.CorrectionTitle(a.Field)},
			a.Name, idOf(a.PersonID), a.Org, a.Masked,
			s.moment(a.CreatedAt), s.moment(a.DecidedAt), a.Accepted, a.Answer,
		})
	}
	return out, err
}

func (s *Server) myCorrections(ctx context.Context, c caller, _ *struct{}) (*body[page[correctionView]], error) {
	items, err := s.viewCorrections(s.Members.MyCorrections(ctx, c.Person.ID))
	return answer(page[correctionView]{Items: items}), err
}

type correctionInput struct {
	Body struct {
		Field string `json:"field" enum:"name,phone,id_number,birth,address,other"`
		Value string `json:"value" minLength:"1" maxLength:"120" doc:"what it should be; of other, what is wrong and how it should be"`
	}
}

func (s *Server) askCorrection(ctx context.Context, c caller, in *correctionInput) (*body[page[correctionView]], error) {
	if err := s.Members.AskCorrection(ctx, c.Person.ID, in.Body.Field, in.Body.Value); err != nil {
		return nil, err
	}
	return s.myCorrections(ctx, c, nil)
}

func (s *Server) listCorrections(ctx context.Context, c caller, in *Paged) (*body[page[correctionView]], error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	items, err := s.viewCorrections(s.Members.Corrections(ctx, c.Actor, after, in.Limit+1))
	var out page[correctionView]
	out.Items, out.NextCursor = cut(items, in.Limit, func(x correctionView) int64 { return x.ID.number() })
	return answer(out), err
}

type correctionID struct {
	ID id `path:"id" minLength:"1"`
}

func (s *Server) revealCorrection(ctx context.Context, c caller, in *correctionID) (*body[revealedView], error) {
	value, err := s.Members.RevealCorrection(ctx, c.Actor, in.ID.number())
	return answer(revealedView{Value: value}), err
}

type decideCorrectionInput struct {
	ID   id `path:"id" minLength:"1"`
	Body struct {
		Accepted bool   `json:"accepted" doc:"the field is corrected with it; other is corrected by hand before"`
		Answer   string `json:"answer,omitempty" maxLength:"200" doc:"to the person; needed to refuse"`
	}
}

func (s *Server) decideCorrection(ctx context.Context, c caller, in *decideCorrectionInput) (*struct{}, error) {
	return nil, s.Members.DecideCorrection(ctx, c.Actor, in.ID.number(), in.Body.Accepted, in.Body.Answer)
}

// privacyPage shows all texts that hold now, to anybody.
func (s *Server) privacyPage() gin.HandlerFunc {
	raw, err := pages.ReadFile("pages/privacy.html")
	if err != nil {
		panic(fmt.Sprintf("page privacy.html: %v", err)) // it is embedded
	}
	t := template.Must(template.New("privacy").Parse(string(raw)))
	type section struct {
		member.ConsentText
		Paragraphs []string
	}
	var sections []section
	for _, text := range s.Members.Texts().Current() {
		sections = append(sections, section{text, strings.Split(strings.TrimSpace(text.Text), "\n")})
	}
	var out strings.Builder
	if err := t.Execute(&out, sections); err != nil {
		panic(fmt.Sprintf("page privacy.html: %v", err)) // made of our own texts
	}
	content := []byte(out.String())
	return show(http.StatusOK, "privacy.html", content)
}
