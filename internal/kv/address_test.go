package kv

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// What the driver says goes where all else goes, and not past it to standard error.
func TestRedis_ItsDriverSpeaksIntoTheLog(t *testing.T) {
	var said bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&said, nil)))
	defer slog.SetDefault(before)
	r, err := NewRedis(t.Context(), "redis://user:secret-word@127.0.0.1:1/0")
	if err != nil {
		t.Fatal(err)
	}
	if r.Ping(t.Context()) == nil {
		t.Fatal("somebody answers on port 1")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "failed to dial") || strings.Contains(said.String(), "secret-word") {
		t.Errorf("said: %q", said.String())
	}
}

// FuzzOptions reads addresses: what is accepted names hosts, and what is refused tells no password.
func FuzzOptions(f *testing.F) {
	for _, address := range []string{
		"redis://localhost:6379/0", "rediss://user:password@h1:1,h2:2/3", "redis://", "redis://:p%40ss@[::1]:6379", "unix:///tmp/r", "redis://h/x", "redis://h?db=1", "redis://a,b,,c", "redis://user:secret-word@h:port/", "://", "redis://%zz",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		o, err := options(address)
		if err != nil {
			if strings.Contains(address, "secret-word") && strings.Contains(err.Error(), "secret-word") {
				t.Fatalf("%v tells the password", err)
			}
			return
		}
		if len(o.Addrs) == 0 {
			t.Fatalf("%q has no host", address)
		}
	})
}
