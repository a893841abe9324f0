package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"

	"fenlin/internal/app/apptest"
	"fenlin/internal/wechat/wechatsim"
)

// act is something that people do on a storm day.
type act struct {
	name   string
	weight int // of 100 who come
	do     func(c *city, ctx context.Context) error
}

// day is how people come. The weights are an assumption: nobody has published
// how a city's account is used in a storm.
var day = []act{
	{"report by chat", 44, (*city).reportByChat},
	{"report by chat, sent again by WeChat at the same moment", 4, (*city).reportTwice},
	{"danger by chat", 1, (*city).danger},
	{"photo by chat", 8, (*city).photoByChat},
	{"progress by chat", 10, (*city).progress},
	{"report in the app, with a photo", 4, (*city).reportInApp},
	{"secretary: inbox", 10, (*city).inbox},
	{"secretary: open, accept, contact, finish", 8, (*city).handle},
	{"public page of a compound", 5, (*city).publicPage},
	{"compounds nearby", 3, (*city).nearby},
	{"board: rates by month", 2, (*city).board},
	{"board: the tickets behind a rate", 1, (*city).behind},
}

// errTurned is that somebody was kindly asked to come back.
var errTurned = errors.New("asked to come back")

var troubles = []string{
	"地下车库进水了", "楼道灯坏了", "下水道堵了往外冒污水", "停电了", "停水了", "屋顶漏雨滴到家里", "单元门打不开", "大树刮倒挡住路了", "垃圾没人清运",
}

var numbered = regexp.MustCompile(`FY\d{6}-\d{4,}`)

// sentence is a report that nobody else writes.
func (c *city) sentence() string {
	n := c.told.Add(1)
	return fmt.Sprintf("%s%d号楼%d单元%d室%s", c.compounds[rand.N(len(c.compounds))].name, 1+n%40, 1+n/40%9, 101+n/360%99*100+n/35640%20, troubles[rand.N(len(troubles))])
}

func (c *city) resident() string { return resident(rand.N(residents)) }

// say sends a message as WeChat does and reads the answer.
func (c *city) say(ctx context.Context, who string, m wechatsim.Message) (string, error) {
	d, err := c.sim.Send(ctx, who, m)
	switch {
	case err != nil:
		return "", err
	case d.Failed:
		return "", fmt.Errorf("WeChat gave up: HTTP %d %s %s", d.Status, d.Faults, d.Attempts[len(d.Attempts)-1].Err)
	case strings.Contains(d.Text(), "还没有登记"):
		return "", errTurned
	}
	return d.Text(), nil
}

// filed notes the number that a report was answered with.
func (c *city) filed(who, text, answer string) error {
	number := numbered.FindString(answer)
	if number == "" {
		return fmt.Errorf("%q has no number: %q", text, answer)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.acknowledged[number] != "" {
		return fmt.Errorf("%s was given twice: for %q and %q", number, c.acknowledged[number], text)
	}
	c.acknowledged[number] = text
	c.reporters = append(c.reporters, who)
	return nil
}

func (c *city) reportByChat(ctx context.Context) error {
	who, text := c.resident(), c.sentence()
	answer, err := c.say(ctx, who, wechatsim.Text(text))
	if err != nil {
		return err
	}
	return c.filed(who, text, answer)
}

// reportTwice is one message that comes twice at the same moment: both get the same answer.
func (c *city) reportTwice(ctx context.Context) error {
	who, text := c.resident(), c.sentence()
	m := wechatsim.Text(text)
	m.MsgID = 1<<50 + int64(c.told.Add(1))
	type said struct {
		text string
		err  error
	}
	other := make(chan said, 1)
	go func() {
		text, err := c.say(ctx, who, m)
		other <- said{text, err}
	}()
	answer, err := c.say(ctx, who, m)
	again := <-other
	if err = errors.Join(err, again.err); err != nil {
		if errors.Is(err, errTurned) {
			return errTurned
		}
		return err
	}
	if numbered.FindString(answer) != numbered.FindString(again.text) {
		return fmt.Errorf("two answers to one message: %q and %q", answer, again.text)
	}
	return c.filed(who, text, answer)
}

func (c *city) danger(ctx context.Context) error {
	who, text := c.resident(), c.sentence()+"，电梯里困人了"
	answer, err := c.say(ctx, who, wechatsim.Text(text))
	if errors.Is(err, errTurned) {
		return errors.New("danger to life was turned away")
	}
	if err != nil {
		return err
	}
	return c.filed(who, text, answer)
}

// recent is somebody who has reported, or nobody yet.
func (c *city) recent() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.reporters); n > 0 {
		return c.reporters[n-1-rand.N(min(n, 200))]
	}
	return c.resident()
}

