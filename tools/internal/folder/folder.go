// Package folder makes and finds the folders that runs are written to. Each run
// has one of its own, because a run that replaced another's results would replace
// an hour's work by a minute's.
package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Default is where New makes folders if the user names no other place.
const Default = "lab-out"

// latest is beside the folders of runs. It is a link to the last one, or, where
// the system permits none (Windows, without the privilege), a file that holds
// its name.
const latest = "latest"

// Folder is where a run is written.
type Folder struct {
	Path string
	// parent is where the link to the latest is; empty: the user has named the
	// folder.
	parent string
	made   bool
}

// New makes a folder in parent, which is made if need be. Its name is when the run
// began, in UTC, so that names sort, and what it is.
func New(parent, what string, began time.Time) (*Folder, error) {
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return nil, err
	}
	name := began.UTC().Format("2006-01-02T15-04-05") + "-" + plain(what)
	for n := 1; ; n++ {
		path := filepath.Join(parent, name)
		if n > 1 { // two runs in one second
			path += fmt.Sprintf("-%d", n)
		}
		err := os.Mkdir(path, 0o777)
		if err == nil {
			return &Folder{Path: path, parent: parent, made: true}, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
}

// ofRun is what New's names look like.
var ofRun = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-`)

// plain leaves of a text what may be in a name everywhere.
func plain(text string) string {
	const most = 60
	text = regexp.MustCompile(`[^A-Za-z0-9.]+`).ReplaceAllString(text, "-")
	return strings.Trim(text[:min(len(text), most)], "-.")
}

// Use takes a folder that the user has named, and makes it if need be. It returns
// an error if one of the files is in it, because to write it would be to replace
// it, or if no file can be made there.
func Use(path string, files ...string) (*Folder, error) {
	for _, file := range files {
		_, err := os.Lstat(filepath.Join(path, file))
		if err == nil {
			return nil, fmt.Errorf("%s has %s in it, which stays: name another folder", path, file)
		}
	}
	_, err := os.Lstat(path)
	f := &Folder{Path: path, made: errors.Is(err, fs.ErrNotExist)}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, err
	}
	return f, TryWriting(path)
}

// Close removes the folder if it was made and nothing was written to it.
// Otherwise it is the latest from then on, if it is New's.
func (f *Folder) Close() error {
	if f.made && os.Remove(f.Path) == nil { // which an empty one lets happen
		return nil
	}
	if f.parent == "" {
		return nil
	}
	link := filepath.Join(f.parent, latest)
	if info, err := os.Lstat(link); err == nil {
		if info.IsDir() {
			return fmt.Errorf("%s is a folder, so it cannot be the link to the latest run", link)
		}
		if err := os.Remove(link); err != nil {
			return err
		}
	}
	name := filepath.Base(f.Path)
	if symlink(name, link) == nil {
		return nil
	}
	return WriteFile(link, []byte(name+"\n"))
}

// symlink is os.Symlink, but in tests.
var symlink = os.Symlink

// Find returns a run's file of that name: path itself if it is a file, the one in
// the folder path, or else the one in the latest of the runs' folders in it.
func Find(path, file string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return path, nil
	}
	has := func(dir string) bool {
		info, err := os.Stat(filepath.Join(dir, file))
		return err == nil && !info.IsDir()
	}
	if has(path) {
		return filepath.Join(path, file), nil
	}
	// Not by the link: a run that was killed has set none.
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", err
	}
	for i := len(entries) - 1; i >= 0; i-- { // they are sorted
		if dir := filepath.Join(path, entries[i].Name()); ofRun.MatchString(entries[i].Name()) && has(dir) {
			return filepath.Join(dir, file), nil
		}
	}
	return "", fmt.Errorf("%s: no %s in it, nor in a run's folder below it", path, file)
}
