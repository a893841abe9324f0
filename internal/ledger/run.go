package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
)

const (
	turnTime = 30 * time.Second // a program that died holds its turn no longer
	turnWait = 2 * time.Second  // before the turn is asked for again
	maxRuns  = 3                // a file on which the program died so often is given up
)

// Slow gives the outbox's handlers of minutes.
func (s *Service) Slow() map[string]outbox.Handler {
	return map[string]outbox.Handler{TopicRun: s.handle}
}

// handle imports a workbook. When the program dies in the middle it runs again
// from the start, since nothing was written.
func (s *Service) handle(ctx context.Context, e outbox.Event) error {
	var t ticket
	if err := e.Decode(&t); err != nil {
		return err
	}
	var job Import
	err := s.DB.Read(ctx).Take(&job, "id = ?", t.ImportID).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return outbox.Cancel(err)
	}
	if err != nil || job.FinishedAt != 0 {
		return err
	}
	if e.Attempts > maxRuns {
		return s.finish(ctx, job.ID, result{failed: true})
	}
	turn := strconv.FormatInt(job.ID, 36) + "-" + strconv.Itoa(e.Attempts)
	mine, err := s.takeTurn(ctx, job.Kind, turn)
	if err != nil {
		return err
	}
	if !mine {
		return outbox.Snooze(turnWait)
	}
	defer s.endTurn(context.WithoutCancel(ctx), job.Kind, turn)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go s.keepTurn(ctx, stop, job.Kind, turn)
	return s.runJob(ctx, job)
}

// runJob runs an import that has the turn.
func (s *Service) runJob(ctx context.Context, job Import) error {
	kind, err := KindOf(job.Kind)
	if err != nil {
		return s.finish(ctx, job.ID, result{failed: true})
	}
	if err := s.update(ctx, job.ID, map[string]any{"state": Running, "total": 0, "done": 0}); err != nil {
		return err
	}
	raw, err := s.Keys.OpenBytes(job.Workbook, sentPlace(job.ID))
	if err != nil {
		slog.ErrorContext(ctx, "an import cannot be opened", "import", job.ID, "error", err)
		return s.finish(ctx, job.ID, result{failed: true})
	}
	by, err := s.Org.Actor(ctx, job.ByID, 0) // the posts held now
	if err != nil {
		return err
	}
	p := s.watch(job.ID)
	defer s.unwatch(job.ID)
	res, err := s.run(p.context(ctx), kind, by, raw, job.DryRun, func(tx *gorm.DB, res result) error {
		set, err := s.settled(job.ID, res)
		if err != nil {
			return err
		}
		// In the same transaction as the rows: what is written is done.
		return tx.Model(&Import{}).Where("id = ?", job.ID).Updates(set).Error
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err() // it begins anew
	case err != nil:
		slog.ErrorContext(ctx, "an import failed", "import", job.ID, "kind", job.Kind, "error", err)
		return s.finish(ctx, job.ID, result{failed: true})
	case res.written:
		return nil
	}
	return s.finish(ctx, job.ID, res)
}

// result is how an import ended.
type result struct {
	Outcome
	total    int
	problems []Problem
	notes    []string
	marked   []byte
	failed   bool
	written  bool // and settled
}

// errBack rolls a transaction back that did nothing wrong.
var errBack = errors.New("ledger: rolled back")

// run reads a workbook and applies its rows, all or none. keep, when not nil,
// is part of the transaction that writes the rows. An error is a fault of ours.
func (s *Service) run(ctx context.Context, kind Kind, by org.Actor, raw []byte, dry bool, keep func(*gorm.DB, result) error) (res result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	r, err := read(ctx, kind, raw)
	if refused, ok := refusal(err); ok {
		return s.refuse(nil, kind, &reading{problems: []Problem{{Reason: refused.Message}}})
	}
	if err != nil {
		return result{}, err
	}
	if s.reached(ctx, r.total); len(r.rows) > 0 && (r.left == 0 || !kind.Nested) {
		var found []Problem
		err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
			found, res = nil, result{total: r.total, notes: r.notes}
			out, problems, err := kind.Apply(ctx, s, tx, by, r.rows)
			if err != nil {
				return err
			}
			if res.Outcome, found = out, problems; len(problems) > 0 || len(r.problems) > 0 || dry {
				return errBack
			}
			res.written = true
			if keep == nil {
				return nil
			}
			return keep(tx, res)
		})
		if refused, ok := refusal(err); ok {
			found, err = []Problem{{Reason: refused.Message}}, errBack
		}
		if err != nil && !errors.Is(err, errBack) {
			return result{}, err
		}
		r.problems = append(r.problems, found...)
	}
	if len(r.problems) > 0 {
		r.order()
		return s.refuse(raw, kind, r)
	}
	return res, nil
}

