//go:build faults

package job

import (
	"fmt"
	"os"
)

// fault kills this process, as kill -9 does, at the point that the environment
// variable PREAMP_FAULT names: "<kind>:<step>:<point>", where point is before,
// env or after. It is how crash tests reach every step of every job.
func fault(kind, step, point string) {
	if os.Getenv("PREAMP_FAULT") != kind+":"+step+":"+point {
		return
	}
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		panic(fmt.Sprintf("PREAMP_FAULT: %v", err))
	}
	select {} // nothing more happens in this goroutine
}
