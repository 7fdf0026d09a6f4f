package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// The destinations of results are tried before anything is measured, because
// after the measurement an error would come too late. Package folder does the
// same for folders.

// target is a file to write at the end. Its old contents stay until then; nil
// is no file.
type target struct {
	file *os.File
	made bool // by openTarget, and still empty
}

// openTarget opens the file, or creates it; "" is no file.
func openTarget(name string) (*target, error) {
	if name == "" {
		return nil, nil
	}
	before, err := os.Lstat(name)
	made := errors.Is(err, os.ErrNotExist)
	// Opening a named pipe without a reader would wait for ever, whatever signal
	// comes. With O_NONBLOCK it fails.
	flags := os.O_WRONLY | syscall.O_NONBLOCK
	if made {
		flags |= os.O_CREATE | os.O_EXCL // does not follow a link that appears meanwhile
	}
	f, err := os.OpenFile(name, flags, 0o666)
	if err != nil {
		return nil, err
	}
	if made || isDevice(name) {
		return &target{f, made}, nil
	}
	if after, err := f.Stat(); err != nil || !os.SameFile(before, after) {
		return nil, errors.Join(fmt.Errorf("%s is a link: name the file that it leads to", name), err, f.Close())
	}
	return &target{f, made}, nil
}

// isDevice reports whether only root can put a link at a file's name. /dev/stdout
// is a link, to the file to which the user has redirected it.
func isDevice(name string) bool {
	dir := filepath.Dir(filepath.Clean(name))
	return dir == "/dev" || dir == "/dev/fd"
}

// write replaces the contents of the file.
func (t *target) write(text func(io.Writer) error) error {
	if t == nil {
		return nil
	}
	t.made = false
	// A pipe or a device cannot be truncated.
	if info, err := t.file.Stat(); err == nil && info.Mode().IsRegular() {
		if err := t.file.Truncate(0); err != nil {
			return err
		}
	}
	w := bufio.NewWriter(t.file)
	return errors.Join(text(w), w.Flush(), t.file.Close())
}

// close removes the file if openTarget made it and it is still empty.
func (t *target) close() {
	if t == nil {
		return
	}
	_ = t.file.Close()
	if t.made {
		_ = os.Remove(t.file.Name())
	}
}
