package wechat

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep elements may lie in each other; WeChat's own lie 4 deep.
const maxDepth = 16

// Element is one XML element: its text, or the elements in it.
type Element struct {
	Name     string
	Text     string // as it stands, spaces too; empty if there are Children
	Children []Element
}

// Child is the first element of that name inside e; if there is none, it is empty.
func (e Element) Child(name string) Element {
	for _, in := range e.Children {
		if in.Name == name {
			return in
		}
	}
	return Element{}
}

var (
	errNotUTF8 = errors.New("text is not UTF-8")
	errNoRoot  = errors.New("not exactly one root element")
	errDoctype = errors.New("document types and entity declarations are refused")
	errDeep    = errors.New("elements lie too deep")
)

// parse reads a document's root. What WeChat itself writes is plain enough for
// scan, at a tenth of the cost; all else goes through encoding/xml, and a fuzz
// test holds the two to the same results.
func parse(doc string) (Element, error) {
	doc = strings.TrimPrefix(doc, "\ufeff")
	if !utf8.ValidString(doc) {
		return Element{}, errNotUTF8
	}
	if root, ok := scan(doc); ok {
		return root, nil
	}
	return decode(doc)
}

// decode reads any XML 1.0 document in UTF-8 without a document type.
func decode(doc string) (Element, error) {
	d := xml.NewDecoder(strings.NewReader(doc))
	stack := []Element{{}} // its first entry holds the root
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Element{}, err
		}
		top := &stack[len(stack)-1]
		switch t := token.(type) {
		case xml.Directive:
			return Element{}, errDoctype
		case xml.StartElement:
			if len(stack) > maxDepth {
				return Element{}, errDeep
			}
			stack = append(stack, Element{Name: t.Name.Local})
		case xml.CharData:
			top.Text += string(t)
		case xml.EndElement:
			done := top.closed()
			stack = stack[:len(stack)-1]
			parent := &stack[len(stack)-1]
			parent.Children = append(parent.Children, done)
		}
	}
	if len(stack[0].Children) != 1 || strings.TrimSpace(stack[0].Text) != "" {
		return Element{}, errNoRoot
	}
	return stack[0].Children[0], nil
}

// closed drops the white space between an element's children.
func (e *Element) closed() Element {
	if e.Children != nil {
		e.Text = ""
	}
	return *e
}

// scan reads documents without attributes, entities, comments or other
// rarities, and gives up on any doubt. Texts are parts of doc, not copies.
func scan(doc string) (root Element, ok bool) {
	doc = strings.Trim(doc, " \t\n")
	for i := range len(doc) {
		switch c := doc[i]; {
		case c < ' ' && c != '\t' && c != '\n':
			return root, false
		case c == 0xEF && i+2 < len(doc) && doc[i+1] == 0xBF && doc[i+2] >= 0xBE: // U+FFFE, U+FFFF
			return root, false
		}
	}
	root.Children = make([]Element, 0, 8)
	s := scanner{rest: doc}
	ok = s.element(&root, 1) && s.rest == ""
	return root, ok
}

type scanner struct{ rest string }

func (s *scanner) element(e *Element, depth int) bool {
	if depth > maxDepth || !s.skip("<") {
		return false
	}
	end := strings.IndexByte(s.rest, '>')
	if end < 0 || !plainName(s.rest[:end]) {
		return false
	}
	e.Name, s.rest = s.rest[:end], s.rest[end+1:]
	for {
		end := strings.IndexByte(s.rest, '<')
		if end < 0 {
			return false
		}
		if text := s.rest[:end]; text != "" {
			if strings.IndexByte(text, '&') >= 0 || strings.Contains(text, "]]>") {
				return false
			}
			e.Text += text
			s.rest = s.rest[end:]
		}
		switch {
		case s.skip("</"):
			if len(e.Children) == 0 {
				e.Children = nil
			}
			*e = e.closed()
			return s.skip(e.Name) && s.skip(">")
		case s.skip("<![CDATA["):
			end := strings.Index(s.rest, "]]>")
			if end < 0 {
				return false
			}
			e.Text += s.rest[:end]
			s.rest = s.rest[end+3:]
		default:
			var in Element
			if !s.element(&in, depth+1) {
				return false
			}
			e.Children = append(e.Children, in)
		}
	}
}

// skip goes past the prefix if it is next.
func (s *scanner) skip(prefix string) bool {
	rest, ok := strings.CutPrefix(s.rest, prefix)
	s.rest = rest
	return ok
}

func plainName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
