package ticket

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/blob"
	"fenlin/internal/errs"
	"fenlin/internal/outbox"
)

// Errors of the store of photos.
var (
	ErrPhotosAway = errs.New(errs.Unavailable, "photos_away", "照片和文件暂时存取不了，请过几分钟再试；文字可以照常提交")
	ErrPhotoGone  = errs.New(errs.NotFound, "photo_gone", "这张照片或这份文件已经打不开，请联系管理员")
)

// TopicPhoto is an object that goes unless a photo's row names it; payload: its id.
const TopicPhoto = "ticket.photo"

const (
	unnamed  = 24 * time.Hour   // after so long an object has its row, or will never have one
	whenAway = 15 * time.Minute // until the store is asked again to let an object go
)

// Stored is what lies in the store and waits for its row. An object is written
// before the transaction of its row, so a photo that was acknowledged is never
// lost; one that stays without a row is let go a day later.
type Stored struct {
	id     int64
	digest string
}

func (s *Service) storePhoto(ctx context.Context, content []byte) (Stored, error) {
	o := Stored{s.DB.NewID(), sumOf(content)}
	return o, s.write(ctx, o.id, content)
}

// write puts an object into the store, after promising to look at it in a day.
func (s *Service) write(ctx context.Context, id int64, content []byte) error {
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.Outbox.Add(tx, look(id, s.Now().Add(unnamed))) })
	if err != nil {
		return err
	}
	if err := s.Photos.Put(ctx, id, content); err != nil {
		return ErrPhotosAway.Because(err)
	}
	return nil
}

func look(id int64, at time.Time) outbox.Event {
	return outbox.New(TopicPhoto, fmt.Sprintf("photo:%d:%d", id, at.UnixMilli()), id, id, at)
}

// LetGo handles TopicPhoto. While the store is away it waits, however long.
func (s *Service) LetGo(ctx context.Context, e outbox.Event) error {
	var id, named int64
	if err := e.Decode(&id); err != nil {
		return err
	}
	err := s.DB.Read(ctx).Raw("SELECT COUNT(*) FROM photos WHERE id = ? AND digest <> ''", id).Scan(&named).Error
	if err != nil || named > 0 {
		return err
	}
	if err := s.Photos.Delete(ctx, id); err != nil {
		slog.WarnContext(ctx, "a photo waits to be let go: its store does not answer", "photo", id, "error", err)
		return outbox.Snooze(whenAway)
	}
	return nil
}

// dropPhotos deletes photos by their rows; their objects follow the commit.
func (s *Service) dropPhotos(tx *gorm.DB, where string, args ...any) *gorm.DB {
	var ids []int64
	if read := tx.Raw("SELECT id FROM photos WHERE "+where, args...).Scan(&ids); read.Error != nil {
		return read
	}
	events := make([]outbox.Event, 0, len(ids))
	for _, id := range ids {
		events = append(events, look(id, s.Now()))
	}
	if err := s.Outbox.Add(tx, events...); err != nil {
		return &gorm.DB{Error: err}
	}
	return tx.Exec("DELETE FROM photos WHERE "+where, args...)
}

// content is what a photo shows, as it was when it was kept. Errors: ErrPhotoGone, ErrPhotosAway.
func (s *Service) content(ctx context.Context, p Photo) ([]byte, error) {
	if p.Digest == "" { // not moved yet
		return p.Content, nil
	}
	content, err := s.Photos.Get(ctx, p.ID)
	if err == nil && sumOf(content) != p.Digest {
		err = errChanged
	}
	switch {
	case err == nil:
		return content, nil
	case errors.Is(err, blob.ErrAbsent), errors.Is(err, errChanged):
		slog.ErrorContext(ctx, "a photo is not what was kept", "photo", p.ID, "error", err)
		return nil, ErrPhotoGone.Because(err)
	}
	return nil, ErrPhotosAway.Because(err)
}

var errChanged = errors.New("the object has another content than was written")

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// MovePhotos moves what lies in the database into the store. Stopped and begun
// again it goes on where it was; told hears how many went and how many are left.
func (s *Service) MovePhotos(ctx context.Context, told func(moved, left int64)) (moved int64, err error) {
	var left int64
	if err := s.DB.Read(ctx).Raw("SELECT COUNT(*) FROM photos WHERE digest = ''").Scan(&left).Error; err != nil {
		return 0, err
	}
	for last := int64(0); ; {
		var ids []int64
		err := s.DB.Read(ctx).Raw("SELECT id FROM photos WHERE digest = '' AND id > ? ORDER BY id LIMIT ?", last, moveBatch).Scan(&ids).Error
		if err != nil || len(ids) == 0 {
			return moved, err
		}
		for _, id := range ids {
			if err := s.move(ctx, id); err != nil {
				return moved, fmt.Errorf("photo %d: %w", id, err)
			}
			last, moved, left = id, moved+1, left-1
		}
		told(moved, max(left, 0))
	}
}

const moveBatch = 100

// move takes one photo; who drops it meanwhile leaves an object without a row.
func (s *Service) move(ctx context.Context, id int64) error {
	var p []Photo
	if err := s.DB.Read(ctx).Find(&p, "id = ? AND digest = ''", id).Error; err != nil || len(p) == 0 {
		return err
	}
	if err := s.write(ctx, id, p[0].Content); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE photos SET content = '', digest = ? WHERE id = ? AND digest = ''", sumOf(p[0].Content), id).Error
	})
}
