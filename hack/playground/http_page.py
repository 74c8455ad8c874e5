"""What is answered at a URL, for those to whom each status says something."""

from __future__ import annotations

from urllib.error import HTTPError
from urllib.request import urlopen


def read_page(url: str, timeout: float = 5.0) -> tuple[int, str]:
    """Status and text; 0 where nobody answers, in time."""
    try:
        with urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
    except OSError:
        return 0, ""


def is_well(url: str) -> bool:
    """Whether a kubelet's probe would be content with what it says."""
    return 200 <= read_page(url, timeout=1.0)[0] < 400
