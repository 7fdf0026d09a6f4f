package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/ioflavors/ioflavors/common/kvclient"
)

type getCmd struct {
	Key string `arg:"" help:"The key, which may be the empty one: ''."`
	serverFlags
}

type putCmd struct {
	Key   string `arg:"" help:"The key, which may be the empty one: ''."`
	Value string `arg:"" help:"The value. - stands for what comes from standard input."`
	serverFlags
}

// serverFlags are how to reach a server.
type serverFlags struct {
	Addr    string        `default:"127.0.0.1:7070" placeholder:"HOST:PORT" help:"The server (default ${default})."`
	Timeout time.Duration `default:"5s" placeholder:"TIME" help:"How long to wait for it (default ${default})."`
}

func (c *getCmd) Run(ctx context.Context) error {
	return c.talk(ctx, func(ctx context.Context, server *kvclient.Client) error {
		value, found, err := server.Get(ctx, c.Key)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("no value under %q", c.Key)
		}
		_, err = fmt.Println(value)
		return err
	})
}

func (c *putCmd) Run(ctx context.Context) error {
	value := c.Value
	if value == "-" {
		data, err := io.ReadAll(os.Stdin)
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		value = string(data)
	}
	return c.talk(ctx, func(ctx context.Context, server *kvclient.Client) error {
		return server.Put(ctx, c.Key, value)
	})
}

// talk connects to the server and does what f does with it.
func (s serverFlags) talk(ctx context.Context, f func(context.Context, *kvclient.Client) error) error {
	limited, cancel := context.WithTimeoutCause(ctx, s.Timeout, fmt.Errorf("no answer from %s within %v", s.Addr, s.Timeout))
	defer cancel()
	client, err := kvclient.Dial(limited, s.Addr)
	if err != nil {
		return s.explain(limited, err)
	}
	defer client.Close()
	if err := f(limited, client); err != nil {
		return s.explain(limited, err)
	}
	return nil
}

// explain says in the user's terms what went wrong.
func (s serverFlags) explain(ctx context.Context, err error) error {
	var refused *kvclient.ServerError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &refused):
		return refused
	default:
		return explainDial(s.Addr, err)
	}
}

// explainDial says which server cannot be reached, instead of which calls
// failed.
func explainDial(addr string, err error) error {
	var wrong *net.AddrError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no server listens at %s", addr)
	case errors.As(err, &wrong):
		return fmt.Errorf("bad address %q: %s; want host:port", addr, wrong.Err)
	default:
		return err
	}
}
