package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fenlin/internal/app/apptest"
	"fenlin/internal/db/dbtest"
)

// patience is the ten seconds that a stop may take, and what a busy machine adds.
const patience = 10*time.Second + 5*time.Second

// TestStop_NothingIsLostWhateverRuns asks the real service to stop while
// people report, photos come in, a workbook is imported, WeChat is slow and one
// phone never ends what it sends.
func TestStop_NothingIsLostWhateverRuns(t *testing.T) {
	c := newCity(t, dbtest.Empty(t))
	program := c.replica(t, binary, c.public, "FENLIN_LEAVE=3s")
	workbook := c.members(t)
	c.sim.Slow("/cgi-bin/message/template/send", 4900*time.Millisecond, 12)

	filed := reports{told: map[string]string{}}
	var people sync.WaitGroup
	for i := range 6 {
		who := signedIn(t, program.URL(), resident(i+1))
		people.Go(func() {
			for n := range 25 { // a person may report thirty times a day
				if !filed.file(t, report{who, fmt.Sprintf("stop-%d-%d", i, n), fmt.Sprintf("%d号楼%d单元楼道灯坏了", 10*(i+1)+n%9, n/9+1)}) {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	photographer, desk := signedIn(t, program.URL(), resident(7)), signedIn(t, program.URL(), clerk)
	half, rest := begin(t, photographer, picture(t))
	hung, never := begin(t, photographer, picture(t))
	status, imported := send(t.Context(), desk, "/api/v1/imports/members?name=members.xlsx", bytes.NewReader(workbook))
	if status != http.StatusAccepted {
		t.Fatalf("the workbook: %d %v", status, imported)
	}
	until(t, "the first reports", func() bool { filed.mu.Lock(); defer filed.mu.Unlock(); return len(filed.told) > 20 })

	if err := program.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until(t, "readiness ends while the port is open", func() bool {
		status, body := fetch(t, program.URL()+"/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "stopping")
	})
	_, _ = io.Copy(rest, bytes.NewReader(picture(t)[10:]))
	_ = rest.Close()
	if status := <-half; status != http.StatusCreated {
		t.Errorf("a photo that was half there: %d", status)
	}
	ended := make(chan error, 1)
	go func() { ended <- program.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatalf("it did not end\n%s", c.log)
	}
	_ = never.Close() // only now: the client waits for it
	if status := <-hung; status == http.StatusCreated {
		t.Error("half a photo was taken for one")
	}
	people.Wait()
	if len(filed.told) < 20 {
		t.Errorf("only %d reports were acknowledged: the stop met none", len(filed.told))
	}

	program = c.replica(t, binary, c.public)
	filed.again(t)
	c.whole(t, &filed)
	for _, number := range filed.told {
		if n := c.spoken(branch, number, "待签收"); n != 1 {
			t.Errorf("the secretary was told of %s %d times", number, n)
		}
	}
	var state any
	until(t, "the import", func() bool {
		_, answer, err := desk.Call(t.Context(), http.MethodGet, fmt.Sprintf("/api/v1/imports/%v", imported["id"]), nil, "")
		state = answer["state"]
		return err == nil && state != "queued" && state != "running"
	})
	if state != "done" {
		t.Errorf("the import is %v", state)
	}
	if _, err := program.Stop(patience); err != nil {
		t.Error(err)
	}
}

func TestStop_ASecondSignalEndsAtOnce(t *testing.T) {
	c := newCity(t, dbtest.Empty(t))
	program := c.replica(t, binary, c.public)
	hung, never := begin(t, signedIn(t, program.URL(), resident(1)), picture(t))
	defer func() { _ = never.Close(); <-hung }()
	if err := program.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until(t, "readiness ends", func() bool { status, _ := fetch(t, program.URL()+"/readyz"); return status != http.StatusOK })
	if err := program.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := program.Wait(); err == nil || err.Error() != "signal: terminated" {
		t.Errorf("it ended with %v", err)
	}
}

func TestStop_AnOpenStreamOfTheSimulatorDoesNotKeepTheDemo(t *testing.T) {
	p := newPlace(t, dbtest.Empty(t))
	stop := p.serve(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.public+"/sim/api/stream?openid="+resident(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	stop() // fails on an end by error
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Errorf("the stream was cut off: %v", err)
	}
}

func signedIn(t *testing.T, url, openid string) apptest.Client {
	t.Helper()
	who, err := apptest.SignIn(t.Context(), url, openid)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never came: %s", what)
		}
	}
}

// picture is a small photo.
func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// begin sends the first ten bytes of a photo and gives where to put the rest;
// the answer's status (0: none) comes afterwards.
func begin(t *testing.T, who apptest.Client, photo []byte) (status <-chan int, rest io.WriteCloser) {
	t.Helper()
	r, w := io.Pipe()
	answered := make(chan int, 1)
	go func() {
		status, _ := send(context.WithoutCancel(t.Context()), who, "/api/v1/photos", r)
		answered <- status
	}()
	if _, err := w.Write(photo[:10]); err != nil {
		t.Fatal(err)
	}
	return answered, w
}

// send posts a file as the whole body; status 0 means that nobody answered.
func send(ctx context.Context, who apptest.Client, path string, body io.Reader) (status int, answer map[string]any) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, who.URL+path, body)
	if err != nil {
		return 0, nil
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Authorization", "Bearer "+who.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = res.Body.Close() }()
	_ = json.NewDecoder(res.Body).Decode(&answer)
	return res.StatusCode, answer
}
