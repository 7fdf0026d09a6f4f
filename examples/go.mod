module github.com/ioflavors/ioflavors/examples

go 1.26.0

require (
	github.com/ioflavors/ioflavors/busywait v0.0.0
	github.com/ioflavors/ioflavors/common v0.0.0
	github.com/ioflavors/ioflavors/eventloop v0.0.0
	github.com/ioflavors/ioflavors/iouring v0.0.0
	github.com/ioflavors/ioflavors/multiblocking v0.0.0
	github.com/ioflavors/ioflavors/singleblocking v0.0.0
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.50.0 // indirect
)

replace (
	github.com/ioflavors/ioflavors/busywait => ../busywait
	github.com/ioflavors/ioflavors/common => ../common
	github.com/ioflavors/ioflavors/eventloop => ../eventloop
	github.com/ioflavors/ioflavors/iouring => ../iouring
	github.com/ioflavors/ioflavors/multiblocking => ../multiblocking
	github.com/ioflavors/ioflavors/singleblocking => ../singleblocking
)
