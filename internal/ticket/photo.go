package ticket

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"slices"
	"time"

	"github.com/disintegration/imaging"
	_ "golang.org/x/image/webp" // a decoder by its mark
	"gorm.io/gorm"

	"fenlin/internal/org"
	"fenlin/internal/outbox"
)

// Limits of photos.
const (
	MaxPhoto  = 10 << 20    // bytes as sent
	maxPixels = 8192 * 6144 // what a phone of 50 megapixels takes
	photoSide = 1600        // pixels of the longer side as kept
	photoJPEG = 80          // quality
	maxPhotos = 9           // of one report or action

	// DailyPhotos is how many pictures a person may send within 24 h.
	DailyPhotos = 100
)

// Photo is a picture as kept: drawn anew, so that nothing of the camera's own data (place, time, owner) remains.
type Photo struct {
	ID        int64
	OwnerID   int64
	TicketID  int64  // 0 until attached, or when it hangs on something else
	Holder    string // what else it hangs on, such as activity:123; empty: nothing
	SourceKey *string
	Content   []byte // JPEG; empty when it lies in the store
	Digest    string // of what lies in the store: SHA-256, hexadecimal
	CreatedAt int64
}

// Keep draws a picture anew and keeps it for its owner, to be attached by its
// id; a key that was used before returns the photo it made then. See
// ExpirePhotos for one that is never attached.
// Errors: ErrNotPicture, ErrBigPicture, ErrTooManyPhotos, ErrPhotosAway.
func (s *Service) Keep(ctx context.Context, owner int64, key string, raw []byte) (int64, error) {
	since := s.Now().Add(-24 * time.Hour).UnixMilli()
	full := func(tx *gorm.DB) error {
		var today int64
		err := tx.Raw("SELECT COUNT(*) FROM photos WHERE owner_id = ? AND created_at > ?", owner, since).Scan(&today).Error
		if err == nil && today >= DailyPhotos {
			err = ErrTooManyPhotos
		}
		return err
	}
	// A key that was used before comes before the limit, and both before the work of drawing and storing.
	if id, err := s.keptAs(ctx, key); err != nil || id != 0 {
		return id, err
	}
	if err := full(s.DB.Read(ctx)); err != nil {
		return 0, err
	}
	content, err := s.redraw(raw)
	if err != nil {
		return 0, err
	}
	o, err := s.storePhoto(ctx, content)
	if err != nil {
		return 0, err
	}
	p := Photo{ID: o.id, OwnerID: owner, Content: []byte{}, Digest: o.digest, CreatedAt: s.Now().UnixMilli()}
	if key != "" {
		p.SourceKey = &key
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := full(tx); err != nil { // others were drawn meanwhile
			return err
		}
		return tx.Create(&p).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) || errors.Is(err, ErrTooManyPhotos) { // perhaps by this same photo, sent twice at once
		if id, lost := s.keptAs(ctx, key); lost != nil || id != 0 {
			return id, lost
		}
	}
	return p.ID, err
}

// keptAs is the photo that a key made, or 0.
func (s *Service) keptAs(ctx context.Context, key string) (int64, error) {
	if key == "" {
		return 0, nil
	}
	var id int64
	return id, s.DB.Read(ctx).Raw("SELECT id FROM photos WHERE source_key = ?", key).Scan(&id).Error
}

// Await promises a picture that WeChat still holds to a ticket; it is fetched
// and added after the commit. The same key promises once.
func (s *Service) Await(ctx context.Context, m Media) error {
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return s.Outbox.Add(tx, outbox.New(TopicMedia, "media:"+m.Key, m.TicketID, m, s.Now()))
	})
	if err == nil {
		s.Outbox.Wake()
	}
	return err
}

// Arrived keeps a picture that was awaited and adds it to its ticket.
func (s *Service) Arrived(ctx context.Context, m Media, raw []byte) error {
	id, err := s.Keep(ctx, m.Person, m.Key, raw)
	if err != nil {
		return err
	}
	add := Input{Action: Add, Key: "photo:" + m.Key, Photos: []int64{id}}
	_, err = s.act(ctx, org.Actor{Person: m.Person}, 0, add, func() (Ticket, error) { return s.byID(ctx, m.TicketID) })
	return err
}

