package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Server is a running database or Redis server that may be killed and started again.
type Server struct {
	command []string
	address string // host:port
	pid     int
	log     string
}

// FindServer finds a server that scripts/services started in a folder, by its
// name there and by its address as a URL. It is nil when there is none.
func FindServer(folder, name, address string) (*Server, error) {
	command, err := os.ReadFile(filepath.Join(folder, name+".command"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	process, err := os.ReadFile(filepath.Join(folder, name+".process"))
	if err != nil {
		return nil, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(process)))
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the address of %s is none", name) // it holds a password
	}
	words := strings.Split(strings.TrimSuffix(string(command), "\x00"), "\x00")
	return &Server{words, u.Host, pid, filepath.Join(folder, name+".log")}, nil
}

// Kill ends the server as a power cut would, and waits until it is gone.
func (s *Server) Kill(ctx context.Context) error {
	if err := syscall.Kill(s.pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill %s: %w", s.command[0], err)
	}
	return until(ctx, func() error {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
		if err == nil && !strings.Contains(string(state), ") Z ") {
			return errors.New("it is there still")
		}
		return nil
	})
}

// Start starts the server as it was started before, and waits until it listens.
func (s *Server) Start(ctx context.Context) error {
	log, err := os.OpenFile(s.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(s.command[0], s.command[1:]...) //nolint:noctx // it outlives the fault
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", s.command[0], err)
	}
	s.pid = cmd.Process.Pid
	go func() { _ = cmd.Wait() }()
	return until(ctx, func() error { return dial(ctx, s.address) })
}

// dial says whether somebody listens at host:port.
func dial(ctx context.Context, address string) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return c.Close()
}

// until tries f again and again, for two minutes at most.
func until(ctx context.Context, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// data is the database's folder.
func (s *Server) data() (string, error) {
	for _, a := range s.command {
		if v, ok := strings.CutPrefix(a, "--datadir="); ok {
			return v, nil
		}
	}
	return "", fmt.Errorf("%s has no data folder", s.command[0])
}
