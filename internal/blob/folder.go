package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is a Store in a folder of this machine, made when it is first needed.
type Folder string

// unfinished ends the names of files that are being written.
const unfinished = ".new"

// Put implements Store.
func (f Folder) Put(_ context.Context, id int64, content []byte) (err error) {
	path := f.path(id)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+unfinished)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err = os.Rename(file.Name(), path); err != nil {
		return err
	}
	// The folders above may have been made just now, by us or by another.
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		if err = syncFolder(folder); err != nil || len(folder) < len(f) {
			return err
		}
	}
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Get implements Store.
func (f Folder) Get(_ context.Context, id int64) ([]byte, error) {
	content, err := os.ReadFile(f.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrAbsent
	}
	return content, err
}

// Delete implements Store.
func (f Folder) Delete(_ context.Context, id int64) error {
	path := f.path(id)
	parts, err := filepath.Glob(path + ".*" + unfinished)
	if err != nil {
		return err
	}
	for _, file := range append(parts, path) {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Ping implements Store: it writes a file and removes it.
func (f Folder) Ping(context.Context) error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(string(f), "ping.*"+unfinished)
	if err != nil {
		return fmt.Errorf("the folder cannot be written to: %w", err)
	}
	_, err = file.WriteString("ping")
	return errors.Join(err, file.Close(), os.Remove(file.Name()))
}

func (f Folder) path(id int64) string { return filepath.Join(string(f), filepath.FromSlash(name(id))) }
