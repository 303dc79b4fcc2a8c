package compat

import (
	"path"
	"strings"

	"slipway/functions/internal/compat/script"
)

// logicOnly are names that scripts of the program have and helpers of templates have not: a .sjs file runs beside the
// template, apart from the program (https://opendocs.alipay.com/mini/framework/sjs: "isolated", "cannot call APIs").
var logicOnly = map[string]bool{"App": true, "Page": true, "Component": true, "Behavior": true, "Mixin": true, "getApp": true, "getCurrentPages": true}

// helper judges a .sjs file that a template imports, and the files which that imports.
func (t *test) helper(template, file string) {
	queue := []string{file}
	for len(queue) > 0 {
		file, queue = queue[0], queue[1:]
		fresh := false
		for page := range t.project.serves[template] {
			fresh = t.project.mark(file, page) || fresh
		}
		if !fresh {
			continue
		}
		s := t.project.read(file)
		if s == nil {
			continue
		}
		t.isolated(file, s)
		for _, i := range s.Imports {
			next := path.Join(path.Dir(file), i.Specifier)
			if strings.HasPrefix(i.Specifier, "/") {
				next = t.project.rooted(i.Specifier)
			}
			if _, ok := t.p.Files[next]; ok && path.Ext(next) == ".sjs" {
				queue = append(queue, next)
			}
		}
	}
}

func (t *test) isolated(file string, s *script.Script) {
	const advice = "Do it in the page's script, and give the result to the template with setData."
	for _, use := range s.APIs {
		if !use.Guarded {
			t.say(Fail, "sjs-isolated", file, use.Pos, nil, advice, "A .sjs file cannot use my.%s: it runs beside the template, apart from the program.", use.Name)
		}
	}
	for _, use := range s.Globals {
		if _, browser := forbidden[use.Name]; !use.Guarded && (browser || logicOnly[use.Name]) {
			t.say(Fail, "sjs-isolated", file, use.Pos, nil, advice, "A .sjs file has no %s: it runs beside the template, apart from the program.", use.Name)
		}
	}
}
