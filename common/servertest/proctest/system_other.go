//go:build !unix

package proctest

import (
	"errors"
	"os"
)

// system is the level of this system.
const system = anySystem

func terminate(*os.Process) error { return errors.ErrUnsupported }
func interrupt(*os.Process) error { return errors.ErrUnsupported }
func suspend(*os.Process) error   { return errors.ErrUnsupported }
func resume(*os.Process) error    { return errors.ErrUnsupported }

func openPipe(string) (r, w *os.File, err error) { return nil, nil, errors.ErrUnsupported }
func fillPipe(string) error                      { return errors.ErrUnsupported }

func limitDescriptors(int) error { return errors.ErrUnsupported }
func takeDescriptors(int) error  { return errors.ErrUnsupported }
