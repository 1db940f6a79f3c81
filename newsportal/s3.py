"""How S3-compatible storage is spoken to: media (newsportal.settings), and backups."""

from __future__ import annotations

from typing import Any

from botocore.config import Config


def client_config(**options: Any) -> Config:
    """Of boto3. By itself it sends checksums since 1.36 that not all who speak S3 understand: they refuse what is stored."""
    return Config(request_checksum_calculation="when_required", response_checksum_validation="when_required", **options)