func (c *city) photoByChat(ctx context.Context) error {
	_, err := c.say(ctx, c.recent(), wechatsim.Image(c.picture))
	return err
}

func (c *city) progress(ctx context.Context) error {
	_, err := c.say(ctx, c.recent(), wechatsim.Text("查"))
	return err
}

// call is a request that must succeed, or be turned away politely.
func (c *city) call(ctx context.Context, who apptest.Client, method, path string, body any, key string) (map[string]any, error) {
	status, answer, err := who.Call(ctx, method, path, body, key)
	return answer, verdict(method+" "+path, status, answer, err)
}

func verdict(what string, status int, answer map[string]any, err error) error {
	switch {
	case err != nil:
		return err
	case status == http.StatusServiceUnavailable && answer["code"] == "crowded", status == http.StatusTooManyRequests:
		return errTurned
	case status >= 300 && status != http.StatusConflict: // two secretaries at one ticket: told politely
		return fmt.Errorf("%s: %d %v", what, status, answer)
	}
	return nil
}

func (c *city) reportInApp(ctx context.Context) error {
	n := rand.N(len(c.phones))
	who, text := c.phones[n], c.sentence()
	status, photo, err := who.Send(ctx, "/api/v1/photos", "image/jpeg", c.picture)
	if err := verdict("photo", status, photo, err); err != nil {
		return err
	}
	answer, err := c.call(ctx, who, http.MethodPost, "/api/v1/tickets", map[string]any{"text": text, "photos": []any{photo["id"]}}, fmt.Sprint("load-", c.told.Add(1)))
	if err != nil {
		return err
	}
	number, _ := answer["number"].(string)
	return c.filed(resident(n), text, number)
}

// desk is one of the secretaries.
func (c *city) desk() apptest.Client { return c.desks[rand.N(len(c.desks))] }

func (c *city) inbox(ctx context.Context) error {
	_, err := c.call(ctx, c.desk(), http.MethodGet, "/api/v1/tickets?view=inbox&limit=20", nil, "")
	return err
}

// handle takes the newest tickets of a desk one action further, as the ticket says is possible.
func (c *city) handle(ctx context.Context) error {
	who := c.desk()
	list, err := c.call(ctx, who, http.MethodGet, "/api/v1/tickets?view=inbox&limit=5", nil, "")
	if err != nil {
		return err
	}
	items, _ := list["items"].([]any)
	if len(items) == 0 {
		return nil
	}
	number, _ := items[rand.N(len(items))].(map[string]any)["number"].(string)
	t, err := c.call(ctx, who, http.MethodGet, "/api/v1/tickets/"+number, nil, "")
	if err != nil {
		return err
	}
	next := map[string]string{"dispatched": "accept", "accepted": "contact", "contacted": "finish"}[fmt.Sprint(t["state"])]
	if next == "" {
		return nil
	}
	_, err = c.call(ctx, who, http.MethodPost, "/api/v1/tickets/"+number+"/actions", map[string]any{"action": next, "version": t["version"], "note": "已处理"}, fmt.Sprint("load-", c.told.Add(1)))
	return err
}

func (c *city) publicPage(ctx context.Context) error {
	status, _, err := apptest.Client{URL: c.url, HTTP: c.client}.Call(ctx, http.MethodGet, "/open/"+c.compounds[rand.N(len(c.compounds))].id, nil, "")
	if err == nil && status == http.StatusServiceUnavailable {
		return errTurned
	}
	return verdict("public page", status, nil, err)
}

func (c *city) nearby(ctx context.Context) error {
	_, err := c.call(ctx, apptest.Client{URL: c.url, HTTP: c.client}, http.MethodGet, fmt.Sprintf("/api/v1/compounds?near=37.%04d,111.%04d", 2500+rand.N(200), 7700+rand.N(200)), nil, "")
	return err
}

func (c *city) board(ctx context.Context) error {
	_, err := c.call(ctx, c.mayor, http.MethodGet, "/api/v1/stats/rates?by=month", nil, "")
	return err
}

func (c *city) behind(ctx context.Context) error {
	_, err := c.call(ctx, c.mayor, http.MethodGet, "/api/v1/stats/rates/tickets?measure=accepted&limit=20", nil, "")
	return err
}
