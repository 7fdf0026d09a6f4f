package kvclient_test

import (
	"context"
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/ioflavors/ioflavors/common/kvclient"
)

func Example() {
	addr, stop := exampleServer()
	defer stop()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := kvclient.Dial(ctx, addr)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if err := c.Put(ctx, "DiskType", "NVMe SSD"); err != nil {
		log.Fatal(err)
	}
	value, found, err := c.Get(ctx, "DiskType")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(value, found)
	// Output: NVMe SSD true
}

// A pipeline sends many requests in one round trip.
func ExampleClient_Pipeline() {
	addr, stop := exampleServer()
	defer stop()

	ctx := context.Background()
	c, err := kvclient.Dial(ctx, addr)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	p := c.Pipeline()
	p.Put("a", "1")
	p.Put("b", "2")
	p.Get("a")
	p.Get("c")
	replies, err := p.Do(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(replies[2].Value, replies[3].Found)
	// Output: 1 false
}

// exampleServer starts a server for an example, which has no testing.T.
func exampleServer() (addr string, stop func()) {
	t := new(exampleT)
	return serve(t), func() {
		for _, f := range t.cleanups {
			f()
		}
	}
}

type exampleT struct {
	testing.TB
	cleanups []func()
}

func (t *exampleT) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }
func (*exampleT) Helper()            {}
