package ledger

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// A patch copies a part of a workbook tag by tag, as it is but for what is
// changed on the way. So a marked workbook stays the clerk's own, whatever is
// in it, and 50,000 rows take a second.
type patch struct {
	*scanner
	out  *bufio.Writer
	open string // what stands before a name, such as "x:"
	drop bool   // text is left out
}

// copyPart copies a part; each is called at every tag and says whether it has
// written the tag itself. The text before the tag is written already.
func (b *book) copyPart(part string, w io.Writer, each func(*patch) (bool, error)) error {
	p := &patch{out: bufio.NewWriterSize(w, 64<<10)}
	left := int64(maxUnpack)
	if _, err := p.out.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"); err != nil {
		return err
	}
	implied := false // the end of <a/>, which is written with its beginning
	err := b.each(part, &left, true, func(s *scanner) error {
		if p.scanner == nil {
			p.scanner, s.raw = s, true
			s.text = s.text[:0]
			if colon := bytes.IndexByte(s.tag, ':'); colon >= 0 && !bytes.ContainsAny(s.tag[:colon], " \t\r\n") {
				p.open = string(s.tag[:colon+1])
			}
		}
		if !p.drop {
			_, _ = p.out.Write(s.text)
		}
		done, err := each(p)
		if err != nil {
			return err
		}
		if !done && (!implied || s.start) {
			p.write(s.tag)
		}
		implied = s.empty
		return nil
	})
	return errors.Join(err, p.out.Flush())
}

// write writes a tag; Flush tells of an error.
func (p *patch) write(tag []byte) {
	_ = p.out.WriteByte('<')
	_, _ = p.out.Write(tag)
	_ = p.out.WriteByte('>')
}

// add writes elements of the part's own language: every < and </ of it gets the prefix.
func (p *patch) add(xml string) {
	if p.open != "" {
		xml = strings.ReplaceAll(strings.ReplaceAll(xml, "<", "<"+p.open), "<"+p.open+"/", "</"+p.open)
	}
	_, _ = p.out.WriteString(xml)
}

// with is a tag in which an attribute without a prefix has that value.
func with(tag []byte, name, value string) []byte {
	set := name + `="` + escape(value) + `"`
	for i := 0; i+len(name) < len(tag); i++ {
		if tag[i] > ' ' || string(tag[i+1:i+1+len(name)]) != name {
			continue
		}
		rest := trim(tag[i+1+len(name):])
		if len(rest) == 0 || rest[0] != '=' {
			continue
		}
		if rest = trim(rest[1:]); len(rest) == 0 {
			continue
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			continue
		}
		return append(append(bytes.Clone(tag[:i+1]), set...), rest[end+2:]...)
	}
	end := len(tag)
	if tag[end-1] == '/' {
		end--
	}
	return append(append(append(bytes.Clone(tag[:end]), ' '), set...), tag[end:]...)
}

// escape makes text fit to stand in XML; characters that XML cannot hold are left out.
func escape(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '&':
			out.WriteString("&amp;")
		case r == '<':
			out.WriteString("&lt;")
		case r == '>':
			out.WriteString("&gt;")
		case r == '"':
			out.WriteString("&quot;")
		case r < ' ' && r != '\t' && r != '\n', r == 0xfffe, r == 0xffff:
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// textCell is a cell with text, which Excel never takes for a formula.
func textCell(column, row, style int, text string) string {
	return `<c r="` + letters(column) + strconv.Itoa(row) + `" s="` + strconv.Itoa(style) + `" t="inlineStr"><is><t>` + escape(text) + `</t></is></c>`
}

// letters are a column's name; 1 is A.
func letters(column int) string {
	var out []byte
	for ; column > 0; column = (column - 1) / 26 {
		out = append([]byte{byte('A' + (column-1)%26)}, out...)
	}
	return string(out)
}
