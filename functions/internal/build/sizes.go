package build

import (
	"path"

	"slipway/functions/internal/build/intake"
)

// pageSizes adds up what each page needs when it is opened first, app included.
func (t *tree) pageSizes() []PageSize {
	components := map[string]intake.Component{}
	for _, c := range t.p.Components {
		components[c.Path] = c
	}
	app := t.p.Stem(path.Join(t.p.Root, "app"))
	var list []PageSize
	for _, page := range t.p.Pages {
		w := weigher{t: t, components: components, seen: map[string]bool{}}
		w.part(page.Script, page.Template, page.Style, page.Config)
		own := w.sum
		w.modules(page.Script)
		w.uses(page.Config)
		w.part(app.Script, "", app.Style, path.Join(t.p.Root, "app.json"))
		w.modules(app.Script)
		w.uses(path.Join(t.p.Root, "app.json"))
		w.component(t.p.OutPath(t.p.TabBar), map[string]bool{})
		list = append(list, PageSize{Path: page.Path, SubPackage: page.SubPackage, Own: own, Total: w.sum})
	}
	return list
}

// weigher sums files of the built tree, each once.
type weigher struct {
	t          *tree
	components map[string]intake.Component
	seen       map[string]bool
	sum        int64
}

func (w *weigher) add(out string) {
	if !w.seen[out] {
		w.seen[out] = true
		w.sum += int64(len(w.t.files[out]))
	}
}

func (w *weigher) part(script, template, style, config string) {
	if script != "" {
		w.add(scriptPath(w.t.p, script))
	}
	if style != "" {
		w.add(stylePath(w.t.p, style))
	}
	for _, file := range []string{template, config} {
		if file != "" {
			w.add(w.t.p.OutPath(file))
		}
	}
}

func (w *weigher) modules(script string) {
	queue := []string{script}
	visited := map[string]bool{script: true}
	for len(queue) > 0 {
		file := queue[0]
		queue = queue[1:]
		if file != "" {
			w.add(scriptPath(w.t.p, file))
		}
		for _, next := range w.t.scripts.imports[file] {
			if !visited[next] {
				visited[next] = true
				queue = append(queue, next)
			}
		}
	}
}

func (w *weigher) uses(config string) {
	for _, uses := range []map[string]string{w.t.p.Deps[config], w.t.p.Generics[config]} {
		for _, name := range sortedKeys(uses) {
			w.component(uses[name], map[string]bool{})
		}
	}
}

func (w *weigher) component(ref string, visited map[string]bool) {
	if len(ref) > 0 && ref[0] == '/' {
		ref = ref[1:]
	}
	c, known := w.components[ref]
	if !known || visited[ref] {
		return
	}
	visited[ref] = true
	w.part(c.Script, c.Template, c.Style, c.Config)
	w.modules(c.Script)
	for _, next := range c.Uses {
		w.component(next, visited)
	}
}
