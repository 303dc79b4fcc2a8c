package intake

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Kept says whether a reference is resolved by the host when the program runs, so that the build leaves it alone.
func Kept(spec string) bool {
	return strings.HasPrefix(spec, "plugin://") || strings.HasPrefix(spec, "dynamic-plugin://")
}

// follower collects components as they are met.
type follower struct {
	l     *loader
	found map[string]*Component
	queue []string
	uses  int // named so far
}

// components follows usingComponents from the app and every page to all components in use.
func (l *loader) components() {
	l.p.Deps, l.p.Generics = map[string]map[string]string{}, map[string]map[string]string{}
	f := &follower{l: l, found: map[string]*Component{}}
	f.follow(l.at("app.json"), l.p.App.UsingComponents, nil)
	if stem := l.tabBar(); stem != "" {
		f.need(stem)
	}
	for _, page := range l.p.Pages {
		if page.Config != "" {
			uses, generics := l.configComponents(page.Config)
			f.follow(page.Config, uses, generics)
		}
	}
	for len(f.queue) > 0 {
		c := f.found[f.queue[0]]
		f.queue = f.queue[1:]
		l.checkComponent(c)
		if c.Config != "" {
			uses, generics := l.configComponents(c.Config)
			c.Uses = f.follow(c.Config, uses, generics)
		}
	}
	for _, name := range sortedKeys(f.found) {
		l.p.Components = append(l.p.Components, *f.found[name])
	}
	l.circles(f.found)
}

// follow notes what a configuration names and gives the paths of all of it.
func (f *follower) follow(config string, uses, generics map[string]string) []string {
	one, paths := f.resolve(config, uses)
	two, more := f.resolve(config, generics)
	f.l.p.Deps[config], f.l.p.Generics[config] = one, two
	paths = append(paths, more...)
	slices.Sort(paths)
	return slices.Compact(paths)
}

func (f *follower) resolve(config string, uses map[string]string) (resolved map[string]string, paths []string) {
	if f.uses += len(uses); f.uses > maxUses {
		beyond(&f.l.Report, config, 1, 1, "usingComponents of all files together", f.uses, maxUses)
		return nil, nil
	}
	resolved = make(map[string]string, len(uses))
	for _, name := range sortedKeys(uses) {
		spec := uses[name]
		if Kept(spec) {
			resolved[name] = spec
			continue
		}
		stem, ok := f.l.componentStem(config, spec)
		if !ok {
			f.l.missingComponent(config, name, spec)
			continue
		}
		out := f.need(stem)
		resolved[name] = "/" + out
		paths = append(paths, out)
	}
	return resolved, paths
}

func (f *follower) need(stem string) (out string) {
	out = f.l.p.OutPath(stem)
	if f.found[out] == nil {
		files := f.l.p.Stem(stem)
		f.found[out] = &Component{Path: out, Script: files.Script, Template: files.Template, Style: files.Style, Config: files.Config}
		f.queue = append(f.queue, out)
	}
	return out
}

func (l *loader) configComponents(file string) (uses, generics map[string]string) {
	if l.configs += len(l.p.Files[file]); l.configs > maxConfigs {
		l.Err("config-too-large", file, 1, 1, "Move data out of configuration files.", "The configuration of pages and components is larger than %s altogether.", BytesText(maxConfigs))
		return nil, nil
	}
	m, ok := readObject(&l.Report, file, l.p.Files[file], l.limits.MaxConfig)
	if !ok {
		return nil, nil
	}
	return componentsOf(&l.Report, file, l.p.Files[file], m), l.genericsOf(file, m)
}

// missingComponent weighs as much as a module that cannot be resolved: Build turns it into a warning when the target app
// allows what is unresolved.
func (l *loader) missingComponent(config, name, spec string) {
	line, column := lineOf(l.p.Files[config], spec)
	why := l.absent.Of("component", config, spec)
	l.add(Diagnostic{
		Severity: "error", Rule: "missing-component", File: config, Line: line, Column: column, Package: why.Package, Advice: why.Advice,
		Message: fmt.Sprintf("The component %s is declared as %q, where there are no files.", name, spec),
	})
}

