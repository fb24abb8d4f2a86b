import os
import pathlib
import shutil
import tempfile

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from browser.sites import open_sites
from support import laurel


def pytest_sessionstart(session):
    if laurel.program() is None:
        pytest.exit("build the program first, or name it in LAUREL_BIN", returncode=2)


@pytest.fixture(scope="session")
def cluster():
    cluster = laurel.Cluster()
    yield cluster
    cluster.close()


@pytest.fixture(scope="session")
def pictures():
    """Where screenshots go: $LAUREL_SCREENSHOTS, else a folder that is removed again."""
    named = os.environ.get("LAUREL_SCREENSHOTS")
    folder = pathlib.Path(named or tempfile.mkdtemp(prefix="laurel-pictures."))
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    if not named:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sites(cluster):
    with open_sites(cluster) as running:
        import_badges(running)
        yield running


@pytest.fixture(autouse=True)
def usual_switches(request):
    """Each test finds the sites as they are by default."""
    yield
    if "sites" in request.fixturenames:
        request.getfixturevalue("sites").reset()


def import_badges(sites):
    """One badge in the first course of each LMS; its name says which this is."""
    rule = {"item": "Lab safety quiz", "min_percent": 80}
    for lms, name in ((sites.moodle, "Safe Hands"), (sites.canvas, "First Course")):
        laurel.import_badges(sites.place, lms, [{"key": name.lower().replace(" ", "-"), "name": name, "rule": rule}])


class Window:
    """A Chromium of its own, with nobody's cookies. `pin` is the authority it trusts; `one_process` keeps frames of other
    sites in their page's process, where a script given to the page reaches them as well."""

    def __init__(self, width=1280, block_third_party=False, pin=None, one_process=False):
        self.profile = tempfile.mkdtemp(prefix="laurel-chromium.")
        options = Options()
        for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
                         "--disable-background-networking", "--disable-component-update", f"--user-data-dir={self.profile}",
                         f"--window-size={width},900", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost"):
            options.add_argument(argument)
        if pin:
            options.add_argument(f"--ignore-certificate-errors-spki-list={pin}")
        if one_process:
            options.add_argument("--disable-site-isolation-trials")
            options.add_argument("--disable-features=IsolateOrigins,site-per-process")
        if os.getuid() == 0:
            options.add_argument("--no-sandbox")
        if block_third_party:
            options.add_experimental_option("prefs", {"profile.cookie_controls_mode": 1, "profile.block_third_party_cookies": True})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.binary_location = "/usr/bin/chromium"
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(30)

    def start_over(self):
        """A fresh tab and no cookies; what the old tabs kept for themselves goes with them."""
        old = self.driver.window_handles
        self.driver.switch_to.new_window("tab")
        fresh = self.driver.current_window_handle
        for handle in old:
            self.driver.switch_to.window(handle)
            self.driver.close()
        self.driver.switch_to.window(fresh)
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})

    def complaints(self):
        """What the console said about scripts and policies."""
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE" and "favicon" not in line["message"]]

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)


@pytest.fixture
def window():
    """window(...) opens a Chromium; all are closed after the test."""
    opened = []

    def open_window(**more):
        opened.append(Window(**more))
        return opened[-1]
    yield open_window
    for one in opened:
        one.close()
