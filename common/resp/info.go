package resp

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// redisVersion is the version of Redis whose replies these are. Clients read it to find
// out what a server can do.
const (
	serverName   = "ioflavors"
	redisVersion = "7.0.0"
)

var serverCommands = []command{
	{name: "command", arity: -1, most: 1000, run: (*call).commandCommand, group: "server", flags: "loading stale", since: "2.8.13", summary: "Get array of Redis command details"},
	{name: "config", arity: -2, most: maxWords, run: (*call).config, group: "server", flags: "", since: "2.0.0", summary: "A container for server configuration commands"},
	{name: "info", arity: -1, most: maxWords, run: (*call).info, group: "server", flags: "loading stale", since: "1.0.0", summary: "Get information and statistics about the server"},
}

var commandCommands = map[string]subcommand{
	"count": {2, func(k *call) { k.int(len(commands)) }},
	"docs":  {-2, (*call).commandDocs},
	"info":  {-2, (*call).commandInfo},
}

func (k *call) commandCommand() {
	if k.n == 1 {
		k.whole(described(k.version).info)
		return
	}
	k.within("command", commandCommands)
}

func (k *call) commandInfo() {
	if k.n == 2 {
		k.whole(described(k.version).info)
		return
	}
	if !k.fits(16 + (k.n-2)*maxInfo) {
		return
	}
	k.out = appendHeader(k.out, '*', k.n-2)
	for name := range k.all(2) {
		if c := find(name); c != nil {
			k.out = c.appendInfo(k.out, k.version)
		} else {
			k.out = appendNull(k.out, k.version)
		}
	}
}

func (k *call) commandDocs() {
	if k.n == 2 {
		k.whole(described(k.version).docs)
		return
	}
	if !k.fits(16 + (k.n-2)*maxDocs) {
		return
	}
	known := 0
	for name := range k.all(2) {
		if find(name) != nil {
			known++
		}
	}
	k.out = appendMap(k.out, k.version, known)
	for name := range k.all(2) {
		if c := find(name); c != nil {
			k.out = c.appendDocs(k.out, k.version)
		}
	}
}

// maxInfo and maxDocs are more than a command's description takes, in bytes.
const (
	maxInfo = 256
	maxDocs = 384
)

// descriptions are what COMMAND and COMMAND DOCS answer.
type descriptions struct{ info, docs []byte }

func described(version uint8) *descriptions {
	if version >= 3 {
		return described3()
	}
	return described2()
}

var (
	described2 = sync.OnceValue(func() *descriptions { return describe(2) })
	described3 = sync.OnceValue(func() *descriptions { return describe(3) })
)

func describe(version uint8) *descriptions {
	d := &descriptions{
		info: appendHeader(nil, '*', len(commands)),
		docs: appendMap(nil, version, len(commands)),
	}
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		d.info = commands[name].appendInfo(d.info, version)
		d.docs = commands[name].appendDocs(d.docs, version)
	}
	return d
}

// appendInfo describes a command to a program.
func (c *command) appendInfo(dst []byte, version uint8) []byte {
	dst = appendHeader(dst, '*', 10)
	dst = appendBulk(dst, c.name)
	dst = appendInt(dst, int64(c.arity))
	flags := strings.Fields(c.flags)
	dst = appendSet(dst, version, len(flags))
	for _, flag := range flags {
		dst = appendSimple(dst, flag)
	}
	dst = appendInt(dst, int64(c.first))
	dst = appendInt(dst, int64(c.last))
	dst = appendInt(dst, int64(c.step))
	dst = appendSet(dst, version, 1)
	dst = appendSimple(dst, "@"+c.group)
	dst = appendHeader(dst, '*', 0)  // tips
	dst = appendHeader(dst, '*', 0)  // specifications of the keys
	return appendHeader(dst, '*', 0) // subcommands
}

// appendDocs describes a command to people.
func (c *command) appendDocs(dst []byte, version uint8) []byte {
	dst = appendBulk(dst, c.name)
	dst = appendMap(dst, version, 3)
	for _, pair := range [][2]string{{"summary", c.summary}, {"since", c.since}, {"group", c.group}} {
		dst = appendBulk(appendBulk(dst, pair[0]), pair[1])
	}
	return dst
}

var configCommands = map[string]subcommand{"get": {-3, (*call).configGet}}

func (k *call) config() { k.within("config", configCommands) }

// configGet answers the parameters that programs ask for and that mean something here.
func (k *call) configGet() {
	limit := int64(0)
	if usage := k.p.StoreStats().Store; usage != nil {
		limit = usage.Limit
	}
	var found [][2]string
	for _, pair := range [][2]string{
		{"appendonly", "no"},
		{"databases", "1"},
		{"maxmemory", fmt.Sprint(limit)},
		{"maxmemory-policy", "noeviction"},
		{"proto-max-bulk-len", fmt.Sprint(k.max)},
		{"save", ""},
	} {
		for pattern := range k.all(2) {
			if len(pattern) > maxPattern {
				continue
			}
			if matched, _ := match([]byte(strings.ToLower(string(pattern))), []byte(pair[0])); matched {
				found = append(found, pair)
				break
			}
		}
	}
	if !k.fits(room + len(found)*2*room) {
		return
	}
	k.out = appendMap(k.out, k.version, len(found))
	for _, pair := range found {
		k.out = appendBulk(appendBulk(k.out, pair[0]), pair[1])
	}
}

// info is INFO, with the sections that the protocol knows something about.
func (k *call) info() {
	wanted := func(section string) bool {
		if k.n == 1 {
			return true
		}
		for i := 1; i < k.n; i++ {
			if k.option(i, section) || k.option(i, "all") || k.option(i, "default") || k.option(i, "everything") {
				return true
			}
		}
		return false
	}
	var sections []string
	if wanted("server") {
		sections = append(sections, fmt.Sprintf("# Server\r\nredis_version:%s\r\nredis_mode:standalone\r\nserver_name:%s\r\n", redisVersion, serverName))
	}
	if usage := k.p.StoreStats().Store; usage != nil && wanted("memory") {
		sections = append(sections, fmt.Sprintf("# Memory\r\nused_memory:%d\r\nmaxmemory:%d\r\nmaxmemory_policy:noeviction\r\n", usage.Bytes, usage.Limit))
	}
	if wanted("replication") {
		sections = append(sections, "# Replication\r\nrole:master\r\nconnected_slaves:0\r\n")
	}
	if wanted("keyspace") {
		text := "# Keyspace\r\n"
		if k.p.updater != nil {
			if n, err := k.p.updater.Len(); err == nil && n > 0 {
				text += fmt.Sprintf("db0:keys=%d,expires=0,avg_ttl=0\r\n", n)
			}
		}
		sections = append(sections, text)
	}
	text := strings.Join(sections, "\r\n")
	if k.fits(len(text) + aroundBulk + 4) {
		k.out = appendText(k.out, k.version, text)
	}
}
