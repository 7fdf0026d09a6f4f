package memlimit

import (
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/ioflavors/ioflavors/common/cgroup"
)

func look() int64 { return lookIn(os.DirFS("/")) }

// lookIn returns the memory of the system whose file system is root, in bytes, or 0 if
// it is unknown.
func lookIn(root fs.FS) (least int64) {
	note := func(limit int64) {
		if limit > 0 && (least == 0 || limit < least) {
			least = limit
		}
	}
	text, _ := fs.ReadFile(root, "proc/meminfo")
	for line := range strings.Lines(string(text)) {
		if kilobytes, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			note(number(strings.TrimSuffix(strings.TrimSpace(kilobytes), " kB")) << 10)
		}
	}
	for _, g := range cgroup.New(root, "memory").Groups() {
		// Version 2: beyond max the process is killed, and beyond high it is slowed
		// down. Version 1: a number beyond any machine's memory means no limit.
		for _, name := range []string{"memory.max", "memory.high", "memory.limit_in_bytes"} {
			limit, _ := fs.ReadFile(root, path.Join(g.Dir, name))
			note(number(strings.TrimSpace(string(limit))))
		}
	}
	return least
}

// number returns 0 for text that is not a number, such as "max".
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
