"""What mail speaks of: letters, written mail, the way out, the bytes of a message; pure values and rules."""

from troth.mail.model.letter import Letter, Written, check_letter, deliverable
from troth.mail.model.message import Sender, compose, needs_utf8
from troth.mail.model.post import Delivery, Mail, Post, Renderer, State

__all__ = [
    "Delivery",
    "Letter",
    "Mail",
    "Post",
    "Renderer",
    "Sender",
    "State",
    "Written",
    "check_letter",
    "compose",
    "deliverable",
    "needs_utf8",
]
