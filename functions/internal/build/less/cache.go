package less

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
)

// Cache keeps what sheets became. An entry says everything that its sheet was compiled from, and counts only where all of
// that is the same again, so that nobody's sheet can change what another project gets. Safe for concurrent use; a cache may
// forget at any time.
type Cache interface {
	Load(key string) []byte // nil when it has none
	Keep(key string, entry []byte)
}

// engineVersion changes with less.js and with the options it is called with.
const engineVersion = "less 4.9.1, 3"

// Key is under which a sheet's entry is kept: 64 hexadecimal digits.
func Key(file, src string) string {
	h := sha256.New()
	for _, s := range []string{engineVersion, file, src} {
		n := sha256.Sum256([]byte(s))
		h.Write(n[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// entry is a compiled sheet with all that less.js asked for while it compiled it.
type entry struct {
	CSS   string
	Reads []read
}

type read struct{ Name, Dir, File, Sum string } // File and Sum are "" where nothing was found

func newRead(name, dir, file, src string, ok bool) read {
	r := read{Name: name, Dir: dir}
	if ok {
		sum := sha256.Sum256([]byte(src))
		r.File, r.Sum = file, hex.EncodeToString(sum[:])
	}
	return r
}

// cached gives the sheet's CSS when an entry holds and every file that it was made from is what it was.
func (c *Compiler) cached(key string) (string, bool) {
	if c.cache == nil {
		return "", false
	}
	var e entry
	if data := c.cache.Load(key); data == nil || json.Unmarshal(data, &e) != nil {
		return "", false
	}
	for _, was := range e.Reads {
		file, src, ok := c.find(was.Name, was.Dir)
		if newRead(was.Name, was.Dir, file, src, ok) != was {
			return "", false
		}
	}
	return e.CSS, true
}

func (c *Compiler) keep(key, css string, reads []read) {
	if c.cache == nil {
		return
	}
	if data, err := json.Marshal(entry{CSS: css, Reads: reads}); err == nil {
		c.cache.Keep(key, data)
	}
}

// Memory is a Cache that holds so many bytes and then forgets what was not asked for in the longest time.
type Memory struct {
	mu      sync.Mutex
	max     int
	old     map[string][]byte
	young   map[string][]byte
	youngIn int // bytes of young
}

// NewMemory makes a cache that takes at most so many bytes.
func NewMemory(bytes int) *Memory {
	return &Memory{max: bytes, old: map[string][]byte{}, young: map[string][]byte{}}
}

// Load implements Cache.
func (m *Memory) Load(key string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if entry, ok := m.young[key]; ok {
		return entry
	}
	entry, ok := m.old[key]
	if ok {
		m.add(key, entry)
	}
	return entry
}

// Keep implements Cache.
func (m *Memory) Keep(key string, entry []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(key, entry)
}

// add keeps two generations of half the size each: what is asked for moves to the young one, the old one is dropped whole.
func (m *Memory) add(key string, entry []byte) {
	size := len(key) + len(entry)
	if size > m.max/2 {
		return
	}
	if before, ok := m.young[key]; ok {
		m.youngIn -= len(key) + len(before)
	}
	if m.youngIn+size > m.max/2 {
		m.old, m.young, m.youngIn = m.young, map[string][]byte{}, 0
	}
	m.young[key] = entry
	m.youngIn += size
}
