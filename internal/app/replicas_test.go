package app_test

import (
	"crypto/sha1" //nolint:gosec // the protocol prescribes it
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fenlin/internal/app"
	"fenlin/internal/db/dbtest"
	"fenlin/internal/wechat/wechatsim"
)

// two are replicas that share one database, one Redis and one WeChat, the
// first one's simulator. Only MySQL and Redis can be shared.
func two(t *testing.T) [2]*app.App {
	t.Helper()
	if dbtest.Server() == "" {
		t.Skip("SQLite and in-process state serve one replica; the run on MariaDB and Redis has two")
	}
	first := start(t, "")
	cfg := first.Config
	cfg.Listen, cfg.AdminListen, cfg.DataDir = "127.0.0.1:0", "127.0.0.1:0", t.TempDir()
	return [2]*app.App{first, run(t, cfg)}
}

// deliver is WeChat's own request with a text message, in plain mode.
func deliver(t *testing.T, a *app.App, openid, id, text string) string {
	t.Helper()
	now := strconv.FormatInt(time.Now().Unix(), 10)
	signed := []string{a.Config.WeChat.Token, now, "nonce" + id}
	slices.Sort(signed)
	sum := sha1.Sum([]byte(strings.Join(signed, ""))) //nolint:gosec // the protocol prescribes it
	query := url.Values{"signature": {hex.EncodeToString(sum[:])}, "timestamp": {now}, "nonce": {"nonce" + id}, "openid": {openid}}
	body := fmt.Sprintf("<xml><ToUserName>gh_1</ToUserName><FromUserName>%s</FromUserName><CreateTime>%s</CreateTime><MsgType>text</MsgType><Content><![CDATA[%s]]></Content><MsgId>%s</MsgId></xml>", openid, now, text, id)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+a.Addr()+"/wechat/callback?"+query.Encode(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Errorf("deliver %s: %v", id, err)
		return ""
	}
	defer func() { _ = res.Body.Close() }()
	reply, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("deliver %s: %d %s %v", id, res.StatusCode, reply, err)
	}
	return string(reply)
}

// both delivers to the two replicas at once.
func both(t *testing.T, apps [2]*app.App, openid string, ids, texts [2]string) (replies [2]string) {
	t.Helper()
	var wg sync.WaitGroup
	for i, a := range apps {
		wg.Go(func() { replies[i] = deliver(t, a, openid, ids[i], texts[i]) })
	}
	wg.Wait()
	return replies
}

func TestReplicas_OneMessageIsOneTicketWhereverItArrives(t *testing.T) {
	apps := two(t)
	var numbers []string
	for i := range 12 {
		id, text := strconv.Itoa(23_000_000+i), fmt.Sprintf("%d号楼2单元楼道灯坏了", i+1)
		replies := both(t, apps, resident, [2]string{id, id}, [2]string{text, text})
		number := numbered.FindString(replies[0])
		if number == "" || numbered.FindString(replies[1]) != number {
			t.Fatalf("two answers to one message:\n%s\n%s", replies[0], replies[1])
		}
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	if n := len(slices.Compact(slices.Clone(numbers))); n != len(numbers) {
		t.Errorf("%d numbers for %d messages", n, len(numbers))
	}
	audit, err := apps[1].Tickets.Verify(t.Context())
	if err != nil || audit.Tickets != pastTickets+len(numbers) || len(audit.Faults) > 0 {
		t.Errorf("%+v %v", audit, err)
	}
	for _, n := range numbers {
		await(t, apps[0].Sim, branch, n)
	}
	for _, n := range numbers {
		if times := toldOf(apps[0].Sim, branch, n); times != 1 {
			t.Errorf("the secretary was told of %s %d times", n, times)
		}
	}
}

func TestReplicas_OneSendersMessagesAreTakenOneAtATime(t *testing.T) {
	apps := two(t)
	for i := range 6 {
		// The same words sent twice in impatience are one report.
		person := fmt.Sprintf("sim-resident-%03d", i+1)
		text := "2号楼3单元电梯停了"
		replies := both(t, apps, person, [2]string{strconv.Itoa(31_000_000 + i), strconv.Itoa(32_000_000 + i)}, [2]string{text, text})
		first, second := numbered.FindString(replies[0]), numbered.FindString(replies[1])
		if first == "" || first != second {
			t.Errorf("the same words at once:\n%s\n%s", replies[0], replies[1])
		}
	}
	audit, err := apps[0].Tickets.Verify(t.Context())
	if err != nil || audit.Tickets != pastTickets+6 || len(audit.Faults) > 0 {
		t.Errorf("%+v %v", audit, err)
	}
}

func TestReplicas_AQuestionIsAnsweredAtTheOther(t *testing.T) {
	apps := two(t)
	asked := deliver(t, apps[0], newcomer, "41000001", "3号楼2单元楼道灯坏了")
	if numbered.MatchString(asked) {
		t.Fatalf("a newcomer's compound is known: %s", asked)
	}
	answered := deliver(t, apps[1], newcomer, "41000002", "福馨苑小区")
	for id := 41000003; !numbered.MatchString(answered) && id < 41000006; id++ { // a question with numbered choices
		answered = deliver(t, apps[id%2], newcomer, strconv.Itoa(id), "1")
	}
	if !numbered.MatchString(answered) {
		t.Errorf("asked:\n%s\nthe answer at the other replica is not understood:\n%s", asked, answered)
	}
}

func TestReplicas_ASessionHoldsEverywhereUntilItsEnd(t *testing.T) {
	apps := two(t)
	here := signIn(t, "http://"+apps[0].Addr(), branch)
	there := api{base: "http://" + apps[1].Addr(), token: here.token}
	there.do(t, http.MethodGet, "/api/v1/me", nil, http.StatusOK)
	here.do(t, http.MethodDelete, "/api/v1/sessions", nil, http.StatusNoContent)
	there.do(t, http.MethodGet, "/api/v1/me", nil, http.StatusUnauthorized)
}

func TestReplicas_TwoWhoActAtOnceAtDifferentOnes(t *testing.T) {
	apps := two(t)
	number := numbered.FindString(deliver(t, apps[0], resident, "51000001", "5号楼1单元楼道灯坏了"))
	if number == "" {
		t.Fatal("no ticket")
	}
	here := signIn(t, "http://"+apps[0].Addr(), branch)
	there := api{base: "http://" + apps[1].Addr(), token: here.token}
	var statuses [2]int
	var wg sync.WaitGroup
	for i, p := range []api{here, there} {
		wg.Go(func() {
			statuses[i], _ = p.call(t, http.MethodPost, "/api/v1/tickets/"+number+"/actions", map[string]any{"action": "accept", "version": 2}, "")
		})
	}
	wg.Wait()
	slices.Sort(statuses[:])
	if statuses != [2]int{http.StatusOK, http.StatusConflict} {
		t.Errorf("%v, want one that wins and one that is told", statuses)
	}
}

// toldOf counts the notices to a person about a ticket.
func toldOf(sim *wechatsim.Sim, openid, number string) (times int) {
	for _, r := range sim.Outbox(openid) {
		all := r.Title + r.Text
		for _, row := range r.Rows {
			all += " " + row.Value
		}
		if r.Kind != "passive" && strings.Contains(all, number) {
			times++
		}
	}
	return times
}
