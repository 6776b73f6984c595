"""Subjects that only programs write, in the languages in which they write them.

For mail whose other headers say nothing: programs that answer for a person, calendars, mail servers.
"""

from __future__ import annotations

import re
from enum import StrEnum


class SubjectMark(StrEnum):
    """What a subject's opening words give away."""

    ANSWER = "answer"  # of a calendar: accepted, declined
    INVITATION = "invitation"
    AWAY = "away"
    BOUNCE = "bounce"
    UNSUBSCRIBE = "unsubscribe"


_MARKS = {
    SubjectMark.ANSWER: (
        r"(?:accepted|declined|tentative|tentatively accepted|cancell?ed(?: event)?|new time proposed"
        r"|meeting cancell?ed|meeting forward notification|accettat[oa]|rifiutat[oa]|provvisorio|annullat[oa]"
        r"|evento annullato|inoltrato|diterima|ditolak|dibatalkan|tentatif|zugesagt|abgelehnt|abgesagt|mit vorbehalt"
        r"|angenommen|accepté|refusé|annulé|provisoire|aceptad[oa]|rechazad[oa]|cancelad[oa]|provisional|aceit[oa]"
        r"|recusad[oa]|geaccepteerd|afgewezen|geweigerd|geannuleerd|accepterad|avböjd|zaakceptowano|odrzucono)\s?: "
    ),
    SubjectMark.INVITATION: (
        r"(?:(?:updated )?invitation(?: from google calendar)?|invito(?: aggiornato)?"
        r"|undangan(?: (?:yang )?diperbarui)?|(?:aktualisierte )?einladung"
        r"|invitation (?:modifiée|mise à jour)|invitación(?: actualizada)?|convite(?: atualizado)?"
        r"|(?:bijgewerkte )?uitnodiging)\s?: .*(?: @ .*\d|\d{1,2}[:.h]\d\d)"
    ),
    SubjectMark.AWAY: (
        r"(?:(?:automatic reply|auto(?:matic|matische)?[ -]?(?:reply|response|antwort|antwoord)|autoreply"
        r"|automatische antwort(?:en)?|abwesenheits(?:notiz|nachricht|benachrichtigung)|risposta automatica"
        r"|balasan otomatis|réponse automatique|respuesta automática|resposta automática|autosvar"
        r"|automatisch antwoord)\b|out of (?:the )?office(?: autoreply| auto-reply)?(?::|$| reply| response)"
        r"|(?:on )?vacation (?:reply|response|notice)|fuori (?:ufficio|sede)(?::|$)"
        r"|i am (?:currently )?out of (?:the )?office)"
    ),
    SubjectMark.BOUNCE: (
        r"(?:undeliverable\b|undelivered mail|delivery (?:status )?notification|delivery (?:failure|has failed)"
        r"|mail delivery (?:fail(?:ed|ure)?|problem|subsystem|error)|returned mail\b|failure notice|delivery report"
        r"|mail system error|message (?:undeliverable|not delivered|delayed)|nondeliverable mail|unzustellbar\b"
        r"|nicht zustellbar|mancat[oa] (?:recapito|consegna)|non recapitabile|tidak terkirim|pengiriman gagal"
        r"|non remis\b|no se puede entregar|warning: (?:could not send|message .* delayed))"
    ),
    SubjectMark.UNSUBSCRIBE: r"unsubscribe\b",
}
_MARK = re.compile("|".join(f"(?P<{mark}>{pattern})" for mark, pattern in _MARKS.items()))


def mark_of(subject: str) -> SubjectMark | None:
    """What the subject gives away; None for almost every subject that a person wrote."""
    found = _MARK.match(subject.lower())
    return SubjectMark(found.lastgroup) if found and found.lastgroup else None
