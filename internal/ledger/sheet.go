package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/member"
	"fenlin/internal/org"
)

// errCrossed says that somebody else wrote the same at the same moment.
var errCrossed = errs.New(errs.Conflict, "ledger_crossed", "导入时有人正在改动同样的内容（例如本人刚绑定了手机号），没有写入任何数据，请重新导入")

// alone makes imports wait for each other, so that two at once do not make one
// thing twice.
func alone(apply func(context.Context, *Service, *gorm.DB, org.Actor, []Row) (Outcome, []Problem, error)) func(context.Context, *Service, *gorm.DB, org.Actor, []Row) (Outcome, []Problem, error) {
	return func(ctx context.Context, s *Service, tx *gorm.DB, by org.Actor, rows []Row) (Outcome, []Problem, error) {
		if err := s.Org.Hold(tx); err != nil {
			return Outcome{}, nil, err
		}
		out, problems, err := apply(ctx, s, tx, by, rows)
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			err = errCrossed.Because(err)
		}
		return out, problems, err
	}
}

// sheet is the rows of one import on their way into the tables.
type sheet struct {
	*Service
	by       org.Actor
	kind     Kind
	rows     []Row
	columns  map[string]int
	bad      []bool // the rows with problems
	problems []Problem
	Outcome
}

func (s *Service) sheet(kind Kind, by org.Actor, rows []Row) *sheet {
	sh := &sheet{Service: s, by: by, kind: kind, rows: rows, columns: make(map[string]int, len(kind.Columns)), bad: make([]bool, len(rows))}
	for i, c := range kind.Columns {
		sh.columns[c.Key] = i
	}
	return sh
}

// cell is what a row has in the column with that key.
func (sh *sheet) cell(i int, key string) string { return sh.rows[i].Cells[sh.columns[key]] }

// wrong is a problem of a row in the column with that key.
func (sh *sheet) wrong(i int, key, reason string) {
	sh.bad[i] = true
	column := ""
	if at, ok := sh.columns[key]; ok {
		column = sh.kind.Columns[at].Title
	}
	sh.problems = append(sh.problems, sh.rows[i].At(column, reason))
}

// line names another row to a person.
func (sh *sheet) line(of, other int) string {
	if sh.rows[of].Sheet != sh.rows[other].Sheet {
		return fmt.Sprintf("工作表「%s」第 %d 行", sh.rows[other].Sheet, sh.rows[other].Line)
	}
	return fmt.Sprintf("第 %d 行", sh.rows[other].Line)
}

// misfits are the problems of rows that could not be brought together with
// people; rows tells the row of each of those that were asked for, keys the
// column of each personal field.
func (sh *sheet) misfits(found []member.Misfit, rows []int, keys map[string]string) {
	for _, m := range found {
		reason := m.Reason
		if m.Other >= 0 {
			reason = "与" + sh.line(rows[m.Index], rows[m.Other]) + reason
		}
		key, ok := keys[m.Field]
		if !ok {
			key = keys[member.FieldName]
		}
		sh.wrong(rows[m.Index], key, reason)
	}
}

// count adds a row to the outcome.
func (sh *sheet) count(created, changed bool) {
	switch {
	case created:
		sh.Created++
	case changed:
		sh.Changed++
	default:
		sh.Same++
	}
}

var genders = []named[string]{{"male", "男"}, {"female", "女"}}

// educations are the words for education.
func educations() []named[string] {
	out := make([]named[string], 0, len(member.Educations))
	for _, e := range member.Educations {
		out = append(out, named[string]{e.Code, e.Name})
	}
	return out
}

// day is the day in the city of a moment; empty for 0.
func (s *Service) day(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).In(s.Location).Format(time.DateOnly)
}

// morning is when a day begins in the city; 0 for an empty one.
func (s *Service) morning(day string) int64 {
	t, err := time.ParseInLocation(time.DateOnly, day, s.Location)
	if err != nil {
		return 0
	}
	return t.UnixMilli()
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
