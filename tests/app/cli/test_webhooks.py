import json

from app.client import Client
from tests.app.cli.conftest import Run

HOOK = "https://shop.example/jobs"


def test_a_webhook_is_added_with_its_secret_listed_and_removed(run: Run) -> None:
    added = run("webhooks", "add", HOOK, "--kind", "import")
    assert added.exit_code == 0, added.output
    assert "whsec_" in added.output
    assert HOOK in run("webhooks", "list").output
    [listed] = json.loads(run("webhooks", "list", "--json").stdout)
    assert listed["kinds"] == ["import"]
    assert run("webhooks", "remove", str(listed["id"])).exit_code == 0
    assert json.loads(run("webhooks", "list", "--json").stdout) == []


def test_deliveries_are_listed_and_tried_again(run: Run, client: Client) -> None:
    hook = client.add_webhook(HOOK)
    job = client.import_file("shop", [b"{}\n"])
    client.cancel(job.id)
    [made] = json.loads(run("webhooks", "deliveries", str(hook["id"]), "--json").stdout)
    assert (made["job"], made["state"], made["tries"]) == (job.id, "pending", 0)
    assert "pending" in run("webhooks", "deliveries", str(hook["id"])).output
    assert run("webhooks", "retry", str(hook["id"])).output == "1 deliveries are tried now.\n"


def test_an_address_that_is_none_is_told(run: Run) -> None:
    wrong = run("webhooks", "add", "shop.example")
    assert wrong.exit_code == 2
    assert "http or https" in wrong.output
