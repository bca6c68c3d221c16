package web

import (
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Pages are what people see in a browser.
type Pages interface {
	http.Handler // all that is shown to those who may look

	// Asset serves what every page is made with. It tells nothing, and is served to anybody.
	Asset(w http.ResponseWriter, r *http.Request)
	// Login asks for the token, once more where a wrong one was given; next is where to go on to.
	Login(w http.ResponseWriter, r *http.Request, next string, wrong bool)
	// Closed tells that messages are not shown.
	Closed(w http.ResponseWriter, r *http.Request)
	// Busy tells that too many pages are asked for at a time.
	Busy(w http.ResponseWriter, r *http.Request)
}

const (
	pageWait      = 5 * time.Second // how long a page waits for its turn
	searches      = 2               // of the trail, at a time: each reads files with all processors
	messagesPath  = "/messages"
	pagesDisallow = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// PageLimit is how long a page may take to be made, so that one that waited for its turn before can still say that it took
// too long.
const PageLimit = frontAskLimit - pageWait

// servePages adds the pages to what is served. Who shows nothing is led to where the token is typed in.
func (f *Front) servePages(mux *http.ServeMux, pages Pages) {
	shown := f.led(limited(frontQuestions, pageWait, pages.Busy, pages))
	mux.Handle("GET /", guardPage(shown))
	mux.Handle("GET /api", guardPage(shown))
	search := guardPage(f.led(f.private(pages.Closed, limited(searches, pageWait, pages.Busy, pages))))
	mux.Handle("GET "+messagesPath, search)
	mux.Handle("GET "+messagesPath+"/", search)
	mux.Handle("GET /assets/", http.HandlerFunc(pages.Asset))
	mux.HandleFunc("GET /api/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, errors.New("there is no such path: /api/v1/openapi.yaml names all"))
	})
	sameSite := http.NewCrossOriginProtection() // nobody else's page logs anybody in or out
	mux.Handle("GET /login", guardPage(f.askToken(pages)))
	mux.Handle("POST /login", guardPage(sameSite.Handler(limited(frontQuestions, pageWait, busy, f.logIn(pages)))))
	mux.Handle("POST /logout", guardPage(sameSite.Handler(http.HandlerFunc(f.logOut))))
}

// led answers those who show what is wanted, and leads others to the login.
func (f *Front) led(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !f.allowed(r) {
			http.Redirect(w, r, "/login?"+url.Values{"next": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// private answers where something is wanted of who asks, whatever the configuration has become since the start.
func (f *Front) private(closed http.HandlerFunc, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.credentials.Load().open() {
			closed(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// guardPage tells browsers to load nothing from elsewhere, to run nothing that stands in a page, and to show it in
// nobody's frame: what mail brought into a page stays text even where something failed to make it that.
func guardPage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagesDisallow)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		next.ServeHTTP(w, r)
	})
}
