// Package kvpb is the protocol's only message, generated from kv.proto by
// "make generate". Only this comment is written by hand.
//
// It is the message for people and for tests. Package kv defines its meaning
// (the kinds, the contents of a reply), and package frame its framing on the
// wire.
package kvpb
