package db

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// Rows of one statement: the first within SQLite's 32,766 parameters, the
// second short because the database compares each row with each key.
const (
	insertParameters = 16_000
	updateRows       = 200
	lookupKeys       = 1000
)

// Insert puts many rows into a table, a row's values in the order of the
// columns. It is for ledgers of tens of thousands of rows, where gorm's
// reflection costs more than the database. Errors: gorm.ErrDuplicatedKey.
func Insert(tx *gorm.DB, table string, columns []string, rows [][]any) error {
	return insert(tx, table, columns, rows, "")
}

// Upsert is Insert that gives rows which are there already the new values; the
// first so many columns are the table's key.
func Upsert(tx *gorm.DB, table string, keys int, columns []string, rows [][]any) error {
	sets := make([]string, 0, len(columns)-keys)
	then := " ON CONFLICT (" + strings.Join(columns[:keys], ",") + ") DO UPDATE SET "
	value := "excluded.%[1]s"
	if tx.Name() == MySQL {
		then, value = " ON DUPLICATE KEY UPDATE ", "VALUES(%[1]s)"
	}
	for _, column := range columns[keys:] {
		sets = append(sets, fmt.Sprintf("%[1]s = "+value, column))
	}
	return insert(tx, table, columns, rows, then+strings.Join(sets, ","))
}

func insert(tx *gorm.DB, table string, columns []string, rows [][]any, then string) error {
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",") + ")"
	query := func(n int) string {
		return "INSERT INTO " + table + " (" + strings.Join(columns, ",") + ") VALUES " + strings.TrimSuffix(strings.Repeat(row+",", n), ",") + then
	}
	n := insertParameters / len(columns)
	if len(rows) >= 2*n { // parsed once for all
		full := len(rows) / n * n
		if err := prepared(tx, query(n), slices.Chunk(rows[:full], n)); err != nil {
			return err
		}
		rows = rows[full:]
	}
	for chunk := range slices.Chunk(rows, n) {
		if err := exec(tx, query(len(chunk)), slices.Concat(chunk...)); err != nil {
			return err
		}
	}
	return nil
}

// prepared runs one statement with many rows, several times.
func prepared(tx *gorm.DB, query string, chunks iter.Seq[[][]any]) error {
	statement, err := tx.Statement.ConnPool.PrepareContext(tx.Statement.Context, query)
	if err != nil {
		return err
	}
	defer func() { _ = statement.Close() }()
	for chunk := range chunks {
		if _, err := statement.ExecContext(tx.Statement.Context, slices.Concat(chunk...)...); err != nil {
			return translated(tx, err)
		}
	}
	return nil
}

// Update gives many rows new values; a row is its key and then a value for each
// of the columns.
func Update(tx *gorm.DB, table, key string, columns []string, rows [][]any) error {
	for chunk := range slices.Chunk(rows, updateRows) {
		var args []any
		sets := make([]string, 0, len(columns))
		cases := strings.Repeat(" WHEN ? THEN ?", len(chunk))
		for i, column := range columns {
			sets = append(sets, fmt.Sprintf("%s = CASE %s%s END", column, key, cases))
			for _, row := range chunk {
				args = append(args, row[0], row[i+1])
			}
		}
		for _, row := range chunk {
			args = append(args, row[0])
		}
		q := fmt.Sprintf("UPDATE %s SET %s WHERE %s IN (%s)", table, strings.Join(sets, ", "), key, strings.TrimSuffix(strings.Repeat("?,", len(chunk)), ","))
		if err := exec(tx, q, args); err != nil {
			return err
		}
	}
	return nil
}

// Lookup runs a query, whose one placeholder stands after IN, for many keys and
// returns all that it finds, in no order.
func Lookup[T any, K comparable](tx *gorm.DB, query string, keys []K) ([]T, error) {
	var out []T
	for chunk := range slices.Chunk(keys, lookupKeys) {
		var found []T
		if err := tx.Raw(query, chunk).Scan(&found).Error; err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// exec runs a statement as it is, past gorm.
func exec(tx *gorm.DB, query string, args []any) error {
	_, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, query, args...)
	return translated(tx, err)
}

func translated(tx *gorm.DB, err error) error {
	if t, ok := tx.Dialector.(gorm.ErrorTranslator); ok && err != nil {
		return t.Translate(err)
	}
	return err
}
