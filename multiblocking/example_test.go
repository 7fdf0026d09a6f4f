package multiblocking_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"

	"github.com/ioflavors/ioflavors/common/kvclient"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/multiblocking"
)

func Example() {
	srv := multiblocking.New(multiblocking.Config{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- srv.Serve(ln) }()

	ctx := context.Background()
	client, err := kvclient.Dial(ctx, ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Put(ctx, "DiskType", "NVMe SSD"); err != nil {
		log.Fatal(err)
	}
	value, found, err := client.Get(ctx, "DiskType")
	fmt.Println(value, found, err)
	client.Close()

	if err := srv.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(errors.Is(<-ended, server.ErrServerClosed))
	// Output:
	// NVMe SSD true <nil>
	// true
}
