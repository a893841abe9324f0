// Package migrations holds the schema, forward only, in the SQL that MySQL,
// MariaDB and SQLite share.
package migrations

import "embed"

// FS holds the migrations in their order.
//
//go:embed *.sql
var FS embed.FS
