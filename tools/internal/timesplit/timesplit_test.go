package timesplit

import (
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// profileOf has a sample of 10 ms for each stack. A stack is the functions' names, the leaf
// first; a word that begins with ~ is inlined into the next one, and ours/ stands for
// this project.
func profileOf(stacks ...string) *profile.Profile {
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType: &profile.ValueType{Type: "cpu", Unit: "nanoseconds"},
		Period:     10_000_000,
	}
	for _, stack := range stacks {
		s := &profile.Sample{Value: []int64{1, 10_000_000}}
		l := new(profile.Location)
		for name := range strings.FieldsSeq(stack) {
			name, inlined := strings.CutPrefix(name, "~")
			if rest, ours := strings.CutPrefix(name, "ours/"); ours {
				name = project + rest
			}
			f := &profile.Function{ID: uint64(len(p.Function) + 1), Name: name}
			p.Function = append(p.Function, f)
			l.Line = append(l.Line, profile.Line{Function: f})
			if !inlined {
				l.ID = uint64(len(p.Location) + 1)
				p.Location = append(p.Location, l)
				s.Location = append(s.Location, l)
				l = new(profile.Location)
			}
		}
		p.Sample = append(p.Sample, s)
	}
	return p
}

const leaf = "internal/runtime/syscall/linux.Syscall6 syscall.RawSyscall6 "

func TestEachStackHasItsActivity(t *testing.T) {
	for want, stacks := range map[results.Activity][]string{
		results.TimeWrite: {
			leaf + "~syscall.RawSyscall ~ours/common/sock.transfer ~ours/common/sock.write ~ours/common/sock.(*system).Write ours/common/sock.Calls.Write ours/busywait.(*model).poll",
			leaf + "syscall.Syscall syscall.write ~syscall.Write ~internal/poll.ignoringEINTRIO internal/poll.(*FD).Write net.(*netFD).Write net.(*conn).Write ours/common/blocking.(*Conn).Write ours/multiblocking.(*model).answer",
			leaf + "syscall.Syscall6 golang.org/x/sys/unix.sendto golang.org/x/sys/unix.SendmsgN ours/multiblocking.(*model).answer",
		},
		results.TimeRead: {
			leaf + "ours/common/sock.read ours/busywait.(*model).poll",
			leaf + "ours/common/sock.receive ours/common/sock.ReadMore ours/common/blocking.(*Conn).Read ours/multiblocking.(*model).answer ours/common/blocking.(*Conn).Ready internal/poll.(*FD).RawRead net.(*rawConn).Read runtime.goexit",
			"syscall.syscall syscall.read internal/poll.(*FD).Read", // on macOS
		},
		results.TimeRing: {
			leaf + "ours/iouring/ring.(*Ring).call ours/iouring/ring.(*Ring).enter ours/iouring.(*loop).run",
		},
		results.TimeWait: {
			leaf + "ours/eventloop/poller.(*Poller).wait ours/eventloop/poller.(*Poller).Wait ours/eventloop.(*loop).run",
			leaf + "golang.org/x/sys/unix.EpollWait ours/eventloop/poller.(*Poller).wait",
			"internal/runtime/syscall/linux.Syscall6 internal/runtime/syscall/linux.EpollWait runtime.netpoll runtime.findRunnable runtime.schedule runtime.park_m runtime.mcall",
		},
		results.TimeKernel: {
			leaf + "golang.org/x/sys/unix.EpollCtl ours/eventloop/poller.(*Poller).control ours/eventloop/poller.(*Poller).Modify",
			leaf + "golang.org/x/sys/unix.setsockopt golang.org/x/sys/unix.SetsockoptTimeval ours/common/sock.SetTimeouts ours/multiblocking.(*threadStream).arm ours/multiblocking.(*threadStream).Read",
			leaf + "ours/common/sock.accept ours/busywait.(*model).accept",
			"runtime.madvise runtime.sysUnusedOS ours/common/buffer.(*Pool).Get",
		},
		results.TimeScheduler: {
			"runtime.futex runtime.futexsleep runtime.notesleep runtime.mPark runtime.stopm runtime.findRunnable runtime.schedule runtime.park_m runtime.mcall",
			"runtime.futex runtime.futexwakeup runtime.notewakeup runtime.startm runtime.wakep runtime.ready runtime.goready ours/common/server.(*Core).notice",
			"runtime.gopark runtime.netpollblock internal/poll.runtime_pollWait internal/poll.(*FD).RawRead ours/common/blocking.(*Conn).Ready",
			"internal/poll.(*fdMutex).rwlock internal/poll.(*FD).Write ours/common/blocking.(*Conn).Write",
			"runtime.reentersyscall runtime.entersyscall syscall.Syscall syscall.write ours/multiblocking.(*model).answer",
			"runtime.nanotime1 runtime.sysmon runtime.mstart1",
			"runtime.write1 runtime.write runtime.netpollBreak runtime.wakeNetPoller runtime.(*timers).wakeTime time.resetTimer ours/common/blocking.(*Conn).Read",
			"runtime.asyncPreempt2 runtime.asyncPreempt ours/common/kv.Parse",
			"runtime._System",
		},
		results.TimeLoop: {
			"ours/busywait.(*model).poll ours/busywait.(*model).Run",
			"runtime.nanotime1 runtime.nanotime time.runtimeNow time.Since ours/common/server.(*Lane).Tick ours/eventloop.(*loop).run",
			"runtime.mapaccess1 ours/common/nonblocking.(*Conns).Expired ours/busywait.(*model).Run",
			"ours/common/sock.Calls.Read ours/busywait.(*model).poll",
			"ours/iouring.(*loop).completed",
		},
		results.TimeCodec: {
			"runtime.memmove ours/common/frame.End ours/common/kv.(*Handler).AppendReply ours/common/session.(*Session).Feed ours/busywait.(*model).poll",
			"runtime.nextFreeFast runtime.mallocgc runtime.growslice ours/common/kv.Parse",
			"ours/common/resp.(*Handler).get ours/common/session.(*Session).Feed",
			"unicode/utf8.Valid google.golang.org/protobuf/encoding/protowire.ConsumeTag ours/common/kv.Parse",
		},
		results.TimeStore: {
			"runtime.memequal ours/common/store.(*Sharded).Get ours/common/kv.(*Handler).get",
			"ours/common/store/table.find ours/common/kv.(*Handler).get",
			"ours/tools/internal/slow.(*store).Get ours/common/kv.(*Handler).get",
		},
		results.TimeCollector: {
			"runtime.scanobject runtime.gcDrain runtime.gcBgMarkWorker.func2 runtime.systemstack runtime.gcBgMarkWorker",
			"runtime.scanobject runtime.gcDrainN runtime.gcAssistAlloc1 runtime.gcAssistAlloc runtime.mallocgc ours/common/kv.Parse",
			"runtime.(*sweepLocked).sweep runtime.sweepone runtime.bgsweep",
			"runtime.madvise runtime.sysUnusedOS runtime.bgscavenge",
			"runtime._GC",
		},
		results.TimeOther: {
			"runtime.memmove compress/flate.(*compressor).deflate runtime/pprof.(*profileBuilder).build",
			"runtime._ExternalCode",
			"encoding/json.Marshal ours/common/asynclog.(*Handler).run",
			"runtime.mallocgc ours/common/servercmd.debugHandler.func1",
			"",
		},
	} {
		for _, stack := range stacks {
			samples, spent, err := Split(profileOf(stack))
			require.NoError(t, err)
			assert.Equal(t, int64(1), samples)
			assert.Equal(t, map[results.Activity]time.Duration{want: 10 * time.Millisecond}, spent, stack)
		}
	}
}

