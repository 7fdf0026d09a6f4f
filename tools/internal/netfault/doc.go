// Package netfault tests the models where the network fails: packets are lost,
// nothing gets through for a while, a client's machine is gone. That takes a
// network of the test's own, which scripts/netns.sh makes, on Linux; anywhere
// else the tests are skipped.
package netfault
