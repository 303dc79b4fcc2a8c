package less

import (
	"path"
)

// Most of what a sheet imports is a theme: hundreds of variables, of which it names ten, and rules that it imports for
// reference only. less.js parses, copies and evaluates them all, anew for every sheet. So it is given imported files with
// spaces in place of the variables that nothing names, and of plain rules that nothing could show. That is the same only
// where what is left out can have no fault: numbers, colours, words, and other such variables. Everything else stays. A
// sheet that has a fault is compiled again with everything in its place, so that the fault is told as less.js tells it.

// without gives what a sheet imports, by file, without what it does not need; nil when that cannot be told.
func (c *Compiler) without(file, src string) map[string]string {
	texts, outlines := map[string]string{file: src}, map[string]*outline{}
	shown, extends := map[string]bool{file: true}, false
	for queue := []string{file}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		o := c.outline(texts[at])
		if o.opaque {
			return nil
		}
		outlines[at], extends = o, extends || o.extends
		for _, i := range o.imports {
			to, text, ok := c.find(i.name, path.Dir(at)+"/")
			if !ok {
				continue
			}
			shown[to] = shown[to] || !i.reference
			if _, known := texts[to]; !known {
				texts[to] = text
				queue = append(queue, to)
			}
		}
	}
	needed := needs(file, outlines)
	for name, o := range outlines {
		var spare []span
		for _, v := range o.variables {
			if !needed[v.name] {
				spare = append(spare, v.span)
			}
		}
		if !shown[name] && !extends {
			spare = append(spare, o.blocks...)
		}
		texts[name] = spaced(texts[name], spare)
	}
	delete(texts, file)
	return texts
}

// outline remembers what it has read.
func (c *Compiler) outline(src string) *outline {
	if o, ok := c.outlines.Load(src); ok {
		return o.(*outline)
	}
	o := outlined(src)
	c.outlines.Store(src, o)
	return o
}

// needs gives the names of all variables that have to stay: those that something names, those of the sheet itself, those
// whose value might have a fault, and what the values of all these name.
func needs(sheet string, outlines map[string]*outline) map[string]bool {
	k := &known{one: map[string]*variable{}, often: map[string]bool{}, sound: map[string]bool{}}
	needed := map[string]bool{}
	for file, o := range outlines {
		for _, name := range o.names {
			needed[name] = true
		}
		for _, name := range o.declared {
			k.often[name] = true
		}
		for i := range o.variables {
			v := &o.variables[i]
			k.often[v.name] = k.often[v.name] || k.one[v.name] != nil
			k.one[v.name] = v
			if file == sheet {
				needed[v.name] = true
			}
		}
	}
	var queue []*variable
	for _, o := range outlines {
		for i := range o.variables {
			if v := &o.variables[i]; needed[v.name] || k.often[v.name] || !k.isSound(v.name) {
				queue = append(queue, v)
			}
		}
	}
	for len(queue) > 0 {
		v := queue[0]
		queue = queue[1:]
		needed[v.name] = true
		for _, name := range v.names {
			if next := k.one[name]; next != nil && !needed[name] {
				needed[name] = true
				queue = append(queue, next)
			}
		}
	}
	return needed
}

// known is what is known of the variables of a sheet and its imports.
type known struct {
	one   map[string]*variable
	often map[string]bool // declared more than once, so that it may be another than it seems
	sound map[string]bool
}

// isSound says whether a variable has a value without a fault. One that needs itself has none.
func (k *known) isSound(name string) bool {
	if sound, asked := k.sound[name]; asked {
		return sound
	}
	k.sound[name] = false
	v := k.one[name]
	if v == nil || k.often[name] {
		return false
	}
	for _, other := range v.names {
		if !k.isSound(other) {
			return false
		}
	}
	for _, other := range v.numbers {
		if k.kindOf(other) != number {
			return false
		}
	}
	for _, other := range v.colours {
		if k.kindOf(other) != colour {
			return false
		}
	}
	k.sound[name] = true
	return true
}

// kindOf is what a sound variable is.
func (k *known) kindOf(name string) kind {
	v := k.one[name]
	for v.kind == same {
		v = k.one[v.names[0]]
	}
	return v.kind
}

// spaced gives a text with spaces in some places. Lines stay.
func spaced(text string, places []span) string {
	if len(places) == 0 {
		return text
	}
	out := []byte(text)
	for _, s := range places {
		for i := s.from; i < s.to; i++ {
			if out[i] != '\n' && out[i] != '\r' {
				out[i] = ' '
			}
		}
	}
	return string(out)
}
