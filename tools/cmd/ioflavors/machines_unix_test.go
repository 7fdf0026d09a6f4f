//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The page's commands run with programs that do on this machine what the named ones do
// elsewhere: go copies this test's program, which is the command; ssh and scp work in a
// folder for each host; kubectl has pods whose logs are files.
var fakes = map[string]string{
	"go": `[ "$*" = "build -o bin/ioflavors ./tools/cmd/ioflavors" ] && mkdir -p bin && cp "$FAKES/ioflavors" bin/ioflavors`,
	"scp": `[ "$1" = -q ] && case $3 in
*:) mkdir -p "${3%:}" && cp "$2" "${3%:}/" ;;
*) exit 1 ;;
esac`,
	"ssh": `[ "$1" = -n ] && cd "$2" && shift 2 && exec sh -c "$*"`,
	"kubectl": `case "$1 $2" in
"apply -f") exec cat >applied.yaml ;;
"wait --for=condition=Ready") exit 0 ;;
"logs -f") for last; do :; done; exec cat "log${last##*=}" ;;
"delete job") exit 0 ;;
*) exit 1 ;;
esac`,
}

// pageShell returns a shell that runs in an empty folder and finds the fakes first.
func pageShell(t *testing.T) (dir string, sh func(script string) (out string, err error)) {
	t.Helper()
	dir, bin := t.TempDir(), t.TempDir()
	executable, err := os.Executable()
	require.NoError(t, err)
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o700))
	}
	for name, text := range fakes {
		write(name, text)
	}
	write("ioflavors", fmt.Sprintf(`%s=1 exec '%s' "$@"`, asProgram, executable))
	return dir, func(script string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "FAKES="+bin, "PATH="+bin+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// replaced replaces texts that must be there.
func replaced(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, text, pairs[i])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// The page's commands for ssh measure a server from three "machines" at the same time.
func TestThePagesCommandsForSSH(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	script := block(t, "docs/machines.md", "sh", "server=")
	addr := startModel(t)
	for ahead := 4; ; ahead *= 4 { // a busy machine needs longer to be ready
		dir, sh := pageShell(t)
		out, err := sh(replaced(t, script, "10.0.0.5:7070", addr, "+ 20", fmt.Sprint("+ ", ahead), "-c 50 --rate 20000 -d 30s", "-c 2 --rate 300 -d 1s --sleep"))
		if strings.Contains(out, "choose a later --start-at") && ahead < 200 {
			continue
		}
		var exit *exec.ExitError
		if err != nil {
			require.ErrorAs(t, err, &exit, out)
			require.Equal(t, exitVoid, exit.ExitCode(), "on a busy machine the run may be void: %s", out)
		}
		assert.Contains(t, out, "open loop, 900 requests/s due (poisson) · 6 connections × 1 in flight")
		assert.NotContains(t, out, "Note:", "each has a seed of its own")
		for _, host := range []string{"load1", "load2", "load3"} {
			assert.Regexp(t, `(?m)^`+host+`\.json +\d`, out)
			report, err := readLoadReport(t.Context(), filepath.Join(dir, host+".json"))
			require.NoError(t, err)
			assert.NotNil(t, report.Result.Window.Planned)
		}
		return
	}
}

// The page's commands for Kubernetes fill in the time, and find the results in the logs.
func TestThePagesCommandsForKubernetes(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip(err)
	}
	script := block(t, "docs/machines.md", "sh", "job=")
	dir, sh := pageShell(t)
	job, err := os.ReadFile("../../../docs/load-job.yaml")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "docs"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "docs/load-job.yaml"), job, 0o600))
	for i, n := range []int64{10_000, 20_000, 30_000} {
		text, err := os.ReadFile(writePart(t, "part.json", n, time.Millisecond, nil))
		require.NoError(t, err)
		log := "the load begins in 9 s\n" + string(text) + "ioflavors: the run is void, and says why above\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint("log", i)), []byte(log), 0o600))
	}
	out, err := sh("CGO_ENABLED=0 go build -o bin/ioflavors ./tools/cmd/ioflavors\n" + script)
	require.NoError(t, err, out)
	assert.Contains(t, out, "requests/s  6000\n")

	applied, err := os.ReadFile(filepath.Join(dir, "applied.yaml"))
	require.NoError(t, err)
	assert.NotContains(t, string(applied), "_VALUE")
	at, err := parseStartAt(jobOf(t, applied).env()["START_AT"])
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), at, 10*time.Minute)
}

// job is what this test knows of a Kubernetes Job.
type job struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     struct {
		CompletionMode           string `yaml:"completionMode"`
		Completions, Parallelism int
		BackoffLimitPerIndex     *int `yaml:"backoffLimitPerIndex"`
		Template                 struct {
			Spec struct {
				RestartPolicy string `yaml:"restartPolicy"`
				Containers    []struct {
					Args []string
					Env  []struct{ Name, Value string }
				}
			}
		}
	}
}

func jobOf(t *testing.T, text []byte) (j job) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal(text, &j))
	require.Len(t, j.Spec.Template.Spec.Containers, 1)
	return j
}

func (j job) env() map[string]string {
	all := make(map[string]string)
	for _, e := range j.Spec.Template.Spec.Containers[0].Env {
		all[e.Name] = e.Value
	}
	return all
}

// The Job's pods run a load with flags that there are, each with a seed of its own.
func TestThePagesJob(t *testing.T) {
	text, err := os.ReadFile("../../../docs/load-job.yaml")
	require.NoError(t, err)
	j := jobOf(t, text)
	assert.Equal(t, "Job", j.Kind)
	assert.Equal(t, "Indexed", j.Spec.CompletionMode)
	assert.Equal(t, j.Spec.Completions, j.Spec.Parallelism, "they measure at the same time")
	require.NotNil(t, j.Spec.BackoffLimitPerIndex, "a void run must not end the others")
	assert.Zero(t, *j.Spec.BackoffLimitPerIndex)
	assert.Equal(t, "Never", j.Spec.Template.Spec.RestartPolicy)
	page := block(t, "docs/machines.md", "sh", "job=")
	assert.Contains(t, page, "job-name="+j.Metadata.Name+"\n")
	assert.Contains(t, page, "for i in 0 1 2; do")
	assert.Equal(t, 3, j.Spec.Completions)

	env := j.env()
	require.Contains(t, env, "START_AT")
	require.Contains(t, env, "INDEX")
	start := fmt.Sprint(time.Now().Add(time.Minute).Unix())
	var args []string
	for _, arg := range j.Spec.Template.Spec.Containers[0].Args {
		arg = strings.NewReplacer("$(START_AT)", start, "$(INDEX)", "2", "server:7070", nobody(t)).Replace(arg)
		assert.NotContains(t, arg, "$(")
		args = append(args, arg)
	}
	code, _, stderr := ioflavors(t, args...)
	assert.Equal(t, 1, code, "the flags are right, and there is no server: %s", stderr)
	assert.Contains(t, stderr, "connection refused")
}
