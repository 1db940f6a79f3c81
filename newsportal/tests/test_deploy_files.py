"""What stands in deploy/ names what there is: variables that settings read, commands and files that exist."""

import re

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from articles.body import heavy
from articles.pictures import apart as pictures
from newsportal.environment import BASE_DIR

DEPLOY = BASE_DIR / "deploy"


@pytest.fixture(scope="module")
def services() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]


def test_compose_sets_only_variables_that_the_settings_read(services):
    settings = (BASE_DIR / "newsportal" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r"""env\.\w+\(\s*"([A-Z_0-9]+)\"""", settings))
    for name in ("node-a", "node-b", "worker"):
        assert set(services[name]["environment"]) <= read


def test_the_worker_runs_a_command_that_there_is(services):
    assert services["worker"]["command"][:2] == ["python", "manage.py"]
    assert services["worker"]["command"][2] in get_commands()


def test_every_variable_of_the_settings_is_explained():
    settings = (BASE_DIR / "newsportal" / "settings.py").read_text(encoding="utf-8")
    operations = (BASE_DIR / "docs" / "operations.md").read_text(encoding="utf-8")
    read = set(re.findall(r"""env\.\w+\(\s*"([A-Z_0-9]+)\"""", settings))
    assert len(read) > 40
    assert {name for name in read if f"`{name}`" not in operations} == set()


def test_the_image_is_made_of_files_that_there_are():
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert (BASE_DIR / re.search(r"-r (requirements[\w-]*\.txt)", dockerfile)[1]).is_file()
    for asked in re.findall(r"python (\S+\.py)", dockerfile):
        assert (BASE_DIR / asked).is_file()


def test_no_secret_of_the_newspaper_gets_into_the_image():
    left_out = (BASE_DIR / ".dockerignore").read_text(encoding="utf-8").split()
    # What compose reads: the second of them where it is, beside deploy/compose.yaml.
    assert {"deploy/newsportal.env", "**/.env"} <= set(left_out)


def test_a_container_has_as_long_to_end_as_what_runs_in_it(services):
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    under_way = int(re.search(r'"--workers-kill-timeout", "(\d+)"', dockerfile)[1])
    for name in ("node-a", "node-b", "worker"):
        assert int(services[name]["stop_grace_period"].removesuffix("s")) > under_way


def test_no_container_fills_the_disk_with_what_it_says(services):
    assert len(services) == 5
    for name, service in services.items():
        assert service["logging"]["driver"] == "local", name
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name


def blocks(title: str) -> list[str]:
    """The blocks of commands beneath a title of docs/operations.md."""
    text = (BASE_DIR / "docs" / "operations.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {title}\n(.*?)^## ", text, re.M | re.S)[1]
    return re.findall(r"^```\n(.*?)^```", section, re.M | re.S)


def test_an_upgrade_of_containers_leaves_no_old_images_behind():
    *_, last = blocks("Containers")[-1].splitlines()
    assert last.startswith("docker image prune --force")


def test_a_backup_is_made_before_anything_of_the_next_release_is_there():
    for title in ("Upgrades", "Containers"):
        lines = next(block for block in blocks(title) if " migrate\n" in block and " backup " in block).splitlines()
        comes = [n for n, line in enumerate(lines) if re.search("git checkout|compose build|migrate$", line)]
        assert next(n for n, line in enumerate(lines) if " backup " in line) < min(comes)


def test_nginx_is_given_more_connections_than_debian_gives_it():
    (line,) = re.findall(r"^sed .*nginx\.conf$", "".join(blocks("One machine")), re.M)
    pattern, to = re.search(r"'s/(.*?)/(.*?)/'", line).groups()
    found = re.sub(pattern, to, "events {\n\tworker_connections 768;\n\t# multi_accept on;\n}")
    assert int(re.search(r"worker_connections (\d+);\n", found)[1]) > 4096


def test_what_is_large_is_not_written_into_a_tmp_that_is_memory():
    """As it is in Debian 13, and in our containers."""
    text = (BASE_DIR / "docs" / "operations.md").read_text(encoding="utf-8")
    assert "TMPDIR=/var/tmp .venv/bin/python manage.py" in next(re.finditer(r"^manage\(\) .*", text, re.M))[0]
    for line in re.findall(r"docker compose run .*?(?:backup|restore) /backups", text):
        assert "-e TMPDIR=/backups" in line
    (cron,) = re.findall(r"^15 3 .* verify_backup .*", text, re.M)
    assert "TMPDIR=/var/tmp" in cron
    assert "TMPDIR=/var/tmp" in (DEPLOY / "systemd" / "newsportal-backup.service").read_text(encoding="utf-8")


def test_what_operators_are_told_to_run_exists():
    """Of docs/operations.md: every command of ours, and every file that is copied."""
    text = (BASE_DIR / "docs" / "operations.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"(?:manage\.py|^manage|`manage|&& manage) ([a-z_]+)", text, re.M))
    assert len(commands) > 15
    assert commands - set(get_commands()) == set()
    for name in re.findall(r"\bdeploy/[\w./-]*\w", text):
        # Made by the operator.
        assert (BASE_DIR / name).exists() or list(DEPLOY.glob(f"{name.removeprefix('deploy/')}*")), name


#: Megabytes that a serving process may have (decision 37).
A_PROCESS = 150


def test_a_service_has_room_for_its_processes_their_pages_and_what_is_decoded_beside_them(services):
    unit = (BASE_DIR / "deploy" / "systemd" / "newsportal.service").read_text(encoding="utf-8")
    processes = int(re.search(r"GRANIAN_WORKERS=(\d+)", unit)[1])
    child = max(limits.memory for limits in (pictures.LIMITS, heavy.LIMITS)) / 2**20
    needed = processes * A_PROCESS + settings.PAGE_CACHE_FOLDER_MEGABYTES + child
    assert needed <= int(re.search(r"^MemoryMax=(\d+)M$", unit, re.M)[1])
    assert needed <= int(services["node-a"]["mem_limit"].removesuffix("m"))
