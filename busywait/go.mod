module github.com/ioflavors/ioflavors/busywait

go 1.26.0

require (
	github.com/ioflavors/ioflavors/common v0.0.0
	github.com/stretchr/testify v1.12.1
	golang.org/x/sys v0.50.0
)

require (
	github.com/anishathalye/porcupine v1.3.1 // indirect
	go.uber.org/goleak v1.3.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
)

replace github.com/ioflavors/ioflavors/common => ../common
