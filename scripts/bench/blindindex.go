package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/org"
)

// registered is how many people there are to search among.
const registered = 1_000_000

// wantSearch is the most that a search by a whole number may take.
const wantSearch = 5 * time.Millisecond

// blindIndex measures the search of a clerk for a phone and an ID number among
// a million members, beside the bare SELECT by the index.
func blindIndex(ctx context.Context, d time.Duration, rounds int) ([]line, error) {
	a, drop, err := ground(ctx)
	if err != nil {
		return nil, err
	}
	defer drop()
	city := org.Unit{ID: 1, Kind: org.City, Name: "市", Path: "/1/"}
	phone := func(i int) string { return fmt.Sprintf("138%08d", i) }
	number := func(i int) string { return fmt.Sprintf("1411821980%08d", i) }
	const batch = 5000
	for from := 0; from < registered; from += batch {
		people, entries := make([]map[string]any, 0, batch), make([]map[string]any, 0, batch)
		for i := from; i < from+batch; i++ {
			id := int64(i + 10)
			people = append(people, map[string]any{
				"id": id, "name": "某某", "phone": "", "phone_index": a.Members.IndexOf(member.FieldPhone, phone(i)),
				"id_number": "", "id_index": a.Members.IndexOf(member.FieldIDNumber, number(i)), "compound_id": 0, "member": true, "created_at": 1, "closed_at": 0, "sample": true,
			})
			entries = append(entries, map[string]any{
				"person_id": id, "category": "resident", "probationary": false, "branch_id": 1, "unit_id": 0, "community_id": 0, "ethnicity": "", "education": "", "job": "",
				"joined_on": "", "full_on": "", "flows": "", "note": "", "version": 1, "created_at": 1, "left_at": 0,
			})
		}
		err := a.DB.Tx(ctx, func(tx *gorm.DB) error {
			if from == 0 {
				if err := tx.Create(&city).Error; err != nil {
					return err
				}
			}
			if err := tx.Table("people").CreateInBatches(people, 1000).Error; err != nil {
				return err
			}
			return tx.Table("party_members").CreateInBatches(entries, 1000).Error
		})
		if err != nil {
			return nil, err
		}
		if (from/batch)%20 == 19 {
			fmt.Fprintf(os.Stderr, "bench: blindindex: %d of %d people\n", from+batch, registered)
		}
	}
	bare, err := a.DB.SQL()
	if err != nil {
		return nil, err
	}
	clerk := org.Actor{Person: 1, Posts: []org.Post{{ID: 1, Role: org.Clerk, OrgID: 1, OrgKind: org.City, OrgPath: "/1/"}}}
	var out []line
	for _, by := range []struct {
		what, column, field string
		number              func(int) string
	}{{"phone", "phone_index", member.FieldPhone, phone}, {"ID number", "id_index", member.FieldIDNumber, number}} {
		i := 0
		next := func() string { i = (i + 7919) % registered; return by.number(i) }
		ours, limit, err := beside(rounds, d/3,
			func() error {
				found, err := a.Members.Members(ctx, clerk, member.Roll{Search: next(), Limit: 20})
				if err == nil && len(found) != 1 {
					err = fmt.Errorf("%d were found", len(found))
				}
				return err
			},
			func() error {
				var id int64
				return bare.QueryRowContext(ctx, "SELECT id FROM people WHERE "+by.column+" = ?", a.Members.IndexOf(by.field, next())).Scan(&id)
			})
		if err != nil {
			return nil, err
		}
		out = append(out, line{
			fmt.Sprintf("a member by %s among %d / bare SELECT by the index", by.what, registered),
			ours.Round(time.Microsecond).String(), limit.Round(time.Microsecond).String(),
			fmt.Sprintf("%.2f", float64(limit)/float64(ours)), "< " + wantSearch.String(), ours < wantSearch,
		})
	}
	return out, nil
}
