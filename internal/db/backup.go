package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrElsewhere says that the database's own tools make its backup.
var ErrElsewhere = errors.New("this database is backed up by its own tools")

// Backup copies an embedded database as it is at one moment into a new file
// that only its owner reads, while the service goes on. It never writes over a
// file, and leaves none behind when it fails. Errors: ErrElsewhere for MySQL.
func (d *DB) Backup(ctx context.Context, file string) (err error) {
	if d.Engine != SQLite {
		return ErrElsewhere
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(file)
		}
	}()
	pool, err := d.SQL()
	if err != nil {
		return err
	}
	if _, err := pool.ExecContext(ctx, "VACUUM INTO ?", file); err != nil { // takes an empty file
		return err
	}
	if err := whole(ctx, file); err != nil {
		return err
	}
	// On the disk before anybody is told that it is there: the file, and its name.
	if err := f.Sync(); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// whole reads a database file through.
func whole(ctx context.Context, file string) error {
	pool, err := sql.Open("sqlite", "file:"+file+"?mode=ro")
	if err != nil {
		return err
	}
	defer func() { _ = pool.Close() }()
	var said string
	if err := pool.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return fmt.Errorf("the copy is not whole: %s", said)
	}
	return nil
}
