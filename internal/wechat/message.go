package wechat

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
)

// Kind is what a person sent or what happened.
type Kind uint8

// The kinds of messages and events; all others are Unknown.
const (
	Unknown Kind = iota
	Text
	Image
	Voice
	Video
	ShortVideo
	Location
	Link
	Subscribe        // follows the account; EventKey qrscene_… and Ticket if by a code
	Unsubscribe      // follows no more: the person's data must be deleted
	Scan             // a follower scanned the code whose scene is EventKey
	Position         // Place is where the phone is
	Click            // pressed the menu's button EventKey
	View             // opened the menu's page EventKey
	ViewMiniProgram  // opened the menu's mini-program
	ScanPush         // scanned a code from the menu; ScanResult
	ScanWait         // the same, the person waits for a reply
	PicSystem        // will send photos from the menu
	PicAlbum         // the same, from the album too
	PicWeixin        // the same, from WeChat's album
	PickLocation     // chose a Place from the menu
	TemplateFinished // a template message arrived or not; Status, ID
	ConsentPopup     // answered a request for subscription messages; Consents
	ConsentChange    // changed such an answer; Consents
	ConsentSent      // a subscription message arrived or not; Consents
	MediaChecked     // WeChat checked a picture or sound; Check
)

// kinds are the kinds' names for people and metrics, and WeChat's own MsgType
// or, for events, Event.
var kinds = [...]struct{ name, msgType, event string }{
	Unknown:          {"unknown", "", ""},
	Text:             {"text", "text", ""},
	Image:            {"image", "image", ""},
	Voice:            {"voice", "voice", ""},
	Video:            {"video", "video", ""},
	ShortVideo:       {"shortvideo", "shortvideo", ""},
	Location:         {"location", "location", ""},
	Link:             {"link", "link", ""},
	Subscribe:        {"subscribe", "event", "subscribe"},
	Unsubscribe:      {"unsubscribe", "event", "unsubscribe"},
	Scan:             {"scan", "event", "SCAN"},
	Position:         {"position", "event", "LOCATION"},
	Click:            {"click", "event", "CLICK"},
	View:             {"view", "event", "VIEW"},
	ViewMiniProgram:  {"view_miniprogram", "event", "view_miniprogram"},
	ScanPush:         {"scan_push", "event", "scancode_push"},
	ScanWait:         {"scan_wait", "event", "scancode_waitmsg"},
	PicSystem:        {"pic_system", "event", "pic_sysphoto"},
	PicAlbum:         {"pic_album", "event", "pic_photo_or_album"},
	PicWeixin:        {"pic_weixin", "event", "pic_weixin"},
	PickLocation:     {"pick_location", "event", "location_select"},
	TemplateFinished: {"template_finished", "event", "TEMPLATESENDJOBFINISH"},
	ConsentPopup:     {"consent_popup", "event", "subscribe_msg_popup_event"},
	ConsentChange:    {"consent_change", "event", "subscribe_msg_change_event"},
	ConsentSent:      {"consent_sent", "event", "subscribe_msg_sent_event"},
	MediaChecked:     {"media_checked", "event", "wxa_media_check"},
}

// String is the kind's name in metrics and logs.
func (k Kind) String() string { return kinds[k].name }

func kindOf(msgType, event string) Kind {
	for k := range kinds {
		if kinds[k].msgType == msgType && (msgType != "event" || kinds[k].event == event) {
			return Kind(k)
		}
	}
	return Unknown
}

// Message is one message or event as WeChat sent it, nothing left out.
type Message struct {
	AppID   string // ours
	To      string // the account's original id (gh_…)
	From    string // the person's openid
	Created int64  // CreateTime, epoch seconds; 0 if it was no number
	Kind    Kind
	Type    string // MsgType as sent
	Event   string // as sent; empty for messages
	ID      string // MsgId, a 64-bit number; of events the MsgID they tell of

	Text         string // of a Text message
	PicURL       string
	MediaID      string
	ThumbMediaID string // of a film
	Format       string // of a voice, such as amr
	Recognition  string // what WeChat heard in a voice; often empty
	Title        string // of a link
	Description  string
	URL          string
	Place        *Place // of Location, Position, PickLocation; nil if its numbers make no sense

	EventKey   string
	Ticket     string // of a scanned code
	Status     string // of TemplateFinished: success, failed:user block, failed: system failed
	ScanResult string // what a code scanned from the menu says
	Consents   []Consent
	Check      *MediaCheck

	Rest []Element // what has no field above, or is more than its fields hold
	Raw  string    // the document, decrypted: never into logs
}

// Place is a point in WeChat's GCJ-02 datum, in degrees.
type Place struct {
	Lat, Lng  float64
	Scale     int64   // of the map shown
	Precision float64 // metres; of Position
	Label     string
	Name      string // of the point of interest, if one was chosen
}

// Consent is one entry of a subscription-message event.
type Consent struct {
	TemplateID string
	Status     string // accept or reject; of ConsentSent success or the failure
	Scene      string // where it was asked
	MsgID      string // of ConsentSent
	ErrorCode  string // of ConsentSent
}

// MediaCheck is the verdict on a picture or sound.
type MediaCheck struct {
	TraceID string
	Code    int64 // 0 = Verdict and Label are valid
	Verdict Verdict
	Label   string
}

