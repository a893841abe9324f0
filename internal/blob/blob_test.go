package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fenlin/internal/blob"
)

// Every behaviour holds on every store.
func TestStore(t *testing.T) {
	stores := map[string]func(*testing.T) blob.Store{
		"folder": func(t *testing.T) blob.Store { return open(t, "", filepath.Join(t.TempDir(), "not", "there", "yet")) },
	}
	if address := os.Getenv("FENLIN_TEST_S3"); address != "" {
		stores["s3"] = func(t *testing.T) blob.Store { return open(t, address, "") }
	}
	for name, newStore := range stores {
		for behaviour, check := range map[string]func(*testing.T, blob.Store){
			"what is put is got":                             putGet,
			"what is not there is absent":                    absent,
			"putting again changes nothing":                  putAgain,
			"what is deleted is absent":                      deleted,
			"a reader sees all of it or nothing":             wholeOrNothing,
			"a store that is well says so":                   func(t *testing.T, s blob.Store) { must(t, s.Ping(t.Context())) },
			"an empty object and one of 10 MB are both kept": sizes,
		} {
			t.Run(name+"/"+behaviour, func(t *testing.T) {
				t.Parallel()
				check(t, newStore(t))
			})
		}
	}
}

func putGet(t *testing.T, s blob.Store) {
	one, two := rand.Int64(), rand.Int64()
	must(t, s.Put(t.Context(), one, []byte("一")))
	must(t, s.Put(t.Context(), two, []byte("二")))
	holds(t, s, one, []byte("一"))
	holds(t, s, two, []byte("二"))
}

func absent(t *testing.T, s blob.Store) {
	id := rand.Int64()
	if _, err := s.Get(t.Context(), id); !errors.Is(err, blob.ErrAbsent) {
		t.Errorf("got %v", err)
	}
	must(t, s.Delete(t.Context(), id))
}

func putAgain(t *testing.T, s blob.Store) {
	id := rand.Int64()
	must(t, s.Put(t.Context(), id, []byte("一")))
	must(t, s.Put(t.Context(), id, []byte("一")))
	holds(t, s, id, []byte("一"))
}

func deleted(t *testing.T, s blob.Store) {
	id, other := rand.Int64(), rand.Int64()
	must(t, s.Put(t.Context(), id, []byte("一")))
	must(t, s.Put(t.Context(), other, []byte("二")))
	must(t, s.Delete(t.Context(), id))
	must(t, s.Delete(t.Context(), id))
	if _, err := s.Get(t.Context(), id); !errors.Is(err, blob.ErrAbsent) {
		t.Errorf("got %v", err)
	}
	holds(t, s, other, []byte("二"))
}

func sizes(t *testing.T, s blob.Store) {
	for _, size := range []int{0, 1, 10 << 20} {
		id, content := rand.Int64(), bytes.Repeat([]byte{0, '\'', 0xff, '\\'}, (size+3)/4)[:size]
		must(t, s.Put(t.Context(), id, content))
		holds(t, s, id, content)
		must(t, s.Delete(t.Context(), id))
	}
}

