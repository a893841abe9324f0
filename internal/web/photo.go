package web

import (
	"bytes"
	"context"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"fenlin/internal/errs"
	"fenlin/internal/ticket"
)

// maxUpload is a photo and what a form adds to it, in bytes.
const maxUpload = ticket.MaxPhoto + 1<<20

var errNoPhoto = errs.New(errs.Invalid, "photo_missing", "请选择一张照片（表单字段 photo）")

// raw says what sendPhoto takes.
func (sendPhotoInput) raw() (limit int64, body *huma.RequestBody) {
	picture := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	return maxUpload, &huma.RequestBody{
		Required: true, Description: "one picture (JPEG, PNG or WebP), at most 10 MiB: as the field photo of a form, or as the whole body",
		Content: map[string]*huma.MediaType{
			"multipart/form-data": {Schema: &huma.Schema{
				Type: huma.TypeObject, Properties: map[string]*huma.Schema{"photo": picture}, Required: []string{"photo"}, AdditionalProperties: true,
			}},
			"image/jpeg": {Schema: picture}, "image/png": {Schema: picture}, "image/webp": {Schema: picture}, "application/octet-stream": {Schema: picture},
		},
	}
}

type sendPhotoInput struct {
	Once
	Type    string `header:"Content-Type" hidden:"true"`
	RawBody []byte
}

func (s *Server) sendPhoto(ctx context.Context, c caller, in *sendPhotoInput) (*body[photoView], error) {
	raw, err := fileOf(in.Type, in.RawBody, "photo", errNoPhoto)
	if err != nil {
		return nil, err
	}
	n, err := s.Tickets.Keep(ctx, c.Person.ID, in.key(c), raw)
	if err != nil {
		return nil, err
	}
	return answer(viewPhotos([]int64{n})[0]), nil
}

// fileOf finds a file in a body: the field of a form, or all of it.
func fileOf(contentType string, raw []byte, field string, missing *errs.Error) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return raw, nil
	}
	form := multipart.NewReader(bytes.NewReader(raw), params["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return nil, missing.Because(err)
		}
		if part.FormName() == field {
			content, err := io.ReadAll(part)
			if err != nil {
				return nil, missing.Because(err)
			}
			return content, nil
		}
	}
}

type photoInput struct {
	ID id `path:"id"`
}

type photoOutput struct {
	Type  string `header:"Content-Type" hidden:"true"`
	Cache string `header:"Cache-Control" hidden:"true"`
	Body  []byte `contentType:"image/jpeg"`
}

func (s *Server) showPhoto(ctx context.Context, c caller, in *photoInput) (*photoOutput, error) {
	content, err := s.Tickets.Photo(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	return &photoOutput{"image/jpeg", "private, max-age=86400, immutable", content}, nil
}
