"""From a fresh clone to a newspaper that is being served, in one command."""

from __future__ import annotations

import os
import secrets
import socket
import sys

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import BaseCommand, CommandError, call_command
from tqdm import tqdm

from articles.models import Article, Section
from newsportal.background import in_process
from newsportal.environment import BASE_DIR

HOST = "127.0.0.1"
PEOPLE = {"reporter": "Reporter", "editor": "Editor", "moderator": "Moderator"}
ADMINISTRATOR = "administrator"


class Command(BaseCommand):
    help = "Set everything up, build the demo newsroom, and serve it. Run again, it keeps all data."
    # The database may not exist yet.
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8000, help="where to serve (8000)")
        parser.add_argument("--no-serve", action="store_true", help="set up only")
        parser.add_argument("--empty", action="store_true", help="an empty newspaper instead of the demo newsroom")

    def handle(self, *args, port: int, no_serve: bool, empty: bool, **options):
        if not 1 <= port <= 65_535:
            raise CommandError(f"--port {port} is not a port: choose one from 1 to 65535.")
        if not os.access(BASE_DIR, os.W_OK):
            raise CommandError(f"Cannot write to {BASE_DIR}: run quickstart in a folder that you may write to.")
        if not no_serve:
            self._claim(port)

        self.stdout.write("Preparing the database and the static files …")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        # Stories of a version that had no search.
        call_command("reindex", verbosity=0)
        passwords = self._people()
        if Article.objects.exists() or Section.objects.exists():
            self.stdout.write(f"Your data was kept as it is: {Article.objects.count()} stories.")
        elif not empty:
            self._demo()

        address = f"http://{HOST}:{port}"
        if passwords:
            self.stdout.write("\nPasswords, shown this once:")
            for name, password in passwords.items():
                self.stdout.write(f"  {name:<14} {password}")
        self.stdout.write(f"\n{settings.SITE_NAME}: {address}/\nThe desk: {address}/{settings.ADMIN_PATH}\n")
        if not no_serve:
            self.stdout.write("Stop with Ctrl+C; the same command serves it again.")
            self._serve(port)

    def _claim(self, port: int) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except PermissionError:
                raise CommandError(f"Port {port} is not for everyone: choose one above 1023 with --port.") from None
            except OSError:
                raise CommandError(f"Port {port} is taken: choose another with --port.") from None

    def _people(self) -> dict[str, str]:
        """Create who is missing; user name → password for the new ones."""
        passwords = {}
        for name in [*PEOPLE, ADMINISTRATOR]:
            if User.objects.filter(username=name).exists():
                continue
            passwords[name] = secrets.token_urlsafe(12)
            if name == ADMINISTRATOR:
                User.objects.create_superuser(name, password=passwords[name])
            else:
                user = User.objects.create_user(name, password=passwords[name], is_staff=True)
                user.groups.add(Group.objects.get(name=PEOPLE[name]))
        return passwords

    def _demo(self) -> None:
        from newsportal.demo.newsroom import Newsroom

        people = {name: User.objects.get(username=name) for name in ("editor", "moderator")}
        bar = tqdm(total=Newsroom.steps(), desc="Building the demo newsroom", unit="step", file=sys.stderr)
        with in_process.held(), bar:
            Newsroom(**people, progress=lambda step: bar.update()).build()

    def _serve(self, port: int) -> None:
        environment = dict(os.environ)
        if settings.SITE_URL.startswith((f"http://{HOST}", "http://localhost")):
            # The links that we give away must lead here, whichever port was chosen this time.
            environment["SITE_URL"] = f"http://{HOST}:{port}"
        environment.setdefault("PAGE_CACHE_FOLDER", str(settings.BASE_DIR / ".pages"))
        # As deploy/systemd/newsportal.service: threads share what they let go of.
        environment.setdefault("MALLOC_ARENA_MAX", "2")
        self.stdout.flush()
        os.execve(
            sys.executable,
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)),
                *("--workers", "2", "--blocking-threads", "4", "--no-access-log", "newsportal.wsgi:application"),
            ],
            environment,
        )
