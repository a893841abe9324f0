package chat

import (
	"context"
	"errors"
	"strings"

	"fenlin/internal/errs"
	"fenlin/internal/station"
)

// visit greets whoever scanned the code of a service point, and asks how it was;
// false when the scene is another's.
func (c *turn) visit(ctx context.Context, scene string) (string, bool, error) {
	p, ours, err := c.Points.Scanned(ctx, scene)
	if told, ok := errors.AsType[*errs.Error](err); ok {
		return told.Message + "。小区里有事，直接写一句话就能报。", true, nil
	}
	if !ours || err != nil {
		return "", ours, err
	}
	lines := []string{"欢迎来到" + p.Name + "。"}
	if hours := p.Hours(); hours != "" {
		lines = append(lines, "开放时间："+strings.ReplaceAll(hours, "\n", "；"))
	}
	var rooms []string
	for _, r := range p.Rooms {
		room := r.Name
		if r.Uses != "" {
			room += "（" + r.Uses + "）"
		}
		rooms = append(rooms, room)
	}
	if len(rooms) > 0 {
		lines = append(lines, short("这里有："+strings.Join(rooms, "、"), 200))
	}
	if p.Phone != "" {
		lines = append(lines, "电话："+p.Phone)
	}
	c.forget()
	c.st.Number = p.Scene()
	return c.ask(askVisit, strings.Join(lines, "\n")+"\n您觉得这里的服务怎么样？", []option{
		{Label: "满意", Code: string(station.Satisfied)}, {Label: "基本满意", Code: string(station.Basic)}, {Label: "不满意", Code: string(station.Dissatisfied)},
	}, "不评也没关系，小区里有事直接写一句话。"), true, nil
}

// visitJudged keeps what a visitor said in a word.
func (c *turn) visitJudged(ctx context.Context, v verdict) (string, error) {
	said, ok := map[verdict]station.Verdict{
		satisfied: station.Satisfied, basic: station.Basic,
		dissatisfied: station.Dissatisfied, notHappy: station.Dissatisfied, unsolved: station.Dissatisfied,
	}[v]
	if !ok {
		return c.repeat("请选一项。"), nil
	}
	return c.visited(ctx, said)
}

// visited keeps what a visitor chose.
func (c *turn) visited(ctx context.Context, v station.Verdict) (string, error) {
	p, _, err := c.Points.Scanned(ctx, c.st.Number)
	if err == nil {
		err = c.Points.Rate(ctx, c.who.ID, p.ID, v, "")
	}
	if err != nil {
		return "", err
	}
	c.forget()
	if v == station.Dissatisfied {
		return "记下了，谢谢您直说。哪里不好，可以写成一句话报给我们，例如：" + p.Name + "空调坏了。", nil
	}
	return "谢谢您的评价。小区里有事，随时写一句话就能报。", nil
}
