package compat

import (
	"fmt"
	"path"
	"strings"

	"slipway/functions/internal/build/axml"
	"slipway/functions/internal/compat/script"
)

// templates judges the template of every page and component.
func (t *test) templates() {
	seen := map[string]bool{}
	for _, u := range t.project.units {
		if u.template == "" || seen[u.template] {
			continue
		}
		if seen[u.template] = true; !t.begin(u.template) {
			continue
		}
		doc, problems := axml.Parse(u.template, t.p.Files[u.template])
		for _, p := range problems {
			severity := Warn
			if p.Severity == axml.Error {
				severity = Fail
			}
			t.say(severity, p.Rule, u.template, script.Pos{Line: p.Line, Column: p.Column}, nil, sentence(p.Advice), "%s", sentence(p.Message))
		}
		t.handlers(u, doc)
		for _, e := range doc.Elements {
			t.element(u, e)
		}
		for _, r := range doc.References() {
			t.reference(u, r)
		}
	}
}

// sentence makes one of a parser's lower-case clause.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func place(p axml.Position) script.Pos { return script.Pos{Line: p.Line, Column: p.Column} }

// handlers compares what a template calls with what its script defines, as far as that is known.
func (t *test) handlers(u *unit, doc *axml.Document) {
	s := t.project.scripts[u.script]
	if s == nil {
		return
	}
	kind := "Page"
	if u.component {
		kind = "Component"
	}
	methods := map[string]bool{}
	defined := false
	for _, d := range s.Definitions {
		if d.Open || d.Kind == "Mixin" {
			return
		}
		if d.Kind != kind {
			continue
		}
		defined = true
		for name := range d.Methods {
			methods[name] = true
		}
	}
	if !defined {
		return // defined by a function of another module
	}
	for _, h := range doc.Handlers() {
		if h.Method != "" && !methods[h.Method] {
			t.say(Warn, "handler-missing", u.template, place(h.Attr.Pos), nil, "Add the method to "+u.script+", or correct the name.",
				"%s names the method %s, which %s(…) does not have.", h.Attr.Name, h.Method, kind)
		}
	}
}

func (t *test) element(u *unit, e *axml.Element) {
	name := e.Name
	if _, own := u.components[name]; !own && !t.ownComponent(name) && !t.catalogue.Component(name) {
		advice := "Declare it in usingComponents, or correct the name."
		if t.found.full("component-unknown", u.template) {
			advice = ""
		} else if near := t.catalogue.NearestComponent(name); near != "" {
			advice = "Is <" + near + "> meant? " + advice
		}
		t.say(Warn, "component-unknown", u.template, place(e.Pos), nil, advice, "<%s> is neither a component of the base library nor declared.", name)
	}
	for _, a := range e.Attrs {
		if !t.dialect(u, a) {
			t.attribute(u, e, a)
		}
	}
	switch name {
	case "image", "cover-image":
		t.image(u.template, e, "src")
	case "navigator":
		if a, ok := e.Attr("url"); ok {
			head, _, computed := strings.Cut(a.Value, "{{")
			t.target(u.template, place(a.ValuePos), head, !computed, "<navigator>")
		}
	case "web-view":
		t.webView(u, e)
	}
}

func (t *test) ownComponent(name string) bool {
	_, ok := t.project.app.components[name]
	return ok
}

// attribute compares an attribute with what the base library's component takes. What is merely not known weighs nothing,
// because lists are never complete; what is like a known name is a slip of the pen.
func (t *test) attribute(u *unit, e *axml.Element, a axml.Attr) {
	if _, own := u.components[e.Name]; own || t.ownComponent(e.Name) || t.catalogue.Attribute(e.Name, a.Name) {
		return
	}
	const rule = "attribute-unknown"
	if t.found.full(rule, u.template) {
		return
	}
	if near := t.catalogue.NearestAttribute(e.Name, a.Name); near != "" {
		t.say(Warn, rule, u.template, place(a.Pos), nil, "Is "+near+" meant? Correct the name, or remove the attribute.", "<%s> has no attribute %s in any known base library, and passes over it in silence.", e.Name, a.Name)
		return
	}
	t.say(Info, rule, u.template, place(a.Pos), nil, "Remove it if it does nothing.", "The attribute %s of <%s> is in no known base library.", a.Name, e.Name)
}

