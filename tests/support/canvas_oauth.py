"""A small Canvas whose tokens come from a developer key: consent, exchange, refresh, logout (doc/api/oauth_endpoints.md).
Tests make its tokens run out, refuse, or answer oddly while it runs."""
import json
import secrets
import threading
import time
import urllib.parse

from . import canvas_rest

JSON = "application/json; charset=utf-8"


class Handler(canvas_rest.Handler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.canvas.token_service(self, dict(urllib.parse.parse_qsl(body)))

    def do_DELETE(self):
        self.server.canvas.logout(self)


class OauthCanvas(canvas_rest.Canvas):
    """`odd`: what the token service answers instead, as (status, content type, bytes, headers). `asked`: its requests.
    `most_refreshes`: how many refreshes were under way at once, at most."""

    def __init__(self, **more):
        super().__init__(**more)
        self.server.RequestHandlerClass = Handler
        self.client_id, self.secret = "10000000000007", secrets.token_urlsafe(32)
        self.token = None               # the access token that is good now
        self.codes, self.refresh_tokens, self.odd, self.slow_s = {}, {}, None, 0
        self.asked, self.logouts, self.consents = [], [], []
        self.under_way, self.most_refreshes, self.lock = 0, 0, threading.Lock()
        self.lasts = 3600
        self.key_is_on = True

    # --- what a person does at the consent page

    def consent(self, url, user=(1, "Laurel Reader"), error=None):
        """Where the browser is sent on to."""
        address = urllib.parse.urlsplit(url)
        assert f"{address.scheme}://{address.netloc}" == self.base and address.path == "/login/oauth2/auth", url
        query = dict(urllib.parse.parse_qsl(address.query, strict_parsing=True))
        assert query["client_id"] == self.client_id and query["response_type"] == "code", query
        self.consents.append(query)
        answer = {"state": query["state"]}
        if error:
            answer["error"] = error
        else:
            answer["code"] = self.code(user, query["redirect_uri"])
        return query["redirect_uri"] + "?" + urllib.parse.urlencode(answer)

    def code(self, user, redirect_uri):
        code = secrets.token_hex(32)
        self.codes[code] = (user, redirect_uri)
        return code

    # --- the token service

    def token_service(self, request, form):
        self.asked.append(form)
        is_refresh = form.get("grant_type") == "refresh_token"
        with self.lock:
            self.under_way += is_refresh
            self.most_refreshes = max(self.most_refreshes, self.under_way)
        time.sleep(self.slow_s)
        try:
            self.answer_token(request, form)
        finally:
            with self.lock:
                self.under_way -= is_refresh

    def answer_token(self, request, form):
        if self.odd:
            status, kind, body, headers = self.odd
            return self.send_bytes(request, status, kind, body, headers)
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.secret) or not self.key_is_on:
            return self.send_json(request, 401, {"error": "invalid_client", "error_description": "unknown client"})
        if form["grant_type"] == "authorization_code":
            user, redirect_uri = self.codes.pop(form.get("code"), (None, None))
            if user is None or redirect_uri != form.get("redirect_uri"):
                return self.send_json(request, 400, {"error": "invalid_grant",
                                                     "error_description": "authorization_code not found"})
            refresh = "7~" + secrets.token_hex(32)
            self.refresh_tokens[refresh] = user
            return self.send_json(request, 200, {**self.fresh(user), "refresh_token": refresh})
        user = self.refresh_tokens.get(form.get("refresh_token"))
        if user is None:
            return self.send_json(request, 400, {"error": "invalid_grant", "error_description": "refresh_token not found"})
        return self.send_json(request, 200, self.fresh(user))

    def fresh(self, user):
        self.token = "7~" + secrets.token_hex(32)
        return {"access_token": self.token, "token_type": "Bearer", "expires_in": self.lasts,
                "user": {"id": user[0], "name": user[1], "global_id": str(10 ** 13 * 7 + user[0])}}

    def logout(self, request):
        bearer = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        self.logouts.append(bearer)
        if self.down:
            return self.send_json(request, 503, {})
        if bearer != self.token:
            return self.send_json(request, 401, {"errors": [{"message": "Invalid access token."}]})
        self.token = None
        self.refresh_tokens.clear()
        return self.send_json(request, 200, {})

    def run_out(self):
        """The access token ends now; the refresh token does not."""
        self.token = None

    def send_json(self, request, status, body):
        self.send_bytes(request, status, JSON, json.dumps(body).encode(), {})

    def send_bytes(self, request, status, kind, body, headers):
        request.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        try:
            request.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass        # whoever asked had enough
