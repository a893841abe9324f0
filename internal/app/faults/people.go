package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"fenlin/internal/app/apptest"
	"fenlin/internal/wechat/wechatsim"
)

// Two compounds with who handles what is told there, and who lives in each.
var offices = []struct {
	secretary string
	homes     []int
}{
	{"sim-branch-fuxinyuan", []int{1, 2, 3, 4, 5, 6, 7, 8}},
	{"sim-branch-antaiyuan", []int{15, 16, 17, 18, 19, 20}},
}

const (
	perDay  = 30 // reports that one person may make in a day
	steps   = 5  // of one report's way, with a rest before each
	patient = 4 * time.Minute
)

// neighbour is the openid of one of the sample's residents.
func neighbour(n int) string { return fmt.Sprintf("sim-resident-%03d", n) }

// everybody is who has WeChat on a stage.
func everybody(context.Context) ([]wechatsim.Person, error) {
	var people []wechatsim.Person
	for _, o := range offices {
		people = append(people, wechatsim.Person{OpenID: o.secretary})
	}
	for n := range 20 {
		people = append(people, wechatsim.Person{OpenID: neighbour(n + 1)})
	}
	return people, nil
}

var numbered = regexp.MustCompile(`FY\d{6}-\d{4,}`)

// people report, handle and confirm on a stage, and remember what they were
// told. They try until it is done, as phones do; only some give up a message
// that WeChat itself has given up.
type people struct {
	stage  *stage
	pace   time.Duration // the longest that somebody waits between two steps
	pairs  bool          // two reports at the same moment
	strict bool          // nobody but the secretary may take a ticket from them

	over context.Context // ends when nothing new is begun

	mu       sync.Mutex
	reported map[string]string   // sentence → number that its sender was told; empty = was told nothing
	done     map[string][]string // number → what was done to it, as its doer was told
	wrongs   []string
	wait     stall
}

// stall is the longest time in which somebody waited for an answer and nobody got one.
type stall struct {
	waiting int
	since   time.Time // the last answer, or since when somebody waits
	unheard bool      // somebody gave up since the last answer
	longest time.Duration
}

func (s *stall) begin(now time.Time) {
	if s.waiting == 0 && !s.unheard {
		s.since = now
	}
	s.waiting++
}

func (s *stall) end(now time.Time, answered bool) {
	s.waiting--
	s.longest = max(s.longest, now.Sub(s.since))
	s.unheard = !answered
	if answered {
		s.since = now
	}
}

func (p *people) wrong(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrongs = append(p.wrongs, fmt.Sprintf(format, args...))
}

// live lets everybody act until over ends and what they began is done.
func (p *people) live(ctx context.Context) {
	var all sync.WaitGroup
	for _, o := range offices {
		who, err := p.signIn(ctx, o.secretary)
		if err != nil {
			p.wrong("%v", err)
			continue
		}
		for _, n := range o.homes {
			all.Go(func() { p.days(ctx, n, who) })
		}
	}
	all.Wait()
}

// days is what one person does, a lamp after the other.
func (p *people) days(ctx context.Context, n int, secretary apptest.Client) {
	openid := neighbour(n)
	step := 1
	if p.pairs {
		step = 2
	}
	for i := 0; p.over.Err() == nil; i += step {
		p.rest()
		if i+step > perDay {
			p.say(ctx, openid, "查", false)
			continue
		}
		var others sync.WaitGroup
		if p.pairs {
			others.Go(func() { p.report(ctx, openid, lamp(n, i+1)) })
		}
		number := p.report(ctx, openid, lamp(n, i))
		others.Wait()
		if number == "" || !p.handle(ctx, secretary, number) {
			continue
		}
		p.rest()
		if reply, _ := p.say(ctx, openid, "1", false); strings.Contains(reply, number) {
			p.did(number, "confirm")
		} else if p.strict {
			p.wrong("%s confirms %s: %s", openid, number, reply)
		}
	}
}

