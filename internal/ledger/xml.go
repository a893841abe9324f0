package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of the parts of a workbook. encoding/xml reads one cell of a sheet in
// about 3 µs; this reads it in a fraction, and knows no entities to expand.
const (
	maxTag   = 64 << 10 // bytes of one tag with its attributes
	maxText  = 1 << 20  // bytes between two tags; Excel's own limit is 32,767 characters
	maxDepth = 64
)

// errXML says that a part is not the XML that a workbook holds.
var errXML = errors.New("ledger: a part of the workbook is damaged or not allowed")

// scanner reads the XML of a workbook's part, tag by tag. A document type
// declaration, and with it every entity of one's own, is an error.
type scanner struct {
	in    *bufio.Reader
	depth int
	empty bool // the tag before was <a/>: its end comes next

	start bool   // the tag opens an element; else it closes one
	name  []byte // of the element, without a prefix; valid until next
	attrs []byte // not decoded; valid until next
	text  []byte // before the tag, decoded unless raw, when asked for by keep
	tag   []byte // what stands between < and >
	keep  bool
	raw   bool
}

func newScanner(r io.Reader) *scanner { return &scanner{in: bufio.NewReaderSize(r, 64<<10)} }

// next goes to the next tag; io.EOF comes when every element is closed.
func (s *scanner) next() error {
	s.text = s.text[:0]
	if s.empty {
		s.empty, s.start = false, false
		s.depth--
		return nil
	}
	for {
		err := s.untilTag()
		if err != nil {
			if errors.Is(err, io.EOF) && s.depth != 0 {
				return errXML // cut off
			}
			return err
		}
		if err := s.readTag(); err != nil {
			return err
		}
		switch {
		case len(s.tag) == 0:
			return errXML
		case s.tag[0] == '?':
			if err := s.skip("?", "?>"); err != nil {
				return err
			}
		case s.tag[0] == '!':
			if err := s.special(); err != nil {
				return err
			}
		default:
			return s.element()
		}
	}
}

// untilTag reads the text before a tag, and the '<'.
func (s *scanner) untilTag() error {
	from := len(s.text)
	for {
		part, err := s.in.ReadSlice('<')
		if s.keep {
			s.text = append(s.text, part...)
		}
		switch {
		case err == nil:
			if s.keep {
				s.text = s.text[:len(s.text)-1]
			}
			if s.keep && !s.raw {
				s.text = decode(s.text, from)
			}
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		case len(s.text) > maxText:
			return errXML
		}
	}
}

// readTag reads what stands between '<' and '>', with '>' allowed in quotes.
func (s *scanner) readTag() error {
	s.tag = s.tag[:0]
	var quote byte // the one that is open
	for {
		part, err := s.in.ReadSlice('>')
		s.tag = append(s.tag, part...)
		if len(s.tag) > maxTag || err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return errXML
		}
		if quoted := s.tag[0] != '!' && s.tag[0] != '?'; quoted {
			quote = quotes(quote, part)
		}
		if err == nil && quote == 0 {
			s.tag = s.tag[:len(s.tag)-1]
			return nil
		}
	}
}

// quotes is the quotation mark that is open after the text, given the one before it.
func quotes(open byte, text []byte) byte {
	if open != '\'' && bytes.IndexByte(text, '\'') < 0 {
		if even := bytes.Count(text, []byte{'"'})%2 == 0; even == (open == 0) {
			return 0
		}
		return '"'
	}
	for {
		var i int
		if open == 0 {
			i = bytes.IndexAny(text, `"'`)
		} else {
			i = bytes.IndexByte(text, open)
		}
		if i < 0 {
			return open
		}
		if open == 0 {
			open = text[i]
		} else {
			open = 0
		}
		text = text[i+1:]
	}
}

// special passes over a comment and takes a CDATA section as text.
func (s *scanner) special() error {
	switch {
	case bytes.HasPrefix(s.tag, []byte("!--")):
		return s.skip("!--", "-->")
	case bytes.HasPrefix(s.tag, []byte("![CDATA[")):
		if err := s.skip("![CDATA[", "]]>"); err != nil {
			return err
		}
		if s.keep && s.raw {
			s.text = append(append(append(s.text, '<'), s.tag...), '>')
		} else if s.keep {
			s.text = append(s.text, s.tag[len("![CDATA["):len(s.tag)-2]...)
		}
		return nil
	}
	return errXML // <!DOCTYPE and all that belongs to it
}

