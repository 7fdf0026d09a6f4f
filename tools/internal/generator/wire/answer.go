package wire

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
)

// Answer implements Codec. It reads only the key, because the dataset determines
// everything else.
func (m *Messages) Answer(dst, data []byte, _ *int) (out []byte, n int, err error) {
	if len(data) < m.get.size { // and a put is no shorter
		return dst, 0, nil
	}
	key, err := m.keyNumber(data[len(m.get.before):])
	if err == nil && m.get.match(data, m.data.Key(key), nil) > 0 {
		return m.templates(key).found.append(dst, m.data.Key(key), m.data.Value(key)), m.get.size, nil
	}
	// A put's key has the same place for every value size.
	if key, err = m.keyNumber(data[len(m.templates(0).put.before):]); err != nil {
		return dst, 0, err
	}
	size := m.templates(key).put.size
	if len(data) < size {
		return dst, 0, nil
	}
	return m.stored.append(dst, nil, nil), size, nil
}

// keyNumber returns the number of the key at the beginning of data.
func (m *Messages) keyNumber(data []byte) (int, error) {
	n := 0
	if len(data) >= dataset.KeySize {
		for _, c := range data[len(dataset.KeyPrefix):dataset.KeySize] {
			n = n*10 + int(c-'0')
		}
	}
	if len(data) < dataset.KeySize || n < 0 || n >= m.data.Keys {
		return 0, fmt.Errorf("load: %s is not one of %d keys", clip(data), m.data.Keys)
	}
	return n, nil
}
