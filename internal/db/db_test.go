package db_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/db/dbtest"
)

func TestMigrate_ForwardOnceAndByManyReplicasAtOnce(t *testing.T) {
	ctx := context.Background()
	address := dbtest.Empty(t)
	first, err := db.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	if err := first.Check(ctx); !errors.Is(err, db.ErrSchema) {
		t.Fatalf("an empty database must not pass the check: %v", err)
	}
	replicas := 4
	if first.Engine == db.SQLite {
		replicas = 1 // embedded: there is no other
	}
	var wg sync.WaitGroup
	for range replicas {
		wg.Go(func() {
			d, err := db.Open(address)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = d.Close() }()
			if err := d.Migrate(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := first.Check(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestTx_ManyWritersLoseNothing(t *testing.T) {
	ctx := context.Background()
	d := dbtest.New(t)
	exec := func(sql string, args ...any) error {
		return d.Tx(ctx, func(tx *gorm.DB) error { return tx.Exec(sql, args...).Error })
	}
	for _, day := range []string{"a", "b"} {
		if err := exec("INSERT INTO ticket_numbers (day, last) VALUES (?, 0)", day); err != nil {
			t.Fatal(err)
		}
	}
	// Two rows taken in opposite order make MySQL choose deadlock victims.
	const writers, rounds = 8, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			one, two := "a", "b"
			if w%2 == 1 {
				one, two = two, one
			}
			for range rounds {
				err := d.Tx(ctx, func(tx *gorm.DB) error {
					for _, day := range []string{one, two} {
						if err := tx.Exec("UPDATE ticket_numbers SET last = last + 1 WHERE day = ?", day).Error; err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var sum int64
	if err := d.Read(ctx).Raw("SELECT SUM(last) FROM ticket_numbers").Scan(&sum).Error; err != nil {
		t.Fatal(err)
	}
	if sum != 2*writers*rounds {
		t.Fatalf("sum is %d, want %d", sum, 2*writers*rounds)
	}
}

func TestNewIDs_AscendAndNeverMeetOthers(t *testing.T) {
	d := dbtest.New(t)
	seen := map[int64]bool{}
	var wg sync.WaitGroup
	var lock sync.Mutex
	for range 4 {
		wg.Go(func() {
			ids := append(d.NewIDs(10_000), d.NewIDs(1)...)
			if !slices.IsSorted(ids[:10_000]) {
				t.Error("they do not ascend")
			}
			lock.Lock()
			defer lock.Unlock()
			for _, id := range append(ids, d.NewID()) {
				if seen[id] || id <= 0 {
					t.Errorf("%d is there twice, or none", id)
				}
				seen[id] = true
			}
		})
	}
	wg.Wait()
}

func TestTx_DuplicateKeyIsOneErrorOnBothEngines(t *testing.T) {
	ctx := context.Background()
	d := dbtest.New(t)
	insert := func() error {
		return d.Tx(ctx, func(tx *gorm.DB) error {
			return tx.Exec("INSERT INTO ticket_numbers (day, last) VALUES ('x', 0)").Error
		})
	}
	if err := insert(); err != nil {
		t.Fatal(err)
	}
	if err := insert(); !errors.Is(err, gorm.ErrDuplicatedKey) {
		t.Fatalf("got %v", err)
	}
}

func TestOpen_RefusesBadAddressesWithoutThePassword(t *testing.T) {
	for _, address := range []string{"", "postgres://x", "mysql://", "mysql://user:geheim@%zz/"} {
		if _, err := db.Open(address); err == nil {
			t.Errorf("%q was opened", address)
		} else if got := err.Error(); len(got) == 0 || strings.Contains(got, "geheim") {
			t.Errorf("%q: %s", address, got)
		}
	}
}
