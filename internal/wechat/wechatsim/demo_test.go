package wechatsim_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"fenlin/internal/wechat/wechatsim"
)

func decode(t *testing.T, r io.Reader) answer {
	t.Helper()
	var a answer
	if err := json.NewDecoder(r).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

func (w *world) page(method, path, body string) (int, []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, data
}

func TestPeople_AreTheSampleCitys(t *testing.T) {
	w := newWorld(t)
	_, data := w.page(http.MethodGet, "/sim/people", "")
	var people []map[string]any
	if err := json.Unmarshal(data, &people); err != nil || len(people) != 2 {
		t.Fatalf("%v, %s", err, data)
	}
	for _, key := range []string{"openid", "name", "roles", "org"} {
		if people[0][key] == nil {
			t.Errorf("no %s in %v", key, people[0])
		}
	}
	_, data = w.page(http.MethodGet, "/sim/api/people?q=%E4%B9%A6%E8%AE%B0", "") // 书记
	if !strings.Contains(string(data), "王书记") || strings.Contains(string(data), "刘秀兰") {
		t.Errorf("search: %s", data)
	}
}

func TestPage_RefusalsAreInChinese(t *testing.T) {
	w := newWorld(t)
	_, _ = w.Unfollow(t.Context(), "o-wang")
	for _, c := range []struct {
		path, body string
		want       int
	}{
		{"/sim/api/send", `{"openid":"o-nobody","type":"text","text":"x"}`, 404},
		{"/sim/api/send", `{`, 400},
		{"/sim/api/send", `{"openid":"o-liu","type":"dance"}`, 400},
		{"/sim/api/send", `{"openid":"o-wang","type":"text","text":"x"}`, 409},
		{"/sim/api/send", `{"openid":"o-liu","type":"text","text":"` + strings.Repeat("x", 70_000) + `"}`, 400},
		{"/sim/api/photo?openid=o-liu", "not a picture", 415},
		{"/sim/api/event", `{"openid":"o-liu","type":"dance"}`, 400},
		{"/sim/api/event", `{"openid":"o-liu","type":"scan","key":"c-1"}`, 200},
		{"/sim/api/send", `{"openid":"o-liu","type":"text","text":"x"}`, 200},
	} {
		status, data := w.page(http.MethodPost, c.path, c.body)
		var a struct{ Error string }
		_ = json.Unmarshal(data, &a)
		if status != c.want || (status != 200) != (a.Error != "") {
			t.Errorf("%s %.60s: %d %s, want %d", c.path, c.body, status, data, c.want)
		}
	}
}

func TestStream_TellsOfMessagesAndOfOthersNotices(t *testing.T) {
	w := newWorld(t)
	res, err := http.Get(w.url + "/sim/api/stream?openid=" + liu)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	lines.Scan() // the stream is open
	w.send(wechatsim.Text("你好"))
	w.post("/cgi-bin/message/template/send?access_token="+w.token(appID), template("o-wang", "t", ""))
	var events []string
	for lines.Scan() && len(events) < 2 {
		if name, is := strings.CutPrefix(lines.Text(), "event: "); is {
			lines.Scan()
			switch {
			case strings.Contains(lines.Text(), `"openid":"o-liu"`):
				events = append(events, name+" of liu")
			case strings.Contains(lines.Text(), `"openid":"o-wang"`):
				events = append(events, name+" of wang")
			}
		}
	}
	if got := strings.Join(events, ", "); got != "message of liu, notice of wang" {
		t.Errorf("events: %s", got)
	}
}

func TestHandler_UnderGinStreamsAndCuts(t *testing.T) {
	w := newWorld(t)
	gin.SetMode(gin.TestMode)
	router := gin.New()
	router.Use(gin.Recovery())
	router.Any("/sim/*path", gin.WrapH(w.Handler()))
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	t.Cleanup(w.Close)
	w.url = server.URL

	res, err := http.Get(w.url + "/sim/api/stream?openid=" + liu)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	w.send(wechatsim.Text("你好"))
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() && lines.Text() != "event: message" {
	}
	if lines.Text() != "event: message" {
		t.Error("the stream ended without the message")
	}
	w.Cut("/cgi-bin/menu/get", 1)
	if status, data := w.raw(http.MethodGet, "/cgi-bin/menu/get", nil); status != 0 {
		t.Errorf("the connection was not cut: HTTP %d %s", status, data)
	}
}

func TestNewcomer_HasNotFollowedYet(t *testing.T) {
	w := newWorld(t)
	status, data := w.page(http.MethodPost, "/sim/api/newcomer", "")
	var p wechatsim.Person
	if err := json.Unmarshal(data, &p); err != nil || status != http.StatusCreated {
		t.Fatalf("%d %s", status, data)
	}
	if w.Following(p.OpenID) {
		t.Error("a newcomer follows already")
	}
	d, err := w.Scan(t.Context(), p.OpenID, "c-7")
	if err != nil || !strings.Contains(string(d.XML), "qrscene_c-7") {
		t.Errorf("%v %s", err, d.XML)
	}
}

func TestPage_IsServed(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{
		"/sim/": "text/html", "/sim/app.js": "text/javascript", "/sim/style.css": "text/css",
	} {
		res, err := http.Get(w.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), want) {
			t.Errorf("%s: %d %s", path, res.StatusCode, res.Header.Get("Content-Type"))
		}
	}
}
