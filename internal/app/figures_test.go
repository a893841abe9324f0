package app

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"fenlin/config"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/stats"
)

// statsOf is the sample city's stats.
func statsOf(t *testing.T, s *Sample) *stats.Service {
	t.Helper()
	out := &stats.Service{DB: s.DB, Org: s.Org, Location: s.Tickets.Rules().Calendar.Location(), Now: s.Org.Now, Ages: s.Workers.Ages}
	rules, err := LoadRules("")
	if err != nil {
		t.Fatal(err)
	}
	out.Adopt(rules.Stats)
	return out
}

func figuresOf(t *testing.T, s *stats.Service) map[string]stats.Figure {
	t.Helper()
	found, err := s.Figures(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]stats.Figure{}
	for _, f := range found {
		out[f.Key] = f
	}
	return out
}

// computed are the city's printed figures as the sample's tables give them.
var computed = map[string]string{
	"organs": "64", "enterprises": "120", "social": "70", "in_service_registered": "1156", "commissioners": "62", "communities": "32", "branches": "169",
	"consulting_compounds": "210", "stations_rewarded": "137", "centers_upgraded": "30", "demonstration_city": "1", "demonstration_community": "3",
	"demonstration_compound": "12", "activities": "436", "members": "4623", "member_categories": "4", "workers": "315", "workers_secretary": "32",
	"workers_committee": "247", "workers_graduate": "39", "workers_college": "307/315 = 97.5%", "workers_age": "12285/315 = 39",
	"sent_branch_secretaries": "97", "sent_group_leaders": "136", "service_items": "35", "problems": "17", "problems_settled": "17/17 = 100%",
}

func TestFigures_EveryPrintedOneHoldsInTheTablesButTheOneThatCannot(t *testing.T) {
	found, got := figuresOf(t, statsOf(t, seeded(t))), map[string]string{}
	for key, f := range found {
		got[key] = f.Computed
		if f.Agrees != (key != "problems_settled") {
			t.Errorf("%s: printed %s, computed %s, agrees %t", key, f.Printed.Printed, f.Computed, f.Agrees)
		}
	}
	if d := cmp.Diff(computed, got); d != "" {
		t.Error(d)
	}
	for key, want := range map[string][]string{
		"problems_settled": {"16/17 = 94.1%", "17/17 = 100%", "没有哪个件数得出 98%"},
		"workers_graduate": {"3 人"},
	} {
		for _, words := range want {
			if why := found[key].Why; !strings.Contains(why, words) {
				t.Errorf("%s: no %q in %q", key, words, why)
			}
		}
	}
}

