#!/usr/bin/python3
"""A demo learning platform: an independent LTI 1.3 platform that behaves like Moodle or like Canvas. See README.md."""
import argparse
import json
import logging
import os
import signal
import sys
import tempfile
import threading

from demolms import describe, seed
from demolms.app import create_app
from demolms.httpd import DrainedBody, listen
from demolms.state import Addresses


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--personality", choices=("moodle", "canvas"), default="moodle")
    parser.add_argument("--public-url", help="what browsers open, when a proxy stands in front")
    parser.add_argument("--issuer", help="default the public URL; one Canvas issuer serves many schools")
    parser.add_argument("--auth-url", help="base of the authentication request's address; default the public URL")
    parser.add_argument("--service-url", help="base of what tools call; default the public URL")
    parser.add_argument("--tool", default="http://127.0.0.1:8080", help="base URL of the LTI tool")
    parser.add_argument("--tool-jwks", help="the tool's key set; default TOOL/lti/jwks")
    parser.add_argument("--seed", type=int, default=0, help="0 is the fixed demonstration school")
    parser.add_argument("--course", choices=("believable", "small", "large"), default="believable")
    parser.add_argument("--learners", type=int, help="default 62, 5 in the small school, 2000 in the large one")
    parser.add_argument("--items", type=int, help="activities of the large course (50); else graded assignments more in the first")
    parser.add_argument("--ready-file", help="also write the ready line here")
    parser.add_argument("--verbose", action="store_true", help="log every request on stderr")
    return parser.parse_args()


def write_atomically(path, text):
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)))
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(temporary, path)


def main():
    args = arguments()
    logging.getLogger("werkzeug").setLevel(logging.INFO if args.verbose else logging.ERROR)
    box = {}
    server = listen(args.host, args.port, DrainedBody(lambda environ, start: box["app"](environ, start)), args.verbose)
    public = (args.public_url or f"http://{args.host}:{server.server_port}").rstrip("/")
    addresses = Addresses((args.issuer or public).rstrip("/"), public, (args.auth_url or public).rstrip("/"),
                          (args.service_url or public).rstrip("/"))
    tool = args.tool.rstrip("/")
    learners = args.learners if args.learners is not None else {"small": 5, "large": 2000}.get(args.course, 62)
    school = seed.build(addresses, tool, args.tool_jwks, args.seed, args.course, learners, args.personality, args.items)
    box["app"] = create_app(school)

    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    line = json.dumps(describe.ready(school), ensure_ascii=False) + "\n"
    if args.ready_file:
        write_atomically(args.ready_file, line)
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(line)
    sys.stdout.flush()
    done.wait()
    server.socket.close()
    os._exit(0)         # idle keep-alive connections must not delay the end


if __name__ == "__main__":
    main()
