import os
import pathlib
import shutil
import tempfile

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

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


class Window:
    """A Chromium of its own, with nobody's cookies."""

    def __init__(self, width=1280, block_third_party=False):
        self.profile = tempfile.mkdtemp(prefix="laurel-chromium.")
        options = Options()
        for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
                         "--disable-background-networking", "--disable-component-update", f"--user-data-dir={self.profile}",
                         f"--window-size={width},900", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"):
            options.add_argument(argument)
        if os.getuid() == 0:
            options.add_argument("--no-sandbox")
        if block_third_party:
            options.add_experimental_option("prefs", {"profile.cookie_controls_mode": 1, "profile.block_third_party_cookies": True})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.binary_location = "/usr/bin/chromium"
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(30)

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
