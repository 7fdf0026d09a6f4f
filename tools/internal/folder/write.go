package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// WriteFile writes a file completely or not at all: readers see either the old text
// or the new one. It writes the text to a new file beside it, under an unpredictable
// name, and renames that file to name. So a link at name is replaced, and the file
// that it points to stays unchanged.
func WriteFile(name string, text []byte) error {
	f, err := newFile(filepath.Dir(name))
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// TryWriting returns an error if no file can be made in the folder.
func TryWriting(dir string) error {
	f, err := newFile(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// newFile makes a file that did not exist, with the permissions of the umask.
// os.CreateTemp gives permissions only to the owner, but others may read results.
func newFile(dir string) (*os.File, error) {
	for {
		name := filepath.Join(dir, fmt.Sprintf(".ioflavors-%016x", rand.Uint64()))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) // O_EXCL follows no link
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}