// lamp is a sentence that nobody says a second time, about a house of its own.
func lamp(n, i int) string { return fmt.Sprintf("%d号楼1单元楼道灯坏了", perDay*n+i) }

func (p *people) rest() { time.Sleep(rand.N(p.pace)) }

// report tells of something and returns the number that was given, if any.
func (p *people) report(ctx context.Context, openid, sentence string) string {
	reply, answered := p.say(ctx, openid, sentence, true)
	number := numbered.FindString(reply)
	p.mu.Lock()
	p.reported[sentence] = number
	p.mu.Unlock()
	if answered && number == "" {
		p.wrong("%s told %q and was answered %q", openid, sentence, reply)
	}
	return number
}

// say sends a message until it is answered. Where each of WeChat's three
// attempts came to nothing, WeChat has given up: one in four then leaves it at
// that if they may, the others offer the same message again, because only the same
// one can show whether a lost answer doubled it.
func (p *people) say(ctx context.Context, openid, text string, mayLeave bool) (reply string, answered bool) {
	p.waits(func(s *stall) { s.begin(time.Now()) })
	defer func() { p.waits(func(s *stall) { s.end(time.Now(), answered) }) }()
	m := wechatsim.Text(text)
	for began := time.Now(); ; {
		d, err := p.stage.sim.Send(ctx, openid, m)
		switch {
		case err != nil:
			p.wrong("%s sends %q: %v", openid, text, err)
			return "", false
		case strings.Contains(d.Text(), "这一条还没有登记") && time.Since(began) < 2*patient: // no room for it: as asked, it is sent anew
			m.MsgID = 0
			pause(ctx, 2*time.Second)
			continue
		case !d.Failed:
			return d.Text(), true
		case mayLeave && rand.N(4) == 0:
			return "", false
		case p.over.Err() != nil && time.Since(began) > patient:
			p.wrong("%s sends %q in vain: %s", openid, text, d)
			return "", false
		}
		m.MsgID = d.MsgID
	}
}

func (p *people) waits(f func(*stall)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.wait)
}

// handle takes a ticket to its end and says whether it got there.
func (p *people) handle(ctx context.Context, who apptest.Client, number string) bool {
	for _, action := range []string{"accept", "contact", "finish"} {
		p.rest()
		body := map[string]any{"action": action, "note": "已修好"}
		status, answer, err := p.call(ctx, who, "/api/v1/tickets/"+number+"/actions", body, number+"-"+action)
		if status != http.StatusOK {
			if p.strict || status >= http.StatusInternalServerError || status == 0 {
				p.wrong("%s %s: %d %v %v", action, number, status, answer, err)
			}
			return false
		}
		p.did(number, action)
	}
	return true
}

func (p *people) did(number, action string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[number] = append(p.done[number], action)
}

func (p *people) signIn(ctx context.Context, openid string) (apptest.Client, error) {
	who := apptest.Client{HTTP: &http.Client{Timeout: 10 * time.Second}}
	status, answer, err := p.call(ctx, who, "/api/v1/sessions", map[string]string{"code": "sim:" + openid, "client": "miniprogram"}, "")
	if status != http.StatusCreated {
		return who, fmt.Errorf("%s cannot sign in: %d %v %w", openid, status, answer, err)
	}
	who.Token, _ = answer["token"].(string)
	return who, nil
}

// call asks one replica after the other until one gives an answer that counts.
func (p *people) call(ctx context.Context, who apptest.Client, path string, body any, key string) (status int, answer map[string]any, err error) {
	for began := time.Now(); p.over.Err() == nil || time.Since(began) < patient; pause(ctx, 100*time.Millisecond) {
		who.URL = p.stage.replicas[rand.N(len(p.stage.replicas))].URL()
		status, answer, err = who.Call(ctx, http.MethodPost, path, body, key)
		if status != 0 && status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
			return status, answer, err
		}
	}
	return status, answer, err
}