func TestFigures_ComeFromTheTables(t *testing.T) {
	s := seeded(t)
	st := statsOf(t, s)
	for _, c := range []struct {
		pick, change string // the id of one row, and what becomes of it
		want         map[string]string
	}{
		{"SELECT MIN(id) FROM units WHERE kind = 'organ'", "UPDATE units SET kind = 'social' WHERE id = ?", map[string]string{"organs": "63", "social": "71"}},
		{"SELECT MIN(id) FROM units WHERE kind = 'enterprise'", "UPDATE units SET closed_at = 1 WHERE id = ?", map[string]string{"enterprises": "119"}},
		{"SELECT MIN(person_id) FROM party_members WHERE category = 'in_service'", "UPDATE party_members SET unit_id = 0 WHERE person_id = ?", map[string]string{"in_service_registered": "1155", "members": "4623"}},
		{"SELECT MIN(person_id) FROM party_members WHERE category = 'retired'", "UPDATE party_members SET left_at = 1 WHERE person_id = ?", map[string]string{"members": "4622"}},
		{"SELECT MIN(a.id) FROM appointments a JOIN posts p ON p.id = a.post_id WHERE p.role = 'commissioner'", "UPDATE appointments SET to_at = 1 WHERE id = ?", map[string]string{"commissioners": "61"}},
		{"SELECT MIN(a.id) FROM appointments a JOIN posts p ON p.id = a.post_id WHERE p.role = 'group_leader'", "UPDATE appointments SET unit_id = 0 WHERE id = ?", map[string]string{"sent_group_leaders": "135", "sent_branch_secretaries": "97"}},
		{"SELECT MIN(id) FROM org_units WHERE kind = 'community'", "UPDATE org_units SET closed_at = 1 WHERE id = ?", map[string]string{"communities": "31"}},
		{"SELECT MIN(org_id) FROM compounds WHERE branch <> ''", "UPDATE compounds SET branch = '' WHERE org_id = ?", map[string]string{"branches": "168", "consulting_compounds": "210"}},
		{"SELECT MAX(org_id) FROM compounds", "UPDATE compounds SET consults_since = '' WHERE org_id = ?", map[string]string{"consulting_compounds": "209"}},
		{"SELECT MIN(id) FROM service_points WHERE rewarded_on <> ''", "UPDATE service_points SET passed_on = '' WHERE id = ?", map[string]string{"stations_rewarded": "136"}},
		{"SELECT MIN(id) FROM service_points WHERE upgraded_on <> ''", "UPDATE service_points SET upgraded_on = '' WHERE id = ?", map[string]string{"centers_upgraded": "29"}},
		{"SELECT MIN(id) FROM service_points WHERE kind = 'station' AND demonstration = 1", "UPDATE service_points SET demonstration = 0 WHERE id = ?", map[string]string{"demonstration_city": "1", "demonstration_community": "3", "demonstration_compound": "11"}},
		{"SELECT MIN(id) FROM activities", "UPDATE activities SET state = 'cancelled' WHERE id = ?", map[string]string{"activities": "435"}},
		{"SELECT MIN(person_id) FROM workers WHERE kind = 'committee' AND graduate = 1", "UPDATE workers SET graduate = 0 WHERE person_id = ?", map[string]string{"workers_graduate": "38", "workers": "315"}},
		{"SELECT MIN(person_id) FROM workers WHERE kind = 'graduate'", "UPDATE workers SET left_at = 1, education = 'none' WHERE person_id = ?", map[string]string{"workers_graduate": "37", "workers": "314", "workers_college": "306/314 = 97.5%"}},
		{"SELECT MIN(id) FROM service_items", "DELETE FROM service_items WHERE id = ?", map[string]string{"service_items": "34"}},
		{"SELECT MIN(id) FROM tickets", "UPDATE tickets SET state = 'withdrawn' WHERE id = ?", map[string]string{"problems": "16", "problems_settled": "16/16 = 100%"}},
		{"SELECT MAX(id) FROM tickets", "UPDATE tickets SET state = 'contacted' WHERE id = ?", map[string]string{"problems": "16", "problems_settled": "15/16 = 93.8%"}},
	} {
		var id int64
		if err := s.DB.Read(t.Context()).Raw(c.pick).Scan(&id).Error; err != nil || id == 0 {
			t.Fatalf("%s: %d %v", c.pick, id, err)
		}
		if err := s.DB.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Exec(c.change, id).Error }); err != nil {
			t.Fatal(err)
		}
		found := figuresOf(t, st)
		for key, want := range c.want {
			if got := found[key].Computed; got != want {
				t.Errorf("after %s: %s is %s, want %s", c.change, key, got, want)
			}
		}
	}
}

func TestFigures_OfAnEmptyCityAreNothing(t *testing.T) {
	for key, f := range figuresOf(t, statsOf(t, newSample(t))) {
		if want := map[bool]string{false: "0", true: "0/0"}[f.Of]; f.Computed != want || f.Agrees {
			t.Errorf("%s: %s, agrees %t", key, f.Computed, f.Agrees)
		}
	}
}

func TestPlan_IsTheSameEachTime(t *testing.T) {
	plan := func() *samplePlan {
		id := int64(0)
		p, err := planSample(config.FS, time.FixedZone("", 8*3600), func() int64 { id++; return id })
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.past {
			p.past[i].Lead = nil // functions are never equal
		}
		p.newID, p.location = nil, nil
		return p
	}
	if a, b := plan(), plan(); !reflect.DeepEqual(a, b) {
		t.Error("two plans differ")
	}
}

