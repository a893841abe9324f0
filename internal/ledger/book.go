package ledger

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"fenlin/internal/errs"
)

const contentTypes = "[content_types].xml"

// Limits of a workbook. Zip bombs stop at them whatever their headers say.
const (
	MaxUpload = 12 << 20 // bytes as sent; MySQL takes 16 MiB at once
	MaxRows   = 50_000   // of one file, over all its sheets

	maxParts   = 5_000
	maxSheets  = 200
	maxPart    = 8 << 20   // bytes unpacked of a small part
	maxStrings = 128 << 20 // bytes unpacked of the shared strings
	maxUnpack  = 1 << 30   // bytes unpacked of all sheets together: a million formatted empty rows pass
	maxWords   = 2_000_000 // shared strings
)

// What is wrong with a file as a whole.
var (
	ErrTooBig    = errs.New(errs.TooLarge, "workbook_too_large", "文件超过 12 MB，请删去图片和多余的格式，或分成几份")
	ErrTooMany   = errs.New(errs.Invalid, "too_many_rows", "一次最多 50,000 行，请分成几份")
	errNoBook    = errs.New(errs.Invalid, "not_a_workbook", "这不是 Excel 工作簿（.xlsx）。请用下载的模板填写，保存为 .xlsx 后再上传")
	errOldBook   = errNoBook.Say("这是旧格式的表格（.xls 或 .et）。请在 Excel 或 WPS 里打开，另存为 .xlsx 后再上传，只改文件名不行")
	errLocked    = errNoBook.Say("文件加了密码，无法读取。请取消密码，另存为 .xlsx 后再上传")
	errTextFile  = errNoBook.Say("这是文本或网页文件，不是 Excel 工作簿。请在 Excel 或 WPS 里打开，另存为 .xlsx 后再上传，只改文件名不行")
	errBinary    = errNoBook.Say("这是二进制格式的工作簿（.xlsb）。请另存为 .xlsx 后再上传")
	errMacros    = errNoBook.Say("工作簿里有宏，为安全起见不能导入。请另存为不带宏的 .xlsx 后再上传")
	errDamaged   = errNoBook.Say("文件已损坏或经过改动，无法读取。请在 Excel 或 WPS 里打开，另存为新的 .xlsx 后再上传")
	errTooPacked = errNoBook.Say("文件展开后太大，无法读取。请把数据复制到新下载的模板里，再上传")
)

// book is a workbook opened to be read.
type book struct {
	parts     map[string]*zip.File // by the name in small letters
	names     []string             // of the parts, as they stand in the file
	main      string
	mainLinks []link
	sheets    []sheetPart
	from04    bool // days are counted from 1904
	strings   []string
	dates     []bool // by a cell's style: it shows a day
	left      int64  // bytes of sheets that may still be unpacked
}

type sheetPart struct{ name, part string }

// openBook reads everything of a workbook but its sheets. Its errors are errs.Errors.
func openBook(raw []byte) (*book, error) {
	if err := sniff(raw); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, errDamaged.Because(err)
	}
	b := &book{left: maxUnpack}
	if err := b.take(z.File); err != nil {
		return nil, err
	}
	if err := b.open(); err != nil {
		if _, told := errors.AsType[*errs.Error](err); told {
			return nil, err
		}
		return nil, errDamaged.Because(err)
	}
	return b, nil
}

// sniff says what a file is that cannot be a workbook.
func sniff(raw []byte) error {
	if len(raw) > MaxUpload {
		return ErrTooBig
	}
	if bytes.HasPrefix(raw, []byte("PK\x03\x04")) {
		return nil
	}
	if bytes.HasPrefix(raw, []byte("\xd0\xcf\x11\xe0")) {
		var name []byte
		for _, u := range utf16.Encode([]rune("EncryptedPackage")) {
			name = binary.LittleEndian.AppendUint16(name, u)
		}
		if bytes.Contains(raw, name) {
			return errLocked
		}
		return errOldBook
	}
	if head := raw[:min(len(raw), 4096)]; len(head) > 0 && bytes.IndexByte(head, 0) < 0 && !bytes.HasPrefix(head, []byte("%PDF")) {
		return errTextFile
	}
	return errNoBook
}

// take lists the parts; names that lead outside or stand twice are refused.
func (b *book) take(files []*zip.File) error {
	if len(files) > maxParts {
		return errTooPacked
	}
	b.parts = make(map[string]*zip.File, len(files))
	for _, f := range files {
		name := strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))
		if strings.HasPrefix(name, "/") || strings.Contains(name, ":") || slices.Contains(strings.Split(name, "/"), "..") {
			return errDamaged
		}
		if f.Flags&1 != 0 {
			return errLocked
		}
		if f.Method != zip.Store && f.Method != zip.Deflate {
			return errDamaged
		}
		if _, twice := b.parts[name]; twice {
			return errDamaged
		}
		b.parts[name], b.names = f, append(b.names, name)
		switch path.Base(name) {
		case "vbaproject.bin":
			return errMacros
		case "workbook.bin":
			return errBinary
		}
	}
	return nil
}

