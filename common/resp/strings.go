package resp

import (
	"fmt"
	"math"
	"strconv"
)

var stringCommands = []command{
	{name: "get", arity: 2, run: (*call).getKey, first: 1, last: 1, step: 1, group: "string", flags: "readonly fast", since: "1.0.0", summary: "Get the value of a key"},
	{name: "set", arity: -3, most: maxWords, run: (*call).set, first: 1, last: 1, step: 1, group: "string", flags: "write denyoom", since: "1.0.0", summary: "Set the string value of a key"},
	{name: "mget", arity: -2, run: (*call).mget, updates: true, first: 1, last: -1, step: 1, group: "string", flags: "readonly fast", since: "1.0.0", summary: "Get the values of all the given keys"},
	{name: "mset", arity: -3, run: (*call).mset, updates: true, first: 1, last: -1, step: 2, group: "string", flags: "write denyoom", since: "1.0.1", summary: "Set multiple keys to multiple values"},
	{name: "setnx", arity: 3, run: (*call).setnx, updates: true, first: 1, last: 1, step: 1, group: "string", flags: "write denyoom fast", since: "1.0.0", summary: "Set the value of a key, only if the key does not exist"},
	{name: "getset", arity: 3, run: (*call).getset, updates: true, first: 1, last: 1, step: 1, group: "string", flags: "write denyoom fast", since: "1.0.0", summary: "Set the string value of a key and return its old value"},
	{name: "getdel", arity: 2, run: (*call).getdel, updates: true, first: 1, last: 1, step: 1, group: "string", flags: "write fast", since: "6.2.0", summary: "Get the value of a key and delete the key"},
	{name: "strlen", arity: 2, run: (*call).strlen, first: 1, last: 1, step: 1, group: "string", flags: "readonly fast", since: "2.2.0", summary: "Get the length of the value stored in a key"},
	{name: "append", arity: 3, run: (*call).appendTo, updates: true, first: 1, last: 1, step: 1, group: "string", flags: "write denyoom fast", since: "2.0.0", summary: "Append a value to a key"},
	{name: "incr", arity: 2, run: (*call).incr, updates: true, first: 1, last: 1, step: 1, group: "string", flags: "write denyoom fast", since: "1.0.0", summary: "Increment the integer value of a key by one"},
	{name: "decr", arity: 2, run: (*call).decr, updates: true, first: 1, last: 1, step: 1, group: "string", flags: "write denyoom fast", since: "1.0.0", summary: "Decrement the integer value of a key by one"},
	{name: "incrby", arity: 3, run: (*call).incrby, updates: true, first: 1, last: 1, step: 1, group: "string", flags: "write denyoom fast", since: "1.0.0", summary: "Increment the integer value of a key by the given amount"},
	{name: "decrby", arity: 3, run: (*call).decrby, updates: true, first: 1, last: 1, step: 1, group: "string", flags: "write denyoom fast", since: "1.0.0", summary: "Decrement the integer value of a key by the given number"},
}

func (k *call) getKey() { k.out, k.need = k.get(k.out, k.args[1]) }

// The options of SET.
const (
	ifAbsent = 1 << iota
	ifPresent
	andGet
)

// set is SET. Options about expiry are refused, because no entry expires.
func (k *call) set() {
	options, err := k.setOptions()
	switch {
	case err != nil:
		k.result(err)
	case options == 0:
		if err := k.p.store.Put(k.args[1], k.args[2]); err != nil {
			k.result(err)
			return
		}
		k.ok()
	case k.p.updater == nil:
		k.fail("ERR the server's store does not support this command")
	default:
		k.update(func(k *call) error { return k.exchange(k.args[2], options) })
	}
}

func (k *call) setOptions() (options int, err error) {
	var unsupported error
	for i := 3; i < k.n; i++ {
		switch {
		case k.option(i, "nx") && options&ifPresent == 0:
			options |= ifAbsent
		case k.option(i, "xx") && options&ifAbsent == 0:
			options |= ifPresent
		case k.option(i, "get"):
			options |= andGet
		case k.option(i, "keepttl") && unsupported == nil:
			unsupported = notSupported(k.arg(i))
		case unsupported == nil && i+1 < k.n && (k.option(i, "ex") || k.option(i, "px") || k.option(i, "exat") || k.option(i, "pxat")):
			unsupported = notSupported(k.arg(i))
			i++
		default:
			return 0, errSyntax
		}
	}
	return options, unsupported
}

func notSupported(option []byte) error {
	return refusal(fmt.Sprintf("ERR %s is not supported, because no key of this server expires", option))
}

