package isolate

import (
	"os/exec"
	"syscall"
)

// bind makes a process end with this one, however this one ends. Go keeps the threads that it starts processes from.
func bind(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