// dialect finds attributes of WeChat's templates, which this runtime passes over in silence.
func (t *test) dialect(u *unit, a axml.Attr) bool {
	var instead string
	switch {
	case strings.HasPrefix(a.Name, "wx:"):
		instead = "a:" + strings.TrimPrefix(a.Name, "wx:")
	case a.Name == "bindtap" || strings.HasPrefix(a.Name, "bind:"):
		instead = "onTap"
		if event := strings.TrimPrefix(a.Name, "bind:"); event != a.Name && event != "" {
			instead = "on" + strings.ToUpper(event[:1]) + event[1:]
		}
	case a.Name == "catchtap" || strings.HasPrefix(a.Name, "catch:"):
		instead = "catchTap"
	default:
		return false
	}
	t.say(Warn, "foreign-attribute", u.template, place(a.Pos), nil, "Write "+instead+".", "%s is WeChat's and does nothing here.", a.Name)
	return true
}

// image checks a picture that is named literally.
func (t *test) image(file string, e *axml.Element, attr string) {
	a, ok := e.Attr(attr)
	if !ok || a.Value == "" || axml.Dynamic(a.Value) {
		return
	}
	t.picture(file, place(a.ValuePos), a.Value)
}

// picture checks the address of an image in a template or a style.
func (t *test) picture(file string, at script.Pos, address string) {
	u, host := hostOf(script.Text{Value: address, Complete: true})
	switch {
	case strings.HasPrefix(address, "data:"), strings.HasPrefix(address, "@"): // a variable of less, which only the build knows
	case strings.HasPrefix(address, "//"):
		t.say(Warn, "image-address", file, at, nil, "Write https: before it.", "The image %s has no scheme.", address)
	case u != nil && host != "":
		if private(host) {
			t.say(Warn, "url-private", file, at, nil, "Use a public https host.", "The image of %s is one that no phone of a user can reach.", host)
		} else if u.Scheme == "http" {
			t.say(Warn, "url-plain", file, at, nil, "Use https.", "The image of %s is fetched over plain http.", host)
		}
	case u != nil:
	case t.in.Project.Files[t.local(file, address)] == nil:
		t.say(Warn, "image-missing", file, at, nil, "Add the file, or correct the path.", "The image %s is not in the project.", address)
	}
}

// local is the file that a path in another file means.
func (t *test) local(from, address string) string {
	address, _, _ = strings.Cut(address, "?")
	if to, ok := t.p.Aliased(from, address); ok && path.Ext(from) != ".axml" { // pictures in templates know no aliases
		return to
	}
	if strings.HasPrefix(address, "/") {
		return t.project.rooted(address)
	}
	return path.Join(path.Dir(from), address)
}

func (t *test) webView(u *unit, e *axml.Element) {
	a, ok := e.Attr("src")
	if !ok || a.Value == "" {
		return
	}
	head, _, computed := strings.Cut(a.Value, "{{")
	address, host := hostOf(script.Text{Value: head, Complete: !computed})
	at := place(a.ValuePos)
	switch {
	case address == nil || host == "":
	case private(host):
		t.say(Fail, "url-private", u.template, at, nil, "Use a public https host.", "<web-view> shows %s, which no phone of a user can reach.", host)
	case address.Scheme != "https":
		t.say(Fail, "url-plain", u.template, at, nil, "Use https.", "<web-view> shows %s over plain %s, which is refused.", host, address.Scheme)
	case t.in.H5Domains == nil:
		t.say(Warn, "host-not-listed", u.template, at, nil, "Add it to the H5 domains of the configuration.", "<web-view> shows %s, and no H5 domains are configured yet.", host)
	case !listed(address, t.in.H5Domains):
		t.say(Fail, "host-not-listed", u.template, at, nil, "Add it to the H5 domains of the configuration.", "<web-view> shows %s, which is not among the H5 domains, so that it is refused.", host)
	}
}

func (t *test) reference(u *unit, r axml.Reference) {
	if r.Src == "" {
		t.say(Fail, "template-reference", u.template, place(r.Pos), nil, "Name the file.", "<%s> names no file.", r.Kind)
		return
	}
	if axml.Dynamic(r.Src) {
		t.say(Warn, "template-reference", u.template, place(r.Pos), nil, "Write the path out.", "<%s> computes its file, which is not possible.", r.Kind)
		return
	}
	base := t.local(u.template, r.Src)
	if to, ok := t.p.Aliased(u.template, r.Src); ok {
		base = to
	}
	for _, extension := range []string{"", ".axml", ".sjs", ".wxml"} {
		if _, ok := t.p.Files[base+extension]; ok {
			if path.Ext(base+extension) == ".sjs" {
				t.helper(u.template, base+extension)
			}
			return
		}
	}
	if !strings.HasPrefix(r.Src, ".") && !strings.HasPrefix(r.Src, "/") && t.project.moduleIn(u.template, r.Src) {
		return
	}
	t.say(Fail, "template-reference", u.template, place(r.Pos), nil, "Add the file, or correct the path.", "%s", fmt.Sprintf("<%s> names %s, which is not in the project.", r.Kind, r.Src))
}
