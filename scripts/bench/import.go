package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/xuri/excelize/v2"
	"gorm.io/gorm"

	"fenlin/internal/app"
	"fenlin/internal/db/dbtest"
	"fenlin/internal/ledger"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/worker"
)

// imported is how many members the ledger has.
const imported = 50_000

// imports measures the import of a members' ledger on MariaDB (rows checked
// already → tables: people found, compared, sealed, written with history)
// against LOAD DATA of the same rows into the same tables, with the same
// fields sealed on the way.
func imports(ctx context.Context, _ time.Duration, rounds int) ([]line, error) {
	address, drop, err := emptyDatabase()
	if err != nil {
		return nil, err
	}
	defer drop()
	t, err := newTarget(ctx, address)
	if err != nil {
		return nil, err
	}
	defer t.app.Close()
	rows, err := t.rows()
	if err != nil {
		return nil, err
	}
	o, l, ratio, err := rates(rounds,
		func() (float64, error) { return t.timed(ctx, func() error { return t.apply(ctx, rows) }) },
		func() (float64, error) { return t.timed(ctx, func() error { return t.load(ctx, rows) }) })
	if err != nil {
		return nil, err
	}
	out := []line{compared(fmt.Sprintf("import of %d members / LOAD DATA and the same encryption", imported), o, l, ratio, 0.5)}
	whole, err := t.whole(ctx, rows)
	if err != nil {
		return nil, err
	}
	start := time.Now() // the same file once more, with everybody there
	if err := t.apply(ctx, rows); err != nil {
		return nil, err
	}
	again := time.Since(start)
	return append(out,
		line{"the same with reading the workbook", whole.Round(time.Millisecond).String(), "", "", "", true},
		line{"the same file again, which changes nothing", again.Round(time.Millisecond).String(), "", "", "", true}), nil
}

// whole is how long the import of the workbook takes, its reading and checking included.
func (t *target) whole(ctx context.Context, rows []ledger.Row) (time.Duration, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return 0, err
	}
	titles := make([]any, 0, len(t.kind.Columns))
	for _, c := range t.kind.Columns {
		titles = append(titles, c.Title)
	}
	if err := w.SetRow("A1", titles); err != nil {
		return 0, err
	}
	for i, r := range rows {
		cells := make([]any, 0, len(r.Cells))
		for _, c := range r.Cells {
			cells = append(cells, c)
		}
		if err := w.SetRow(fmt.Sprintf("A%d", i+2), cells); err != nil {
			return 0, err
		}
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	book, err := f.WriteToBuffer()
	if err != nil {
		return 0, err
	}
	if err := t.empty(ctx); err != nil {
		return 0, err
	}
	start := time.Now()
	report, err := t.service.Import(ctx, t.clerk, ledger.Upload{Kind: t.kind.Code, Name: "members.xlsx", Content: book.Bytes()}, func(int, int) {})
	if err == nil && report.Created != len(rows) {
		err = fmt.Errorf("%+v %v", report.Outcome, report.Problems)
	}
	return time.Since(start), err
}

// target is a city without people, and who imports.
type target struct {
	app     *app.App
	service *ledger.Service
	kind    ledger.Kind
	clerk   org.Actor
	pool    *sql.DB
	branch  []org.Unit
	last    ledger.Outcome
}

