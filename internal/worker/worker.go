// Package worker knows the workers of the communities (社区工作者): who works in
// which community, in which capacity, since when.
package worker

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/member"
)

// Kind is the capacity in which somebody works for a community.
type Kind string

// The kinds of workers.
const (
	Secretary Kind = "secretary" // 社区书记
	Committee Kind = "committee" // 两委成员
	Graduate  Kind = "graduate"  // 大学生
)

// Worker is a person who works for a community. The personal data stand with
// the person, in package member.
type Worker struct {
	PersonID    int64 `gorm:"primaryKey;autoIncrement:false"`
	CommunityID int64 // the unit of kind community
	Kind        Kind
	Graduate    bool   // came as a graduate, also when elected to a committee since
	Education   string // none, primary, junior, senior, college, bachelor, master, doctor; empty when not told
	Since       string // the day they began, 2006-01-02; empty when not told
	Note        string
	Sample      bool
	CreatedAt   int64
	LeftAt      int64 // 0 while they work
}

// Service knows the workers and changes their list.
type Service struct {
	DB      *db.DB
	Members *member.Service
	Now     func() time.Time
}

// loadBatch is the rows of one INSERT; SQLite allows 32,766 parameters.
const loadBatch = 500

// Load puts many workers into the table, as part of the caller's transaction.
// Who is there already is gorm.ErrDuplicatedKey.
func (s *Service) Load(tx *gorm.DB, workers []Worker) error {
	if len(workers) == 0 {
		return nil
	}
	now := s.Now().UnixMilli()
	for i := range workers {
		workers[i].CreatedAt = now
	}
	return tx.CreateInBatches(workers, loadBatch).Error
}

// Listed is a worker with their name.
type Listed struct {
	Worker
	Name string
}

// In are those who work for the communities now, by community and name.
func (s *Service) In(tx *gorm.DB, communities []int64) ([]Listed, error) {
	return db.Lookup[Listed](tx, `SELECT w.*, p.name FROM workers w JOIN people p ON p.id = w.person_id
WHERE w.community_id IN ? AND w.left_at = 0 ORDER BY w.community_id, p.name, p.id`, communities)
}

// Of are the workers among people, those who left too.
func (s *Service) Of(tx *gorm.DB, people []int64) (map[int64]Worker, error) {
	found, err := db.Lookup[Worker](tx, "SELECT * FROM workers WHERE person_id IN ?", people)
	out := make(map[int64]Worker, len(found))
	for _, w := range found {
		out[w.PersonID] = w
	}
	return out, err
}

// Change gives workers what they have here.
func (s *Service) Change(tx *gorm.DB, workers []Worker) error {
	rows := make([][]any, 0, len(workers))
	for _, w := range workers {
		rows = append(rows, []any{w.PersonID, w.CommunityID, string(w.Kind), w.Graduate, w.Education, w.Since, w.Note, w.LeftAt})
	}
	return db.Update(tx, "workers", "person_id", []string{"community_id", "kind", "graduate", "education", "since", "note", "left_at"}, rows)
}

// Ages are the ages in whole years on a day (2006-01-02) of those who work now
// and whose day of birth is known.
func (s *Service) Ages(ctx context.Context, day string) ([]int, error) {
	on, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil, err
	}
	var people []member.Person
	err = s.DB.Read(ctx).Raw("SELECT p.id, p.birth FROM workers w JOIN people p ON p.id = w.person_id WHERE w.left_at = 0 AND p.birth <> '' ORDER BY p.id").Scan(&people).Error
	if err != nil {
		return nil, err
	}
	ages := make([]int, 0, len(people))
	for _, p := range people {
		birth, err := s.Members.OpenField(p.ID, member.FieldBirth, p.Birth)
		if err != nil {
			return nil, err
		}
		born, err := time.Parse(time.DateOnly, birth)
		if err != nil {
			return nil, fmt.Errorf("the day of birth of person %d is none", p.ID) // the value itself stays out of logs
		}
		ages = append(ages, age(born, on))
	}
	return ages, nil
}

// age is whole years: a birthday counts from the day itself.
func age(born, on time.Time) int {
	years := on.Year() - born.Year()
	if on.Month() < born.Month() || on.Month() == born.Month() && on.Day() < born.Day() {
		years--
	}
	return years
}
