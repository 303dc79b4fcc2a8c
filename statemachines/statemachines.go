// Package statemachines embeds the state machines as they are deployed, so that what runs on a laptop and in tests
// is byte for byte what runs on Step Functions.
package statemachines

import _ "embed"

// Release is the life of a release, from build to everyone.
//
//go:embed release.asl.json
var Release []byte

// Removal is a force removal: review, then nothing is served any more.
//
//go:embed removal.asl.json
var Removal []byte

// Offline takes a mini program offline from one target.
//
//go:embed offline.asl.json
var Offline []byte

// All gives every machine by the name under which package release's Workflow port starts it.
func All() map[string][]byte {
	return map[string][]byte{"release": Release, "removal": Removal, "offline": Offline}
}
