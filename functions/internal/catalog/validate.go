package catalog

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"slipway/functions/internal/fault"
)

// Bounds of what merchants and super apps may set (spec 1.1, 1.2, where it names them).
const (
	maxLanguages     = 30
	maxDomains       = 100
	maxTesters       = 100
	maxVariables     = 50
	maxVariableValue = 1024     // characters
	maxVariableBytes = 32 << 10 // of all values as JSON: a release is kept in one record, with what was applied for
	leastDays        = 1
	mostDays         = 30
)

// ValidateInformation names everything wrong with a mini program's information: one complete set per language, the
// default language among them. The logo may be empty until it has been uploaded.
func ValidateInformation(path string, information map[string]Information, defaultLanguage string) []fault.Field {
	var out []fault.Field
	if _, ok := information[defaultLanguage]; !ok {
		out = append(out, wrong(path, "has nothing in the default language %s; add %s.%s", show(defaultLanguage), path, defaultLanguage)...)
	}
	if len(information) > maxLanguages {
		out = append(out, wrong(path, "has %d languages; at most %d are allowed", len(information), maxLanguages)...)
	}
	for _, language := range slices.Sorted(maps.Keys(information)) {
		at := path + "." + language
		if bad := Language(at, language); bad != nil {
			out = append(out, bad...)
			continue
		}
		out = append(out, information[language].validate(at)...)
	}
	return out
}

func (i Information) validate(path string) []fault.Field {
	out := slices.Concat(
		text(path+".name", i.Name, 3, 30, false),
		text(path+".tagline", i.Tagline, 10, 30, false),
		text(path+".description", i.Description, 20, 200, true),
		text(path+".category", i.Category, 1, 64, false),
	)
	if i.Logo != "" && !tokenPattern.MatchString(i.Logo) {
		out = append(out, wrong(path+".logo", "is not the id of an uploaded image")...)
	}
	if !phonePattern.MatchString(i.ServicePhone) {
		out = append(out, wrong(path+".servicePhone", "is %s; a telephone number such as +65 6123 4567 is expected", show(i.ServicePhone))...)
	}
	return append(out, ValidateEmail(path+".serviceEmail", i.ServiceEmail)...)
}

// Validate names everything wrong with a configuration; releaseSpecific ones may have environment variables. With an
// empty path the configuration is the whole document.
func (c Configuration) Validate(path string, releaseSpecific bool) []fault.Field {
	if path != "" {
		path += "."
	}
	out := slices.Concat(
		domains(path+"serverDomains", c.ServerDomains),
		domains(path+"h5Domains", c.H5Domains),
		identifier(path+"clientId", c.ClientID),
		identifier(path+"merchantId", c.MerchantID),
		ValidateTesters(path+"testers", c.Testers),
	)
	if c.EnvironmentVariables != nil && !releaseSpecific {
		return append(out, wrong(path+"environmentVariables", "belongs to a release; set it in the configuration of one")...)
	}
	return append(out, variables(path+"environmentVariables", c.EnvironmentVariables)...)
}

func domains(path string, list []string) []fault.Field {
	if len(list) > maxDomains {
		return wrong(path, "has %d entries; at most %d are allowed", len(list), maxDomains)
	}
	var out []fault.Field
	seen := map[string]int{}
	for i, d := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		host, ok := hostOf(d)
		if !ok {
			out = append(out, wrong(at, "is %s; an https host is expected, for example api.example.com: no http, no path, no wildcard, no IP address", show(d))...)
			continue
		}
		if first, again := seen[host]; again {
			out = append(out, wrong(at, "is the same host as entry %d; list it once", first)...)
			continue
		}
		seen[host] = i
	}
	return out
}

func identifier(path, s string) []fault.Field {
	if s == "" || len(s) <= 64 && tokenPattern.MatchString(s) {
		return nil
	}
	return wrong(path, "is %s; at most 64 letters, digits and signs without blanks are allowed", show(s))
}

// ValidateTesters names everything wrong with a list of testers: user ids of the super app.
func ValidateTesters(path string, users []string) []fault.Field {
	if len(users) > maxTesters {
		return wrong(path, "has %d entries; at most %d are allowed", len(users), maxTesters)
	}
	var out []fault.Field
	seen := map[string]int{}
	for i, u := range users {
		at := fmt.Sprintf("%s[%d]", path, i)
		first, again := seen[u]
		switch {
		case !tokenPattern.MatchString(u):
			out = append(out, wrong(at, "is %s; a user id of the super app has 1 to 128 letters, digits and signs without blanks", show(u))...)
		case again:
			out = append(out, wrong(at, "is the same as entry %d; list everybody once", first)...)
		default:
			seen[u] = i
		}
	}
	return out
}

func variables(path string, vars map[string]string) []fault.Field {
	if len(vars) > maxVariables {
		return wrong(path, "has %d entries; at most %d are allowed", len(vars), maxVariables)
	}
	var out []fault.Field
	if n := size(vars); n > maxVariableBytes {
		out = wrong(path, "has %d bytes of values; at most %d are allowed together", n, maxVariableBytes)
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if !variablePattern.MatchString(name) {
			out = append(out, wrong(path, "has the name %s; names have 1 to 64 letters, digits and _, no digit first, for example API_BASE", show(name))...)
			continue
		}
		if n := utf8.RuneCountInString(vars[name]); n > maxVariableValue {
			out = append(out, wrong(path+"."+name, "has %d characters; at most %d are allowed", n, maxVariableValue)...)
		}
	}
	return out
}

// size is how many bytes the values take as JSON, in which a sign of one byte may take six.
func size(vars map[string]string) (n int) {
	for _, v := range vars {
		quoted, _ := json.Marshal(v) // strings cannot fail to encode
		n += len(quoted)
	}
	return n
}
