"""A bare browser: explicit cookie jar, no redirects followed, every header seen. It keeps and sends Secure cookies
over http to loopback, as browsers do."""
import dataclasses
import html
import http.client
import re
import socket
import urllib.parse

# Where an https origin really is in this test: the program behind a TLS terminator that is not there.
REACH = {}


@dataclasses.dataclass
class Reply:
    status: int
    headers: list
    body: bytes

    def header(self, name, default=""):
        return next((v for k, v in self.headers if k.lower() == name.lower()), default)

    def all(self, name):
        return [v for k, v in self.headers if k.lower() == name.lower()]

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def location(self):
        return self.header("Location")

    def query(self):
        """The parameters of the address in Location, each once."""
        pairs = urllib.parse.parse_qsl(urllib.parse.urlsplit(self.location).query, keep_blank_values=True)
        assert len({k for k, _ in pairs}) == len(pairs), f"a parameter twice in {self.location}"
        return dict(pairs)

    def fields(self):
        """Hidden inputs of the page, first form first."""
        found = {}
        for tag in re.findall(r"<input\b[^>]*>", self.text, re.I):
            attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            if "name" in attributes:
                found.setdefault(attributes["name"], html.unescape(attributes.get("value", "")))
        return found

    def action(self):
        found = re.search(r'<form\b[^>]*\baction="([^"]*)"', self.text, re.I)
        return html.unescape(found.group(1)) if found else ""


class Browser:
    """One cookie jar for one host. Cookies are a plain dict: a test may move, drop or forge them."""

    def __init__(self):
        self.cookies = {}

    def get(self, url, **more):
        return self.request("GET", url, **more)

    def post(self, url, fields=None, **more):
        """fields: dict or list of pairs, sent url-encoded."""
        if fields is not None:
            more["body"] = urllib.parse.urlencode(fields).encode()
            more.setdefault("headers", {}).setdefault("Content-Type", "application/x-www-form-urlencoded")
        return self.request("POST", url, **more)

    def request(self, method, url, *, body=None, headers=None, timeout=30):
        where = urllib.parse.urlsplit(url)
        target = urllib.parse.urlunsplit(("", "", where.path or "/", where.query, ""))
        sent = dict(headers or {})
        if self.cookies and "Cookie" not in sent:
            sent["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        host, port = REACH.get(f"{where.scheme}://{where.netloc}", (where.hostname, where.port))
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
        try:
            connection.request(method, target, body=body, headers=sent)
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()
        self.keep(reply)
        return reply

    def keep(self, reply):
        for line in reply.all("Set-Cookie"):
            pair, *attributes = line.split(";")
            name, value = pair.strip().split("=", 1)
            if any(a.strip().lower() in ("max-age=0", "max-age=-1") for a in attributes):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def copy(self):
        twin = Browser()
        twin.cookies = dict(self.cookies)
        return twin


def raw(port, data, timeout=10):
    """Sends bytes as they are and reads until the server closes or falls silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as line:
        line.sendall(data)
        line.settimeout(timeout)
        received = b""
        try:
            while chunk := line.recv(65536):
                received += chunk
        except (TimeoutError, ConnectionResetError):
            pass
    return received
