"""Who one mailbox makes people: the whole program from its files to `syncd people`, looked over by rules of its own.

What is looked for shares nothing with the product's rules: words that name offices and programs, own addresses, names
of one word. Suspects are for somebody to look at; some are people.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from _mailbox import open_mailbox

from syncd.pipeline.own_addresses import learn_own
from syncd.review import is_contact, relationships

if TYPE_CHECKING:
    from syncd.model import Relationship
    from syncd.pipeline.own_addresses import OwnAddresses

_OFFICE = re.compile(
    r"abuse|account|admin|advert|alert|alumni|analytics|announce|answer|assist|auto(?!n)|batch|benefit|billing|bounce|broadcast|buero"
    r"|bulletin|bugs?\b|calendar|card|career|center|centre|chair|cloud|club|commit|communicat|concierge|conf\b|confirm|contact"
    r"|contatt|cron|customer|daemon|daily|delivery|desk|dev(?:el)?\b|digest|dispatch|donotreply|editor|email|e-mail|enquir|event"
    r"|exchange|expense|fattur|feedback|finance|forum|fund|general|group|help|hotline|hr\b|info|inquir|invite|invoice|it\b"
    r"|job|kontakt|kundenservice|layanan|legal|linux|list|loyal|mailer|mailing|maintain|manag|market|media|member|merci"
    r"|monitor|news|no-?reply|noc\b|notif|office|offer|online|operator|order|outlook|owner|patch|pay|postmaster|press\b|privacy"
    r"|promo|publi|query|question|receipt|reception|recruit|redaktion|registr|remind|report|request|reserv|resource"
    r"|reward|robot|bot\b|role|root\b|room|sales|schedule|secretar|secur|segreteria|server|service|shop|staff|status|store|student"
    r"|subscri|support|survey|syslog|system|team|tech|test|ticket|trading|training|travel|ufficio|undisclosed|unsub"
    r"|update|upgrade|user|vendit|vertrieb|virus|web|weekly|workshop|www|zimmer|perso[nn]+el|department|dept|division"
    r"|company|corp\b|inc\b|ltd\b|llc\b|gmbh|committee|council|program|project|operations|relations|all\b|everyone|_|\d{3}"
)
_SPLIT = re.compile(r"[._+=\-\s,]+")


def measure_people(folder: Path, me: tuple[str, ...]) -> dict[str, object]:
    """The people of the mailbox in `folder` as of its last mail, and those of them who look like none.

    Raises ValueError when the mailbox is nobody's or holds nothing.
    """
    now = datetime.now(UTC)
    with TemporaryDirectory() as home, open_mailbox(folder, me, now, Path(home)) as (store, policy):
        everybody = relationships(store, policy, now + timedelta(days=1))
        own = learn_own(policy.me.addresses, policy.me.name, store.sent_senders())
    people = [one for one in everybody if is_contact(one)]
    suspects = [(one, why) for one in people if (why := _suspect(one, own))]
    for one, why in suspects:
        print(f"{why}: {_shown(one)}", file=sys.stderr)
    return {
        "people": len(people),
        "followed": sum(one.followed for one in people),
        "own_addresses": sorted(own.addresses),
        "own_as_people": [_shown(one) for one in people if any(address in own for address in one.person.addresses)],
        "suspects": len(suspects),
        "suspects_by_kind": dict(Counter(why for _, why in suspects)),
    }


def _shown(one: Relationship) -> str:
    tie = one.tie
    return (
        f"{one.person.name} <{', '.join(one.person.addresses)}> {tie.sent} sent, {tie.received} received, {tie.met} met"
    )


def _suspect(one: Relationship, own: OwnAddresses) -> str:
    """Why this may be no person; "" when nothing speaks against it."""
    if any(address in own or own.resembles(address) for address in one.person.addresses):
        return "own"
    texts = [*(address.partition("@")[0] for address in one.person.addresses), one.person.name.lower()]
    if found := next((word[0] for text in texts if (word := _OFFICE.search(text.lower()))), ""):
        return f"word {found}" if found.isalpha() else "digits or underscore"
    words = [word for word in _SPLIT.split(one.person.name.partition("@")[0]) if len(word) > 1]
    return "" if len(words) > 1 else "one word"
