package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/ioflavors/ioflavors/common/kvclient"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
	"github.com/ioflavors/ioflavors/tools/internal/stdout"
)

type getCmd struct {
	Key string `arg:"" help:"The key. It may be empty."`
	serverFlags
}

type putCmd struct {
	Key   string `arg:"" help:"The key. It may be empty."`
	Value string `arg:"" help:"The value, or - to read it from standard input."`
	serverFlags
}

// serverFlags are the flags of a command that talks to a server.
type serverFlags struct {
	Addr    string        `default:"127.0.0.1:7070" placeholder:"HOST:PORT" help:"The server (default ${default})."`
	Timeout time.Duration `default:"5s" range:"1ms..1h" placeholder:"TIME" help:"How long to wait for it (default ${default})."`
}

var errNoValue = errors.New("no value")

func (c *getCmd) Run(ctx context.Context, out *stdout.Checked) error {
	return c.talk(ctx, func(ctx context.Context, server *kvclient.Client) error {
		value, found, err := server.Get(ctx, c.Key)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("%w under %q", errNoValue, c.Key)
		}
		out.Value(value)
		return nil
	})
}

func (c *putCmd) Run(ctx context.Context) error {
	value := c.Value
	if value == "-" {
		var err error
		if value, err = readInput(ctx); err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
	}
	return c.talk(ctx, func(ctx context.Context, server *kvclient.Client) error {
		return server.Put(ctx, c.Key, value)
	})
}

// maxInput is far more than a server accepts, and fits into this machine's
// memory.
const maxInput = 256 << 20

// readInput reads standard input to its end, or until ctx is done.
func readInput(ctx context.Context) (string, error) {
	type input struct {
		data []byte
		err  error
	}
	read := make(chan input, 1)
	go func() { // may outlast this function, because nothing interrupts the read
		data, err := io.ReadAll(io.LimitReader(os.Stdin, maxInput+1))
		read <- input{data, err}
	}()
	select {
	case in := <-read:
		if in.err == nil && len(in.data) > maxInput {
			in.err = fmt.Errorf("more than %d bytes", maxInput)
		}
		return string(in.data), in.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// talk connects to the server, and calls f with the connection.
func (s serverFlags) talk(ctx context.Context, f func(context.Context, *kvclient.Client) error) error {
	if err := servercmd.CheckAddr("--addr", s.Addr); err != nil {
		return usageError(err)
	}
	limited, cancel := context.WithTimeoutCause(ctx, s.Timeout, fmt.Errorf("no answer from %s within %v", s.Addr, s.Timeout))
	defer cancel()
	client, err := kvclient.Dial(limited, s.Addr)
	if err != nil {
		return s.explain(ctx, limited, err)
	}
	defer client.Close()
	if err := f(limited, client); err != nil {
		return s.explain(ctx, limited, err)
	}
	return nil
}

// explain turns an error into the user's terms. limited is ctx with the timeout.
func (s serverFlags) explain(ctx, limited context.Context, err error) error {
	var refused *kvclient.ServerError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return mistaken(ctx, s.Addr, load.KV, context.Cause(limited))
	case errors.As(err, &refused):
		return errors.New(printable.Line(refused.Error()))
	case errors.Is(err, errNoValue):
		return err
	default:
		return mistaken(ctx, s.Addr, load.KV, errors.New(printable.Line(explainDial(s.Addr, err).Error())))
	}
}

// explainDial names the server that cannot be reached, instead of the failed
// calls.
func explainDial(addr string, err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("no server listens at %s", addr)
	}
	return err
}
