package script

import (
	"reflect"
	"sync"

	"github.com/dop251/goja/ast"
)

var (
	nodeType    = reflect.TypeFor[ast.Node]()
	lexicalType = reflect.TypeFor[ast.LexicalDeclaration]()
	plans       sync.Map // reflect.Type → []int, the fields that hold nodes
)

// children calls visit for every node directly below n, in the order of its fields. Names of functions, classes and
// labels are not references and are left to the caller; so are var lists that the parser keeps twice.
func children(n ast.Node, visit func(ast.Node)) {
	v := reflect.ValueOf(n)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return
	}
	v = v.Elem()
	for _, i := range plan(v.Type()) {
		visitField(v.Field(i), visit)
	}
}

func visitField(f reflect.Value, visit func(ast.Node)) {
	switch f.Kind() {
	case reflect.Slice:
		for i := range f.Len() {
			visitField(f.Index(i), visit)
		}
	case reflect.Struct:
		visitField(f.Addr(), visit)
	case reflect.Interface, reflect.Pointer:
		if f.IsNil() {
			return
		}
		if n, ok := f.Interface().(ast.Node); ok {
			visit(n)
		}
	}
}

func plan(t reflect.Type) []int {
	if p, ok := plans.Load(t); ok {
		return p.([]int)
	}
	var fields []int
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "DeclarationList" || !f.IsExported() {
			continue
		}
		inner := f.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner == reflect.TypeFor[*ast.Identifier]() {
			continue
		}
		if inner.Implements(nodeType) || inner == lexicalType {
			fields = append(fields, i)
		}
	}
	plans.Store(t, fields)
	return fields
}

// Each calls visit for every node below n, whatever holds it, down to the depth that this package follows.
func Each(n ast.Node, visit func(ast.Node)) { each(n, visit, 0) }

func each(n ast.Node, visit func(ast.Node), depth int) {
	if depth > maxDepth {
		return
	}
	children(n, func(c ast.Node) {
		visit(c)
		each(c, visit, depth+1)
	})
}
