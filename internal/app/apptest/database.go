package apptest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"fenlin/internal/db"
)

// EmptyDatabase makes an empty database on a server of MySQL's kind
// (mysql://user:password@host:port/), for whoever is no test; drop takes it away.
func EmptyDatabase(ctx context.Context, server string) (address string, drop func(), err error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, errors.New("FENLIN_TEST_DATABASE is not an address")
	}
	u.Path = "/"
	dsn, err := db.MySQLDSN(u.String())
	if err != nil {
		return "", nil, err
	}
	root, err := sql.Open("mysql", dsn)
	if err != nil {
		return "", nil, err
	}
	_, _ = root.ExecContext(ctx, "SET GLOBAL local_infile = 1") // MariaDB has it on
	name := fmt.Sprintf("fenlin_measured_%d", time.Now().UnixNano())
	if _, err := root.ExecContext(ctx, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
		_ = root.Close()
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() {
		_, _ = root.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+name)
		_ = root.Close()
	}, nil
}
