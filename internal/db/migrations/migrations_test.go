package migrations_test

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fenlin/internal/db/migrations"
)

// before are the migrations that took something away before there was anybody
// to serve meanwhile. There will be no others.
var before = []string{"00003_the_organisation_and_its_people.sql", "00019_clocks_speak_up.sql"}

// offences is what breaks the binary before, which goes on serving while a
// migration runs and until its own turn to be replaced comes.
var offences = []struct {
	what string
	is   func(statement string) bool
}{
	{"takes a table or column away", matching(`\bDROP\s+(TABLE|COLUMN|PRIMARY)\b|^ALTER TABLE \S+ DROP\s+(?:INDEX\b|KEY\b|CONSTRAINT\b)?\S`)},
	{"renames", matching(`\bRENAME\b|^ALTER TABLE .*\bCHANGE\b`)},
	{"changes the type of a column", matching(`^ALTER TABLE .*\bMODIFY\b|^ALTER TABLE .*\bALTER COLUMN\b`)},
	{"adds a column that an insert must name", func(s string) bool {
		add := regexp.MustCompile(`(?i)^ALTER TABLE \S+ ADD (?:COLUMN )?(.*)$`).FindStringSubmatch(s)
		return add != nil && matching(`\bNOT NULL\b`)(add[1]) && !matching(`\bDEFAULT\b`)(add[1])
	}},
	{"forbids what was allowed", matching(`^ALTER TABLE .*\bADD\s+(?:CONSTRAINT\b.*)?(?:UNIQUE|CHECK|FOREIGN|PRIMARY)\b`)},
}

func matching(pattern string) func(string) bool {
	return regexp.MustCompile(`(?i)` + pattern).MatchString
}

var comment = regexp.MustCompile(`(?m)--.*$`)

// offend is what a migration does to the binary before.
func offend(text string) (found []string) {
	for statement := range strings.SplitSeq(comment.ReplaceAllString(text, ""), ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		for _, o := range offences {
			if o.is(statement) {
				found = append(found, o.what+": "+statement)
			}
		}
	}
	return found
}

func TestMigrations_ServeTheBinaryBefore(t *testing.T) {
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d migrations: %v", len(files), err)
	}
	for _, name := range files {
		text, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		found := offend(string(text))
		if slices.Contains(before, name) != (len(found) > 0) {
			t.Errorf("%s: %q", name, found)
		}
	}
}

func TestMigrations_OffencesAreFound(t *testing.T) {
	for statement, offends := range map[string]bool{
		"ALTER TABLE tickets DROP COLUMN note":                                 true,
		"ALTER TABLE tickets\n  DROP note":                                     true,
		"drop table tickets":                                                   true,
		"ALTER TABLE tickets RENAME COLUMN a TO b":                             true,
		"RENAME TABLE a TO b":                                                  true,
		"ALTER TABLE tickets CHANGE a b BIGINT":                                true,
		"ALTER TABLE tickets MODIFY a BIGINT":                                  true,
		"ALTER TABLE tickets ADD COLUMN a BIGINT NOT NULL":                     true,
		"ALTER TABLE tickets ADD COLUMN a BIGINT NOT NULL DEFAULT 0":           false,
		"ALTER TABLE tickets ADD COLUMN a TEXT":                                false,
		"ALTER TABLE tickets ADD CONSTRAINT c UNIQUE (a)":                      true,
		"CREATE TABLE new (id BIGINT NOT NULL PRIMARY KEY)":                    false,
		"CREATE INDEX i ON tickets (a)":                                        false,
		"-- DROP TABLE tickets\nUPDATE tickets SET a = 1":                      false,
		"-- +goose Up\nCREATE INDEX i ON t (a);\nALTER TABLE t DROP COLUMN a;": true,
	} {
		if found := offend(statement); (len(found) > 0) != offends {
			t.Errorf("%s: %q", statement, found)
		}
	}
}
