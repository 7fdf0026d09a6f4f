// Package iouring has the kernel serve its clients.
package iouring