// Key names the message for ever, the same for each of WeChat's retries: the
// account, the sender and MsgId; of events CreateTime, Event, EventKey and
// what else tells two apart. At most 128 ASCII bytes, without personal data.
func (m Message) Key() string {
	b := make([]byte, 0, 512)
	part := func(s string) { b = append(append(b, s...), 0) } // XML cannot hold a 0
	part(m.AppID)
	part(m.From)
	switch {
	case m.Type == "event" && m.Created != 0:
		part("event")
		part(strconv.FormatInt(m.Created, 10))
		part(m.Event)
		part(m.EventKey)
		part(m.ID)
		b = appendElements(b, m.Rest)
	case m.Type != "event" && m.ID != "":
		part(m.ID)
	default:
		part("document")
		part(m.Raw)
	}
	sum := sha256.Sum256(b)
	key := append(make([]byte, 0, 40), "wx:"...)
	return string(hex.AppendEncode(key, sum[:16]))
}

func appendElements(b []byte, list []Element) []byte {
	for _, e := range list {
		b = append(append(b, e.Name...), 0)
		b = append(append(b, e.Text...), 0)
		b = append(appendElements(b, e.Children), 0)
	}
	return b
}

// message reads the elements of a document.
func message(appID, doc string, elements []Element) (Message, error) {
	m := Message{AppID: appID, Raw: doc}
	var created string
	var p place
	for _, e := range elements {
		if field := m.field(e.Name, &created, &p); field != nil && *field == "" && e.Children == nil {
			*field = e.Text
			if field != &m.Text { // a person's own spaces stay
				*field = strings.TrimSpace(e.Text)
			}
			continue
		}
		m.structured(e, &p)
		m.Rest = append(m.Rest, e)
	}
	if m.From == "" {
		return Message{}, ErrNotMessage
	}
	m.Created, _ = strconv.ParseInt(created, 10, 64)
	m.Kind = kindOf(m.Type, m.Event)
	m.Place = p.point()
	if m.Kind != MediaChecked {
		m.Check = nil // other events may bear an errcode too
	}
	return m, nil
}

// field is where an element without children belongs; nil = nowhere.
func (m *Message) field(name string, created *string, p *place) *string {
	switch name {
	case "ToUserName":
		return &m.To
	case "FromUserName":
		return &m.From
	case "CreateTime":
		return created
	case "MsgType":
		return &m.Type
	case "Event":
		return &m.Event
	case "MsgId", "MsgID":
		return &m.ID
	case "Content":
		return &m.Text
	case "PicUrl":
		return &m.PicURL
	case "MediaId":
		return &m.MediaID
	case "ThumbMediaId":
		return &m.ThumbMediaID
	case "Format":
		return &m.Format
	case "Recognition":
		return &m.Recognition
	case "Title":
		return &m.Title
	case "Description":
		return &m.Description
	case "Url":
		return &m.URL
	case "EventKey":
		return &m.EventKey
	case "Ticket":
		return &m.Ticket
	case "Status":
		return &m.Status
	}
	return p.field(name)
}

// structured reads the events whose content lies deeper.
func (m *Message) structured(e Element, p *place) {
	switch e.Name {
	case "SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent", "SubscribeMsgSentEvent":
		for _, entry := range e.Children {
			if entry.Name == "List" {
				m.Consents = append(m.Consents, consent(entry))
			}
		}
	case "ScanCodeInfo":
		m.ScanResult = e.Child("ScanResult").Text
	case "SendLocationInfo":
		for _, in := range e.Children {
			if field := p.field(in.Name); field != nil {
				*field = strings.TrimSpace(in.Text)
			}
		}
	case "trace_id":
		m.check().TraceID = strings.TrimSpace(e.Text)
	case "errcode":
		code, err := strconv.ParseInt(strings.TrimSpace(e.Text), 10, 64)
		if err != nil {
			code = -1
		}
		m.check().Code = code
	case "result":
		m.check().Verdict = Verdict(e.Child("suggest").Text)
		m.check().Label = e.Child("label").Text
	}
}

func (m *Message) check() *MediaCheck {
	if m.Check == nil {
		m.Check = &MediaCheck{}
	}
	return m.Check
}

func consent(e Element) Consent {
	status := e.Child("SubscribeStatusString").Text
	if status == "" {
		status = e.Child("ErrorStatus").Text
	}
	return Consent{
		TemplateID: e.Child("TemplateId").Text,
		Status:     status,
		Scene:      e.Child("PopupScene").Text,
		MsgID:      e.Child("MsgID").Text,
		ErrorCode:  e.Child("ErrorCode").Text,
	}
}

// place is a Place as it stands in the document.
type place struct{ lat, lng, scale, precision, label, name string }

func (p *place) field(name string) *string {
	switch name {
	case "Location_X", "Latitude":
		return &p.lat
	case "Location_Y", "Longitude":
		return &p.lng
	case "Scale":
		return &p.scale
	case "Precision":
		return &p.precision
	case "Label":
		return &p.label
	case "Poiname":
		return &p.name
	}
	return nil
}

func (p *place) point() *Place {
	if p.lat == "" {
		return nil
	}
	lat, err := strconv.ParseFloat(p.lat, 64)
	lng, err2 := strconv.ParseFloat(p.lng, 64)
	// Written so that NaN fails too.
	if err != nil || err2 != nil || !(math.Abs(lat) <= 90) || !(math.Abs(lng) <= 180) {
		return nil
	}
	q := Place{Lat: lat, Lng: lng, Label: p.label, Name: p.name}
	q.Scale, _ = strconv.ParseInt(p.scale, 10, 64)
	q.Precision, _ = strconv.ParseFloat(p.precision, 64)
	return &q
}
