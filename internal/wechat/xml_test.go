package wechat

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse_LegalButOdd(t *testing.T) {
	content := func(text string) Element {
		return Element{Name: "xml", Children: []Element{{Name: "Content", Text: text}}}
	}
	tests := []struct {
		name, doc string
		want      Element
	}{
		{"as WeChat writes", "<xml><Content><![CDATA[灯<坏>&了]]></Content></xml>", content("灯<坏>&了")},
		{"no CDATA", "<xml><Content>灯坏了</Content></xml>", content("灯坏了")},
		{"entities", "<xml><Content>&lt;a&gt; &amp;&#x4e2d;&#25991;&quot;&apos;</Content></xml>", content(`<a> &中文"'`)},
		{"CDATA in pieces", "<xml><Content><![CDATA[a]]]]><![CDATA[>b]]>c</Content></xml>", content("a]]>bc")},
		{"white space", " \n<xml>\n\t<Content>a</Content>\n</xml>\n\n", content("a")},
		{"carriage returns", "<xml>\r\n<Content>a\r\nb</Content>\r\n</xml>\r\n", content("a\nb")},
		{"byte order mark", "\ufeff<xml><Content>a</Content></xml>", content("a")},
		{"declaration", `<?xml version="1.0" encoding="UTF-8"?><xml><Content>a</Content></xml>`, content("a")},
		{"comments", "<!-- x --><xml><!-- <Content>no</Content> --><Content>a<!-- -->b</Content></xml><!-- y -->", content("ab")},
		{"attributes", `<xml a="1"><Content b='>2'>a</Content ></xml>`, content("a")},
		{"empty element", "<xml><Content/></xml>", content("")},
		{"emptied element", "<xml><Content></Content></xml>", content("")},
		{"white space kept", "<xml><Content> a </Content></xml>", content(" a ")},
		{"nothing inside", "<xml></xml>", Element{Name: "xml"}},
		{"deeper", "<xml><A> <B>1</B> <B>2</B> </A></xml>", Element{Name: "xml", Children: []Element{
			{Name: "A", Children: []Element{{Name: "B", Text: "1"}, {Name: "B", Text: "2"}}},
		}}},
		{"as deep as allowed", nested(maxDepth), nest(maxDepth)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(tt.doc)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func nested(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }

func nest(n int) Element {
	e := Element{Name: "a"}
	if n > 1 {
		e.Children = []Element{nest(n - 1)}
	}
	return e
}

func TestParse_Refuses(t *testing.T) {
	for name, doc := range map[string]string{
		"nothing":              "",
		"white space":          " \n ",
		"words":                "success",
		"JSON":                 `{"a":1}`,
		"truncated":            "<xml><Content><![CDATA[a]]></Conte",
		"truncated CDATA":      "<xml><Content><![CDATA[a",
		"not closed":           "<xml><Content>a</Content>",
		"closed crosswise":     "<xml><a><b></a></b></xml>",
		"two roots":            "<xml></xml><xml></xml>",
		"text after":           "<xml></xml>x",
		"text before":          "x<xml></xml>",
		"too deep":             nested(maxDepth + 1),
		"too deep, the slow":   "<!-- -->" + nested(maxDepth+1),
		"far too deep":         strings.Repeat("<a>", 20_000),
		"not UTF-8":            "<xml><Content>\xb0\xef\xd6\xfa</Content></xml>",
		"another encoding":     `<?xml version="1.0" encoding="GBK"?><xml></xml>`,
		"UTF-16":               "\xff\xfe<\x00x\x00m\x00l\x00/\x00>\x00",
		"control character":    "<xml><Content>\x01</Content></xml>",
		"no character":         "<xml><Content>\uffff</Content></xml>",
		"document type":        `<!DOCTYPE xml><xml></xml>`,
		"entity declaration":   `<!DOCTYPE xml [<!ENTITY a "aaaa">]><xml><Content>&a;</Content></xml>`,
		"external entity":      `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Content>&a;</Content></xml>`,
		"undeclared entity":    "<xml><Content>&a;</Content></xml>",
		"bare ampersand":       "<xml><Content>a & b</Content></xml>",
		"end of CDATA in text": "<xml><Content>a]]>b</Content></xml>",
		"name with a digit":    "<xml><1>a</1></xml>",
	} {
		if got, err := parse(doc); err == nil {
			t.Errorf("%s: accepted as %v", name, got)
		}
	}
}

// FuzzParse: whatever the quick scanner accepts, encoding/xml reads the same.
func FuzzParse(f *testing.F) {
	f.Add(helpXML)
	f.Add("<xml>\n<A> <B>1</B><B><![CDATA[]]]]><![CDATA[>2]]></B> </A>\n</xml>")
	f.Add("<a><b></b>x</a>")
	f.Fuzz(func(t *testing.T, doc string) {
		got, err := parse(doc)
		doc = strings.TrimPrefix(doc, "\ufeff")
		quick, ok := scan(doc)
		if !ok || err != nil {
			return
		}
		slow, err := decode(doc)
		if err != nil {
			t.Fatalf("scan accepts what encoding/xml refuses: %v", err)
		}
		if diff := cmp.Diff(slow, quick); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(slow, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
