package kvcmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// maxPassword is the length of the longest password, in bytes.
const maxPassword = 1024

// ReadPassword returns the content of a file, without the end of its line. Only the
// file's owner may be permitted to read it. Errors say nothing of the content.
func ReadPassword(path string) (string, error) {
	about, err := os.Stat(path) // before the file is opened, because opening a pipe may wait
	switch {
	case err != nil:
		return "", err
	case !about.Mode().IsRegular():
		return "", fmt.Errorf("%s is no regular file", path)
	case runtime.GOOS != "windows" && about.Mode().Perm()&0o077 != 0: // Windows has no such modes
		return "", fmt.Errorf("%s: other users may read or write it (mode %#o): chmod 600 it", path, about.Mode().Perm())
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxPassword+3))
	if err != nil {
		return "", err
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	switch {
	case password == "":
		return "", errors.New(path + " is empty")
	case len(password) > maxPassword:
		return "", fmt.Errorf("%s: the password is longer than %d bytes", path, maxPassword)
	case strings.ContainsAny(password, "\r\n"):
		return "", errors.New(path + " has more than one line")
	}
	return password, nil
}
