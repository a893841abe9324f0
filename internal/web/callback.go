package web

import (
	"context"
	"errors"
	"time"

	"github.com/gin-gonic/gin"

	"fenlin/internal/chat"
	"fenlin/internal/member"
	"fenlin/internal/wechat"
)

// callback connects WeChat's requests. It does without most middlewares: WeChat
// waits for the answer, and what it sends is bounded and counted by its codec.
func (s *Server) callback(c *gin.Context) {
	r, start := c.Request, s.Now()
	status, contentType, answer := s.Callback.Serve(r.Context(), r.Method, wechat.ParseQuery(r.URL.RawQuery), r.Body)
	c.Data(status, contentType, answer)
	s.metrics.callback.Observe(s.Now().Sub(start).Seconds())
}

// Converse answers a message of WeChat's by the chat. Events that are no talk
// are answered by silence.
func (s *Server) Converse(ctx context.Context, m wechat.Message) (wechat.Reply, error) {
	kind, known := chatKinds[m.Kind]
	if !known {
		return wechat.Reply{}, s.consented(ctx, m)
	}
	in := chat.Message{
		Key: m.Key(), OpenID: m.From, Kind: kind, Text: m.Text, MediaID: m.MediaID, PicURL: m.PicURL, Recognition: m.Recognition,
		EventKey: m.EventKey, At: s.Now(),
	}
	if m.Created > 0 {
		in.At = time.Unix(m.Created, 0)
	}
	if m.Place != nil {
		in.Lat, in.Lng, in.Label = m.Place.Lat, m.Place.Lng, m.Place.Label
	}
	var said chat.Reply
	err := s.talk.with(ctx, func() (err error) { said, err = s.Chat.Answer(ctx, in); return err })
	if errors.Is(err, errCrowded) {
		if sorry, may := s.Chat.TurnAway(ctx, in); may {
			return wechat.Reply{Text: sorry}, nil
		}
		said, err = s.Chat.Answer(ctx, in)
	}
	if err != nil {
		return wechat.Reply{}, err
	}
	out := wechat.Reply{Text: said.Text}
	for _, a := range said.Articles {
		out.Articles = append(out.Articles, wechat.Article{Title: a.Title, Description: a.Description, PicURL: a.PicURL, URL: a.URL})
	}
	return out, nil
}

// consented counts what somebody agreed to on a page of the account, and forgets what they took back.
func (s *Server) consented(ctx context.Context, m wechat.Message) error {
	if m.Kind != wechat.ConsentPopup && m.Kind != wechat.ConsentChange {
		return nil
	}
	for _, c := range m.Consents {
		var err error
		switch {
		case m.Kind == wechat.ConsentPopup && c.Status == "accept":
			err = s.Members.Subscribed(ctx, member.Account, m.From, c.TemplateID)
		case m.Kind == wechat.ConsentChange && c.Status == "reject":
			err = s.Members.Unsubscribed(ctx, member.Account, m.From, c.TemplateID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// chatKinds are the kinds that the chat answers. The menu's photo and place
// pickers are left out: what was picked follows as a message of its own.
var chatKinds = map[wechat.Kind]string{
	wechat.Text: chat.KindText, wechat.Image: chat.KindImage, wechat.Voice: chat.KindVoice, wechat.Video: chat.KindVideo,
	wechat.ShortVideo: chat.KindVideo, wechat.Location: chat.KindLocation, wechat.Link: chat.KindLink, wechat.Subscribe: chat.KindSubscribe,
	wechat.Unsubscribe: chat.KindUnsubscribe, wechat.Scan: chat.KindScan, wechat.Click: chat.KindClick, wechat.View: chat.KindView,
	wechat.ScanWait: chat.KindOther,
}