// exchange puts value if the options permit it, and answers OK, null or the old value.
func (k *call) exchange(value []byte, options int) error {
	old, found, err := k.tx.Get(k.args[1])
	if err != nil {
		return err
	}
	// The reply is made first: it may not fit, and the put may change the old value.
	switch write := (!found || options&ifAbsent == 0) && (found || options&ifPresent == 0); {
	case options&andGet != 0 && found:
		if !k.bulk(old) {
			return nil
		}
		if !write {
			return nil
		}
	case options&andGet != 0:
		if k.null(); !write {
			return nil
		}
	case write:
		k.ok()
	default:
		k.null()
		return nil
	}
	return k.tx.Put(k.args[1], value)
}

func (k *call) getset() {
	k.update(func(k *call) error { return k.exchange(k.args[2], andGet) })
}

func (k *call) setnx() {
	k.update(func(k *call) error {
		_, found, err := k.tx.Get(k.args[1])
		if err == nil && !found {
			err = k.tx.Put(k.args[1], k.args[2])
		}
		if err == nil {
			k.is01(!found)
		}
		return err
	})
}

func (k *call) getdel() {
	k.update(func(k *call) error {
		old, found, err := k.tx.Get(k.args[1])
		switch {
		case err != nil:
			return err
		case !found:
			k.null()
			return nil
		}
		if !k.bulk(old) {
			return nil
		}
		_, err = k.tx.Delete(k.args[1])
		return err
	})
}

// mget is MGET. It adds up the reply's length before it makes the reply, because a client
// may ask for the same large value a hundred thousand times.
func (k *call) mget() {
	k.view(func(k *call) error {
		size := 3 + digits(k.n)
		for key := range k.all(1) {
			value, found, err := k.tx.Get(key)
			switch {
			case err != nil:
				return err
			case found:
				size += sizeOfBulk(len(value))
			default:
				size += len("$-1\r\n")
			}
			if size > maxReply {
				return errReply
			}
		}
		if !k.fits(size) {
			return nil
		}
		k.out = appendHeader(k.out, '*', k.n-1)
		for key := range k.all(1) {
			value, found, err := k.tx.Get(key)
			switch {
			case err != nil:
				return err
			case found:
				k.out = appendBulk(k.out, value)
			default:
				k.null()
			}
		}
		return nil
	})
}

func (k *call) mset() {
	if k.n%2 == 0 {
		k.fail(wrongNumber("mset"))
		return
	}
	k.update(func(k *call) error {
		err := k.tx.PutAll(k.pairs)
		if err == nil {
			k.ok()
		}
		return err
	})
}

// eachPair calls yield with the arguments, as keys and values.
func (k *call) eachPair(yield func(key, value []byte) bool) {
	rest := k.bulks
	_, rest = bulk(rest)
	for range k.n / 2 {
		var key, value []byte
		key, rest = bulk(rest)
		if value, rest = bulk(rest); !yield(key, value) {
			return
		}
	}
}

func (k *call) strlen() {
	n, _, err := k.length(k.args[1])
	if err != nil {
		k.result(err)
		return
	}
	k.int(n)
}

// length returns the length of a value, in bytes, and whether there is one.
func (k *call) length(key []byte) (n int, found bool, err error) {
	out, found, need, err := k.p.fit.AppendFit(nil, key)
	return max(len(out), need), found, err
}

func (k *call) appendTo() {
	k.update(func(k *call) error {
		old, _, err := k.tx.Get(k.args[1])
		if err != nil {
			return err
		}
		if len(old)+len(k.args[2]) > k.max {
			return errTooLarge // no client could put such a value in one piece
		}
		n, err := k.tx.Append(k.args[1], k.args[2])
		if err == nil {
			k.int(n)
		}
		return err
	})
}

func (k *call) incr() { k.update(func(k *call) error { return k.add(1) }) }
func (k *call) decr() { k.update(func(k *call) error { return k.add(-1) }) }

func (k *call) incrby() {
	if _, ok := integer(k.args[2]); !ok {
		k.result(errInteger)
		return
	}
	k.update(func(k *call) error {
		n, _ := integer(k.args[2])
		return k.add(n)
	})
}

func (k *call) decrby() {
	switch n, ok := integer(k.args[2]); {
	case !ok:
		k.result(errInteger)
		return
	case n == math.MinInt64:
		k.result(errDecrease)
		return
	}
	k.update(func(k *call) error {
		n, _ := integer(k.args[2])
		return k.add(-n)
	})
}

// add adds n to the value, which must be a number, and answers the sum.
func (k *call) add(n int64) error {
	old, found, err := k.tx.Get(k.args[1])
	if err != nil {
		return err
	}
	var value int64
	if found {
		var ok bool
		if value, ok = integer(old); !ok {
			return errInteger
		}
	}
	sum := value + n
	if n > 0 && sum < value || n < 0 && sum > value {
		return errOverflow
	}
	k.scratch = strconv.AppendInt(k.scratch[:0], sum, 10)
	if err := k.tx.Put(k.args[1], k.scratch); err != nil {
		return err
	}
	k.out = appendInt(k.out, sum)
	return nil
}
