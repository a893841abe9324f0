// Package ledger takes the city's ledgers in and out as Excel workbooks: it
// makes templates, reads what clerks fill in, checks every cell, writes a whole
// file or none of it, and marks what has to be mended.
package ledger

import (
	"context"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/secret"
	"fenlin/internal/worker"
)

// Errors a person may see.
var (
	ErrUnknownKind = errs.New(errs.NotFound, "ledger_unknown", "没有这种台账")
	ErrForbidden   = errs.New(errs.Forbidden, "ledger_forbidden", "您的职务不能导入或导出台账，请联系市委社会工作部")
)

// ColumnType says what a column holds.
type ColumnType int

// The types of columns, with what a checked cell of each looks like.
const (
	Text     ColumnType = iota // one line, no more than Max characters
	Day                        // 2006-01-02
	Phone                      // 13812345678; or a mask, 138****5678
	IDNumber                   // 18 characters, X capital; or a mask, 1411**********1234
	Number                     // a whole number without a sign: 500
	Choice                     // one of OneOf
)

// Column is a column of a ledger.
type Column struct {
	Key      string // snake_case; unique in the kind
	Title    string // of the column in the workbook, unique in the kind
	Required bool
	Help     string // what to write, in full sentences
	Example  string
	Width    float64 // in characters; 0: by the title
	Type     ColumnType
	OneOf    []string // of a Choice, as people write them
	Max      int      // characters of a Text; 0: 120
	Masked   bool     // an export shows a mask; a cell with stars passes the checks as it is (so do phones and ID numbers)
}

// Row is a row of a workbook with its cells checked and normalised, in the
// order of the kind's columns. An empty cell says nothing: what is known stays.
type Row struct {
	Sheet string
	Line  int
	Cells []string
}

// Problem is what is wrong in a workbook, and where. Reason says in Chinese
// what to do; it holds no phone and no ID number.
type Problem struct {
	Sheet  string
	Line   int    // 0: the sheet or the file as a whole
	Column string // a column's title; empty: the whole row
	Reason string
}

// At is a problem of the row; column is the title, empty for the whole row.
func (r Row) At(column, reason string) Problem { return Problem{r.Sheet, r.Line, column, reason} }

// Outcome is what became of a file's rows.
type Outcome struct{ Created, Changed, Same int }

// Kind is a kind of ledger.
type Kind struct {
	Code      string
	Title     string
	Columns   []Column
	ByContact bool // who answers for a work unit may import and export its own
	Nested    bool // rows refer to one another: while one is left out, nothing is said of the others

	// Apply writes rows as part of the transaction. With problems nothing is
	// kept: the caller rolls back. An errs.Error refuses the file as a whole.
	// It may run again from the start, and calls Progress now and then.
	Apply func(ctx context.Context, s *Service, tx *gorm.DB, by org.Actor, rows []Row) (Outcome, []Problem, error)
	// Export gives each row that the actor may see, as Apply would take it,
	// personal fields masked.
	Export func(ctx context.Context, s *Service, by org.Actor, each func(cells []string) error) error
}

// Service imports and exports ledgers.
type Service struct {
	DB       *db.DB
	Org      *org.Service
	Members  *member.Service
	Workers  *worker.Service
	Outbox   *outbox.Outbox
	Keys     *secret.Keyring
	Now      func() time.Time
	Location *time.Location // the city's; days begin in it

	watched watched
}

// KindOf returns the kind with that code, or ErrUnknownKind.
func KindOf(code string) (Kind, error) {
	for _, k := range Kinds() {
		if k.Code == code {
			return k, nil
		}
	}
	return Kind{}, ErrUnknownKind
}

type progressKey struct{}

// Progress tells how many rows of the file are done; Apply calls it every
// thousand rows or so. It costs nothing.
func Progress(ctx context.Context, done int) {
	if told, ok := ctx.Value(progressKey{}).(func(int)); ok {
		told(done)
	}
}

// Unchanged says that a cell holds the mask of what is known already: it has
// stars, and every other character is the same.
func Unchanged(masked, present string) bool {
	m, p := []rune(masked), []rune(present)
	if len(m) != len(p) {
		return false
	}
	stars := false
	for i := range m {
		if m[i] == '*' {
			stars = true
		} else if m[i] != p[i] {
			return false
		}
	}
	return stars
}
