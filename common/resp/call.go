package resp

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// call is a command that is being answered. A command appends its reply to out, or, if the
// reply does not fit, says so in need and changes nothing. It reads its arguments from the
// request, and keeps none of them.
type call struct {
	*conn
	request
	command *command
	out     []byte
	need    int   // how many bytes the reply needs; 0: it fits
	max     int   // the longest request, in bytes
	end     error // ends the session

	// The rest is for update. It is made once, because a function that an interface's
	// method gets costs an allocation.
	tx      store.Tx
	before  []byte // out before the step
	step    func(*call) error
	run     func(store.Tx) error
	keys    iter.Seq[[]byte]          // among the arguments
	pairs   iter.Seq2[[]byte, []byte] // all arguments, as keys and values
	scratch []byte
}

func newCall() *call {
	k := new(call)
	k.run = func(tx store.Tx) error {
		k.tx, k.out, k.need = tx, k.before, 0
		return k.step(k)
	}
	k.keys, k.pairs = k.eachKey, k.eachPair
	return k
}

// reset lets go of everything that belongs to a connection or a store.
func (k *call) reset() {
	const most = 64 << 10
	if cap(k.scratch) > most {
		k.scratch = nil
	}
	*k = call{run: k.run, keys: k.keys, pairs: k.pairs, scratch: k.scratch[:0]}
}

// answer runs the command, after the checks that hold for all commands.
func (k *call) answer() {
	k.command = find(k.args[0])
	switch {
	case k.command == nil:
		k.fail(unknown(&k.request))
	case k.command.arity > 0 && k.n != k.command.arity, k.n < -k.command.arity:
		k.fail(wrongNumber(k.command.name))
	case !k.trusted && !k.command.open:
		k.fail("NOAUTH Authentication required.")
	case k.command.most > 0 && k.n > k.command.most:
		k.result(errSyntax)
	case k.command.updates && k.p.updater == nil:
		k.fail("ERR the server's store does not support this command")
	default:
		k.command.run(k)
	}
}

func wrongNumber(name string) string {
	return "ERR wrong number of arguments for '" + name + "' command"
}

// unknown returns the error for a command that does not exist: it quotes up to 128 bytes
// of the name, and as much of the arguments.
func unknown(r *request) string {
	const most = 128
	var args strings.Builder
	for arg := range r.all(1) {
		if args.Len() >= most {
			break
		}
		fmt.Fprintf(&args, "'%s' ", text(arg, most-args.Len()))
	}
	return fmt.Sprintf("ERR unknown command '%s', with args beginning with: %s", text(r.args[0], most), args.String())
}

// text returns at most the first most bytes of b, up to a zero byte, where C ends a text.
func text(b []byte, most int) string {
	s := string(b[:min(len(b), most)])
	s, _, _ = strings.Cut(s, "\x00")
	return s
}

// fits reports whether n bytes fit into the output. If they do not, the command is called
// again with more room.
func (k *call) fits(n int) bool {
	if cap(k.out)-len(k.out) < n {
		k.need = n
		return false
	}
	return true
}

// fail answers an error.
func (k *call) fail(text string) {
	if k.fits(len(text) + 3) {
		k.out = appendError(k.out, text)
	}
}

// The answers of commands. The short ones always fit.
func (k *call) ok()       { k.out = append(k.out, "+OK\r\n"...) }
func (k *call) null()     { k.out = appendNull(k.out, k.version) }
func (k *call) int(n int) { k.out = appendInt(k.out, int64(n)) }
func (k *call) is01(b bool) {
	if b {
		k.int(1)
	} else {
		k.int(0)
	}
}

// bulk answers a text of any length, and reports whether it fitted.
func (k *call) bulk(text []byte) bool {
	if !k.fits(len(text) + aroundBulk) {
		return false
	}
	k.out = appendBulk(k.out, text)
	return true
}

// whole answers a reply that has been made before.
func (k *call) whole(reply []byte) {
	if k.fits(len(reply)) {
		k.out = append(k.out, reply...)
	}
}

// option reports whether the argument with the index is the given word, in lower case.
func (k *call) option(index int, word string) bool {
	return strings.EqualFold(string(k.arg(index)), word)
}

// refusal is an error that the client gets in these words.
type refusal string

func (e refusal) Error() string { return string(e) }

const (
	errSyntax   = refusal("ERR syntax error")
	errInteger  = refusal("ERR value is not an integer or out of range")
	errOverflow = refusal("ERR increment or decrement would overflow")
	errDecrease = refusal("ERR decrement would overflow")
	errTooLarge = refusal("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
	errReply    = refusal("ERR the reply would be longer than 512 MiB")
)

// update has the store run step with the command's keys. Of a step that fails, or that
// the store runs again, no reply stays.
func (k *call) update(step func(*call) error) {
	k.step, k.before = step, k.out
	k.done(k.p.updater.Update(k.keys, k.run))
}

// view is update for a step that changes nothing.
func (k *call) view(step func(*call) error) {
	k.step, k.before = step, k.out
	k.done(k.p.updater.View(k.keys, k.run))
}

func (k *call) done(err error) {
	if err != nil {
		k.out, k.need = k.before, 0
		k.result(err)
	}
}

// result answers an error, if there is one.
func (k *call) result(err error) {
	if err == nil {
		return
	}
	var refused refusal
	switch {
	case errors.As(err, &refused):
		k.fail(string(refused))
	default:
		k.out = k.appendStoreError(k.out, err)
	}
}

// eachKey calls yield with the keys among the arguments.
func (k *call) eachKey(yield func([]byte) bool) {
	last := k.command.last
	if last < 0 {
		last += k.n
	}
	rest := k.bulks
	for i := 0; i <= last; i++ {
		var arg []byte
		if arg, rest = bulk(rest); i >= k.command.first && (i-k.command.first)%k.command.step == 0 && !yield(arg) {
			return
		}
	}
}

// quit ends the session behind the reply.
func (k *call) quit() {
	k.ok()
	k.end = session.Done
}
