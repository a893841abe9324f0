package placard_test

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"fenlin/internal/placard"
)

func drawn(t *testing.T, raw []byte, err error) image.Image {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// ink is how many dark pixels a part of a picture has.
func ink(img image.Image, part image.Rectangle) (n int) {
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if r, _, _, _ := img.At(x, y).RGBA(); r < 0x8000 {
				n++
			}
		}
	}
	return n
}

func TestPNG_HasTheCodeAndTheWordsUnderIt(t *testing.T) {
	var p placard.Printer
	one := placard.Placard{Content: "http://weixin.qq.com/q/02abcdefghijklmnop", Title: "福馨苑小区", Lines: []string{"3号楼2单元电梯", "微信扫一扫，一句话报事"}}
	raw, err := p.PNG(one)
	img := drawn(t, raw, err)
	b := img.Bounds()
	words := image.Rect(0, b.Dy()*3/4+20, b.Dx(), b.Dy())
	one.Title, one.Lines = "", nil
	raw, err = p.PNG(one)
	bare := drawn(t, raw, err)
	if b.Dx() != 600 || ink(img, words) < 2000 || ink(bare, words) != 0 || ink(img, b)-ink(img, words) < 20_000 {
		t.Errorf("%v, %d dark pixels of words, %d without words, %d of the code", b, ink(img, words), ink(bare, words), ink(img, b))
	}
	one.Title = strings.Repeat("很长的小区名称", 9)
	raw, err = p.PNG(one)
	if long := drawn(t, raw, err); ink(long, image.Rect(0, words.Min.Y-30, 2, b.Dy())) > 0 || ink(long, image.Rect(0, words.Min.Y-20, b.Dx(), b.Dy())) == 0 {
		t.Error("a long name runs over the edge")
	}
}

func TestSheet_HoldsTwelve(t *testing.T) {
	var p placard.Printer
	list := make([]placard.Placard, placard.PerSheet)
	for i := range list {
		list[i] = placard.Placard{Content: "code", Title: "小区"}
	}
	raw, err := p.Sheet(list)
	img := drawn(t, raw, err)
	b := img.Bounds()
	if full := ink(img, image.Rect(b.Dx()*2/3+20, b.Dy()*3/4+20, b.Dx()-20, b.Dy()-20)); full < 5000 {
		t.Errorf("the last of twelve has %d dark pixels", full)
	}
	if _, err := p.Sheet(append(list, list[0])); err == nil {
		t.Error("thirteen fit")
	}
}

func TestDraws_TheLettersOfNames(t *testing.T) {
	var p placard.Printer
	if !p.Draws("汾阳市福馨苑小区昌瑞绿洲堃垚珺镕喆旻A座3号楼（南门）·#") {
		t.Error("some letters are missing")
	}
}

func TestPDF_HasAPageForEachSheet(t *testing.T) {
	var p placard.Printer
	sheet, err := p.Poster(placard.Placard{Content: "http://weixin.qq.com/q/abc", Title: "南薰社区党群服务中心", Lines: []string{"周一至周五 9:00—18:00", "微信扫一扫"}})
	if img := drawn(t, sheet, err); img.Bounds().Dx() != 1240 || ink(img, image.Rect(0, 1100, 1240, 1754)) == 0 {
		t.Error("nothing is written under the code")
	}
	doc, err := placard.PDF("海报", sheet, sheet)
	if err != nil || !bytes.HasPrefix(doc, []byte("%PDF-")) || bytes.Count(doc, []byte("/Type /Page\n")) != 2 {
		t.Errorf("%d bytes, %d pages: %v", len(doc), bytes.Count(doc, []byte("/Type /Page\n")), err)
	}
}
