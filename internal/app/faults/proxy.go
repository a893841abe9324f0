package faults

import (
	"context"
	"net"
	"sync"
)

// way is how a proxy treats connections.
type way int

const (
	through way = iota
	cut         // connections are reset, and new ones too
	silent      // connections stand and nothing comes through, as behind a firewall that forgot them
)

// proxy stands between the program and one of its servers, and can part them.
type proxy struct {
	listener net.Listener
	target   string // host:port

	mu    sync.Mutex
	moved *sync.Cond // when way changes or a connection ends
	way   way
	conns map[net.Conn]struct{}
}

// newProxy opens a port in front of a server at host:port.
func newProxy(target string) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it lives until Close
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, target: target, conns: map[net.Conn]struct{}{}}
	p.moved = sync.NewCond(&p.mu)
	go p.accept()
	return p, nil
}

// addr is the proxy's host:port.
func (p *proxy) addr() string { return p.listener.Addr().String() }

// close ends the proxy and every connection through it.
func (p *proxy) close() {
	_ = p.listener.Close()
	p.turn(cut)
}

// sever resets every connection and refuses new ones until resume.
func (p *proxy) sever() { p.turn(cut) }

// silence lets connections stand, and nothing through, until resume.
func (p *proxy) silence() { p.turn(silent) }

// resume lets everything through again.
func (p *proxy) resume() { p.turn(through) }

func (p *proxy) turn(w way) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.way = w
	if w == cut {
		for c := range p.conns {
			hang(c)
		}
		clear(p.conns)
	}
	p.moved.Broadcast()
}

// hang resets a connection.
func hang(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// open waits while the proxy is silent and says whether c still stands.
func (p *proxy) open(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.way == silent {
		p.moved.Wait()
	}
	_, stands := p.conns[c]
	return stands
}

func (p *proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		stands := p.way != cut
		if stands {
			p.conns[c] = struct{}{}
		}
		p.mu.Unlock()
		if !stands {
			hang(c)
			continue
		}
		go p.serve(c)
	}
}

func (p *proxy) serve(c net.Conn) {
	defer p.end(c)
	if !p.open(c) {
		return
	}
	var d net.Dialer
	s, err := d.DialContext(context.Background(), "tcp", p.target)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.conns[s] = struct{}{}
	if p.way == cut {
		delete(p.conns, s)
	}
	p.mu.Unlock()
	defer p.end(s)
	back := make(chan struct{})
	go func() { p.pass(c, s); close(back) }()
	p.pass(s, c)
	<-back
}

func (p *proxy) end(c net.Conn) {
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	hang(c)
}

// pass copies from one side to the other, and ends both.
func (p *proxy) pass(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && p.open(from) {
			if _, lost := to.Write(buffer[:n]); lost != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	hang(from)
	hang(to)
}