func newTarget(ctx context.Context, address string) (*target, error) {
	a, err := app.Ground(app.Config{Database: address, SecretKeys: benchKey})
	if err != nil {
		return nil, err
	}
	if err := a.DB.Migrate(ctx); err != nil {
		return nil, err
	}
	t := &target{app: a}
	if t.kind, err = ledger.KindOf("members"); err != nil {
		return nil, err
	}
	if t.pool, err = a.DB.SQL(); err != nil {
		return nil, err
	}
	t.service = &ledger.Service{
		DB: a.DB, Org: a.Org, Members: a.Members, Workers: &worker.Service{DB: a.DB, Members: a.Members, Now: time.Now},
		Outbox: a.Outbox, Keys: a.Members.Keys, Now: time.Now, Location: a.Tickets.Rules().Calendar.Location(),
	}
	var tree org.Tree
	unit := func(above org.Unit, kind org.Kind, name string) org.Unit {
		u := org.Unit{ID: a.DB.NewID(), ParentID: above.ID, Kind: kind, Name: name}
		u.Path = fmt.Sprintf("%s%d/", above.Path, u.ID)
		tree.Units = append(tree.Units, u)
		return u
	}
	city := unit(org.Unit{Path: "/"}, org.City, "汾阳市")
	street := unit(city, org.Subdistrict, "文峰街道")
	for i := range 32 {
		community := unit(street, org.Community, fmt.Sprintf("第%d社区", i+1))
		for j := range 7 {
			compound := unit(community, org.CompoundKind, fmt.Sprintf("第%d小区", i*7+j+1))
			tree.Compounds = append(tree.Compounds, org.Compound{OrgID: compound.ID, Governance: org.Managed, Datum: "gcj02", Aliases: []string{}, Branch: compound.Name + "党支部"})
			t.branch = append(t.branch, compound)
		}
	}
	t.clerk = org.Actor{Person: 1, Posts: []org.Post{{ID: 1, OrgID: city.ID, Role: org.Clerk, OrgKind: org.City, OrgName: city.Name, OrgPath: city.Path, Filled: true}}}
	return t, a.DB.Tx(ctx, func(tx *gorm.DB) error { return a.Org.Load(tx, tree) })
}

const benchKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// emptyDatabase makes a database that drop takes away.
func emptyDatabase() (address string, drop func(), err error) {
	if dbtest.Server() == "" {
		return "", nil, errors.New("FENLIN_TEST_DATABASE is not set: run `make bench`")
	}
	return dbtest.Create()
}

// ground is the program on a database of its own, which drop removes.
func ground(ctx context.Context) (*app.App, func(), error) {
	address, drop, err := emptyDatabase()
	if err != nil {
		return nil, nil, err
	}
	a, err := app.Ground(app.Config{Database: address, SecretKeys: benchKey})
	if err != nil {
		drop()
		return nil, nil, err
	}
	gone := func() { a.Close(); drop() }
	if err := a.DB.Migrate(ctx); err != nil {
		gone()
		return nil, nil, err
	}
	return a, gone, nil
}

// sampleCity is ground with the sample city on it.
func sampleCity(ctx context.Context) (*app.App, func(), error) {
	a, drop, err := ground(ctx)
	if err == nil {
		if err = a.Sample.Seed(ctx); err != nil {
			drop()
		}
	}
	return a, drop, err
}

