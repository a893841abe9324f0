package activity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// Errors of photos.
var (
	ErrPhoto      = errs.New(errs.NotFound, "photo_unknown", "没有这张照片，可能已被去掉，请刷新")
	ErrManyPhotos = errs.New(errs.Conflict, "activity_photos_full", "照片已满，请先去掉几张再加")
)

const maxCaption = 60 // characters

// Photo is a picture of an activity. It was kept by package ticket: drawn anew,
// without what the camera knew of place, time and owner.
type Photo struct {
	PhotoID    int64 `gorm:"primaryKey;autoIncrement:false"`
	ActivityID int64
	Seq        int64
	Caption    string
	CreatedAt  int64 // epoch milliseconds
}

// TableName is gorm's.
func (Photo) TableName() string { return "activity_photos" }

// Phase says of which part of an activity a photo is.
type Phase string

// The phases.
const (
	Before Phase = "before"
	During Phase = "during"
	After  Phase = "after"
)

// PhaseOf is the part of an activity in which a photo was added.
func (a Activity) PhaseOf(p Photo) Phase {
	switch {
	case p.CreatedAt < a.StartsAt:
		return Before
	case p.CreatedAt < a.EndsAt:
		return During
	}
	return After
}

func holder(activity int64) string { return fmt.Sprintf("activity:%d", activity) }

// AddPhoto hangs a picture, which who runs the activity sent before, behind the
// others; hung before it stays where it is. Errors: ErrUnknown, ErrNotYours,
// ErrState, ErrInvalid, ErrManyPhotos, ticket.ErrInvalid.
func (s *Service) AddPhoto(ctx context.Context, by org.Actor, activity, photo int64, caption string) error {
	return s.hang(ctx, by, activity, caption, func(tx *gorm.DB, a Activity, hung []Photo, caption string) error {
		if err := hangs(a); err != nil {
			return err
		}
		last := int64(0)
		for _, p := range hung {
			if p.PhotoID == photo {
				return nil
			}
			last = p.Seq
		}
		if most := s.Rules().Photos.Most; len(hung) >= most {
			return ErrManyPhotos.Say(fmt.Sprintf("一个活动最多 %d 张照片，请先去掉几张再加", most))
		}
		if err := s.Tickets.Lend(tx, holder(activity), by.Person, []int64{photo}); err != nil {
			return err
		}
		return tx.Create(&Photo{photo, activity, last + 1, caption, s.Now().UnixMilli()}).Error
	})
}

// ChangePhoto says what is to be read under a photo, and moves it to a place
// (1: the first; 0: where it is). Errors: ErrUnknown, ErrNotYours, ErrInvalid, ErrPhoto.
func (s *Service) ChangePhoto(ctx context.Context, by org.Actor, activity, photo int64, caption string, place int) error {
	return s.hang(ctx, by, activity, caption, func(tx *gorm.DB, _ Activity, hung []Photo, caption string) error {
		at := slices.IndexFunc(hung, func(p Photo) bool { return p.PhotoID == photo })
		if at < 0 {
			return ErrPhoto
		}
		if err := tx.Exec("UPDATE activity_photos SET caption = ? WHERE photo_id = ?", caption, photo).Error; err != nil || place == 0 {
			return err
		}
		moved := hung[at]
		hung = slices.Insert(slices.Delete(hung, at, at+1), min(place, len(hung))-1, moved)
		for i, p := range hung {
			if err := tx.Exec("UPDATE activity_photos SET seq = ? WHERE photo_id = ?", i+1, p.PhotoID).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// RemovePhoto takes a photo down and drops it for good. Errors: ErrUnknown,
// ErrNotYours, ErrPhoto.
func (s *Service) RemovePhoto(ctx context.Context, by org.Actor, activity, photo int64) error {
	return s.hang(ctx, by, activity, "", func(tx *gorm.DB, _ Activity, _ []Photo, _ string) error {
		did := tx.Exec("DELETE FROM activity_photos WHERE photo_id = ? AND activity_id = ?", photo, activity)
		if did.Error != nil {
			return did.Error
		}
		if did.RowsAffected == 0 {
			return ErrPhoto
		}
		return s.Tickets.Drop(tx, []int64{photo})
	})
}

// hang changes the photos of an activity for who runs it; whoever else would waits.
func (s *Service) hang(ctx context.Context, by org.Actor, activity int64, caption string, do func(tx *gorm.DB, a Activity, hung []Photo, caption string) error) error {
	caption = strings.TrimSpace(caption)
	if found := s.Tickets.Rules().Content.Look(caption); found.Abuse || found.Advert {
		return ErrInvalid.At("caption", "说明里有不宜公开的话，请改一改")
	}
	if len([]rune(caption)) > maxCaption || strings.ContainsFunc(caption, unicode.IsControl) {
		return ErrInvalid.At("caption", fmt.Sprintf("照片说明请控制在 %d 字以内，写成一行", maxCaption))
	}
	if _, err := s.run(ctx, by, activity); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE activities SET version = version WHERE id = ?", activity).Error; err != nil {
			return err
		}
		a, err := one(tx, activity)
		if err != nil {
			return err
		}
		hung, err := photos(tx, activity)
		if err != nil {
			return err
		}
		return do(tx, a, hung, caption)
	})
}

// hangs says why an activity takes no more photos; nil: it does.
func hangs(a Activity) error {
	if a.State == Cancelled || a.State == Archived {
		return ErrState.Say("活动" + a.State.Name() + "，不能再加照片")
	}
	return nil
}

func photos(tx *gorm.DB, activity int64) ([]Photo, error) {
	var out []Photo
	return out, tx.Order("seq, photo_id").Find(&out, "activity_id = ?", activity).Error
}

// Photo is a picture of an activity, for whoever may see the activity. Errors:
// ErrUnknown, ErrPhoto.
func (s *Service) Photo(ctx context.Context, by org.Actor, activity, photo int64) ([]byte, error) {
	a, err := one(s.DB.Read(ctx), activity)
	if err != nil {
		return nil, err
	}
	if a.State == Drafted && !organises(by, a) {
		return nil, ErrUnknown
	}
	content, err := s.Tickets.Lent(ctx, holder(activity), photo)
	if errors.Is(err, ticket.ErrUnknown) {
		err = ErrPhoto
	}
	return content, err
}

// ExpirePhotos drops the photos that were added before a moment.
func (s *Service) ExpirePhotos(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "photo_id", From: "activity_photos WHERE created_at < ?", Args: []any{x.Before.UnixMilli()}, Batch: 100,
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB {
			if err := s.Tickets.Drop(tx, ids); err != nil {
				return &gorm.DB{Error: err}
			}
			return tx.Exec("DELETE FROM activity_photos WHERE photo_id IN ?", ids)
		},
	})
}
