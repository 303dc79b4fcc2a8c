package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
	"slipway/functions/internal/cloud/signed"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
)

// An object is read in blocks; reading on fetches more of them at once, and the last few are kept. A ZIP archive is
// read from its end and then from front to back, mostly a few bytes at a time: one request for each would take minutes.
const (
	block    = 1 << 20
	maxAhead = 8  // blocks of one request
	maxKept  = 24 // blocks in memory
)

// reader holds the operation that it calls and not its client, which would lead to dozens.
type reader struct {
	bucket string
	get    func() get
}

type get func(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)

// Reader is the bucket named by SLIPWAY_BUCKET. For mains: without the variable the process ends, naming it.
func Reader() release.Reader { return cloud.OrExit(OpenReader()) }

// OpenReader is Reader with an error in place of the exit. It sends nothing.
func OpenReader() (release.Reader, error) {
	bucket, connect, err := open()
	if err != nil {
		return nil, err
	}
	return &reader{bucket: bucket, get: func() get { return connect().GetObject }}, nil
}

// object is release.Object on an S3 object as it was when it was opened.
type object struct {
	ctx  context.Context // of Open: an io.ReaderAt cannot be given one
	from *reader
	key  string
	etag *string
	size int64

	mu    sync.Mutex
	kept  map[int64][]byte
	age   []int64 // block numbers, the oldest first
	ahead int64   // blocks of the last request
}

// Open implements release.Reader. Reads end with ctx; an object that is replaced meanwhile cannot be read on.
func (r *reader) Open(ctx context.Context, key string) (release.Object, error) {
	if err := signed.CheckKey(key); err != nil {
		return nil, err
	}
	o := &object{ctx: ctx, from: r, key: key, kept: map[int64][]byte{}}
	if err := o.open(); err != nil {
		return nil, err
	}
	return o, nil
}

// open reads the first block, which also says how many there are.
func (o *object) open() error {
	ctx, cancel := client.Within(o.ctx)
	defer cancel()
	out, err := o.from.get()(ctx, &s3.GetObjectInput{Bucket: &o.from.bucket, Key: &o.key, Range: span(0, block)})
	switch code(err) {
	case "NoSuchKey", "NotFound":
		return noSuchObject(o.key, err)
	case "InvalidRange": // no first byte: the object is empty
		return nil
	}
	if err != nil {
		return below.Fault("open", err)
	}
	defer func() { _ = out.Body.Close() }()
	o.etag = out.ETag
	_, total, ok := strings.Cut(aws.ToString(out.ContentRange), "/")
	if o.size, err = strconv.ParseInt(total, 10, 64); !ok || err != nil {
		if out.ContentRange != nil {
			return fmt.Errorf("cloud: open: S3 sent the range %q", *out.ContentRange)
		}
		o.size = aws.ToInt64(out.ContentLength)
	}
	first := make([]byte, min(o.size, block))
	if _, err := io.ReadFull(out.Body, first); err != nil {
		return below.Unavailable("open", err)
	}
	if o.size > 0 {
		o.keep(0, first)
	}
	o.ahead = 1
	return nil
}

// Size implements release.Object.
func (o *object) Size() int64 { return o.size }

// Close implements release.Object.
func (o *object) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept, o.age = map[int64][]byte{}, nil
	return nil
}

// ReadAt implements io.ReaderAt.
func (o *object) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("cloud: read %s at %d, must not be negative", o.key, off)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for n < len(p) {
		at := off + int64(n)
		if at >= o.size {
			return n, io.EOF
		}
		b, err := o.block(at/block, (off+int64(len(p))-1)/block)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b[at%block:])
	}
	return n, nil
}

// block is one block, fetched together with those up to last and, when reading on, with twice as many as before.
func (o *object) block(i, last int64) ([]byte, error) {
	if b, ok := o.kept[i]; ok {
		return b, nil
	}
	count := last - i + 1
	if _, on := o.kept[i-1]; on {
		count = max(count, 2*o.ahead)
	}
	count = min(count, maxAhead, (o.size-i*block+block-1)/block)
	body, err := o.fetch(i*block, min(count*block, o.size-i*block))
	if err != nil {
		return nil, err
	}
	o.ahead = count
	for n := range count {
		o.keep(i+n, body[n*block:min((n+1)*block, int64(len(body)))])
	}
	return o.kept[i], nil
}

// fetch reads a range. The SDK tries a request again, but not a body that breaks off: that is done here.
func (o *object) fetch(off, length int64) ([]byte, error) {
	ctx, cancel := client.Within(o.ctx)
	defer cancel()
	body := make([]byte, length)
	const patience = 3
	for attempt := 0; ; attempt++ {
		out, err := o.from.get()(ctx, &s3.GetObjectInput{Bucket: &o.from.bucket, Key: &o.key, Range: span(off, length), IfMatch: o.etag})
		switch c := code(err); {
		case c == "NoSuchKey", c == "NotFound":
			return nil, noSuchObject(o.key, err)
		case c == "PreconditionFailed":
			return nil, fault.Wrap(fault.Conflict, "object_changed", err, "%s was replaced while it was read; read it again.", o.key)
		case err != nil:
			return nil, below.Fault("read", err)
		}
		_, err = io.ReadFull(out.Body, body)
		if err = errors.Join(err, out.Body.Close()); err == nil {
			return body, nil
		}
		if attempt+1 >= patience || client.Pause(ctx, attempt) != nil {
			return nil, below.Unavailable("read", err)
		}
	}
}

func (o *object) keep(i int64, b []byte) {
	if _, ok := o.kept[i]; !ok {
		o.age = append(o.age, i)
	}
	o.kept[i] = b
	if len(o.age) > maxKept {
		delete(o.kept, o.age[0])
		o.age = o.age[1:]
	}
}

func span(off, length int64) *string {
	return aws.String(fmt.Sprintf("bytes=%d-%d", off, off+length-1))
}
