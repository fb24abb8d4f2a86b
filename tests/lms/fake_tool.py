"""The other side of the demo LMS in its own tests: judged with jwcrypto, sharing nothing with Laurel."""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from jwcrypto import jwk, jws

from client import send


class FakeTool:
    """A tool that publishes its keys, and takes notices."""

    def __init__(self):
        self.key = jwk.JWK.generate(kty="RSA", size=2048, kid="tool-key-1", alg="RS256", use="sig")
        self.fetches = 0
        self.notices = []
        tool = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                tool.fetches += 1
                body = json.dumps({"keys": [json.loads(tool.key.export_public())]}).encode()
                self.send_response(200 if self.path == "/lti/jwks" else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                tool.notices.append(json.loads(body))
                self.send_response(200 if self.path == "/lti/notices" else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def sign(self, claims, **header):
        envelope = jws.JWS(json.dumps(claims))
        envelope.add_signature(self.key, protected=json.dumps({"alg": "RS256", "typ": "JWT", "kid": "tool-key-1", **header}))
        return envelope.serialize(compact=True)


def verified(lms, token):
    """The claims, after the signature was checked against the published key set."""
    keys = jwk.JWKSet.from_json(send("GET", lms.ready["jwks_url"]).text)
    envelope = jws.JWS()
    envelope.deserialize(token)
    envelope.verify(keys.get_key(envelope.jose_header["kid"]), "RS256")
    return json.loads(envelope.payload)
