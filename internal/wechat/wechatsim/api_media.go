package wechatsim

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/skip2/go-qrcode"
)

const (
	mediaLife  = 3 * 24 * time.Hour
	mediaTotal = 48 << 20 // bytes kept; the oldest go first
)

// medium is a picture, voice or film that WeChat holds for a while.
type medium struct {
	kind, contentType string
	data              []byte
	end               time.Time
}

// keepMedia stores a medium and gives its media id.
func (s *Sim) keepMedia(kind, contentType string, data []byte) string {
	if contentType == "" {
		contentType = http.DetectContentType(data)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := "sim" + random(61)
	s.media[id] = &medium{kind, contentType, data, s.opt.Now().Add(mediaLife)}
	s.mediaAge = append(s.mediaAge, id)
	s.mediaSize += len(data)
	for s.mediaSize > mediaTotal && len(s.mediaAge) > 1 {
		s.mediaSize -= len(s.media[s.mediaAge[0]].data)
		delete(s.media, s.mediaAge[0])
		s.mediaAge = s.mediaAge[1:]
	}
	return id
}

func (s *Sim) medium(id string) (*medium, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, found := s.media[id]
	if !found || !s.opt.Now().Before(m.end) {
		return nil, false
	}
	return m, true
}

// pictureOf is the address at which WeChat shows a picture to anybody.
func (s *Sim) pictureOf(mediaID string) string {
	if mediaID == "" {
		return ""
	}
	base := strings.TrimSuffix(s.opt.PublicURL, "/")
	if base == "" {
		s.mu.Lock()
		callback := s.callback
		s.mu.Unlock()
		if u, err := url.Parse(callback); err == nil && u.Host != "" {
			base = u.Scheme + "://" + u.Host
		}
	}
	return base + "/sim/media/" + mediaID
}

// picture serves what pictureOf names.
func (s *Sim) picture(w http.ResponseWriter, r *http.Request) {
	m, found := s.medium(r.PathValue("id"))
	if !found || !strings.HasPrefix(m.contentType, "image/") {
		http.NotFound(w, r)
		return
	}
	writeAnswer(w, "", file{contentType: m.contentType, data: m.data}, nil)
}

// mediaKinds are what may be uploaded: the largest size, and the content types.
var mediaKinds = map[string]struct {
	most  int
	types []string
}{
	"image": {10 << 20, []string{"image/jpeg", "image/png", "image/gif", "image/bmp"}},
	"thumb": {64 << 10, []string{"image/jpeg"}},
	"voice": {2 << 20, nil},
	"video": {10 << 20, nil},
}

func (s *Sim) apiMediaUpload(c *call) (any, error) {
	kind := c.URL.Query().Get("type")
	limit, found := mediaKinds[kind]
	if !found {
		return nil, apiError{code: 40004}
	}
	data, err := uploaded(c.Header.Get("Content-Type"), c.body)
	if err != nil {
		return nil, err
	}
	if len(data) > limit.most {
		return nil, apiError{code: 45001}
	}
	contentType := http.DetectContentType(data)
	if limit.types != nil && !slices.Contains(limit.types, contentType) {
		return nil, apiError{code: 40005}
	}
	return map[string]any{
		"type": kind, "media_id": s.keepMedia(kind, contentType, data), "created_at": c.now.Unix(), "item": []any{},
	}, nil
}

// uploaded is the file in the form field media.
func uploaded(contentType string, body []byte) ([]byte, error) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return nil, apiError{code: 41005}
	}
	form := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return nil, apiError{code: 41005}
		}
		if part.FormName() != "media" {
			continue
		}
		data, err := io.ReadAll(part)
		if err != nil || len(data) == 0 {
			return nil, apiError{code: 41005}
		}
		return data, nil
	}
}

func (s *Sim) apiMediaGet(c *call) (any, error) {
	m, found := s.medium(c.URL.Query().Get("media_id"))
	if !found {
		return nil, apiError{code: 40007}
	}
	return file{m.contentType, "media." + m.kind, m.data}, nil
}

// Scene is a code of the account that somebody may scan.
type Scene struct {
	Scene  string    `json:"scene"`
	Ticket string    `json:"ticket"`
	URL    string    `json:"url"` // the code's content
	Until  time.Time `json:"until"`
}

