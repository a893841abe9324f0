package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// small moves a folder, which nobody uses now, onto a disk that has so many
// bytes left, and returns what moves it back. Only root can.
func small(folder string, left int64) (back func() error, err error) {
	size, err := used(folder)
	if err != nil {
		return nil, err
	}
	large := folder + ".large"
	if err := errors.Join(os.Rename(folder, large), os.Mkdir(folder, 0o700)); err != nil {
		return nil, err
	}
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d", size+left)); err != nil {
		return nil, errors.Join(fmt.Errorf("mount a small disk: %w", err), os.Remove(folder), os.Rename(large, folder))
	}
	if err := copied(large, folder); err != nil {
		return nil, err
	}
	return func() error {
		if err := errors.Join(os.RemoveAll(large), os.Mkdir(large, 0o700), copied(folder, large)); err != nil {
			return err
		}
		return errors.Join(syscall.Unmount(folder, 0), os.Remove(folder), os.Rename(large, folder))
	}, nil
}

// copied copies what a folder holds, with owners and holes.
func copied(from, to string) error {
	if out, err := exec.Command("cp", "-a", from+"/.", to).CombinedOutput(); err != nil { //nolint:noctx // short
		return fmt.Errorf("copy %s: %w: %s", from, err, out)
	}
	return nil
}

// used is how many bytes of a disk a folder takes.
func used(folder string) (size int64, err error) {
	const block = 4096
	err = filepath.Walk(folder, func(_ string, info os.FileInfo, err error) error {
		if err == nil {
			size += (info.Size() + block - 1) / block * block
		}
		return err
	})
	return size, err
}

// full takes what the disk of a folder has left, and returns what gives it back.
func full(folder string) (free func() error, err error) {
	name := filepath.Join(folder, "ballast")
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	_ = f.Close()
	if !errors.Is(err, syscall.ENOSPC) {
		return nil, err
	}
	return func() error { return os.Remove(name) }, nil
}
