package resp

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strings"
)

var connectionCommands = []command{
	{name: "ping", arity: -1, run: (*call).ping, group: "connection", flags: "fast", since: "1.0.0", summary: "Ping the server"},
	{name: "echo", arity: 2, run: (*call).echo, group: "connection", flags: "loading stale fast", since: "1.0.0", summary: "Echo the given string"},
	{name: "quit", arity: -1, run: (*call).quit, open: true, group: "connection", flags: "noscript loading stale fast no_auth allow_busy", since: "1.0.0", summary: "Close the connection"},
	{name: "reset", arity: 1, run: (*call).restart, open: true, group: "connection", flags: "noscript loading stale fast no_auth allow_busy", since: "6.2.0", summary: "Reset the connection"},
	{name: "auth", arity: -2, run: (*call).auth, open: true, group: "connection", flags: "noscript loading stale fast no_auth allow_busy", since: "1.0.0", summary: "Authenticate to the server"},
	{name: "hello", arity: -1, most: maxWords, run: (*call).hello, open: true, group: "connection", flags: "noscript loading stale fast no_auth allow_busy", since: "6.0.0", summary: "Handshake with the server"},
	{name: "select", arity: 2, run: (*call).choose, group: "connection", flags: "loading stale fast", since: "1.0.0", summary: "Change the selected database for the current connection"},
	{name: "client", arity: -2, most: maxWords, run: (*call).client, group: "connection", flags: "", since: "2.4.0", summary: "A container for client connection commands"},
}

// about is what a client has said about itself.
type about struct{ name, library, version string }

// maxAbout is the length of the longest name that a client may give itself, in bytes. A
// connection keeps it as long as it lives.
const maxAbout = 256

func (k *call) ping() {
	switch k.n {
	case 1:
		k.out = appendSimple(k.out, "PONG")
	case 2:
		k.bulk(k.args[1])
	default:
		k.fail(wrongNumber("ping"))
	}
}

func (k *call) echo() { k.bulk(k.args[1]) }

// restart makes the connection what it was at the beginning.
func (k *call) restart() {
	k.about, k.version, k.trusted = nil, 2, !k.p.locked
	k.out = appendSimple(k.out, "RESET")
}

func (k *call) choose() {
	switch n, ok := integer(k.args[1]); {
	case !ok:
		k.result(errInteger)
	case n != int64(int32(n)):
		k.fail("ERR value is out of range, value must between -2147483648 and 2147483647")
	case n != 0:
		k.fail("ERR DB index is out of range")
	default:
		k.ok()
	}
}

const wrongPassword = "WRONGPASS invalid username-password pair or user is disabled."

