"""Mail: an outbox that loses nothing and sends nothing twice.

`queue` renders a letter, seals it and enqueues its sending in the caller's transaction; the job process
delivers it and deletes the body. Assembly registers one `Post` (who renders, who delivers) and the handlers
of `troth.mail.jobs`.
"""

from troth.mail.errors import DeliveryDelayed, DeliveryRefused, LetterRefused
from troth.mail.model import Delivery, Letter, Mail, Post, Renderer, State
from troth.mail.policy import POLICY, SERVICE
from troth.mail.service import count_queued, list_mail, queue

__all__ = [
    "POLICY",
    "SERVICE",
    "Delivery",
    "DeliveryDelayed",
    "DeliveryRefused",
    "Letter",
    "LetterRefused",
    "Mail",
    "Post",
    "Renderer",
    "State",
    "count_queued",
    "list_mail",
    "queue",
]
