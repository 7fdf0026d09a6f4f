// Package netfault tests the models on a failing network: packets are lost,
// nothing gets through for some time, a client's machine is gone. It also tests the
// load generator on several machines. The tests need a network of their own, which scripts/netns.sh makes on Linux;
// elsewhere they are skipped.
package netfault
