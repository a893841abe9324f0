package placard

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"github.com/skip2/go-qrcode"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
)

// Certificate is a document of some sheets of A4: a title, facts, a table as long
// as it needs, a place for seal and signatures, and a code that leads to where it
// can be verified.
type Certificate struct {
	Title  string
	Head   []string    // beside the code
	Code   string      // what it says
	Facts  [][2]string // a name and what it is
	Table  Table
	Close  string   // a sentence under the table
	Signed []string // lines to be sealed and signed
	Notes  []string // small, at the end
	Foot   string   // on each sheet, beside its number
	At     time.Time
}

// Table has a row of titles, which each sheet repeats.
type Table struct {
	Columns []Column
	Rows    [][]string
}

// Column is a column of a table.
type Column struct {
	Title string
	Wide  float64 // millimetres; all together 174
}

// Millimetres of the sheet and on it; sizes of letters are in points.
const (
	paperWide, paperHigh = 210.0, 297.0
	side                 = 18.0
	inner                = paperWide - 2*side
	first, last          = 20.0, paperHigh - 22 // between which the text stands
	codeSide             = 34.0
	factName             = 42.0

	titleSize, factSize, rowSize, noteSize = 24.0, 13.0, 11.0, 10.0
)

// unknown stands for a letter of which the font has no picture, as printers have
// always done (〓).
const unknown = '〓'

// word is some text on a sheet, its left end at x and its line at y.
type word struct {
	x, y, size float64
	text       string
	bold       bool
}

// bar is a box on a sheet, filled with a shade of grey: lines, and what lies
// behind titles.
type bar struct {
	x, y, wide, high float64
	grey             int
}

type leaf struct {
	words []word
	bars  []bar
}

// layout is a certificate on its way onto sheets.
type layout struct {
	Certificate
	faces  []font.Face
	leaves []leaf
	y      float64
}

const (
	ruled   = 1000        // pixels of the letters that are measured
	point   = 25.4 / 72   // millimetres
	leading = 1.5 * point // of a line, by the size of its letters
)

// CertificatePDF draws a certificate. The same certificate gives the same bytes.
func (p *Printer) CertificatePDF(c Certificate) ([]byte, error) {
	leaves, err := p.lay(c)
	if err != nil {
		return nil, err
	}
	code, err := qrcode.New(c.Code, qrcode.Medium)
	if err != nil {
		return nil, err
	}
	code.DisableBorder = true
	doc := fpdf.New("P", "mm", "A4", "")
	doc.SetTitle(c.Title, true)
	doc.SetCreationDate(c.At)
	doc.SetModificationDate(c.At)
	doc.SetCatalogSort(true)
	doc.SetAutoPageBreak(false, 0)
	doc.AddUTF8FontFromBytes("han", "", p.raw)
	doc.AddUTF8FontFromBytes("latin", "", goregular.TTF)
	faces, err := p.faces(ruled)
	if err != nil {
		return nil, err
	}
	for i, l := range leaves {
		doc.AddPage()
		for _, b := range l.bars {
			doc.SetFillColor(b.grey, b.grey, b.grey)
			doc.Rect(b.x, b.y, b.wide, b.high, "F")
		}
		doc.SetFillColor(0, 0, 0)
		if i == 0 {
			blocks(doc, code.Bitmap())
		}
		for _, w := range l.words {
			write(doc, faces, w)
		}
	}
	var b bytes.Buffer
	err = doc.Output(&b)
	return b.Bytes(), err
}

// blocks draws the code at the right of the first sheet.
func blocks(doc *fpdf.Fpdf, code [][]bool) {
	each := codeSide / float64(len(code))
	for y, row := range code {
		for x := 0; x < len(row); x++ {
			from := x
			for x < len(row) && row[x] {
				x++
			}
			if x > from {
				doc.Rect(paperWide-side-codeSide+float64(from)*each, first-4+float64(y)*each, float64(x-from)*each, each, "F")
			}
		}
	}
}