const (
	keepScenes = 5000
	maxCodeAge = 2_592_000 // seconds
)

func (s *Sim) apiCode(c *call) (any, error) {
	var in struct {
		Action  string `json:"action_name"`
		Seconds int64  `json:"expire_seconds"`
		Info    struct {
			Scene struct {
				Text   string `json:"scene_str"`
				Number int64  `json:"scene_id"`
			} `json:"scene"`
		} `json:"action_info"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	scene := in.Info.Scene.Text
	limited := strings.HasPrefix(in.Action, "QR_LIMIT_")
	switch in.Action {
	case "QR_STR_SCENE", "QR_LIMIT_STR_SCENE":
		if n := utf8.RuneCountInString(scene); n < 1 || n > 64 {
			return nil, apiError{code: 40053}
		}
	case "QR_SCENE", "QR_LIMIT_SCENE":
		n := in.Info.Scene.Number
		if n < 1 || n > 1<<32-1 || limited && n > 100_000 {
			return nil, apiError{code: 40053}
		}
		scene = strconv.FormatInt(n, 10)
	default:
		return nil, apiError{code: 40053}
	}
	if in.Seconds == 0 {
		in.Seconds = 60
	}
	in.Seconds = min(in.Seconds, maxCodeAge)
	q := &Scene{Scene: scene, Ticket: "gQ" + random(92), URL: "http://weixin.qq.com/q/" + random(24)}
	answer := map[string]any{"ticket": q.Ticket, "url": q.URL}
	if !limited {
		q.Until = c.now.Add(time.Duration(in.Seconds) * time.Second)
		answer["expire_seconds"] = in.Seconds
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scenes = slices.DeleteFunc(s.scenes, func(old *Scene) bool { return old.Scene == scene })
	s.scenes = keepLast(append(s.scenes, q), keepScenes)
	return answer, nil
}

// Scenes are the account's codes that have not ended, oldest first.
func (s *Sim) Scenes() []Scene {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Scene{}
	for _, q := range s.scenes {
		if q.Until.IsZero() || s.opt.Now().Before(q.Until) {
			list = append(list, *q)
		}
	}
	return list
}

// ticketOf is the ticket of the code with the scene, or a made-up one: a
// printed code outlives the simulator.
func (s *Sim) ticketOf(scene string) string {
	for _, q := range s.Scenes() {
		if q.Scene == scene {
			return q.Ticket
		}
	}
	return "gQ" + random(92)
}

func (s *Sim) apiShowCode(c *call) (any, error) {
	ticket := c.URL.Query().Get("ticket")
	for _, q := range s.Scenes() {
		if q.Ticket == ticket {
			return codePicture(q.URL)
		}
	}
	return nil, apiError{40097, " ticket"}
}

func codePicture(content string) (any, error) {
	q, err := qrcode.New(content, qrcode.Medium)
	if err != nil {
		return nil, apiError{code: 40097}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, q.Image(430), nil); err != nil {
		return nil, err
	}
	return file{"image/jpeg", "", b.Bytes()}, nil
}

const sceneLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$&'()*+,/:;=?@-._~"

func (s *Sim) apiMiniCode(c *call) (any, error) {
	var in struct {
		Scene string `json:"scene"`
		Page  string `json:"page"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Scene == "" || len(in.Scene) > 32 || strings.Trim(in.Scene, sceneLetters) != "" {
		return nil, apiError{code: 40169}
	}
	if strings.HasPrefix(in.Page, "/") || strings.Contains(in.Page, "?") {
		return nil, apiError{code: 41030}
	}
	return codePicture("https://mp.weixin.qq.com/sim/" + in.Page + "?scene=" + url.QueryEscape(in.Scene))
}

func (s *Sim) apiURLLink(*call) (any, error) {
	return struct {
		outcome
		Link string `json:"url_link"`
	}{fine, "https://wxaurl.cn/" + random(11)}, nil
}

func (s *Sim) apiScheme(*call) (any, error) {
	return struct {
		outcome
		Link string `json:"openlink"`
	}{fine, "weixin://dl/business/?t=" + random(11)}, nil
}

// samplePicture is a small grey JPEG.
func samplePicture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Gray{Y: 0xaa}), image.Point{}, draw.Src)
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, nil) // a buffer takes everything
	return b.Bytes()
}
