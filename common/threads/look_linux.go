package threads

import (
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/cgroup"
)

func look() state {
	s := known()
	machine.bound(&s)
	return s
}

// source is the system from which limits are read.
type source struct {
	root   string // directory that contains proc
	limit  func() uint64
	groups func() *cgroup.Finder

	mu     sync.Mutex
	others int // threads of the user's other processes, counted at asked
	asked  time.Time
}

// machine is the system on which the program runs.
var machine = newSource("/", func() uint64 {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &l); err != nil {
		return unix.RLIM_INFINITY
	}
	return l.Cur
})

func newSource(root string, limit func() uint64) *source {
	s := &source{root: root, limit: limit}
	s.groups = sync.OnceValue(func() *cgroup.Finder { return cgroup.New(os.DirFS(root), "pids") })
	return s
}

func (s *source) read(name string) string {
	b, err := os.ReadFile(filepath.Join(s.root, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// bound applies all limits.
func (s *source) bound(l *state) {
	self, ok := s.process("self")
	if ok {
		l.own = self.threads // includes threads that the runtime does not know of
		s.boundUser(l, self)
	}
	s.boundGroups(l)
	s.boundSystem(l)
}

// boundSystem applies the limits of the whole system. They apply to root, too.
func (s *source) boundSystem(l *state) {
	// 0.20 0.18 0.12 1/80 11206: one of 80 threads runs.
	fields := strings.Fields(s.read("proc/loadavg"))
	if len(fields) < 4 {
		return
	}
	_, all, _ := strings.Cut(fields[3], "/")
	threads, err := strconv.Atoi(all)
	if err != nil {
		return
	}
	for _, name := range []string{"threads-max", "pid_max"} {
		if most, err := strconv.Atoi(s.read("proc/sys/kernel/" + name)); err == nil {
			l.bound(most-threads, "kernel."+name)
		}
	}
}

// process is the entry of one process in /proc.
type process struct {
	uid, threads int
	privileges   uint64 // effective capabilities
}

func (s *source) process(id string) (p process, ok bool) {
	for line := range strings.Lines(s.read("proc/" + id + "/status")) {
		name, value, _ := strings.Cut(line, ":")
		var err error
		switch value = strings.TrimSpace(value); name {
		case "Uid": // the real one is the first
			p.uid, err = strconv.Atoi(strings.Fields(value + " x")[0])
			ok = err == nil
		case "Threads":
			p.threads, err = strconv.Atoi(value)
		case "CapEff":
			p.privileges, err = strconv.ParseUint(value, 16, 64)
		}
		if err != nil {
			return p, false
		}
	}
	return p, ok
}

// boundUser applies RLIMIT_NPROC, which counts all threads of a user. Root and
// processes with a capability to exceed limits are exempt, but not within a user
// namespace.
func (s *source) boundUser(l *state, self process) {
	most := s.limit()
	if most > math.MaxInt32 {
		return
	}
	const exempt = 1<<unix.CAP_SYS_ADMIN | 1<<unix.CAP_SYS_RESOURCE
	initial := strings.Join(strings.Fields(s.read("proc/self/uid_map")), " ") == "0 0 4294967295"
	if initial && (self.uid == 0 || self.privileges&exempt != 0) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.asked.IsZero() || now.Sub(s.asked) > time.Second {
		s.others, s.asked = s.count(self.uid), now
	}
	l.bound(int(most)-s.others-self.threads, "RLIMIT_NPROC")
}

// count returns how many threads the user's other processes have.
func (s *source) count(uid int) (threads int) {
	entries, err := os.ReadDir(filepath.Join(s.root, "proc"))
	if err != nil {
		return 0
	}
	self := s.read("proc/self/stat")
	self, _, _ = strings.Cut(self, " ")
	for _, e := range entries {
		if name := e.Name(); name[0] < '0' || name[0] > '9' || name == self {
			continue
		}
		if p, ok := s.process(e.Name()); ok && p.uid == uid { // otherwise the process has just ended
			threads += p.threads
		}
	}
	return threads
}

// boundGroups applies the limits of the process's control group and of all groups
// around it.
func (s *source) boundGroups(l *state) {
	for _, g := range s.groups().Groups() {
		most, err := strconv.Atoi(s.read(path.Join(g.Dir, "pids.max"))) // may be "max"
		now, missing := strconv.Atoi(s.read(path.Join(g.Dir, "pids.current")))
		if err == nil && missing == nil {
			l.bound(most-now, "pids.max of the control group "+g.Name)
		}
	}
}