// Photo returns a picture to somebody who may see its ticket, or who took it.
// Errors: ErrUnknown, ErrPhotoGone, ErrPhotosAway.
func (s *Service) Photo(ctx context.Context, by org.Actor, id int64) ([]byte, error) {
	var p Photo
	if err := s.DB.Read(ctx).Take(&p, id).Error; err != nil {
		return nil, unknown(err)
	}
	if p.OwnerID != by.Person {
		if p.TicketID == 0 {
			return nil, ErrUnknown
		}
		t, err := s.byID(ctx, p.TicketID)
		if err != nil {
			return nil, err
		}
		if f, err := s.full(ctx, by, t); err != nil || !f.Whole || !slices.Contains(f.Photos, id) {
			return nil, errors.Join(ErrUnknown, err)
		}
	}
	content, err := s.content(ctx, p)
	if err == nil && !isJPEG(content) { // a document, which its holder shows
		err = ErrUnknown
	}
	return content, err
}

var errNotFree = ErrInvalid.At(string(FieldPhotos), "照片没有上传成功，请重新上传")

// attach gives the owner's free photos to a ticket; another's photo, or one
// that already hangs elsewhere, is refused.
func attach(tx *gorm.DB, ticket, owner int64, photos []int64) error {
	if len(photos) == 0 {
		return nil
	}
	if len(photos) > maxPhotos {
		return ErrInvalid.At(string(FieldPhotos), "一次最多附 9 张照片")
	}
	updated := tx.Exec("UPDATE photos SET ticket_id = ? WHERE id IN ? AND owner_id = ? AND ticket_id IN (0, ?) AND holder = ''", ticket, photos, owner, ticket)
	if updated.Error == nil && updated.RowsAffected != int64(len(photos)) {
		return errNotFree
	}
	return updated.Error
}

// Lend hangs the owner's free photos on something other than a ticket, which
// its own capability names (activity:123), as part of the caller's transaction.
// That capability says who sees them. Error: ErrInvalid.
func (s *Service) Lend(tx *gorm.DB, holder string, owner int64, photos []int64) error {
	updated := tx.Exec("UPDATE photos SET holder = ? WHERE id IN ? AND owner_id = ? AND ticket_id = 0 AND holder = ''", holder, photos, owner)
	if updated.Error == nil && updated.RowsAffected != int64(len(photos)) {
		return errNotFree
	}
	return updated.Error
}

// Lent is the picture of a photo that hangs on a holder. Errors: ErrUnknown,
// ErrPhotoGone, ErrPhotosAway.
func (s *Service) Lent(ctx context.Context, holder string, id int64) ([]byte, error) {
	var p Photo
	if err := s.DB.Read(ctx).Take(&p, "id = ? AND holder = ?", id, holder).Error; err != nil {
		return nil, unknown(err)
	}
	return s.content(ctx, p)
}

// Drop removes photos that hang on holders for good.
func (s *Service) Drop(tx *gorm.DB, photos []int64) error {
	return s.dropPhotos(tx, "id IN ? AND holder <> ''", photos).Error
}

// redraw decodes a picture, turns it upright, shrinks it and encodes it anew.
// It draws one at a time: a few hundred kilobytes sent may be 300 MB while drawn.
func (s *Service) redraw(raw []byte) ([]byte, error) {
	if len(raw) > MaxPhoto {
		return nil, ErrBigPicture
	}
	c, format, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil || c.Width <= 0 || c.Height <= 0 || !slices.Contains([]string{"jpeg", "png", "webp"}, format) {
		return nil, ErrNotPicture
	}
	if c.Width*c.Height > maxPixels {
		return nil, ErrBigPicture.Say("照片尺寸太大，请把照片缩小一些再发")
	}
	s.drawing.Lock()
	defer s.drawing.Unlock()
	src, err := imaging.Decode(bytes.NewReader(raw), imaging.AutoOrientation(true))
	if err != nil {
		return nil, ErrNotPicture.Because(err)
	}
	src = imaging.Fit(src, photoSide, photoSide, imaging.Linear)
	paper := imaging.New(src.Bounds().Dx(), src.Bounds().Dy(), color.White) // under transparent pictures
	var out bytes.Buffer
	err = imaging.Encode(&out, imaging.Overlay(paper, src, image.Point{}, 1), imaging.JPEG, imaging.JPEGQuality(photoJPEG))
	return out.Bytes(), err
}
