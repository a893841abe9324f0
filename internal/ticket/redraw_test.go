package ticket

import (
	"bytes"
	"encoding/hex"
	"image"
	"image/jpeg"
	"image/png"
	"testing"
)

// FuzzRedraw draws pictures anew: what comes out is a JPEG of a bearable size, whatever came in.
func FuzzRedraw(f *testing.F) {
	small := image.NewGray(image.Rect(0, 0, 8, 5))
	var p, j bytes.Buffer
	if err := png.Encode(&p, small); err != nil {
		f.Fatal(err)
	}
	if err := jpeg.Encode(&j, small, nil); err != nil {
		f.Fatal(err)
	}
	webp, err := hex.DecodeString("524946461a000000574542505650384c0d0000002f0000001007101111888808")
	if err != nil {
		f.Fatal(err)
	}
	for _, raw := range [][]byte{p.Bytes(), j.Bytes(), webp, []byte("GIF89a/*"), []byte("<svg/>"), p.Bytes()[:40], append(bytes.Clone(j.Bytes()), "<script>"...), nil} {
		f.Add(raw)
	}
	s := &Service{}
	f.Fuzz(func(t *testing.T, raw []byte) {
		out, err := s.redraw(raw)
		if err != nil {
			return
		}
		c, format, err := image.DecodeConfig(bytes.NewReader(out))
		if err != nil || format != "jpeg" || c.Width > photoSide || c.Height > photoSide {
			t.Fatalf("%d×%d %s: %v", c.Width, c.Height, format, err)
		}
	})
}
