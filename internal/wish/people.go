package wish

import (
	"context"

	"gorm.io/gorm"

	"fenlin/internal/db"
)

// Unite gives what one person wished and claimed to another, as part of the
// caller's transaction: they are found to be the same. What came from the one
// no longer counts for the limits.
func (s *Service) Unite(tx *gorm.DB, from, to int64) error {
	for _, q := range []string{
		"UPDATE wishes SET wisher_id = ?, posted_slot = NULL WHERE wisher_id = ?",
		"UPDATE wishes SET claimer_id = ?, claim_slot = NULL WHERE claimer_id = ?",
		"UPDATE wish_events SET actor_id = ? WHERE actor_id = ?",
	} {
		if err := tx.Exec(q, to, from).Error; err != nil {
			return err
		}
	}
	return nil
}

// Forget takes a person who leaves out of all wishes, as part of the caller's
// transaction: theirs are withdrawn and their words go, what they claimed is
// open again. What they posted for a household stays with the community.
func (s *Service) Forget(tx *gorm.DB, person int64) error {
	var held []Wish
	if err := tx.Find(&held, "(wisher_id = ? AND for_whom <> ? OR claimer_id = ?) AND state IN ?", person, Household, person, active).Error; err != nil {
		return err
	}
	for _, w := range held {
		a, as := Withdraw, wisher
		if w.WisherID != person || w.ForWhom == Household {
			a, as = GiveBack, claimer
		}
		if w.State == Fulfilled {
			if a == GiveBack {
				continue // it is for the wisher to say whether it came true
			}
			a, as = Confirm, system // nobody is left to ask
		}
		r, ok := find(w, a, as)
		if !ok {
			continue
		}
		if _, err := s.move(tx, w, r, Input{}, Event{ActorID: person, ActorTitle: "已注销"}); err != nil {
			return err
		}
	}
	var mine []int64
	if err := tx.Raw("SELECT id FROM wishes WHERE wisher_id = ? AND for_whom <> ?", person, Household).Scan(&mine).Error; err != nil {
		return err
	}
	if len(mine) > 0 {
		if err := wordless(tx, mine, s.Now().UnixMilli()).Error; err != nil {
			return err
		}
	}
	for _, q := range []string{
		"UPDATE wishes SET wisher_id = 0 WHERE wisher_id = ?", "UPDATE wishes SET claimer_id = 0, unit_id = 0 WHERE claimer_id = ?",
		"UPDATE wish_events SET actor_id = 0, note = '', request_key = NULL WHERE actor_id = ?",
	} {
		if err := tx.Exec(q, person).Error; err != nil {
			return err
		}
	}
	return nil
}

// Anonymise takes out of wishes that ended before a moment who wished and who
// fulfilled them, and all words. What sort it was, where, when and how it ended stay.
func (s *Service) Anonymise(ctx context.Context, x db.Expiry) (int64, error) {
	now := s.Now().UnixMilli()
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "wishes WHERE anonymised_at = 0 AND ended_at > 0 AND ended_at < ?", Args: []any{x.Before.UnixMilli()}, Batch: 100,
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB { return wordless(tx, ids, now) },
	})
}

// wordless takes people and words out of wishes.
func wordless(tx *gorm.DB, ids []int64, now int64) *gorm.DB {
	if told := tx.Exec("UPDATE wish_events SET actor_id = 0, note = '', request_key = NULL WHERE wish_id IN ?", ids); told.Error != nil {
		return told
	}
	return tx.Exec("UPDATE wishes SET text = '', wisher_id = 0, claimer_id = 0, unit_id = 0, request_key = NULL, anonymised_at = ? WHERE id IN ?", now, ids)
}
