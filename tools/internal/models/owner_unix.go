//go:build unix

package models

import (
	"fmt"
	"os"
	"syscall"
)

// foreign returns an error if a file or folder belongs neither to this program's user
// nor to root.
func foreign(name string) error {
	info, err := os.Lstat(name)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t).Uid
	if owner != 0 && int64(owner) != int64(os.Geteuid()) {
		return fmt.Errorf("%s belongs to another user (%d)", name, owner)
	}
	return nil
}
