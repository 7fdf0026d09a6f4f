package lab

import "strings"

// CommandLine is a command for a shell.
func CommandLine(command []string) string {
	var words []string
	for _, w := range command {
		if strings.ContainsFunc(w, func(r rune) bool { return !strings.ContainsRune(plain, r) }) || w == "" {
			w = quoted(w)
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// plain is what needs no quotes.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:"

// quoted is text as a shell's single word.
func quoted(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