func (b *book) open() error {
	b.main = "xl/workbook.xml"
	links, err := b.links("_rels/.rels", "")
	if err != nil {
		return err
	}
	for _, l := range links {
		if strings.HasSuffix(l.kind, "/officeDocument") {
			b.main = l.part
		}
	}
	if b.parts[b.main] == nil {
		return errNoBook
	}
	if b.mainLinks, err = b.links(relsOf(b.main), path.Dir(b.main)); err != nil {
		return err
	}
	if err := b.readMain(); err != nil {
		return err
	}
	for _, l := range b.mainLinks {
		switch {
		case strings.HasSuffix(l.kind, "/sharedStrings"):
			err = b.readStrings(l.part)
		case strings.HasSuffix(l.kind, "/styles"):
			err = b.readStyles(l.part)
		case strings.HasSuffix(l.kind, "/vbaProject"):
			err = errMacros
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// link is a relationship of a part.
type link struct{ id, kind, part string }

func (b *book) links(part, dir string) ([]link, error) {
	if b.parts[part] == nil {
		return nil, nil
	}
	var out []link
	err := b.each(part, new(int64(maxPart)), false, func(s *scanner) error {
		if s.opens("Relationship") && s.attr("TargetMode") != "External" {
			target := strings.ReplaceAll(s.attr("Target"), `\`, "/")
			if strings.HasPrefix(target, "/") {
				target = target[1:]
			} else {
				target = path.Join(dir, target)
			}
			out = append(out, link{s.attr("Id"), s.attr("Type"), strings.ToLower(target)})
		}
		return nil
	})
	return out, err
}

// each reads a part tag by tag; text is kept when asked for. A part larger than
// left is refused; what was unpacked is taken off it.
func (b *book) each(part string, left *int64, keep bool, f func(*scanner) error) error {
	file := b.parts[part]
	if file == nil {
		return errXML
	}
	in, err := file.Open()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	s := newScanner(limited{in, left})
	s.keep = keep
	mark, _ := s.in.Peek(3)
	switch {
	case bytes.Equal(mark, []byte("\xef\xbb\xbf")):
		_, _ = s.in.Discard(3)
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		return errXML // UTF-16, which no program writes here
	}
	for {
		err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = f(s)
		}
		if *left < 0 {
			return errTooPacked
		}
		if err != nil {
			return err
		}
	}
}

// limited ends with an error when more than left bytes are read.
type limited struct {
	in   io.Reader
	left *int64
}

func (l limited) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	if *l.left -= int64(n); *l.left < 0 {
		return 0, errTooPacked
	}
	return n, err
}

// readMain reads which sheets there are, and from when days are counted.
func (b *book) readMain() error {
	return b.each(b.main, new(int64(maxPart)), false, func(s *scanner) error {
		switch {
		case s.opens("workbookPr"):
			b.from04 = s.attr("date1904") == "1" || s.attr("date1904") == "true"
		case s.opens("sheet"):
			id := s.attr("id")
			i := slices.IndexFunc(b.mainLinks, func(l link) bool { return l.id == id && strings.HasSuffix(l.kind, "/worksheet") })
			if i < 0 {
				return nil // a sheet of a chart or a macro
			}
			if len(b.sheets) == maxSheets {
				return errTooPacked
			}
			b.sheets = append(b.sheets, sheetPart{s.attr("name"), b.mainLinks[i].part})
		}
		return nil
	})
}

// readStrings reads the texts that cells share; what says how they are spoken is left out.
func (b *book) readStrings(part string) error {
	var text []byte
	spoken := false
	return b.each(part, new(int64(maxStrings)), true, func(s *scanner) error {
		switch {
		case s.is("rPh"):
			spoken = s.start
		case s.closes("t") && !spoken:
			text = append(text, s.text...)
		case s.opens("si"):
			text = text[:0]
		case s.closes("si"):
			if len(b.strings) == maxWords {
				return errTooPacked
			}
			b.strings = append(b.strings, unescape(string(text)))
		}
		return nil
	})
}

// readStyles finds the styles that show numbers as days.
func (b *book) readStyles(part string) error {
	formats := map[string]bool{}
	inCells := false
	return b.each(part, new(int64(maxPart)), false, func(s *scanner) error {
		switch {
		case s.opens("numFmt"):
			formats[s.attr("numFmtId")] = showsDay(s.attr("formatCode"))
		case s.is("cellXfs"):
			inCells = s.start
		case inCells && s.opens("xf"):
			id := s.attr("numFmtId")
			day, own := formats[id]
			if n, err := strconv.Atoi(id); !own && err == nil {
				day = n >= 14 && n <= 17 || n == 22 || n >= 27 && n <= 36 || n >= 50 && n <= 58
			}
			b.dates = append(b.dates, day)
		}
		return nil
	})
}

// showsDay says that a number format shows years or days: outside quotes,
// brackets and escapes it has a y or a d.
func showsDay(format string) bool {
	quoted, bracketed, escaped := false, false, false
	for _, r := range format {
		switch {
		case escaped:
			escaped = false
		case r == '\\' || r == '_' || r == '*':
			escaped = true
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '[':
			bracketed = true
		case r == ']':
			bracketed = false
		case bracketed:
		case r == 'y' || r == 'Y' || r == 'd' || r == 'D':
			return true
		case r == ';':
			return false
		}
	}
	return false
}

// valid is text as UTF-8 whatever it was.
func valid(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "�")
}
