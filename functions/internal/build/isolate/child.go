package isolate

import (
	"context"
	"os"
	"os/exec"
)

// Command is a process that handles what strangers wrote. Nothing of ours reaches it, neither credentials nor settings, and
// the clock of its scripts reads the same on every machine; where the system can do it, it ends with this process, and
// a key pressed at the terminal, or a signal to all of a CI job, reaches this process alone, which then says why it stops.
func Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"TZ=UTC"}
	cmd.Dir = os.TempDir()
	bind(cmd)
	return cmd
}
