package main

import "io"

// chunks is memory that is written once and then read anywhere. It grows without copying, so that a large folder does not
// lie in memory several times while it is packed.
type chunks struct {
	list [][]byte
	size int64
}

const chunkSize = 1 << 20

func (c *chunks) Write(b []byte) (int, error) {
	written := len(b)
	for len(b) > 0 {
		at := int(c.size % chunkSize)
		if at == 0 {
			c.list = append(c.list, make([]byte, chunkSize))
		}
		n := copy(c.list[len(c.list)-1][at:], b)
		b, c.size = b[n:], c.size+int64(n)
	}
	return written, nil
}

func (c *chunks) ReadAt(b []byte, at int64) (n int, err error) {
	for n < len(b) && at+int64(n) < c.size {
		chunk := c.list[(at+int64(n))/chunkSize]
		from := (at + int64(n)) % chunkSize
		to := min(chunkSize, from+c.size-at-int64(n))
		n += copy(b[n:], chunk[from:to])
	}
	if n < len(b) {
		err = io.EOF
	}
	return n, err
}
