// Package kvpb is the protocol's one message, generated from kv.proto by
// "make generate". Everything in it but this comment is generated.
//
// It is the schema's form for people and for tests. What the message means
// (which kinds there are, what a reply holds) is package kv's business; how it
// is framed on the wire is package frame's.
package kvpb
