"""What other systems export, shaped as they shape it, about people who do not exist."""

from __future__ import annotations

import json

HUBSPOT = (
    '"Record ID","First Name","Last Name","Email","Phone Number","Lifecycle Stage","Create Date",'
    '"Unsubscribed from all email"\n'
    '"101","Ada","Lind","ada@example.org","+46 70 174 06 05","Customer","2024-03-01 10:15","false"\n'
    '"102","Bob","Norman","bob@example.org","","Lead","2025-01-09 08:00","true"\n'
    '"103","Cleo","","no address","","Lead","2025-01-09 08:00","Yes"\n'
)
_MAILCHIMP = (
    '"Email Address","First Name","Last Name","MEMBER_RATING","OPTIN_TIME","OPTIN_IP","CONFIRM_TIME","CONFIRM_IP",'
    '"LATITUDE","LONGITUDE","GMTOFF","DSTOFF","TIMEZONE","CC","REGION",{more}"LAST_CHANGED","LEID","EUID","NOTES","TAGS"\n'
)
SUBSCRIBED = _MAILCHIMP.format(more="") + (
    'ada@example.org,Ada,Lind,4,"2023-05-01 10:00:00",1.2.3.4,"2023-05-01 10:05:00",1.2.3.4,'
    "55.7,13.2,1,2,Europe/Stockholm,SE,M,"
    '"2024-01-01 00:00:00",1001,abc,,"""VIP"""\n'
    'bob@example.org,Bob,Norman,2,"2022-02-02 02:02:02",,,,,,,,,US,,"2024-01-01 00:00:00",1002,abd,,\n'
)
UNSUBSCRIBED = _MAILCHIMP.format(
    more='"UNSUB_TIME","UNSUB_CAMPAIGN_TITLE","UNSUB_CAMPAIGN_ID","UNSUB_REASON",'
) + (
    'dora@example.org,Dora,Åberg,2,"2023-05-01 10:00:00",,"2023-05-01 10:00:00",,,,,,,SE,,'
    '"2024-06-01 12:00:00","Summer sale",77,"NORMAL (Unspecified)","2024-06-01 12:00:00",1003,abe,,\n'
)
CLEANED = _MAILCHIMP.format(more='"CLEAN_TIME","CLEAN_CAMPAIGN_TITLE","CLEAN_CAMPAIGN_ID",') + (
    'gone@example.org,,,1,"2021-05-01 10:00:00",,"2021-05-01 10:00:00",,,,,,,SE,,'
    '"2024-06-02 12:00:00","Summer sale",77,"2024-06-02 12:00:00",1004,abf,,\n'
)
KLAVIYO = (
    "Email,Klaviyo ID,First Name,Last Name,Phone Number,City,Country,Zip Code,Date Added,Email Marketing Consent,"
    "Email Suppressions\n"
    "ada@example.org,01ABC,Ada,Lind,+46701740605,Lund,Sweden,22350,2024-01-02 03:04:05,SUBSCRIBED,\n"
    "bob@example.org,01ABD,Bob,Norman,,,,,2024-01-02 03:04:05,UNSUBSCRIBED,\n"
    'eva@example.org,01ABE,Eva,Berg,,,,,2024-01-02 03:04:05,NEVER_SUBSCRIBED,"[""UNSUBSCRIBE""]"\n'
    "finn@example.org,01ABF,Finn,Dahl,,,,,2024-01-02 03:04:05,NEVER_SUBSCRIBED,\n"
)
KLAVIYO_DATED = (
    "Email,Klaviyo ID,Email Marketing Consent,Email Marketing Consent Timestamp,Email Suppressions\n"
    "ada@example.org,01ABC,SUBSCRIBED,2023-05-01 10:05:00,[]\n"
    "bob@example.org,01ABD,UNSUBSCRIBED,2023-05-01 10:05:00,\n"
    "eva@example.org,01ABE,NEVER_SUBSCRIBED,,\n"
    "finn@example.org,01ABF,SUBSCRIBED,,\n"
    'gus@example.org,01ABG,SUBSCRIBED,2023-05-01 10:05:00,"[""HARD_BOUNCE""]"\n'
    'hal@example.org,01ABH,SUBSCRIBED,2023-05-01 10:05:00,"[""HARD_BOUNCE"", ""UNSUBSCRIBE""]"\n'
    "ida@example.org,01ABI,SUBSCRIBED,2023-05-01 10:05:00,['SPAM_COMPLAINT']\n"
)
SEGMENT = "\n".join(
    json.dumps(each)
    for each in (
        {"type": "identify", "messageId": "s-1", "userId": "u1", "timestamp": "2024-01-02T03:04:05.678Z",
         "traits": {"email": "ada@example.org", "plan": "gold"}, "context": {"locale": "sv-SE"}},
        {"type": "track", "messageId": "s-2", "userId": "u1", "timestamp": "2024-01-03T03:04:05Z",
         "event": "Order Completed", "properties": {"order_id": "A1", "value": 12.5, "products": [{"sku": "X"}]}},
        {"type": "page", "messageId": "s-3", "anonymousId": "a1", "timestamp": "2024-01-03T03:04:05Z",
         "name": "Home", "properties": {"path": "/"}},
        {"type": "track", "messageId": "s-4", "userId": "u1", "timestamp": "2024-01-03T03:04:05Z"},
    )
)  # fmt: skip
GERMAN = (
    "Kundennummer;E-Mail;Bestelldatum;Bestellnummer;Betrag;Menge;Währung\r\n"
    "K-1;ada@example.org;02.03.2024 10:15;B-7;1.234,56;2;EUR\r\n"
    "K-2;bob@example.org;15.03.2024 18:00;B-8;9,90;1;EUR\r\n"
    "K-3;cleo@example.org;gestern;B-9;9,90;1;EUR\r\n"
    "K-4;dora@example.org;16.03.2024 18:00;B-10;viel;1;EUR\r\n"
    ";;17.03.2024 18:00;B-11;5,00;1;EUR\r\n"
).encode("cp1252")
