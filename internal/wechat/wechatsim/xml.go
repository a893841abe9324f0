package wechatsim

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Field is one element of a callback's XML: text, a number, or fields in it.
type Field struct {
	Name  string
	Value any // string (as CDATA), int64, float64, []Field
}

// document writes the fields as WeChat does, texts in CDATA, numbers bare.
func document(fields []Field) []byte {
	var b strings.Builder
	writeField(&b, Field{"xml", fields})
	return []byte(b.String())
}

func writeField(b *strings.Builder, f Field) {
	b.WriteString("<" + f.Name + ">")
	switch v := f.Value.(type) {
	case string:
		b.WriteString("<![CDATA[" + strings.ReplaceAll(v, "]]>", "]]]]><![CDATA[>") + "]]>")
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		b.WriteString(strconv.FormatFloat(v, 'f', 6, 64))
	case []Field:
		for _, in := range v {
			writeField(b, in)
		}
	}
	b.WriteString("</" + f.Name + ">")
}

// Article is one entry of a reply with pictures and links.
type Article struct {
	Title       string `xml:"Title" json:"title"`
	Description string `xml:"Description" json:"description"`
	PicURL      string `xml:"PicUrl" json:"pic_url"`
	URL         string `xml:"Url" json:"url"`
}

// Reply is a passive reply as the person would see it.
type Reply struct {
	Type     string // text, image, voice, video, music, news
	Text     string
	MediaID  string
	Articles []Article
}

type replyXML struct {
	XMLName      xml.Name  `xml:"xml"`
	ToUserName   string    `xml:"ToUserName"`
	FromUserName string    `xml:"FromUserName"`
	CreateTime   int64     `xml:"CreateTime"`
	MsgType      string    `xml:"MsgType"`
	Content      string    `xml:"Content"`
	Image        string    `xml:"Image>MediaId"`
	Voice        string    `xml:"Voice>MediaId"`
	Video        string    `xml:"Video>MediaId"`
	ArticleCount int       `xml:"ArticleCount"`
	Articles     []Article `xml:"Articles>item"`

	Encrypt      string `xml:"Encrypt"`
	MsgSignature string `xml:"MsgSignature"`
	TimeStamp    string `xml:"TimeStamp"`
	Nonce        string `xml:"Nonce"`
}

// readReply checks an answer's body as WeChat does. A nil reply without an
// error is "success": nothing is shown. raw is the XML inside the encryption.
func (s *Sim) readReply(openid string, body []byte) (reply *Reply, raw []byte, faults []string, err error) {
	text := string(body)
	switch text {
	case "success":
		return nil, body, nil, nil
	case "":
		return nil, body, []string{"empty answer instead of success"}, nil
	}
	if s.aesKey != nil {
		if body, err = s.openReply(body); err != nil {
			return nil, nil, nil, err
		}
	}
	r, err := parseReply(body)
	if err != nil {
		return nil, body, nil, err
	}
	if r.Encrypt != "" {
		return nil, body, nil, errors.New("wechatsim: encrypted reply in plain mode")
	}
	if r.ToUserName != openid || r.FromUserName != s.opt.AccountID {
		return nil, body, nil, fmt.Errorf("wechatsim: reply goes from %q to %q", r.FromUserName, r.ToUserName)
	}
	if r.CreateTime == 0 {
		faults = append(faults, "reply without CreateTime")
	}
	reply = &Reply{Type: r.MsgType, Text: r.Content, MediaID: r.Image + r.Voice + r.Video, Articles: r.Articles}
	switch r.MsgType {
	case "text":
		if r.Content == "" {
			return nil, body, faults, errors.New("wechatsim: text reply without text")
		}
		if len(r.Content) > 2048 {
			return nil, body, faults, fmt.Errorf("wechatsim: text reply of %d bytes", len(r.Content))
		}
	case "image", "voice", "video":
		if _, ok := s.medium(reply.MediaID); !ok {
			return nil, body, faults, fmt.Errorf("wechatsim: %s reply with an unknown media id", r.MsgType)
		}
	case "news":
		// After a message WeChat shows one article only.
		if len(r.Articles) == 0 || r.ArticleCount != len(r.Articles) || len(r.Articles) > 8 {
			return nil, body, faults, fmt.Errorf("wechatsim: news reply says %d articles, has %d", r.ArticleCount, len(r.Articles))
		}
	case "music", "transfer_customer_service":
	default:
		return nil, body, faults, fmt.Errorf("wechatsim: reply of unknown type %q", r.MsgType)
	}
	return reply, body, faults, nil
}

func (s *Sim) openReply(body []byte) ([]byte, error) {
	r, err := parseReply(body)
	if err != nil {
		return nil, err
	}
	if r.Encrypt == "" {
		return nil, errors.New("wechatsim: plain reply in safe mode")
	}
	if r.MsgSignature != sign(s.opt.Token, r.TimeStamp, r.Nonce, r.Encrypt) {
		return nil, errors.New("wechatsim: reply's signature is wrong")
	}
	inner, appID, err := open(s.aesKey, r.Encrypt)
	if err != nil {
		return nil, err
	}
	if appID != s.opt.AppID {
		return nil, fmt.Errorf("wechatsim: reply is encrypted for %q", appID)
	}
	return inner, nil
}

func parseReply(body []byte) (replyXML, error) {
	var r replyXML
	dec := xml.NewDecoder(strings.NewReader(string(body)))
	if err := dec.Decode(&r); err != nil {
		return r, fmt.Errorf("wechatsim: reply is not XML: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return r, errors.New("wechatsim: text after the reply's XML")
	}
	return r, nil
}
