package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"time"

	"fenlin/internal/app"
	"fenlin/internal/db"
	"fenlin/internal/org"
)

// province is a tree with a province on top: how many of each kind stand under
// one of the kind before. The ids are as long as real ones.
var province = []struct {
	kind  org.Kind
	under int
}{
	{org.Province, 1}, {org.Prefecture, 10}, {org.City, 12}, {org.Subdistrict, 10}, {org.Community, 10}, {org.CompoundKind, 10}, {org.BuildingGroup, 25},
}

// firstID is the province's.
const firstID = 150_000_000_000_000_000

// wantSubtree is the most that a question about the whole tree may take.
const wantSubtree = 20 * time.Millisecond

// subtree measures which and how many compounds stand below the province, a city
// and a community, among 120,000 compounds and 3,000,000 building groups, beside the
// bare SELECT.
func subtree(ctx context.Context, d time.Duration, rounds int) ([]line, error) {
	address, drop, err := emptyDatabase()
	if err != nil {
		return nil, err
	}
	defer drop()
	a, err := app.Ground(app.Config{Database: address})
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.DB.Close() }()
	if err := a.DB.Migrate(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := grow(ctx, a.DB); err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "bench: subtree: the tree was loaded in %s\n", time.Since(began).Round(time.Second))
	bare, err := a.DB.SQL()
	if err != nil {
		return nil, err
	}
	var out []line
	for _, kind := range []org.Kind{org.Province, org.City, org.Community} {
		var root org.Unit
		if err := a.DB.Read(ctx).Where("kind = ?", kind).Order("id DESC").Limit(1).Find(&root).Error; err != nil {
			return nil, err
		}
		from, to := org.Below(root.Path)
		where := fmt.Sprintf(" FROM org_units WHERE kind = 'compound' AND closed_at = 0 AND path >= '%s' AND path < '%s'", from, to)
		n, err := a.Org.CountBelow(ctx, root.Path, org.CompoundKind)
		if err != nil {
			return nil, err
		}
		for _, q := range []struct {
			what string
			ours func() error
			bare string
			want time.Duration
		}{
			{"100 of the %d compounds below a %s", func() error {
				_, err := a.Org.List(ctx, org.Filter{Below: root.Path, Kind: org.CompoundKind}, 100, "")
				return err
			}, "SELECT id, name, path" + where + " ORDER BY path LIMIT 101", wantSubtree},
			{"how many: %d compounds below a %s", func() error {
				_, err := a.Org.CountBelow(ctx, root.Path, org.CompoundKind)
				return err
			}, "SELECT COUNT(*)" + where, wantSubtree},
		} {
			ours, limit, err := beside(rounds, d/6, q.ours, func() error { return fetch(ctx, bare, q.bare) })
			if err != nil {
				return nil, err
			}
			out = append(out, line{
				fmt.Sprintf(q.what+" / bare SELECT", n, kind), ours.Round(10 * time.Microsecond).String(), limit.Round(10 * time.Microsecond).String(),
				fmt.Sprintf("%.2f", float64(limit)/float64(ours)), "< " + q.want.String(), ours < q.want,
			})
		}
	}
	return out, nil
}

// grow loads the tree level by level, each made by the server out of the one above.
func grow(ctx context.Context, d *db.DB) error {
	first, above := int64(firstID), int64(0)
	for level, k := range province {
		if level == 0 {
			err := d.Read(ctx).Exec("INSERT INTO org_units (id, parent_id, kind, code, name, path, sample, created_at) VALUES (?, 0, ?, '', 'u', ?, 1, 1)", first, k.kind, fmt.Sprintf("/%d/", first)).Error
			if err != nil {
				return err
			}
			above = first
			continue
		}
		numbers := strings.TrimSuffix(strings.Repeat("SELECT %d AS n UNION ALL ", k.under), " UNION ALL ")
		args := make([]any, k.under)
		for i := range args {
			args[i] = i
		}
		next := above + 100_000_000
		var last int64
		if err := d.Read(ctx).Raw("SELECT MAX(id) FROM org_units WHERE kind = ?", province[level-1].kind).Scan(&last).Error; err != nil {
			return err
		}
		const slice = 4000 // parents a statement: none takes a minute
		for from := above; from <= last; from += slice {
			err := d.Read(ctx).Exec(fmt.Sprintf(`INSERT INTO org_units (id, parent_id, kind, code, name, path, sample, created_at)
SELECT ? + (p.id - ?) * ? + i.n, p.id, ?, i.n + 1, CONCAT(i.n + 1, '号'), CONCAT(p.path, ? + (p.id - ?) * ? + i.n, '/'), 1, 1
FROM org_units p JOIN (`+numbers+`) i WHERE p.id >= ? AND p.id < ? AND p.kind = ? ORDER BY p.id, i.n`, args...),
				next, above, k.under, k.kind, next, above, k.under, from, from+slice, province[level-1].kind).Error
			if err != nil {
				return err
			}
		}
		above = next
	}
	return d.Read(ctx).Exec("ANALYZE TABLE org_units").Error
}

// fetch reads every row of a question.
func fetch(ctx context.Context, pool *sql.DB, q string) error {
	rows, err := pool.QueryContext(ctx, q)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	row := make([]sql.RawBytes, len(columns))
	into := make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// beside is the median time of both sides, measured in turn.
func beside(rounds int, d time.Duration, ours, limit func() error) (o, l time.Duration, err error) {
	var os, ls []float64
	for range rounds {
		for _, side := range []struct {
			do   func() error
			into *[]float64
		}{{ours, &os}, {limit, &ls}} {
			for began := time.Now(); time.Since(began) < d; {
				one := time.Now()
				if err := side.do(); err != nil {
					return 0, 0, err
				}
				*side.into = append(*side.into, float64(time.Since(one)))
			}
		}
	}
	return time.Duration(median(os)), time.Duration(median(ls)), nil
}
