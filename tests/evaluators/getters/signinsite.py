"""A site that lets in who has an address and a password, and has a page for everybody; runs in a desktop."""

import http.server
import urllib.parse

PORT = 8765
HERE, THERE = f"http://127.0.0.1:{PORT}", f"http://localhost:{PORT}"

SIGN_IN = """<title>Sign in</title><form method=post action=/enter>
<div id=one><input type=email name=email><div id=identifierNext><div><button type=button
 onclick="setTimeout(() => {document.getElementById('two').hidden = false}, 100)">Next</button></div></div></div>
<div id=two hidden><input type=password name=password><div id=passwordNext><div><button>Next</button></div></div></div>
</form>"""

PAGE = """<title>Page</title><h1>Hello <b>there</b></h1><a id=next href=/second title="to the second">more</a>
<p hidden id=hidden>not shown</p>"""


class Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/drive" and "in=yes" not in (self.headers["Cookie"] or ""):
            self._answer(302, Location=f"{THERE}/signin")
        elif path == "/let-in":
            self._answer(302, **{"Location": f"{HERE}/drive", "Set-Cookie": "in=yes"})
        elif path == "/gone":
            self.connection.close()
        else:
            second = "<title>Second</title><h1>The second</h1>"
            page = {"/signin": SIGN_IN, "/page": PAGE, "/second": second}.get(path, "<title>Drive</title>My files")
            self._answer(200, page, **{"Content-Type": "text/html"})

    def do_POST(self) -> None:
        told = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        right = told == {"email": ["me@example.org"], "password": ["open sesame"]}
        self._answer(302, Location=f"{HERE}/let-in" if right else f"{THERE}/signin?wrong")

    def _answer(self, status: int, body: str = "", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Answering).serve_forever()
