package db

import (
	"regexp"
	"slices"

	mysqldriver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
)

// mysqlDialect is gorm's, with errors that quote no values: they go to logs, and
// values are people's.
type mysqlDialect struct{ mysql.Dialector }

// Translate maps unique violations to gorm.ErrDuplicatedKey, and hides values.
func (d mysqlDialect) Translate(err error) error {
	if known := d.Dialector.Translate(err); known != err { //nolint:errorlint // what was not translated is the same
		return known
	}
	return hidden(err)
}

// namesOnly are the errors whose text quotes names of the schema and of the
// server alone.
var namesOnly = []uint16{1020, 1040, 1044, 1045, 1048, 1049, 1054, 1142, 1146, 1205, 1213, 1290, 1364, 1406, 1698, 1836}

// quoted is all from the first quote to the last: MariaDB escapes none between them.
var quoted = regexp.MustCompile(`(?s)'.*'|'.*$`)

// hidden is the server's error without what it quotes.
func hidden(err error) error {
	e, ok := err.(*mysqldriver.MySQLError) //nolint:errorlint // what wraps it would have quoted it already
	if !ok || slices.Contains(namesOnly, e.Number) {
		return err
	}
	return &mysqldriver.MySQLError{Number: e.Number, SQLState: e.SQLState, Message: quoted.ReplaceAllString(e.Message, "'…'")}
}
