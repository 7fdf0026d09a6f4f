// Package self says how the user started this program, so that the commands
// that it prints can be pasted.
package self

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
)

// source is this command's folder in a checkout.
const source = "./tools/cmd/ioflavors"

// Command returns the words that start this program again from the same working
// directory: ["go" "run" "./tools/cmd/ioflavors"] under go run, otherwise the
// name with which the user called it.
func Command() []string {
	executable, err := os.Executable()
	if err != nil {
		return os.Args[:1]
	}
	info, _ := debug.ReadBuildInfo()
	return command(os.Args[0], executable, info)
}

// String is Command as a shell command line.
func String() string { return Line(Command()) }

// Line is a command as a shell command line; the shell takes each word
// literally.
func Line(command []string) string {
	var words []string
	for _, w := range command {
		if strings.ContainsFunc(w, func(r rune) bool { return !strings.ContainsRune(plain, r) }) || w == "" {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// plain are the characters that need no quotes.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:"

func command(name, executable string, info *debug.BuildInfo) []string {
	if !builtByGoRun(executable) {
		return []string{name}
	}
	if _, err := os.Stat(filepath.Join(source, "main.go")); err == nil {
		return []string{"go", "run", source}
	}
	if info == nil || info.Path == "" {
		return []string{name}
	}
	return []string{"go", "run", info.Path} // in a folder below the root of the checkout
}

// builtByGoRun reports whether go run built the program's file. The file is in a
// temporary folder, go-build*/b001/exe, and is deleted when the program ends; or,
// if nothing has changed since an earlier run, in the build cache, in a folder
// 02/02cb…-d. ("go help run" documents no place; TestGoRunIsRecognised would
// notice a new one.)
func builtByGoRun(executable string) bool {
	dir := filepath.Dir(executable)
	work := filepath.Base(filepath.Dir(filepath.Dir(dir)))
	if filepath.Base(dir) == "exe" && strings.HasPrefix(work, "go-build") {
		return true
	}
	hash := cached.FindStringSubmatch(filepath.Base(dir))
	return hash != nil && filepath.Base(filepath.Dir(dir)) == hash[1]
}

var cached = regexp.MustCompile(`^([0-9a-f]{2})[0-9a-f]{62}-d$`)
