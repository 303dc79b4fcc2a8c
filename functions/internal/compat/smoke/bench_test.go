package smoke_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/compat/smoke"
)

// BenchmarkAntdMini builds and tests an app of all components of antd-mini, beside the esbuild program from npm that
// bundles and minifies the same scripts alone. Both come from npm, so it runs only with CI=true.
func BenchmarkAntdMini(b *testing.B) {
	if os.Getenv("CI") != "true" {
		b.Skip("set CI=true to fetch antd-mini and esbuild with npm")
	}
	files := installed(b, "antd-mini@3.4.3")
	pages := wrap(files, "node_modules/antd-mini/es/")
	p, _ := intake.Load(&intake.Archive{Files: files})
	var built *build.Result
	b.Run("build", func(b *testing.B) {
		for b.Loop() {
			var err error
			if built, err = build.Build(context.Background(), p, build.Options{Version: "1.0.0"}); err != nil || built.Failed {
				b.Fatal(err, built.Log)
			}
		}
	})
	b.Run("build/esbuild program", func(b *testing.B) { esbuildProgram(b, files, p) })
	in := compat.Input{Project: p, Built: built.Files, SourceMaps: built.SourceMaps, PackageBytes: built.Size, Runtime: profile.Default()}
	b.Run("rules", func(b *testing.B) {
		for b.Loop() {
			if _, err := compat.Run(context.Background(), in); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("run", func(b *testing.B) {
		for b.Loop() {
			if _, err := (smoke.Runner{}).Run(context.Background(), in); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*pages*4), "ms/page-and-mode")
	})
}

// BenchmarkRuns runs every page of the demo, with CI=true of antd-mini, and of real projects in the folder PROJECTS, beside
// Node, which makes the same runs. Half of the pages may take 5 ms at most.
func BenchmarkRuns(b *testing.B) {
	inputs := map[string][]compat.Input{"demo": {coffee(b, nil)}}
	if os.Getenv("CI") == "true" {
		files := installed(b, "antd-mini@3.4.3")
		wrap(files, "node_modules/antd-mini/es/")
		if in, ok := builtInput(b, &intake.Archive{Files: files}); ok {
			inputs["antd-mini"] = []compat.Input{in}
		}
	}
	for _, name := range projects() {
		if in, ok := builtInput(b, unpacked(b, name)); ok {
			inputs["projects"] = append(inputs["projects"], in)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		b.Run(name, func(b *testing.B) {
			var runs, pages []time.Duration
			for b.Loop() {
				for _, in := range inputs[name] {
					times, err := smoke.Times(in)
					if err != nil {
						b.Fatal(err)
					}
					runs = append(runs, times...)
				}
			}
			for chunk := range slices.Chunk(runs, smoke.Modes) {
				var sum time.Duration
				for _, t := range chunk {
					sum += t
				}
				pages = append(pages, sum)
			}
			for what, list := range map[string][]time.Duration{"run": runs, "page": pages} {
				slices.Sort(list)
				b.ReportMetric(float64(list[len(list)/2].Microseconds())/1000, "p50-ms/"+what)
				b.ReportMetric(float64(list[len(list)*95/100].Microseconds())/1000, "p95-ms/"+what)
			}
		})
		b.Run(name+"/Node", func(b *testing.B) {
			pages := 0
			for b.Loop() {
				for _, in := range inputs[name] {
					onNode(b, in)
					pages += len(in.Project.Pages)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(pages), "mean-ms/page")
		})
	}
}

// BenchmarkTimers is what pages cost that never rest: each steps until it may no more.
func BenchmarkTimers(b *testing.B) {
	for name, src := range map[string]string{
		"one":     "Page({onLoad(){setInterval(()=>{},10)}})",
		"chain":   "Page({onLoad(){(function f(){setTimeout(f,10)})()}})",
		"hundred": "Page({onLoad(){for(let i=0;i<100;i++)setInterval(()=>{},1000)}})",
	} {
		b.Run(name, func(b *testing.B) {
			in := input(map[string]string{"a/a.js": src})
			for b.Loop() {
				if _, err := smoke.Times(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// esbuildProgram bundles the app, its pages and their components, as far as they are scripts.
func esbuildProgram(b *testing.B, files map[string][]byte, p *intake.Project) {
	tool := b.TempDir()
	install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--prefix", tool, "esbuild@0.28.2")
	if out, err := install.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	dir := b.TempDir()
	for name, data := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(at, data, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	args := []string{"--bundle", "--minify", "--target=es2015", "--format=cjs", "--splitting=false", "--sourcemap=external", "--outdir=out", "--log-level=error", "app.js"}
	for _, page := range p.Pages {
		args = append(args, page.Script)
	}
	for _, c := range p.Components {
		args = append(args, c.Script)
	}
	program := filepath.Join(tool, "node_modules", ".bin", "esbuild")
	for b.Loop() {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
}
