package wechatsim

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// window is a time in which customer-service messages may be sent.
type window struct {
	until time.Time
	left  int
}

// sentOnce is a template message that is not sent again.
type sentOnce struct {
	msgID int64
	at    time.Time
}

// onceFor is how long WeChat remembers a client_msg_id.
const onceFor = 10 * time.Minute

type cardData map[string]struct {
	Value any `json:"value"`
}

type templateCall struct {
	ToUser      string   `json:"touser"`
	TemplateID  string   `json:"template_id"`
	URL         string   `json:"url"`
	Page        string   `json:"page"`
	Data        cardData `json:"data"`
	ClientMsgID string   `json:"client_msg_id"`
	MiniProgram struct {
		AppID    string `json:"appid"`
		PagePath string `json:"pagepath"`
	} `json:"miniprogram"`
}

type sendAnswer struct {
	outcome
	MsgID int64 `json:"msgid"`
}

// recipient checks that a message can reach the person.
func (s *Sim) recipient(ctx context.Context, openid string) error {
	if !s.known(ctx, openid) {
		return apiError{code: 40003}
	}
	if !s.Following(openid) {
		return apiError{code: 43004}
	}
	return nil
}

func (s *Sim) apiTemplate(c *call) (any, error) {
	var in templateCall
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	card, err := s.card(in)
	if err != nil {
		return nil, err
	}
	if err := s.recipient(c.Context(), in.ToUser); err != nil {
		return nil, err
	}
	msgID, again := s.sendTemplate(in, card, c.now)
	if !again {
		s.background(func(ctx context.Context) { s.finished(ctx, in.ToUser, msgID) })
	}
	return sendAnswer{fine, msgID}, nil
}

// sendTemplate shows the card, unless its client_msg_id was used before.
func (s *Sim) sendTemplate(in templateCall, card Received, now time.Time) (msgID int64, again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := in.ToUser + " " + in.ClientMsgID
	if before, found := s.sent[key]; found && now.Sub(before.at) < onceFor {
		return before.msgID, true
	}
	card.Kind, card.MsgID = KindTemplate, s.nextID()
	s.record(s.person(in.ToUser), card)
	if in.ClientMsgID != "" {
		s.forgetSent(now)
		s.sent[key] = sentOnce{card.MsgID, now}
	}
	return card.MsgID, false
}

// forgetSent drops old client_msg_ids each time their number has doubled.
func (s *Sim) forgetSent(now time.Time) {
	if len(s.sent) < s.sentMany {
		return
	}
	for key, before := range s.sent {
		if now.Sub(before.at) >= onceFor {
			delete(s.sent, key)
		}
	}
	s.sentMany = 1024 + 2*len(s.sent)
}

// finished tells the account that a template message has arrived.
func (s *Sim) finished(ctx context.Context, openid string, msgID int64) {
	_, _ = s.Event(ctx, openid, Event{Type: "TEMPLATESENDJOBFINISH", Fields: []Field{
		{"MsgID", msgID}, {"Status", "success"},
	}})
}

func (s *Sim) apiSubscription(c *call) (any, error) {
	card, err := s.sendSubscription(c, "account", KindSubscription)
	if err != nil {
		return nil, err
	}
	s.background(func(ctx context.Context) {
		_, _ = s.Event(ctx, card.OpenID, Event{Type: "subscribe_msg_sent_event", Fields: []Field{
			{"SubscribeMsgSentEvent", []Field{{"List", []Field{
				{"TemplateId", card.TemplateID}, {"MsgID", card.MsgID}, {"ErrorCode", int64(0)}, {"ErrorStatus", "success"},
			}}}},
		}})
	})
	return fine, nil
}

func (s *Sim) apiMiniSubscription(c *call) (any, error) {
	card, err := s.sendSubscription(c, "mini", KindMiniProgram)
	if err != nil {
		return nil, err
	}
	return sendAnswer{fine, card.MsgID}, nil
}

