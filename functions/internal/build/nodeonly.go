package build

import (
	"fmt"
	"reflect"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"
	"github.com/evanw/esbuild/pkg/api"

	"slipway/functions/internal/build/intake"
)

// Libraries for several platforms ask for parts of Node.js where they run on it: if (isNode) fs = require("fs"). On a
// phone that is never reached, or else the compatibility test's run finds it. What is asked for in any case stays a fault.

// spaceAbsent is esbuild's namespace for such modules.
const spaceAbsent = "absent"

// absentModule throws as Node.js does where it has no such module.
func absentModule(spec string) string {
	return fmt.Sprintf(`throw Object.assign(new Error("Cannot find module '"+%q+"'"),{code:"MODULE_NOT_FOUND"})`, spec)
}

// reached only under a condition, or when something is called?
func (s *scripts) conditional(file, spec string) bool {
	if !intake.NodeOnly(spec) {
		return false
	}
	one := s.ready[file]
	plain := api.Transform(one.src, api.TransformOptions{Loader: one.loader, Format: api.FormatCommonJS, Target: api.ES2015, TsconfigRaw: "{}", LogLevel: api.LogLevelSilent})
	if len(plain.Errors) > 0 {
		return false
	}
	program, err := parser.ParseFile(nil, file, string(plain.Code), 0, parser.WithDisableSourceMaps)
	return err == nil && !asksAtOnce(reflect.ValueOf(program.Body), spec)
}

// asksAtOnce says whether a script that is evaluated calls require with a path whatever else holds.
func asksAtOnce(v reflect.Value, spec string) bool {
	switch v.Kind() {
	case reflect.Interface:
		return asksAtOnce(v.Elem(), spec)
	case reflect.Slice:
		for i := range v.Len() {
			if asksAtOnce(v.Index(i), spec) {
				return true
			}
		}
		return false
	case reflect.Pointer:
		if v.IsNil() || !v.CanInterface() {
			return false
		}
		return asksIn(v, spec)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && asksAtOnce(v.Field(i), spec) {
				return true
			}
		}
	}
	return false
}

func asksIn(v reflect.Value, spec string) bool {
	switch n := v.Interface().(type) {
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral, *ast.FunctionDeclaration, *ast.MethodDefinition, *ast.TryStatement, *ast.SwitchStatement:
		return false
	case *ast.IfStatement:
		return asksAtOnce(reflect.ValueOf(n.Test), spec)
	case *ast.ConditionalExpression:
		return asksAtOnce(reflect.ValueOf(n.Test), spec)
	case *ast.BinaryExpression:
		if n.Operator == token.LOGICAL_AND || n.Operator == token.LOGICAL_OR || n.Operator == token.COALESCE {
			return asksAtOnce(reflect.ValueOf(n.Left), spec)
		}
	case *ast.CallExpression:
		if name, ok := n.Callee.(*ast.Identifier); ok && name.Name == "require" && len(n.ArgumentList) == 1 {
			text, ok := n.ArgumentList[0].(*ast.StringLiteral)
			return ok && text.Value.String() == spec
		}
	}
	return asksAtOnce(v.Elem(), spec)
}
