package catalog

import (
	"slices"
	"strings"

	"slipway/functions/internal/fault"
)

// A target app's scheme is the one that its deep links may have, so it is an allow rule of its own: codes lead to it and
// nowhere else, always as scheme://mini-program/, and only admins of the app's workspace set it. Which schemes are real
// nobody can list, for every app makes up its own. But those that belong to somebody else can be told: what follows is
// opened by browsers, by systems and by the programs that come with them, and could never be an app of a workspace.

// takenSchemes belong to browsers and systems, or to what people have for mail, calls, files and other machines.
var takenSchemes = []string{
	"about", "afp", "app-prefs", "app-settings", "blob", "brave", "callto", "chrome", "cid", "content", "data", "dav", "edge", "fax", "feed",
	"file", "filesystem", "firefox", "ftp", "ftps", "geo", "git", "gopher", "http", "https", "imap", "intent", "ipp", "irc", "ircs", "jar",
	"javascript", "ldap", "ldaps", "livescript", "magnet", "mailto", "map", "maps", "market", "message", "mhtml", "mid", "mms", "mmsto", "mocha",
	"music", "news", "nfs", "nntp", "opera", "package", "photos-redirect", "pop", "prefs", "rdp", "res", "resource", "rtsp", "safari", "search-ms",
	"settings", "sftp", "shell", "shortcuts", "sip", "sips", "smb", "sms", "smsto", "snews", "ssh", "svn", "tel", "telnet", "telprompt", "tftp", "urn",
	"vbscript", "view-source", "vnc", "voicemail", "wallet", "webcal", "webcals", "wifi", "ws", "wss", "wyciwyg", "xmpp",
}

// takenFamilies are beginnings of the schemes of systems, stores and browsers.
var takenFamilies = []string{
	"android", "calshow", "chrome-", "facetime", "googlechrome", "ibooks", "itms", "itunes", "microsoft-", "moz-", "ms-", "shareddocuments", "web+", "x-apple", "x-web-",
}

// validateScheme names what is wrong with the scheme of an app; an app may have none.
func validateScheme(path, scheme string) []fault.Field {
	owned := slices.Contains(takenSchemes, scheme) || slices.ContainsFunc(takenFamilies, func(f string) bool { return strings.HasPrefix(scheme, f) })
	switch {
	case scheme == "":
		return nil
	case !schemePattern.MatchString(scheme):
		return wrong(path, "is %s; the app's own deep link scheme is expected, for example demowallet: 2 to 32 small letters, digits, dots, plus signs and dashes, a letter first", show(scheme))
	case owned:
		return wrong(path, "is %s, which phones or browsers open by themselves; the app's own deep link scheme is expected, for example demowallet", show(scheme))
	}
	return nil
}