func (l *loader) checkComponent(c *Component) {
	switch {
	case c.Script == "":
		l.Err("component-without-script", cmp.Or(c.Template, c.Config), 0, 0, "Add its script with Component({}).", "The component /%s has no script, so it would never be registered.", c.Path)
	case c.Template == "":
		l.Warn("component-without-template", c.Script, 0, 0, "Add its .axml file.", "The component /%s has no template and shows nothing.", c.Path)
	}
}

// componentStem finds where the files of a component lie, as a key of Files without extension.
func (l *loader) componentStem(config, spec string) (string, bool) {
	spec = strings.TrimSuffix(spec, ".axml")
	var candidates []string
	switch {
	case strings.HasPrefix(spec, "/"):
		candidates = append(candidates, l.at(spec))
	case strings.HasPrefix(spec, "./"), strings.HasPrefix(spec, "../"):
		candidates = append(candidates, path.Join(path.Dir(config), spec))
	default:
		candidates = append(candidates, path.Join(path.Dir(config), spec))
		for dir := path.Dir(config); ; dir = path.Dir(dir) {
			candidates = append(candidates, path.Join(dir, "node_modules", spec))
			if dir == "." {
				break
			}
		}
		candidates = append(candidates, l.at(spec))
	}
	for _, stem := range candidates {
		for _, s := range []string{stem, path.Join(stem, "index")} {
			f := l.p.Stem(s)
			if f.Template != "" || f.Script != "" && f.Config != "" {
				return s, true
			}
		}
	}
	// A script alone is a component only when nothing better is found: usually it is a page's helper of the same name.
	for _, stem := range candidates {
		for _, s := range []string{stem, path.Join(stem, "index")} {
			if l.p.Stem(s).Script != "" {
				return s, true
			}
		}
	}
	return "", false
}

// lineOfComponent finds where a configuration names a component, by the last part of its path, or else its components.
func lineOfComponent(src []byte, component string) (line, column int) {
	at := bytes.Index(src, []byte("usingComponents"))
	if last := bytes.LastIndex(src, []byte("/"+path.Base(component))); last > at {
		at = last
	}
	return Position(src, max(0, at))
}

// circles warns of components that contain each other; a component that contains itself, as in a tree, is ordinary.
func (l *loader) circles(found map[string]*Component) {
	const inProgress, done = 1, 2
	state, told := map[string]int{}, 0
	var trail []string
	var visit func(name string)
	visit = func(name string) {
		state[name] = inProgress
		trail = append(trail, name)
		for _, next := range found[name].Uses {
			switch {
			case next == name || state[next] == done:
			case state[next] == inProgress && told == maxCircles: // nobody reads more
			case state[next] == inProgress:
				told++
				circle := append(slices.Clone(trail[slices.Index(trail, next):]), next)
				config := found[name].Config
				line, column := lineOfComponent(l.p.Files[config], next)
				if more := len(circle) - maxCircle; more > 0 {
					circle = slices.Replace(circle, maxCircle, maxCircle+more, fmt.Sprintf("(%d more)", more))
				}
				l.Warn("circular-component", config, line, column, "Break the circle, or make sure a condition ends it.", "Components contain each other: /%s.", strings.Join(circle, " → /"))
			default:
				visit(next)
			}
		}
		trail = trail[:len(trail)-1]
		state[name] = done
	}
	for _, name := range sortedKeys(found) {
		if state[name] == 0 {
			visit(name)
		}
	}
}

// OutPath is where a file of the project lies in the built tree. Everything in the mini program's root keeps its path;
// packages of an outer node_modules move into the tree's, unless the root has its own copy of that very file.
func (p *Project) OutPath(name string) string {
	if p.Root == "" {
		return name
	}
	if inside, ok := strings.CutPrefix(name, p.Root+"/"); ok {
		return inside
	}
	if at := strings.Index("/"+name, "/node_modules/"); at >= 0 {
		inner := name[at:]
		if _, taken := p.Files[p.Root+"/"+inner]; !taken {
			return inner
		}
	}
	return "_outer/" + name
}
