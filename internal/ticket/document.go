package ticket

import (
	"bytes"
	"context"

	"gorm.io/gorm"

	"fenlin/internal/errs"
)

// ErrNotDocument says that a file is neither a PDF nor a picture.
var ErrNotDocument = errs.New(errs.Invalid, "not_a_document", "请上传 PDF、JPEG 或 PNG 文件；其他格式请先转换，文件前后不要有别的内容")

// trailing is how many bytes of blank space may follow a PDF's end.
const trailing = 64

// Document stores what is kept of what was sent, for Hold: a JPEG or PNG is drawn
// anew like a photo, a PDF stays as it is. What it is, its bytes say, and nothing
// else. Errors: ErrNotDocument, ErrNotPicture, ErrBigPicture, ErrPhotosAway.
func (s *Service) Document(ctx context.Context, raw []byte) (Stored, error) {
	switch {
	case len(raw) > MaxPhoto:
		return Stored{}, ErrBigPicture.Say("文件太大，请压缩到 10 MB 以内")
	case wholePDF(raw):
		return s.storePhoto(ctx, raw)
	case isJPEG(raw), bytes.HasPrefix(raw, []byte("\x89PNG\r\n\x1a\n")):
		content, err := s.redraw(raw)
		if err != nil {
			return Stored{}, err
		}
		return s.storePhoto(ctx, content)
	}
	return Stored{}, ErrNotDocument
}

// wholePDF says that a file is a PDF from its first byte to its last: readers
// also take one with something before or behind, which may be a page or an archive.
func wholePDF(raw []byte) bool {
	if !bytes.HasPrefix(raw, []byte("%PDF-1.")) && !bytes.HasPrefix(raw, []byte("%PDF-2.")) {
		return false
	}
	end := bytes.LastIndex(raw, []byte("%%EOF"))
	if end < 0 {
		return false
	}
	rest := raw[end+len("%%EOF"):]
	return len(rest) <= trailing && len(bytes.TrimRight(rest, "\r\n\t \x00")) == 0
}

func isJPEG(raw []byte) bool { return bytes.HasPrefix(raw, []byte("\xff\xd8\xff")) }

// TypeOf is the media type of what Document or Keep made.
func TypeOf(kept []byte) string {
	if isJPEG(kept) {
		return "image/jpeg"
	}
	return "application/pdf"
}

// Hold keeps what Document stored on a holder, as Lend does with photos.
func (s *Service) Hold(tx *gorm.DB, holder string, owner int64, o Stored) (int64, error) {
	p := Photo{ID: o.id, OwnerID: owner, Holder: holder, Content: []byte{}, Digest: o.digest, CreatedAt: s.Now().UnixMilli()}
	return p.ID, tx.Create(&p).Error
}
