module github.com/ioflavors/ioflavors/iouring

go 1.26.0

require github.com/ioflavors/ioflavors/common v0.0.0

require (
	golang.org/x/sys v0.50.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)

replace github.com/ioflavors/ioflavors/common => ../common
