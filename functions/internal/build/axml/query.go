package axml

import (
	"slices"
	"strings"
)

// Reference is another file that a template names.
type Reference struct {
	Kind string // "import" (templates), "include" (markup) or "import-sjs" (script)
	Src  string // as written
	Name string // import-sjs: the name it is given
	Pos  Position
	At   Position // of Src
}

// srcAttr is where each kind keeps its path; import-sjs is the only one that says "from".
var srcAttr = map[string]string{"import": "src", "include": "src", "import-sjs": "from"}

// References lists imports, includes and import-sjs in document order. Src is "" where it is missing.
func (d *Document) References() []Reference {
	var refs []Reference
	for _, e := range d.Elements {
		attr, ok := srcAttr[e.Name]
		if !ok {
			continue
		}
		a, _ := e.Attr(attr)
		if e.Name == "import-sjs" && a.Value == "" {
			a, _ = e.Attr("src") // accepted by older compilers
		}
		r := Reference{Kind: e.Name, Src: a.Value, Pos: e.Pos, At: a.ValuePos}
		if r.Kind == "import-sjs" {
			r.Name = e.Value("name")
		}
		refs = append(refs, r)
	}
	return refs
}

// Handler is an attribute that names a method for an event.
type Handler struct {
	Element *Element
	Attr    Attr
	Event   string // "Tap" for onTap and catchTap
	Catch   bool   // catchTap: the event does not bubble
	Method  string // "" when Dynamic
	Dynamic bool   // the method is computed with {{ }}
}

// Handlers lists onX and catchX attributes in document order. On a custom component such an attribute may also pass a
// function as a property; it names a method of the page all the same.
func (d *Document) Handlers() []Handler {
	var handlers []Handler
	for _, e := range d.Elements {
		for _, a := range e.Attrs {
			event, catch := strings.CutPrefix(a.Name, "catch")
			if !catch {
				var on bool
				if event, on = strings.CutPrefix(a.Name, "on"); !on {
					continue
				}
			}
			if event == "" || event[0] < 'A' || event[0] > 'Z' {
				continue
			}
			h := Handler{Element: e, Attr: a, Event: event, Catch: catch, Dynamic: Dynamic(a.Value)}
			if !h.Dynamic {
				h.Method = strings.TrimSpace(a.Value)
			}
			handlers = append(handlers, h)
		}
	}
	return handlers
}

// Tags lists the names of all elements, sorted, each once.
func (d *Document) Tags() []string {
	seen := map[string]bool{}
	var tags []string
	for _, e := range d.Elements {
		if !seen[e.Name] {
			seen[e.Name] = true
			tags = append(tags, e.Name)
		}
	}
	slices.Sort(tags)
	return tags
}
