package activity

import (
	"context"
	"slices"

	"fenlin/internal/member"
	"fenlin/internal/org"
)

// Record is one line of a volunteer's record in the items of 民政部令第67号
// 《志愿服务记录与证明出具办法（试行）》: who did what, where, when, for whom and how
// long, how well it was done, who was in charge and who recorded it.
type Record struct {
	Person member.Person
	Activity
	Credit
	Unit        string // that holds it, and for whose people it is
	Slot        string // what the person did
	ByOrganiser bool   // the organiser recorded it, at least in part
	Verdicts    map[Verdict]int
	Corrections []Correction
}

// Records are a person's own, the newest first.
func (s *Service) Records(ctx context.Context, person member.Person) ([]Record, error) {
	served, err := s.Hours(ctx, person.ID)
	out := make([]Record, len(served))
	for i, v := range served {
		out[i] = Record{Person: person, Activity: v.Activity, Credit: v.Credit}
	}
	if err != nil {
		return nil, err
	}
	return out, s.fillRecords(ctx, out)
}

// RecordsOf are those of all who had a seat in an activity, in the order of the
// sign-ups, for who organises it. Errors: ErrUnknown, ErrOrganiser.
func (s *Service) RecordsOf(ctx context.Context, by org.Actor, activity int64) ([]Record, error) {
	a, err := one(s.DB.Read(ctx), activity)
	if err != nil {
		return nil, err
	}
	var out []Record
	for after := int64(0); ; {
		shares, err := s.Shares(ctx, by, activity, after, loadBatch)
		if err != nil {
			return nil, err
		}
		for _, sh := range shares {
			out = append(out, Record{Person: sh.Person, Activity: a, Credit: sh.Credit})
			after = sh.SignUp.ID
		}
		if len(shares) < loadBatch {
			return out, s.fillRecords(ctx, out)
		}
	}
}

// fillRecords adds what belongs to records: of one person, or of one activity.
func (s *Service) fillRecords(ctx context.Context, list []Record) error {
	for some := range slices.Chunk(list, loadBatch) {
		if err := s.fillSome(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) fillSome(ctx context.Context, list []Record) error {
	var people, activities, units []int64
	for _, r := range list {
		people, activities, units = append(people, r.Person.ID), append(activities, r.Activity.ID), append(units, r.OrgID)
	}
	slices.Sort(people)
	slices.Sort(activities)
	people, activities = slices.Compact(people), slices.Compact(activities)
	type who struct{ ActivityID, PersonID int64 }
	var slots []struct {
		ActivityID, PersonID int64
		Name                 string
	}
	var marked []who
	var verdicts []struct {
		ActivityID int64
		Verdict    Verdict
		N          int
	}
	var changed []Correction
	var held []org.Unit
	r := s.DB.Read(ctx)
	for _, err := range []error{
		r.Raw("SELECT g.activity_id, g.person_id, l.name FROM activity_signups g JOIN activity_slots l ON l.id = g.slot_id WHERE g.activity_id IN ? AND g.person_id IN ?", activities, people).Scan(&slots).Error,
		r.Raw("SELECT DISTINCT activity_id, person_id FROM activity_checkins WHERE activity_id IN ? AND person_id IN ? AND state = ? AND (in_by <> 0 OR out_by <> 0)", activities, people, PairOK).Scan(&marked).Error,
		r.Raw("SELECT activity_id, verdict, COUNT(*) AS n FROM activity_feedback WHERE activity_id IN ? GROUP BY activity_id, verdict", activities).Scan(&verdicts).Error,
		r.Order("id").Find(&changed, "activity_id IN ? AND person_id IN ?", activities, people).Error,
		r.Find(&held, "id IN ?", units).Error,
	} {
		if err != nil {
			return err
		}
	}
	names, marks, corrections := map[who]string{}, map[who]bool{}, map[who][]Correction{}
	for _, g := range slots {
		names[who{g.ActivityID, g.PersonID}] = g.Name
	}
	for _, m := range marked {
		marks[m] = true
	}
	for _, c := range changed {
		k := who{c.ActivityID, c.PersonID}
		corrections[k] = append(corrections[k], c)
	}
	for i := range list {
		l := &list[i]
		k := who{l.Activity.ID, l.Person.ID}
		l.Slot, l.ByOrganiser, l.Corrections, l.Verdicts = names[k], marks[k] || l.Manual > 0, corrections[k], map[Verdict]int{}
		for _, v := range verdicts {
			if v.ActivityID == l.Activity.ID {
				l.Verdicts[v.Verdict] = v.N
			}
		}
		if j := slices.IndexFunc(held, func(u org.Unit) bool { return u.ID == l.OrgID }); j >= 0 {
			l.Unit = held[j].Name
		}
	}
	return nil
}
