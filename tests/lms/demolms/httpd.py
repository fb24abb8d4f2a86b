"""HTTP/1.1 with keep-alive on Werkzeug's threaded server."""
import io

from werkzeug.serving import WSGIRequestHandler, make_server

BODY_MAX_BYTES = 16 * 1024 * 1024


class KeepAliveHandler(WSGIRequestHandler):
    """Werkzeug closes after every answer because bodies may be left unread; `DrainedBody` reads them."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 75
    verbose = False

    def send_header(self, keyword, value):
        if keyword.lower() == "connection" and value == "close" and not self.close_connection:
            value = "keep-alive"
        super().send_header(keyword, value)

    def version_string(self):
        return "nginx"

    def log(self, kind, message, *args):
        if self.verbose or kind == "error":
            super().log(kind, message, *args)


class DrainedBody:
    """Reads the whole request body before the application runs."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        if environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read()
            environ["CONTENT_LENGTH"] = str(len(body))
        else:
            length = environ.get("CONTENT_LENGTH") or "0"
            if not length.isdecimal() or int(length) > BODY_MAX_BYTES:
                start_response("413 Request Entity Too Large", [("Content-Length", "0"), ("Connection", "close")])
                return [b""]
            body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = io.BytesIO(body)
        return self.app(environ, start_response)


def listen(host, port, app, verbose=False):
    handler = type("Handler", (KeepAliveHandler,), {"verbose": verbose})
    return make_server(host, port, app, threaded=True, request_handler=handler)
