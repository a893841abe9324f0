package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/secret"
)

// State is how far an import has come.
type State string

// The states.
const (
	Queued  State = "queued"
	Running State = "running"
	Done    State = "done"    // everything is written; of a dry run, could be
	Refused State = "refused" // nothing is written: the file has problems
	Failed  State = "failed"  // nothing is written: the fault is ours
)

// TopicRun is a workbook to be imported; payload: ticket.
const TopicRun = "import.run"

type ticket struct {
	ImportID int64 `json:"import_id"`
}

const (
	maxWaiting   = 5        // workbooks of one person at a time
	shownInJob   = 200      // problems that a job shows; its workbook has more
	maxSealed    = 44_000   // bytes of problems, so that they fit their column when sealed
	maxName      = 100      // characters of a file's name
	maxWorkbook  = 15 << 20 // bytes of a marked workbook; MySQL takes 16 MiB at once
	failedReason = "系统出错，没有写入任何数据，请重试"
)

// Errors of jobs.
var (
	ErrUnknown   = errs.New(errs.NotFound, "import_unknown", "没有找到这次导入：只看得到自己导入的，请从「台账」里打开")
	ErrGone      = errs.New(errs.NotFound, "workbook_gone", "没有标好问题的表格，或已过保存期删除。请重新导入")
	ErrImpatient = errs.New(errs.TooMany, "too_many_imports", "您还有 5 份表格在处理，请等它们完成后再上传")
)

// Import is a workbook that somebody sent, and what became of it.
type Import struct {
	ID         int64
	Kind       string
	Name       string // of the file, as sent
	ByID       int64
	State      State
	DryRun     bool // checked only
	Total      int  // rows; 0 until they are read
	Done       int
	Created    int
	Changed    int
	Same       int
	Bad        int    // problems, shown or not
	Problems   string // sealed; see Told
	Workbook   []byte // sealed; until the end
	Marked     []byte // sealed; when refused
	SourceKey  *string
	CreatedAt  int64
	FinishedAt int64

	Told Told `gorm:"-"` // of one job, not of lists
}

// Told are the first problems of an import, and what was passed over.
type Told struct {
	Problems []Problem `json:"problems"`
	Notes    []string  `json:"notes"`
}

// Upload is a workbook to be imported.
type Upload struct {
	Kind    string
	Name    string // of the file
	DryRun  bool   // check only
	Key     string // sent again it is the same import; may be empty
	Content []byte
}

// Send takes a workbook to be imported by the worker; see Job for how it goes.
// Errors: ErrUnknownKind, ErrForbidden, ErrTooBig, ErrImpatient, or why the
// file is no workbook.
func (s *Service) Send(ctx context.Context, by org.Actor, u Upload) (Import, error) {
	if _, err := s.allowed(ctx, by, u.Kind); err != nil {
		return Import{}, err
	}
	if err := sniff(u.Content); err != nil {
		return Import{}, err
	}
	now := s.Now()
	job := Import{ID: s.DB.NewID(), Kind: u.Kind, Name: fileName(u.Name), ByID: by.Person, State: Queued, DryRun: u.DryRun, CreatedAt: now.UnixMilli()}
	job.Workbook, job.Marked = s.Keys.SealBytes(u.Content, sentPlace(job.ID)), []byte{}
	if u.Key != "" {
		job.SourceKey = &u.Key
	}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		var waiting int64
		if err := tx.Raw("SELECT COUNT(*) FROM imports WHERE by_id = ? AND finished_at = 0", by.Person).Scan(&waiting).Error; err != nil {
			return err
		}
		if err := tx.Create(&job).Error; err != nil {
			return err // a key that was used before comes before the limit
		}
		if waiting >= maxWaiting {
			return ErrImpatient
		}
		return s.Outbox.Add(tx, outbox.New(TopicRun, fmt.Sprintf("import:%d", job.ID), job.ID, ticket{job.ID}, now))
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) && u.Key != "" {
		var before []Import
		err = s.DB.Read(ctx).Raw("SELECT id FROM imports WHERE source_key = ? AND by_id = ?", u.Key, by.Person).Scan(&before).Error
		if err == nil && len(before) > 0 {
			return s.Job(ctx, by, before[0].ID)
		}
	}
	if err != nil {
		return Import{}, err
	}
	s.Outbox.Wake()
	return job, nil
}

