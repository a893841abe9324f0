package app_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/app"
	"fenlin/internal/db/dbtest"
	"fenlin/internal/member"
	"fenlin/internal/notify"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat/wechatsim"
)

// kills is how often the program dies in the test.
const kills = 50

// TestCrash_KilledAtRandomPointsLosesNothingAndDoublesNothing kills the real
// program again and again while people report, handle and confirm.
func TestCrash_KilledAtRandomPointsLosesNothingAndDoublesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two minutes")
	}
	binary := filepath.Join(t.TempDir(), "fenlin")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "fenlin/cmd/fenlin")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	address, public, admin := dbtest.Address(t), freePort(t), freePort(t)
	appid := fmt.Sprintf("wx%016x", time.Now().UnixNano())
	sim := wechatsim.New(wechatsim.Options{
		AppID: appid, Secret: "s", Token: "t", AESKey: aesKey, MiniAppID: "wxmini", MiniSecret: "m",
		CallbackURL: "http://" + public + "/wechat/callback", Now: time.Now, // retries after 5 s, as WeChat does
		People: func(context.Context) ([]wechatsim.Person, error) {
			people := []wechatsim.Person{{OpenID: branch}, {OpenID: "sim-branch-antaiyuan"}}
			for i := range 20 {
				people = append(people, wechatsim.Person{OpenID: neighbour(i + 1)})
			}
			return people, nil
		},
	})
	wechat := httptest.NewServer(sim.Handler())
	t.Cleanup(func() { sim.Close(); wechat.Close() })
	environment := append(os.Environ(),
		"FENLIN_LISTEN="+public, "FENLIN_ADMIN_LISTEN="+admin, "FENLIN_DATA_DIR="+t.TempDir(), "FENLIN_DATABASE="+address,
		"FENLIN_REDIS="+os.Getenv("FENLIN_TEST_REDIS"), "FENLIN_WECHAT_APPID="+appid, "FENLIN_WECHAT_SECRET=s", "FENLIN_WECHAT_TOKEN=t", "FENLIN_WECHAT_AES_KEY="+aesKey,
		"FENLIN_WECHAT_API="+wechat.URL+"/sim/wechat", "FENLIN_MINIPROGRAM_APPID=wxmini", "FENLIN_MINIPROGRAM_SECRET=m")

	first := exec.Command(binary, "serve", "--demo")
	first.Env, first.Stderr = environment, os.Stderr
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	ready(public) // the city is there
	_ = first.Process.Kill()
	_ = first.Wait()
	overdue := latecomers(t, address)

	began := time.Now()
	// The program dies and starts until it has died often enough.
	var died atomic.Int64
	done, last := make(chan struct{}), make(chan *exec.Cmd, 1)
	go func() {
		defer close(done)
		for {
			cmd := exec.Command(binary, "serve", "--demo")
			cmd.Env, cmd.Stderr = environment, os.Stderr
			if err := cmd.Start(); err != nil {
				t.Error(err)
				return
			}
			ready(public)
			if died.Load() == kills {
				last <- cmd
				return
			}
			time.Sleep(rand.N(2 * time.Second))
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			died.Add(1)
		}
	}()

	// People go through the whole journey meanwhile, one ticket after another.
	var mu sync.Mutex
	var settled []string
	pause := func() { time.Sleep(rand.N(300 * time.Millisecond)) }
	journeys := func(first, last int, secretary string) {
		p := persistent{t: t, base: "http://" + public}
		who := p.signIn(secretary)
		for i := range (last - first + 1) * 30 { // a person may report thirty times a day
			person := neighbour(first + i/30)
			select {
			case <-done:
				return
			default:
			}
			lamp := fmt.Sprintf("%d号楼%d单元楼道灯坏了", 10*first+i%5, i%3+1) // none of which another of them tells
			number := numbered.FindString(p.send(sim, person, lamp))
			if number == "" {
				t.Errorf("%s got no number", person)
				return
			}
			for _, action := range []string{"accept", "contact", "finish"} {
				pause()
				p.act(who, number, action)
			}
			pause()
			if reply := p.send(sim, person, "1"); !strings.Contains(reply, number) {
				t.Errorf("%s confirms %s: %s", person, number, reply)
			}
			mu.Lock()
			settled = append(settled, number)
			mu.Unlock()
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() { journeys(1, 4, branch) })
	wg.Go(func() { journeys(5, 8, branch) })
	wg.Go(func() { journeys(15, 17, "sim-branch-antaiyuan") })
	wg.Go(func() { journeys(18, 20, "sim-branch-antaiyuan") })
	wg.Wait()
	cmd := <-last
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()

	g, err := app.Ground(app.Config{Database: address, DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	quiet(t, g)
	audit, err := g.Tickets.Verify(t.Context())
	if err != nil || len(audit.Faults) > 0 {
		t.Fatalf("audit: %v %v", audit.Faults, err)
	}
	if audit.Tickets != pastTickets+len(overdue)+len(settled) {
		t.Errorf("%d tickets for %d acknowledged reports", audit.Tickets-pastTickets-len(overdue), len(settled))
	}
	var closed int
	if err := g.DB.Read(t.Context()).Raw("SELECT COUNT(*) FROM tickets WHERE state = 'closed' AND outcome = 'confirmed' AND version = 6 AND created_at >= ?", began.UnixMilli()).Scan(&closed).Error; err != nil || closed != len(settled) {
		t.Errorf("%d of %d are settled by six events: %v", closed, len(settled), err)
	}
	told(t, sim, settled)
	spoken(t, g, sim, overdue)
	t.Logf("%d kills, %d tickets, none lost, none doubled", died.Load(), len(settled))
}

// told says that each handler and reporter was told each thing once.
func told(t *testing.T, sim *wechatsim.Sim, numbers []string) {
	t.Helper()
	count := map[string]int{}
	for _, r := range sim.Sent() {
		if r.Kind == "passive" {
			continue
		}
		all := r.Title + r.Text
		for _, row := range r.Rows {
			all += " " + row.Value
		}
		number := numbered.FindString(all)
		for _, what := range []string{"待签收", "已签收", "已联系", "已办结", "已结案"} {
			if strings.Contains(all, what) {
				count[number+r.OpenID+what]++
			}
		}
	}
	for _, n := range numbers {
		for _, c := range []struct{ who, what string }{
			{"resident", "已签收"}, {"resident", "联系"}, {"resident", "已办结"}, {"branch", "待签收"}, {"branch", "已结案"},
		} {
			times := 0
			for k, v := range count {
				if strings.HasPrefix(k, n) && strings.Contains(k, c.who) && strings.Contains(k, c.what) {
					times += v
				}
			}
			if times != 1 {
				t.Errorf("%s: the %s was told %s %d times", n, c.who, c.what, times)
			}
		}
	}
}

// latecomers are tickets all of whose clocks have run out while nobody looked.
func latecomers(t *testing.T, address string) []ticket.Ticket {
	t.Helper()
	g, err := app.Ground(app.Config{Database: address, DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	home, err := g.Members.ByOpenID(t.Context(), member.Account, neighbour(1), "")
	if err != nil {
		t.Fatal(err)
	}
	var late []ticket.Ticket
	for i := range 40 {
		who, err := g.Members.ByOpenID(t.Context(), member.Account, neighbour(9+i/20), "")
		if err != nil {
			t.Fatal(err)
		}
		tk, err := g.Tickets.Report(t.Context(), ticket.Report{Reporter: who.ID, Home: home.CompoundID, Channel: "chat", Text: fmt.Sprintf("%d号楼%d单元楼道灯坏了", 50+i/4, i%4+1)})
		if err != nil {
			t.Fatal(err)
		}
		late = append(late, tk)
	}
	ago := time.Now().Add(-time.Hour).UnixMilli()
	err = g.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE tickets SET respond_warn = ?, respond_late = ?, due_warn = ?, due_late = ?, alarm_at = ? WHERE id IN ?", ago, ago+1, ago+2, ago+3, ago, idsOf(late)).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return late
}

func idsOf(tickets []ticket.Ticket) []int64 {
	ids := make([]int64, len(tickets))
	for i, t := range tickets {
		ids[i] = t.ID
	}
	return ids
}

// spoken says that each clock of each latecomer spoke up once, and that
// everybody who had to hear it heard it once.
func spoken(t *testing.T, g *app.App, sim *wechatsim.Sim, late []ticket.Ticket) {
	t.Helper()
	sent := map[string]int{}
	for _, r := range sim.Sent() {
		all := r.Title + r.Text
		for _, row := range r.Rows {
			all += " " + row.Value
		}
		for _, what := range []string{"请尽快联系报事人", "已转上级"} { // to the branch, which follows the account
			if strings.Contains(all, what) {
				sent[numbered.FindString(all)+" "+what]++
			}
		}
	}
	owed := map[string]int{} // to people above, who do not
	var notices []notify.Notice
	if err := g.DB.Read(t.Context()).Find(&notices, "ticket_id IN ?", idsOf(late)).Error; err != nil {
		t.Fatal(err)
	}
	for _, n := range notices {
		owed[n.Number+" "+n.Title]++
	}
	for _, tk := range late {
		var events []ticket.Event
		if err := g.DB.Read(t.Context()).Order("seq").Find(&events, "ticket_id = ?", tk.ID).Error; err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, e := range events[2:] {
			said = append(said, string(e.Action)+" "+string(e.Detail().Clock))
		}
		if got := strings.Join(said, ", "); got != "urge response, escalate response, urge finish, escalate finish" {
			t.Errorf("%s: clocks said %s", tk.Number, got)
		}
		for _, what := range []string{"请尽快联系报事人", "已转上级"} {
			if n := sent[tk.Number+" "+what]; n != 1 {
				t.Errorf("%s: %s was said %d times", tk.Number, what, n)
			}
		}
		for _, title := range []string{"超过联系时限，转由您办理", "办结时限将到", "超过办结时限，请督办", "超过办结时限"} {
			if n := owed[tk.Number+" "+title]; n != 1 {
				t.Errorf("%s: %s is owed %d times", tk.Number, title, n)
			}
		}
	}
}

// quiet waits until nothing is left to do.
func quiet(t *testing.T, g *app.App) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		var owed int
		err := g.DB.Read(t.Context()).Raw("SELECT COUNT(*) FROM outbox WHERE state = 'ready' AND topic NOT LIKE '%.timer' AND topic NOT IN ('notice.briefs', 'ticket.photo')").Scan(&owed).Error
		if err == nil && owed == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d events are still owed: %v", owed, err)
		}
	}
}

// persistent is somebody who tries until it is done, as phones do.
type persistent struct {
	t    *testing.T
	base string
}

// send delivers a message. Where each of WeChat's three attempts met a dead
// program, WeChat has given up: the same message is offered again, because only
// the same one can show whether a lost answer doubled it.
func (p persistent) send(sim *wechatsim.Sim, openid, text string) string {
	m := wechatsim.Text(text)
	for range 10 {
		d, err := sim.Send(context.Background(), openid, m)
		if err != nil {
			p.t.Errorf("%s sends %q: %v", openid, text, err)
			return ""
		}
		if !d.Failed {
			return d.Text()
		}
		m.MsgID = d.MsgID
	}
	p.t.Errorf("%s sends %q in vain", openid, text)
	return ""
}

func (p persistent) act(who api, number, action string) {
	body := map[string]any{"action": action, "note": "已修好"}
	key := number + "-" + action
	for range 200 {
		status, answer := who.call(p.t, http.MethodPost, "/api/v1/tickets/"+number+"/actions", body, key)
		switch {
		case status == http.StatusOK:
			return
		case status != 0 && status < 500:
			p.t.Errorf("%s %s: %d %v", action, number, status, answer)
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Errorf("%s %s never got through", action, number)
}

func (p persistent) signIn(openid string) api {
	for range 200 {
		who := api{base: p.base}
		status, answer := who.call(p.t, http.MethodPost, "/api/v1/sessions", map[string]string{"code": "sim:" + openid, "client": "miniprogram"}, "")
		if status == http.StatusCreated {
			who.token, _ = answer["token"].(string)
			return who
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Errorf("%s could not sign in", openid)
	return api{base: p.base}
}

// neighbour is the openid of one of the sample's residents: 1 to 8 live in 福馨苑, 15 to 20 in 安泰苑.
func neighbour(n int) string { return fmt.Sprintf("sim-resident-%03d", n) }

// ready waits until the program answers.
func ready(address string) {
	for range 400 {
		res, err := http.Get("http://" + address + "/readyz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(25 * time.Millisecond)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
