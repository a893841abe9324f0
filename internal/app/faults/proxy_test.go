package faults

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"
)

func TestProxy_PartsAndJoins(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() { // says each line again
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				for lines := bufio.NewScanner(c); lines.Scan(); {
					fmt.Fprintln(c, lines.Text())
				}
			}()
		}
	}()
	p, err := newProxy(server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	open := func() net.Conn {
		c, err := net.Dial("tcp", p.addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	hears := func(c net.Conn, within time.Duration) error {
		_ = c.SetDeadline(time.Now().Add(within))
		line, err := bufio.NewReader(c).ReadString('\n')
		if err == nil && line != "a\n" {
			t.Fatalf("heard %q", line)
		}
		return err
	}
	c := open()
	fmt.Fprintln(c, "a")
	if err := hears(c, time.Minute); err != nil {
		t.Fatal(err)
	}
	p.silence()
	fmt.Fprintln(c, "a")
	late := open()
	fmt.Fprintln(late, "a")
	for _, c := range []net.Conn{c, late} {
		if err := hears(c, 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("silent, and yet: %v", err)
		}
	}
	p.resume()
	for _, c := range []net.Conn{c, late} {
		if err := hears(c, time.Minute); err != nil {
			t.Errorf("what was said in the silence did not come: %v", err)
		}
	}
	p.sever()
	for _, c := range []net.Conn{c, open()} {
		if err := hears(c, time.Minute); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("cut, and yet: %v", err)
		}
	}
	p.resume()
	c = open()
	fmt.Fprintln(c, "a")
	if err := hears(c, time.Minute); err != nil {
		t.Error(err)
	}
}
