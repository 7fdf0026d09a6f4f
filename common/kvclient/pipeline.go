package kvclient

import (
	"context"
	"errors"
	"fmt"

	"github.com/ioflavors/ioflavors/common/kv"
)

// Pipeline is a list of requests that are sent without waiting for the replies
// in between. One goroutine may use it at a time. It can be filled again after Do.
type Pipeline struct {
	client   *Client
	out      []byte
	requests []request
	errs     []error // requests that cannot be sent
}

// Pipeline returns an empty list of requests.
func (c *Client) Pipeline() *Pipeline { return &Pipeline{client: c} }

// Get adds a get.
func (p *Pipeline) Get(key string) { p.add(kv.Message{Key: []byte(key), Kind: kv.Get}) }

// Put adds a put.
func (p *Pipeline) Put(key, value string) {
	p.add(kv.Message{Key: []byte(key), Value: []byte(value), Kind: kv.PutOrUpdate})
}

// Len returns the number of requests added since the last Do.
func (p *Pipeline) Len() int { return len(p.requests) }

func (p *Pipeline) add(m kv.Message) {
	out, err := appendRequest(p.out, m, p.client.maxFrame)
	p.out = out
	p.requests = append(p.requests, request{kind: m.Kind, key: string(m.Key)})
	if err != nil {
		p.errs = append(p.errs, fmt.Errorf("request %d: %w", len(p.requests), err))
	}
}

// Do sends the requests and returns their replies, in order. If one request cannot
// be sent (its text is not valid, or too long), none is. If the exchange fails, Do
// returns the replies that came before along with the error. A request that the
// server refuses does not fail the exchange: see Reply.Err.
func (p *Pipeline) Do(ctx context.Context) ([]Reply, error) {
	out, requests, errs := p.out, p.requests, p.errs
	p.out, p.requests, p.errs = nil, nil, nil
	if len(requests) == 0 {
		return nil, nil
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	if err := p.client.acquire(ctx); err != nil {
		return nil, err
	}
	defer p.client.release()
	return p.client.exchange(ctx, out, requests)
}
