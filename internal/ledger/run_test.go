package ledger

import (
	"context"
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db/dbtest"
	"fenlin/internal/errs"
	"fenlin/internal/org"
)

func TestRun_AllOrNothing(t *testing.T) {
	s := &Service{DB: dbtest.New(t)}
	raw := packed(t, nil)
	write := func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO import_turns (kind, holder, until_at) VALUES ('x', '', 0)").Error
	}
	written := func() (n int64) {
		if err := s.DB.Read(t.Context()).Raw("SELECT COUNT(*) FROM import_turns").Scan(&n).Error; err != nil {
			t.Fatal(err)
		}
		return n
	}
	fault := errors.New("the disk is full")
	for _, c := range []struct {
		name     string
		dry      bool
		apply    func(tx *gorm.DB, rows []Row) ([]Problem, error)
		problems int
		fault    bool
		rows     int64
	}{
		{"a problem", false, func(tx *gorm.DB, rows []Row) ([]Problem, error) {
			return []Problem{rows[0].At("名称", "不对")}, write(tx)
		}, 1, false, 0},
		{"a refusal", false, func(tx *gorm.DB, _ []Row) ([]Problem, error) {
			return nil, errors.Join(write(tx), errs.New(errs.Forbidden, "x", "不行"))
		}, 1, false, 0},
		{"a fault", false, func(tx *gorm.DB, _ []Row) ([]Problem, error) { return nil, errors.Join(write(tx), fault) }, 0, true, 0},
		{"a panic", false, func(tx *gorm.DB, _ []Row) ([]Problem, error) { _ = write(tx); panic("!") }, 0, true, 0},
		{"a check", true, func(tx *gorm.DB, _ []Row) ([]Problem, error) { return nil, write(tx) }, 0, false, 0},
		{"a good file", false, func(tx *gorm.DB, _ []Row) ([]Problem, error) { return nil, write(tx) }, 0, false, 1},
	} {
		k := smallKind
		k.Apply = func(_ context.Context, _ *Service, tx *gorm.DB, _ org.Actor, rows []Row) (Outcome, []Problem, error) {
			problems, err := c.apply(tx, rows)
			return Outcome{Created: 1}, problems, err
		}
		res, err := s.run(t.Context(), k, org.Actor{}, raw, c.dry, nil)
		if (err != nil) != c.fault || len(res.problems) != c.problems || (len(res.marked) > 0) != (c.problems > 0) || written() != c.rows {
			t.Errorf("%s: %+v %v, %d rows", c.name, res.problems, err, written())
		}
	}
}

// What only the tables know is told together with what is wrong in the cells.
func TestRun_TellsAllProblemsOfAFileAtOnce(t *testing.T) {
	s := &Service{DB: dbtest.New(t)}
	text := func(s string) string { return `<c t="inlineStr"><is><t>` + s + `</t></is></c>` }
	rows := `<row>` + text("名称") + text("社区") + text("日期") + text("联系电话") + `</row>` +
		`<row>` + text("甲") + text("没有的社区") + text("昨天") + `</row><row>` + text("乙") + `</row><row>` + text("丙") + text("没有的社区") + `</row>`
	k := smallKind
	k.Apply = func(_ context.Context, _ *Service, _ *gorm.DB, _ org.Actor, rows []Row) (Outcome, []Problem, error) {
		var out []Problem
		for _, r := range rows {
			out = append(out, r.At("社区", "没有这个社区"))
		}
		return Outcome{}, out, nil
	}
	for nested, want := range map[bool][]int{false: {2, 2, 3, 4}, true: {2, 3}} {
		k.Nested = nested
		res, err := s.run(t.Context(), k, org.Actor{}, packed(t, parts{"xl/worksheets/sheet1.xml": data(rows)}), false, nil)
		if err != nil || len(res.problems) != len(want) {
			t.Fatalf("nested %t: %+v %v", nested, res.problems, err)
		}
		for i, p := range res.problems {
			if p.Line != want[i] {
				t.Errorf("nested %t: %+v", nested, res.problems)
			}
		}
	}
}

func TestTurn_OneImportOfAKindAtATime(t *testing.T) {
	c := newClock()
	s := &Service{DB: dbtest.New(t), Now: c.now}
	take := func(kind, holder string, want bool) {
		t.Helper()
		if mine, err := s.takeTurn(t.Context(), kind, holder); err != nil || mine != want {
			t.Errorf("%s for %s: %t %v", kind, holder, mine, err)
		}
	}
	take("units", "a", true)
	take("units", "a", true)
	take("units", "b", false)
	take("members", "b", true)
	s.endTurn(t.Context(), "units", "b") // not b's
	take("units", "b", false)
	s.endTurn(t.Context(), "units", "a")
	take("units", "b", true)
	c.forward(turnTime + 1e6)
	take("units", "c", true) // b's program is dead
	take("units", "b", false)
}

// clock is a time that the test moves.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) forward(d time.Duration) { c.at = c.at.Add(d) }