// write puts a word down, by each letter's own font.
func write(doc *fpdf.Fpdf, faces []font.Face, w word) {
	mode := 0
	if w.bold { // there is no bold font: the letters are filled and drawn around
		mode = 2
		doc.SetLineWidth(w.size * 0.012)
	}
	doc.SetTextRenderingMode(mode)
	x, run, of := w.x, []rune(nil), 0
	put := func() {
		if len(run) > 0 {
			doc.SetFont([]string{"han", "latin"}[of], "", w.size)
			doc.Text(x, w.y, string(run))
			x += measure(faces, string(run), w.size)
			run = nil
		}
	}
	for _, r := range w.text {
		if f := fontOf(faces, r); f != of {
			put()
			of = f
		}
		run = append(run, r)
	}
	put()
}

// fontOf is which font a letter is drawn by. Latin letters and digits are more
// legible in the second.
func fontOf(faces []font.Face, r rune) int {
	if _, ok := faces[1].GlyphAdvance(r); ok && r < 0x2000 {
		return 1
	}
	return 0
}

// measure is how wide a text is, in millimetres.
func measure(faces []font.Face, text string, size float64) float64 {
	wide := 0.0
	for _, r := range text {
		a, _ := faces[fontOf(faces, r)].GlyphAdvance(r)
		wide += float64(a) / 64
	}
	return wide / ruled * size * point
}

// lay puts a certificate onto sheets.
func (p *Printer) lay(c Certificate) ([]leaf, error) {
	faces, err := p.faces(ruled)
	if err != nil {
		return nil, err
	}
	l := &layout{Certificate: c, faces: faces}
	l.leaves = []leaf{{}}
	l.y = first + 9
	l.put(side+(inner-l.wide(c.Title, titleSize))/2, l.y, titleSize, c.Title, true)
	l.y += 6
	for _, line := range c.Head {
		l.text(side, inner-codeSide-6, factSize, line)
	}
	hint := "扫码核验"
	l.put(paperWide-side-(codeSide+l.wide(hint, noteSize))/2, first-4+codeSide+5, noteSize, hint, false)
	l.y = max(l.y, first+codeSide+3) + 4
	l.facts()
	l.table()
	l.close()
	for i := range l.leaves {
		at := &l.leaves[i]
		number := fmt.Sprintf("第 %d 页 共 %d 页", i+1, len(l.leaves))
		at.words = append(at.words, word{side, paperHigh - 12, noteSize, l.known(c.Foot), false}, word{paperWide - side - l.wide(number, noteSize), paperHigh - 12, noteSize, number, false})
	}
	return l.leaves, nil
}

func (l *layout) leaf() *leaf { return &l.leaves[len(l.leaves)-1] }

func (l *layout) wide(text string, size float64) float64 { return measure(l.faces, text, size) }

func (l *layout) put(x, y, size float64, text string, bold bool) {
	l.leaf().words = append(l.leaf().words, word{x, y, size, l.known(text), bold})
}

func (l *layout) box(x, y, wide, high float64, grey int) {
	l.leaf().bars = append(l.leaf().bars, bar{x, y, wide, high, grey})
}

// frame draws the edges of a box.
func (l *layout) frame(x, y, wide, high float64) {
	const thin, grey = 0.25, 110
	l.box(x, y, wide, thin, grey)
	l.box(x, y+high, wide, thin, grey)
	l.box(x, y, thin, high, grey)
	l.box(x+wide, y, thin, high+thin, grey)
}

// next begins a sheet.
func (l *layout) next() {
	l.leaves = append(l.leaves, leaf{})
	l.y = first
}

// room sees to it that so much fits under y.
func (l *layout) room(high float64) {
	if l.y+high > last {
		l.next()
	}
}

// known is a text in letters that can be drawn.
func (l *layout) known(text string) string {
	out := []rune{}
	for _, r := range text {
		switch f := l.faces[fontOf(l.faces, r)]; {
		case unicode.IsControl(r):
			r = ' '
		case r > 0xFFFF: // the library writes two bytes a letter
			r = unknown
		default:
			if _, ok := f.GlyphAdvance(r); !ok {
				r = unknown
			}
		}
		out = append(out, r)
	}
	return string(out)
}

