package wechatsim

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"
)

// Message is what a person sends. The functions Text, Image, Voice, Video,
// Location and Link make the usual ones.
type Message struct {
	Type        string // text, image, voice, video, shortvideo, location, link
	Text        string
	Media       []byte // the picture, sound or film
	MediaType   string // its content type
	Format      string // of a voice, such as amr
	Recognition string // what WeChat heard; often empty today
	Lat, Lng    float64
	Scale       int64
	Label       string // of a place
	Title       string // of a link
	Description string
	URL         string
	MsgID       int64         // 0 = a new one
	Age         time.Duration // CreateTime lies so far back
	XML         string        // when set, this is delivered in place of all else
}

// Text is a text message.
func Text(text string) Message { return Message{Type: "text", Text: text} }

// Image is a photo; data is a JPEG or PNG.
func Image(data []byte) Message { return Message{Type: "image", Media: data} }

// Voice is a voice message with what WeChat heard in it.
func Voice(recognition string) Message {
	return Message{Type: "voice", Format: "amr", Recognition: recognition, Media: []byte("#!AMR\n"), MediaType: "audio/amr"}
}

// Video is a short film without pictures in it.
func Video() Message {
	return Message{Type: "video", Media: []byte("\x00\x00\x00\x18ftypmp42"), MediaType: "video/mp4"}
}

// Location is a shared place, in WeChat's GCJ-02 degrees.
func Location(lat, lng float64, label string) Message {
	return Message{Type: "location", Lat: lat, Lng: lng, Scale: 16, Label: label}
}

// Link is a shared page.
func Link(title, description, url string) Message {
	return Message{Type: "link", Title: title, Description: description, URL: url}
}

// Send delivers a person's message and waits until it was answered or WeChat
// gave up. The error is ErrNotFollowing, or says that ctx or the simulator
// ended; what the account did wrong stands in the Delivery.
func (s *Sim) Send(ctx context.Context, openid string, m Message) (Delivery, error) {
	now := s.opt.Now()
	var mediaID, thumbID, picURL string
	if m.Media != nil {
		mediaID = s.keepMedia(m.Type, m.MediaType, m.Media)
		if m.Type == "video" || m.Type == "shortvideo" {
			thumbID = s.keepMedia("thumb", "image/jpeg", samplePicture())
		}
		if m.Type == "image" {
			picURL = s.pictureOf(mediaID)
		}
	}
	s.mu.Lock()
	p := s.person(openid)
	if !p.following {
		s.mu.Unlock()
		return Delivery{OpenID: openid}, ErrNotFollowing
	}
	if m.MsgID == 0 {
		m.MsgID = s.nextID()
	}
	p.seen = now
	p.windows["message"] = window{until: now.Add(48 * time.Hour), left: 5}
	s.record(p, Received{
		Kind: KindSent, Type: m.Type, Text: m.says(), Title: m.Title, URL: m.URL, MediaID: mediaID, PicURL: picURL, MsgID: m.MsgID,
	})
	s.mu.Unlock()
	doc := []byte(m.XML)
	if m.XML == "" {
		doc = document(m.fields(s.head(openid, now.Add(-m.Age), m.Type), mediaID, thumbID, picURL))
	}
	return s.deliver(ctx, openid, m.MsgID, doc)
}

func (m Message) says() string {
	switch m.Type {
	case "voice":
		return m.Recognition
	case "location":
		return m.Label
	case "link":
		return m.Description
	}
	return m.Text
}

func (s *Sim) head(openid string, at time.Time, kind string) []Field {
	return []Field{
		{"ToUserName", s.opt.AccountID}, {"FromUserName", openid}, {"CreateTime", at.Unix()}, {"MsgType", kind},
	}
}

// fields is the message after its head, in the order of WeChat's documents.
func (m Message) fields(f []Field, mediaID, thumbID, picURL string) []Field {
	switch m.Type {
	case "text":
		f = append(f, Field{"Content", m.Text})
	case "image":
		f = append(f, Field{"PicUrl", picURL}, Field{"MediaId", mediaID})
	case "voice":
		f = append(f, Field{"MediaId", mediaID}, Field{"Format", m.Format}, Field{"Recognition", m.Recognition})
	case "video", "shortvideo":
		f = append(f, Field{"MediaId", mediaID}, Field{"ThumbMediaId", thumbID})
	case "location":
		f = append(f, Field{"Location_X", m.Lat}, Field{"Location_Y", m.Lng}, Field{"Scale", m.Scale}, Field{"Label", m.Label})
	case "link":
		f = append(f, Field{"Title", m.Title}, Field{"Description", m.Description}, Field{"Url", m.URL})
	}
	return append(f, Field{"MsgId", m.MsgID})
}

// Event is something a person did, or that happened to a message of theirs.
type Event struct {
	Type   string  // subscribe, unsubscribe, SCAN, CLICK, VIEW, LOCATION, …
	Key    string  // EventKey; left out with Ticket when the type has none
	Ticket string  // of a scanned code
	Fields []Field // what else the type has
}

