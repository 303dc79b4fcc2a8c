package api

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// UpdateMiniProgram answers PATCH /v1/mini-programs/{id}: per language the fields that are named change; null removes
// a language. Type and default language never change.
func UpdateMiniProgram(t store.Table) Handler {
	return Serve(t, Operations{"updateMiniProgram": func(ctx context.Context, c *Call) (Answer, error) {
		var in struct {
			Information map[string]*informationChange `json:"information"`
			EntranceURL *string                       `json:"entranceUrl"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		return c.change(ctx, t, "update_mini_program", func(m *catalog.MiniProgram) (store.Event, []store.Write, error) {
			before := *m
			m.Information = maps.Clone(m.Information)
			for language, change := range in.Information {
				if change == nil {
					delete(m.Information, language)
					continue
				}
				m.Information[language] = change.over(m.Information[language])
			}
			if in.EntranceURL != nil {
				m.EntranceURL = *in.EntranceURL
			}
			wrong := append(catalog.ValidateInformation("information", m.Information, m.DefaultLanguage), entrance(m.Type, m.EntranceURL)...)
			return updated(before, *m), nil, fault.Fields(wrong)
		})
	}})
}

// informationChange names the fields of one language that change.
type informationChange struct {
	Name         *string `json:"name"`
	Tagline      *string `json:"tagline"`
	Description  *string `json:"description"`
	Logo         *string `json:"logo"`
	Category     *string `json:"category"`
	ServicePhone *string `json:"servicePhone"`
	ServiceEmail *string `json:"serviceEmail"`
}

func (p informationChange) over(i catalog.Information) catalog.Information {
	for _, f := range []struct {
		to   *string
		from *string
	}{
		{&i.Name, p.Name}, {&i.Tagline, p.Tagline}, {&i.Description, p.Description}, {&i.Logo, p.Logo},
		{&i.Category, p.Category}, {&i.ServicePhone, p.ServicePhone}, {&i.ServiceEmail, p.ServiceEmail},
	} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	return i
}

// updated tells for the history which languages changed, and the name.
func updated(before, after catalog.MiniProgram) store.Event {
	var changed []string
	for _, language := range slices.Sorted(maps.Keys(after.Information)) {
		if old, ok := before.Information[language]; !ok || old != after.Information[language] {
			changed = append(changed, language)
		}
	}
	for _, language := range slices.Sorted(maps.Keys(before.Information)) {
		if _, ok := after.Information[language]; !ok {
			changed = append(changed, "-"+language)
		}
	}
	if before.EntranceURL != after.EntranceURL {
		changed = append(changed, "entranceUrl "+after.EntranceURL)
	}
	return store.Event{Before: before.Name(), After: after.Name(), Detail: strings.Join(changed, ", ")}
}

// ConfigureMiniProgram answers PUT /v1/mini-programs/{id}/configuration: the global configuration as a whole.
// Releases that were applied for keep the snapshot that was frozen.
func ConfigureMiniProgram(t store.Table) Handler {
	return Serve(t, Operations{"configureMiniProgram": func(ctx context.Context, c *Call) (Answer, error) {
		var in catalog.Configuration
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		return c.change(ctx, t, "configure_mini_program", func(m *catalog.MiniProgram) (store.Event, []store.Write, error) {
			if err := fault.Fields(in.Validate("", false)); err != nil {
				return store.Event{}, nil, err
			}
			said := store.Event{Before: digestOf(m.Configuration), After: digestOf(in), Detail: different(m.Configuration, in)}
			m.Configuration = in
			return said, nil, nil
		})
	}})
}

// different lists the fields in which two configurations differ; a history of whole domain lists would not be read.
func different(a, b catalog.Configuration) string {
	var out []string
	for _, f := range []struct {
		name string
		same bool
	}{
		{"serverDomains", slices.Equal(a.ServerDomains, b.ServerDomains)}, {"h5Domains", slices.Equal(a.H5Domains, b.H5Domains)},
		{"clientId", a.ClientID == b.ClientID}, {"merchantId", a.MerchantID == b.MerchantID}, {"testers", slices.Equal(a.Testers, b.Testers)},
	} {
		if !f.same {
			out = append(out, f.name)
		}
	}
	return strings.Join(out, ", ")
}

// digestOf tells two states apart in a history without repeating them.
func digestOf(c catalog.Configuration) string {
	data, err := json.Marshal(c)
	if err != nil { // plain data: this cannot happen
		panic(err)
	}
	return "sha256:" + sha256Hex(string(data))[:16]
}
