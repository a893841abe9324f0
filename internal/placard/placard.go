// Package placard draws what is printed and put up: a QR code with words under
// it, one to a picture or many to a sheet. It is pure.
package placard

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"strconv"
	"sync"

	"codeberg.org/go-pdf/fpdf"
	"github.com/skip2/go-qrcode"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Placard is a code with the words under it.
type Placard struct {
	Content string   // what the code says
	Title   string   // large, in the first line: the compound
	Lines   []string // smaller: where in it, what to do
}

// Sizes in pixels: a picture prints at 10 cm and 150 dots an inch, a sheet is A4.
const (
	width, height           = 600, 760
	sheetWidth, sheetHeight = 1240, 1754
	columns, rows           = 3, 4
	cellWidth, cellHeight   = sheetWidth / columns, sheetHeight / rows
)

// PerSheet is how many codes a sheet holds.
const PerSheet = columns * rows

// Printer draws. Its zero value is ready; the font is unpacked when first used.
type Printer struct {
	once  sync.Once
	fonts []*opentype.Font // Chinese, and Latin, which the first lacks
	raw   []byte           // the Chinese one as a file
	err   error
}

//go:embed font
var built embed.FS

// errNoFont says that the binary was built without `make`.
var errNoFont = errors.New("placard: this binary was built without a Chinese font: build it by `make build`")

func (p *Printer) load() error {
	p.once.Do(func() {
		packed, err := built.ReadFile("font/DroidSansFallbackFull.ttf.gz")
		if err != nil {
			p.err = errNoFont
			return
		}
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			p.err = err
			return
		}
		raw, err := io.ReadAll(z)
		if err != nil {
			p.err = err
			return
		}
		p.raw = raw
		for _, raw := range [][]byte{raw, goregular.TTF} {
			f, err := opentype.Parse(raw)
			if err != nil {
				p.err = err
				return
			}
			p.fonts = append(p.fonts, f)
		}
	})
	return p.err
}

// PNG is one placard as a picture of 600 by 760 pixels.
func (p *Printer) PNG(one Placard) ([]byte, error) {
	paper := blank(width, height)
	if err := p.draw(paper, paper.Bounds(), one); err != nil {
		return nil, err
	}
	return encoded(paper)
}

// Sheet is up to PerSheet placards on a sheet of A4, with lines to cut along.
func (p *Printer) Sheet(list []Placard) ([]byte, error) {
	if len(list) > PerSheet {
		return nil, fmt.Errorf("placard: %d codes are too many for a sheet", len(list))
	}
	paper := blank(sheetWidth, sheetHeight)
	for i, one := range list {
		x, y := i%columns*cellWidth, i/columns*cellHeight
		cell := image.Rect(x, y, x+cellWidth, y+cellHeight)
		grey := image.NewUniform(color.Gray{Y: 0xc0})
		draw.Draw(paper, image.Rect(x, y+cellHeight-1, x+cellWidth, y+cellHeight), grey, image.Point{}, draw.Src)
		draw.Draw(paper, image.Rect(x+cellWidth-1, y, x+cellWidth, y+cellHeight), grey, image.Point{}, draw.Src)
		if err := p.draw(paper, cell.Inset(6), one); err != nil {
			return nil, err
		}
	}
	return encoded(paper)
}

func blank(w, h int) *image.Gray {
	paper := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(paper, paper.Bounds(), image.White, image.Point{}, draw.Src)
	return paper
}

func encoded(paper image.Image) ([]byte, error) {
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	err := encoder.Encode(&b, paper)
	return b.Bytes(), err
}

// draw puts a placard into a box: the code above, the words below, each line as
// large as it may be and as small as it must be.
func (p *Printer) draw(paper draw.Image, box image.Rectangle, one Placard) error {
	code, err := qrcode.New(one.Content, qrcode.Medium)
	if err != nil {
		return err
	}
	side := min(box.Dx(), box.Dy()*3/4)
	at := box.Min.Add(image.Pt((box.Dx()-side)/2, 0))
	draw.Draw(paper, image.Rectangle{at, at.Add(image.Pt(side, side))}, code.Image(side), image.Point{}, draw.Src)
	y, size := at.Y+side, float64(side)/13
	for i, line := range append([]string{one.Title}, one.Lines...) {
		if i == 1 {
			size *= 0.7
		}
		if line == "" {
			continue
		}
		if y, err = p.write(paper, box, y, size, line); err != nil {
			return err
		}
	}
	return nil
}

// write puts a line into the middle under y and returns where the next begins.
func (p *Printer) write(paper draw.Image, box image.Rectangle, y int, size float64, line string) (int, error) {
	const least = 9
	for ; ; size *= 0.9 {
		faces, err := p.faces(size)
		if err != nil {
			return y, err
		}
		wide := fixed.Int26_6(0)
		for _, r := range line {
			wide += advance(faces, r)
		}
		if wide.Ceil() > box.Dx() && size > least {
			continue
		}
		y += int(size * 1.3)
		d := font.Drawer{Dst: paper, Src: image.Black, Dot: fixed.Point26_6{X: fixed.I(box.Min.X) + (fixed.I(box.Dx())-wide)/2, Y: fixed.I(y - int(size*0.2))}}
		for _, r := range line {
			d.Face = faceOf(faces, r)
			d.DrawString(string(r))
		}
		return y, nil
	}
}

// faces are the fonts at a size in pixels, the Chinese one first.
func (p *Printer) faces(size float64) ([]font.Face, error) {
	if err := p.load(); err != nil {
		return nil, err
	}
	var out []font.Face
	for _, f := range p.fonts {
		face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
		if err != nil {
			return nil, err
		}
		out = append(out, face)
	}
	return out, nil
}

// faceOf is the first that has the letter, or the first.
func faceOf(faces []font.Face, r rune) font.Face {
	for _, f := range faces {
		if _, ok := f.GlyphAdvance(r); ok {
			return f
		}
	}
	return faces[0]
}

func advance(faces []font.Face, r rune) fixed.Int26_6 {
	a, _ := faceOf(faces, r).GlyphAdvance(r)
	return a
}

// Draws says that there is a picture of every letter of a text.
func (p *Printer) Draws(text string) bool {
	faces, err := p.faces(12)
	if err != nil {
		return false
	}
	for _, r := range text {
		if _, ok := faceOf(faces, r).GlyphAdvance(r); !ok {
			return false
		}
	}
	return true
}

// Poster is one placard on a sheet of A4, to be read from across a room.
func (p *Printer) Poster(one Placard) ([]byte, error) {
	paper := blank(sheetWidth, sheetHeight)
	if err := p.draw(paper, paper.Bounds().Inset(sheetWidth/12), one); err != nil {
		return nil, err
	}
	return encoded(paper)
}

// PDF is sheets of A4, each a picture that fills its page.
func PDF(title string, sheets ...[]byte) ([]byte, error) {
	const wide, high = 210, 297 // millimetres
	doc := fpdf.New("P", "mm", "A4", "")
	doc.SetTitle(title, true)
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	for i, sheet := range sheets {
		name := strconv.Itoa(i)
		doc.AddPage()
		doc.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(sheet))
		doc.ImageOptions(name, 0, 0, wide, high, false, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
	}
	var b bytes.Buffer
	err := doc.Output(&b)
	return b.Bytes(), err
}
