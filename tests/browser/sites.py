"""Sites as browsers see them: an nginx that ends TLS in front of everything, with certificates made when it starts. Every
name below `localhost` is a site of its own to a browser, and nobody but this machine.

    tool.localhost    Laurel, behind its own nginx with the reference configuration
    lms.localhost     a demo LMS like Moodle        canvas.localhost, sso.localhost    one like Canvas

Programs call each other at 127.0.0.1, past the terminator."""
import base64
import contextlib
import datetime
import hashlib
import pathlib
import shutil

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from support import laurel, web

HOSTS = ("tool.localhost", "lms.localhost", "canvas.localhost", "sso.localhost")


class Authority:
    """A certificate authority for one run, and one certificate for all hosts."""

    def __init__(self, folder):
        self.key, self.now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.utcnow()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests of Laurel")])
        self.certificate = self.certify(name, name, self.key, [(x509.BasicConstraints(ca=True, path_length=0), True)])
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOSTS[0])])
        certificate = self.certify(subject, name, key, [(names, False)])
        self.chain, self.key_file = folder / "tls.pem", folder / "tls.key"
        self.chain.write_bytes(b"".join(c.public_bytes(serialization.Encoding.PEM) for c in (certificate, self.certificate)))
        self.key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                    serialization.NoEncryption()))
        self.key_file.chmod(0o600)

    def certify(self, subject, issuer, key, extensions):
        day = datetime.timedelta(days=1)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(self.now - day).not_valid_after(self.now + day))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    @property
    def pin(self):
        """What makes Chromium trust this authority and no other: the hash of its key."""
        spki = self.key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(spki).digest()).decode()


SERVER = """
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name {names};
        access_log {log} told;
        {inside}
    }}"""
PASS = "proxy_pass http://127.0.0.1:{port}; proxy_redirect off; proxy_set_header Host $http_host;"
TOOL = r"""error_page 418 = @stripped;
        location / {{ if (-f {flag}) {{ return 418; }} {to} }}
        location @stripped {{ {to} proxy_hide_header Set-Cookie; }}
        error_page 419 = @forgetful;
        location ~ ^/assets/.*/shell\.js$ {{ if (-f {forgetful}) {{ return 419; }} {to} }}
        location @forgetful {{ {to} proxy_set_header Accept-Encoding ""; sub_filter_types *; sub_filter_once off;
            sub_filter sessionStorage window.thereIsNone; }}
        location = /_probe {{ add_header Set-Cookie "probe=1; Path=/; Secure; SameSite=None"; return 204; }}"""
CONFIG = """{user}daemon off;
worker_processes 1;
pid {folder}/front.pid;
error_log {folder}/front-error.log warn;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/tmp/body; proxy_temp_path {folder}/tmp/proxy; fastcgi_temp_path {folder}/tmp/fastcgi;
    uwsgi_temp_path {folder}/tmp/uwsgi; scgi_temp_path {folder}/tmp/scgi;
    client_max_body_size 20m;
    proxy_buffer_size 64k; proxy_buffers 8 64k; large_client_header_buffers 8 64k;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    log_format told '$host $request_method $request_uri $status referer=$http_referer origin=$http_origin site=$http_sec_fetch_site';
{servers}
}}
"""


def switch(flag, is_on):
    """nginx looks for the file at each request."""
    if is_on:
        flag.touch()
    else:
        flag.unlink(missing_ok=True)


class Front:
    """The TLS terminator. `strip(True)` takes Set-Cookie out of every answer of the tool; `forget(True)` makes the tool's
    script throw whenever it turns to sessionStorage, in browsers whose driver cannot do that."""

    def __init__(self):
        self.folder, self.port = laurel.scratch(), laurel.free_port()
        self.authority = Authority(self.folder)
        self.flag, self.forgetful, self.log = self.folder / "strip", self.folder / "forget", self.folder / "access.log"
        self.process = None

    def url(self, host):
        return f"https://{host}:{self.port}"

    def start(self, ports, run):
        """ports: host -> port behind it; `run(name, command, log)` starts the process."""
        (self.folder / "tmp").mkdir()
        servers = []
        for host, port in ports.items():
            to = PASS.format(port=port)
            inside = TOOL.format(flag=self.flag, forgetful=self.forgetful, to=to) if host == "tool.localhost" else f"location / {{ {to} }}"
            servers.append(SERVER.format(port=self.port, names=host, log=self.log, inside=inside))
        user = "user root;\n" if self.folder.owner() == "root" else ""
        (self.folder / "front.conf").write_text(CONFIG.format(
            user=user, folder=self.folder, chain=self.authority.chain, key=self.authority.key_file, servers="".join(servers)))
        nginx = shutil.which("nginx", path="/usr/sbin:/sbin:/usr/bin:/usr/local/sbin")
        self.process = run("front", [nginx, "-e", str(self.folder / "front-error.log"), "-p", str(self.folder),
                                     "-c", str(self.folder / "front.conf")], self.folder / "front.out")
        laurel.wait_until(self.listens, 10, "the TLS terminator listens")

    def listens(self):
        assert self.process.poll() is None, (self.folder / "front-error.log").read_text()
        try:
            web.socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def strip(self, is_on):
        switch(self.flag, is_on)

    def forget(self, is_on):
        switch(self.forgetful, is_on)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Sites:
    """Laurel, the two LMSs and the terminator."""

    def __init__(self, stack, cluster):
        self.front = Front()
        stack.callback(self.front.close)
        self.place = laurel.Laurel(cluster, base=self.front.url("tool.localhost"))
        stack.callback(self.place.close)
        self.moodle = self.lms(stack, "lms.localhost", "lms.localhost", "moodle")
        self.canvas = self.lms(stack, "canvas.localhost", "sso.localhost", "canvas")
        self.place.write_config()
        self.place.prepare()
        for lms in (self.moodle, self.canvas):
            self.place.add_platform(lms)
            laurel.add_source(self.place, lms)
        self.place.start()
        self.front.start({"tool.localhost": self.place.port, "lms.localhost": self.moodle.port,
                          "canvas.localhost": self.canvas.port, "sso.localhost": self.canvas.port}, self.place.run)
        self.place.start_worker()
        for lms in (self.moodle, self.canvas):
            for link in (course["links"][0]["launch_path"] for course in lms.facts["courses"][:2]):
                assert lms.launch(lms.user("editingteacher")["id"], link)[0].status == 303

    def lms(self, stack, host, auth_host, personality):
        port = laurel.free_port()
        found = laurel.Lms(self.place.base, seed=21, course="believable", port=port, personality=personality, learners=8,
                           public_url=self.front.url(host), auth_url=self.front.url(auth_host), service_url=f"http://127.0.0.1:{port}")
        stack.callback(found.close)
        self.place.allow.append(f"127.0.0.1:{port}")
        return found

    def reset(self):
        """The switches as they are when nobody touched them: Moodle offers no storage, Canvas does."""
        self.front.strip(False)
        self.front.forget(False)
        for lms, storage in ((self.moodle, "off"), (self.canvas, "frame")):
            for name, value in (("storage", storage), ("storage_silent", False), ("storage_liar", False)):
                lms.control("set_quirk", name=name, value=value)

    def logs(self):
        """Every line that any server wrote about requests of the browser."""
        files = [self.front.log, *self.place.folder.glob("*.log")]
        return "\n".join(pathlib.Path(file).read_text(errors="replace") for file in files)


@contextlib.contextmanager
def open_sites(cluster):
    with contextlib.ExitStack() as stack:
        yield Sites(stack, cluster)
