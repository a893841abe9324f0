package db_test

import (
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"fenlin/internal/db"
)

// FuzzMySQLDSN reads addresses: what is accepted the driver takes, and what is refused tells no password.
func FuzzMySQLDSN(f *testing.F) {
	for _, address := range []string{
		"mysql://user:password@host:3306/fenlin", "mysql://user:p%40ss%2F@[::1]:3306/f", "mysql://host", "mysql://", "mysql://u:secret-word@h:port/x", "mysql://u@h/a/b", "mysql://u:p@h/f?tls=true&multiStatements=true", "sqlite:x", "mysql://%zz",
		"mysql://u:p@h/f?allowAllFiles=true",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		dsn, err := db.MySQLDSN(address)
		if err != nil {
			if strings.Contains(address, "secret-word") && strings.Contains(err.Error(), "secret-word") {
				t.Fatalf("%v tells the password", err)
			}
			return
		}
		c, err := mysql.ParseDSN(dsn)
		if err != nil {
			t.Fatalf("%q became %q: %v", address, dsn, err)
		}
		if c.AllowAllFiles || c.MultiStatements || c.AllowFallbackToPlaintext {
			t.Fatalf("%q opens what must stay shut: %q", address, dsn)
		}
	})
}