// sendSubscription spends one consent.
func (s *Sim) sendSubscription(c *call, app, kind string) (Received, error) {
	var in templateCall
	if err := c.decode(&in); err != nil {
		return Received{}, err
	}
	if !s.known(c.Context(), in.ToUser) {
		return Received{}, apiError{code: 40003}
	}
	card, err := s.card(in)
	if err != nil {
		return Received{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.person(in.ToUser)
	key := app + " " + in.TemplateID
	if p.credits[key] == 0 {
		return Received{}, apiError{code: 43101}
	}
	p.credits[key]--
	card.Kind, card.MsgID = kind, s.nextID()
	return s.record(p, card), nil
}

var (
	parameterLine = regexp.MustCompile(`^(.*?)\s*[:：]?\s*\{\{(\w+)\.DATA\}\}\s*$`)
	parameterKind = regexp.MustCompile(`^([a-z_]+?)\d+$`)
)

// longest is how many characters a parameter of a kind may have.
var longest = map[string]int{
	"thing": 20, "const": 20, "character_string": 32, "letter": 32, "number": 32, "symbol": 5,
	"phrase": 5, "phone_number": 17, "car_number": 8, "name": 20, "time": 40, "date": 40, "amount": 20,
}

// card checks a template's data and makes what the person sees.
func (s *Sim) card(in templateCall) (Received, error) {
	r := Received{
		Type: "card", TemplateID: in.TemplateID, Title: "通知", URL: in.URL,
		Page: in.Page + in.MiniProgram.PagePath,
	}
	if strings.HasPrefix(in.Page, "http") { // the account's subscriptions name a web page so
		r.URL, r.Page = in.Page, in.MiniProgram.PagePath
	}
	var keys, labels []string
	i := slices.IndexFunc(s.opt.Templates, func(t Template) bool { return t.ID == in.TemplateID })
	switch {
	case in.TemplateID == "", s.opt.Templates != nil && i < 0:
		return r, apiError{code: 40037}
	case i >= 0:
		r.Title = s.opt.Templates[i].Title
		for line := range strings.Lines(s.opt.Templates[i].Content) {
			if m := parameterLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
				labels, keys = append(labels, m[1]), append(keys, m[2])
			}
		}
	default:
		for key := range in.Data {
			keys = append(keys, key)
		}
		slices.SortFunc(keys, byNumber)
		labels = make([]string, len(keys))
	}
	for n, key := range keys {
		text := valueText(in.Data[key].Value)
		if bad(key, text) {
			return r, apiError{47003, " data." + key + ".value invalid"}
		}
		r.Rows = append(r.Rows, Row{key, labels[n], text})
	}
	return r, nil
}

func bad(key, text string) bool {
	if strings.TrimSpace(text) == "" {
		return true
	}
	m := parameterKind.FindStringSubmatch(key)
	if m == nil {
		return false
	}
	most, known := longest[m[1]]
	if !known {
		return false
	}
	if utf8.RuneCountInString(text) > most || m[1] != "thing" && strings.ContainsAny(text, "\r\n") {
		return true
	}
	switch m[1] {
	case "number", "phone_number", "character_string", "letter":
		return strings.ContainsFunc(text, func(r rune) bool { return r > 0x7e })
	}
	return false
}

func (s *Sim) apiTemplates(*call) (any, error) {
	list := []map[string]string{}
	for _, t := range s.opt.Templates {
		list = append(list, map[string]string{
			"template_id": t.ID, "title": t.Title, "content": t.Content,
			"primary_industry": "政府与公共事业", "deputy_industry": "公共事业", "example": "",
		})
	}
	return map[string]any{"template_list": list}, nil
}

type customerCall struct {
	ToUser string `json:"touser"`
	Type   string `json:"msgtype"`
	Text   struct {
		Content string `json:"content"`
	} `json:"text"`
	Image struct {
		MediaID string `json:"media_id"`
	} `json:"image"`
	News struct {
		Articles []struct {
			Title       string `json:"title"`
			Description string `json:"description"`
			URL         string `json:"url"`
			PicURL      string `json:"picurl"`
		} `json:"articles"`
	} `json:"news"`
	Page struct {
		Title    string `json:"title"`
		PagePath string `json:"pagepath"`
	} `json:"miniprogrampage"`
}

func (s *Sim) apiCustomer(c *call) (any, error) {
	var in customerCall
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	r, err := s.customerMessage(in)
	if err != nil {
		return nil, err
	}
	if err := s.recipient(c.Context(), in.ToUser); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.person(in.ToUser)
	if err := p.spendWindow(c.now); err != nil {
		return nil, err
	}
	s.record(p, r)
	return fine, nil
}

func (s *Sim) customerMessage(in customerCall) (Received, error) {
	r := Received{Kind: KindCustomer, Type: in.Type}
	switch in.Type {
	case "text":
		r.Text = in.Text.Content
		if r.Text == "" {
			return r, apiError{code: 44004}
		}
		if len(r.Text) > 2048 {
			return r, apiError{code: 45002}
		}
	case "image":
		if _, found := s.medium(in.Image.MediaID); !found {
			return r, apiError{code: 40007}
		}
		r.MediaID, r.PicURL = in.Image.MediaID, s.pictureOf(in.Image.MediaID)
	case "news":
		if len(in.News.Articles) != 1 {
			return r, apiError{code: 45008}
		}
		a := in.News.Articles[0]
		r.Articles = []Article{{a.Title, a.Description, a.PicURL, a.URL}}
	case "miniprogrampage":
		r.Type, r.Title, r.Page = "card", in.Page.Title, in.Page.PagePath
	default:
		return r, apiError{code: 40008}
	}
	return r, nil
}

// spendWindow takes one message from the open window that ends first.
func (p *person) spendWindow(now time.Time) error {
	code, best := 45015, ""
	for name, w := range p.windows {
		if !now.Before(w.until) {
			continue
		}
		if w.left == 0 {
			code = 45047
			continue
		}
		if best == "" || w.until.Before(p.windows[best].until) {
			best = name
		}
	}
	if best == "" {
		return apiError{code: code}
	}
	w := p.windows[best]
	w.left--
	p.windows[best] = w
	return nil
}
