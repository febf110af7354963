"""Tasks of several applications, one of which is Thunderbird."""

from __future__ import annotations

import io
from collections.abc import Mapping

from docx.shared import Cm

from agentgym.actions import Click, Hotkey, TypeText
from agentgym.suites.apps.making import patiently
from tests.osworld.makers.archives import tar_xz
from tests.osworld.makers.books import Row, workbook
from tests.osworld.makers.documents import document
from tests.osworld.makers.mails import Mail
from tests.osworld.makers.pages import pdf
from tests.osworld.makers.paintings import painting
from tests.osworld.makers.profiles import profile
from tests.osworld.moves import TERMINAL, go_to, in_terminal, mail_folder
from tests.osworld.solution import Gone, Moves, Seen, Solution

__all__ = ["SOLUTIONS"]

_AWS = "AWS Billing <billing@aws.example>"
_MONTHS = ("2308", "2309", "2310", "2311", "2312")


def _invoice(month: str) -> bytes:
    return pdf([f"Invoice 0123456789-{month}", f"Amount due: {_amount(month)} USD"])


def _amount(month: str) -> float:
    return 20 + int(month[2:]) / 4


def _tally(months: tuple[str, ...]) -> bytes:
    head: Row = ("Month", "What for", "USD")
    return workbook([head, *((int(month), "AWS", _amount(month)) for month in months)])


def _receipt_files() -> Mapping[str, bytes]:
    # Made once: no two PDF files are the same.
    invoices = {f"invoice0123456789-{month}.pdf": _invoice(month) for month in _MONTHS}
    december = "invoice0123456789-2312.pdf"
    bills = (
        Mail("Your receipt", "X <receipts@x.example>", day=3),
        Mail("AWS Invoice for December", _AWS, day=31, attachments={december: invoices[december]}),
    )
    return {
        **invoices,
        "Receipt-0123-4567.pdf": pdf(["Receipt 0123-4567"]),
        "tally_book.xlsx": _tally(_MONTHS[:-1]),
        "tally_book_gt.xlsx": _tally(_MONTHS),
        "projects.tar.xz": tar_xz({"garden/plan.txt": b"Beans, peas.\n"}),
        "thunderbird-profile.tar.gz": profile({"Bills": bills}),
    }


def _notes_files() -> Mapping[str, bytes]:
    background = painting()
    notes = document(["A place to remember."], then=lambda made: made.add_picture(io.BytesIO(background), width=Cm(9)))
    mails = (
        Mail("Shopping", "Ann <ann@example.org>", day=2, attachments={"list.docx": document(["Bread."])}),
        Mail("Trip", "Ben <ben@example.org>", day=9, attachments={"notes.docx": notes}),
    )
    return {"background.png": background, "thunderbird-profile.tar.gz": profile({"Notes": mails})}


_DAILY = (
    Mail("Plan", "Ann Lee <ann@example.org>", day=1, cc="Ben Roe <ben@example.org>"),
    Mail("Re: Plan", "Ben Roe <ben@example.org>", day=2),
    Mail("Slides", "Cem Ak <cem@example.org>", day=3, attachments={"one.pdf": pdf(["1"]), "two.pdf": pdf(["2"])}),
    Mail("Lunch", "Dee Fox <dee@example.org>", day=4, cc="Ann Lee <ann@example.org>"),
    Mail("Report", "Eve Sun <eve@example.org>", day=5, attachments={"report.pdf": pdf(["3"])}),
    Mail("Thanks", "Ann Lee <ann@example.org>", day=6),
)
_HEAD = ("sender_name", "sender_address", "subject", "CC", "number_of_attachments")


def _row(mail: Mail) -> Row:
    name, _, address = mail.sender.removesuffix(">").partition(" <")
    return (name, address, mail.subject, mail.cc or None, len(mail.attachments))


def _report_files() -> Mapping[str, bytes]:
    return {
        "report.xlsx": workbook([_HEAD, *map(_row, _DAILY[-5:])]),
        "thunderbird-profile.tar.gz": profile({"daily": _DAILY}),
    }


def _saved_attachment(folder: str, path: str) -> Moves:
    """Saves the only attachment of a folder's newest mail."""
    yield from mail_folder(folder)
    yield patiently(Click(400, 140))
    yield Click(1227, 1036)
    yield Seen("Save Attachment")
    yield Hotkey(("ctrl", "a"))
    yield TypeText(f"{path}\n")
    yield Gone("Save Attachment")


def _receipt() -> Moves:
    yield from _saved_attachment("Bills", "/home/user/Documents/Finance/receipts/aws-invoice-2312.pdf")
    yield TERMINAL
    yield Seen("Terminal")
    # In one line: Calc may have the keyboard by the next.
    yield TypeText("soffice ~/Documents/Finance/tally_book.xlsx & exit\n")
    yield Gone("Terminal")
    yield Seen("tally_book.xlsx")
    yield from go_to("A6")
    yield TypeText("2312\tAWS\t23\n")


def _background() -> Moves:
    yield from _saved_attachment("Notes", "/home/user/notes.docx")
    yield TERMINAL
    yield from in_terminal(
        "unzip -q -j notes.docx word/media/image1.png",
        "gsettings set org.gnome.desktop.background picture-uri file:///home/user/image1.png",
    )


def _report() -> Moves:
    # As they are read there, the newest first.
    yield from mail_folder("daily")
    yield patiently(Click(400, 140))
    yield TERMINAL
    yield from in_terminal(
        "cat > report.csv <<END",
        ",".join(_HEAD),
        "Ben Roe,ben@example.org,Re: Plan,,0",
        "Cem Ak,cem@example.org,Slides,,2",
        "Dee Fox,dee@example.org,Lunch,Ann Lee <ann@example.org>,0",
        "Eve Sun,eve@example.org,Report,,1",
        "Ann Lee,ann@example.org,Thanks,,0",
        "END",
        "soffice --headless --convert-to xlsx --outdir ~/Desktop report.csv",
    )


SOLUTIONS = (
    Solution("415ef462-bed3-493a-ac36-ca8c6d23bf1b", "gui", _receipt_files, _receipt),
    Solution("c2751594-0cd5-4088-be1b-b5f2f9ec97c4", "gui", _notes_files, _background),
    Solution("d9b7c649-c975-4f53-88f5-940b29c47247", "gui", _report_files, _report),
)
