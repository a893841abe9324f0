// Package db opens the one truth, MySQL or SQLite, and gives transactions that
// retry when the database asks for it. Its migrations serve both engines.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	modernc "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The engines.
const (
	MySQL  = "mysql"
	SQLite = "sqlite"
)

// DB is an open database. On SQLite all writing goes through one connection
// beside a pool of readers (more writers only find each other busy); on MySQL
// both are the same pool.
type DB struct {
	Engine string // MySQL or SQLite

	writer *gorm.DB
	reader *gorm.DB
	ids    []*ids // the first for NewID, the others for NewIDs
}

// Pool is the number of connections to MySQL and of readers on SQLite.
const Pool = 32

// Open opens `mysql://user:password@host:3306/name` or `sqlite:PATH`. It does
// not touch the schema: see Migrate and Check.
func Open(address string) (*DB, error) {
	d := &DB{ids: someIDs(1 + generators)}
	var err error
	switch {
	case strings.HasPrefix(address, "sqlite:"):
		err = d.openSQLite(strings.TrimPrefix(address, "sqlite:"))
	case strings.HasPrefix(address, "mysql://"):
		err = d.openMySQL(address)
	default:
		err = errors.New("the database address begins with neither mysql:// nor sqlite: as it must")
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (d *DB) openSQLite(path string) error {
	d.Engine = SQLite
	// SQLite would let everybody read a new one; what it adds beside it has the file's own rights.
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err == nil {
		_ = f.Close()
	} // else SQLite says what is wrong
	dsn := "file:" + path + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_txlock=immediate&_time_format=sqlite&_timezone=UTC"
	open := func(dsn string, conns int) (*gorm.DB, error) {
		g, err := gorm.Open(sqliteDialect{sqlite.Dialector{DriverName: "sqlite", DSN: dsn}}, settings())
		if err != nil {
			return nil, fmt.Errorf("open SQLite %s: %w", path, err)
		}
		pool, err := g.DB()
		if err != nil {
			return nil, err
		}
		pool.SetMaxOpenConns(conns)
		pool.SetMaxIdleConns(conns)
		return g, nil
	}
	var err error
	if d.writer, err = open(dsn, 1); err != nil {
		return err
	}
	d.reader, err = open(dsn+"&_pragma=query_only(1)", Pool)
	return err
}

func (d *DB) openMySQL(address string) error {
	d.Engine = MySQL
	c, err := mysqlConfig(address)
	if err != nil {
		return err
	}
	c.Logger = driverLog{}
	connector, err := mysqldriver.NewConnector(c)
	if err != nil {
		return fmt.Errorf("open MySQL: %w", err)
	}
	pool := sql.OpenDB(connector)
	g, err := gorm.Open(mysqlDialect{mysql.Dialector{Config: &mysql.Config{Conn: pool, DisableWithReturning: true, SkipInitializeWithVersion: true}}}, settings())
	if err != nil {
		return fmt.Errorf("open MySQL: %w", errors.Join(err, pool.Close()))
	}
	pool.SetMaxOpenConns(Pool)
	pool.SetMaxIdleConns(Pool)
	pool.SetConnMaxLifetime(10 * time.Minute)
	d.writer, d.reader = g, g
	return nil
}

// driverLog takes what MySQL's driver says of itself, such as connections that broke.
type driverLog struct{}

// Print implements the driver's Logger.
func (driverLog) Print(v ...any) {
	slog.WarnContext(context.Background(), "MySQL's driver complains", "error", fmt.Sprint(v...))
}

// MySQLDSN turns a mysql:// address into what the driver takes.
func MySQLDSN(address string) (string, error) {
	c, err := mysqlConfig(address)
	if err != nil {
		return "", err
	}
	return c.FormatDSN(), nil
}

func mysqlConfig(address string) (*mysqldriver.Config, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "mysql" || u.Host == "" {
		// The address holds a password, so it is not part of the error.
		return nil, errors.New("database address must look like mysql://user:password@host:3306/name")
	}
	c := mysqldriver.NewConfig()
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.Net, c.Addr, c.DBName = "tcp", u.Host, strings.TrimPrefix(u.Path, "/")
	c.Collation = "utf8mb4_bin"
	c.InterpolateParams = true
	c.ParseTime = true
	c.ClientFoundRows = true // an update that matches is an update, also when nothing changes
	c.Timeout, c.ReadTimeout, c.WriteTimeout = 5*time.Second, 60*time.Second, 60*time.Second
	return c, nil
}

func settings() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard,                          // callers log what they could not handle
		NowFunc:                func() time.Time { return time.Time{} }, // times are values, given by the caller
	}
}

// sqliteDialect is gorm's with errors of the driver we use translated.
type sqliteDialect struct{ sqlite.Dialector }

// Translate maps the driver's unique violations to gorm.ErrDuplicatedKey.
func (sqliteDialect) Translate(err error) error {
	if e, ok := errors.AsType[*modernc.Error](err); ok {
		switch e.Code() {
		case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE:
			return gorm.ErrDuplicatedKey
		}
	}
	return err
}

// Read gives a handle for reading outside transactions.
func (d *DB) Read(ctx context.Context) *gorm.DB { return d.reader.WithContext(ctx) }

// Snapshot runs f on the database as it is at one moment; f only reads.
func (d *DB) Snapshot(ctx context.Context, f func(tx *gorm.DB) error) error {
	return d.reader.WithContext(ctx).Transaction(f, &sql.TxOptions{ReadOnly: true})
}

// Attempts is how often a transaction is tried when the database asks for it.
const Attempts = 8

// Tx runs f in one transaction. When the database gives up the transaction by
// itself (deadlock, lock wait, busy) the whole of f runs again, so f must have
// no effect outside tx; after Attempts it gives up with the last error.
func (d *DB) Tx(ctx context.Context, f func(tx *gorm.DB) error) error {
	for attempt := 1; ; attempt++ {
		err := d.writer.WithContext(ctx).Transaction(f)
		if err == nil || attempt == Attempts || !Retryable(err) {
			return err
		}
		slog.DebugContext(ctx, "transaction runs again", "attempt", attempt, "cause", err)
		wait := time.Duration(1<<attempt) * time.Millisecond
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait/2 + rand.N(wait)):
		}
	}
}

// Retryable says that the database gave the transaction up and a new try may succeed.
func Retryable(err error) bool {
	if e, ok := errors.AsType[*mysqldriver.MySQLError](err); ok {
		return e.Number == 1213 || e.Number == 1205 || e.Number == 1020 // deadlock, lock wait, record changed
	}
	if e, ok := errors.AsType[*modernc.Error](err); ok {
		code := e.Code() & 0xff
		return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
	}
	return false
}

// Ping says whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	pool, err := d.reader.DB()
	if err != nil {
		return err
	}
	return pool.PingContext(ctx)
}

// SQL is the pool that writes, for what gorm is not needed for.
func (d *DB) SQL() (*sql.DB, error) { return d.writer.DB() }

// Close ends all connections.
func (d *DB) Close() error {
	var errs []error
	for _, g := range []*gorm.DB{d.writer, d.reader} {
		if pool, err := g.DB(); err == nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}
