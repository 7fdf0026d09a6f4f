package resp

var keyCommands = []command{
	{name: "del", arity: -2, run: (*call).del, updates: true, first: 1, last: -1, step: 1, group: "generic", flags: "write", since: "1.0.0", summary: "Delete a key"},
	{name: "unlink", arity: -2, run: (*call).del, updates: true, first: 1, last: -1, step: 1, group: "generic", flags: "write fast", since: "4.0.0", summary: "Delete a key asynchronously in another thread. Otherwise it is just as DEL, but non blocking."},
	{name: "exists", arity: -2, run: (*call).exists, updates: true, first: 1, last: -1, step: 1, group: "generic", flags: "readonly fast", since: "1.0.0", summary: "Determine if a key exists"},
	{name: "type", arity: 2, run: (*call).kind, first: 1, last: 1, step: 1, group: "generic", flags: "readonly fast", since: "1.0.0", summary: "Determine the type stored at key"},
	{name: "scan", arity: -2, most: maxWords, run: (*call).scan, updates: true, group: "generic", flags: "readonly", since: "2.8.0", summary: "Incrementally iterate the keys space"},
	{name: "dbsize", arity: 1, run: func(k *call) { k.int(k.p.updater.Len()) }, updates: true, group: "server", flags: "readonly fast", since: "1.0.0", summary: "Return the number of keys in the selected database"},
	{name: "flushall", arity: -1, run: (*call).flush, updates: true, group: "server", flags: "write", since: "1.0.0", summary: "Remove all keys from all databases"},
	{name: "flushdb", arity: -1, run: (*call).flush, updates: true, group: "server", flags: "write", since: "1.0.0", summary: "Remove all keys from the current database"},
}

func (k *call) del() {
	k.update(func(k *call) error {
		n := 0
		for key := range k.all(1) {
			found, err := k.tx.Delete(key)
			if err != nil {
				return err
			}
			if found {
				n++
			}
		}
		k.int(n)
		return nil
	})
}

func (k *call) exists() {
	k.update(func(k *call) error {
		n := 0
		for key := range k.all(1) {
			_, found, err := k.tx.Get(key)
			if err != nil {
				return err
			}
			if found {
				n++
			}
		}
		k.int(n)
		return nil
	})
}

func (k *call) kind() {
	switch _, found, err := k.length(k.args[1]); {
	case err != nil:
		k.result(err)
	case found:
		k.out = appendSimple(k.out, "string")
	default:
		k.out = appendSimple(k.out, "none")
	}
}

func (k *call) flush() {
	switch {
	case k.n > 2 || k.n == 2 && !k.option(1, "sync") && !k.option(1, "async"):
		k.result(errSyntax)
	default:
		if err := k.p.updater.Clear(); err != nil {
			k.result(err)
			return
		}
		k.ok()
	}
}

// scan is SCAN. It answers all keys at once, because the store has no order in which it
// could go on later; so the next cursor is always 0.
func (k *call) scan() {
	pattern, strings, ok := k.scanOptions()
	if !ok {
		return
	}
	const head = "*2\r\n$1\r\n0\r\n"
	start := len(k.out) + len(head)
	begin := start + 3 + 1 // with a count of one digit
	if !k.fits(room) {
		return
	}
	out := append(k.out, head...)[:begin]
	size, n := begin-len(k.out), 0
	var err error
	if cursor, _ := integer(k.args[1]); strings && cursor == 0 {
		err = k.p.updater.Range(func(key []byte) bool {
			if pattern != nil && !match(pattern, key) {
				return true
			}
			n++
			size += sizeOfBulk(len(key))
			if cap(out)-len(out) >= aroundBulk+len(key)+20 { // 20: for the count
				out = appendBulk(out, key)
			} // otherwise the length is only counted
			return size <= maxReply
		})
	}
	switch {
	case err != nil:
		k.result(err)
	case size > maxReply:
		k.result(errReply)
	case size > len(out)-len(k.out):
		k.need = size + room
	default:
		k.out = finish(out, start, begin, '*', n)
	}
}

// scanOptions reads what stands behind SCAN, or answers an error. strings is false if the
// client asks for a type that no key has.
func (k *call) scanOptions() (pattern []byte, strings, ok bool) {
	if n, isNumber := integer(k.args[1]); !isNumber || n < 0 {
		k.fail("ERR invalid cursor")
		return nil, false, false
	}
	strings = true
	for i := 2; i < k.n; i += 2 {
		switch more := i+1 < k.n; {
		case more && k.option(i, "count"):
			n, isNumber := integer(k.arg(i + 1))
			if !isNumber {
				k.result(errInteger)
				return nil, false, false
			}
			if n < 1 {
				k.result(errSyntax)
				return nil, false, false
			}
		case more && k.option(i, "match"):
			if pattern = k.arg(i + 1); len(pattern) > maxPattern {
				k.result(errPattern)
				return nil, false, false
			}
		case more && k.option(i, "type"):
			strings = k.option(i+1, "string")
		default:
			k.result(errSyntax)
			return nil, false, false
		}
	}
	return pattern, strings, true
}
