"""Between Laurel and a site: passes requests on, notes them, and breaks when a test wants it."""
import http.client
import http.server
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def relay(self):
        self.server.relay.pass_on(self)

    do_GET = do_POST = relay


class Relay:
    """`requests`: bodies in the order they came; `breaks_after`: so many more, then the connection breaks off."""

    def __init__(self, port):
        self.target, self.requests, self.breaks_after = port, [], None
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads, self.server.relay = True, self
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.port = self.server.server_address[1]
        self.base = f"http://127.0.0.1:{self.port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def pass_on(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        with self.lock:
            if self.breaks_after == 0:
                request.close_connection = True
                return
            if self.breaks_after:
                self.breaks_after -= 1
            self.requests.append(body.decode())
        site = http.client.HTTPConnection("127.0.0.1", self.target, timeout=30)
        site.request(request.command, request.path, body,
                     {"Content-Type": request.headers.get("Content-Type", "application/x-www-form-urlencoded")})
        reply = site.getresponse()
        data = reply.read()
        request.send_response(reply.status)
        request.send_header("Content-Type", reply.headers.get("Content-Type", "application/json"))
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)
        site.close()
