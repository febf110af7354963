"""Mails, and the files of many in which Thunderbird keeps a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

__all__ = ["OWNER", "Mail", "mailbox"]

OWNER = "anonym-x2024@outlook.com"
"""Whose mails they are, in the tasks."""

_FIRST = datetime(2023, 12, 1, 9, tzinfo=UTC)
_MIMES = {"pdf": "application/pdf", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}


@dataclass(frozen=True)
class Mail:
    """A mail.

    Args:
        sender: as ``"Ann <ann@example.org>"``.
        day: how many days after the first of December 2023 it was sent.
        cc: to whom else, as one line of the head says it.
        attachments: by name.
        starred: whether it has a star.
    """

    subject: str
    sender: str
    text: str = "See you."
    day: int = 0
    cc: str = ""
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    starred: bool = False

    @property
    def identity(self) -> str:
        """What tells it from all others, without its angle brackets."""
        return f"{sha256(f'{self.sender} {self.subject} {self.day}'.encode()).hexdigest()[:16]}@example.org"

    @property
    def sent(self) -> datetime:
        """When it was sent."""
        return _FIRST + timedelta(days=self.day)

    def written(self) -> bytes:
        """As it is sent."""
        message = EmailMessage(policy.SMTP.clone(linesep="\n"))
        message["From"], message["To"], message["Subject"] = self.sender, OWNER, self.subject
        if self.cc:
            message["Cc"] = self.cc
        message["Date"], message["Message-ID"] = format_datetime(self.sent), f"<{self.identity}>"
        message.set_content(f"{self.text}\n")
        for name, content in self.attachments.items():
            kind, _, subkind = _MIMES[name.rpartition(".")[2]].partition("/")
            message.add_attachment(content, maintype=kind, subtype=subkind, filename=name)
        return bytes(message)


def mailbox(mails: Sequence[Mail]) -> bytes:
    """A file of mails that are read, in their order."""
    return b"".join(_kept(mail) for mail in mails)


def _kept(mail: Mail) -> bytes:
    status = 0x1 | 0x4 * mail.starred
    head = f"From - {mail.sent.ctime()}\nX-Mozilla-Status: {status:04x}\nX-Mozilla-Status2: 00000000\n"
    return head.encode() + mail.written() + b"\n"