// rows are the ledger as the engine reads it.
func (t *target) rows() ([]ledger.Row, error) {
	rows := make([]ledger.Row, 0, imported)
	for i := range imported {
		cells := map[string]string{
			"name": fmt.Sprintf("党员%d", i), "ethnicity": "汉族", "birth": "", "education": "大专", "phone": fmt.Sprintf("139%08d", i),
			"id_number": numbered(i), "category": member.Resident.Name(), "standing": "正式党员", "branch": t.branch[i%len(t.branch)].Name + "党支部", "joined": "2021-07-01",
			"full": "2022-07-01", "job": "工人", "address": fmt.Sprintf("山西省汾阳市文峰街道%d号楼2单元%d", i%40+1, i%600+101), "note": "",
		}
		r := ledger.Row{Sheet: t.kind.Title, Line: i + 2}
		for _, c := range t.kind.Columns {
			r.Cells = append(r.Cells, cells[c.Key])
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// numbered is the i-th ID number.
func numbered(i int) string {
	first := fmt.Sprintf("141182%s%03d", time.Date(1950, 1, 1+i%15000, 0, 0, 0, 0, time.UTC).Format("20060102"), i/15000+1)
	sum := 0
	for j, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += weight * int(first[j]-'0')
	}
	return first + string("10X98765432"[sum%11])
}

// empty takes the people away.
func (t *target) empty(ctx context.Context) error {
	for _, table := range []string{"people", "party_members", "member_history"} {
		if _, err := t.pool.ExecContext(ctx, "TRUNCATE TABLE "+table); err != nil {
			return err
		}
	}
	return nil
}

// timed is rows a second into tables without people.
func (t *target) timed(ctx context.Context, f func() error) (float64, error) {
	if err := t.empty(ctx); err != nil {
		return 0, err
	}
	start := time.Now()
	if err := f(); err != nil {
		return 0, err
	}
	took := time.Since(start)
	for _, table := range []string{"people", "party_members", "member_history"} {
		var n int
		if err := t.pool.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil || n != imported {
			return 0, fmt.Errorf("%d rows in %s: %w", n, table, err)
		}
	}
	return imported / took.Seconds(), nil
}

// apply is our import.
func (t *target) apply(ctx context.Context, rows []ledger.Row) error {
	return t.app.DB.Tx(ctx, func(tx *gorm.DB) error {
		out, problems, err := t.kind.Apply(ctx, t.service, tx, t.clerk, rows)
		if len(problems) > 0 {
			return fmt.Errorf("%d problems: %v", len(problems), problems[0])
		}
		t.last = out
		return err
	})
}

// load seals the same fields and gives the same rows to LOAD DATA.
func (t *target) load(ctx context.Context, rows []ledger.Row) error {
	m := t.app.Members
	at := map[string]int{}
	for i, c := range t.kind.Columns {
		at[c.Key] = i
	}
	branches := map[string]string{}
	for _, u := range t.branch {
		branches[u.Name+"党支部"] = fmt.Sprint(u.ID)
	}
	ids := make([]int64, len(rows))
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	now := fmt.Sprint(time.Now().UnixMilli())
	tables := []struct {
		into string
		row  func(w *bufio.Writer, i int)
	}{
		{
			"people (id, name, phone, phone_index, id_number, id_index, birth, gender, address, member, compound_id, sample, created_at, closed_at)",
			func(w *bufio.Writer, i int) {
				id, number := ids[i], rows[i].Cells[at["id_number"]]
				birth, gender, _ := member.CheckIDNumber(number)
				phone := rows[i].Cells[at["phone"]]
				tabbed(w, fmt.Sprint(id), rows[i].Cells[at["name"]], m.SealField(id, member.FieldPhone, phone), m.IndexOf(member.FieldPhone, phone),
					m.SealField(id, member.FieldIDNumber, number), m.IndexOf(member.FieldIDNumber, number), m.SealField(id, member.FieldBirth, birth), gender,
					m.SealField(id, member.FieldAddress, rows[i].Cells[at["address"]]), "1", "0", "0", now, "0")
			},
		},
		{
			"party_members (person_id, category, probationary, branch_id, unit_id, community_id, ethnicity, education, job, joined_on, full_on, flows, note, left_at, version, created_at)",
			func(w *bufio.Writer, i int) {
				c := rows[i].Cells
				tabbed(w, fmt.Sprint(ids[i]), "resident", "0", branches[c[at["branch"]]], "0", "0", c[at["ethnicity"]], "college", c[at["job"]], c[at["joined"]], c[at["full"]], "", "", "0", "1", now)
			},
		},
		{
			"member_history (id, person_id, kind, was, became, reason, by_id, at)",
			func(w *bufio.Writer, i int) {
				tabbed(w, fmt.Sprint(i+1), fmt.Sprint(ids[i]), "entered", "", rows[i].Cells[at["branch"]]+" 直管党员", "导入党员台账", "1", now)
			},
		},
	}
	_, _ = t.pool.ExecContext(ctx, "SET GLOBAL local_infile = 1") // MariaDB has it on
	tx, err := t.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, table := range tables {
		mysqldriver.RegisterReaderHandler("bench", func() io.Reader {
			r, w := io.Pipe()
			go func() {
				b := bufio.NewWriterSize(w, 64<<10)
				for i := range rows {
					table.row(b, i)
				}
				_ = w.CloseWithError(b.Flush())
			}()
			return r
		})
		name, columns, _ := strings.Cut(table.into, " ")
		if _, err := tx.ExecContext(ctx, "LOAD DATA LOCAL INFILE 'Reader::bench' INTO TABLE "+name+" CHARACTER SET utf8mb4 "+columns); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// tabbed writes a line of LOAD DATA; no cell of ours needs escaping.
func tabbed(w *bufio.Writer, cells ...string) {
	for i, c := range cells {
		if i > 0 {
			_ = w.WriteByte('\t')
		}
		_, _ = w.WriteString(c)
	}
	_ = w.WriteByte('\n')
}
