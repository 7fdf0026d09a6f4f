package main

// target is a package to mutate, and the tests that should notice.
type target struct {
	folder string
	files  []string   // only these, if any are named
	tests  [][]string // arguments of go test, the quickest first
}

func own(folder string) []string { return []string{"./" + folder} }

var (
	fakeKernels = []string{"-run", "^TestOnAFakeKernel$", "./busywait", "./eventloop", "./iouring"}
	blocking    = []string{"-run", "^TestServer$", "./singleblocking", "./multiblocking"}
	polling     = []string{"-run", "^TestServer$", "./eventloop"}
	// judging are the tests of the rules that judge a measurement, without the tests that
	// run servers.
	judging = []string{"-skip", "^Test(Run|Advise|Capacity|Silent|Probes|ASlow|ResultsAreSaved|ResultsFollow|APool|AStallIs|" +
		"ASlowReader|IdleLadder|Syscalls|Many|Cores|OneAtATime|APanic|TheProgram)",
		"./tools/internal/results", "./tools/internal/text", "./tools/internal/experiments", "./tools/internal/advise"}
)

var targets = []*target{
	{folder: "common/session", tests: [][]string{own("common/session"), own("common/server"), fakeKernels, blocking}},
	{folder: "common/server", tests: [][]string{own("common/server"), fakeKernels, blocking, polling}},
	{folder: "common/kv", tests: [][]string{own("common/kv"), own("common/session")}},
	{folder: "common/frame", tests: [][]string{own("common/frame"), own("common/session")}},
	{folder: "common/store", tests: [][]string{own("common/store"), own("common/kv")}},
	{folder: "common/buffer", tests: [][]string{own("common/buffer"), own("common/session"), own("common/server")}},
	{folder: "common/blocking", tests: [][]string{own("common/blocking"), blocking}},
	{folder: "common/nonblocking", tests: [][]string{own("common/nonblocking"), fakeKernels, polling}},
	{folder: "singleblocking", tests: [][]string{own("singleblocking")}},
	{folder: "multiblocking", tests: [][]string{own("multiblocking")}},
	{folder: "busywait", tests: [][]string{{"-run", "^TestOnAFakeKernel$", "./busywait"}, own("busywait")}},
	{folder: "eventloop/poller", tests: [][]string{own("eventloop/poller"), polling}},
	{folder: "eventloop", tests: [][]string{{"-run", "^TestOnAFakeKernel$", "./eventloop"}, own("eventloop")}},
	{folder: "iouring", tests: [][]string{{"-run", "^TestOnAFakeKernel$", "./iouring"}, own("iouring")}},
	{folder: "tools/internal/load", tests: [][]string{own("tools/internal/load"), own("tools/internal/generator")}},
	{folder: "tools/internal/generator", tests: [][]string{own("tools/internal/generator")}},
	{folder: "tools/internal/generator/dataset", tests: [][]string{own("tools/internal/generator/dataset"), own("tools/internal/generator")}},
	{folder: "tools/internal/generator/wire", tests: [][]string{own("tools/internal/generator/wire"), own("tools/internal/generator/nullserver"), own("tools/internal/generator")}},
	{folder: "tools/internal/generator/meter", tests: [][]string{own("tools/internal/generator/meter"), own("tools/internal/generator")}},
	// Of the lab, the files with the rules that judge a measurement.
	{folder: "tools/internal/results", files: []string{"disturbance.go", "stallcheck.go", "trial.go"}, tests: [][]string{judging}},
	{folder: "tools/internal/experiments", files: []string{"experiments.go", "judge.go", "attacks.go"}, tests: [][]string{judging}},
	{folder: "tools/internal/advise", files: []string{"judge.go"}, tests: [][]string{judging}},
	{folder: "tools/internal/term", files: []string{"livetable.go"}, tests: [][]string{own("tools/internal/term")}},
}
