package local

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"slipway/functions/internal/api"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/console"
	"slipway/functions/internal/fault"
)

// session is the cookie in which a browser keeps the token of who signed in.
const session = "slipway_session"

func (s *Server) pages(mux *http.ServeMux) error {
	own, err := s.ownForms()
	if err != nil {
		return fmt.Errorf("base %q: %w", s.Base(), err)
	}
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("POST /local/token", s.token)
	mux.HandleFunc("GET /local/sign-in", s.signInPage)
	mux.Handle("POST /local/sign-in", own(s.signIn))
	mux.Handle("POST /local/sign-out", own(s.signOut))
	mux.HandleFunc("GET /local/outbox", s.outboxPage)
	mux.HandleFunc("GET /local/outbox/{id}", s.mailPage)
	mux.Handle("POST /local/outbox/{id}/bounce", own(s.bounceMail))
	mux.HandleFunc("PUT /local/uploads", s.files.upload)
	mux.HandleFunc("GET /local/packages", s.files.download)
	mux.HandleFunc("GET /requests/{id}", s.requestPage)
	mux.Handle("POST /requests/{id}", own(s.decideRequest))
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		write(w, r, api.Refuse(api.NoRoute(r.Method, r.URL.Path), s.gateway.newID()))
	})
	return nil
}

// ownForms refuses forms that a browser posts from another site.
func (s *Server) ownForms() (func(http.HandlerFunc) http.Handler, error) {
	check := http.NewCrossOriginProtection()
	check.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		show(w, r, 403, console.Problem{Status: 403, Title: "Forbidden", Detail: "This form was posted from another site."})
	}))
	base, err := url.Parse(s.Base())
	if err == nil { // behind a proxy the server is called by another name
		err = check.AddTrustedOrigin(base.Scheme + "://" + base.Host)
	}
	return func(next http.HandlerFunc) http.Handler { return check.Handler(next) }, err
}

func show(w http.ResponseWriter, r *http.Request, status int, p console.Page) {
	body, err := p.Render()
	if err != nil {
		write(w, r, api.Refuse(err, ""))
		return
	}
	for name, value := range p.Headers() {
		w.Header().Set(name, value)
	}
	// With no-referrer a browser posts a form as from "null", which another site's can be, too. Most say Sec-Fetch-Site as
	// well; one that does not, as over plain HTTP from another machine, tells this server, and nobody else, where it was.
	if r.Header.Get("Sec-Fetch-Site") == "" {
		w.Header().Set("Referrer-Policy", "same-origin")
	}
	w.WriteHeader(status)
	w.Write(body)
}

// token answers POST /local/token {email}: a token for whoever is named.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Email string `json:"email"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&in)
	email, ok := catalog.NormalEmail(in.Email)
	if err != nil || !ok {
		write(w, r, api.Refuse(fault.Fields([]fault.Field{{Field: "email", Detail: `is required: send {"email": "merchant-admin@demo.test"}, or any other address`}}), s.gateway.newID()))
		return
	}
	token, err := s.identity.token(email, NameFor(email), s.now())
	if err != nil {
		write(w, r, api.Refuse(err, s.gateway.newID()))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(map[string]string{"token": token})
}

// NameFor is how one of the demo's people is called; anybody else is called by what is before the @.
func NameFor(email string) string {
	for _, p := range demoPeople {
		if p.email == email {
			return p.name
		}
	}
	name, _, _ := strings.Cut(email, "@")
	return name
}

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request) {
	show(w, r, 200, signInForm(r.URL.Query().Get("to"), "", ""))
}

func signInForm(to, typed, problem string) console.SignIn {
	page := console.SignIn{Action: "/local/sign-in", AnyEmail: true, Email: typed, Problem: problem, Hidden: []console.Hidden{{Name: "to", Value: localPath(to)}}}
	for _, p := range demoPeople {
		person := console.Person{Name: p.name, Email: p.email}
		for _, m := range p.members {
			person.Roles = append(person.Roles, fmt.Sprintf("%s of %s (%s)", m.Role, m.Workspace, m.Kind))
		}
		page.People = append(page.People, person)
	}
	return page
}

// localPath lets a redirect lead to a page of this host only.
func localPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.Contains(to, "\\") {
		return "/"
	}
	return to
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	email, ok := catalog.NormalEmail(r.PostFormValue("email"))
	if !ok {
		show(w, r, 400, signInForm(r.PostFormValue("to"), r.PostFormValue("email"), "That is not an email address."))
		return
	}
	token, err := s.identity.token(email, NameFor(email), s.now())
	if err != nil {
		write(w, r, api.Refuse(err, s.gateway.newID()))
		return
	}
	http.SetCookie(w, &http.Cookie{Name: session, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: int(tokenTime.Seconds())})
	http.Redirect(w, r, localPath(r.PostFormValue("to")), http.StatusSeeOther)
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: session, Path: "/", MaxAge: -1})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// signedIn is who the browser's session belongs to.
func (s *Server) signedIn(r *http.Request) (email, token string) {
	cookie, err := r.Cookie(session)
	if err != nil {
		return "", ""
	}
	claims, err := s.identity.verifier().Verify(r.Context(), cookie.Value, s.now())
	if err != nil {
		return "", ""
	}
	return claims.Email, cookie.Value
}