func wholeOrNothing(t *testing.T, s blob.Store) {
	id, content := rand.Int64(), bytes.Repeat([]byte("photo"), 100_000)
	done := make(chan struct{})
	var reading sync.WaitGroup
	for range 4 {
		reading.Go(func() {
			for {
				got, err := s.Get(t.Context(), id)
				if errors.Is(err, blob.ErrAbsent) {
					got, err = content, nil
				}
				if err != nil || !bytes.Equal(got, content) {
					t.Errorf("%d bytes, %v", len(got), err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for range 5 {
		must(t, s.Put(t.Context(), id, content))
	}
	close(done)
	reading.Wait()
}

// A power cut or a kill between writing and naming leaves a part, which nobody
// reads and which goes with the object.
func TestFolder_APartOfAnObjectIsNeverRead(t *testing.T) {
	folder := t.TempDir()
	s := open(t, "", folder)
	must(t, s.Put(t.Context(), 7, []byte("whole")))
	path := files(t, folder)[0]
	must(t, os.Rename(path, path+".123456.new")) // as it lay before it got its name
	must(t, os.WriteFile(path+".654321.new", []byte("wh"), 0o600))
	if _, err := s.Get(t.Context(), 7); !errors.Is(err, blob.ErrAbsent) {
		t.Errorf("got %v", err)
	}
	must(t, s.Put(t.Context(), 7, []byte("whole")))
	holds(t, s, 7, []byte("whole"))
	must(t, s.Delete(t.Context(), 7))
	if left := files(t, folder); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestFolder_WhatCannotBeWrittenIsSaidAndLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	s := open(t, "", folder)
	must(t, s.Put(t.Context(), 7, []byte("whole")))
	path := files(t, folder)[0]
	must(t, os.Remove(path))
	must(t, os.Mkdir(path, 0o700)) // in the way of the name
	must(t, os.WriteFile(filepath.Join(path, "x"), nil, 0o600))
	if err := s.Put(t.Context(), 7, []byte("whole")); err == nil {
		t.Error("put")
	}
	if left := files(t, folder); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
	blocked := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(blocked, nil, 0o600))
	s = open(t, "", filepath.Join(blocked, "photos"))
	if s.Ping(t.Context()) == nil || s.Put(t.Context(), 7, nil) == nil {
		t.Error("a folder that cannot be is well")
	}
}

func TestBucket_SaysWhatIsWrongAndNoSecret(t *testing.T) {
	address := os.Getenv("FENLIN_TEST_S3")
	if address == "" {
		t.Skip("on S3 only; the run on MariaDB has it")
	}
	u, err := url.Parse(address)
	must(t, err)
	secret, _ := u.User.Password()
	other := func(change func(*url.URL)) string {
		c := *u
		change(&c)
		return c.String()
	}
	for name, address := range map[string]string{
		"no such bucket": other(func(u *url.URL) { u.Path = "/nothing-here" }),
		"a wrong secret": other(func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "wrong-"+secret) }),
		"a wrong key":    other(func(u *url.URL) { u.User = url.UserPassword("wrong-key", secret) }),
		"nobody there":   other(func(u *url.URL) { u.Host = nobody(t) }),
		"plain, not TLS": other(func(u *url.URL) { u.RawQuery = "tls=true" }),
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, address, "")
			_, got := s.Get(t.Context(), 7)
			for what, err := range map[string]error{"ping": s.Ping(t.Context()), "put": s.Put(t.Context(), 7, []byte("一")), "get": got} {
				if err == nil || errors.Is(err, blob.ErrAbsent) {
					t.Errorf("%s: %v", what, err)
				} else if strings.Contains(err.Error(), secret) {
					t.Errorf("%s tells a secret: %v", what, err)
				}
			}
		})
	}
}

func TestBucket_WaitsNoLongerThanItsCaller(t *testing.T) {
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer slow.Close()
	defer close(release)
	s := open(t, "s3://key:secret@"+strings.TrimPrefix(slow.URL, "http://")+"/photos?tls=false", "")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for what, err := range map[string]error{"ping": s.Ping(ctx), "put": s.Put(ctx, 7, []byte("一")), "delete": s.Delete(ctx, 7)} {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestCheck_RefusesNamingWhatIsWrongAndNoSecret(t *testing.T) {
	for _, good := range []string{
		"", "s3://key:secret@minio:9000/photos", "s3://key:se%2Fcr%2Bet@oss-cn-beijing.aliyuncs.com/photos?region=oss-cn-beijing&lookup=dns", "s3://key:secret@[::1]:9000/photos?tls=false&lookup=path",
	} {
		if err := blob.Check(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"folder":                                 "s3://KEY",
		"http://key:hush@host/photos":            "s3://KEY",
		"s3://host/photos":                       "s3://KEY",
		"s3://key@host/photos":                   "s3://KEY",
		"s3://:hush@host/photos":                 "s3://KEY",
		"s3://key:hush@/photos":                  "s3://KEY",
		"s3://key:hush@host":                     "s3://KEY",
		"s3://key:hush@host/photos/inside":       "s3://KEY",
		"s3://key:hu/sh@host/photos":             "%2F",
		"s3://key:hush@host/photos?tls=perhaps":  "tls",
		"s3://key:hush@host/photos?lookup=magic": "lookup",
		"s3://key:hush@host/photos?hush=1":       "nothing else",
		"s3://key:hush@ho st/photos":             "s3://KEY",
		"s3://key:hush@host/photos?%zz":          "s3://KEY",
	} {
		err := blob.Check(bad)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", bad, err)
		} else if strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "hu/sh") {
			t.Errorf("a secret is told: %v", err)
		}
	}
}

func open(t *testing.T, address, folder string) blob.Store {
	t.Helper()
	s, err := blob.Open(address, folder)
	must(t, err)
	return s
}

func holds(t *testing.T, s blob.Store, id int64, want []byte) {
	t.Helper()
	if got, err := s.Get(t.Context(), id); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(want))
	}
}

func files(t *testing.T, folder string) (out []string) {
	t.Helper()
	must(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	}))
	return out
}

// nobody is an address on which nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A photo as it is kept, one after another.
func BenchmarkStore(b *testing.B) {
	content := bytes.Repeat([]byte("photo"), 60_000)
	for name, address := range map[string]string{"folder": "", "s3": os.Getenv("FENLIN_TEST_S3")} {
		if name == "s3" && address == "" {
			continue
		}
		s, err := blob.Open(address, b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		id := rand.Int64()
		b.Run(name+"/put", func(b *testing.B) {
			for b.Loop() {
				if err := s.Put(b.Context(), id, content); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/get", func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Get(b.Context(), id); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
