package web_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fenlin/internal/wechat/wechatsim"
)

var update = flag.Bool("update", false, "write testdata/matrix.txt anew; read it before it is committed")

const matrixFile = "testdata/matrix.txt"

// attempt is one request of the matrix, tried by everybody.
type attempt struct {
	line      string // as it stands in the file
	operation string
	method    string
	path      string
	body      string
	want      string // status: roles
}

// attempts reads the matrix.
func attempts(t *testing.T) (head string, all []attempt) {
	t.Helper()
	text, err := os.ReadFile(matrixFile)
	must(t, err)
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "#"):
			head += line
		case strings.HasPrefix(line, "  "):
			all[len(all)-1].want += line
		case strings.TrimSpace(line) != "":
			parts := strings.SplitN(strings.TrimSpace(line), " ", 4)
			if len(parts) < 4 {
				parts = append(parts, "")
			}
			all = append(all, attempt{line: line, operation: parts[0], method: parts[1], path: parts[2], body: parts[3]})
		}
	}
	return head, all
}

var placeholder = regexp.MustCompile(`\{[+@]?[\p{Han}\w]+\}`)

// fill puts the town's things where the file names them.
func (w *things) fill(text, who string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		name = strings.Trim(name, "{}")
		if person, ok := strings.CutPrefix(name, "@"); ok {
			return fmt.Sprint(w.Who[person])
		}
		if unit, ok := w.Units[name]; ok {
			return fmt.Sprint(unit)
		}
		day := w.Clock().Add(time.Duration(w.n) * 24 * time.Hour)
		switch name {
		case "n":
			return w.next("")
		case "soon", "later":
			return w.Clock().Add(time.Duration(len(name)-3) * time.Hour).Format(time.RFC3339)
		case "day":
			w.n++
			return day.Add(24 * time.Hour).Format(time.RFC3339)
		case "evening":
			return day.Add(8 * time.Hour).Format(time.RFC3339)
		case "phone": // the last eight digits
			w.n++
			return fmt.Sprintf("%08d", w.n)
		case "site":
			return w.address
		case "phonecode":
			return w.sim.PhoneCode("o-" + who)
		case "checkincode":
			return fmt.Sprint(w.ok("branch", "GET", "/activities/"+w.made["today"]+"/code", nil).at("code"))
		}
		name = strings.TrimPrefix(name, "+")
		if w.made[name] == "" {
			made, ok := w.makers[name]
			if !ok {
				w.t.Fatalf("%s: nobody makes {%s}", matrixFile, name)
			}
			w.made[name] = made()
		}
		return w.made[name]
	})
}

// try sends an attempt as somebody; what it used up is made anew for the next.
func (w *things) try(a attempt, who string) (r reply) {
	signed := who
	if who == "nobody" {
		signed = ""
	}
	path, body := w.fill(a.path, who), w.fill(a.body, who)
	switch body {
	case "":
		r = w.call(w.t, signed, a.method, path, nil)
	case "@picture":
		r = w.call(w.t, signed, a.method, path, aPicture(w.t))
	case "@pdf":
		r = w.call(w.t, signed, a.method, path, []byte("%PDF-1.4\n%%EOF\n"), "Content-Type", "application/pdf")
	case "@workbook":
		r = w.call(w.t, signed, a.method, path, w.book, "Content-Type", "application/octet-stream")
	default:
		r = w.call(w.t, signed, a.method, path, body)
	}
	if r.status < 300 {
		for _, name := range placeholder.FindAllString(a.path+a.body, -1) {
			if thing, ok := strings.CutPrefix(strings.Trim(name, "{}"), "+"); ok {
				delete(w.made, thing)
			}
		}
	}
	return r
}

// whole says in which answers li's own data stand unmasked.
var whole = []string{wechatsim.PhoneOf("o-li"), anID, "福馨苑小区3号楼2单元301"}

// TestMatrix_EveryOperationAsksWhoCalls tries every operation of the document as
// everybody on what belongs to somebody, and compares with testdata/matrix.txt,
// which people have read. An operation without an entry fails, and so does an
// entry without an operation, and an operation that nobody can use.
func TestMatrix_EveryOperationAsksWhoCalls(t *testing.T) {
	if raced {
		t.Skip("4,000 requests one after the other: there is nothing to race")
	}
	head, all := attempts(t)
	w := populate(t)
	missing := map[string]bool{}
	for _, item := range w.document.Paths.Map() {
		for _, op := range item.Operations() {
			missing[op.OperationID] = true
		}
	}
	var out bytes.Buffer
	out.WriteString(head)
	cells := 0
	for _, a := range all {
		byStatus, unmasked := map[int][]string{}, []string{}
		for _, who := range roles {
			r := w.try(a, who)
			byStatus[r.status] = append(byStatus[r.status], who)
			cells++
			if slices.ContainsFunc(whole, func(secret string) bool { return bytes.Contains(r.content, []byte(secret)) }) {
				unmasked = append(unmasked, who)
			}
			if gone := map[string]bool{"signOut": true, "signOutEverywhere": true, "closeMe": true}; gone[a.operation] && r.status < 300 {
				delete(w.tokens, who)
			}
		}
		var got string
		for _, status := range slices.Sorted(maps.Keys(byStatus)) {
			got += fmt.Sprintf("  %d: %s\n", status, strings.Join(byStatus[status], " "))
			if status < 300 {
				missing[a.operation] = false
			}
		}
		if len(unmasked) > 0 {
			got += fmt.Sprintf("  in full: %s\n", strings.Join(unmasked, " "))
		}
		if got != a.want && !*update {
			t.Errorf("%sgot\n%swant\n%s", a.line, got, a.want)
		}
		found, _, err := w.router.FindRoute(request(t, a.method, w.address+"/api/v1"+strings.Split(w.fill(a.path, "li"), "?")[0]))
		if err != nil || found.Operation.OperationID != a.operation {
			t.Errorf("%sis no request of that operation: %v", a.line, err)
		}
		fmt.Fprintf(&out, "\n%s%s", a.line, got)
	}
	for operation, unknown := range missing {
		if unknown {
			t.Errorf("%s has no entry in %s that succeeds", operation, matrixFile)
		}
	}
	t.Logf("%d operations, %d requests, %d roles, %d answers", len(missing), len(all), len(roles), cells)
	if *update {
		must(t, os.WriteFile(matrixFile, out.Bytes(), 0o600))
	}
}
