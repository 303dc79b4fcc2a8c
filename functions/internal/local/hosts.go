package local

import (
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
)

// WrongHosts is what the configuration of a mini program would not take of these hosts, for the check of a project that
// has no mini program yet.
func WrongHosts(server, h5 []string) []fault.Field {
	return catalog.Configuration{ServerDomains: server, H5Domains: h5}.Validate("", false)
}
