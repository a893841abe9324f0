package app_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"fenlin/internal/app"
	"fenlin/internal/db/dbtest"
	"fenlin/internal/wechat/wechatsim"
)

// secrets are what must never stand in clear anywhere: phones, ID numbers,
// births and addresses, made for this test.
var secrets = map[string]string{
	"phone by hand": "13912307654", "ID number by hand": "110105194912310038", "address by hand": "凤鸣巷七十七号院西屋",
	"phone in a workbook": "13912307655", "ID number in a workbook": "110105195001010020", "address in a workbook": "凤鸣巷七十八号院东屋", "a wrong ID number in a workbook": "110105195001010021",
	"ID number to correct": "11010519491231002X", "a wrong ID number": "110105194912310020", "birth": "1949-12-31",
}

// TestPersonalData_IsNowhereInClear goes every way on which personal data come
// in, and then reads the database as it lies on the disk, the other files
// and the log.
func TestPersonalData_IsNowhereInClear(t *testing.T) {
	log := &safeLog{}
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	a := start(t, "")
	base := "http://" + a.Addr()
	secrets["phone bound"] = wechatsim.PhoneOf(resident)

	who, clerk := signIn(t, base, resident), signIn(t, base, "sim-clerk")
	who.do(t, http.MethodPost, "/api/v1/me/phone", map[string]string{"code": a.Sim.PhoneCode(resident)}, http.StatusOK)
	send(t, a.Sim, resident, "3号楼2单元楼道灯坏了，凤鸣巷口")
	home := who.do(t, http.MethodGet, "/api/v1/me", nil, http.StatusOK)["compound"].(map[string]any)
	one := map[string]any{
		"name": "凤鸣巷测试员", "phone": secrets["phone by hand"], "id_number": secrets["a wrong ID number"], "address": secrets["address by hand"],
		"category": "resident", "branch_id": home["id"],
	}
	clerk.do(t, http.MethodPost, "/api/v1/members", one, http.StatusUnprocessableEntity)
	one["id_number"] = secrets["ID number by hand"]
	made := clerk.do(t, http.MethodPost, "/api/v1/members", one, http.StatusCreated)
	clerk.do(t, http.MethodPost, fmt.Sprintf("/api/v1/members/%s/reveal", made["id"]), map[string]string{"field": "id_number", "reason": "核对"}, http.StatusOK)
	clerk.do(t, http.MethodGet, "/api/v1/members?q="+secrets["ID number by hand"], nil, http.StatusOK)
	member := signIn(t, base, community)
	member.do(t, http.MethodPost, "/api/v1/me/corrections", map[string]string{"field": "id_number", "value": secrets["ID number to correct"]}, http.StatusCreated)
	importMembers(t, clerk, secrets["ID number in a workbook"], "done")
	importMembers(t, clerk, secrets["a wrong ID number in a workbook"], "refused")

	places := map[string][]byte{"the log": log.all(), "the database": rows(t, a)}
	for name, content := range files(t, a.Config) {
		places[name] = content
	}
	found := false
	for place, content := range places {
		found = found || bytes.Contains(content, []byte("凤鸣巷测试员")) // names are not sealed: the places are the right ones
		for what, secret := range secrets {
			if i := bytes.Index(content, []byte(secret)); i >= 0 {
				t.Errorf("%s stands in %s: …%q…", what, place, content[max(0, i-40):min(len(content), i+60)])
			}
		}
	}
	if !found || !bytes.Contains(places["the database"], []byte("凤鸣巷测试员")) || !bytes.Contains(places["the database"], []byte("凤鸣巷口")) {
		t.Error("the places that were searched hold nothing at all")
	}
}

// safeLog is a log that may be read while it grows.
type safeLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *safeLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *safeLog) all() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.text.Bytes())
}

// importMembers sends a members' ledger of one row and awaits its end.
func importMembers(t *testing.T, clerk api, idNumber, ends string) {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(get(t, clerk.base+"/api/v1/templates/members", clerk.token)))
	if err != nil {
		t.Fatal(err)
	}
	sheet := book.GetSheetName(0)
	titles, err := book.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	if len(titles) == 0 || titles[0][0] != "姓名*" {
		t.Fatalf("the template begins with %v", titles)
	}
	for i, title := range titles[0] {
		value := map[string]string{
			"姓名": "凤鸣巷测试员二", "身份证号": idNumber, "联系电话": secrets["phone in a workbook"], "家庭住址": secrets["address in a workbook"],
			"党员类别": "直管党员", "所在党支部": "福馨苑小区",
		}[strings.TrimSuffix(title, "*")]
		cell, err := excelize.CoordinatesToCellName(i+1, 2)
		if err != nil || book.SetCellValue(sheet, cell, value) != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, clerk.base+"/api/v1/imports/members?name=members.xlsx", &out)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+clerk.token)
	req.Header.Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusAccepted {
		t.Fatalf("import: %v %v", res, err)
	}
	_ = res.Body.Close()
	for range 200 {
		job := clerk.do(t, http.MethodGet, "/api/v1/imports?limit=1", nil, http.StatusOK)["items"].([]any)[0].(map[string]any)
		if state := job["state"]; state == ends {
			return
		} else if state != "queued" && state != "running" {
			t.Fatalf("the import ended as %v: %v", state, clerk.do(t, http.MethodGet, fmt.Sprint("/api/v1/imports/", job["id"]), nil, http.StatusOK)["problems"])
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the import does not end")
}

func get(t *testing.T, address, token string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", address, res.StatusCode, content, err)
	}
	return content
}

// rows is everything in every table, as the engine gives it.
func rows(t *testing.T, a *app.App) []byte {
	t.Helper()
	pool, err := a.DB.SQL()
	if err != nil {
		t.Fatal(err)
	}
	query := func(q string, each func([]sql.RawBytes)) {
		rows, err := pool.QueryContext(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		row, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			each(row)
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
	}
	tables := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if dbtest.Server() != "" {
		tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
	}
	var names []string
	query(tables, func(row []sql.RawBytes) { names = append(names, string(row[0])) })
	if len(names) < 20 {
		t.Fatalf("only %v", names)
	}
	var out bytes.Buffer
	for _, name := range names {
		query("SELECT * FROM "+name, func(row []sql.RawBytes) {
			out.WriteString(name)
			for _, cell := range row {
				out.WriteByte('|')
				out.Write(cell)
			}
			out.WriteByte('\n')
		})
	}
	return out.Bytes()
}

// files are those of the database and of the data folder.
func files(t *testing.T, cfg app.Config) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	folders := []string{cfg.DataDir}
	if path, ok := strings.CutPrefix(cfg.Database, "sqlite:"); ok {
		folders = append(folders, filepath.Dir(path))
	}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			out[path] = content
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
