"""Person or machine: one verdict per record, with the sentence that says which header decided it.

Headers only, in the order of how sure they are (sync-rules 10). Nothing is dropped here: what a machine wrote is kept
with its verdict, so that the owner can ask why somebody is not shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from syncd.model import MeetingStatus, Response, Role, SignalName, Verdict, VerdictKind
from syncd.pipeline.envelope import envelope_of, list_addresses
from syncd.pipeline.machines import (
    counts_failures,
    is_machine_address,
    is_namesake_domain,
    is_role_address,
    is_service_name,
    is_subscribers_address,
    is_unread,
)
from syncd.pipeline.meetings import my_answer, others_in
from syncd.pipeline.normalize import matches, normal_address, subject_key
from syncd.pipeline.subjects import SubjectMark, mark_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncd.model import Meeting, Message
    from syncd.pipeline.envelope import Envelope
    from syncd.pipeline.own_addresses import OwnAddresses
    from syncd.pipeline.policy import Ignore

__all__ = ["classify", "classify_meeting", "is_machine_address", "is_role_address"]

_CALENDAR_SENDERS = frozenset({"calendar-notification@google.com", "calendar-server@google.com"})
_MAIL_SERVERS = ("mailer-daemon@", "postmaster@", "post_master@")
_BULK_PRECEDENCE = frozenset({"bulk", "junk"})
_REPORTS = {
    "delivery-status": "a mail server reports on a delivery",
    "disposition-notification": "a read receipt",
    "feedback-report": "a complaint report",
}


@lru_cache(1 << 12)
def _verdict(kind: VerdictKind, reason: str) -> Verdict:
    return Verdict(kind, reason)


_TO_YOU = _verdict(VerdictKind.HUMAN, "Somebody wrote to you; no header speaks of a list or a machine.")
_BY_YOU = _verdict(VerdictKind.HUMAN, "You wrote it.")


@dataclass(slots=True)
class _Case:
    """What the rules look at."""

    author: str
    fields: Mapping[SignalName, str]
    mark: SubjectMark | None
    envelope: Envelope
    message: Message
    own: OwnAddresses
    ignore: Ignore

    @property
    def direct(self) -> bool:
        """Whether an address that is mine, or looks like mine, stands among the recipients."""
        own, recipients = self.own, self.envelope.recipients
        if any(one in own for one in recipients):
            return True
        delivered = normal_address(self.fields.get(SignalName.DELIVERED_TO, "")) if self.fields else ""
        return delivered in recipients or any(map(own.resembles, recipients))

    @property
    def answers(self) -> bool:
        """Whether it continues a conversation, by In-Reply-To or its subject, or lies in my folder of sent mail."""
        subject = self.message.subject
        return (
            bool(self.message.in_reply_to)
            or SignalName.FOLDER in self.fields
            or (not subject.startswith("[") and subject_key(subject) != " ".join(subject.casefold().split()))
        )


def classify(message: Message, own: OwnAddresses, ignore: Ignore) -> Verdict:
    """Who or what speaks in a message, and which header says so; the same for the same message always."""
    return classify_envelope(envelope_of(message), message, own, ignore)


def classify_envelope(envelope: Envelope, message: Message, own: OwnAddresses, ignore: Ignore) -> Verdict:
    """`classify` for a message whose envelope has been read already."""
    mark = mark_of(message.subject) if message.subject else None
    case = _Case(envelope.author, envelope.fields, mark, envelope, message, own, ignore)
    if envelope.mine(own):
        return _mine(case)
    for rule in _RULES:
        if verdict := rule(case):
            return verdict
    return _TO_YOU


# --------------------------------------------------------------------------- what I sent


def _mine(case: _Case) -> Verdict:
    mark, recipients = case.mark, case.envelope.recipients
    if recipients and all(one in case.own for one in recipients):
        return _verdict(VerdictKind.SELF, "You wrote it to yourself.")
    if mark is SubjectMark.UNSUBSCRIBE or any("unsubscribe" in one or "-leave@" in one for one in recipients):
        return _verdict(VerdictKind.AUTOMATED, "You only unsubscribed with it.")
    if recipients and all(told_to_ignore(one, case.ignore) or is_machine_address(one) for one in recipients):
        return _verdict(VerdictKind.AUTOMATED, "You wrote to a machine.")
    return _by_my_programs(case.fields, mark) or _too_wide(case) or _BY_YOU


def _by_my_programs(fields: Mapping[SignalName, str], mark: SubjectMark | None) -> Verdict | None:
    if SignalName.CONTENT_TYPE in fields:
        return _verdict(VerdictKind.BOUNCE, "Content-Type is multipart/report: your mail program sent a receipt.")
    if SignalName.CALENDAR in fields or mark in (SubjectMark.ANSWER, SubjectMark.INVITATION):
        return _verdict(VerdictKind.CALENDAR, "Your calendar wrote it: the meeting counts, not its mail.")
    if mark is SubjectMark.AWAY or SignalName.AUTOREPLY in fields or _automatic(fields):
        return _verdict(VerdictKind.AUTOMATED, "It answered by itself while you were away.")
    return None


# --------------------------------------------------------------------------- what others sent, surest rule first


def _from_nobody(case: _Case) -> Verdict | None:
    if not case.author:
        return _verdict(VerdictKind.AUTOMATED, "From holds no address of a person.")
    return None


def _told_to_ignore(case: _Case) -> Verdict | None:
    if pattern := told_to_ignore(case.author, case.ignore):
        return _verdict(VerdictKind.AUTOMATED, f'Your [ignore] addresses hold "{pattern}", which {case.author} fits.')
    return None


def _bounce(case: _Case) -> Verdict | None:
    if (report := case.fields.get(SignalName.CONTENT_TYPE)) is not None:
        said = _REPORTS.get(report.lower(), "a program reports")
        return _verdict(VerdictKind.BOUNCE, f"Content-Type is multipart/report: {said}.")
    if SignalName.FAILED_RECIPIENTS in case.fields:
        return _verdict(VerdictKind.BOUNCE, "X-Failed-Recipients is set: a mail server could not deliver.")
    if case.author.startswith(_MAIL_SERVERS):
        return _verdict(VerdictKind.BOUNCE, f"{case.author} is a mail server.")
    if case.mark is SubjectMark.BOUNCE:
        return _verdict(VerdictKind.BOUNCE, "Its subject is a mail server's report on a delivery.")
    return None


def _calendar(case: _Case) -> Verdict | None:
    fields = case.fields
    if SignalName.CALENDAR in fields:
        return _verdict(VerdictKind.CALENDAR, "Content-Type or Content-Class says that a calendar wrote it.")
    if case.author in _CALENDAR_SENDERS or fields.get(SignalName.SENDER, "").lower() in _CALENDAR_SENDERS:
        return _verdict(VerdictKind.CALENDAR, "Sender is Google Calendar: the meeting counts, not its mail.")
    if case.message.message_id.lstrip("<").startswith("calendar-") and "google.com" in case.message.message_id:
        return _verdict(VerdictKind.CALENDAR, "Its Message-ID is one of Google Calendar.")
    if case.mark in (SubjectMark.ANSWER, SubjectMark.INVITATION):
        return _verdict(VerdictKind.CALENDAR, "Its subject is one that calendars write for invitations and answers.")
    return None


def _automated(case: _Case) -> Verdict | None:
    fields = case.fields
    if not case.ignore.automatic:
        return None
    if fields:
        if _automatic(fields):
            value = fields[SignalName.AUTO_SUBMITTED].partition(";")[0]
            return _verdict(VerdictKind.AUTOMATED, f"Auto-Submitted is {value}: a program sent it (RFC 3834).")
        if SignalName.AUTOREPLY in fields:
            return _verdict(VerdictKind.AUTOMATED, "X-Autoreply is set: a program answered.")
        if fields.get(SignalName.RETURN_PATH) == "<>":
            return _verdict(VerdictKind.AUTOMATED, "Return-Path is empty: it asks that nobody answer.")
    if case.mark is SubjectMark.AWAY:
        return _verdict(VerdictKind.AUTOMATED, "Its subject is that of an answer written while somebody is away.")
    return None


def _machine(case: _Case) -> Verdict | None:
    if not case.ignore.automatic:
        return None
    if is_machine_address(case.author):
        return _verdict(VerdictKind.AUTOMATED, f"{case.author} is an address of a machine or a relay.")
    answers_to = normal_address(case.fields.get(SignalName.REPLY_TO, ""))
    if answers_to and (is_unread(answers_to) or "unsubscribe" in answers_to):
        return _verdict(VerdictKind.AUTOMATED, f"Reply-To is {answers_to}, which nobody reads.")
    name = case.envelope.name
    if is_service_name(name, case.author):
        return _verdict(VerdictKind.AUTOMATED, f'"{name}" is the name of a service, not of a person.')
    persons = is_namesake_domain(name, case.author) or is_subscribers_address(name, case.author)
    if is_role_address(case.author) and not persons:
        return _verdict(VerdictKind.AUTOMATED, f"{case.author} is the mailbox of an office, not of a person.")
    return None


def _list(case: _Case) -> Verdict | None:
    if not case.fields:
        return None
    return _on_a_list(case) if case.envelope.through_list else _in_bulk(case)


def _in_bulk(case: _Case) -> Verdict | None:
    fields = case.fields
    if SignalName.LIST_UNSUBSCRIBE in fields:
        return _verdict(VerdictKind.BULK, "List-Unsubscribe is set: newsletters carry it.")
    if SignalName.FEEDBACK_ID in fields:
        return _verdict(VerdictKind.BULK, "Feedback-ID is set: services that send in bulk carry it.")
    returned_to = normal_address(fields.get(SignalName.RETURN_PATH, ""))
    if returned_to and counts_failures(returned_to):
        return _verdict(
            VerdictKind.BULK, "Return-Path is an address at which a program counts what cannot be delivered."
        )
    precedence = fields.get(SignalName.PRECEDENCE, "").strip().lower()
    if precedence in _BULK_PRECEDENCE and case.ignore.automatic:
        return _verdict(VerdictKind.BULK, f"Precedence is {precedence}.")
    if precedence == "list" and case.ignore.mailing_lists and not case.direct:
        return _verdict(VerdictKind.LIST, "Precedence is list, and your address does not stand in To or Cc.")
    return None


def _on_a_list(case: _Case) -> Verdict | None:
    fields = case.fields
    posted_to = list_addresses(fields) & case.envelope.recipients.keys()
    called = fields.get(SignalName.LIST_ID) or fields.get(SignalName.LIST_POST) or min(posted_to)
    direct = case.direct
    discussed = SignalName.LIST_POST in fields or bool(case.message.in_reply_to) or bool(posted_to)
    if not case.ignore.mailing_lists:
        return None if direct else _verdict(VerdictKind.HUMAN, f"The list {called} counts: [ignore] says so.")
    if not discussed and (direct or SignalName.LIST_UNSUBSCRIBE in fields or SignalName.FEEDBACK_ID in fields):
        return _verdict(VerdictKind.BULK, f"List-Id is {called}, and nobody posts to it: newsletters look so.")
    if not direct:
        return _verdict(VerdictKind.LIST, f"List-Id is {called}, and your address does not stand in To or Cc.")
    return _too_wide(case) or _verdict(
        VerdictKind.HUMAN, f"The list {called} carried it, but your address stands in To or Cc: it was written to you."
    )


def _wide(case: _Case) -> Verdict | None:
    if wide := _too_wide(case):
        return wide
    if case.direct:
        return None
    if [*case.envelope.recipients] == [case.author] and not case.answers:
        return _verdict(
            VerdictKind.BULK, "The sender wrote to their own address, and to you unseen: newsletters do so."
        )
    return _verdict(VerdictKind.WIDE, "Your address does not stand in To or Cc: it was not written to you.")


_RULES = (_bounce, _calendar, _from_nobody, _told_to_ignore, _automated, _machine, _list, _wide)


def _too_wide(case: _Case) -> Verdict | None:
    count, limit = len(case.envelope.recipients), case.ignore.mail_to_more_than
    if count > limit:
        return _verdict(VerdictKind.WIDE, f"It went to {count} people; more than {limit} are no conversation.")
    return None


def _automatic(fields: Mapping[SignalName, str]) -> bool:
    """RFC 3834 section 5: anything but `no`; a comment or a parameter may follow."""
    value = fields.get(SignalName.AUTO_SUBMITTED)
    return value is not None and value.partition(";")[0].partition("(")[0].strip().lower() not in ("no", "")


def told_to_ignore(address: str, ignore: Ignore) -> str:
    """The pattern of [ignore] addresses that a normal address fits; "" when there is none."""
    return _ignoring(ignore.addresses, address)


@lru_cache(1 << 14)
def _ignoring(patterns: tuple[str, ...], address: str) -> str:
    return next((pattern for pattern in patterns if matches(pattern, address)), "")


# --------------------------------------------------------------------------- meetings


def classify_meeting(meeting: Meeting, own: OwnAddresses, ignore: Ignore) -> Verdict:
    """Whether a meeting brings its people together, and if not, why.

    An all-day entry is weak: it counts only when I said yes to it or called it.
    """
    if meeting.status is MeetingStatus.CANCELLED:
        return _verdict(VerdictKind.DECLINED, "It was cancelled.")
    answer = my_answer(meeting, own)
    if ignore.declined and answer is Response.DECLINED:
        return _verdict(VerdictKind.DECLINED, "You declined it.")
    if meeting.all_day and answer is Response.NEEDS_ACTION:
        return _verdict(VerdictKind.DECLINED, "It lasts all day and you did not say yes to it.")
    return _apart(meeting, own, ignore) or _verdict(VerdictKind.HUMAN, "You are in it together.")


def _apart(meeting: Meeting, own: OwnAddresses, ignore: Ignore) -> Verdict | None:
    invited = {normal_address(one.address) for one in meeting.participants if one.role is Role.ATTENDEE} - {""}
    others, limit = others_in(meeting, own), ignore.meetings_of_more_than
    if not invited or not others:
        return _verdict(VerdictKind.DECLINED, "Nobody else is invited to it.")
    if all(told_to_ignore(one.address, ignore) for one in others):
        pattern = told_to_ignore(others[0].address, ignore)
        return _verdict(VerdictKind.AUTOMATED, f'Your [ignore] addresses hold "{pattern}".')
    if ignore.declined and all(one.response is Response.DECLINED for one in others):
        return _verdict(VerdictKind.DECLINED, "Everybody else declined it.")
    if len(invited) > limit:
        return _verdict(VerdictKind.WIDE, f"{len(invited)} people are invited; more than {limit} do not talk.")
    return None
