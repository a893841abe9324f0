package migrations_test

import (
	"io/fs"
	"regexp"
	"testing"

	"fenlin/internal/db/migrations"
)

// What would tie the schema to one server, so that it could not be split or
// moved to a database that is many (docs/scaling.md).
var tied = regexp.MustCompile(`(?i)\b(auto_increment|autoincrement|foreign\s+key|references\s+\w+\s*\(|on\s+(delete|update)\s+(cascade|set|restrict)|create\s+(trigger|procedure|function|event|view|temporary)|fulltext|spatial|generated\s+always|engine\s*=)`)

func TestSchema_HasNothingThatTiesItToOneServer(t *testing.T) {
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil || len(names) < 30 {
		t.Fatalf("%d migrations, %v", len(names), err)
	}
	for _, name := range names {
		text, err := migrations.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if found := tied.FindAll(text, -1); len(found) > 0 {
			t.Errorf("%s: %q", name, found)
		}
	}
	if !tied.MatchString("id BIGINT AUTO_INCREMENT") || !tied.MatchString("REFERENCES tickets (id)") {
		t.Error("the test finds nothing")
	}
}
