package isolate

import (
	"bytes"
	"path"
	"sync"

	"slipway/functions/internal/build/less"
)

// shared keeps compiled sheets for later builds of this process, where no other cache is given. It lies in memory only, so
// that a function leaves nothing behind for whoever comes next.
var shared = less.NewMemory(32 << 20)

// sheetsOf asks the cache for every sheet of a project, and gives what it has by key. A build process may add entries for
// exactly these keys and no other.
func sheetsOf(files map[string][]byte, cache less.Cache) (known map[string][]byte, keys map[string]bool) {
	known, keys = map[string][]byte{}, map[string]bool{}
	for name, src := range files {
		if path.Ext(name) != ".less" {
			continue
		}
		key := less.Key(name, string(bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))))
		keys[key] = true
		if compiled := cache.Load(key); compiled != nil {
			known[key] = compiled
		}
	}
	return known, keys
}

// handed is the cache of a build process: what it was given, and apart from that what it compiled.
type handed struct {
	known map[string][]byte
	mu    sync.Mutex
	fresh map[string][]byte
}

func (h *handed) Load(key string) []byte { return h.known[key] }

func (h *handed) Keep(key string, compiled []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fresh[key] = compiled
}
