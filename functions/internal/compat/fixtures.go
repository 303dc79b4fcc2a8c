package compat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"slipway/functions/internal/compat/profile"
)

// FixturesFile lies beside app.json, or at the top of the project, and says what the run answers to this mini program. It
// has the form of a target app's fixtures and never gets into the package.
const FixturesFile = "slipway.fixtures.json"

// extFile is the host's own way to give a mini program settings of its operator.
const extFile = "ext.json"

// ownFixtures reads what the project brings; what is wrong with it is a finding, and then nothing of it is used.
func (in Input) ownFixtures() (own profile.Fixtures, brought bool, wrong []Finding) {
	file, data := in.besides(FixturesFile)
	if data == nil {
		return own, false, nil
	}
	say := func(format string, args ...any) {
		wrong = append(wrong, Finding{
			Severity: Warn, Rule: "fixtures-wrong", File: file, Message: fmt.Sprintf(format, args...),
			Advice: "Correct it: an object of replies, queries, storage and ext is expected. Until then nothing of it is used.",
		})
	}
	strict := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&own); err != nil {
		say("The fixtures cannot be read: %s.", strings.TrimPrefix(err.Error(), "json: "))
		return profile.Fixtures{}, false, wrong
	}
	for _, f := range own.Validate() {
		if len(wrong) < maxRuleFindings {
			say("%s %s.", f.Field, f.Detail)
		}
	}
	if wrong != nil {
		return profile.Fixtures{}, false, wrong
	}
	return own, true, nil
}

// besides finds a file beside app.json, or at the project's top.
func (in Input) besides(name string) (file string, data []byte) {
	for _, file := range []string{path.Join(in.Project.Root, name), name} {
		if data, ok := in.Project.Files[file]; ok {
			return file, data
		}
	}
	return "", nil
}

// withFixtures lays what the project brings over what the target app answers to everybody: merchants know their servers
// better. The findings are about the project's file.
func (in Input) withFixtures() (Input, []Finding) {
	f := &in.Runtime.Fixtures
	if _, data := in.besides(extFile); data != nil && f.Ext == nil {
		var e struct {
			Ext json.RawMessage `json:"ext"`
		}
		if json.Unmarshal(data, &e) == nil { // what is wrong with it is the host's to say
			f.Ext = e.Ext
		}
	}
	own, brought, wrong := in.ownFixtures()
	if !brought {
		return in, wrong
	}
	f.Replies = slices.Concat(own.Replies, f.Replies) // the first that fits is taken
	f.Queries, f.Storage = over(f.Queries, own.Queries), over(f.Storage, own.Storage)
	if own.Ext != nil {
		f.Ext = own.Ext
	}
	return in, nil
}

func over[V any](base, more map[string]V) map[string]V {
	all := maps.Clone(base)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, more)
	return all
}
