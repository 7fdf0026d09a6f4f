package nearest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNearest(t *testing.T) {
	known := []string{"singleblocking", "multiblocking", "busywait", "eventloop", "idle", "E1", "E12"}
	for name, want := range map[string]string{
		"evntloop": "eventloop", "event-loop": "eventloop", "EventLoop": "eventloop", "eventlopo": "eventloop",
		"multibloking": "multiblocking", "bussywait": "busywait", "ilde": "idle", "e12": "E12", "busy": "busywait", "single": "singleblocking", "bu": "",
		"redis": "", "E99": "", "": "", "completely": "",
	} {
		assert.Equal(t, want, To(name, known), name)
	}
}

func TestUnknown(t *testing.T) {
	assert.EqualError(t, Unknown("model", "evntloop", []string{"busywait", "eventloop"}),
		`no model "evntloop": there are busywait, eventloop; did you mean "eventloop"?`)
	assert.EqualError(t, Unknown("model", "redis", []string{"busywait", "eventloop"}), `no model "redis": there are busywait, eventloop`)
}
