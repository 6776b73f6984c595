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
    r"|no[._\-]?contestar?|geen[._\-]?antwoord|niet[._\-]?(?:be)?antwoorden|ikke[._\-]?svar|svara?[._\-]?(?:ej|ikke|inte)"
    r"|nie[._\-]?odpowiadaj|neodpovid\w*|ne[._\-]?otvech\w+|yanitlama\w*|unattended|unmonitored"
)
_ROBOT = (
    r"mailer|mailer[._\-]?daemon|daemon|bounces?|notif(?:y|ier|ications?)|notices?|alerts?|reminders?|automailer"
    r"|news|newsletters?|nieuwsbrief|updates?|digests?|bulletins?|mailings?|mailshot|campaigns?|promos?|promotions?"
    r"|\w*newsletters?|[a-z]{4,}mailer|[a-z]{3,}(?:alerts?|offers|deals)|auto[._\-]?e-?mail|\w*no-?reply|nyhetsbrev|nyhedsbrev|bolet[ií]n(?:es)?|rassegna"
    r"|repl(?:y|ies)|offers?|deals|specials|announce(?:ments?)?|automat(?:ed|ic|ion)|auto[._\-]?(?:reply|confirm|mail)?"
    r"|autoresponder|robots?|bots?|cron|nobody|devnull|www[._\-]?data|jenkins|buildbot|dependabot"
    r"|syzbot|bugzilla|patchwork|mailman|majordomo|listserv|listmaster|unsubscribe|confirm(?:ations?)?"
    r"|hit[._\-]?reply|receipts?|calendar[._\-]?notification|invitations?|members?(?:hips?)?services?|subscriptions?|rewards"
)
_UNREAD = re.compile(f"{_EDGE}(?:{_NO_REPLY}){_END}")
_MACHINE = re.compile(f"{_UNREAD.pattern}|{_EDGE}(?:{_ROBOT})(?:$|[._+=\\-\\d])")
_MACHINE_WHOLE = re.compile(
    r"root|system|sys(?:log|admin)?|anacron|logwatch|server|mail[._\-]?server|post_?master|uucp|httpd|nagios|www|apache"
    r"|backup|scanner|printer|copier|owner-.+|.+-(?:owner|request|bounces?|errors?|return.*|admin)|undisclosed[._\-]?recipients|reply\+.+"
    r"|leave-.+|.+\+(?:admin|errors?|owner|request|bounces?.*|no-?reply)|no[._\-]?address|prvs=.+|srs[01]=.+|msprvs1=.+"
)
# what only programs put into an address: hexadecimal tokens, VERP, "2.20522.db-Q@", "R-1-270241-5399979-2-24365-DE1",
# "#3.19578.34-"
_TOKEN = re.compile(
    r"(?:^|[._+=\-])(?=[a-f]*\d)[0-9a-f]{16,}(?:$|[._+=\-])|^\d+\.\d+\.|\.com(?:$|_)|[^=]+=[a-z0-9.\-]+\.[a-z]{2,}$"
    r"|(?=(?:\D*\d){6})(?:[^\d]*\d+[.#_\-]){3}|#\d"
)

# domains in which no employee has a mailbox
_RELAYS = re.compile(
    r"(?:^|\.)(?:reply\.github\.com|facebookmail\.com|redditmail\.com|e[mn]?\.linkedin\.com|atlassian\.net|zendesk\.com"
    r"|intercom-mail\.com|docusign\.net|amazonses\.com|sendgrid\.net|mcsv\.net|rsgsv\.net|mailchimpapp\.net"
    r"|sparkpostmail\.com|mandrillapp\.com|mailgun\.org|mktomail\.com|exacttarget\.com|mcdlv\.net|createsend\d*\.com"
    r"|cmail\d+\.com|rsys\d*\.(?:com|net)|bfi0\.com|chtah\.(?:com|net)|ccsend\.com|roving\.com"
    r"|hubspotemail\.net|hs-send\.com|klaviyomail\.com|getresponse-mail\.com|sendib\w*\.com|customeriomail\.com"
    r"|case\.salesforce\.com|helpscout\.net|freshdesk\.com|substack\.com|beehiiv\.com"
    r"|list-manage\.com|docs\.google\.com|doclist\.google\.com|discoursemail\.com)$"
    r"|^noreply\.|(?:^|\.)bounces?\."
)

