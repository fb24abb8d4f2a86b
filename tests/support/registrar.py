"""A platform that takes dynamic registrations: a small HTTP server whose every answer a test may spoil.

Set `config` (merge patch on a good openid-configuration), `config_reply` or `register_reply` (status, headers, body) to
misbehave; what was asked is in `asked` as (method, path, headers, body)."""
import http.server
import json
import secrets
import threading
import time

from . import forge

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
SCOPES = ["https://purl.imsglobal.org/spec/lti-ags/scope/lineitem", "https://purl.imsglobal.org/spec/lti-ags/scope/score",
          "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
          "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly", "openid"]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        registrar = self.server.registrar
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        path = self.path.split("?")[0]
        registrar.asked.append((self.command, path, dict(self.headers), body))
        time.sleep(registrar.slow_s)
        status, headers, answer = registrar.answer(self.command, path, body)
        answer = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        try:
            self.wfile.write(answer)
        except OSError:
            pass                    # the tool hung up: it has read enough

    do_GET = do_POST = do_PUT = serve

    def log_message(self, *_):
        pass


class Registrar:
    """`product` is "moodle" or "canvas": what the deployment id and the placements look like."""

    def __init__(self, product="moodle", kid=None):
        self.product, self.key = product, forge.Key(kid)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.registrar = self
        self.port = self.server.server_address[1]
        self.issuer = self.base = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.reset()

    def reset(self):
        self.asked, self.config, self.config_reply, self.register_reply = [], {}, None, None
        self.client_id, self.token = "c" + secrets.token_hex(7), "reg." + secrets.token_hex(8)
        self.deployment = "3" if self.product == "moodle" else None
        self.granted = None         # scopes; None: what was asked for
        self.slow_s = 0             # before each answer
        self.window = ""            # a page of its own, HTML
        self.meanwhile = None       # called before a registration is answered
        return self

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    config_url = property(lambda self: self.base + "/openid-configuration")

    def configuration(self):
        messages = [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]}]
        if self.product == "canvas":
            canvas = "https://canvas.instructure.com/lti/"
            messages = [{"type": "LtiResourceLinkRequest", "placements": [canvas + "course_navigation", canvas + "account_navigation"]},
                        {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea", canvas + "assignment_selection"]}]
        good = {"issuer": self.issuer, "authorization_endpoint": self.base + "/auth", "token_endpoint": self.base + "/token",
                "jwks_uri": self.base + "/jwks", "registration_endpoint": self.base + "/register",
                "scopes_supported": SCOPES, "response_types_supported": ["id_token"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
                PLATFORM: {"product_family_code": self.product, "version": "1", "messages_supported": messages}}
        return forge.merge(good, self.config)

    def answer(self, method, path, body):
        if path == "/openid-configuration":
            return self.config_reply or (200, {}, self.configuration())
        if path == "/window":       # the administrator's page, with the tool's registration in a frame
            return 200, {"Content-Type": "text/html"}, self.window.encode()
        if path == "/jwks":
            return 200, {}, {"keys": [self.key.jwk()]}
        if path == "/register" and method in ("POST", "PUT"):
            return self.register_reply or self.register(json.loads(body))
        return 404, {}, b"<html>nothing here</html>"

    def register(self, request):
        if self.meanwhile:
            self.meanwhile()
        tool = dict(request[TOOL])
        if self.deployment is not None:
            tool["deployment_id"] = self.deployment
        reply = {**request, "client_id": self.client_id, TOOL: tool}
        if self.granted is not None:
            reply["scope"] = " ".join(self.granted)
        return (200 if self.product == "moodle" else 201), {}, reply

    def to(self, path):
        return [one for one in self.asked if one[1] == path]

    def request(self):
        """The one registration request that came."""
        [(_, _, _, body)] = self.to("/register")
        return json.loads(body)
