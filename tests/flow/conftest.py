import pytest

from support import forge, laurel

BASE = "https://badges.forge.example"
# Files that take a minute and more, mostly waiting.
SLOWEST = ("test_sync_engine.py", "test_canvas_rest.py", "test_canvas_source.py", "test_operations.py", "test_mentor.py",
           "test_register.py", "test_export.py", "test_events.py")


def pytest_sessionstart(session):
    if laurel.program() is None:
        pytest.exit("build the program first, or name it in LAUREL_BIN", returncode=2)


def pytest_collection_modifyitems(items):
    """What takes longest begins first: else the others are done, and all wait for it."""
    items.sort(key=lambda item: item.path.name not in SLOWEST)


@pytest.fixture(scope="session")
def cluster():
    cluster = laurel.Cluster()
    yield cluster
    cluster.close()


def bad_keys():
    """Keys that must not be taken from a key set, by what is wrong with them (attacks.md A3, A18-A22)."""
    double_1, double_2 = forge.Key("double"), forge.Key("double")
    keys = {"ec": forge.EcKey(), "ed": forge.EdKey(), "512-bit": forge.Key(bits=512), "1024-bit": forge.Key(bits=1024),
            "e-is-1": forge.Key(), "e-is-3": forge.Key(exponent=3), "even-modulus": forge.Key(), "use-enc": forge.Key(),
            "key-ops-encrypt": forge.Key(), "alg-RS512": forge.Key(), "oct": forge.Key(), "double-1": double_1,
            "double-2": double_2, "private-published": forge.Key()}
    for key in keys.values():
        key.published = key.jwk()
    modulus = keys["even-modulus"].private.public_key().public_numbers().n
    keys["e-is-1"].published["e"] = "AQ"
    keys["even-modulus"].published["n"] = forge.number(modulus & ~1)
    keys["use-enc"].published["use"] = "enc"
    keys["key-ops-encrypt"].published = keys["key-ops-encrypt"].jwk(use=None, key_ops=["encrypt"])
    keys["alg-RS512"].published["alg"] = "RS512"
    keys["oct"].published = {"kty": "oct", "kid": keys["oct"].kid, "k": forge.b64url(b"0" * 32)}
    keys["private-published"].published = keys["private-published"].private_jwk()
    return keys


class House:
    """One installation with several platforms: `a` and `b` are strangers whose keys share a kid; `zoo` publishes every
    bad key there is beside a good one; `twin_1` and `twin_2` share issuer and client id; `attacker` is registered
    nowhere, and what reaches it is a leak. `fresh()` gives platforms nobody has launched from yet."""

    def __init__(self, cluster):
        self.a = forge.Platform("a", kid="shared-kid")
        self.b = forge.Platform("b", kid="shared-kid", deployment="dep-b")
        self.zoo = forge.Platform("zoo", deployment="dep-zoo")
        self.bad_keys = bad_keys()
        self.tolerated = forge.Key("no-alg-and-padded")
        self.zoo.jwks = [self.zoo.key.jwk(), *(key.published for key in self.bad_keys.values()),
                         self.tolerated.jwk(alg=None, use=None, n=self.tolerated.jwk()["n"] + "==")]
        self.twin_1 = forge.Platform("twin-1", issuer="https://canvas.example", client_id="10000000000001")
        self.twin_2 = forge.Platform("twin-2", issuer="https://canvas.example", client_id="10000000000001")
        self.cloud = forge.Platform("cloud", issuer="https://canvas.instructure.com", client_id="10000000000042")
        self.many = [forge.Platform(f"many-{n}", issuer="https://one.example") for n in (1, 2)]
        self.spare = [forge.Platform(f"spare-{n}") for n in range(20)]
        self.attacker = forge.Platform("attacker")
        self.platforms = [self.a, self.b, self.zoo, self.twin_1, self.twin_2, self.cloud, *self.many, *self.spare]
        self.laurel = laurel.Laurel(cluster, allow=[p.port for p in self.platforms], base=BASE)

    def open(self):
        self.laurel.prepare()
        for platform in self.platforms:
            if platform in self.spare:
                continue        # registered when somebody asks for it: a key takes a while to make
            added = self.laurel.add_platform(platform, *(["--another"] if platform is self.twin_2 else []))
            if platform in (self.twin_1, self.twin_2):      # only their own addresses tell them apart
                platform.login_url, platform.launch_url = added["own_login_url"], added["own_launch_url"]
        self.laurel.start()

    def fresh(self):
        platform = self.spare.pop()
        self.laurel.add_platform(platform)
        return platform

    def close(self):
        for platform in [*self.platforms, self.attacker]:
            platform.close()
        self.laurel.close()


@pytest.fixture(scope="session")
def house(cluster):
    house = House(cluster)
    try:
        house.open()
        yield house
    finally:
        house.close()