// refusal is an error that a person may see and mend.
func refusal(err error) (*errs.Error, bool) {
	e, ok := errors.AsType[*errs.Error](err)
	return e, ok && e.Kind != errs.Unavailable
}

// refuse makes the workbook that says what is wrong.
func (s *Service) refuse(raw []byte, kind Kind, r *reading) (result, error) {
	res := result{total: r.total, problems: r.problems, notes: r.notes}
	var err error
	if raw != nil {
		if res.marked, err = mark(raw, kind, r); err != nil {
			slog.Warn("a workbook cannot be marked", "kind", kind.Code, "error", err)
		}
	}
	if err != nil || raw == nil || len(res.marked) > maxWorkbook {
		res.marked, err = resultOnly(r)
	}
	return res, err
}

// order sorts the problems as they stand in the file, those of the whole first.
func (r *reading) order() {
	sheets := map[string]int{}
	for i, s := range r.sheets {
		sheets[s.name] = i + 1
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		if d := sheets[a.Sheet] - sheets[b.Sheet]; d != 0 {
			return d
		}
		return a.Line - b.Line
	})
}

// settled is how the table holds a result. The workbook that was sent goes.
func (s *Service) settled(id int64, res result) (map[string]any, error) {
	state, problems := Done, res.problems
	switch {
	case res.failed:
		state, problems = Failed, []Problem{{Reason: failedReason}}
	case len(problems) > 0:
		state = Refused
	}
	told, err := s.seal(id, problems, res.notes)
	return map[string]any{
		"state": state, "total": res.total, "done": res.total, "created": res.Created, "changed": res.Changed, "same": res.Same, "bad": len(res.problems),
		"problems": told, "workbook": []byte{}, "marked": s.Keys.SealBytes(res.marked, markedPlace(id)), "finished_at": s.Now().UnixMilli(),
	}, err
}

func (s *Service) finish(ctx context.Context, id int64, res result) error {
	set, err := s.settled(id, res)
	if err != nil {
		return err
	}
	return s.update(context.WithoutCancel(ctx), id, set)
}

func (s *Service) update(ctx context.Context, id int64, set map[string]any) error {
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Model(&Import{}).Where("id = ? AND finished_at = 0", id).Updates(set).Error
	})
}

// turn is whose workbook of a kind is being imported.
type turn struct {
	Kind    string
	Holder  string
	UntilAt int64
}

// TableName is gorm's.
func (turn) TableName() string { return "import_turns" }

// takeTurn begins or renews a turn.
func (s *Service) takeTurn(ctx context.Context, kind, holder string) (bool, error) {
	mine, now := false, s.Now()
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "kind"}}, DoNothing: true}).Create(&turn{Kind: kind}).Error; err != nil {
			return err
		}
		taken := tx.Exec("UPDATE import_turns SET holder = ?, until_at = ? WHERE kind = ? AND (until_at < ? OR holder = ?)",
			holder, now.Add(turnTime).UnixMilli(), kind, now.UnixMilli(), holder)
		mine = taken.RowsAffected == 1
		return taken.Error
	})
	return mine, err
}

// keepTurn renews a turn until ctx ends, and ends it when the turn is lost.
func (s *Service) keepTurn(ctx context.Context, stop func(), kind, holder string) {
	tick := time.NewTicker(turnTime / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		// On SQLite it waits until the import's own transaction ends: there is no other program.
		if mine, err := s.takeTurn(ctx, kind, holder); err == nil && !mine {
			stop()
		}
	}
}

func (s *Service) endTurn(ctx context.Context, kind, holder string) {
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE import_turns SET until_at = 0 WHERE kind = ? AND holder = ?", kind, holder).Error
	})
	if err != nil && !db.Retryable(err) {
		slog.WarnContext(ctx, "an import's turn was not given back; it ends by itself", "kind", kind, "error", err)
	}
}
