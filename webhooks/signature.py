"""Whether a webhook was signed with our secret: over the raw body, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac


def signed(body: bytes, header: str | None, secret: str) -> bool:
    """`header` is X-Hub-Signature-256. Without a secret nothing is signed."""
    if not secret or not header:
        return False
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", "replace"))