# labels in front of a company's domain behind which only its mailing programs sit
_MAILING_LABEL = re.compile(
    r"(?:e?news|newsletters?|em?|smtp|mta|repl(?:y|ies)|response|edm|eblast"
    r"|mailings?|mailers?|emailing|mkt|mktg|marketing|promos?|promotions?|offers"
    r"|bulletins?|notify|notifications?|alerts?|updates|campaigns?|bounce[ds]?)\d*"
)
_EMAIL_LABEL = re.compile(r"(?:^|\.)email\.(?!msn\.com$|.*\.?(?:edu|ac|k12|gov)(?:\.|$))[^.]+\.[^.]+$")
_FAILURES = re.compile(r"(?:^|[._+=\-])(?:bounce[ds]?|errors?|returns?)(?:$|[._+=\-\d])")
_NUMBERED = re.compile(r"\d{4,}\.\d+\.")
_REWRITTEN = re.compile(r"srs[01][=+\-]|prvs=|msprvs1=|[^@]*\+caf_=")
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
    r"|everyone|everybody|all|allstaff|employees|list|lists|mailing|mailing-?lists?|maintainers?|developers?|devel|public|relations"
    r"|center|centre|outlook|migration|communications?|marketing|management|corporate|online|web|site|mail-?admin"
    r"|cust(?:omer)?-?(?:serv|svc|care)|hello|whois|hostinfo|sysop|advertising|inserzioni|assistenza|commerciale"
    r"|comunicazione|prenotazioni|clienti|servizio-?clienti|ventas|soporte|atencion|atencion-?(?:al-?)?cliente|facturacion"
    r"|administracion|contacto|informacion|oficina|prensa|rrhh|pedidos|reservas|accueil|secretariat|service-?clients?"
    r"|commandes?|facturation|comptabilite|recrutement|assistance|renseignements|vendas|contato|suporte|atendimento"
    r"|financeiro|faturamento|comercial|ouvidoria|klantenservice|verkoop|administratie|boekhouding|receptie|inkoop"
    r"|buchhaltung|rechnung(?:en|swesen)?|bestellung(?:en)?|anfragen?|einkauf|bewerbung(?:en)?|empfang|rezeption|poststelle"
    r"|verwaltung|zentrale|pemasaran|penjualan|keuangan|humas|pengaduan|bantuan|pelanggan|biuro|sprzedaz|pomoc|zamowienia"
    r"|obsluga|kundtjanst|kundeservice|faktura|bestilling|salg|asiakaspalvelu|myynti|laskutus|obchod|podpora|objednavky"
    r"|ugyfelszolgalat|destek|bilgi|iletisim|muhasebe|comenzi|vanzari"
)

_SUBSCRIBER = re.compile(r"(?:mailing[._\-]?)?lists@|mailinglist@|ml@")
_TELLING_NAME = 4  # shorter last names stand in many words
_TELLING_BRAND = 7  # letters
_LONGEST_OF_PEOPLE = 3  # words; a company's name is longer

_SERVICE_NAME = re.compile(
    r"\b(?:newsletters?|e-?news|digest|alerts?|notifications?|mailer|no-?reply|bulletin|updates|offers|deals"
    r"|announcements?|dispatch|robot|bot|daemon|automailer|support|team|services"
    r"|(?:customer|member|client) (?:service|care)|billing|help ?desk|administrator|webmaster|postmaster|survey|rewards"
    r"|receipts?|recruiting|webinars?|promotions?"
    r"|mailing list$|atención al cliente|service clients?|klantenservice"
    r"|e-?mail (?:center|service)|kundenservice|servizio clienti|layanan pelanggan)\b"
)
_PERIODICAL = re.compile(r"(?:your |the )?(?:daily|weekly|monthly)\b")
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
    return bool(
        _MACHINE.search(local.partition("+")[0])
        or _MACHINE_WHOLE.fullmatch(local)
        or _TOKEN.search(local)
        or _RELAYS.search(domain)
        or any(map(_MAILING_LABEL.fullmatch, _below_company(domain)))
        or _EMAIL_LABEL.search(domain)
    )


def _below_company(domain: str) -> list[str]:
    """The labels in front of what a company registered: ["mail", "eu"] of mail.eu.acme.co.uk."""
    return domain.split(".")[: -3 if _SECOND_LEVEL.search(domain) else -2]


@lru_cache(1 << 12)
def counts_failures(address: str) -> bool:
    """Whether a program collects at a normal address what could not be delivered: the Return-Path of mail in bulk.

    What forwarders and mail systems make of a person's address is no such thing (SRS, BATV).
    """
    local, _, domain = address.partition("@")
    return not _REWRITTEN.match(local) and bool(
        _FAILURES.search(local) or _NUMBERED.match(local) or any(map(_FAILURES.fullmatch, domain.split(".")))
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


def is_subscribers_address(name: str, address: str) -> bool:
    """Whether somebody keeps an address for the lists that they read: Anna Rossi <lists@...>."""
    return bool(_SUBSCRIBER.match(address)) and is_persons_name(name)


_ROOM = re.compile(
    r"rooms?|conf(?:erence)?-?rooms?|meeting-?rooms?|board-?room|conf|sala|ruang(?:an)?|besprechungsraum|raum|zimmer|salle"
    r"|resource|equipment|projector|beamer|polycom|videoconf(?:erence)?|vc"
)


@lru_cache(1 << 13)
def is_service_name(name: str, address: str) -> bool:
    """Whether a display name is a service's ("Acme Newsletter"), and no word of it is whom the address is named for.

    A word that stands in the domain too names nobody: "The Acme Champion" writes from champion@acme. Nor is anybody
    named as the customer of a mailing service is: "Acme Weekly" from tom@acmeweekly.mailings.
    """
    lower, words = name.lower(), [word for word in name_words(name) if len(word) >= _TELLING_NAME]
    local = re.sub(r"[^a-z]", "", address.partition("@")[0])
    home = re.sub(r"[^a-z.]", "", domain_of(address))
    if lower.startswith("the ") and any(word in home for word in words):
        return True
    brand = "".join(name_words(name))
    if len(brand) >= _TELLING_BRAND and brand in _below_company(domain_of(address)):
        return True
    if not (_SERVICE_NAME.search(lower) or _PERIODICAL.match(lower)):
        return False
    return is_role_address(address) or not any(word in local and word not in home for word in words)


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
