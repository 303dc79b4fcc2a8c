package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"slipway/functions/internal/fault"
)

// defaultPage is the size of a page when the client does not say.
const defaultPage = 50

// maxAfter is more bytes than the place of any row in a list has. With what stands before it in the row's key it is still
// less than a table takes.
const maxAfter = 512

// position is what a page token holds: where the last page ended, and which list it is of.
type position struct {
	After string `json:"a"`
	List  string `json:"l"`
}

// Page reads pageSize (1 to most) and pageToken. After is "" on the first page.
func (c *Call) Page(most int) (size int, after string, err error) {
	size = min(defaultPage, most)
	if s := c.Query("pageSize"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > most {
			return 0, "", fault.Fields([]fault.Field{{Field: "pageSize", Detail: "must be a whole number from 1 to " + strconv.Itoa(most)}})
		}
		size = n
	}
	token := c.Query("pageToken")
	if token == "" {
		return size, "", nil
	}
	var p position
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(raw, &p) != nil || p.After == "" || len(p.After) > maxAfter {
		return 0, "", pageToken("is not one that was given out; take nextPageToken as it is")
	}
	if p.List != c.listDigest() {
		return 0, "", pageToken("belongs to another list; repeat the query that gave it, or start without it")
	}
	return size, p.After, nil
}

func pageToken(why string) error {
	return fault.Fields([]fault.Field{{Field: "pageToken", Detail: why}})
}

// NextPage makes the token of the page that follows the item at position after.
func (c *Call) NextPage(after string) string {
	raw, err := json.Marshal(position{After: after, List: c.listDigest()})
	if err != nil { // two strings: this cannot happen
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// listDigest tells lists apart: the path, what was asked, and who asked. It keeps nobody out (positions are harmless:
// the partition comes from the request), it only turns a mixed-up token into a clear answer.
func (c *Call) listDigest() string {
	h := sha256.New()
	write := func(s string) { h.Write(strconv.AppendInt(nil, int64(len(s)), 10)); h.Write([]byte(":" + s)) }
	write(c.Route.Operation)
	write(c.Actor.Email)
	for _, name := range Params(c.Route.Pattern) {
		write(c.Param(name))
	}
	for _, name := range slices.Sorted(maps.Keys(c.query)) {
		if name != "pageToken" && name != "pageSize" {
			write(name)
			write(c.query[name])
		}
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:9])
}