// broken is a text in lines of a width: words of Latin letters and numbers stay
// whole where they can, no line begins with what closes and none ends with what opens.
func (l *layout) broken(text string, wide, size float64) []string {
	var lines []string
	line := []rune{}
	for _, r := range l.known(text) {
		if r == '\n' {
			lines, line = append(lines, string(line)), nil
			continue
		}
		if len(line) > 0 && l.wide(string(line)+string(r), size) > wide {
			cut := len(line)
			for after := r; cut > 0 && !mayBreak(line[cut-1], after); cut-- {
				after = line[cut-1]
			}
			if cut == 0 {
				cut = len(line)
			}
			lines = append(lines, string(line[:cut]))
			line = append([]rune{}, line[cut:]...)
		}
		line = append(line, r)
	}
	return append(lines, string(line))
}

func mayBreak(before, after rune) bool {
	return !closes(after) && !strings.ContainsRune("（《「“(", before) && (!joins(before) || !joins(after))
}

// joins says that a letter is of a word that should stay whole.
func joins(r rune) bool { return r < 0x300 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-') }

// closes says that no line begins with it.
func closes(r rune) bool { return strings.ContainsRune("，。、；：！？）》」”),.", r) }

// text puts lines down under y.
func (l *layout) text(x, wide, size float64, text string) {
	for _, line := range l.broken(text, wide, size) {
		l.room(size * leading)
		l.y += size * leading
		l.put(x, l.y-size*0.14, size, line, false)
	}
}

// pad is what lies between the edge of a box and its words, in millimetres.
const pad = 1.6

// cells are the lines of a row, and how high it is.
func (l *layout) cells(widths []float64, texts []string, size float64) (lines [][]string, high float64) {
	for i, text := range texts {
		lines = append(lines, l.broken(text, widths[i]-2*pad, size))
		high = max(high, float64(len(lines[i]))*size*leading+1.2*pad)
	}
	return lines, high
}

// row puts cells beside each other, in boxes as high as the longest needs.
func (l *layout) row(widths []float64, texts []string, size float64, head bool) {
	lines, high := l.cells(widths, texts, size)
	x := side
	for i, cell := range lines {
		if head {
			l.box(x, l.y, widths[i], high, 235)
		}
		l.frame(x, l.y, widths[i], high)
		for n, line := range cell {
			l.put(x+pad, l.y+float64(n+1)*size*leading+0.2*pad-size*0.1, size, line, head)
		}
		x += widths[i]
	}
	l.y += high
}

func (l *layout) facts() {
	for _, f := range l.Facts {
		l.row([]float64{factName, inner - factName}, f[:], factSize, false)
	}
	l.y += 5
}

func (l *layout) table() {
	var widths []float64
	var titles []string
	for _, c := range l.Table.Columns {
		widths, titles = append(widths, c.Wide), append(titles, c.Title)
	}
	l.room(20)
	l.row(widths, titles, rowSize, true)
	for i, row := range l.Table.Rows {
		_, high := l.cells(widths, row, rowSize)
		if i == len(l.Table.Rows)-1 { // nothing is signed on a sheet of its own
			high += tableGap + l.closing()
		}
		if l.y+high > last {
			l.next()
			l.row(widths, titles, rowSize, true)
		}
		l.row(widths, row, rowSize, false)
	}
	l.y += tableGap
}

const (
	tableGap  = 3.0 // millimetres under the table
	signedGap = 8.0 // under what is signed
	signing   = 1.9 // a line to be written on is so much higher
)

// closing is how high the end is.
func (l *layout) closing() float64 {
	high := signedGap + float64(len(l.broken(l.Close, inner, factSize)))*factSize*leading
	for _, s := range l.Signed {
		high += (float64(len(l.broken(s, inner*signedWide, factSize))) + signing - 1) * factSize * leading
	}
	for _, n := range l.Notes {
		high += float64(len(l.broken(n, inner, noteSize))) * noteSize * leading
	}
	return high
}

// signedWide is how much of the sheet, at its right, the signatures have.
const signedWide = 0.58

// close puts down what stands at the end, together on one sheet.
func (l *layout) close() {
	l.room(l.closing())
	l.text(side, inner, factSize, l.Close)
	for _, s := range l.Signed {
		l.y += factSize * leading * (signing - 1)
		l.text(side+inner*(1-signedWide), inner*signedWide, factSize, s)
	}
	l.y += signedGap
	for _, n := range l.Notes {
		l.text(side, inner, noteSize, n)
	}
}
