package activity

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"fenlin/internal/outbox"
)

// TopicTold is something that people are to be told of an activity; payload: Told.
const TopicTold = "activity.told"

// Letter is what is told; package notify has its words.
type Letter string

// The letters.
const (
	LetterMovedUp   Letter = "activity_moved_up"
	LetterOffered   Letter = "activity_offered"
	LetterLapsed    Letter = "activity_lapsed"
	LetterMoved     Letter = "activity_moved" // in time or place
	LetterClash     Letter = "activity_clash" // moved to a time at which the person has another
	LetterCancelled Letter = "activity_cancelled"
	LetterRemind    Letter = "activity_remind"
	LetterHours     Letter = "activity_hours"   // their hours were corrected
	LetterRate      Letter = "activity_rate"    // it is over: how was it
	LetterSummary   Letter = "activity_summary" // to the organiser
)

// Told is a letter to some people.
type Told struct {
	Activity int64   `json:"activity"`
	Letter   Letter  `json:"letter"`
	Key      string  `json:"key"` // of this telling among those of its letter
	People   []int64 `json:"people"`
	Note     string  `json:"note,omitempty"`
	Until    int64   `json:"until,omitempty"`
}

// toldAtOnce is how many people one event tells.
const toldAtOnce = 100

// tell leaves a letter to the outbox.
func (s *Service) tell(tx *gorm.DB, a Activity, l Letter, key string, people []int64, note string, until int64) error {
	i := 0
	for some := range slices.Chunk(people, toldAtOnce) {
		t := Told{a.ID, l, key, some, note, until}
		e := outbox.New(TopicTold, fmt.Sprintf("%s:%d:%s:%d", l, a.ID, key, i), a.ID, t, s.Now())
		if err := s.Outbox.Add(tx, e); err != nil {
			return err
		}
		i++
	}
	return nil
}

// tellAll leaves a letter to all who are coming or hope to; a reminder goes to
// those with a seat alone.
func (s *Service) tellAll(tx *gorm.DB, a Activity, l Letter, key, note string) error {
	states := active
	if l == LetterRemind {
		states = holding
	}
	var people []int64
	err := tx.Raw("SELECT person_id FROM activity_signups WHERE activity_id = ? AND state IN ? ORDER BY id", a.ID, states).Scan(&people).Error
	if err != nil {
		return err
	}
	return s.tell(tx, a, l, key, people, note, 0)
}

// tellMoved leaves a letter to all who are coming or hope to: the time or place
// changed; to those with a seat elsewhere at the new time one that says so. All
// keep their seats: it is theirs to say which they give up.
func (s *Service) tellMoved(tx *gorm.DB, a Activity) error {
	var people []int64
	if err := tx.Raw("SELECT person_id FROM activity_signups WHERE activity_id = ? AND state IN ? ORDER BY id", a.ID, active).Scan(&people).Error; err != nil {
		return err
	}
	busy, err := busyThen(tx, a, people)
	if err != nil {
		return err
	}
	letters := map[bool][]int64{}
	for _, p := range people {
		letters[busy[p]] = append(letters[busy[p]], p)
	}
	if err := s.tell(tx, a, LetterClash, fmt.Sprint(a.Version), letters[true], "", 0); err != nil {
		return err
	}
	return s.tell(tx, a, LetterMoved, fmt.Sprint(a.Version), letters[false], "", 0)
}

// Of is an activity as whoever writes of it needs it. Errors: ErrUnknown.
func (s *Service) Of(ctx context.Context, id int64) (Activity, error) { return one(s.DB.Read(ctx), id) }
