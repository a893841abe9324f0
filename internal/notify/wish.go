package notify

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"fenlin/internal/activity"
	"fenlin/internal/outbox"
	"fenlin/internal/wish"
)

// wishLetters are the words of what is told of a wish. The body is the wish and,
// where it is said, what was said with it; in next %s is until when.
var wishLetters = map[wish.Letter]struct{ title, next string }{
	wish.LetterNew:       {"新心愿待核实", "核实是真的再发布"},
	wish.LetterUnchecked: {"心愿还没有核实", "请尽快核实发布或说明"},
	wish.LetterPublished: {"您的心愿已发布", "有人认领会告诉您"},
	wish.LetterDeclined:  {"您的心愿没有发布", "改好可以再许，或问社区"},
	wish.LetterClaimed:   {"您的心愿有人认领了", "回复「我的心愿」看进展"},
	wish.LetterReturned:  {"心愿重新待认领", "不用做什么，请再等等"},
	wish.LetterLapsed:    {"认领的心愿已到期", "还想帮忙，可以再认领"},
	wish.LetterRemind:    {"认领的心愿快到期", "%s 前完成或退回"},
	wish.LetterFulfilled: {"心愿办到了，请确认", "%s前回复「我的心愿」"},
	wish.LetterDenied:    {"许愿人说还没有实现", "请在 %s 前补做或退回"},
	wish.LetterThanks:    {"心愿实现了，谢谢您", "别的心愿请回复「心愿」"},
	wish.LetterWithdrawn: {"认领的心愿已撤回", "不用再办，谢谢您"},
	wish.LetterClosed:    {"心愿已由社区关闭", "有疑问请问社区"},
	wish.LetterExpired:   {"心愿已过期", "还需要请回复「许愿」再许"},
	wish.LetterHeld:      {"来自心愿的活动已结束", "心愿实现了请填写「已经办到」"},
}

// wished writes the notices of a letter of a wish. Who gets one reads the words
// masked, with nothing in them that insults.
func (s *Service) wished(ctx context.Context, e outbox.Event) error {
	var t wish.Told
	if err := e.Decode(&t); err != nil {
		return err
	}
	words, known := wishLetters[t.Letter]
	if !known {
		return outbox.Cancel(fmt.Errorf("no words for %s", t.Letter))
	}
	w, err := s.Wishes.Of(ctx, t.Wish)
	if errors.Is(err, wish.ErrUnknown) {
		return outbox.Cancel(err)
	}
	if err != nil {
		return err
	}
	place, err := s.Org.Unit(ctx, w.OrgID)
	if err != nil {
		return err
	}
	kind, _ := s.Wishes.Rules().Kind(w.Kind)
	body := kind.Name + "：" + s.masked(w.Text)
	if t.Note != "" {
		body += "。" + s.masked(t.Note)
	}
	next := strings.ReplaceAll(words.next, "%s", s.clock(t.Until))
	return s.write(ctx, e.Key, wish.Number+strconv.FormatInt(w.ID, 10), place.Name, letter{string(t.Letter), words.title, body, next, t.People, t.Posts})
}

func (s *Service) wishTimer(ctx context.Context, e outbox.Event) error {
	var t wish.Timer
	if err := e.Decode(&t); err != nil {
		return err
	}
	return s.Wishes.Fire(ctx, t)
}

// checkWish has WeChat look at a wish's words; until then nobody else reads them.
func (s *Service) checkWish(ctx context.Context, e outbox.Event) error {
	var c wish.Check
	if err := e.Decode(&c); err != nil {
		return err
	}
	w, ok, err := s.Wishes.Unjudged(ctx, c)
	if errors.Is(err, wish.ErrUnknown) {
		return outbox.Cancel(err)
	}
	if err != nil || !ok {
		return err
	}
	said, err := s.judged(ctx, e.Key, w.WisherID, w.CreatedAt, w.Text)
	if err != nil {
		return err
	}
	return s.Wishes.Judge(ctx, w, said)
}

// over tells those from whose wish an activity came that it is over.
func (s *Service) over(ctx context.Context, e outbox.Event) error {
	var o activity.Over
	if err := e.Decode(&o); err != nil {
		return err
	}
	if o.Kind != wish.Source {
		return nil
	}
	a, err := s.Activities.Of(ctx, o.Activity)
	if err != nil {
		return err
	}
	err = s.Wishes.Held(ctx, o.Ref, a.Title)
	if errors.Is(err, wish.ErrUnknown) {
		return outbox.Cancel(err)
	}
	return err
}
