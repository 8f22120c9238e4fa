import json

import pytest

from app.client import Client
from tests.app.cli.conftest import Run


def test_products_are_listed_by_state(run: Run, client: Client) -> None:
    client.put_product("shop", {"sku": "shoe-1", "title": "Red shoe"})
    assert "shoe-1" in run("products", "list", "shop").output
    assert "shoe-1" not in run("products", "list", "shop", "--state", "failed").output
    listed = run("products", "list", "shop", "--json", "--filter", "sku = 'shoe-1'")
    assert json.loads(listed.stdout)["embedding"]["state"] == "pending"


@pytest.mark.usefixtures("worker")
def test_another_try_tells_how_it_went(run: Run, client: Client) -> None:
    client.put_product("shop", {"sku": "shoe-1", "title": "Red shoe"})
    result = run("products", "retry", "shop")
    assert result.exit_code == 0, result.output
    assert "0 rows done; 0 had errors" in result.output
