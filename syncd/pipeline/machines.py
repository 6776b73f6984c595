"""Addresses and names behind which nobody in particular sits: robots, relays, role mailboxes.

Only what an address or a display name itself says; headers are judged in `classify`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from syncd.pipeline.normalize import domain_of, name_words

_EDGE = r"(?:^|[._+=\-])"
_END = r"(?:$|[._+=\-\d])"
_NO_REPLY = (
    r"(?:no|non|not|do?n.?t|do[._\-]?not)[._\-]?re(?:ply|spond)|noreply|ne[._\-]?pas[._\-]?repondre|no[._\-]?responder?"
    r"|nao[._\-]?respond[ae]r?|(?:nicht|keine)[._\-]?antwort(?:en)?|non[._\-]?rispondere|jangan[._\-]?balas"
    r"|unattended|unmonitored"
)
_ROBOT = (
    r"mailer|mailer[._\-]?daemon|daemon|bounces?|notif(?:y|ier|ications?)|notices?|alerts?|reminders?|automailer"
    r"|news|newsletters?|nieuwsbrief|updates?|digests?|bulletins?|mailings?|mailshot|campaigns?|promos?|promotions?"
    r"|offers?|deals|specials|announce(?:ments?)?|automat(?:ed|ic|ion)|auto[._\-]?(?:reply|confirm|mail)?"
    r"|autoresponder|robots?|bots?|cron|nobody|devnull|www[._\-]?data|jenkins|buildbot|dependabot"
    r"|syzbot|bugzilla|patchwork|mailman|majordomo|listserv|listmaster|unsubscribe|confirm(?:ations?)?"
    r"|hit[._\-]?reply|receipts?|calendar[._\-]?notification|invitations?|members?(?:hips?)?services?|subscriptions?|rewards"
)
_UNREAD = re.compile(f"{_EDGE}(?:{_NO_REPLY}){_END}")
_MACHINE = re.compile(f"{_UNREAD.pattern}|{_EDGE}(?:{_ROBOT})(?:$|[._+=\\-\\d])")
_MACHINE_WHOLE = re.compile(
    r"root|system|sys(?:log|admin)?|anacron|logwatch|server|mail[._\-]?server|post_?master|uucp|httpd|nagios|www|apache"
    r"|backup|scanner|printer|copier|owner-.+|.+-(?:owner|request|bounces?|errors?|return.*|admin)|undisclosed[._\-]?recipients|reply\+.+"
    r"|no[._\-]?address|prvs=.+|srs[01]=.+|msprvs1=.+"
)
# what only programs put into an address: hexadecimal tokens, VERP, "R-1-270241-5399979-2-24365-DE1", "#3.19578.34-"
_TOKEN = re.compile(
    r"(?:^|[._+=\-])(?=[a-f]*\d)[0-9a-f]{20,}(?:$|[._+=\-])|[^=]+=[a-z0-9.\-]+\.[a-z]{2,}$"
    r"|(?=(?:\D*\d){6})(?:[^\d]*\d+[.#_\-]){3}|#\d"
)

# domains in which no employee has a mailbox
_RELAYS = re.compile(
    r"(?:^|\.)(?:reply\.github\.com|facebookmail\.com|redditmail\.com|e[mn]?\.linkedin\.com|atlassian\.net|zendesk\.com"
    r"|intercom-mail\.com|docusign\.net|amazonses\.com|sendgrid\.net|mcsv\.net|rsgsv\.net|mailchimpapp\.net"
    r"|list-manage\.com|docs\.google\.com|doclist\.google\.com|discoursemail\.com)$"
    r"|^noreply\.|(?:^|\.)bounces?\."
)

# labels in front of a company's domain behind which only its mailing programs sit
_MAILING_LABEL = re.compile(
    r"(?:e?news|newsletters?|em?|edm|eblast|mailings?|mailers?|emailing|mkt|mktg|marketing|promos?|promotions?|offers"
    r"|bulletins?|notify|notifications?|alerts?|updates|campaigns?|bounces?)\d*"
)
_SECOND_LEVEL = re.compile(r"(?:co|com|org|net|gov|ac|edu|or|go)\.[a-z]{2}$")

_ROLE = re.compile(
    r"info|information|support|sales|vendite|vertrieb|office|ufficio|buero|segreteria|secretar(?:y|iat)|sekretariat"
    r"|contact|contacts|contactus|kontakt|contatti|kontak|admin|admins|administrator|administration|amministrazione|help"
    r"|helpdesk|help-?desk|service|services|customer|customers|customerservice|customercare|customersupport|client"
    r"|clients|care|kundenservice|layanan|team|staff|jobs|careers?|lowongan|hr|recruit(?:ing|ment)|personnel|billing"
    r"|accounts?|accounting|accountspayable|payable|payables|receivable|payments?|invoices?|invoicing|fattur[ae]|orders?"
    r"|ordini|shop|store|booking|bookings|reservations?|reception|frontdesk|press|presse|media|pr|webmaster|hostmaster"
    r"|postmaster|abuse|security|noc|legal|privacy|dpo|compliance|feedback|survey|surveys|enquir(?:y|ies)|inquir(?:y|ies)"
    r"|questions|registration|register|registrar|events?|community|committee|board|group|department|dept|members?"
    r"|membership|subscribe|editor|editors|editorial|redazione|redaktion|moderator|moderators|technical|tech|it|desk"
    r"|everyone|everybody|all|allstaff|employees|list|lists|maintainers?|developers?|devel|public|relations"
    r"|center|centre|outlook|migration|communications?|marketing|management|corporate|online|web|site|mail-?admin"
)

_TELLING_NAME = 4  # shorter last names stand in many words
_LONGEST_OF_PEOPLE = 3  # words; a company's name is longer

_SERVICE_NAME = re.compile(
    r"\b(?:newsletters?|e-?news|digest|alerts?|notifications?|mailer|no-?reply|bulletin|updates|offers|deals"
    r"|announcements?|dispatch|robot|bot|daemon|automailer|support|team|services"
    r"|(?:customer|member|client) (?:service|care)|billing|help ?desk|administrator|webmaster|postmaster|survey|rewards"
    r"|receipts?|recruiting|webinars?|promotions?"
    r"|e-?mail (?:center|service)|kundenservice|servizio clienti|layanan pelanggan)\b"
)
# words that are no surname in any language known to us (Jobs, Press, Bank, Root and List are)
_NO_PERSONS_WORD = re.compile(
    r"team|support|services|customer|notifications?|newsletters?|info|sales|lists|bot|robot|inc|ltd|gmbh|llc|plc|corp"
    r"|corporation|company|srl|spa|universit\w*|institute?|department|dept|group|accounts?|billing|security|alerts?"
    r"|admin|administrator|administration|system|daemon|mailer|unknown|anonymous|noreply|reply|office|centre|helpdesk"
    r"|service-?desk|committee|association|foundation|society|club|online|digest|updates?|announcements?|jenkins|github"
    r"|gitlab|linkedin|facebook|google|amazon|users?|members?|membership|editors?|editorial|recruiting|careers?|media"
    r"|marketing|webmaster|postmaster|undisclosed|recipients?|invitations?|calendar|automation|automatic|the|your|our"
    r"|via|and|of|for|from|not|com|net|org|https?|www|developers?|test|releases?"
)


@lru_cache(1 << 13)
def is_machine_address(address: str) -> bool:
    """Whether a normal address says by itself that no person writes from it: no-reply, robots, relays, tokens."""
    local, _, domain = address.partition("@")
    below = domain.split(".")[: -3 if _SECOND_LEVEL.search(domain) else -2]
    return bool(
        _MACHINE.search(local.partition("+")[0])
        or _MACHINE_WHOLE.fullmatch(local)
        or _TOKEN.search(local)
        or _RELAYS.search(domain)
        or any(map(_MAILING_LABEL.fullmatch, below))
    )


def is_unread(address: str) -> bool:
    """Whether answers to a normal address are read by nobody: no-reply in any language, or a token of a program."""
    local = address.partition("@")[0]
    return bool(_UNREAD.search(local) or _TOKEN.search(local))


@lru_cache(1 << 13)
def is_role_address(address: str) -> bool:
    """Whether a normal address is a mailbox of an office, not of a person: info@, sales@, customer.service@."""
    local = address.partition("@")[0].partition("+")[0].rstrip("0123456789")
    words = [word for word in re.split(r"[._\-]+", local) if word]
    return bool(words) and all(_ROLE.fullmatch(word) for word in words)


@lru_cache(1 << 13)
def is_persons_name(name: str) -> bool:
    """Whether a display name can be somebody's: two words or more, none of which only offices and machines carry."""
    words = name_words(name)
    full = [word for word in words if len(word) > 1 or not word.isascii()]
    return (
        len(full) > 1
        and " via " not in f" {name.lower()} "
        and not any(_NO_PERSONS_WORD.fullmatch(word) or any(mark.isdigit() for mark in word) for word in words)
    )


