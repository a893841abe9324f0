package wechatsim

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

//go:embed all:page
var page embed.FS

const (
	maxPhoto     = 10 << 20 // bytes
	maxBody      = 64 << 10 // bytes of any other request of the page
	streamBeat   = 15 * time.Second
	streamRoom   = 64  // entries that a slow page may be behind
	keepNewcomer = 100 // people made in the page
)

// Handler serves everything under /sim/: the phone page, its API, and WeChat's
// API under /sim/wechat.
func (s *Sim) Handler() http.Handler {
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the folder is embedded
	}
	m := http.NewServeMux()
	m.HandleFunc("/sim/wechat/", s.api)
	m.HandleFunc("GET /sim/wechat/connect/oauth2/authorize", s.authorize)
	m.Handle("/sim/", http.StripPrefix("/sim/", uncached(http.FileServerFS(files))))
	m.HandleFunc("GET /sim/media/{id}", s.picture)
	m.HandleFunc("GET /sim/people", s.listPeople)
	m.HandleFunc("GET /sim/api/people", s.groupPeople)
	m.HandleFunc("POST /sim/api/newcomer", s.addNewcomer)
	m.HandleFunc("GET /sim/api/conversation", s.conversation)
	m.HandleFunc("GET /sim/api/notices", s.listNotices)
	m.HandleFunc("GET /sim/api/menu", s.showMenu)
	m.HandleFunc("GET /sim/api/scenes", s.listScenes)
	m.HandleFunc("GET /sim/api/templates", s.listTemplates)
	m.HandleFunc("GET /sim/api/stream", s.stream)
	m.HandleFunc("POST /sim/api/send", s.sendFromPage)
	m.HandleFunc("POST /sim/api/photo", s.photoFromPage)
	m.HandleFunc("POST /sim/api/event", s.eventFromPage)
	m.HandleFunc("POST /sim/api/page", s.checkPage)
	return m
}

// uncached makes the page follow the binary: embedded files have no date.
func uncached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a peer that is gone needs no answer
}

func refuse(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, map[string]string{"error": message})
}

func (s *Sim) listPeople(w http.ResponseWriter, r *http.Request) {
	people, err := s.people(r.Context())
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "人物名单暂时读不到，请稍后再试")
		return
	}
	writeJSON(w, http.StatusOK, people)
}

func (s *Sim) addNewcomer(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.newcomers) >= keepNewcomer {
		refuse(w, http.StatusTooManyRequests, "新来的居民已经够多了，请从名单里选择")
		return
	}
	n := Person{
		OpenID: "onew" + random(24), Name: fmt.Sprintf("新来的居民%d", len(s.newcomers)+1),
		Roles: []string{}, Org: "第一次来",
	}
	s.newcomers = append(s.newcomers, n)
	p := s.person(n.OpenID)
	p.Person, p.following = n, false
	writeJSON(w, http.StatusCreated, n)
}

func (s *Sim) conversation(w http.ResponseWriter, r *http.Request) {
	openid := r.URL.Query().Get("openid")
	if !s.known(r.Context(), openid) {
		refuse(w, http.StatusNotFound, "没有这个人物")
		return
	}
	s.mu.Lock()
	p := s.person(openid).Person
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{"person": s.listed(p), "messages": s.History(openid)})
}

func (s *Sim) listNotices(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.Notices())
}

func (s *Sim) showMenu(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	data := s.menu
	s.mu.Unlock()
	if data == nil {
		data = []byte(`{"button":[]}`)
	}
	writeJSON(w, http.StatusOK, json.RawMessage(data))
}

func (s *Sim) listTemplates(w http.ResponseWriter, _ *http.Request) {
	list := []map[string]string{}
	for _, t := range s.opt.Templates {
		list = append(list, map[string]string{"id": t.ID, "title": t.Title})
	}
	writeJSON(w, http.StatusOK, list)
}

func (s *Sim) listScenes(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.Scenes())
}

// stream pushes the conversation of ?openid= as events "message", and all
// people's notices as events "notice".
func (s *Sim) stream(w http.ResponseWriter, r *http.Request) {
	openid := r.URL.Query().Get("openid")
	watch := s.watch(streamRoom)
	defer s.unwatch(watch)
	out := http.NewResponseController(w)
	_ = out.SetWriteDeadline(time.Time{}) // a stream may outlive the server's limit
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	if _, err := io.WriteString(w, "retry: 2000\n\n"); err != nil || out.Flush() != nil {
		return
	}
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for {
		var text string
		select {
		case e := <-watch.entries:
			text = eventsOf(e, openid)
		case <-beat.C:
			text = ": still here\n\n"
		case <-r.Context().Done():
			return
		case <-s.ctx.Done():
			return
		}
		if text == "" {
			continue
		}
		if _, err := io.WriteString(w, text); err != nil || out.Flush() != nil {
			return
		}
	}
}

