package web

import (
	"context"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"fenlin/internal/errs"
	"fenlin/internal/ledger"
)

// workbookType is the media type of an Excel workbook.
const workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

type kindInput struct {
	Kind string `path:"kind" maxLength:"16" example:"units" doc:"orgs, compounds, units, posts, members, registrations or workers"`
}

type workbookOutput struct {
	Type  string `header:"Content-Type" hidden:"true"`
	Name  string `header:"Content-Disposition" hidden:"true"`
	Cache string `header:"Cache-Control" hidden:"true"`
	Body  []byte `contentType:"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"`
}

// attach is a workbook to be saved under that name.
func attach(name string, content []byte) *workbookOutput {
	return &workbookOutput{workbookType, "attachment; filename*=UTF-8''" + url.PathEscape(name), "no-store", content}
}

func (s *Server) showTemplate(ctx context.Context, c caller, in *kindInput) (*workbookOutput, error) {
	content, err := s.Ledger.Template(ctx, c.Actor, in.Kind)
	if err != nil {
		return nil, err
	}
	return attach(ledgerTitle(in.Kind)+"模板.xlsx", content), nil
}

func (s *Server) exportLedger(ctx context.Context, c caller, in *kindInput) (*workbookOutput, error) {
	content, err := s.Ledger.Export(ctx, c.Actor, in.Kind)
	if err != nil {
		return nil, err
	}
	return attach(ledgerTitle(in.Kind)+s.local(s.Now()).Format("20060102")+".xlsx", content), nil
}

func ledgerTitle(code string) string {
	kind, err := ledger.KindOf(code)
	if err != nil {
		return code
	}
	return kind.Title
}

// ledgersView are the ledgers that the caller may import and export.
type ledgersView struct {
	Items     list[ledgerView] `json:"items"`
	MostBytes int64            `json:"most_bytes" doc:"of a workbook that is sent"`
}

type ledgerView struct {
	Kind    string             `json:"kind" enum:"orgs,compounds,units,posts,members,registrations,workers"`
	Title   string             `json:"title"`
	Columns list[ledgerColumn] `json:"columns"`
}

type ledgerColumn struct {
	Title    string `json:"title"`
	Required bool   `json:"required"`
	Help     string `json:"help" doc:"what to write"`
	Example  string `json:"example"`
}

func (s *Server) listLedgers(ctx context.Context, c caller, _ *struct{}) (*body[ledgersView], error) {
	kinds, err := s.Ledger.Mine(ctx, c.Actor)
	out := ledgersView{MostBytes: ledger.MaxUpload}
	for _, k := range kinds {
		v := ledgerView{Kind: k.Code, Title: k.Title}
		for _, col := range k.Columns {
			v.Columns = append(v.Columns, ledgerColumn{col.Title, col.Required, col.Help, col.Example})
		}
		out.Items = append(out.Items, v)
	}
	return answer(out), err
}

var errNoWorkbook = errs.New(errs.Invalid, "workbook_missing", "请选择一份表格（表单字段 workbook）")

type sendLedgerInput struct {
	Once
	Type    string `header:"Content-Type" hidden:"true"`
	Kind    string `path:"id" maxLength:"16" example:"units" doc:"here the ledger: orgs, compounds, units, posts, members, registrations or workers"`
	Name    string `query:"name" maxLength:"200" doc:"the file's name"`
	DryRun  bool   `query:"dry_run" doc:"check only, write nothing"`
	RawBody []byte
}

// raw says what sendLedger takes.
func (sendLedgerInput) raw() (limit int64, body *huma.RequestBody) {
	file := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	return ledger.MaxUpload + 1<<20, &huma.RequestBody{
		Required: true, Description: "the workbook, at most 12 MiB and 50,000 rows: as the field workbook of a form, or as the whole body",
		Content: map[string]*huma.MediaType{
			"multipart/form-data": {Schema: &huma.Schema{
				Type: huma.TypeObject, Properties: map[string]*huma.Schema{"workbook": file.Schema}, Required: []string{"workbook"}, AdditionalProperties: true,
			}},
			workbookType: file, "application/octet-stream": file,
		},
	}
}

func (s *Server) sendLedger(ctx context.Context, c caller, in *sendLedgerInput) (*body[importView], error) {
	content, err := fileOf(in.Type, in.RawBody, "workbook", errNoWorkbook)
	if err != nil {
		return nil, err
	}
	job, err := s.Ledger.Send(ctx, c.Actor, ledger.Upload{Kind: in.Kind, Name: in.Name, DryRun: in.DryRun, Key: in.key(c), Content: content})
	if err != nil {
		return nil, err
	}
	return answer(s.viewImport(job)), nil
}

// importView is a workbook that was sent, and what became of it.
type importView struct {
	ID         id               `json:"id"`
	Kind       string           `json:"kind"`
	Name       string           `json:"name" doc:"of the file"`
	DryRun     bool             `json:"dry_run" doc:"checked only"`
	State      string           `json:"state" enum:"queued,running,done,refused,failed" doc:"refused: the file has problems; failed: the fault is ours. Both have written nothing"`
	Total      int              `json:"total" doc:"rows; 0 until they are read"`
	Done       int              `json:"done" doc:"rows so far"`
	Created    int              `json:"created"`
	Changed    int              `json:"changed"`
	Same       int              `json:"same"`
	Bad        int              `json:"bad" doc:"problems in all"`
	Problems   list[rowProblem] `json:"problems" doc:"the first 200; empty in lists"`
	Notes      list[string]     `json:"notes" doc:"what was passed over; empty in lists"`
	CreatedAt  *time.Time       `json:"created_at"`
	FinishedAt *time.Time       `json:"finished_at"`
}

// rowProblem is what is wrong in a workbook, and where.
type rowProblem struct {
	Sheet  string `json:"sheet" doc:"empty = the whole file"`
	Line   int    `json:"line" doc:"0 = the whole sheet"`
	Column string `json:"column" doc:"the column's title; empty = the whole row"`
	Reason string `json:"reason" doc:"what is wrong and what to do, in Chinese"`
}

func (s *Server) viewImport(job ledger.Import) importView {
	v := importView{
		ID: idOf(job.ID), Kind: job.Kind, Name: job.Name, DryRun: job.DryRun, State: string(job.State), Total: job.Total, Done: job.Done,
		Created: job.Created, Changed: job.Changed, Same: job.Same, Bad: job.Bad, Notes: job.Told.Notes,
		CreatedAt: s.moment(job.CreatedAt), FinishedAt: s.moment(job.FinishedAt),
	}
	for _, p := range job.Told.Problems {
		v.Problems = append(v.Problems, rowProblem(p))
	}
	return v
}

func (s *Server) listImports(ctx context.Context, c caller, in *Paged) (*body[page[importView]], error) {
	before, err := in.after()
	if err != nil {
		return nil, err
	}
	jobs, err := s.Ledger.Jobs(ctx, c.Actor, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out page[importView]
	jobs, out.NextCursor = cut(jobs, in.Limit, func(x ledger.Import) int64 { return x.ID })
	for _, job := range jobs {
		out.Items = append(out.Items, s.viewImport(job))
	}
	return answer(out), nil
}

type importInput struct {
	ID id `path:"id"`
}

func (s *Server) showImport(ctx context.Context, c caller, in *importInput) (*body[importView], error) {
	job, err := s.Ledger.Job(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	return answer(s.viewImport(job)), nil
}

func (s *Server) showMarked(ctx context.Context, c caller, in *importInput) (*workbookOutput, error) {
	name, content, err := s.Ledger.Marked(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	return attach(name, content), nil
}
