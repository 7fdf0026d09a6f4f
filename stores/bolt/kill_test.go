package bolt_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/stores/bolt"
)

// putterVariable makes the tests' program one that puts into a file, and killsVariable is
// how many times it is killed.
const (
	putterVariable = "BOLT_PUTTER"
	killsVariable  = "BOLT_KILLS"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(putterVariable); path != "" {
		putter(path)
	}
	os.Exit(m.Run())
}

// A putter has manyPuts puts to do, from putters goroutines.
const (
	manyPuts = 20_000
	putters  = 16
)

// putter puts until it is killed or has put everything, and prints the name of each entry
// when its put has been acknowledged.
func putter(path string) {
	s, err := bolt.Open(path, bolt.Config{Timeout: unhurried})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	began, err := s.Len()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var putting sync.WaitGroup
	for p := range putters {
		putting.Go(func() {
			for i := p; i < manyPuts; i += putters {
				name := fmt.Sprint(began, ".", i)
				if err := s.Put([]byte(name), []byte(valueOf(name))); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				fmt.Println(name)
			}
		})
	}
	putting.Wait()
	os.Exit(0)
}

// valueOf returns the value of an entry; it is as long as many pages now and then.
func valueOf(name string) string {
	if strings.HasSuffix(name, "7") {
		return strings.Repeat(name, 2000)
	}
	return name
}

// What was acknowledged is there after a kill at any moment, also after many.
func TestKilled(t *testing.T) {
	kills := 8
	if text := os.Getenv(killsVariable); text != "" {
		var err error
		kills, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	path := filepath.Join(t.TempDir(), "data")
	acknowledged := make(map[string]bool)
	for range kills {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), putterVariable+"="+path)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		most := 1 + rand.IntN(1500)
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			if acknowledged[lines.Text()] = true; n == most {
				require.NoError(t, child.Process.Kill())
			}
		}
		assert.Error(t, child.Wait(), "it was killed before it had put everything")

		s, err := bolt.Open(path, bolt.Config{Timeout: unhurried})
		require.NoError(t, err)
		for name := range acknowledged {
			value, found, err := s.Append(nil, []byte(name))
			require.NoError(t, err)
			require.True(t, found, "%s was acknowledged", name)
			require.Equal(t, valueOf(name), string(value))
		}
		n, err := s.Len()
		require.NoError(t, err)
		assert.GreaterOrEqual(t, n, len(acknowledged), "puts without an acknowledgement may have happened")
		met := 0
		more, err := s.Scan().Next(n+1, func([]byte) bool { met++; return true })
		require.NoError(t, err)
		assert.False(t, more)
		assert.Equal(t, n, met, "the count is of the same moment")
		require.NoError(t, s.Close())
	}
	t.Logf("%d kills, %d puts acknowledged", kills, len(acknowledged))
}