// allowed says that the actor may have to do with ledgers somewhere; each row is
// asked about again.
func (s *Service) allowed(ctx context.Context, by org.Actor, code string) (Kind, error) {
	kind, err := KindOf(code)
	if err != nil {
		return Kind{}, err
	}
	if _, ok := by.Scope(org.Ledger); ok {
		return kind, nil
	}
	var answers int64
	if kind.ByContact && by.Person != 0 {
		err = s.DB.Read(ctx).Raw("SELECT COUNT(*) FROM units WHERE contact_id = ? AND closed_at = 0", by.Person).Scan(&answers).Error
	}
	if err == nil && answers == 0 {
		err = ErrForbidden
	}
	if err != nil {
		return Kind{}, err
	}
	return kind, nil
}

// Mine are the ledgers that the actor may import and export.
func (s *Service) Mine(ctx context.Context, by org.Actor) ([]Kind, error) {
	var out []Kind
	for _, kind := range Kinds() {
		_, err := s.allowed(ctx, by, kind.Code)
		if errors.Is(err, ErrForbidden) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, kind)
	}
	return out, nil
}

// fileName is the name as it is kept: without a path, short.
func fileName(name string) string {
	name = tidy(name)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	return shorten(name, maxName)
}

// What of an import is sealed stands in these places.
func sentPlace(id int64) string    { return fmt.Sprintf("imports.workbook/%d", id) }
func markedPlace(id int64) string  { return fmt.Sprintf("imports.marked/%d", id) }
func problemPlace(id int64) string { return fmt.Sprintf("imports.problems/%d", id) }

// jobColumns are those of a job but for the workbooks.
const jobColumns = "id, kind, name, by_id, state, dry_run, total, done, created, changed, same, bad, problems, created_at, finished_at"

// Jobs are the actor's own imports before the one with that id (0: from the
// latest), newest first.
func (s *Service) Jobs(ctx context.Context, by org.Actor, before int64, limit int) ([]Import, error) {
	q := s.DB.Read(ctx).Select(jobColumns).Where("by_id = ?", by.Person).Order("id DESC").Limit(limit)
	if before != 0 {
		q = q.Where("id < ?", before)
	}
	var out []Import
	if err := q.Find(&out).Error; err != nil {
		return nil, err
	}
	for i := range out {
		s.catchUp(&out[i])
	}
	return out, nil
}

// Job is one of the actor's own imports, as far as it has come. Error: ErrUnknown.
func (s *Service) Job(ctx context.Context, by org.Actor, id int64) (Import, error) {
	var job Import
	err := s.DB.Read(ctx).Select(jobColumns).Take(&job, "id = ? AND by_id = ?", id, by.Person).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Import{}, ErrUnknown
	}
	if err != nil {
		return Import{}, err
	}
	text, err := s.Keys.Open(job.Problems, problemPlace(job.ID))
	if errors.Is(err, secret.ErrUnreadable) { // its key is gone: it was long ago
		text, err = "", nil
	}
	if err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &job.Told)
	}
	s.catchUp(&job)
	return job, err
}

// Marked is the workbook with its problems marked, and a name for it. Errors:
// ErrUnknown, ErrGone.
func (s *Service) Marked(ctx context.Context, by org.Actor, id int64) (name string, content []byte, err error) {
	var found []Import
	err = s.DB.Read(ctx).Raw("SELECT id, name, marked FROM imports WHERE id = ? AND by_id = ?", id, by.Person).Scan(&found).Error
	if err != nil {
		return "", nil, err
	}
	if len(found) == 0 {
		return "", nil, ErrUnknown
	}
	content, err = s.Keys.OpenBytes(found[0].Marked, markedPlace(id))
	if len(content) == 0 || errors.Is(err, secret.ErrUnreadable) {
		return "", nil, ErrGone
	}
	return strings.TrimSuffix(found[0].Name, ".xlsx") + "-已标问题.xlsx", content, err
}

// seal makes what a job tells fit its column.
func (s *Service) seal(id int64, problems []Problem, notes []string) (string, error) {
	told := Told{problems[:min(len(problems), shownInJob)], notes}
	for {
		text, err := json.Marshal(told)
		if err != nil {
			return "", err
		}
		if len(text) <= maxSealed {
			return s.Keys.Seal(string(text), problemPlace(id)), nil
		}
		if len(told.Problems) == 0 {
			told.Notes = nil
		}
		told.Problems = told.Problems[:len(told.Problems)*3/4]
	}
}
