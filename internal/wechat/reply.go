package wechat

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	success     = "success" // the answer that shows nothing
	maxText     = 1799      // bytes of a text reply; WeChat refuses those over 2,048
	maxArticles = 8
)

// Reply is what the person sees at once: a text, a picture, or articles. The
// zero Reply shows nothing.
type Reply struct {
	Text     string // cut at 1,800 bytes
	ImageID  string // media id of a picture
	Articles []Article
}

// Article is a picture with a title that leads to a page. WeChat shows one
// after a message, up to eight after a menu's click.
type Article struct{ Title, Description, PicURL, URL string }

// document is the reply to m as XML, or success.
func (r Reply) document(m Message, now time.Time) string {
	b := make([]byte, 0, 512)
	b = append(b, "<xml>"...)
	b = appendField(b, "ToUserName", m.From)
	b = appendField(b, "FromUserName", m.To)
	b = append(b, "<CreateTime>"...)
	b = strconv.AppendInt(b, now.Unix(), 10)
	b = append(b, "</CreateTime>"...)
	text := shorten(showable(r.Text))
	switch {
	case text != "":
		b = appendField(b, "MsgType", "text")
		b = appendField(b, "Content", text)
	case r.ImageID != "":
		b = appendField(b, "MsgType", "image")
		b = append(b, "<Image>"...)
		b = appendField(b, "MediaId", r.ImageID)
		b = append(b, "</Image>"...)
	case len(r.Articles) > 0:
		b = appendField(b, "MsgType", "news")
		b = appendArticles(b, r.Articles[:min(len(r.Articles), maxArticles)])
	default:
		return success
	}
	return string(append(b, "</xml>"...))
}

func appendArticles(b []byte, list []Article) []byte {
	b = append(b, "<ArticleCount>"...)
	b = strconv.AppendInt(b, int64(len(list)), 10)
	b = append(b, "</ArticleCount><Articles>"...)
	for _, a := range list {
		b = append(b, "<item>"...)
		b = appendField(b, "Title", showable(a.Title))
		b = appendField(b, "Description", showable(a.Description))
		b = appendField(b, "PicUrl", showable(a.PicURL))
		b = appendField(b, "Url", showable(a.URL))
		b = append(b, "</item>"...)
	}
	return append(b, "</Articles>"...)
}

func appendField(b []byte, name, value string) []byte {
	b = append(append(append(b, '<'), name...), '>')
	b = appendCDATA(b, value)
	return append(append(append(b, "</"...), name...), '>')
}

func appendCDATA(b []byte, text string) []byte {
	b = append(b, "<![CDATA["...)
	for {
		before, after, found := strings.Cut(text, "]]>")
		b = append(b, before...)
		if !found {
			return append(b, "]]>"...)
		}
		b = append(b, "]]]]><![CDATA[>"...)
		text = after
	}
}

// showable drops what XML cannot hold.
func showable(text string) string {
	text = strings.ToValidUTF8(text, "�")
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			return -1
		}
		return r
	}, text)
}

func shorten(text string) string {
	if len(text) <= maxText {
		return text
	}
	const more = "…"
	end := maxText - len(more)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}
