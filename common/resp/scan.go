package resp

import (
	"slices"
	"strconv"
	"sync"

	"github.com/ioflavors/ioflavors/common/store"
)

const (
	// maxScans is how many scans may be under way. Each holds a part of the store's map
	// that the store itself may not need any more.
	maxScans = 64
	// A step of a scan looks at usualStep keys unless COUNT says otherwise, and at
	// maxStep at most, because it keeps all other clients of a loop waiting.
	usualStep = 10
	maxStep   = 100
	// A step ends when it has looked at so many bytes of keys to match them.
	maxLooked = 64 << 10
)

// scans are the scans that are under way. Any connection may go on with any of them, since
// clients take the next connection of their pool.
type scans struct {
	mu   sync.Mutex
	last int64  // cursor that was given
	gone int64  // no cursor up to this one has keys left
	open []scan // the one that was used longest ago comes first
}

type scan struct {
	cursor int64 // of the next step
	keys   store.Scanner
}

// errCursor: it is used up, or more than maxScans scans have gone on since.
const errCursor = refusal("ERR this cursor is no longer valid: begin again with SCAN 0")

// take removes the scan with the cursor. A cursor that was never given stands at the end
// of the keys: keys is nil.
func (s *scans) take(cursor int64, from store.Updater) (keys store.Scanner, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cursor == 0 {
		return from.Scan(), nil
	}
	for i, one := range s.open {
		if one.cursor == cursor {
			s.open = slices.Delete(s.open, i, i+1)
			return one.keys, nil
		}
	}
	if cursor > s.gone && cursor <= s.last {
		return nil, errCursor
	}
	return nil, nil
}

// put keeps a scan for the step with the cursor, and returns it; 0 stands for a new cursor.
func (s *scans) put(cursor int64, keys store.Scanner) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) == maxScans {
		s.open = slices.Delete(s.open, 0, 1)
	}
	if cursor == 0 {
		s.last++
		cursor = s.last
	}
	s.open = append(s.open, scan{cursor, keys})
	return cursor
}

// forget ends all scans, because no key is left.
func (s *scans) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open, s.gone = nil, s.last
}

// scan is SCAN. A step may answer fewer keys than COUNT says, as Redis's may: it stops
// before a key that does not fit into the output, and the next step begins with that key.
// The scan is its own while the store is asked, because the store may wait.
func (k *call) scan() {
	o, ok := k.scanOptions()
	if !ok {
		return
	}
	const around = len("*2\r\n$20\r\n12345678901234567890\r\n*1000\r\n")
	if !k.fits(around + o.count*room) {
		return
	}
	s := &k.p.scans
	keys, err := s.take(o.cursor, k.p.updater)
	k.scratch = k.scratch[:0]
	if err != nil {
		k.result(err)
		return
	}
	if keys == nil || o.none {
		k.scanned(0, 0)
		return
	}
	n, looked, tooLong, free := 0, 0, 0, cap(k.out)-len(k.out)-around
	gaveUp := false
	more, err := keys.Next(o.count, func(key []byte) bool {
		if looked >= maxLooked {
			return false
		}
		if o.pattern != nil {
			matched, at := match(o.pattern, key)
			gaveUp = at > maxMatch
			if looked += at; !matched {
				return !gaveUp
			}
		}
		size := sizeOfBulk(len(key))
		if size > free {
			tooLong = size
			return false
		}
		free -= size
		n++
		k.scratch = appendBulk(k.scratch, key)
		return true
	})
	switch {
	case err != nil:
		k.result(err)
	case gaveUp:
		k.result(errMatch)
	case !more:
		k.scanned(0, n)
	case n == 0 && tooLong > 0 && o.cursor > 0:
		s.put(o.cursor, keys) // again, with more room
		k.need = around + tooLong
	default:
		k.scanned(s.put(0, keys), n)
	}
}

// scanned answers a step's cursor, and its n keys, which are in scratch.
func (k *call) scanned(cursor int64, n int) {
	k.out = appendHeader(k.out, '*', 2)
	k.out = appendBulk(k.out, strconv.FormatInt(cursor, 10))
	k.out = append(appendHeader(k.out, '*', n), k.scratch...)
}

type scanOptions struct {
	cursor  int64
	count   int
	pattern []byte
	none    bool // only keys of a type that no key has
}

// scanOptions reads what stands behind SCAN, or answers an error.
func (k *call) scanOptions() (o scanOptions, ok bool) {
	o.count = usualStep
	if o.cursor, ok = integer(k.args[1]); !ok || o.cursor < 0 {
		k.fail("ERR invalid cursor")
		return o, false
	}
	for i := 2; i < k.n; i += 2 {
		switch more := i+1 < k.n; {
		case more && k.option(i, "count"):
			n, ok := integer(k.arg(i + 1))
			if !ok {
				k.result(errInteger)
				return o, false
			}
			if n < 1 {
				k.result(errSyntax)
				return o, false
			}
			o.count = int(min(n, maxStep))
		case more && k.option(i, "match"):
			if o.pattern = k.arg(i + 1); len(o.pattern) > maxPattern {
				k.result(errPattern)
				return o, false
			}
		case more && k.option(i, "type"):
			o.none = !k.option(i+1, "string")
		default:
			k.result(errSyntax)
			return o, false
		}
	}
	return o, true
}