func eventsOf(e Received, openid string) string {
	data, err := json.Marshal(e)
	if err != nil {
		return ""
	}
	var b strings.Builder
	if e.OpenID == openid {
		fmt.Fprintf(&b, "event: message\ndata: %s\n\n", data)
	}
	if e.notice() {
		fmt.Fprintf(&b, "event: notice\ndata: %s\n\n", data)
	}
	return b.String()
}

// fromPage is what the page sends.
type fromPage struct {
	OpenID      string   `json:"openid"`
	Type        string   `json:"type"`
	Text        string   `json:"text"`
	Lat         float64  `json:"lat"`
	Lng         float64  `json:"lng"`
	Label       string   `json:"label"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	URL         string   `json:"url"`
	Key         string   `json:"key"`
	Templates   []string `json:"templates"`
}

// read reads the page's request and checks that the person exists.
func (s *Sim) read(w http.ResponseWriter, r *http.Request) (in fromPage, good bool) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "请求无法读懂")
		return in, false
	}
	if !s.known(r.Context(), in.OpenID) {
		refuse(w, http.StatusNotFound, "没有这个人物")
		return in, false
	}
	return in, true
}

func (s *Sim) sendFromPage(w http.ResponseWriter, r *http.Request) {
	in, good := s.read(w, r)
	if !good {
		return
	}
	var m Message
	switch in.Type {
	case "text":
		m = Text(in.Text)
	case "voice":
		m = Voice(in.Text)
	case "video":
		m = Video()
	case "location":
		m = Location(in.Lat, in.Lng, in.Label)
	case "link":
		m = Link(in.Title, in.Description, in.URL)
	default:
		refuse(w, http.StatusBadRequest, "不认识的消息类型")
		return
	}
	d, err := s.Send(r.Context(), in.OpenID, m)
	delivered(w, d, err)
}

func (s *Sim) photoFromPage(w http.ResponseWriter, r *http.Request) {
	openid := r.URL.Query().Get("openid")
	if !s.known(r.Context(), openid) {
		refuse(w, http.StatusNotFound, "没有这个人物")
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPhoto))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "照片不能超过 10 MB")
		return
	}
	if t := http.DetectContentType(data); t != "image/jpeg" && t != "image/png" {
		refuse(w, http.StatusUnsupportedMediaType, "请选择 JPG 或 PNG 格式的照片")
		return
	}
	d, err := s.Send(r.Context(), openid, Image(data))
	delivered(w, d, err)
}

func (s *Sim) eventFromPage(w http.ResponseWriter, r *http.Request) {
	in, good := s.read(w, r)
	if !good {
		return
	}
	var d Delivery
	var err error
	ctx := r.Context()
	switch in.Type {
	case "follow":
		d, err = s.Follow(ctx, in.OpenID, "")
	case "unfollow":
		d, err = s.Unfollow(ctx, in.OpenID)
	case "scan":
		d, err = s.Scan(ctx, in.OpenID, in.Key)
	case "press":
		d, err = s.Press(ctx, in.OpenID, in.Key)
	case "view":
		d, err = s.Event(ctx, in.OpenID, Event{Type: "VIEW", Key: in.Key})
	case "location":
		d, err = s.ReportLocation(ctx, in.OpenID, in.Lat, in.Lng, 30)
	case "consent":
		s.ConsentMiniProgram(in.OpenID, in.Templates...)
		d, err = s.Consent(ctx, in.OpenID, in.Templates, nil)
	case "deny":
		d, err = s.Consent(ctx, in.OpenID, nil, in.Templates)
	default:
		refuse(w, http.StatusBadRequest, "不认识的动作")
		return
	}
	delivered(w, d, err)
}

func delivered(w http.ResponseWriter, d Delivery, err error) {
	if errors.Is(err, ErrNotFollowing) {
		refuse(w, http.StatusConflict, "还没有关注公众号，请先关注")
		return
	}
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "消息没有送到，请稍后再试")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"attempts": len(d.Attempts), "failed": d.Failed, "faults": append([]string{}, d.Faults...),
	})
}
