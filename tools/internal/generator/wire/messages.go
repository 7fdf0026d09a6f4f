package wire

import (
	"context"
	"fmt"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Messages is the Codec of a dataset in one protocol.
type Messages struct {
	data     *dataset.Dataset
	protocol protocol

	get, stored template               // the get request, and the reply to a put
	bySize      map[int]*sizeTemplates // by the value's size: the messages that contain a value
	only        *sizeTemplates         // if there is only one size
}

var _ Codec = (*Messages)(nil)

// sizeTemplates holds the templates that depend on a value's size.
type sizeTemplates struct{ put, found template }

// protocol encodes the messages of a protocol, once for each kind, and decodes
// the replies that are not simply the expected bytes.
type protocol interface {
	getTemplate(key []byte) template
	storedTemplate() template
	putTemplate(key, value []byte) template
	foundTemplate(key, value []byte) template
	// parse is MatchReply for a reply that does not match its template.
	parse(m *Messages, data []byte, r dataset.Request) (n int, wrong, err error)
}

var protocols = map[load.Protocol]protocol{load.KV: kvProtocol{}, load.RESP: resp{}, load.Memcached: memcached{}}

// newMessages returns the messages of a workload, with its dataset. It returns an error
// only if ctx is done.
func newMessages(ctx context.Context, w load.Workload) (*Messages, error) {
	d, err := dataset.New(ctx, w)
	if err != nil {
		return nil, err
	}
	m := &Messages{data: d, protocol: protocols[w.Protocol], bySize: make(map[int]*sizeTemplates)}
	m.get, m.stored = m.protocol.getTemplate(d.Key(0)), m.protocol.storedTemplate()
	// All templates are made now, so that none is made during the measurement.
	for i := range d.Keys {
		if size := d.ValueSize(i); m.bySize[size] == nil {
			if err := ctx.Err(); err != nil { // each takes as long as copying a value
				return nil, fmt.Errorf("load: making messages of %d sizes: %w", d.MaxValue-d.MinValue+1, err)
			}
			key, value := d.Key(0), d.SampleValue(size)
			m.bySize[size] = &sizeTemplates{m.protocol.putTemplate(key, value), m.protocol.foundTemplate(key, value)}
		}
	}
	if d.MinValue == d.MaxValue {
		m.only = m.bySize[d.MaxValue]
	}
	return m, nil
}

// templates returns the templates for a key's value.
func (m *Messages) templates(key int) *sizeTemplates {
	if m.only != nil {
		return m.only
	}
	return m.bySize[m.data.ValueSize(key)]
}

// AppendRequest implements Codec.
func (m *Messages) AppendRequest(dst []byte, r dataset.Request) []byte {
	if !r.Put {
		return m.get.append(dst, m.data.Key(r.Key), nil)
	}
	return m.templates(r.Key).put.append(dst, m.data.Key(r.Key), m.data.Value(r.Key))
}

// MatchReply implements Codec.
func (m *Messages) MatchReply(data []byte, r dataset.Request) (n int, wrong, err error) {
	t := &m.stored
	if !r.Put {
		t = &m.templates(r.Key).found
	}
	if n = t.match(data, m.data.Key(r.Key), m.data.Value(r.Key)); n > 0 {
		return n, nil, nil
	}
	// The reply is incomplete, or wrong, or encoded in another valid way.
	return m.protocol.parse(m, data, r)
}

// MaxReply implements Codec.
func (m *Messages) MaxReply() int { return frame.Header + m.maxBody() }

// maxBody returns the largest reply, body and footer, that the generator
// accepts: a right one, or an error with a reason of reasonable length.
func (m *Messages) maxBody() int { return dataset.KeySize + m.data.MaxValue + 4<<10 }

// Setup implements Codec.
func (m *Messages) Setup() int { return 0 }

// Describe implements Codec.
func (m *Messages) Describe(r dataset.Request) string {
	if r.Put {
		return fmt.Sprintf("put %s", m.data.Key(r.Key))
	}
	return fmt.Sprintf("get %s", m.data.Key(r.Key))
}