// windowsOpened are the customer-service windows that events open.
var windowsOpened = map[string]bool{"subscribe": true, "SCAN": true, "CLICK": true}

// Event delivers an event as Send delivers a message.
func (s *Sim) Event(ctx context.Context, openid string, e Event) (Delivery, error) {
	now := s.opt.Now()
	s.mu.Lock()
	p := s.person(openid)
	switch {
	case e.Type == "subscribe":
		p.following = true
	case !p.following && e.Type != "subscribe_msg_popup_event": // pages of the account are open to all
		s.mu.Unlock()
		return Delivery{OpenID: openid}, ErrNotFollowing
	case e.Type == "unsubscribe":
		p.following = false
		p.windows = map[string]window{}
	}
	if windowsOpened[e.Type] {
		p.windows[e.Type] = window{until: now.Add(time.Minute), left: 3}
	}
	if text := e.says(); text != "" {
		s.record(p, Received{Kind: KindSent, Type: "event", Text: text})
	}
	s.mu.Unlock()
	return s.deliver(ctx, openid, 0, s.eventXML(openid, now, e))
}

func (s *Sim) eventXML(openid string, at time.Time, e Event) []byte {
	f := append(s.head(openid, at, "event"), Field{"Event", e.Type})
	switch e.Type {
	case "subscribe", "unsubscribe", "SCAN", "CLICK", "VIEW":
		f = append(f, Field{"EventKey", e.Key})
	}
	if e.Ticket != "" {
		f = append(f, Field{"Ticket", e.Ticket})
	}
	return document(append(f, e.Fields...))
}

func (e Event) says() string {
	switch e.Type {
	case "subscribe":
		if scene, ok := strings.CutPrefix(e.Key, "qrscene_"); ok {
			return "扫码关注了公众号（" + scene + "）"
		}
		return "关注了公众号"
	case "unsubscribe":
		return "取消了关注"
	case "SCAN":
		return "扫描了二维码（" + e.Key + "）"
	case "CLICK":
		return "点击了菜单（" + e.Key + "）"
	}
	return ""
}

// Follow is a subscribe event; with a scene it came from a scanned code.
func (s *Sim) Follow(ctx context.Context, openid, scene string) (Delivery, error) {
	e := Event{Type: "subscribe"}
	if scene != "" {
		e.Key, e.Ticket = "qrscene_"+scene, s.ticketOf(scene)
	}
	return s.Event(ctx, openid, e)
}

// Unfollow is an unsubscribe event.
func (s *Sim) Unfollow(ctx context.Context, openid string) (Delivery, error) {
	return s.Event(ctx, openid, Event{Type: "unsubscribe"})
}

// Scan scans a code of the account: a SCAN event, or a subscribe event with
// the scene if the person does not follow the account yet.
func (s *Sim) Scan(ctx context.Context, openid, scene string) (Delivery, error) {
	if !s.Following(openid) {
		return s.Follow(ctx, openid, scene)
	}
	return s.Event(ctx, openid, Event{Type: "SCAN", Key: scene, Ticket: s.ticketOf(scene)})
}

// Press presses the menu's button with the key.
func (s *Sim) Press(ctx context.Context, openid, key string) (Delivery, error) {
	return s.Event(ctx, openid, Event{Type: "CLICK", Key: key})
}

// ReportLocation is the position that WeChat sends when a conversation opens.
func (s *Sim) ReportLocation(ctx context.Context, openid string, lat, lng, precision float64) (Delivery, error) {
	return s.Event(ctx, openid, Event{Type: "LOCATION", Fields: []Field{
		{"Latitude", lat}, {"Longitude", lng}, {"Precision", precision},
	}})
}

// Following says whether the person follows the account.
func (s *Sim) Following(openid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.person(openid).following
}

// Consent answers a request for subscription messages of the account: each
// accepted template may be sent once more. The event has one List entry for
// each template.
func (s *Sim) Consent(ctx context.Context, openid string, accept, reject []string) (Delivery, error) {
	var list []Field
	for _, id := range accept {
		s.grant(openid, "account", id)
		list = append(list, consentEntry(id, "accept"))
	}
	for _, id := range reject {
		list = append(list, consentEntry(id, "reject"))
	}
	return s.Event(ctx, openid, Event{
		Type:   "subscribe_msg_popup_event",
		Fields: []Field{{"SubscribeMsgPopupEvent", list}},
	})
}

// ConsentMiniProgram accepts templates inside the mini-program. The account
// hears nothing of it: the mini-program itself must tell its server.
func (s *Sim) ConsentMiniProgram(openid string, templates ...string) {
	for _, id := range templates {
		s.grant(openid, "mini", id)
	}
}

func consentEntry(template, status string) Field {
	return Field{"List", []Field{
		{"TemplateId", template}, {"SubscribeStatusString", status}, {"PopupScene", "2"},
	}}
}

func (s *Sim) grant(openid, app, template string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.person(openid).credits[app+" "+template]++
}

func randomNumber() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint64(b[:]) >> 32
}
