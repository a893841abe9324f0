package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"fenlin/internal/db/migrations"
)

// ErrSchema says that the schema is not the one this binary was built for.
var ErrSchema = errors.New("database schema is not current: run `fenlin migrate`")

// Migrate brings the schema forward to this binary's; replicas that start
// together wait for one another. There is no way back.
func (d *DB) Migrate(ctx context.Context) error {
	pool, err := d.SQL()
	if err != nil {
		return err
	}
	if d.Engine == MySQL {
		// openids and tokens differ by case, so the database compares bytes.
		if _, err := pool.ExecContext(ctx, "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
			return fmt.Errorf("set the database's character set: %w", err)
		}
	}
	p, err := d.provider()
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Check returns ErrSchema unless every migration of this binary has been
// applied. Later ones are fine: version n's schema serves binary n−1.
func (d *DB) Check(ctx context.Context) error {
	p, err := d.provider()
	if err != nil {
		return err
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return err
	}
	if pending {
		return ErrSchema
	}
	return nil
}

// Ahead is how many versions the schema is ahead of this binary's; 0 = none.
func (d *DB) Ahead(ctx context.Context) (int64, error) {
	p, err := d.provider()
	if err != nil {
		return 0, err
	}
	there, err := p.GetDBVersion(ctx)
	if err != nil {
		return 0, err
	}
	ours := p.ListSources()
	return max(0, there-ours[len(ours)-1].Version), nil
}

func (d *DB) provider() (*goose.Provider, error) {
	pool, err := d.SQL()
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if d.Engine == MySQL {
		dialect = goose.DialectMySQL
		locker, err := lock.NewMySQLTableLocker(
			lock.WithTableLockTimeout(200*time.Millisecond, 300),
			lock.WithTableUnlockTimeout(200*time.Millisecond, 50))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithLocker(locker))
	}
	return goose.NewProvider(dialect, pool, fs.FS(migrations.FS), options...)
}
