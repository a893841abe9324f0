package notify

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"fenlin/internal/lists"
	"fenlin/internal/outbox"
)

// What stands before an id of a list where a ticket has its number.
const (
	projectNumber   = "XM"
	agreementNumber = "QY"
)

var listNumbers = map[lists.List]string{lists.Projects: projectNumber, lists.Agreements: agreementNumber}

// listLetters are the words of what is told of projects and agreements.
var listLetters = map[lists.Letter]struct{ title, next string }{
	lists.LetterProposed:   {"有项目等您答复", "请同意或不同意"},
	lists.LetterAgreed:     {"对方已同意项目", "请按约定实施，随时记录进展"},
	lists.LetterRefused:    {"对方没有同意项目", "可以看看别的需求和资源"},
	lists.LetterCancelled:  {"项目已取消", "可以看看别的需求和资源"},
	lists.LetterLapsed:     {"项目没有等到答复，已取消", "可以联系对方后重新提出"},
	lists.LetterProgress:   {"请记录项目进展", "做完了请点「完成」"},
	lists.LetterEvaluate:   {"项目已完成，请评价", "请说满意、基本满意或不满意"},
	lists.LetterEvaluated:  {"社区已评价项目", "单位也可以写写意见"},
	lists.LetterClosed:     {"项目已办结", "谢谢支持社区"},
	lists.LetterConfirm:    {"有协议等您确认签约", "请核对文件后确认"},
	lists.LetterSigned:     {"协议已签约", "请按约定履行"},
	lists.LetterEnding:     {"协议快到期了", "要继续请续签"},
	lists.LetterTerminated: {"协议已终止", "有疑问请联系对方"},
}

// listTold writes the notices of a letter of a project or an agreement.
func (s *Service) listTold(ctx context.Context, e outbox.Event) error {
	var t lists.Told
	if err := e.Decode(&t); err != nil {
		return err
	}
	words, known := listLetters[t.Letter]
	if !known {
		return outbox.Cancel(fmt.Errorf("no words for %s", t.Letter))
	}
	about, err := s.Lists.Subject(ctx, t)
	if errors.Is(err, lists.ErrUnknown) {
		return outbox.Cancel(err)
	}
	if err != nil {
		return err
	}
	other := about.Unit
	if t.To == lists.TheUnit {
		other = about.Community
	}
	body := about.Title + "（" + other + "）"
	if t.Letter == lists.LetterEnding {
		body += "，" + about.EndOn + " 到期"
	}
	if t.Note != "" {
		body += "：" + t.Note
	}
	number := ""
	if prefix, has := listNumbers[t.List]; has {
		number = prefix + strconv.FormatInt(t.ID, 10)
	}
	return s.write(ctx, e.Key, number, about.Community, letter{string(t.Letter), words.title, body, words.next, about.People, nil})
}

func (s *Service) listTimer(ctx context.Context, e outbox.Event) error {
	var t lists.Timer
	if err := e.Decode(&t); err != nil {
		return err
	}
	return s.Lists.Fire(ctx, t)
}

// listCheck has WeChat look at the words of a need, a resource, a project or an
// agreement, so that others may read them.
func (s *Service) listCheck(ctx context.Context, e outbox.Event) error {
	var c lists.Check
	if err := e.Decode(&c); err != nil {
		return err
	}
	w, ok, err := s.Lists.Unjudged(ctx, c)
	if errors.Is(err, lists.ErrUnknown) {
		return outbox.Cancel(err)
	}
	if err != nil || !ok {
		return err
	}
	said, err := s.judged(ctx, e.Key, w.Person, w.At, w.Text)
	if err != nil {
		return err
	}
	return s.Lists.Judge(ctx, c, w, said)
}
