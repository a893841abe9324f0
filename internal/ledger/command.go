package ledger

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"fenlin/internal/org"
)

// Report is what became of a workbook that the operator imported.
type Report struct {
	Outcome
	Total    int
	Problems []Problem // all of them; none: the rows are written, unless only checked
	Notes    []string
	Marked   []byte // the workbook with its problems marked
}

// Operator is who works at the machine itself: what the city's secretary and
// clerk may, everywhere.
func Operator() org.Actor {
	return org.Actor{Posts: []org.Post{{ID: -1, Role: org.CitySecretary, OrgPath: "/"}, {ID: -2, Role: org.Clerk, OrgPath: "/"}}}
}

// Import imports a workbook now, as Send does later; progress is told now and
// then, in rows. It waits for an import of the same kind to end.
func (s *Service) Import(ctx context.Context, by org.Actor, u Upload, progress func(done, total int)) (Report, error) {
	kind, err := s.allowed(ctx, by, u.Kind)
	if err != nil {
		return Report{}, err
	}
	turn := "command-" + strconv.FormatInt(s.DB.NewID(), 36)
	for {
		mine, err := s.takeTurn(ctx, u.Kind, turn)
		if err != nil {
			return Report{}, err
		}
		if mine {
			break
		}
		select {
		case <-ctx.Done():
			return Report{}, ctx.Err()
		case <-time.After(turnWait):
		}
	}
	defer s.endTurn(context.WithoutCancel(ctx), u.Kind, turn)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go s.keepTurn(ctx, func() { stop(errors.New("another import of this kind has begun")) }, u.Kind, turn)
	var total atomic.Int64
	told := context.WithValue(ctx, totalKey{}, func(n int) { total.Store(int64(n)); progress(0, n) })
	told = context.WithValue(told, progressKey{}, func(done int) { progress(done, int(total.Load())) })
	res, err := s.run(told, kind, by, u.Content, u.DryRun, nil)
	return Report{res.Outcome, res.total, res.problems, res.notes, res.marked}, err
}
