package resp

var keyCommands = []command{
	{name: "del", arity: -2, run: (*call).del, updates: true, first: 1, last: -1, step: 1, group: "generic", flags: "write", since: "1.0.0", summary: "Delete a key"},
	{name: "unlink", arity: -2, run: (*call).del, updates: true, first: 1, last: -1, step: 1, group: "generic", flags: "write fast", since: "4.0.0", summary: "Delete a key asynchronously in another thread. Otherwise it is just as DEL, but non blocking."},
	{name: "exists", arity: -2, run: (*call).exists, updates: true, first: 1, last: -1, step: 1, group: "generic", flags: "readonly fast", since: "1.0.0", summary: "Determine if a key exists"},
	{name: "type", arity: 2, run: (*call).kind, first: 1, last: 1, step: 1, group: "generic", flags: "readonly fast", since: "1.0.0", summary: "Determine the type stored at key"},
	{name: "scan", arity: -2, most: maxWords, run: (*call).scan, updates: true, group: "generic", flags: "readonly", since: "2.8.0", summary: "Incrementally iterate the keys space"},
	{name: "dbsize", arity: 1, run: (*call).size, updates: true, group: "server", flags: "readonly fast", since: "1.0.0", summary: "Return the number of keys in the selected database"},
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
	k.view(func(k *call) error {
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

func (k *call) size() {
	n, err := k.p.updater.Len()
	if err != nil {
		k.result(err)
		return
	}
	k.int(n)
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
		k.p.scans.forget()
		k.ok()
	}
}
