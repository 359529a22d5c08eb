"""What a sold program embeds: read a licence key, ask the store about it, check the signed answer.

Standard library only. `read` corrects typing errors and never sends anything; `LicenceClient.validate` asks.
"""

from troth_licence.client import Answer, AnswerNotTrusted, LicenceClient, LicenceError, ServerUnreachable
from troth_licence.key import Corrected, Exact, Key, Reading, Refused, parse, read
from troth_licence.signature import pins

__version__ = "26.11.0"

__all__ = [
    "Answer",
    "AnswerNotTrusted",
    "Corrected",
    "Exact",
    "Key",
    "LicenceClient",
    "LicenceError",
    "Reading",
    "Refused",
    "ServerUnreachable",
    "parse",
    "pins",
    "read",
]
