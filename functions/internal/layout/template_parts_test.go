package layout_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// root is the top of the work tree.
var root = func() string {
	dir, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		panic(err)
	}
	return dir
}()

// sam is what the tests read of template.yaml.
type sam struct {
	Globals struct {
		Function lambda `yaml:"Function"`
	} `yaml:"Globals"`
	Resources map[string]struct {
		Type       string    `yaml:"Type"`
		Properties yaml.Node `yaml:"Properties"`
	} `yaml:"Resources"`
}

// lambda is one function of the template, by its folder under functions/.
type lambda struct {
	Name        string // its logical id
	CodeURI     string `yaml:"CodeUri"`
	Timeout     int    `yaml:"Timeout"`
	MemorySize  int    `yaml:"MemorySize"`
	Policies    names  `yaml:"Policies"`
	Environment struct {
		Variables map[string]yaml.Node `yaml:"Variables"`
	} `yaml:"Environment"`
	Events map[string]struct {
		Type       string `yaml:"Type"`
		Properties struct {
			Method string `yaml:"Method"`
			Path   string `yaml:"Path"`
			Auth   struct {
				Authorizer string `yaml:"Authorizer"`
			} `yaml:"Auth"`
		} `yaml:"Properties"`
	} `yaml:"Events"`
}

// names is a list of !Ref.
type names []string

func (n *names) UnmarshalYAML(list *yaml.Node) error {
	for _, item := range list.Content {
		*n = append(*n, item.Value)
	}
	return nil
}

func readTemplate(t *testing.T) sam {
	t.Helper()
	var s sam
	if err := yaml.Unmarshal(file(t, "template.yaml"), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// lambdas are the functions of the template by folder.
func (s sam) lambdas(t *testing.T) map[string]lambda {
	t.Helper()
	out := map[string]lambda{}
	for id, r := range s.Resources {
		if r.Type != "AWS::Serverless::Function" {
			continue
		}
		l := lambda{Name: id, Timeout: s.Globals.Function.Timeout}
		if err := r.Properties.Decode(&l); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		out[strings.Trim(strings.TrimPrefix(l.CodeURI, "functions/"), "/")] = l
	}
	return out
}

func file(t testing.TB, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// mains are the folders under functions/ that hold an entry point for Lambda.
func mains(t testing.TB) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, "functions", "*", "*", "main.go"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no main.go under functions/: %v", err)
	}
	var out []string
	for _, f := range found {
		dir, err := filepath.Rel(filepath.Join(root, "functions"), filepath.Dir(f))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, filepath.ToSlash(dir))
	}
	return out
}
