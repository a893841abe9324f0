// Package dbtest gives each test a database of its own, migrated and empty, on
// the engine that FENLIN_TEST_DATABASE names (empty: SQLite).
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fenlin/internal/db"
)

// template is the migrated schema, made once a process and copied for each test.
type template struct {
	once sync.Once
	file []byte   // SQLite: the whole file
	ddl  []string // MySQL: CREATE TABLE statements and the versions' rows
	err  error
}

var made template

// Server is what FENLIN_TEST_DATABASE names: `mysql://user:password@host:port/`, or empty for SQLite.
func Server() string { return os.Getenv("FENLIN_TEST_DATABASE") }

// New opens a new database that is dropped when the test ends.
func New(t testing.TB) *db.DB {
	t.Helper()
	d, err := db.Open(Address(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// Address makes a new migrated database and gives its address, for programs that open it themselves.
func Address(t testing.TB) string {
	t.Helper()
	made.once.Do(func() { made.err = made.make() })
	if made.err != nil {
		t.Fatalf("test database: %v", made.err)
	}
	if Server() == "" {
		path := filepath.Join(t.TempDir(), "fenlin.db")
		if err := os.WriteFile(path, made.file, 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + path
	}
	address, drop, err := Create()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	err = onMySQL(address, func(pool *sql.DB) error {
		for _, statement := range made.ddl {
			if _, err := pool.Exec(statement); err != nil { //nolint:noctx // a test's own set-up
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// Empty makes a new database without any table.
func Empty(t testing.TB) string {
	t.Helper()
	if Server() == "" {
		return "sqlite:" + filepath.Join(t.TempDir(), "empty.db")
	}
	address, drop, err := Create()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	return address
}

func (m *template) make() error {
	ctx := context.Background()
	if Server() == "" {
		dir, err := os.MkdirTemp("", "fenlin-template")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		path := filepath.Join(dir, "template.db")
		d, err := db.Open("sqlite:" + path)
		if err != nil {
			return err
		}
		if err := d.Migrate(ctx); err != nil {
			return err
		}
		if err := d.Close(); err != nil { // closing writes the log back into the file
			return err
		}
		m.file, err = os.ReadFile(path)
		return err
	}
	address, drop, err := Create()
	if err != nil {
		return err
	}
	defer drop()
	d, err := db.Open(address)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	if err := d.Migrate(ctx); err != nil {
		return err
	}
	return onMySQL(address, func(pool *sql.DB) error { m.ddl, err = dump(ctx, pool); return err })
}

// dump is the schema as statements, with goose's table of versions filled.
func dump(ctx context.Context, pool *sql.DB) ([]string, error) {
	rows, err := pool.QueryContext(ctx, "SHOW TABLES")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var tables, out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		tables = append(tables, name)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, name := range tables {
		var ddl string
		if err := pool.QueryRowContext(ctx, "SHOW CREATE TABLE `"+name+"`").Scan(&name, &ddl); err != nil {
			return nil, err
		}
		out = append(out, ddl)
	}
	versions, err := pool.QueryContext(ctx, "SELECT version_id FROM goose_db_version ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer func() { _ = versions.Close() }()
	for versions.Next() {
		var v int64
		if err := versions.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, 1)", v))
	}
	return out, versions.Err()
}

// Create makes an empty database on Server, for what is no test; drop removes it.
func Create() (address string, drop func(), err error) {
	u, err := url.Parse(Server())
	if err != nil {
		return "", nil, fmt.Errorf("FENLIN_TEST_DATABASE is not an address")
	}
	name := fmt.Sprintf("fenlin_test_%d_%d", os.Getpid(), rand.Uint32())
	u.Path = "/"
	server := u.String()
	create := "CREATE DATABASE " + name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	if err := onMySQL(server, func(pool *sql.DB) error { _, err := pool.Exec(create); return err }); err != nil { //nolint:noctx // a test's own set-up
		return "", nil, err
	}
	return strings.TrimSuffix(server, "/") + "/" + name, func() {
		_ = onMySQL(server, func(pool *sql.DB) error { _, err := pool.Exec("DROP DATABASE " + name); return err }) //nolint:noctx // a test's own set-up
	}, nil
}

func onMySQL(address string, f func(*sql.DB) error) error {
	dsn, err := db.MySQLDSN(address)
	if err != nil {
		return err
	}
	pool, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer func() { _ = pool.Close() }()
	return f(pool)
}
