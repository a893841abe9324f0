package app_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"net/http"
	"testing"

	"fenlin/internal/app"
	"fenlin/internal/db/dbtest"
)

// picture sends or gets bytes of a photo.
func (p api) picture(t *testing.T, method, path string, body []byte) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "image/png")
	req.Header.Set("Authorization", "Bearer "+p.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer
}

func aPicture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReplicas_APhotoSentToOneIsSeenAtTheOther(t *testing.T) {
	apps := two(t)
	here := signIn(t, "http://"+apps[0].Addr(), resident)
	there := api{base: "http://" + apps[1].Addr(), token: here.token}
	status, sent := here.picture(t, http.MethodPost, "/api/v1/photos", aPicture(t))
	var photo struct{ URL string }
	if err := json.Unmarshal(sent, &photo); status != http.StatusCreated || err != nil {
		t.Fatalf("%d %s", status, sent)
	}
	if status, seen := there.picture(t, http.MethodGet, photo.URL, nil); status != http.StatusOK || !bytes.HasPrefix(seen, []byte("\xff\xd8\xff")) {
		t.Errorf("%d %.200s", status, seen)
	}
	// Nobody else, and nobody at all.
	for _, who := range []string{signIn(t, there.base, newcomer).token, ""} {
		if status, seen := (api{base: there.base, token: who}).picture(t, http.MethodGet, photo.URL, nil); status < 400 || bytes.Contains(seen, []byte("\xff\xd8\xff")) {
			t.Errorf("another sees it: %d", status)
		}
	}
}

func TestHealth_WithoutTheStoreOfPhotosIsReadyAndDegraded(t *testing.T) {
	cfg, err := app.LoadConfig("", true)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Listen, cfg.AdminListen, cfg.DataDir, cfg.Database = "127.0.0.1:0", "127.0.0.1:0", t.TempDir(), dbtest.Address(t)
	cfg.Photos = "s3://key:secret@127.0.0.1:1/photos?tls=false"
	a := run(t, cfg)
	here := signIn(t, "http://"+a.Addr(), resident)
	status, ready := here.picture(t, http.MethodGet, "/readyz", nil)
	if status != http.StatusOK || !bytes.Contains(ready, []byte(`"degraded"`)) || !bytes.Contains(ready, []byte(`"photos"`)) {
		t.Errorf("%d %s", status, ready)
	}
	if status, refused := here.picture(t, http.MethodPost, "/api/v1/photos", aPicture(t)); status != http.StatusServiceUnavailable || bytes.Contains(refused, []byte("secret")) {
		t.Errorf("%d %s", status, refused)
	}
	here.do(t, http.MethodPost, "/api/v1/tickets", map[string]string{"text": "福馨苑小区3号楼2单元楼道灯坏了"}, http.StatusCreated)
}
