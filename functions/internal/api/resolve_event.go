package api

import (
	"strings"
	"unicode/utf8"
)

// question is what quick needs of an event. All are parts of the event's text.
type question struct {
	targetApp, environment, miniProgram string
	query                               string
	requestID                           string
	subject                             string // for the log
}

// resolveKey is the route key of the one question that is answered quickly.
const resolveKey = "GET /v1/resolve/{targetApp}/{environment}/{miniProgram}"

// read finds the question in an event. It says no to everything about which encoding/json and the checks of Serve could
// have another opinion: escapes, letters beyond ASCII, names it does not know or meets twice, null where a value
// belongs, a body, a header that changes what is done. It never guesses.
func (q *question) read(event string) bool {
	s := scanner{text: event}
	var route string
	var seen, timed uint
	done := s.object(func(name string) bool {
		switch name {
		case "routeKey":
			return once(&seen, 1) && s.plain(&route)
		case "rawPath":
			return once(&seen, 2) && s.plain(&q.subject)
		case "rawQueryString":
			return once(&seen, 4) && s.plain(&q.query)
		case "pathParameters":
			return once(&seen, 8) && q.parameters(&s)
		case "requestContext":
			return once(&seen, 16) && q.context(&s, &timed)
		case "headers":
			return once(&seen, 32) && s.object(func(name string) bool {
				return !strings.EqualFold(name, "Idempotency-Key") && s.ignoreString()
			})
		case "queryStringParameters":
			return once(&seen, 64) && s.object(func(string) bool { return s.ignoreString() })
		case "isBase64Encoded":
			return once(&seen, 128) && s.word("false")
		case "version":
			return once(&seen, 256) && s.ignoreString()
		case "cookies":
			return once(&seen, 512) && s.ignoreStrings()
		}
		return false
	})
	const needed = 1 | 2 | 8 | 16
	// With an empty raw query the other form of it counts.
	return done && s.end() && seen&needed == needed && timed == 3 && route == resolveKey && (q.query != "" || seen&64 == 0)
}

func once(seen *uint, bit uint) bool {
	first := *seen&bit == 0
	*seen |= bit
	return first
}

func (q *question) parameters(s *scanner) bool {
	var seen uint
	ok := s.object(func(name string) bool {
		switch name {
		case "targetApp":
			return once(&seen, 1) && s.plain(&q.targetApp)
		case "environment":
			return once(&seen, 2) && s.plain(&q.environment)
		case "miniProgram":
			return once(&seen, 4) && s.plain(&q.miniProgram)
		}
		return false
	})
	short := func(v string) bool { return v != "" && len(v) <= maxParam }
	return ok && seen == 7 && short(q.targetApp) && short(q.environment) && short(q.miniProgram)
}

func (q *question) context(s *scanner, needed *uint) bool {
	var seen uint
	return s.object(func(name string) bool {
		switch name {
		case "requestId":
			return once(needed, 1) && s.plain(&q.requestID) && isID(q.requestID)
		case "timeEpoch":
			return once(needed, 2) && s.count()
		case "http":
			return once(&seen, 1) && s.object(func(name string) bool {
				switch name {
				case "method", "path", "protocol", "sourceIp", "userAgent":
					return s.ignoreString()
				}
				return false
			})
		case "authentication":
			return once(&seen, 2) && s.word("null")
		case "routeKey", "accountId", "stage", "apiId", "domainName", "domainPrefix", "time":
			return s.ignoreString()
		}
		return false
	})
}

// isID says whether a request id can be written into a response as it is.
func isID(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '=', c == '+', c == '/', c == '.':
		default:
			return false
		}
	}
	return s != ""
}

// user is the user id in the query, decoded. False is for whatever url.ParseQuery or the checks after it might refuse.
func (q *question) user() (string, bool) {
	if q.query == "" {
		return "", true
	}
	value, ok := strings.CutPrefix(q.query, "user=")
	if !ok || strings.ContainsAny(value, "&;") {
		return "", false
	}
	if !strings.ContainsAny(value, "%+") {
		return value, len(value) <= maxUser
	}
	var to [maxUser]byte
	n := 0
	for i := 0; i < len(value); i, n = i+1, n+1 {
		if n == len(to) {
			return "", false
		}
		switch c := value[i]; c {
		case '+':
			to[n] = ' '
		case '%':
			if i+2 >= len(value) || !isHex(value[i+1]) || !isHex(value[i+2]) {
				return "", false
			}
			to[n] = unhex(value[i+1])<<4 | unhex(value[i+2])
			i += 2
		default:
			to[n] = c
		}
	}
	return string(to[:n]), utf8.Valid(to[:n])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
