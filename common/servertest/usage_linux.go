package servertest

import "os"

// usage returns the resources that this process holds.
func usage() (u resources) {
	u.descriptors = entries("/proc/self/fd")
	u.threads = entries("/proc/self/task")
	return u
}

func entries(dir string) int {
	list, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	return len(list)
}