func TestSamplesAreAddedUp(t *testing.T) {
	p := profileOf(leaf+"ours/common/sock.write", leaf+"ours/common/sock.read", "ours/common/kv.Parse")
	p.Sample[1].Value = []int64{5, 50_000_000}
	samples, spent, err := Split(p)
	require.NoError(t, err)
	assert.Equal(t, int64(7), samples)
	assert.Equal(t, map[results.Activity]time.Duration{results.TimeWrite: 10e6, results.TimeRead: 50e6, results.TimeCodec: 10e6}, spent)

	p.SampleType[1].Type = "alloc_space"
	_, _, err = Split(p)
	assert.Error(t, err, "a profile of memory")
	samples, spent, err = Split(profileOf())
	require.NoError(t, err)
	assert.Zero(t, samples)
	assert.Empty(t, spent)
}

// A renamed package would silently count as the model's loop.
func TestTheRulesNamePackagesThatExist(t *testing.T) {
	for _, row := range packages {
		assert.DirExists(t, "../../../"+row.path)
	}
	for pkg := range callers {
		if path, ours := strings.CutPrefix(pkg, project); ours {
			assert.DirExists(t, "../../../"+path)
		}
	}
}

func TestNamesAreParsed(t *testing.T) {
	for name, want := range map[string]function{
		"runtime.futex":                         {"runtime", "futex"},
		"golang.org/x/sys/unix.(*Iovec).SetLen": {"golang.org/x/sys/unix", "(*Iovec).SetLen"},
		"slices.SortFunc[go.shape.[]a/b.c]":     {"slices", "SortFunc[go.shape.[]a/b.c]"},
		"gopkg.in/yaml%2ev3.Marshal":            {"gopkg.in/yaml%2ev3", "Marshal"},
		"main":                                  {"", "main"},
	} {
		assert.Equal(t, want, parse(name), name)
	}
}
