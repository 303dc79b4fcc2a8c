package intake

import (
	"fmt"
	"path"
	"strings"
)

// frameworks compile sources of another kind to mini programs. Each is known by a package that its projects ask for; one
// that ends in a slash stands for all of that scope.
var frameworks = []struct{ pkg, name, command string }{
	{"@tarojs/", "Taro", "npx taro build --type alipay"},
	{"@dcloudio/", "uni-app", "npm run build:mp-alipay"},
	{"@morjs/", "MorJS", "npx mor compile --target alipay --production"},
	{"@mpxjs/", "Mpx", "npx mpx-cli-service build:mp --targets=ali"},
	{"remax", "Remax", "npx remax build -t ali"},
}

// framework says what to do with sources that are no mini program yet; "" when none of those tools is in use.
func (l *loader) framework() string {
	for _, f := range frameworks {
		if l.absent.lists(f.pkg) {
			return fmt.Sprintf("This is a project of %s: build it for this platform first, usually with %q, and upload the folder that this makes.", f.name, f.command)
		}
	}
	if pages := l.shallowest("", "pages.json"); pages != "" {
		if _, there := l.p.Files[path.Join(path.Dir(pages), "manifest.json")]; there {
			return "This is a project of uni-app: publish it for this platform in HBuilderX first, and upload the folder mp-alipay that this makes."
		}
	}
	return ""
}

// lists says whether a package.json of the merchant's asks for a package, or for one of a scope.
func (n *Absences) lists(pkg string) bool {
	n.once.Do(n.index)
	if !strings.HasSuffix(pkg, "/") {
		return n.listed[pkg]
	}
	for name := range n.listed {
		if strings.HasPrefix(name, pkg) {
			return true
		}
	}
	return false
}
