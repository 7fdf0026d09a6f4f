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

// Where results are to go is tried before anything is measured: afterwards it is
// too late to say that it does not work. Folders are package folder's.

// target is a file to be written at the end. What is in it before stays until
// then; nil is none.
type target struct {
	file *os.File
	made bool // by openTarget, and not written yet
}

// openTarget opens the file, or makes it; "" is none.
func openTarget(name string) (*target, error) {
	if name == "" {
		return nil, nil
	}
	before, err := os.Lstat(name)
	made := errors.Is(err, os.ErrNotExist)
	// Opening a named pipe that nobody reads would wait for a reader for ever, and
	// hear no signal. So it fails.
	flags := os.O_WRONLY | syscall.O_NONBLOCK
	if made {
		flags |= os.O_CREATE | os.O_EXCL // a link that appears meanwhile is not followed
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

// isDevice reports whether a file is where only root can put a link: /dev/stdout is
// one, to whatever the user has redirected it to.
func isDevice(name string) bool {
	dir := filepath.Dir(filepath.Clean(name))
	return dir == "/dev" || dir == "/dev/fd"
}

// write replaces what is in the file.
func (t *target) write(text func(io.Writer) error) error {
	if t == nil {
		return nil
	}
	t.made = false
	// A pipe or a device has nothing to cut off.
	if info, err := t.file.Stat(); err == nil && info.Mode().IsRegular() {
		if err := t.file.Truncate(0); err != nil {
			return err
		}
	}
	w := bufio.NewWriter(t.file)
	return errors.Join(text(w), w.Flush(), t.file.Close())
}

// close removes a file that was made and is empty still.
func (t *target) close() {
	if t == nil {
		return
	}
	_ = t.file.Close()
	if t.made {
		_ = os.Remove(t.file.Name())
	}
}