func TestSeed_PersonalDataIsSoundUniqueAndSealed(t *testing.T) {
	ctx, s := t.Context(), seeded(t)
	day := s.Org.Now()
	var rows []struct {
		member.PartyMember
		Name, Phone, IDNumber, Birth, Address, Gender, PhoneIndex, IDIndex string
	}
	err := s.DB.Read(ctx).Raw(`SELECT m.*, p.name, p.phone, p.id_number, p.birth, p.address, p.gender, p.phone_index, p.id_index
FROM party_members m JOIN people p ON p.id = m.person_id`).Scan(&rows).Error
	if err != nil || len(rows) != 4623 {
		t.Fatalf("%d members: %v", len(rows), err)
	}
	phones, numbers := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		open := func(field, sealed string) string {
			plain, err := s.Member.OpenField(r.PersonID, field, sealed)
			if err != nil {
				t.Fatalf("%s of %d: %v", field, r.PersonID, err)
			}
			if plain == "" || strings.Contains(fmt.Sprint(r), plain) {
				t.Fatalf("%s of %d is missing or in clear", field, r.PersonID)
			}
			return plain
		}
		phone, number, birth := open(member.FieldPhone, r.Phone), open(member.FieldIDNumber, r.IDNumber), open(member.FieldBirth, r.Birth)
		if r.Address != "" {
			open(member.FieldAddress, r.Address)
		}
		born, gender, err := member.CheckIDNumber(number)
		if err != nil || born != birth || gender != r.Gender || numbers[number] {
			t.Fatalf("%d: born %s or %s, %s or %s: %v", r.PersonID, born, birth, gender, r.Gender, err)
		}
		if err := member.CheckPhone(phone); err != nil || phones[phone] || !strings.HasPrefix(phone, "199") {
			t.Fatalf("phone of %d: %v", r.PersonID, err)
		}
		phones[phone], numbers[number] = true, true
		if r.PhoneIndex != s.Member.IndexOf(member.FieldPhone, phone) || r.IDIndex != s.Member.IndexOf(member.FieldIDNumber, number) {
			t.Fatalf("%d is not found by phone or ID number", r.PersonID)
		}
		if err := r.PartyMember.Check(birth, day); err != nil {
			t.Fatalf("%d (%s): %+v", r.PersonID, r.Category, err)
		}
	}
}

func TestSeed_ThePastIsWholeAndLeavesNothingToDo(t *testing.T) {
	ctx, s := t.Context(), seeded(t)
	audit, err := s.Tickets.Verify(ctx)
	if err != nil || audit.Tickets != 17 || len(audit.Faults) > 0 {
		t.Fatalf("%+v %v", audit, err)
	}
	for from, want := range map[string]int{
		"tickets WHERE state = 'closed' AND solved = 1 AND late = 0":                                        13,
		"tickets WHERE state = 'closed' AND outcome = 'tacit' AND late = 0":                                 4,
		"tickets WHERE closed_at >= " + fmt.Sprint(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()): 0,
		"tickets t JOIN identities i ON i.person_id = t.reporter_id":                                        0,
		"outbox WHERE topic NOT LIKE '%.timer'":                                                             0,
		"notices":                                                                                           0,
		"posts p LEFT JOIN appointments a ON a.post_id = p.id WHERE p.role IN ('commissioner', 'household_hub') AND a.id IS NULL": 0,
		"compound_parties p LEFT JOIN people c ON c.id = p.contact_id WHERE c.id IS NULL":                                         0,
		"units u LEFT JOIN people c ON c.id = u.contact_id WHERE c.id IS NULL":                                                    0,
		"unit_partners": 254,
		"people p LEFT JOIN party_members m ON m.person_id = p.id WHERE p.member AND m.person_id IS NULL": 0,
	} {
		if got := count(t, s.DB, from); got != want {
			t.Errorf("%s: %d, want %d", from, got, want)
		}
	}
	root, err := s.Org.Root(ctx)
	if err != nil {
		t.Fatal(err)
	}
	city := org.Actor{Person: 1, Posts: []org.Post{{ID: 1, OrgID: root.ID, OrgPath: root.Path, Role: org.CitySecretary}}}
	table, err := statsOf(t, s).Rates(context.Background(), stats.Query{By: city})
	if err != nil || table.Total.Of(stats.Accepted) != 0 {
		t.Errorf("this year begins with %v: %v", table.Total.Of(stats.Accepted), err)
	}
}
