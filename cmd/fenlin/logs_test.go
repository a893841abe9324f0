package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fenlin/internal/app/apptest"
	"fenlin/internal/db/dbtest"
	"fenlin/internal/wechat/wechatsim"
)

// TestLogs_HoldNoPersonalDataAndNameTheirRequest goes through the main job,
// phones, refusals and faults with the log at its most talkative.
func TestLogs_HoldNoPersonalDataAndNameTheirRequest(t *testing.T) {
	c := newCity(t, dbtest.Empty(t))
	program := c.replica(t, binary, c.public)
	sentence := "福馨苑小区3号楼2单元楼道灯坏了，请找张建国，电话13812345678，证件11010519491231002X"
	who, secretary := signedIn(t, program.URL(), resident(1)), signedIn(t, program.URL(), branch)
	call := func(who apptest.Client, method, path string, body any, want int) map[string]any {
		t.Helper()
		status, answer, err := who.Call(t.Context(), method, path, body, "")
		if err != nil || status != want {
			t.Fatalf("%s %s: %d %v %v", method, path, status, answer, err)
		}
		return answer
	}
	call(who, http.MethodPost, "/api/v1/me/phone", map[string]string{"code": "sim:" + resident(1)}, http.StatusOK)
	c.sim.Fail("/cgi-bin/message/template/send", 45009, 1)
	c.sim.Cut("/cgi-bin/message/template/send", 1)
	number := call(who, http.MethodPost, "/api/v1/tickets", map[string]string{"text": sentence}, http.StatusCreated)["number"].(string)
	for _, action := range []string{"accept", "contact", "finish"} {
		call(secretary, http.MethodPost, "/api/v1/tickets/"+number+"/actions", map[string]any{"action": action, "note": "已联系张建国13812345678"}, http.StatusOK)
	}
	call(who, http.MethodPost, "/api/v1/tickets", map[string]string{"text": strings.Repeat("很", 3000)}, http.StatusUnprocessableEntity)
	call(apptest.Client{URL: program.URL(), Token: "no-such-token"}, http.MethodGet, "/api/v1/me", nil, http.StatusUnauthorized)
	for _, text := range []string{"5号楼1单元电梯停了", "查", "隐私", "登录", "转人工"} {
		if _, err := c.sim.Send(context.WithoutCancel(t.Context()), resident(2), wechatsim.Text(text)); err != nil {
			t.Fatal(err)
		}
	}
	if status, answer := send(t.Context(), signedIn(t, program.URL(), clerk), "/api/v1/imports/members?name=张建国.xlsx", bytes.NewReader(c.members(t))); status != http.StatusAccepted {
		t.Fatalf("import: %d %v", status, answer)
	}
	// A table is away: what the database says of it must not quote what was asked.
	d := c.open(t)
	if err := d.Read(t.Context()).Error; err != nil {
		t.Fatal(err)
	}
	pool, err := d.SQL()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.ExecContext(t.Context(), "ALTER TABLE photos RENAME TO photos_away"); err != nil {
		t.Fatal(err)
	}
	if status, _ := send(t.Context(), who, "/api/v1/photos", bytes.NewReader(picture(t))); status != http.StatusServiceUnavailable {
		t.Fatalf("a photo without its table: %d", status)
	}
	if _, err := pool.ExecContext(t.Context(), "ALTER TABLE photos_away RENAME TO photos"); err != nil {
		t.Fatal(err)
	}
	until(t, "all is told", func() bool { return c.spoken(resident(1), number, "已办结") > 0 })
	if _, err := program.Stop(patience); err != nil {
		t.Fatal(err)
	}

	known := []string{"张建国", "楼道灯", "电梯停了", "no-such-token", who.Token, secretary.Token, cityKey, cityAES, "s-of-account", "t-of-callback", "s-of-mini"}
	var names []string
	if err := d.Read(t.Context()).Raw("SELECT name FROM people WHERE name <> ''").Scan(&names).Error; err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if len([]rune(name)) > 1 {
			known = append(known, name)
		}
	}
	log := c.log.String()
	found, err := apptest.Leaks(strings.NewReader(log), known...)
	if err != nil || len(found) > 0 {
		t.Errorf("%v %s", err, strings.Join(found, "\n"))
	}
	documented, requests := loggedFields(t), 0
	for line := range strings.Lines(log) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("not JSON: %s", line)
		}
		if msg := fields["msg"]; msg == "request" || msg == "request failed" {
			requests++
			if id, _ := fields["request_id"].(string); id == "" {
				t.Errorf("without its request's id: %s", line)
			}
		}
		for name := range fields {
			if !slices.Contains(documented, name) {
				t.Errorf("%s is not documented: %s", name, line)
			}
		}
	}
	if requests < 10 || !strings.Contains(log, `"msg":"request failed"`) {
		t.Errorf("only %d lines of requests", requests)
	}
}

// loggedFields are the fields of logs in docs/operation.md.
func loggedFields(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/operation.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## Logs")
	section, _, _ = strings.Cut(section, "\n## ")
	var out []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z_]+`(?:, `[a-z_]+`)*) \\|").FindAllStringSubmatch(section, -1) {
		for name := range strings.SplitSeq(row[1], ", ") {
			out = append(out, strings.Trim(name, "`"))
		}
	}
	return out
}

// TestLogs_EveryFieldIsDocumented holds the fields that the code logs against the table.
func TestLogs_EveryFieldIsDocumented(t *testing.T) {
	used := map[string]string{"time": "slog", "level": "slog", "msg": "slog"}
	for _, folder := range []string{"../../internal", "."} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				for _, name := range fieldsOf(n) {
					used[name] = path
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	documented := loggedFields(t)
	for name, where := range used {
		if !slices.Contains(documented, name) {
			t.Errorf("docs/operation.md does not tell of %q, which %s logs", name, where)
		}
	}
	for _, name := range documented {
		if used[name] == "" {
			t.Errorf("docs/operation.md tells of %q, which nothing logs", name)
		}
	}
	if len(used) < 20 {
		t.Errorf("only %v", slices.Sorted(maps.Keys(used)))
	}
}

// fieldsOf are the names of the fields that a call of slog gives.
func fieldsOf(n ast.Node) (names []string) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return nil
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	// slog.X or something.Log.X.
	of := fmt.Sprint(f.X)
	if deep, ok := f.X.(*ast.SelectorExpr); ok && deep.Sel.Name == "Log" {
		of = "slog"
	}
	first, known := map[string]int{
		"Debug": 1, "Info": 1, "Warn": 1, "Error": 1, "DebugContext": 2, "InfoContext": 2, "WarnContext": 2, "ErrorContext": 2, "Log": 3,
		"String": 0, "Int": 0, "Int64": 0, "Any": 0, "Duration": 0, "Bool": 0,
	}[f.Sel.Name]
	if of != "slog" || !known {
		return nil
	}
	for i := first; i < len(call.Args); i += 2 {
		if lit, ok := call.Args[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if name, err := strconv.Unquote(lit.Value); err == nil {
				names = append(names, name)
			}
		}
	}
	return names
}
