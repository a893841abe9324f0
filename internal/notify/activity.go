package notify

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"fenlin/internal/activity"
	"fenlin/internal/outbox"
)

// activityNumber stands before an activity's id where a ticket has its number.
const activityNumber = "HD"

// activityLetters are the words of what is told of an activity: body and next
// of a letter, which know its own note and until when something may be done.
var activityLetters = map[activity.Letter]struct {
	title string
	body  func(s *Service, a activity.Activity, t activity.Told) string
	next  func(s *Service, a activity.Activity, t activity.Told) string
}{
	activity.LetterMovedUp: {"候补成功", when, say("来不了请回复「活动」退出")},
	activity.LetterOffered: {"候补到了，请确认", when, func(s *Service, _ activity.Activity, t activity.Told) string {
		return s.clock(t.Until) + " 前回复「活动」"
	}},
	activity.LetterLapsed:    {"候补名额已过确认时间", when, say("还想参加，请重新报名")},
	activity.LetterMoved:     {"活动时间或地点有变", when, say("来不了请回复「活动」退出")},
	activity.LetterClash:     {"活动改期，与您另一个活动撞了时间", when, say("请回复「活动」退出其中一个")},
	activity.LetterCancelled: {"活动取消", noted, say("谢谢您报名，别的活动回复「活动」")},
	activity.LetterRate:      {"活动结束了，您觉得怎么样", titled, say("回复满意、基本满意或不满意")},
	activity.LetterSummary:   {"请写活动小结", titled, say("打开活动，写小结后归档")},
	activity.LetterRemind:    {"活动快开始了", when, say("到场后请签到；来不了请先退出")},
	activity.LetterHours:     {"志愿时长有变", changed, say("不对请找组织人，看时长回复「时长」")},
}

func when(s *Service, a activity.Activity, _ activity.Told) string {
	return a.Title + "，" + s.clock(a.StartsAt) + " 开始，" + a.Place
}

func titled(_ *Service, a activity.Activity, _ activity.Told) string { return a.Title }

func noted(_ *Service, a activity.Activity, t activity.Told) string { return a.Title + "：" + t.Note }

// changed tells of hours that were corrected, and who is to be asked about it.
func changed(_ *Service, a activity.Activity, t activity.Told) string {
	return clip(a.Title, 20) + "：" + t.Note + "。不同意请联系" + clip(a.ByTitle, 20) + "，或写一句话报事反映"
}

func say(text string) func(*Service, activity.Activity, activity.Told) string {
	return func(*Service, activity.Activity, activity.Told) string { return text }
}

// told writes the notices of a letter of an activity.
func (s *Service) told(ctx context.Context, e outbox.Event) error {
	var t activity.Told
	if err := e.Decode(&t); err != nil {
		return err
	}
	words, known := activityLetters[t.Letter]
	if !known {
		return outbox.Cancel(fmt.Errorf("no words for %s", t.Letter))
	}
	a, err := s.Activities.Of(ctx, t.Activity)
	if errors.Is(err, activity.ErrUnknown) {
		return outbox.Cancel(err)
	}
	if err != nil {
		return err
	}
	return s.write(ctx, e.Key, activityNumber+strconv.FormatInt(a.ID, 10), a.Place, letter{string(t.Letter), words.title, words.body(s, a, t), words.next(s, a, t), t.People, nil})
}

func (s *Service) activityTimer(ctx context.Context, e outbox.Event) error {
	var t activity.Timer
	if err := e.Decode(&t); err != nil {
		return err
	}
	return s.Activities.Fire(ctx, t)
}
