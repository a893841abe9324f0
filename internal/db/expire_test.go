package db_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/db/dbtest"
)

// looks are rows of one a millisecond, n of them.
func looks(t *testing.T, d *db.DB, n int) {
	t.Helper()
	rows := make([][]any, 0, n)
	for i := range n {
		rows = append(rows, []any{i + 1, 1, "", 2, "phone", "", "", i})
	}
	err := d.Tx(t.Context(), func(tx *gorm.DB) error {
		return db.Insert(tx, "access_log", []string{"id", "by_id", "by_title", "subject_id", "field", "ticket", "reason", "at"}, rows)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func expire(ctx context.Context, d *db.DB, x db.Expiry, drop func(tx *gorm.DB, ids []int64) *gorm.DB) (int64, error) {
	return db.Expire(ctx, d, x, db.Due[int64]{Key: "id", From: "access_log WHERE at < ?", Args: []any{x.Before.UnixMilli()}, Drop: drop})
}

func dropped(tx *gorm.DB, ids []int64) *gorm.DB {
	return tx.Exec("DELETE FROM access_log WHERE id IN ?", ids)
}

func left(t *testing.T, d *db.DB) (n int64) {
	t.Helper()
	if err := d.Read(t.Context()).Raw("SELECT COUNT(*) FROM access_log").Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

func TestExpire_ManyGoInBatchesAlsoWhenReplicasDoItAtOnce(t *testing.T) {
	d := dbtest.New(t)
	looks(t, d, 3_000)
	x := db.Expiry{Before: time.UnixMilli(2_900)}
	if n, err := expire(t.Context(), d, db.Expiry{Before: x.Before, Dry: true}, dropped); err != nil || n != 2_900 || left(t, d) != 3_000 {
		t.Fatalf("a dry run: %d %v, %d are left", n, err, left(t, d))
	}
	var group sync.WaitGroup
	var gone atomic.Int64
	var most atomic.Int64
	for range 3 {
		group.Go(func() {
			n, err := expire(t.Context(), d, x, func(tx *gorm.DB, ids []int64) *gorm.DB {
				most.Store(max(most.Load(), int64(len(ids))))
				return dropped(tx, ids)
			})
			if err != nil {
				t.Error(err)
			}
			gone.Add(n)
		})
	}
	group.Wait()
	// One that came too late for a batch may have stopped; never all of them.
	if gone.Load() != 2_900 || left(t, d) != 100 || most.Load() > 500 {
		t.Errorf("%d went, %d are left, %d in one batch", gone.Load(), left(t, d), most.Load())
	}
}

func TestExpire_TellsOfItsProgressAndGoesOnWhereItStopped(t *testing.T) {
	d := dbtest.New(t)
	looks(t, d, 1_600)
	ctx, stop := context.WithCancel(t.Context())
	var told []int64
	x := db.Expiry{Before: time.UnixMilli(1_500), Told: func(n int64) {
		if told = append(told, n); n == 1_000 {
			stop()
		}
	}}
	if n, err := expire(ctx, d, x, dropped); !errors.Is(err, context.Canceled) || n != 1_000 || len(told) != 2 || told[0] != 500 {
		t.Errorf("stopped: %d %v, told %v", n, err, told)
	}
	if n, err := expire(t.Context(), d, x, dropped); err != nil || n != 500 || left(t, d) != 100 {
		t.Errorf("again: %d %v, %d are left", n, err, left(t, d))
	}
	fault := errors.New("the disk is full")
	_, err := expire(t.Context(), d, db.Expiry{Before: time.UnixMilli(1_550)}, func(tx *gorm.DB, ids []int64) *gorm.DB {
		gone := dropped(tx, ids)
		_ = gone.AddError(fault)
		return gone
	})
	if !errors.Is(err, fault) || left(t, d) != 100 {
		t.Errorf("a fault: %v, %d are left", err, left(t, d))
	}
}
