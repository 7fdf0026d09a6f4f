// Package folder makes and finds the folders of runs. Each run has its own
// folder, because a minute's run must not replace the results of an hour's work.
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

// Default is where New makes folders, unless the user names another place.
const Default = "lab-out"

// latest is a link to the last run's folder, beside the folders. If the system
// permits no link (Windows, without the privilege), it is a file with the
// folder's name.
const latest = "latest"

// Folder is the destination of a run.
type Folder struct {
	Path string
	// parent is the folder of the link to the latest run; empty if the user has
	// named the folder.
	parent string
	made   bool
}

// New makes a folder in parent, and parent if necessary. The name consists of the
// start of the run, in UTC, so that names sort, and of what.
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

// ofRun matches the names of New.
var ofRun = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-`)

// plain keeps only the characters of a text that every system allows in
// names.
func plain(text string) string {
	const most = 60
	text = regexp.MustCompile(`[^A-Za-z0-9.]+`).ReplaceAllString(text, "-")
	return strings.Trim(text[:min(len(text), most)], "-.")
}

// Use takes a folder that the user has named, and makes it if necessary. It
// returns an error if the folder has one of the files, because a write would
// replace it, or if no file can be made there.
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

// Close removes the folder if it was made and is still empty. Otherwise a
// folder from New becomes the latest.
func (f *Folder) Close() error {
	if f.made && os.Remove(f.Path) == nil { // which succeeds only if it is empty
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

// symlink is os.Symlink, except in tests.
var symlink = os.Symlink

// Find returns a run's file of that name: path itself if it is a file, the file
// in the folder path, or the file in the latest of the runs' folders in path.
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
	// It does not use the link, because a killed run has set none.
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", err
	}
	for i := len(entries) - 1; i >= 0; i-- { // in reverse order of their names
		if dir := filepath.Join(path, entries[i].Name()); ofRun.MatchString(entries[i].Name()) && has(dir) {
			return filepath.Join(dir, file), nil
		}
	}
	return "", fmt.Errorf("%s: no %s in it, nor in a run's folder below it", path, file)
}
