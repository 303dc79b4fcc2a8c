package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"slipway/functions/internal/api/strict"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/local"
)

// maxRuntime bounds a file of settings as the API bounds a body that holds them.
const maxRuntime = 1 << 20

// readRuntime lays a file of settings over those of a new target app, as the API lays a change over the settings of an
// app: what the file names is replaced, and the rest stays.
func readRuntime(file string) (profile.Runtime, error) {
	runtime := profile.Default()
	if file == "" {
		return runtime, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return runtime, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRuntime+1))
	if err != nil {
		return runtime, err
	}
	if len(data) > maxRuntime {
		return runtime, fmt.Errorf("%s has more than %d bytes, which no settings need", file, maxRuntime)
	}
	err = strict.Decode(data, &runtime)
	if err == nil {
		err = fault.Fields(runtime.Validate())
	}
	var wrong *fault.Error
	if !errors.As(err, &wrong) {
		return runtime, err
	}
	if len(wrong.Fields) == 0 {
		return runtime, fmt.Errorf("%s: %s", file, wrong.Detail)
	}
	return runtime, fmt.Errorf("%s: %s", file, joined(wrong.Fields))
}

func joined(wrong []fault.Field) string {
	var list []string
	for _, w := range wrong {
		list = append(list, strings.TrimSpace(w.Field+" "+w.Detail))
	}
	return strings.Join(list, "; ")
}

// checkDomains holds the hosts of the flags against what a configuration takes: with one that nothing can match, a check
// would blame the project.
func (c *checking) checkDomains() error {
	wrong := local.WrongHosts(c.server, c.h5)
	if len(wrong) == 0 {
		return nil
	}
	flags := strings.NewReplacer("serverDomains", "--server-domains", "h5Domains", "--h5-domains")
	for i := range wrong {
		wrong[i].Field = flags.Replace(wrong[i].Field)
	}
	return errors.New(joined(wrong))
}