// skip goes on reading until the end, which may lie behind other '>'.
func (s *scanner) skip(begin, end string) error {
	short := []byte(end[:len(end)-1])
	for len(s.tag) < len(begin)+len(short) || !bytes.HasSuffix(s.tag, short) {
		s.tag = append(s.tag, '>')
		part, err := s.in.ReadSlice('>')
		if s.tag = append(s.tag, part...); len(s.tag) > maxText {
			return errXML
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return errXML
		}
		s.tag = bytes.TrimSuffix(s.tag, []byte{'>'})
	}
	return nil
}

func (s *scanner) element() error {
	tag := s.tag
	if s.start = tag[0] != '/'; !s.start {
		tag = tag[1:]
		s.depth--
	} else {
		s.depth++
		if s.empty = tag[len(tag)-1] == '/'; s.empty {
			tag = tag[:len(tag)-1]
		}
	}
	if s.depth < 0 || s.depth > maxDepth {
		return errXML
	}
	s.attrs = nil
	for i, b := range tag {
		if b <= ' ' {
			s.attrs, tag = tag[i:], tag[:i]
			break
		}
	}
	if colon := bytes.IndexByte(tag, ':'); colon >= 0 {
		tag = tag[colon+1:]
	}
	if s.name = tag; len(tag) == 0 {
		return errXML
	}
	return nil
}

// is says that the tag is of the element.
func (s *scanner) is(name string) bool { return string(s.name) == name }

// opens says that the tag opens the element.
func (s *scanner) opens(name string) bool { return s.start && string(s.name) == name }

// closes says that the tag closes the element.
func (s *scanner) closes(name string) bool { return !s.start && string(s.name) == name }

// attr is an attribute of the tag, without its prefix; empty when it is not there.
func (s *scanner) attr(name string) string {
	for rest := s.attrs; ; {
		key, value, after := attribute(rest)
		if key == nil {
			return ""
		}
		if string(key) == name {
			return string(decode(bytes.Clone(value), 0))
		}
		rest = after
	}
}

// attribute reads the first attribute of what is left of a tag: its key without
// a prefix, nil when there is none, and its value, not decoded.
func attribute(rest []byte) (key, value, after []byte) {
	rest = trim(rest)
	equals := bytes.IndexByte(rest, '=')
	if equals <= 0 {
		return nil, nil, nil
	}
	key, rest = rest[:equals], trim(rest[equals+1:])
	for len(key) > 1 && key[len(key)-1] <= ' ' {
		key = key[:len(key)-1]
	}
	if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
		return nil, nil, nil
	}
	end := bytes.IndexByte(rest[1:], rest[0])
	if end < 0 {
		return nil, nil, nil
	}
	if colon := bytes.IndexByte(key, ':'); colon >= 0 && !bytes.HasPrefix(key, []byte("xmlns")) {
		key = key[colon+1:]
	}
	return key, rest[1 : 1+end], rest[end+2:]
}

func trim(b []byte) []byte {
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	return b
}

// decode puts characters in place of the references after from, in place: a
// reference is never shorter than what it stands for.
func decode(text []byte, from int) []byte {
	amp := bytes.IndexByte(text[from:], '&')
	if amp < 0 {
		return text
	}
	out := text[:from+amp]
	for rest := text[from+amp:]; len(rest) > 0; {
		if rest[0] != '&' {
			next := bytes.IndexByte(rest, '&')
			if next < 0 {
				next = len(rest)
			}
			out, rest = append(out, rest[:next]...), rest[next:]
			continue
		}
		end := bytes.IndexByte(rest, ';')
		if end < 0 || end > 10 {
			out, rest = append(out, '&'), rest[1:]
			continue
		}
		r, ok := reference(string(rest[1:end]))
		if !ok {
			out, rest = append(out, rest[:end+1]...), rest[end+1:]
			continue
		}
		out, rest = utf8.AppendRune(out, r), rest[end+1:]
	}
	return out
}

// reference is the character that &name; stands for.
func reference(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, base := strings.CutPrefix(name, "#")
	if !base {
		return 0, false
	}
	radix := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, radix = hex, 16
	}
	n, err := strconv.ParseUint(digits, radix, 32)
	if err != nil || n == 0 || n > utf8.MaxRune {
		return 0, false
	}
	return rune(n), true
}

// unescape reads Excel's own way to hold control characters: _x000D_.
func unescape(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "_x")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		if len(after) > 4 && after[4] == '_' {
			if n, err := strconv.ParseUint(after[:4], 16, 16); err == nil {
				out.WriteRune(rune(n))
				text = after[5:]
				continue
			}
		}
		out.WriteString("_x")
		text = after
	}
}