func (k *call) auth() {
	user, password := []byte(defaultUser), k.args[1]
	switch {
	case k.n > 3:
		k.result(errSyntax)
		return
	case k.n == 3:
		user, password = k.args[1], k.args[2]
	case !k.p.locked:
		k.fail("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
		return
	}
	if k.trust(user, password) {
		k.ok()
	} else {
		k.fail(wrongPassword)
	}
}

// defaultUser is Redis's name of the only user that there is.
const defaultUser = "default"

// trust checks the password. A wrong one takes nothing from a connection that has given
// the right one before.
func (k *call) trust(user, password []byte) bool {
	hash := sha256.Sum256(password)
	right := string(user) == defaultUser && (!k.p.locked || subtle.ConstantTimeCompare(hash[:], k.p.password[:]) == 1)
	k.trusted = k.trusted || right
	return right
}

func (k *call) hello() {
	version := int64(k.version)
	if k.n > 1 {
		n, ok := integer(k.args[1])
		switch {
		case !ok:
			k.fail("ERR Protocol version is not an integer or out of range")
			return
		case n < 2 || n > 3:
			k.fail("NOPROTO unsupported protocol version")
			return
		}
		version = n
	}
	if !k.fits(512) { // more than any reply below
		return
	}
	for i := 2; i < k.n; i++ {
		switch more := k.n - 1 - i; {
		case more >= 2 && k.option(i, "auth"):
			if !k.trust(k.arg(i+1), k.arg(i+2)) {
				k.fail(wrongPassword)
				return
			}
			i += 2
		case more >= 1 && k.option(i, "setname"):
			if !k.nameItself(k.arg(i + 1)) {
				return
			}
			i++
		default:
			k.fail("ERR Syntax error in HELLO option '" + text(k.arg(i), 128) + "'")
			return
		}
	}
	if !k.trusted {
		k.fail("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
		return
	}
	k.version = uint8(version)
	out := appendMap(k.out, k.version, 7)
	for _, pair := range [][2]string{{"server", serverName}, {"version", redisVersion}} {
		out = appendBulk(appendBulk(out, pair[0]), pair[1])
	}
	out = appendInt(appendBulk(out, "proto"), version)
	out = appendInt(appendBulk(out, "id"), k.id)
	for _, pair := range [][2]string{{"mode", "standalone"}, {"role", "master"}} {
		out = appendBulk(appendBulk(out, pair[0]), pair[1])
	}
	k.out = appendHeader(appendBulk(out, "modules"), '*', 0)
}

// subcommand is a command of a container such as CLIENT. Its arity counts both words.
type subcommand struct {
	arity int // -n: at least n
	run   func(*call)
}

// within runs a subcommand.
func (k *call) within(container string, all map[string]subcommand) {
	name := strings.ToLower(text(k.args[1], 16))
	sub, ok := all[name]
	switch {
	case !ok || len(name) != len(k.args[1]):
		k.fail(fmt.Sprintf("ERR unknown subcommand '%s'. Try %s HELP.", text(k.args[1], 128), strings.ToUpper(container)))
	case sub.arity > 0 && k.n != sub.arity, k.n < -sub.arity:
		k.fail(wrongNumber(container + "|" + name))
	default:
		sub.run(k)
	}
}

var clientCommands = map[string]subcommand{
	"id":      {2, func(k *call) { k.int(int(k.id)) }},
	"getname": {2, (*call).clientName},
	"setname": {3, func(k *call) {
		if k.nameItself(k.args[2]) {
			k.ok()
		}
	}},
	"setinfo": {4, (*call).clientLibrary},
	"info":    {2, (*call).clientInfo},
	"list":    {-2, (*call).clientInfo},
}

func (k *call) client() { k.within("client", clientCommands) }

func (k *call) clientName() {
	if k.about == nil || k.about.name == "" {
		k.null()
		return
	}
	k.bulk([]byte(k.about.name))
}

// nameItself gives the connection a name, or answers an error.
func (k *call) nameItself(name []byte) bool {
	if !k.presentable("Client names", name) {
		return false
	}
	k.itself().name = string(name)
	return true
}

func (k *call) itself() *about {
	if k.about == nil {
		k.about = new(about)
	}
	return k.about
}

// presentable reports whether a text that the client says about itself may stand in a
// line, or answers an error.
func (k *call) presentable(what string, text []byte) bool {
	if len(text) > maxAbout {
		k.fail(fmt.Sprintf("ERR %s cannot be longer than %d bytes", what, maxAbout))
		return false
	}
	for _, c := range text {
		if c < '!' || c > '~' {
			k.fail("ERR " + what + " cannot contain spaces, newlines or special characters.")
			return false
		}
	}
	return true
}

func (k *call) clientLibrary() {
	value := k.arg(3)
	switch {
	case k.option(2, "lib-name"):
		if k.presentable("lib-name", value) {
			k.itself().library = string(value)
			k.ok()
		}
	case k.option(2, "lib-ver"):
		if k.presentable("lib-ver", value) {
			k.itself().version = string(value)
			k.ok()
		}
	default:
		k.fail("ERR Unrecognized option '" + text(k.args[2], 128) + "'")
	}
}

// clientInfo describes the connection itself: a handler knows of no other.
func (k *call) clientInfo() {
	a := k.about
	if a == nil {
		a = new(about)
	}
	line := fmt.Sprintf("id=%d name=%s db=0 resp=%d lib-name=%s lib-ver=%s\n", k.id, a.name, k.version, a.library, a.version)
	if k.fits(len(line) + aroundBulk + 4) {
		k.out = appendText(k.out, k.version, line)
	}
}
