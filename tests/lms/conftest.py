import pytest

from fake_tool import FakeTool


@pytest.fixture(scope="session")
def tool():
    fake = FakeTool()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()