_ROOM = re.compile(
    r"rooms?|conf(?:erence)?-?rooms?|meeting-?rooms?|board-?room|conf|sala|ruang(?:an)?|besprechungsraum|raum|zimmer|salle"
    r"|resource|equipment|projector|beamer|polycom|videoconf(?:erence)?|vc"
)


@lru_cache(1 << 13)
def is_service_name(name: str, address: str) -> bool:
    """Whether a display name is a service's ("Acme Newsletter"), and no word of it is whom the address is named for."""
    if not _SERVICE_NAME.search(name.lower()):
        return False
    local = re.sub(r"[^a-z]", "", address.partition("@")[0])
    return not any(len(word) >= _TELLING_NAME and word in local for word in name_words(name))


@lru_cache(1 << 12)
def is_room(address: str, name: str) -> bool:
    """Whether a place or a thing was invited, not somebody."""
    local = address.partition("@")[0]
    words = (*re.split(r"[._\-\d]+", local), *name_words(name))
    return "resource" in domain_of(address).split(".") or any(map(_ROOM.fullmatch, words))


def is_namesake_domain(name: str, address: str) -> bool:
    """Whether a person's last name stands in the domain: info@rossi.example is Anna Rossi's own mailbox."""
    if not is_persons_name(name):
        return False
    words = name_words(name)
    last = words[-1].replace("-", "")
    return (
        len(words) <= _LONGEST_OF_PEOPLE and len(last) >= _TELLING_NAME and last in domain_of(address).replace("-", "")
    )
